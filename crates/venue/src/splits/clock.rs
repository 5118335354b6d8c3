//! What follows when play is over, and when somebody does not confirm: jobs that look again how things stand.

use kernel::{DAY, Fault, MINUTE, Timestamp};
use platform::messages::templates::ZONE;
use platform::{Cx, Result};
use serde::{Deserialize, Serialize};
use store::jobs::{Job, JobKind, NewJob, Outcome};
use store::{Sql as _, Tx, args, first_id};

use super::make::{self, PATIENCE};
use super::model::{Share, Split, SplitEnd, SplitId, SplitState, asked_of, everybody};
use super::rows;
use super::settle::{settle, undo};
use crate::halls::rows as tables;
use crate::overdue::AT_ONCE;
use crate::play::{self, Session, SessionState};
use crate::told::{self, tell, yuan};

pub(crate) const OVER_JOB: JobKind = JobKind::prompt("split.over").counts();
pub(crate) const DEADLINE_JOB: JobKind = JobKind::prompt("split.deadline").counts();

/// How long before the deadline who has not confirmed is told once more.
const REMINDED_BEFORE: i64 = 30 * MINUTE;
/// Longer than a split lasts by far: what is older, and still open, is looked for no more.
const LOOKED_FOR: i64 = 3 * DAY;

#[derive(Serialize, Deserialize)]
struct OfSplit {
    split: SplitId,
}

macro_rules! job {
    ($name:ident, $work:ident) => {
        pub(crate) async fn $name(cx: Cx, job: Job) -> Outcome {
            let ask: OfSplit = match job.read() {
                Ok(ask) => ask,
                Err(outcome) => return outcome,
            };
            match $work(&cx, ask.split).await {
                Ok(None) => Outcome::Done,
                Ok(Some(at)) => Outcome::Again(at),
                Err(fault) => Outcome::Retry(fault.to_string()),
            }
        }
    };
}

job!(over_job, over);
job!(deadline_job, deadline);

/// Play has ended, in the caller's transaction, which has the table's lock: its split is looked at once that is durable. What becomes of the
/// split cannot keep a table from closing.
pub(crate) async fn session_is_over(tx: &mut Tx, cx: &Cx, session: &Session) -> Result<()> {
    if let Some(split) = rows::of_session(tx, session.id).await? {
        cx.enqueue(tx, NewJob::new(OVER_JOB, &OfSplit { split: split.id }, cx.now())?).await?;
    }
    Ok(())
}

/// More is held for the session from now on: who has confirmed less than its share of that is asked again.
pub(crate) async fn more_time(tx: &mut Tx, cx: &Cx, session: &Session) -> Result<()> {
    let Some(split) = rows::of_session(tx, session.id).await?.filter(|split| split.state == SplitState::Open) else { return Ok(()) };
    let shares = rows::shares(tx, split.id).await?;
    let table = tables::table(tx, session.table).await?.name;
    for (share, asked) in shares.iter().zip(asked_of(&shares, make::of(session))).skip(1) {
        if let Some(customer) = share.customer.filter(|_| share.transfer.is_some() && share.agreed < asked) {
            let params = [("table", table.clone()), ("agreed", yuan(share.agreed)), ("amount", yuan(asked))];
            tell(tx, cx, customer, &told::SPLIT_MORE, &params).await?;
        }
    }
    Ok(())
}

/// Has somebody look at the deadline.
pub(super) async fn watch(tx: &mut Tx, cx: &Cx, split: SplitId, by: Timestamp) -> Result<()> {
    let at = by.plus_micros(-REMINDED_BEFORE);
    cx.enqueue(tx, NewJob::new(DEADLINE_JOB, &OfSplit { split }, at)?).await?;
    Ok(())
}

/// What settles splits that were to be over before then, and are not.
pub(crate) async fn overdue(cx: &Cx, before: Timestamp) -> Result<Vec<NewJob>> {
    let sql = "SELECT s.id, s.confirm_by FROM splits s JOIN play_sessions p ON p.id = s.session_id WHERE s.id >= $1 AND s.state = 'open' \
               AND COALESCE(s.confirm_by, p.ended_at) < $2 ORDER BY s.id LIMIT $3";
    let read = |row: &store::Row| Ok((row.get::<SplitId>("id")?, row.get::<Option<Timestamp>>("confirm_by")?));
    let young = first_id(before.plus_micros(-LOOKED_FOR));
    let found = cx.db.read().all(sql, args![young, before, AT_ONCE], read).await?;
    let job = |(split, by): (SplitId, Option<Timestamp>)| {
        let kind = if by.is_some() { DEADLINE_JOB } else { OVER_JOB };
        NewJob::new(kind, &OfSplit { split }, cx.now()).map_err(Fault::from)
    };
    found.into_iter().map(job).collect()
}

/// A split that is open, locked, with its session and shares.
async fn open(tx: &mut Tx, id: SplitId) -> Result<Option<(Split, Session, Vec<Share>)>> {
    let Some(split) = rows::lock(tx, id).await?.filter(|split| split.state == SplitState::Open) else { return Ok(None) };
    let session = play::session(tx, split.session).await?.ok_or_else(Fault::not_found)?;
    let shares = rows::shares(tx, id).await?;
    Ok(Some((split, session, shares)))
}

/// The bill is there: all who have confirmed are charged, if nobody is missing; otherwise the others have a while for it.
async fn over(cx: &Cx, id: SplitId) -> Result<Option<Timestamp>> {
    let mut tx = cx.db.begin().await?;
    let Some((split, session, shares)) = open(&mut tx, id).await? else { return Ok(None) };
    let bill = make::of(&session);
    match session.state {
        SessionState::Opening | SessionState::Playing => return Ok(None),
        SessionState::Failed => undo(&mut tx, cx, &split, &session, &shares, SplitEnd::Nothing).await?,
        SessionState::Closed if everybody(&shares, bill) => settle(&mut tx, cx, &split, &session, &shares, SplitEnd::Everybody).await?,
        SessionState::Closed => {
            if split.confirm_by.is_some() {
                return Ok(None);
            }
            let by = cx.now().plus_micros(PATIENCE);
            tx.exec("UPDATE splits SET confirm_by = $1 WHERE id = $2", args![by, id]).await?;
            watch(&mut tx, cx, id, by).await?;
            ask_missing(&mut tx, cx, &session, &shares, by).await?;
        }
    }
    tx.commit().await?;
    Ok(None)
}

/// Reminds, and then charges who has confirmed; the starter, who has paid the bill, keeps the rest.
async fn deadline(cx: &Cx, id: SplitId) -> Result<Option<Timestamp>> {
    let mut tx = cx.db.begin().await?;
    let Some((split, session, shares)) = open(&mut tx, id).await? else { return Ok(None) };
    let Some(by) = split.confirm_by else { return Ok(None) };
    let (now, reminder) = (cx.now(), by.plus_micros(-REMINDED_BEFORE));
    if now < reminder {
        return Ok(Some(reminder));
    }
    if now < by {
        if !split.reminded {
            ask_missing(&mut tx, cx, &session, &shares, by).await?;
            tx.exec("UPDATE splits SET reminded = TRUE WHERE id = $1", args![id]).await?;
            tx.commit().await?;
        }
        return Ok(Some(by));
    }
    settle(&mut tx, cx, &split, &session, &shares, SplitEnd::Deadline).await?;
    tx.commit().await?;
    Ok(None)
}

/// Asks who has a share, and has not agreed to what it is.
async fn ask_missing(tx: &mut Tx, cx: &Cx, session: &Session, shares: &[Share], by: Timestamp) -> Result<()> {
    let table = tables::table(tx, session.table).await?.name;
    for (share, asked) in shares.iter().zip(asked_of(shares, make::of(session))).skip(1) {
        if let Some(customer) = share.customer.filter(|_| share.agreed < asked) {
            let params =
                [("table", table.clone()), ("amount", yuan(asked)), ("by_at", by.to_string()), (ZONE, session.terms.time_zone.clone())];
            tell(tx, cx, customer, &told::SPLIT_ASKED, &params).await?;
        }
    }
    Ok(())
}
