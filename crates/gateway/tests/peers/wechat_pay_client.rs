//! Our client of WeChat Pay against what wechatpayv3 signs: as a merchant, and as the network.

use gateway::WechatPay;
use kernel::{Clock, Fen, Random};
use platform::payments::{Channel as _, ChannelError, Handed, Method, Notice, Payer, Place, RefundAsk, RefundStanding, Standing};
use sandbox::WechatPay as Network;
use serde_json::{Value, json};

use crate::process::Peers;
use crate::stub::Stub;

const NUMBER: &str = "0192a0b0c0d0e0f0a1b1c1d1e1f10203";
const NOTICES: &str = "https://hall.example/callbacks/wechat";

/// Whom the SDK knows: our merchant, and the network whose key it signs with.
fn known() -> Value {
    json!({"parameters": Network::form(), "network_key": include_str!("../../../sandbox/keys/wechat_network.pem")})
}

async fn both() -> (Stub, WechatPay) {
    let stub = Stub::open("pay_wechat", known()).await;
    let client = WechatPay::new(&Network::parameters(), &stub.at, NOTICES, Clock::System, Random::system()).unwrap();
    (stub, client)
}

fn place(method: Method) -> Place {
    Place {
        number: NUMBER.into(),
        amount: Fen::new(3_600),
        subject: "1 号台 <b>台费</b>".into(),
        method,
        payer: Some(Payer { app_id: Network::parameters().app_id, openid: "o0001-payer".into() }),
        frozen: None,
        address: "203.0.113.7".into(),
        expires_at: Clock::System.now().plus_seconds(900),
        return_url: "https://hall.example/m/".into(),
    }
}

fn paid() -> Value {
    let own = Network::parameters();
    json!({"appid": own.app_id, "mchid": own.merchant_id, "out_trade_no": NUMBER, "transaction_id": "4200000001", "trade_state": "SUCCESS",
           "success_time": "2026-11-28T20:00:00+08:00", "payer": {"openid": "o0001-payer"}, "amount": {"total": 3_600, "currency": "CNY"}})
}

#[tokio::test]
async fn k12_1_what_we_ask_wechat_for_is_what_somebody_elses_client_signs() {
    let (stub, client) = both().await;
    stub.say(200, &json!({"code_url": "weixin://pay", "h5_url": "https://pay.example/?a=1", "prepay_id": "wx1"})).await;
    assert_eq!(client.place(&place(Method::Native)).await.unwrap(), Handed::QrCode { content: "weixin://pay".into() });
    client.place(&place(Method::H5)).await.unwrap();
    let Handed::Jsapi { app_id, time_stamp, nonce_str, package, pay_sign, .. } = client.place(&place(Method::Jsapi)).await.unwrap() else {
        panic!("what the payer's side signs with")
    };
    // What the payer's side hands on is signed by us as well.
    let lines = json!({"do": "pay_wechat.sign", "parameters": Network::form(), "lines": [app_id, time_stamp, nonce_str, package]});
    assert_eq!(Peers::start().ask(lines).await.unwrap(), pay_sign.as_str());

    stub.say(200, &paid()).await;
    assert!(matches!(client.query(NUMBER).await, Ok(Standing::Paid(paid)) if paid.amount == Fen::new(3_600)));
    stub.say_nothing(204).await;
    client.close(NUMBER).await.unwrap();
    stub.say(200, &json!({"refund_id": "5000000001", "out_refund_no": "refund-1", "status": "SUCCESS"})).await;
    let refund = RefundAsk {
        number: NUMBER.into(),
        refund_number: "refund-1".into(),
        amount: Fen::new(1),
        total: Fen::new(3_600),
        why: "台费".into(),
    };
    let done = Ok(RefundStanding::Done { channel_no: "5000000001".into() });
    assert_eq!((client.refund(&refund).await, client.query_refund(NUMBER, "refund-1").await), (done.clone(), done));
    let targets: Vec<_> = stub.taken().await.iter().map(|taken| taken["target"].as_str().unwrap().to_owned()).collect();
    assert_eq!(
        targets,
        [
            "/v3/pay/transactions/native",
            "/v3/pay/transactions/h5",
            "/v3/pay/transactions/jsapi",
            "/v3/pay/transactions/out-trade-no/0192a0b0c0d0e0f0a1b1c1d1e1f10203?mchid=1900000001",
            "/v3/pay/transactions/out-trade-no/0192a0b0c0d0e0f0a1b1c1d1e1f10203/close",
            "/v3/refund/domestic/refunds",
            "/v3/refund/domestic/refunds/refund-1",
        ]
    );
}

#[tokio::test]
async fn k12_1_somebody_elses_signature_fits_no_other_byte_of_what_we_ask_wechat_for() {
    let (stub, client) = both().await;
    stub.say(200, &json!({"code_url": "weixin://pay"})).await;
    client.place(&place(Method::Native)).await.unwrap();
    let sent = stub.newest().await;
    for part in ["method", "target", "body", "authorization"] {
        for at in 0..sent[part].as_str().unwrap().len() {
            stub.change(part, at).await;
            let placed = client.place(&place(Method::Native)).await;
            assert!(matches!(placed, Err(ChannelError::Refused { code, .. }) if code == "SIGN_ERROR"), "{part} {at}");
        }
    }
    assert_eq!(stub.taken().await.len(), 1);
}

#[tokio::test]
async fn k12_1_what_somebody_elses_client_signs_as_wechat_is_believed_and_with_no_byte_changed() {
    let (stub, client) = both().await;
    stub.say(200, &paid()).await;
    assert!(matches!(client.query(NUMBER).await, Ok(Standing::Paid(_))));
    for (part, length) in [
        ("answer", paid().to_string().len()),
        ("answer-wechatpay-timestamp", 10),
        ("answer-wechatpay-nonce", 32),
        ("answer-wechatpay-serial", Network::parameters().keys[0].id.len()),
        ("answer-wechatpay-signature", 344),
    ] {
        for at in 0..length {
            stub.change(part, at).await;
            let answer = client.query(NUMBER).await;
            assert!(matches!(answer, Err(ChannelError::Unclear(_))), "{part} {at}: {answer:?}");
        }
    }

    let mut ask = known();
    ask["do"] = "pay_wechat.tell".into();
    ask["resource"] = paid();
    let told = Peers::start().ask(ask).await.unwrap();
    let read = |body: &[u8]| client.notice(&|name: &str| told["headers"][name].as_str(), body).map(|received| received.notice);
    let body = told["body"].as_str().unwrap().as_bytes();
    assert!(matches!(read(body), Ok(Notice::Paid(paid)) if (paid.number.as_str(), paid.amount) == (NUMBER, Fen::new(3_600))));
    for at in 0..body.len() {
        let mut altered = body.to_vec();
        altered[at] ^= 1;
        assert!(read(&altered).is_err(), "byte {at}");
    }
}
