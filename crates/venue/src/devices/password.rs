//! Another password for a device: the answer that told the first may never have arrived, or somebody has seen it who should not.

use kernel::{Fault, Kind};
use platform::identity::Permission;
use platform::{Cx, Result, audit};
use serde_json::json;
use store::args;

use super::door::PASSWORD;
use super::log;
use super::rows::{DeviceId, by_id};
use super::service::Credentials;
use crate::halls::rows::lock_table_in_use;
use crate::staff;

/// Tells it once. The old one admits nobody from now on; whoever has come in with it stays until its connection ends.
pub async fn renew_password(cx: &Cx, id: DeviceId) -> Result<Credentials> {
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
    let password = cx.random.secret::<18>("");
    let sql = "UPDATE devices SET password_hash = $1 WHERE id = $2";
    tx.exec(sql, args![cx.vault.hash(PASSWORD, password.as_bytes()), id]).await?;
    log::write(&mut tx, cx, id, &user.name, "password_renewed", "").await?;
    let detail = json!({"name": device.name, "table": table.name});
    audit::record(&mut tx, cx, &audit::DEVICE_PASSWORD_RENEWED, Some(id.into()), &detail).await?;
    let device = by_id(&mut tx, id).await?.ok_or_else(Fault::not_found)?;
    tx.commit().await?;
    Ok(Credentials { device, user: Some(topic), password: Some(password) })
}
