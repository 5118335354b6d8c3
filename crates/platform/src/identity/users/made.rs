//! Those whom a manager of halls has made: whether it manages them still, and who is told where super admins alone do.
//!
//! Which of them a manager manages is decided where halls are known, and written here, as what every query about users is scoped to.
//!
//! **Invariant**: whoever changes where a manager works, or writes what rests on that, holds the manager's row first ([`hold`]).

use std::collections::BTreeSet;

use ::store::{Sql, Tx, args};

use crate::identity::{UserId, UserRef, UserState};
use crate::messages::{self, templates::Template};
use crate::{Cx, Result, audit};

/// Somebody whom a manager has made.
#[derive(Debug, Clone)]
pub struct Made {
    pub id: UserId,
    pub name: String,
    pub state: UserState,
    /// Whether that manager manages it; super admins do in any case.
    pub managed: bool,
}

impl Made {
    /// Whether somebody has to look after it: who is disabled does nothing.
    pub fn comes_in(&self) -> bool {
        self.state != UserState::Disabled
    }
}

/// Holds these users until the transaction ends, in one order, and answers which of them are active.
pub async fn hold(tx: &mut Tx, users: &BTreeSet<UserId>) -> Result<BTreeSet<UserId>> {
    let sql = format!("SELECT state FROM users WHERE id = $1{}", tx.for_update());
    let mut active = BTreeSet::new();
    for user in users {
        let state: Option<UserState> = tx.opt(&sql, args![*user], |row| row.word("state")).await?;
        if state == Some(UserState::Active) {
            active.insert(*user);
        }
    }
    Ok(active)
}

/// Which manager is to be held before it changes where this user works: itself, or who has made it. Neither ever changes.
pub async fn keeper_of(tx: &mut Tx, user: UserId) -> Result<Option<UserRef>> {
    let sql = "SELECT k.id, k.name FROM users u JOIN users k ON k.id = CASE WHEN u.role = 'venue_manager' THEN u.id ELSE u.made_by END \
               WHERE u.id = $1 AND k.role = 'venue_manager'";
    Ok(tx.opt(sql, args![user], |row| Ok(UserRef { id: row.get("id")?, name: row.get("name")? })).await?)
}

/// Whom this manager has made, held until the transaction ends, in one order.
pub async fn made_by(tx: &mut Tx, manager: UserId) -> Result<Vec<Made>> {
    let sql = format!("SELECT id, name, state, superior_id FROM users WHERE made_by = $1 ORDER BY id{}", tx.for_update());
    let read = |row: &::store::Row| {
        let managed = row.get::<Option<UserId>>("superior_id")? == Some(manager);
        Ok(Made { id: row.get("id")?, name: row.get("name")?, state: row.word("state")?, managed })
    };
    Ok(tx.all(&sql, args![manager], read).await?)
}

/// Writes that this manager manages one whom it has made, or that super admins alone do.
pub async fn set_managed(tx: &mut Tx, cx: &Cx, manager: UserId, made: &Made, managed: bool) -> Result<()> {
    tx.exec("UPDATE users SET superior_id = $1 WHERE id = $2", args![managed.then_some(manager), made.id]).await?;
    let action = if managed { &audit::USER_GIVEN_BACK } else { &audit::USER_LET_GO };
    audit::record(tx, cx, action, Some(made.id.into()), &serde_json::json!({"name": made.name})).await
}

/// Tells the super admins that these are theirs alone to manage now, whose they were, and of which hall, where it is about one. Of nobody it tells
/// nothing.
pub async fn tell_left(tx: &mut Tx, cx: &Cx, template: &Template, manager: &str, hall: Option<&str>, left: &[String]) -> Result<()> {
    if left.is_empty() {
        return Ok(());
    }
    let mut said = vec![("name", manager.to_owned())];
    said.extend(hall.map(|hall| ("hall", hall.to_owned())));
    said.extend(named(left));
    messages::tell_super_admins(tx, cx, template, &said, Some("/maintainers")).await
}

/// How many are named; of more it is said how many there are.
const NAMED: usize = 20;

/// Names within a sentence, in Chinese and in English: the parameter `names`.
fn named(all: &[String]) -> [(&'static str, String); 2] {
    let first: Vec<&str> = all.iter().take(NAMED).map(String::as_str).collect();
    let (zh, en) = (first.join("、"), first.join(", "));
    match all.len().saturating_sub(NAMED) {
        0 => [("names", zh), ("names.en", en)],
        more => [("names", format!("{zh} 等 {} 人", all.len())), ("names.en", format!("{en} and {more} more"))],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_are_named_and_of_many_it_is_said_how_many_there_are() {
        let all = |n: usize| named(&(1..=n).map(|n| format!("m{n}")).collect::<Vec<_>>()).map(|(_, text)| text);
        assert_eq!(all(1), ["m1", "m1"]);
        assert_eq!(all(2), ["m1、m2", "m1, m2"]);
        assert!(all(20)[0].ends_with("、m20") && all(20)[1].ends_with(", m20"));
        let [zh, en] = all(23);
        assert!(zh.ends_with("、m20 等 23 人") && en.ends_with(", m20 and 3 more"), "{zh} {en}");
    }
}
