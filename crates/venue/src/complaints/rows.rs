//! Complaints in the database.

use kernel::{Fault, Timestamp, Word};
use platform::identity::UserId;
use platform::{Cx, Result};
use store::{Filter, Row, Sql, Tx, args};

use super::error::ComplaintError;
use super::model::{ComplaintId, ComplaintKind, ComplaintState, Matter, Step, next};
use crate::cases::CaseId;
use crate::customers::CustomerId;
use crate::halls::{TableId, VenueId};
use crate::play::SessionId;

/// A row of `complaints`, with the names of what it is about.
#[derive(Debug, Clone)]
pub(super) struct Complaint {
    pub id: ComplaintId,
    pub venue: VenueId,
    pub hall: String,
    pub customer: CustomerId,
    pub session: Option<SessionId>,
    pub table: Option<TableId>,
    pub table_name: Option<String>,
    pub case: Option<CaseId>,
    pub matter: Matter,
    pub kind: ComplaintKind,
    pub state: ComplaintState,
    pub reopened: bool,
    pub created_at: Timestamp,
    pub changed_at: Timestamp,
    /// How it began.
    pub text: String,
}

pub(super) const SELECT: &str = "SELECT c.id, c.venue_id, v.name AS hall_name, c.customer_id, c.session_id, p.table_id, b.name AS table_name, c.case_id, \
     c.matter, c.kind, c.state, c.reopened, c.created_at, c.changed_at, l.body AS first_body FROM complaints c JOIN venues v ON v.id = c.venue_id \
     JOIN complaint_lines l ON l.complaint_id = c.id AND l.place = 1 LEFT JOIN play_sessions p ON p.id = c.session_id \
     LEFT JOIN venue_tables b ON b.id = p.table_id";

pub(super) fn read(row: &Row) -> store::Result<Complaint> {
    Ok(Complaint {
        id: row.get("id")?,
        venue: row.get("venue_id")?,
        hall: row.get("hall_name")?,
        customer: row.get("customer_id")?,
        session: row.get("session_id")?,
        table: row.get("table_id")?,
        table_name: row.get("table_name")?,
        case: row.get("case_id")?,
        matter: row.word("matter")?,
        kind: row.word("kind")?,
        state: row.word("state")?,
        reopened: row.get("reopened")?,
        created_at: row.get("created_at")?,
        changed_at: row.get("changed_at")?,
        text: row.get("first_body")?,
    })
}

/// The one that the filter, over `c`, leaves.
pub(super) async fn one(sql: &mut impl Sql, id: ComplaintId, mut filter: Filter) -> Result<Complaint> {
    filter.and("c.id = ?", id);
    let query = format!("{SELECT} WHERE {}", filter.sql());
    sql.opt(&query, filter.args(), read).await?.ok_or_else(Fault::not_found)
}

/// The same, for this transaction alone.
pub(super) async fn lock(tx: &mut Tx, id: ComplaintId, filter: Filter) -> Result<Complaint> {
    let query = format!("SELECT id FROM complaints WHERE id = $1{}", tx.for_update());
    tx.opt(&query, args![id], |_| Ok(())).await?;
    one(tx, id, filter).await
}

/// What somebody has asked is the one's whom they have become.
pub(crate) async fn carry_over(tx: &mut Tx, from: CustomerId, to: CustomerId) -> store::Result<()> {
    tx.exec("UPDATE complaints SET customer_id = $1 WHERE customer_id = $2", args![to, from]).await?;
    Ok(())
}

/// Takes a locked one to where the step leads.
pub(super) async fn advance(tx: &mut Tx, cx: &Cx, complaint: &Complaint, step: Step) -> Result<()> {
    let to = next(complaint.state, complaint.reopened, step).ok_or(ComplaintError::NotNow(step))?;
    let sql = "UPDATE complaints SET state = $1, reopened = $2, changed_at = $3 WHERE id = $4";
    tx.exec(sql, args![to.as_str(), complaint.reopened || step == Step::Reopen, cx.now(), complaint.id]).await?;
    Ok(())
}

/// `by`: who of the staff says it; `None`: the customer does.
pub(super) async fn add_line(tx: &mut Tx, cx: &Cx, id: ComplaintId, by: Option<UserId>, text: &str) -> Result<()> {
    let sql = "INSERT INTO complaint_lines (complaint_id, place, user_id, body, at) \
               SELECT $1, COALESCE((SELECT MAX(place) FROM complaint_lines WHERE complaint_id = $1), 0) + 1, $2, $3, $4";
    tx.exec(sql, args![id, by, text, cx.now()]).await?;
    Ok(())
}
