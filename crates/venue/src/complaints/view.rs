//! A complaint as its customer sees it.

use kernel::{Fen, Page, PageAsk, Timestamp};
use platform::{Cx, Result};
use serde::Serialize;
use store::{Filter, Index, Look, Row, Sql, args};

use super::model::{ComplaintId, ComplaintKind, ComplaintState, Matter, Step, next};
use super::rows::{self, Complaint, SELECT, read};
use crate::customers::Customer;
use crate::play::SessionId;

#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ComplaintRow {
    pub id: ComplaintId,
    pub matter: Matter,
    pub kind: ComplaintKind,
    pub state: ComplaintState,
    pub venue_name: String,
    /// Where the session was.
    pub table_name: Option<String>,
    pub session_id: Option<SessionId>,
    /// How it began.
    pub text: String,
    pub created_at: Timestamp,
    pub changed_at: Timestamp,
}

impl From<Complaint> for ComplaintRow {
    fn from(complaint: Complaint) -> Self {
        Self {
            id: complaint.id,
            matter: complaint.matter,
            kind: complaint.kind,
            state: complaint.state,
            venue_name: complaint.hall,
            table_name: complaint.table_name,
            session_id: complaint.session,
            text: complaint.text,
            created_at: complaint.created_at,
            changed_at: complaint.changed_at,
        }
    }
}

/// One thing that was said.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Said {
    /// By the hall's staff; otherwise by the customer.
    pub by_staff: bool,
    pub text: String,
    pub at: Timestamp,
}

#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ComplaintView {
    #[serde(flatten)]
    pub complaint: ComplaintRow,
    /// In order, the customer's text first.
    pub said: Vec<Said>,
    /// What was given back of the session's bill.
    pub given_back_fen: Option<Fen>,
    pub given_back_reason: Option<String>,
    pub can_reopen: bool,
    pub can_settle: bool,
}

pub(super) fn of_customer(customer: &Customer) -> Filter {
    let mut filter = Filter::new();
    filter.and("c.customer_id = ?", customer.id);
    filter
}

/// Whoever's it is: the caller has seen to that.
pub(super) async fn of(sql: &mut impl Sql, id: ComplaintId) -> Result<ComplaintView> {
    let complaint = rows::one(sql, id, Filter::new()).await?;
    shown(sql, complaint).await
}

/// One of the customer's own.
pub async fn get(cx: &Cx, customer: &Customer, id: ComplaintId) -> Result<ComplaintView> {
    let mut sql = cx.db.read();
    let complaint = rows::one(&mut sql, id, of_customer(customer)).await?;
    shown(&mut sql, complaint).await
}

async fn shown(sql: &mut impl Sql, complaint: Complaint) -> Result<ComplaintView> {
    let query = "SELECT user_id, body, at FROM complaint_lines WHERE complaint_id = $1 ORDER BY place LIMIT 200";
    let line = |row: &Row| {
        let by: Option<uuid::Uuid> = row.get("user_id")?;
        Ok(Said { by_staff: by.is_some(), text: row.get("body")?, at: row.get("at")? })
    };
    let said = sql.all(query, args![complaint.id], line).await?;
    let query = "SELECT amount, reason FROM play_remedies WHERE complaint_id = $1";
    let remedy: Option<(Fen, String)> = sql.opt(query, args![complaint.id], |row| Ok((row.get("amount")?, row.get("reason")?))).await?;
    let (given_back_fen, given_back_reason) = remedy.unzip();
    let may = |step| next(complaint.state, complaint.reopened, step).is_some();
    Ok(ComplaintView {
        can_reopen: may(Step::Reopen),
        can_settle: may(Step::Settle),
        said,
        given_back_fen,
        given_back_reason,
        complaint: complaint.into(),
    })
}

const OF_CUSTOMER: Index = Index { name: "complaints_customer", columns: &["customer_id"] };

/// The customer's own, newest first.
pub async fn mine(cx: &Cx, customer: &Customer, ask: &PageAsk) -> Result<Page<ComplaintRow>> {
    let mut look = Look::new("complaints", "id");
    look.by(&OF_CUSTOMER).along("customer_id", customer.id);
    let page = look.page(&mut cx.db.read(), SELECT, "c.id", ask, read, |complaint| complaint.id.uuid()).await?;
    Ok(page.map(ComplaintRow::from))
}
