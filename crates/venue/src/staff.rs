//! Whose halls somebody of the staff sees: all, or those where one works; who works where; who makes whom; and who is told of a hall's trouble.
//!
//! **Invariant**: a manager manages the maintainers whom it has made, and none that works in a hall from which it was taken since.

use std::collections::BTreeSet;

use kernel::{Fault, Fields, Kind, Quota, text};
use platform::idempotency::IdempotencyKey;
use platform::identity::users::{self, NewUser, UserView};
use platform::identity::{Permission, Principal, Role, UserId, UserRef, find_by_name, holders_of};
use platform::{Cx, Result, audit};
use serde::Serialize;
use serde_json::json;
use store::{Filter, Sql, Tx, args};

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

/// Lets a manager, a maintainer or a cashier work in a hall. Doing so twice is fine.
pub async fn add(cx: &Cx, venue: VenueId, name: &str) -> Result<Vec<Member>> {
    let user = cx.require(Permission::VenuesManage)?;
    let mut fields = Fields::default();
    let name = fields.take("name", text::clean(name, 1, 40, false)).unwrap_or_default();
    fields.check()?;
    works_at(&mut cx.db.read(), user, venue).await?;
    let found = find_by_name(&mut cx.db.read(), &name).await?;
    let Some((member, _)) = found.filter(|(_, role)| ROLES.contains(role)) else {
        let (zh, en) = ("没有叫这个名字的店长、维护人员或收银员", "No manager, maintainer or cashier has this name");
        return Err(Fault::field("name", "USER_NOT_FOUND", zh, en));
    };
    let mut tx = cx.db.begin().await?;
    let sql = "INSERT INTO venue_staff (user_id, venue_id) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    if tx.exec(sql, args![member.id, venue]).await? == 1 {
        audit::record(&mut tx, cx, &audit::STAFF_ADDED, Some(venue.into()), &json!({"name": member.name})).await?;
        tx.commit().await?;
    }
    list(cx, venue).await
}

/// A maintainer 维护人员 to be made.
#[derive(Debug, Clone)]
pub struct NewMaintainer {
    pub name: String,
    pub email: String,
    /// Where it works from the start. More can follow.
    pub venues: Vec<VenueId>,
}

/// More than one manager has.
const MOST_HALLS: usize = 100;

/// Makes a maintainer, active at once, who works in these halls: whoever makes it has to work in all of them. A first password is mailed, and must be
/// changed. Whom a manager makes that manager manages from then on, beside super admins, and no other.
pub async fn make_maintainer(cx: &Cx, ask: &NewMaintainer, key: &IdempotencyKey) -> Result<UserView> {
    let user = cx.require(Permission::VenuesManage)?;
    let venues: BTreeSet<VenueId> = ask.venues.iter().copied().collect();
    let mut fields = Fields::default();
    if venues.is_empty() {
        fields.add("venue_ids", "REQUIRED", "请至少选择一家球厅", "At least one hall is needed");
    } else if venues.len() > MOST_HALLS {
        fields.add("venue_ids", "TOO_MANY", format!("最多 {MOST_HALLS} 家球厅"), format!("No more than {MOST_HALLS} halls"));
    }
    for venue in venues.iter().take(MOST_HALLS) {
        works_at(&mut cx.db.read(), user, *venue).await?;
    }
    let new = NewUser { name: ask.name.clone(), email: ask.email.clone(), role: Role::Maintainer, initial_quota: Quota::ZERO };
    let new = users::Prepared::of(cx, &new, fields).await?;

    let mut tx = cx.db.begin().await?;
    if let Some(first) = key.seen(&mut tx, cx, user.id.uuid()).await? {
        return Ok(first);
    }
    let made = new.write(&mut tx, cx).await?;
    for venue in venues {
        tx.exec("INSERT INTO venue_staff (user_id, venue_id) VALUES ($1, $2)", args![made.id, venue]).await?;
        audit::record(&mut tx, cx, &audit::STAFF_ADDED, Some(venue.into()), &json!({"name": made.name})).await?;
    }
    key.answer(&mut tx, user.id.uuid(), &made).await?;
    tx.commit().await?;
    Ok(made)
}

/// Ends somebody's work in a hall. Nobody takes a hall from oneself. Whom a manager has made and leaves behind there it manages no more: that is the
/// super admins' then.
pub async fn remove(cx: &Cx, venue: VenueId, member: UserId) -> Result<Vec<Member>> {
    let user = cx.require(Permission::VenuesManage)?;
    works_at(&mut cx.db.read(), user, venue).await?;
    if member == user.id {
        return Err(Fault::new(Kind::Conflict, "NOT_ONESELF", "不能对自己执行此操作", "One cannot do this to oneself"));
    }
    let mut tx = cx.db.begin().await?;
    if tx.exec("DELETE FROM venue_staff WHERE user_id = $1 AND venue_id = $2", args![member, venue]).await? == 1 {
        audit::record(&mut tx, cx, &audit::STAFF_REMOVED, Some(venue.into()), &json!({"user": member})).await?;
        let left = left_behind(&mut tx, venue, member).await?;
        users::let_go(&mut tx, cx, member, &left).await?;
        tx.commit().await?;
    }
    list(cx, venue).await
}

/// Who works in a hall and was made by somebody who does so no more.
async fn left_behind(tx: &mut Tx, venue: VenueId, by: UserId) -> store::Result<Vec<UserId>> {
    let sql = "SELECT u.id FROM venue_staff s JOIN users u ON u.id = s.user_id WHERE s.venue_id = $1 AND u.superior_id = $2 ORDER BY u.id";
    tx.all(sql, args![venue, by], |row| row.get("id")).await
}
