//! `cargo xtask test`: everything that CI checks, as named steps.
//!
//! Always: a step that fails hides no other; what cannot be checked, because its input is missing or its tool does not start, has
//! failed; what passed only when run again is named, and fails a step that has more than two of it; the last line is `N passed, N failed`.

mod app;
mod console;
mod context;
mod examples;
mod fuzz;
mod rust;
mod steps;
mod supply;

use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Result, bail};
use clap::Args;

use crate::clock::Stopwatch;
use crate::count::{self, Tally};
use crate::log::{self, Log};
use crate::process;
use crate::workspace::Workspace;
use context::Context;
use steps::{FUZZ, STEPS, Step};

#[derive(Args)]
pub struct Options {
    /// These steps only; `console` stands for all that begin with `console-`
    #[arg(long, value_name = "NAME", num_args = 1.., value_delimiter = ',')]
    only: Vec<String>,
    /// Without the slow steps that need the whole program
    #[arg(long)]
    quick: bool,
    /// Only the fuzz runs, about eight minutes; CUEKEY_SEED and CUEKEY_FUZZ_SECONDS choose others
    #[arg(long, conflicts_with_all = ["only", "quick"])]
    fuzz: bool,
    /// Names the steps and does nothing
    #[arg(long)]
    list: bool,
}

struct Done {
    name: &'static str,
    tally: Tally,
    time: Duration,
}

pub fn run(workspace: Workspace, options: &Options) -> Result<ExitCode> {
    let steps = choose(options)?;
    if options.list {
        for step in steps {
            println!("{:18} {}{}", step.name, step.about, if step.quick { "" } else { " (not with --quick)" });
        }
        return Ok(ExitCode::SUCCESS);
    }
    let mut context = Context::new(workspace)?;
    let mut done = Vec::new();
    for step in steps {
        if process::stopping() {
            println!("\n== {}: not run, interrupted", step.name);
            done.push(Done { name: step.name, tally: Tally::ONE_FAILED, time: Duration::ZERO });
        } else {
            done.push(perform(step, &mut context)?);
        }
    }
    // The servers end before the last line is printed: it is the last.
    drop(context);
    let total = summarise(&done);
    std::io::stdout().flush()?;
    Ok(match total.failed {
        _ if process::stopping() => ExitCode::from(130),
        0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    })
}

fn choose(options: &Options) -> Result<Vec<&'static Step>> {
    if options.fuzz {
        return Ok(vec![FUZZ]);
    }
    let means = |step: &Step, name: &str| step.name == name || step.name.strip_prefix(name).is_some_and(|rest| rest.starts_with('-'));
    if let Some(unknown) = options.only.iter().find(|name| !STEPS.iter().any(|step| means(step, name))) {
        let names: Vec<&str> = STEPS.iter().map(|step| step.name).collect();
        bail!("no step is called {unknown}; there are {}", names.join(", "));
    }
    let chosen = STEPS.iter().filter(|step| options.only.is_empty() || options.only.iter().any(|name| means(step, name)));
    Ok(chosen.filter(|step| step.quick || !options.quick).collect())
}

fn perform(step: &Step, context: &mut Context) -> Result<Done> {
    println!("\n== {}: {}", step.name, step.about);
    std::io::stdout().flush()?;
    let path = context.log_path(step.name);
    let mut log = Log::file(path.clone())?;
    let watch = Stopwatch::start();
    let result = (step.run)(context, &mut log);
    let time = watch.elapsed();
    let tally = result.unwrap_or_else(|error| {
        log.say(&format!("error: {error:#}"));
        Tally::ONE_FAILED
    });
    if tally.failed > 0 {
        let (text, left_out) = log::tail(&path);
        if left_out > 0 {
            println!("({left_out} lines before these are in {})", path.display());
        }
        println!("{}", count::plain(&text));
        println!(
            "-- {} FAILED: {} passed, {} failed, {}; whole log in {}",
            step.name,
            tally.passed,
            tally.failed,
            seconds(time),
            path.display()
        );
    } else {
        println!("-- {} ok: {} passed, {}", step.name, tally.passed, seconds(time));
    }
    Ok(Done { name: step.name, tally, time })
}

fn summarise(done: &[Done]) -> Tally {
    println!("\n{:18} {:8} {:>7} {:>7} {:>7} {:>7} {:>9}", "step", "result", "passed", "failed", "flaky", "skipped", "time");
    for Done { name, tally, time } in done {
        let result = if tally.failed == 0 { "ok" } else { "FAILED" };
        let Tally { passed, failed, flaky, skipped, .. } = tally;
        println!("{name:18} {result:8} {passed:7} {failed:7} {flaky:7} {skipped:7} {:>9}", seconds(*time));
    }
    for Done { name, tally, .. } in done {
        tally.flaky_names.iter().for_each(|test| println!("flaky in {name}: {test}"));
    }
    let total: Tally = done.iter().map(|step| step.tally.clone()).sum();
    // Machines read it: it has one form, whatever else there is to tell.
    println!("\n{} passed, {} failed", total.passed, total.failed);
    total
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(only: &[&str], quick: bool) -> Vec<&'static str> {
        let options = Options { only: only.iter().map(|&name| name.to_owned()).collect(), quick, fuzz: false, list: false };
        choose(&options).unwrap().iter().map(|step| step.name).collect()
    }

    #[test]
    fn steps_are_chosen_by_name_by_family_and_by_cost() {
        assert_eq!(names(&[], false).len(), STEPS.len());
        assert_eq!(names(&["clippy", "tidy"], false), ["tidy", "clippy"]);
        assert!(names(&["console"], false).iter().all(|name| name.starts_with("console-")));
        assert!(!names(&[], true).contains(&"browser"));
        let options = Options { only: vec!["clipy".to_owned()], quick: false, fuzz: false, list: false };
        assert!(choose(&options).is_err());
    }

    #[test]
    fn no_two_steps_share_a_name() {
        let mut names: Vec<&str> = STEPS.iter().map(|step| step.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), STEPS.len());
    }
}
