//! Money goes back to where it came from: held in the wallet, asked for at the network until it has happened, and then gone.

use kernel::{Fault, Fen, Timestamp, Word};
use serde::{Deserialize, Serialize};
use store::jobs::{self, Job, JobKind, NewJob, Outcome};
use store::{Sql, Tx, args};

use super::channel::{ChannelError, ChannelKind, RefundAsk, RefundStanding};
use super::error::PayError;
use super::log::{self, Line, PayCall};
use super::model::{
    AttemptId, AttemptState, Order, OrderId, PayProblemCode, Problem, Refund, RefundId, RefundReason, RefundState, account, after_refusals,
    is_late, is_silent, number, refund_pause,
};
use super::{merchants, people, rows, watch};
use crate::ledger::{self, EntryKind};
use crate::{Cx, Result};

/// By the crew of its network ([`merchants::job`]), as all that asks one.
pub const REFUND_JOB: JobKind = JobKind::new("pay.refund").counts();
/// Money has gone back, or is delayed: the product's handler tells the payer.
pub const REFUNDED_JOB: JobKind = JobKind::prompt("pay.refunded").counts();

#[derive(Debug, Serialize, Deserialize)]
pub struct OfRefund {
    pub refund: RefundId,
}

/// A refund, as it is asked for since then. Whoever has it tried again has another job carried out, and this one is over: of two that ask at the same
/// time each refusal would count twice.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct RefundTry {
    pub refund: RefundId,
    pub asked_at: Timestamp,
}

pub(super) struct Back<'a> {
    /// Locked.
    pub order: &'a Order,
    pub attempt: AttemptId,
    pub channel: ChannelKind,
    pub amount: Fen,
    pub reason: RefundReason,
}

/// Freezes it, and has the network asked.
pub(super) async fn begin(tx: &mut Tx, cx: &Cx, back: Back<'_>) -> Result<RefundId> {
    let id: RefundId = cx.id();
    let order = ledger::Move {
        debit: back.order.wallet,
        credit: account(back.channel),
        amount: back.amount.into(),
        kind: EntryKind::Refund,
        memo: String::new(),
        reference: Some(id.into()),
    };
    let transfer = ledger::hold(tx, cx, &order).await?;
    let sql = "INSERT INTO pay_refunds (id, order_id, attempt_id, amount, reason, state, transfer_id, tries, created_at, asked_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, 0, $8, $8)";
    let (reason, state, now) = (back.reason.as_str(), RefundState::Asked.as_str(), cx.now());
    tx.exec(sql, args![id, back.order.id, back.attempt, back.amount, reason, state, transfer.id, now]).await?;
    enqueue(tx, cx, id, back.channel, now).await?;
    Ok(id)
}

/// Has it asked for from `now` on.
async fn enqueue(tx: &mut Tx, cx: &Cx, id: RefundId, channel: ChannelKind, now: Timestamp) -> Result<()> {
    let job = NewJob::new(merchants::job(REFUND_JOB, channel), &RefundTry { refund: id, asked_at: now }, now)?;
    cx.enqueue(tx, job.once(named(id, now))).await?;
    Ok(())
}

/// What the job of a refund is called that is asked for since then: whoever does not want to wait for it finds it by that ([`sooner`]).
fn named(id: RefundId, asked: Timestamp) -> String {
    format!("{id} {}", asked.micros())
}

/// Somebody wants a refund tried again, which was locked with its order: as if it were asked for now, for the first time.
pub(super) async fn ask_again(tx: &mut Tx, cx: &Cx, refund: &Refund) -> Result<()> {
    let now = cx.now();
    let sql = "UPDATE pay_refunds SET state = $1, tries = 0, problem = NULL, problem_said = NULL, asked_at = $2, silent_since = NULL \
               WHERE id = $3";
    tx.exec(sql, args![RefundState::Asked.as_str(), now, refund.id]).await?;
    enqueue(tx, cx, refund.id, refund.channel, now).await
}

/// The same of one that waits for its next try. False where it does not: it is being asked for.
pub(super) async fn sooner(tx: &mut Tx, cx: &Cx, refund: &Refund) -> Result<bool> {
    let (kind, name) = (merchants::job(REFUND_JOB, refund.channel), named(refund.id, refund.asked_at));
    if !jobs::bring_forward(tx, &cx.db, kind, &name, cx.now()).await? {
        return Ok(false);
    }
    tx.exec("UPDATE pay_refunds SET tries = 0, problem = NULL, problem_said = NULL WHERE id = $1", args![refund.id]).await?;
    Ok(true)
}

/// Sends back a part of what an order has brought, or all of it. `order` was locked by this transaction ([`rows::lock`]), before any account of
/// the ledger; and the amount is available in its wallet.
pub async fn refund(tx: &mut Tx, cx: &Cx, order: &Order, amount: Fen, reason: RefundReason) -> Result<RefundId> {
    if !amount.is_positive() || amount > order.refundable() {
        return Err(PayError::MoreThanPaid.into());
    }
    let taken = rows::attempts(tx, order.id).await?.into_iter().find(|attempt| attempt.state == AttemptState::Taken);
    let taken = taken.ok_or_else(|| Fault::internal(format!("order {} is paid by no attempt", order.id)))?;
    tx.exec("UPDATE pay_orders SET refunded = refunded + $1 WHERE id = $2", args![amount, order.id]).await?;
    begin(tx, cx, Back { order, attempt: taken.id, channel: taken.channel(), amount, reason }).await
}

/// Whether some of an order has been sent back for this reason.
pub async fn went_back(sql: &mut impl Sql, order: OrderId, reason: RefundReason) -> Result<bool> {
    let query = "SELECT 1 AS one FROM pay_refunds WHERE order_id = $1 AND reason = $2 LIMIT 1";
    Ok(sql.opt(query, args![order, reason.as_str()], |_| Ok(())).await?.is_some())
}

/// How much of an order was sent back, or is on its way, because what it was paid for was not used: what its payer has asked for and what came twice
/// is left out, and so is what has stayed in the wallet because the network would not take it.
pub async fn sent_back(sql: &mut impl Sql, order: OrderId) -> Result<Fen> {
    let query =
        "SELECT CAST(COALESCE(SUM(amount), 0) AS BIGINT) AS n FROM pay_refunds WHERE order_id = $1 AND reason IN ($2, $3) AND state <> $4";
    let reasons = (RefundReason::Unplayed.as_str(), RefundReason::NotOpened.as_str());
    Ok(sql.one(query, args![order, reasons.0, reasons.1, RefundState::Kept.as_str()], |row| row.get("n")).await?)
}

pub(super) async fn refund_job(cx: Cx, job: Job) -> Outcome {
    let asking: RefundTry = match job.read() {
        Ok(asking) => asking,
        Err(outcome) => return outcome,
    };
    match ask_network(&cx, &asking).await {
        Ok(None) => Outcome::Done,
        Ok(Some(at)) => Outcome::Again(at),
        Err(fault) => Outcome::Retry(fault.to_string()),
    }
}

async fn ask_network(cx: &Cx, asking: &RefundTry) -> Result<Option<Timestamp>> {
    let id = asking.refund;
    let known = rows::refund(&mut cx.db.read(), id).await?;
    let is_it = |refund: &Refund| refund.state == RefundState::Asked && refund.asked_at == asking.asked_at;
    let Some(refund) = known.filter(is_it) else { return Ok(None) };
    let Some(attempt) = rows::attempt(&mut cx.db.read(), refund.attempt).await? else { return Ok(None) };
    let order = rows::order(&mut cx.db.read(), refund.order).await?;
    let channel = merchants::channel(cx, &attempt).await?;
    // The number is the refund's own: whoever asks again asks for the same.
    let ask = RefundAsk {
        number: number(attempt.id),
        refund_number: number(id),
        amount: refund.amount,
        total: order.amount,
        why: order.subject.clone(),
    };
    let standing = channel.refund(&ask).await;
    log::add(cx, &refund, Line::refunded(PayCall::Refund, &standing)).await?;
    settle(cx, id, standing).await
}

/// What a network has said about a refund. Answers when to ask again.
pub(super) async fn settle(
    cx: &Cx,
    id: RefundId,
    standing: std::result::Result<RefundStanding, ChannelError>,
) -> Result<Option<Timestamp>> {
    let Some(found) = rows::refund(&mut cx.db.read(), id).await? else { return Ok(None) };
    let mut tx = cx.db.begin().await?;
    rows::lock(&mut tx, found.order).await?;
    let Some(refund) = rows::refund(&mut tx, id).await? else { return Ok(None) };
    match refund.state {
        RefundState::Asked | RefundState::Stuck => {}
        // Somebody has put it right by hand, and now it has come twice.
        RefundState::ByHand | RefundState::Kept if matches!(standing, Ok(RefundStanding::Done { .. })) => {
            let twice = Problem::number(PayProblemCode::RefundedTwice, &number(id));
            watch::note(&mut tx, cx, refund.attempt, &twice).await?;
            tx.commit().await?;
            return Ok(None);
        }
        RefundState::ByHand | RefundState::Kept | RefundState::Done => return Ok(None),
    }
    let now = cx.now();
    let again = now.plus_micros(refund_pause(now.micros() - refund.asked_at.micros()));
    let next = match standing {
        Ok(RefundStanding::Done { channel_no }) => {
            ledger::post(&mut tx, cx, refund.transfer).await?;
            let sql = "UPDATE pay_refunds SET state = $1, channel_no = $2, settled_at = $3 WHERE id = $4";
            tx.exec(sql, args![RefundState::Done.as_str(), channel_no, now, id]).await?;
            cx.enqueue(&mut tx, NewJob::new(REFUNDED_JOB, &OfRefund { refund: id }, now)?).await?;
            None
        }
        Ok(RefundStanding::Pending | RefundStanding::Unknown) if is_late(refund.asked_at, now) => {
            stuck(&mut tx, cx, &refund, refund.tries, &PayProblemCode::NotSent.into()).await?
        }
        Ok(RefundStanding::Pending | RefundStanding::Unknown) => {
            tx.exec("UPDATE pay_refunds SET silent_since = NULL WHERE id = $1 AND silent_since IS NOT NULL", args![id]).await?;
            Some(again)
        }
        Ok(RefundStanding::Failed(why)) => failed(&mut tx, cx, &refund, &why).await?,
        Err(refused @ (ChannelError::Refused { .. } | ChannelError::NotAsked(_))) => {
            failed(&mut tx, cx, &refund, &refused.problem()).await?
        }
        Err(ChannelError::Unclear(why)) if is_silent(refund.silent_since, now) => stuck(&mut tx, cx, &refund, refund.tries, &why).await?,
        Err(ChannelError::Unclear(why)) => {
            let (problem, said) = rows::stored(Some(&why));
            let sql = "UPDATE pay_refunds SET problem = $1, problem_said = $2, silent_since = $3 WHERE id = $4";
            tx.exec(sql, args![problem, said, refund.silent_since.unwrap_or(now), id]).await?;
            Some(again)
        }
    };
    tx.commit().await?;
    Ok(next)
}

async fn failed(tx: &mut Tx, cx: &Cx, refund: &Refund, why: &Problem) -> Result<Option<Timestamp>> {
    let tries = refund.tries + 1;
    let Some(pause) = after_refusals(tries, why.code.is_short()) else { return stuck(tx, cx, refund, tries, why).await };
    let (problem, said) = rows::stored(Some(why));
    let sql = "UPDATE pay_refunds SET tries = $1, problem = $2, problem_said = $3, silent_since = NULL WHERE id = $4";
    tx.exec(sql, args![tries, problem, said, refund.id]).await?;
    // Who fills the balance up now has it made hours sooner.
    if why.code.is_short() {
        people::short(tx, cx, refund, why).await?;
    }
    Ok(Some(cx.now().plus_micros(pause)))
}

/// Handed to a person, who is told; the payer is told that it takes longer.
async fn stuck(tx: &mut Tx, cx: &Cx, refund: &Refund, tries: i64, why: &Problem) -> Result<Option<Timestamp>> {
    let sql = "UPDATE pay_refunds SET state = $1, tries = $2, problem = $3, problem_said = $4 WHERE id = $5";
    let (problem, said) = rows::stored(Some(why));
    tx.exec(sql, args![RefundState::Stuck.as_str(), tries, problem, said, refund.id]).await?;
    tracing::error!(refund = %refund.id, %why, "a refund needs somebody's help");
    if refund.state != RefundState::Stuck {
        cx.enqueue(tx, NewJob::new(REFUNDED_JOB, &OfRefund { refund: refund.id }, cx.now())?).await?;
        if why.code.is_short() { people::short_stuck(tx, cx, refund, why).await? } else { people::refund(tx, cx, refund, why).await? }
    }
    Ok(None)
}
