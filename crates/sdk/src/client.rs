//! Asking: which host, with which time, and what to make of the answer.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use reqwest::{Method, Url};
use serde::Serialize;

use crate::builder::Builder;
use crate::device::Device;
use crate::envelope::{Authentic, Signed};
use crate::error::Error;
use crate::exchange::{self, Question, Wire};
use crate::key_text;
use crate::record::{self, KeyAnswer, KeyRecord, ServerTime};
use crate::sign::{ResponseKey, Secret};
use crate::system::Clock;
use crate::verdict::Verdict;

/// Asks the server about keys of one project. Cheap to clone; clones share the corrected clock.
#[derive(Clone)]
pub struct Client(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) wire: Wire,
    pub(crate) hosts: Vec<Url>,
    pub(crate) response_key: ResponseKey,
    pub(crate) clock: Arc<dyn Clock>,
    /// Seconds to add to our clock to have the server's, as far as we have been told.
    pub(crate) clock_offset: AtomicI64,
}

#[derive(Serialize)]
struct VerifyBody<'a> {
    key: &'a str,
    device: &'a Device,
}

#[derive(Serialize)]
struct QueryBody<'a> {
    key: &'a str,
}

impl Client {
    /// Starts a client of the project with this API key (`pk_…`), secret and response public key (base64), all
    /// from the console.
    ///
    /// `hosts` are like `https://keys.example.com`, and are asked in this order until one gives an answer of
    /// the project's own; so a host that is down, or whose name leads elsewhere, is passed over. Asking again is
    /// harmless: verifying binds a device once.
    pub fn builder<H: Into<String>>(
        hosts: impl IntoIterator<Item = H>,
        api_key: impl Into<String>,
        secret: impl AsRef<str>,
        response_public_key: impl Into<String>,
    ) -> Builder {
        let hosts = hosts.into_iter().map(Into::into).collect();
        Builder::new(hosts, api_key.into(), Secret::new(secret.as_ref()), response_public_key.into())
    }

    /// Asks whether `key` is good on `device`. The first time binds the two and starts the key's validity
    /// (K3.2a). The key may be as a person typed it.
    ///
    /// # Errors
    /// A verdict that says no is `Ok`; see [`Error`] for why there is none.
    pub async fn verify(&self, key: &str, device: &Device) -> Result<Verdict, Error> {
        let key = &key_text::normalise(key);
        let question = Question::post("/client/v1/keys/verify", &VerifyBody { key, device });
        self.ask(&question, Verdict::read).await
    }

    /// Looks a key up without changing anything (K8.3); `None` if this project has no such key.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn query(&self, key: &str) -> Result<Option<KeyRecord>, Error> {
        let key = &key_text::normalise(key);
        let question = Question::post("/client/v1/keys/query", &QueryBody { key });
        let found = self.ask(&question, record::read::<KeyAnswer>).await;
        match found {
            Ok(KeyAnswer { key }) => Ok(Some(key)),
            Err(Error::Refused(refusal)) if refusal.status == 404 && refusal.code == "NOT_FOUND" => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Asks for the server's time, and mends this client's clock by it.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn time(&self) -> Result<ServerTime, Error> {
        let question = Question { method: Method::GET, path: "/client/v1/time", body: Vec::new() };
        let time: ServerTime = self.ask(&question, record::read).await?;
        self.adopt(time.unix);
        Ok(time)
    }

    /// Seconds by which our clock was found to be behind the server's; 0 until it mattered.
    pub fn clock_offset_seconds(&self) -> i64 {
        self.0.clock_offset.load(Ordering::Relaxed)
    }

    async fn ask<T>(&self, question: &Question, read: impl Fn(&Authentic) -> Result<T, Error>) -> Result<T, Error> {
        let mut most_telling: Option<Error> = None;
        for host in &self.0.hosts {
            let error = match self.ask_host(host, question).await {
                Ok(authentic) => return read(&authentic),
                Err(error) if error.silence().is_none() => return Err(error),
                Err(error) => error,
            };
            if most_telling.as_ref().is_none_or(|before| before.silence() < error.silence()) {
                most_telling = Some(error);
            }
        }
        Err(most_telling.expect("no client is built without a host"))
    }

    /// One host, and once more if it refused our clock.
    async fn ask_host(&self, host: &Url, question: &Question) -> Result<Authentic, Error> {
        let mut signed = self.exchange(host, question).await?;
        if let Some(server_time) = signed.clock_refused() {
            self.adopt(server_time);
            signed = self.exchange(host, question).await?;
        }
        signed.fresh(self.now()).map_err(|why| Error::Forged { host: exchange::name(host), why })
    }

    async fn exchange(&self, host: &Url, question: &Question) -> Result<Signed, Error> {
        let (nonce, answer) = self.0.wire.ask(host, question, self.now()).await?;
        let host = || exchange::name(host);
        if answer.claims_unknown_api_key() {
            return Err(Error::ApiKeyUnknown { host: host() });
        }
        answer.signed(&self.0.response_key, &nonce).map_err(|why| Error::Forged { host: host(), why })
    }

    fn now(&self) -> i64 {
        self.0.clock.unix_seconds().saturating_add(self.clock_offset_seconds())
    }

    fn adopt(&self, server_time: i64) {
        let offset = server_time.saturating_sub(self.0.clock.unix_seconds());
        self.0.clock_offset.store(offset, Ordering::Relaxed);
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hosts: Vec<String> = self.0.hosts.iter().map(exchange::name).collect();
        f.debug_struct("Client").field("hosts", &hosts).finish_non_exhaustive()
    }
}

impl Question {
    fn post(path: &'static str, body: &impl Serialize) -> Self {
        let body = serde_json::to_vec(body).expect("texts in a struct are always JSON");
        Self { method: Method::POST, path, body }
    }
}
