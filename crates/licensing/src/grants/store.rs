//! The table of grants.

use ::store::{Filter, Look, Row, Sql, ToValue, Tx, args, placeholders};
use kernel::{Page, PageAsk, Timestamp, Word};
use platform::Cx;
use platform::identity::{Principal, Role, UserId, UserRef, UserState};

use super::model::{EndedReason, Grant, GrantId, GrantState};
use crate::projects::{ProjectId, ProjectRef};

const COLUMNS: &str = "SELECT g.id, g.project_id, p.name AS project_name, g.agent_id, a.name AS agent_name, g.granted_by, b.name AS by_name, \
                       g.starts_at, g.ends_at, g.state, g.ended_reason, g.note, g.created_at \
                       FROM grants g JOIN projects p ON p.id = g.project_id JOIN users a ON a.id = g.agent_id LEFT JOIN users b ON b.id = g.granted_by";

/// Good at the moment that takes the place of `?`.
const LIVE: &str = "g.state = 'active' AND (g.ends_at IS NULL OR g.ends_at > ?)";

fn read(row: &Row, now: Timestamp) -> ::store::Result<Grant> {
    let grant = Grant {
        id: row.get("id")?,
        project: ProjectRef { id: row.get("project_id")?, name: row.get("project_name")? },
        agent: UserRef { id: row.get("agent_id")?, name: row.get("agent_name")? },
        granted_by: UserRef::from_row(row, "granted_by", "by_name")?,
        starts_at: row.get("starts_at")?,
        ends_at: row.get("ends_at")?,
        state: row.word("state")?,
        ended_reason: row.opt_word("ended_reason")?,
        note: row.get("note")?,
        created_at: row.get("created_at")?,
    };
    Ok(grant.at(now))
}

/// The grants of this agent for these projects that are good now.
pub async fn live_of(sql: &mut impl Sql, agent: UserId, projects: &[ProjectId], now: Timestamp) -> ::store::Result<Vec<Grant>> {
    let wanted = placeholders(3, projects.len());
    let live = LIVE.replace('?', "$2");
    let mut values = args![agent, now];
    values.extend(projects.iter().map(|id| id.to_value()));
    sql.all(&format!("{COLUMNS} WHERE g.agent_id = $1 AND {live} AND g.project_id IN ({wanted})"), values, |row| read(row, now)).await
}

/// Whether the agent may make keys for the project at `now`. The grant's end counts at once.
pub async fn usable(sql: &mut impl Sql, project: ProjectId, agent: UserId, now: Timestamp) -> ::store::Result<bool> {
    good(sql, project, agent, now, "").await
}

/// The same, and until the transaction ends nobody ends the grant.
pub async fn held(tx: &mut Tx, project: ProjectId, agent: UserId, now: Timestamp) -> ::store::Result<bool> {
    let share = tx.for_share();
    good(tx, project, agent, now, share).await
}

async fn good(sql: &mut impl Sql, project: ProjectId, agent: UserId, now: Timestamp, lock: &str) -> ::store::Result<bool> {
    let live = LIVE.replace('?', "$3");
    let query = format!("SELECT 1 AS usable FROM grants g WHERE g.project_id = $1 AND g.agent_id = $2 AND {live}{lock}");
    Ok(sql.opt(&query, args![project, agent, now], |_| Ok(())).await?.is_some())
}

/// A page of them.
pub(super) async fn list(sql: &mut impl Sql, look: &Look, ask: &PageAsk, now: Timestamp) -> ::store::Result<Page<Grant>> {
    look.page(sql, COLUMNS, "g.id", ask, |row| read(row, now), |grant| grant.id.uuid()).await
}

/// The state that a list asks for is the one that counts now, not the one that is written; `now` is the placeholder of the time.
pub(super) fn state_text(state: GrantState, now: &str) -> String {
    match state {
        GrantState::Active => LIVE.replace('?', now),
        GrantState::Ended => format!("g.state = 'ended' OR g.ends_at <= {now}"),
    }
}

/// The grants in this filter that end first, of those that end before `until`.
pub async fn ending(sql: &mut impl Sql, mut filter: Filter, now: Timestamp, until: Timestamp, most: i64) -> ::store::Result<Vec<Grant>> {
    filter.and_plain("g.state = 'active' AND g.ends_at IS NOT NULL").and("g.ends_at > ?", now).and("g.ends_at <= ?", until);
    let limit = filter.arg(most);
    let query = format!("{COLUMNS} WHERE {} ORDER BY g.ends_at, g.id LIMIT {limit}", filter.sql());
    sql.all(&query, filter.args(), |row| read(row, now)).await
}

pub(super) async fn find(sql: &mut impl Sql, id: GrantId, now: Timestamp) -> ::store::Result<Option<Grant>> {
    sql.opt(&format!("{COLUMNS} WHERE g.id = $1"), args![id], |row| read(row, now)).await
}

/// Takes those that `filter` lets through, at most `most`, in the order of their ids.
pub(super) async fn lock(tx: &mut Tx, mut filter: Filter, most: i64) -> ::store::Result<Vec<GrantId>> {
    let limit = filter.arg(most);
    let query = format!("SELECT g.id FROM grants g WHERE {} ORDER BY g.id LIMIT {limit}{}", filter.sql(), tx.for_update());
    tx.all(&query, filter.args(), |row| row.get("id")).await
}

/// Who could hold a grant, of those whom `user` decides for.
pub(super) async fn holder(sql: &mut impl Sql, user: &Principal, agent: UserId) -> ::store::Result<Option<UserState>> {
    let mut filter = Filter::new();
    filter.and("u.id = ?", agent).and_plain("u.role IN ('agent', 'agent_admin')");
    if user.role != Role::SuperAdmin {
        filter.and("u.superior_id = ?", user.id);
    }
    sql.opt(&format!("SELECT u.state FROM users u WHERE {}", filter.sql()), filter.args(), |row| row.word("state")).await
}

/// `None` when the agent holds a live grant for the project.
pub(super) async fn insert(
    tx: &mut Tx,
    cx: &Cx,
    project: ProjectId,
    agent: UserId,
    ends_at: Option<Timestamp>,
    note: &str,
) -> platform::Result<Option<GrantId>> {
    let id: GrantId = cx.id();
    let by = cx.user()?.id;
    let sql = "INSERT INTO grants (id, project_id, agent_id, granted_by, note, starts_at, ends_at, state, created_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $6) ON CONFLICT DO NOTHING";
    let written = tx.exec(sql, args![id, project, agent, by, note, cx.now(), ends_at, GrantState::Active.as_str()]).await?;
    Ok((written == 1).then_some(id))
}

/// Another end is warned of anew.
pub(super) async fn set_end(tx: &mut Tx, id: GrantId, ends_at: Option<Timestamp>) -> ::store::Result<()> {
    tx.exec("UPDATE grants SET ends_at = $1, warned_at = NULL WHERE id = $2", args![ends_at, id]).await?;
    Ok(())
}

pub(super) async fn set_ended(tx: &mut Tx, id: GrantId, reason: EndedReason, at: Timestamp) -> ::store::Result<()> {
    let sql = "UPDATE grants SET state = 'ended', ended_reason = $1, ended_at = $2 WHERE id = $3 AND state = 'active'";
    tx.exec(sql, args![reason.as_str(), at, id]).await?;
    Ok(())
}

pub(super) async fn set_warned(tx: &mut Tx, id: GrantId, now: Timestamp) -> ::store::Result<()> {
    tx.exec("UPDATE grants SET warned_at = $1 WHERE id = $2", args![now, id]).await?;
    Ok(())
}
