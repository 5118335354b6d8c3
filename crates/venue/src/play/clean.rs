//! Cleaning after play 清洁: a table that was played on is kept for it, for as long as the hall says, or until somebody says that it is done.

use std::sync::Arc;

use kernel::{Fault, Kind, MINUTE, Timestamp};
use platform::identity::Permission;
use platform::{Cx, Result, audit};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::jobs::{Job, JobKind, NewJob, Outcome};
use store::{Sql, Tx, args};

use super::model::SessionState;
use crate::Venue;
use crate::halls::offers;
use crate::halls::rows as halls;
use crate::halls::{Event, Table, TableId, TableState};
use crate::staff;

pub(crate) const CLEANED_JOB: JobKind = JobKind::prompt("play.cleaned").counts();

#[derive(Serialize, Deserialize)]
struct Cleaning {
    table: TableId,
    since: Timestamp,
}

/// Frees a table that is cleaned since then.
pub(super) fn job(table: TableId, since: Timestamp, at: Timestamp) -> Result<NewJob> {
    Ok(NewJob::new(CLEANED_JOB, &Cleaning { table, since }, at)?)
}

/// The light is off: the table is free, or is cleaned first if somebody has played there.
pub(super) async fn dark(tx: &mut Tx, cx: &Cx, venue: &Venue, table: &mut Table) -> Result<()> {
    halls::advance(tx, cx, &venue.news, table, Event::Dark).await?;
    let minutes = offers::of(tx, table.venue_id).await?.cleaning_minutes;
    if minutes > 0 && was_played_on(tx, table.id).await? && halls::advance(tx, cx, &venue.news, table, Event::Clean).await?.is_some() {
        cx.enqueue(tx, job(table.id, table.since, table.since.plus_micros(minutes * MINUTE))?).await?;
    }
    Ok(())
}

/// Whoever changed one's mind before the light came on has left nothing to clean.
async fn was_played_on(tx: &mut Tx, table: TableId) -> Result<bool> {
    let query = "SELECT state FROM play_sessions WHERE table_id = $1 ORDER BY id DESC LIMIT 1";
    let last: Option<SessionState> = tx.opt(query, args![table], |row| row.word("state")).await?;
    Ok(last == Some(SessionState::Closed))
}

/// When a table that is cleaned is free, if nobody says so before.
pub(crate) async fn free_at(sql: &mut impl Sql, table: &Table) -> Result<Option<Timestamp>> {
    if table.state != TableState::Cleaning {
        return Ok(None);
    }
    let minutes = offers::of(sql, table.venue_id).await?.cleaning_minutes;
    Ok(Some(table.since.plus_micros(minutes * MINUTE)))
}

/// Somebody of the staff says that it is done.
pub async fn cleaned(cx: &Cx, venue: &Venue, id: TableId) -> Result<Table> {
    let user = cx.require(Permission::CasesManage)?;
    let mut tx = cx.db.begin().await?;
    let mut table = halls::lock_table(&mut tx, id).await?;
    staff::works_at(&mut tx, user, table.venue_id).await?;
    if halls::advance(&mut tx, cx, &venue.news, &mut table, Event::Cleaned).await?.is_none() {
        return Err(Fault::new(Kind::Conflict, "NOT_CLEANING", "这张台不在清洁中", "This table is not being cleaned"));
    }
    audit::record(&mut tx, cx, &audit::TABLE_CLEANED, Some(id.into()), &json!({"name": table.name})).await?;
    tx.commit().await?;
    Ok(table)
}

pub(crate) async fn cleaned_job(venue: Arc<Venue>, cx: Cx, job: Job) -> Outcome {
    let ask: Cleaning = match job.read() {
        Ok(ask) => ask,
        Err(outcome) => return outcome,
    };
    match time_is_up(&venue, &cx, &ask).await {
        Ok(None) => Outcome::Done,
        Ok(Some(at)) => Outcome::Again(at),
        Err(fault) => Outcome::Retry(fault.to_string()),
    }
}

/// When to look again, where it is not up yet.
async fn time_is_up(venue: &Venue, cx: &Cx, ask: &Cleaning) -> Result<Option<Timestamp>> {
    let mut tx = cx.db.begin().await?;
    let mut table = halls::lock_table(&mut tx, ask.table).await?;
    // Done before, and cleaned again since.
    if table.state == TableState::Cleaning && table.since <= ask.since {
        // The hall may have said since that it takes longer.
        if let Some(at) = free_at(&mut tx, &table).await?.filter(|at| *at > cx.now()) {
            return Ok(Some(at));
        }
        halls::advance(&mut tx, cx, &venue.news, &mut table, Event::Cleaned).await?;
        tx.commit().await?;
    }
    Ok(None)
}
