//! First uses, which bind a device and activate a key, against plain verifications. At the end what was answered is compared with what is stored.

use std::rc::Rc;

use anyhow::{Result, ensure};

use crate::figure::{Bound, Figure};
use crate::ready::Ready;
use crate::run::Options;
use crate::say;
use crate::stored::Answers;
use crate::verify;

const CONNECTIONS: usize = 256;

pub async fn measure(options: &Options, pair: &mut [Ready]) -> Result<Vec<Figure>> {
    let mut figures = Vec::new();
    for one in pair {
        figures.push(first_uses(options, one).await?);
    }
    Ok(figures)
}

/// So many for each second of a round that none comes to its end.
const KEYS_A_SECOND: f64 = 40_000.0;

/// Plain verifications and first uses of new keys, a batch for each round, take turns.
async fn first_uses(options: &Options, one: &mut Ready) -> Result<Figure> {
    let name = one.name();
    let wanted = ((options.seconds * KEYS_A_SECOND) as u64).clamp(10_000, 1_000_000);
    let mut batches = Vec::new();
    for _ in 0..options.rounds {
        batches.push(Rc::new(one.stock.generate(&one.site, wanted).await?.1));
    }
    let mut figure = Figure::new(format!("first use, {name}, {CONNECTIONS} connections, against verify"), "/s").bound(Bound::AtLeast(0.5));
    let mut answers = Answers::begin(&one.site.place).await?;
    for new in &batches {
        let plain = answers.during(|| one.verify(CONNECTIONS, options.seconds))?;
        let uses = || verify::once(one.site.address, &one.stock.credentials, new, CONNECTIONS, options.seconds);
        let first = answers.during_first_uses(uses)?;
        ensure!(first.answered < wanted, "{name}: all {wanted} keys of a round were used before it was over");
        figure.round(name, ("verify", &plain), ("first use", &first));
    }
    let found = answers.check(one).await?;
    say(&format!("  {name}: {found}"));
    figure.note += &format!("; {found}");
    Ok(figure)
}
