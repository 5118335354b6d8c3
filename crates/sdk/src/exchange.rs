//! One signed request to one host, and the bytes that came back. Nothing here is believed yet.

use std::sync::Arc;

use data_encoding::HEXLOWER;
use reqwest::header::{ACCEPT_ENCODING, CONTENT_TYPE, HeaderValue};
use reqwest::{Method, Response, Url};

use crate::canonical;
use crate::envelope::{Answer, Forgery};
use crate::error::Error;
use crate::sign::Secret;
use crate::system::Random;

/// Longer than any answer of this API; somebody who sends more wants our memory.
const BODY_LIMIT_BYTES: usize = 1 << 20;
const NONCE_BYTES: usize = 16;

/// What a question says, whichever host it goes to.
pub(crate) struct Question {
    pub(crate) method: Method,
    pub(crate) path: &'static str,
    /// JSON, or empty.
    pub(crate) body: Vec<u8>,
}

/// What signs and sends.
pub(crate) struct Wire {
    pub(crate) http: reqwest::Client,
    pub(crate) api_key: HeaderValue,
    pub(crate) secret: Secret,
    pub(crate) random: Arc<dyn Random>,
}

impl Wire {
    /// Asks `host`, under a fresh nonce, which comes back with the answer. `timestamp` is in Unix seconds.
    pub(crate) async fn ask(&self, host: &Url, question: &Question, timestamp: i64) -> Result<(String, Answer), Error> {
        let nonce = self.nonce()?;
        let mut url = host.clone();
        url.set_path(question.path);
        let text = canonical::request(question.method.as_str(), url.path(), timestamp, &nonce, &question.body);
        let mut request = self
            .http
            .request(question.method.clone(), url)
            .header("cuekey-key", self.api_key.clone())
            .header("cuekey-timestamp", timestamp)
            .header("cuekey-nonce", &nonce)
            .header("cuekey-signature", self.secret.sign(&text))
            .header(ACCEPT_ENCODING, "identity");
        if !question.body.is_empty() {
            request = request.header(CONTENT_TYPE, "application/json").body(question.body.clone());
        }
        let unanswered = |source: reqwest::Error| Error::Transport { host: name(host), source: source.without_url() };
        let response = request.send().await.map_err(unanswered)?;
        let answer = read(response).await.map_err(|failure| match failure {
            ReadFailure::Lost(source) => unanswered(source),
            ReadFailure::TooLong => Error::Forged { host: name(host), why: Forgery::BodyTooLong { limit_bytes: BODY_LIMIT_BYTES } },
        })?;
        Ok((nonce, answer))
    }

    fn nonce(&self) -> Result<String, Error> {
        let mut bytes = [0; NONCE_BYTES];
        self.random.fill(&mut bytes)?;
        Ok(HEXLOWER.encode(&bytes))
    }
}

/// A host as it stands in an error.
pub(crate) fn name(host: &Url) -> String {
    host.origin().ascii_serialization()
}

enum ReadFailure {
    Lost(reqwest::Error),
    TooLong,
}

async fn read(mut response: Response) -> Result<Answer, ReadFailure> {
    let status = response.status().as_u16();
    let headers = response.headers().iter().map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_owned())).collect();
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(ReadFailure::Lost)? {
        if body.len() + chunk.len() > BODY_LIMIT_BYTES {
            return Err(ReadFailure::TooLong);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Answer { status, headers, body })
}
