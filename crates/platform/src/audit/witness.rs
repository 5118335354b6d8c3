//! What the chain cannot show of itself: that all of it was taken away, and perhaps another one begun. Other rows remember what must have been
//! said.

use kernel::Word;
use store::{Db, Sql, args};

use super::USER_CREATED;
use super::seal::chain;
use crate::identity::Role;

/// After so many it is clear that something is wrong.
const MOST: i64 = 20;

/// Super admins of whose making no line tells. Each is made in the transaction that writes the line, the first one too, and none is ever
/// removed: so either lines were taken out, or somebody was put there by hand.
///
/// Beside a running server: one statement sees both or neither.
pub async fn untold(db: &Db) -> store::Result<Vec<String>> {
    let mut sql = db.read();
    // What was archived is not here any more; that the beginning was moved by the program alone, `check` sees.
    if chain(&mut sql, "").await?.is_some_and(|chain| chain.base_seq > 0) {
        return Ok(Vec::new());
    }
    let query = "SELECT u.name AS name FROM users u WHERE u.role = $1 AND NOT EXISTS \
                 (SELECT 1 FROM operations o WHERE o.object_id = u.id AND o.module = $2 AND o.action = $3) ORDER BY u.id LIMIT $4";
    let args = args![Role::SuperAdmin.as_str(), USER_CREATED.module, USER_CREATED.name, MOST];
    let names = sql.all(query, args, |row| row.get::<String>("name")).await?;
    Ok(names.into_iter().map(|name| format!("no line says that the super admin {name:?} was made")).collect())
}
