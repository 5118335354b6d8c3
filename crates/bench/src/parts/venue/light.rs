//! How soon a light is on: after a command of the staff's, with all lamps on the broker; and after many customers have opened a table at the same moment.
//!
//! From the request's first byte until the relay's report is taken in, as the server writes it down; both by the one clock of this machine.

use std::time::Duration;

use anyhow::{Context, Result};
use hdrhistogram::Histogram;
use kernel::{Clock, Random, Timestamp};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::hall::{Customer, Hall, text};
use crate::clock::pause;
use crate::figure::{Bound, Figure};
use crate::run::Options;
use crate::say;
use crate::site::Engine;

/// Commands in a round, and the pause between two.
const COMMANDS: usize = 300;
const PAUSE: Duration = Duration::from_millis(20);
/// How often customers open at once in a round: so many times a hundred are enough for their 99th percentile.
const BURSTS: usize = 3;

pub async fn figures(options: &Options, engine: Engine) -> Result<Vec<Figure>> {
    let sizes = &options.venue;
    let mut hall = Hall::open(options, engine, "light", sizes.lamps).await?;
    hall.light_up().await?;
    say(&format!("{}: {} lamps are on the broker", engine.name(), sizes.lamps));
    let name = format!("command to confirmed relay, {}, {} lamps online, p99", engine.name(), sizes.lamps);
    let mut commands = Figure::new(name, "ms").bound(Bound::AtMost(500.0));
    let lamps = some(sizes.lamps)?;
    for round in 0..options.rounds {
        let seen = command(&hall, &lamps, round % 2 == 0).await?;
        note(&mut commands, engine, &seen);
    }
    off(&hall).await?;

    let mut customers = Vec::new();
    for n in 0..sizes.at_once {
        customers.push(hall.customer(n).await?);
    }
    let name = format!("opening to confirmed light, {}, {} at once, {} lamps online, p99", engine.name(), sizes.at_once, sizes.lamps);
    let mut openings = Figure::new(name, "ms").bound(Bound::AtMost(2_000.0));
    for _ in 0..options.rounds {
        let mut seen = histogram()?;
        for _ in 0..BURSTS {
            open(&hall, &customers, &mut seen).await?;
        }
        note(&mut openings, engine, &seen);
    }
    hall.close().await?;
    Ok(vec![commands, openings])
}

fn histogram() -> Result<Histogram<u64>> {
    // Microseconds, up to a minute.
    Histogram::new_with_bounds(1, 60_000_000, 3).context("a histogram")
}

fn note(figure: &mut Figure, engine: Engine, seen: &Histogram<u64>) {
    let ms = |quantile: f64| seen.value_at_quantile(quantile) as f64 / 1000.0;
    figure.values.push(ms(0.99));
    figure.note = format!("median {:.0} ms, slowest {:.0} ms of {} in the last round", ms(0.5), ms(1.0), seen.len());
    say(&format!("{}, {}: {:.0} ms; {}", engine.name(), figure.name, ms(0.99), figure.note));
}

/// Some lamps, anywhere: the same in each round, so that each command moves a relay.
fn some(lamps: usize) -> Result<Vec<usize>> {
    let (random, mut some) = (Random::seeded(1), (0..lamps).collect::<Vec<_>>());
    for n in 0..COMMANDS.min(lamps) {
        let other = n + usize::try_from(random.below((lamps - n) as u64))?;
        some.swap(n, other);
    }
    some.truncate(COMMANDS);
    Ok(some)
}

/// Sets their lights by hand, one after the other; answers how long each took.
async fn command(hall: &Hall, lamps: &[usize], on: bool) -> Result<Histogram<u64>> {
    let mut tasks = JoinSet::new();
    for lamp in lamps {
        let (boss, table) = (hall.boss.clone(), hall.lamps[*lamp].table.clone());
        tasks.spawn(async move {
            let from = Clock::System.now();
            boss.put(&format!("/api/v1/tables/{table}/light"), json!({"on": on, "minutes": 60, "why": "bench"})).await?;
            anyhow::Ok((table, from))
        });
        pause(PAUSE).await;
    }
    let mut from = Vec::new();
    while let Some(done) = tasks.join_next().await {
        from.push(done??);
    }
    let floor = hall.until(|table| table["device"]["reported"] == table["device"]["wanted"]).await?;
    let mut seen = histogram()?;
    for (table, from) in from {
        let one = floor.iter().find(|one| one["id"] == table).context("a table is gone")?;
        let device = text(one, "/device/id")?;
        let log = hall.boss.get(&format!("/api/v1/devices/{device}/log?limit=10")).await?;
        let what = if on { "on" } else { "off" };
        let line = log["items"].as_array().into_iter().flatten().find(|line| line["what"] == what).context("it is not in the log")?;
        seen.record(micros(from, &line["at"])?)?;
    }
    Ok(seen)
}

fn micros(from: Timestamp, until: &Value) -> Result<u64> {
    let until: Timestamp = until.as_str().context("no time")?.parse()?;
    Ok(u64::try_from(until.micros() - from.micros())?.max(1))
}

/// Nothing is set by hand any more.
async fn off(hall: &Hall) -> Result<()> {
    for lamp in &hall.lamps {
        hall.boss.put(&format!("/api/v1/tables/{}/light", lamp.table), json!({"on": false, "minutes": 1, "why": "bench"})).await?;
    }
    hall.until(|table| table["device"]["reported"] == false).await?;
    Ok(())
}

/// All open a table each, at the same moment, and close it again.
async fn open(hall: &Hall, customers: &[Customer], seen: &mut Histogram<u64>) -> Result<()> {
    let mut tasks = JoinSet::new();
    let start = std::sync::Arc::new(tokio::sync::Barrier::new(customers.len()));
    for (customer, lamp) in customers.iter().zip(&hall.lamps) {
        let (api, table, start) = (customer.api.clone(), lamp.table.clone(), std::sync::Arc::clone(&start));
        tasks.spawn(async move {
            let view = api.get(&format!("/customer/v1/tables/{table}")).await?;
            let ask = json!({"minutes": 60, "expected_fen": view["quotes"][1]["price_fen"]});
            start.wait().await;
            let from = Clock::System.now();
            let session = api.post(&format!("/customer/v1/tables/{table}/open"), ask).await?;
            anyhow::Ok((api, text(&session, "/id")?, from))
        });
    }
    let mut opened = Vec::new();
    while let Some(done) = tasks.join_next().await {
        opened.push(done??);
    }
    for (api, session, from) in &opened {
        let path = format!("/customer/v1/sessions/{session}");
        let lit = loop {
            let session = api.get(&path).await?;
            match session["state"].as_str() {
                Some("opening") => pause(Duration::from_millis(50)).await,
                Some("playing") => break session["lit_at"].clone(),
                _ => anyhow::bail!("a table was not opened: {session}"),
            }
        };
        seen.record(micros(*from, &lit)?)?;
        api.post(&format!("{path}/close"), json!({})).await?;
    }
    hall.until(|table| table["state"] == "idle").await?;
    Ok(())
}
