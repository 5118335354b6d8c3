//! `cargo xtask mutants`: does a test notice when a rule is altered? What is altered is in `.cargo/mutants.toml`, what came of it
//! in `docs/mutation-testing.md`.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

use crate::log::Log;
use crate::workspace::Workspace;
use crate::{process, tools};

#[derive(Args)]
pub struct Options {
    /// Passed on to cargo-mutants: `--list`, `--iterate`, `--shard 1/8`, `--re NAME` …
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

/// In a copy of the clone, one alteration at a time.
pub fn run(workspace: &Workspace, options: &Options) -> Result<ExitCode> {
    let mut log = Log::terminal();
    let program = tools::ensure(workspace, &tools::MUTANTS, &mut log)?;
    let mut mutants = process::command(program);
    mutants.current_dir(&workspace.root).args(["mutants", "--workspace", "--output"]).arg(workspace.scratch()?).args(&options.arguments);
    // A failing property is not to be remembered beside the altered code.
    mutants.env("PROPTEST_DISABLE_FAILURE_PERSISTENCE", "1");
    log.run(&mut mutants)?;
    Ok(ExitCode::SUCCESS)
}
