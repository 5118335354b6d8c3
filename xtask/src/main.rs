//! What a developer types: `cargo xtask run`, `test`, `services`, `tidy`, `openapi`, `bench`, `chaos`, `timing`, `fuzz`, `mutants`, `sbom`.
//!
//! Whatever xtask starts ends with it: see [`process`]. Begin reading at [`test`], which is what CI runs.

mod bench;
mod chaos;
mod clock;
mod count;
mod demo;
mod files;
mod fuzz;
mod install;
mod keeper;
mod log;
mod machine;
mod mutants;
mod npm;
mod openapi;
mod plot;
mod process;
mod run;
mod sbom;
mod services;
mod stamp;
mod test;
mod tidy;
mod timing;
mod tools;
mod venv;
mod workspace;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use log::Log;
use workspace::Workspace;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "What a developer of Cuekey types")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Builds the console and the program, and starts a demo installation
    Run(run::Options),
    /// Everything that CI checks; the last line says how many tests passed and failed
    Test(test::Options),
    /// Starts PostgreSQL and a mail server for single tests, until Ctrl-C
    Services,
    /// The workspace's own rules
    Tidy,
    /// Whether answers take longer for what is there than for what is not: a t-test of 10,000 samples each
    Timing(timing::Options),
    /// Rewrites docs/openapi.json and the console's types from the program
    Openapi,
    /// Rewrites docs/sbom.cdx.json from the lock files
    Sbom,
    /// Looks for inputs that break the promises of crates/fuzz, with libFuzzer
    Fuzz(fuzz::Options),
    /// Alters the rules, one change at a time, and sees whether a test notices
    Mutants(mutants::Options),
    /// Measures a release build against baselines of the same run
    Bench(bench::Options),
    /// Kills the server, cuts its lines and breaks its disk under load, and compares what was acknowledged with what is there
    Chaos(chaos::Options),
}

fn main() -> ExitCode {
    match perform(Arguments::parse().task) {
        Ok(code) => code,
        Err(_) if process::stopping() => ExitCode::from(130),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn perform(task: Task) -> Result<ExitCode> {
    process::catch_signals()?;
    let workspace = Workspace::find()?;
    match task {
        Task::Run(options) => run::run(&workspace, &options),
        Task::Test(options) => test::run(workspace, &options),
        Task::Services => services::serve(&workspace),
        Task::Tidy => tidy::run(&workspace),
        Task::Timing(options) => timing::run(&workspace, &options),
        Task::Openapi => openapi::rewrite(&workspace, &mut Log::terminal()),
        Task::Sbom => sbom::rewrite(&workspace),
        Task::Fuzz(options) => fuzz::run(&workspace, &options),
        Task::Mutants(options) => mutants::run(&workspace, &options),
        Task::Bench(options) => bench::run(&workspace, &options),
        Task::Chaos(options) => chaos::run(&workspace, &options),
    }
}
