//! The measurement, from empty databases to the report.

use std::path::PathBuf;
use std::rc::Rc;

use anyhow::{Context, Result};
use clap::Args;

use crate::dataset::{self, Stock};
use crate::figure::{Bound, Figure, HEAD};
use crate::program::Keys;
use crate::site::{Bare, Engine, Place, Site, fresh_folder};
use crate::{say, stock_figures, verify};

#[derive(Args)]
pub struct Options {
    /// The program that is measured
    #[arg(long)]
    cuekey: PathBuf,
    /// A PostgreSQL to make databases in
    #[arg(long)]
    postgres: String,
    /// Where SQLite's database and the logs go
    #[arg(long)]
    folder: PathBuf,
    /// Keys in use when verifications are measured
    #[arg(long, default_value_t = 1_000_000)]
    keys: u64,
    /// How long each round of a figure lasts
    #[arg(long, default_value_t = 15.0)]
    seconds: f64,
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    #[arg(long, value_delimiter = ',', default_value = "256,64,8")]
    connections: Vec<usize>,
    /// Leaves out what is not about verifications
    #[arg(long)]
    only_verify: bool,
}

/// An installation that is served, what is known of its project, and keys that are in use.
struct Ready {
    site: Site,
    stock: Stock,
    keys: Rc<Keys>,
}

pub async fn run(options: Options) -> Result<()> {
    let mut figures = Vec::new();
    let mut ready = Vec::new();
    for engine in Engine::BOTH {
        ready.push(prepared(&options, engine, &mut figures).await?);
    }
    let first = &ready[0];
    let length = verify::answer_length(first.site.address, &first.stock.credentials, &first.keys).await?;
    let bare = Bare::start(&first.stock.secret, length).await?;
    for connections in options.connections.iter().copied() {
        figures.extend(verifications(&options, connections, &bare, &ready)?);
    }
    if !options.only_verify {
        for one in &ready {
            figures.push(first_uses(&options, one).await?);
        }
    }
    report(&options, &figures)
}

/// Bare and both products take turns.
fn verifications(options: &Options, connections: usize, bare: &Bare, ready: &[Ready]) -> Result<Vec<Figure>> {
    let least = if connections >= 256 { Some(0.5) } else { (connections >= 64).then_some(0.45) };
    let most_ms = if connections >= 256 {
        30.0
    } else if connections >= 64 {
        15.0
    } else {
        5.0
    };
    let mut rates = Vec::new();
    let mut waits = Vec::new();
    for one in ready {
        let name = format!("verify, {}, {connections} connections", one.site.place.engine.name());
        let rate = Figure::new(name.clone(), "/s");
        rates.push(match least {
            Some(least) => rate.bound(Bound::AtLeast(least)),
            None => rate,
        });
        waits.push(Figure::new(name + ", p99", "ms").bound(Bound::AtMost(most_ms)));
    }
    let mut costs = vec![0.0; ready.len()];
    let mut bare_cost = 0.0;
    for round in 0..options.rounds {
        let before = bare.processor()?;
        let credentials = bare.credentials(&ready[0].stock.credentials);
        let base = verify::any(bare.address, &credentials, &ready[0].keys, connections, options.seconds)?;
        bare_cost += (bare.processor()? - before) as f64 / base.answered as f64;
        let mut line =
            format!("{connections} connections, round {}: bare {:.0}/s (p99 {:.1} ms)", round + 1, base.rate(), base.quantile(0.99));
        for (n, one) in ready.iter().enumerate() {
            let before = one.site.processor()?;
            let outcome = verify::any(one.site.address, &one.stock.credentials, &one.keys, connections, options.seconds)?;
            costs[n] += (one.site.processor()? - before) as f64 / outcome.answered as f64;
            rates[n].values.push(outcome.rate());
            rates[n].baseline.push(base.rate());
            waits[n].values.push(outcome.quantile(0.99));
            line += &format!(
                "; {} {:.0}/s = {:.2} (p99 {:.1} ms)",
                one.site.place.engine.name(),
                outcome.rate(),
                outcome.rate() / base.rate(),
                outcome.quantile(0.99)
            );
        }
        say(&line);
    }
    let rounds = options.rounds as f64;
    for (rate, cost) in rates.iter_mut().zip(costs) {
        rate.note = format!("processor time each: {:.0} µs, bare {:.0} µs", cost / rounds, bare_cost / rounds);
    }
    Ok(rates.into_iter().chain(waits).collect())
}

/// Plain verifications and first uses of new keys take turns.
async fn first_uses(options: &Options, one: &Ready) -> Result<Figure> {
    const CONNECTIONS: usize = 256;
    let name = one.site.place.engine.name();
    // Enough for rounds twice as fast as any seen.
    let wanted = ((options.seconds * options.rounds as f64 * 12_000.0) as u64).clamp(10_000, 1_000_000);
    let mut made = one.stock.generate(&one.site, 1, wanted).await?;
    let (_, keys) = made.pop().context("no batch")?;
    let keys = Rc::new(keys);
    let mut figure = Figure::new(format!("first use, {name}, {CONNECTIONS} connections, against verify"), "/s").bound(Bound::AtLeast(0.5));
    let mut used = 0;
    for _ in 0..options.rounds {
        let plain = verify::any(one.site.address, &one.stock.credentials, &one.keys, CONNECTIONS, options.seconds)?;
        let first = verify::once(one.site.address, &one.stock.credentials, &keys, used, CONNECTIONS, options.seconds)?;
        // Connections end each at their own place: go on where none has been.
        used = (used + usize::try_from(first.answered)? + CONNECTIONS * 64).min(keys.0.len());
        say(&format!("{name}: first use {:.0}/s, verify {:.0}/s", first.rate(), plain.rate()));
        figure.values.push(first.rate());
        figure.baseline.push(plain.rate());
        if used == keys.0.len() {
            break;
        }
    }
    Ok(figure)
}

async fn prepared(options: &Options, engine: Engine, figures: &mut Vec<Figure>) -> Result<Ready> {
    let folder = options.folder.join(format!("{engine:?}").to_lowercase());
    fresh_folder(&folder)?;
    let url = match engine {
        Engine::Sqlite => format!("sqlite://{}", folder.join("cuekey.db").display()),
        Engine::Postgres => dataset::make_database(&options.postgres, "bench_cuekey").await?,
    };
    let place = Place { cuekey: options.cuekey.clone(), folder, engine, url };
    say(&format!("{}: {} keys", engine.name(), options.keys));
    let stock = Stock::prepare(&place).await?;
    let (site, _) = place.serve().await?;
    let idle = stock_figures::idle(&site).await?;
    let mut made = stock.generate(&site, 1, options.keys).await?;
    if !options.only_verify {
        figures.push(stock_figures::idle_figure(&site, idle));
        figures.extend(stock_figures::generation_and_exports(&site, &stock, idle, options.keys).await?);
    }
    site.stop()?;
    let (batch, keys) = made.remove(0);
    dataset::activate(&place, &batch, 0).await?;
    let (site, ready) = place.serve().await?;
    let mut start = Figure::new(format!("start until /readyz, {}, {} keys", engine.name(), options.keys), "s");
    start.values.push(ready.as_secs_f64());
    figures.push(start);
    Ok(Ready { site, stock, keys: Rc::new(keys) })
}

fn report(options: &Options, figures: &[Figure]) -> Result<()> {
    println!("{HEAD}");
    figures.iter().for_each(|figure| println!("{}", figure.row()));
    let path = options.folder.join("figures.json");
    std::fs::write(&path, serde_json::to_string_pretty(figures)?)?;
    say(&format!("written to {}", path.display()));
    let failed = figures.iter().filter(|figure| figure.holds() == Some(false)).count();
    if failed > 0 {
        say(&format!("{failed} of {} figures fall short of what is asked", figures.len()));
    }
    Ok(())
}
