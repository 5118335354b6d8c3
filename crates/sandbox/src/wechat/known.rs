//! The merchants that WeChat Pay has: a stand-in is what one of them sees of it, and knows no payment of the other's.

use platform::payments::{NetworkKey, WechatParameters};
use zeroize::Zeroizing;

use super::{API_V3_KEY, APP, KEYS, MERCHANT, MINI_APP, SERIAL};

pub(super) struct Known {
    pub merchant: &'static str,
    /// Of its certificate.
    pub serial: &'static str,
    pub api_v3_key: &'static str,
    /// Its own key.
    pub private: &'static str,
    /// How it calls the keys that WeChat signs with for it: each merchant is told others.
    pub keys: [&'static str; 2],
    /// These, and their public halves.
    pub network: [[&'static str; 2]; 2],
    /// With which WeChat's own numbers of its payments begin.
    pub first: &'static str,
}

const NEXT: [&str; 2] = [include_str!("../../keys/wechat_network_next.pem"), include_str!("../../keys/wechat_network_next_public.pem")];

pub(super) static ONE: Known = Known {
    merchant: MERCHANT,
    serial: SERIAL,
    api_v3_key: API_V3_KEY,
    private: include_str!("../../keys/wechat_merchant.pem"),
    keys: KEYS,
    network: [[include_str!("../../keys/wechat_network.pem"), include_str!("../../keys/wechat_network_public.pem")], NEXT],
    first: "4200",
};

pub(super) static ANOTHER: Known = Known {
    merchant: "1900000002",
    serial: "5157F09EFDC096DE15EBE81A47057A7200000002",
    api_v3_key: "another-merchant-of-wechat-pay-!",
    private: include_str!("../../keys/wechat_other_merchant.pem"),
    keys: ["PUB_KEY_ID_0000000000000003", "PUB_KEY_ID_0000000000000004"],
    network: [[include_str!("../../keys/wechat_other_network.pem"), include_str!("../../keys/wechat_other_network_public.pem")], NEXT],
    first: "4300",
};

impl Known {
    /// What it is known by. The same apps are bound to both merchants.
    pub fn parameters(&self) -> WechatParameters {
        WechatParameters {
            app_id: APP.into(),
            mini_app_id: Some(MINI_APP.into()),
            merchant_id: self.merchant.into(),
            serial: self.serial.into(),
            private_key: Zeroizing::new(self.private.into()),
            api_v3_key: Zeroizing::new(self.api_v3_key.into()),
            keys: self.keys.iter().zip(self.network).map(|(id, [_, pem])| NetworkKey { id: (*id).into(), pem: pem.into() }).collect(),
            former_app_ids: Vec::new(),
        }
    }
}
