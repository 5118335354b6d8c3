//! How soon a disabled key is refused: by the process that disabled it, and on PostgreSQL by another one, while programs verify
//! other keys through both.

use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use anyhow::{Context, Result, ensure};
use hdrhistogram::Histogram;
use serde_json::json;

use crate::clock::Stopwatch;
use crate::figure::{Bound, Figure};
use crate::load::Outcome;
use crate::ready::Ready;
use crate::run::Options;
use crate::say;
use crate::site::{Engine, Site};
use crate::verify::{self, Teller};

/// Of the load through each process.
const CONNECTIONS: usize = 32;
/// More than can be disabled in the time that there is: SQLite had 10,000 done before a minute was over.
const MOST: u64 = 100_000;
const LEAST: usize = 100;

pub async fn measure(options: &Options, pair: &[Ready]) -> Result<Vec<Figure>> {
    let mut figures = Vec::new();
    for one in pair {
        let other = match one.engine() {
            Engine::Sqlite => None,
            Engine::Postgres => Some(one.site.place.beside("second")?.serve().await?.0),
        };
        figures.extend(disabling(options, one, other.as_ref()).await?);
    }
    Ok(figures)
}

async fn disabling(options: &Options, one: &Ready, other: Option<&Site>) -> Result<Vec<Figure>> {
    let keys = Rc::new(one.stock.generate(&one.site, MOST.min(options.keys)).await?.1);
    let chief = one.site.chief().await?;
    // There is no mail server here, and none would take thousands of mails a minute.
    chief.patch("/api/v1/settings/notification.mail_keys", json!({"value": false})).await?;
    let mut here = Teller::connect(one.site.address, &one.stock.credentials, &keys).await?;
    let mut there = match other {
        Some(site) => Some(Teller::connect(site.address, &one.stock.credentials, &keys).await?),
        None => None,
    };
    let mut seen = Seen::new()?;
    let load = Background::start(std::iter::once(&one.site).chain(other), one);
    let watch = Stopwatch::start();
    for key in 0..keys.texts.len() {
        if key >= LEAST && watch.seconds() > options.seconds * options.rounds as f64 {
            break;
        }
        let (code, id) = here.ask(key).await?;
        ensure!(code == "VALID", "a new key is {code}");
        if let Some(there) = &mut there {
            let (code, _) = there.ask(key).await?;
            ensure!(code == "VALID", "a key in use is {code} by the other process");
        }
        chief.post("/api/v1/keys/disable", json!({"ids": [id]})).await?;
        let answered = Stopwatch::start();
        let by_other = async {
            match &mut there {
                Some(there) => refused_by(there, key, answered).await.map(Some),
                None => Ok(None),
            }
        };
        let (by_same, by_other) = tokio::join!(refused_by(&mut here, key, answered), by_other);
        seen.same.note(&by_same?);
        if let Some(refused) = by_other? {
            seen.other.note(&refused);
        }
    }
    let seconds = watch.seconds();
    let load = load.end()?;
    say(&format!("{}: {} keys disabled; {} beside {load:.0} verifications a second", one.name(), seen.same.delays.len(), seen.in_words()));
    Ok(seen.figures(one, load, seconds))
}

/// When a disabled key was refused, and what was answered before.
struct Refused {
    milliseconds: f64,
    accepted: u64,
}

/// Asks again and again, beginning after the answer, until the key is refused.
async fn refused_by(teller: &mut Teller, key: usize, answered: Stopwatch) -> Result<Refused> {
    let mut accepted = 0;
    loop {
        match teller.ask(key).await?.0.as_str() {
            "DISABLED" => return Ok(Refused { milliseconds: answered.seconds() * 1_000.0, accepted }),
            "VALID" => accepted += 1,
            code => anyhow::bail!("a disabled key is {code}"),
        }
        ensure!(answered.seconds() < 60.0, "a disabled key is still accepted after a minute");
    }
}

/// What one process did.
struct Process {
    /// Microseconds until the refusal had arrived.
    delays: Histogram<u64>,
    /// Verifications that began after the answer, and were accepted.
    accepted: u64,
}

impl Process {
    fn new() -> Result<Self> {
        Ok(Self { delays: Histogram::new_with_bounds(1, 60_000_000, 3).context("a histogram")?, accepted: 0 })
    }

    fn note(&mut self, refused: &Refused) {
        self.delays.saturating_record((refused.milliseconds * 1_000.0) as u64);
        self.accepted += refused.accepted;
    }

    fn in_words(&self) -> String {
        let at = |quantile| self.delays.value_at_quantile(quantile) as f64 / 1_000.0;
        format!("median {:.1} ms, p99 {:.1} ms, longest {:.1} ms, accepted in between {}", at(0.5), at(0.99), at(1.0), self.accepted)
    }
}

struct Seen {
    same: Process,
    other: Process,
}

impl Seen {
    fn new() -> Result<Self> {
        Ok(Self { same: Process::new()?, other: Process::new()? })
    }

    fn in_words(&self) -> String {
        let other = if self.other.delays.is_empty() { String::new() } else { format!("; another: {}", self.other.in_words()) };
        format!("same process: {}{other}", self.same.in_words())
    }

    fn figures(self, one: &Ready, load: f64, seconds: f64) -> Vec<Figure> {
        let keys = self.same.delays.len();
        let beside = format!("{keys} keys, beside {load:.0} verifications a second");
        let mut same =
            Figure::new(format!("disabled key accepted after the answer, {}, same process", one.name()), "times").bound(Bound::AtMost(0.0));
        same.values.push(self.same.accepted as f64);
        same.lasted(seconds);
        same.note = format!("{beside}: {}", self.same.in_words());
        if self.other.delays.is_empty() {
            return vec![same];
        }
        let mut other =
            Figure::new(format!("disabled key refused by another process, {}, longest", one.name()), "s").bound(Bound::AtMost(1.0));
        other.values.push(self.other.delays.max() as f64 / 1_000_000.0);
        other.lasted(seconds);
        other.note = format!("{beside}: {}", self.other.in_words());
        vec![same, other]
    }
}

/// Programs that verify other keys meanwhile: a thread for each process.
struct Background {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<Result<Outcome>>>,
}

impl Background {
    fn start<'a>(sites: impl Iterator<Item = &'a Site>, one: &Ready) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let start = |site: &Site| {
            // What sources share is shared within a thread.
            let (address, credentials, keys) = (site.address, (*one.stock.credentials).clone(), (*one.keys).clone());
            let stop = Arc::clone(&stop);
            std::thread::spawn(move || verify::until(address, credentials, keys, CONNECTIONS, &stop))
        };
        Self { threads: sites.map(start).collect(), stop }
    }

    /// Verifications a second, of all together.
    fn end(self) -> Result<f64> {
        self.stop.store(true, Ordering::Relaxed);
        let mut rate = 0.0;
        for thread in self.threads {
            rate += thread.join().ok().context("a load's thread")??.rate();
        }
        Ok(rate)
    }
}
