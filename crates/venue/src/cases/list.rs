//! Cases of the halls where one works: open and over, with what was said of them, and by whom.

use kernel::{Page, PageAsk, Timestamp};
use platform::identity::{Permission, UserId, UserRef};
use platform::{Cx, Result};
use serde::Serialize;
use store::{Index, Look, Of, Row};

use super::{CaseId, Cause};
use crate::halls::{TableId, VenueId};
use crate::play::SessionId;
use crate::staff;

kernel::words! {
    pub enum CaseState {
        Open = "open",
        Closed = "closed",
    }
}

#[derive(Debug, Clone, Copy, Default)]
pub struct CaseFilter {
    pub venue: Option<VenueId>,
    pub state: Option<CaseState>,
}

#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct CaseRow {
    pub id: CaseId,
    pub venue_id: VenueId,
    pub venue_name: String,
    pub table_id: TableId,
    pub table_name: String,
    pub cause: Cause,
    /// What was said when the table was taken out of service.
    pub note: String,
    /// Who played there.
    pub session_id: Option<SessionId>,
    pub opened_at: Timestamp,
    pub closed_at: Option<Timestamp>,
    /// Absent of what is over: it has ended by itself.
    pub closed_by: Option<UserRef>,
    /// What was done.
    pub closing_note: Option<String>,
}

const OF_VENUE: Index = Index { name: "maintenance_cases_venue", columns: &["venue_id"] };
const OPEN_OF_VENUE: Index = Index { name: "maintenance_cases_open_venue", columns: &["venue_id"] };

const OPEN: Index = Index { name: "maintenance_cases_open_id", columns: &[] };

const SELECT: &str = "SELECT c.id, c.venue_id, v.name AS venue_name, c.table_id, b.name AS table_name, c.cause, c.note, c.session_id, c.opened_at, \
                      c.closed_at, c.closed_by, u.name AS closed_by_name, c.closing_note FROM maintenance_cases c JOIN venues v ON v.id = c.venue_id \
                      JOIN venue_tables b ON b.id = c.table_id LEFT JOIN users u ON u.id = c.closed_by";

/// Of the halls where one works, newest first.
pub async fn list(cx: &Cx, filter: &CaseFilter, ask: &PageAsk) -> Result<Page<CaseRow>> {
    let user = cx.require(Permission::VenuesView)?;
    let mut sql = cx.db.read();
    let mut look = Look::new("maintenance_cases", "id");
    let index = if filter.state == Some(CaseState::Open) { &OPEN_OF_VENUE } else { &OF_VENUE };
    match filter.state {
        // Few are open, and may be older than many that are over: they have an index of their own.
        Some(CaseState::Open) => drop(look.partial("t.closed_at IS NULL")),
        Some(CaseState::Closed) => drop(look.rest_plain("c.closed_at IS NOT NULL")),
        None => {}
    }
    if let Some(venue) = filter.venue {
        staff::works_at(&mut sql, user, venue).await?;
        look.by(index).along("venue_id", venue);
    } else if !staff::sees_all(user) {
        let mine = format!("SELECT venue_id AS v0 FROM venue_staff WHERE user_id = {}", look.arg(user.id));
        look.by(index).among(&[("venue_id", Of::Uuid)], &mine);
    } else if filter.state == Some(CaseState::Open) {
        look.by(&OPEN);
    }
    Ok(look.page(&mut sql, SELECT, "c.id", ask, read, |case| case.id.uuid()).await?)
}

fn read(row: &Row) -> store::Result<CaseRow> {
    let closed_by: Option<UserId> = row.get("closed_by")?;
    let name: Option<String> = row.get("closed_by_name")?;
    Ok(CaseRow {
        id: row.get("id")?,
        venue_id: row.get("venue_id")?,
        venue_name: row.get("venue_name")?,
        table_id: row.get("table_id")?,
        table_name: row.get("table_name")?,
        cause: row.word("cause")?,
        note: row.get("note")?,
        session_id: row.get("session_id")?,
        opened_at: row.get("opened_at")?,
        closed_at: row.get("closed_at")?,
        closed_by: closed_by.map(|id| UserRef { id, name: name.unwrap_or_default() }),
        closing_note: row.get("closing_note")?,
    })
}
