//! What merchants write and read: forms, amounts in yuan, times of Beijing. Pure.

use std::collections::BTreeMap;

use kernel::{Fen, Timestamp};
use serde_json::Value;

use super::freeze::KIND;
use crate::books::{Books, Trade};
use crate::fields::{is_notify_url, is_number};

/// A hundred million yuan: more is not paid at once.
const MOST: i64 = 10_000_000_000;

pub(super) type Fields = BTreeMap<String, String>;

/// Code and sub-code of a refusal.
pub(super) type Refused = (&'static str, &'static str);
pub(super) const FAILED: &str = "40004";

/// Who pays here, as Alipay knows them everywhere.
pub(super) const PAYER: &str = "2088000000000042";
/// What a payer is called in answers about payments: by the user id, and by the name that is good in one app alone.
pub(super) const BUYER: [&str; 2] = ["buyer_user_id", "buyer_open_id"];
/// In notices of payments.
pub(super) const TOLD_BUYER: [&str; 2] = ["buyer_id", "buyer_open_id"];
/// In answers and notices about what is frozen.
pub(super) const FROZEN_FROM: [&str; 2] = ["payer_user_id", "payer_open_id"];

/// None where a field is there twice: then it is not clear what was signed.
pub(super) fn parse(form: &[u8]) -> Option<Fields> {
    let mut fields = Fields::new();
    for (name, value) in form_urlencoded::parse(form) {
        if fields.insert(name.into_owned(), value.into_owned()).is_some() {
            return None;
        }
    }
    Some(fields)
}

/// What is asked for.
pub(super) fn content(fields: &Fields) -> Option<Value> {
    fields.get("biz_content").and_then(|content| serde_json::from_str(content).ok()).filter(Value::is_object)
}

/// Of two decimal places, more than nothing, and no more than is paid at once.
pub(super) fn from_yuan(text: &str) -> Option<Fen> {
    let (whole, part) = text.split_once('.')?;
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let fen: i64 = (digits(whole) && digits(part) && part.len() == 2).then(|| format!("{whole}{part}").parse().ok()).flatten()?;
    (1..=MOST).contains(&fen).then_some(Fen::new(fen))
}

/// The merchant's numbers.
pub(super) fn is_own_number(text: &str) -> bool {
    is_number(text, 1..=64, b"_-")
}

/// What is paid for, as the payer reads it.
pub(super) fn is_subject(text: &str) -> bool {
    (1..=256).contains(&text.chars().count())
}

/// Where notices go, if anywhere.
pub(super) fn notify_url(fields: &Fields) -> Option<String> {
    let url = fields.get("notify_url").cloned().unwrap_or_default();
    (url.is_empty() || is_notify_url(&url)).then_some(url)
}

/// The trade that a request names, by the merchant's number or by Alipay's. What is only frozen is none.
pub(super) fn named<'a>(books: &'a Books, content: &Value) -> Result<&'a Trade, Refused> {
    let (number, own) = (text(content, "out_trade_no"), text(content, "trade_no"));
    if number.is_empty() && own.is_empty() {
        return Err((FAILED, "ACQ.INVALID_PARAMETER"));
    }
    let trade = if own.is_empty() { books.trade(number) } else { books.by_transaction(own) };
    trade.filter(|trade| trade.kind != KIND).ok_or((FAILED, "ACQ.TRADE_NOT_EXIST"))
}

pub(super) fn yuan(fen: Fen) -> String {
    format!("{}.{:02}", fen.fen() / 100, fen.fen() % 100)
}

pub(super) fn beijing(at: Timestamp) -> String {
    Timestamp::from_unix(at.unix() + 8 * 3_600).to_string().replace('T', " ").replace('Z', "")
}

pub(super) fn from_beijing(text: &str) -> Option<Timestamp> {
    format!("{}+08:00", text.replace(' ', "T")).parse().ok()
}

pub(super) fn text<'a>(content: &'a Value, name: &str) -> &'a str {
    content[name].as_str().unwrap_or_default()
}
