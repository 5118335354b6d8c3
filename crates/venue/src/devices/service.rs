//! What the staff does with devices.

use kernel::{Fault, Fields, Kind, MINUTE, Word, text};
use platform::identity::Permission;
use platform::{Cx, Result, audit};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::args;

use super::device::{Device, DeviceId, Driver};
use super::modbus::{Address, NewAddress};
use super::rows::{by_id, of_table, want};
use super::{log, modbus, relay, watch};
use crate::halls::rows::{lock_table_in_use, table_in_use};
use crate::halls::{TableId, TableState, not_in_maintenance};
use crate::{Venue, staff};

#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDevice {
    pub table_id: TableId,
    pub driver: Driver,
    pub name: String,
    /// Of `modbus` alone.
    #[serde(default)]
    pub address: Option<NewAddress>,
    /// Which of its device's channels it is, 1 to 8; absent: the first. Not of `modbus`, which has coils.
    #[serde(default)]
    pub channel: Option<i64>,
    /// Another light of the hall, on whose device it is: that has several channels. Absent: it has a device of its own.
    #[serde(default)]
    pub beside: Option<DeviceId>,
    /// Whether its own button is told to do nothing, whenever it has come to the broker. Not of `modbus`, which has none.
    #[serde(default)]
    pub locks_button: bool,
    /// What the lamp draws at least when it is on, 1 to 5,000; absent: it is not watched. Not of `modbus`, nor of one of several on a Tasmota.
    #[serde(default)]
    pub least_watts: Option<i64>,
}

/// What is entered into the device; told once. Nothing, where it is a board that we connect to, or has other lights already.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Credentials {
    pub device: Device,
    pub user: Option<String>,
    pub password: Option<String>,
}

/// Adds the light of a table that has none.
pub async fn create(cx: &Cx, ask: NewDevice) -> Result<Credentials> {
    let user = cx.require(Permission::VenuesManage)?;
    let mut fields = Fields::default();
    let name = fields.take("name", text::clean(&ask.name, 1, 60, false)).unwrap_or_default();
    let address = address(&mut fields, ask.driver, ask.address.as_ref());
    let channel = relay::channel(&mut fields, ask.driver, ask.channel, ask.beside);
    button(&mut fields, ask.driver, ask.locks_button);
    watch::check(&mut fields, ask.driver, ask.beside.is_some(), ask.least_watts);
    fields.check()?;
    let mut tx = cx.db.begin().await?;
    let of = lock_table_in_use(&mut tx, ask.table_id).await?;
    staff::works_at(&mut tx, user, of.venue_id).await?;
    if of_table(&mut tx, of.id).await?.is_some() {
        return Err(Fault::new(Kind::Conflict, "LIGHT_EXISTS", "这张台已有灯控设备", "This table has its light already"));
    }
    let seat = match channel {
        Some(channel) => Some(relay::seat(&mut tx, cx, of.venue_id, None, ask.driver, channel, ask.beside).await?),
        None => None,
    };
    let id: DeviceId = cx.id();
    let sql = "INSERT INTO devices (id, venue_id, table_id, driver, name, topic, channel, password_hash, coil_host, coil_port, coil_framing, coil_unit, \
               coil_number, coil_timer, least_watts, locks_button, wanted, version, wanted_at, online, online_since, created_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, FALSE, 0, $17, FALSE, $17, $17) ON CONFLICT DO NOTHING";
    let (at, on) = (address.as_ref(), seat.as_ref());
    let written = args![
        id,
        of.venue_id,
        of.id,
        ask.driver.as_str(),
        name.as_str(),
        on.map(|on| on.topic.as_str()),
        on.map(|on| on.channel),
        on.map(|on| on.hash.clone()),
        at.map(|at| at.host.as_str()),
        at.map(|at| i64::from(at.port)),
        at.map(|at| at.framing.as_str()),
        at.map(|at| i64::from(at.unit)),
        at.map(|at| i64::from(at.coil)),
        at.map(|at| at.timer.as_str()),
        ask.least_watts,
        ask.locks_button,
        cx.now()
    ];
    // The table's row is locked, and so are those of the device: only the coil can be somebody else's.
    if tx.exec(sql, written).await? == 0 {
        return Err(if address.is_some() { coil_taken() } else { relay::channel_taken() });
    }
    let at = address.as_ref().map(ToString::to_string);
    audit::record(
        &mut tx,
        cx,
        &audit::DEVICE_CREATED,
        Some(id.into()),
        &json!({"name": name, "table": of.name, "address": at, "channel": channel, "locks_button": ask.locks_button, "least_watts": ask.least_watts}),
    )
    .await?;
    if address.is_some() {
        modbus::poll_soon(&mut tx, cx).await?;
    } else if ask.beside.is_some() {
        relay::ask_soon(&mut tx, cx).await?;
    }
    let device = by_id(&mut tx, id).await?.ok_or_else(Fault::not_found)?;
    tx.commit().await?;
    Ok(Credentials::of(device, seat.and_then(|seat| seat.password)))
}

impl Credentials {
    /// Whoever has a password to tell comes to the broker by the device's name there.
    pub(super) fn of(device: Device, password: Option<String>) -> Self {
        let user = password.is_some().then(|| device.topic.clone()).flatten();
        Self { device, user, password }
    }
}

/// Where its coil is, of a device that has one; `None` too where something is wrong with that, which is noted then.
pub(super) fn address(fields: &mut Fields, driver: Driver, address: Option<&NewAddress>) -> Option<Address> {
    match (driver, address) {
        (Driver::Modbus, Some(address)) => address.check(fields),
        (Driver::Modbus, None) => {
            fields.add("address", "REQUIRED", "请填写继电器板的地址", "The board's address is needed");
            None
        }
        (Driver::Tasmota | Driver::Shelly, None) => None,
        (Driver::Tasmota | Driver::Shelly, Some(_)) => {
            fields.add("address", "NOT_HERE", "只有 Modbus 设备填写地址", "Only a Modbus device has an address");
            None
        }
    }
}

/// Whether a device of this kind has a button that can be locked, if that is asked for.
pub(super) fn button(fields: &mut Fields, driver: Driver, locks: bool) {
    if locks && driver == Driver::Modbus {
        fields.add("locks_button", "NOT_HERE", "继电器板没有可以锁定的按键", "A relay board has no button that could be locked");
    }
}

pub(super) fn coil_taken() -> Fault {
    Fault::new(Kind::Conflict, "COIL_TAKEN", "这个线圈已用于其他球台", "This coil is another table's light already")
}

#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OverrideAsk {
    pub on: bool,
    /// 1 to 720; then it is again as play has it.
    pub minutes: i64,
    pub why: String,
}

/// Sets a table's light by hand for a while.
pub async fn override_light(cx: &Cx, venue: &Venue, id: TableId, ask: &OverrideAsk) -> Result<Device> {
    let user = cx.require(Permission::TablesOperate)?;
    let mut fields = Fields::default();
    if !(1..=720).contains(&ask.minutes) {
        fields.add("minutes", "RANGE", "时长须为 1 至 720 分钟", "1 to 720 minutes");
    }
    let why = fields.take("why", text::clean(&ask.why, 1, 200, false)).unwrap_or_default();
    fields.check()?;
    let what = if ask.on { "set_on" } else { "set_off" };
    set(cx, venue, user, id, what, Some((ask.on, ask.minutes)), &why).await
}

/// Gives the light back to play.
pub async fn end_override(cx: &Cx, venue: &Venue, id: TableId) -> Result<Device> {
    let user = cx.require(Permission::TablesOperate)?;
    set(cx, venue, user, id, "given_back", None, "").await
}

/// Turns the light of a table that is out of service on for a moment, for whoever looks after it.
pub async fn test_light(cx: &Cx, venue: &Venue, id: TableId) -> Result<Device> {
    let user = cx.require(Permission::CasesManage)?;
    set(cx, venue, user, id, TESTED, Some((true, TEST_MINUTES)), "").await
}

const TESTED: &str = "tested";
/// Enough for a lamp to start, and for its relay to be asked what it draws.
const TEST_MINUTES: i64 = 2;

async fn set(
    cx: &Cx,
    venue: &Venue,
    user: &platform::identity::Principal,
    id: TableId,
    what: &'static str,
    by_hand: Option<(bool, i64)>,
    why: &str,
) -> Result<Device> {
    staff::works_at(&mut cx.db.read(), user, table_in_use(&mut cx.db.read(), id).await?.venue_id).await?;
    let mut tx = cx.db.begin().await?;
    let locked = lock_table_in_use(&mut tx, id).await?;
    let device = of_table(&mut tx, id).await?.ok_or_else(Fault::not_found)?;
    if what == TESTED && locked.state != TableState::Maintenance {
        return Err(not_in_maintenance());
    }
    // Nobody is left in the dark who has paid for light: whoever has to end play closes the table.
    let in_use = matches!(locked.state, TableState::Opening | TableState::Playing | TableState::Paused);
    if in_use && by_hand.is_some_and(|(on, _)| !on) {
        return Err(Fault::new(
            Kind::Conflict,
            "TABLE_TAKEN",
            "有人正在使用，请先关台",
            "Somebody is playing there; close the table first",
        ));
    }
    let until = by_hand.map(|(_, minutes)| cx.now().plus_micros(minutes * MINUTE));
    let sql = "UPDATE devices SET override_on = $1, override_until = $2, override_why = $3 WHERE id = $4";
    tx.exec(sql, args![by_hand.map(|(on, _)| on), until, by_hand.map(|_| why), device.id]).await?;
    log::write(&mut tx, cx, device.id, &user.name, what, why).await?;
    audit::record(&mut tx, cx, &audit::LIGHT_SET, Some(id.into()), &json!({"light": what, "why": why, "until": until})).await?;
    want(&mut tx, cx, venue, id).await?;
    let device = by_id(&mut tx, device.id).await?.ok_or_else(Fault::not_found)?;
    tx.commit().await?;
    Ok(device)
}
