//! `cargo xtask fuzz`: the targets of `crates/fuzz` with libFuzzer, for as long as one likes.
//!
//! By flags that the stable compiler takes; libFuzzer itself comes with a crate and is compiled by the system's C++ compiler. What
//! it finds on its way is kept outside the clone, so that the next run goes on from there. Each target leaves one line, for the record in
//! `docs/dependencies.md`, and what libFuzzer says in a log of its own.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::clock::Stopwatch;
use crate::log::{self, Log};
use crate::workspace::Workspace;
use crate::{npm, process};

#[derive(Args)]
pub struct Options {
    /// How long each target runs
    #[arg(long, default_value_t = 60)]
    seconds: u32,
    /// These targets only
    #[arg(long, value_name = "TARGET", num_args = 1.., value_delimiter = ',')]
    only: Vec<String>,
}

/// Counters at each branch, and comparisons told to libFuzzer.
const FLAGS: &str = "--cfg fuzzing -Cdebug-assertions -Ccodegen-units=1 -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares";

pub fn run(workspace: &Workspace, options: &Options) -> Result<ExitCode> {
    let program = build(workspace, &mut Log::terminal())?;
    let targets = targets(workspace)?;
    if let Some(unknown) = options.only.iter().find(|name| !targets.iter().any(|(target, _)| target == *name)) {
        let names: Vec<&str> = targets.iter().map(|(name, _)| name.as_str()).collect();
        bail!("no target is called {unknown}; there are {}", names.join(", "));
    }
    let mut broken = Vec::new();
    for (name, seeds) in targets.iter().filter(|(name, _)| options.only.is_empty() || options.only.contains(name)) {
        let corpus = corpus(workspace, name, seeds)?;
        let path = corpus.join("libfuzzer.log");
        let mut fuzz = process::command(&program);
        fuzz.env("CUEKEY_FUZZ", name).current_dir(&corpus).arg(corpus.join("found"));
        fuzz.args([
            &format!("-max_total_time={}", options.seconds),
            "-max_len=1024",
            "-timeout=10",
            "-print_final_stats=1",
            "-verbosity=0",
        ]);
        fuzz.arg(format!("-artifact_prefix={}/", corpus.display()));
        let watch = Stopwatch::start();
        let observed = Log::file(path.clone())?.observe(&mut fuzz);
        if process::stopping() {
            bail!("interrupted");
        }
        let (status, said) = observed?;
        println!("{}", record(name, &said, watch.elapsed().as_secs(), files(&corpus.join("found"))?));
        if !status.success() {
            println!("{}", log::tail(&path).0);
            broken.push(format!("{name}: the input is in {}", corpus.display()));
        }
    }
    for target in &broken {
        println!("a promise is broken: {target}");
    }
    println!("\n{} targets, {} broken", if options.only.is_empty() { targets.len() } else { options.only.len() }, broken.len());
    Ok(if broken.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// In a target folder of its own: with these flags every crate is another.
fn build(workspace: &Workspace, log: &mut Log) -> Result<PathBuf> {
    // The web crate embeds pages, whatever they are.
    npm::ensure_dist(&workspace.root)?;
    let folder = workspace.scratch()?.join("fuzz");
    let mut build = workspace.cargo();
    // Named, so that build scripts and macros are compiled without the flags.
    let platform = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    build.env("RUSTFLAGS", FLAGS).env("CARGO_TARGET_DIR", &folder).env("CARGO_PROFILE_RELEASE_LTO", "off").args([
        "build",
        "--release",
        "--target",
        &platform,
        "--package",
        "fuzz",
        "--features",
        "libfuzzer",
        "--bin",
        "libfuzzer",
    ]);
    log.run(&mut build)?;
    Ok(folder.join(platform).join("release/libfuzzer"))
}

/// Names and seeds, as the crate itself tells them: xtask depends on none of ours.
fn targets(workspace: &Workspace) -> Result<Vec<(String, Vec<String>)>> {
    let output =
        workspace.cargo().args(["run", "--quiet", "--package", "fuzz", "--bin", "targets"]).output().context("cannot run cargo")?;
    if !output.status.success() {
        bail!("the targets cannot be listed: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    serde_json::from_slice(&output.stdout).context("the targets are no JSON")
}

fn corpus(workspace: &Workspace, name: &str, seeds: &[String]) -> Result<PathBuf> {
    let folder = workspace.scratch()?.join("fuzz-corpus").join(name);
    std::fs::create_dir_all(folder.join("found")).with_context(|| format!("cannot make {}", folder.display()))?;
    for (number, seed) in seeds.iter().enumerate() {
        std::fs::write(folder.join("found").join(format!("seed-{number}")), seed)?;
    }
    Ok(folder)
}

/// One line of a target: how many inputs it got in how long, and how many of them are kept since each came further than the others.
fn record(name: &str, said: &str, seconds: u64, kept: usize) -> String {
    let stat = |name: &str| {
        said.lines().rev().find_map(|line| line.strip_prefix("stat::")?.strip_prefix(name)?.strip_prefix(':')?.trim().parse::<u64>().ok())
    };
    let (Some(inputs), Some(new)) = (stat("number_of_executed_units"), stat("new_units_added")) else {
        return format!("{name}: it ended before its time, after {seconds} s; corpus {kept}");
    };
    format!("{name}: {inputs} inputs in {seconds} s, {} a second; corpus {kept}, {new} of them new", inputs / seconds.max(1))
}

fn files(folder: &Path) -> Result<usize> {
    Ok(std::fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?.count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_leaves_one_line_of_what_libfuzzer_says() {
        let said = "INFO: Seed: 1\nstat::number_of_executed_units: 600000\nstat::average_exec_per_sec:     10000\nstat::new_units_added:          12\n";
        assert_eq!(record("cursors", said, 60, 40), "cursors: 600000 inputs in 60 s, 10000 a second; corpus 40, 12 of them new");
        assert_eq!(record("cursors", "panicked", 3, 40), "cursors: it ended before its time, after 3 s; corpus 40");
        assert!(record("cursors", said, 0, 1).contains("600000 a second"));
    }
}
