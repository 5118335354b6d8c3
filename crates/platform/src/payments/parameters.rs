//! What makes us known to a payment network. Sealed at rest; its secrets leave the process in signatures alone.

use std::fmt;

use kernel::{Fault, Fields, text};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::channel::ChannelKind;

/// A key by which a network signs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NetworkKey {
    /// WeChat: `PUB_KEY_ID_…`, or the serial number of a platform certificate.
    pub id: String,
    /// PEM: a public key, or a certificate.
    pub pem: String,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WechatParameters {
    /// Of the official account 公众号 that customers' pages belong to.
    pub app_id: String,
    /// Of the mini-program, if there is one: the same merchant takes its money.
    #[serde(default)]
    pub mini_app_id: Option<String>,
    pub merchant_id: String,
    /// Of the merchant's certificate, hexadecimal.
    pub serial: String,
    /// PEM, PKCS #8.
    pub private_key: Zeroizing<String>,
    /// 32 characters: notices are encrypted by it.
    pub api_v3_key: Zeroizing<String>,
    /// All that are good: while WeChat changes from one to another, both.
    pub keys: Vec<NetworkKey>,
    /// Apps by which nothing is placed any more: what was, is told and answered in their names.
    #[serde(default)]
    pub former_app_ids: Vec<String>,
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
    /// Alipay's own.
    AlipayFreeze(AlipayParameters),
}

impl Parameters {
    pub const fn channel(&self) -> ChannelKind {
        match self {
            Self::Wechat(_) => ChannelKind::Wechat,
            Self::Alipay(_) => ChannelKind::Alipay,
            Self::AlipayFreeze(_) => ChannelKind::AlipayFreeze,
        }
    }

    /// Whose they are: the account that is paid, and the app without which nothing is known of a payment. All apps of a merchant of WeChat's are one;
    /// Alipay tells each app of its own payments alone, and calls their payers by names that no other app knows.
    pub(super) fn who(&self) -> (&str, &str) {
        match self {
            Self::Wechat(own) => (&own.merchant_id, ""),
            Self::Alipay(own) | Self::AlipayFreeze(own) => (&own.seller_id, &own.app_id),
        }
    }

    /// The same for this way to pay: Alipay's are a pre-authorisation's too.
    pub(super) fn spoken_by(self, kind: ChannelKind) -> Self {
        match (kind, self) {
            (ChannelKind::AlipayFreeze, Self::Alipay(own)) => Self::AlipayFreeze(own),
            (_, own) => own,
        }
    }
}

/// Nothing of it belongs into a log.
impl fmt::Debug for Parameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Parameters({})", self.channel())
    }
}

/// What of it may be shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Shown {
    pub app_id: String,
    /// WeChat: the mini-program's.
    pub mini_app_id: Option<String>,
    /// WeChat's merchant, or Alipay's seller.
    pub merchant_id: String,
    /// WeChat: the serial number of the merchant's certificate.
    pub serial: Option<String>,
    /// The networks' keys, by their names.
    pub keys: Vec<String>,
}

/// As somebody fills it in. Secrets that are left out stay as they were.
#[derive(Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Form {
    pub app_id: String,
    /// WeChat alone, where there is a mini-program.
    pub mini_app_id: Option<String>,
    /// WeChat's merchant, or Alipay's seller.
    pub merchant_id: String,
    /// WeChat alone.
    pub serial: Option<String>,
    /// PEM.
    #[schema(value_type = Option<String>)]
    pub private_key: Option<Zeroizing<String>>,
    /// WeChat alone.
    #[schema(value_type = Option<String>)]
    pub api_v3_key: Option<Zeroizing<String>>,
    /// WeChat: one or two, each with its name. Alipay: one.
    pub keys: Option<Vec<NetworkKey>>,
}

impl fmt::Debug for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Form")
    }
}

/// So many apps are remembered by which nothing is placed any more, the last.
const FORMER: usize = 20;

/// All apps that payments were placed by before, and are not now.
fn former(old: &WechatParameters, now: [Option<&str>; 2]) -> Vec<String> {
    let all = old.former_app_ids.iter().chain([&old.app_id]).chain(&old.mini_app_id);
    let mut former: Vec<String> = Vec::new();
    for id in all.filter(|id| !now.contains(&Some(id.as_str()))) {
        if !former.contains(id) {
            former.push(id.clone());
        }
    }
    former.split_off(former.len().saturating_sub(FORMER))
}

impl Form {
    /// Whose it is, as [`Parameters::who`].
    pub(super) fn who(&self, kind: ChannelKind) -> (&str, &str) {
        let app = if kind == ChannelKind::Wechat { "" } else { self.app_id.trim() };
        (self.merchant_id.trim(), app)
    }

    /// With what is known `before` of the same merchant in the place of what is left out.
    pub(super) fn complete(self, kind: ChannelKind, before: Option<Parameters>) -> Result<Parameters, Fault> {
        let mut fields = Fields::default();
        let app_id = fields.take("app_id", text::clean(&self.app_id, 1, 40, false)).unwrap_or_default();
        let mini = self.mini_app_id.unwrap_or_default();
        let mini_app_id = fields.take("mini_app_id", text::clean(&mini, 0, 40, false)).filter(|id| !id.is_empty());
        let merchant_id = fields.take("merchant_id", text::clean(&self.merchant_id, 1, 40, false)).unwrap_or_default();
        let mut former_app_ids = Vec::new();
        let (old_key, old_secret, old_keys) = match before {
            Some(Parameters::Wechat(old)) => {
                former_app_ids = former(&old, [Some(&app_id), mini_app_id.as_deref()]);
                (Some(old.private_key), Some(old.api_v3_key), Some(old.keys))
            }
            Some(Parameters::Alipay(old) | Parameters::AlipayFreeze(old)) => {
                (Some(old.private_key), None, Some(vec![NetworkKey { id: String::new(), pem: old.alipay_key }]))
            }
            None => (None, None, None),
        };
        let mut missing = |field| fields.add(field, "REQUIRED", "请填写", "Please fill this in");
        let private_key = self.private_key.or(old_key).unwrap_or_else(|| {
            missing("private_key");
            Zeroizing::default()
        });
        let keys = self.keys.or(old_keys).unwrap_or_default();
        if keys.is_empty() {
            missing("keys");
        }
        let made = match kind {
            ChannelKind::Wechat => {
                let api_v3_key = self.api_v3_key.or(old_secret).unwrap_or_else(|| {
                    missing("api_v3_key");
                    Zeroizing::default()
                });
                let serial = self.serial.unwrap_or_default();
                let own = WechatParameters { app_id, mini_app_id, merchant_id, serial, private_key, api_v3_key, keys, former_app_ids };
                Parameters::Wechat(own)
            }
            ChannelKind::Alipay | ChannelKind::AlipayFreeze => {
                let alipay_key = keys.into_iter().next().map(|key| key.pem).unwrap_or_default();
                Parameters::Alipay(AlipayParameters { app_id, seller_id: merchant_id, private_key, alipay_key })
            }
        };
        fields.check()?;
        Ok(made)
    }
}

impl Parameters {
    pub(super) fn shown(&self) -> Shown {
        match self {
            Self::Wechat(own) => Shown {
                app_id: own.app_id.clone(),
                mini_app_id: own.mini_app_id.clone(),
                merchant_id: own.merchant_id.clone(),
                serial: Some(own.serial.clone()),
                keys: own.keys.iter().map(|key| key.id.clone()).collect(),
            },
            Self::Alipay(own) | Self::AlipayFreeze(own) => Shown {
                app_id: own.app_id.clone(),
                mini_app_id: None,
                merchant_id: own.seller_id.clone(),
                serial: None,
                keys: vec!["alipay".into()],
            },
        }
    }
}
