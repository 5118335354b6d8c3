//! What a process had begun that has ended, and cannot have said so: killed, or without power. Whoever has come in its place knows that it has ended, and
//! need not wait for its leases to. Of other processes nobody knows: theirs last as long as they were taken for.

use kernel::Timestamp;
use uuid::Uuid;

use super::{Crew, JobId};
use crate::{Db, Result, Row, Sql, args};

/// A job that was begun.
struct Begun {
    id: JobId,
    kind: String,
    attempt: i64,
    lease: Uuid,
}

/// Has what this process had begun taken up again, by whoever comes first; and lets its crews work elsewhere. It must have ended: where it has not,
/// its jobs are carried out twice. Answers how many jobs there were.
pub async fn take_over(db: &Db, former: Uuid, now: Timestamp) -> Result<usize> {
    let sql = format!(
        "UPDATE jobs SET lease_until = $2 WHERE state = 'running' AND crew IN ({}) AND worker = $1 AND lease_until > $2 \
         RETURNING id, kind, attempts, lease_token",
        Crew::list()
    );
    let read =
        |row: &Row| Ok(Begun { id: row.get("id")?, kind: row.get("kind")?, attempt: row.get("attempts")?, lease: row.get("lease_token")? });
    let mut tx = db.begin().await?;
    let begun = tx.all(&sql, args![former, now], read).await?;
    tx.exec("DELETE FROM crews WHERE holder = $1", args![former]).await?;
    // Before it is so: of each lease that was ended the log tells, wherever this process is killed.
    for Begun { id, kind, attempt, lease } in &begun {
        tracing::info_span!("job", id = %id, kind = %kind, attempt = attempt)
            .in_scope(|| tracing::debug!(%lease, until = %now, "left behind"));
    }
    tx.commit().await?;
    if !begun.is_empty() {
        tracing::info!(%former, jobs = begun.len(), "a former process had begun these jobs; they are taken up again");
    }
    Ok(begun.len())
}
