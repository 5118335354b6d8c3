//! What verification tells others: callbacks to the project's owner, and notifications to the agent (K3.2c, K7.2).

use kernel::Timestamp;
use platform::Platform;
use platform::identity::UserId;
use platform::messages::{NotificationId, templates};
use platform::settings::defs;
use store::{Tx, args, insert_many};

use crate::client::Device;
use crate::keys::{Code, KeyId};
use crate::projects::ProjectId;

/// One verification, as others may want to know it.
pub struct Happened {
    pub project: ProjectId,
    pub project_name: String,
    pub code: Code,
    pub first_use: bool,
    pub key: Option<(KeyId, UserId)>,
    pub hint: String,
    pub device: Device,
    pub expires_at: Option<Timestamp>,
}

/// Writes it all into the transaction that decided it.
pub async fn tell(tx: &mut Tx, platform: &Platform, happened: Vec<Happened>, now: Timestamp) -> store::Result<()> {
    if platform.settings.get(defs::NOTIFY_ACTIVATIONS) {
        notify(tx, platform, &happened, now).await?;
    }
    Ok(())
}

async fn notify(tx: &mut Tx, platform: &Platform, happened: &[Happened], now: Timestamp) -> store::Result<()> {
    let mut rows = Vec::new();
    for event in happened.iter().filter(|event| event.first_use) {
        let Some((key, agent)) = event.key else { continue };
        let device = if event.device.name.is_empty() { &event.device.id } else { &event.device.name };
        let params = serde_json::json!({"project": event.project_name, "hint": event.hint, "device": device}).to_string();
        let id = NotificationId::new(now, &platform.random);
        rows.push(args![id, agent, templates::KEY_ACTIVATED.kind, params, format!("/keys/{key}"), now]);
        let hub = platform.hub.clone();
        tx.on_commit(move || hub.wake(agent));
    }
    insert_many(tx, "notifications", &["id", "user_id", "kind", "params", "link", "created_at"], rows, "").await?;
    Ok(())
}

/// A batch has all its keys.
pub async fn batch_created(_tx: &mut Tx, _cx: &platform::Cx, _batch: &crate::batches::Batch) -> platform::Result<()> {
    Ok(())
}

/// An agent has cleared a key's devices.
pub async fn key_unbound(_tx: &mut Tx, _cx: &platform::Cx, _project: ProjectId, _key: KeyId, _devices: &[&str]) -> platform::Result<()> {
    Ok(())
}

/// The clock has ended these keys.
pub async fn keys_expired(_tx: &mut Tx, _cx: &platform::Cx, _keys: &[(KeyId, ProjectId)]) -> platform::Result<()> {
    Ok(())
}
