//! Users as other contexts need them: who they are called, and who decides for them.

use std::collections::HashMap;

use ::store::{Row, Sql, ToValue, all_in, args};
use serde::{Deserialize, Serialize};

use super::Role;

kernel::id!(
    /// 用户
    UserId, UserEntity, "usr"
);

kernel::words! {
    pub enum UserState {
        /// Signed up, e-mail not verified yet.
        Pending = "pending",
        Active = "active",
        Disabled = "disabled",
    }
}

/// A user in somebody else's row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct UserRef {
    pub id: UserId,
    pub name: String,
}

impl UserRef {
    /// From two columns of a join; `None` where the join found nobody.
    pub fn from_row(row: &Row, id: &str, name: &str) -> ::store::Result<Option<Self>> {
        Ok(match (row.get::<Option<UserId>>(id)?, row.get::<Option<String>>(name)?) {
            (Some(id), Some(name)) => Some(Self { id, name }),
            _ => None,
        })
    }
}

/// By what a name is looked for: in any spelling.
pub fn name_key(name: &str) -> String {
    kernel::text::fold(name.trim())
}

/// An active user by name.
pub async fn find_by_name(sql: &mut impl Sql, name: &str) -> ::store::Result<Option<(UserRef, Role)>> {
    Ok(find_by_names(sql, &[name.to_owned()]).await?.into_values().next())
}

/// Active users by name, under the [`name_key`] of each.
pub async fn find_by_names(sql: &mut impl Sql, names: &[String]) -> ::store::Result<HashMap<String, (UserRef, Role)>> {
    let keys = names.iter().map(|name| name_key(name).to_value()).collect();
    let found = all_in(sql, "SELECT id, name, name_key, role FROM users WHERE state = 'active' AND name_key IN", "", keys, |row| {
        Ok((row.get("name_key")?, (UserRef { id: row.get("id")?, name: row.get("name")? }, row.word("role")?)))
    });
    Ok(found.await?.into_iter().collect())
}

/// Who decides for a user: its superior if it has one.
pub async fn superior_of(sql: &mut impl Sql, user: UserId) -> ::store::Result<Option<UserId>> {
    Ok(sql.opt("SELECT superior_id FROM users WHERE id = $1", args![user], |row| row.get::<Option<UserId>>("superior_id")).await?.flatten())
}

/// All active users of a role: whom to tell where nobody in particular is concerned.
pub async fn holders_of(sql: &mut impl Sql, role: Role) -> ::store::Result<Vec<UserId>> {
    sql.all("SELECT id FROM users WHERE role = $1 AND state = 'active' ORDER BY id LIMIT 100", args![kernel::Word::as_str(role)], |row| {
        row.get("id")
    })
    .await
}
