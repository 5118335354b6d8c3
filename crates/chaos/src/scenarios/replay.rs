//! Signed requests, each of which is taken once: whatever becomes of the clock, and of the process that took it.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use cuekey_sdk::canonical;
use cuekey_sdk::sign::Secret;
use kernel::{Clock, Random};
use serde_json::Value;

use crate::world::World;

const PATH: &str = "/client/v1/keys/verify";
/// Of a key that is not there: that is a verdict too.
const BODY: &str = r#"{"key":"0000000000000000000000000","device":{"id":"again"}}"#;
/// Seconds from the server's clock within which a request's time is good beyond doubt.
const WITHIN: i64 = 290;
/// How often a server may say that it has too much to do.
const PUT_OFF: u32 = 10;

/// What somebody on the way has caught.
pub struct Caught {
    timestamp: i64,
    nonce: String,
    signature: String,
}

impl Caught {
    /// Signed at the time of a server whose clock is off by so many minutes.
    fn sign(world: &World, minutes: i64) -> Self {
        let timestamp = server_time(minutes);
        let nonce = format!("again-{:016x}", Random::system().u64());
        let text = canonical::request("POST", PATH, timestamp, &nonce, BODY.as_bytes());
        Self { timestamp, signature: Secret::new(&world.secret).sign(&text), nonce }
    }

    /// Status and code; a verdict has none.
    async fn send(&self, world: &World, url: &str) -> Result<(u16, String)> {
        for _ in 0..PUT_OFF {
            let request = world.http.post(format!("{url}{PATH}")).header("content-type", "application/json").body(BODY);
            let signed = request
                .header("cuekey-key", &world.api_key)
                .header("cuekey-timestamp", self.timestamp)
                .header("cuekey-nonce", &self.nonce)
                .header("cuekey-signature", &self.signature);
            let answer = signed.send().await.context("a signed request was not answered")?;
            let status = answer.status().as_u16();
            let body: Value = serde_json::from_slice(&answer.bytes().await?).unwrap_or_default();
            if status != 503 {
                let code = if status == 200 { "" } else { body["code"].as_str().unwrap_or_default() };
                return Ok((status, code.to_owned()));
            }
            Clock::System.sleep(Duration::from_secs(1)).await;
        }
        bail!("a signed request was put off {PUT_OFF} times")
    }
}

fn server_time(minutes: i64) -> i64 {
    Clock::System.now().unix() + 60 * minutes
}

/// Sends `count` new requests, and each again at once. Those that were taken; none may be where `must` says that this time is new to the server.
/// It may refuse a time at which it was before and of which it has forgotten what it took.
pub async fn taken(world: &World, url: &str, minutes: i64, count: usize, must: bool) -> Result<Vec<Caught>> {
    let mut caught = Vec::new();
    for _ in 0..count {
        let request = Caught::sign(world, minutes);
        match request.send(world, url).await? {
            (200, _) => {}
            (401, code) if code == "TIMESTAMP_SKEWED" && !must => continue,
            other => bail!("a new request at {minutes:+} min was answered with {other:?}"),
        }
        match request.send(world, url).await? {
            (401, code) if code == "NONCE_REUSED" => caught.push(request),
            other => bail!("a request that was sent twice at {minutes:+} min was answered with {other:?} the second time"),
        }
    }
    Ok(caught)
}

/// Sends all of them once more: each is refused. How many were of a time that is good just now, so that nothing but what the server remembers
/// stands against them.
pub async fn refused(world: &World, url: &str, minutes: i64, caught: &[Caught]) -> Result<usize> {
    let mut good = 0;
    for request in caught {
        let (status, code) = request.send(world, url).await?;
        if status != 401 || !["NONCE_REUSED", "TIMESTAMP_SKEWED"].contains(&code.as_str()) {
            let age = server_time(minutes) - request.timestamp;
            bail!("{url}, its clock at {minutes:+} min: a request of {age} s ago that had been taken was answered with {status} {code}");
        }
        good += usize::from((server_time(minutes) - request.timestamp).abs() <= WITHIN);
    }
    Ok(good)
}
