//! What agents do with their keys in the console: search, look, disable, enable.

use std::collections::BTreeMap;

use kernel::{Fault, Page, PageAsk};
use platform::identity::{Permission, Principal, Scope, UserId, session};
use platform::messages::{Tally, templates};
use platform::{Cx, Result, audit};
use serde::Serialize;
use serde_json::json;
use store::{Filter, Sql, args};

use super::model::{KeyId, KeyState};
use super::open;
use super::select::{KeySelection, ready_only};
use super::store::{Key, Raw, SELECT, read};
use super::unbind::{self, Unbinding};
use super::walk::Walk;
use crate::batches::BatchId;
use crate::client::calls::{ClientCall, recent_of_key};
use crate::projects::ProjectId;

/// What a list of keys is narrowed down to.
#[derive(Debug, Default)]
pub struct KeyFilter {
    pub project: Option<ProjectId>,
    pub batch: Option<BatchId>,
    pub state: Option<KeyState>,
    pub agent: Option<UserId>,
    /// A whole key, in any spelling.
    pub key: Option<String>,
    /// A device's id, exactly.
    pub device: Option<String>,
}

pub async fn list(cx: &Cx, filter: &KeyFilter, ask: &PageAsk) -> Result<Page<Key>> {
    let user = cx.require(Permission::KeysView)?;
    let mut sql = cx.db.read();
    let Some(look) = super::look::look(&mut sql, cx, user, filter).await? else { return Ok(Page::empty()) };
    let page = look.page(&mut sql, SELECT, "k.id", ask, read, |key| key.id.uuid()).await?;
    let (next_cursor, searched_to, total) = (page.next_cursor, page.searched_to, page.total);
    Ok(Page { items: shown(cx, user, page.items)?, next_cursor, searched_to, total })
}

/// Rows as the asker may see them: the whole text of one's own keys, the last group of others'.
pub(crate) fn shown(cx: &Cx, user: &Principal, rows: Vec<Raw>) -> Result<Vec<Key>> {
    let now = cx.now();
    rows.into_iter()
        .map(|raw| {
            let text = open(&cx.vault, &raw.sealed)?;
            Ok(Key {
                key: if raw.agent.id == user.id {
                    text.to_string()
                } else {
                    format!("•••••-•••••-•••••-•••••-{}", text.hint())
                },
                state: raw.facts.state(now),
                devices: raw.devices,
                id: raw.id,
                project: raw.project,
                batch_id: raw.batch,
                agent: raw.agent,
                unit: raw.unit,
                validity: raw.validity,
                activated_at: raw.facts.activated_at,
                expires_at: raw.facts.expires_at,
                unbind_count: raw.facts.unbinds,
                created_at: raw.created_at,
            })
        })
        .collect()
}

/// A key with what its page shows beside it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct KeyDetail {
    pub key: Key,
    pub max_devices: i64,
    /// Absent where the project sets no limit.
    pub unbinds_left: Option<i64>,
    /// Its first use and latest refusals, newest first.
    pub recent_calls: Vec<ClientCall>,
    /// Its latest unbindings, newest first.
    pub unbindings: Vec<Unbinding>,
}

pub async fn get(cx: &Cx, id: KeyId) -> Result<KeyDetail> {
    let user = cx.require(Permission::KeysView)?;
    let mut read = cx.db.read();
    let raw = visible(&mut read, user, id, "").await?;
    let (max_devices, limit) = limits(&mut read, raw.project.id).await?;
    let unbinds_left = limit.map(|limit| (limit - raw.facts.unbinds).max(0));
    let (id, activated) = (raw.id, raw.facts.activated_at);
    let key = shown(cx, user, vec![raw])?.pop().ok_or_else(Fault::not_found)?;
    let (recent_calls, unbindings) = (recent_of_key(cx, id, activated).await?, unbind::latest(cx, id).await?);
    Ok(KeyDetail { key, max_devices, unbinds_left, recent_calls, unbindings })
}

/// A key that the asker may see. `suffix` is said behind.
pub(super) async fn visible(sql: &mut impl Sql, user: &Principal, id: KeyId, suffix: &str) -> Result<Raw> {
    let mut conditions = Filter::new();
    user.scope().restrict(&mut conditions, "k.agent_id");
    ready_only(&mut conditions);
    conditions.and("k.id = ?", id);
    let query = format!("{SELECT} WHERE {}{suffix}", conditions.sql());
    sql.opt(&query, conditions.args(), read).await?.ok_or_else(Fault::not_found)
}

/// How many devices a key of this project may have, and how often it may be unbound.
pub(super) async fn limits(sql: &mut impl Sql, project: ProjectId) -> store::Result<(i64, Option<i64>)> {
    let query = "SELECT devices_per_key, unbind_limit FROM projects WHERE id = $1";
    sql.one(query, args![project], |row| Ok((row.get("devices_per_key")?, row.get("unbind_limit")?))).await
}

/// How many keys a bulk change met.
#[derive(Debug, Clone, Copy, Default, Serialize, utoipa::ToSchema)]
pub struct BulkResult {
    pub changed: i64,
    /// They were so already, or a superior had disabled them.
    pub skipped: i64,
}

/// Disables (or enables) a selection, in steps, each a transaction: verifications go on in between. What was answered is
/// in force for every verification that begins after it. Each agent that is not the asker is told once how many of its keys were disabled.
/// Where the asker is disabled meanwhile, or signed out, the steps that are left are not taken.
pub async fn set_disabled(cx: &Cx, selection: &KeySelection, disabled: bool) -> Result<BulkResult> {
    let user = cx.require(Permission::KeysManage)?;
    selection.check()?;
    let mut result = BulkResult::default();
    let (by, link) = ([("by", user.name.clone())], selection.link());
    let mut told = Tally::new(&templates::KEYS_DISABLED, &by, &link);
    let mut walk = Walk::new(&mut cx.db.read(), user, selection).await?;
    while let Some(step) = walk.next(cx, user).await? {
        let mut tx = cx.db.begin().await?;
        session::still_in(&mut tx, cx).await?;
        let lock = if tx.for_update().is_empty() { "" } else { " FOR UPDATE OF k" };
        let chunk = step.keys(&mut tx, lock).await?;
        let now = cx.now();
        let (mut rows, mut ended, mut taken) = (Vec::new(), Vec::new(), BTreeMap::new());
        for raw in &chunk {
            let already = raw.facts.disabled_at.is_some() == disabled;
            if (already && !(disabled && takes_over(user, raw))) || !(disabled || may_enable(user, raw)) {
                result.skipped += 1;
                continue;
            }
            let facts = match (already, disabled) {
                (true, _) => raw.facts,
                (false, true) => raw.facts.disable(now),
                (false, false) => raw.facts.enable(),
            };
            if !already && raw.facts.ended_untold(raw.written, now) {
                ended.push((raw.id, raw.project.id));
            }
            if disabled && is_taken(user, raw) {
                *taken.entry(raw.agent.id).or_insert(0) += 1;
            }
            rows.push(args![raw.id, kernel::Word::as_str(facts.state(now)), facts.disabled_at, disabled.then_some(user.id)]);
        }
        let changed = i64::try_from(rows.len()).unwrap_or(0);
        if changed > 0 {
            let columns = ["id", "state", "disabled_at", "disabled_by"];
            store::update_many(&mut tx, "keys", &columns, rows).await?;
            let action = if disabled { &audit::KEYS_DISABLED } else { &audit::KEYS_ENABLED };
            let object = if let [one] = &chunk[..] { Some(one.id.into()) } else { None };
            audit::record(&mut tx, cx, action, object, &json!({"count": changed, "selection": selection})).await?;
            crate::events::keys_expired(&mut tx, cx, &ended).await?;
            told.add(&mut tx, cx, &taken).await?;
        }
        tx.commit().await?;
        result.changed += changed;
    }
    Ok(result)
}

/// What a superior disabled stays so until a superior enables it; what the key's own agent disabled, both may enable.
fn may_enable(user: &Principal, key: &Raw) -> bool {
    user.scope() == Scope::All
        || key.disabled_by.is_none_or(|by| by == user.id || (by == key.agent.id && user.scope() == Scope::Team(user.id)))
}

/// What its agent has disabled is a superior's as soon as the superior disables it too: the agent would enable it again.
fn takes_over(user: &Principal, key: &Raw) -> bool {
    let others = key.disabled_by.is_some_and(|by| by != user.id);
    others && (user.scope() == Scope::All || (key.disabled_by == Some(key.agent.id) && user.scope() == Scope::Team(user.id)))
}

/// Whether its agent loses it where this user disables it now: it knows what it did itself, and what was a superior's before is so still.
fn is_taken(user: &Principal, key: &Raw) -> bool {
    key.agent.id != user.id && key.disabled_by.is_none_or(|by| by == key.agent.id)
}

#[cfg(test)]
mod tests {
    use kernel::{Id, Timestamp};
    use platform::identity::{Role, UserRef};
    use uuid::Uuid;

    use super::*;
    use crate::keys::Facts;
    use crate::projects::{ProjectRef, ValidityUnit};

    fn id(n: u128) -> UserId {
        UserId::from_uuid(Uuid::from_u128(n))
    }

    fn somebody(n: u128, role: Role) -> Principal {
        Principal { id: id(n), name: String::new(), role, superior: None, session: Id::from_uuid(Uuid::nil()) }
    }

    /// A key of agent 1.
    fn key(disabled_by: Option<u128>) -> Raw {
        Raw {
            id: KeyId::from_uuid(Uuid::nil()),
            sealed: Vec::new(),
            project: ProjectRef { id: ProjectId::from_uuid(Uuid::nil()), name: String::new() },
            batch: BatchId::from_uuid(Uuid::nil()),
            agent: UserRef { id: id(1), name: String::new() },
            facts: Facts::default(),
            devices: Vec::new(),
            disabled_by: disabled_by.map(id),
            written: KeyState::Unused,
            unit: ValidityUnit::Day,
            validity: 1,
            created_at: Timestamp::from_unix(0),
        }
    }

    #[test]
    fn what_a_superior_disabled_a_superior_enables_and_what_the_agent_did_is_its_superiors_once_it_does_so_too() {
        // The agent, its admin, a super admin; and another agent, who would have to be shown the key first.
        let all = [somebody(1, Role::Agent), somebody(2, Role::AgentAdmin), somebody(3, Role::SuperAdmin), somebody(4, Role::Agent)];
        let superiors = [false, true, true, true];
        for (disabled_by, enable, take_over, taken) in [
            (None, [true, true, true, true], [false, false, false, false], superiors),
            (Some(1), [true, true, true, false], [false, true, true, false], superiors),
            (Some(2), [false, true, true, false], [false, false, true, false], [false; 4]),
            (Some(3), [false, false, true, false], [false, false, false, false], [false; 4]),
            // Whoever was its admin before.
            (Some(9), [false, false, true, false], [false, false, true, false], [false; 4]),
        ] {
            let key = key(disabled_by);
            assert_eq!(all.each_ref().map(|user| is_taken(user, &key)), taken, "{disabled_by:?}");
            assert_eq!(all.each_ref().map(|user| may_enable(user, &key)), enable, "{disabled_by:?}");
            assert_eq!(all.each_ref().map(|user| takes_over(user, &key)), take_over, "{disabled_by:?}");
        }
    }
}
