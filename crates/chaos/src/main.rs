//! The driver of `cargo xtask chaos`: starts the real program, has it used by 32 clients, breaks what it stands on, and
//! compares afterwards what was acknowledged with what is there.
//!
//! Begin with [`scenario`] and one of `scenarios/`; [`work`] is what a client does, [`audit`] what is compared.

mod audit;
mod book;
mod faults;
mod http;
mod load;
mod pg;
mod scenario;
mod scenarios;
mod server;
mod timeline;
mod work;
mod world;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Parser;
use kernel::{Clock, Random, Stopwatch};
use scenario::{Plan, Report};
use scenarios::{SCENARIOS, Scenario};
use store::Engine;
use tokio::sync::Mutex;

/// A scenario that takes longer has hung.
const LONGEST: Duration = Duration::from_secs(45 * 60);

#[derive(Parser)]
struct Options {
    /// The program under test
    #[arg(long)]
    cuekey: PathBuf,
    /// Where data for plots goes
    #[arg(long)]
    out: PathBuf,
    /// Repeats a run
    #[arg(long)]
    seed: Option<u64>,
    /// These scenarios only
    #[arg(long, num_args = 1.., value_delimiter = ',')]
    only: Vec<String>,
    /// How often the server is killed on each database
    #[arg(long, default_value_t = 200)]
    kills: u32,
    /// On this database only
    #[arg(long, value_parser = ["sqlite", "postgres"])]
    database: Option<String>,
    /// A few seconds of each
    #[arg(long)]
    short: bool,
    /// Which state of the source the program was built from
    #[arg(long, default_value = "unknown")]
    commit: String,
    /// How it was built, and on what machine it runs
    #[arg(long, default_value = "unknown")]
    machine: String,
}

fn main() -> Result<ExitCode> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(run(Options::parse()))
}

async fn run(options: Options) -> Result<ExitCode> {
    std::fs::create_dir_all(&options.out)?;
    let chosen = choose(&options)?;
    let seed = options.seed.unwrap_or_else(|| Random::system().below(1_000_000));
    let kills = if options.short { options.kills.min(6) } else { options.kills };
    let Options { cuekey, out, short, commit, machine, .. } = options;
    let plan = Plan { cuekey, seed, kills, short, out, commit, machine, began: Clock::System.now(), postgres: Mutex::default() };
    println!("seed {seed}, commit {}, {}; {}", plan.commit, plan.began, plan.machine);
    let (mut passed, mut failed) = (0, Vec::new());
    for (scenario, engine) in chosen {
        let name = scenario.full_name(engine);
        println!("\n== {name}: {}", scenario.about);
        let (watch, mut report) = (Stopwatch::start(), Report::default());
        let done = tokio::time::timeout(LONGEST, (scenario.run)(&plan, engine, &mut report)).await;
        let done = done.context("it took too long").and_then(|done| done);
        for line in report.did.iter().chain(&report.answers) {
            println!("   {line}");
        }
        for line in &report.looked {
            println!("   ✓ {line}");
        }
        scenario::write(&plan, &name, &report, done.is_ok())?;
        match done {
            Ok(()) => {
                passed += 1;
                println!("-- {name} ok, {:.1} s", watch.elapsed().as_secs_f64());
            }
            Err(error) => {
                let only = scenario.name;
                let line = format!("{name} FAILED with --seed {seed} --only {only} --kills {kills}: {error:#}");
                println!("-- {line}, {:.1} s", watch.elapsed().as_secs_f64());
                failed.push(line);
            }
        }
    }
    // Once more at the end, where it is still found if only that part of a long log is kept.
    println!();
    for line in &failed {
        println!("{line}");
    }
    println!("chaos: {passed} passed, {} failed", failed.len());
    Ok(if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn choose(options: &Options) -> Result<Vec<(&'static Scenario, Engine)>> {
    if let Some(unknown) = options.only.iter().find(|name| !SCENARIOS.iter().any(|scenario| scenario.name == **name)) {
        let names: Vec<&str> = SCENARIOS.iter().map(|scenario| scenario.name).collect();
        bail!("no scenario is called {unknown}; there are {}", names.join(", "));
    }
    let mut chosen = Vec::new();
    for scenario in SCENARIOS.iter().filter(|scenario| options.only.is_empty() || options.only.iter().any(|name| name == scenario.name)) {
        for engine in if options.short { scenario.short } else { scenario.engines } {
            let named = if *engine == Engine::Sqlite { "sqlite" } else { "postgres" };
            if options.database.as_deref().is_none_or(|wanted| wanted == named) {
                chosen.push((scenario, *engine));
            }
        }
    }
    Ok(chosen)
}
