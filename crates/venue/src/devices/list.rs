//! Lights of all the halls where one works.

use kernel::{Page, PageAsk, Timestamp};
use platform::identity::Permission;
use platform::{Cx, Result};
use serde::Serialize;
use store::{Index, Look, Of, Row};

use super::{DeviceId, Driver};
use crate::halls::{TableId, TableState, VenueId};
use crate::staff;

kernel::words! {
    /// What is to be seen of a light from afar.
    pub enum DeviceState {
        /// It is there, and as it should be.
        Agrees = "agrees",
        /// It is there, and says something else, or nothing yet.
        Differs = "differs",
        Away = "away",
    }
}

#[derive(Debug, Clone, Copy, Default)]
pub struct DeviceFilter {
    pub venue: Option<VenueId>,
    pub state: Option<DeviceState>,
}

#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct DeviceRow {
    pub id: DeviceId,
    pub venue_id: VenueId,
    pub venue_name: String,
    pub table_id: TableId,
    pub table_name: String,
    pub table_state: TableState,
    pub driver: Driver,
    pub name: String,
    pub state: DeviceState,
    /// Since when it is there, or away.
    pub online_since: Timestamp,
    /// What it should be.
    pub wanted: bool,
    /// What it says it is; absent: not known.
    pub reported: Option<bool>,
    /// When it last said how it is.
    pub reported_at: Option<Timestamp>,
}

const OF_VENUE: Index = Index { name: "devices_venue", columns: &["venue_id"] };

const SELECT: &str = "SELECT d.id, d.venue_id, v.name AS venue_name, d.table_id, b.name AS table_name, b.state AS table_state, d.driver, d.name, \
                      d.online, d.online_since, d.wanted, d.reported, d.reported_at FROM devices d JOIN venues v ON v.id = d.venue_id \
                      JOIN venue_tables b ON b.id = d.table_id";

/// Those that were added last come first. Lights of tables that were given up are left out.
pub async fn list(cx: &Cx, filter: &DeviceFilter, ask: &PageAsk) -> Result<Page<DeviceRow>> {
    let user = cx.require(Permission::VenuesView)?;
    let mut sql = cx.db.read();
    let mut look = Look::new("devices", "id");
    if let Some(venue) = filter.venue {
        staff::works_at(&mut sql, user, venue).await?;
        look.by(&OF_VENUE).along("venue_id", venue);
    } else if !staff::sees_all(user) {
        let mine = format!("SELECT venue_id AS v0 FROM venue_staff WHERE user_id = {}", look.arg(user.id));
        look.by(&OF_VENUE).among(&[("venue_id", Of::Uuid)], &mine);
    }
    look.rest_plain("b.retired_at IS NULL");
    match filter.state {
        Some(DeviceState::Agrees) => drop(look.rest_plain("d.online AND d.reported = d.wanted")),
        Some(DeviceState::Differs) => drop(look.rest_plain("d.online AND (d.reported IS NULL OR d.reported <> d.wanted)")),
        Some(DeviceState::Away) => drop(look.rest_plain("NOT d.online")),
        None => {}
    }
    Ok(look.page(&mut sql, SELECT, "d.id", ask, read, |device| device.id.uuid()).await?)
}

fn read(row: &Row) -> store::Result<DeviceRow> {
    let (online, wanted): (bool, bool) = (row.get("online")?, row.get("wanted")?);
    let reported: Option<bool> = row.get("reported")?;
    let state = match (online, reported == Some(wanted)) {
        (false, _) => DeviceState::Away,
        (true, true) => DeviceState::Agrees,
        (true, false) => DeviceState::Differs,
    };
    Ok(DeviceRow {
        id: row.get("id")?,
        venue_id: row.get("venue_id")?,
        venue_name: row.get("venue_name")?,
        table_id: row.get("table_id")?,
        table_name: row.get("table_name")?,
        table_state: row.word("table_state")?,
        driver: row.word("driver")?,
        name: row.get("name")?,
        state,
        online_since: row.get("online_since")?,
        wanted,
        reported,
        reported_at: row.get("reported_at")?,
    })
}
