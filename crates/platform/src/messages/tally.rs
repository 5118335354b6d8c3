//! One message to each of those whom an action has met, however many transactions it takes: how many of their things it was.
//!
//! The transaction in which somebody is met first makes the notification, and each further one sets its number. So what was done and what is
//! told of it are committed together, wherever the action breaks off. The e-mail waits until the number has stayed the same for a [`PAUSE`], when
//! the action is over, and says what the notification says by then.

use std::collections::{BTreeMap, HashMap};

use kernel::{Fault, Lang, MINUTE};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use store::jobs::{self, Job, JobKind, NewJob, Outcome, enqueue_many};
use store::{Sql, Tx, args, insert_many, update_many};

use super::mail;
use super::notification::{NotificationId, Told, goes_by_mail, object};
use super::templates::{self, Template};
use crate::identity::UserId;
use crate::{Cx, Result};

pub const TALLY_JOB: JobKind = JobKind::new("mail.tally");
const PAUSE: i64 = MINUTE;
/// So often the number may have changed: after half an hour somebody shall hear of it, though it goes on.
const MOST_CHANGES: i64 = 30;

/// An e-mail that waits for the end of an action.
#[derive(Debug, Serialize, Deserialize)]
struct Waiting {
    notification: NotificationId,
    /// Of how many it told when it was last looked at.
    seen: String,
    /// How often that had changed.
    changes: i64,
}

impl Waiting {
    fn is_over(&self, count: &str) -> bool {
        self.seen == count || self.changes >= MOST_CHANGES
    }
}

/// What was told so far of one action.
pub struct Tally<'a> {
    template: &'static Template,
    params: Told<'a>,
    link: &'a str,
    told: HashMap<UserId, (NotificationId, i64)>,
}

impl<'a> Tally<'a> {
    /// The template has a parameter `count` besides.
    pub fn new(template: &'static Template, params: Told<'a>, link: &'a str) -> Self {
        Self { template, params, link, told: HashMap::new() }
    }

    /// Tells in the caller's transaction how many of whose things it has met. Where that is not committed, the tally is of no use any more.
    pub async fn add(&mut self, tx: &mut Tx, cx: &Cx, met: &BTreeMap<UserId, i64>) -> Result<()> {
        let now = cx.now();
        let (mut first, mut further, mut mails) = (Vec::new(), Vec::new(), Vec::new());
        for (user, count) in met {
            let known = self.told.get(user).copied();
            let (id, before) = known.unwrap_or_else(|| (cx.id(), 0));
            let total = before + count;
            self.told.insert(*user, (id, total));
            let params = self.params(total)?;
            if known.is_some() {
                further.push(args![id, params]);
                continue;
            }
            first.push(args![id, *user, self.template.kind, params, self.link, now]);
            if goes_by_mail(cx, self.template) {
                let waiting = Waiting { notification: id, seen: total.to_string(), changes: 0 };
                mails.push(NewJob::new(TALLY_JOB, &waiting, now)?.at(now.plus_micros(PAUSE)));
            }
        }
        insert_many(tx, "notifications", &["id", "user_id", "kind", "params", "link", "created_at"], first, "").await?;
        update_many(tx, "notifications", &["id", "params"], further).await?;
        enqueue_many(tx, &cx.db, &cx.random, now, mails).await?;
        let (hub, users): (_, Vec<UserId>) = (cx.hub.clone(), met.keys().copied().collect());
        tx.on_commit(move || users.into_iter().for_each(|user| hub.wake(user)));
        Ok(())
    }

    fn params(&self, count: i64) -> Result<String> {
        let mut params = object(self.params);
        params.insert("count".to_owned(), count.to_string().into());
        serde_json::to_string(&params).map_err(Fault::internal)
    }
}

/// Mails what a notification says, once that is all.
pub(crate) async fn tally_job(cx: Cx, job: Job) -> Outcome {
    let waiting: Waiting = match job.read() {
        Ok(waiting) => waiting,
        Err(outcome) => return outcome,
    };
    match by_mail(&cx, &job, waiting).await {
        Ok(outcome) => outcome,
        Err(fault) => Outcome::Retry(fault.to_string()),
    }
}

async fn by_mail(cx: &Cx, job: &Job, waiting: Waiting) -> Result<Outcome> {
    let id = waiting.notification;
    let sql = "SELECT n.kind, n.params, u.email, u.language FROM notifications n JOIN users u ON u.id = n.user_id WHERE n.id = $1";
    let found = cx
        .db
        .read()
        .opt(sql, args![id], |row| {
            let (kind, params) = (row.get::<String>("kind")?, row.get::<String>("params")?);
            Ok((kind, params, row.get::<String>("email")?, row.get::<String>("language")?))
        })
        .await?;
    let Some((kind, params, email, language)) = found else { return Ok(Outcome::Done) };
    let template = templates::find(&kind).ok_or_else(|| Fault::internal("a notification of a kind that is not known"))?;
    let params: Map<String, Value> = serde_json::from_str(&params).map_err(Fault::internal)?;
    let params: Vec<(&str, String)> = params.iter().filter_map(|(name, value)| Some((name.as_str(), value.as_str()?.to_owned()))).collect();
    let count = params.iter().find(|(name, _)| *name == "count").map_or("", |(_, count)| count.as_str());
    let mut tx = cx.db.begin().await?;
    if !waiting.is_over(count) {
        jobs::keep(&mut tx, job, &Waiting { seen: count.to_owned(), changes: waiting.changes + 1, ..waiting }).await?;
        tx.commit().await?;
        return Ok(Outcome::Again(cx.now().plus_micros(PAUSE)));
    }
    // One mail of a notification, though its job may be done twice.
    let mail = mail::job(cx, &email, Lang::from_header(&language), template, &params)?.once(id.to_string());
    cx.enqueue(&mut tx, mail).await?;
    tx.commit().await?;
    Ok(Outcome::Done)
}
