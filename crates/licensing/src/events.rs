//! What verification tells others: callbacks to the project's owner, and notifications to the agent (K3.2c, K7.2).

use kernel::Timestamp;
use platform::identity::UserId;
use platform::messages::{NotificationId, templates};
use platform::settings::defs;
use platform::{Cx, Platform, Result};
use serde_json::{Value, json};
use store::{Insert, Tx, Write, args};

use crate::batches::Batch;
use crate::callbacks::{self, Draft, NewDelivery, emit_many};
use crate::client::Device;
use crate::keys::{Code, KeyId};
use crate::projects::{CallbackEvent, ProjectId};

/// One verification, as others may want to know it.
pub struct Happened {
    pub project: ProjectId,
    pub project_name: String,
    /// What the project's owner is to be called back for, and where.
    pub call: Option<(CallbackEvent, String)>,
    pub code: Code,
    pub first_use: bool,
    pub key: Option<(KeyId, UserId)>,
    pub hint: String,
    pub device: Device,
    pub expires_at: Option<Timestamp>,
}

/// What is written for others, and who is to hear of it when it is.
#[must_use]
pub struct Told {
    pub writes: Vec<Write<'static>>,
    agents: Vec<UserId>,
    jobs: bool,
}

impl Told {
    /// After the commit.
    pub fn wake(self, platform: &Platform) {
        self.agents.into_iter().for_each(|agent| platform.hub.wake(agent));
        if self.jobs {
            platform.db.wake_jobs();
        }
    }
}

pub fn tell(platform: &Platform, happened: Vec<Happened>, now: Timestamp) -> store::Result<Told> {
    let (notifications, agents) = notifications(platform, &happened, now);
    let drafts = happened.into_iter().filter_map(|one| {
        let (event, url) = one.call.clone()?;
        Some(Draft::of(NewDelivery { project: one.project, event, payload: payload(&one) }, url, now))
    });
    let (_, deliveries, jobs) = callbacks::rows(platform, now, drafts.collect())?;
    let any = !jobs.is_empty();
    let jobs = store::jobs::rows(&platform.random, now, jobs);
    Ok(Told { writes: [notifications, deliveries, jobs].map(Write::Insert).into(), agents, jobs: any })
}

fn notifications(platform: &Platform, happened: &[Happened], now: Timestamp) -> (Insert<'static>, Vec<UserId>) {
    let (mut rows, mut agents) = (Vec::new(), Vec::new());
    let wanted = platform.settings.get(defs::NOTIFY_ACTIVATIONS);
    for event in happened.iter().filter(|event| wanted && event.first_use) {
        let Some((key, agent)) = event.key else { continue };
        let device = if event.device.name.is_empty() { &event.device.id } else { &event.device.name };
        let params = json!({"project": event.project_name, "hint": event.hint, "device": device}).to_string();
        let id = NotificationId::new(now, &platform.random);
        rows.push(args![id, agent, templates::KEY_ACTIVATED.kind, params, format!("/keys/{key}"), now]);
        agents.push(agent);
    }
    agents.sort_unstable();
    agents.dedup();
    let columns = &["id", "user_id", "kind", "params", "link", "created_at"];
    (Insert { table: "notifications", columns, rows, tail: "" }, agents)
}

fn payload(one: &Happened) -> Value {
    json!({
        "project_id": one.project,
        "key_id": one.key.map(|(key, _)| key),
        "key_hint": one.hint,
        "code": one.code,
        "first_use": one.first_use,
        "device": {"id": one.device.id, "name": one.device.name},
        "expires_at": one.expires_at,
    })
}

/// A batch has all its keys.
pub async fn batch_created(tx: &mut Tx, cx: &Cx, batch: &Batch) -> Result<()> {
    let payload = json!({"project_id": batch.project.id, "batch_id": batch.id, "agent": batch.agent.name, "count": batch.count, "unit": batch.unit, "validity": batch.validity});
    emit_many(tx, cx, vec![NewDelivery { project: batch.project.id, event: CallbackEvent::BatchCreated, payload }]).await?;
    Ok(())
}

/// An agent has cleared a key's devices.
pub async fn key_unbound(tx: &mut Tx, cx: &Cx, project: ProjectId, key: KeyId, devices: &[&str]) -> Result<()> {
    let payload = json!({"project_id": project, "key_id": key, "devices": devices});
    emit_many(tx, cx, vec![NewDelivery { project, event: CallbackEvent::KeyUnbound, payload }]).await?;
    Ok(())
}

/// The clock has ended these keys.
pub async fn keys_expired(tx: &mut Tx, cx: &Cx, keys: &[(KeyId, ProjectId)]) -> Result<()> {
    let news = keys.iter().map(|(key, project)| NewDelivery {
        project: *project,
        event: CallbackEvent::KeyExpired,
        payload: json!({"project_id": project, "key_id": key}),
    });
    emit_many(tx, cx, news.collect()).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn k3_2c_an_owner_is_told_how_a_verification_went_and_no_more_of_the_key_than_its_end() {
        let (project, key) = (ProjectId::from_uuid(Uuid::from_u128(1)), KeyId::from_uuid(Uuid::from_u128(2)));
        let happened = Happened {
            project,
            project_name: "Demo".into(),
            call: None,
            code: Code::Valid,
            first_use: true,
            key: Some((key, UserId::from_uuid(Uuid::from_u128(3)))),
            hint: "4RTD2".into(),
            device: Device { id: "d1".into(), name: "PC".into() },
            expires_at: Some(Timestamp::from_unix(1_795_248_000)),
        };
        let expected = json!({
            "project_id": project,
            "key_id": key,
            "key_hint": "4RTD2",
            "code": "VALID",
            "first_use": true,
            "device": {"id": "d1", "name": "PC"},
            "expires_at": "2026-11-21T08:00:00Z",
        });
        assert_eq!(payload(&happened), expected);
        let unknown = payload(&Happened { key: None, code: Code::NotFound, first_use: false, expires_at: None, ..happened });
        assert_eq!((&unknown["key_id"], &unknown["code"], &unknown["expires_at"]), (&Value::Null, &json!("NOT_FOUND"), &Value::Null));
    }
}
