//! What was only frozen at a network is taken at last: as much of it as does not go back.

use kernel::{DAY, Fault, Fen, SECOND, Timestamp};
use serde::{Deserialize, Serialize};
use store::args;
use store::jobs::{Job, JobKind, NewJob, Outcome};
use store::{Sql as _, Tx};

use super::channel::{ChannelError, ChannelKind, Frozen, Method, PaidBy, PayerKind};
use super::log::{self, Line};
use super::model::{Asking, Attempt, AttemptState, Order, OrderId, OrderState, PayProblemCode, Problem, Purpose};
use super::orders::place;
use super::watch::{OfAttempt, Seen, look, note};
use super::{merchants, people, rows};
use crate::{Cx, Result};

/// What an order that takes frozen money keeps: the one by which it was frozen.
#[derive(Serialize, Deserialize)]
struct Detail {
    order: OrderId,
}

/// By which order the money was frozen that this one takes ([`Purpose::Captured`]).
pub fn frozen_by(order: &Order) -> Result<OrderId> {
    let detail: Detail = serde_json::from_str(&order.detail).map_err(Fault::internal)?;
    Ok(detail.order)
}

pub const CAPTURE_JOB: JobKind = JobKind::new("pay.capture").counts();

/// Alipay keeps money frozen for longer than that.
pub(super) const LASTS: i64 = 30 * DAY;
/// What is not clear for so long is somebody's to look at: what is frozen is let go by Alipay one day, taken or not.
const UNCLEAR: i64 = DAY;

/// It is known how much of an order's money was used, and what goes back of it has been asked for ([`refund`](super::refund)): the rest is
/// taken, where it was only frozen. Doing so again does nothing. `order` was locked by this transaction.
pub async fn conclude(tx: &mut Tx, cx: &Cx, order: &Order) -> Result<()> {
    let order = rows::order(tx, order.id).await?;
    let taken = rows::attempts(tx, order.id).await?.into_iter().find(|attempt| attempt.state == AttemptState::Taken);
    let Some(frozen) = taken.filter(|attempt| attempt.channel() == ChannelKind::AlipayFreeze) else { return Ok(()) };
    let amount = order.refundable();
    if !amount.is_positive() || order.captured.is_positive() {
        return Ok(());
    }
    let sql = "SELECT payer_kind, payer FROM pay_attempts WHERE id = $1";
    let payer =
        tx.one(sql, args![frozen.id], |row| Ok((row.opt_word::<PayerKind>("payer_kind")?, row.get::<Option<String>>("payer")?))).await?;
    let payer = payer.0.zip(payer.1).map(|(kind, id)| PaidBy { kind, id });
    let (Some(channel_no), Some(payer)) = (frozen.channel_no, payer) else {
        return Err(Fault::internal(format!("order {} is frozen by nobody", order.id)));
    };
    let now = cx.now();
    let capture = Order {
        id: cx.id(),
        wallet: order.wallet,
        purpose: Purpose::Captured,
        detail: serde_json::to_string(&Detail { order: order.id }).map_err(Fault::internal)?,
        subject: order.subject,
        amount,
        state: OrderState::Pending,
        refunded: Fen::ZERO,
        captured: Fen::ZERO,
        created_at: now,
        expires_at: now.plus_micros(LASTS),
        paid_at: None,
        written_off: None,
    };
    let attempt = Attempt {
        id: cx.id(),
        order: capture.id,
        // Whoever has frozen it takes it, whoever is paid by then.
        merchant: frozen.merchant,
        method: Method::Capture,
        state: AttemptState::Asked,
        ask: Asking { frozen: Some(Frozen { channel_no, payer }), ..Asking::default() },
        handed: None,
        channel_no: None,
        created_at: now,
        checked_at: now,
        paid_at: None,
        problem: None,
    };
    rows::insert_order(tx, &capture).await?;
    rows::insert_attempt(tx, &attempt).await?;
    tx.exec("UPDATE pay_orders SET captured = $1 WHERE id = $2", args![amount, order.id]).await?;
    cx.enqueue(tx, NewJob::new(merchants::job(CAPTURE_JOB, attempt.channel()), &OfAttempt { attempt: attempt.id }, now)?).await?;
    Ok(())
}

pub(super) async fn capture_job(cx: Cx, job: Job) -> Outcome {
    let ask: OfAttempt = match job.read() {
        Ok(ask) => ask,
        Err(outcome) => return outcome,
    };
    match capture(&cx, &ask).await {
        Ok(None) => Outcome::Done,
        Ok(Some(at)) => Outcome::Again(at),
        Err(fault) => Outcome::Retry(fault.to_string()),
    }
}

/// Asks for it under the same number until it has happened.
async fn capture(cx: &Cx, ask: &OfAttempt) -> Result<Option<Timestamp>> {
    let Some(attempt) = rows::attempt(&mut cx.db.read(), ask.attempt).await? else { return Ok(None) };
    if !attempt.live() {
        return by_another_number(cx, &attempt).await;
    }
    let order = rows::order(&mut cx.db.read(), attempt.order).await?;
    let channel = merchants::channel(cx, &attempt).await?;
    let asked = channel.place(&place(&order, &attempt)).await;
    log::add(cx, &attempt, Line::placed(&asked)).await?;
    // Whatever it says: what counts is how the payment stands.
    let seen = look(cx, &attempt).await;
    match seen {
        Ok(Seen::Settled) => return Ok(None),
        Ok(Seen::Over) => return by_another_number(cx, &attempt).await,
        Ok(Seen::Open | Seen::Unknown | Seen::Unclear) | Err(_) => {}
    }
    let now = cx.now();
    let old = now.micros() - order.created_at.micros() >= UNCLEAR;
    let problem = match asked {
        // Somebody has to look, and may put it right there; it is asked for again all the same.
        Err(refused @ (ChannelError::Refused { .. } | ChannelError::NotAsked(_))) => Some(refused.problem()),
        Err(ChannelError::Unclear(why)) => old.then(|| Problem { said: why.said, ..PayProblemCode::NotTaken.into() }),
        Ok(_) => old.then(|| PayProblemCode::NotTaken.into()),
    };
    if let Some(problem) = problem.filter(|problem| attempt.problem.as_ref() != Some(problem)) {
        let mut tx = cx.db.begin().await?;
        // Who was told that this payment needs a look is not told each hour in what other words.
        match &attempt.problem {
            None => note(&mut tx, cx, attempt.id, &problem).await?,
            Some(_) => {
                rows::note(&mut tx, attempt.id, &problem).await?;
            }
        }
        tx.commit().await?;
    }
    Ok(Some(now.plus_micros(pause(&order, now))))
}

fn pause(order: &Order, now: Timestamp) -> i64 {
    (now.micros() - order.created_at.micros()).clamp(10 * SECOND, 3_600 * SECOND)
}

/// The network has closed it unpaid, and its number is used up: it is asked for under another, by a job of its own. Somebody may have to look.
async fn by_another_number(cx: &Cx, closed: &Attempt) -> Result<Option<Timestamp>> {
    let mut tx = cx.db.begin().await?;
    let order = rows::lock(&mut tx, closed.order).await?;
    if order.state != OrderState::Pending || rows::attempts(&mut tx, order.id).await?.iter().any(Attempt::live) {
        return Ok(None);
    }
    let now = cx.now();
    let attempt = Attempt {
        id: cx.id(),
        state: AttemptState::Asked,
        handed: None,
        channel_no: None,
        created_at: now,
        checked_at: now,
        paid_at: None,
        problem: Some(PayProblemCode::ClosedUnpaid.into()),
        ..closed.clone()
    };
    rows::insert_attempt(&mut tx, &attempt).await?;
    if closed.problem.is_none() {
        people::payment(&mut tx, cx, attempt.id, &PayProblemCode::ClosedUnpaid.into()).await?;
    }
    let (kind, next) = (merchants::job(CAPTURE_JOB, attempt.channel()), now.plus_micros(pause(&order, now)));
    cx.enqueue(&mut tx, NewJob::new(kind, &OfAttempt { attempt: attempt.id }, next)?).await?;
    tx.commit().await?;
    Ok(None)
}
