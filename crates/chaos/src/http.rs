//! One request and what became of it.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use kernel::Clock;
use reqwest::Method;
use serde_json::Value;

/// Longer than the program itself ever waits: whoever hears nothing until then has not been answered.
pub const PATIENCE: Duration = Duration::from_secs(45);

#[derive(Debug)]
pub enum Reply {
    Answer {
        status: u16,
        retry_after: Option<u64>,
        body: Value,
    },
    /// Refused, reset, or nothing came in time.
    Silence,
}

/// Somebody who is signed in.
#[derive(Debug, Clone, Default)]
pub struct Person {
    pub name: String,
    pub id: String,
    pub token: String,
}

/// A request as a person's browser or script makes it.
pub struct Ask<'a> {
    pub who: &'a Person,
    pub method: Method,
    pub path: &'a str,
    pub body: Option<&'a Value>,
    pub key: Option<&'a str>,
}

pub fn client() -> Result<reqwest::Client> {
    // reqwest comes without cryptography of its own; here it only has to be there.
    let _ = rustls::crypto::ring::default_provider().install_default();
    // Letters in English are plain text as they arrive.
    let english = [(reqwest::header::ACCEPT_LANGUAGE, reqwest::header::HeaderValue::from_static("en"))].into_iter().collect();
    let builder =
        reqwest::Client::builder().no_proxy().default_headers(english).timeout(PATIENCE).redirect(reqwest::redirect::Policy::none());
    // The signatures of the client API are over the bytes as sent.
    builder.no_gzip().no_brotli().no_deflate().no_zstd().build().context("no HTTP client")
}

pub async fn send(http: &reqwest::Client, url: &str, ask: &Ask<'_>) -> Reply {
    let mut request = http.request(ask.method.clone(), format!("{url}{}", ask.path));
    if !ask.who.token.is_empty() {
        request = request.bearer_auth(&ask.who.token);
    }
    if let Some(key) = ask.key {
        request = request.header("Idempotency-Key", key);
    }
    if let Some(body) = ask.body {
        request = request.json(body);
    }
    let answer = match request.send().await {
        Ok(answer) => answer,
        Err(_) => return Reply::Silence,
    };
    let status = answer.status().as_u16();
    let header = answer.headers().get("retry-after").and_then(|value| value.to_str().ok()).and_then(|value| value.parse().ok());
    match answer.bytes().await {
        Ok(bytes) => Reply::Answer { status, retry_after: header, body: serde_json::from_slice(&bytes).unwrap_or_default() },
        Err(_) => Reply::Silence,
    }
}

/// Where nothing is broken: the body of an answer with this status. A machine with too much to do may put us off, and says for how long.
pub async fn expect(http: &reqwest::Client, url: &str, ask: Ask<'_>, wanted: u16) -> Result<Value> {
    const PUT_OFF: usize = 20;
    let mut times = 0;
    loop {
        match send(http, url, &ask).await {
            Reply::Answer { status, body, .. } if status == wanted => return Ok(body),
            Reply::Answer { status: 503, retry_after: Some(seconds), .. } if times < PUT_OFF => {
                times += 1;
                Clock::System.sleep(Duration::from_secs(seconds)).await;
            }
            other => bail!("{} {}: {other:?} instead of {wanted}", ask.method, ask.path),
        }
    }
}

/// A text in an answer.
pub fn text(body: &Value, pointer: &str) -> Result<String> {
    body.pointer(pointer).and_then(Value::as_str).map(str::to_owned).with_context(|| format!("no text at {pointer} in {body}"))
}
