//! Maintainers 维护人员, whom managers make for their halls.

use std::collections::BTreeSet;

use kernel::{Fault, Fields, Quota};
use platform::idempotency::IdempotencyKey;
use platform::identity::users::{self, NewUser, UserView};
use platform::identity::{Permission, Role};
use platform::{Cx, Result, audit};
use serde_json::json;
use store::args;

use super::managed::own_halls;
use super::{sees_all, works_at};
use crate::halls::VenueId;

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

/// Makes a maintainer, active at once, who works in these halls: whoever makes it has to work in all of them, until it is written. A first password
/// is mailed, and must be changed. Whom a manager makes that manager manages from then on, beside super admins, and no other.
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
    // What was seen above may have ended since.
    if !sees_all(user) && !venues.is_subset(&own_halls(&mut tx, user).await?) {
        return Err(Fault::not_found());
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
