//! Watching what lights draw: saying how much it is at least, asking relays that measure, and looking at it before a table is used again.

use kernel::{Fault, Fields, Kind};
use platform::identity::{Permission, Principal};
use platform::{Cx, Result, audit};
use serde::Deserialize;
use serde_json::json;
use store::Tx;
use store::jobs::JobKind;

use super::agree::ask;
use super::device::{Device, DeviceId, Driver};
use super::draw::{Draw, LEAST, watts};
use super::rows::{by_id, set_draw, watched, watched_off};
use super::{log, relay, tasmota};
use crate::halls::rows::lock_table_in_use;
use crate::halls::{Table, TableState};
use crate::{Venue, staff};

/// It leaves questions with the broker, and waits for nothing.
pub(crate) const WATCH: JobKind = JobKind::prompt("device.watch");

#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WatchAsk {
    /// What the lamp draws at least when it is on, 1 to 5,000; absent: it is not watched.
    #[serde(default)]
    pub least_watts: Option<i64>,
}

/// Whether this can be asked of such a device, which it shares with other lights or not, under the field's name.
pub(super) fn check(fields: &mut Fields, driver: Driver, shares: bool, least_watts: Option<i64>) {
    let Some(least) = least_watts else { return };
    if driver == Driver::Modbus {
        fields.add("least_watts", "NOT_HERE", "继电器板不测量功率", "A relay board does not measure power");
    } else if driver == Driver::Tasmota && shares {
        // A Shelly measures each of its switches.
        let (zh, en) = (
            "这台 Tasmota 设备的几路共用一个电表，分不出是哪一路",
            "The channels of this Tasmota share one meter: it does not tell them apart",
        );
        fields.add("least_watts", "METER_SHARED", zh, en);
    } else if !LEAST.contains(&least) {
        fields.add("least_watts", "RANGE", "功率须为 1 至 5000 瓦", "1 to 5,000 watts");
    }
}

/// Says how much a light draws at least. What was seen by another measure is forgotten.
pub async fn watch(cx: &Cx, venue: &Venue, id: DeviceId, ask: &WatchAsk) -> Result<Device> {
    let user = cx.require(Permission::VenuesManage)?;
    let seen = by_id(&mut cx.db.read(), id).await?.ok_or_else(Fault::not_found)?;
    let mut tx = cx.db.begin().await?;
    let table = lock_table_in_use(&mut tx, seen.table_id).await?;
    staff::works_at(&mut tx, user, table.venue_id).await?;
    let device = by_id(&mut tx, id).await?.ok_or_else(Fault::not_found)?;
    let mut fields = Fields::default();
    check(&mut fields, device.driver, relay::is_shared(&mut tx, &device).await?, ask.least_watts);
    fields.check()?;
    if device.draw.least_watts == ask.least_watts {
        return Ok(device);
    }
    let is_in_play = matches!(table.state, TableState::Opening | TableState::Playing | TableState::Paused);
    if is_in_play && ask.least_watts > device.draw.least_watts {
        return Err(in_play());
    }
    let draw = Draw { least_watts: ask.least_watts, on_since: device.draw.on_since, ..Draw::default() };
    set_draw(&mut tx, id, draw).await?;
    let (what, why) = if ask.least_watts.is_some() { ("watched", draw.compared()) } else { ("unwatched", String::new()) };
    log::write(&mut tx, cx, id, &user.name, what, &why).await?;
    let change = json!({"name": device.name, "table": table.name, "from": device.draw.least_watts, "to": ask.least_watts});
    audit::record(&mut tx, cx, &audit::DEVICE_WATCHED, Some(id.into()), &change).await?;
    let device = by_id(&mut tx, id).await?.ok_or_else(Fault::not_found)?;
    venue.news.after(&mut tx);
    tx.commit().await?;
    Ok(device)
}

/// More than the lamp draws would be a lamp that was dark since play began: play would end, and be paid back.
fn in_play() -> Fault {
    let (zh, en) = ("球台正在使用，结束后才能提高最低功率", "The table is in use: say that its lamp draws more when play is over");
    Fault::new(Kind::Conflict, "IN_PLAY", zh, en)
}

/// Every few seconds: asks the lights that are watched and on, where nothing was heard of their power for a while, and those that have gone off
/// since. So it does not matter how often a relay tells of it by itself. An error where the way to them is cut: whoever was not asked is asked soon.
pub(crate) async fn ask_what_they_draw(venue: &Venue, cx: &Cx) -> Result<()> {
    let mut lights = watched(&mut cx.db.read()).await?;
    lights.extend(watched_off(&mut cx.db.read()).await?);
    let due = lights.into_iter().filter(|device| device.draw.is_due(device.wanted, cx.now()));
    let asked = ask(venue, due, tasmota::power_question).await;
    if asked { Ok(()) } else { Err(Fault::unavailable("the way to lights is cut")) }
}

/// Before a table is used again: a light that is watched has been seen to draw enough since the table went out of service, and no power while
/// it was off. Answers what was seen, where something is asked of it.
pub(crate) async fn tested(tx: &mut Tx, cx: &Cx, user: &Principal, table: &Table, device: &Device) -> Result<Option<String>> {
    let draw = device.draw;
    let Some(least) = draw.least_watts else { return Ok(None) };
    if draw.burns_on() {
        let seen = watts(draw.milliwatts.unwrap_or_default());
        return Err(Fault::new(
            Kind::Conflict,
            "LIGHT_BURNS_ON",
            format!("继电器已断开，灯仍在用电（{seen} 瓦）：触点可能已粘连，请更换设备；更换或修好后，请先测试灯"),
            format!("Its relay is off, and its lamp draws power all the same ({seen} W): welded contacts? Replace it, and test the light"),
        ));
    }
    if !draw.was_seen_since(table.since) || draw.dark_since.is_some() {
        let (zh, en) = match draw.milliwatts.map(watts) {
            Some(seen) => (format!("，最近一次为 {seen} 瓦"), format!("; it was last seen to draw {seen} W")),
            None => (String::new(), String::new()),
        };
        return Err(Fault::new(
            Kind::Conflict,
            "NO_POWER_SEEN",
            format!("停用以来没有看到灯正常用电（至少 {least} 瓦{zh}），请先测试灯"),
            format!("Its light was not seen to draw power since it went out of service (at least {least} W{en}): test it first"),
        ));
    }
    let seen = draw.compared();
    log::write(tx, cx, device.id, &user.name, "passed", &seen).await?;
    Ok(Some(seen))
}
