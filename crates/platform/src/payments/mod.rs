//! Payments by WeChat and Alipay.

mod channel;
mod parameters;

pub use channel::{
    BadParameter, BillLine, Channel, ChannelError, ChannelKind, Channels, Handed, Header, Method, NotBelieved, Notice, Paid, Place,
    Received, RefundAsk, RefundStanding, Standing,
};
pub use parameters::{AlipayParameters, NetworkKey, Parameters, WechatParameters};
