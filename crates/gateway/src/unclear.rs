//! What is not clear of a payment network's answer. People read a word of ours, in their language; how it was in detail is for the log.

use std::fmt;

use platform::payments::{ChannelError, PayProblemCode, Problem};

/// Nothing of the network's is told with it.
pub(crate) fn unclear(code: PayProblemCode) -> ChannelError {
    ChannelError::Unclear(code.into())
}

/// With what the network has said.
pub(crate) fn unclear_saying(code: PayProblemCode, said: &str) -> ChannelError {
    ChannelError::Unclear(Problem::saying(code, said))
}

/// Of what cannot be read; why it cannot is for the log.
pub(crate) fn unreadable(code: PayProblemCode, why: &dyn fmt::Display) -> ChannelError {
    tracing::warn!(%code, %why, "what a payment network has sent cannot be read");
    unclear(code)
}

/// Why an answer or a notice is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Doubt {
    #[error("it is not signed")]
    NotSigned,
    #[error("no key of ours is called {0:?}")]
    UnknownKey(String),
    #[error("it is of another time: {0:?}")]
    OtherTime(String),
    #[error("its signature does not fit")]
    BadSignature,
    #[error("it cannot be read: {0}")]
    Unreadable(String),
    #[error("it is about something else")]
    OfAnother,
}

impl Doubt {
    /// Of an answer with this status.
    pub(crate) fn of_answer(&self, status: u16) -> ChannelError {
        tracing::warn!(status, why = %self, "an answer of a payment network is not believed");
        let code = match self {
            // Whoever stands before the network says so, and has nothing to sign it with.
            Self::NotSigned if status >= 500 || status == 429 => PayProblemCode::InTrouble,
            Self::NotSigned => PayProblemCode::NotSigned,
            Self::UnknownKey(_) => PayProblemCode::UnknownKey,
            Self::OtherTime(_) => PayProblemCode::OtherTime,
            Self::BadSignature => PayProblemCode::BadSignature,
            Self::Unreadable(_) => PayProblemCode::Unreadable,
            Self::OfAnother => PayProblemCode::OfAnother,
        };
        match self {
            Self::UnknownKey(name) => unclear_saying(code, name),
            _ if !(200..300).contains(&status) => unclear_saying(code, &status_said(status)),
            _ => unclear(code),
        }
    }
}

/// A status as it is shown among what a network has said.
pub(crate) fn status_said(status: u16) -> String {
    format!("HTTP {status}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn k12_1_what_is_not_believed_names_the_key_or_the_status_and_nothing_that_is_ours() {
        let problem = |doubt: Doubt, status| doubt.of_answer(status).problem();
        let unknown = problem(Doubt::UnknownKey("PUB_KEY_ID_9".into()), 200);
        assert_eq!((unknown.code, unknown.said.as_deref()), (PayProblemCode::UnknownKey, Some("PUB_KEY_ID_9")));
        for (status, code) in [(404, PayProblemCode::NotSigned), (429, PayProblemCode::InTrouble), (502, PayProblemCode::InTrouble)] {
            let unsigned = problem(Doubt::NotSigned, status);
            assert_eq!((unsigned.code, unsigned.said), (code, Some(format!("HTTP {status}"))));
        }
        assert_eq!(problem(Doubt::NotSigned, 200), Problem::from(PayProblemCode::NotSigned));
        for doubt in [Doubt::OtherTime("x".into()), Doubt::BadSignature, Doubt::Unreadable("x".into()), Doubt::OfAnother] {
            assert_eq!(problem(doubt, 200).said, None);
        }
    }
}
