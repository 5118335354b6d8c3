//! Reading the operation log, within what the reader may see.

use kernel::{Fault, Lang, Page, PageAsk, Timestamp, Word};
use serde::Serialize;
use store::{Filter, Index, Look, Row, Sql, args};

use super::{Action, Level, Object, OperationId, find};
use crate::identity::{Permission, Scope, UserId, UserRef};
use crate::{Cx, Result};

kernel::words! {
    /// The role of whoever did it, at that time; or that nobody was signed in, or that the program itself did it.
    pub enum ActorRole {
        SuperAdmin = "super_admin",
        AgentAdmin = "agent_admin",
        Agent = "agent",
        VenueManager = "venue_manager",
        Maintainer = "maintainer",
        Cashier = "cashier",
        Visitor = "visitor",
        System = "system",
    }
}

#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct OperationEntry {
    pub id: OperationId,
    pub at: Timestamp,
    /// Absent where the program itself did it.
    pub actor: Option<UserRef>,
    pub actor_role: ActorRole,
    pub level: Level,
    pub module: String,
    pub action: String,
    /// In the reader's language.
    pub summary: String,
    pub object: Option<ObjectRef>,
    pub address: String,
    pub agent: String,
    pub request_id: String,
    #[schema(value_type = Object)]
    pub detail: serde_json::Value,
}

#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ObjectRef {
    pub kind: String,
    pub id: String,
}

impl ObjectRef {
    /// The id as it stands outside, from what a row holds.
    pub fn from_row(kind: String, id: uuid::Uuid) -> Self {
        let id = type_id(&kind, id);
        Self { kind, id }
    }
}

fn type_id(kind: &str, id: uuid::Uuid) -> String {
    kernel::type_id(kind, id).unwrap_or_else(|| id.to_string())
}

#[derive(Debug, Default)]
pub struct OperationFilter {
    pub actor: Option<UserId>,
    pub module: Option<String>,
    pub level: Option<Level>,
    pub from: Option<Timestamp>,
    pub to: Option<Timestamp>,
}

const COLUMNS: &str = "SELECT id, at, actor_id, actor_name, actor_role, level, module, action, object_kind, object_id, address, agent, request_id, detail FROM operations";

const BY_ACTOR: Index = Index { name: "operations_actor", columns: &["actor_id"] };
const BY_SUPERIOR: Index = Index { name: "operations_superior", columns: &["superior_id"] };
const BY_MODULE: Index = Index { name: "operations_module", columns: &["module", "level"] };
const BY_LEVEL: Index = Index { name: "operations_level", columns: &["level"] };

/// Newest first. An agent sees what it did; an agent admin also what its agents did; a super admin all.
pub async fn list(cx: &Cx, filter: &OperationFilter, ask: &PageAsk) -> Result<Page<OperationEntry>> {
    let scope = cx.require(Permission::LogsView)?.scope();
    let mut sql = cx.db.read();
    let mut look = Look::new("operations", "id");
    // One lane: by who did it, where that is said; else by who may see it; else by what it was.
    let by_actor = match (scope, filter.actor) {
        (Scope::Own(own), Some(actor)) if own != actor => return Ok(Page::empty()),
        (Scope::Own(own), _) => Some(own),
        (Scope::Team(team), Some(actor)) => {
            look.rest("superior_id = ?", team);
            scope.sees(&mut sql, actor).await?.then_some(actor)
        }
        (Scope::Team(_), None) => None,
        (Scope::All, actor) => actor,
    };
    match (by_actor, scope) {
        (Some(actor), _) => {
            look.by(&BY_ACTOR).along("actor_id", actor);
        }
        (None, Scope::Team(team)) => {
            look.by(&BY_SUPERIOR).along("superior_id", team).rest_some("actor_id = ?", filter.actor);
        }
        (None, _) => {}
    }
    let level = filter.level.map(Word::as_str);
    if by_actor.is_some() || scope != Scope::All {
        look.rest_some("module = ?", filter.module.clone()).rest_some("level = ?", level);
    } else if let Some(module) = &filter.module {
        let levels = Level::texts(filter.level);
        look.by(&BY_MODULE).along("module", module.as_str()).words("level", &levels);
    } else if let Some(level) = level {
        look.by(&BY_LEVEL).along("level", level);
    }
    look.span("at", filter.from, filter.to);
    Ok(look.page(&mut sql, COLUMNS, "id", ask, |row| read(row, cx.lang), |entry| entry.id.uuid()).await?)
}

pub async fn get(cx: &Cx, id: OperationId) -> Result<OperationEntry> {
    let mut conditions = visible(cx)?;
    conditions.and("id = ?", id);
    let sql = format!("{COLUMNS} WHERE {}", conditions.sql());
    cx.db.read().opt(&sql, conditions.args(), |row| read(row, cx.lang)).await?.ok_or_else(Fault::not_found)
}

/// What was done to one thing, newest first: these actions, and no more than `most`. The caller has made sure that the asker may see the thing.
pub async fn about(cx: &Cx, object: Object, actions: &[&Action], most: usize) -> Result<Vec<OperationEntry>> {
    let names: Vec<&str> = actions.iter().map(|action| action.name).collect();
    let names = names.join("', '");
    let sql = format!("{COLUMNS} WHERE object_id = $1 AND object_kind = $2 AND action IN ('{names}') ORDER BY id DESC LIMIT {most}");
    Ok(cx.db.read().all(&sql, args![object.id, object.kind], |row| read(row, cx.lang)).await?)
}

fn visible(cx: &Cx) -> Result<Filter> {
    let user = cx.require(Permission::LogsView)?;
    let mut filter = Filter::new();
    match user.scope() {
        Scope::All => {}
        Scope::Team(id) => {
            filter.and("superior_id = ?", id);
        }
        Scope::Own(id) => {
            filter.and("actor_id = ?", id);
        }
    }
    Ok(filter)
}

fn read(row: &Row, lang: Lang) -> store::Result<OperationEntry> {
    let (module, action): (String, String) = (row.get("module")?, row.get("action")?);
    let summary = find(&module, &action).map_or_else(|| format!("{module}.{action}"), |known| lang.pick(known.zh, known.en).to_owned());
    let object = match (row.get::<Option<String>>("object_kind")?, row.get::<Option<uuid::Uuid>>("object_id")?) {
        (Some(kind), Some(id)) => Some(ObjectRef::from_row(kind, id)),
        _ => None,
    };
    let name: String = row.get("actor_name")?;
    Ok(OperationEntry {
        id: row.get("id")?,
        at: row.get("at")?,
        actor: row.get::<Option<UserId>>("actor_id")?.map(|id| UserRef { id, name }),
        actor_role: row.word("actor_role")?,
        level: row.word("level")?,
        module,
        action,
        summary,
        object,
        address: row.get("address")?,
        agent: row.get("agent")?,
        request_id: row.get("request_id")?,
        detail: serde_json::from_str(&row.get::<String>("detail")?).unwrap_or_default(),
    })
}
