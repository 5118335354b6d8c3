//! What WeChat has answered, and what of it may be believed.

use platform::payments::{ChannelError, PayProblemCode};
use serde::de::DeserializeOwned;

use super::words::Refusal;
use crate::unclear::unreadable;

/// An answer that WeChat has given: its status and its body.
///
/// **Invariant**: it is verified, unless it is a refusal. WeChat promises to sign what it answers with 2xx alone.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
    pub(super) signed: bool,
}

impl Answer {
    pub(super) fn refusal(&self) -> ChannelError {
        let Refusal { code, message } = serde_json::from_slice(&self.body).unwrap_or_default();
        ChannelError::Refused { code, message, signed: self.signed }
    }

    /// What it says where it is none of what was asked for, if anything.
    pub(super) fn words(&self) -> String {
        let Refusal { code, message } = serde_json::from_slice(&self.body).unwrap_or_default();
        if code.is_empty() { message } else { format!("{code}: {message}") }
    }

    pub(super) fn read<T: DeserializeOwned>(&self) -> Result<T, ChannelError> {
        if !(200..300).contains(&self.status) {
            return Err(self.refusal());
        }
        serde_json::from_slice(&self.body).map_err(|error| unreadable(PayProblemCode::Unreadable, &error))
    }

    /// Whether WeChat knows nothing of it.
    pub(super) fn is_unknown(&self) -> bool {
        let Refusal { code, .. } = serde_json::from_slice(&self.body).unwrap_or_default();
        self.status == 404 && matches!(code.as_str(), "ORDER_NOT_EXIST" | "ORDERNOTEXIST" | "RESOURCE_NOT_EXISTS")
    }
}

/// What an answer without a signature is an answer to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    /// That a payment be placed.
    Placing,
    Other,
}

/// Whether an answer without a signature may be the refusal that it says: not from 5xx, nor where it is told to come later; nor without a code of
/// WeChat's, as a proxy on the way would say it. Where who asks is not known (a clock that is off, a certificate that was renewed: 401) nothing is
/// said of what was asked about, but that nothing was placed.
///
/// Whoever stood between, with TLS broken, could say this where WeChat has said otherwise. So nothing follows from it but that we ask otherwise or a
/// person looks: a payment that was placed all the same and is paid goes back by itself, and a refund that was made all the same waits, with these
/// words, for somebody who finds it at WeChat. It never pays an order, closes one for paid, or sends anything twice.
pub(super) fn is_refusal(asked: Asked, status: u16, body: &[u8]) -> bool {
    let speaks = match status {
        401 => asked == Asked::Placing,
        429 => false,
        status => (400..500).contains(&status),
    };
    speaks && serde_json::from_slice::<Refusal>(body).is_ok_and(|said| !said.code.is_empty())
}

#[cfg(test)]
mod tests {
    use super::{Asked, is_refusal};

    #[test]
    fn v8_2_without_a_signature_only_wechats_own_words_are_a_refusal() {
        let unknown = br#"{"code":"ORDER_NOT_EXIST","message":"no such order"}"#;
        for asked in [Asked::Placing, Asked::Other] {
            assert!([400, 403, 404, 422, 499].into_iter().all(|status| is_refusal(asked, status, unknown)));
            for status in [100, 200, 204, 302, 399, 429, 500, 503] {
                assert!(!is_refusal(asked, status, unknown), "{status}");
            }
            for body in ["", "<html>403 Forbidden</html>", "{}", r#"{"code":""}"#, r#"{"message":"no"}"#, "[]", "null", r#"{"code":404}"#] {
                assert!([401, 404].into_iter().all(|status| !is_refusal(asked, status, body.as_bytes())), "{body}");
            }
        }
        let who = br#"{"code":"SIGN_ERROR","message":"who is that"}"#;
        assert!(is_refusal(Asked::Placing, 401, who) && !is_refusal(Asked::Other, 401, who));
    }
}
