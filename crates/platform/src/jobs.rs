//! Jobs as an operator sees them: what waits, what failed for good, and starting that again.

use kernel::{Fault, Kind, Page, PageAsk};
use serde_json::json;
use store::jobs::{self, JobId, JobState, JobView};

use crate::identity::Permission;
use crate::{Cx, Result, audit};

/// Newest first. Payloads are not shown: they may hold addresses.
pub async fn list(cx: &Cx, state: Option<JobState>, kind: Option<&str>, ask: &PageAsk) -> Result<Page<JobView>> {
    cx.require(Permission::JobsManage)?;
    Ok(jobs::list(&cx.db, state, kind, ask).await?)
}

/// Starts a job again that was given up.
pub async fn retry(cx: &Cx, id: JobId) -> Result<JobView> {
    cx.require(Permission::JobsManage)?;
    let mut tx = cx.db.begin().await?;
    let Some(job) = jobs::find(&mut tx, id).await? else {
        return Err(Fault::not_found());
    };
    if !jobs::retry(&mut tx, &cx.db, id, cx.now()).await? {
        return Err(Fault::new(
            Kind::Conflict,
            "JOB_NOT_DEAD",
            "只有已放弃的任务可以重试",
            "Only a job that was given up can be started again",
        ));
    }
    audit::record(&mut tx, cx, &audit::JOB_RETRIED, Some(id.into()), &json!({ "kind": job.kind, "last_error": job.last_error })).await?;
    let job = jobs::find(&mut tx, id).await?.ok_or_else(Fault::not_found)?;
    tx.commit().await?;
    Ok(job)
}
