//! Text messages: a job, written by the transaction that decided it, and a [`Texter`] that carries it out.
//!
//! Providers send reviewed templates alone: what is sent is which template, and its parameters.

use std::fmt;

use async_trait::async_trait;
use kernel::{Timestamp, Word};
use store::{Sql, args};

use super::mail::DatabaseMailbox;

kernel::words! {
    /// A template that a provider has reviewed.
    pub enum SmsKind {
        /// `code`: for signing in.
        Code = "code",
        /// `hall`, `table`, `amount`: the light failed, the table was closed, and so much comes back.
        LightFailed = "light_failed",
        /// `hall`, `table`, `time`: what was paid for ends then, by the hall's clock.
        Ending = "ending",
        /// Nothing: this number is not a customer's any more.
        PhoneLeft = "phone_left",
    }
}

/// A text message, ready to go.
#[derive(Debug, Clone)]
pub struct Sms {
    /// Stable over retries.
    pub id: String,
    /// A number of the mainland, eleven digits.
    pub to: String,
    pub kind: SmsKind,
    pub params: Vec<(String, String)>,
}

/// Why a text did not go.
#[derive(Debug)]
pub enum SmsError {
    /// The provider is away or busy.
    Later(String),
    /// The provider refuses this one for good.
    Never(String),
}

impl fmt::Display for SmsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Later(why) | Self::Never(why) => f.write_str(why),
        }
    }
}

/// A text that a provider has taken.
#[derive(Debug, Clone)]
pub struct SentSms {
    pub id: String,
    pub to: String,
    /// What the provider calls it.
    pub called: String,
    /// When it was taken.
    pub at: Timestamp,
}

/// How it went with a text that was taken, as far as the provider knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    OnItsWay,
    Delivered,
    /// It did not reach the phone: why, in the provider's words.
    Failed(String),
}

#[async_trait]
pub trait Texter: Send + Sync + 'static {
    /// Whether there is a reviewed template for these.
    fn offers(&self, kind: SmsKind) -> bool;

    /// Answers what the provider calls it.
    async fn send(&self, sms: &Sms) -> Result<String, SmsError>;

    /// Asks the provider how it went. What providers push is not signed: anybody could post it to an open address.
    async fn delivery(&self, sent: &SentSms) -> Result<Delivery, SmsError>;
}

/// The demo's: texts land beside its mail.
#[async_trait]
impl Texter for DatabaseMailbox {
    fn offers(&self, _: SmsKind) -> bool {
        true
    }

    async fn send(&self, sms: &Sms) -> Result<String, SmsError> {
        let params: Vec<String> = sms.params.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        let store = async {
            let mut tx = self.db.begin().await?;
            let id = self.random.uuid_v7(self.clock.now());
            let sql =
                "INSERT INTO mailbox (id, message_id, recipient, subject, body, at) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING";
            let subject = format!("短信 SMS · {}", sms.kind.as_str());
            tx.exec(sql, args![id, sms.id.as_str(), sms.to.as_str(), subject, params.join("\n"), self.clock.now()]).await?;
            tx.commit().await
        };
        store.await.map(|()| sms.id.clone()).map_err(|error: store::Error| SmsError::Later(error.to_string()))
    }

    /// What landed there has arrived.
    async fn delivery(&self, sent: &SentSms) -> Result<Delivery, SmsError> {
        let sql = "SELECT 1 AS one FROM mailbox WHERE message_id = $1";
        match self.db.read().opt(sql, args![sent.called.as_str()], |_| Ok(())).await {
            Ok(Some(())) => Ok(Delivery::Delivered),
            Ok(None) => Ok(Delivery::Failed("it is not in the mailbox any more".into())),
            Err(error) => Err(SmsError::Later(error.to_string())),
        }
    }
}
