//! A code that is sent to one's phone (V2.2): six digits, good for five minutes; and so seldom that nobody can send floods of them at our
//! cost, or keep others from theirs.
//!
//! Whoever asks is told a ticket, and a code is good with its ticket alone. So it is of no use to ask for a code to somebody else's phone: that
//! phone's owner has a ticket of its own, and the tries at one ticket take nothing from another.

use kernel::{Fault, HOUR, MINUTE};
use platform::allowance::{Allowance, address};
use platform::messages::SmsKind;
use platform::vault::Purpose;
use platform::{Cx, Result};
use serde::Serialize;
use store::args;
use store::jobs::{JobKind, Outcome};

use super::phone;
use crate::texts::{self, Text, To};

pub(crate) const FORGET: JobKind = JobKind::new("customers.forget");
pub(crate) const NUMBER: Purpose = Purpose("customer phone");
const CODE: Purpose = Purpose("phone code");
const TICKET: Purpose = Purpose("phone code ticket");

const LASTS: i64 = 5 * MINUTE;
/// To one number. As a code lasts five minutes, no more than some six are good at once.
const A_MINUTE: Allowance = Allowance { name: "sms minute", window_seconds: 60, most: 1 };
const AN_HOUR: Allowance = Allowance { name: "sms hour", window_seconds: 3_600, most: 6 };
const A_DAY: Allowance = Allowance { name: "sms day", window_seconds: 86_400, most: 12 };
/// From one address to one number: somebody else's asking leaves some for the number's owner.
const PAIR_HOUR: Allowance = Allowance { name: "sms pair hour", window_seconds: 3_600, most: 4 };
const PAIR_DAY: Allowance = Allowance { name: "sms pair day", window_seconds: 86_400, most: 8 };
/// From one address: a hall's guests may share one.
const ADDRESS_HOUR: Allowance = Allowance { name: "sms address hour", window_seconds: 3_600, most: 40 };
const ADDRESS_DAY: Allowance = Allowance { name: "sms address day", window_seconds: 86_400, most: 200 };
/// In all: what a flood from many addresses to many numbers may cost in a day. One address has a fiftieth of it.
const ALL_DAY: Allowance = Allowance { name: "sms all", window_seconds: 86_400, most: 10_000 };

#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct CodeSent {
    /// Is to come back with the code; told once.
    pub ticket: String,
    /// How long it is good.
    pub valid_seconds: i64,
    /// When another can be asked for.
    pub again_seconds: i64,
}

pub(crate) fn number(text: &str) -> Result<String> {
    phone::read(text).ok_or_else(|| Fault::field("phone", "INVALID", "请输入 11 位手机号码", "A mobile number of eleven digits is needed"))
}

/// Sends a code to a phone. Whose it is, and whether it is anybody's, makes no difference to the answer.
pub async fn send_code(cx: &Cx, text: &str) -> Result<CodeSent> {
    let digits = number(text)?;
    let from = address(cx);
    let pair = format!("{from} {digits}");
    // The number's own first: what is refused for its sake takes nothing from others at the same address.
    let limits = [
        (A_MINUTE, digits.as_str()),
        (AN_HOUR, &digits),
        (A_DAY, &digits),
        (PAIR_HOUR, &pair),
        (PAIR_DAY, &pair),
        (ADDRESS_HOUR, &from),
        (ADDRESS_DAY, &from),
        (ALL_DAY, ""),
    ];
    for (allowance, who) in &limits {
        allowance.check(&mut cx.db.read(), cx, who).await?;
    }
    let code = format!("{:06}", cx.random.below(1_000_000));
    let ticket = cx.random.secret::<24>("ckt_");
    let now = cx.now();
    let mut tx = cx.db.begin().await?;
    // Counted with the text itself, and not at all where one of them refuses.
    for (allowance, who) in &limits {
        allowance.take_in(&mut tx, cx, who).await?;
    }
    let sql = "INSERT INTO phone_codes (ticket_hash, phone_hash, code_hash, expires_at, tries) VALUES ($1, $2, $3, $4, 0)";
    let (phone, expires) = (phone_hash(cx, &digits), now.plus_micros(LASTS));
    tx.exec(sql, args![ticket_hash(cx, &ticket), phone, code_hash(cx, &digits, &code), expires]).await?;
    let to = To::new(cx, &digits);
    texts::write(&mut tx, cx, &Text { kind: SmsKind::Code, venue: None, to: &to, params: vec![("code", code)] }).await?;
    tx.commit().await?;
    Ok(CodeSent { ticket, valid_seconds: 300, again_seconds: 60 })
}

pub(crate) fn phone_hash(cx: &Cx, digits: &str) -> [u8; 32] {
    cx.vault.hash(NUMBER, digits.as_bytes())
}

pub(super) fn ticket_hash(cx: &Cx, ticket: &str) -> [u8; 32] {
    cx.vault.hash(TICKET, ticket.as_bytes())
}

pub(super) fn code_hash(cx: &Cx, digits: &str, code: &str) -> [u8; 32] {
    cx.vault.hash(CODE, format!("{digits} {code}").as_bytes())
}

/// Removes the codes that were never used, and texts of long ago.
pub(crate) async fn forget_job(cx: Cx) -> Outcome {
    let forgotten = async {
        let mut tx = cx.db.begin().await?;
        // Some time later: nobody who is about to use one waits for this.
        tx.exec("DELETE FROM phone_codes WHERE expires_at < $1", args![cx.now().plus_micros(-HOUR)]).await?;
        tx.commit().await?;
        texts::forget(&cx).await
    };
    match forgotten.await {
        Ok(()) => Outcome::Done,
        Err(error) => Outcome::Retry(error.to_string()),
    }
}
