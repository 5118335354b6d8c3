//! wechatpayv3 against our stand-in of WeChat Pay.

use kernel::Clock;
use sandbox::{TradeState, WechatPay};
use serde_json::{Value, json};

use crate::process::{Peers, change, with};
use crate::quiet;

#[tokio::test]
async fn k12_1_somebody_elses_wechat_client_pays_asks_closes_and_sends_back() {
    let network = WechatPay::open(Clock::System).await.unwrap();
    network.set(quiet());
    let (peers, own) =
        (Peers::start(), json!({"at": network.base(), "notify_url": "https://hall.example/notices", "parameters": WechatPay::form()}));
    let ask =
        async |act: &str, more: Value| peers.ask(with(&with(&own, more), json!({ "do": format!("pay_wechat.{act}") }))).await.unwrap();

    let placed = ask("place", json!({"number": "peer00001", "fen": 3_600})).await;
    assert_eq!(placed["status"], 200, "{placed}");
    assert!(placed["body"]["code_url"].is_string(), "{placed}");
    assert_eq!(ask("query", json!({"number": "peer00001"})).await["body"]["trade_state"], "NOTPAY");
    assert!(network.pay("peer00001").await);
    let found = ask("query", json!({"number": "peer00001"})).await;
    assert_eq!((&found["body"]["trade_state"], &found["body"]["amount"]["total"]), (&json!("SUCCESS"), &json!(3_600)));

    // What the stand-in tells is believed and read, and with one letter changed it is not.
    let (headers, body) = network.notice("peer00001").unwrap();
    let names: serde_json::Map<String, Value> = headers.iter().map(|(name, value)| (name.to_lowercase(), json!(value))).collect();
    let told = ask("notice", json!({"headers": names, "body": body})).await;
    assert_eq!((&told["event_type"], &told["resource"]["out_trade_no"]), (&json!("TRANSACTION.SUCCESS"), &json!("peer00001")), "{told}");
    let altered = body.replacen("TRANSACTION", "TRANSACTIOM", 1);
    assert_ne!(altered, body);
    assert!(ask("notice", json!({"headers": names, "body": altered})).await.is_null());

    let refund = json!({"number": "peer00001", "refund": "back00001", "fen": 1_000, "total": 3_600});
    for _ in 0..2 {
        let back = ask("refund", refund.clone()).await;
        assert_eq!((&back["status"], &back["body"]["amount"]["refund"]), (&json!(200), &json!(1_000)), "{back}");
    }
    assert_eq!(network.trade("peer00001").unwrap().refunded().fen(), 1_000);

    ask("place", json!({"number": "peer00002", "fen": 100})).await;
    assert_eq!(ask("close", json!({"number": "peer00002"})).await["status"], 204);
    assert_eq!(network.trade("peer00002").unwrap().state, TradeState::Closed);
}

#[tokio::test]
async fn k12_1_nothing_is_taken_of_somebody_elses_wechat_client_with_a_byte_changed() {
    let network = WechatPay::open(Clock::System).await.unwrap();
    let peers = Peers::start();
    let ask = json!({"do": "pay_wechat.place", "at": network.base(), "notify_url": "https://hall.example/notices", "parameters": WechatPay::form(),
                     "number": "peer00001", "fen": 3_600});
    assert_eq!(peers.ask(ask.clone()).await.unwrap()["status"], 200);
    let sent = peers.ask(json!({"do": "transit.newest"})).await.unwrap();
    for part in ["body", "authorization"] {
        for at in 0..sent[part].as_str().unwrap().len() {
            let refused = peers.ask(with(&ask, change(part, at))).await.unwrap();
            assert_eq!((&refused["status"], &refused["body"]["code"]), (&json!(401), &json!("SIGN_ERROR")), "{part} {at}");
        }
    }
    // Elsewhere there is nothing; the first byte makes no request at all.
    for at in 1..sent["target"].as_str().unwrap().len() {
        let refused = peers.ask(with(&ask, change("target", at))).await;
        assert!(!refused.is_ok_and(|said| said["status"] == 200), "target {at}");
    }
    assert_eq!(network.trades().len(), 1);
}
