//! Who is let work in a hall, and who is taken from it.

use kernel::{Fault, Fields, Kind, text};
use platform::identity::{Permission, UserId, find_by_name};
use platform::messages::templates;
use platform::{Cx, Result, audit};
use serde_json::json;
use store::args;

use super::managed::{Keeper, settle};
use super::{Member, ROLES, list, works_at};
use crate::halls::VenueId;

/// Lets a manager, a maintainer or a cashier work in a hall. Doing so twice is fine. Whom a manager has made who does not work there it manages no
/// more: that is the super admins' then.
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
    let keeper = Keeper::hold(&mut tx, user, member.id).await?;
    works_at(&mut tx, user, venue).await?;
    let sql = "INSERT INTO venue_staff (user_id, venue_id) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    if tx.exec(sql, args![member.id, venue]).await? == 1 {
        audit::record(&mut tx, cx, &audit::STAFF_ADDED, Some(venue.into()), &json!({"name": member.name})).await?;
        if let Some(keeper) = &keeper {
            settle(&mut tx, cx, keeper, venue, &templates::MAINTAINERS_SHARED).await?;
        }
        tx.commit().await?;
    }
    list(cx, venue).await
}

/// Ends somebody's work in a hall. Nobody takes a hall from oneself. Whom a manager has made and leaves behind there it manages no more: that is the
/// super admins' then, and they are told.
pub async fn remove(cx: &Cx, venue: VenueId, member: UserId) -> Result<Vec<Member>> {
    let user = cx.require(Permission::VenuesManage)?;
    works_at(&mut cx.db.read(), user, venue).await?;
    if member == user.id {
        return Err(Fault::new(Kind::Conflict, "NOT_ONESELF", "不能对自己执行此操作", "One cannot do this to oneself"));
    }
    let mut tx = cx.db.begin().await?;
    let keeper = Keeper::hold(&mut tx, user, member).await?;
    works_at(&mut tx, user, venue).await?;
    if tx.exec("DELETE FROM venue_staff WHERE user_id = $1 AND venue_id = $2", args![member, venue]).await? == 1 {
        audit::record(&mut tx, cx, &audit::STAFF_REMOVED, Some(venue.into()), &json!({"user": member})).await?;
        if let Some(keeper) = &keeper {
            settle(&mut tx, cx, keeper, venue, &templates::MAINTAINERS_LEFT).await?;
        }
        tx.commit().await?;
    }
    list(cx, venue).await
}
