//! Which way through the table a list of keys takes. The narrowest first: a key, a device, a batch, then whose and what.

use kernel::{Timestamp, Word};
use platform::identity::{Principal, UserId};
use platform::{Cx, Result};
use store::{Filter, Index, Look, Sql, args};
use uuid::Uuid;

use super::KeyText;
use super::manage::KeyFilter;
use super::model::KeyState;
use super::select::{READY, state_text};
use crate::batches::BatchId;
use crate::owned::Owned;
use crate::projects::ProjectId;

const BY_AGENT: Index = Index { name: "keys_agent", columns: &["agent_id", "project_id", "state"] };
const BY_PROJECT: Index = Index { name: "keys_project", columns: &["project_id", "state"] };
pub(super) const BY_BATCH: Index = Index { name: "keys_batch", columns: &["batch_id"] };
/// Keys of a batch up to here are looked at one by one.
const SMALL: i64 = 1_000;
/// Keys whose time has run out and whose rows do not say so yet: those of one sweep.
const OVERDUE: &str = "SELECT o.id AS id FROM keys o WHERE o.expires_at <= ? AND o.expires_at IS NOT NULL AND o.state IN ('active', 'unused') \
                       ORDER BY o.expires_at DESC LIMIT 1000";

/// The lanes of a list, and what else is asked of its rows; `None` where nothing can be found.
pub(super) async fn look(sql: &mut impl Sql, cx: &Cx, user: &Principal, filter: &KeyFilter) -> Result<Option<Look>> {
    let key = match filter.key.as_deref().map(KeyText::parse) {
        // What is not a key is nobody's.
        Some(None) => return Ok(None),
        Some(key) => key,
        None => None,
    };
    let batch = match filter.batch {
        Some(batch) => match batch_of(sql, user, filter, batch).await? {
            None => return Ok(None),
            batch => batch,
        },
        None => None,
    };
    let now = cx.now();
    let mut look = match (key, &filter.device) {
        (Some(key), _) => {
            let mut look = Look::new("keys", "id");
            let Some((found, _)) = super::find(sql, &cx.vault, key).await? else { return Ok(None) };
            look.only(vec![found]);
            whose(&mut look, user, filter);
            in_state(&mut look, filter.state, now);
            look.rest_some("EXISTS (SELECT 1 AS one FROM key_devices d WHERE d.key_id = k.id AND d.device_id = ?)", filter.device.clone());
            look
        }
        (None, Some(device)) => {
            let mut look = Look::new("key_devices", "key_id");
            look.by_own_key(&["device_id"]).along("device_id", device.as_str());
            whose(&mut look, user, filter);
            in_state(&mut look, filter.state, now);
            look
        }
        (None, None) => match batch {
            Some(batch) if filter.state.is_none() || batch.count <= SMALL => {
                let mut look = Look::new("keys", "id");
                look.by(&BY_BATCH).along("batch_id", batch.id);
                in_state(&mut look, filter.state, now);
                look
            }
            Some(batch) => {
                let whose = KeyFilter { agent: Some(batch.agent), project: Some(batch.project), ..KeyFilter::default() };
                let Some(mut look) = by_owner(sql, user, &KeyFilter { state: filter.state, ..whose }, now).await? else { return Ok(None) };
                // Keys of one batch were made in one stretch of time.
                let (first, last) = ends(sql, batch.id).await?;
                look.within(first, Uuid::from_u128(last.as_u128().saturating_add(1))).rest("k.batch_id = ?", batch.id);
                look
            }
            None => match by_owner(sql, user, filter, now).await? {
                None => return Ok(None),
                Some(look) => look,
            },
        },
    };
    look.rest_plain(READY);
    Ok(Some(look))
}

async fn by_owner(sql: &mut impl Sql, user: &Principal, filter: &KeyFilter, now: Timestamp) -> Result<Option<Look>> {
    let mut look = Look::new("keys", "id");
    let states = KeyState::texts(filter.state);
    let owned = Owned {
        agent: filter.agent,
        project: filter.project,
        states: &states,
        all_states: filter.state.is_none(),
        by_agent: &BY_AGENT,
        by_project: &BY_PROJECT,
    };
    if !owned.look(sql, &mut look, user, "k").await? {
        return Ok(None);
    }
    if filter.state == Some(KeyState::Expired) {
        let now = look.arg(now);
        look.beside(&OVERDUE.replace('?', &now));
        whose(&mut look, user, filter);
    }
    in_state(&mut look, filter.state, now);
    Ok(Some(look))
}

/// Whose and of what, asked of the rows.
fn whose(look: &mut Look, user: &Principal, filter: &KeyFilter) {
    look.rest_some("k.project_id = ?", filter.project).rest_some("k.agent_id = ?", filter.agent);
    look.rest_some("k.batch_id = ?", filter.batch);
    user.scope().rest(look, "k.agent_id");
}

/// What is stored may lag behind the clock, so both are asked.
fn in_state(look: &mut Look, state: Option<KeyState>, now: Timestamp) {
    if let Some(state) = state {
        let now = look.arg(now);
        look.rest_plain(&state_text(state, &now));
    }
}

/// A batch that the asker may see, if its keys are as the filter asks.
struct Batch {
    id: BatchId,
    agent: UserId,
    project: ProjectId,
    count: i64,
}

async fn batch_of(sql: &mut impl Sql, user: &Principal, filter: &KeyFilter, id: BatchId) -> store::Result<Option<Batch>> {
    let mut conditions = Filter::new();
    conditions.and("id = ?", id).and_some("agent_id = ?", filter.agent).and_some("project_id = ?", filter.project);
    user.scope().restrict(&mut conditions, "agent_id");
    let query = format!("SELECT id, agent_id, project_id, count FROM batches WHERE {}", conditions.sql());
    sql.opt(&query, conditions.args(), |row| {
        Ok(Batch { id: row.get("id")?, agent: row.get("agent_id")?, project: row.get("project_id")?, count: row.get("count")? })
    })
    .await
}

/// The ids of a batch's first key and its last.
async fn ends(sql: &mut impl Sql, batch: BatchId) -> store::Result<(Uuid, Uuid)> {
    let mut ends = [Uuid::nil(); 2];
    for (end, order) in ends.iter_mut().zip(["ASC", "DESC"]) {
        let query = format!("SELECT id FROM keys WHERE batch_id = $1 ORDER BY id {order} LIMIT 1");
        *end = sql.opt(&query, args![batch], |row| row.get("id")).await?.unwrap_or_default();
    }
    Ok(ends.into())
}
