//! The merchants that Alipay has, each with an app: a stand-in is what one of them sees of it, and knows no payment of the other's.

use platform::payments::AlipayParameters;
use ring::digest;
use zeroize::Zeroizing;

use super::{APP, SELLER};

pub(super) struct Known {
    pub app: &'static str,
    pub seller: &'static str,
    /// The app's own key.
    pub private: &'static str,
    /// Alipay's for this app, and its public half.
    pub network: [&'static str; 2],
    /// With which Alipay's own numbers of its payments begin.
    pub first: &'static str,
}

pub(super) static ONE: Known = Known {
    app: APP,
    seller: SELLER,
    private: include_str!("../../keys/alipay_merchant.pem"),
    network: [include_str!("../../keys/alipay_network.pem"), include_str!("../../keys/alipay_network_public.pem")],
    first: "2026",
};

pub(super) static ANOTHER: Known = Known {
    app: "2021000000000002",
    seller: "2088000000000002",
    private: include_str!("../../keys/alipay_other_merchant.pem"),
    network: [include_str!("../../keys/alipay_other_network.pem"), include_str!("../../keys/alipay_other_network_public.pem")],
    first: "2027",
};

impl Known {
    /// What it is known by.
    pub fn parameters(&self) -> AlipayParameters {
        AlipayParameters {
            app_id: self.app.into(),
            seller_id: self.seller.into(),
            private_key: Zeroizing::new(self.private.into()),
            alipay_key: self.network[1].into(),
        }
    }

    /// By which name this app is told of a payer, where it is told no user ids: another app is told another.
    pub fn open_id(&self, user_id: &str) -> String {
        hex::encode(&digest::digest(&digest::SHA256, format!("{} {user_id}", self.app).as_bytes()).as_ref()[..24])
    }
}
