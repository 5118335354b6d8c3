//! What a client is made of.

use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::Duration;

use reqwest::Url;
use reqwest::header::HeaderValue;

use crate::client::{Client, Inner};
use crate::error::Error;
use crate::exchange::Wire;
use crate::sign::{ResponseKey, Secret};
use crate::system::{Clock, Random, SystemClock, SystemRandom};

/// How long one host may take for a whole answer, unless the builder says otherwise.
const TIMEOUT: Duration = Duration::from_secs(10);
/// How long one host may take to accept a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(4);

/// Collects a client's settings; see [`Client::builder`].
pub struct Builder {
    hosts: Vec<String>,
    api_key: String,
    secret: Secret,
    response_public_key: String,
    timeout: Duration,
    http: Option<reqwest::Client>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
}

impl Builder {
    pub(crate) fn new(hosts: Vec<String>, api_key: String, secret: Secret, response_public_key: String) -> Self {
        Self {
            hosts,
            api_key,
            secret,
            response_public_key,
            timeout: TIMEOUT,
            http: None,
            clock: Arc::new(SystemClock),
            random: Arc::new(SystemRandom),
        }
    }

    /// How long one host may take for a whole answer: 10 s by default. Has no say over [`Self::http_client`]'s.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Another HTTP client than the default, for a proxy, certificates of one's own, or kept connections.
    ///
    /// It must not follow redirects and not undo compression: the signature is over the bytes as sent.
    #[must_use]
    pub fn http_client(mut self, http: reqwest::Client) -> Self {
        self.http = Some(http);
        self
    }

    /// Another clock than the system's.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Another source of nonces than the system's.
    #[must_use]
    pub fn random(mut self, random: impl Random + 'static) -> Self {
        self.random = Arc::new(random);
        self
    }

    /// The client. Nothing is sent yet.
    ///
    /// # Errors
    /// [`Error::Configuration`] if there is no host, a host has more than scheme, name and port, the API key does
    /// not start with `pk_`, or the public key is not base64 of 32 bytes.
    pub fn build(self) -> Result<Client, Error> {
        let hosts = self.hosts.iter().map(|host| read_host(host)).collect::<Result<Vec<_>, _>>()?;
        if hosts.is_empty() {
            return Err(Error::configuration("at least one host is needed"));
        }
        if !self.api_key.starts_with("pk_") {
            return Err(Error::configuration("the API key starts with pk_; is it the secret?"));
        }
        let api_key = HeaderValue::from_str(&self.api_key)
            .map_err(|_| Error::configuration("the API key has characters that no header can carry"))?;
        let response_key = ResponseKey::from_base64(&self.response_public_key)
            .ok_or_else(|| Error::configuration("the response public key is not base64 of 32 bytes"))?;
        let http = match self.http {
            Some(http) => http,
            None => default_http(self.timeout)?,
        };
        let wire = Wire { http, api_key, secret: self.secret, random: self.random };
        Ok(Client(Arc::new(Inner { wire, hosts, response_key, clock: self.clock, clock_offset: AtomicI64::new(0) })))
    }

    /// The same, for a program without async.
    ///
    /// # Errors
    /// As [`Self::build`], and if the system gives no runtime.
    #[cfg(feature = "blocking")]
    pub fn build_blocking(self) -> Result<crate::blocking::Client, Error> {
        crate::blocking::Client::new(self.build()?)
    }
}

/// Scheme, name and port alone: the signature covers the path as the server sees it, and a prefix that some
/// proxy takes off again would break every signature in a way that is hard to find.
fn read_host(text: &str) -> Result<Url, Error> {
    let wrong = || Error::configuration(format!("{text:?} is not like https://keys.example.com"));
    let url = Url::parse(text).map_err(|_| wrong())?;
    let plain = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    let anonymous = url.username().is_empty() && url.password().is_none();
    if matches!(url.scheme(), "http" | "https") && plain && anonymous { Ok(url) } else { Err(wrong()) }
}

fn default_http(timeout: Duration) -> Result<reqwest::Client, Error> {
    // reqwest comes without cryptography of its own here. Where the program has already chosen some, that stays.
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // An error means that another thread was faster, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
    }
    reqwest::Client::builder()
        .timeout(timeout)
        .connect_timeout(CONNECT_TIMEOUT)
        // A redirect is not signed, and would carry our request somewhere else.
        .redirect(reqwest::redirect::Policy::none())
        // A program asks rarely: a kept connection is mostly a dead one, found out at the wrong moment.
        .pool_max_idle_per_host(0)
        // The signature is over the bytes as sent, whatever features other crates switch on in reqwest.
        .no_gzip()
        .no_brotli()
        .no_deflate()
        .no_zstd()
        .user_agent(concat!("cuekey-sdk/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| Error::configuration(format!("no HTTP client: {error}")))
}
