//! Verifications with years of calls in the log, against an empty log.

use std::rc::Rc;

use anyhow::Result;

use crate::dataset;
use crate::figure::{Bound, Figure};
use crate::history;
use crate::ready::Ready;
use crate::run::Options;
use crate::say;
use crate::site::Place;

const CONNECTIONS: usize = 256;
const GIB: f64 = 1_073_741_824.0;

/// Two copies of one installation: one log is emptied, the other one filled. Removed afterwards.
pub async fn measure(options: &Options, pair: &mut [Ready]) -> Result<Vec<Figure>> {
    let mut figures = Vec::new();
    for one in pair {
        one.site.stop()?;
        history::empty(&one.site.place).await?;
        let copy = dataset::copy(&one.site.place, &options.postgres, "log").await?;
        let before = dataset::size(&copy).await?;
        history::fill(&copy, options.log_rows).await?;
        let bytes = dataset::size(&copy).await? - before;
        say(&format!("  {}: {:.2} GiB, {:.0} bytes a call", copy.engine.name(), bytes / GIB, bytes / options.log_rows as f64));
        one.restart().await?;
        figures.push(compare(options, one, &copy).await?);
        copy.remove(&options.postgres).await?;
    }
    Ok(figures)
}

async fn compare(options: &Options, empty: &Ready, copy: &Place) -> Result<Figure> {
    let full = Ready { site: copy.serve().await?.0, stock: empty.stock.clone(), keys: Rc::clone(&empty.keys) };
    let name = format!("verify, {}, {CONNECTIONS} connections, {} calls in the log against none", empty.name(), options.log_rows);
    let mut rate = Figure::new(name, "/s").bound(Bound::AtLeast(0.8));
    for _ in 0..options.rounds {
        let base = empty.verify(CONNECTIONS, options.seconds)?;
        let outcome = full.verify(CONNECTIONS, options.seconds)?;
        rate.round(empty.name(), ("empty log", &base), (&format!("{} calls", options.log_rows), &outcome));
    }
    Ok(rate)
}
