//! What merchants may write into their requests. Pure.

use std::net::IpAddr;

use kernel::Timestamp;
use serde::Deserialize;

use crate::fields::{is_notify_url, is_number};
use crate::wechat_login::begins;

const DAY: i64 = 86_400;
/// How long a payment can be made, where nothing is said.
const LASTS: i64 = 7_200;
/// And at most: then it closes by itself.
const LONGEST: i64 = 7 * DAY;

#[derive(Deserialize)]
pub(super) struct OrderAsk {
    pub appid: String,
    pub mchid: String,
    pub description: String,
    pub out_trade_no: String,
    #[serde(default)]
    time_expire: Option<String>,
    pub notify_url: String,
    pub amount: Amount,
    #[serde(default)]
    payer: Option<Payer>,
    #[serde(default)]
    scene_info: Option<Scene>,
}

#[derive(Deserialize)]
pub(super) struct Amount {
    pub total: i64,
    #[serde(default)]
    currency: Option<String>,
}

#[derive(Deserialize)]
struct Payer {
    openid: String,
}

#[derive(Deserialize)]
struct Scene {
    payer_client_ip: String,
    #[serde(default)]
    h5_info: Option<H5>,
}

#[derive(Deserialize)]
struct H5 {
    #[serde(rename = "type")]
    kind: String,
}

impl OrderAsk {
    pub fn openid(&self) -> &str {
        self.payer.as_ref().map_or("", |payer| payer.openid.as_str())
    }

    /// Until when it can be paid; otherwise what cannot be so.
    pub fn check(&self, kind: &str, now: Timestamp) -> Result<Timestamp, &'static str> {
        if !is_number(&self.out_trade_no, 6..=32, b"_-*") {
            return Err("out_trade_no");
        }
        if self.description.is_empty() || self.description.len() > 127 {
            return Err("description");
        }
        if !is_notify_url(&self.notify_url) {
            return Err("notify_url");
        }
        if self.amount.total < 1 || self.amount.currency.as_deref().is_some_and(|currency| currency != "CNY") {
            return Err("amount");
        }
        if kind == "jsapi" && !((1..=128).contains(&self.openid().len()) && self.openid().starts_with(&begins(&self.appid))) {
            return Err("the payer is missing, or known to another app");
        }
        if kind == "h5" && !self.scene_info.as_ref().is_some_and(Scene::is_whole) {
            return Err("scene_info");
        }
        match self.time_expire.as_deref().map(str::parse::<Timestamp>) {
            None => Ok(now.plus_seconds(LASTS)),
            Some(Ok(at)) if now < at && at <= now.plus_seconds(LONGEST) => Ok(at),
            Some(_) => Err("time_expire"),
        }
    }
}

impl Scene {
    fn is_whole(&self) -> bool {
        let known = self.h5_info.as_ref().is_some_and(|info| ["iOS", "Android", "Wap"].contains(&info.kind.as_str()));
        known && self.payer_client_ip.parse::<IpAddr>().is_ok()
    }
}

/// Who asks about a payment, or wants it closed.
#[derive(Deserialize)]
pub(super) struct Merchant {
    #[serde(default)]
    pub mchid: String,
}

#[derive(Deserialize)]
pub(super) struct RefundAsk {
    #[serde(default)]
    pub transaction_id: Option<String>,
    #[serde(default)]
    pub out_trade_no: Option<String>,
    pub out_refund_no: String,
    #[serde(default)]
    reason: Option<String>,
    #[serde(default)]
    pub notify_url: Option<String>,
    pub amount: RefundAmount,
}

#[derive(Deserialize)]
pub(super) struct RefundAmount {
    pub refund: i64,
    pub total: i64,
    currency: String,
}

impl RefundAsk {
    /// What cannot be so.
    pub fn check(&self) -> Result<(), &'static str> {
        let named = [&self.transaction_id, &self.out_trade_no];
        if named.iter().all(|name| name.is_none()) || named.iter().any(|name| name.as_deref() == Some("")) {
            return Err("transaction_id or out_trade_no");
        }
        if !is_number(&self.out_refund_no, 1..=64, b"_-|*@") {
            return Err("out_refund_no");
        }
        if self.reason.as_ref().is_some_and(|reason| !(1..=80).contains(&reason.len())) {
            return Err("reason");
        }
        if self.notify_url.as_deref().is_some_and(|url| !is_notify_url(url)) {
            return Err("notify_url");
        }
        if self.amount.refund < 1 || self.amount.total < 1 || self.amount.currency != "CNY" {
            return Err("amount");
        }
        Ok(())
    }
}
