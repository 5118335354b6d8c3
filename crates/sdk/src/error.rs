//! Everything that can stand between a question and its verdict.
//!
//! A verdict, even "no such key", is not an error: it is `Ok`. The families here are to be told apart by a
//! program: nothing came back ([`Error::Transport`]), something came back that nobody of ours made
//! ([`Error::Forged`]), the server refused the request ([`Error::Refused`]).

use std::path::PathBuf;
use std::time::Duration;

use crate::envelope::Forgery;
use crate::system::NoRandomness;

/// Why there is no verdict.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// What the program was built or called with cannot work.
    #[error("configuration: {what}")]
    Configuration { what: String },
    /// No answer: no connection, a time-out, or a connection lost midway. Anybody on the way can bring
    /// this about, so a program that goes on without a verdict here should do so for a limited time.
    #[error("no answer from {host}")]
    Transport { host: String, source: reqwest::Error },
    /// An answer that is not the project's own. Never to be taken for a verdict, good or bad.
    #[error("an answer from {host} was not believed: {why}")]
    Forged { host: String, why: Forgery },
    /// The server says, *unsigned*, that it does not know the API key. A hint for whoever sets the program
    /// up; anybody on the way can send it.
    #[error("{host} says that it does not know this API key (unsigned)")]
    ApiKeyUnknown { host: String },
    /// The server, provably, did not carry the request out.
    #[error("{0}")]
    Refused(Refusal),
    /// Provably from the server, but not what the API's contract says: a newer server, or a defect.
    #[error("the server's answer (HTTP {status}) could not be read")]
    Unreadable { status: u16, source: Option<serde_json::Error> },
    /// The file with this device's id could not be read or written.
    #[error("device id file {path:?}")]
    DeviceFile { path: PathBuf, source: std::io::Error },
    /// The file with this device's id holds something else. Not replaced by itself, because a new id takes a
    /// new seat of the key: restore the file, or delete it and have the key unbound.
    #[error("device id file {path:?} is damaged")]
    DeviceFileDamaged { path: PathBuf },
    /// No randomness for a nonce or a device id.
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
}

/// A request that the server refused, signed by the project's key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the server refused the request: {code} (HTTP {status})")]
#[non_exhaustive]
pub struct Refusal {
    /// HTTP status, such as 401, 403 or 429.
    pub status: u16,
    /// Stable code, such as `SIGNATURE_INVALID`, `TEMPORARILY_BANNED` or `RATE_LIMITED`.
    pub code: String,
    /// For a person, in the server's words.
    pub message: Option<String>,
    /// How long to wait before asking again. This alone is not covered by the signature.
    pub retry_after: Option<Duration>,
}

impl Error {
    /// A stable code for logs and for programs: the server's own for a refusal, ours for the rest.
    pub fn code(&self) -> &str {
        match self {
            Self::Configuration { .. } => "CONFIGURATION",
            Self::Transport { .. } => "TRANSPORT",
            Self::Forged { .. } => "FORGED",
            Self::ApiKeyUnknown { .. } => "API_KEY_UNKNOWN",
            Self::Refused(refusal) => &refusal.code,
            Self::Unreadable { .. } => "UNREADABLE",
            Self::DeviceFile { .. } => "DEVICE_FILE",
            Self::DeviceFileDamaged { .. } => "DEVICE_FILE_DAMAGED",
            Self::Randomness(_) => "RANDOMNESS",
        }
    }

    /// Whether nothing came from the server itself, so that another host may do better. Higher is more
    /// telling, where several hosts failed.
    pub(crate) fn silence(&self) -> Option<u8> {
        match self {
            Self::Transport { .. } => Some(0),
            Self::ApiKeyUnknown { .. } => Some(1),
            Self::Forged { .. } => Some(2),
            Self::Configuration { .. }
            | Self::Refused(_)
            | Self::Unreadable { .. }
            | Self::DeviceFile { .. }
            | Self::DeviceFileDamaged { .. }
            | Self::Randomness(_) => None,
        }
    }

    pub(crate) fn configuration(what: impl Into<String>) -> Self {
        Self::Configuration { what: what.into() }
    }
}
