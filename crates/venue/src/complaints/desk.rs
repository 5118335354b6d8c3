//! What the hall's staff sees and does.

use kernel::{Fault, Fen, MINUTE, Page, PageAsk, Timestamp, Word, text};
use platform::identity::{Permission, Principal, Role, UserRef};
use platform::{Cx, Result, audit};
use serde::Serialize;
use serde_json::json;
use store::{Filter, Index, Look, Of, Row, Sql, args};

use super::ask::LONGEST;
use super::model::{ComplaintId, ComplaintKind, ComplaintState, Matter, Step, answered_by, next};
use super::remedy;
use super::rows::{self, Complaint, SELECT, read};
use super::view::ComplaintRow;
use crate::cases::{self, Case};
use crate::customers;
use crate::devices::{self, Device, LogLine};
use crate::halls::{TableId, VenueId};
use crate::play::{self, SessionView};
use crate::staff;
use crate::told::{self, tell};

/// How long before a session, and after it, its light may have said something that matters.
const AROUND: i64 = 15 * MINUTE;

#[derive(Debug, Clone, Copy, Default)]
pub struct ComplaintFilter {
    pub venue: Option<VenueId>,
    pub state: Option<ComplaintState>,
    pub matter: Option<Matter>,
    pub kind: Option<ComplaintKind>,
}

/// Who asks or complains, as far as the staff needs to know.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Complainant {
    pub number: String,
    /// With its middle hidden.
    pub phone: Option<String>,
}

#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct DeskRow {
    #[serde(flatten)]
    pub complaint: ComplaintRow,
    pub venue_id: VenueId,
    /// Where the session was.
    pub table_id: Option<TableId>,
}

/// What was said, and by whom of the staff.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct DeskSaid {
    /// Absent: the customer.
    pub by: Option<UserRef>,
    pub text: String,
    pub at: Timestamp,
}

#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct GivenBack {
    pub amount_fen: Fen,
    pub reason: String,
    pub by: UserRef,
    pub at: Timestamp,
}

/// A complaint with all that shows what happened.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct DeskComplaint {
    #[serde(flatten)]
    pub row: DeskRow,
    pub customer: Complainant,
    pub said: Vec<DeskSaid>,
    /// With its bill.
    pub session: Option<SessionView>,
    /// The light of that table, as it is now.
    pub device: Option<Device>,
    /// What that light did around the session, newest first.
    pub log: Vec<LogLine>,
    /// What is open at that table now.
    pub case: Option<Case>,
    /// A case was open when this came.
    pub had_case: bool,
    /// What the customer's wallet has paid for the session: the most that can be given back.
    pub paid_fen: Fen,
    pub given_back: Option<GivenBack>,
    /// Who of the hall may answer and close it.
    pub answered_by: Vec<Role>,
    /// By whoever asks, as it stands now.
    pub can_answer: bool,
    pub can_close: bool,
}

/// Whether it is this user's to answer.
fn answers(user: &Principal, complaint: &Complaint) -> bool {
    staff::may(user.role, answered_by(complaint.matter, complaint.kind))
}

/// Refuses who sees it, and is not to answer it.
pub(super) fn is_to_answer(user: &Principal, complaint: &Complaint) -> Result<()> {
    if answers(user, complaint) { Ok(()) } else { Err(Fault::forbidden()) }
}

/// "In a hall where one works", over `c`.
pub(super) fn of_staff(user: &Principal) -> Filter {
    let mut filter = Filter::new();
    staff::restrict(user, &mut filter, "c.venue_id");
    filter
}

const OF_VENUE: Index = Index { name: "complaints_venue", columns: &["venue_id", "state"] };
const BY_STATE: Index = Index { name: "complaints_state", columns: &["state"] };

/// Of the halls where one works, newest first.
pub async fn list(cx: &Cx, filter: &ComplaintFilter, ask: &PageAsk) -> Result<Page<DeskRow>> {
    let user = cx.require(Permission::VenuesView)?;
    let mut sql = cx.db.read();
    let mut look = Look::new("complaints", "id");
    if let Some(venue) = filter.venue {
        staff::works_at(&mut sql, user, venue).await?;
        look.by(&OF_VENUE).along("venue_id", venue);
    } else if staff::sees_all(user) {
        look.by(&BY_STATE);
    } else {
        let mine = format!("SELECT venue_id AS v0 FROM venue_staff WHERE user_id = {}", look.arg(user.id));
        look.by(&OF_VENUE).among(&[("venue_id", Of::Uuid)], &mine);
    }
    look.words("state", &ComplaintState::texts(filter.state));
    look.rest_some("c.matter = ?", filter.matter.map(Word::as_str));
    look.rest_some("c.kind = ?", filter.kind.map(Word::as_str));
    let page = look.page(&mut sql, SELECT, "c.id", ask, read, |complaint| complaint.id.uuid()).await?;
    Ok(page.map(desk_row))
}

fn desk_row(complaint: Complaint) -> DeskRow {
    DeskRow { venue_id: complaint.venue, table_id: complaint.table, complaint: complaint.into() }
}

/// One of a hall where one works.
pub async fn detail(cx: &Cx, id: ComplaintId) -> Result<DeskComplaint> {
    let user = cx.require(Permission::VenuesView)?;
    shown(&mut cx.db.read(), cx, user, id).await
}

pub(super) async fn shown(sql: &mut impl Sql, cx: &Cx, user: &Principal, id: ComplaintId) -> Result<DeskComplaint> {
    let complaint = rows::one(sql, id, of_staff(user)).await?;
    let customer = customers::by_id(sql, complaint.customer).await?.ok_or_else(Fault::not_found)?;
    let query = "SELECT l.user_id, u.name, l.body, l.at FROM complaint_lines l LEFT JOIN users u ON u.id = l.user_id \
                 WHERE l.complaint_id = $1 ORDER BY l.place LIMIT 200";
    let line = |row: &Row| {
        let by: Option<platform::identity::UserId> = row.get("user_id")?;
        let name: Option<String> = row.get("name")?;
        let by = by.map(|id| UserRef { id, name: name.unwrap_or_default() });
        Ok(DeskSaid { by, text: row.get("body")?, at: row.get("at")? })
    };
    let said = sql.all(query, args![id], line).await?;
    let (mut session, mut paid_fen, mut given_back) = (None, Fen::ZERO, None);
    if let Some(of) = complaint.session {
        session = Some(play::view_of(sql, cx, of).await?);
        paid_fen = remedy::paid(sql, of).await?.unwrap_or(Fen::ZERO);
        let query = "SELECT r.amount, r.reason, r.user_id, u.name, r.at FROM play_remedies r JOIN users u ON u.id = r.user_id WHERE r.session_id = $1";
        let read = |row: &Row| {
            let by = UserRef { id: row.get("user_id")?, name: row.get("name")? };
            Ok(GivenBack { amount_fen: row.get("amount")?, reason: row.get("reason")?, by, at: row.get("at")? })
        };
        given_back = sql.opt(query, args![of], read).await?;
    }
    let (mut device, mut log, mut case) = (None, Vec::new(), None);
    if let (Some(table), Some(session)) = (complaint.table, &session) {
        device = devices::of_table(sql, table).await?;
        case = cases::of_table(sql, table).await?;
        if let Some(device) = &device {
            let (from, to) = (session.asked_at, session.ended_at.unwrap_or(complaint.changed_at).max(complaint.created_at));
            log = devices::log_between(sql, device.id, from.plus_micros(-AROUND), to.plus_micros(AROUND)).await?;
        }
    }
    let may = |step| answers(user, &complaint) && next(complaint.state, complaint.reopened, step).is_some();
    Ok(DeskComplaint {
        answered_by: staff::roles_that_may(answered_by(complaint.matter, complaint.kind)),
        can_answer: may(Step::Answer),
        can_close: may(Step::Close),
        had_case: complaint.case.is_some(),
        customer: Complainant { number: customer.number, phone: customer.phone },
        row: desk_row(complaint),
        said,
        session,
        device,
        log,
        case,
        paid_fen,
        given_back,
    })
}

/// Answers, and the customer is told. Refused to those whose work it is not, though they see it.
pub async fn answer(cx: &Cx, id: ComplaintId, text: &str) -> Result<DeskComplaint> {
    let user = cx.require(Permission::VenuesView)?;
    let text = text::clean(text, 1, LONGEST, true).map_err(|(code, zh, en)| Fault::field("text", code, zh, en))?;
    let mut tx = cx.db.begin().await?;
    let complaint = rows::lock(&mut tx, id, of_staff(user)).await?;
    is_to_answer(user, &complaint)?;
    rows::advance(&mut tx, cx, &complaint, Step::Answer).await?;
    rows::add_line(&mut tx, cx, id, Some(user.id), &text).await?;
    tell(&mut tx, cx, complaint.customer, &told::ANSWERED, &[("hall", complaint.hall.clone()), ("answer", text.clone())]).await?;
    audit::record(&mut tx, cx, &audit::COMPLAINT_ANSWERED, Some(id.into()), &json!({"answer": text})).await?;
    let answered = shown(&mut tx, cx, user, id).await?;
    tx.commit().await?;
    Ok(answered)
}

/// Closes what was answered, by whoever may answer it.
pub async fn close(cx: &Cx, id: ComplaintId) -> Result<DeskComplaint> {
    let user = cx.require(Permission::VenuesView)?;
    let mut tx = cx.db.begin().await?;
    let complaint = rows::lock(&mut tx, id, of_staff(user)).await?;
    is_to_answer(user, &complaint)?;
    if complaint.state != ComplaintState::Closed {
        rows::advance(&mut tx, cx, &complaint, Step::Close).await?;
        audit::record(&mut tx, cx, &audit::COMPLAINT_CLOSED, Some(id.into()), &json!({})).await?;
    }
    let closed = shown(&mut tx, cx, user, id).await?;
    tx.commit().await?;
    Ok(closed)
}
