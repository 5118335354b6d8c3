//! What was opened at a hall's desk: a page of it is one look, however many there are on it.

use kernel::{Fen, Page, PageAsk, Timestamp};
use platform::identity::{Permission, UserRef};
use platform::{Cx, Result};
use serde::Serialize;
use store::{Index, Look, Row};

use super::model::{EndReason, SessionId, SessionState};
use crate::customers::{self, DeskCustomer};
use crate::halls::VenueId;
use crate::staff;

/// A session that was opened at the desk, and whose it is, as a list has it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct DeskPlayRow {
    /// The session's.
    pub id: SessionId,
    pub state: SessionState,
    pub table_name: String,
    pub asked_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    pub end_reason: Option<EndReason>,
    /// What it has cost, once it is over.
    pub total_fen: Option<Fen>,
    /// A guest is a walk-in, and of those alone it is told what is left in the wallet.
    pub customer: DeskCustomer,
    pub opened_by: UserRef,
}

const OF_HALL: Index = Index { name: "desk_plays_venue", columns: &["venue_id"] };

/// All of a hall where one works, newest first: what they cost, and in which walk-in's wallet something is left.
pub async fn desk_plays(cx: &Cx, venue: VenueId, ask: &PageAsk) -> Result<Page<DeskPlayRow>> {
    let user = cx.require(Permission::DeskServe)?;
    let mut sql = cx.db.read();
    staff::works_at(&mut sql, user, venue).await?;
    let mut look = Look::new("desk_plays", "id");
    look.by(&OF_HALL).along("venue_id", venue);
    let select = format!(
        "SELECT d.id AS session_id, p.state, p.asked_at, p.ended_at, p.end_reason, p.total, b.name AS table_name, u.id AS user_id, u.name AS user_name, {} \
         FROM desk_plays d JOIN play_sessions p ON p.id = d.id JOIN venue_tables b ON b.id = p.table_id JOIN customers c ON c.id = p.customer_id \
         JOIN ledger_accounts a ON a.id = c.id JOIN users u ON u.id = d.user_id",
        customers::COLUMNS
    );
    Ok(look.page(&mut sql, &select, "d.id", ask, read, |row| row.id.uuid()).await?)
}

fn read(row: &Row) -> store::Result<DeskPlayRow> {
    Ok(DeskPlayRow {
        id: row.get("session_id")?,
        state: row.word("state")?,
        table_name: row.get("table_name")?,
        asked_at: row.get("asked_at")?,
        ended_at: row.get("ended_at")?,
        end_reason: row.opt_word("end_reason")?,
        total_fen: row.get("total")?,
        customer: DeskCustomer::of(customers::read(row)?, false),
        opened_by: UserRef { id: row.get("user_id")?, name: row.get("user_name")? },
    })
}
