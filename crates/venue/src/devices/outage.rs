//! A broker that is away, or a whole hall: no lamp can be told anything, and nobody would see that but those who stand at a table.

use kernel::Timestamp;
use platform::allowance::Allowance;
use platform::messages::templates::{BROKER_AWAY, HALL_AWAY};
use platform::{Cx, Result, messages};
use store::Tx;

use crate::halls::{VenueId, floor_page, rows as halls};
use crate::staff;

/// Of all processes together: each finds it away.
const TOLD: Allowance = Allowance { name: "broker-away-told", window_seconds: 3_600, most: 1 };
const BROKER: &str = "broker";
/// Of each hall.
const HALL_TOLD: Allowance = Allowance { name: "hall-away-told", window_seconds: 3_600, most: 1 };

/// Tells those who can see to it, once an hour.
pub async fn broker_is_away(cx: &Cx, since: Timestamp, why: &str) -> Result<()> {
    let mut tx = cx.db.begin().await?;
    if !TOLD.reaches_most(&mut tx, cx, BROKER).await? {
        return Ok(());
    }
    let said = [("since_at", since.to_string()), ("why", why.chars().take(300).collect())];
    messages::tell_super_admins(&mut tx, cx, &BROKER_AWAY, &said, Some("/devices")).await?;
    Ok(tx.commit().await?)
}

/// Tells a hall's staff that its lights are away together while somebody plays, once an hour.
pub(crate) async fn hall_is_away(tx: &mut Tx, cx: &Cx, venue: VenueId) -> Result<()> {
    if !HALL_TOLD.reaches_most(tx, cx, &venue.to_string()).await? {
        return Ok(());
    }
    let said = [("hall", halls::venue(tx, venue).await?.name)];
    let staff = staff::to_tell(tx, venue, staff::FIXERS).await?;
    messages::tell_each(tx, cx, &staff, &HALL_AWAY, &said, Some(&floor_page(venue, None))).await
}
