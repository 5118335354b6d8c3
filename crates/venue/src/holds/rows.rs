//! Holds in the database.

use std::collections::HashMap;

use kernel::{APART, Timestamp, Word};
use platform::{Cx, Result};
use serde::Serialize;
use store::{Row, Sql, Tx, args};

use super::model::{Hold, HoldEnd, HoldId, REMEMBERED, Unused};
use crate::customers::CustomerId;
use crate::halls::{TableId, VenueId};
use crate::play::SessionId;

const COLUMNS: &str = "h.id, h.venue_id, h.table_id, h.customer_id, h.user_id, h.note, h.begun_at, h.until_at";

fn read(row: &Row) -> store::Result<Hold> {
    Ok(Hold {
        id: row.get("id")?,
        venue: row.get("venue_id")?,
        table: row.get("table_id")?,
        customer: row.get("customer_id")?,
        by: row.get("user_id")?,
        note: row.get("note")?,
        begun: row.get("begun_at")?,
        until: row.get("until_at")?,
    })
}

/// `false`, writing nothing, where the customer has asked for another in the same moment.
pub(super) async fn insert(tx: &mut Tx, hold: &Hold) -> store::Result<bool> {
    let sql = "INSERT INTO table_holds (id, venue_id, table_id, customer_id, user_id, note, begun_at, until_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING";
    let (note, begun, until) = (hold.note.as_str(), hold.begun, hold.until);
    Ok(tx.exec(sql, args![hold.id, hold.venue, hold.table, hold.customer, hold.by, note, begun, until]).await? == 1)
}

/// Has holds of customers last no longer than was offered that a clock has begun which was ahead: as long from now. What the staff holds is held until
/// a time that somebody has said.
pub(crate) async fn set_right(cx: &Cx) -> Result<()> {
    let (now, after) = (cx.now(), cx.now().plus_micros(APART));
    let there = "SELECT 1 AS there FROM table_holds WHERE ended_at IS NULL AND user_id IS NULL AND begun_at > $1 LIMIT 1";
    if cx.db.read().opt(there, args![after], |_| Ok(())).await?.is_none() {
        return Ok(());
    }
    let mut tx = cx.db.begin().await?;
    let sql = "UPDATE table_holds SET until_at = until_at - begun_at + $1, begun_at = $1 \
               WHERE ended_at IS NULL AND user_id IS NULL AND begun_at > $2";
    tx.exec(sql, args![now, after]).await?;
    Ok(tx.commit().await?)
}

/// What is held for somebody, and what came of it, is the one's whom they have become. Where both have asked for a table themselves, the one of who
/// is no more runs out by itself.
pub(crate) async fn carry_over(tx: &mut Tx, from: CustomerId, to: CustomerId) -> store::Result<()> {
    let sql = "UPDATE table_holds SET customer_id = $1 WHERE customer_id = $2 AND (ended_at IS NOT NULL OR user_id IS NOT NULL OR NOT EXISTS \
               (SELECT 1 FROM table_holds h WHERE h.customer_id = $1 AND h.ended_at IS NULL AND h.user_id IS NULL))";
    tx.exec(sql, args![to, from]).await?;
    Ok(())
}

/// The table's row is locked.
pub(super) async fn finish(tx: &mut Tx, hold: HoldId, end: HoldEnd, at: Timestamp, session: Option<SessionId>) -> store::Result<()> {
    let sql = "UPDATE table_holds SET ended_at = $1, end_reason = $2, session_id = $3 WHERE id = $4 AND ended_at IS NULL";
    tx.exec(sql, args![at, end.as_str(), session, hold]).await?;
    Ok(())
}

pub(super) async fn by_id(sql: &mut impl Sql, id: HoldId) -> store::Result<Option<Hold>> {
    let query = format!("SELECT {COLUMNS} FROM table_holds h WHERE h.id = $1 AND h.ended_at IS NULL");
    sql.opt(&query, args![id], read).await
}

/// The one that is live on a table.
pub(crate) async fn live(sql: &mut impl Sql, table: TableId) -> store::Result<Option<Hold>> {
    let query = format!("SELECT {COLUMNS} FROM table_holds h WHERE h.table_id = $1 AND h.ended_at IS NULL");
    sql.opt(&query, args![table], read).await
}

/// All that are live for a customer, oldest first. The staff may hold several for one.
pub(super) async fn live_of(sql: &mut impl Sql, customer: CustomerId) -> store::Result<Vec<Hold>> {
    let query = format!("SELECT {COLUMNS} FROM table_holds h WHERE h.customer_id = $1 AND h.ended_at IS NULL ORDER BY h.id LIMIT 100");
    sql.all(&query, args![customer], read).await
}

/// All that are live in a hall, by table.
pub(crate) async fn live_of_venue(sql: &mut impl Sql, venue: VenueId) -> store::Result<HashMap<TableId, Hold>> {
    let query = format!("SELECT {COLUMNS} FROM table_holds h WHERE h.venue_id = $1 AND h.ended_at IS NULL ORDER BY h.id LIMIT 1000");
    let holds = sql.all(&query, args![venue], read).await?;
    Ok(holds.into_iter().map(|hold| (hold.table, hold)).collect())
}

/// What a customer had asked for since and did not use: ran out, given back, or opened and closed again for nothing.
pub(super) async fn unused(sql: &mut impl Sql, customer: CustomerId, now: Timestamp) -> store::Result<Vec<Unused>> {
    let query = "SELECT h.ended_at, h.end_reason FROM table_holds h LEFT JOIN play_sessions p ON p.id = h.session_id \
                 WHERE h.customer_id = $1 AND h.ended_at > $2 AND h.user_id IS NULL AND (h.end_reason IN ('ran_out', 'given_back') \
                 OR (h.end_reason = 'opened' AND p.total = 0 AND p.end_reason = 'customer')) ORDER BY h.ended_at, h.id LIMIT 100";
    let read = |row: &Row| Ok(Unused { ended: row.get("ended_at")?, no_show: row.word::<HoldEnd>("end_reason")? == HoldEnd::RanOut });
    sql.all(query, args![customer, now.plus_micros(-REMEMBERED)], read).await
}

/// A table that is held, as the staff sees it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct HeldFor {
    pub id: HoldId,
    pub since: Timestamp,
    pub until: Timestamp,
    /// Who may open it; absent: nobody before it is released.
    pub customer_number: Option<String>,
    /// With its middle hidden.
    pub customer_phone: Option<String>,
    /// Who of the staff holds it; absent: the customer does.
    pub by: Option<String>,
    /// For whom, as the staff has it.
    pub note: String,
}

/// All that are held in a hall, by table.
pub(crate) async fn of_floor(sql: &mut impl Sql, venue: VenueId) -> store::Result<HashMap<TableId, HeldFor>> {
    let query = "SELECT h.table_id, h.id, h.begun_at, h.until_at, h.note, c.number, c.phone_hint, u.name AS user_name FROM table_holds h \
                 LEFT JOIN customers c ON c.id = h.customer_id LEFT JOIN users u ON u.id = h.user_id \
                 WHERE h.venue_id = $1 AND h.ended_at IS NULL ORDER BY h.id LIMIT 1000";
    let read = |row: &Row| {
        let held = HeldFor {
            id: row.get("id")?,
            since: row.get("begun_at")?,
            until: row.get("until_at")?,
            customer_number: row.get("number")?,
            customer_phone: row.get("phone_hint")?,
            by: row.get("user_name")?,
            note: row.get("note")?,
        };
        Ok((row.get("table_id")?, held))
    };
    Ok(sql.all(query, args![venue], read).await?.into_iter().collect())
}
