//! Notices: what a customer must know who does not look at the app just now. A message in the app says the same, and more.

use kernel::{Fault, Fen, Kind, Timestamp, Word};
use platform::allowance::Allowance;
use platform::messages::SmsKind;
use platform::{Cx, Result};
use store::{Row, Sql, Tx, args};

use super::fit::fit;
use super::model::DAILY_LIMIT;
use super::send::{Text, To, withhold, write};
use crate::Venue;
use crate::customers::CustomerId;
use crate::halls::{Table, rows as halls};
use crate::told::yuan;

/// To one customer. A lamp that fails again and again is not to keep somebody's phone ringing; and providers have limits of their own.
const A_DAY: Allowance = Allowance { name: "sms notices", window_seconds: 86_400, most: 10 };

/// Of one customer, and apart from the notices above: what happens to the account is told whatever happened at a table.
const LEFT: Allowance = Allowance { name: "sms numbers left", window_seconds: 86_400, most: 10 };

#[derive(Debug, Clone, Copy)]
pub(crate) enum Notice {
    /// The light failed, and the table was closed: so much comes back.
    LightFailed { back: Fen },
    /// What was paid for lasts until then.
    Ending { at: Timestamp },
}

/// Has a text sent to a customer who has a number, where the operator has a reviewed template for it. In the caller's transaction.
///
/// What is beyond the day's limit or cannot be made fit is in the log, as withheld: an operator who is asked about a text finds the reason
/// there. It is one line for each table that was closed or warned of, so the log is no longer than the halls' business.
pub(crate) async fn notice(tx: &mut Tx, cx: &Cx, venue: &Venue, customer: CustomerId, table: &Table, notice: Notice) -> Result<()> {
    let kind = match notice {
        Notice::LightFailed { .. } => SmsKind::LightFailed,
        Notice::Ending { .. } => SmsKind::Ending,
    };
    if !venue.texter.offers(kind) {
        return Ok(());
    }
    let sql = "SELECT phone, phone_hash, phone_hint FROM customers WHERE id = $1 AND phone_hash IS NOT NULL";
    let read = |row: &Row| Ok(To { sealed: row.get("phone")?, hash: row.get("phone_hash")?, hint: row.get("phone_hint")? });
    let Some(to) = tx.opt(sql, args![customer], read).await? else { return Ok(()) };
    let hall = halls::venue(tx, table.venue_id).await?;
    let last = match notice {
        Notice::LightFailed { back } => ("amount", yuan(back)),
        Notice::Ending { at } => ("time", hall.clock_text(at)),
    };
    let fitted = [("hall", hall.name), ("table", table.name.clone()), last]
        .into_iter()
        .map(|(name, value)| fit(&value).map(|value| (name, value)).map_err(|unfit| format!("{name}: {}", unfit.as_str())));
    let text = |params| Text { kind, venue: Some(hall.id), to: &to, params };
    let (params, why) = match fitted.collect::<std::result::Result<Vec<_>, _>>() {
        Err(why) => (Vec::new(), Some(why)),
        Ok(params) => (params, over_limit(A_DAY.take_in(tx, cx, &customer.to_string()).await)?),
    };
    match why {
        Some(why) => withhold(tx, cx, &text(params), &why).await,
        None => write(tx, cx, &text(params)).await,
    }
}

/// Tells a number that it is not the customer's any more, where the operator has a reviewed template for it: whoever holds its phone may not know.
pub(crate) async fn left(tx: &mut Tx, cx: &Cx, venue: &Venue, customer: CustomerId, to: &To) -> Result<()> {
    if !venue.texter.offers(SmsKind::PhoneLeft) {
        return Ok(());
    }
    let text = Text { kind: SmsKind::PhoneLeft, venue: None, to, params: Vec::new() };
    match over_limit(LEFT.take_in(tx, cx, &customer.to_string()).await)? {
        Some(why) => withhold(tx, cx, &text, &why).await,
        None => write(tx, cx, &text).await,
    }
}

fn over_limit(taken: std::result::Result<(), Fault>) -> Result<Option<String>> {
    match taken {
        Ok(()) => Ok(None),
        Err(fault) if fault.kind == Kind::Limited => Ok(Some(DAILY_LIMIT.to_owned())),
        Err(fault) => Err(fault),
    }
}
