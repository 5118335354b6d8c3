//! What customers do: ask for help or complain, say that it is settled, and reopen once.

use kernel::{Fault, Fields, Word, text};
use platform::allowance::Allowance;
use platform::idempotency::IdempotencyKey;
use platform::messages::{self, templates};
use platform::{Cx, Result};
use serde::Deserialize;
use store::{Filter, Sql as _, Tx, args};

use super::error::ComplaintError;
use super::model::{ComplaintId, ComplaintKind, ComplaintState, Matter, Step, answered_by};
use super::rows::{self, Complaint};
use super::view::{self, ComplaintView};
use crate::cases::CaseId;
use crate::customers::Customer;
use crate::halls::rows as halls;
use crate::halls::{TableId, VenueId};
use crate::play::SessionId;
use crate::{Venue, cases, devices, staff};

/// Of one customer, by which the staff is told: nobody floods a hall.
const ASKED: Allowance = Allowance { name: "complaints", window_seconds: 3_600, most: 6 };
/// What a text may hold.
pub(super) const LONGEST: usize = 500;

#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewComplaint {
    pub matter: Matter,
    pub kind: ComplaintKind,
    pub text: String,
    /// One of the customer's own.
    #[serde(default)]
    pub session_id: Option<SessionId>,
    /// Which hall is meant, where no session says so.
    #[serde(default)]
    pub venue_id: Option<VenueId>,
}

/// Takes it in, and tells those of the hall's staff who may answer it.
pub async fn ask(cx: &Cx, venue: &Venue, customer: &Customer, form: NewComplaint, key: &IdempotencyKey) -> Result<ComplaintView> {
    let mut fields = Fields::default();
    let text = fields.take("text", text::clean(&form.text, 1, LONGEST, true)).unwrap_or_default();
    if form.session_id.is_some() == form.venue_id.is_some() {
        fields.add("venue_id", "ONE_OF", "请选择一次使用或一家门店", "Name a session or a hall, one of the two");
    }
    fields.check()?;
    if customer.guest {
        return Err(ComplaintError::Guest.into());
    }
    let mut tx = cx.db.begin().await?;
    let owner = customer.id.uuid();
    if let Some(first) = key.seen::<ComplaintId>(&mut tx, cx, owner).await? {
        return view::of(&mut tx, first).await;
    }
    ASKED.take_in(&mut tx, cx, &customer.id.to_string()).await?;
    let (hall, table) = about(&mut tx, customer, &form).await?;
    let case = match table {
        Some(table) if form.kind == ComplaintKind::Light => look_at_light(&mut tx, cx, venue, customer, table).await?,
        _ => None,
    };
    let id: ComplaintId = cx.id();
    let sql = "INSERT INTO complaints (id, venue_id, customer_id, session_id, case_id, matter, kind, state, reopened, created_at, changed_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, FALSE, $9, $9)";
    let (matter, kind, state) = (form.matter.as_str(), form.kind.as_str(), ComplaintState::Open.as_str());
    tx.exec(sql, args![id, hall, customer.id, form.session_id, case, matter, kind, state, cx.now()]).await?;
    rows::add_line(&mut tx, cx, id, None, &text).await?;
    let complaint = rows::one(&mut tx, id, Filter::new()).await?;
    tell_staff(&mut tx, cx, &complaint, &text).await?;
    key.answer(&mut tx, owner, &id).await?;
    let view = view::of(&mut tx, id).await?;
    tx.commit().await?;
    Ok(view)
}

/// The hall, and the table of the session. Somebody else's session is not there.
async fn about(tx: &mut Tx, customer: &Customer, form: &NewComplaint) -> Result<(VenueId, Option<TableId>)> {
    if let Some(hall) = form.venue_id {
        return Ok((halls::venue(tx, hall).await?.id, None));
    }
    let query = "SELECT venue_id, table_id FROM play_sessions WHERE id = $1 AND customer_id = $2";
    let read = |row: &store::Row| Ok((row.get("venue_id")?, Some(row.get("table_id")?)));
    tx.opt(query, args![form.session_id, customer.id], read).await?.ok_or_else(Fault::not_found)
}

/// The light is told again what it should be, and its answer, or its silence, shows how it is. Answers the table's case, if it has one.
async fn look_at_light(tx: &mut Tx, cx: &Cx, venue: &Venue, customer: &Customer, table: TableId) -> Result<Option<CaseId>> {
    halls::lock_table(tx, table).await?;
    devices::look_again(tx, cx, venue, table, &customer.number).await?;
    Ok(cases::of_table(tx, table).await?.map(|case| case.id))
}

async fn tell_staff(tx: &mut Tx, cx: &Cx, complaint: &Complaint, text: &str) -> Result<()> {
    let template = match complaint.matter {
        Matter::Help => &templates::HELP_ASKED,
        Matter::Complaint => &templates::COMPLAINT_MADE,
    };
    let place = [Some(complaint.hall.as_str()), complaint.table_name.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(" · ");
    let link = format!("/complaints/{}", complaint.id);
    let staff = staff::to_tell(tx, complaint.venue, answered_by(complaint.matter, complaint.kind)).await?;
    messages::tell_each(tx, cx, &staff, template, &[("place", place), ("text", text.to_owned())], Some(&link)).await
}

/// The customer is not content with the answer, and says why.
pub async fn reopen(cx: &Cx, customer: &Customer, id: ComplaintId, text: &str) -> Result<ComplaintView> {
    let text = text::clean(text, 1, LONGEST, true).map_err(|(code, zh, en)| Fault::field("text", code, zh, en))?;
    let mut tx = cx.db.begin().await?;
    let complaint = rows::lock(&mut tx, id, view::of_customer(customer)).await?;
    rows::advance(&mut tx, cx, &complaint, Step::Reopen).await?;
    rows::add_line(&mut tx, cx, id, None, &text).await?;
    tell_staff(&mut tx, cx, &complaint, &text).await?;
    let view = view::of(&mut tx, id).await?;
    tx.commit().await?;
    Ok(view)
}

/// The customer needs nothing more. Saying so twice is fine.
pub async fn settle(cx: &Cx, customer: &Customer, id: ComplaintId) -> Result<ComplaintView> {
    let mut tx = cx.db.begin().await?;
    let complaint = rows::lock(&mut tx, id, view::of_customer(customer)).await?;
    if complaint.state != ComplaintState::Closed {
        rows::advance(&mut tx, cx, &complaint, Step::Settle).await?;
    }
    let view = view::of(&mut tx, id).await?;
    tx.commit().await?;
    Ok(view)
}
