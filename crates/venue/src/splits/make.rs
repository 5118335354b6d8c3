//! Making a split of one's own bill.

use kernel::{DAY, Fault, Fen, HOUR, Timestamp};
use platform::allowance::Allowance;
use platform::idempotency::IdempotencyKey;
use platform::{Cx, Result};
use store::Sql;

use super::clock;
use super::error::SplitError;
use super::model::{Shares, Split, SplitId, SplitState};
use super::rows;
use super::view::{self, SplitView};
use crate::complaints;
use crate::customers::{self, Customer};
use crate::halls::{self, rows as tables};
use crate::play::{self, Session, SessionId, SessionState};

/// How old a bill may be.
const RECENT: i64 = DAY;
/// How long one may take to confirm, once it is known what it comes to.
pub(super) const PATIENCE: i64 = 2 * HOUR;
/// Each undone one leads to another, and tells people.
const MADE: Allowance = Allowance { name: "splits", window_seconds: 3_600, most: 20 };

/// Shares the bill of one's own session, `expected` being all of it as the customer was shown: what is held for it while it is played, or what
/// it has cost.
pub async fn make(
    cx: &Cx,
    customer: &Customer,
    session: SessionId,
    shares: &Shares,
    expected: Fen,
    key: &IdempotencyKey,
) -> Result<SplitView> {
    let mine = |session: &Session| session.customer == customer.id;
    let session = play::session(&mut cx.db.read(), session).await?.filter(mine).ok_or_else(Fault::not_found)?;
    let mut tx = cx.db.begin().await?;
    let owner = customer.id.uuid();
    if let Some(first) = key.seen::<SplitId>(&mut tx, cx, owner).await? {
        return view::of(&mut tx, cx, first, Some(customer.id)).await;
    }
    // With its lock, so that either this sees that play has ended, or the end sees this. The table before the customer, as where one is held
    // for somebody.
    tables::lock_table(&mut tx, session.table).await?;
    customers::stays(&mut tx, customer.id).await?;
    let session = play::session(&mut tx, session.id).await?.ok_or_else(Fault::not_found)?;
    let now = cx.now();
    let amount = to_share(&session, complaints::is_given(&mut tx, session.id).await?, now)?;
    if amount != expected {
        return Err(SplitError::Changed.into());
    }
    let weights = shares.weights(amount)?;
    MADE.take_in(&mut tx, cx, &customer.id.to_string()).await?;
    let split = Split {
        id: cx.id(),
        session: session.id,
        starter: customer.id,
        code: halls::new_code(cx),
        manner: shares.manner(),
        state: SplitState::Open,
        confirm_by: (session.state == SessionState::Closed).then(|| now.plus_micros(PATIENCE)),
        reminded: false,
        end: None,
    };
    rows::insert(&mut tx, &split, &weights, now).await?.ok_or(SplitError::Exists)?;
    if let Some(by) = split.confirm_by {
        clock::watch(&mut tx, cx, split.id, by).await?;
    }
    key.answer(&mut tx, owner, &split.id).await?;
    let view = view::of(&mut tx, cx, split.id, Some(customer.id)).await?;
    tx.commit().await?;
    Ok(view)
}

/// Whether its customer can make a split of a session now, which has none: what [`make`] allows is what is offered.
pub(crate) async fn can_make(sql: &mut impl Sql, session: &Session, now: Timestamp) -> Result<bool> {
    // Most of a list of bills are too old, and nothing else of them is looked up.
    if to_share(session, false, now).is_err() {
        return Ok(false);
    }
    Ok(to_share(session, complaints::is_given(sql, session.id).await?, now).is_ok())
}

/// All that can be shared of a session, some of whose bill was given back or not. Pure.
fn to_share(session: &Session, given: bool, now: Timestamp) -> std::result::Result<Fen, SplitError> {
    let recent = session.ended_at.is_none_or(|at| at > now.plus_micros(-RECENT));
    let live = matches!(session.state, SessionState::Playing | SessionState::Closed);
    let amount = of(session);
    if !(live && recent && amount.is_positive()) {
        return Err(SplitError::NothingToSplit);
    }
    if given { Err(SplitError::GivenBack) } else { Ok(amount) }
}

/// What a session costs; while it is played, the most that it can.
pub(super) fn of(session: &Session) -> Fen {
    match session.state {
        SessionState::Opening | SessionState::Playing => session.held,
        SessionState::Closed | SessionState::Failed => session.bill.as_ref().map_or(Fen::ZERO, |bill| bill.total),
    }
}
