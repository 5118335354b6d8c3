//! Few connections: verifications against what one transaction for each would be.

use anyhow::Result;

use crate::dataset;
use crate::figure::{Bound, Figure};
use crate::ready::Ready;
use crate::run::Options;
use crate::site::Bare;
use crate::verify;

const CONNECTIONS: usize = 8;

/// The baseline works on a copy, removed afterwards.
pub async fn measure(options: &Options, pair: &mut [Ready]) -> Result<Vec<Figure>> {
    let mut figures = Vec::new();
    for one in pair {
        one.site.stop()?;
        let copy = dataset::copy(&one.site.place, &options.postgres, "lone").await?;
        one.restart().await?;
        let length = verify::answer_length(one.site.address, &one.stock.credentials, &one.keys).await?;
        let lone = Bare::start(&one.stock.secret, length, Some(&copy.url)).await?;
        figures.push(compare(options, one, &lone)?);
        drop(lone);
        copy.remove(&options.postgres).await?;
    }
    Ok(figures)
}

fn compare(options: &Options, one: &Ready, lone: &Bare) -> Result<Figure> {
    let name = format!("verify, {}, {CONNECTIONS} connections, against one transaction each", one.name());
    let mut rate = Figure::new(name, "/s").bound(Bound::AtLeast(1.0));
    let credentials = lone.credentials(&one.stock.credentials);
    for _ in 0..options.rounds {
        let base = verify::any(lone.address, &credentials, &one.keys, CONNECTIONS, options.seconds)?;
        let outcome = one.verify(CONNECTIONS, options.seconds)?;
        rate.round(one.name(), ("one transaction each", &base), ("product", &outcome));
    }
    Ok(rate)
}
