//! What ends it: play, time, trouble, or somebody who says so. Each with the table's row locked.

use std::sync::Arc;

use kernel::Timestamp;
use platform::messages::templates::{Template, ZONE};
use platform::{Cx, Result};
use serde::{Deserialize, Serialize};
use store::jobs::{Job, JobKind, NewJob, Outcome};
use store::{Sql as _, Tx, args};

use super::model::{Hold, HoldEnd, HoldId};
use super::rows;
use crate::Venue;
use crate::customers::CustomerId;
use crate::halls::rows as halls;
use crate::halls::{Event, Table};
use crate::overdue::AT_ONCE;
use crate::play::SessionId;
use crate::told::{self, tell};

pub(crate) const OVER_JOB: JobKind = JobKind::prompt("holds.over");

#[derive(Serialize, Deserialize)]
pub(super) struct Over {
    pub hold: HoldId,
}

/// The table is anybody's again; whom it was held for is told, unless it was their own doing.
pub(super) async fn finish(tx: &mut Tx, cx: &Cx, venue: &Venue, table: &mut Table, hold: &Hold, end: HoldEnd) -> Result<()> {
    // Whatever kept us from noticing in time is not the customer's.
    let at = if matches!(end, HoldEnd::RanOut | HoldEnd::HallClosed) { hold.until } else { cx.now() };
    rows::finish(tx, hold.id, end, at, None).await?;
    halls::advance(tx, cx, &venue.news, table, Event::Release).await?;
    let template = match end {
        HoldEnd::RanOut | HoldEnd::HallClosed => &told::HOLD_RAN_OUT,
        HoldEnd::Released => &told::HOLD_RELEASED,
        HoldEnd::Opened | HoldEnd::GivenBack | HoldEnd::Maintenance => return Ok(()),
    };
    inform(tx, cx, table, hold, template).await
}

async fn inform(tx: &mut Tx, cx: &Cx, table: &Table, hold: &Hold, template: &Template) -> Result<()> {
    let Some(customer) = hold.customer else { return Ok(()) };
    let hall = halls::venue(tx, table.venue_id).await?;
    let params = [("hall", hall.name), ("table", table.name.clone()), ("until_at", hold.until.to_string()), (ZONE, hall.time_zone)];
    tell(tx, cx, customer, template, &params).await
}

/// Whom it was held for has opened the table, with this session.
pub(crate) async fn opened(tx: &mut Tx, cx: &Cx, table: &Table, session: SessionId) -> Result<()> {
    if let Some(hold) = rows::live(tx, table.id).await? {
        rows::finish(tx, hold.id, HoldEnd::Opened, cx.now(), Some(session)).await?;
    }
    Ok(())
}

/// The table goes out of service, and is nobody's.
pub(crate) async fn lost(tx: &mut Tx, cx: &Cx, table: &Table) -> Result<()> {
    let Some(hold) = rows::live(tx, table.id).await? else { return Ok(()) };
    rows::finish(tx, hold.id, HoldEnd::Maintenance, cx.now(), None).await?;
    inform(tx, cx, table, &hold, &told::HOLD_LOST).await
}

/// A customer plays at another table: what was asked for on the way is not kept from others meanwhile. What the staff holds stays.
///
/// The other table is locked already. Two such cannot wait for each other: a table that is held for one is opened by no other.
pub(crate) async fn plays_elsewhere(tx: &mut Tx, cx: &Cx, venue: &Venue, customer: CustomerId) -> Result<()> {
    let Some(found) = rows::live_of(tx, customer).await?.into_iter().find(|hold| hold.by.is_none()) else { return Ok(()) };
    let mut table = halls::lock_table(tx, found.table).await?;
    if let Some(hold) = rows::by_id(tx, found.id).await? {
        finish(tx, cx, venue, &mut table, &hold, HoldEnd::GivenBack).await?;
        inform(tx, cx, &table, &hold, &told::HOLD_LEFT).await?;
    }
    Ok(())
}

pub(crate) async fn over_job(venue: Arc<Venue>, cx: Cx, job: Job) -> Outcome {
    let ask: Over = match job.read() {
        Ok(ask) => ask,
        Err(outcome) => return outcome,
    };
    match over(&venue, &cx, &ask).await {
        Ok(None) => Outcome::Done,
        Ok(Some(at)) => Outcome::Again(at),
        Err(fault) => Outcome::Retry(fault.to_string()),
    }
}

/// What ends holds that were to be over before then, and are not.
pub(crate) async fn overdue(cx: &Cx, before: Timestamp) -> Result<Vec<NewJob>> {
    let sql = "SELECT id FROM table_holds WHERE ended_at IS NULL AND until_at < $1 ORDER BY table_id LIMIT $2";
    let found = cx.db.read().all(sql, args![before, AT_ONCE], |row| row.get::<HoldId>("id")).await?;
    found.into_iter().map(|hold| NewJob::new(OVER_JOB, &Over { hold }, cx.now()).map_err(kernel::Fault::from)).collect()
}

/// Its time is over. Who could not have come has not stayed away.
async fn over(venue: &Venue, cx: &Cx, ask: &Over) -> Result<Option<Timestamp>> {
    let Some(found) = rows::by_id(&mut cx.db.read(), ask.hold).await? else { return Ok(None) };
    let mut tx = cx.db.begin().await?;
    let mut table = halls::lock_table(&mut tx, found.table).await?;
    let Some(hold) = rows::by_id(&mut tx, ask.hold).await? else { return Ok(None) };
    if cx.now() < hold.until {
        return Ok(Some(hold.until));
    }
    let hall = halls::venue(&mut tx, hold.venue).await?;
    let end = if hall.is_open(hold.until.plus_micros(-1)) { HoldEnd::RanOut } else { HoldEnd::HallClosed };
    finish(&mut tx, cx, venue, &mut table, &hold, end).await?;
    tx.commit().await?;
    Ok(None)
}
