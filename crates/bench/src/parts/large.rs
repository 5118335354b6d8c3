//! Ten times as many keys: verifications against those of the usual number, and the start.

use std::rc::Rc;

use anyhow::{Context, Result};

use crate::dataset::{self, Stock};
use crate::figure::{Bound, Figure};
use crate::nonces;
use crate::program::Keys;
use crate::ready::{self, Ready};
use crate::run::Options;
use crate::say;

const CONNECTIONS: usize = 256;

/// Each database by itself, removed afterwards: it takes several gigabytes.
pub async fn measure(options: &Options, pair: &[Ready]) -> Result<Vec<Figure>> {
    let mut figures = Vec::new();
    for usual in pair {
        let mut large = filled(options, usual).await?;
        figures.push(starts(options, &mut large).await?);
        figures.push(compare(options, usual, &large)?);
        large.remove(&options.postgres).await?;
    }
    Ok(figures)
}

/// Of a server that was busy until it ended. One after the other, before a sweep finds that nonces have become old. Afterwards all of these are
/// gone: verifications are compared by the number of keys alone.
async fn starts(options: &Options, large: &mut Ready) -> Result<Figure> {
    let name = format!("start until /readyz, {}, {} keys", large.name(), keys(options));
    let mut start = Figure::new(name, "s").bound(Bound::AtMost(0.5));
    large.site.stop()?;
    start.note = nonces::fill(&large.site.place).await?;
    for _ in 0..options.rounds {
        start.values.push(large.restart().await?.as_secs_f64());
    }
    large.site.stop()?;
    nonces::empty(&large.site.place).await?;
    large.restart().await?;
    Ok(start)
}

fn compare(options: &Options, usual: &Ready, large: &Ready) -> Result<Figure> {
    let keys = keys(options);
    let name = format!("verify, {}, {CONNECTIONS} connections, {keys} keys against {}", usual.name(), options.keys);
    let mut rate = Figure::new(name, "/s").bound(Bound::AtLeast(0.8));
    for _ in 0..options.rounds {
        let base = usual.verify(CONNECTIONS, options.seconds)?;
        let outcome = large.verify(CONNECTIONS, options.seconds)?;
        rate.round(usual.name(), (&format!("{} keys", options.keys), &base), (&format!("{keys} keys"), &outcome));
    }
    Ok(rate)
}

fn keys(options: &Options) -> u64 {
    options.keys * options.times as u64
}

/// As many batches of the usual number. Asked about is one key in so many, spread over all of them, so that every page of the
/// tables is as likely to be needed as if all keys were asked about.
async fn filled(options: &Options, usual: &Ready) -> Result<Ready> {
    let place = ready::place(options, usual.engine(), "large").await?;
    let stock = Stock::prepare(&place).await?;
    let mut keys = Keys { texts: Vec::new(), of_every: options.times };
    let mut batches = Vec::new();
    let (mut site, _) = place.serve().await?;
    for _ in 0..options.times {
        let (batch, some) = stock.generate_keeping(&site, options.keys, options.times).await?;
        keys.texts.extend(some.texts);
        batches.push(batch);
    }
    site.stop()?;
    for (n, batch) in batches.iter().enumerate() {
        dataset::activate(&place, batch, n as u64 * options.keys).await.with_context(|| format!("batch {batch}"))?;
    }
    let bytes = dataset::size(&place).await?;
    say(&format!(
        "  {}: {:.2} GiB, {:.0} bytes a key",
        place.engine.name(),
        bytes / GIB,
        bytes / (options.keys as f64 * options.times as f64)
    ));
    let (site, _) = place.serve().await?;
    Ok(Ready { site, stock, keys: Rc::new(keys) })
}

const GIB: f64 = 1_073_741_824.0;
