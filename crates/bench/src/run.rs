//! The measurement, from an empty folder to the report.

use std::path::PathBuf;
use std::rc::Rc;

use anyhow::Result;
use clap::Args;

use crate::dataset::{self, Stock};
use crate::program::Keys;
use crate::site::{Bare, Engine, Place, Site, fresh_folder};
use crate::{say, verify};

#[derive(Args)]
pub struct Options {
    /// The program that is measured
    #[arg(long)]
    cuekey: PathBuf,
    /// A PostgreSQL to make databases in
    #[arg(long)]
    postgres: String,
    #[arg(long)]
    folder: PathBuf,
    #[arg(long, default_value_t = 1_000_000)]
    keys: u64,
    #[arg(long, default_value_t = 15.0)]
    seconds: f64,
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    #[arg(long, value_delimiter = ',', default_value = "256,64,8")]
    connections: Vec<usize>,
}

pub async fn run(options: Options) -> Result<()> {
    let mut sites = Vec::new();
    for engine in Engine::BOTH {
        sites.push(prepared(&options, engine).await?);
    }
    let (site, stock, keys) = &sites[0];
    let length = verify::answer_length(site.address, &stock.credentials, keys).await?;
    let mut bares = Vec::new();
    for (_, stock, _) in &sites {
        bares.push(Bare::start(&stock.secret, length).await?);
    }
    for connections in options.connections.iter().copied() {
        for round in 0..options.rounds {
            let (before, own) = (bares[0].processor()?, crate::site::processor(std::process::id())?);
            let bare =
                verify::any(bares[0].address, &bares[0].credentials(&sites[0].1.credentials), &sites[0].2, connections, options.seconds)?;
            let each = |before: u64, after: u64, n: u64| (after - before) as f64 / n as f64;
            let load = each(own, crate::site::processor(std::process::id())?, bare.answered);
            let cpu = each(before, bares[0].processor()?, bare.answered);
            let mut line = format!(
                "{connections} connections, round {round}: bare {:.0}/s (p99 {:.1} ms, {cpu:.0} us + load {load:.0} us)",
                bare.rate(),
                bare.quantile(0.99)
            );
            for (site, stock, keys) in &sites {
                let before = site.processor()?;
                let outcome = verify::any(site.address, &stock.credentials, keys, connections, options.seconds)?;
                line += &format!(
                    "; {} {:.0}/s = {:.2} ({:.0} us, p50 {:.1}, p99 {:.1}, max {:.1} ms)",
                    site.place.engine.name(),
                    outcome.rate(),
                    outcome.rate() / bare.rate(),
                    each(before, site.processor()?, outcome.answered),
                    outcome.quantile(0.5),
                    outcome.quantile(0.99),
                    outcome.quantile(1.0)
                );
            }
            say(&line);
        }
    }
    Ok(())
}

async fn prepared(options: &Options, engine: Engine) -> Result<(Site, Stock, Rc<Keys>)> {
    let folder = options.folder.join(format!("{engine:?}").to_lowercase());
    fresh_folder(&folder)?;
    let url = match engine {
        Engine::Sqlite => format!("sqlite://{}", folder.join("cuekey.db").display()),
        Engine::Postgres => dataset::make_database(&options.postgres, "bench_small").await?,
    };
    let place = Place { cuekey: options.cuekey.clone(), folder, engine, url };
    say(&format!("{}: {} keys", engine.name(), options.keys));
    let stock = Stock::prepare(&place).await?;
    let (site, _) = place.serve().await?;
    let mut made = stock.generate(&site, 1, options.keys).await?;
    site.stop()?;
    let (batch, keys) = made.remove(0);
    dataset::activate(&place, &batch, 0).await?;
    let (site, ready) = place.serve().await?;
    say(&format!("  ready after {:.3} s", ready.as_secs_f64()));
    Ok((site, stock, Rc::new(keys)))
}
