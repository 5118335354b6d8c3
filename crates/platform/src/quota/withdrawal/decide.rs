//! Deciding a withdrawal, and marking it as paid.

use kernel::{Fault, Fields, Word, text};
use store::{Row, Sql, Tx, args};

use super::ask::{SealedAnswer, link};
use super::list::{Withdrawal, find};
use super::model::{Step, WithdrawalId, WithdrawalState, may_decide, may_see, next};
use crate::idempotency::IdempotencyKey;
use crate::identity::{Permission, UserId};
use crate::ledger::{self, TransferId};
use crate::messages::templates::{self, Template};
use crate::{Cx, Result, audit, messages};

const REASON_MAX: usize = 500;
const REFERENCE_MAX: usize = 100;

/// The frozen amount leaves the account; the money is to be paid offline.
pub async fn approve(cx: &Cx, id: WithdrawalId, key: Option<&IdempotencyKey>) -> Result<Withdrawal> {
    decide(cx, id, Step::Approve, None, key).await
}

/// The frozen amount becomes available again; the agent is told why.
pub async fn refuse(cx: &Cx, id: WithdrawalId, reason: &str, key: Option<&IdempotencyKey>) -> Result<Withdrawal> {
    decide(cx, id, Step::Refuse, Some(field("reason", reason, REASON_MAX)?), key).await
}

/// The money was paid, and this is how the bank calls the payment.
pub async fn paid(cx: &Cx, id: WithdrawalId, payment_reference: &str, key: Option<&IdempotencyKey>) -> Result<Withdrawal> {
    decide(cx, id, Step::Pay, Some(field("payment_reference", payment_reference, REFERENCE_MAX)?), key).await
}

fn field(name: &str, value: &str, max: usize) -> Result<String> {
    let mut fields = Fields::default();
    let value = fields.take(name, text::clean(value, 1, max, false));
    value.ok_or_else(|| fields.fault())
}

/// One step; of two at once, one finds that it comes too late.
async fn decide(cx: &Cx, id: WithdrawalId, step: Step, said: Option<String>, key: Option<&IdempotencyKey>) -> Result<Withdrawal> {
    let reviewer = cx.require(Permission::WithdrawalsReview)?;
    let mut tx = cx.db.begin().await?;
    if let Some(key) = key
        && let Some(first) = key.seen::<SealedAnswer>(&mut tx, cx, reviewer.id.uuid()).await?
    {
        return first.open(cx);
    }
    let open = lock(&mut tx, id).await?.filter(|open| may_see(reviewer, open.agent, open.reviewer)).ok_or_else(Fault::not_found)?;
    if !may_decide(reviewer, open.agent, open.reviewer) {
        return Err(Fault::forbidden());
    }
    let state = next(open.state, step)?;
    let now = cx.now();
    let (action, template) = match step {
        Step::Approve => {
            ledger::post(&mut tx, cx, open.transfer).await?;
            let sql = "UPDATE withdrawals SET state = $1, decided_by = $2, decided_at = $3 WHERE id = $4";
            tx.exec(sql, args![state.as_str(), reviewer.id, now, id]).await?;
            (&audit::WITHDRAWAL_APPROVED, &templates::WITHDRAWAL_APPROVED)
        }
        Step::Refuse => {
            ledger::void(&mut tx, cx, open.transfer).await?;
            let sql = "UPDATE withdrawals SET state = $1, decided_by = $2, decided_at = $3, reason = $4 WHERE id = $5";
            tx.exec(sql, args![state.as_str(), reviewer.id, now, said.as_deref(), id]).await?;
            (&audit::WITHDRAWAL_REFUSED, &templates::WITHDRAWAL_REFUSED)
        }
        Step::Pay => {
            let sql = "UPDATE withdrawals SET state = $1, paid_at = $2, payment_reference = $3 WHERE id = $4";
            tx.exec(sql, args![state.as_str(), now, said.as_deref(), id]).await?;
            (&audit::WITHDRAWAL_PAID, &templates::WITHDRAWAL_PAID)
        }
    };
    let withdrawal = find(&mut tx, id).await?.ok_or_else(Fault::not_found)?.open(cx)?;
    tell_agent(&mut tx, cx, template, &withdrawal).await?;
    let detail = serde_json::json!({"agent": withdrawal.agent.name, "amount": withdrawal.amount});
    audit::record(&mut tx, cx, action, Some(id.into()), &detail).await?;
    if let Some(key) = key {
        key.answer(&mut tx, reviewer.id.uuid(), &SealedAnswer::close(cx, &withdrawal)?).await?;
    }
    tx.commit().await?;
    Ok(withdrawal)
}

async fn tell_agent(tx: &mut Tx, cx: &Cx, template: &Template, withdrawal: &Withdrawal) -> Result<()> {
    let said = [
        ("amount", withdrawal.amount.to_string()),
        ("reason", withdrawal.reason.clone().unwrap_or_default()),
        ("payment_reference", withdrawal.payment_reference.clone().unwrap_or_default()),
    ];
    messages::tell(tx, cx, withdrawal.agent.id, template, &said, Some(link(withdrawal.id))).await
}

/// What a decision depends on.
struct Open {
    agent: UserId,
    reviewer: Option<UserId>,
    state: WithdrawalState,
    transfer: TransferId,
}

async fn lock(tx: &mut Tx, id: WithdrawalId) -> Result<Option<Open>> {
    let sql = format!("SELECT agent_id, reviewer_id, state, transfer_id FROM withdrawals WHERE id = $1{}", tx.for_update());
    let read = |row: &Row| {
        Ok(Open {
            agent: row.get("agent_id")?,
            reviewer: row.get("reviewer_id")?,
            state: row.word("state")?,
            transfer: row.get("transfer_id")?,
        })
    };
    Ok(tx.opt(&sql, args![id], read).await?)
}
