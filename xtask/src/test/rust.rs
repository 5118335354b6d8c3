//! Steps on the Rust side.

use anyhow::{Result, bail};

use super::context::{Context, count, one};
use crate::count::{self, Tally};
use crate::log::Log;
use crate::{npm, process, tidy};

pub fn tidy(context: &mut Context, log: &mut Log) -> Result<Tally> {
    let report = tidy::check(&context.workspace)?;
    report.print(|line| log.say(line));
    if report.failed() {
        bail!("{} broken", report.count());
    }
    Ok(Tally::ONE_PASSED)
}

pub fn fmt(context: &mut Context, log: &mut Log) -> Result<Tally> {
    // rustfmt colours its differences even in a file unless it is told not to.
    one(log.run(context.workspace.cargo().args(["fmt", "--all", "--check", "--", "--color", "never"])))
}

pub fn clippy(context: &mut Context, log: &mut Log) -> Result<Tally> {
    npm::ensure_dist(&context.workspace.root)?;
    one(log.run(context.workspace.cargo().args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])))
}

/// Property tests begin with the same numbers each time, so that one commit has one verdict. Looking for new cases is a run of its own:
/// `PROPTEST_RNG_SEED=$RANDOM PROPTEST_CASES=20000 cargo xtask test --only rust`.
const SEED: (&str, &str) = ("PROPTEST_RNG_SEED", "20261122");

pub fn test(context: &mut Context, log: &mut Log) -> Result<Tally> {
    npm::ensure_dist(&context.workspace.root)?;
    let mut command = context.workspace.cargo();
    let has_nextest = process::command("cargo").args(["nextest", "--version"]).output().is_ok_and(|output| output.status.success());
    let read = if has_nextest {
        // Failures at the end: the end of the log is what is shown.
        command.args(["nextest", "run", "--workspace", "--no-fail-fast", "--failure-output", "final"]);
        count::nextest
    } else {
        command.args(["test", "--workspace", "--lib", "--bins", "--tests", "--no-fail-fast"]);
        count::cargo_test
    };
    context.services(log)?.introduce(&mut command);
    if std::env::var_os(SEED.0).is_none() {
        command.env(SEED.0, SEED.1);
    }
    count(log, &mut command, read)
}

pub fn sdk_docs(context: &mut Context, log: &mut Log) -> Result<Tally> {
    count(log, context.workspace.cargo().args(["test", "--package", "cuekey-sdk", "--doc"]), count::cargo_test)
}
