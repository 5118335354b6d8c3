//! Deciding a withdrawal, marking it as paid, and taking it back: before that, or because the money did not arrive.

use kernel::{Fault, Fields, Quota, Word, text};
use store::{Row, Sql, Tx, args};

use super::ask::{SealedAnswer, link};
use super::list::{Withdrawal, find};
use super::model::{Step, WithdrawalId, WithdrawalState, may, may_see, next};
use crate::audit::Action;
use crate::idempotency::IdempotencyKey;
use crate::identity::UserId;
use crate::ledger::{self, EntryKind, SystemAccount, TransferId};
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

/// Whoever asked takes it back while nobody has decided; the frozen amount becomes available again. Nobody is told: the superior has nothing
/// to do any more.
pub async fn cancel(cx: &Cx, id: WithdrawalId, key: Option<&IdempotencyKey>) -> Result<Withdrawal> {
    decide(cx, id, Step::Cancel, None, key).await
}

/// The money did not arrive, before or after it was marked as paid; the deducted amount comes back, and the agent is told why.
pub async fn returned(cx: &Cx, id: WithdrawalId, reason: &str, key: Option<&IdempotencyKey>) -> Result<Withdrawal> {
    decide(cx, id, Step::Return, Some(field("reason", reason, REASON_MAX)?), key).await
}

fn field(name: &str, value: &str, max: usize) -> Result<String> {
    let mut fields = Fields::default();
    let value = fields.take(name, text::clean(value, 1, max, false));
    value.ok_or_else(|| fields.fault())
}

/// One step; of two at once, one finds that it comes too late.
async fn decide(cx: &Cx, id: WithdrawalId, step: Step, said: Option<String>, key: Option<&IdempotencyKey>) -> Result<Withdrawal> {
    let user = cx.require(step.permission())?;
    let mut tx = cx.db.begin().await?;
    if let Some(key) = key
        && let Some(first) = key.seen::<SealedAnswer>(&mut tx, cx, user.id.uuid()).await?
    {
        return first.open(cx);
    }
    let open = lock(&mut tx, id).await?.filter(|open| may_see(user, open.agent, open.reviewer)).ok_or_else(Fault::not_found)?;
    if !may(user, step, open.agent, open.reviewer) {
        return Err(Fault::forbidden());
    }
    let state = next(open.state, step)?;
    let (action, template) = carry_out(&mut tx, cx, &open, (step, state), user.id, said.as_deref()).await?;
    let withdrawal = find(&mut tx, id).await?.ok_or_else(Fault::not_found)?.open(cx)?;
    if let Some(template) = template {
        tell_agent(&mut tx, cx, template, &withdrawal).await?;
    }
    let detail = serde_json::json!({"agent": withdrawal.agent.name, "amount": withdrawal.amount});
    audit::record(&mut tx, cx, action, Some(id.into()), &detail).await?;
    if let Some(key) = key {
        key.answer(&mut tx, user.id.uuid(), &SealedAnswer::close(cx, &withdrawal)?).await?;
    }
    tx.commit().await?;
    Ok(withdrawal)
}

/// Moves the amount, and writes down what has become of the withdrawal. Answers what the log and the agent are told of it.
async fn carry_out(
    tx: &mut Tx,
    cx: &Cx,
    open: &Open,
    (step, state): (Step, WithdrawalState),
    user: UserId,
    said: Option<&str>,
) -> Result<(&'static Action, Option<&'static Template>)> {
    let (id, now, state) = (open.id, cx.now(), state.as_str());
    Ok(match step {
        Step::Approve => {
            ledger::post(tx, cx, open.transfer).await?;
            let sql = "UPDATE withdrawals SET state = $1, decided_by = $2, decided_at = $3 WHERE id = $4";
            tx.exec(sql, args![state, user, now, id]).await?;
            (&audit::WITHDRAWAL_APPROVED, Some(&templates::WITHDRAWAL_APPROVED))
        }
        Step::Refuse => {
            ledger::void(tx, cx, open.transfer).await?;
            let sql = "UPDATE withdrawals SET state = $1, decided_by = $2, decided_at = $3, reason = $4 WHERE id = $5";
            tx.exec(sql, args![state, user, now, said, id]).await?;
            (&audit::WITHDRAWAL_REFUSED, Some(&templates::WITHDRAWAL_REFUSED))
        }
        Step::Pay => {
            let sql = "UPDATE withdrawals SET state = $1, paid_at = $2, payment_reference = $3 WHERE id = $4";
            tx.exec(sql, args![state, now, said, id]).await?;
            (&audit::WITHDRAWAL_PAID, Some(&templates::WITHDRAWAL_PAID))
        }
        Step::Cancel => {
            ledger::void(tx, cx, open.transfer).await?;
            let sql = "UPDATE withdrawals SET state = $1, ended_at = $2 WHERE id = $3";
            tx.exec(sql, args![state, now, id]).await?;
            (&audit::WITHDRAWAL_CANCELLED, None)
        }
        Step::Return => {
            let back = ledger::transfer(tx, cx, &open.way_back()).await?;
            let sql = "UPDATE withdrawals SET state = $1, ended_at = $2, reason = $3, return_transfer_id = $4 WHERE id = $5";
            tx.exec(sql, args![state, now, said, back.id, id]).await?;
            (&audit::WITHDRAWAL_RETURNED, Some(&templates::WITHDRAWAL_RETURNED))
        }
    })
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
    id: WithdrawalId,
    agent: UserId,
    reviewer: Option<UserId>,
    amount: Quota,
    state: WithdrawalState,
    transfer: TransferId,
}

impl Open {
    /// What was deducted, from where it went back to where it was.
    fn way_back(&self) -> ledger::Move {
        ledger::Move {
            debit: SystemAccount::PaidOut.id(),
            credit: ledger::quota_account(self.agent),
            amount: self.amount.into(),
            kind: EntryKind::WithdrawalReturn,
            memo: String::new(),
            reference: Some(self.id.into()),
        }
    }
}

async fn lock(tx: &mut Tx, id: WithdrawalId) -> Result<Option<Open>> {
    let sql = format!("SELECT agent_id, reviewer_id, amount, state, transfer_id FROM withdrawals WHERE id = $1{}", tx.for_update());
    let read = |row: &Row| {
        Ok(Open {
            id,
            agent: row.get("agent_id")?,
            reviewer: row.get("reviewer_id")?,
            amount: row.get("amount")?,
            state: row.word("state")?,
            transfer: row.get("transfer_id")?,
        })
    };
    Ok(tx.opt(&sql, args![id], read).await?)
}
