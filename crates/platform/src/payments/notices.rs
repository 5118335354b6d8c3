//! What networks tell by themselves: verified, stored, answered, and then acted upon.

use kernel::{Fault, Word};
use serde::{Deserialize, Serialize};
use store::jobs::{Job, JobKind, NewJob, Outcome};
use store::{Sql as _, args};

use super::channel::{ChannelKind, Header, Method, NotBelieved, Notice, Paid, Received};
use super::error::PayError;
use super::list::NoticeId;
use super::model::{AttemptId, AttemptState, MerchantId, RefundId, from_number};
use super::settle::{self, Arrived};
use super::watch::{self, Seen};
use super::{merchants, refunds, rows};
use crate::{Cx, Result};

pub const NOTICE_JOB: JobKind = JobKind::prompt("pay.notice").counts();

#[derive(Serialize, Deserialize)]
pub(super) struct OfNotice {
    notice: NoticeId,
    /// Whether the network may be asked about it.
    #[serde(default)]
    ask: bool,
}

/// Why a notice is not taken.
#[derive(Debug)]
pub enum Refusal {
    NotBelieved(NotBelieved),
    /// The network sends it again.
    Busy(Fault),
}

impl<E: Into<Fault>> From<E> for Refusal {
    fn from(error: E) -> Self {
        Self::Busy(error.into())
    }
}

/// Takes a notice: once this answers it is stored. One that is not signed as it should be leaves no trace but in the log.
///
/// To whom it is told is not read in it: each merchant that we are or were is asked whether it believes it, by its own parameters, and none believes
/// what is told to another.
pub async fn receive(cx: &Cx, kind: ChannelKind, header: Header<'_>, body: &[u8]) -> std::result::Result<(), Refusal> {
    let mut refused = None;
    for (merchant, channel) in merchants::hearers(cx, kind).await? {
        match channel.notice(header, body) {
            Ok(received) => return Ok(keep(cx, kind, merchant, &received).await?),
            // The first is that of whom we are now, and says most.
            Err(why) => refused = refused.or(Some(why)),
        }
    }
    Err(refused.map_or_else(|| PayError::NoChannel.into(), Refusal::NotBelieved))
}

async fn keep(cx: &Cx, kind: ChannelKind, merchant: MerchantId, received: &Received) -> Result<()> {
    let id: NoticeId = cx.id();
    let number = match &received.notice {
        Notice::Paid(paid) => Some(paid.number.as_str()),
        Notice::Refund { refund_number, .. } => Some(refund_number.as_str()),
        Notice::Other(_) => None,
    };
    let what = serde_json::to_string(&received.notice).map_err(Fault::internal)?;
    let mut tx = cx.db.begin().await?;
    let sql = "INSERT INTO pay_notices (id, channel, merchant_id, notice_id, what, number, received_at) VALUES ($1, $2, $3, $4, $5, $6, $7) \
               ON CONFLICT DO NOTHING";
    if tx.exec(sql, args![id, kind.as_str(), merchant, received.id.as_str(), what, number, cx.now()]).await? == 1 {
        cx.enqueue(&mut tx, NewJob::new(NOTICE_JOB, &OfNotice { notice: id, ask: false }, cx.now())?).await?;
        tx.commit().await?;
    }
    Ok(())
}

pub(super) async fn notice_job(cx: Cx, job: Job) -> Outcome {
    let of: OfNotice = match job.read() {
        Ok(of) => of,
        Err(outcome) => return outcome,
    };
    match handle(&cx, &of).await {
        Ok(()) => Outcome::Done,
        Err(fault) => Outcome::Retry(fault.to_string()),
    }
}

/// What was frozen under a payment that has been closed may have been let go by the closing: what counts is how it stands. `None`: another job
/// asks.
async fn paid_as_told(cx: &Cx, of: &OfNotice, id: AttemptId, paid: &Paid) -> Result<Option<Arrived>> {
    let known = rows::attempt(&mut cx.db.read(), id).await?;
    let Some(closed) = known.filter(|attempt| attempt.method == Method::Freeze && attempt.state == AttemptState::Closed) else {
        return settle::settle(cx, id, paid).await.map(Some);
    };
    if !of.ask {
        // Asking takes its time, and no lamp is to wait for it: another crew does that.
        let asking = merchants::job(NOTICE_JOB, closed.channel());
        let job = NewJob::new(asking, &OfNotice { notice: of.notice, ask: true }, cx.now())?.once(of.notice.to_string());
        let mut tx = cx.db.begin().await?;
        cx.enqueue(&mut tx, job).await?;
        tx.commit().await?;
        return Ok(None);
    }
    match watch::look(cx, &closed).await {
        Ok(Seen::Settled) => Ok(Some(Arrived::Taken)),
        Ok(Seen::Over) => Ok(Some(Arrived::Undone)),
        Ok(Seen::Open | Seen::Unknown | Seen::Unclear) | Err(_) => Err(PayError::Unclear.into()),
    }
}

/// The payment, where it was placed with whom the notice was told to. Whoever else is paid under a number of ours is not us.
async fn placed_with(cx: &Cx, merchant: MerchantId, id: Option<AttemptId>) -> Result<Option<AttemptId>> {
    let Some(id) = id else { return Ok(None) };
    let attempt = rows::attempt(&mut cx.db.read(), id).await?;
    Ok(attempt.filter(|attempt| attempt.merchant == merchant).map(|attempt| attempt.id))
}

/// The same of a refund.
async fn refund_of(cx: &Cx, merchant: MerchantId, id: Option<RefundId>) -> Result<Option<RefundId>> {
    let Some(id) = id else { return Ok(None) };
    let Some(refund) = rows::refund(&mut cx.db.read(), id).await? else { return Ok(None) };
    Ok(placed_with(cx, merchant, Some(refund.attempt)).await?.map(|_| id))
}

async fn handle(cx: &Cx, of: &OfNotice) -> Result<()> {
    let sql = "SELECT what, merchant_id FROM pay_notices WHERE id = $1 AND handled_at IS NULL";
    let read = |row: &store::Row| Ok((row.get::<String>("what")?, row.get::<MerchantId>("merchant_id")?));
    let Some((what, merchant)) = cx.db.read().opt(sql, args![of.notice], read).await? else { return Ok(()) };
    let notice: Notice = serde_json::from_str(&what).map_err(Fault::internal)?;
    let outcome = match notice {
        Notice::Paid(paid) => {
            let arrived = match placed_with(cx, merchant, from_number(&paid.number)).await? {
                Some(attempt) => paid_as_told(cx, of, attempt, &paid).await?,
                None => Some(Arrived::Foreign),
            };
            let Some(arrived) = arrived else { return Ok(()) };
            arrived.as_str()
        }
        Notice::Refund { refund_number, standing } => match refund_of(cx, merchant, from_number(&refund_number)).await? {
            Some(refund) => {
                let _again = refunds::settle(cx, refund, Ok(standing)).await?;
                "refund"
            }
            None => Arrived::Foreign.as_str(),
        },
        Notice::Other(_) => "other",
    };
    let mut tx = cx.db.begin().await?;
    tx.exec("UPDATE pay_notices SET handled_at = $1, outcome = $2 WHERE id = $3", args![cx.now(), outcome, of.notice]).await?;
    tx.commit().await?;
    Ok(())
}
