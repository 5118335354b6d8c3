//! Reading what a set needs: keys by their look-up with their projects, and devices by key where they are asked for.

use std::collections::HashMap;

use kernel::Timestamp;
use platform::identity::UserId;
use store::{Direct, Insert, Row, Sql, ToValue, Tx, all_in, args};
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
    /// The devices behind `candidate.bound`: those that a query asks for, and those that this set binds.
    pub devices: Vec<BoundDevice>,
    /// What it was before this set changed it.
    pub before: Option<Candidate>,
}

impl Found {
    /// Id, name, and since when.
    pub fn bound_devices(&self) -> Vec<(String, String, Timestamp)> {
        self.devices.iter().map(|device| (device.id.clone(), device.name.clone(), device.bound_at)).collect()
    }
}

#[derive(Debug, Clone)]
pub(super) struct BoundDevice {
    pub id: String,
    pub name: String,
    pub bound_at: Timestamp,
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
    pub keys: HashMap<Vec<u8>, Found>,
    pub projects: HashMap<ProjectId, ProjectNow>,
}

impl Loaded {
    fn take(&mut self, rows: Vec<(Vec<u8>, Found, ProjectNow)>) {
        for (lookup, key, project) in rows {
            self.projects.insert(key.project, project);
            self.keys.insert(lookup, key);
        }
    }
}

const SELECT: &str = "SELECT k.id, k.lookup, k.project_id, k.batch_id, k.agent_id, k.unit, k.validity, k.activated_at, k.expires_at, k.disabled_at, \
    k.devices, k.unbinds, k.bound, p.state, p.devices_per_key, p.callback_url, CASE WHEN p.callback_url IS NOT NULL THEN p.callback_events END AS wants \
    FROM keys k JOIN projects p ON p.id = k.project_id WHERE k.lookup IN";

fn read(row: &Row) -> store::Result<(Vec<u8>, Found, ProjectNow)> {
    let facts = Facts {
        activated_at: row.get("activated_at")?,
        expires_at: row.get("expires_at")?,
        disabled_at: row.get("disabled_at")?,
        devices: row.get("devices")?,
        unbinds: row.get("unbinds")?,
    };
    let validity = Validity { unit: row.word("unit")?, count: row.get("validity")? };
    let bound = bound::read(&row.get::<String>("bound")?);
    let found = Found {
        id: row.get("id")?,
        project: row.get("project_id")?,
        batch: row.get("batch_id")?,
        agent: row.get("agent_id")?,
        candidate: Candidate { facts, validity, bound },
        devices: Vec::new(),
        before: None,
    };
    Ok((row.get("lookup")?, found, project(row)?))
}

fn project(row: &Row) -> store::Result<ProjectNow> {
    let wants = row.get::<Option<String>>("wants")?.map_or_else(Vec::new, |wants| serde_json::from_str(&wants).unwrap_or_default());
    let active = row.word::<ProjectState>("state")? == ProjectState::Active;
    Ok(ProjectNow { active, seats: row.get("devices_per_key")?, wants, url: row.get("callback_url")? })
}

/// Reads all keys of a set with their projects.
pub(super) async fn load(sql: &mut impl Sql, lookups: &[&[u8]], projects: &[ProjectId]) -> store::Result<Loaded> {
    let rows = all_in(sql, SELECT, "", lookups.iter().map(|lookup| lookup.to_value()).collect(), read).await?;
    with_projects(sql, rows, projects).await
}

/// The same, and whether one of these nonces is known already: one message to PostgreSQL.
pub(super) async fn load_unless_known(
    sql: &mut Direct,
    nonces: &[Uuid],
    lookups: &[&[u8]],
    projects: &[ProjectId],
) -> store::Result<(bool, Loaded)> {
    let (nonces, lookups) = (nonces.iter().map(|id| id.to_value()).collect(), lookups.iter().map(|lookup| lookup.to_value()).collect());
    let (known, rows) = sql.all_in_and_any(SELECT, lookups, "SELECT 1 FROM nonces WHERE id IN", nonces, read).await?;
    Ok((known, with_projects(sql, rows, projects).await?))
}

/// Adds those projects of which no key was found.
async fn with_projects(sql: &mut impl Sql, rows: Vec<(Vec<u8>, Found, ProjectNow)>, projects: &[ProjectId]) -> store::Result<Loaded> {
    let mut loaded = Loaded { keys: HashMap::new(), projects: HashMap::new() };
    loaded.take(rows);
    let others = projects.iter().filter(|id| !loaded.projects.contains_key(id)).map(|id| id.to_value()).collect();
    let text = "SELECT id, state, devices_per_key, callback_url, CASE WHEN callback_url IS NOT NULL THEN callback_events END AS wants FROM projects WHERE id IN";
    loaded.projects.extend(all_in(sql, text, "", others, |row| Ok((row.get::<ProjectId>("id")?, project(row)?))).await?);
    Ok(loaded)
}

/// Locks the keys that will be changed, in the order of their ids, and reads them as they are then. (Of a locked row PostgreSQL
/// gives what is there now, not what was there when the statement began: but only of that row. What a verdict needs of a key
/// stands there.)
pub(super) async fn lock(tx: &mut Tx, lookups: &[&[u8]], loaded: &mut Loaded) -> store::Result<()> {
    let tail = format!(" ORDER BY k.id{} OF k", tx.for_update());
    let rows = all_in(tx, SELECT, &tail, lookups.iter().map(|lookup| lookup.to_value()).collect(), read).await?;
    loaded.take(rows);
    Ok(())
}

/// The devices of those keys that somebody asks about with them.
pub(super) async fn devices(sql: &mut impl Sql, keys: &mut HashMap<Vec<u8>, Found>, asked: &[&[u8]]) -> store::Result<()> {
    let ids: HashMap<KeyId, &[u8]> = asked.iter().filter_map(|lookup| Some((keys.get(*lookup)?.id, *lookup))).collect();
    let text = "SELECT key_id, device_id, device_name, bound_at FROM key_devices WHERE key_id IN";
    let rows = all_in(sql, text, "", ids.keys().map(|id| id.to_value()).collect(), |row| {
        Ok((
            row.get::<KeyId>("key_id")?,
            BoundDevice { id: row.get("device_id")?, name: row.get("device_name")?, bound_at: row.get("bound_at")? },
        ))
    });
    for (id, device) in rows.await? {
        if let Some(key) = ids.get(&id).and_then(|lookup| keys.get_mut(*lookup)) {
            key.devices.push(device);
        }
    }
    for lookup in ids.values() {
        if let Some(key) = keys.get_mut(*lookup) {
            key.devices.sort_by(|a, b| (a.bound_at, &a.id).cmp(&(b.bound_at, &b.id)));
        }
    }
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
