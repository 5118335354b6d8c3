//! Looking at users.

use ::store::{Filter, Row, Sql};
use kernel::{Fault, Page, PageAsk, Quota, Timestamp, Word, text};
use serde::{Deserialize, Serialize};

use super::model::prefix_pattern;
use super::scope::restrict;
use crate::identity::{Permission, Principal, Role, UserId, UserRef, UserState};
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
    /// Who created it and decides for it.
    pub superior: Option<UserRef>,
    /// Absent when it is not locked now.
    pub locked_until: Option<Timestamp>,
    pub second_factor_enabled: bool,
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

/// Newest first.
pub async fn list(cx: &Cx, filter: &UserFilter, ask: &PageAsk) -> Result<Page<UserView>> {
    let manager = cx.require(Permission::UsersManage)?;
    let search = filter.search.as_deref().map(|search| text::clean(search, 0, 254, false)).transpose();
    let search = search.map_err(|(code, zh, en)| Fault::field("search", code, zh, en))?;
    let pattern = search.filter(|search| !search.is_empty()).map(|search| prefix_pattern(&text::fold(&search)));
    let conditions = || {
        let mut conditions = Filter::new();
        restrict(manager, &mut conditions);
        conditions.and_some("u.name_key LIKE ? ESCAPE '!' OR u.email_key LIKE ? ESCAPE '!'", pattern.clone());
        conditions.and_some("u.role = ?", filter.role.map(Word::as_str)).and_some("u.state = ?", filter.state.map(Word::as_str));
        conditions
    };

    let counted = conditions();
    let count = format!("SELECT CAST(COUNT(*) AS BIGINT) AS n FROM users u WHERE {}", counted.sql());
    let total: i64 = cx.db.read().one(&count, counted.args(), |row| row.get("n")).await?;

    let mut shown = conditions();
    shown.and("u.id < ?", ask.before());
    let limit = shown.arg(ask.fetch());
    let sql = format!("{COLUMNS} WHERE {} ORDER BY u.id DESC LIMIT {limit}", shown.sql());
    let now = cx.now();
    let users = cx.db.read().all(&sql, shown.args(), |row| read(row, now)).await?;
    let mut page = Page::cut(users, ask, |user| user.id.uuid());
    page.total = Some(total);
    add_quota(&mut cx.db.read(), &mut page.items).await?;
    Ok(page)
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
    let now = cx.now();
    let user = sql.opt(&query, conditions.args(), |row| read(row, now)).await?;
    let mut user = [user.ok_or_else(Fault::not_found)?];
    add_quota(sql, &mut user).await?;
    let [user] = user;
    Ok(user)
}

const COLUMNS: &str = "SELECT u.id, u.name, u.email, u.role, u.state, u.locked_until, u.totp_enabled_at, u.last_sign_in_at, u.created_at, s.id AS superior_id, s.name AS superior_name \
    FROM users u LEFT JOIN users s ON s.id = u.superior_id";

fn read(row: &Row, now: Timestamp) -> ::store::Result<UserView> {
    Ok(UserView {
        id: row.get("id")?,
        name: row.get("name")?,
        email: row.get("email")?,
        role: row.word("role")?,
        state: row.word("state")?,
        superior: UserRef::from_row(row, "superior_id", "superior_name")?,
        locked_until: row.get::<Option<Timestamp>>("locked_until")?.filter(|until| *until > now),
        second_factor_enabled: row.get::<Option<Timestamp>>("totp_enabled_at")?.is_some(),
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
        user.quota = accounts.get(&user.id).map(|account| UserQuota { available: account.available(), held: account.held });
    }
    Ok(())
}
