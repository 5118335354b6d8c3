//! What providers of text messages have in common.

use platform::messages::{SmsError, SmsKind, SmsReason};
use reqwest::Client;

/// What the provider calls the reviewed template of each kind. Empty: there is none, and nothing is sent.
#[derive(Clone, Default)]
pub struct SmsTemplates {
    pub code: String,
    pub light_failed: String,
    pub ending: String,
    pub phone_left: String,
}

impl SmsTemplates {
    pub(crate) fn of(&self, kind: SmsKind) -> &str {
        match kind {
            SmsKind::Code => &self.code,
            SmsKind::LightFailed => &self.light_failed,
            SmsKind::Ending => &self.ending,
            SmsKind::PhoneLeft => &self.phone_left,
        }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("texts cannot be sent: {0}")]
pub struct SmsSetupError(String);

/// Without an answer nobody knows whether it went. How that was is for the log.
pub(crate) fn no_answer(error: reqwest::Error) -> SmsError {
    tracing::warn!(error = %error.without_url(), "a provider of texts does not answer");
    SmsError::Later(SmsReason::NoAnswer.to_string())
}

/// A client for a provider's service, and the host as it is signed.
pub(crate) fn service(endpoint: &str) -> Result<(Client, String), SmsSetupError> {
    let bad = |why: &dyn std::fmt::Display| SmsSetupError(why.to_string());
    let url = reqwest::Url::parse(endpoint).map_err(|error| bad(&error))?;
    let name = url.host_str().ok_or_else(|| bad(&"the endpoint has no host"))?;
    let host = url.port().map_or_else(|| name.to_owned(), |port| format!("{name}:{port}"));
    Ok((crate::http::client().map_err(|error| bad(&error))?, host))
}
