//! What was only frozen, was used, and cannot be taken any more: Alipay has let it go, and asking for it every hour helps nobody. A person who has
//! looked there says that it will not come.
//!
//! **Invariant**: no balance is edited. What is claimed of Alipay is made good from an account of its own ([`SystemAccount::WrittenOff`]), and what
//! comes of it after all goes there (`settle`).

use kernel::{Fault, Word, text};
use serde_json::json;
use store::args;

use super::error::PayError;
use super::list::{self, OrderDetail};
use super::model::{Attempt, Order, OrderId, OrderState, Purpose};
use super::rows;
use super::watch::{Closing, try_to_close};
use crate::identity::Permission;
use crate::ledger::{self, EntryKind, SystemAccount};
use crate::{Cx, Result, audit};

/// Ends an order that takes what was frozen: nothing is asked for any more, and nothing is claimed.
pub async fn write_off(cx: &Cx, id: OrderId, note: &str) -> Result<OrderDetail> {
    let user = cx.require(Permission::PaymentsManage)?;
    let note = text::clean(note, 2, 200, false).map_err(|(code, zh, en)| Fault::field("note", code, zh, en))?;
    let order = rows::order(&mut cx.db.read(), id).await?;
    let attempts = rows::attempts(&mut cx.db.read(), id).await?;
    may(&order, &attempts)?;
    for attempt in attempts.iter().filter(|attempt| attempt.live()) {
        not_taken_after_all(cx, &order, attempt).await?;
    }
    let mut tx = cx.db.begin().await?;
    let order = rows::lock(&mut tx, id).await?;
    let attempts = rows::attempts(&mut tx, id).await?;
    may(&order, &attempts)?;
    // By the job that asks for it another may have been begun meanwhile.
    for attempt in attempts.iter().filter(|attempt| attempt.live()) {
        rows::close_attempt(&mut tx, attempt.id).await?;
    }
    let sql = "UPDATE pay_orders SET state = $1, written_off_at = $2, written_off_by = $3, written_off_note = $4 WHERE id = $5";
    tx.exec(sql, args![OrderState::Closed.as_str(), cx.now(), user.id, note.as_str(), id]).await?;
    let made_good = ledger::Move {
        debit: SystemAccount::WrittenOff.id(),
        credit: SystemAccount::AlipayFrozen.id(),
        amount: order.amount.into(),
        kind: EntryKind::WrittenOff,
        memo: String::new(),
        reference: Some(id.into()),
    };
    ledger::transfer(&mut tx, cx, &made_good).await?;
    let detail = json!({"amount_fen": order.amount, "note": note});
    audit::record(&mut tx, cx, &audit::PAYMENT_WRITTEN_OFF, Some(id.into()), &detail).await?;
    tx.commit().await?;
    list::order(cx, id).await
}

/// Only what takes of what was frozen, and what people were told of: it was refused, or is not clear for a day.
fn may(order: &Order, attempts: &[Attempt]) -> std::result::Result<(), PayError> {
    let was_told = attempts.iter().any(|attempt| attempt.problem.is_some());
    match (order.purpose, order.state) {
        (Purpose::Captured, OrderState::Pending) if was_told => Ok(()),
        (Purpose::Captured, OrderState::Paid) => Err(PayError::TakenAfterAll),
        (Purpose::Captured, OrderState::Pending | OrderState::Closed) | (Purpose::Recharge | Purpose::Play, _) => {
            Err(PayError::NothingToWriteOff)
        }
    }
}

/// Closed at Alipay first, so that it is not taken a moment later; refused where it was, and where Alipay says that it may be yet. Where Alipay does
/// not say, whoever has decided knows more; where it was we who failed, what it has said is not known, and nothing is decided.
async fn not_taken_after_all(cx: &Cx, order: &Order, attempt: &Attempt) -> Result<()> {
    match try_to_close(cx, order, attempt).await? {
        Closing::Over | Closing::Unclear => Ok(()),
        Closing::Paid => Err(PayError::TakenAfterAll.into()),
        Closing::Open => Err(PayError::StillOpen.into()),
    }
}
