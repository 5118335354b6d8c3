//! One attempt: the job of a delivery.

use std::sync::Arc;

use kernel::{DAY, Timestamp, Word};
use platform::identity::UserId;
use platform::messages::{self, templates};
use platform::{Cx, Result};
use store::jobs::{Crew, Job, JobKind, Outcome};
use store::{Db, Row, Sql, Tx, args};

use super::emit::RoundJob;
use super::model::{DeliveryEvent, DeliveryId, DeliveryState, EventId};
use super::post::{DeliveryTrouble, Post, WebhookAnswer, WebhookError};
use super::retry::{Round, Verdict, judge};
use super::sign::Secrets;
use super::traffic::Traffic;
use crate::Licensing;
use crate::projects::ProjectId;

pub const JOB: JobKind = JobKind::new("callback.send").by(Crew::Callbacks);

/// What is kept of an answer and of an error.
const EXCERPT: usize = 2_048;
const DETAIL: usize = 500;

/// How callbacks leave, and how many are under way for whom. One a process.
pub struct Callbacks {
    post: Arc<dyn Post>,
    traffic: Traffic,
}

impl Callbacks {
    pub fn new(post: Arc<dyn Post>) -> Self {
        Self { post, traffic: Traffic::default() }
    }
}

/// What an attempt needs to know.
struct Due {
    id: DeliveryId,
    event_id: EventId,
    event: DeliveryEvent,
    payload: String,
    since: Timestamp,
    project: ProjectId,
    project_name: String,
    owner: UserId,
    /// As the project has them now: a mistake in the address can be mended while deliveries wait.
    url: Option<String>,
    secret: Option<Vec<u8>>,
}

/// Makes one attempt, writes it down, and says when to come back.
pub async fn send_job(licensing: Arc<Licensing>, cx: Cx, job: Job) -> Outcome {
    let round: RoundJob = match job.read() {
        Ok(round) => round,
        Err(outcome) => return outcome,
    };
    match send(&licensing.callbacks, &cx, &round).await {
        Ok(outcome) => outcome,
        Err(fault) => Outcome::Retry(fault.to_string()),
    }
}

async fn send(callbacks: &Callbacks, cx: &Cx, round: &RoundJob) -> Result<Outcome> {
    let Some(due) = due(&cx.db, round).await? else { return Ok(Outcome::Done) };
    let _place = match callbacks.traffic.place(due.project, cx.now()) {
        Ok(place) => place,
        Err(turn) => return Ok(Outcome::Again(turn)),
    };
    let (Some(url), Some(secret)) = (&due.url, &due.secret) else {
        let gone = WebhookError { trouble: DeliveryTrouble::NoAddress, detail: String::new(), duration_ms: 0 };
        return record(cx, &due, Err(gone)).await;
    };
    let headers = Secrets::open(&cx.vault, secret)?.headers(&due.event_id.to_string(), cx.now(), &due.payload);
    let answer = callbacks.post.post(url, &headers, &due.payload).await;
    record(cx, &due, answer).await
}

/// The delivery, if it waits and is still this job's.
async fn due(db: &Db, round: &RoundJob) -> Result<Option<Due>> {
    let sql = "SELECT d.id, d.event_id, d.event, d.payload, d.since, p.id AS project_id, p.name, p.owner_id, p.callback_url, p.callback_secret \
               FROM deliveries d JOIN projects p ON p.id = d.project_id WHERE d.id = $1 AND d.since = $2 AND d.state = 'waiting'";
    Ok(db.read().opt(sql, args![round.delivery, round.since], read).await?)
}

fn read(row: &Row) -> store::Result<Due> {
    Ok(Due {
        id: row.get("id")?,
        event_id: row.get("event_id")?,
        event: row.word("event")?,
        payload: row.get("payload")?,
        since: row.get("since")?,
        project: row.get("project_id")?,
        project_name: row.get("name")?,
        owner: row.get("owner_id")?,
        url: row.get("callback_url")?,
        secret: row.get("callback_secret")?,
    })
}

/// Writes down how it went, and what follows from it.
async fn record(cx: &Cx, due: &Due, answer: std::result::Result<WebhookAnswer, WebhookError>) -> Result<Outcome> {
    let now = cx.now();
    let round = Round { since: due.since, once: due.event == DeliveryEvent::Test };
    let outcome = answer.as_ref().map(|answer| answer.status).map_err(|error| error.trouble.kind());
    let verdict = judge(outcome, round, now, cx.random.u64());
    let (status, response, duration) = match &answer {
        Ok(answer) => (Some(i64::from(answer.status)), cut(&answer.body_excerpt, EXCERPT), answer.duration_ms),
        Err(error) => (None, String::new(), error.duration_ms),
    };
    let error = answer.as_ref().err().map(|error| error.trouble.as_str());
    let detail = answer.as_ref().err().map(|error| cut(&error.detail, DETAIL)).filter(|detail| !detail.is_empty());

    let mut tx = cx.db.begin().await?;
    let id = cx.random.uuid_v7(now);
    let sql = "INSERT INTO delivery_attempts (id, delivery_id, at, status, error, detail, duration_ms, response) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    tx.exec(sql, args![id, due.id, now, status, error, detail, duration, response]).await?;
    let (state, next, finished) = match verdict {
        Verdict::Delivered => (DeliveryState::Delivered, None, Some(now)),
        Verdict::Later(at) => (DeliveryState::Waiting, Some(at), None),
        Verdict::Failed => (DeliveryState::Failed, None, Some(now)),
    };
    let sql = "UPDATE deliveries SET attempts = attempts + 1, last_status = $1, last_error = $2, url = COALESCE($3, url), \
               state = $4, next_attempt_at = $5, finished_at = $6 WHERE id = $7 AND since = $8 AND state = 'waiting'";
    let ours = tx.exec(sql, args![status, error, due.url.as_deref(), state.as_str(), next, finished, due.id, due.since]).await? == 1;
    if ours && verdict == Verdict::Failed && !round.once {
        tell_owner(&mut tx, cx, due, now).await?;
    }
    tx.commit().await?;
    metrics::counter!("cuekey_callback_attempts_total", "state" => state.as_str()).increment(1);
    Ok(match verdict {
        Verdict::Later(at) if ours => Outcome::Again(at),
        Verdict::Later(_) | Verdict::Delivered | Verdict::Failed => Outcome::Done,
    })
}

/// Once a day and project: a server that is away for long fails everything that was meant for it.
async fn tell_owner(tx: &mut Tx, cx: &Cx, due: &Due, now: Timestamp) -> Result<()> {
    let sql = "SELECT 1 AS one FROM deliveries WHERE project_id = $1 AND state = 'failed' AND finished_at > $2 AND event <> 'test' AND id <> $3 LIMIT 1";
    if tx.opt(sql, args![due.project, now.plus_micros(-DAY), due.id], |_| Ok(())).await?.is_some() {
        return Ok(());
    }
    let params = [("project", due.project_name.clone()), ("event", due.event.to_string())];
    messages::tell_keeper(tx, cx, due.owner, &templates::DELIVERY_FAILED, &params, Some(&format!("/callbacks/{}", due.id))).await
}

/// At most so many bytes, whole characters, and none that PostgreSQL cannot hold.
fn cut(text: &str, most: usize) -> String {
    text[..text.floor_char_boundary(most)].replace('\0', "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use super::cut;

    #[test]
    fn k3_2c_of_an_answer_so_many_bytes_are_kept_in_whole_characters_that_every_database_holds() {
        for (text, most, kept) in [
            ("", 2, ""),
            ("ab", 2, "ab"),
            ("ab", 3, "ab"),
            ("abc", 2, "ab"),
            ("卡密", 6, "卡密"),
            ("卡密", 5, "卡"),
            ("卡密", 3, "卡"),
            ("卡密", 2, ""),
            ("a\0b", 3, "a\u{fffd}b"),
        ] {
            assert_eq!(cut(text, most), kept, "{text:?} {most}");
        }
    }
}
