//! The table of applications.

use ::store::{Filter, Look, Row, Sql, Tx, args};
use kernel::{Page, PageAsk, Word};
use platform::Cx;
use platform::figures::MOST_WAITING;
use platform::identity::{Permission, Principal, Role, UserId, UserRef, UserState};

use super::model::{Application, ApplicationId, ApplicationState};
use crate::projects::{ProjectId, ProjectRef};

const COLUMNS: &str = "SELECT a.id, a.project_id, p.name AS project_name, a.agent_id, u.name AS agent_name, a.reason, a.state, \
                       r.id AS reviewer, r.name AS reviewer_name, a.note, a.created_at, a.decided_at \
                       FROM applications a JOIN projects p ON p.id = a.project_id JOIN users u ON u.id = a.agent_id \
                       LEFT JOIN users r ON r.id = COALESCE(a.decided_by, a.reviewer_id)";

fn read(row: &Row) -> ::store::Result<Application> {
    Ok(Application {
        id: row.get("id")?,
        project: ProjectRef { id: row.get("project_id")?, name: row.get("project_name")? },
        agent: UserRef { id: row.get("agent_id")?, name: row.get("agent_name")? },
        reason: row.get("reason")?,
        state: row.word("state")?,
        reviewer: UserRef::from_row(row, "reviewer", "reviewer_name")?,
        note: row.get("note")?,
        created_at: row.get("created_at")?,
        reviewed_at: row.get("decided_at")?,
    })
}

/// Those that the user decides: a super admin may decide all, an agent admin those that were sent to it.
pub(super) fn for_review(filter: &mut Filter, user: &Principal) {
    if user.role != Role::SuperAdmin {
        filter.and("a.reviewer_id = ?", user.id);
    }
}

pub(super) async fn list(sql: &mut impl Sql, look: &Look, ask: &PageAsk) -> ::store::Result<Page<Application>> {
    look.page(sql, COLUMNS, "a.id", ask, read, |application| application.id.uuid()).await
}

pub(super) async fn find(sql: &mut impl Sql, id: ApplicationId) -> ::store::Result<Option<Application>> {
    sql.opt(&format!("{COLUMNS} WHERE a.id = $1"), args![id], read).await
}

/// Takes one that `filter` lets through, as it is now.
pub(super) async fn lock(tx: &mut Tx, mut filter: Filter, id: ApplicationId) -> ::store::Result<Option<Application>> {
    filter.and("a.id = ?", id);
    let query = format!("SELECT a.id FROM applications a WHERE {}{}", filter.sql(), tx.for_update());
    match tx.opt(&query, filter.args(), |_| Ok(())).await? {
        Some(()) => find(tx, id).await,
        None => Ok(None),
    }
}

/// `None` when one of this agent for this project waits already.
pub(super) async fn insert(
    tx: &mut Tx,
    cx: &Cx,
    project: ProjectId,
    user: &Principal,
    reviewer: Option<UserId>,
    reason: &str,
) -> ::store::Result<Option<ApplicationId>> {
    let id: ApplicationId = cx.id();
    let sql = "INSERT INTO applications (id, project_id, agent_id, reviewer_id, reason, state, note, created_at) \
               VALUES ($1, $2, $3, $4, $5, $6, '', $7) ON CONFLICT DO NOTHING";
    let state = ApplicationState::Pending.as_str();
    let written = tx.exec(sql, args![id, project, user.id, reviewer, reason, state, cx.now()]).await?;
    Ok((written == 1).then_some(id))
}

pub(super) async fn decide(
    tx: &mut Tx,
    cx: &Cx,
    id: ApplicationId,
    to: ApplicationState,
    note: &str,
    by: Option<UserId>,
) -> ::store::Result<()> {
    let sql = "UPDATE applications SET state = $1, note = $2, decided_by = $3, decided_at = $4 WHERE id = $5";
    tx.exec(sql, args![to.as_str(), note, by, cx.now(), id]).await?;
    Ok(())
}

pub(super) async fn agent_state(sql: &mut impl Sql, id: UserId) -> ::store::Result<Option<UserState>> {
    sql.opt("SELECT state FROM users WHERE id = $1", args![id], |row| row.word("state")).await
}

/// What an agent may apply for, as conditions on `p`: open, and neither granted nor asked for.
pub(super) fn open_to(user: &Principal, now: kernel::Timestamp) -> Filter {
    let mut filter = Filter::new();
    let (agent, now) = (filter.arg(user.id), filter.arg(now));
    filter.and_plain("p.open_for_application");
    filter.and_plain(&format!(
        "NOT EXISTS (SELECT 1 FROM grants g WHERE g.project_id = p.id AND g.agent_id = {agent} AND g.state = 'active' \
         AND (g.ends_at IS NULL OR g.ends_at > {now}))"
    ));
    filter.and_plain(&format!(
        "NOT EXISTS (SELECT 1 FROM applications a WHERE a.project_id = p.id AND a.agent_id = {agent} AND a.state = 'pending')"
    ));
    filter
}

/// Whether the project takes applications: switched on, and open for them. Its name, if so.
pub(super) async fn open_project(sql: &mut impl Sql, id: ProjectId) -> ::store::Result<Option<String>> {
    let query = "SELECT name FROM projects WHERE id = $1 AND state = 'active' AND open_for_application";
    sql.opt(query, args![id], |row| row.get("name")).await
}

/// How many wait: for who reviews, those to decide; for others, their own. Counts no further than [`MOST_WAITING`].
pub async fn pending(sql: &mut impl Sql, user: &Principal) -> ::store::Result<i64> {
    let mut filter = Filter::new();
    filter.and("a.state = ?", ApplicationState::Pending.as_str());
    if user.role.may(Permission::GrantsReview) {
        for_review(&mut filter, user);
    } else {
        filter.and("a.agent_id = ?", user.id);
    }
    let query = format!(
        "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM (SELECT 1 AS one FROM applications a WHERE {} LIMIT {MOST_WAITING}) waiting",
        filter.sql()
    );
    sql.one(&query, filter.args(), |row| row.get("n")).await
}
