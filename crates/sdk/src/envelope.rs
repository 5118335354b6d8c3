//! Whether an answer is to be believed: the one gate between bytes from the network and a verdict.
//!
//! An [`Answer`] is what came back. [`Answer::signed`] proves that the project's key signed it for this
//! nonce, [`Signed::fresh`] that this was within [`WINDOW_SECONDS`] of now. Only an [`Authentic`] can be read
//! as a verdict, and nothing else makes one.

use serde::Deserialize;

use crate::canonical;
use crate::sign::{self, ResponseKey};

/// The farthest an answer's time may lie from ours, either way.
pub const WINDOW_SECONDS: u64 = 300;
/// Header with the Unix seconds at which the answer was signed.
pub const TIMESTAMP_HEADER: &str = "cuekey-response-timestamp";
/// Header with the answer's signature.
pub const SIGNATURE_HEADER: &str = "cuekey-response-signature";

/// An answer as it came in, not to be believed yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Every header line, repeated ones too; names are compared without regard to case.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body's bytes as sent.
    pub body: Vec<u8>,
}

/// Why an answer was not believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Forgery {
    /// Without this header an answer is unsigned. A proxy's own error page looks like this too.
    #[error("HTTP {status} without the header {header}: nobody signed it")]
    HeaderMissing { header: &'static str, status: u16 },
    /// Two values, of which two readers could each pick another.
    #[error("the header {header} came more than once")]
    HeaderRepeated { header: &'static str },
    /// Not plain Unix seconds.
    #[error("the header {TIMESTAMP_HEADER} is not a time")]
    TimestampMalformed,
    /// Not `v1=` and canonical base64 of 64 bytes.
    #[error("the header {SIGNATURE_HEADER} is not a signature of a known form")]
    SignatureMalformed,
    /// Another key, another request's nonce, or a changed status, time or body.
    #[error("the signature is not the project's over this answer to this request")]
    SignatureWrong,
    /// Signed by the project, but too long ago or in the future.
    #[error("signed at {signed_at}, more than {WINDOW_SECONDS} s from this clock's {now}")]
    OutsideWindow { signed_at: i64, now: i64 },
    /// Longer than any answer of this API; not read to its end.
    #[error("the body is longer than {limit_bytes} bytes")]
    BodyTooLong { limit_bytes: usize },
}

/// An answer that the project's key signed for our nonce, at a time not yet judged.
#[derive(Debug)]
pub struct Signed {
    answer: Answer,
    signed_at: i64,
}

/// An answer to be believed.
#[derive(Debug)]
pub struct Authentic(Answer);

#[derive(Deserialize)]
struct Coded {
    code: String,
}

impl Answer {
    /// Believes the answer, or says why not. `nonce` is the request's, `now` our Unix seconds.
    pub fn authenticate(self, key: &ResponseKey, nonce: &str, now: i64) -> Result<Authentic, Forgery> {
        self.signed(key, nonce)?.fresh(now)
    }

    /// Checks everything but the time.
    pub fn signed(self, key: &ResponseKey, nonce: &str) -> Result<Signed, Forgery> {
        let signed_at = read_timestamp(self.only(TIMESTAMP_HEADER)?).ok_or(Forgery::TimestampMalformed)?;
        let signature =
            std::str::from_utf8(self.only(SIGNATURE_HEADER)?).ok().and_then(sign::read_signature).ok_or(Forgery::SignatureMalformed)?;
        let text = canonical::response(nonce, self.status, signed_at, &self.body);
        if !key.verifies(&text, &signature) {
            return Err(Forgery::SignatureWrong);
        }
        Ok(Signed { answer: self, signed_at })
    }

    /// Whether the server *says* that it does not know the API key. It has no key to sign that with, so this
    /// is a hint for whoever set the program up, and never more.
    pub(crate) fn claims_unknown_api_key(&self) -> bool {
        let unsigned = self.values(TIMESTAMP_HEADER).next().is_none() && self.values(SIGNATURE_HEADER).next().is_none();
        unsigned && self.has_code(401, "API_KEY_UNKNOWN")
    }

    fn has_code(&self, status: u16, code: &str) -> bool {
        let said = || serde_json::from_slice::<Coded>(&self.body).is_ok_and(|said| said.code == code);
        self.status == status && said()
    }

    fn values(&self, name: &str) -> impl Iterator<Item = &[u8]> {
        self.headers.iter().filter(move |(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| &**value)
    }

    fn only(&self, header: &'static str) -> Result<&[u8], Forgery> {
        let mut values = self.values(header);
        let first = values.next().ok_or(Forgery::HeaderMissing { header, status: self.status })?;
        match values.next() {
            None => Ok(first),
            Some(_) => Err(Forgery::HeaderRepeated { header }),
        }
    }
}

impl Signed {
    /// The server's time in Unix seconds, if this answer refuses our clock (`TIMESTAMP_SKEWED`).
    ///
    /// Such an answer lies outside the window by its nature. Its time is good all the same: the nonce under the
    /// signature was made for this request, so nobody can have kept the answer from before.
    pub fn clock_refused(&self) -> Option<i64> {
        self.answer.has_code(401, "TIMESTAMP_SKEWED").then_some(self.signed_at)
    }

    /// Believes the answer if it was signed within the window around `now`, in Unix seconds.
    pub fn fresh(self, now: i64) -> Result<Authentic, Forgery> {
        if self.signed_at.abs_diff(now) > WINDOW_SECONDS {
            return Err(Forgery::OutsideWindow { signed_at: self.signed_at, now });
        }
        Ok(Authentic(self.answer))
    }
}

impl Authentic {
    /// HTTP status.
    pub fn status(&self) -> u16 {
        self.0.status
    }

    /// The signed bytes.
    pub fn body(&self) -> &[u8] {
        &self.0.body
    }

    /// `Retry-After` in seconds. It is *not* under the signature: good for waiting, not for deciding.
    pub(crate) fn retry_after_seconds(&self) -> Option<u64> {
        let value = self.0.values("retry-after").next()?;
        std::str::from_utf8(value).ok()?.trim().parse().ok()
    }
}

/// Unix seconds in the one spelling that the server writes: no sign, no leading zero, no space. The signed
/// text is rebuilt from the number, so a lax reading would let a changed header through.
fn read_timestamp(value: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(value).ok()?;
    let seconds: i64 = text.parse().ok()?;
    (seconds >= 0 && seconds.to_string() == text).then_some(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn k8_1_a_time_has_one_spelling() {
        assert_eq!(read_timestamp(b"1700000000"), Some(1_700_000_000));
        for other in ["+1700000000", "01700000000", " 1700000000", "1700000000 ", "1.7e9", "-1", "", "99999999999999999999"] {
            assert_eq!(read_timestamp(other.as_bytes()), None, "{other:?}");
        }
    }
}
