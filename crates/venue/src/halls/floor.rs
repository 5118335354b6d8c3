//! The floor of a hall as it is now: for the staff's live page.

use std::collections::HashMap;

use kernel::{Fen, Timestamp};
use platform::identity::Permission;
use platform::{Cx, Result};
use serde::Serialize;

use super::lists::Lists;
use super::machine::TableState;
use super::model::{TableId, TariffId, Venue, VenueId};
use super::rows;
use crate::cases::{self, Case};
use crate::customers;
use crate::devices::{self, Device, DeviceId, Draw, Driver};
use crate::holds::{self, HeldFor};
use crate::play::{self, SessionId, SessionState};
use crate::staff;

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct FloorPlay {
    pub id: SessionId,
    pub state: SessionState,
    /// Who plays, by the number that a customer tells at the desk; absent: not told to who does not serve there.
    pub customer_number: Option<String>,
    /// Opened at the desk, which can add time to it; told as the number is.
    pub at_desk: bool,
    /// Of who plays nothing is known but the number.
    pub walk_in: bool,
    pub asked_at: Timestamp,
    pub lit_at: Option<Timestamp>,
    pub paid_until: Timestamp,
    pub held_fen: Fen,
    pub cost_so_far_fen: Fen,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct FloorDevice {
    pub id: DeviceId,
    pub driver: Driver,
    pub name: String,
    /// Counts its edits.
    pub version: i64,
    pub topic: Option<String>,
    /// Which of its device's channels it is, counted from 1.
    pub channel: Option<i64>,
    /// Its device has said that it has no such channel.
    pub lacks_channel: bool,
    /// The exception code with which its board refuses to say how it stands; absent: it does not.
    pub refused: Option<i64>,
    /// Whenever it has come to the broker, its own button is told to do nothing.
    pub locks_button: bool,
    pub address: Option<devices::modbus::Address>,
    pub online: bool,
    pub online_since: Timestamp,
    /// What it should be.
    pub wanted: bool,
    /// What it says it is; absent: not known.
    pub reported: Option<bool>,
    pub override_on: Option<bool>,
    pub override_until: Option<Timestamp>,
    pub override_why: Option<String>,
    /// What it draws.
    pub draw: Draw,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct FloorTable {
    pub id: TableId,
    pub name: String,
    pub code: String,
    /// What the QR code on the table leads to.
    pub url: String,
    pub state: TableState,
    pub since: Timestamp,
    pub x: i64,
    pub y: i64,
    pub tariff_id: TariffId,
    /// The name of its price list; absent: it uses the hall's own.
    pub price_list: Option<String>,
    /// Counts the changes of its name, place and price list.
    pub version: i64,
    pub play: Option<FloorPlay>,
    pub device: Option<FloorDevice>,
    pub case: Option<Case>,
    /// For whom it is held.
    pub hold: Option<HeldFor>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Floor {
    pub venue: Venue,
    pub tables: Vec<FloorTable>,
    /// The server's clock.
    pub now: Timestamp,
}

/// Where the console shows a hall's floor, or one of its tables.
pub(crate) fn page(hall: VenueId, table: Option<TableId>) -> String {
    let table = table.map(|table| format!("&table={table}")).unwrap_or_default();
    format!("/floor?hall={hall}{table}")
}

pub async fn floor(cx: &Cx, id: VenueId) -> Result<Floor> {
    let user = cx.require(Permission::VenuesView)?;
    let mut sql = cx.db.read();
    staff::works_at(&mut sql, user, id).await?;
    let venue = rows::venue(&mut sql, id).await?;
    let now = cx.now();
    let mut players = if user.role.may(Permission::DeskServe) { customers::players_of_venue(&mut sql, id).await? } else { HashMap::new() };
    let mut plays = HashMap::new();
    for session in play::of_venue(&mut sql, id).await? {
        let cost_so_far_fen = play::cost_so_far(&session, now)?;
        let player = players.remove(&session.customer).unwrap_or_default();
        let shown = FloorPlay {
            id: session.id,
            state: session.state,
            customer_number: player.number,
            at_desk: player.at_desk,
            walk_in: player.walk_in,
            asked_at: session.asked_at,
            lit_at: session.lit_at,
            paid_until: session.until_at(now),
            held_fen: session.held,
            cost_so_far_fen,
        };
        plays.insert(session.table, shown);
    }
    let lights = devices::of_venue(&mut sql, id).await?;
    let mut lights: HashMap<TableId, FloorDevice> = lights.into_iter().map(|device| (device.table_id, shown(device))).collect();
    let mut held = holds::of_floor(&mut sql, id).await?;
    let lists = Lists::of(&mut sql, id).await?;
    let mut tables = Vec::new();
    for table in rows::tables(&mut sql, id).await? {
        let case = if table.state == TableState::Maintenance { cases::of_table(&mut sql, table.id).await? } else { None };
        tables.push(FloorTable {
            id: table.id,
            url: format!("{}/m/?t={}", cx.install.public_url, table.code),
            name: table.name,
            code: table.code,
            state: table.state,
            since: table.since,
            x: table.x,
            y: table.y,
            tariff_id: table.tariff_id,
            price_list: lists.get(table.tariff_id)?.name.clone(),
            version: table.version,
            play: plays.remove(&table.id),
            device: lights.remove(&table.id),
            case,
            hold: held.remove(&table.id),
        });
    }
    Ok(Floor { venue, tables, now })
}

fn shown(device: Device) -> FloorDevice {
    FloorDevice {
        id: device.id,
        driver: device.driver,
        name: device.name,
        version: device.edition,
        topic: device.topic,
        channel: device.channel,
        lacks_channel: device.lacks_channel,
        refused: device.refused,
        locks_button: device.locks_button,
        address: device.address,
        online: device.online,
        online_since: device.online_since,
        wanted: device.wanted,
        reported: device.reported,
        override_on: device.override_on,
        override_until: device.override_until,
        override_why: device.override_why,
        draw: device.draw,
    }
}
