//! What is known of lights since a time that is to come: a clock that was ahead has said so, and was set back. Nobody would be told to be dark, or
//! wrong, or away for so long before it is that time again.

use kernel::{APART, Timestamp};
use platform::{Cx, Result};
use store::{Sql as _, args};

use super::device::DeviceId;
use crate::halls::TableId;
use crate::halls::rows::lock_table;

/// Times at which something was, or since when it is. Not those until which something lasts.
const TIMES: [&str; 15] = [
    "wanted_at",
    "told_at",
    "silent_since",
    "reported_at",
    "lit_at",
    "wrong_since",
    "right_since",
    "online_since",
    "left_at",
    "replaced_at",
    "drawn_at",
    "on_since",
    "enough_at",
    "low_since",
    "dark_since",
];

/// Moves the times of each light that are to come, all by as much, so that the latest is now: their order, and what lies between them, stays.
pub(crate) async fn set_right(cx: &Cx) -> Result<()> {
    let now = cx.now();
    let any = TIMES.map(|column| format!("{column} > $1")).join(" OR ");
    let sql = format!("SELECT id, table_id, {} FROM devices WHERE {any} ORDER BY id LIMIT 5000", TIMES.join(", "));
    let read = |row: &store::Row| {
        let mut latest = now;
        for column in TIMES {
            latest = row.get::<Option<Timestamp>>(column)?.map_or(latest, |at| at.max(latest));
        }
        Ok((row.get::<DeviceId>("id")?, row.get::<TableId>("table_id")?, latest.micros() - now.micros()))
    };
    let ahead = cx.db.read().all(&sql, args![now.plus_micros(APART)], read).await?;
    let moved = TIMES.map(|column| format!("{column} = CASE WHEN {column} > $1 THEN {column} - $2 ELSE {column} END")).join(", ");
    let sql = format!("UPDATE devices SET {moved} WHERE id = $3");
    for (device, table, by) in ahead {
        let mut tx = cx.db.begin().await?;
        lock_table(&mut tx, table).await?;
        tx.exec(&sql, args![now, by, device]).await?;
        tx.commit().await?;
    }
    Ok(())
}
