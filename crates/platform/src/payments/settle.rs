//! A payment has arrived: into the ledger, once.

use kernel::Word;
use serde::{Deserialize, Serialize};
use store::jobs::{JobKind, NewJob};
use store::{Tx, args};

use super::channel::{Method, Paid};
use super::model::{
    Arrival, Attempt, AttemptId, AttemptState, Order, OrderId, OrderState, PayProblemCode, Purpose, RefundReason, account, arrival,
};
use super::refunds::{self, Back};
use super::{rows, watch};
use crate::ledger::{self, EntryKind, SystemAccount};
use crate::{Cx, Result};

/// Who sells what was paid for does the rest: its handler is the product's.
pub const PAID_JOB: JobKind = JobKind::prompt("pay.paid").counts();

#[derive(Debug, Serialize, Deserialize)]
pub struct OfOrder {
    pub order: OrderId,
}

kernel::words! {
    /// What became of a payment that a network told.
    pub enum Arrived {
        /// It pays its order.
        Taken = "taken",
        /// It goes back.
        Returned = "returned",
        /// It was known.
        Known = "known",
        /// It was frozen, and let go again when it was closed.
        Undone = "undone",
        /// It is not what was asked for: somebody has to look.
        Differs = "differs",
        /// Nothing here has its number.
        Foreign = "foreign",
    }
}

/// Takes a payment, or sends it back; doing so again does nothing.
pub(super) async fn settle(cx: &Cx, id: AttemptId, paid: &Paid) -> Result<Arrived> {
    let Some(attempt) = rows::attempt(&mut cx.db.read(), id).await? else { return Ok(Arrived::Foreign) };
    let mut tx = cx.db.begin().await?;
    let order = rows::lock(&mut tx, attempt.order).await?;
    let Some(attempt) = rows::attempt(&mut tx, id).await? else { return Ok(Arrived::Foreign) };
    let arrived = match arrival(&order, &attempt, paid) {
        Arrival::Known => return Ok(Arrived::Known),
        Arrival::Differs(how) => {
            watch::note(&mut tx, cx, id, &how).await?;
            Arrived::Differs
        }
        Arrival::Take => {
            book(&mut tx, cx, &order, &attempt, paid, AttemptState::Taken).await?;
            if order.written_off.is_some() {
                // Whoever wrote it off may have had it in another way since.
                watch::note(&mut tx, cx, id, &PayProblemCode::WrittenOff.into()).await?;
            }
            let sql = "UPDATE pay_orders SET state = $1, paid_at = $2 WHERE id = $3";
            tx.exec(sql, args![OrderState::Paid.as_str(), cx.now(), order.id]).await?;
            if order.purpose != Purpose::Captured {
                cx.enqueue(&mut tx, NewJob::new(PAID_JOB, &OfOrder { order: order.id }, cx.now())?).await?;
            }
            Arrived::Taken
        }
        Arrival::Return => {
            book(&mut tx, cx, &order, &attempt, paid, AttemptState::Surplus).await?;
            let back = Back { order: &order, attempt: id, channel: attempt.channel(), amount: order.amount, reason: RefundReason::Surplus };
            refunds::begin(&mut tx, cx, back).await?;
            Arrived::Returned
        }
    };
    tx.commit().await?;
    Ok(arrived)
}

/// The network has the money now, and the wallet what it stands for.
async fn book(tx: &mut Tx, cx: &Cx, order: &Order, attempt: &Attempt, paid: &Paid, state: AttemptState) -> Result<()> {
    let sql = "UPDATE pay_attempts SET state = $1, channel_no = $2, payer_kind = $3, payer = $4, paid_at = $5, \
               problem = NULL, problem_amount = NULL, problem_number = NULL, problem_said = NULL WHERE id = $6";
    let (kind, payer) = paid.payer.as_ref().map(|payer| (payer.kind.as_str(), payer.id.as_str())).unzip();
    tx.exec(sql, args![state.as_str(), paid.channel_no.as_str(), kind, payer, paid.at, attempt.id]).await?;
    let entry = ledger::Move {
        debit: account(attempt.channel()),
        credit: match &order.written_off {
            // Nothing is claimed any more: it makes good what was written off.
            Some(_) => SystemAccount::WrittenOff.id(),
            // The wallet has had it since it was frozen.
            None if attempt.method == Method::Capture => SystemAccount::AlipayFrozen.id(),
            None => order.wallet,
        },
        amount: order.amount.into(),
        kind: EntryKind::Payment,
        memo: String::new(),
        reference: Some(attempt.id.into()),
    };
    ledger::transfer(tx, cx, &entry).await?;
    Ok(())
}
