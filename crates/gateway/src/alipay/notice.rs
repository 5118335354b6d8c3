//! Notices: forms that are verified and read.

use std::collections::BTreeMap;

use kernel::Timestamp;
use platform::payments::{NotBelieved, Notice, Paid, Received};

use super::answer::paid_by;
use super::sign::Signer;
use crate::yuan::from_yuan;

/// A form; refused where a field is there twice, for then it is not clear what was signed.
fn fields(body: &[u8]) -> Result<BTreeMap<String, String>, NotBelieved> {
    let mut fields = BTreeMap::new();
    for (name, value) in form_urlencoded::parse(body) {
        if fields.insert(name.into_owned(), value.into_owned()).is_some() {
            return Err(NotBelieved("a field is there twice".into()));
        }
    }
    Ok(fields)
}

fn not(why: &str) -> NotBelieved {
    NotBelieved(why.to_owned())
}

/// Fields that Alipay has signed, about this app, and about the merchant whom this field names.
fn verified(signer: &Signer, app_id: &str, whom: (&str, &str), body: &[u8]) -> Result<BTreeMap<String, String>, NotBelieved> {
    let fields = fields(body)?;
    let value = |name: &str| fields.get(name).map(String::as_str).filter(|value| !value.is_empty());
    let signature = value("sign").ok_or_else(|| not("it is not signed"))?;
    if value("sign_type") != Some("RSA2") {
        return Err(not("another algorithm"));
    }
    if !signer.verifies_fields(&fields, signature) {
        return Err(not("its signature does not fit"));
    }
    if value("app_id") != Some(app_id) || value(whom.0) != Some(whom.1) {
        return Err(not("it is another merchant's"));
    }
    Ok(fields)
}

/// Of a pre-authorisation.
pub(super) fn read_frozen(signer: &Signer, app_id: &str, seller_id: &str, body: &[u8]) -> Result<Received, NotBelieved> {
    let fields = verified(signer, app_id, ("payee_user_id", seller_id), body)?;
    let value = |name: &str| fields.get(name).map(String::as_str).filter(|value| !value.is_empty());
    let payer = |user_id: &str, open_id: &str| paid_by(value(user_id).unwrap_or_default(), value(open_id).unwrap_or_default());
    let id = value("notify_id").ok_or_else(|| not("it has no id"))?.to_owned();
    let (kind, state) = (value("operation_type").unwrap_or_default(), value("status").unwrap_or_default());
    // That some of it was let go is asked about by whoever has asked for it.
    if (kind, state) != ("FREEZE", "SUCCESS") {
        return Ok(Received { id, notice: Notice::Other(format!("{kind} {state}")) });
    }
    let paid = Paid {
        number: value("out_order_no").ok_or_else(|| not("it names no payment"))?.to_owned(),
        channel_no: value("auth_no").ok_or_else(|| not("it has no number"))?.to_owned(),
        amount: value("amount").and_then(from_yuan).ok_or_else(|| not("it has no amount"))?,
        payer: Some(payer("payer_user_id", "payer_open_id").ok_or_else(|| not("it names no payer"))?),
        at: value("gmt_trans").and_then(from_beijing).ok_or_else(|| not("it has no time"))?,
    };
    Ok(Received { id, notice: Notice::Paid(paid) })
}

pub(super) fn read(signer: &Signer, app_id: &str, seller_id: &str, body: &[u8]) -> Result<Received, NotBelieved> {
    let fields = verified(signer, app_id, ("seller_id", seller_id), body)?;
    let value = |name: &str| fields.get(name).map(String::as_str).filter(|value| !value.is_empty());
    let payer = |user_id: &str, open_id: &str| paid_by(value(user_id).unwrap_or_default(), value(open_id).unwrap_or_default());
    let id = value("notify_id").ok_or_else(|| not("it has no id"))?.to_owned();
    let state = value("trade_status").unwrap_or_default();
    // A refund is told by the payment's own notice, once more.
    let about_refund = value("refund_fee").is_some() || value("gmt_refund").is_some();
    if about_refund || !matches!(state, "TRADE_SUCCESS" | "TRADE_FINISHED") {
        return Ok(Received { id, notice: Notice::Other(if about_refund { "refund".into() } else { state.to_owned() }) });
    }
    let paid = Paid {
        number: value("out_trade_no").ok_or_else(|| not("it names no payment"))?.to_owned(),
        channel_no: value("trade_no").ok_or_else(|| not("it has no number"))?.to_owned(),
        amount: value("total_amount").and_then(from_yuan).ok_or_else(|| not("it has no amount"))?,
        payer: payer("buyer_id", "buyer_open_id"),
        at: value("gmt_payment").and_then(from_beijing).ok_or_else(|| not("it has no time"))?,
    };
    Ok(Received { id, notice: Notice::Paid(paid) })
}

/// `2026-11-28 15:04:05`, in Beijing.
pub(super) fn from_beijing(text: &str) -> Option<Timestamp> {
    format!("{}+08:00", text.replace(' ', "T")).parse().ok()
}

pub(super) fn to_beijing(at: Timestamp) -> String {
    Timestamp::from_unix(at.unix() + 8 * 3_600).to_string().replace('T', " ").replace('Z', "")
}
