//! All that failed of a project: sent again, or dismissed. Trials are left alone: each is tried once, and whoever asked for it was looking.
//!
//! However many there are, nobody waits for them: the first are done within the asking, the rest by a job ([`FAILED_JOB`]), so many in a
//! transaction.
//!
//! **Invariant**: an ask reaches each delivery once: what fails again after it stays as it is.

use kernel::{Kind, Timestamp};
use platform::audit;
use platform::identity::Permission;
use platform::{Cx, Result};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::jobs::{self, Job, JobKind, NewJob, Outcome};
use store::{Sql, ToValue, Tx, args, placeholders};

use super::emit::RoundJob;
use super::error::CallbackError;
use super::model::DeliveryId;
use super::service::lock;
use crate::projects::ProjectId;

pub const FAILED_JOB: JobKind = JobKind::new("callback.failed");

/// So many in one transaction: others wait for the writer no longer than that takes.
const AT_ONCE: i64 = 500;

kernel::words! {
    /// What is to become of them.
    pub enum WithFailed { Resend = "resend", Dismiss = "dismiss" }
}

/// How far it has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct FailedDone {
    /// So many are sent again, or dismissed.
    pub done: i64,
    /// There may be more, which follow by themselves.
    pub more: bool,
}

/// What is left to be done.
#[derive(Debug, Serialize, Deserialize)]
struct Rest {
    project: ProjectId,
    what: WithFailed,
    /// When it was asked for, in microseconds.
    asked_at: i64,
}

/// Sends all that failed of a project again, as each by itself: the same event ids and payloads, new rounds of attempts. Or dismisses all of it.
/// Asked for once more, it finds what has failed since.
pub async fn with_failed(cx: &Cx, project: ProjectId, what: WithFailed) -> Result<FailedDone> {
    cx.require(Permission::CallbacksManage)?;

    let mut tx = cx.db.begin().await?;
    let rest = Rest { project, what, asked_at: cx.now().micros() };
    let done = some(&mut tx, cx, &rest).await?;
    let more = done == AT_ONCE;
    if done > 0 {
        let action = match what {
            WithFailed::Resend => &audit::DELIVERIES_RESENT,
            WithFailed::Dismiss => &audit::DELIVERIES_DISMISSED,
        };
        audit::record(&mut tx, cx, action, Some(project.into()), &json!({ "count": done, "more": more })).await?;
    }
    if more {
        cx.enqueue(&mut tx, NewJob::new(FAILED_JOB, &rest, cx.now())?).await?;
    }
    tx.commit().await?;

    Ok(FailedDone { done, more })
}

/// Goes on with an ask. Begun again after a crash, it goes on where it was.
pub async fn failed_job(cx: Cx, job: Job) -> Outcome {
    let rest: Rest = match job.read() {
        Ok(rest) => rest,
        Err(outcome) => return outcome,
    };
    loop {
        match step(&cx, &rest).await {
            Ok(AT_ONCE) => tokio::task::yield_now().await,
            Ok(_) => return Outcome::Done,
            // Its address was taken away meanwhile. When there is one again, it can be asked for again.
            Err(fault) if fault.kind == Kind::Conflict => return Outcome::GiveUp(fault.to_string()),
            Err(fault) => return Outcome::Retry(fault.to_string()),
        }
    }
}

async fn step(cx: &Cx, rest: &Rest) -> Result<i64> {
    let mut tx = cx.db.begin().await?;
    let done = some(&mut tx, cx, rest).await?;
    tx.commit().await?;
    Ok(done)
}

/// Those that failed first. Answers how many.
async fn some(tx: &mut Tx, cx: &Cx, rest: &Rest) -> Result<i64> {
    // Two who ask at once take turns.
    let project = lock(tx, rest.project).await?;
    if rest.what == WithFailed::Resend && project.url.is_none() {
        return Err(CallbackError::NotSet.into());
    }
    let sql = format!(
        "SELECT id FROM deliveries WHERE project_id = $1 AND state = 'failed' AND event <> 'test' AND finished_at <= $2 \
         ORDER BY finished_at, id LIMIT $3{}",
        tx.for_update()
    );
    let failed: Vec<DeliveryId> =
        tx.all(&sql, args![rest.project, Timestamp::from_micros(rest.asked_at), AT_ONCE], |row| row.get("id")).await?;
    if failed.is_empty() {
        return Ok(0);
    }
    let ids = failed.iter().map(|id| id.to_value());
    match rest.what {
        WithFailed::Resend => {
            let now = cx.now();
            let sql = format!(
                "UPDATE deliveries SET state = 'waiting', since = $1, next_attempt_at = $1, finished_at = NULL WHERE id IN ({})",
                placeholders(2, failed.len())
            );
            tx.exec(&sql, args![now].into_iter().chain(ids).collect()).await?;
            let rounds = failed.iter().map(|id| RoundJob::of(*id, now)).collect::<store::Result<Vec<_>>>()?;
            jobs::enqueue_many(tx, &cx.db, &cx.random, now, rounds).await?;
        }
        WithFailed::Dismiss => {
            let sql = format!("UPDATE deliveries SET state = 'dismissed' WHERE id IN ({})", placeholders(1, failed.len()));
            tx.exec(&sql, ids.collect()).await?;
        }
    }
    Ok(i64::try_from(failed.len()).unwrap_or(AT_ONCE))
}
