//! Quota transfers through HTTP, between many accounts and all into one, against a loop that sends the same statements by hand.
//!
//! Product and loop each have an installation of their own, filled alike. Afterwards `cuekey doctor` adds up the product's, and
//! both must have written as many rows a transfer.

mod accounts;
mod by_hand;
mod client;

use std::rc::Rc;
use std::time::Duration;

use anyhow::{Result, ensure};
use serde_json::json;

use crate::clock::pause;
use crate::dataset;
use crate::figure::{Bound, Figure};
use crate::load::{self, Outcome, Source};
use crate::ready;
use crate::run::Options;
use crate::say;
use crate::site::{Engine, Place, Site};
use accounts::Accounts;
use by_hand::Loop;
use client::Person;

const CONNECTIONS: usize = 64;
/// As many as the product's pool has.
const POOL: usize = 16;

/// The product seals its operation log every two seconds: what is left of that must not be done at the loop's cost.
const AFTERWARDS: Duration = Duration::from_secs(3);

/// To whom it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// From any account to any other.
    Many,
    /// From any to the first.
    One,
}

struct Contest {
    site: Site,
    accounts: Rc<Accounts>,
    /// The loop's.
    other: Place,
    by_hand: Loop,
    /// By how many connections the loop writes.
    width: usize,
}

pub async fn measure(options: &Options) -> Result<Vec<Figure>> {
    let mut contests = Vec::new();
    for engine in Engine::BOTH {
        contests.push(Contest::prepare(options, engine).await?);
    }
    let mut rows: Vec<Rows> = contests.iter().map(|contest| Rows::new(contest.site.place.engine)).collect();
    for round in 0..options.rounds {
        for (contest, rows) in contests.iter().zip(&mut rows) {
            contest.round(options, round, rows).await?;
        }
    }
    let mut figures = Vec::new();
    for (contest, rows) in contests.into_iter().zip(rows) {
        contest.end(options).await?;
        figures.extend(rows.figures());
    }
    Ok(figures)
}

impl Contest {
    async fn prepare(options: &Options, engine: Engine) -> Result<Self> {
        let place = ready::place(options, engine, "transfers").await?;
        let other = ready::place(options, engine, "transfers_by_hand").await?;
        let mut both = Vec::new();
        for place in [&place, &other] {
            place.found()?;
            both.push(Accounts::fill(place).await?);
        }
        let (site, _) = place.serve().await?;
        // There is no mail server here, and none would take thousands of mails a second.
        site.chief().await?.patch("/api/v1/settings/notification.mail_quota", json!({"value": false})).await?;
        let width = if engine == Engine::Sqlite { 1 } else { POOL };
        let by_hand = Loop::open(&other, both.pop().map(Rc::new).unwrap_or_default(), width).await?;
        let accounts = both.pop().map(Rc::new).unwrap_or_default();
        Ok(Self { site, accounts, other, by_hand, width })
    }

    fn product(&self, way: Way, seconds: f64) -> Result<Outcome> {
        let person = |n| Box::new(Person::new(&self.accounts, way, n as u64 + 1)) as Box<dyn Source>;
        let sources = (0..CONNECTIONS).map(person).collect();
        tokio::task::block_in_place(|| load::run(self.site.address, sources, Duration::from_secs_f64(seconds))?.checked())
    }

    async fn round(&self, options: &Options, round: usize, rows: &mut Rows) -> Result<()> {
        let name = self.site.place.engine.name();
        let (mut rates, mut seconds) = ([0.0; 2], [0.0; 2]);
        for (n, way) in [Way::Many, Way::One].into_iter().enumerate() {
            let base = self.by_hand.run(way, self.width, options.seconds).await?;
            let before = self.site.processor()?;
            let outcome = self.product(way, options.seconds)?;
            let cost = (self.site.processor()? - before) as f64 / outcome.answered as f64;
            pause(AFTERWARDS).await;
            (rates[n], seconds[n]) = (outcome.rate(), outcome.seconds);
            say(&format!(
                "transfers, {name}, round {}, {way:?}: by hand {base:.0}/s, product {:.0}/s = {:.2} (p99 {:.1} ms, {cost:.0} µs)",
                round + 1,
                outcome.rate(),
                outcome.rate() / base,
                outcome.quantile(0.99)
            ));
            rows.rate[n].values.push(outcome.rate());
            rows.rate[n].baseline.push(base);
            rows.wait[n].values.push(outcome.quantile(0.99));
            rows.rate[n].lasted(outcome.seconds);
            rows.wait[n].lasted(outcome.seconds);
        }
        rows.single.values.push(rates[1]);
        rows.single.baseline.push(rates[0]);
        rows.single.lasted(seconds[1]);
        if self.width > 1 {
            // For the note: what one connection alone does.
            rows.alone.push(self.by_hand.run(Way::Many, 1, options.seconds / 2.0).await?);
        }
        Ok(())
    }

    /// Everything must add up, and the loop must have done the product's work.
    async fn end(mut self, options: &Options) -> Result<()> {
        let place = self.site.place.clone();
        self.site.stop()?;
        place.doctor()?;
        self.by_hand.close().await;
        let (product, loop_) = (accounts::rows_each(&place).await?, accounts::rows_each(&self.other).await?);
        ensure!(product == loop_, "rows a transfer: the product wrote {product:?}, the loop {loop_:?}");
        accounts::adds_up(&self.other).await?;
        place.remove(&options.postgres).await?;
        self.other.remove(&options.postgres).await
    }
}

/// The figures of one database.
struct Rows {
    rate: [Figure; 2],
    wait: [Figure; 2],
    single: Figure,
    alone: Vec<f64>,
}

impl Rows {
    fn new(engine: Engine) -> Self {
        let (name, least) = (engine.name(), if engine == Engine::Sqlite { 1.5 } else { 0.7 });
        let ways = ["between 1,000 accounts", "all into one account"];
        let rate = |way: &str| Figure::new(format!("transfers {way}, {name}, 64 connections"), "/s").bound(Bound::AtLeast(least));
        let wait = |way: &str| Figure::new(format!("transfers {way}, {name}, p99"), "ms");
        let single = Figure::new(format!("transfers into one account against many, {name}"), "/s").bound(Bound::AtLeast(0.5));
        Self { rate: ways.map(rate), wait: ways.map(wait), single, alone: Vec::new() }
    }

    fn figures(mut self) -> Vec<Figure> {
        if !self.alone.is_empty() {
            let (median, ..) = crate::figure::spread(&self.alone);
            self.rate[0].note = format!("by hand over {POOL} connections; over one: {median:.0}/s");
        }
        let [many, one] = self.rate;
        let [many_wait, one_wait] = self.wait;
        vec![many, many_wait, one, one_wait, self.single]
    }
}

/// A database of an installation that is not served.
async fn open(place: &Place) -> Result<store::Db> {
    dataset::open(place).await
}
