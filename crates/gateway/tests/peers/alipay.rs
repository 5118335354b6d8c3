//! python-alipay-sdk against our stand-in of Alipay.

use kernel::Clock;
use sandbox::{Alipay, TradeState};
use serde_json::{Value, json};

use crate::process::{Peers, change, with};
use crate::quiet;

#[tokio::test]
async fn k12_1_somebody_elses_alipay_client_pays_asks_closes_and_sends_back() {
    let network = Alipay::open(Clock::System).await.unwrap();
    network.set(quiet());
    let (peers, own) =
        (Peers::start(), json!({"at": network.gateway(), "notify_url": "https://hall.example/notices", "parameters": Alipay::form()}));
    let ask =
        async |act: &str, more: Value| peers.ask(with(&with(&own, more), json!({ "do": format!("pay_alipay.{act}") }))).await.unwrap();

    let placed = ask("place", json!({"number": "peer00001", "fen": 3_600})).await;
    assert_eq!(placed["code"], "10000", "{placed}");
    assert!(placed["qr_code"].is_string());
    assert!(network.pay("peer00001").await);
    let found = ask("query", json!({"number": "peer00001"})).await;
    assert_eq!((&found["trade_status"], &found["total_amount"]), (&json!("TRADE_SUCCESS"), &json!("36.00")), "{found}");

    let form = network.notice("peer00001").unwrap();
    let mut fields: serde_json::Map<String, Value> =
        url::form_urlencoded::parse(form.as_bytes()).map(|(name, value)| (name.into_owned(), json!(value))).collect();
    let sign = fields.remove("sign").unwrap();
    assert_eq!(ask("notice", json!({"fields": fields, "sign": sign})).await, true);
    fields.insert("total_amount".into(), json!("36.01"));
    assert_eq!(ask("notice", json!({"fields": fields, "sign": sign})).await, false);

    for _ in 0..2 {
        let back = ask("refund", json!({"number": "peer00001", "refund": "back00001", "fen": 1_000})).await;
        assert_eq!((&back["code"], &back["refund_fee"]), (&json!("10000"), &json!("10.00")), "{back}");
    }
    assert_eq!(network.trade("peer00001").unwrap().refunded().fen(), 1_000);

    ask("place", json!({"number": "peer00002", "fen": 100})).await;
    let closed = ask("close", json!({"number": "peer00002"})).await;
    assert_eq!(closed["code"], "10000", "{closed}");
    assert_eq!(network.trade("peer00002").unwrap().state, TradeState::Closed);
}

#[tokio::test]
async fn k12_1_nothing_is_taken_of_somebody_elses_alipay_client_with_a_byte_changed() {
    let network = Alipay::open(Clock::System).await.unwrap();
    let peers = Peers::start();
    let ask = json!({"do": "pay_alipay.place", "at": network.gateway(), "notify_url": "https://hall.example/notices", "parameters": Alipay::form(),
                     "number": "peer00001", "fen": 3_600});
    assert_eq!(peers.ask(ask.clone()).await.unwrap()["code"], "10000");
    let sent = peers.ask(json!({"do": "transit.newest"})).await.unwrap();
    for at in 0..sent["target"].as_str().unwrap().len() {
        let refused = peers.ask(with(&ask, change("target", at))).await.unwrap_err();
        // An equals sign becomes what no address may have.
        assert!(refused.contains("isv.invalid-signature") || refused.contains("HTTP Error 400"), "{at}: {refused}");
    }
    assert_eq!(network.trades().len(), 1);
}
