//! Our client of Alipay against what python-alipay-sdk signs: as a merchant, and as the network.

use gateway::{Alipay, AlipayFreeze};
use kernel::{Clock, Fen};
use platform::payments::{
    Channel as _, ChannelError, Frozen, Handed, Method, Notice, PaidBy, PayerKind, Place, RefundAsk, RefundStanding, Standing,
};
use sandbox::Alipay as Network;
use serde_json::{Value, json};

use crate::process::Peers;
use crate::stub::Stub;

const NUMBER: &str = "0192a0b0c0d0e0f0a1b1c1d1e1f10203";
const NOTICES: &str = "https://hall.example/callbacks/alipay";

/// Whom the SDK knows: our merchant, and the network whose key it signs with.
fn known() -> Value {
    json!({"parameters": Network::form(), "network_key": include_str!("../../../sandbox/keys/alipay_network.pem")})
}

async fn both() -> (Stub, Alipay) {
    let stub = Stub::open("pay_alipay", known()).await;
    let client = Alipay::new(&Network::parameters(), &stub.at, NOTICES, Clock::System).unwrap();
    (stub, client)
}

fn place(method: Method) -> Place {
    Place {
        number: NUMBER.into(),
        amount: Fen::new(3_605),
        subject: "1 号台 & <b>台费</b>".into(),
        method,
        payer: None,
        frozen: Some(Frozen { channel_no: "2026000001".into(), payer: PaidBy { kind: PayerKind::UserId, id: "2088000000000042".into() } }),
        address: "203.0.113.7".into(),
        expires_at: Clock::System.now().plus_seconds(900),
        return_url: "https://hall.example/m/?order=1&x=y".into(),
    }
}

fn paid() -> Value {
    json!({"code": "10000", "msg": "Success", "out_trade_no": NUMBER, "trade_no": "2026000001", "trade_status": "TRADE_SUCCESS",
           "total_amount": "36.05", "send_pay_date": "2026-11-28 20:00:00", "buyer_user_id": "2088000000000042"})
}

fn good(more: Value) -> Value {
    crate::process::with(&json!({"code": "10000", "msg": "Success", "out_trade_no": NUMBER}), more)
}

#[tokio::test]
async fn k12_1_what_we_ask_alipay_for_is_what_somebody_elses_client_signs() {
    let (stub, client) = both().await;
    stub.say(200, &good(json!({"qr_code": "https://qr.example/1"}))).await;
    assert_eq!(client.place(&place(Method::Precreate)).await.unwrap(), Handed::QrCode { content: "https://qr.example/1".into() });
    let Handed::Redirect { url } = client.place(&place(Method::Wap)).await.unwrap() else { panic!("a page") };
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    http.get(url).send().await.unwrap();
    client.place(&place(Method::Capture)).await.unwrap();
    stub.say(200, &paid()).await;
    assert!(matches!(client.query(NUMBER).await, Ok(Standing::Paid(paid)) if paid.amount == Fen::new(3_605)));
    client.close(NUMBER).await.unwrap();
    stub.say(200, &good(json!({"trade_no": "2026000001", "fund_change": "Y"}))).await;
    let refund = RefundAsk {
        number: NUMBER.into(),
        refund_number: "refund-1".into(),
        amount: Fen::new(1),
        total: Fen::new(3_605),
        why: "台费".into(),
    };
    assert_eq!(client.refund(&refund).await, Ok(RefundStanding::Done { channel_no: "2026000001".into() }));

    let freeze = AlipayFreeze::new(&Network::parameters(), &stub.at, NOTICES, Clock::System).unwrap();
    stub.say(200, &json!({"code": "10000", "msg": "Success", "out_order_no": NUMBER, "code_value": "https://qr.example/2"})).await;
    freeze.place(&place(Method::Freeze)).await.unwrap();

    let taken = stub.taken().await;
    let methods: Vec<_> = taken.iter().map(|taken| taken["method"].as_str().unwrap()).collect();
    assert_eq!(
        methods,
        [
            "alipay.trade.precreate",
            "alipay.trade.wap.pay",
            "alipay.trade.pay",
            "alipay.trade.query",
            "alipay.trade.close",
            "alipay.trade.refund",
            "alipay.fund.auth.order.voucher.create",
        ]
    );
    assert!(taken.iter().all(|taken| (&taken["sign_type"], &taken["charset"]) == (&json!("RSA2"), &json!("utf-8"))));
}

#[tokio::test]
async fn k12_1_somebody_elses_signature_fits_no_other_byte_of_what_we_ask_alipay_for() {
    let (stub, client) = both().await;
    stub.say(200, &good(json!({"qr_code": "https://qr.example/1"}))).await;
    client.place(&place(Method::Precreate)).await.unwrap();
    let sent = stub.newest().await;
    for at in 0..sent["body"].as_str().unwrap().len() {
        stub.change("body", at).await;
        let placed = client.place(&place(Method::Precreate)).await;
        assert!(matches!(placed, Err(ChannelError::Refused { code, .. }) if code == "isv.invalid-signature"), "{at}");
    }
    assert_eq!(stub.taken().await.len(), 1);
}

#[tokio::test]
async fn k12_1_what_somebody_elses_client_signs_as_alipay_is_believed_and_with_no_byte_changed() {
    let (stub, client) = both().await;
    stub.say(200, &paid()).await;
    assert!(matches!(client.query(NUMBER).await, Ok(Standing::Paid(_))));
    // The node's name, the signature and what stands around them, too.
    let whole = json!({"alipay_trade_query_response": paid(), "sign": "A".repeat(344)}).to_string();
    for at in 0..whole.len() {
        stub.change("answer", at).await;
        let answer = client.query(NUMBER).await;
        assert!(matches!(answer, Err(ChannelError::Unclear(_))), "{at}: {answer:?}");
    }

    let own = Network::parameters();
    let fields = json!({"app_id": own.app_id, "seller_id": own.seller_id, "notify_id": "ac05099524730693a8b330c5ecf72da9", "out_trade_no": NUMBER,
                        "trade_no": "2026000001", "trade_status": "TRADE_SUCCESS", "total_amount": "36.05", "buyer_id": "2088000000000042",
                        "gmt_payment": "2026-11-28 20:00:00", "subject": "1 号台 & <b>台费</b>"});
    let mut ask = known();
    ask["do"] = "pay_alipay.tell".into();
    ask["fields"] = fields;
    let told = Peers::start().ask(ask).await.unwrap();
    let told = told.as_str().unwrap();
    let read = |body: &[u8]| client.notice(&|_: &str| None, body).map(|received| received.notice);
    assert!(matches!(read(told.as_bytes()), Ok(Notice::Paid(paid)) if (paid.number.as_str(), paid.amount) == (NUMBER, Fen::new(3_605))));
    for at in 0..told.len() {
        let mut altered = told.as_bytes().to_vec();
        altered[at] ^= 1;
        assert!(read(&altered).is_err(), "byte {at}");
    }
}
