//! Reading keys for the console.

use kernel::Timestamp;
use platform::identity::{UserId, UserRef};
use platform::vault::Vault;
use serde::Serialize;
use store::{Row, Sql, ToValue, all_in, args};

use super::model::{Facts, KeyId, KeyState};
use super::{KeyText, bound, lookup};
use crate::batches::BatchId;
use crate::projects::{ProjectId, ProjectRef, ValidityUnit};

/// A key as the console shows it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Key {
    pub id: KeyId,
    /// The whole text for whom it belongs to; all but the last group masked for others.
    pub key: String,
    pub project: ProjectRef,
    pub batch_id: BatchId,
    pub agent: UserRef,
    pub state: KeyState,
    pub unit: ValidityUnit,
    pub validity: i64,
    pub activated_at: Option<Timestamp>,
    pub expires_at: Option<Timestamp>,
    pub devices: Vec<KeyDevice>,
    pub unbind_count: i64,
    pub created_at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct KeyDevice {
    pub id: String,
    pub name: String,
    pub bound_at: Timestamp,
}

/// A row before its text is opened.
pub(crate) struct Raw {
    pub id: KeyId,
    pub sealed: Vec<u8>,
    pub project: ProjectRef,
    pub batch: BatchId,
    pub agent: UserRef,
    pub facts: Facts,
    /// In the order in which they were bound.
    pub devices: Vec<KeyDevice>,
    pub disabled_by: Option<UserId>,
    /// As of the last change: the clock may have gone on.
    pub written: KeyState,
    pub unit: ValidityUnit,
    pub validity: i64,
    pub created_at: Timestamp,
}

pub(crate) const SELECT: &str = "SELECT k.id, k.sealed, k.project_id, p.name AS project_name, k.batch_id, k.agent_id, u.name AS agent_name, k.unit, k.validity, k.activated_at, k.expires_at, k.disabled_at, k.disabled_by, k.state, k.devices, k.unbinds, k.bound, k.created_at \
    FROM keys k JOIN projects p ON p.id = k.project_id JOIN users u ON u.id = k.agent_id";

pub(crate) fn read(row: &Row) -> store::Result<Raw> {
    Ok(Raw {
        id: row.get("id")?,
        sealed: row.get("sealed")?,
        project: ProjectRef { id: row.get("project_id")?, name: row.get("project_name")? },
        batch: row.get("batch_id")?,
        agent: UserRef { id: row.get("agent_id")?, name: row.get("agent_name")? },
        facts: Facts {
            activated_at: row.get("activated_at")?,
            expires_at: row.get("expires_at")?,
            disabled_at: row.get("disabled_at")?,
            devices: row.get("devices")?,
            unbinds: row.get("unbinds")?,
        },
        devices: bound::read(&row.get::<String>("bound")?),
        disabled_by: row.get("disabled_by")?,
        written: row.word("state")?,
        unit: row.word("unit")?,
        validity: row.get("validity")?,
        created_at: row.get("created_at")?,
    })
}

/// The key of this text, whichever project's it is, and whose. For people: they may not know the project.
pub(crate) async fn find(sql: &mut impl Sql, vault: &Vault, key: KeyText) -> store::Result<Option<(KeyId, UserId)>> {
    let projects: Vec<ProjectId> = sql.all("SELECT id FROM projects", args![], |row| row.get("id")).await?;
    let lookups = projects.into_iter().map(|project| lookup(vault, project, key).to_value()).collect();
    let found = all_in(sql, "SELECT id, agent_id FROM keys WHERE lookup IN", "", lookups, |row| Ok((row.get("id")?, row.get("agent_id")?)));
    Ok(found.await?.into_iter().next())
}
