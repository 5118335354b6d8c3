//! E-mail: a job, written by the transaction that decided it, and a [`Mailer`] that carries it out.

use std::fmt;

use async_trait::async_trait;
use kernel::{Clock, Fault, Lang, Page, PageAsk, Random, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use store::jobs::{Crew, Job, JobKind, NewJob, Outcome};
use store::{Db, Look, Row, Tx, args};

use super::notification::{Told, object};
use super::outage;
use super::templates::{self, Template};
use crate::rekey::Table;
use crate::settings::defs;
use crate::vault::{CannotOpen, Purpose};
use crate::{Cx, Result};

pub const MAIL_JOB: JobKind = JobKind::new("mail.send").by(Crew::Mail);
/// Parameters hold links and first passwords.
const SEALED: Purpose = Purpose("mail parameters");

/// A mail, ready to go.
#[derive(Debug, Clone)]
pub struct Mail {
    /// Stable over retries, so that a receiver can tell a repetition.
    pub message_id: String,
    pub to: String,
    pub from_name: String,
    pub subject: String,
    pub text: String,
}

/// Why a mail did not go.
#[derive(Debug)]
pub enum MailError {
    /// The server is away or busy.
    Later(String),
    /// The server refuses this mail for good.
    Never(String),
}

impl fmt::Display for MailError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Later(why) | Self::Never(why) => f.write_str(why),
        }
    }
}

#[async_trait]
pub trait Mailer: Send + Sync {
    async fn send(&self, mail: &Mail) -> std::result::Result<(), MailError>;
    /// For `doctor`: where mail goes, or what is missing.
    fn describe(&self) -> String;
}

#[derive(Serialize, Deserialize)]
struct Payload {
    to: String,
    language: String,
    kind: String,
    params: String,
}

/// Writes the job of one mail into the caller's transaction.
pub async fn mail(tx: &mut Tx, cx: &Cx, to: &str, lang: Lang, template: &Template, params: Told<'_>) -> Result<()> {
    cx.enqueue(tx, job(cx, to, lang, template, params)?).await?;
    Ok(())
}

pub(super) fn job(cx: &Cx, to: &str, lang: Lang, template: &Template, params: Told<'_>) -> Result<NewJob> {
    let plain = serde_json::to_vec(&object(params)).map_err(Fault::internal)?;
    let sealed = data_encoding::BASE64.encode(&cx.vault.seal(SEALED, &plain));
    let payload = Payload { to: to.to_owned(), language: lang.as_str().into(), kind: template.kind.into(), params: sealed };
    Ok(NewJob::new(MAIL_JOB, &payload, cx.now())?.attempts(outage::TRIES))
}

/// Mails that wait, and those of before.
pub(crate) const UNDER_KEY: Table = Table {
    name: "jobs",
    only: "kind = 'mail.send'",
    reads: &["payload"],
    writes: &["payload"],
    change: |row, vaults| {
        let mut payload: Payload = serde_json::from_str(&row.get::<String>("payload")?).map_err(|_| CannotOpen)?;
        let sealed = data_encoding::BASE64.decode(payload.params.as_bytes()).map_err(|_| CannotOpen)?;
        payload.params = data_encoding::BASE64.encode(&vaults.moved(SEALED, &sealed)?);
        Ok(args![serde_json::to_string(&payload).map_err(|_| CannotOpen)?])
    },
};

/// Carries out one mail job.
pub async fn send_job(cx: Cx, job: Job) -> Outcome {
    let payload: Payload = match job.read() {
        Ok(payload) => payload,
        Err(outcome) => return outcome,
    };
    let params = data_encoding::BASE64.decode(payload.params.as_bytes()).ok().and_then(|sealed| cx.vault.open(SEALED, &sealed).ok());
    let params: Option<Map<String, Value>> = params.and_then(|plain| serde_json::from_slice(&plain).ok());
    let (Some(params), Some(template)) = (params, templates::find(&payload.kind)) else {
        return Outcome::GiveUp("the mail's template or parameters cannot be read".into());
    };
    let lang = Lang::from_header(&payload.language);
    let site = cx.settings.get(defs::SITE_NAME);
    let mail = Mail {
        message_id: job.id.to_string(),
        to: payload.to,
        subject: format!("{} · {site}", template.title(lang)),
        text: template.body(lang, &params, &cx.settings.get(defs::TIME_ZONE)),
        from_name: site,
    };
    match cx.mailer.send(&mail).await {
        Ok(()) => Outcome::Done,
        Err(MailError::Later(why)) => outage::wait(&cx, &job, why).await,
        Err(MailError::Never(why)) => Outcome::GiveUp(why),
    }
}

/// The demo's mailer: mail lands in a table, and a page of the console shows it.
pub struct DatabaseMailbox {
    pub db: Db,
    pub clock: Clock,
    pub random: Random,
}

#[async_trait]
impl Mailer for DatabaseMailbox {
    async fn send(&self, mail: &Mail) -> std::result::Result<(), MailError> {
        let store = async {
            let mut tx = self.db.begin().await?;
            let id = self.random.uuid_v7(self.clock.now());
            let sql =
                "INSERT INTO mailbox (id, message_id, recipient, subject, body, at) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING";
            tx.exec(
                sql,
                args![id, mail.message_id.as_str(), mail.to.as_str(), mail.subject.as_str(), mail.text.as_str(), self.clock.now()],
            )
            .await?;
            tx.commit().await
        };
        store.await.map_err(|error: store::Error| MailError::Later(error.to_string()))
    }

    fn describe(&self) -> String {
        "the demo's mailbox page".into()
    }
}

kernel::id!(MailId, MailEntity, "mai");

#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = Mail)]
pub struct MailboxEntry {
    pub id: MailId,
    pub to: String,
    pub subject: String,
    pub text: String,
    pub at: Timestamp,
}

/// The demo's mail, newest first. Not there outside a demo.
pub async fn mailbox(cx: &Cx, ask: &PageAsk) -> Result<Page<MailboxEntry>> {
    if !cx.install.demo {
        return Err(Fault::not_found());
    }
    let read = |row: &Row| {
        Ok(MailboxEntry {
            id: row.get("id")?,
            to: row.get("recipient")?,
            subject: row.get("subject")?,
            text: row.get("body")?,
            at: row.get("at")?,
        })
    };
    let select = "SELECT m.id, m.recipient, m.subject, m.body, m.at FROM mailbox m";
    Ok(Look::new("mailbox", "id").page(&mut cx.db.read(), select, "m.id", ask, read, |mail| mail.id.uuid()).await?)
}
