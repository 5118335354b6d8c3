//! A code that is sent to one's phone (V2.2): six digits, good for five minutes; and so seldom that nobody can send floods of them at our
//! cost, or keep others from theirs.
//!
//! The day has so many texts in all, and some of them are for numbers that are customers' already: whoever floods us with new numbers, from
//! however many networks, keeps newcomers out for the day, and nobody else. That it has come to this is told to everybody who asks, for what
//! a newcomer alone were told would tell who is none. Likewise a number's texts are not all for whoever asks: some are kept for where its customer
//! has signed in before. How many there are of each is in [`limits`], pure.
//!
//! Whoever asks is told a ticket, and a code is good with its ticket alone. So it is of no use to ask for a code to somebody else's phone: that
//! phone's owner has a ticket of its own, and the tries at one ticket take nothing from another.

mod limits;

use kernel::{APART, Fault, HOUR, MINUTE, Timestamp};
use platform::allowance::Allowance;
use platform::messages::SmsKind;
use platform::vault::Purpose;
use platform::{Cx, Result};
use serde::Serialize;
use store::jobs::JobKind;
use store::{Sql as _, Sweep, Tx, args};

use self::limits::{
    A_DAY, A_MINUTE, ALL_DAY, AN_HOUR, Before, EVERYBODY, KEPT_DAY, KEPT_HOUR, NEW_DAY, Whose, answer, beyond_of, counted, is_beyond,
};
use super::{networks, phone};
use crate::texts::{self, DAILY_LIMIT, Text, To};

pub(crate) const FORGET: JobKind = JobKind::new("customers.forget");
/// Codes that were never used. Some time later: nobody who is about to use one waits for this.
pub(crate) const UNUSED: Sweep = Sweep::by_time("phone_codes", "ticket_hash", "expires_at", HOUR);
pub(crate) const NUMBER: Purpose = Purpose("customer phone");
const CODE: Purpose = Purpose("phone code");
const TICKET: Purpose = Purpose("phone code ticket");

const LASTS: i64 = 5 * MINUTE;
/// Codes that are not sent, so many a day, have a line in the log: whoever is asked about one finds the reason there, and no flood fills it.
const WITHHELD: i64 = 1_000;
/// The same of one number, beyond its open part.
const BEYOND_LOGGED: Allowance = Allowance { name: "sms beyond logged", window_seconds: 86_400, most: 3 };

/// When a code expires at the latest, by whichever process it was sent. One that does later was sent by a clock that was ahead, and is not good.
pub(super) fn latest(now: Timestamp) -> Timestamp {
    now.plus_micros(LASTS + APART)
}

#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct CodeSent {
    /// Is to come back with the code; told once.
    pub ticket: String,
    /// How long it is good.
    pub valid_seconds: i64,
    /// When another can be asked for.
    pub again_seconds: i64,
    /// The day's texts for new numbers are used up: a code comes only where the number is a customer's. Told to everybody, whosever the number is.
    pub customers_only: bool,
    /// The number has had what anybody may have sent to it: for a while a code comes only where its customer has signed in from the asker's network
    /// before. Told to everybody, whosever the number is.
    pub known_networks_only: bool,
}

pub(crate) fn number(text: &str) -> Result<String> {
    phone::read(text).ok_or_else(|| Fault::field("phone", "INVALID", "请输入 11 位手机号码", "A mobile number of eleven digits is needed"))
}

/// Whose the number is, looked up by one statement whatever there is.
async fn whose(cx: &Cx, digits: &str) -> Result<Whose> {
    let sql = "SELECT n.seen_at FROM customers c LEFT JOIN customer_networks n ON n.customer_id = c.id AND n.network_hash = $1 \
               WHERE c.phone_hash = $2";
    let by = args![networks::here(cx), phone_hash(cx, digits)];
    let seen = cx.db.read().opt(sql, by, |row| row.get::<Option<Timestamp>>("seen_at")).await?;
    Ok(Whose { customers: seen.is_some(), known_here: seen.flatten().is_some() })
}

/// Whether the number has had its open part. Refused where that is so and this network has asked often enough, or a text went out just now.
async fn beyond(cx: &Cx, digits: &str) -> Result<bool> {
    let mut sql = cx.db.read();
    let (hour, day) = (AN_HOUR.used(&mut sql, cx, digits).await?, A_DAY.used(&mut sql, cx, digits).await?);
    if !is_beyond(hour, day) {
        return Ok(false);
    }
    A_MINUTE.check(&mut sql, cx, digits).await?;
    for (allowance, who) in beyond_of(digits, &cx.origin.address) {
        if allowance.is_spent(&mut sql, cx, &who).await? {
            if day < A_DAY.most {
                // The next hour has an open part again.
                AN_HOUR.allows(cx, hour)?;
            }
            allowance.check(&mut sql, cx, &who).await?;
        }
    }
    Ok(true)
}

/// Counts what depends on whose the number is, of which nobody is told; answers how it stood before.
async fn before(tx: &mut Tx, cx: &Cx, digits: &str, whose: Whose, beyond: bool) -> Result<Before> {
    let new = if whose.customers || beyond { NEW_DAY.used(tx, cx, EVERYBODY).await? } else { NEW_DAY.count(tx, cx, EVERYBODY).await? - 1 };
    let mut kept = (0, 0);
    if beyond && whose.known_here {
        kept.0 = KEPT_HOUR.count(tx, cx, digits).await? - 1;
        // What the hour refuses takes nothing of the day's.
        kept.1 = if kept.0 < KEPT_HOUR.most { KEPT_DAY.count(tx, cx, digits).await? - 1 } else { KEPT_DAY.used(tx, cx, digits).await? };
    }
    Ok(Before { new, beyond, kept })
}

/// Sends a code to a phone. Whose it is, whether it is anybody's, and where that one has been makes no difference to the answer. Where new numbers have
/// used up their part of a day, one that is nobody's gets a ticket as any other, and no text; so does any number beyond its open part, where its
/// customer is not known. That takes nothing of what is kept. That it is a row less to write nobody measures in the few times an hour that a number can
/// be asked about.
pub async fn send_code(cx: &Cx, text: &str) -> Result<CodeSent> {
    let digits = number(text)?;
    let whose = whose(cx, &digits).await?;
    let beyond = beyond(cx, &digits).await?;
    let limits = counted(&digits, &cx.origin.address, beyond);
    for (allowance, who) in &limits {
        allowance.check(&mut cx.db.read(), cx, who).await?;
    }
    ALL_DAY.check(&mut cx.db.read(), cx, EVERYBODY).await?;
    let code = format!("{:06}", cx.random.below(1_000_000));
    let ticket = cx.random.secret::<24>("ckt_");
    let now = cx.now();
    let mut tx = cx.db.begin().await?;
    // Counted with the text itself, and not at all where one of them refuses.
    for (allowance, who) in &limits {
        allowance.take_in(&mut tx, cx, who).await?;
    }
    let before = before(&mut tx, cx, &digits, whose, beyond).await?;
    let (told, comes) = answer(whose, before);
    // What is not sent can be brought by nobody, and guessed neither; tries at its ticket are counted as at any other.
    let wanted = if comes { code_hash(cx, &digits, &code) } else { cx.random.bytes() };
    let sql = "INSERT INTO phone_codes (ticket_hash, phone_hash, code_hash, expires_at, tries) VALUES ($1, $2, $3, $4, 0)";
    let (phone, expires) = (phone_hash(cx, &digits), now.plus_micros(LASTS));
    tx.exec(sql, args![ticket_hash(cx, &ticket), phone, wanted, expires]).await?;
    let to = To::new(cx, &digits);
    let text = Text { kind: SmsKind::Code, venue: None, to: &to, params: vec![("code", code)] };
    if comes {
        ALL_DAY.take_in(&mut tx, cx, EVERYBODY).await?;
        texts::write(&mut tx, cx, &text).await?;
    } else {
        ALL_DAY.check(&mut tx, cx, EVERYBODY).await?;
        if !beyond {
            withhold(&mut tx, cx, &text, before.new - NEW_DAY.most).await?;
        } else if BEYOND_LOGGED.count(&mut tx, cx, &digits).await? <= BEYOND_LOGGED.most {
            texts::withhold(&mut tx, cx, &text, DAILY_LIMIT).await?;
        }
    }
    tx.commit().await?;
    let (customers_only, known_networks_only) = (told.customers_only, told.known_networks_only);
    Ok(CodeSent { ticket, valid_seconds: 300, again_seconds: 60, customers_only, known_networks_only })
}

/// Does not send it; so many were not sent before on this day.
async fn withhold(tx: &mut Tx, cx: &Cx, text: &Text<'_>, before: i64) -> Result<()> {
    if before == 0 {
        tracing::warn!(
            most = NEW_DAY.most,
            "the day's texts for new numbers are used up: codes come to customers' numbers alone until tomorrow"
        );
        texts::spent(tx, cx, NEW_DAY.most).await?;
    }
    if before < WITHHELD { texts::withhold(tx, cx, text, DAILY_LIMIT).await } else { Ok(()) }
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
