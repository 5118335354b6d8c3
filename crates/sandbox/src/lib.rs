//! Stand-ins of the outside world, for trying what becomes of the program when that world fails.
//!
//! [`Line`] stands between a program and a server: it passes bytes on, late, or not at all. [`Mailbox`] is a mail server,
//! [`Hook`] somebody's server for callbacks; both remember what arrived, and how often. [`Lamp`] is a light over a table, on a [`LampPage`] if need be, [`Coils`] a
//! board of relays for such lights, [`AliyunSms`] and [`TencentSms`] services for text messages, [`WechatPay`] and [`Alipay`] take no money (what is wrong with them can be chosen on a [`MoodPage`]),
//! [`WechatLogin`] knows people by made-up names. Everything is on the loopback
//! address, on ports that the system chooses, and ends when it is dropped.

mod alipay;
mod aliyun;
mod books;
mod coils;
mod fields;
mod hook;
mod lamp;
mod line;
mod mailbox;
mod moods;
mod outbox;
mod page;
mod rsa;
mod tencent;
mod trouble;
mod wechat;
mod wechat_login;

pub use alipay::Alipay;
pub use aliyun::{AliyunSms, Receipt, SmsTrouble, Text};
pub use books::{Refund, Trade, TradeState};
pub use coils::{Board, CoilTrouble, Coils, Frames};
pub use hook::{Called, Hook};
pub use lamp::{Firmware, Lamp, LampPage, Seen, Trouble, kept};
pub use line::{Line, State};
pub use mailbox::{Letter, Mailbox};
pub use moods::MoodPage;
pub use tencent::TencentSms;
pub use trouble::{Asked, Returned, Told, Troubles};
pub use wechat::WechatPay;
pub use wechat_login::{LoginTrouble, WechatLogin};

use std::net::SocketAddr;

/// A task that ends with its owner.
struct Task(tokio::task::JoinHandle<()>);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn anywhere() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}
