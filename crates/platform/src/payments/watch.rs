//! Asking networks how payments stand: their notices may be late, or never come.

use kernel::Timestamp;
use serde::{Deserialize, Serialize};
use store::args;
use store::jobs::{Job, JobKind, Outcome};

use super::channel::{ChannelError, Method, Standing};
use super::error::PayError;
use super::log::{self, Line};
use super::model::{
    Attempt, AttemptId, AttemptState, MARGIN, Order, OrderState, PayProblemCode, Problem, Purpose, SILENT, next_look, number,
};
use super::settle::settle;
use super::{merchants, people, rows};
use crate::{Cx, Result};

pub const WATCH_JOB: JobKind = JobKind::new("pay.watch").counts();

#[derive(Serialize, Deserialize)]
pub(super) struct OfAttempt {
    pub attempt: AttemptId,
}

/// What a look has found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    /// Paid, and settled.
    Settled,
    /// It cannot be paid any more.
    Over,
    /// Not paid, and still can be.
    Open,
    /// The network has never heard of it.
    Unknown,
    /// The network gives no clear answer.
    Unclear,
}

/// What has become of a payment that was to be closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Closing {
    /// It cannot be paid any more.
    Over,
    /// It turns out to be paid, and is settled.
    Paid,
    /// The network would not, and says that it can be paid still.
    Open,
    /// The network gives no clear answer.
    Unclear,
}

/// Of several that want to ask at the same time one does.
pub(super) async fn take_turn(cx: &Cx, attempt: &Attempt) -> Result<bool> {
    let mut tx = cx.db.begin().await?;
    let sql = "UPDATE pay_attempts SET checked_at = $1 WHERE id = $2 AND checked_at = $3";
    let turn = tx.exec(sql, args![cx.now(), attempt.id, attempt.checked_at]).await? == 1;
    tx.commit().await?;
    Ok(turn)
}

/// Asks the network, and does what follows. An error is a trouble of our own.
pub(super) async fn look(cx: &Cx, attempt: &Attempt) -> Result<Seen> {
    let channel = merchants::channel(cx, attempt).await?;
    let answer = channel.query(&number(attempt.id)).await;
    log::add(cx, attempt, Line::queried(&answer)).await?;
    match answer {
        Ok(Standing::Paid(paid)) => {
            settle(cx, attempt.id, &paid).await?;
            Ok(Seen::Settled)
        }
        Ok(Standing::Closed) => {
            over(cx, attempt).await?;
            Ok(Seen::Over)
        }
        Ok(Standing::Waiting) => Ok(Seen::Open),
        Ok(Standing::Unknown) => Ok(Seen::Unknown),
        Err(why) => {
            tracing::warn!(channel = %attempt.channel(), %why, "a payment could not be looked up");
            Ok(Seen::Unclear)
        }
    }
}

/// Nothing can be paid by it any more. False where it was settled in the meantime as paid: then what was paid is gone again, and somebody has to
/// look. That is how a freezing ends that came between our question and our cancelling, which lets go what is frozen.
async fn over(cx: &Cx, attempt: &Attempt) -> Result<bool> {
    let mut tx = cx.db.begin().await?;
    let order = rows::lock(&mut tx, attempt.order).await?;
    let now = rows::attempt(&mut tx, attempt.id).await?;
    if now.is_some_and(|now| matches!(now.state, AttemptState::Taken | AttemptState::Surplus)) {
        note(&mut tx, cx, attempt.id, &PayProblemCode::LetGo.into()).await?;
        tx.commit().await?;
        return Ok(false);
    }
    rows::close_attempt(&mut tx, attempt.id).await?;
    // What was frozen and used is asked for again and again, under another number.
    if order.expires_at <= cx.now() && order.purpose != Purpose::Captured {
        rows::close_order(&mut tx, order.id).await?;
    }
    tx.commit().await?;
    Ok(true)
}

/// Closes it at the network. False where it turns out to be paid; it is settled then. Refused where nobody knows, or it can be paid still.
pub(super) async fn close(cx: &Cx, order: &Order, attempt: &Attempt) -> Result<bool> {
    match try_to_close(cx, order, attempt).await? {
        Closing::Over => Ok(true),
        Closing::Paid => Ok(false),
        Closing::Open | Closing::Unclear => Err(PayError::Unclear.into()),
    }
}

/// The same, with what has become of it. An error is a trouble of our own: then nothing is known of what the network has said.
pub(super) async fn try_to_close(cx: &Cx, order: &Order, attempt: &Attempt) -> Result<Closing> {
    debug_assert_eq!(order.id, attempt.order);
    let channel = merchants::channel(cx, attempt).await?;
    let answer = channel.close(&number(attempt.id)).await;
    log::add(cx, attempt, Line::closed(&answer)).await?;
    match answer {
        Ok(()) => {}
        Err(ChannelError::Unclear(why)) => {
            tracing::warn!(channel = %attempt.channel(), %why, "a payment could not be closed");
            return Ok(Closing::Unclear);
        }
        // Most likely because it was paid a moment ago.
        Err(refused @ (ChannelError::Refused { .. } | ChannelError::NotAsked(_))) => match look(cx, attempt).await? {
            Seen::Settled => return Ok(Closing::Paid),
            Seen::Over => return Ok(Closing::Over),
            // Should it be paid after all, it goes back by itself.
            Seen::Unknown => {}
            seen @ (Seen::Open | Seen::Unclear) => {
                tracing::warn!(channel = %attempt.channel(), why = %refused, "a payment could not be closed");
                return Ok(if seen == Seen::Open { Closing::Open } else { Closing::Unclear });
            }
        },
    }
    Ok(if over(cx, attempt).await? { Closing::Over } else { Closing::Paid })
}

pub(super) async fn watch_job(cx: Cx, job: Job) -> Outcome {
    let ask: OfAttempt = match job.read() {
        Ok(ask) => ask,
        Err(outcome) => return outcome,
    };
    match watch(&cx, ask.attempt).await {
        Ok(None) => Outcome::Done,
        Ok(Some(at)) => Outcome::Again(at),
        Err(fault) => Outcome::Retry(fault.to_string()),
    }
}

/// Until it is settled or closed, and its order with it.
async fn watch(cx: &Cx, id: AttemptId) -> Result<Option<Timestamp>> {
    let Some(attempt) = rows::attempt(&mut cx.db.read(), id).await? else { return Ok(None) };
    let order = rows::order(&mut cx.db.read(), attempt.order).await?;
    let (now, last) = (cx.now(), order.expires_at.plus_micros(MARGIN));
    let pending = order.state == OrderState::Pending;
    let next = next_look(attempt.created_at, now, order.expires_at);
    if attempt.state == AttemptState::Taken && attempt.method == Method::Freeze && order.refundable().is_positive() {
        // Once more: it may have been on its way to be closed when it was frozen, by a process that ended before it could say so.
        let seen = look(cx, &attempt).await?;
        return Ok((seen == Seen::Unclear && now < last).then_some(next));
    }
    if !attempt.live() {
        if pending && now >= last {
            let mut tx = cx.db.begin().await?;
            rows::lock(&mut tx, order.id).await?;
            rows::close_order(&mut tx, order.id).await?;
            tx.commit().await?;
        }
        // Until then it may be paid by another attempt.
        return Ok((pending && now < last).then_some(last));
    }
    if !pending || now >= last {
        // Something else has paid, or time is over.
        return match try_to_close(cx, &order, &attempt).await? {
            Closing::Over | Closing::Paid => Ok(None),
            Closing::Open | Closing::Unclear => {
                if now >= order.expires_at.plus_micros(SILENT) {
                    silent(cx, &attempt).await?;
                }
                Ok(Some(next))
            }
        };
    }
    if take_turn(cx, &attempt).await? {
        match look(cx, &attempt).await {
            Ok(Seen::Settled) => return Ok((attempt.method == Method::Freeze).then_some(next)),
            Ok(Seen::Over) => return Ok(Some(last)),
            Ok(Seen::Open | Seen::Unknown | Seen::Unclear) => {}
            // It is asked again in a moment, whether it was settled or not.
            Err(fault) => tracing::warn!(channel = %attempt.channel(), %fault, "a payment could not be looked up"),
        }
    }
    Ok(Some(next))
}

/// A person finds out what the network does not say. Who was told already that this payment needs a look is not told it in other words.
async fn silent(cx: &Cx, attempt: &Attempt) -> Result<()> {
    let mut tx = cx.db.begin().await?;
    rows::lock(&mut tx, attempt.order).await?;
    // It may have been settled while we waited for the network.
    let now = rows::attempt(&mut tx, attempt.id).await?;
    if now.is_some_and(|now| now.live() && now.problem.is_none()) {
        note(&mut tx, cx, attempt.id, &PayProblemCode::Silent.into()).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// Something about it does not fit: people see it in the console, and are told of it; once, however often it is seen.
pub(super) async fn note(tx: &mut store::Tx, cx: &Cx, id: AttemptId, problem: &Problem) -> Result<()> {
    if !rows::note(tx, id, problem).await? {
        return Ok(());
    }
    tracing::error!(attempt = %id, %problem, "a payment does not fit");
    people::payment(tx, cx, id, problem).await
}
