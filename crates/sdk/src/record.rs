//! What `query` and `time` answer, and how a believed answer's JSON is read.

use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::envelope::Authentic;
use crate::error::{Error, Refusal};

/// A key of the caller's own project, as `query` tells it (K8.3).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct KeyRecord {
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
    /// The project it belongs to.
    pub project: Option<Named>,
    /// The batch it was generated in.
    pub batch: Option<Named>,
    /// The devices that hold its seats.
    #[serde(default)]
    pub devices: Vec<BoundDevice>,
}

/// Something with an id, and perhaps a name. Read from an object or from the bare id.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "IdOrObject")]
#[non_exhaustive]
pub struct Named {
    pub id: String,
    pub name: Option<String>,
}

/// A device bound to a key. Read from an object or from the bare id.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "IdOrObject")]
#[non_exhaustive]
pub struct BoundDevice {
    /// What the program gave as the device's id.
    pub id: String,
    /// What the program called it.
    pub name: Option<String>,
    /// When it took its seat.
    pub bound_at: Option<Timestamp>,
}

/// What `time` answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct ServerTime {
    pub server_time: Timestamp,
    /// The same in Unix seconds.
    pub unix: i64,
}

/// `{"key": …}`
#[derive(Deserialize)]
pub(crate) struct KeyAnswer {
    pub(crate) key: KeyRecord,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum IdOrObject {
    Id(String),
    Object { id: String, name: Option<String>, bound_at: Option<Timestamp> },
}

impl From<IdOrObject> for BoundDevice {
    fn from(read: IdOrObject) -> Self {
        match read {
            IdOrObject::Id(id) => Self { id, name: None, bound_at: None },
            IdOrObject::Object { id, name, bound_at } => Self { id, name, bound_at },
        }
    }
}

impl From<IdOrObject> for Named {
    fn from(read: IdOrObject) -> Self {
        let BoundDevice { id, name, .. } = read.into();
        Self { id, name }
    }
}

#[derive(Deserialize)]
struct Problem {
    code: String,
    #[serde(alias = "detail")]
    message: Option<String>,
}

/// The JSON of a 200; any other status is a refusal.
pub(crate) fn read<T: DeserializeOwned>(answer: &Authentic) -> Result<T, Error> {
    if answer.status() != 200 {
        return Err(refusal(answer));
    }
    serde_json::from_slice(answer.body()).map_err(|source| unreadable(answer, source))
}

/// What an answer other than a 200 says.
pub(crate) fn refusal(answer: &Authentic) -> Error {
    match serde_json::from_slice::<Problem>(answer.body()) {
        Ok(Problem { code, message }) => Error::Refused(Refusal {
            status: answer.status(),
            code,
            message,
            retry_after: answer.retry_after_seconds().map(Duration::from_secs),
        }),
        Err(source) => unreadable(answer, source),
    }
}

fn unreadable(answer: &Authentic, source: serde_json::Error) -> Error {
    Error::Unreadable { status: answer.status(), source: Some(source) }
}
