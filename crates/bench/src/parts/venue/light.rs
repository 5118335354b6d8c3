//! How soon a light is on: after a command of the staff's, with all lamps there; and after many customers have opened a table at the same moment
//! (`opening.rs`).
//!
//! From the request's first byte until the relay's report is taken in, as the server writes it down; both by the one clock of this machine. Of a board
//! the report is what it answers when it is asked: each of its coils waits for its turn on the board's one connection.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::time::Duration;

use anyhow::{Context, Result};
use hdrhistogram::Histogram;
use kernel::{Clock, Random, Timestamp};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::hall::{Hall, text};
use super::lamps::Kind;
use super::opening::open;
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
    say(&format!("{}: {} lamps are there", engine.name(), sizes.lamps));
    let name = format!("command to confirmed relay, {}, {} lamps online, p99", engine.name(), sizes.lamps);
    let mut commands = Figure::new(name, "ms").bound(Bound::AtMost(500.0));
    // What holds of all may not hold of the few boards. Nothing is asked of it: it says which they are.
    let mut slowest = Figure::new(format!("command to confirmed relay, {}, of the slowest kind of lamp, p99", engine.name()), "ms");
    let lamps = some(sizes.lamps)?;
    for round in 0..options.rounds {
        let seen = command(&hall, &lamps, round % 2 == 0).await?;
        note(&mut commands, engine, &seen);
        seen.slowest(&mut slowest);
    }
    off(&hall).await?;

    let mut customers = Vec::new();
    for n in 0..sizes.at_once {
        customers.push(hall.customer(n).await?);
    }
    let name = format!("opening to confirmed light, {}, {} at once, {} lamps online, p99", engine.name(), sizes.at_once, sizes.lamps);
    let mut openings = Figure::new(name, "ms").bound(Bound::AtMost(2_000.0));
    for _ in 0..options.rounds {
        let mut seen = Seen::nothing()?;
        for _ in 0..BURSTS {
            open(&hall, &customers, &mut seen).await?;
        }
        note(&mut openings, engine, &seen);
    }
    hall.close().await?;
    Ok(vec![commands, slowest, openings])
}

/// How long lights took: all of them, and those of each kind.
pub struct Seen {
    all: Histogram<u64>,
    kinds: BTreeMap<Kind, Histogram<u64>>,
}

impl Seen {
    fn nothing() -> Result<Self> {
        Ok(Self { all: histogram()?, kinds: BTreeMap::new() })
    }

    pub fn record(&mut self, kind: Kind, micros: u64) -> Result<()> {
        self.all.record(micros)?;
        let of_kind = match self.kinds.entry(kind) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => new.insert(histogram()?),
        };
        Ok(of_kind.record(micros)?)
    }

    /// Each kind's, in words.
    fn by_kind(&self) -> String {
        let one = |(kind, seen): (&Kind, &Histogram<u64>)| format!("{} {:.0} ms of {}", kind.name(), ms(seen, 0.99), seen.len());
        self.kinds.iter().map(one).collect::<Vec<_>>().join(", ")
    }

    /// A round more of the kind that took longest in it.
    fn slowest(&self, figure: &mut Figure) {
        let by_kind = self.kinds.iter().map(|(kind, seen)| (kind, ms(seen, 0.99)));
        if let Some((kind, value)) = by_kind.max_by(|(_, one), (_, other)| one.total_cmp(other)) {
            figure.values.push(value);
            figure.note = format!("{} in the last round; p99: {}", kind.name(), self.by_kind());
        }
    }
}

fn histogram() -> Result<Histogram<u64>> {
    // Microseconds, up to a minute.
    Histogram::new_with_bounds(1, 60_000_000, 3).context("a histogram")
}

fn ms(seen: &Histogram<u64>, quantile: f64) -> f64 {
    seen.value_at_quantile(quantile) as f64 / 1000.0
}

fn note(figure: &mut Figure, engine: Engine, seen: &Seen) {
    let ms = |quantile: f64| ms(&seen.all, quantile);
    figure.values.push(ms(0.99));
    let (median, longest, lights, by_kind) = (ms(0.5), ms(1.0), seen.all.len(), seen.by_kind());
    figure.note = format!("median {median:.0} ms, slowest {longest:.0} ms of {lights} in the last round; p99: {by_kind}");
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
async fn command(hall: &Hall, lamps: &[usize], on: bool) -> Result<Seen> {
    let mut tasks = JoinSet::new();
    for lamp in lamps {
        let (boss, table, kind) = (hall.boss.clone(), hall.lamps[*lamp].table.clone(), hall.lamps[*lamp].kind);
        tasks.spawn(async move {
            let from = Clock::System.now();
            boss.put(&format!("/api/v1/tables/{table}/light"), json!({"on": on, "minutes": 60, "why": "bench"})).await?;
            anyhow::Ok((table, kind, from))
        });
        pause(PAUSE).await;
    }
    let mut from = Vec::new();
    while let Some(done) = tasks.join_next().await {
        from.push(done??);
    }
    let floor = hall.until(|table| table["device"]["reported"] == table["device"]["wanted"]).await?;
    let mut seen = Seen::nothing()?;
    for (table, kind, from) in from {
        let one = floor.iter().find(|one| one["id"] == table).context("a table is gone")?;
        let device = text(one, "/device/id")?;
        let log = hall.boss.get(&format!("/api/v1/devices/{device}/log?limit=10")).await?;
        let what = if on { "on" } else { "off" };
        let line = log["items"].as_array().into_iter().flatten().find(|line| line["what"] == what).context("it is not in the log")?;
        seen.record(kind, micros(from, &line["at"])?)?;
    }
    Ok(seen)
}

pub fn micros(from: Timestamp, until: &Value) -> Result<u64> {
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
