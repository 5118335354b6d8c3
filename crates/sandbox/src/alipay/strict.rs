//! What the real one refuses of a merchant's requests is refused here too.

use std::collections::BTreeMap;

use kernel::{Clock, Timestamp};
use serde_json::{Value, json};

use super::words::{PAYER, beijing};
use super::{APP, Alipay, SELLER};
use crate::{Told, TradeState, Troubles};

const START: Timestamp = Timestamp::from_unix(1_795_248_000);
const NUMBER: &str = "strict0001";
const GOOD: &str = "10000";
const INVALID: &str = "ACQ.INVALID_PARAMETER";

struct Merchant {
    network: Alipay,
    clock: Clock,
    http: reqwest::Client,
}

impl Merchant {
    async fn open() -> Self {
        let clock = Clock::stepped(START);
        let network = Alipay::open(clock.clone()).await.unwrap();
        network.set(Troubles { told: Told::Lost, ..Troubles::default() });
        Self { network, clock, http: reqwest::Client::builder().no_proxy().build().unwrap() }
    }

    fn fields(&self, method: &str, content: &str) -> BTreeMap<String, String> {
        let now = beijing(self.clock.now());
        let fields = [
            ("app_id", APP),
            ("method", method),
            ("format", "JSON"),
            ("charset", "utf-8"),
            ("sign_type", "RSA2"),
            ("version", "1.0"),
            ("timestamp", now.as_str()),
            ("notify_url", "http://127.0.0.1:9/callbacks/alipay"),
            ("biz_content", content),
        ];
        fields.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    fn signed(&self, fields: &BTreeMap<String, String>) -> String {
        let signed = fields.iter().filter(|(_, value)| !value.is_empty());
        let message = signed.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&");
        let sign = self.network.inner.merchant.sign(message.as_bytes());
        form_urlencoded::Serializer::new(String::new()).extend_pairs(fields.iter()).append_pair("sign", &sign).finish()
    }

    /// Its code where it is good, and otherwise its sub-code.
    async fn send(&self, form: String) -> String {
        let request = self.http.post(self.network.gateway()).header("content-type", "application/x-www-form-urlencoded; charset=utf-8");
        let said: Value = serde_json::from_str(&request.body(form).send().await.unwrap().text().await.unwrap()).unwrap();
        let said = said.as_object().unwrap().values().find(|value| value.is_object()).unwrap();
        let which = if said["code"] == GOOD { "code" } else { "sub_code" };
        said[which].as_str().unwrap().to_owned()
    }

    async fn ask(&self, method: &str, content: &Value) -> String {
        self.send(self.signed(&self.fields(method, &content.to_string()))).await
    }
}

fn order() -> Value {
    json!({"out_trade_no": NUMBER, "total_amount": "1.00", "subject": "台费"})
}

fn freeze() -> Value {
    json!({"out_order_no": "freeze0001", "out_request_no": "freeze0001", "order_title": "台费", "amount": "50.00",
           "product_code": "PREAUTH_PAY", "payee_user_id": SELLER, "pay_timeout": "15m"})
}

fn with(ask: &Value, name: &str, value: Value) -> Value {
    let mut ask = ask.clone();
    ask[name] = value;
    ask
}

#[tokio::test]
async fn k12_1_an_order_with_a_field_that_cannot_be_so_is_refused() {
    let merchant = Merchant::open().await;
    let method = "alipay.trade.precreate";
    let bad = [
        ("out_trade_no", json!("")),
        ("out_trade_no", json!("1".repeat(65))),
        ("out_trade_no", json!("台球台球")),
        ("out_trade_no", json!(null)),
        ("total_amount", json!("1")),
        ("total_amount", json!("1.5")),
        ("total_amount", json!("1.005")),
        ("total_amount", json!("0.00")),
        ("total_amount", json!("-1.00")),
        ("total_amount", json!("+1.00")),
        ("total_amount", json!(".50")),
        ("total_amount", json!("100000000.01")),
        ("total_amount", json!(1.25)),
        ("subject", json!("")),
        ("subject", json!("台".repeat(257))),
        ("time_expire", json!("soon")),
        ("time_expire", json!("2026-11-21 15:59:59")),
        ("time_expire", json!("2026-12-06 16:01:00")),
    ];
    for (name, value) in bad {
        let ask = with(&order(), name, value);
        assert_eq!(merchant.ask(method, &ask).await, INVALID, "{ask}");
    }
    let mut fields = merchant.fields(method, &order().to_string());
    fields.insert("notify_url".into(), "http://127.0.0.1:9/callbacks/alipay?a=1".into());
    assert_eq!(merchant.send(merchant.signed(&fields)).await, INVALID);
    for content in ["", "[]", "台费"] {
        assert_eq!(merchant.send(merchant.signed(&merchant.fields(method, content))).await, "isv.invalid-parameter", "{content}");
    }
    assert_eq!(merchant.network.trades().len(), 0);
    assert_eq!(merchant.ask(method, &with(&order(), "time_expire", json!("2026-11-21 16:15:00"))).await, GOOD);
}

#[tokio::test]
async fn v4_1_a_browser_that_brings_a_signed_order_finds_the_payment_and_another_is_turned_away() {
    let merchant = Merchant::open().await;
    let wap = with(&order(), "product_code", json!("QUICK_WAP_WAY"));
    let query = merchant.signed(&merchant.fields("alipay.trade.wap.pay", &wap.to_string()));
    let at = |query: &str| format!("{}?{query}", merchant.network.gateway());
    assert_eq!(merchant.network.follow(&at(&query.replace("1.00", "0.01"))).await, None, "another amount than was signed");
    assert_eq!((merchant.network.trades().len(), merchant.network.follow(&merchant.network.gateway()).await), (0, None));
    assert_eq!(merchant.network.follow(&at(&query)).await, Some(NUMBER.to_owned()));
    assert_eq!(merchant.network.trade(NUMBER).unwrap().state, TradeState::Open);
}

#[tokio::test]
async fn k12_1_a_request_says_each_field_once_and_in_the_one_format() {
    let merchant = Merchant::open().await;
    let good = merchant.fields("alipay.trade.precreate", &order().to_string());
    let twice = merchant.signed(&good);
    assert_eq!(merchant.send(format!("{twice}&total_amount=1.00&total_amount=0.01")).await, "isv.invalid-signature");
    for (name, value) in
        [("format", "XML"), ("charset", "gbk"), ("sign_type", "RSA"), ("version", "2.0"), ("timestamp", "2026-11-21 15:44:59")]
    {
        let mut fields = good.clone();
        fields.insert(name.into(), value.into());
        assert_eq!(merchant.send(merchant.signed(&fields)).await, "isv.invalid-signature", "{name}");
    }
    assert_eq!(merchant.network.trades().len(), 0);
    assert_eq!(merchant.send(twice).await, GOOD);
}

#[tokio::test]
async fn v8_2_nothing_is_said_of_a_trade_that_is_not_named_and_what_is_frozen_is_none() {
    let merchant = Merchant::open().await;
    assert_eq!(merchant.ask("alipay.trade.precreate", &order()).await, GOOD);
    assert!(merchant.network.pay(NUMBER).await);
    let back = json!({"out_request_no": "back-0001", "refund_amount": "0.30"});
    for method in ["query", "close", "refund", "fastpay.refund.query"] {
        assert_eq!(merchant.ask(&format!("alipay.trade.{method}"), &back).await, INVALID, "{method}");
    }
    assert_eq!(merchant.ask("alipay.trade.fastpay.refund.query", &json!({"out_trade_no": NUMBER})).await, INVALID);
    let own = merchant.network.trade(NUMBER).unwrap().transaction;
    for name in [json!({"trade_no": own}), json!({"out_trade_no": NUMBER})] {
        assert_eq!(merchant.ask("alipay.trade.query", &name).await, GOOD, "{name}");
    }
    assert_eq!(merchant.ask("alipay.fund.auth.order.voucher.create", &freeze()).await, GOOD);
    for method in ["query", "close", "refund", "fastpay.refund.query"] {
        let ask = with(&back, "out_trade_no", json!("freeze0001"));
        assert_eq!(merchant.ask(&format!("alipay.trade.{method}"), &ask).await, "ACQ.TRADE_NOT_EXIST", "{method}");
    }
    assert_eq!(merchant.network.trade("freeze0001").unwrap().state, TradeState::Open);
}

#[tokio::test]
async fn k12_1_a_freezing_with_a_field_that_cannot_be_so_is_refused() {
    let merchant = Merchant::open().await;
    let create = "alipay.fund.auth.order.voucher.create";
    let bad = [
        ("out_order_no", json!("")),
        ("out_request_no", json!(null)),
        ("order_title", json!("")),
        ("amount", json!("0.00")),
        ("pay_timeout", json!("0m")),
        ("pay_timeout", json!("-5m")),
        ("pay_timeout", json!("15")),
        ("payee_user_id", json!("2088000000000002")),
        ("product_code", json!("QUICK_WAP_WAY")),
    ];
    for (name, value) in bad {
        let ask = with(&freeze(), name, value);
        assert_eq!(merchant.ask(create, &ask).await, "INVALID_PARAMETER", "{ask}");
    }
    assert_eq!(merchant.ask(create, &freeze()).await, GOOD);
    let cancel = json!({"out_order_no": "freeze0001", "out_request_no": "freeze0001", "remark": "close"});
    let cancelled = "alipay.fund.auth.operation.cancel";
    assert_eq!(merchant.ask(cancelled, &with(&cancel, "remark", json!(null))).await, "INVALID_PARAMETER");
    assert_eq!(merchant.ask(cancelled, &with(&cancel, "out_request_no", json!("another"))).await, "AUTH_OPERATION_NOT_EXIST");
    assert!(merchant.network.pay("freeze0001").await);
    let frozen = merchant.network.trade("freeze0001").unwrap().transaction;
    let unfreeze = json!({"auth_no": frozen, "out_request_no": "back-0001", "amount": "1.00"});
    assert_eq!(merchant.ask("alipay.fund.auth.order.unfreeze", &unfreeze).await, "INVALID_PARAMETER");
    let capture = json!({"out_trade_no": "capture0001", "auth_no": frozen, "total_amount": "1.00", "product_code": "PREAUTH_PAY",
                         "seller_id": SELLER, "buyer_id": PAYER});
    assert_eq!(merchant.ask("alipay.trade.pay", &capture).await, INVALID, "without a subject");
    let named = with(&capture, "subject", json!("台费"));
    assert_eq!(merchant.ask("alipay.trade.pay", &with(&named, "auth_confirm_mode", json!("SOME"))).await, INVALID);
    // Whose money it is, by the one name or by the other.
    let open_id = merchant.network.inner.known.open_id(PAYER);
    let by_open_id = |id: &str| with(&with(&named, "buyer_id", json!(null)), "buyer_open_id", json!(id));
    for other in
        [with(&named, "buyer_id", json!(open_id)), with(&named, "buyer_open_id", json!(open_id)), by_open_id(PAYER), by_open_id("")]
    {
        assert_eq!(merchant.ask("alipay.trade.pay", &other).await, INVALID, "{other}");
    }
    assert_eq!(merchant.ask("alipay.trade.pay", &with(&by_open_id(&open_id), "out_trade_no", json!("capture0002"))).await, GOOD);
    assert_eq!(merchant.network.trade("freeze0001").unwrap().refunded().fen(), 0);
    assert_eq!(merchant.ask("alipay.trade.pay", &named).await, GOOD);
}
