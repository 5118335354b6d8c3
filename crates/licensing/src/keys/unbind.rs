//! Freeing a key from its devices (K3.3a): as often as its project allows. Who sets that limit may go beyond it, and says why.

use kernel::{Fault, Fields, Kind, Timestamp, text};
use platform::audit::{self, OperationEntry};
use platform::identity::{Permission, Principal, UserRef};
use platform::{Cx, Result};
use serde::{Deserialize, Serialize};
use store::args;

use super::bound;
use super::manage::{limits, shown, visible};
use super::model::{KeyId, UnbindRefusal};
use super::store::{Key, KeyDevice};

const REASON_MAX: usize = 200;
/// Unbindings that a key's page shows.
const SHOWN: usize = 20;

fn refused(why: UnbindRefusal) -> Fault {
    let (code, zh, en) = match why {
        UnbindRefusal::NotBound => ("NOT_BOUND", "卡密未绑定设备", "This key is not bound to a device"),
        UnbindRefusal::Expired => ("KEY_EXPIRED", "卡密已过期，不能解绑", "This key has expired and cannot be unbound"),
        UnbindRefusal::Disabled => ("KEY_DISABLED", "卡密已禁用，不能解绑", "This key is disabled and cannot be unbound"),
        UnbindRefusal::LimitReached => {
            ("UNBIND_LIMIT_REACHED", "已达到该项目的解绑次数上限", "The project allows no more unbinding of this key")
        }
    };
    Fault::new(Kind::Conflict, code, zh, en)
}

/// What the operation log keeps of an unbinding.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Detail {
    project: String,
    /// Ids.
    devices: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// Clears the key's devices, or one of them: its clock goes on.
pub async fn unbind(cx: &Cx, id: KeyId, device: Option<&str>) -> Result<Key> {
    let user = cx.require(Permission::KeysManage)?;
    free(cx, user, id, device, None).await
}

/// The same whatever the project's limit says. The reason stands in the operation log, and on the key's page.
pub async fn unbind_beyond_limit(cx: &Cx, id: KeyId, device: Option<&str>, reason: &str) -> Result<Key> {
    let user = cx.require(Permission::ProjectsManage)?;
    let mut fields = Fields::default();
    let reason = fields.take("reason", text::clean(reason, 1, REASON_MAX, true));
    let reason = reason.ok_or_else(|| fields.fault())?;
    free(cx, user, id, device, Some(reason)).await
}

/// `beyond` is why the limit does not count.
async fn free(cx: &Cx, user: &Principal, id: KeyId, device: Option<&str>, beyond: Option<String>) -> Result<Key> {
    let mut tx = cx.db.begin().await?;
    // The lock is on the key alone; its project and agent are only read.
    let lock = if tx.for_update().is_empty() { "" } else { " FOR UPDATE OF k" };
    let raw = visible(&mut tx, user, id, lock).await?;
    let (cleared, left): (Vec<&KeyDevice>, Vec<&KeyDevice>) =
        raw.devices.iter().partition(|known| device.is_none_or(|device| device == known.id));
    let (_, limit) = limits(&mut tx, raw.project.id).await?;
    let now = cx.now();
    let counts = if beyond.is_some() { None } else { limit };
    let facts = raw.facts.unbind(i64::try_from(cleared.len()).unwrap_or(0), counts, now).map_err(refused)?;
    for device in &cleared {
        tx.exec("DELETE FROM key_devices WHERE device_id = $1 AND key_id = $2", args![device.id.as_str(), id]).await?;
    }
    let sql = "UPDATE keys SET state = $1, devices = $2, unbinds = $3, bound = $4 WHERE id = $5";
    tx.exec(sql, args![kernel::Word::as_str(facts.state(now)), facts.devices, facts.unbinds, bound::write(left), id]).await?;
    let cleared: Vec<&str> = cleared.into_iter().map(|device| device.id.as_str()).collect();
    // Where the limit was raised meanwhile, nothing was exceeded.
    let action = if beyond.is_some() && raw.facts.at_limit(limit) { &audit::KEY_UNBOUND_BEYOND_LIMIT } else { &audit::KEY_UNBOUND };
    let devices = cleared.iter().map(|device| (*device).to_owned()).collect();
    audit::record(&mut tx, cx, action, Some(id.into()), &Detail { project: raw.project.name.clone(), devices, reason: beyond }).await?;
    crate::events::key_unbound(&mut tx, cx, raw.project.id, id, &cleared).await?;
    // Read before the commit: what was done must not be answered with "try again".
    let raw = visible(&mut tx, user, id, "").await?;
    let key = shown(cx, user, vec![raw])?.pop().ok_or_else(Fault::not_found)?;
    tx.commit().await?;
    Ok(key)
}

/// One unbinding, as the key's page shows it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Unbinding {
    pub at: Timestamp,
    pub by: Option<UserRef>,
    /// Ids of the devices that it was freed from.
    pub devices: Vec<String>,
    /// The project's limit was reached before.
    pub beyond_limit: bool,
    /// Why it was done although, where that was asked for.
    pub reason: Option<String>,
}

impl Unbinding {
    fn of(line: OperationEntry) -> Self {
        let Detail { devices, reason, .. } = serde_json::from_value(line.detail).unwrap_or_default();
        let beyond_limit = line.action == audit::KEY_UNBOUND_BEYOND_LIMIT.name;
        Self { at: line.at, by: line.actor, devices, beyond_limit, reason }
    }
}

/// A key's latest unbindings, newest first. The caller has made sure that the asker may see the key.
pub(super) async fn latest(cx: &Cx, id: KeyId) -> Result<Vec<Unbinding>> {
    let lines = audit::about(cx, id.into(), &[&audit::KEY_UNBOUND, &audit::KEY_UNBOUND_BEYOND_LIMIT], SHOWN).await?;
    Ok(lines.into_iter().map(Unbinding::of).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn k3_3a_a_key_that_cannot_be_unbound_says_why() {
        use UnbindRefusal::{Disabled, Expired, LimitReached, NotBound};
        let told = [NotBound, Expired, Disabled, LimitReached].map(refused).map(|fault| (fault.kind, fault.code));
        let codes = ["NOT_BOUND", "KEY_EXPIRED", "KEY_DISABLED", "UNBIND_LIMIT_REACHED"];
        assert_eq!(told, codes.map(|code| (Kind::Conflict, code)));
    }

    #[test]
    fn k3_3a_what_the_log_keeps_of_an_unbinding_says_a_reason_where_there_is_one() {
        let plain = Detail { project: "Demo".into(), devices: vec!["a".into()], reason: None };
        let with = Detail { project: "Demo".into(), devices: Vec::new(), reason: Some("why".into()) };
        for (detail, kept) in
            [(plain, json!({"project": "Demo", "devices": ["a"]})), (with, json!({"project": "Demo", "devices": [], "reason": "why"}))]
        {
            assert_eq!(serde_json::to_value(&detail).unwrap(), kept);
            assert_eq!(serde_json::from_value::<Detail>(kept).unwrap(), detail);
        }
    }
}
