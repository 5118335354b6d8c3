//! The log of texts, as operators see it.

use kernel::{Page, PageAsk, Timestamp, Word};
use platform::identity::Permission;
use platform::messages::SmsKind;
use platform::{Cx, Result};
use serde::Serialize;
use store::{Index, Look, Of, Row};

use super::model::{TextId, TextState};
use crate::halls::VenueId;
use crate::{customers, staff};

#[derive(Debug, Clone, Copy, Default)]
pub struct TextFilter<'a> {
    pub state: Option<TextState>,
    pub kind: Option<SmsKind>,
    /// A whole number, as people write it.
    pub phone: Option<&'a str>,
}

/// A text that was to be sent. What it said is not kept.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct TextRow {
    pub id: TextId,
    pub kind: SmsKind,
    /// Absent: a code, or that a number was left, which are of no hall.
    pub venue_id: Option<VenueId>,
    pub venue_name: Option<String>,
    /// With its middle hidden.
    pub phone: String,
    pub state: TextState,
    /// Why it failed, in the provider's words; where there are none `NO_ANSWER`, `UNREADABLE`, `NOT_CONFIGURED` or `GONE`, and maybe a status behind
    /// it. Why it was withheld: what is wrong with it.
    pub reason: Option<String>,
    /// What the provider calls it.
    pub called: Option<String>,
    pub created_at: Timestamp,
    pub sent_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
}

const BY_KIND: Index = Index { name: "texts_list", columns: &["kind", "state"] };
const OF_VENUE: Index = Index { name: "texts_venue", columns: &["venue_id", "kind", "state"] };
const OF_PHONE: Index = Index { name: "texts_phone", columns: &["phone_hash"] };

/// Newest first: notices of the halls where one works; what is of no hall, such as codes, is shown to whoever sees all halls.
pub async fn list(cx: &Cx, filter: &TextFilter<'_>, ask: &PageAsk) -> Result<Page<TextRow>> {
    let user = cx.require(Permission::TablesOperate)?;
    let mut look = Look::new("texts", "id");
    if let Some(phone) = filter.phone {
        // One number gets so few that its own are looked through.
        let hash = customers::phone_hash(cx, &customers::number(phone)?);
        look.by(&OF_PHONE).along("phone_hash", hash);
        look.rest_some("x.kind = ?", filter.kind.map(Word::as_str)).rest_some("x.state = ?", filter.state.map(Word::as_str));
        if !staff::sees_all(user) {
            look.rest("x.venue_id IN (SELECT venue_id FROM venue_staff WHERE user_id = ?)", user.id);
        }
    } else {
        if staff::sees_all(user) {
            look.by(&BY_KIND);
        } else {
            let mine = format!("SELECT venue_id AS v0 FROM venue_staff WHERE user_id = {}", look.arg(user.id));
            look.by(&OF_VENUE).among(&[("venue_id", Of::Uuid)], &mine);
        }
        look.words("kind", &SmsKind::texts(filter.kind)).words("state", &TextState::texts(filter.state));
    }
    let select = "SELECT x.id, x.kind, x.venue_id, v.name AS venue_name, x.phone_hint, x.state, x.reason, x.called, x.created_at, x.sent_at, x.ended_at \
                  FROM texts x LEFT JOIN venues v ON v.id = x.venue_id";
    Ok(look.page(&mut cx.db.read(), select, "x.id", ask, read, |text| text.id.uuid()).await?)
}

fn read(row: &Row) -> store::Result<TextRow> {
    Ok(TextRow {
        id: row.get("id")?,
        kind: row.word("kind")?,
        venue_id: row.get("venue_id")?,
        venue_name: row.get("venue_name")?,
        phone: row.get("phone_hint")?,
        state: row.word("state")?,
        reason: row.get("reason")?,
        called: row.get("called")?,
        created_at: row.get("created_at")?,
        sent_at: row.get("sent_at")?,
        ended_at: row.get("ended_at")?,
    })
}
