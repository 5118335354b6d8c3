//! What the staff does with devices.

use kernel::{Fault, Fields, Kind, MINUTE, text};
use platform::identity::Permission;
use platform::{Cx, Result, audit};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::args;

use super::door::PASSWORD;
use super::log;
use super::rows::{Device, DeviceId, Driver, by_id, driver_word, of_table, want};
use crate::halls::TableId;
use crate::halls::rows::{lock_table, table};
use crate::{Venue, staff};

#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDevice {
    pub table_id: TableId,
    pub driver: Driver,
    pub name: String,
}

/// What is entered into the device; told once.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Credentials {
    pub device: Device,
    pub user: String,
    pub password: String,
}

/// Adds the light of a table that has none.
pub async fn create(cx: &Cx, ask: NewDevice) -> Result<Credentials> {
    let user = cx.require(Permission::VenuesManage)?;
    let mut fields = Fields::default();
    let name = fields.take("name", text::clean(&ask.name, 1, 60, false)).unwrap_or_default();
    fields.check()?;
    let mut tx = cx.db.begin().await?;
    let of = lock_table(&mut tx, ask.table_id).await?;
    staff::works_at(&mut tx, user, of.venue_id).await?;
    if of_table(&mut tx, of.id).await?.is_some() {
        return Err(Fault::new(Kind::Conflict, "LIGHT_EXISTS", "这张台已有灯控设备", "This table has its light already"));
    }
    let id: DeviceId = cx.id();
    let topic = format!("ck-{}", data_encoding::BASE32_NOPAD.encode(&cx.random.bytes::<10>()).to_ascii_lowercase());
    let password = cx.random.secret::<18>("");
    let sql = "INSERT INTO devices (id, venue_id, table_id, driver, name, topic, password_hash, wanted, version, wanted_at, online, online_since, created_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, FALSE, 0, $8, FALSE, $8, $8)";
    let hash = cx.vault.hash(PASSWORD, password.as_bytes());
    tx.exec(sql, args![id, of.venue_id, of.id, driver_word(ask.driver), name.as_str(), topic.as_str(), hash, cx.now()]).await?;
    audit::record(&mut tx, cx, &audit::DEVICE_CREATED, Some(id.into()), &json!({"name": name, "table": of.name})).await?;
    let device = by_id(&mut tx, id).await?.ok_or_else(Fault::not_found)?;
    tx.commit().await?;
    Ok(Credentials { device, user: topic, password })
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
    set(cx, venue, user, id, Some((ask.on, ask.minutes)), &why).await
}

/// Gives the light back to play.
pub async fn end_override(cx: &Cx, venue: &Venue, id: TableId) -> Result<Device> {
    let user = cx.require(Permission::TablesOperate)?;
    set(cx, venue, user, id, None, "").await
}

async fn set(
    cx: &Cx,
    venue: &Venue,
    user: &platform::identity::Principal,
    id: TableId,
    by_hand: Option<(bool, i64)>,
    why: &str,
) -> Result<Device> {
    staff::works_at(&mut cx.db.read(), user, table(&mut cx.db.read(), id).await?.venue_id).await?;
    let mut tx = cx.db.begin().await?;
    lock_table(&mut tx, id).await?;
    let device = of_table(&mut tx, id).await?.ok_or_else(Fault::not_found)?;
    let until = by_hand.map(|(_, minutes)| cx.now().plus_micros(minutes * MINUTE));
    let sql = "UPDATE devices SET override_on = $1, override_until = $2, override_why = $3 WHERE id = $4";
    tx.exec(sql, args![by_hand.map(|(on, _)| on), until, by_hand.map(|_| why), device.id]).await?;
    let what = match by_hand {
        Some((true, _)) => "set_on",
        Some((false, _)) => "set_off",
        None => "given_back",
    };
    log::write(&mut tx, cx, device.id, &user.name, what, why).await?;
    audit::record(&mut tx, cx, &audit::LIGHT_SET, Some(id.into()), &json!({"light": what, "why": why, "until": until})).await?;
    want(&mut tx, cx, venue, id).await?;
    let device = by_id(&mut tx, device.id).await?.ok_or_else(Fault::not_found)?;
    tx.commit().await?;
    Ok(device)
}
