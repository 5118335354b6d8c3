//! What a hall offers beside play: pauses, time for cleaning, and tables that are held.

use kernel::{Fault, Fields};
use platform::identity::Permission;
use platform::{Cx, Result, audit};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{Sql, args};

use super::model::VenueId;
use super::rows;
use crate::holds::LONGEST_MINUTES;
use crate::staff;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Offers {
    /// How long a session may be paused in all; 0: not at all. Holds for sessions that are opened from now on.
    pub pause_minutes: i64,
    /// The light stays on meanwhile.
    pub pause_lit: bool,
    /// How long a table is kept for cleaning after play; 0: not at all.
    pub cleaning_minutes: i64,
    /// How long a customer who is on the way may hold a table; 0: not at all.
    pub hold_minutes: i64,
    /// Counts their changes; 0: the hall has said nothing yet. Whoever sets them says which one was looked at.
    pub version: i64,
}

/// Of a hall that has said nothing.
impl Default for Offers {
    fn default() -> Self {
        Self { pause_minutes: 0, pause_lit: false, cleaning_minutes: 0, hold_minutes: 15, version: 0 }
    }
}

/// Longer is no pause any more, and keeps a table from others.
const LONGEST_PAUSE: i64 = 120;
const LONGEST_CLEANING: i64 = 120;

impl Offers {
    fn check(self) -> Result<Self> {
        let mut fields = Fields::default();
        for (name, minutes, most) in [
            ("pause_minutes", self.pause_minutes, LONGEST_PAUSE),
            ("cleaning_minutes", self.cleaning_minutes, LONGEST_CLEANING),
            ("hold_minutes", self.hold_minutes, LONGEST_MINUTES),
        ] {
            if !(0..=most).contains(&minutes) {
                fields.add(name, "RANGE", format!("须为 0 至 {most} 分钟"), format!("0 to {most} minutes"));
            }
        }
        fields.check()?;
        Ok(self)
    }
}

pub(crate) async fn of(sql: &mut impl Sql, venue: VenueId) -> store::Result<Offers> {
    let query = "SELECT pause_minutes, pause_lit, cleaning_minutes, hold_minutes, version FROM venue_offers WHERE venue_id = $1";
    let read = |row: &store::Row| {
        Ok(Offers {
            pause_minutes: row.get("pause_minutes")?,
            pause_lit: row.get("pause_lit")?,
            cleaning_minutes: row.get("cleaning_minutes")?,
            hold_minutes: row.get("hold_minutes")?,
            version: row.get("version")?,
        })
    };
    Ok(sql.opt(query, args![venue], read).await?.unwrap_or_default())
}

/// Of a hall where one works.
pub async fn offers(cx: &Cx, venue: VenueId) -> Result<Offers> {
    let user = cx.require(Permission::VenuesView)?;
    let mut sql = cx.db.read();
    staff::works_at(&mut sql, user, venue).await?;
    Ok(of(&mut sql, venue).await?)
}

/// Sets them. Sessions that are played, and tables that are held, keep what was agreed.
pub async fn set_offers(cx: &Cx, venue: VenueId, offers: Offers) -> Result<Offers> {
    let user = cx.require(Permission::VenuesManage)?;
    let offers = offers.check()?;
    let mut tx = cx.db.begin().await?;
    staff::works_at(&mut tx, user, venue).await?;
    // A hall that has said nothing yet has no row of its own to be locked.
    rows::lock_venue(&mut tx, venue).await?;
    let old = of(&mut tx, venue).await?;
    if old.version != offers.version {
        return Err(Fault::changed_meanwhile());
    }
    if old == offers {
        return Ok(old);
    }
    let new = Offers { version: old.version + 1, ..offers };
    let sql = "INSERT INTO venue_offers (venue_id, pause_minutes, pause_lit, cleaning_minutes, hold_minutes, version) \
               VALUES ($1, $2, $3, $4, $5, $6) \
               ON CONFLICT (venue_id) DO UPDATE \
               SET pause_minutes = $2, pause_lit = $3, cleaning_minutes = $4, hold_minutes = $5, version = $6";
    tx.exec(sql, args![venue, new.pause_minutes, new.pause_lit, new.cleaning_minutes, new.hold_minutes, new.version]).await?;
    let detail = serde_json::to_value(new).map_err(Fault::internal)?;
    audit::record(&mut tx, cx, &audit::OFFERS_SET, Some(venue.into()), &json!(detail)).await?;
    tx.commit().await?;
    Ok(new)
}
