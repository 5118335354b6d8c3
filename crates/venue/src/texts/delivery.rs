//! Asking how it went with a text, and forgetting it at last.

use std::sync::Arc;

use kernel::{DAY, Timestamp, Word};
use platform::messages::{Delivery, SentSms, SmsError};
use platform::{Cx, Result};
use serde::{Deserialize, Serialize};
use store::jobs::{Job, JobKind, Outcome};
use store::{Row, Sql, Sweep, args};

use super::model::{TextId, TextState, ask_again};
use super::send::said;
use crate::Venue;
use crate::customers::PHONE;

pub(crate) const DELIVERY_JOB: JobKind = JobKind::new("sms.delivery");

/// How long a text stays in the log: whoever complains of one does so within weeks, and whom texts went to is nobody's business for longer.
pub(crate) const LOG: Sweep = Sweep::by_id("texts", 90 * DAY);

#[derive(Serialize, Deserialize)]
pub(super) struct OfText {
    pub text: TextId,
}

pub(crate) async fn delivery_job(venue: Arc<Venue>, cx: Cx, job: Job) -> Outcome {
    let ask: OfText = match job.read() {
        Ok(ask) => ask,
        Err(outcome) => return outcome,
    };
    match ask_provider(&venue, &cx, ask.text).await {
        Ok(None) => Outcome::Done,
        Ok(Some(at)) => Outcome::Again(at),
        Err(fault) => Outcome::Retry(fault.to_string()),
    }
}

/// Asks once; answers when to ask again.
async fn ask_provider(venue: &Venue, cx: &Cx, id: TextId) -> Result<Option<Timestamp>> {
    let sql = "SELECT phone, called, sent_at FROM texts WHERE id = $1 AND state = 'sent'";
    let read = |row: &Row| Ok((row.get::<Vec<u8>>("phone")?, row.get::<String>("called")?, row.get::<Timestamp>("sent_at")?));
    let Some((phone, called, at)) = cx.db.read().opt(sql, args![id], read).await? else { return Ok(None) };
    let to = cx.vault.open_text(PHONE, &phone)?.to_string();
    let sent = SentSms { id: id.to_string(), to, called, at };
    let (state, reason) = match venue.texter.delivery(&sent).await {
        Ok(Delivery::Delivered) => (TextState::Delivered, None),
        Ok(Delivery::Failed(why)) => (TextState::Failed, Some(why)),
        Ok(Delivery::OnItsWay) => (TextState::Sent, None),
        Err(SmsError::Later(why)) => (TextState::Sent, Some(why)),
        Err(SmsError::Never(why)) => (TextState::Unknown, Some(why)),
    };
    let again = if state == TextState::Sent { ask_again(at, cx.now()) } else { None };
    let (state, ended) = match (state, again) {
        (TextState::Sent, Some(_)) => (TextState::Sent, None),
        (TextState::Sent, None) => (TextState::Unknown, Some(cx.now())),
        (state, _) => (state, Some(cx.now())),
    };
    let reason = reason.map(|why| said(&why, &sent.to));
    let mut tx = cx.db.begin().await?;
    let sql = "UPDATE texts SET state = $1, reason = $2, ended_at = $3 WHERE id = $4 AND state = 'sent'";
    tx.exec(sql, args![state.as_str(), reason, ended, id]).await?;
    tx.commit().await?;
    Ok(again)
}
