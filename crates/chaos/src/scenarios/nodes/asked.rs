//! Asking one node: as somebody with the console open, and as a program.

use std::time::Duration;

use anyhow::{Result, bail};
use cuekey_sdk::{Client, Code, Device, Error, Refusal};
use kernel::{Clock, Random};
use reqwest::Method;
use serde_json::Value;

use crate::http::{Ask, Person, expect, text};
use crate::world::World;

/// Has one node make or change something, once.
pub(super) async fn post(world: &World, node: usize, who: &Person, path: &str, body: Value, wanted: u16) -> Result<Value> {
    let key = format!("nodes-{:016x}", Random::system().u64());
    let ask = Ask { who, method: Method::POST, path, body: Some(&body), key: Some(&key) };
    expect(&world.http, &world.nodes[node].url(), ask, wanted).await
}

/// The project's program that asks this node.
pub(super) fn program(world: &World, node: usize, project: &Value) -> Result<Client> {
    let builder = Client::builder(
        [world.nodes[node].url()],
        text(project, "/project/api_key")?,
        text(project, "/secret")?,
        text(project, "/project/response_public_key")?,
    );
    Ok(builder.http_client(world.http.clone()).build()?)
}

/// What a program hears of a key: a verdict, or why it is not let in. It asks again where there is no answer.
pub(super) async fn said(program: &Client, key: &str) -> Result<Result<Code, Refusal>> {
    let device = Device::own("one")?;
    for _ in 0..5 {
        match program.verify(key, &device).await {
            Ok(verdict) => return Ok(Ok(verdict.code)),
            // Over a connection of before it was killed, or it has too much to do: no answer.
            Err(Error::Transport { .. }) => {}
            Err(Error::Refused(refusal)) if refusal.status == 503 => Clock::System.sleep(Duration::from_millis(500)).await,
            Err(Error::Refused(refusal)) => return Ok(Err(refusal)),
            Err(error) => return Err(error.into()),
        }
    }
    bail!("five verifications, and no answer")
}
