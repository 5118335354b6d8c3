//! Use cases of grants.

use ::store::{Filter, Index, Look, Tx};
use kernel::{Fault, Page, PageAsk, Timestamp};
use platform::idempotency::IdempotencyKey;
use platform::identity::{Permission, Principal, Scope, UserId, UserState};
use platform::messages::{self, templates};
use platform::{Cx, Result, audit};
use serde_json::json;

use super::error::GrantError;
use super::model::{EndedReason, Grant, GrantId, GrantState, NewGrant, check_end, note};
use super::{store, sweep};
use crate::projects::{self, ProjectBrief, ProjectError, ProjectId, ProjectState};

/// Where the console shows grants.
pub(super) const LINK: &str = "/grants";

/// Grants a project to an agent, and tells the agent (K2.2a).
pub async fn create(cx: &Cx, form: NewGrant, key: Option<&IdempotencyKey>) -> Result<Grant> {
    let user = cx.require(Permission::GrantsManage)?;
    check_end(form.ends_at, cx.now())?;
    let note = note(&form.note, 0)?;

    let mut tx = cx.db.begin().await?;
    if let Some(key) = key
        && let Some(first) = key.seen(&mut tx, cx, user.id.uuid()).await?
    {
        return Ok(first);
    }
    let state = store::holder(&mut tx, user, form.agent_id).await?.ok_or_else(Fault::not_found)?;
    let grant = give(&mut tx, cx, form.project_id, (form.agent_id, state), form.ends_at, &note).await?.ok_or(GrantError::Exists)?;
    let told = [("project", grant.project.name.clone())];
    messages::tell(&mut tx, cx, grant.agent.id, &templates::GRANTED, &told, Some(LINK.into())).await?;
    if let Some(key) = key {
        key.answer(&mut tx, user.id.uuid(), &grant).await?;
    }
    tx.commit().await?;
    Ok(grant)
}

/// Writes a grant into the caller's transaction, for an active agent and an active project. `None` when the agent holds
/// one already. Telling the agent is the caller's business.
pub(crate) async fn give(
    tx: &mut Tx,
    cx: &Cx,
    project: ProjectId,
    (agent, agent_state): (UserId, UserState),
    ends_at: Option<Timestamp>,
    note: &str,
) -> Result<Option<Grant>> {
    match projects::state_of(tx, project).await? {
        None => return Err(Fault::not_found()),
        Some((_, ProjectState::Disabled)) => return Err(ProjectError::Disabled.into()),
        Some((_, ProjectState::Active)) => {}
    }
    if agent_state != UserState::Active {
        return Err(GrantError::AgentNotActive.into());
    }
    // One that is over, but that the sweep has not reached, must not be in the way.
    sweep::expire_pair(tx, cx, project, agent).await?;
    let Some(id) = store::insert(tx, cx, project, agent, ends_at, note).await? else { return Ok(None) };
    let grant = store::find(tx, id, cx.now()).await?.ok_or_else(Fault::not_found)?;
    let detail = json!({"project": grant.project, "agent": grant.agent, "ends_at": ends_at});
    audit::record(tx, cx, &audit::GRANT_CREATED, Some(id.into()), &detail).await?;
    Ok(Some(grant))
}

/// Moves a live grant's end, or takes it away; the agent is told.
pub async fn change_end(cx: &Cx, id: GrantId, ends_at: Option<Timestamp>) -> Result<Grant> {
    let user = cx.require(Permission::GrantsManage)?;
    check_end(ends_at, cx.now())?;

    let mut tx = cx.db.begin().await?;
    let before = take_live(&mut tx, cx, user, id).await?;
    if before.ends_at == ends_at {
        return Ok(before);
    }
    store::set_end(&mut tx, id, ends_at).await?;
    let detail = json!({"project": before.project, "agent": before.agent, "old": before.ends_at, "new": ends_at});
    audit::record(&mut tx, cx, &audit::GRANT_CHANGED, Some(id.into()), &detail).await?;
    let told = [("project", before.project.name.clone())];
    messages::tell(&mut tx, cx, before.agent.id, &templates::GRANT_CHANGED, &told, Some(LINK.into())).await?;
    tx.commit().await?;
    Ok(Grant { ends_at, ..before })
}

/// Ends a live grant now; the agent is told. Keys that were made stay good.
pub async fn end(cx: &Cx, id: GrantId) -> Result<Grant> {
    let user = cx.require(Permission::GrantsManage)?;
    let mut tx = cx.db.begin().await?;
    let grant = take_live(&mut tx, cx, user, id).await?;
    let grant = write_end(&mut tx, cx, grant, EndedReason::Revoked, cx.now()).await?;
    tx.commit().await?;
    Ok(grant)
}

/// The end of a grant, however it came: written, logged, and the agent told.
pub(super) async fn write_end(tx: &mut Tx, cx: &Cx, grant: Grant, reason: EndedReason, at: Timestamp) -> Result<Grant> {
    store::set_ended(tx, grant.id, reason, at).await?;
    let detail = json!({"project": grant.project, "agent": grant.agent, "reason": reason});
    audit::record(tx, cx, &audit::GRANT_ENDED, Some(grant.id.into()), &detail).await?;
    let told = [("project", grant.project.name.clone())];
    messages::tell(tx, cx, grant.agent.id, &templates::GRANT_ENDED, &told, Some(LINK.into())).await?;
    Ok(Grant { state: GrantState::Ended, ended_reason: Some(reason), ..grant })
}

/// Takes a grant that the user decides about. One's own is seen, but decided by one's superior.
async fn take_live(tx: &mut Tx, cx: &Cx, user: &Principal, id: GrantId) -> Result<Grant> {
    let mut filter = Filter::new();
    filter.and("g.id = ?", id);
    user.scope().restrict(&mut filter, "g.agent_id");
    store::lock(tx, filter, 1).await?.pop().ok_or_else(Fault::not_found)?;
    let grant = store::find(tx, id, cx.now()).await?.ok_or_else(Fault::not_found)?;
    if grant.agent.id == user.id {
        return Err(Fault::forbidden());
    }
    match grant.state {
        GrantState::Active => Ok(grant),
        GrantState::Ended => Err(GrantError::Ended.into()),
    }
}

#[derive(Debug, Default)]
pub struct GrantFilter {
    pub project: Option<ProjectId>,
    pub agent: Option<UserId>,
    pub state: Option<GrantState>,
}

const BY_AGENT: Index = Index { name: "grants_agent", columns: &["agent_id"] };
const BY_PROJECT: Index = Index { name: "grants_project", columns: &["project_id"] };

/// Newest first. An agent sees its own, an agent admin also its agents', a super admin all.
pub async fn list(cx: &Cx, filter: &GrantFilter, ask: &PageAsk) -> Result<Page<Grant>> {
    let user = cx.require(Permission::KeysView)?;
    let (now, scope, mut sql) = (cx.now(), user.scope(), cx.db.read());
    let mut look = Look::new("grants", "id");
    match filter.agent {
        Some(agent) if !scope.sees(&mut sql, agent).await? => return Ok(Page::empty()),
        Some(agent) => drop(look.by(&BY_AGENT).along("agent_id", agent)),
        None if scope == Scope::All => {}
        None if scope.few(&mut sql, 1).await? => scope.look(look.by(&BY_AGENT), "agent_id"),
        None => scope.rest(&mut look, "g.agent_id"),
    }
    match filter.project {
        Some(project) if filter.agent.is_none() && scope == Scope::All => drop(look.by(&BY_PROJECT).along("project_id", project)),
        project => drop(look.rest_some("g.project_id = ?", project)),
    }
    if let Some(state) = filter.state {
        let now = look.arg(now);
        look.rest_plain(&store::state_text(state, &now));
    }
    store::list(&mut sql, &look, ask, now).await.map_err(Into::into)
}

/// The projects that one may grant: all that are switched on. An agent admin may grant those, too, that it has no grant for.
pub async fn choices(cx: &Cx, search: Option<&str>, ask: &PageAsk) -> Result<Page<ProjectBrief>> {
    cx.require(Permission::GrantsManage)?;
    projects::choices(cx, Filter::new(), search, ask).await
}
