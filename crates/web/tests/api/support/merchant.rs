//! Another merchant in the place of the one before, at either network.

use platform::payments::ChannelKind;
use sandbox::{Alipay, Trade, WechatPay};
use serde_json::{Value, json};
use testkit::{Answer, Notice};

use super::pay::Till;

/// A network as the second of our merchants sees it; the first sees that of the till.
pub enum Second {
    Wechat(WechatPay),
    Alipay(Alipay),
}

/// Of each network, with a way to pay by it.
pub async fn both(till: &Till<'_>) -> [(&'static str, Second); 2] {
    let (wechat, alipay) = (till.networks.another_wechat().await, till.networks.another_alipay().await);
    [("native", Second::Wechat(wechat)), ("precreate", Second::Alipay(alipay))]
}

impl Second {
    /// Which of the two networks it is.
    pub const fn channel(&self) -> &'static str {
        match self {
            Self::Wechat(_) => "wechat",
            Self::Alipay(_) => "alipay",
        }
    }

    /// The numbers of the first merchant and of the second, as people know them.
    pub fn numbers(&self) -> [String; 2] {
        match self {
            Self::Wechat(_) => [WechatPay::parameters().merchant_id, WechatPay::anothers_parameters().merchant_id],
            Self::Alipay(_) => [Alipay::parameters().seller_id, Alipay::anothers_parameters().seller_id],
        }
    }

    /// What somebody enters to be the first merchant, or the second.
    pub fn forms(&self) -> [Value; 2] {
        match self {
            Self::Wechat(_) => [WechatPay::form(), WechatPay::anothers_form()],
            Self::Alipay(_) => [Alipay::form(), Alipay::anothers_form()],
        }
    }

    /// From now on we are this one.
    pub async fn become_it(&self, till: &Till<'_>) -> Value {
        let [_, form] = self.forms();
        self.set(till, form).await.ok(200)
    }

    pub async fn set(&self, till: &Till<'_>, form: Value) -> Answer {
        till.root.put(&format!("/api/v1/payments/channels/{}", self.channel()), json!({"enabled": true, "parameters": form})).await
    }

    /// Who we are at this network, and who we were.
    pub async fn shown(&self, till: &Till<'_>) -> Value {
        let all = till.root.get("/api/v1/payments/channels").await.ok(200);
        all["items"].as_array().unwrap().iter().find(|one| one["channel"] == self.channel()).unwrap().clone()
    }

    pub fn trades(&self) -> Vec<Trade> {
        match self {
            Self::Wechat(network) => network.trades(),
            Self::Alipay(network) => network.trades(),
        }
    }

    /// Somebody pays it, and that is told; what follows is done.
    pub async fn paid(&self, till: &Till<'_>, number: &str) {
        let paid = match self {
            Self::Wechat(network) => network.pay(number).await,
            Self::Alipay(network) => network.pay(number).await,
        };
        assert!(paid, "it can be paid");
        let answer = till.networks.deliver(&self.notice(number)).await;
        assert!(answer.status.is_success(), "{}", answer.text());
        till.server.run_jobs().await;
    }

    fn notice(&self, number: &str) -> Notice {
        match self {
            Self::Wechat(network) => {
                let (headers, body) = network.notice(number).unwrap();
                (ChannelKind::Wechat, headers, body)
            }
            Self::Alipay(network) => form(network.notice(number).unwrap()),
        }
    }

    /// What the network tells the first merchant: that so much was paid under this number, which is true as far as anybody can see.
    pub fn told_to_the_first(&self, till: &Till<'_>, number: &str, fen: i64) -> Notice {
        let at = till.server.clock.now();
        match self {
            Self::Wechat(_) => {
                let own = WechatPay::parameters();
                let said = json!({"appid": own.app_id, "mchid": own.merchant_id, "out_trade_no": number, "transaction_id": "4200999",
                                  "trade_state": "SUCCESS", "success_time": at.to_string(), "amount": {"total": fen, "currency": "CNY"}});
                let (headers, body) = till.networks.wechat.told("TRANSACTION.SUCCESS", &said.to_string());
                (ChannelKind::Wechat, headers, body)
            }
            Self::Alipay(_) => {
                let own = Alipay::parameters();
                let yuan = format!("{}.{:02}", fen / 100, fen % 100);
                let fields = [
                    ("app_id", own.app_id.as_str()),
                    ("seller_id", own.seller_id.as_str()),
                    ("notify_id", "n999"),
                    ("out_trade_no", number),
                    ("trade_no", "2026999"),
                    ("trade_status", "TRADE_SUCCESS"),
                    ("total_amount", yuan.as_str()),
                    ("buyer_id", "2088000000000042"),
                    ("gmt_payment", "2026-11-21 16:00:00"),
                ];
                form(till.networks.alipay.told(&fields.map(|(name, value)| (name.to_owned(), value.to_owned()))))
            }
        }
    }
}

fn form(form: String) -> Notice {
    (ChannelKind::Alipay, vec![("content-type", "application/x-www-form-urlencoded".to_owned())], form)
}
