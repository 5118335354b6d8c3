//! What a program asks, and what it is answered.

use std::sync::Arc;

use kernel::{Fault, Timestamp};

use crate::batches::BatchId;
use crate::client::limit::Allowance;
use crate::client::project::CallerProject;
use crate::keys::verdict::Code;
use crate::keys::{KeyDevice, KeyId, KeyState, KeyText};

kernel::id!(CallId, CallEntity, "cal");

kernel::words! {
    pub enum Endpoint {
        Verify = "verify",
        Query = "query",
        Time = "time",
        /// No endpoint of the contract.
        Other = "other",
    }
}

/// The device that a program runs on, as it names it.
#[derive(Debug, Clone, Default)]
pub struct Device {
    pub id: String,
    pub name: String,
}

/// One admitted request, waiting to be decided.
pub struct Ask {
    pub project: Arc<CallerProject>,
    pub nonce: String,
    pub endpoint: Endpoint,
    /// `None` where the text is not a key: then it is not looked for.
    pub key: Option<KeyText>,
    /// The last characters of what was sent as a key.
    pub hint: String,
    pub device: Device,
    pub address: String,
    /// The time in its signature, Unix seconds.
    pub signed_at: i64,
    /// Status and code for the log, where the request asks nothing that can be decided (an unreadable body, an unknown
    /// path): its nonce is used up and it counts against the rate all the same.
    pub unreadable: Option<(i64, &'static str)>,
}

/// The code by which the caller of `Desk::decide` knows that an unreadable request passed nonce and rate.
pub const UNREADABLE: &str = "UNREADABLE";

/// What became of it.
pub type Answer = Result<KeyAnswer, Fault>;

/// An answer, and what is left of the rate where it was counted: a request that was sent again is not.
pub struct Decision {
    pub answer: Answer,
    pub allowance: Option<Allowance>,
}

#[derive(Debug, Clone)]
pub struct KeyAnswer {
    pub code: Code,
    pub first_use: bool,
    /// Absent where there is no such key in the caller's project.
    pub key: Option<KeyDetails>,
    pub now: Timestamp,
}

#[derive(Debug, Clone)]
pub struct KeyDetails {
    pub id: KeyId,
    pub batch: BatchId,
    pub state: KeyState,
    pub activated_at: Option<Timestamp>,
    pub expires_at: Option<Timestamp>,
    /// Only where they were asked for.
    pub devices: Vec<KeyDevice>,
}
