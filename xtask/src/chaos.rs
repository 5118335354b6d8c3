//! `cargo xtask chaos`: builds the program and its tormentor, lets the one loose on the other, and draws what happened.
//!
//! What is done and looked at is in `crates/chaos`; docs/reliability.md says what came of it ([`report`]).

mod report;

use std::path::PathBuf;
use std::process::{Command, ExitCode};

use anyhow::Result;
use clap::Args;

use crate::log::Log;
use crate::workspace::Workspace;
use crate::{install, machine, npm, process};

/// Where plots stand that docs/reliability.md shows.
const DOCS: &str = "docs/plots";

#[derive(Args)]
pub struct Options {
    /// Repeats a run; a new seed each time where it is left out
    #[arg(long)]
    seed: Option<u64>,
    /// These scenarios only
    #[arg(long, value_name = "NAME", num_args = 1.., value_delimiter = ',')]
    only: Vec<String>,
    /// How often the server is killed on each database [default: 200]
    #[arg(long)]
    kills: Option<u32>,
    /// sqlite or postgres
    #[arg(long)]
    database: Option<String>,
    /// A few seconds of each scenario, as `cargo xtask test` does
    #[arg(long)]
    short: bool,
    /// Tries the program with optimisations
    #[arg(long)]
    release: bool,
    /// Keeps what was found in docs/plots, and rewrites the table in docs/reliability.md and the plots from it
    #[arg(long)]
    docs: bool,
    /// Runs nothing, and writes the last run again
    #[arg(long)]
    draw: bool,
}

pub fn run(workspace: &Workspace, options: &Options) -> Result<ExitCode> {
    if options.draw {
        return write(workspace, options).map(|()| ExitCode::SUCCESS);
    }
    let mut log = Log::terminal();
    let mut driver = prepare(workspace, options.release, &mut log)?;
    if let Some(seed) = options.seed {
        driver.args(["--seed", &seed.to_string()]);
    }
    if let Some(kills) = options.kills {
        driver.args(["--kills", &kills.to_string()]);
    }
    if let Some(database) = &options.database {
        driver.args(["--database", database]);
    }
    if options.short {
        driver.arg("--short");
    }
    for name in &options.only {
        driver.args(["--only", name]);
    }
    let (status, _) = log.observe(&mut driver)?;
    write(workspace, options)?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The driver's command, with the program built.
pub fn prepare(workspace: &Workspace, release: bool, log: &mut Log) -> Result<Command> {
    install::ensure(&["postgresql"], log)?;
    npm::ensure_dist(&workspace.root)?;
    let cuekey = workspace.build_cuekey(release, log)?;
    log.run(workspace.cargo().args(["build", "--package", "chaos"]))?;
    let out = out(workspace)?;
    // What an earlier run left is not this one's.
    if out.exists() {
        std::fs::remove_dir_all(&out)?;
    }
    let mut driver = process::command(workspace.target.join("debug/chaos"));
    driver.arg("--cuekey").arg(cuekey).arg("--out").arg(out).args(["--commit", &workspace.commit()]);
    let build = if release { "release" } else { "development" };
    driver.args(["--machine", &format!("{build} build, {}", machine::described())]);
    Ok(driver)
}

fn out(workspace: &Workspace) -> Result<PathBuf> {
    Ok(workspace.scratch()?.join("chaos"))
}

fn write(workspace: &Workspace, options: &Options) -> Result<()> {
    let out = out(workspace)?;
    let found = report::read(&out)?;
    if !options.docs {
        return report::draw(&found, &out);
    }
    let plots = workspace.root.join(DOCS);
    let kept = report::keep(found, &plots.join("chaos.json"))?;
    report::draw(&kept, &plots)?;
    report::write_into(&workspace.root.join("docs/reliability.md"), &kept)
}
