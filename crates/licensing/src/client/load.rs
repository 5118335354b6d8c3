//! Reading what a set needs: keys by their look-up, and their projects.

use std::collections::HashMap;

use platform::identity::UserId;
use store::{Insert, Row, Sql, ToValue, Tx, all_in, all_in_either, args};
use uuid::Uuid;

use crate::batches::BatchId;
use crate::keys::bound;
use crate::keys::verdict::Candidate;
use crate::keys::{Facts, KeyId, Validity};
use crate::projects::{CallbackEvent, ProjectId, ProjectState};

/// A key, as found.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub id: KeyId,
    pub project: ProjectId,
    pub batch: BatchId,
    pub agent: UserId,
    pub candidate: Candidate,
    /// Its devices as they were read. Written down only if they stand there so still: word for word, whatever is made of a damaged line.
    pub bound: String,
    /// What it was before this set changed it.
    pub before: Option<Candidate>,
}

/// What a verdict depends on beside the key.
#[derive(Debug, Clone)]
pub(super) struct ProjectNow {
    pub active: bool,
    pub seats: i64,
    /// What its owner wants to be called back for, and where.
    pub wants: Vec<CallbackEvent>,
    pub url: Option<String>,
}

/// What a set's requests ask about.
pub(super) struct Loaded {
    /// By look-up.
    pub keys: HashMap<Uuid, Found>,
    pub projects: HashMap<ProjectId, ProjectNow>,
}

impl Loaded {
    fn take(&mut self, rows: Vec<Read>) {
        for row in rows {
            match row {
                Read::Key(lookup, key) => drop(self.keys.insert(lookup, *key)),
                Read::Project(id, project) => drop(self.projects.insert(id, project)),
            }
        }
    }
}

/// Keys and projects are read by one statement, and by the places of their columns: this is read more often than all else together.
enum Read {
    Key(Uuid, Box<Found>),
    Project(ProjectId, ProjectNow),
}

const KEYS: &str = "SELECT k.lookup, k.project_id, k.id, k.batch_id, k.agent_id, k.unit, k.validity, k.activated_at, k.expires_at, k.disabled_at, \
    k.devices, k.unbinds, k.bound, NULL AS state, NULL AS seats, NULL AS url, NULL AS wants FROM keys k WHERE k.lookup IN";
const PROJECTS: &str = "SELECT NULL, p.id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, p.state, p.devices_per_key, \
    p.callback_url, CASE WHEN p.callback_url IS NOT NULL THEN p.callback_events END FROM projects p WHERE p.id IN";

fn read(row: &Row) -> store::Result<Read> {
    let project = row.get(1)?;
    let Some(lookup) = row.get::<Option<Uuid>>(0)? else {
        let wants = row.get::<Option<String>>(16)?.map_or_else(Vec::new, |wants| serde_json::from_str(&wants).unwrap_or_default());
        let active = row.word::<ProjectState>(13)? == ProjectState::Active;
        return Ok(Read::Project(project, ProjectNow { active, seats: row.get(14)?, wants, url: row.get(15)? }));
    };
    let facts = Facts {
        activated_at: row.get(7)?,
        expires_at: row.get(8)?,
        disabled_at: row.get(9)?,
        devices: row.get(10)?,
        unbinds: row.get(11)?,
    };
    let validity = Validity { unit: row.word(5)?, count: row.get(6)? };
    let bound: String = row.get(12)?;
    let found = Found {
        id: row.get(2)?,
        project,
        batch: row.get(3)?,
        agent: row.get(4)?,
        candidate: Candidate { facts, validity, bound: bound::read(&bound) },
        bound,
        before: None,
    };
    Ok(Read::Key(lookup, Box::new(found)))
}

/// Reads all keys of a set, and all projects.
pub(super) async fn load(sql: &mut impl Sql, lookups: &[Uuid], projects: &[ProjectId]) -> store::Result<Loaded> {
    let (lookups, projects) = (lookups.iter().map(|id| id.to_value()).collect(), projects.iter().map(|id| id.to_value()).collect());
    let mut loaded = Loaded { keys: HashMap::new(), projects: HashMap::new() };
    loaded.take(all_in_either(sql, [(KEYS, lookups), (PROJECTS, projects)], read).await?);
    Ok(loaded)
}

/// Locks the keys that will be changed, in the order of their ids, and reads them as they are then. (Of a locked row PostgreSQL
/// gives what is there now, not what was there when the statement began: what a verdict needs of a key stands there.)
pub(super) async fn lock(tx: &mut Tx, lookups: &[Uuid], loaded: &mut Loaded) -> store::Result<()> {
    let tail = format!(" ORDER BY k.id{}", tx.for_update());
    let rows = all_in(tx, KEYS, &tail, lookups.iter().map(|lookup| lookup.to_value()).collect(), read).await?;
    loaded.take(rows);
    Ok(())
}

/// What is added to the day's counts: one row a project and agent, of this part.
pub(super) fn counts(day: i64, part: i64, counts: HashMap<(ProjectId, UserId), (i64, i64)>) -> Insert<'static> {
    let mut counts: Vec<_> = counts.into_iter().collect();
    // In one order, so that two sets on two machines do not lock crosswise.
    counts.sort_unstable_by_key(|(key, _)| *key);
    let row = |((project, agent), (accepted, refused))| args![day, project, agent, part, accepted, refused];
    Insert {
        table: "verification_days",
        columns: &["day", "project_id", "agent_id", "part", "accepted", "refused"],
        rows: counts.into_iter().map(row).collect(),
        tail: "ON CONFLICT (day, project_id, agent_id, part) DO UPDATE SET accepted = verification_days.accepted + excluded.accepted, refused = verification_days.refused + excluded.refused",
    }
}
