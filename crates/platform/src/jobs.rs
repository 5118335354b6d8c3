//! Jobs as an operator sees them: what waits, what failed for good, and starting that again or dismissing it; and being told of it where money waits.

use std::collections::{BTreeSet, HashSet};

use kernel::{Fault, Kind, Page, PageAsk};
use serde_json::json;
use store::Tx;
use store::jobs::{self, GivenUp, Job, JobId, JobKind, JobState, JobView, NewJob, Outcome};

use crate::identity::Permission;
use crate::messages::templates;
use crate::{Cx, Result, audit, messages, payments};

/// What nothing takes up again by itself ([`take_up`]) once its job is put away. Money that was paid would stay where it is: in a wallet, to be spent
/// once more, for a table that nobody opens or ends; or frozen until its network lets it go.
const NEEDED: [JobKind; 2] = [payments::PAID_JOB, payments::NOTICE_JOB];

/// Newest first. Payloads are not shown: they may hold addresses.
pub async fn list(cx: &Cx, state: Option<JobState>, kind: Option<&str>, ask: &PageAsk) -> Result<Page<JobView>> {
    cx.require(Permission::JobsManage)?;
    Ok(jobs::list(&cx.db, state, kind, ask).await?)
}

/// Starts a job again that was given up.
pub async fn retry(cx: &Cx, id: JobId) -> Result<JobView> {
    cx.require(Permission::JobsManage)?;
    let mut tx = cx.db.begin().await?;
    let job = jobs::find(&mut tx, id).await?.ok_or_else(Fault::not_found)?;
    if !jobs::retry(&mut tx, &cx.db, id, cx.now()).await? {
        return Err(not_dead("只有已放弃的任务可以重试", "Only a job that was given up can be started again"));
    }
    recorded(tx, cx, &audit::JOB_RETRIED, &job).await
}

/// Puts away a job that was given up: nothing is to be done about it. As with what was done, it is seen for some days, and nobody counts it. Not one
/// whose work nothing else does.
pub async fn dismiss(cx: &Cx, id: JobId) -> Result<JobView> {
    cx.require(Permission::JobsManage)?;
    let mut tx = cx.db.begin().await?;
    let job = jobs::find(&mut tx, id).await?.ok_or_else(Fault::not_found)?;
    if job.state == JobState::Dead && NEEDED.iter().any(|kind| kind.name == job.kind) {
        return Err(Fault::new(
            Kind::Conflict,
            "JOB_NEEDED",
            "这个任务关系到已付的款项，没有别的任务会代替它，不能标为已处理；请排除原因后重试",
            "Money that was paid waits for this job, and no other does its work: mend the cause and start it again instead of dismissing it",
        ));
    }
    if !jobs::dismiss(&mut tx, id, cx.now()).await? {
        return Err(not_dead("只有已放弃的任务可以标为已处理", "Only a job that was given up can be dismissed"));
    }
    recorded(tx, cx, &audit::JOB_DISMISSED, &job).await
}

fn not_dead(zh: &'static str, en: &'static str) -> Fault {
    Fault::new(Kind::Conflict, "JOB_NOT_DEAD", zh, en)
}

/// Writes down what was done about a job, with why it had been given up, and commits. Answers the job as it is now.
async fn recorded(mut tx: Tx, cx: &Cx, action: &audit::Action, before: &JobView) -> Result<JobView> {
    let detail = json!({ "kind": before.kind, "last_error": before.last_error });
    audit::record(&mut tx, cx, action, Some(before.id.into()), &detail).await?;
    let job = jobs::find(&mut tx, before.id).await?.ok_or_else(Fault::not_found)?;
    tx.commit().await?;
    Ok(job)
}

/// Has all of these carried out that no job is about any more: it was given up after too many faults, or is gone. What has its job is left alone.
pub async fn take_up(cx: &Cx, mut wanted: Vec<NewJob>) -> Result<()> {
    // Read after what is under way: what ended in between gets a job for nothing, which does no harm.
    let mut known = HashSet::new();
    for kind in wanted.iter().map(|job| job.kind.name).collect::<BTreeSet<_>>() {
        let payloads = jobs::under_way(&mut cx.db.read(), kind).await?;
        known.extend(payloads.into_iter().map(|payload| (kind, payload)));
    }
    wanted.retain(|job| !known.contains(&(job.kind.name, job.payload.clone())));
    for job in wanted {
        tracing::warn!(kind = job.kind.name, about = %job.payload, "nobody was looking after this any more; it is taken up again");
        let mut tx = cx.db.begin().await?;
        jobs::again(&mut tx, &cx.db, &cx.random, cx.now(), job).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// Something about money was given up: whoever may start it again is told, with the place where that is done.
pub(crate) async fn given_up_job(cx: Cx, job: Job) -> Outcome {
    let of: GivenUp = match job.read() {
        Ok(of) => of,
        Err(outcome) => return outcome,
    };
    match tell(&cx, &of).await {
        Ok(()) => Outcome::Done,
        Err(fault) => Outcome::Retry(fault.to_string()),
    }
}

async fn tell(cx: &Cx, of: &GivenUp) -> Result<()> {
    let said = [("kind", of.kind.clone()), ("why", of.why.clone())];
    let mut tx = cx.db.begin().await?;
    let link = format!("/jobs?state=dead&kind={}", of.kind);
    messages::tell_super_admins(&mut tx, cx, &templates::JOB_GIVEN_UP, &said, Some(&link)).await?;
    Ok(tx.commit().await?)
}
