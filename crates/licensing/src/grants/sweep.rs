//! What the clock does to grants: warns before their end, and writes the end down.

use ::store::jobs::{Handlers, JobKind, Outcome};
use ::store::{Filter, Tx};
use kernel::Fault;
use platform::identity::UserId;
use platform::messages::{self, templates};
use platform::settings::defs;
use platform::upkeep::Schedule;
use platform::{Actor, Cx, Result};

use super::model::{EndedReason, GrantId, warning_horizon};
use super::service::{LINK, write_end};
use super::store;
use crate::projects::ProjectId;

pub const SCHEDULE: Schedule = Schedule { kind: SWEEP, every_seconds: 60 };
const SWEEP: JobKind = JobKind::new("grants.sweep");
/// So many in one transaction, so that the writer is not held up.
const AT_ONCE: i64 = 50;

pub fn handlers(handlers: &mut Handlers<Cx>) {
    handlers.add(SWEEP, |cx, _| async move {
        match sweep(&cx).await {
            Ok(()) => Outcome::Done,
            Err(fault) => Outcome::Retry(fault.to_string()),
        }
    });
}

async fn sweep(cx: &Cx) -> Result<()> {
    while expire_some(cx).await? == AT_ONCE {}
    while warn_some(cx).await? == AT_ONCE {}
    Ok(())
}

async fn expire_some(cx: &Cx) -> Result<i64> {
    let mut tx = cx.db.begin().await?;
    let mut filter = Filter::new();
    filter.and_plain("g.state = 'active' AND g.ends_at IS NOT NULL").and("g.ends_at <= ?", cx.now());
    let due = store::lock(&mut tx, filter, AT_ONCE).await?;
    for id in &due {
        expire(&mut tx, cx, *id).await?;
    }
    tx.commit().await?;
    Ok(i64::try_from(due.len()).unwrap_or(0))
}

/// Writes down the end of this agent's grant for this project, if it has passed.
pub(super) async fn expire_pair(tx: &mut Tx, cx: &Cx, project: ProjectId, agent: UserId) -> Result<()> {
    let mut filter = Filter::new();
    filter.and("g.project_id = ?", project).and("g.agent_id = ?", agent);
    filter.and_plain("g.state = 'active' AND g.ends_at IS NOT NULL").and("g.ends_at <= ?", cx.now());
    for id in store::lock(tx, filter, 1).await? {
        expire(tx, cx, id).await?;
    }
    Ok(())
}

async fn expire(tx: &mut Tx, cx: &Cx, id: GrantId) -> Result<()> {
    let grant = store::find(tx, id, cx.now()).await?.ok_or_else(Fault::not_found)?;
    let Some(ended_at) = grant.ends_at else { return Ok(()) };
    // The clock ended it, whoever has just met it.
    let mut clock = cx.clone();
    clock.actor = Actor::System;
    write_end(tx, &clock, grant, EndedReason::Expired, ended_at).await?;
    Ok(())
}

async fn warn_some(cx: &Cx) -> Result<i64> {
    let now = cx.now();
    let Some(horizon) = warning_horizon(now, cx.settings.get(defs::GRANT_WARNING_DAYS)) else { return Ok(0) };
    let mut tx = cx.db.begin().await?;
    let mut filter = Filter::new();
    filter.and_plain("g.state = 'active' AND g.ends_at IS NOT NULL AND g.warned_at IS NULL");
    filter.and("g.ends_at > ?", now).and("g.ends_at <= ?", horizon);
    let soon = store::lock(&mut tx, filter, AT_ONCE).await?;
    for id in &soon {
        store::set_warned(&mut tx, *id, now).await?;
        let Some(grant) = store::find(&mut tx, *id, now).await? else { continue };
        let ends_at = grant.ends_at.map(|end| end.to_string()).unwrap_or_default();
        let told = [("project", grant.project.name), ("ends_at", ends_at)];
        messages::tell(&mut tx, cx, grant.agent.id, &templates::GRANT_ENDING, &told, Some(LINK.into())).await?;
    }
    tx.commit().await?;
    Ok(i64::try_from(soon.len()).unwrap_or(0))
}
