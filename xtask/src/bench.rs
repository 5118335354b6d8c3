//! `cargo xtask bench`: a release build of the program, measured by `crates/bench` beside a PostgreSQL with its own settings.

mod report;

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use clap::Args;

use crate::log::Log;
use crate::machine::machine;
use crate::services::postgres::{Manner, Server};
use crate::workspace::Workspace;
use crate::{install, npm, process};

/// All parts take some hours: longer than any other command may.
const LONGEST: Duration = Duration::from_secs(24 * 3_600);

#[derive(Args)]
pub struct Options {
    /// Rewrites the figures in docs/benchmarks.md and the plots in docs/plots
    #[arg(long)]
    docs: bool,
    /// Measures nothing, and writes the last run again
    #[arg(long)]
    draw: bool,
    /// These parts alone, such as `venue`
    parts: Vec<String>,
    /// What the measurement itself takes: see `cargo xtask bench -- --help`
    #[arg(last = true)]
    arguments: Vec<String>,
}

pub fn run(workspace: &Workspace, options: &Options) -> Result<ExitCode> {
    let out = workspace.scratch()?.join("bench");
    let mut code = ExitCode::SUCCESS;
    if !options.draw {
        code = measure(workspace, options, &out)?;
    }
    let found = out.join("figures.json");
    // `--help` measures nothing either.
    if found.exists() {
        write(workspace, options, &found)?;
    }
    Ok(code)
}

fn measure(workspace: &Workspace, options: &Options, out: &Path) -> Result<ExitCode> {
    let mut log = Log::terminal();
    // Before anything is built, and both at once.
    let compares_brokers = options.parts.is_empty() || options.parts.iter().any(|part| part == "venue");
    let needed: &[&str] = if compares_brokers { &["postgresql", "mosquitto"] } else { &["postgresql"] };
    install::ensure(needed, &mut log)?;
    npm::ensure_dist(&workspace.root)?;
    let cuekey = workspace.build_cuekey(true, &mut log)?;
    log.run(workspace.cargo().args(["build", "--release", "--package", "bench"]))?;
    std::fs::create_dir_all(out)?;
    let mut own_words = Log::file(out.join("postgres.log"))?;
    let postgres = Server::start(Manner::Durable, &mut own_words)?;
    let mut bench = process::command(workspace.target.join("release/bench"));
    bench.arg("run").arg("--cuekey").arg(cuekey).args(["--postgres", &postgres.url]).arg("--folder").arg(out);
    bench.args(["--commit", &workspace.commit(), "--machine", &machine()]);
    if let Some(mosquitto) = install::mosquitto() {
        bench.arg("--mosquitto").arg(mosquitto);
    }
    if !options.parts.is_empty() {
        bench.args(["--only", &options.parts.join(",")]);
    }
    bench.args(&options.arguments);
    let status = log.start(&mut bench)?.wait(LONGEST, |_| ())?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn write(workspace: &Workspace, options: &Options, found: &Path) -> Result<()> {
    let mut report = report::read(found)?;
    if options.docs {
        let plots = workspace.root.join("docs/plots");
        report::keep(&mut report, &plots.join("bench.json"))?;
        let pictures = report::draw(&report, &plots)?;
        report::write_into(&workspace.root.join("docs/benchmarks.md"), &report, &pictures)
    } else {
        report::draw(&report, &workspace.scratch()?.join("bench")).map(drop)
    }
}
