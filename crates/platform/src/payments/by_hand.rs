//! Refunds that a network would not make: what a person can do about them.

use kernel::{Fault, Word, text};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::jobs::NewJob;
use store::{Sql as _, args};

use super::channel::RefundStanding;
use super::error::PayError;
use super::log::{self, Line, PayCall};
use super::model::{AttemptState, OrderId, PayProblemCode, Refund, RefundId, RefundState, number};
use super::refunds::{self, OfRefund, REFUNDED_JOB};
use super::{list, merchants, rows};
use crate::identity::Permission;
use crate::ledger::{self, EntryKind, SystemAccount};
use crate::{Cx, Result, audit};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Remedy {
    /// Ask the network again, under the same number.
    Retry,
    /// It was paid out in another way: cash, a transfer.
    PaidOut,
    /// It stays in the customer's wallet.
    Keep,
    /// It was only frozen, and is not any more: the network has let it go by itself.
    LetGo,
}

/// Puts a refund right that is stuck.
pub async fn remedy(cx: &Cx, id: RefundId, remedy: Remedy, note: &str) -> Result<list::RefundRow> {
    let user = cx.require(Permission::PaymentsManage)?;
    let least = if remedy == Remedy::Retry { 0 } else { 2 };
    let note = text::clean(note, least, 200, false).map_err(|(code, zh, en)| Fault::field("note", code, zh, en))?;
    let found = rows::refund(&mut cx.db.read(), id).await?.ok_or_else(Fault::not_found)?;
    if remedy != Remedy::Retry {
        if (remedy == Remedy::LetGo) != found.frozen {
            return Err(PayError::Unsuitable.into());
        }
        if found.state == RefundState::Stuck {
            not_sent_after_all(cx, &found).await?;
        }
    }
    let mut tx = cx.db.begin().await?;
    let order = rows::lock(&mut tx, found.order).await?;
    let refund = rows::refund(&mut tx, id).await?.filter(|refund| refund.state == RefundState::Stuck).ok_or(PayError::NotStuck)?;
    let now = cx.now();
    let state = match remedy {
        Remedy::Retry => RefundState::Asked,
        Remedy::PaidOut => RefundState::ByHand,
        Remedy::Keep => RefundState::Kept,
        Remedy::LetGo => RefundState::Done,
    };
    match remedy {
        Remedy::Retry => refunds::ask_again(&mut tx, cx, &refund).await?,
        Remedy::PaidOut | Remedy::Keep | Remedy::LetGo => {
            ledger::lock(&mut tx, &[order.wallet]).await?;
            if remedy == Remedy::LetGo {
                ledger::post(&mut tx, cx, refund.transfer).await?;
            } else {
                ledger::void(&mut tx, cx, refund.transfer).await?;
            }
            if remedy == Remedy::PaidOut {
                let paid_out = ledger::Move {
                    debit: order.wallet,
                    credit: SystemAccount::Cash.id(),
                    amount: refund.amount.into(),
                    kind: EntryKind::Refund,
                    memo: String::new(),
                    reference: Some(id.into()),
                };
                ledger::transfer(&mut tx, cx, &paid_out).await?;
            } else if remedy == Remedy::Keep && is_taken(&mut tx, &refund).await? {
                tx.exec("UPDATE pay_orders SET refunded = refunded - $1 WHERE id = $2", args![refund.amount, order.id]).await?;
            }
            let sql = "UPDATE pay_refunds SET state = $1, settled_at = $2, settled_by = $3, note = $4 WHERE id = $5";
            tx.exec(sql, args![state.as_str(), now, user.id, note.as_str(), id]).await?;
            cx.enqueue(&mut tx, NewJob::new(REFUNDED_JOB, &OfRefund { refund: id }, now)?).await?;
        }
    }
    let detail = json!({"amount_fen": refund.amount, "state": state, "note": note});
    audit::record(&mut tx, cx, &audit::REFUND_REMEDIED, Some(id.into()), &detail).await?;
    tx.commit().await?;
    list::refund(cx, id).await
}

/// So many at once: whoever has more of them asks once more.
const AT_ONCE: usize = 500;

#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = RefundsRetried)]
pub struct Retried {
    pub retried: usize,
    /// There are more than are tried at once.
    pub more: bool,
}

/// Has all refunds tried again that are stuck over the same: its cause is gone. Where that was the merchant's balance, those too that wait for their
/// next try by themselves.
pub async fn retry_all(cx: &Cx, cause: PayProblemCode) -> Result<Retried> {
    cx.require(Permission::PaymentsManage)?;
    let mut tx = cx.db.begin().await?;
    let states = if cause.is_short() { "'stuck', 'asked'" } else { "'stuck'" };
    // Locked in the order of their orders, as by all who lock several.
    let sql =
        format!("SELECT id, order_id FROM pay_refunds WHERE state IN ({states}) AND problem = $1 ORDER BY order_id, id LIMIT {AT_ONCE}");
    let read = |row: &store::Row| Ok((row.get::<RefundId>("id")?, row.get::<OrderId>("order_id")?));
    let found = tx.all(&sql, args![cause.as_str()], read).await?;
    let mut retried = 0;
    for (id, order) in &found {
        rows::lock(&mut tx, *order).await?;
        let Some(refund) = rows::refund(&mut tx, *id).await? else { continue };
        let again = match refund.state {
            RefundState::Stuck => {
                refunds::ask_again(&mut tx, cx, &refund).await?;
                true
            }
            RefundState::Asked => refunds::sooner(&mut tx, cx, &refund).await?,
            RefundState::Done | RefundState::ByHand | RefundState::Kept => false,
        };
        retried += usize::from(again);
    }
    if retried > 0 {
        let detail = json!({"problem": cause, "count": retried});
        audit::record(&mut tx, cx, &audit::REFUNDS_RETRIED, None, &detail).await?;
        tx.commit().await?;
    }
    Ok(Retried { retried, more: found.len() == AT_ONCE })
}

/// Refused where the network has done it meanwhile, or will: it would come twice. Where it does not say, whoever has decided knows more.
async fn not_sent_after_all(cx: &Cx, refund: &Refund) -> Result<()> {
    let Some(attempt) = rows::attempt(&mut cx.db.read(), refund.attempt).await? else { return Ok(()) };
    let Ok(channel) = merchants::channel(cx, &attempt).await else { return Ok(()) };
    let answer = channel.query_refund(&number(attempt.id), &number(refund.id)).await;
    log::add(cx, refund, Line::refunded(PayCall::RefundQuery, &answer)).await?;
    match answer {
        Ok(done @ RefundStanding::Done { .. }) => {
            refunds::settle(cx, refund.id, Ok(done)).await?;
            Err(PayError::WentBack.into())
        }
        Ok(RefundStanding::Pending) => Err(PayError::OnItsWay.into()),
        Ok(RefundStanding::Unknown | RefundStanding::Failed(_)) | Err(_) => Ok(()),
    }
}

/// Whether it is of what was taken: what came twice counts in no order.
async fn is_taken(tx: &mut store::Tx, refund: &Refund) -> Result<bool> {
    Ok(rows::attempt(tx, refund.attempt).await?.is_some_and(|attempt| attempt.state == AttemptState::Taken))
}
