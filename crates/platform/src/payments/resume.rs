//! Money that is under way and that no job is about any more: its job was given up after too many faults, or is gone. Without this nobody
//! would ask the network again, and nobody would be told.

use kernel::{DAY, Fault, MINUTE, Timestamp, Word as _};
use store::jobs::{JobKind, NewJob, Outcome};
use store::{Sql as _, args};

use super::capture::CAPTURE_JOB;
use super::channel::{ChannelKind, Method};
use super::merchants;
use super::model::{AttemptId, PayProblemCode, RefundId};
use super::refunds::{REFUND_JOB, RefundTry};
use super::watch::{OfAttempt, WATCH_JOB};
use crate::{Cx, Result, jobs};

pub const RESUME: JobKind = JobKind::new("pay.resume");

/// What is younger is left alone.
const AGE: i64 = 10 * MINUTE;
/// So long it is asked whether what does not fit fits after all.
const LOOKED_FOR: i64 = DAY;
/// More is taken up the next time.
const AT_ONCE: i64 = 1_000;

pub(super) async fn resume_job(cx: Cx) -> Outcome {
    match resume(&cx).await {
        Ok(()) => Outcome::Done,
        Err(fault) => Outcome::Retry(fault.to_string()),
    }
}

async fn resume(cx: &Cx) -> Result<()> {
    let mut wanted = refunds(cx).await?;
    wanted.extend(attempts(cx).await?);
    jobs::take_up(cx, wanted).await
}

async fn refunds(cx: &Cx) -> Result<Vec<NewJob>> {
    let sql = "SELECT r.id, r.asked_at, a.channel FROM pay_refunds r JOIN pay_attempts a ON a.id = r.attempt_id \
               WHERE r.state = 'asked' AND r.asked_at < $1 ORDER BY r.id LIMIT $2";
    let read = |row: &store::Row| {
        let (refund, asked_at): (RefundId, Timestamp) = (row.get("id")?, row.get("asked_at")?);
        Ok((RefundTry { refund, asked_at }, row.word::<ChannelKind>("channel")?))
    };
    let found = cx.db.read().all(sql, args![cx.now().plus_micros(-AGE), AT_ONCE], read).await?;
    let job = |(asking, channel): (RefundTry, ChannelKind)| {
        NewJob::new(merchants::job(REFUND_JOB, channel), &asking, cx.now()).map_err(Fault::from)
    };
    found.into_iter().map(job).collect()
}

/// Those by which money may still come; and of orders that wait and have none of these the last, whose job ends the order, or asks under
/// another number.
async fn attempts(cx: &Cx) -> Result<Vec<NewJob>> {
    // What does not fit, of which people were told, may fit when it is asked for again; but not for ever. What a network is silent about is asked on.
    let live = "SELECT id, method FROM pay_attempts WHERE state IN ('asked', 'waiting') AND created_at < $1 \
                AND (problem IS NULL OR problem = $4 OR method = 'capture' OR created_at > $3) ORDER BY id LIMIT $2";
    let last = "SELECT a.id, a.method FROM pay_orders o JOIN pay_attempts a ON a.order_id = o.id WHERE o.state = 'pending' AND o.created_at < $1 \
                AND NOT EXISTS (SELECT 1 FROM pay_attempts b WHERE b.order_id = o.id AND (b.state IN ('asked', 'waiting') OR b.id > a.id)) \
                ORDER BY a.id LIMIT $2";
    let mut found: Vec<(AttemptId, Method)> = Vec::new();
    let read = |row: &store::Row| Ok((row.get::<AttemptId>("id")?, row.word::<Method>("method")?));
    let ago = |micros: i64| cx.now().plus_micros(-micros);
    let silent = PayProblemCode::Silent.as_str();
    found.extend(cx.db.read().all(live, args![ago(AGE), AT_ONCE, ago(LOOKED_FOR), silent], read).await?);
    found.extend(cx.db.read().all(last, args![ago(AGE), AT_ONCE], read).await?);
    let job = |(attempt, method): (AttemptId, Method)| {
        let kind = if method == Method::Capture { CAPTURE_JOB } else { WATCH_JOB };
        NewJob::new(merchants::job(kind, method.channel()), &OfAttempt { attempt }, cx.now()).map_err(Fault::from)
    };
    found.into_iter().map(job).collect()
}
