//! Another device in the place of a table's light, or another name for it: a relay that is broken is replaced, and one that was moved has another
//! coil, or another channel.
//!
//! The light's row stays, and its log with it. What was known of the first does not count for the second: it is told what it should be when it
//! comes, and its table is not used again before it was seen to be on.

use kernel::{Fault, Fields, Kind, Word, text};
use platform::identity::Permission;
use platform::{Cx, Result, audit};
use serde::Deserialize;
use serde_json::json;
use store::{Sql as _, Tx, args};

use super::device::{Device, DeviceId, Driver};
use super::modbus::{self, Address, NewAddress};
use super::relay::{self, Seat};
use super::rows::by_id;
use super::service::{Credentials, address, button, coil_taken};
use super::{leave, log, watch};
use crate::halls::rows::lock_table_in_use;
use crate::halls::{TableState, differences, not_in_maintenance};
use crate::{Venue, cases, staff};

#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangedDevice {
    pub driver: Driver,
    pub name: String,
    /// Of `modbus` alone.
    #[serde(default)]
    pub address: Option<NewAddress>,
    /// Which of its device's channels it is, 1 to 8; absent: as it is, or the first of a device of another kind. Not of `modbus`.
    #[serde(default)]
    pub channel: Option<i64>,
    /// Another light of the hall, on whose device it is from now on. Absent: it stays where it is, unless it is replaced.
    #[serde(default)]
    pub beside: Option<DeviceId>,
    /// Whether its own button is told to do nothing, whenever it has come to the broker; absent: as it is. Not of `modbus`.
    #[serde(default)]
    pub locks_button: Option<bool>,
    /// Another device of the same kind is there now. It is another one in any case where its kind, its channel or its address is.
    #[serde(default)]
    pub replaced: bool,
    /// That of the device as it was looked at.
    pub version: i64,
}

/// Changes the light of a table that is out of service. Where it is another device now, what is entered into it is told once, and the first has
/// nothing to say any more.
pub async fn change(cx: &Cx, venue: &Venue, id: DeviceId, ask: ChangedDevice) -> Result<Credentials> {
    let user = cx.require(Permission::VenuesManage)?;
    let seen = by_id(&mut cx.db.read(), id).await?.ok_or_else(Fault::not_found)?;
    let mut tx = cx.db.begin().await?;
    let table = lock_table_in_use(&mut tx, seen.table_id).await?;
    staff::works_at(&mut tx, user, table.venue_id).await?;
    let old = by_id(&mut tx, id).await?.ok_or_else(Fault::not_found)?;
    let is_kind = old.driver == ask.driver;
    let mut fields = Fields::default();
    let name = fields.take("name", text::clean(&ask.name, 1, 60, false)).unwrap_or_default();
    let address = address(&mut fields, ask.driver, ask.address.as_ref());
    let channel = relay::channel(&mut fields, ask.driver, ask.channel.or(old.channel.filter(|_| is_kind)), ask.beside);
    let locks_button = ask.locks_button.unwrap_or(old.locks_button && ask.driver != Driver::Modbus);
    button(&mut fields, ask.driver, locks_button);
    fields.check()?;
    if old.edition != ask.version {
        return Err(Fault::changed_meanwhile());
    }
    if table.state != TableState::Maintenance {
        return Err(not_in_maintenance());
    }
    // Where nothing else is said it stays on its device.
    let beside = ask.beside.or((is_kind && !ask.replaced && old.topic.is_some()).then_some(id));
    let seat = match channel {
        Some(channel) => Some(relay::seat(&mut tx, cx, table.venue_id, Some(&old), ask.driver, channel, beside).await?),
        None => None,
    };
    let is_elsewhere = seat.as_ref().is_some_and(|seat| old.on_broker() != (seat.topic.as_str(), seat.channel));
    let is_another = ask.replaced || !is_kind || old.address != address || is_elsewhere;
    if !is_another && old.name == name && old.locks_button == locks_button {
        return Ok(Credentials::of(old, None));
    }
    if is_another {
        let moves = seat.as_ref().is_some_and(|seat| old.topic.as_deref() == Some(seat.topic.as_str()));
        if old.online && (old.wanted || old.reported == Some(true)) && leave::stays_lit(&mut tx, &old, moves).await? {
            let (zh, en) = (
                "灯正开着：请先交还灯光控制，熄灯后再更换",
                "The light is on: give it back first, so that it goes off, and replace it then",
            );
            return Err(Fault::new(Kind::Conflict, "LIGHT_ON", zh, en));
        }
        leave::may_leave(&mut tx, &old, moves, cx.now()).await?;
    }
    let sql = "UPDATE devices SET name = $1, locks_button = $2, button_told = FALSE, edition = edition + 1 WHERE id = $3";
    tx.exec(sql, args![name.as_str(), locks_button, id]).await?;
    if is_another {
        replace(&mut tx, cx, venue, &old, ask.driver, address.as_ref(), seat.as_ref()).await?;
    }
    let device = by_id(&mut tx, id).await?.ok_or_else(Fault::not_found)?;
    let action = if is_another { &audit::DEVICE_REPLACED } else { &audit::DEVICE_CHANGED };
    let (what, why) = match (is_another, old.name == name) {
        (true, _) => ("replaced", ""),
        (false, false) => ("renamed", name.as_str()),
        (false, true) => (if locks_button { "button_locked" } else { "button_left" }, ""),
    };
    let changes = differences(&told(&old), &told(&device));
    log::write(&mut tx, cx, id, &user.name, what, why).await?;
    audit::record(&mut tx, cx, action, Some(id.into()), &json!({"table": table.name, "changes": changes})).await?;
    if is_another {
        // What ends when the light is there again would end without anybody having looked at this one.
        cases::is_somebodys(&mut tx, table.id).await?;
    }
    venue.news.after(&mut tx);
    tx.commit().await?;
    Ok(Credentials::of(device, seat.and_then(|seat| seat.password)))
}

/// Of a device, for the operation log.
fn told(device: &Device) -> serde_json::Value {
    let address = device.address.as_ref().map(ToString::to_string);
    let Device { name, driver, topic, channel, locks_button, .. } = device;
    json!({"name": name, "driver": driver, "topic": topic, "channel": channel, "address": address, "locks_button": locks_button})
}

/// Another device is there from now on, or another of its channels, and nothing is known of it.
async fn replace(
    tx: &mut Tx,
    cx: &Cx,
    venue: &Venue,
    old: &Device,
    driver: Driver,
    address: Option<&Address>,
    seat: Option<&Seat>,
) -> Result<()> {
    if let Some(at) = address {
        let taken = "SELECT id FROM devices WHERE coil_host = $1 AND coil_port = $2 AND coil_unit = $3 AND coil_number = $4 AND id <> $5";
        let coil = args![at.host.as_str(), i64::from(at.port), i64::from(at.unit), i64::from(at.coil), old.id];
        if tx.opt(taken, coil, |row| row.get::<DeviceId>("id")).await?.is_some() {
            return Err(coil_taken());
        }
    }
    if seat.is_none() {
        relay::lock(tx, old.topic.as_deref(), None).await?;
    }
    // Where it cannot be measured by itself it is not watched any more.
    let mut fields = Fields::default();
    watch::check(&mut fields, driver, seat.is_some_and(|seat| seat.shared), old.draw.least_watts);
    let least_watts = old.draw.least_watts.filter(|_| fields.is_empty());
    let sql = "UPDATE devices SET driver = $1, topic = $2, password_hash = $3, channel = $13, lacks_channel = FALSE, refused = NULL, coil_host = $4, coil_port = $5, \
               coil_framing = $6, coil_unit = $7, coil_number = $8, coil_timer = $12, least_watts = $9, drawn = NULL, drawn_at = NULL, on_since = NULL, enough_at = NULL, low_since = NULL, \
               dark_since = NULL, burns_since = NULL, reported = NULL, reported_at = NULL, lit_at = NULL, burns_until = NULL, wrong_since = NULL, right_since = NULL, told_at = NULL, \
               silent_since = NULL, online = FALSE, online_since = $10, left_at = NULL, wanted_at = $10, replaced_at = $10, version = version + 1 WHERE id = $11";
    let written = args![
        driver.as_str(),
        seat.map(|seat| seat.topic.as_str()),
        seat.map(|seat| seat.hash.clone()),
        address.map(|at| at.host.as_str()),
        address.map(|at| i64::from(at.port)),
        address.map(|at| at.framing.as_str()),
        address.map(|at| i64::from(at.unit)),
        address.map(|at| i64::from(at.coil)),
        least_watts,
        cx.now(),
        old.id,
        address.map(|at| at.timer.as_str()),
        seat.map(|seat| seat.channel)
    ];
    match tx.exec(sql, written).await {
        Ok(_) => {}
        // Two at once have chosen the same.
        Err(store::Error::Unique(_)) => return Err(if address.is_some() { coil_taken() } else { relay::channel_taken() }),
        Err(error) => return Err(error.into()),
    }
    relay::left(tx, venue, old.topic.clone()).await?;
    if address.is_some() {
        modbus::poll_soon(tx, cx).await?;
    } else if seat.is_some_and(|seat| seat.password.is_none()) {
        relay::ask_soon(tx, cx).await?;
    }
    Ok(())
}
