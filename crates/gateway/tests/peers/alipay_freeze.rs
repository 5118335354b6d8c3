//! python-alipay-sdk against our stand-in's pre-authorisations 预授权: it has no functions for them, and is asked to sign what it is given.

use kernel::Clock;
use sandbox::{Alipay, TradeState};
use serde_json::{Value, json};

use crate::process::{Peers, with};
use crate::quiet;

const FREEZE: &str = "alipay.fund.auth.order.voucher.create";
const DETAIL: &str = "alipay.fund.auth.operation.detail.query";
const UNFREEZE: &str = "alipay.fund.auth.order.unfreeze";
const CANCEL: &str = "alipay.fund.auth.operation.cancel";

#[tokio::test]
async fn k12_1_somebody_elses_alipay_client_freezes_takes_some_of_it_and_lets_the_rest_go() {
    let network = Alipay::open(Clock::System).await.unwrap();
    network.set(quiet());
    let peers = Peers::start();
    let own = json!({"at": network.gateway(), "notify_url": "https://hall.example/notices", "parameters": Alipay::form()});
    let ask = async |method: &str, content: Value| {
        peers.ask(with(&own, json!({"do": "pay_alipay.ask", "method": method, "content": content}))).await.unwrap()
    };
    let seller = Alipay::parameters().seller_id;
    let order = |number: &str| {
        json!({"out_order_no": number, "out_request_no": number, "order_title": "台费", "amount": "50.00", "product_code": "PREAUTH_PAY",
               "payee_user_id": seller, "pay_timeout": "15m"})
    };
    let of = |number: &str, request: &str| json!({"out_order_no": number, "out_request_no": request});

    let placed = ask(FREEZE, order("freeze0001")).await;
    assert_eq!((&placed["code"], placed["code_value"].is_string()), (&json!("10000"), true), "{placed}");
    assert_eq!(ask(DETAIL, of("freeze0001", "freeze0001")).await["status"], "INIT");
    assert!(network.pay("freeze0001").await);
    let frozen = ask(DETAIL, of("freeze0001", "freeze0001")).await;
    assert_eq!((&frozen["status"], &frozen["rest_amount"]), (&json!("SUCCESS"), &json!("50.00")), "{frozen}");

    // What the stand-in tells is believed, and with one letter changed it is not.
    let form = network.notice("freeze0001").unwrap();
    let mut fields: serde_json::Map<String, Value> =
        url::form_urlencoded::parse(form.as_bytes()).map(|(name, value)| (name.into_owned(), json!(value))).collect();
    let sign = fields.remove("sign").unwrap();
    let believes = async |fields: &serde_json::Map<String, Value>| {
        peers.ask(with(&own, json!({"do": "pay_alipay.notice", "fields": fields, "sign": sign}))).await.unwrap()
    };
    assert_eq!(believes(&fields).await, true);
    fields.insert("amount".into(), json!("50.01"));
    assert_eq!(believes(&fields).await, false);

    let capture = |number: &str, yuan: &str| {
        json!({"out_trade_no": number, "total_amount": yuan, "subject": "台费", "product_code": "PREAUTH_PAY", "auth_no": frozen["auth_no"],
               "buyer_id": frozen["payer_user_id"], "seller_id": seller, "auth_confirm_mode": "NOT_COMPLETE"})
    };
    assert_eq!(ask("alipay.trade.pay", capture("capture0001", "50.01")).await["sub_code"], "ACQ.AUTH_AMOUNT_NOT_ENOUGH");
    // Asked for again it is taken once.
    for _ in 0..2 {
        let taken = ask("alipay.trade.pay", capture("capture0001", "36.00")).await;
        assert_eq!((&taken["code"], &taken["total_amount"]), (&json!("10000"), &json!("36.00")), "{taken}");
    }
    assert_eq!(network.trade("capture0001").map(|trade| (trade.state, trade.amount.fen())), Some((TradeState::Paid, 3_600)));

    let unfreeze =
        |request: &str, yuan: &str| json!({"auth_no": frozen["auth_no"], "out_request_no": request, "amount": yuan, "remark": "台费"});
    assert_eq!(ask(UNFREEZE, unfreeze("unfreeze0001", "14.01")).await["sub_code"], "REQUEST_AMOUNT_EXCEED");
    let back = ask(UNFREEZE, unfreeze("unfreeze0001", "14.00")).await;
    assert_eq!((&back["code"], &back["status"]), (&json!("10000"), &json!("SUCCESS")), "{back}");
    let rest = ask(DETAIL, of("freeze0001", "unfreeze0001")).await;
    assert_eq!(
        (&rest["operation_type"], &rest["amount"], &rest["rest_amount"]),
        (&json!("UNFREEZE"), &json!("14.00"), &json!("0.00")),
        "{rest}"
    );

    ask(FREEZE, order("freeze0002")).await;
    assert_eq!(ask(CANCEL, with(&of("freeze0002", "freeze0002"), json!({"remark": "close"}))).await["action"], "close");
    assert!(!network.pay("freeze0002").await, "nobody can freeze it any more");
}
