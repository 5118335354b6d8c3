//! Another password for a device: the answer that told the first may never have arrived, or somebody has seen it who should not.

use std::sync::Arc;

use kernel::{Fault, Kind};
use platform::identity::Permission;
use platform::{Cx, Result, audit};
use serde_json::json;
use store::{Tx, args};

use super::door::PASSWORD;
use super::log;
use super::rows::{DeviceId, by_id};
use super::service::Credentials;
use crate::halls::TableState;
use crate::halls::rows::lock_table_in_use;
use crate::{Venue, staff};

/// Tells it once. The old one admits nobody from now on, and whoever has come in with it is sent away.
pub async fn renew_password(cx: &Cx, venue: &Venue, id: DeviceId) -> Result<Credentials> {
    let user = cx.require(Permission::VenuesManage)?;
    let device = by_id(&mut cx.db.read(), id).await?.ok_or_else(Fault::not_found)?;
    let mut tx = cx.db.begin().await?;
    let table = lock_table_in_use(&mut tx, device.table_id).await?;
    staff::works_at(&mut tx, user, table.venue_id).await?;
    let Some(topic) = device.topic else {
        return Err(Fault::new(
            Kind::Conflict,
            "NO_PASSWORD",
            "继电器板由系统主动连接，没有密码",
            "A relay board is connected to, and has no password",
        ));
    };
    // It is away until the new one is entered, and whoever plays there would be in the dark.
    if matches!(table.state, TableState::Opening | TableState::Playing | TableState::Paused | TableState::Closing) {
        let (zh, en) = ("这张台正在使用：请先结束使用，再更换密码", "Somebody plays at this table: end that first");
        return Err(Fault::new(Kind::Conflict, "TABLE_TAKEN", zh, en));
    }
    let password = new_password(cx);
    let sql = "UPDATE devices SET password_hash = $1 WHERE id = $2";
    tx.exec(sql, args![cx.vault.hash(PASSWORD, password.as_bytes()), id]).await?;
    log::write(&mut tx, cx, id, &user.name, "password_renewed", "").await?;
    let detail = json!({"name": device.name, "table": table.name});
    audit::record(&mut tx, cx, &audit::DEVICE_PASSWORD_RENEWED, Some(id.into()), &detail).await?;
    let device = by_id(&mut tx, id).await?.ok_or_else(Fault::not_found)?;
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
