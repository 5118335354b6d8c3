//! Generating keys, exporting them, and the memory that takes; and a batch that is cancelled.

mod cancel;

use anyhow::{Context, Result};
use std::time::Duration;

use crate::clock::{Stopwatch, pause};
use crate::dataset::Stock;
use crate::figure::{Bound, Figure};
use crate::ready;
use crate::run::Options;
use crate::say;
use crate::site::{Engine, Place, Site};

const MIB: f64 = 1024.0;
/// Whoever waits for a batch sees it grow: so many different numbers of keys, asked four times a second.
const LEAST_PLACES: f64 = 6.0;
/// As many rounds as were asked for, so many times.
const MOST_TIMES: usize = 4;

/// Each database by itself, in an installation of its own that is removed afterwards.
pub async fn measure(options: &Options) -> Result<Vec<Figure>> {
    let mut figures = Vec::new();
    for engine in options.databases.iter().copied() {
        let place = ready::place(options, engine, "generate").await?;
        let stock = Stock::prepare(&place).await?;
        let mut these = Figures::new(engine, options.keys);
        while these.wants_more(options) {
            these.round(&place, &stock, options.keys).await?;
        }
        figures.extend(these.all());
        figures.push(cancel::figure(&place, &stock, options.keys).await?);
        place.remove(&options.postgres).await?;
    }
    Ok(figures)
}

struct Figures {
    idle: Figure,
    rate: Figure,
    progress: Figure,
    generating: Figure,
    exports: [(&'static str, Figure); 2],
}

impl Figures {
    fn new(engine: Engine, keys: u64) -> Self {
        let name = engine.name();
        let mut rate = Figure::new(format!("generate {keys} keys, {name}"), "keys/s");
        if engine == Engine::Sqlite {
            rate = rate.bound(Bound::AtLeast(50_000.0));
        }
        let added = |what: String| Figure::new(format!("memory added by {what}, {name}"), "MiB").bound(Bound::AtMost(64.0));
        Self {
            idle: Figure::new(format!("memory, idle, {name}"), "MiB").bound(Bound::AtMost(80.0)),
            rate,
            progress: Figure::new(format!("progress seen while {keys} keys were made, {name}"), "places")
                .bound(Bound::AtLeast(LEAST_PLACES)),
            generating: added(format!("generating {keys} keys")),
            exports: ["csv", "xlsx"].map(|format| (format, added(format!("{keys} keys to {}", format.to_uppercase())))),
        }
    }

    /// A batch may be made sooner than a round lasts elsewhere: then there are more of them, until as much time has been measured. Where
    /// batches are so small that this takes too many, it is not, and the figure is not finished.
    fn wants_more(&self, options: &Options) -> bool {
        let (rounds, measured) = (self.rate.values.len(), self.rate.measured.unwrap_or_default());
        let wanted = options.seconds * options.rounds as f64;
        rounds < options.rounds || (measured < wanted && rounds < options.rounds * MOST_TIMES)
    }

    /// A server that has just started makes a batch; others that have just started export it. What each adds in memory is its
    /// highest, compared with that server before it did anything.
    async fn round(&mut self, place: &Place, stock: &Stock, keys: u64) -> Result<()> {
        let (mut site, _) = place.serve().await?;
        pause(Duration::from_secs(2)).await;
        let idle = site.memory()?.now;
        self.idle.values.push(mib(idle));
        let agent = stock.agent(&site).await?;

        settled(&site).await?;
        let mut seen = Vec::new();
        let mut memory = Vec::new();
        let watch = Stopwatch::start();
        let look = |made| {
            seen.push(made);
            memory.extend(site.memory().ok().map(|memory| (watch.seconds(), mib(memory.now))));
        };
        let (batch, seconds) = agent.batch(&stock.project, keys, look).await?;
        if self.generating.curve.is_empty() {
            self.generating.curve = memory;
        }
        self.rate.values.push(keys as f64 / seconds);
        self.rate.lasted(seconds);
        seen.dedup();
        self.progress.values.push(seen.len() as f64);
        self.generating.values.push(added(&site, idle)?);

        for (format, figure) in &mut self.exports {
            site.stop()?;
            (site, _) = place.serve().await?;
            pause(Duration::from_secs(2)).await;
            let idle = site.memory()?.now;
            let agent = stock.agent(&site).await?;
            settled(&site).await?;
            let watch = Stopwatch::start();
            let length = agent.export(&batch, format).await?;
            figure.values.push(added(&site, idle)?);
            figure.note = format!("{:.1} MiB in {:.1} s", length as f64 / MIB / MIB, watch.seconds());
        }
        let last = |figure: &Figure| figure.values.last().copied().context("a round without a value");
        say(&format!(
            "{}: {:.0} keys/s, idle {:.1} MiB, generating +{:.1}, CSV +{:.1}, XLSX +{:.1}",
            place.engine.name(),
            last(&self.rate)?,
            last(&self.idle)?,
            last(&self.generating)?,
            last(&self.exports[0].1)?,
            last(&self.exports[1].1)?
        ));
        site.stop()
    }

    fn all(self) -> Vec<Figure> {
        [self.idle, self.rate, self.progress, self.generating]
            .into_iter()
            .chain(self.exports.into_iter().map(|(_, figure)| figure))
            .collect()
    }
}

async fn settled(site: &Site) -> Result<()> {
    pause(Duration::from_secs(2)).await;
    site.forget_peak()
}

fn added(site: &Site, idle: u64) -> Result<f64> {
    Ok(mib(site.memory()?.peak.saturating_sub(idle)))
}

fn mib(kib: u64) -> f64 {
    kib as f64 / MIB
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Only {
        #[command(flatten)]
        options: Options,
    }

    #[test]
    fn batches_that_are_made_soon_are_made_until_a_minute_is_measured() {
        let options = Only::parse_from(["bench", "--cuekey", "cuekey", "--postgres", "postgres://", "--folder", "folder"]).options;
        let rounds = |seconds: f64| {
            let mut these = Figures::new(Engine::Sqlite, 1_000_000);
            while these.wants_more(&options) {
                these.rate.values.push(1_000_000.0 / seconds);
                these.rate.lasted(seconds);
            }
            these.rate.values.len()
        };
        assert_eq!([rounds(20.0), rounds(12.0), rounds(7.0), rounds(0.5)], [5, 5, 9, 20]);
    }
}
