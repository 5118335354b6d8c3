//! Words that are longer than networks take them: they are cut, between two letters, and what they were about is done.

use gateway::{Alipay, WechatPay};
use kernel::{Clock, Fen, Random, Timestamp};
use platform::payments::{Channel, Handed, Method, Place, RefundAsk, RefundStanding};
use sandbox::{Alipay as AlipayNetwork, WechatPay as WechatNetwork};

const START: Timestamp = Timestamp::from_unix(1_795_248_000);
const NUMBER: &str = "0192a0b0c0d0e0f0a1b1c1d1e1f10203";

fn place(method: Method, subject: &str) -> Place {
    Place {
        number: NUMBER.into(),
        amount: Fen::new(3_600),
        subject: subject.into(),
        method,
        payer: None,
        frozen: None,
        address: "203.0.113.7".into(),
        expires_at: START.plus_seconds(900),
        return_url: "https://cuekey.example/m/".into(),
    }
}

fn refund(why: &str) -> RefundAsk {
    RefundAsk { number: NUMBER.into(), refund_number: "refund-1".into(), amount: Fen::new(100), total: Fen::new(3_600), why: why.into() }
}

/// A table's name of thirty letters at most, as the payer reads it: 97 bytes. And what nobody could be shown.
fn words() -> [String; 3] {
    [format!("{} 台费", "长".repeat(30)), "名".repeat(10_000), "ä".repeat(10_000)]
}

#[tokio::test]
async fn v4_1_a_payment_with_a_long_name_is_made_and_goes_back_at_wechat() {
    for subject in words() {
        let clock = Clock::stepped(START);
        let network = WechatNetwork::open(clock.clone()).await.unwrap();
        let client =
            WechatPay::new(&WechatNetwork::parameters(), network.base(), "http://127.0.0.1:9/callbacks/wechat", clock, Random::system())
                .unwrap();
        for _ in 0..2 {
            assert!(matches!(client.place(&place(Method::Native, &subject)).await, Ok(Handed::QrCode { .. })), "the same words again");
        }
        let shown = network.trade(NUMBER).unwrap().subject;
        assert!(subject.starts_with(&shown) && shown.len() <= 127 && shown.len() >= subject.len().min(125), "{shown}");
        assert!(network.pay(NUMBER).await);
        for _ in 0..2 {
            assert!(matches!(client.refund(&refund(&subject)).await, Ok(RefundStanding::Done { .. })), "{shown}");
        }
        assert_eq!(network.trade(NUMBER).unwrap().refunds.len(), 1);
    }
}

#[tokio::test]
async fn v4_1_a_payment_with_a_long_name_is_made_and_goes_back_at_alipay() {
    for subject in words() {
        let clock = Clock::stepped(START);
        let network = AlipayNetwork::open(clock.clone()).await.unwrap();
        let client = Alipay::new(&AlipayNetwork::parameters(), &network.gateway(), "http://127.0.0.1:9/callbacks/alipay", clock).unwrap();
        assert!(matches!(client.place(&place(Method::Precreate, &subject)).await, Ok(Handed::QrCode { .. })));
        let shown = network.trade(NUMBER).unwrap().subject;
        assert!(subject.starts_with(&shown) && shown.len() <= 256, "{shown}");
        assert!(network.pay(NUMBER).await);
        assert!(matches!(client.refund(&refund(&subject)).await, Ok(RefundStanding::Done { .. })), "{shown}");
    }
}
