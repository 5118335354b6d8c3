//! `cargo xtask bench`: a release build of the program, measured by `crates/bench` beside a PostgreSQL with its own settings.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

use crate::log::Log;
use crate::services::postgres::{Manner, Server};
use crate::workspace::Workspace;
use crate::{npm, process};

#[derive(Args)]
pub struct Options {
    /// What the measurement itself takes: see `cargo xtask bench -- --help`
    #[arg(last = true)]
    arguments: Vec<String>,
}

pub fn run(workspace: &Workspace, options: &Options) -> Result<ExitCode> {
    let mut log = Log::terminal();
    npm::ensure_dist(workspace)?;
    let cuekey = workspace.build_cuekey(true, &mut log)?;
    log.run(workspace.cargo().args(["build", "--release", "--package", "bench"]))?;
    let scratch = workspace.scratch()?.join("bench");
    std::fs::create_dir_all(&scratch)?;
    let mut own_words = Log::file(scratch.join("postgres.log"))?;
    let postgres = Server::start(Manner::Durable, &mut own_words)?;
    let mut bench = process::command(workspace.target.join("release/bench"));
    bench.arg("run").arg("--cuekey").arg(cuekey).args(["--postgres", &postgres.url]).arg("--folder").arg(scratch);
    bench.args(&options.arguments);
    let (status, _) = log.observe(&mut bench)?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
