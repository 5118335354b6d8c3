//! Reading what a set needs: keys by their look-up, projects by id, devices by key. One statement each.

use std::collections::HashMap;

use kernel::Timestamp;
use platform::identity::UserId;
use store::{Row, ToValue, Tx, all_in, args};

use crate::batches::BatchId;
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
    /// The devices behind `candidate.bound`.
    pub devices: Vec<BoundDevice>,
    pub changed: bool,
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
    pub name: String,
    /// What its owner wants to be called back for.
    pub wants: Vec<CallbackEvent>,
}

const COLUMNS: &str =
    "SELECT id, lookup, project_id, batch_id, agent_id, unit, validity, activated_at, expires_at, disabled_at, devices, unbinds FROM keys";

fn read(row: &Row) -> store::Result<(Vec<u8>, Found)> {
    let facts = Facts {
        activated_at: row.get("activated_at")?,
        expires_at: row.get("expires_at")?,
        disabled_at: row.get("disabled_at")?,
        devices: row.get("devices")?,
        unbinds: row.get("unbinds")?,
    };
    let validity = Validity { unit: row.word("unit")?, count: row.get("validity")? };
    let found = Found {
        id: row.get("id")?,
        project: row.get("project_id")?,
        batch: row.get("batch_id")?,
        agent: row.get("agent_id")?,
        candidate: Candidate { facts, validity, bound: Vec::new() },
        devices: Vec::new(),
        changed: false,
    };
    Ok((row.get("lookup")?, found))
}

/// All keys of the set, by look-up, with their devices. One of a project that nobody here asks for is not read any further: it
/// must not take longer than one that is not there.
pub(super) async fn keys(
    tx: &mut Tx,
    lookups: Vec<Vec<u8>>,
    projects: &HashMap<ProjectId, ProjectNow>,
) -> store::Result<HashMap<Vec<u8>, Found>> {
    if lookups.is_empty() {
        return Ok(HashMap::new());
    }
    let values = lookups.into_iter().map(ToValue::to_value).collect();
    let own = |row: &Row| if projects.contains_key(&row.get("project_id")?) { read(row).map(Some) } else { Ok(None) };
    let mut found: HashMap<Vec<u8>, Found> =
        all_in(tx, &format!("{COLUMNS} WHERE lookup IN"), "", values, own).await?.into_iter().flatten().collect();
    attach_devices(tx, &mut found).await?;
    Ok(found)
}

/// Locks the keys that will be changed, in the order of their ids, and reads them again as they are now.
pub(super) async fn lock(tx: &mut Tx, lookups: Vec<Vec<u8>>) -> store::Result<HashMap<Vec<u8>, Found>> {
    let tail = format!(" ORDER BY id{}", tx.for_update());
    let values = lookups.into_iter().map(ToValue::to_value).collect();
    let mut found: HashMap<Vec<u8>, Found> =
        all_in(tx, &format!("{COLUMNS} WHERE lookup IN"), &tail, values, read).await?.into_iter().collect();
    attach_devices(tx, &mut found).await?;
    Ok(found)
}

async fn attach_devices(tx: &mut Tx, found: &mut HashMap<Vec<u8>, Found>) -> store::Result<()> {
    let bound: Vec<_> = found.values().filter(|key| key.candidate.facts.devices > 0).map(|key| key.id.to_value()).collect();
    if bound.is_empty() {
        return Ok(());
    }
    let rows = all_in(tx, "SELECT key_id, device_id, device_name, bound_at FROM key_devices WHERE key_id IN", "", bound, |row| {
        Ok((
            row.get::<KeyId>("key_id")?,
            BoundDevice { id: row.get("device_id")?, name: row.get("device_name")?, bound_at: row.get("bound_at")? },
        ))
    })
    .await?;
    let mut by_key: HashMap<KeyId, Vec<BoundDevice>> = HashMap::new();
    for (key, device) in rows {
        by_key.entry(key).or_default().push(device);
    }
    for key in found.values_mut() {
        if let Some(mut devices) = by_key.remove(&key.id) {
            devices.sort_by_key(|device| device.bound_at);
            key.candidate.bound = devices.iter().map(|device| device.id.clone()).collect();
            key.devices = devices;
        }
    }
    Ok(())
}

pub(super) async fn projects(tx: &mut Tx, mut ids: Vec<ProjectId>) -> store::Result<HashMap<ProjectId, ProjectNow>> {
    ids.sort_unstable();
    ids.dedup();
    let values = ids.into_iter().map(ToValue::to_value).collect();
    let rows =
        all_in(tx, "SELECT id, name, state, devices_per_key, callback_url, callback_events FROM projects WHERE id IN", "", values, |row| {
            let wants = match row.get::<Option<String>>("callback_url")? {
                Some(_) => serde_json::from_str(&row.get::<String>("callback_events")?).unwrap_or_default(),
                None => Vec::new(),
            };
            let active = row.word::<ProjectState>("state")? == ProjectState::Active;
            let now = ProjectNow { active, seats: row.get("devices_per_key")?, name: row.get("name")?, wants };
            Ok((row.get::<ProjectId>("id")?, now))
        })
        .await?;
    Ok(rows.into_iter().collect())
}

/// Adds to the day's counts: one row a project and agent.
pub(super) async fn count(tx: &mut Tx, day: i64, counts: HashMap<(ProjectId, UserId), (i64, i64)>) -> store::Result<()> {
    let mut counts: Vec<_> = counts.into_iter().collect();
    // In one order, so that two sets on two machines do not lock crosswise.
    counts.sort_unstable_by_key(|(key, _)| *key);
    for ((project, agent), (accepted, refused)) in counts {
        let sql = "INSERT INTO verification_days (day, project_id, agent_id, accepted, refused) VALUES ($1, $2, $3, $4, $5) \
                   ON CONFLICT (day, project_id, agent_id) DO UPDATE SET accepted = verification_days.accepted + excluded.accepted, refused = verification_days.refused + excluded.refused";
        tx.exec(sql, args![day, project, agent, accepted, refused]).await?;
    }
    Ok(())
}
