//! How many keys are in which state.
//!
//! Bounded: each figure is counted in an index and stops at [`MOST`]; one that has reached it may be more, and is shown so. A key whose
//! time has run out counts as expired at once, although its row may say something else until the sweep has passed.

use std::collections::HashMap;

use ::store::{Filter, Sql, args};
use kernel::Timestamp;
use platform::identity::Scope;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::model::ProjectId;
use crate::owned::granted;

/// No figure goes further.
const MOST: i64 = 1_000_000;
/// The sweep leaves no more than this behind.
const MOST_OVERDUE: i64 = 10_000;
/// Projects that are counted by one statement.
const AT_ONCE: i64 = 500;
const STATES: [&str; 4] = ["unused", "active", "expired", "disabled"];
/// Found by when they end, not by project: there are few of them, and the limit keeps the planner from choosing otherwise.
const OVERDUE: &str = "SELECT project_id, agent_id, state FROM keys WHERE expires_at <= $1 AND expires_at IS NOT NULL \
                       AND state IN ('active', 'unused') LIMIT $2";

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct KeyCounts {
    pub unused: i64,
    pub active: i64,
    pub expired: i64,
    pub disabled: i64,
    /// How far each of them is counted: one that has reached it may be more.
    pub most: i64,
}

impl Default for KeyCounts {
    fn default() -> Self {
        Self { unused: 0, active: 0, expired: 0, disabled: 0, most: MOST }
    }
}

impl KeyCounts {
    /// What has reached the bound stays there: of what was not counted to its end nobody knows whether it would be less.
    fn add(&mut self, state: &str, n: i64) {
        let figure = match state {
            "unused" => &mut self.unused,
            "active" => &mut self.active,
            "expired" => &mut self.expired,
            _ => &mut self.disabled,
        };
        if *figure < MOST {
            *figure = (*figure + n).clamp(0, MOST);
        }
    }

    /// `n` keys say `state`, but their time has run out.
    fn overdue(&mut self, state: &str, n: i64) {
        self.add(state, -n);
        self.add("expired", n);
    }

    fn plus(mut self, other: Self) -> Self {
        for (state, n) in STATES.iter().zip([other.unused, other.active, other.expired, other.disabled]) {
            self.add(state, n);
        }
        self
    }
}

/// Of each of these projects.
pub(super) async fn counts_of(
    sql: &mut impl Sql,
    projects: &[ProjectId],
    now: Timestamp,
) -> ::store::Result<HashMap<ProjectId, KeyCounts>> {
    let mut counts: HashMap<ProjectId, KeyCounts> = projects.iter().map(|id| (*id, KeyCounts::default())).collect();
    for state in STATES {
        let wanted = ::store::placeholders(3, projects.len());
        let query = format!(
            "SELECT p.id, (SELECT CAST(COUNT(*) AS BIGINT) FROM (SELECT 1 AS one FROM keys k WHERE k.project_id = p.id AND k.state = $1 LIMIT $2) counted) AS n \
             FROM projects p WHERE p.id IN ({wanted})"
        );
        let mut values = args![state, MOST];
        values.extend(projects.iter().map(|id| ::store::ToValue::to_value(*id)));
        for (id, n) in sql.all(&query, values, |row| Ok((row.get::<ProjectId>("id")?, row.get::<i64>("n")?))).await? {
            counts.entry(id).or_default().add(state, n);
        }
    }
    let query = format!("SELECT project_id, state, CAST(COUNT(*) AS BIGINT) AS n FROM ({OVERDUE}) late GROUP BY project_id, state");
    let late = sql
        .all(&query, args![now, MOST_OVERDUE], |row| {
            Ok((row.get::<ProjectId>("project_id")?, row.get::<String>("state")?, row.get::<i64>("n")?))
        })
        .await?;
    for (id, state, n) in late {
        if let Some(counts) = counts.get_mut(&id) {
            counts.overdue(&state, n);
        }
    }
    Ok(counts)
}

/// Of all projects together: for who sees everything.
pub async fn counts_of_all(sql: &mut impl Sql, now: Timestamp) -> ::store::Result<KeyCounts> {
    let mut counts = KeyCounts::default();
    let mut before = Uuid::max();
    loop {
        let query = "SELECT id FROM projects WHERE id < $1 ORDER BY id DESC LIMIT $2";
        let projects: Vec<ProjectId> = sql.all(query, args![before, AT_ONCE], |row| row.get("id")).await?;
        let Some(last) = projects.last() else { return Ok(counts) };
        before = last.uuid();
        counts = counts_of(sql, &projects, now).await?.into_values().fold(counts, KeyCounts::plus);
    }
}

/// Of the agents in this scope.
pub async fn counts_of_agents(sql: &mut impl Sql, scope: Scope, now: Timestamp) -> ::store::Result<KeyCounts> {
    let Some((me, granted)) = granted(scope, "$3") else { return counts_of_all(sql, now).await };
    let mut counts = KeyCounts::default();
    // For each grant, where the index has the state behind it: of an agent's keys those of other states are not read.
    let query = format!(
        "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM (SELECT 1 AS one FROM ({granted}) d CROSS JOIN keys t \
         WHERE t.agent_id = d.v0 AND t.project_id = d.v1 AND t.state = $1 LIMIT $2) counted"
    );
    for state in STATES {
        counts.add(state, sql.one(&query, args![state, MOST, me], |row| row.get("n")).await?);
    }
    let mut filter = Filter::new();
    // The first two places are OVERDUE's own.
    filter.arg(now);
    filter.arg(MOST_OVERDUE);
    scope.restrict(&mut filter, "late.agent_id");
    let query =
        format!("SELECT late.state, CAST(COUNT(*) AS BIGINT) AS n FROM ({OVERDUE}) late WHERE {} GROUP BY late.state", filter.sql());
    for (state, n) in sql.all(&query, filter.args(), |row| Ok((row.get::<String>("state")?, row.get::<i64>("n")?))).await? {
        counts.overdue(&state, n);
    }
    Ok(counts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_overdue_key_moves_to_expired_and_no_figure_leaves_its_bounds() {
        let counted = |unused, active, expired, disabled| KeyCounts { unused, active, expired, disabled, most: MOST };
        let mut counts = counted(2, 3, 1, 4);
        counts.overdue("active", 2);
        counts.overdue("unused", 5);
        assert_eq!(counts, counted(0, 1, 8, 4));
        assert_eq!(KeyCounts { active: MOST, ..counts }.plus(counts).active, MOST);
        let mut many = counted(MOST - 1, MOST, MOST - 1, 0);
        many.overdue("active", 2);
        many.overdue("unused", 1);
        assert_eq!(many, counted(MOST - 2, MOST, MOST, 0), "there may be more of those that were not counted to their end");
    }

    #[test]
    fn k5_1_figures_of_several_projects_add_up_state_by_state() {
        let counted = |unused, active, expired, disabled| KeyCounts { unused, active, expired, disabled, most: MOST };
        assert_eq!(counted(1, 20, 300, 4_000).plus(counted(2, 30, 400, 5_000)), counted(3, 50, 700, 9_000));
        let most = |n: i64| KeyCounts { unused: n, ..KeyCounts::default() }.plus(KeyCounts { unused: 1, ..KeyCounts::default() }).unused;
        assert_eq!([MOST - 2, MOST - 1, MOST].map(most), [MOST - 1, MOST, MOST]);
    }
}
