//! A device on the broker and its lights: a relay with several channels has one name there, one password, and a light on each channel.
//!
//! Each light is told, heard and judged by itself, as a board's coils are. What they have in common stands in the row of each: the name, the password,
//! and what the device speaks. Whoever changes that, or comes to a device or leaves it, has all its rows locked until it is done.
//!
//! **Invariant**: the lights of one name speak alike, have one password, and no two are on one channel.

use kernel::{Fault, Fields, Kind};
use platform::{Cx, Result};
use store::jobs::NewJob;
use store::{Sql as _, Tx, args};

use super::agree::ASSERT;
use super::device::{Device, DeviceId, Driver};
use super::door::PASSWORD;
use super::password::{expel, new_password, new_topic};
use super::rows::{by_id, on_topic};
use super::said::{CHANNELS, FIRST};
use crate::Venue;
use crate::halls::VenueId;

/// Where a light is on the broker.
pub(super) struct Seat {
    pub topic: String,
    pub channel: i64,
    pub hash: Vec<u8>,
    /// Of a device of its own, to be told once.
    pub password: Option<String>,
    /// Other lights are on that device.
    pub shared: bool,
}

/// Which channel of its device a light is to be; `None` for a coil, and where something is wrong with that, which is noted then.
pub(super) fn channel(fields: &mut Fields, driver: Driver, channel: Option<i64>, beside: Option<DeviceId>) -> Option<i64> {
    if driver == Driver::Modbus {
        for (field, said) in [("channel", channel.is_some()), ("beside", beside.is_some())] {
            if said {
                fields.add(field, "NOT_HERE", "继电器板按线圈填写，没有通道", "A relay board has coils, and no channels");
            }
        }
        return None;
    }
    let channel = channel.unwrap_or(FIRST);
    if !CHANNELS.contains(&channel) {
        let (from, to) = (*CHANNELS.start(), *CHANNELS.end());
        fields.add("channel", "RANGE", format!("须为 {from} 至 {to} 的整数"), format!("{from} to {to}"));
        return None;
    }
    Some(channel)
}

/// A device of its own for a light; or, beside another light of its hall, or where it is already, a channel of that one's. `own` is the light, where
/// it is there. Nobody comes to its device, to the old one or the new one, or leaves it before this transaction ends.
pub(super) async fn seat(
    tx: &mut Tx,
    cx: &Cx,
    venue: VenueId,
    own: Option<&Device>,
    driver: Driver,
    channel: i64,
    beside: Option<DeviceId>,
) -> Result<Seat> {
    let left = own.and_then(|own| own.topic.as_deref());
    let Some(beside) = beside else {
        lock(tx, left, None).await?;
        let password = new_password(cx);
        let hash = cx.vault.hash(PASSWORD, password.as_bytes()).to_vec();
        return Ok(Seat { topic: new_topic(cx), channel, hash, password: Some(password), shared: false });
    };
    let other = by_id(tx, beside).await?.filter(|other| other.venue_id == venue);
    let Some(topic) = other.and_then(|other| other.topic) else {
        let (zh, en) = ("请选择本球厅的 Tasmota 或 Shelly 设备", "A Tasmota or a Shelly of this hall");
        return Err(Fault::field("beside", "NOT_THERE", zh, en));
    };
    lock(tx, Some(&topic), left).await?;
    let lights = on_topic(tx, &topic).await?;
    // It may have been given up, or replaced, before its rows were locked.
    if !lights.iter().any(|light| light.id == beside) {
        return Err(Fault::changed_meanwhile());
    }
    if lights.iter().any(|light| light.driver != driver) {
        return Err(Fault::field("beside", "OTHER_KIND", "该设备的类型不同", "That device is of another kind"));
    }
    let others: Vec<&Device> = lights.iter().filter(|light| own.is_none_or(|own| own.id != light.id)).collect();
    if others.iter().any(|light| light.channel == Some(channel)) {
        return Err(channel_taken());
    }
    if driver == Driver::Tasmota && others.iter().any(|light| light.draw.least_watts.is_some()) {
        let (zh, en) = (
            "该设备正在监测功率，而它的几路共用一个电表：请先停止监测，再添加其他通道",
            "That device is watched by its power, and its channels share one meter: stop watching it before another is added",
        );
        return Err(Fault::new(Kind::Conflict, "METER_SHARED", zh, en));
    }
    let sql = "SELECT password_hash FROM devices WHERE topic = $1 ORDER BY channel LIMIT 1";
    let hash: Vec<u8> = tx.one(sql, args![topic.as_str()], |row| row.get("password_hash")).await?;
    let shared = !others.is_empty();
    Ok(Seat { topic, channel, hash, password: None, shared })
}

pub(super) fn channel_taken() -> Fault {
    Fault::new(Kind::Conflict, "CHANNEL_TAKEN", "这个通道已用于其他球台", "This channel is another table's light already")
}

/// For this transaction alone, the lights of one device, or of two, in one order.
pub(super) async fn lock(tx: &mut Tx, one: Option<&str>, other: Option<&str>) -> store::Result<()> {
    let mut topics: Vec<&str> = [one, other].into_iter().flatten().collect();
    topics.sort_unstable();
    topics.dedup();
    let sql = format!("SELECT id FROM devices WHERE topic = $1 ORDER BY id{}", tx.for_update());
    for topic in topics {
        tx.all(&sql, args![topic], |row| row.get::<DeviceId>("id")).await?;
    }
    Ok(())
}

/// Whether other lights are on the device of this one; that stays so until this transaction ends.
pub(super) async fn is_shared(tx: &mut Tx, light: &Device) -> Result<bool> {
    let Some(topic) = &light.topic else { return Ok(false) };
    lock(tx, Some(topic), None).await?;
    Ok(on_topic(tx, topic).await?.len() > 1)
}

/// A light is on this device no more. Where no other is, nobody has anything to say by its name: whoever is on the broker by it goes.
pub(super) async fn left(tx: &mut Tx, venue: &Venue, topic: Option<String>) -> Result<()> {
    if let Some(topic) = topic
        && on_topic(tx, &topic).await?.is_empty()
    {
        expel(tx, venue, topic);
    }
    Ok(())
}

/// A light has come to a device that may be there: it is asked how that channel stands, and not only when it says so by itself.
pub(super) async fn ask_soon(tx: &mut Tx, cx: &Cx) -> Result<()> {
    cx.enqueue(tx, NewJob::new(ASSERT, &(), cx.now())?).await?;
    Ok(())
}
