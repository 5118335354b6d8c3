//! Whose halls somebody of the staff sees: all, or those where one works; who works where; who makes whom; and who is told of a hall's trouble.
//!
//! - [`add`], [`remove`]: who works in a hall. [`make_maintainer`]: who is made for some.
//! - [`managed`]: whom a manager manages of those that it has made.

mod change;
mod maintainers;
mod managed;

pub use change::{add, remove};
pub use maintainers::{NewMaintainer, make_maintainer};

use kernel::Fault;
use platform::identity::{Permission, Principal, Role, UserId, UserRef, holders_of};
use platform::{Cx, Result};
use serde::Serialize;
use store::{Filter, Sql, args};

use crate::halls::VenueId;

/// Adds "the hall in `column` is one that I may see" to a query.
pub(crate) fn restrict(user: &Principal, filter: &mut Filter, column: &str) {
    if !sees_all(user) {
        filter.and(&format!("{column} IN (SELECT venue_id FROM venue_staff WHERE user_id = ?)"), user.id);
    }
}

/// Whether every hall is one that this user may see.
pub(crate) fn sees_all(user: &Principal) -> bool {
    user.role == Role::SuperAdmin
}

/// Refuses a hall where one does not work, as one that is not there.
pub(crate) async fn works_at(sql: &mut impl Sql, user: &Principal, venue: VenueId) -> Result<()> {
    let mut filter = Filter::new();
    filter.and("v.id = ?", venue);
    restrict(user, &mut filter, "v.id");
    let query = format!("SELECT v.id FROM venues v WHERE {}", filter.sql());
    let found = sql.opt(&query, filter.args(), |row| row.get::<VenueId>("id")).await?;
    found.map(drop).ok_or_else(Fault::not_found)
}

/// Refuses who works in no hall: nobody stands at a desk of theirs.
pub(crate) async fn works_somewhere(sql: &mut impl Sql, user: &Principal) -> Result<()> {
    if sees_all(user) {
        return Ok(());
    }
    let query = "SELECT 1 AS one FROM venue_staff WHERE user_id = $1 LIMIT 1";
    sql.opt(query, args![user.id], |_| Ok(())).await?.ok_or_else(Fault::forbidden)
}

/// Whose work it is to see to what is broken.
pub(crate) const FIXERS: &[Permission] = &[Permission::CasesManage];
/// Who can be let work in a hall.
const ROLES: [Role; 3] = [Role::VenueManager, Role::Maintainer, Role::Cashier];

/// Whether somebody of this role may do what takes one of these permissions, whichever.
pub(crate) fn may(role: Role, one_of: &[Permission]) -> bool {
    one_of.iter().any(|permission| role.may(*permission))
}

/// Who of those that work in a hall may do it.
pub(crate) fn roles_that_may(one_of: &[Permission]) -> Vec<Role> {
    ROLES.into_iter().filter(|role| may(*role, one_of)).collect()
}

/// Who is to be told of something in a hall: those of its active staff who may do something about it, as they hold one of these permissions. Where
/// there is nobody, as in a hall that a super admin has just made or whose people were all disabled, the active super admins, so that nothing is
/// told to nobody.
pub(crate) async fn to_tell(sql: &mut impl Sql, venue: VenueId, one_of: &[Permission]) -> store::Result<Vec<UserId>> {
    let query = "SELECT u.id, u.role FROM venue_staff s JOIN users u ON u.id = s.user_id \
                 WHERE s.venue_id = $1 AND u.state = 'active' ORDER BY u.id LIMIT 200";
    let all: Vec<(UserId, Role)> = sql.all(query, args![venue], |row| Ok((row.get("id")?, row.word("role")?))).await?;
    let staff: Vec<UserId> = all.into_iter().filter(|(_, role)| may(*role, one_of)).map(|(id, _)| id).take(50).collect();
    if staff.is_empty() { holders_of(sql, Role::SuperAdmin).await } else { Ok(staff) }
}

/// Somebody who works in a hall.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Member {
    pub user: UserRef,
    pub role: Role,
}

/// Who works in a hall.
pub async fn list(cx: &Cx, venue: VenueId) -> Result<Vec<Member>> {
    let user = cx.require(Permission::VenuesView)?;
    let mut sql = cx.db.read();
    works_at(&mut sql, user, venue).await?;
    let query =
        "SELECT u.id, u.name, u.role FROM venue_staff s JOIN users u ON u.id = s.user_id WHERE s.venue_id = $1 ORDER BY u.id LIMIT 200";
    let read = |row: &store::Row| Ok(Member { user: UserRef { id: row.get("id")?, name: row.get("name")? }, role: row.word("role")? });
    Ok(sql.all(query, args![venue], read).await?)
}
