//! The table of grants.

use ::store::{Row, Sql, ToValue, args, placeholders};
use kernel::Timestamp;
use platform::identity::{UserId, UserRef};

use super::model::Grant;
use crate::projects::{ProjectId, ProjectRef};

const COLUMNS: &str = "SELECT g.id, g.project_id, p.name AS project_name, g.agent_id, a.name AS agent_name, g.granted_by, b.name AS by_name, \
                       g.starts_at, g.ends_at, g.state, g.ended_reason, g.note, g.created_at \
                       FROM grants g JOIN projects p ON p.id = g.project_id JOIN users a ON a.id = g.agent_id LEFT JOIN users b ON b.id = g.granted_by";

/// Good at the moment in `$1`.
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
    let live = LIVE.replace('?', "$3");
    let query = format!("SELECT 1 AS usable FROM grants g WHERE g.project_id = $1 AND g.agent_id = $2 AND {live}");
    Ok(sql.opt(&query, args![project, agent, now], |_| Ok(())).await?.is_some())
}
