//! Writing a text down, and sending it.

use std::sync::Arc;

use kernel::{Fault, Word, text};
use platform::messages::{Sms, SmsError, SmsKind};
use platform::rekey::Table;
use platform::vault::{CannotOpen, Purpose};
use platform::{Cx, Result};
use serde::{Deserialize, Serialize};
use store::jobs::{Job, JobKind, NewJob, Outcome};
use store::{Row, Sql, Tx, args};

use super::delivery::{DELIVERY_JOB, OfText};
use super::model::{FIRST, TextId, TextState};
use super::outage;
use crate::Venue;
use crate::customers::{PHONE, hint, phone_hash};
use crate::halls::VenueId;

pub(crate) const SEND_JOB: JobKind = JobKind::texts("sms.send");
const PARAMETERS: Purpose = Purpose("sms parameters");

/// Whom a text goes to, as it is stored.
pub(crate) struct To {
    pub sealed: Vec<u8>,
    pub hash: Vec<u8>,
    pub hint: String,
}

impl To {
    pub fn new(cx: &Cx, digits: &str) -> Self {
        Self { sealed: cx.vault.seal(PHONE, digits.as_bytes()), hash: phone_hash(cx, digits).into(), hint: hint(digits) }
    }
}

/// What is to be sent.
pub(crate) struct Text<'a> {
    pub kind: SmsKind,
    /// None: of no hall.
    pub venue: Option<VenueId>,
    pub to: &'a To,
    pub params: Vec<(&'static str, String)>,
}

/// What it says is in the job alone, and goes with it.
#[derive(Serialize, Deserialize)]
struct Payload {
    text: TextId,
    sealed: Vec<u8>,
}

/// Writes a text into the log and enqueues it, in the caller's transaction.
pub(crate) async fn write(tx: &mut Tx, cx: &Cx, text: &Text<'_>) -> Result<()> {
    let id = log(tx, cx, text, TextState::Queued, None).await?;
    let sealed = cx.vault.seal(PARAMETERS, &serde_json::to_vec(&text.params).map_err(Fault::internal)?);
    let attempts = match text.kind {
        // What comes when it is not good any more is of no use to anybody.
        SmsKind::Code | SmsKind::Ending => 3,
        SmsKind::LightFailed | SmsKind::PhoneLeft => 8,
    };
    cx.enqueue(tx, NewJob::new(SEND_JOB, &Payload { text: id, sealed }, cx.now())?.attempts(attempts)).await?;
    Ok(())
}

/// Writes into the log that a text is not sent, and why.
pub(crate) async fn withhold(tx: &mut Tx, cx: &Cx, text: &Text<'_>, why: &str) -> Result<()> {
    log(tx, cx, text, TextState::Withheld, Some(why)).await.map(drop)
}

async fn log(tx: &mut Tx, cx: &Cx, text: &Text<'_>, state: TextState, reason: Option<&str>) -> Result<TextId> {
    let id: TextId = cx.id();
    let (kind, ended) = (text.kind.as_str(), (state != TextState::Queued).then(|| cx.now()));
    let sql = "INSERT INTO texts (id, kind, venue_id, phone, phone_hash, phone_hint, state, reason, created_at, ended_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    let To { sealed, hash, hint } = text.to;
    let state = state.as_str();
    tx.exec(sql, args![id, kind, text.venue, sealed.as_slice(), hash.as_slice(), hint.as_str(), state, reason, cx.now(), ended]).await?;
    Ok(id)
}

/// Texts that wait, and those of before.
pub(crate) const UNDER_KEY: Table = Table {
    name: "jobs",
    only: "kind = 'sms.send'",
    reads: &["payload"],
    writes: &["payload"],
    change: |row, vaults| {
        let mut payload: Payload = serde_json::from_str(&row.get::<String>("payload")?).map_err(|_| CannotOpen)?;
        payload.sealed = vaults.moved(PARAMETERS, &payload.sealed)?;
        Ok(args![serde_json::to_string(&payload).map_err(|_| CannotOpen)?])
    },
};

/// Carries out one text.
pub(crate) async fn send_job(venue: Arc<Venue>, cx: Cx, job: Job) -> Outcome {
    match send(&venue, &cx, &job).await {
        Ok(outcome) => outcome,
        Err(fault) => Outcome::Retry(fault.to_string()),
    }
}

async fn send(venue: &Venue, cx: &Cx, job: &Job) -> Result<Outcome> {
    let payload: Payload = match job.read() {
        Ok(payload) => payload,
        Err(outcome) => return Ok(outcome),
    };
    // What was taken is not sent again, though the job that took it to the provider ended before it could say so.
    let sql = "SELECT kind, phone FROM texts WHERE id = $1 AND called IS NULL";
    let read = |row: &Row| Ok((row.word::<SmsKind>("kind")?, row.get::<Vec<u8>>("phone")?));
    let Some((kind, phone)) = cx.db.read().opt(sql, args![payload.text], read).await? else { return Ok(Outcome::Done) };
    let params = cx.vault.open(PARAMETERS, &payload.sealed).ok().and_then(|plain| serde_json::from_slice(&plain).ok());
    let (Ok(to), Some(params)) = (cx.vault.open_text(PHONE, &phone), params) else {
        return Ok(Outcome::GiveUp("the text cannot be read".into()));
    };
    let sms = Sms { id: payload.text.to_string(), to: to.to_string(), kind, params };
    let sent = venue.texter.send(&sms).await;
    let mut tx = cx.db.begin().await?;
    let outcome = match sent {
        Ok(called) => {
            let sql = "UPDATE texts SET state = $1, called = $2, reason = NULL, sent_at = $3, ended_at = NULL WHERE id = $4";
            tx.exec(sql, args![TextState::Sent.as_str(), called, cx.now(), payload.text]).await?;
            let ask = NewJob::new(DELIVERY_JOB, &OfText { text: payload.text }, cx.now().plus_micros(FIRST))?;
            cx.enqueue(&mut tx, ask).await?;
            Outcome::Done
        }
        Err(error) => {
            let over = matches!(error, SmsError::Never(_)) || job.last_attempt();
            let (state, ended) = if over { (TextState::Failed, Some(cx.now())) } else { (TextState::Queued, None) };
            let why = said(&error.to_string(), &sms.to);
            let sql = "UPDATE texts SET state = $1, reason = $2, ended_at = $3 WHERE id = $4";
            tx.exec(sql, args![state.as_str(), why.as_str(), ended, payload.text]).await?;
            if over {
                outage::failed(&mut tx, cx, &why).await?;
            }
            if matches!(error, SmsError::Never(_)) { Outcome::GiveUp(why) } else { Outcome::Retry(why) }
        }
    };
    tx.commit().await?;
    Ok(outcome)
}

/// A provider's words, as they are kept: not endless, and without the number, which it may repeat.
pub(super) fn said(why: &str, to: &str) -> String {
    text::quoted(&why.replace(to, &hint(to)), 300)
}
