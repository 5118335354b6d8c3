//! The operation log: who did what to what, from where, in the transaction that did it (K6.3). Its lines are chained by
//! hash ([`seal`]), so that [`check`] notices what was changed behind the program's back.

mod actions;
mod anew;
mod check;
mod line;
mod query;
mod seal;
mod witness;

pub use actions::*;
pub(crate) use anew::change_key;
pub use check::{Checked, check};
pub use query::{ObjectRef, OperationEntry, OperationFilter, about, get, list};
pub use seal::{follow, seal};
pub use witness::untold;

use serde::Serialize;

use store::{Tx, Value, args, insert_many, placeholders};
use uuid::Uuid;

use crate::identity::{Principal, Scope, UserId};
use crate::{Actor, Cx, Result};
use line::{COLUMNS, Line};

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

/// Whose agent admin sees what this user does: its superior, and an agent admin itself.
fn seen_by(user: &Principal) -> Option<UserId> {
    if let Scope::Team(own) = user.scope() { Some(own) } else { user.superior }
}

/// Writes one line into the caller's transaction. `detail` is shown to who may read the log: no secrets in it.
pub async fn record(tx: &mut Tx, cx: &Cx, action: &Action, object: Option<Object>, detail: &impl Serialize) -> Result<()> {
    let args = row(cx, action, object, detail)?;
    let sql = format!("INSERT INTO operations ({COLUMNS}, mac) VALUES ({})", placeholders(1, args.len()));
    tx.exec(&sql, args).await?;
    Ok(())
}

/// The same for many at once, each with its own context.
pub async fn record_all<D: Serialize>(tx: &mut Tx, lines: &[(&Cx, &Action, Option<Object>, D)]) -> Result<()> {
    let rows = lines.iter().map(|(cx, action, object, detail)| row(cx, action, *object, detail)).collect::<Result<_>>()?;
    let columns: Vec<&str> = COLUMNS.split(", ").chain(["mac"]).collect();
    insert_many(tx, "operations", &columns, rows, "").await?;
    Ok(())
}

fn row(cx: &Cx, action: &Action, object: Option<Object>, detail: &impl Serialize) -> Result<Vec<Value>> {
    let (actor_id, actor_name, actor_role, superior_id) = match &cx.actor {
        Actor::User(user) => (Some(user.id), user.name.as_str(), kernel::Word::as_str(user.role), seen_by(user)),
        Actor::System => (None, "", "system", None),
        Actor::Visitor => (None, "", "visitor", None),
    };
    let line = Line {
        id: cx.id(),
        at: cx.now(),
        actor_id,
        actor_name: actor_name.to_owned(),
        actor_role: actor_role.to_owned(),
        superior_id,
        level: kernel::Word::as_str(action.level).to_owned(),
        module: action.module.to_owned(),
        action: action.name.to_owned(),
        object_kind: object.map(|object| object.kind.to_owned()),
        object_id: object.map(|object| object.id),
        address: cx.origin.address.clone(),
        agent: cx.origin.agent.clone(),
        request_id: cx.origin.request_id.clone(),
        detail: serde_json::to_string(detail).map_err(kernel::Fault::internal)?,
    };
    let mac = line.mac(&cx.vault);
    let mut args = line.args();
    args.extend(args![mac]);
    Ok(args)
}
