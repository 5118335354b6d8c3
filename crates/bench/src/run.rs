//! The measurement, from empty databases to the report: one part after another.

use std::path::PathBuf;
use std::rc::Rc;

use anyhow::{Result, ensure};
use clap::{Args, ValueEnum};

use crate::clock::Stopwatch;
use crate::conditions;
use crate::figure::Figure;
use crate::pages::{self, Pages};
use crate::parts;
use crate::parts::venue::Sizes;
use crate::ready::Pair;
use crate::report::Report;
use crate::say;
use crate::site::Engine;

/// What is measured, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// Memory, and generating and exporting keys
    Generate,
    /// Verifications against a bare route
    Verify,
    /// Verifications over few connections, against one transaction for each
    Lone,
    /// First uses against verifications
    FirstUse,
    /// Verifications beside a flood of sign-ins
    Flood,
    /// How soon a disabled key is refused
    Disable,
    /// Quota transfers against a loop by hand
    Transfers,
    /// Many times as many keys, against the usual number
    Large,
    /// Verifications with years of calls in the log, against an empty log
    Log,
    /// Pages of long lists
    Pages,
    /// Pages of the log of calls
    Calls,
    /// Tables, lamps, and the broker
    Venue,
    /// A day of customers at many tables
    Day,
}

impl Part {
    /// As the command line has it.
    pub fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }
}

/// Unless somebody says otherwise.
pub const CONNECTIONS: [usize; 3] = [256, 64, 8];

#[derive(Args)]
pub struct Options {
    /// The program that is measured
    #[arg(long)]
    pub cuekey: PathBuf,
    /// A PostgreSQL to make databases in
    #[arg(long)]
    pub postgres: String,
    /// Where SQLite's databases and the logs go
    #[arg(long)]
    pub folder: PathBuf,
    /// What is measured, for the report
    #[arg(long, default_value = "unknown")]
    pub commit: String,
    /// On what, likewise
    #[arg(long, default_value = "unknown")]
    pub machine: String,
    /// These parts alone
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = Part::value_variants().to_vec(), hide_default_value = true)]
    pub only: Vec<Part>,
    /// Keys in use when verifications are measured, and in a batch that is generated
    #[arg(long, default_value_t = 1_000_000)]
    pub keys: u64,
    /// How long each round of a figure lasts
    #[arg(long, default_value_t = 12.0)]
    pub seconds: f64,
    #[arg(long, default_value_t = 5)]
    pub rounds: usize,
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = Engine::BOTH)]
    pub databases: Vec<Engine>,
    #[arg(long, value_delimiter = ',', default_values_t = CONNECTIONS)]
    pub connections: Vec<usize>,
    /// How many times as many keys are many
    #[arg(long, default_value_t = 10)]
    pub times: usize,
    /// Calls in the log of years
    #[arg(long, default_value_t = 50_000_000)]
    pub log_rows: u64,
    /// Connections that flood the server with sign-ins
    #[arg(long, default_value_t = 256)]
    pub flooding: usize,
    /// Somebody else's MQTT broker
    #[arg(long, default_value = "/usr/sbin/mosquitto")]
    pub mosquitto: PathBuf,
    #[command(flatten)]
    pub venue: Sizes,
    #[command(flatten)]
    pub pages: Pages,
}

pub async fn run(options: Options) -> Result<()> {
    // Or the keys that are asked about would not lie evenly over the batches.
    ensure!(options.keys.is_multiple_of(options.times as u64), "--keys has to be a multiple of --times");
    let options = Rc::new(options);
    let mut pair = Pair::new(&options);
    std::fs::create_dir_all(&options.folder)?;
    let mut report = Report::begin(&options).await?;
    let mut unfinished = Vec::new();
    for part in Part::value_variants().iter().filter(|part| options.only.contains(part)) {
        let name = part.name();
        say(&format!("== {name}"));
        let watch = Stopwatch::start();
        let measured = measure(*part, &options, &mut pair).await;
        match measured {
            // Of other lists than are asked for.
            Ok(figures) if figures.is_empty() => say(&format!("== {name}: nothing was asked for")),
            Ok(figures) => {
                figures.iter().for_each(|figure| say(&figure.row()));
                unfinished.extend(conditions::missing(*part, &options, &figures));
                report.add(&name, &conditions::said(*part, &options, &figures), watch.seconds(), figures)?;
                say(&format!("== {name}: {:.0} s", watch.seconds()));
            }
            Err(error) => {
                say(&format!("== {name} was not finished: {error:#}"));
                unfinished.push(format!("part {name}: {error:#}"));
                // It may have left them in any state; the next part that needs them has new ones.
                pair = Pair::new(&options);
            }
        }
    }
    let (table, short) = report.table();
    println!("{table}");
    verdict(short, &unfinished)
}

/// A run in which something falls short has failed, and so has one that has not measured all that it should: whoever reads no
/// table must notice.
fn verdict(short: usize, unfinished: &[String]) -> Result<()> {
    let short = (short > 0).then(|| format!("figures that fall short of what is asked: {short}"));
    let unfinished = (!unfinished.is_empty()).then(|| format!("not finished: {}", unfinished.join("; ")));
    let wrong: Vec<String> = short.into_iter().chain(unfinished).collect();
    ensure!(wrong.is_empty(), "{}", wrong.join("; "));
    Ok(())
}

/// A part that works on an installation with keys in use takes the pair; what changes an installation for good makes its own.
async fn measure(part: Part, options: &Options, pair: &mut Pair) -> Result<Vec<Figure>> {
    match part {
        Part::Generate => parts::generate::measure(options).await,
        Part::Verify => parts::verify::measure(options, pair.both().await?).await,
        Part::Lone => parts::lone::measure(options, pair.both().await?).await,
        Part::FirstUse => parts::first_use::measure(options, pair.both().await?).await,
        Part::Large => parts::large::measure(options, pair.both().await?).await,
        Part::Log => parts::log::measure(options, pair.both().await?).await,
        Part::Flood => parts::flood::measure(options, pair.both().await?).await,
        Part::Disable => parts::disable::measure(options, pair.both().await?).await,
        Part::Transfers => parts::transfers::measure(options).await,
        Part::Pages => pages::figures(options, |list| list != pages::CALLS).await,
        Part::Calls => pages::figures(options, |list| list == pages::CALLS).await,
        Part::Venue => parts::venue::measure(options).await,
        Part::Day => parts::venue::day(options).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_falls_short_or_has_not_measured_all_has_failed() {
        assert!(verdict(0, &[]).is_ok());
        let said = |short, unfinished: &[String]| verdict(short, unfinished).unwrap_err().to_string();
        assert_eq!(said(2, &[]), "figures that fall short of what is asked: 2");
        assert_eq!(said(0, &["part log: no disk".to_owned()]), "not finished: part log: no disk");
        assert_eq!(said(1, &["a".to_owned(), "b".to_owned()]), "figures that fall short of what is asked: 1; not finished: a; b");
    }
}
