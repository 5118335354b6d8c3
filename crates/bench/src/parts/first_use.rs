//! First uses, which bind a device and activate a key, against plain verifications.

use std::rc::Rc;

use anyhow::Result;

use crate::figure::{Bound, Figure};
use crate::ready::Ready;
use crate::run::Options;
use crate::say;
use crate::verify;

const CONNECTIONS: usize = 256;

pub async fn measure(options: &Options, pair: &[Ready]) -> Result<Vec<Figure>> {
    let mut figures = Vec::new();
    for one in pair {
        figures.push(first_uses(options, one).await?);
    }
    Ok(figures)
}

/// Plain verifications and first uses of new keys take turns.
async fn first_uses(options: &Options, one: &Ready) -> Result<Figure> {
    let name = one.name();
    // Enough for rounds twice as fast as any seen.
    let wanted = ((options.seconds * options.rounds as f64 * 12_000.0) as u64).clamp(10_000, 1_000_000);
    let keys = Rc::new(one.stock.generate(&one.site, wanted).await?.1);
    let mut figure = Figure::new(format!("first use, {name}, {CONNECTIONS} connections, against verify"), "/s").bound(Bound::AtLeast(0.5));
    let mut used = 0;
    for _ in 0..options.rounds {
        let plain = verify::any(one.site.address, &one.stock.credentials, &one.keys, CONNECTIONS, options.seconds)?;
        let first = verify::once(one.site.address, &one.stock.credentials, &keys, used, CONNECTIONS, options.seconds)?;
        // Connections end each at their own place: go on where none has been.
        used = (used + usize::try_from(first.answered)? + CONNECTIONS * 64).min(keys.texts.len());
        say(&format!("{name}: first use {:.0}/s, verify {:.0}/s", first.rate(), plain.rate()));
        figure.values.push(first.rate());
        figure.baseline.push(plain.rate());
        if used == keys.texts.len() {
            break;
        }
    }
    Ok(figure)
}
