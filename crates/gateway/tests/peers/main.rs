//! Others' SDKs (`xtask/peers`) against our stand-ins and our clients, so that these two, which are tried with one another, are not merely at one
//! with each other: what an SDK signs is taken and what ours sign is believed, and nothing is with a byte changed. Where no SDK has a network's side,
//! our client asks one that was written from what the network publishes.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod alipay;
mod alipay_client;
mod alipay_freeze;
mod aliyun_sms;
mod process;
mod stub;
mod tencent_sms;
mod wechat_login;
mod wechat_login_client;
mod wechat_pay;
mod wechat_pay_client;

use sandbox::{Told, Troubles};

/// Notices are asked for, and not sent.
fn quiet() -> Troubles {
    Troubles { told: Told::Lost, ..Troubles::default() }
}
