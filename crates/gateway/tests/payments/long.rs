//! Words that are longer than networks take them: they are cut, between two letters, and what they were about is done.

use kernel::Clock;
use platform::payments::{Channel, Handed, Method, Place, RefundAsk, RefundStanding};
use sandbox::{Alipay as AlipayNetwork, WechatPay as WechatNetwork};

use crate::{NUMBER, START, alipay_as, wechat_as};

fn place(method: Method, subject: &str) -> Place {
    Place { subject: subject.into(), ..crate::place(NUMBER, method) }
}

fn refund(why: &str) -> RefundAsk {
    RefundAsk { why: why.into(), ..crate::refund("refund-1", 100) }
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
        let client = wechat_as(&network, &WechatNetwork::parameters(), &clock);
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
        let client = alipay_as(&network, &AlipayNetwork::parameters(), &clock);
        assert!(matches!(client.place(&place(Method::Precreate, &subject)).await, Ok(Handed::QrCode { .. })));
        let shown = network.trade(NUMBER).unwrap().subject;
        assert!(subject.starts_with(&shown) && shown.len() <= 256, "{shown}");
        assert!(network.pay(NUMBER).await);
        assert!(matches!(client.refund(&refund(&subject)).await, Ok(RefundStanding::Done { .. })), "{shown}");
    }
}
