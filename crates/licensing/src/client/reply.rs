//! What a program is told, ready to be sent.

use kernel::Timestamp;

use super::limit::Allowance;
use super::project::CallerProject;
use super::set::Decision;

/// An answer before it is signed.
pub struct Plain {
    pub status: u16,
    pub body: Vec<u8>,
    /// Whether the body is a problem (RFC 9457).
    pub problem: bool,
    /// Seconds.
    pub retry_after: Option<i64>,
}

pub struct Reply {
    pub plain: Plain,
    /// What is left of the caller's rate, where the request was counted.
    pub allowance: Option<Allowance>,
    /// Time and signature, where the caller is known.
    pub signed: Option<(String, String)>,
}

impl Reply {
    pub fn of(plain: Plain, allowance: Option<Allowance>, project: Option<&CallerProject>, nonce: &str, now: Timestamp) -> Self {
        let signed = project.map(|project| project.sign(nonce, plain.status, now, &plain.body));
        Self { plain, allowance, signed }
    }
}

/// How a decision is told. More than once, where the first could not be written and another was taken.
pub type Tell = Box<dyn Fn(Decision) -> Plain + Send + Sync>;
