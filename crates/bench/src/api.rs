//! The console's API, as far as the measurement needs it.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::clock::{Stopwatch, pause};

#[derive(Clone)]
pub struct Api {
    http: reqwest::Client,
    base: String,
    token: Option<String>,
    /// As whom a proxy would announce us.
    address: Option<String>,
}

impl Api {
    pub fn new(address: SocketAddr) -> Result<Self> {
        Ok(Self { http: reqwest::Client::builder().no_proxy().build()?, base: format!("http://{address}"), token: None, address: None })
    }

    pub async fn is_ready(&self) -> bool {
        let answer = self.http.get(format!("{}/readyz", self.base)).timeout(Duration::from_secs(1)).send().await;
        answer.is_ok_and(|answer| answer.status().is_success())
    }

    pub async fn signed_in(&self, name: &str, password: &str) -> Result<Self> {
        let answer = self.post("/api/v1/session", json!({"name": name, "password": password})).await?;
        let token = answer["token"].as_str().context("a sign-in without a token")?.to_owned();
        Ok(Self { token: Some(token), ..self.clone() })
    }

    /// The same by somebody else's token, from an address of its own.
    pub fn as_one(&self, token: Option<String>, address: String) -> Self {
        Self { token, address: Some(address), ..self.clone() }
    }

    pub async fn get(&self, path: &str) -> Result<Value> {
        self.send(self.http.get(format!("{}{path}", self.base)), path).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Result<Value> {
        let key = hex::encode(kernel::Random::system().bytes::<16>());
        self.send(self.http.post(format!("{}{path}", self.base)).header("idempotency-key", key).json(&body), path).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Result<Value> {
        self.send(self.http.put(format!("{}{path}", self.base)).json(&body), path).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Result<Value> {
        self.send(self.http.patch(format!("{}{path}", self.base)).json(&body), path).await
    }

    async fn send(&self, mut request: reqwest::RequestBuilder, path: &str) -> Result<Value> {
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        if let Some(address) = &self.address {
            request = request.header("x-forwarded-for", address);
        }
        let answer = request.send().await.with_context(|| format!("{path} was not answered"))?;
        let status = answer.status();
        let text = answer.text().await?;
        if !status.is_success() {
            bail!("{path}: {status}: {text}");
        }
        Ok(if text.is_empty() { Value::Null } else { serde_json::from_str(&text)? })
    }

    /// A file as it streams, in pieces.
    pub async fn download(&self, path: &str, mut take: impl FnMut(&[u8])) -> Result<()> {
        let mut request = self.http.get(format!("{}{path}", self.base));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        let mut answer = request.send().await?.error_for_status()?;
        while let Some(piece) = answer.chunk().await? {
            take(&piece);
        }
        Ok(())
    }

    /// Asks for a batch; answers its id.
    pub async fn ask_for_batch(&self, project: &str, count: u64) -> Result<String> {
        let batch = self.post("/api/v1/batches", json!({"project_id": project, "count": count, "unit": "forever", "validity": 0})).await?;
        Ok(batch["id"].as_str().context("a batch without an id")?.to_owned())
    }

    /// Asks for a batch and waits until it is there; `look` sees how many keys are made, four times a second.
    pub async fn batch(&self, project: &str, count: u64, mut look: impl FnMut(u64)) -> Result<(String, f64)> {
        let watch = Stopwatch::start();
        let id = self.ask_for_batch(project, count).await?;
        loop {
            let batch = self.get(&format!("/api/v1/batches/{id}")).await?;
            look(batch["made"].as_u64().unwrap_or(0));
            match batch["state"].as_str() {
                Some("ready") => return Ok((id, watch.seconds())),
                Some("generating") => pause(Duration::from_millis(250)).await,
                state => bail!("the batch is {state:?}"),
            }
        }
    }

    /// A batch as a file with all columns, thrown away as it comes. Answers its length.
    pub async fn export(&self, batch: &str, format: &str) -> Result<u64> {
        let ticket = self.post("/api/v1/exports/keys", json!({"format": format, "batch": batch})).await?;
        let mut length = 0;
        self.download(ticket["url"].as_str().context("no address")?, |piece| length += piece.len() as u64).await?;
        Ok(length)
    }

    /// The texts of a batch's keys, in the order of their making.
    pub async fn key_texts(&self, batch: &str) -> Result<String> {
        let ticket = self.post("/api/v1/exports/keys", json!({"format": "csv", "batch": batch, "columns": ["key"]})).await?;
        let mut file = Vec::new();
        self.download(ticket["url"].as_str().context("no address")?, |piece| file.extend_from_slice(piece)).await?;
        Ok(String::from_utf8(file)?)
    }
}
