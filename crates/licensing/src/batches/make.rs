//! Making keys, in chunks.

use std::cmp::Reverse;

use kernel::{Fault, Random, Timestamp};
use platform::identity::UserId;
use platform::messages::{self, templates};
use platform::vault::Vault;
use platform::{Cx, Result, audit, ledger};
use serde::{Deserialize, Serialize};
use store::jobs::{Job, JobKind, NewJob, Outcome};
use store::{Sql, Tx, Value, args, insert_many};
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::allowed;
use super::model::{Batch, BatchError, BatchId, BatchState};
use super::service::{find, finished};
use crate::keys::{self, KeyId, KeyState, KeyText, Validity};
use crate::projects::ProjectId;

pub const GENERATE_JOB: JobKind = JobKind::new("keys.generate");
pub const CANCEL_JOB: JobKind = JobKind::new("keys.cancel");
/// Keys a transaction: others wait for the writer no longer than this takes.
const CHUNK: i64 = 2_500;
/// Keys that are put in order at once: whole chunks, in 6 MiB.
const RUN: i64 = 80 * CHUNK;

#[derive(Serialize, Deserialize)]
pub(super) struct Payload {
    pub batch: BatchId,
}

/// What all keys of a batch share.
#[derive(Clone, Copy)]
pub(super) struct Mould {
    pub batch: BatchId,
    pub project: ProjectId,
    pub agent: UserId,
    pub validity: Validity,
}

impl Mould {
    pub fn of(batch: &Batch) -> Self {
        Self { batch: batch.id, project: batch.project.id, agent: batch.agent.id, validity: batch.validity() }
    }
}

const COLUMNS: [&str; 12] =
    ["id", "project_id", "batch_id", "agent_id", "lookup", "sealed", "state", "unit", "validity", "devices", "unbinds", "created_at"];

/// A key to be, and what it will be found by.
type New = (Uuid, KeyText);
type Rows = Vec<Vec<Value>>;

/// The rows of a small batch. Pure work for the processor: done before the transaction begins, and off the async threads.
pub(super) async fn rows(vault: &Vault, random: &Random, mould: Mould, count: i64, now: Timestamp) -> Result<Rows> {
    let mut maker = Maker::new(vault, random, mould);
    tokio::task::spawn_blocking(move || maker.next(count, count, now)).await.map_err(Fault::internal)
}

/// Makes keys, many at once, and hands them out in the order of the index that finds them: what falls next to one another there is written
/// together. In the order of their making each would be written on a page of its own.
struct Maker {
    vault: Vault,
    random: Random,
    mould: Mould,
    /// The next is the last.
    made: Vec<New>,
}

impl Maker {
    fn new(vault: &Vault, random: &Random, mould: Mould) -> Self {
        Self { vault: vault.clone(), random: random.clone(), mould, made: Vec::new() }
    }

    /// Rows of the next `count` keys; `left` are still to be made.
    fn next(&mut self, count: i64, left: i64, now: Timestamp) -> Rows {
        if self.made.is_empty() {
            let make = |_| {
                let key = KeyText::random(&self.random);
                (keys::lookup(&self.vault, self.mould.project, key), key)
            };
            self.made = (0..left.min(RUN)).map(make).collect();
            self.made.sort_unstable_by_key(|(lookup, _)| Reverse(*lookup));
        }
        let stay = self.made.len().saturating_sub(usize::try_from(count).unwrap_or(0));
        let next = self.made.split_off(stay);
        next.into_iter().rev().zip(0..).map(|(key, n)| self.row(key, now, n)).collect()
    }

    fn row(&self, (lookup, key): New, now: Timestamp, n: i64) -> Vec<Value> {
        let mould = &self.mould;
        args![
            // One microsecond apart, so that they are listed in the order of their making.
            KeyId::new(now.plus_micros(n), &self.random),
            mould.project,
            mould.batch,
            mould.agent,
            lookup,
            keys::seal(&self.vault, key),
            kernel::Word::as_str(KeyState::Unused),
            kernel::Word::as_str(mould.validity.unit),
            mould.validity.count,
            0,
            0,
            now
        ]
    }
}

pub(super) async fn insert(tx: &mut Tx, rows: Vec<Vec<Value>>) -> store::Result<u64> {
    insert_many(tx, "keys", &COLUMNS, rows, "").await
}

/// Makes what is still to be made; begun again after a crash, it goes on where it was.
pub async fn generate_job(cx: Cx, job: Job) -> Outcome {
    let Payload { batch } = match job.read() {
        Ok(payload) => payload,
        Err(outcome) => return outcome,
    };
    let mut ahead = None;
    loop {
        match generate_chunk(&cx, batch, &mut ahead).await {
            Ok(Some(_)) => {}
            Ok(None) => return Outcome::Done,
            // It will not be tried again: what was made is taken away, and the quota is given back.
            Err(fault) if job.last_attempt() => {
                return match undo(&cx, batch).await {
                    Ok(()) => Outcome::GiveUp(format!("undone: {fault}")),
                    Err(_) => Outcome::Retry(fault.to_string()),
                };
            }
            Err(fault) => return Outcome::Retry(fault.to_string()),
        }
    }
}

async fn undo(cx: &Cx, batch: BatchId) -> Result<()> {
    let mut tx = cx.db.begin().await?;
    if let Some(batch) = find(&mut tx, batch).await? {
        stop(&mut tx, cx, &batch, None).await?;
    }
    Ok(tx.commit().await?)
}

/// Asks a batch that is being made to be taken away again; false when it is not being made. Logged here: by whom, or why it may not be made, and
/// not by the job that does it.
pub(super) async fn stop(tx: &mut Tx, cx: &Cx, batch: &Batch, why: Option<BatchError>) -> Result<bool> {
    let sql = "UPDATE batches SET state = 'cancelling' WHERE id = $1 AND state = 'generating'";
    if tx.exec(sql, args![batch.id]).await? == 0 {
        return Ok(false);
    }
    let mut detail = serde_json::json!({"count": batch.count});
    if let Some(why) = why {
        detail["reason"] = Fault::from(why).code.into();
    }
    audit::record(tx, cx, &audit::BATCH_CANCELLED, Some(batch.id.into()), &detail).await?;
    cx.enqueue(tx, NewJob::new(CANCEL_JOB, &Payload { batch: batch.id }, cx.now())?).await?;
    Ok(true)
}

/// What is made while something else is written.
type Ahead = JoinHandle<(Maker, Rows)>;

/// One chunk; `None` when there is nothing left to do. The keys of the next one are made while these are written.
async fn generate_chunk(cx: &Cx, id: BatchId, ahead: &mut Option<Ahead>) -> Result<Option<i64>> {
    let Some(batch) = find(&mut cx.db.read(), id).await?.filter(|batch| batch.state == BatchState::Generating) else {
        return Ok(None);
    };
    let (left, now) = (batch.count - batch.made, cx.now());
    let begin = |mut maker: Maker, left: i64| {
        tokio::task::spawn_blocking(move || {
            let rows = maker.next(CHUNK, left, now);
            (maker, rows)
        })
    };
    let making = ahead.take().unwrap_or_else(|| begin(Maker::new(&cx.vault, &cx.random, Mould::of(&batch)), left));
    let (maker, mut rows) = making.await.map_err(Fault::internal)?;
    // Another worker may have made some meanwhile.
    rows.truncate(usize::try_from(left).unwrap_or(0));
    let chunk = i64::try_from(rows.len()).unwrap_or(0);
    if chunk < left {
        *ahead = Some(begin(maker, left - chunk));
    }
    let mut tx = cx.db.begin().await?;
    // Its grant may have ended, or its project have been switched off, since it was asked for: then no key of it will ever have been.
    if let Some(why) = allowed::refusal(&mut tx, batch.project.id, batch.agent.id, cx.now()).await? {
        stop(&mut tx, cx, &batch, Some(why)).await?;
        tx.commit().await?;
        return Ok(None);
    }
    // Only if nobody made any meanwhile, or asked to stop.
    let sql = "UPDATE batches SET made = made + $1 WHERE id = $2 AND state = 'generating' AND made = $3";
    if tx.exec(sql, args![chunk, id, batch.made]).await? == 0 {
        // Look again rather than be done: a worker whose lease ran out may still have made this chunk, and makes no other.
        return Ok(Some(batch.made));
    }
    insert(&mut tx, rows).await?;
    let made = batch.made + chunk;
    if made == batch.count {
        finish(&mut tx, cx, &batch).await?;
    }
    tx.commit().await?;
    cx.hub.wake(batch.agent.id);
    Ok((made < batch.count).then_some(made))
}

/// All keys are there: the hold is posted, the batch is ready, its agent is told.
async fn finish(tx: &mut Tx, cx: &Cx, batch: &Batch) -> Result<()> {
    if let Some(transfer) = batch.transfer {
        ledger::post(tx, cx, transfer).await?;
    }
    tx.exec("UPDATE batches SET state = 'ready', finished_at = $1 WHERE id = $2", args![cx.now(), batch.id]).await?;
    finished(tx, cx, batch).await?;
    let params = [("project", batch.project.name.clone()), ("count", batch.count.to_string())];
    messages::tell(tx, cx, batch.agent.id, &templates::BATCH_READY, &params, Some(format!("/batches/{}", batch.id))).await
}

/// Takes the keys of a cancelled batch away again, then gives the quota back.
pub async fn cancel_job(cx: Cx, job: Job) -> Outcome {
    let Payload { batch } = match job.read() {
        Ok(payload) => payload,
        Err(outcome) => return outcome,
    };
    loop {
        match cancel_chunk(&cx, batch).await {
            Ok(true) => {}
            Ok(false) => return Outcome::Done,
            Err(fault) => return Outcome::Retry(fault.to_string()),
        }
    }
}

/// One chunk; false when there is nothing left to do.
async fn cancel_chunk(cx: &Cx, id: BatchId) -> Result<bool> {
    let mut tx = cx.db.begin().await?;
    // Two workers may have this job. The batch is locked before its keys are looked for: who waited for the other's deleting would find that
    // those keys are gone, take it for the end, and give the quota back while most of the keys are still there.
    let taken = format!("SELECT id FROM batches WHERE id = $1{}", tx.for_update());
    tx.opt(&taken, args![id], |_| Ok(())).await?;
    let Some(batch) = find(&mut tx, id).await?.filter(|batch| batch.state == BatchState::Cancelling) else {
        return Ok(false);
    };
    let sql = "DELETE FROM keys WHERE id IN (SELECT id FROM keys WHERE batch_id = $1 ORDER BY id LIMIT $2)";
    let gone = tx.exec(sql, args![id, CHUNK]).await?;
    if gone == 0 {
        let sql = "UPDATE batches SET state = 'cancelled', made = 0, finished_at = $1 WHERE id = $2";
        tx.exec(sql, args![cx.now(), id]).await?;
        if let Some(transfer) = batch.transfer {
            ledger::void(&mut tx, cx, transfer).await?;
        }
        let params = [("project", batch.project.name.clone()), ("count", batch.count.to_string())];
        messages::tell(&mut tx, cx, batch.agent.id, &templates::BATCH_CANCELLED, &params, Some(format!("/batches/{id}"))).await?;
    }
    tx.commit().await?;
    cx.hub.wake(batch.agent.id);
    Ok(gone > 0)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use zeroize::Zeroizing;

    use super::*;
    use crate::projects::ValidityUnit;

    const NOW: Timestamp = Timestamp::from_unix(1_795_248_000);

    #[test]
    fn k3_1a_keys_are_handed_out_in_the_order_of_their_index_as_many_as_are_asked_for_and_none_twice() {
        let random = Random::seeded(1);
        let vault = Vault::new(&Zeroizing::new([7; 32]), random.clone());
        let validity = Validity { unit: ValidityUnit::Day, count: 30 };
        let mould =
            Mould { batch: BatchId::new(NOW, &random), project: ProjectId::new(NOW, &random), agent: UserId::new(NOW, &random), validity };
        let mut maker = Maker::new(&vault, &random, mould);
        let (mut left, mut counts, mut places) = (2 * CHUNK + 7, Vec::new(), Vec::new());
        while left > 0 {
            let rows = maker.next(CHUNK, left, NOW);
            assert!(rows.iter().all(|row| row.len() == COLUMNS.len()));
            places.extend(rows.iter().map(|row| format!("{:?}", row[4])));
            counts.push(rows.len());
            left -= i64::try_from(rows.len()).unwrap();
        }
        assert_eq!(counts, [2_500, 2_500, 7]);
        assert!(places.is_sorted(), "one run, in order");
        assert_eq!(places.iter().collect::<HashSet<_>>().len(), places.len());
    }
}
