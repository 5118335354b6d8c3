//! A split as those see it who have a share, and who opens its link.

use kernel::{Fault, Fen, Timestamp};
use platform::{Cx, Result};
use serde::Serialize;
use store::{Sql, args};

use super::error::SplitError;
use super::join::with;
use super::model::{Manner, Share, Split, SplitEnd, SplitId, SplitState, asked_of};
use super::{make, rows};
use crate::customers::{Customer, CustomerId};
use crate::halls::rows as tables;
use crate::play::{self, SessionId, SessionState};
use crate::tariff::HallClock;

kernel::words! {
    pub enum ShareState {
        Free = "free",
        /// Taken, and not confirmed.
        Joined = "joined",
        /// More is played than was confirmed.
        Again = "again",
        Confirmed = "confirmed",
        Paid = "paid",
        /// Was not confirmed: the starter's.
        Missed = "missed",
        /// Undone: nobody owes anything.
        Released = "released",
    }
}

#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ShareView {
    pub place: i64,
    pub state: ShareState,
    /// The starter's, who pays what is left.
    pub starter: bool,
    pub mine: bool,
    /// Who has it: the number with its middle hidden, or a guest's. Only for those who have a share; the starter is known to all.
    pub who: Option<String>,
    /// What it comes to; while it is played, at most. What was paid, when it is over.
    pub amount_fen: Fen,
    /// What was confirmed.
    pub agreed_fen: Fen,
}

#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct SplitView {
    pub id: SplitId,
    pub state: SplitState,
    pub manner: Manner,
    pub end_reason: Option<SplitEnd>,
    pub session_id: SessionId,
    pub venue_name: String,
    pub table_name: String,
    /// Still played: amounts are the most that they can become.
    pub playing: bool,
    /// All of it: the bill, or while it is played what is held for it.
    pub amount_fen: Fen,
    /// Until when shares can be confirmed.
    pub confirm_by: Option<Timestamp>,
    /// What friends open. Only for those who have a share, while it is open.
    pub link: Option<String>,
    /// The asker is the starter.
    pub mine: bool,
    /// In their order, the starter's first.
    pub shares: Vec<ShareView>,
    /// The server's clock.
    pub now: Timestamp,
    /// The hall's, since the table was asked for.
    pub clock: HallClock,
}

/// One in which one has a share.
pub async fn get(cx: &Cx, customer: &Customer, id: SplitId) -> Result<SplitView> {
    with(cx, customer, id).await?;
    of(&mut cx.db.read(), cx, id, Some(customer.id)).await
}

/// The one whose link says this.
pub async fn by_code(cx: &Cx, customer: Option<&Customer>, code: &str) -> Result<SplitView> {
    let mut sql = cx.db.read();
    let split = find(&mut sql, code).await?;
    of(&mut sql, cx, split.id, customer.map(|customer| customer.id)).await
}

/// The one of one's own bill, if it has one.
pub async fn of_session(cx: &Cx, customer: &Customer, session: SessionId) -> Result<Option<SplitView>> {
    let mut sql = cx.db.read();
    play::session(&mut sql, session).await?.filter(|session| session.customer == customer.id).ok_or_else(Fault::not_found)?;
    match rows::of_session(&mut sql, session).await? {
        Some(split) => Ok(Some(of(&mut sql, cx, split.id, Some(customer.id)).await?)),
        None => Ok(None),
    }
}

/// What is no code of ours names nothing.
pub(super) async fn find(sql: &mut impl Sql, code: &str) -> Result<Split> {
    let readable = code.len() <= 64 && code.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let found = if readable { rows::by_code(sql, code).await? } else { None };
    Ok(found.ok_or(SplitError::Unknown)?)
}

/// Whoever may see it: the caller has seen to that.
pub(super) async fn of(sql: &mut impl Sql, cx: &Cx, id: SplitId, asker: Option<CustomerId>) -> Result<SplitView> {
    let split = rows::by_id(sql, id).await?.ok_or_else(Fault::not_found)?;
    let session = play::session(sql, split.session).await?.ok_or_else(Fault::not_found)?;
    let shares = rows::shares(sql, id).await?;
    let names = names(sql, id).await?;
    let (hall, table) = (tables::venue(sql, session.venue).await?, tables::table(sql, session.table).await?.name);
    let amount = make::of(&session);
    let within = asker.is_some() && shares.iter().any(|share| share.customer == asker);
    let asked = asked_of(&shares, amount);
    let shown = shares.iter().zip(asked).zip(names).map(|((share, asked), who)| ShareView {
        place: share.place,
        state: state(&split, share, asked),
        starter: share.place == 0,
        mine: asker.is_some() && share.customer == asker,
        who: who.filter(|_| within || share.place == 0),
        amount_fen: if split.state == SplitState::Settled { share.paid } else { asked },
        agreed_fen: share.agreed,
    });
    Ok(SplitView {
        id,
        state: split.state,
        manner: split.manner,
        end_reason: split.end,
        session_id: session.id,
        clock: hall.calendar().clock_from(session.asked_at).map_err(Fault::internal)?,
        venue_name: hall.name,
        table_name: table,
        playing: matches!(session.state, SessionState::Opening | SessionState::Playing),
        amount_fen: amount,
        confirm_by: split.confirm_by,
        link: (within && split.is_open(cx.now())).then(|| format!("{}/m/?split={}", cx.install.public_url, split.code)),
        mine: asker == Some(split.starter),
        shares: shown.collect(),
        now: cx.now(),
    })
}

fn state(split: &Split, share: &Share, asked: Fen) -> ShareState {
    match split.state {
        SplitState::Undone => ShareState::Released,
        SplitState::Settled if share.place == 0 || share.transfer.is_some() => ShareState::Paid,
        SplitState::Settled => ShareState::Missed,
        SplitState::Open if share.place == 0 => ShareState::Confirmed,
        SplitState::Open => match (share.customer, share.transfer) {
            (None, _) => ShareState::Free,
            (Some(_), None) => ShareState::Joined,
            (Some(_), Some(_)) if share.agreed < asked => ShareState::Again,
            (Some(_), Some(_)) => ShareState::Confirmed,
        },
    }
}

/// Who has each share, in their order.
async fn names(sql: &mut impl Sql, id: SplitId) -> store::Result<Vec<Option<String>>> {
    let query = "SELECT c.number, c.phone_hint FROM split_shares h LEFT JOIN customers c ON c.id = h.customer_id WHERE h.split_id = $1 ORDER BY h.place";
    sql.all(query, args![id], |row| {
        let (number, phone): (Option<String>, Option<String>) = (row.get("number")?, row.get("phone_hint")?);
        Ok(phone.or_else(|| number.map(|number| format!("****{}", number.get(4..).unwrap_or_default()))))
    })
    .await
}

/// Of a session, on its bill.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct SplitMark {
    pub id: SplitId,
    pub state: SplitState,
    /// What the others have paid.
    pub paid_by_others_fen: Fen,
}

/// Of sessions called `p`; read with [`mark`].
pub(crate) const MARK: &str = "s.id AS split_id, s.state AS split_state, \
     (SELECT CAST(COALESCE(SUM(h.paid), 0) AS BIGINT) FROM split_shares h WHERE h.split_id = s.id AND h.place > 0) AS split_paid";
pub(crate) const MARK_JOIN: &str = "LEFT JOIN splits s ON s.session_id = p.id AND s.state <> 'undone'";

pub(crate) fn mark(row: &store::Row) -> store::Result<Option<SplitMark>> {
    let Some(id) = row.get("split_id")? else { return Ok(None) };
    Ok(Some(SplitMark { id, state: row.word("split_state")?, paid_by_others_fen: row.get("split_paid")? }))
}
