//! Maintenance cases 维修: something is broken, until somebody has seen to it.

mod list;

pub use list::{CaseFilter, CaseRow, CaseState, list};

use kernel::{DAY, Timestamp, Word};
use platform::identity::UserId;
use platform::messages::templates::{self, Template};
use platform::{Cx, Result, messages};
use serde::Serialize;
use store::{Sql, Tx, args};

use crate::halls::{Table, TableId, floor_page, rows as halls};
use crate::play::SessionId;
use crate::staff;

kernel::id!(
    /// 维修单
    CaseId, CaseEntity, "mca"
);

kernel::words! {
    /// Why a table is out of service.
    pub enum Cause {
        /// The light was told to come on, and did not.
        NotLit = "not_lit",
        /// The light was told to go off, and did not.
        NotDark = "not_dark",
        /// The light went off while somebody played, or was away again and again.
        InPlay = "in_play",
        /// The relay says that the light is on, and next to no power passes through it.
        NoPower = "no_power",
        /// The light has been away for a while, under somebody who played or under nobody. Ends by itself when it is back, and as it should be.
        Offline = "offline",
        /// Somebody of the staff says so.
        Staff = "staff",
    }
}

/// So often in a day a light may be away under somebody who plays, and bring its table back by itself.
const OFTEN: i64 = 2;

impl Cause {
    /// Whether the light did not come on, or did not stay on: before its table is used again it is to be seen on.
    pub(crate) const fn asks_for_light(self) -> bool {
        match self {
            Self::NotLit | Self::InPlay => true,
            // What draws no power is seen to by what it draws; of the others nothing says that they do not come on.
            Self::NoPower | Self::NotDark | Self::Offline | Self::Staff => false,
        }
    }
}

#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Case {
    pub id: CaseId,
    pub cause: Cause,
    pub note: String,
    pub opened_at: Timestamp,
}

/// Opens a table's case, unless it has one, and tells whoever is to be told.
pub(crate) async fn open(tx: &mut Tx, cx: &Cx, table: &Table, cause: Cause, note: &str, session: Option<SessionId>) -> Result<()> {
    let id: CaseId = cx.id();
    let sql = "INSERT INTO maintenance_cases (id, venue_id, table_id, cause, note, session_id, opened_at) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING";
    if tx.exec(sql, args![id, table.venue_id, table.id, cause.as_str(), note, session, cx.now()]).await? == 0 {
        if cause == Cause::Staff {
            // What somebody says goes before what ends by itself.
            let sql = "UPDATE maintenance_cases SET cause = CASE WHEN cause = 'offline' THEN 'staff' ELSE cause END, note = $1 WHERE table_id = $2 AND closed_at IS NULL";
            tx.exec(sql, args![note, table.id]).await?;
        }
        return Ok(());
    }
    tell_staff(tx, cx, table, words(cause)).await
}

/// Whether a table's light was away under so many who played, of late, that somebody should look at it. Of the hall's newest cases.
pub(crate) async fn is_away_often(tx: &mut Tx, cx: &Cx, table: &Table) -> Result<bool> {
    let sql = "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM \
               (SELECT table_id, cause, session_id, opened_at FROM maintenance_cases WHERE venue_id = $1 ORDER BY id DESC LIMIT 500) newest \
               WHERE table_id = $2 AND cause = 'offline' AND session_id IS NOT NULL AND opened_at > $3";
    let times: i64 = tx.one(sql, args![table.venue_id, table.id, cx.now().plus_micros(-DAY)], |row| row.get("n")).await?;
    Ok(times >= OFTEN)
}

/// A table's case does not end by itself any more: somebody has to return it to service.
pub(crate) async fn is_somebodys(tx: &mut Tx, table: TableId) -> Result<()> {
    let sql = "UPDATE maintenance_cases SET cause = 'staff' WHERE table_id = $1 AND cause = 'offline' AND closed_at IS NULL";
    tx.exec(sql, args![table]).await?;
    Ok(())
}

/// What went out of service since then for no answer of its light was not heard, as its whole hall: that ends by itself.
pub(crate) async fn was_away(tx: &mut Tx, table: TableId, since: Timestamp) -> Result<()> {
    let sql = "UPDATE maintenance_cases SET cause = 'offline' WHERE table_id = $1 AND cause IN ('not_lit', 'not_dark') AND opened_at >= $2 AND closed_at IS NULL";
    tx.exec(sql, args![table, since]).await?;
    Ok(())
}

/// What was thought to be away is there, and is not well: that does not end by itself any more.
pub(crate) async fn turns_out(tx: &mut Tx, cx: &Cx, table: &Table, cause: Cause) -> Result<()> {
    let sql = "UPDATE maintenance_cases SET cause = $1 WHERE table_id = $2 AND cause = 'offline' AND closed_at IS NULL";
    if tx.exec(sql, args![cause.as_str(), table.id]).await? == 0 {
        return Ok(());
    }
    tell_staff(tx, cx, table, words(cause)).await
}

/// Whoever works at several halls is told in which of them it is, and led there.
async fn tell_staff(tx: &mut Tx, cx: &Cx, table: &Table, template: &Template) -> Result<()> {
    let params = [("hall", halls::venue(tx, table.venue_id).await?.name), ("table", table.name.clone())];
    let staff = staff::to_tell(tx, table.venue_id, staff::FIXERS).await?;
    let link = floor_page(table.venue_id, Some(table.id));
    messages::tell_each(tx, cx, &staff, template, &params, Some(&link)).await
}

const fn words(cause: Cause) -> &'static Template {
    match cause {
        Cause::NotLit => &templates::CASE_NOT_LIT,
        Cause::NotDark => &templates::CASE_NOT_DARK,
        Cause::InPlay => &templates::CASE_IN_PLAY,
        Cause::NoPower => &templates::CASE_NO_POWER,
        Cause::Offline => &templates::CASE_OFFLINE,
        Cause::Staff => &templates::CASE_STAFF,
    }
}

/// Closes a table's case, if it has one; answers what it was.
pub(crate) async fn close(tx: &mut Tx, cx: &Cx, table: &Table, by: Option<UserId>, note: &str) -> Result<Option<Cause>> {
    let sql = "UPDATE maintenance_cases SET closed_at = $1, closed_by = $2, closing_note = $3 WHERE table_id = $4 AND closed_at IS NULL RETURNING cause";
    let cause: Option<Cause> = tx.opt(sql, args![cx.now(), by, note, table.id], |row| row.word("cause")).await?;
    if cause.is_some() {
        tell_staff(tx, cx, table, &templates::CASE_CLOSED).await?;
    }
    Ok(cause)
}

/// A table's open case.
pub(crate) async fn of_table(sql: &mut impl Sql, table: TableId) -> store::Result<Option<Case>> {
    let query = "SELECT id, cause, note, opened_at FROM maintenance_cases WHERE table_id = $1 AND closed_at IS NULL";
    sql.opt(query, args![table], |row| {
        Ok(Case { id: row.get("id")?, cause: row.word("cause")?, note: row.get("note")?, opened_at: row.get("opened_at")? })
    })
    .await
}
