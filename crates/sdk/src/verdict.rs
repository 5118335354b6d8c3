//! What the server says of a key on a device (验证结果).

use jiff::Timestamp;
use serde::Deserialize;

use crate::envelope::Authentic;
use crate::error::Error;
use crate::record;

/// The server's judgement. It exists only for an answer that was believed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verdict {
    /// The reason, and the whole of the judgement.
    pub code: Code,
    /// For a person, in the server's words.
    pub message: String,
    /// What the program should do.
    pub action: Action,
    /// The key's facts; `None` for [`Code::NotFound`].
    pub key: Option<KeyFacts>,
    /// The server's time at the judgement.
    pub server_time: Timestamp,
}

impl Verdict {
    /// Whether the key is good on this device, now.
    pub fn is_valid(&self) -> bool {
        self.code == Code::Valid
    }

    /// Reads a verdict from the 200 that carries it.
    pub(crate) fn read(answer: &Authentic) -> Result<Self, Error> {
        let wire: Wire = record::read(answer)?;
        let verdict = Self { code: wire.code, message: wire.message, action: wire.action, key: wire.key, server_time: wire.server_time };
        // The two say the same thing twice; where they differ, neither is to be trusted.
        if wire.valid != verdict.is_valid() {
            return Err(Error::Unreadable { status: answer.status(), source: None });
        }
        Ok(verdict)
    }
}

/// Why a key is good or not, in the order in which the server decides.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
#[non_exhaustive]
pub enum Code {
    /// No such key in this project, or mistyped.
    NotFound,
    /// The project is switched off.
    ProjectDisabled,
    /// The key was disabled.
    Disabled,
    /// Its validity has run out.
    Expired,
    /// Bound to other devices, and no seat is free.
    DeviceMismatch,
    /// Good.
    Valid,
    /// A reason that this version does not know. Never a good one.
    Other(String),
}

/// What a program should do with a verdict.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
#[non_exhaustive]
pub enum Action {
    /// Go on.
    Continue,
    /// Stop.
    Exit,
    /// Ask the person for another key, or to renew.
    Renew,
    /// Send the person to whoever sold the key, to have a device unbound.
    Contact,
    /// Unknown to this version: treat it as [`Action::Exit`] unless the key is good.
    Other(String),
}

/// A key as a verdict tells it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct KeyFacts {
    /// `key_…`, the same for ever.
    pub id: String,
    /// `unused`, `active`, `expired`, `disabled`; text, because a server may know more.
    pub state: String,
    /// When it was first used.
    pub activated_at: Option<Timestamp>,
    /// When its validity ends; `None` before the first use, or for a key without an end.
    pub expires_at: Option<Timestamp>,
    /// Seconds left until then.
    pub remaining_seconds: Option<i64>,
    /// Whether this very call bound and activated the key.
    #[serde(default)]
    pub first_use: bool,
}

#[derive(Deserialize)]
struct Wire {
    valid: bool,
    code: Code,
    message: String,
    action: Action,
    key: Option<KeyFacts>,
    server_time: Timestamp,
}

impl From<String> for Code {
    fn from(text: String) -> Self {
        match text.as_str() {
            "NOT_FOUND" => Self::NotFound,
            "PROJECT_DISABLED" => Self::ProjectDisabled,
            "DISABLED" => Self::Disabled,
            "EXPIRED" => Self::Expired,
            "DEVICE_MISMATCH" => Self::DeviceMismatch,
            "VALID" => Self::Valid,
            _ => Self::Other(text),
        }
    }
}

impl From<String> for Action {
    fn from(text: String) -> Self {
        match text.as_str() {
            "continue" => Self::Continue,
            "exit" => Self::Exit,
            "renew" => Self::Renew,
            "contact" => Self::Contact,
            _ => Self::Other(text),
        }
    }
}
