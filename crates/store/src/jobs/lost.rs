//! Jobs that somebody still counts on, and nobody carries out: given up, gone, or put off by a clock that was ahead.

use std::collections::HashSet;

use kernel::{Random, Timestamp, Word};
use serde::{Deserialize, Serialize};

use super::{Job, JobId, JobKind, NewJob, enqueue};
use crate::{Db, Result, Sql, Tx, args, first_id};

/// One that counts was given up: its handler tells somebody. Written with the giving up itself, so that none goes unsaid.
pub const GIVEN_UP: JobKind = JobKind::new("job.given_up");

#[derive(Debug, Serialize, Deserialize)]
pub struct GivenUp {
    pub job: JobId,
    pub kind: String,
    /// As its handler has put it.
    pub why: String,
}

/// Of one job it is told once, though it may be taken up again and given up again: as long as what was done is seen ([`DONE`](super::DONE)).
pub(super) fn telling(job: &Job, why: String, now: Timestamp) -> Result<NewJob> {
    let name = job.id.to_string();
    Ok(NewJob::new(GIVEN_UP, &GivenUp { job: job.id, kind: job.kind.clone(), why }, now)?.once(name))
}

/// What the jobs of a kind are about that wait for their time, or are in a worker's hands: their payloads.
pub async fn under_way(sql: &mut impl Sql, kind: &str) -> Result<HashSet<String>> {
    // At one look: one that goes from the one to the other between two would be in neither.
    let query = "SELECT payload FROM jobs WHERE kind = $1 AND state IN ('queued', 'running')";
    Ok(sql.all(query, args![kind], |row| row.get::<String>("payload")).await?.into_iter().collect())
}

/// Has it carried out: by the job that was given up over it, with all its attempts, or where there is none by a new one. Also by one that was
/// dismissed: it has the name that a new one would have.
pub async fn again(tx: &mut Tx, db: &Db, random: &Random, now: Timestamp, job: NewJob) -> Result<()> {
    let sql = "UPDATE jobs SET state = 'queued', crew = $1, run_at = $2, decided_at = $5, attempts = 0, finished_at = NULL \
               WHERE kind = $3 AND state IN ('dead', 'dismissed') AND payload = $4";
    let (kind, crew) = (job.kind.name, job.kind.crew);
    if tx.exec(sql, args![crew.as_str(), job.run_at, kind, job.payload.as_str(), now]).await? == 0 {
        enqueue(tx, db, random, now, job).await?;
        return Ok(());
    }
    let waiting = db.jobs_waiting(crew);
    tx.on_commit(move || waiting.notify_one());
    Ok(())
}

/// Removes jobs of a kind that were written after this time, which is to come, by a clock that was ahead: their names are needed again. One that a
/// worker has in its hands stays.
pub async fn forget_ahead(tx: &mut Tx, kind: &str, after: Timestamp) -> Result<()> {
    for state in ["queued", "done", "dead", "dismissed"] {
        tx.exec("DELETE FROM jobs WHERE kind = $1 AND state = $2 AND id >= $3", args![kind, state, first_id(after)]).await?;
    }
    Ok(())
}
