//! The operation log: who did what to what, from where, in the transaction that did it (K6.3).

mod actions;
mod query;

pub use actions::*;
pub use query::{ObjectRef, OperationEntry, OperationFilter, get, list};

use serde::Serialize;
use store::{Tx, args};
use uuid::Uuid;

use crate::{Actor, Cx, Result};

kernel::id!(OperationId, OperationEntity, "opn");

/// What an action was done to: its kind (the prefix of its id) and id.
#[derive(Debug, Clone, Copy)]
pub struct Object {
    pub kind: &'static str,
    pub id: Uuid,
}

impl<E: kernel::Entity> From<kernel::Id<E>> for Object {
    fn from(id: kernel::Id<E>) -> Self {
        Self { kind: E::PREFIX, id: id.uuid() }
    }
}

/// Writes one line into the caller's transaction. `detail` is shown to who may read the log: no secrets in it.
pub async fn record(tx: &mut Tx, cx: &Cx, action: &Action, object: Option<Object>, detail: &impl Serialize) -> Result<()> {
    let (actor_id, actor_name, actor_role, superior) = match &cx.actor {
        Actor::User(user) => (Some(user.id), user.name.as_str(), kernel::Word::as_str(user.role), user.superior),
        Actor::System => (None, "", "system", None),
        Actor::Visitor => (None, "", "visitor", None),
    };
    let detail = serde_json::to_string(detail).map_err(kernel::Fault::internal)?;
    let sql = "INSERT INTO operations (id, at, actor_id, actor_name, actor_role, superior_id, level, module, action, object_kind, object_id, address, agent, request_id, detail) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)";
    let id: OperationId = cx.id();
    tx.exec(
        sql,
        args![
            id,
            cx.now(),
            actor_id,
            actor_name,
            actor_role,
            superior,
            kernel::Word::as_str(action.level),
            action.module,
            action.name,
            object.map(|object| object.kind),
            object.map(|object| object.id),
            cx.origin.address.as_str(),
            cx.origin.agent.as_str(),
            cx.origin.request_id.as_str(),
            detail,
        ],
    )
    .await?;
    Ok(())
}
