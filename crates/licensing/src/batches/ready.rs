//! The batches that are ready, for who goes through the keys of all that somebody may see: one after the other, along the indexes of the
//! lists, so that none is read twice.

use std::collections::VecDeque;

use kernel::Word;
use platform::identity::{Principal, Scope, UserId};
use store::{Filter, Onward, Row, Sql, args};
use uuid::Uuid;

use super::model::{BatchId, BatchState};
use super::service::{BY_AGENT, BY_PROJECT};
use crate::owned::granted;
use crate::projects::ProjectId;

/// How many are read at once.
const AHEAD: i64 = 100;

/// A batch, and how many keys it has.
type Found = (BatchId, i64);

/// Those of one agent and one project, or of all agents.
struct Lane {
    agent: Option<UserId>,
    project: ProjectId,
    /// What was found before.
    after: Uuid,
}

/// Project by project, and each project's agent by agent: of either the oldest first.
#[derive(Default)]
pub(crate) struct Ready {
    lanes: VecDeque<Lane>,
}

impl Ready {
    /// Those that the asker may see, of one agent and one project, or of all.
    pub async fn of(sql: &mut impl Sql, user: &Principal, agent: Option<UserId>, project: Option<ProjectId>) -> store::Result<Self> {
        let scope = user.scope();
        if let Some(agent) = agent
            && !scope.sees(sql, agent).await?
        {
            return Ok(Self::default());
        }
        // A look at one agent sees what the agent itself does.
        let mut lanes = match (granted(agent.map_or(scope, Scope::Own), "$1"), project) {
            (None, Some(project)) => vec![Lane::new(None, project)],
            (None, None) => sql.all("SELECT id FROM projects", args![], |row| Ok(Lane::new(None, row.get("id")?))).await?,
            (Some((me, granted)), _) => sql.all(&granted, args![me], |row| Ok(Lane::new(Some(row.get("v0")?), row.get("v1")?))).await?,
        };
        lanes.retain(|lane| project.is_none_or(|project| lane.project == project));
        lanes.sort_unstable_by_key(|lane| (lane.project.uuid(), lane.agent.map(|agent| agent.uuid())));
        Ok(Self { lanes: lanes.into() })
    }

    /// The next ones; none at the end.
    pub async fn next(&mut self, sql: &mut impl Sql) -> store::Result<Vec<Found>> {
        while let Some(lane) = self.lanes.front_mut() {
            let found = lane.next(sql).await?;
            match found.last() {
                Some((last, _)) if i64::try_from(found.len()).unwrap_or(0) >= AHEAD => lane.after = last.uuid(),
                _ => {
                    self.lanes.pop_front();
                }
            }
            if !found.is_empty() {
                return Ok(found);
            }
        }
        Ok(Vec::new())
    }
}

impl Lane {
    const fn new(agent: Option<UserId>, project: ProjectId) -> Self {
        Self { agent, project, after: Uuid::nil() }
    }

    async fn next(&self, sql: &mut impl Sql) -> store::Result<Vec<Found>> {
        let ready = BatchState::Ready.as_str();
        let (index, said, values) = match self.agent {
            Some(agent) => (&BY_AGENT, &["$2", "$3", "$4"][..], args![self.after, agent, self.project, ready]),
            None => (&BY_PROJECT, &["$2", "$3"][..], args![self.after, self.project, ready]),
        };
        let onward = Onward { table: "batches", index, said, after: "$1", most: AHEAD };
        let query = format!("SELECT t.id AS id, t.count AS count {}", onward.rows(sql.engine()));
        let mut found = sql.all(&query, values, read).await?;
        found.sort_unstable_by_key(|(batch, _)| batch.uuid());
        Ok(found)
    }
}

/// This batch, where it is ready, the asker may see it, and it is as asked for.
pub(crate) async fn ready_batch(
    sql: &mut impl Sql,
    user: &Principal,
    id: BatchId,
    agent: Option<UserId>,
    project: Option<ProjectId>,
) -> store::Result<Option<Found>> {
    let mut filter = Filter::new();
    filter.and("id = ?", id).and("state = ?", BatchState::Ready.as_str());
    filter.and_some("agent_id = ?", agent).and_some("project_id = ?", project);
    user.scope().restrict(&mut filter, "agent_id");
    let query = format!("SELECT id, count FROM batches WHERE {}", filter.sql());
    sql.opt(&query, filter.args(), read).await
}

fn read(row: &Row) -> store::Result<Found> {
    Ok((row.get("id")?, row.get("count")?))
}
