//! Who did what to a device, when, and why.

use kernel::{Page, PageAsk, Timestamp};
use platform::identity::Permission;
use platform::{Cx, Result};
use serde::Serialize;
use store::{Index, Look, Sql, Tx, args};
use uuid::Uuid;

use super::DeviceId;
use super::rows::by_id;
use crate::staff;

/// In the place of a name.
pub(crate) const PROGRAM: &str = "";

#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct LogLine {
    pub id: String,
    pub at: Timestamp,
    /// Whose name; empty: the program itself.
    pub who: String,
    pub what: String,
    pub why: String,
}

pub(crate) async fn write(tx: &mut Tx, cx: &Cx, device: DeviceId, who: &str, what: &str, why: &str) -> Result<()> {
    let sql = "INSERT INTO device_log (id, device_id, who, what, why) VALUES ($1, $2, $3, $4, $5)";
    tx.exec(sql, args![cx.random.uuid_v7(cx.now()), device, who, what, why]).await?;
    Ok(())
}

const OF_DEVICE: Index = Index { name: "device_log_device", columns: &["device_id"] };

/// Of a device in a hall where one works, newest first.
pub async fn log(cx: &Cx, device: DeviceId, ask: &PageAsk) -> Result<Page<LogLine>> {
    let user = cx.require(Permission::VenuesView)?;
    let mut sql = cx.db.read();
    let found = by_id(&mut sql, device).await?.ok_or_else(kernel::Fault::not_found)?;
    staff::works_at(&mut sql, user, found.venue_id).await?;
    let mut look = Look::new("device_log", "id");
    look.by(&OF_DEVICE).along("device_id", device);
    let page = look.page(&mut sql, "SELECT l.id, l.who, l.what, l.why FROM device_log l", "l.id", ask, read, |(id, _)| *id).await?;
    Ok(page.map(|(_, line)| line))
}

/// The last lines of a stretch of time, newest first.
pub(crate) async fn log_between(sql: &mut impl Sql, device: DeviceId, from: Timestamp, to: Timestamp) -> store::Result<Vec<LogLine>> {
    let query = "SELECT l.id, l.who, l.what, l.why FROM device_log l WHERE l.device_id = $1 AND l.id >= $2 AND l.id < $3 ORDER BY l.id DESC LIMIT 100";
    let lines = sql.all(query, args![device, store::first_id(from), store::first_id(to)], read).await?;
    Ok(lines.into_iter().map(|(_, line)| line).collect())
}

fn read(row: &store::Row) -> store::Result<(Uuid, LogLine)> {
    let id: Uuid = row.get("id")?;
    let (seconds, nanos) = id.get_timestamp().map_or((0, 0), |at| at.to_unix());
    let at = Timestamp::from_unix(i64::try_from(seconds).unwrap_or(0)).plus_micros(i64::from(nanos / 1_000));
    let line = LogLine {
        id: kernel::type_id("dlg", id).unwrap_or_default(),
        at,
        who: row.get("who")?,
        what: row.get("what")?,
        why: row.get("why")?,
    };
    Ok((id, line))
}
