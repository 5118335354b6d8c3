//! Another password for a device: the answer that told the first may never have arrived, or somebody has seen it who should not.

use std::sync::Arc;

use kernel::{Fault, Kind};
use platform::identity::Permission;
use platform::{Cx, Result, audit};
use serde_json::json;
use store::{Sql as _, Tx, args};

use super::device::DeviceId;
use super::door::PASSWORD;
use super::rows::{by_id, on_topic};
use super::service::Credentials;
use super::{log, relay};
use crate::halls::TableState;
use crate::halls::rows::lock_table_in_use;
use crate::{Venue, staff};

/// Tells it once. The old one admits nobody from now on, and whoever has come in with it is sent away. It is the device's, and so that of all the
/// lights on it.
pub async fn renew_password(cx: &Cx, venue: &Venue, id: DeviceId) -> Result<Credentials> {
    let user = cx.require(Permission::VenuesManage)?;
    let seen = by_id(&mut cx.db.read(), id).await?.ok_or_else(Fault::not_found)?;
    let mut tx = cx.db.begin().await?;
    let table = lock_table_in_use(&mut tx, seen.table_id).await?;
    staff::works_at(&mut tx, user, table.venue_id).await?;
    let device = by_id(&mut tx, id).await?.ok_or_else(Fault::not_found)?;
    let Some(topic) = device.topic else {
        return Err(Fault::new(
            Kind::Conflict,
            "NO_PASSWORD",
            "继电器板由系统主动连接，没有密码",
            "A relay board is connected to, and has no password",
        ));
    };
    relay::lock(&mut tx, Some(&topic), None).await?;
    let sql =
        "SELECT b.name, b.state FROM devices d JOIN venue_tables b ON b.id = d.table_id WHERE d.topic = $1 ORDER BY d.channel LIMIT 100";
    let tables: Vec<(String, TableState)> = tx.all(sql, args![topic.as_str()], |row| Ok((row.get("name")?, row.word("state")?))).await?;
    // It is away until the new one is entered, and whoever plays under it would be in the dark.
    let in_use = |state| matches!(state, TableState::Opening | TableState::Playing | TableState::Paused | TableState::Closing);
    if tables.iter().any(|(_, state)| in_use(*state)) {
        let (zh, en) = (
            "使用这台设备的球台有人在用：请先结束使用，再更换密码",
            "Somebody plays at a table whose light this device is: end that first",
        );
        return Err(Fault::new(Kind::Conflict, "TABLE_TAKEN", zh, en));
    }
    let password = new_password(cx);
    let sql = "UPDATE devices SET password_hash = $1 WHERE topic = $2";
    tx.exec(sql, args![cx.vault.hash(PASSWORD, password.as_bytes()), topic.as_str()]).await?;
    let lights = on_topic(&mut tx, &topic).await?;
    for light in &lights {
        log::write(&mut tx, cx, light.id, &user.name, "password_renewed", "").await?;
    }
    let names: Vec<&str> = tables.iter().map(|(name, _)| name.as_str()).collect();
    let detail = json!({"name": device.name, "table": names.join(", ")});
    audit::record(&mut tx, cx, &audit::DEVICE_PASSWORD_RENEWED, Some(id.into()), &detail).await?;
    // Its rows are locked since it was looked at, but not before.
    let device = lights.into_iter().find(|light| light.id == id).ok_or_else(Fault::changed_meanwhile)?;
    expel(&mut tx, venue, topic.clone());
    tx.commit().await?;
    Ok(Credentials { device, user: Some(topic), password: Some(password) })
}

pub(super) fn new_password(cx: &Cx) -> String {
    cx.random.secret::<18>("")
}

/// Its name on the broker, which nobody guesses.
pub(super) fn new_topic(cx: &Cx) -> String {
    format!("ck-{}", data_encoding::BASE32_NOPAD.encode(&cx.random.bytes::<10>()).to_ascii_lowercase())
}

/// Once the caller's transaction is durable, whoever is on the broker by this name goes.
pub(super) fn expel(tx: &mut Tx, venue: &Venue, topic: String) {
    let wire = Arc::clone(&venue.wire);
    tx.on_commit(move || wire.expel(&topic));
}
