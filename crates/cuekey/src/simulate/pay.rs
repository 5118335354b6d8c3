//! Paying at a network's stand-in, and what is lost or comes twice on the way.

use axum::http::StatusCode;
use platform::payments::{ChannelKind, Method};
use sandbox::{Asked, Told, Troubles};
use serde_json::Value;

use super::customer::text;
use super::day::Today;
use super::plan::{Means, Payment};
use super::visit::{Order, Stage, What};
use super::world::Networks;
use crate::trouble::Result;

/// From the payment's page until it is paid.
const PAYS_AFTER: i64 = 10;
/// Until somebody tries again who was not answered.
const TRIES_AGAIN_AFTER: i64 = 3;
/// When a notice comes the last time: what was paid for was refunded by then, where it was not had.
const TOLD_AGAIN_AFTER: i64 = 60;
/// Of two whose notice does not come one waits, whose app has us ask the network, and the other has closed the app.
const COMES_BACK_AFTER: i64 = 40;
/// How long a notice is kept back where nobody pays meanwhile.
const KEPT_BACK: i64 = 10 * 60;

impl Today {
    pub(super) async fn asks(&mut self, n: usize) -> Result<()> {
        let (who, method) = (self.who(n), self.visits[n].means.method());
        let first = self.figures.asked_for_payment.insert(n);
        let lost = first && self.visits[n].payment == Payment::AnswerLost;
        if lost {
            self.world.networks.set(method, Troubles { asked: Asked::DoneAndSilent, ..Troubles::default() });
        }
        let answer = who.post("/customer/v1/orders", &self.ask(n), Some(&format!("visit-pay-{n:08}"))).await?;
        self.world.networks.set(method, Troubles::default());
        if answer.status == StatusCode::SERVICE_UNAVAILABLE && lost {
            self.figures.timeouts += 1;
            self.in_seconds(TRIES_AGAIN_AFTER, n, What::Asks);
            return Ok(());
        }
        let number = self.world.networks.handed(&answer.body["next"]).await;
        let (StatusCode::CREATED, Some(number)) = (answer.status, number) else {
            self.figures.payments_failed += 1;
            self.refused(n, "cannot be paid", &answer);
            self.going[n].stage = Stage::NotOpened;
            return Ok(());
        };
        self.going[n].orders.push(Order { id: text(&answer, "id")?, number });
        self.in_seconds(PAYS_AFTER, n, What::Pays);
        Ok(())
    }

    pub(super) async fn pays(&mut self, n: usize) -> Result<()> {
        let (visit, Some(order)) = (self.visits[n].clone(), self.order(n)) else { return Ok(()) };
        let method = visit.means.method();
        if matches!(visit.means, Means::Order(_)) {
            self.fails_now(n).await?;
            self.has_asked(n);
        }
        let silent = match visit.payment {
            Payment::NoticeLost | Payment::Doubled | Payment::Reordered => true,
            Payment::Well | Payment::AnswerLost => false,
        };
        if silent {
            self.world.networks.set(method, Troubles { told: Told::Lost, ..Troubles::default() });
        }
        let paid = self.world.networks.pay(method, &order.number).await;
        self.world.networks.set(method, Troubles::default());
        if !paid {
            self.figures.payments_failed += 1;
            self.wrong(n, "the network does not take the payment");
            self.going[n].stage = Stage::NotOpened;
            return Ok(());
        }
        self.figures.payments_made += 1;
        match visit.payment {
            Payment::NoticeLost => {
                self.figures.timeouts += 1;
                if visit.customer % 2 == 0 {
                    self.in_seconds(COMES_BACK_AFTER, n, What::Looks);
                    return Ok(());
                }
            }
            Payment::Doubled => {
                self.figures.doubled += 1;
                let (one, other) = tokio::join!(self.tell(n), self.tell(n));
                if !(one? && other?) {
                    self.wrong(n, "a notice that comes twice is not taken");
                }
                self.in_seconds(TOLD_AGAIN_AFTER, n, What::ToldAgain);
                self.tell_kept_back().await?;
            }
            Payment::Reordered => {
                self.kept_back.push(n);
                self.in_seconds(KEPT_BACK, n, What::ToldLate);
                if visit.customer % 2 == 0 {
                    self.in_seconds(COMES_BACK_AFTER, n, What::Looks);
                    return Ok(());
                }
            }
            Payment::Well | Payment::AnswerLost => self.tell_kept_back().await?,
        }
        self.looks_later(n);
        Ok(())
    }

    /// A later payment was told just now.
    async fn tell_kept_back(&mut self) -> Result<()> {
        for earlier in std::mem::take(&mut self.kept_back) {
            self.figures.reordered += 1;
            if !self.tell(earlier).await? {
                self.wrong(earlier, "a notice that comes after a later one is not taken");
            }
        }
        Ok(())
    }

    /// The notice was kept back for as long as it could be; often it has been told by now.
    pub(super) async fn told_late(&mut self, n: usize) -> Result<()> {
        let waits = self.kept_back.len();
        self.kept_back.retain(|kept| *kept != n);
        if self.kept_back.len() < waits && !self.tell(n).await? {
            self.wrong(n, "a notice that comes late is not taken");
        }
        Ok(())
    }

    pub(super) async fn told_again(&mut self, n: usize) -> Result<()> {
        if !self.tell(n).await? {
            self.wrong(n, "a notice that comes again is not taken");
        }
        Ok(())
    }

    /// The network's notice arrives. Whether it was taken.
    async fn tell(&self, n: usize) -> Result<bool> {
        let Some(order) = self.order(n) else { return Ok(false) };
        let method = self.visits[n].means.method();
        let Some((headers, body)) = self.world.networks.notice(method, &order.number) else { return Ok(false) };
        self.who(n).deliver(&format!("/callbacks/{}", method.channel()), headers, body).await
    }
}

impl Networks {
    fn set(&self, method: Method, troubles: Troubles) {
        match method.channel() {
            ChannelKind::Wechat => self.wechat.set(troubles),
            ChannelKind::Alipay | ChannelKind::AlipayFreeze => self.alipay.set(troubles),
        }
    }

    /// The number of the payment that the payer's side was handed: a code to scan, a page to go to, or what WeChat's own window is opened with.
    async fn handed(&self, next: &Value) -> Option<String> {
        let text = |name: &str| next[name].as_str().unwrap_or_default();
        match next["kind"].as_str()? {
            "qr_code" => self.wechat.scan(text("content")).or_else(|| self.alipay.scan(text("content"))),
            "jsapi" => self.wechat.scan(text("package")),
            "redirect" => match self.wechat.scan(text("url")) {
                Some(number) => Some(number),
                // Alipay hears of it by the payer's browser alone.
                None => self.alipay.follow(text("url")).await,
            },
            _ => None,
        }
    }

    async fn pay(&self, method: Method, number: &str) -> bool {
        match method.channel() {
            ChannelKind::Wechat => self.wechat.pay(number).await,
            ChannelKind::Alipay | ChannelKind::AlipayFreeze => self.alipay.pay(number).await,
        }
    }

    /// As it would be sent: headers and body.
    fn notice(&self, method: Method, number: &str) -> Option<(Vec<(&'static str, String)>, String)> {
        match method.channel() {
            ChannelKind::Wechat => {
                let (mut headers, body) = self.wechat.notice(number)?;
                headers.push(("content-type", "application/json".into()));
                Some((headers, body))
            }
            ChannelKind::Alipay | ChannelKind::AlipayFreeze => {
                Some((vec![("content-type", "application/x-www-form-urlencoded".into())], self.alipay.notice(number)?))
            }
        }
    }
}
