//! Generating keys, exporting them, and the memory that takes.

use anyhow::Result;
use std::time::Duration;

use crate::clock::{Stopwatch, pause};
use crate::dataset::Stock;
use crate::figure::{Bound, Figure};
use crate::say;
use crate::site::{Engine, Site};

const MIB: f64 = 1024.0;

/// Resident memory of a server that has just started and does nothing, in KiB.
pub async fn idle(site: &Site) -> Result<u64> {
    pause(Duration::from_secs(2)).await;
    Ok(site.memory()?.now)
}

pub fn idle_figure(site: &Site, idle: u64) -> Figure {
    let mut figure = Figure::new(format!("memory, idle, {}", site.place.engine.name()), "MiB").bound(Bound::AtMost(80.0));
    figure.values.push(idle as f64 / MIB);
    figure
}

/// A second batch, and its two exports. What each adds in memory is its highest, compared with the idle server before the
/// first: what an earlier one left behind counts as well.
pub async fn generation_and_exports(site: &Site, stock: &Stock, idle: u64, keys: u64) -> Result<Vec<Figure>> {
    let name = site.place.engine.name();
    let agent = stock.agent(site).await?;
    let mut figures = Vec::new();

    settled(site).await?;
    let mut seen = Vec::new();
    let (batch, seconds) = agent.batch(&stock.project, keys, |made| seen.push(made)).await?;
    let mut rate = Figure::new(format!("generate {keys} keys, {name}"), "keys/s");
    if site.place.engine == Engine::Sqlite {
        rate = rate.bound(Bound::AtLeast(50_000.0));
    }
    rate.values.push(keys as f64 / seconds);
    seen.dedup();
    rate.note = format!("progress seen at {} places", seen.len());
    figures.push(rate);
    figures.push(added(format!("memory added by generating {keys} keys, {name}"), site, idle)?);

    for format in ["csv", "xlsx"] {
        settled(site).await?;
        let watch = Stopwatch::start();
        let length = agent.export(&batch, format).await?;
        let mut figure = added(format!("memory added by {keys} keys to {}, {name}", format.to_uppercase()), site, idle)?;
        figure.note = format!("{:.1} MiB in {:.1} s", length as f64 / MIB / MIB, watch.seconds());
        say(&format!("  {format}: {}", figure.note));
        figures.push(figure);
    }
    Ok(figures)
}

async fn settled(site: &Site) -> Result<()> {
    pause(Duration::from_secs(2)).await;
    site.forget_peak()
}

fn added(name: String, site: &Site, idle: u64) -> Result<Figure> {
    let mut figure = Figure::new(name, "MiB").bound(Bound::AtMost(64.0));
    figure.values.push(site.memory()?.peak.saturating_sub(idle) as f64 / MIB);
    Ok(figure)
}
