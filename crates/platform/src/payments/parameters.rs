//! What makes us known to a payment network. Sealed at rest; its secrets leave the process in signatures alone.

use std::fmt;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::channel::ChannelKind;

/// A key by which a network signs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkKey {
    /// WeChat: `PUB_KEY_ID_…`, or the serial number of a platform certificate.
    pub id: String,
    /// PEM: a public key, or a certificate.
    pub pem: String,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WechatParameters {
    pub app_id: String,
    pub merchant_id: String,
    /// Of the merchant's certificate, hexadecimal.
    pub serial: String,
    /// PEM, PKCS #8.
    pub private_key: Zeroizing<String>,
    /// 32 characters: notices are encrypted by it.
    pub api_v3_key: Zeroizing<String>,
    /// All that are good: while WeChat changes from one to another, both.
    pub keys: Vec<NetworkKey>,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlipayParameters {
    pub app_id: String,
    /// The merchant's user id (2088…).
    pub seller_id: String,
    /// PEM, PKCS #8; or what stands between its first line and its last, as Alipay's tool gives it.
    pub private_key: Zeroizing<String>,
    /// Alipay's, likewise.
    pub alipay_key: String,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "channel", rename_all = "snake_case")]
pub enum Parameters {
    Wechat(WechatParameters),
    Alipay(AlipayParameters),
}

impl Parameters {
    pub const fn channel(&self) -> ChannelKind {
        match self {
            Self::Wechat(_) => ChannelKind::Wechat,
            Self::Alipay(_) => ChannelKind::Alipay,
        }
    }
}

/// Nothing of it belongs into a log.
impl fmt::Debug for Parameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Parameters({})", self.channel())
    }
}
