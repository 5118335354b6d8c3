//! Giving a bill back, in part or whole (V9.5).

use kernel::{Fault, Fen, Fields, text};
use platform::idempotency::IdempotencyKey;
use platform::identity::Permission;
use platform::ledger::{self, EntryKind, SystemAccount};
use platform::{Cx, Result, audit};
use serde_json::json;
use store::{Sql, args};

use super::desk::{self, DeskComplaint};
use super::error::ComplaintError;
use super::model::{ComplaintId, may_give_back};
use super::rows;
use crate::customers;
use crate::halls::rows as halls;
use crate::play::{self, SessionId};
use crate::told::{self, tell, yuan};
use crate::{members, splits};

/// What the session's customer has paid for it, without what others have put into that; `None` while they still may. By whatever name: who
/// played as a guest may be somebody else by now, and the bill is theirs.
pub(super) async fn paid(sql: &mut impl Sql, session: SessionId) -> Result<Option<Fen>> {
    let bill = play::session(sql, session).await?.and_then(|session| session.bill);
    let taken = bill.map_or(Fen::ZERO, |bill| bill.total);
    match splits::others_paid(sql, session).await? {
        Some(others) => Ok(Some(taken.minus(others).map_err(Fault::internal)?)),
        None => Ok(None),
    }
}

/// Whether some of a bill has been given back.
pub(crate) async fn is_given(sql: &mut impl Sql, session: SessionId) -> store::Result<bool> {
    Ok(sql.opt("SELECT 1 AS one FROM play_remedies WHERE session_id = $1", args![session], |_| Ok(())).await?.is_some())
}

#[derive(Debug, Clone)]
pub struct GiveBack {
    pub amount: Fen,
    /// The customer reads it.
    pub reason: String,
}

/// From the takings to the wallet of the customer who complained, at most what that wallet has paid for the session, and once a session.
pub async fn give_back(cx: &Cx, id: ComplaintId, ask: &GiveBack, key: &IdempotencyKey) -> Result<DeskComplaint> {
    let user = cx.require(Permission::TablesOperate)?;
    let mut fields = Fields::default();
    let reason = fields.take("reason", text::clean(&ask.reason, 2, 200, false)).unwrap_or_default();
    fields.check()?;
    let mut tx = cx.db.begin().await?;
    let owner = user.id.uuid();
    if let Some(first) = key.seen::<ComplaintId>(&mut tx, cx, owner).await? {
        return desk::shown(&mut tx, cx, user, first).await;
    }
    // The table first, as whoever splits the bill does: what is given back cannot be shared any more.
    if let Some(table) = rows::one(&mut tx, id, desk::of_staff(user)).await?.table {
        halls::lock_table(&mut tx, table).await?;
    }
    let complaint = rows::lock(&mut tx, id, desk::of_staff(user)).await?;
    let session = complaint.session.ok_or(ComplaintError::NothingBilled)?;
    let wallet = customers::account(complaint.customer);
    let paid = paid(&mut tx, session).await?.ok_or(ComplaintError::NotSettled)?;
    if !paid.is_positive() {
        return Err(ComplaintError::NothingBilled.into());
    }
    if !may_give_back(paid, ask.amount) {
        return Err(ComplaintError::TooMuch.into());
    }
    let order = ledger::Move {
        debit: SystemAccount::Takings.id(),
        credit: wallet,
        amount: ask.amount.into(),
        kind: EntryKind::GivenBack,
        memo: reason.clone(),
        reference: Some(session.into()),
    };
    let transfer = ledger::transfer(&mut tx, cx, &order).await?;
    members::count(&mut tx, cx, complaint.customer, session).await?;
    // Two complaints may be about one session: its row is there once.
    let sql = "INSERT INTO play_remedies (session_id, complaint_id, amount, reason, transfer_id, user_id, at) VALUES ($1, $2, $3, $4, $5, $6, $7) \
               ON CONFLICT DO NOTHING";
    if tx.exec(sql, args![session, id, ask.amount, reason.as_str(), transfer.id, user.id, cx.now()]).await? == 0 {
        return Err(ComplaintError::GivenAlready.into());
    }
    let params = [("table", complaint.table_name.clone().unwrap_or_default()), ("amount", yuan(ask.amount)), ("reason", reason.clone())];
    tell(&mut tx, cx, complaint.customer, &told::GIVEN_BACK, &params).await?;
    let detail = json!({"session": session, "amount_fen": ask.amount, "reason": reason});
    audit::record(&mut tx, cx, &audit::BILL_GIVEN_BACK, Some(id.into()), &detail).await?;
    key.answer(&mut tx, owner, &id).await?;
    let given = desk::shown(&mut tx, cx, user, id).await?;
    tx.commit().await?;
    Ok(given)
}
