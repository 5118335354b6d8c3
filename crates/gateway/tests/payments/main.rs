//! Our clients of payment networks against stand-ins that verify every request as the real ones do, and sign what they say.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod alipay;
mod long;
mod networks;
mod payers;
mod wechat;

use gateway::{Alipay, AlipayFreeze, WechatPay};
use kernel::{Clock, Fen, Random, Timestamp};
use platform::payments::{AlipayParameters, Channel, Method, Notice, Place, RefundAsk, WechatParameters};
use sandbox::{Alipay as AlipayNetwork, Asked, Troubles, WechatPay as WechatNetwork};

const START: Timestamp = Timestamp::from_unix(1_795_248_000);
const NUMBER: &str = "0192a0b0c0d0e0f0a1b1c1d1e1f10203";
/// Notices are sent to where nobody is.
const NOWHERE: &str = "http://127.0.0.1:9/callbacks";

/// Our client of WeChat Pay, as this merchant.
fn wechat_as(network: &WechatNetwork, parameters: &WechatParameters, clock: &Clock) -> WechatPay {
    WechatPay::new(parameters, network.base(), NOWHERE, clock.clone(), Random::system()).unwrap()
}

/// Our client of Alipay, as this merchant.
fn alipay_as(network: &AlipayNetwork, parameters: &AlipayParameters, clock: &Clock) -> Alipay {
    Alipay::new(parameters, &network.gateway(), NOWHERE, clock.clone()).unwrap()
}

/// Our client of Alipay's pre-authorisation, as the first merchant.
fn freezing(network: &AlipayNetwork, clock: &Clock) -> AlipayFreeze {
    AlipayFreeze::new(&AlipayNetwork::parameters(), &network.gateway(), NOWHERE, clock.clone()).unwrap()
}

/// 36 yuan, for a quarter of an hour.
fn place(number: &str, method: Method) -> Place {
    Place {
        number: number.into(),
        amount: Fen::new(3_600),
        subject: "1 号台 & <b>台费</b>".into(),
        method,
        payer: None,
        frozen: None,
        address: "203.0.113.7".into(),
        expires_at: START.plus_seconds(900),
        return_url: "https://cuekey.example/m/?order=1&x=y".into(),
    }
}

/// So much of these 36 yuan.
fn refund(refund_number: &str, fen: i64) -> RefundAsk {
    RefundAsk {
        number: NUMBER.into(),
        refund_number: refund_number.into(),
        amount: Fen::new(fen),
        total: Fen::new(3_600),
        why: "台费".into(),
    }
}

fn troubles(asked: Asked) -> Troubles {
    Troubles { asked, ..Troubles::default() }
}

/// What is made of a notice: with Alipay's come no headers.
fn read(client: &dyn Channel, headers: &[(&'static str, String)], body: &[u8]) -> Result<Notice, String> {
    let header = |name: &str| headers.iter().find(|(own, _)| *own == name).map(|(_, value)| value.as_str());
    client.notice(&header, body).map(|received| received.notice).map_err(|error| error.to_string())
}
