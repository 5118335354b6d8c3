//! Jobs that somebody still counts on, and nobody carries out: given up, or gone.

use std::collections::HashSet;

use kernel::{Random, Timestamp};

use super::{NewJob, enqueue};
use crate::{Db, Result, Sql, Tx, args};

/// What the jobs of a kind are about that wait for their time, or are in a worker's hands: their payloads.
pub async fn under_way(sql: &mut impl Sql, kind: &str) -> Result<HashSet<String>> {
    let mut payloads = HashSet::new();
    for state in ["queued", "running"] {
        let query = "SELECT payload FROM jobs WHERE kind = $1 AND state = $2";
        payloads.extend(sql.all(query, args![kind, state], |row| row.get::<String>("payload")).await?);
    }
    Ok(payloads)
}

/// Has it carried out: by the job that was given up over it, with all its attempts, or where there is none by a new one.
pub async fn again(tx: &mut Tx, db: &Db, random: &Random, now: Timestamp, job: NewJob) -> Result<()> {
    let sql = "UPDATE jobs SET state = 'queued', crew = $1, run_at = $2, attempts = 0, finished_at = NULL \
               WHERE kind = $3 AND state = 'dead' AND payload = $4";
    let (kind, crew) = (job.kind.name, job.kind.crew);
    if tx.exec(sql, args![crew.as_str(), job.run_at, kind, job.payload.as_str()]).await? == 0 {
        enqueue(tx, db, random, now, job).await?;
        return Ok(());
    }
    let waiting = db.jobs_waiting(crew);
    tx.on_commit(move || waiting.notify_one());
    Ok(())
}
