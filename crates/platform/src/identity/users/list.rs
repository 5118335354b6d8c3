//! Looking at users.

use ::store::{Filter, Index, Look, Row, Sql, args};
use kernel::{Fault, Page, PageAsk, Quota, Timestamp, Word, text};
use serde::{Deserialize, Serialize};

use super::model::prefix_pattern;
use super::scope::restrict;
use crate::identity::lockout::{Record, Rules};
use crate::identity::{Permission, Principal, Role, Scope, UserId, UserRef, UserState, tries};
use crate::{Cx, Result, ledger};

/// A user as those see it who manage it.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = User)]
pub struct UserView {
    pub id: UserId,
    pub name: String,
    pub email: String,
    pub role: Role,
    pub state: UserState,
    /// A super admin has disabled it: nobody else enables it.
    pub disabled_above: bool,
    /// Who decides for it, and manages it beside super admins.
    pub superior: Option<UserRef>,
    /// Who created it, whoever manages it now.
    pub made_by: Option<UserRef>,
    /// Absent when it is not locked now.
    pub locked_until: Option<Timestamp>,
    pub second_factor_enabled: bool,
    /// The first password, which was mailed, has not been changed yet: a change of address mails another.
    pub first_sign_in_due: bool,
    /// Absent for roles that hold none.
    pub quota: Option<UserQuota>,
    pub last_sign_in_at: Option<Timestamp>,
    pub created_at: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct UserQuota {
    pub available: Quota,
    pub held: Quota,
}

#[derive(Debug, Default)]
pub struct UserFilter {
    /// The beginning of a name or an address, in any spelling.
    pub search: Option<String>,
    pub role: Option<Role>,
    pub state: Option<UserState>,
}

const BY_SUPERIOR: Index = Index { name: "users_superior", columns: &["superior_id", "role", "state"] };
const BY_ROLE: Index = Index { name: "users_role", columns: &["role", "state"] };
/// What begins a name or an address more often than this is looked for among all users, newest first.
const MOST_FOUND: i64 = 500;
/// What they are counted up to.
const MOST_COUNTED: i64 = 1_000;

/// Newest first.
pub async fn list(cx: &Cx, filter: &UserFilter, ask: &PageAsk) -> Result<Page<UserView>> {
    let manager = cx.require(Permission::UsersManage)?;
    let search = filter.search.as_deref().map(|search| text::clean(search, 0, 254, false)).transpose();
    let search = search.map_err(|(code, zh, en)| Fault::field("search", code, zh, en))?;
    let search = search.map(|search| text::fold(&search)).filter(|search| !search.is_empty());
    let mut sql = cx.db.read();
    let mut look = Look::new("users", "id");
    let found = match &search {
        Some(search) => beginning_with(&mut sql, search).await?,
        None => None,
    };
    let (role, state) = (filter.role.map(Word::as_str), filter.state.map(Word::as_str));
    if let Some(found) = found {
        if found.is_empty() {
            // Where others have some, whoever manages a part would be told no total: so it is told none here either, or it could find out whose
            // names and addresses are there.
            return Ok(Page { total: (manager.scope() == Scope::All).then_some(0), ..Page::empty() });
        }
        look.only(found);
        look.rest_some("u.role = ?", role).rest_some("u.state = ?", state);
        if manager.scope() != Scope::All {
            look.rest("u.superior_id = ?", manager.id);
        }
    } else {
        along(&mut look, manager, filter);
        if let Some(search) = &search {
            look.rest("u.name_key LIKE ? ESCAPE '!' OR u.email_key LIKE ? ESCAPE '!'", prefix_pattern(search));
        }
    }
    let (rules, now) = (tries::rules(cx), cx.now());
    let mut page = look.page(&mut sql, COLUMNS, "u.id", ask, |row| read(row, &rules, now), |user| user.id.uuid()).await?;
    if search.is_none() {
        page.total = look.count(&mut sql, MOST_COUNTED).await?;
    }
    add_quota(&mut sql, &mut page.items).await?;
    Ok(page)
}

/// The lanes of those whom `manager` manages: whom an agent admin or a manager has made by their state, all users by role and state.
fn along(look: &mut Look, manager: &Principal, filter: &UserFilter) {
    let states = UserState::texts(filter.state);
    let roles = Role::texts(filter.role);
    if manager.scope() != Scope::All {
        look.by(&BY_SUPERIOR).along("superior_id", manager.id).words("role", &roles).words("state", &states);
    } else if filter.role.is_some() || filter.state.is_some() {
        look.by(&BY_ROLE).words("role", &roles).words("state", &states);
    }
}

/// Whose name or address begins with this, where they are not too many.
async fn beginning_with(sql: &mut impl Sql, search: &str) -> Result<Option<Vec<UserId>>> {
    let mut found = Vec::new();
    for column in ["name_key", "email_key"] {
        let query = format!("SELECT id FROM users WHERE {column} >= $1 AND {column} < $2 ORDER BY {column} LIMIT $3");
        let ids: Vec<UserId> = sql.all(&query, args![search, format!("{search}\u{10ffff}"), MOST_FOUND + 1], |row| row.get("id")).await?;
        if i64::try_from(ids.len()).unwrap_or(i64::MAX) > MOST_FOUND {
            return Ok(None);
        }
        found.extend(ids);
    }
    found.sort_unstable_by_key(|id| id.uuid());
    found.dedup();
    Ok(Some(found))
}

pub async fn get(cx: &Cx, id: UserId) -> Result<UserView> {
    let manager = cx.require(Permission::UsersManage)?;
    find(&mut cx.db.read(), cx, manager, id).await
}

/// One whom `manager` manages.
pub(super) async fn find(sql: &mut impl Sql, cx: &Cx, manager: &Principal, id: UserId) -> Result<UserView> {
    let mut conditions = Filter::new();
    restrict(manager, &mut conditions);
    conditions.and("u.id = ?", id);
    let query = format!("{COLUMNS} WHERE {}", conditions.sql());
    let (rules, now) = (tries::rules(cx), cx.now());
    let user = sql.opt(&query, conditions.args(), |row| read(row, &rules, now)).await?;
    let mut user = [user.ok_or_else(Fault::not_found)?];
    add_quota(sql, &mut user).await?;
    let [user] = user;
    Ok(user)
}

const COLUMNS: &str = "SELECT u.id, u.name, u.email, u.role, u.state, n.locked_until, u.totp_enabled_at, u.must_change_password, u.last_sign_in_at, u.created_at, s.id AS superior_id, s.name AS superior_name, m.id AS maker_id, m.name AS maker_name, d.role AS disabled_by_role \
    FROM users u LEFT JOIN users s ON s.id = u.superior_id LEFT JOIN users m ON m.id = u.made_by LEFT JOIN users d ON d.id = u.disabled_by LEFT JOIN name_tries n ON n.name_hash = u.name_hash";

fn read(row: &Row, rules: &Rules, now: Timestamp) -> ::store::Result<UserView> {
    Ok(UserView {
        id: row.get("id")?,
        name: row.get("name")?,
        email: row.get("email")?,
        role: row.word("role")?,
        state: row.word("state")?,
        disabled_above: row.opt_word("disabled_by_role")? == Some(Role::SuperAdmin),
        superior: UserRef::from_row(row, "superior_id", "superior_name")?,
        made_by: UserRef::from_row(row, "maker_id", "maker_name")?,
        locked_until: Record { failures: 0, locked_until: row.get("locked_until")? }.at(rules, now).locked_until,
        second_factor_enabled: row.get::<Option<Timestamp>>("totp_enabled_at")?.is_some(),
        first_sign_in_due: row.get("must_change_password")?,
        quota: None,
        last_sign_in_at: row.get("last_sign_in_at")?,
        created_at: row.get("created_at")?,
    })
}

/// Fills in what the ledger knows.
async fn add_quota(sql: &mut impl Sql, users: &mut [UserView]) -> Result<()> {
    let ids: Vec<UserId> = users.iter().map(|user| user.id).collect();
    let accounts = ledger::accounts_of(sql, &ids).await?;
    for user in users {
        user.quota = accounts.get(&user.id).map(|account| UserQuota { available: account.available().quota(), held: account.held.quota() });
    }
    Ok(())
}
