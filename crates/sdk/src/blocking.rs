//! The same client for a program without async: each call waits for its answer.

use tokio::runtime::{Builder as RuntimeBuilder, Handle, Runtime};

use crate::client::Client as AsyncClient;
use crate::{Builder, Device, Error, KeyRecord, ServerTime, Verdict};

/// Asks the server and waits. Made by [`Builder::build_blocking`]; may be shared between threads.
#[derive(Debug)]
pub struct Client {
    client: AsyncClient,
    /// Always there until `drop` takes it.
    runtime: Option<Runtime>,
}

impl Client {
    /// [`AsyncClient::builder`], to be ended with [`Builder::build_blocking`].
    pub fn builder<H: Into<String>>(
        hosts: impl IntoIterator<Item = H>,
        api_key: impl Into<String>,
        secret: impl AsRef<str>,
        response_public_key: impl Into<String>,
    ) -> Builder {
        AsyncClient::builder(hosts, api_key, secret, response_public_key)
    }

    pub(crate) fn new(client: AsyncClient) -> Result<Self, Error> {
        let runtime = RuntimeBuilder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Error::configuration(format!("no runtime: {error}")))?;
        Ok(Self { client, runtime: Some(runtime) })
    }

    /// See [`AsyncClient::verify`].
    ///
    /// # Errors
    /// As there; and [`Error::Configuration`] inside an async runtime, as each call of this client.
    pub fn verify(&self, key: &str, device: &Device) -> Result<Verdict, Error> {
        self.wait(self.client.verify(key, device))
    }

    /// See [`AsyncClient::query`].
    ///
    /// # Errors
    /// As there.
    pub fn query(&self, key: &str) -> Result<Option<KeyRecord>, Error> {
        self.wait(self.client.query(key))
    }

    /// See [`AsyncClient::time`].
    ///
    /// # Errors
    /// As there.
    pub fn time(&self) -> Result<ServerTime, Error> {
        self.wait(self.client.time())
    }

    fn wait<T>(&self, answer: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        // Waiting there would panic, or stop every other task of that runtime.
        if Handle::try_current().is_ok() {
            return Err(Error::configuration("the blocking client was called inside an async runtime; use cuekey_sdk::Client"));
        }
        self.runtime.as_ref().expect("taken by drop alone").block_on(answer)
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        // A plain drop waits for a slow name look-up, and panics inside another runtime.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
