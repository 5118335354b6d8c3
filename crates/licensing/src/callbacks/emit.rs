//! Writing deliveries into the transaction of whoever decided what they tell.

use std::collections::{HashMap, HashSet};

use kernel::{Id, Timestamp, Word};
use platform::Platform;
use serde::{Deserialize, Serialize};
use store::jobs::{self, NewJob};
use store::{Insert, Result, Sql, Tx, args, insert_many, placeholders};

use super::model::{DeliveryEvent, DeliveryId, DeliveryState, EventId, NewDelivery, envelope};
use super::send::JOB;
use crate::projects::{CallbackEvent, ProjectId};

/// A job comes back by itself while its delivery waits; only trouble with the database counts as an attempt of the job.
const JOB_ATTEMPTS: i64 = 1_000;

/// The job of one round of attempts.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct RoundJob {
    pub delivery: DeliveryId,
    /// When the round began, in microseconds: a delivery that has begun another is not this job's any more.
    pub since: i64,
}

impl RoundJob {
    pub fn of(delivery: DeliveryId, since: Timestamp) -> Result<NewJob> {
        let payload = Self { delivery, since: since.micros() };
        Ok(NewJob::new(JOB, &payload, since)?.attempts(JOB_ATTEMPTS))
    }
}

/// A delivery to be written.
pub(crate) struct Draft {
    pub project: ProjectId,
    pub url: String,
    pub event: DeliveryEvent,
    pub payload: String,
}

impl Draft {
    pub fn of(new: NewDelivery, url: String, now: Timestamp) -> Self {
        let event = DeliveryEvent::from(new.event);
        Self { project: new.project, url, event, payload: envelope(event, now, &new.payload) }
    }
}

/// Writes what the projects' owners asked to be told, however many, with few statements. Answers how many deliveries were
/// written: a project without a callback, or that did not ask for an event, gets none.
pub async fn emit_many(tx: &mut Tx, platform: &Platform, news: Vec<NewDelivery>) -> Result<u64> {
    let wishes = wishes(tx, &news).await?;
    let now = platform.clock.now();
    let drafts = news.into_iter().filter_map(|new| {
        let (url, events) = wishes.get(&new.project)?;
        events.contains(&new.event).then(|| Draft::of(new, url.clone(), now))
    });
    let drafts: Vec<Draft> = drafts.collect();
    let written = drafts.len();
    write(tx, platform, now, drafts).await?;
    Ok(u64::try_from(written).unwrap_or(u64::MAX))
}

type Wish = (String, Vec<CallbackEvent>);

/// Where each project wants to be called, and for what.
async fn wishes(tx: &mut Tx, news: &[NewDelivery]) -> Result<HashMap<ProjectId, Wish>> {
    const AT_ONCE: usize = 500;
    let projects: Vec<ProjectId> = news.iter().map(|new| new.project).collect::<HashSet<_>>().into_iter().collect();
    let mut wishes = HashMap::new();
    for some in projects.chunks(AT_ONCE) {
        let sql = format!(
            "SELECT id, callback_url, callback_events FROM projects WHERE callback_url IS NOT NULL AND id IN ({})",
            placeholders(1, some.len())
        );
        let ids = some.iter().flat_map(|id| args![*id]).collect();
        let found = tx.all(&sql, ids, |row| {
            let events: String = row.get("callback_events")?;
            Ok((row.get("id")?, (row.get("callback_url")?, serde_json::from_str(&events).unwrap_or_default())))
        });
        wishes.extend(found.await?);
    }
    Ok(wishes)
}

/// Writes deliveries and their jobs. Answers the ids, in order.
pub(super) async fn write(tx: &mut Tx, platform: &Platform, now: Timestamp, drafts: Vec<Draft>) -> Result<Vec<DeliveryId>> {
    let (ids, deliveries, jobs) = rows(platform, now, drafts)?;
    insert_many(tx, deliveries.table, deliveries.columns, deliveries.rows, deliveries.tail).await?;
    jobs::enqueue_many(tx, &platform.db, &platform.random, now, jobs).await?;
    Ok(ids)
}

/// What is written of deliveries, and their jobs.
pub(crate) fn rows(platform: &Platform, now: Timestamp, drafts: Vec<Draft>) -> Result<(Vec<DeliveryId>, Insert<'static>, Vec<NewJob>)> {
    let columns =
        &["id", "event_id", "project_id", "event", "url", "payload", "state", "attempts", "since", "next_attempt_at", "created_at"];
    let mut ids = Vec::with_capacity(drafts.len());
    let mut jobs = Vec::with_capacity(drafts.len());
    let mut rows = Vec::with_capacity(drafts.len());
    for (draft, place) in drafts.into_iter().zip(0..) {
        // A microsecond apart, so that they are listed in the order in which they happened.
        let id: DeliveryId = Id::new(now.plus_micros(place), &platform.random);
        let event_id: EventId = Id::new(now, &platform.random);
        let waiting = DeliveryState::Waiting.as_str();
        rows.push(args![id, event_id, draft.project, draft.event.as_str(), draft.url, draft.payload, waiting, 0_i64, now, now, now]);
        jobs.push(RoundJob::of(id, now)?);
        ids.push(id);
    }
    Ok((ids, Insert { table: "deliveries", columns, rows, tail: "" }, jobs))
}
