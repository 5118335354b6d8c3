//! All that failed of a project: sent again, or dismissed. Trials are left alone: each is tried once, and whoever asked for it was looking.
//!
//! However many there are, nobody waits for them: the first are done within the asking, the rest by a job ([`FAILED_JOB`]), so many in a
//! transaction.
//!
//! **Invariant**: an ask reaches each delivery once: what fails again after it stays as it is.

use kernel::{Fault, Kind, Timestamp};
use platform::audit;
use platform::identity::{Permission, Principal, Role, UserId};
use platform::{Cx, Result};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::jobs::{self, Job, JobKind, NewJob, Outcome};
use store::{Sql, ToValue, Tx, args, placeholders, update_many};

use super::emit::RoundJob;
use super::error::CallbackError;
use super::model::DeliveryId;
use super::service::lock;
use super::traffic::turns;
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

/// What is left to be done, and how far the job has come.
#[derive(Debug, Serialize, Deserialize)]
struct Rest {
    project: ProjectId,
    what: WithFailed,
    /// When it was asked for, in microseconds.
    asked_at: i64,
    by: Option<Asker>,
    /// When the next is to be sent, in microseconds.
    #[serde(default)]
    next: i64,
    /// So many the job has reached that are in no line of the log yet.
    #[serde(default)]
    done: i64,
}

/// Who has asked, for the line in which the job says what became of the rest.
#[derive(Debug, Serialize, Deserialize)]
struct Asker {
    id: UserId,
    name: String,
    role: Role,
    superior: Option<UserId>,
}

impl Asker {
    fn of(user: &Principal) -> Self {
        Self { id: user.id, name: user.name.clone(), role: user.role, superior: user.superior }
    }
}

impl Rest {
    /// Writes down how many were reached, in the name of whoever has asked.
    async fn log(&self, tx: &mut Tx, cx: &Cx, count: i64, more: bool) -> Result<()> {
        let action = match self.what {
            WithFailed::Resend => &audit::DELIVERIES_RESENT,
            WithFailed::Dismiss => &audit::DELIVERIES_DISMISSED,
        };
        audit::record(tx, cx, action, Some(self.project.into()), &json!({ "count": count, "more": more })).await
    }

    /// The job's context, in which whoever has asked does what is left.
    fn asked_in(&self, cx: &Cx) -> Cx {
        self.by.as_ref().map_or_else(
            || cx.clone(),
            |by| cx.as_user(Principal { id: by.id, name: by.name.clone(), role: by.role, superior: by.superior, session: cx.id() }),
        )
    }
}

/// Sends all that failed of a project again, as each by itself: the same event ids and payloads, new rounds of attempts, one after the other. Or
/// dismisses all of it. Asked for once more, it finds what has failed since.
pub async fn with_failed(cx: &Cx, project: ProjectId, what: WithFailed) -> Result<FailedDone> {
    let by = cx.require(Permission::CallbacksManage)?;

    let mut tx = cx.db.begin().await?;
    let mut rest = Rest { project, what, asked_at: cx.now().micros(), by: Some(Asker::of(by)), next: 0, done: 0 };
    let done = some(&mut tx, cx, &mut rest).await?;
    let more = done == AT_ONCE;
    if done > 0 {
        rest.log(&mut tx, cx, done, more).await?;
    }
    if more {
        cx.enqueue(&mut tx, NewJob::new(FAILED_JOB, &rest, cx.now())?).await?;
    }
    tx.commit().await?;

    Ok(FailedDone { done, more })
}

/// Goes on with an ask. Begun again after a crash, it goes on where it was.
pub async fn failed_job(cx: Cx, job: Job) -> Outcome {
    let mut rest: Rest = match job.read() {
        Ok(rest) => rest,
        Err(outcome) => return outcome,
    };
    loop {
        match step(&cx, &job, &mut rest).await {
            Ok(Some(end)) => return end,
            Ok(None) => tokio::task::yield_now().await,
            Err(fault) => return Outcome::Retry(fault.to_string()),
        }
    }
}

/// Some of the rest. Answers how it ended, once it has; what it has reached until then is one line of the log.
async fn step(cx: &Cx, job: &Job, rest: &mut Rest) -> Result<Option<Outcome>> {
    let mut tx = cx.db.begin().await?;
    let (done, end) = match some(&mut tx, cx, rest).await {
        Ok(AT_ONCE) => (AT_ONCE, None),
        Ok(done) => (done, Some(Outcome::Done)),
        // Its address was taken away meanwhile. When there is one again, it can be asked for again.
        Err(fault) if fault.kind == Kind::Conflict => (0, Some(Outcome::GiveUp(fault.to_string()))),
        Err(fault) => return Err(fault),
    };
    rest.done += done;
    if end.is_some() && rest.done > 0 {
        rest.log(&mut tx, &rest.asked_in(cx), rest.done, false).await?;
        rest.done = 0;
    }
    if !jobs::keep(&mut tx, job, rest).await? {
        return Err(Fault::internal("another worker has this job"));
    }
    tx.commit().await?;
    Ok(end)
}

/// Those that failed first. Answers how many.
async fn some(tx: &mut Tx, cx: &Cx, rest: &mut Rest) -> Result<i64> {
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
    let ids = failed.iter().map(|id| id.to_value()).collect();
    let state = match rest.what {
        WithFailed::Resend => "state = 'waiting', finished_at = NULL",
        WithFailed::Dismiss => "state = 'dismissed'",
    };
    tx.exec(&format!("UPDATE deliveries SET {state} WHERE id IN ({})", placeholders(1, failed.len())), ids).await?;
    if rest.what == WithFailed::Resend {
        begin(tx, cx, rest, &failed).await?;
    }
    Ok(i64::try_from(failed.len()).unwrap_or(AT_ONCE))
}

/// Begins a new round of each, one after the other: thousands that were due at once would have everybody else's wait until they are through.
async fn begin(tx: &mut Tx, cx: &Cx, rest: &mut Rest, failed: &[DeliveryId]) -> Result<()> {
    let now = cx.now();
    let (turns, next) = turns(Timestamp::from_micros(rest.next).max(now), failed.len());
    rest.next = next.micros();
    let rows = failed.iter().zip(&turns).map(|(id, turn)| args![*id, *turn, *turn]).collect();
    update_many(tx, "deliveries", &["id", "since", "next_attempt_at"], rows).await?;
    let rounds = failed.iter().zip(&turns).map(|(id, turn)| RoundJob::of(*id, *turn)).collect::<store::Result<Vec<_>>>()?;
    jobs::enqueue_many(tx, &cx.db, &cx.random, now, rounds).await?;
    Ok(())
}
