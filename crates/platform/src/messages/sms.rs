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

kernel::words! {
    /// Why a text did not go, or nobody knows how it went, where it is not the provider who says so.
    pub enum SmsReason {
        NoAnswer = "NO_ANSWER",
        /// Its answer cannot be read.
        Unreadable = "UNREADABLE",
        NotConfigured = "NOT_CONFIGURED",
        /// The demo's: it is in its mailbox no more.
        Gone = "GONE",
    }
}

impl SmsReason {
    /// As it stands in the place of a provider's words, with the status of its answer.
    pub fn of_status(self, status: u16) -> String {
        format!("{self}: HTTP {status}")
    }

    /// For people, in Chinese and in English.
    const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::NoAnswer => ("短信服务商没有回应", "the provider does not answer"),
            Self::Unreadable => ("短信服务商的答复无法读取", "the provider’s answer cannot be read"),
            Self::NotConfigured => ("没有配置短信服务商", "no provider is configured"),
            Self::Gone => ("短信已不在演示信箱", "it is in the demo’s mailbox no more"),
        }
    }

    /// What is said of a text in a provider's words or one of these, for people: in Chinese and in English, and a provider's words as its own.
    pub fn texts(why: &str) -> (String, String) {
        let (word, more) = why.split_once(": ").map_or((why, None), |(word, more)| (word, Some(more)));
        match (Self::parse(word).map(Self::words), more) {
            (Some((zh, en)), None) => (zh.to_owned(), en.to_owned()),
            (Some((zh, en)), Some(more)) => (format!("{zh}（{more}）"), format!("{en} ({more})")),
            (None, _) => (format!("短信服务商的答复“{why}”"), format!("the provider’s answer “{why}”")),
        }
    }
}

/// Why a text did not go: in the provider's words, or one of [`SmsReason`].
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
    /// It did not reach the phone: why, in the provider's words, or one of [`SmsReason`].
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
            Ok(None) => Ok(Delivery::Failed(SmsReason::Gone.to_string())),
            Err(error) => Err(SmsError::Later(error.to_string())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn k12_2_why_a_text_did_not_go_is_said_in_both_languages_and_a_providers_words_are_the_providers() {
        let is_chinese = |text: &str| text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
        for reason in SmsReason::ALL.iter().copied() {
            for why in [reason.to_string(), reason.of_status(503)] {
                let (zh, en) = SmsReason::texts(&why);
                assert!(is_chinese(&zh) && !is_chinese(&en) && !en.contains(reason.as_str()), "{zh} / {en}");
                assert_eq!((zh.contains("HTTP 503"), en.contains("HTTP 503")), (why.contains("503"), why.contains("503")));
            }
        }
        let (zh, en) = SmsReason::texts("isv.AMOUNT_NOT_ENOUGH: 余额不足");
        assert_eq!(
            (zh.as_str(), en.as_str()),
            ("短信服务商的答复“isv.AMOUNT_NOT_ENOUGH: 余额不足”", "the provider’s answer “isv.AMOUNT_NOT_ENOUGH: 余额不足”")
        );
    }
}
