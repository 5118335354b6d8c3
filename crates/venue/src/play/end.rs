//! Ending play: the bill, the money, the light.

use kernel::{Fault, Fen, Timestamp, Word};
use platform::identity::Permission;
use platform::payments::{self, Order, RefundReason};
use platform::{Cx, Result, audit, ledger};
use serde_json::json;
use store::jobs::NewJob;
use store::{Tx, args};

use super::clock::{CLOSING_JOB, Closing, DARK};
use super::dark::{self, Gone};
use super::error::{PlayError, no_price};
use super::model::{EndReason, Session, SessionId, SessionState, spend};
use super::rows;
use super::view::{self, SessionView};
use super::{clean, grace, reports};
use crate::cases::{self, Cause};
use crate::customers::Customer;
use crate::devices::Device;
use crate::halls::rows as halls;
use crate::halls::{Event, Table, TableId};
use crate::texts::{self, Notice};
use crate::told::{self, tell, yuan};
use crate::{Venue, devices, members, splits, staff};

/// Why, and as of when.
#[derive(Debug, Clone, Copy)]
pub(super) struct End {
    pub reason: EndReason,
    pub at: Timestamp,
}

/// Closes one's own table (V1.1). What is closed already stays as it is.
pub async fn close(cx: &Cx, venue: &Venue, customer: &Customer, id: SessionId) -> Result<SessionView> {
    let mine = |session: &Session| session.customer == customer.id;
    let session = rows::by_id(&mut cx.db.read(), id).await?.filter(mine).ok_or_else(Fault::not_found)?;
    let mut tx = cx.db.begin().await?;
    end(&mut tx, cx, venue, &session, EndReason::Customer).await?;
    let view = view::of(&mut tx, cx, id).await?;
    tx.commit().await?;
    Ok(view)
}

/// Closes somebody's table for them. Where the hall is why they have to go (`fault`), they pay the minutes that they have played, and neither the rest
/// of a unit, nor a minimum, nor a package's price for time that they do not have. That gives money back, and takes more than standing at the desk.
pub async fn close_by_staff(cx: &Cx, venue: &Venue, id: TableId, why: &str, fault: bool) -> Result<SessionView> {
    let user = cx.require(Permission::DeskServe)?;
    if fault {
        cx.require(Permission::TablesOperate)?;
    }
    let why = kernel::text::clean(why, 1, 200, false).map_err(|(code, zh, en)| Fault::field("why", code, zh, en))?;
    let mut sql = cx.db.read();
    let table = halls::table(&mut sql, id).await?;
    staff::works_at(&mut sql, user, table.venue_id).await?;
    let session = rows::live(&mut sql, id).await?.ok_or(PlayError::NotPlaying)?;
    let mut tx = cx.db.begin().await?;
    let reason = if fault { EndReason::Hall } else { EndReason::Staff };
    if end(&mut tx, cx, venue, &session, reason).await? {
        let detail = json!({"table": table.name, "why": why, "fault": fault});
        audit::record(&mut tx, cx, &audit::PLAY_CLOSED, Some(session.id.into()), &detail).await?;
    }
    let view = view::of(&mut tx, cx, session.id).await?;
    tx.commit().await?;
    Ok(view)
}

/// Whether it was still under way.
async fn end(tx: &mut Tx, cx: &Cx, venue: &Venue, session: &Session, reason: EndReason) -> Result<bool> {
    let mut table = halls::lock_table(tx, session.table).await?;
    let session = rows::by_id(tx, session.id).await?.ok_or_else(Fault::not_found)?;
    match session.state {
        SessionState::Playing => {
            let at = if session.pauses.since.is_some() { cx.now() } else { cx.now().min(session.until) };
            close_or_let_go(tx, cx, venue, &mut table, &session, End { reason, at }).await?;
        }
        // Changed one's mind before the light came on.
        SessionState::Opening => {
            release(tx, cx, &session, RefundReason::Unplayed).await?;
            finish(tx, cx, &session, SessionState::Failed, End { reason, at: cx.now() }, None).await?;
            halls::advance(tx, cx, &venue.news, &mut table, Event::Cancel).await?;
            darken(tx, cx, venue, &mut table).await?;
            if reason == EndReason::Customer {
                grace::note_unplayed(tx, cx, session.customer).await?;
            }
        }
        SessionState::Closed | SessionState::Failed => return Ok(false),
    }
    Ok(true)
}

/// Closes as is asked, unless there is no light at this moment: then it is closed as of when that went, whoever closes it, and a light that says
/// that it is off is looked after.
async fn close_or_let_go(tx: &mut Tx, cx: &Cx, venue: &Venue, table: &mut Table, session: &Session, end: End) -> Result<()> {
    match dark::gone(tx, session, table, cx.now()).await?.filter(|gone| gone.since() < end.at) {
        Some(Gone::Dark { since }) => reports::let_go(tx, cx, venue, table, session, since).await,
        Some(Gone::Away { since, .. } | Gone::RanOut { since }) => {
            let end = End { reason: EndReason::DeviceFault, at: since };
            close_session(tx, cx, venue, table, session, end).await
        }
        None => close_session(tx, cx, venue, table, session, end).await,
    }
}

/// Bills, takes that from what is held, gives back the rest, and has the light told to go off.
pub(super) async fn close_session(tx: &mut Tx, cx: &Cx, venue: &Venue, table: &mut Table, session: &Session, end: End) -> Result<()> {
    let order = paid_by(tx, session).await?;
    let lit = session.lit_at.unwrap_or(session.asked_at);
    let ended = session.pauses.clock(end.at);
    let bill = match end.reason {
        EndReason::DeviceFault | EndReason::Hall => session.terms.bill_after_fault(lit, ended, session.money()),
        EndReason::Customer | EndReason::TimeUp | EndReason::Staff | EndReason::NotLit => session.terms.bill(lit, ended, session.money()),
    };
    let bill = bill.map_err(no_price)?;
    if end.reason == EndReason::Customer && bill.is_graced() {
        grace::note_unplayed(tx, cx, session.customer).await?;
    }
    let holds = rows::holds(tx, session.id).await?;
    let amounts: Vec<Fen> = holds.iter().map(|(_, amount)| *amount).collect();
    let parts = spend(bill.total, &amounts);
    for ((transfer, _), part) in holds.iter().zip(parts.iter().copied()) {
        if part.is_positive() {
            ledger::post_part(tx, cx, *transfer, part.into()).await?;
        } else {
            ledger::void(tx, cx, *transfer).await?;
        }
    }
    let text = serde_json::to_string(&bill).map_err(Fault::internal)?;
    finish(tx, cx, session, SessionState::Closed, end, Some((text, bill.total))).await?;
    splits::session_is_over(tx, cx, session).await?;
    members::count(tx, cx, session.customer, session.id).await?;
    halls::advance(tx, cx, &venue.news, table, Event::Close).await?;
    darken(tx, cx, venue, table).await?;
    let released = session.held.minus(bill.total).map_err(Fault::internal)?;
    // What was paid at a network was held first. What came from the wallet later stays there.
    let unspent = match (amounts.first(), parts.first()) {
        (Some(held), Some(spent)) => held.minus(*spent).map_err(Fault::internal)?,
        _ => Fen::ZERO,
    };
    give_back(tx, cx, order.as_ref(), unspent, RefundReason::Unplayed).await?;
    let template = if end.reason == EndReason::DeviceFault { &told::DEVICE_FAULT } else { &told::CLOSED };
    let params = [("table", table.name.clone()), ("amount", yuan(bill.total)), ("released", yuan(released))];
    tell(tx, cx, session.customer, template, &params).await?;
    if end.reason == EndReason::DeviceFault {
        texts::notice(tx, cx, venue, session.customer, table, Notice::LightFailed { back: released }).await?;
    }
    Ok(())
}

/// The light never came on: nothing is charged, and the table is looked after.
pub(super) async fn fail(tx: &mut Tx, cx: &Cx, venue: &Venue, table: &mut Table, session: &Session, cause: Cause) -> Result<()> {
    release(tx, cx, session, RefundReason::NotOpened).await?;
    finish(tx, cx, session, SessionState::Failed, End { reason: EndReason::NotLit, at: cx.now() }, None).await?;
    halls::advance(tx, cx, &venue.news, table, Event::NotLit).await?;
    devices::want(tx, cx, venue, table.id).await?;
    cases::open(tx, cx, table, cause, "", Some(session.id)).await?;
    tell(tx, cx, session.customer, &told::NOT_LIT, &[("table", table.name.clone()), ("amount", yuan(session.held))]).await
}

async fn release(tx: &mut Tx, cx: &Cx, session: &Session, reason: RefundReason) -> Result<()> {
    let order = paid_by(tx, session).await?;
    for (transfer, _) in rows::holds(tx, session.id).await? {
        ledger::void(tx, cx, transfer).await?;
    }
    give_back(tx, cx, order.as_ref(), session.held, reason).await
}

/// What was paid for this session alone. Its row is locked: after the table's, and before the wallet's.
async fn paid_by(tx: &mut Tx, session: &Session) -> Result<Option<Order>> {
    match session.order {
        Some(order) => Ok(Some(payments::lock(tx, order).await?)),
        None => Ok(None),
    }
}

/// What was paid for a session alone, and is left, goes back to where it came from; what was only frozen for it, and is used, is taken.
async fn give_back(tx: &mut Tx, cx: &Cx, order: Option<&Order>, left: Fen, reason: RefundReason) -> Result<()> {
    if let Some(order) = order {
        let amount = left.min(order.refundable());
        if amount.is_positive() {
            payments::refund(tx, cx, order, amount, reason).await?;
        }
        payments::conclude(tx, cx, order).await?;
    }
    Ok(())
}

async fn finish(tx: &mut Tx, cx: &Cx, session: &Session, state: SessionState, end: End, bill: Option<(String, Fen)>) -> Result<()> {
    let (bill, total) = bill.map_or((None, Fen::ZERO), |(bill, total)| (Some(bill), total));
    let sql = "UPDATE play_sessions SET state = $1, ended_at = $2, end_reason = $3, bill = $4, total = $5 WHERE id = $6 AND state IN ('opening', 'playing')";
    let changed = tx.exec(sql, args![state.as_str(), end.at, end.reason.as_str(), bill, total, session.id]).await?;
    // The table is locked: nobody else can have ended it.
    if changed == 1 { Ok(()) } else { Err(Fault::internal(format!("session {} ended twice at {}", session.id, cx.now()))) }
}

async fn darken(tx: &mut Tx, cx: &Cx, venue: &Venue, table: &mut Table) -> Result<()> {
    devices::want(tx, cx, venue, table.id).await?;
    // Set on by hand, it does not go dark now; after a pause it is dark already: nothing is waited for.
    let dark = |light: &Device| light.online && light.agrees() && light.reported_at.is_some_and(|at| at >= light.wanted_at);
    if devices::of_table(tx, table.id).await?.is_some_and(|light| light.wanted || dark(&light)) {
        return clean::dark(tx, cx, venue, table).await;
    }
    let closing = Closing { table: table.id, since: table.since };
    cx.enqueue(tx, NewJob::new(CLOSING_JOB, &closing, cx.now().plus_micros(DARK))?).await?;
    Ok(())
}
