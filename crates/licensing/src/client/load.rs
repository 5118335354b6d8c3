//! Reading what a set needs: keys by their look-up, projects by id, and devices by key where they are asked for. One statement each.

use std::collections::HashMap;

use kernel::Timestamp;
use platform::identity::UserId;
use store::{Insert, Row, ToValue, Tx, all_in, args};

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
    pub changed: bool,
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
    /// What its owner wants to be called back for.
    pub wants: Vec<CallbackEvent>,
}

const SELECT: &str = "SELECT k.id, k.lookup, k.project_id, k.batch_id, k.agent_id, k.unit, k.validity, k.activated_at, k.expires_at, k.disabled_at, \
    k.devices, k.unbinds, k.bound FROM keys k WHERE k.lookup IN";

fn read(row: &Row) -> store::Result<(Vec<u8>, Found)> {
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
        changed: false,
    };
    Ok((row.get("lookup")?, found))
}

/// All keys of the set, by look-up. One of a project that nobody here asks for is not read any further: it must not take longer
/// than one that is not there.
pub(super) async fn keys(
    tx: &mut Tx,
    lookups: &[&[u8]],
    projects: &HashMap<ProjectId, ProjectNow>,
) -> store::Result<HashMap<Vec<u8>, Found>> {
    let own = |row: &Row| if projects.contains_key(&row.get("project_id")?) { read(row).map(Some) } else { Ok(None) };
    let rows = all_in(tx, SELECT, "", lookups.iter().map(|lookup| lookup.to_value()).collect(), own).await?;
    Ok(rows.into_iter().flatten().collect())
}

/// The devices of those keys that somebody asks about with them.
pub(super) async fn devices(tx: &mut Tx, keys: &mut HashMap<Vec<u8>, Found>, asked: &[&[u8]]) -> store::Result<()> {
    let ids: HashMap<KeyId, &[u8]> = asked.iter().filter_map(|lookup| Some((keys.get(*lookup)?.id, *lookup))).collect();
    let sql = "SELECT key_id, device_id, device_name, bound_at FROM key_devices WHERE key_id IN";
    let rows = all_in(tx, sql, "", ids.keys().map(|id| id.to_value()).collect(), |row| {
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

/// Locks the keys that will be changed, in the order of their ids, and only then reads them: a statement
/// sees what was there when it began, which may be before it got the lock.
pub(super) async fn lock(
    tx: &mut Tx,
    lookups: &[&[u8]],
    projects: &HashMap<ProjectId, ProjectNow>,
) -> store::Result<HashMap<Vec<u8>, Found>> {
    let tail = format!(" ORDER BY id{}", tx.for_update());
    let values = lookups.iter().map(|lookup| lookup.to_value()).collect();
    all_in(tx, "SELECT id FROM keys WHERE lookup IN", &tail, values, |_| Ok(())).await?;
    keys(tx, lookups, projects).await
}

pub(super) async fn projects(tx: &mut Tx, mut ids: Vec<ProjectId>) -> store::Result<HashMap<ProjectId, ProjectNow>> {
    ids.sort_unstable();
    ids.dedup();
    let values = ids.into_iter().map(ToValue::to_value).collect();
    let rows =
        all_in(tx, "SELECT id, state, devices_per_key, callback_url, callback_events FROM projects WHERE id IN", "", values, |row| {
            let wants = match row.get::<Option<String>>("callback_url")? {
                Some(_) => serde_json::from_str(&row.get::<String>("callback_events")?).unwrap_or_default(),
                None => Vec::new(),
            };
            let active = row.word::<ProjectState>("state")? == ProjectState::Active;
            let now = ProjectNow { active, seats: row.get("devices_per_key")?, wants };
            Ok((row.get::<ProjectId>("id")?, now))
        })
        .await?;
    Ok(rows.into_iter().collect())
}

/// What is added to the day's counts: one row a project and agent.
pub(super) fn counts(day: i64, counts: HashMap<(ProjectId, UserId), (i64, i64)>) -> Insert<'static> {
    let mut counts: Vec<_> = counts.into_iter().collect();
    // In one order, so that two sets on two machines do not lock crosswise.
    counts.sort_unstable_by_key(|(key, _)| *key);
    let row = |((project, agent), (accepted, refused))| args![day, project, agent, accepted, refused];
    Insert {
        table: "verification_days",
        columns: &["day", "project_id", "agent_id", "accepted", "refused"],
        rows: counts.into_iter().map(row).collect(),
        tail: "ON CONFLICT (day, project_id, agent_id) DO UPDATE SET accepted = verification_days.accepted + excluded.accepted, refused = verification_days.refused + excluded.refused",
    }
}
