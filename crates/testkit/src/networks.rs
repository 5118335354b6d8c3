//! Payment networks for a test: the stand-ins, with the test's own clock, and their notices delivered by hand.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use axum::http::Method;
use kernel::{Clock, Fen, Random};
use platform::payments::{self, BadParameter, Channel, ChannelKind, Channels, Parameters, RefundAsk};
use sandbox::{Alipay, Told, Trade, Troubles, WechatPay};
use serde_json::Value;

use crate::{Answer, TestServer};

/// Where the networks are: nowhere, until a test asks for them.
pub(crate) struct Switch {
    at: RwLock<Option<(String, String)>>,
    /// Where other merchants are spoken to, by their numbers.
    others: RwLock<HashMap<String, String>>,
    clock: Clock,
    random: Random,
}

impl Switch {
    pub(crate) fn new(clock: Clock, random: Random) -> Self {
        Self { at: RwLock::default(), others: RwLock::default(), clock, random }
    }
}

impl Channels for Switch {
    fn open(&self, parameters: &Parameters, notify_url: &str) -> Result<Arc<dyn Channel>, BadParameter> {
        let at = self.at.read().unwrap_or_else(PoisonError::into_inner).clone();
        let nowhere = || ("http://127.0.0.1:9".to_owned(), "http://127.0.0.1:9/gateway.do".to_owned());
        let who = match parameters {
            Parameters::Wechat(own) => &own.merchant_id,
            Parameters::Alipay(own) | Parameters::AlipayFreeze(own) => &own.seller_id,
        };
        let other = self.others.read().unwrap_or_else(PoisonError::into_inner).get(who).cloned();
        let (wechat, alipay) = other.map_or_else(|| at.unwrap_or_else(nowhere), |other| (other.clone(), other));
        let (clock, random) = (self.clock.clone(), self.random.clone());
        gateway::Networks { wechat, alipay, clock, random }.open(parameters, notify_url)
    }
}

/// Both networks, where the server is a merchant.
pub struct Networks<'a> {
    server: &'a TestServer,
    pub wechat: WechatPay,
    pub alipay: Alipay,
}

/// What is said of a notice.
pub type Notice = (ChannelKind, Vec<(&'static str, String)>, String);

impl<'a> Networks<'a> {
    pub async fn open(server: &'a TestServer) -> Self {
        let wechat = WechatPay::open(server.clock.clone()).await.expect("a port is free");
        let alipay = Alipay::open(server.clock.clone()).await.expect("a port is free");
        *server.networks.at.write().unwrap_or_else(PoisonError::into_inner) = Some((wechat.base().to_owned(), alipay.gateway()));
        let both = Self { server, wechat, alipay };
        both.trouble(Troubles::default());
        let cx = server.cx();
        let mut tx = cx.db.begin().await.expect("begin");
        for own in [Parameters::Wechat(WechatPay::parameters()), Parameters::Alipay(Alipay::parameters())] {
            payments::put(&mut tx, &cx, &own, true).await.expect("a merchant");
        }
        tx.commit().await.expect("commit");
        both
    }

    /// Both get into this. Notices stay where they are: a test delivers them ([`Self::deliver`]).
    pub fn trouble(&self, troubles: Troubles) {
        let troubles = Troubles { told: Told::Lost, ..troubles };
        self.wechat.set(troubles);
        self.alipay.set(troubles);
    }

    /// Alipay freezes money for us, too.
    pub async fn freeze(&self) {
        let cx = self.server.cx();
        let mut tx = cx.db.begin().await.expect("begin");
        payments::put(&mut tx, &cx, &Parameters::AlipayFreeze(Alipay::parameters()), true).await.expect("a merchant");
        tx.commit().await.expect("commit");
    }

    /// WeChat as another merchant sees it: there whoever is that merchant is spoken to.
    pub async fn another_wechat(&self) -> WechatPay {
        let network = WechatPay::open_to_another(self.server.clock.clone()).await.expect("a port is free");
        network.set(Troubles { told: Told::Lost, ..Troubles::default() });
        self.knows(WechatPay::anothers_parameters().merchant_id, network.base().to_owned());
        network
    }

    /// The same of Alipay.
    pub async fn another_alipay(&self) -> Alipay {
        let network = Alipay::open_to_another(self.server.clock.clone()).await.expect("a port is free");
        network.set(Troubles { told: Told::Lost, ..Troubles::default() });
        self.knows(Alipay::anothers_parameters().seller_id, network.gateway());
        network
    }

    fn knows(&self, merchant: String, at: String) {
        self.server.networks.others.write().unwrap_or_else(PoisonError::into_inner).insert(merchant, at);
    }

    /// From now on, and while what this answers lives, Alipay takes every connection and says nothing.
    pub async fn silence_alipay(&self) -> std::net::TcpListener {
        let silent = std::net::TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
        let address = silent.local_addr().expect("an address");
        let at = (self.wechat.base().to_owned(), format!("http://{address}/gateway.do"));
        *self.server.networks.at.write().unwrap_or_else(PoisonError::into_inner) = Some(at);
        // Set anew, so that it is spoken to at its new place.
        let cx = self.server.cx();
        let mut tx = cx.db.begin().await.expect("begin");
        payments::put(&mut tx, &cx, &Parameters::Alipay(Alipay::parameters()), true).await.expect("a merchant");
        tx.commit().await.expect("commit");
        silent
    }

    /// The payer's browser goes where an order sends it.
    pub async fn visit(&self, order: &Value) {
        if order["channel"] == "alipay" && order["next"]["kind"] == "redirect" {
            assert!(self.alipay.visit(order["next"]["url"].as_str().expect("an address")).await, "{order}");
        }
    }

    /// The payer pays what a network knows under this number.
    pub async fn pay(&self, number: &str) -> bool {
        if self.wechat.trade(number).is_some() { self.wechat.pay(number).await } else { self.alipay.pay(number).await }
    }

    pub fn trade(&self, number: &str) -> Trade {
        self.wechat.trade(number).or_else(|| self.alipay.trade(number)).expect("a network knows it")
    }

    /// All that both know, by network and then oldest first.
    pub fn trades(&self) -> Vec<Trade> {
        [self.wechat.trades(), self.alipay.trades()].concat()
    }

    /// What a network tells of a payment now.
    pub fn notice(&self, number: &str) -> Notice {
        if let Some((headers, body)) = self.wechat.notice(number) {
            return (ChannelKind::Wechat, headers, body);
        }
        let form = self.alipay.notice(number).expect("a network knows it");
        let kind = if self.trade(number).is_frozen() { ChannelKind::AlipayFreeze } else { ChannelKind::Alipay };
        (kind, vec![("content-type", "application/x-www-form-urlencoded".into())], form)
    }

    /// What Alipay tells of a freezing that its closing has undone.
    pub fn notice_of_undone(&self, number: &str) -> Notice {
        let form = self.alipay.undone(number).expect("Alipay knows it");
        (ChannelKind::AlipayFreeze, vec![("content-type", "application/x-www-form-urlencoded".into())], form)
    }

    /// What WeChat tells of a refund that it has made, by our number of it. Alipay tells of none by itself.
    pub fn notice_of_refund(&self, number: &str) -> Notice {
        let (headers, body) = self.wechat.refund_notice(number).expect("WeChat has made it");
        (ChannelKind::Wechat, headers, body)
    }

    /// It arrives.
    pub async fn deliver(&self, notice: &Notice) -> Answer {
        self.deliver_to(self.server, notice).await
    }

    /// At another server on the same database, perhaps.
    pub async fn deliver_to(&self, server: &TestServer, notice: &Notice) -> Answer {
        let (kind, headers, body) = notice;
        let sender = headers.iter().fold(server.visitor(), |sender, (name, value)| sender.with(name, value));
        sender.send(Method::POST, &format!("/callbacks/{kind}"), Some(body.clone().into_bytes())).await
    }

    /// Somebody gives money back on the network's own pages, past the program.
    pub async fn refund_elsewhere(&self, number: &str, fen: i64) {
        let total = self.trade(number).amount;
        let own = if self.wechat.trade(number).is_some() {
            Parameters::Wechat(WechatPay::parameters())
        } else {
            Parameters::Alipay(Alipay::parameters())
        };
        let channel = self.server.networks.open(&own, "http://127.0.0.1:9/").expect("a channel");
        let ask =
            RefundAsk { number: number.into(), refund_number: "elsewhere".into(), amount: Fen::new(fen), total, why: "elsewhere".into() };
        channel.refund(&ask).await.expect("the network gives it back");
    }

    /// The payer pays, the network tells, and what follows is done.
    pub async fn paid(&self, number: &str) {
        assert!(self.pay(number).await, "it can be paid");
        let answer = self.deliver(&self.notice(number)).await;
        assert!(answer.status.is_success(), "{}", answer.text());
        self.server.run_jobs().await;
    }
}
