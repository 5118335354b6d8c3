//! Verifications against the bare route. At the end what was answered is compared with what is stored.

use anyhow::Result;

use crate::figure::{Bound, Figure};
use crate::ready::Ready;
use crate::run::Options;
use crate::say;
use crate::site::Bare;
use crate::stored::Answers;
use crate::verify;

pub async fn measure(options: &Options, pair: &mut [Ready]) -> Result<Vec<Figure>> {
    let mut answers = Vec::new();
    for one in pair.iter() {
        answers.push(Answers::begin(&one.site.place).await?);
    }
    let first = &pair[0];
    answers[0].one();
    let length = verify::answer_length(first.site.address, &first.stock.credentials, &first.keys).await?;
    let bare = Bare::start(&first.stock.secret, length, None).await?;
    let mut figures = Vec::new();
    for connections in options.connections.iter().copied() {
        figures.extend(verifications(options, connections, &bare, pair, &mut answers)?);
    }
    for (one, answers) in pair.iter_mut().zip(answers) {
        let (name, found) = (one.name(), answers.check(one).await?);
        say(&format!("  {name}: {found}"));
        if let Some(figure) = figures.iter_mut().find(|figure| figure.is_of(name)) {
            figure.note += &format!("; {found}");
        }
    }
    Ok(figures)
}

/// What is asked with so many connections: a share of the bare route's rate, and a p99 in milliseconds.
fn asked(connections: usize) -> (Option<f64>, f64) {
    match connections {
        256.. => (Some(0.5), 30.0),
        64.. => (Some(0.45), 15.0),
        _ => (None, 5.0),
    }
}

/// Bare and both products take turns.
fn verifications(options: &Options, connections: usize, bare: &Bare, pair: &[Ready], answers: &mut [Answers]) -> Result<Vec<Figure>> {
    let (least, most_ms) = asked(connections);
    let mut rates = Vec::new();
    let mut waits = Vec::new();
    for one in pair {
        let name = format!("verify, {}, {connections} connections", one.name());
        let rate = Figure::new(name.clone(), "/s");
        rates.push(match least {
            Some(least) => rate.bound(Bound::AtLeast(least)),
            None => rate,
        });
        waits.push(Figure::new(name + ", p99", "ms").bound(Bound::AtMost(most_ms)));
    }
    let mut costs = vec![0.0; pair.len()];
    let mut bare_cost = 0.0;
    for round in 0..options.rounds {
        let before = bare.processor()?;
        let credentials = bare.credentials(&pair[0].stock.credentials);
        let base = verify::any(bare.address, &credentials, &pair[0].keys, connections, options.seconds)?;
        bare_cost += (bare.processor()? - before) as f64 / base.answered as f64;
        let mut line =
            format!("{connections} connections, round {}: bare {:.0}/s (p99 {:.1} ms)", round + 1, base.rate(), base.quantile(0.99));
        for (n, one) in pair.iter().enumerate() {
            let before = one.site.processor()?;
            let outcome = answers[n].during(|| one.verify(connections, options.seconds))?;
            costs[n] += (one.site.processor()? - before) as f64 / outcome.answered as f64;
            rates[n].values.push(outcome.rate());
            rates[n].baseline.push(base.rate());
            rates[n].lasted(outcome.seconds);
            waits[n].lasted(outcome.seconds);
            waits[n].values.push(outcome.quantile(0.99));
            line += &format!(
                "; {} {:.0}/s = {:.2} (p99 {:.1} ms)",
                one.name(),
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
