//! What the real one refuses of a merchant's requests is refused here too.

use kernel::{Clock, DAY, SECOND, Timestamp};
use reqwest::Method;
use serde_json::{Value, json};

use super::{APP, MERCHANT, SERIAL, WechatPay};
use crate::{Told, TradeState, Troubles};

const START: Timestamp = Timestamp::from_unix(1_795_248_000);
const NUMBER: &str = "strict0001";
const NOTICES: &str = "http://127.0.0.1:9/callbacks/wechat";

/// Status and code of an answer.
type Said = (u16, String);

struct Merchant {
    network: WechatPay,
    clock: Clock,
    http: reqwest::Client,
}

impl Merchant {
    async fn open() -> Self {
        let clock = Clock::stepped(START);
        let network = WechatPay::open(clock.clone()).await.unwrap();
        network.set(Troubles { told: Told::Lost, ..Troubles::default() });
        Self { network, clock, http: reqwest::Client::builder().no_proxy().build().unwrap() }
    }

    fn nonce(&self) -> String {
        hex::encode_upper(self.network.inner.random.bytes::<16>())
    }

    fn authorization(&self, call: [&str; 3], at: &str, nonce: &str) -> String {
        let [method, target, body] = call;
        let message = format!("{method}\n{target}\n{at}\n{nonce}\n{body}\n");
        let signature = self.network.inner.merchant.sign(message.as_bytes());
        format!(
            "WECHATPAY2-SHA256-RSA2048 mchid=\"{MERCHANT}\",nonce_str=\"{nonce}\",signature=\"{signature}\",timestamp=\"{at}\",serial_no=\"{SERIAL}\""
        )
    }

    async fn send(&self, call: [&str; 3], authorization: &str, accept: &str) -> Said {
        let (status, said) = self.answer(call, authorization, accept).await;
        (status, said["code"].as_str().unwrap_or_default().to_owned())
    }

    async fn answer(&self, [method, target, body]: [&str; 3], authorization: &str, accept: &str) -> (u16, Value) {
        let method: Method = method.parse().unwrap();
        let request = self.http.request(method, format!("{}{target}", self.network.base()));
        let mut request = request.header("authorization", authorization).header("accept", accept);
        if !body.is_empty() {
            request = request.header("content-type", "application/json").body(body.to_owned());
        }
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        (status, serde_json::from_str(&response.text().await.unwrap()).unwrap_or_default())
    }

    /// What the payer's side is handed for an order.
    async fn handed(&self, kind: &str, ask: &Value) -> Value {
        let (target, body) = (format!("/v3/pay/transactions/{kind}"), ask.to_string());
        let call = ["POST", target.as_str(), body.as_str()];
        let authorization = self.authorization(call, &self.clock.now().unix().to_string(), &self.nonce());
        let (status, said) = self.answer(call, &authorization, "application/json").await;
        assert_eq!(status, 200, "{said}");
        said
    }

    async fn call(&self, call: [&str; 3]) -> Said {
        let authorization = self.authorization(call, &self.clock.now().unix().to_string(), &self.nonce());
        self.send(call, &authorization, "application/json").await
    }

    async fn post(&self, target: &str, body: &Value) -> Said {
        self.call(["POST", target, &body.to_string()]).await
    }

    async fn get(&self, target: &str) -> Said {
        self.call(["GET", target, ""]).await
    }

    async fn paid(&self, number: &str) {
        assert_eq!(self.post("/v3/pay/transactions/native", &with(&order(), "out_trade_no", json!(number))).await.0, 200);
        assert!(self.network.pay(number).await);
    }
}

fn said(status: u16, code: &str) -> Said {
    (status, code.to_owned())
}

fn order() -> Value {
    json!({"appid": APP, "mchid": MERCHANT, "description": "台费", "out_trade_no": NUMBER, "notify_url": NOTICES,
           "amount": {"total": 100, "currency": "CNY"}})
}

fn refund() -> Value {
    json!({"out_trade_no": NUMBER, "out_refund_no": "back-0001", "reason": "台费", "notify_url": NOTICES,
           "amount": {"refund": 30, "total": 100, "currency": "CNY"}})
}

/// The same with another value at a place such as `amount.total`; null is none.
fn with(ask: &Value, place: &str, value: Value) -> Value {
    let mut ask = ask.clone();
    let mut at = &mut ask;
    for name in place.split('.') {
        at = &mut at[name];
    }
    *at = value;
    ask
}

#[tokio::test]
async fn k12_1_an_order_with_a_field_that_cannot_be_so_is_refused() {
    let merchant = Merchant::open().await;
    let native = "/v3/pay/transactions/native";
    let bad = [
        ("out_trade_no", json!("12345")),
        ("out_trade_no", json!("1".repeat(33))),
        ("out_trade_no", json!("strict#001")),
        ("out_trade_no", json!("台球台球")),
        ("out_trade_no", json!(1_234_567)),
        ("description", json!("")),
        ("description", json!("描".repeat(43))),
        ("description", json!(null)),
        ("notify_url", json!(null)),
        ("notify_url", json!("hall.example/callbacks/wechat")),
        ("notify_url", json!("https://hall.example/callbacks/wechat?a=1")),
        ("amount", json!(null)),
        ("amount.total", json!(0)),
        ("amount.total", json!(-1)),
        ("amount.total", json!("100")),
        ("amount.total", json!(1.5)),
        ("amount.currency", json!("USD")),
        ("mchid", json!(null)),
        ("time_expire", json!("in a while")),
        ("time_expire", json!("2026-11-21T15:59:59+08:00")),
        ("time_expire", json!("2026-11-28T16:01:00+08:00")),
    ];
    for (place, value) in bad {
        let ask = with(&order(), place, value);
        assert_eq!(merchant.post(native, &ask).await, said(400, "PARAM_ERROR"), "{ask}");
    }
    for (place, value) in [("mchid", json!("1900000002")), ("appid", json!("wx0000000000000009"))] {
        let ask = with(&order(), place, value);
        assert_eq!(merchant.post(native, &ask).await, said(400, "APPID_MCHID_NOT_MATCH"), "{ask}");
    }
    let scene = |address: &str, kind: &str| json!({"payer_client_ip": address, "h5_info": {"type": kind}});
    for bad in
        [json!(null), json!({"payer_client_ip": "203.0.113.7"}), scene("", "Wap"), scene("203.0.113.256", "Wap"), scene("::1", "Phone")]
    {
        let ask = with(&order(), "scene_info", bad);
        assert_eq!(merchant.post("/v3/pay/transactions/h5", &ask).await, said(400, "PARAM_ERROR"), "{ask}");
    }
    for bad in [json!(null), json!({"openid": ""}), json!({"openid": "o0002-of-another-app"})] {
        let ask = with(&order(), "payer", bad);
        assert_eq!(merchant.post("/v3/pay/transactions/jsapi", &ask).await, said(400, "PARAM_ERROR"), "{ask}");
    }
    assert_eq!(merchant.network.trades().len(), 0);
    let whole = with(&with(&order(), "scene_info", scene("203.0.113.7", "Wap")), "time_expire", json!("2026-11-21T16:15:00+08:00"));
    assert_eq!(merchant.post("/v3/pay/transactions/h5", &whole).await, said(200, ""));
    // The same number is the same order, and no other.
    assert_eq!(merchant.post("/v3/pay/transactions/h5", &whole).await, said(200, ""));
    let other = with(&whole, "amount.total", json!(101));
    assert_eq!(merchant.post("/v3/pay/transactions/h5", &other).await, said(400, "OUT_TRADE_NO_USED"));
}

#[tokio::test]
async fn v4_1_a_code_a_page_and_wechats_own_window_lead_to_the_payment() {
    let merchant = Merchant::open().await;
    let numbered = |number: &str| with(&order(), "out_trade_no", json!(number));
    let scene = json!({"payer_client_ip": "203.0.113.7", "h5_info": {"type": "Wap"}});
    let code = merchant.handed("native", &numbered("strict0001")).await;
    let page = merchant.handed("h5", &with(&numbered("strict0002"), "scene_info", scene)).await;
    let payer = json!({"openid": "o0001-ann"});
    let window = merchant.handed("jsapi", &with(&numbered("strict0003"), "payer", payer)).await;
    let text = |said: &Value, name: &str| said[name].as_str().unwrap().to_owned();
    // As a browser is sent there, and as the window is asked for it.
    let page = format!("{}&redirect_url=https%3A%2F%2Fhall%2Eexample%2Fm%2F%3Forder%3Dpay", text(&page, "h5_url"));
    let window = format!("prepay_id={}", text(&window, "prepay_id"));
    let found = [text(&code, "code_url"), page, window].map(|what| merchant.network.scan(&what));
    assert_eq!(found, ["strict0001", "strict0002", "strict0003"].map(|number| Some(number.to_owned())));
    assert_eq!(merchant.network.scan("https://elsewhere.example/?prepay_id=wxnobodys"), None);
}

#[tokio::test]
async fn k12_1_a_request_is_signed_now_once_and_with_all_five_parts() {
    let merchant = Merchant::open().await;
    let body = order().to_string();
    let call = ["POST", "/v3/pay/transactions/native", body.as_str()];
    let refused = said(401, "SIGN_ERROR");
    let now = merchant.clock.now().unix();
    for at in [now - 302, now + 302, 0] {
        let authorization = merchant.authorization(call, &at.to_string(), &merchant.nonce());
        assert_eq!(merchant.send(call, &authorization, "application/json").await, refused, "{at}");
    }
    for nonce in ["", &"A".repeat(33), "with-signs"] {
        let authorization = merchant.authorization(call, &now.to_string(), nonce);
        assert_eq!(merchant.send(call, &authorization, "application/json").await, refused, "{nonce}");
    }
    let good = merchant.authorization(call, &(now - 298).to_string(), &merchant.nonce());
    let bad = [
        String::new(),
        good.replace("WECHATPAY2-SHA256-RSA2048 ", ""),
        good.replace("RSA2048", "SM3"),
        good.replace(&format!("mchid=\"{MERCHANT}\","), ""),
        good.replace(MERCHANT, "1900000002"),
        good.replace(&format!(",serial_no=\"{SERIAL}\""), ""),
        good.replace(SERIAL, &SERIAL.to_lowercase()),
        format!("{good},serial_no=\"{SERIAL}\""),
        good.replace("timestamp=\"", "timestamp=\"+"),
    ];
    for bad in bad {
        assert_eq!(merchant.send(call, &bad, "application/json").await, refused, "{bad}");
    }
    assert_eq!(merchant.network.trades().len(), 0);
    assert_eq!(merchant.send(call, &good, "application/json").await, said(200, ""));
    assert_eq!(merchant.send(call, &good, "application/json").await, refused, "a second time");
    let again = merchant.authorization(call, &now.to_string(), &merchant.nonce());
    assert_eq!(merchant.send(call, &again, "text/html").await, said(400, "PARAM_ERROR"), "it speaks JSON alone");
}

#[tokio::test]
async fn v8_2_nobody_asks_about_or_closes_an_order_without_saying_whose_it_is() {
    let merchant = Merchant::open().await;
    merchant.post("/v3/pay/transactions/native", &order()).await;
    let path = format!("/v3/pay/transactions/out-trade-no/{NUMBER}");
    for query in ["", "?mchid=", "?mchid=1900000002"] {
        assert_eq!(merchant.get(&format!("{path}{query}")).await, said(400, "PARAM_ERROR"), "{query}");
    }
    for body in [json!({}), json!({"mchid": "1900000002"}), json!({"mchid": 1_900_000_001})] {
        assert_eq!(merchant.post(&format!("{path}/close"), &body).await, said(400, "PARAM_ERROR"), "{body}");
    }
    assert_eq!(merchant.call(["POST", &format!("{path}/close"), ""]).await, said(400, "PARAM_ERROR"));
    assert_eq!(merchant.network.trade(NUMBER).unwrap().state, TradeState::Open);
    assert_eq!(merchant.get(&format!("{path}?mchid={MERCHANT}")).await.0, 200);
    assert_eq!(merchant.post(&format!("{path}/close"), &json!({"mchid": MERCHANT})).await.0, 204);
}

#[tokio::test]
async fn v4_1_a_refund_that_cannot_be_so_is_refused() {
    let merchant = Merchant::open().await;
    let path = "/v3/refund/domestic/refunds";
    merchant.paid(NUMBER).await;
    let bad = [
        ("out_trade_no", json!(null)),
        ("out_trade_no", json!("")),
        ("out_refund_no", json!("")),
        ("out_refund_no", json!("back 0001")),
        ("out_refund_no", json!("1".repeat(65))),
        ("reason", json!("")),
        ("reason", json!("因".repeat(27))),
        ("notify_url", json!("https://hall.example/?a=1")),
        ("amount.refund", json!(0)),
        ("amount.refund", json!(-1)),
        ("amount.refund", json!(null)),
        ("amount.total", json!(null)),
        ("amount.currency", json!(null)),
        ("amount.currency", json!("USD")),
    ];
    for (place, value) in bad {
        let ask = with(&refund(), place, value);
        assert_eq!(merchant.post(path, &ask).await, said(400, "PARAM_ERROR"), "{ask}");
    }
    for (place, value) in [("amount.total", json!(99)), ("amount.refund", json!(101)), ("amount.refund", json!(i64::MAX))] {
        let ask = with(&refund(), place, value);
        assert_eq!(merchant.post(path, &ask).await, said(400, "INVALID_REQUEST"), "{ask}");
    }
    for (place, value) in [("out_trade_no", json!("strict0009")), ("transaction_id", json!("4200"))] {
        let ask = with(&refund(), place, value);
        assert_eq!(merchant.post(path, &ask).await, said(404, "RESOURCE_NOT_EXISTS"), "{ask}");
    }
    assert_eq!(merchant.network.trade(NUMBER).unwrap().refunds.len(), 0);
    // By WeChat's own number; asked for again it is the same, and of another amount or payment it is none.
    let own = merchant.network.trade(NUMBER).unwrap().transaction;
    let by_own = with(&with(&refund(), "out_trade_no", json!(null)), "transaction_id", json!(own));
    assert_eq!((merchant.post(path, &by_own).await, merchant.post(path, &refund()).await), (said(200, ""), said(200, "")));
    merchant.paid("strict0002").await;
    for (place, value) in [("amount.refund", json!(31)), ("out_trade_no", json!("strict0002"))] {
        let ask = with(&refund(), place, value);
        assert_eq!(merchant.post(path, &ask).await, said(400, "INVALID_REQUEST"), "{ask}");
    }
    assert_eq!(merchant.network.trade(NUMBER).unwrap().refunded().fen(), 30);
}

#[tokio::test]
async fn v4_1_a_payment_is_given_back_in_fifty_parts_and_within_a_year() {
    let merchant = Merchant::open().await;
    let path = "/v3/refund/domestic/refunds";
    merchant.paid(NUMBER).await;
    let part = |n: usize| with(&with(&refund(), "out_refund_no", json!(format!("back-{n:04}"))), "amount.refund", json!(1));
    for n in 0..50 {
        assert_eq!(merchant.post(path, &part(n)).await, said(200, ""), "{n}");
    }
    assert_eq!(merchant.post(path, &part(50)).await, said(400, "INVALID_REQUEST"));
    assert_eq!(merchant.post(path, &part(49)).await, said(200, ""), "asked for again");
    merchant.paid("strict0002").await;
    merchant.clock.step(365 * DAY + SECOND);
    let late = with(&with(&refund(), "out_trade_no", json!("strict0002")), "out_refund_no", json!("late-0001"));
    assert_eq!(merchant.post(path, &late).await, said(400, "INVALID_REQUEST"));
}

#[tokio::test]
async fn k12_1_a_bill_is_of_a_day_that_is_over() {
    let merchant = Merchant::open().await;
    merchant.paid(NUMBER).await;
    for query in ["", "?bill_date=21.11.2026", "?bill_date=2026-11-31", "?bill_date=2026-11-21&bill_type=SOME"] {
        assert_eq!(merchant.get(&format!("/v3/bill/tradebill{query}")).await, said(400, "PARAM_ERROR"), "{query}");
    }
    let day = "/v3/bill/tradebill?bill_date=2026-11-21&bill_type=ALL";
    assert_eq!(merchant.get(day).await, said(400, "NO_STATEMENT_EXIST"));
    // Until ten o'clock of the next morning, in Beijing, where it is four in the afternoon now.
    merchant.clock.step(18 * kernel::HOUR - 5 * SECOND);
    assert_eq!(merchant.get(day).await, said(400, "NO_STATEMENT_EXIST"));
    merchant.clock.step(5 * SECOND);
    assert_eq!(merchant.get(day).await, said(200, ""));
}
