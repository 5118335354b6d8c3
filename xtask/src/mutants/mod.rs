//! `cargo xtask mutants`: does a test notice when a rule is altered? What is altered is in `.cargo/mutants.toml`, what came of it
//! in `docs/mutation-testing.md`.
//!
//! All of it takes hours. What became of each alteration is therefore written into `docs/mutants.json`, function by function, and holds until
//! that function is changed: a run judges what is not judged yet, and may end at any time.

mod alteration;
mod lane;
mod record;
mod report;

use std::path::Path;
use std::process::{Command, ExitCode};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Result, ensure};
use clap::Args;

use self::alteration::Alteration;
use self::lane::{Lane, Tests};
use self::record::{Outcome, Record};
use crate::clock::Stopwatch;
use crate::log::Log;
use crate::workspace::Workspace;
use crate::{process, tools};

#[derive(Args)]
pub struct Options {
    /// Only files whose path contains this
    #[arg(long, value_name = "TEXT", num_args = 1.., value_delimiter = ',')]
    only: Vec<String>,
    /// Those that were missed, too, once more
    #[arg(long)]
    missed: bool,
    /// Ends after so long; the next run goes on from there
    #[arg(long, value_name = "MINUTES", default_value_t = 24 * 60)]
    minutes: u64,
    /// How many at once, each with a copy of the source and a target folder [default: as many as there are processors, at most 4]
    #[arg(long)]
    lanes: Option<usize>,
    /// Writes what stands in docs/mutation-testing.md
    #[arg(long)]
    docs: bool,
}

/// Alterations of one file that are to be judged.
struct Task {
    file: String,
    alterations: Vec<Alteration>,
}

/// Fails if not all are judged, too few were noticed, or one was not and nobody says why.
pub fn run(workspace: &Workspace, options: &Options) -> Result<ExitCode> {
    let mut log = Log::terminal();
    let program = tools::ensure(workspace, &tools::MUTANTS, &mut log)?;
    let all = alteration::all(workspace, &program, &mut log)?;
    let path = workspace.root.join("docs/mutants.json");
    let record = Mutex::new(Record::read(&path, &all)?);
    let known = || record.lock().unwrap_or_else(PoisonError::into_inner);
    if options.missed {
        known().forget(&all, Outcome::Missed);
    }
    let watch = Stopwatch::start();
    let left = || Duration::from_secs(options.minutes.saturating_mul(60)).saturating_sub(watch.elapsed());
    // What its crate's tests let pass is asked of the whole product's, which takes ten times as long: afterwards, and together.
    for (asked, of) in [(None, Tests::Crate), (Some(Outcome::Passed), Tests::Product)] {
        let tasks = tasks(&all, &known(), asked, &options.only);
        if tasks.is_empty() || left().is_zero() {
            continue;
        }
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        let count = options.lanes.unwrap_or(processors.min(4)).clamp(1, tasks.len());
        let lanes = Lane::make(workspace, &program, of, count)?;
        judge(lanes, tasks, left, |outcomes| {
            let mut record = known();
            record.add(&all, outcomes);
            println!("{}", record.sum(&all).line());
            record.write(&path)
        })?;
    }
    let record = known();
    record.write(&path)?;
    if options.docs {
        report::write_into(&workspace.root.join("docs/mutation-testing.md"), &record, &all)?;
    }
    let sum = record.sum(&all);
    println!("{}", sum.line());
    ensure!(
        sum.holds(),
        "that is not enough: all have to be judged, {} % noticed, and the reason has to stand in docs/mutants.json for each other",
        record::LEAST
    );
    Ok(ExitCode::SUCCESS)
}

/// Those of which this is known, file by file, the largest first, so that no lane is left alone with it at the end.
fn tasks(all: &[Alteration], record: &Record, known: Option<Outcome>, only: &[String]) -> Vec<Task> {
    let mut tasks: Vec<Task> = Vec::new();
    for alteration in all {
        let named = only.is_empty() || only.iter().any(|text| alteration.file.contains(text));
        if !named || record.outcome(alteration) != known {
            continue;
        }
        match tasks.last_mut() {
            Some(task) if task.file == alteration.file => task.alterations.push(alteration.clone()),
            _ => tasks.push(Task { file: alteration.file.clone(), alterations: vec![alteration.clone()] }),
        }
    }
    tasks.sort_by_key(|task| std::cmp::Reverse(task.alterations.len()));
    tasks
}

/// Each lane takes the next file, until there is none or the time is over. `found` is told what came of one, also if it was not finished.
fn judge(
    lanes: Vec<Lane>,
    tasks: Vec<Task>,
    left: impl Fn() -> Duration + Copy + Sync + Send,
    found: impl Fn(&record::Outcomes) -> Result<()> + Sync,
) -> Result<()> {
    let tasks = Mutex::new(tasks.into_iter());
    let next = || tasks.lock().unwrap_or_else(PoisonError::into_inner).next();
    let work = |mut lane: Lane| -> Result<()> {
        while let Some(task) = next() {
            let (outcomes, ended) = lane.judge(&task, left);
            found(&outcomes)?;
            ended?;
            if left().is_zero() || process::stopping() {
                break;
            }
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = lanes.into_iter().map(|lane| scope.spawn(|| work(lane))).collect();
        threads.into_iter().try_for_each(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    })
}

fn cargo_mutants(program: &Path, folder: &Path) -> Command {
    let mut mutants = process::command(program);
    mutants.arg("mutants").current_dir(folder);
    mutants
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_judged_is_not_judged_again_unless_it_was_missed_and_one_asks() {
        let alteration = |file: &str, index| Alteration {
            name: format!("{file}:{index}:1: replace f with {index}"),
            file: file.to_owned(),
            function: "f 0".to_owned(),
            index,
        };
        let all = [alteration("a.rs", 0), alteration("a.rs", 1), alteration("b.rs", 0), alteration("b.rs", 1), alteration("b.rs", 2)];
        let name = |index: usize| all[index].name.clone();
        let mut record = Record::default();
        record.add(&all, &[(name(0), Outcome::Caught), (name(1), Outcome::Passed), (name(4), Outcome::Missed)].into());
        let files = |record: &Record, known, only: &[&str]| {
            let only: Vec<String> = only.iter().map(|text| (*text).to_owned()).collect();
            tasks(&all, record, known, &only).iter().map(|task| (task.file.clone(), task.alterations.len())).collect::<Vec<_>>()
        };
        assert_eq!(files(&record, None, &[]), [("b.rs".to_owned(), 2)]);
        assert_eq!(files(&record, Some(Outcome::Passed), &[]), [("a.rs".to_owned(), 1)]);
        assert!(files(&record, None, &["a."]).is_empty());
        record.forget(&all, Outcome::Missed);
        assert_eq!(files(&record, None, &["b."]), [("b.rs".to_owned(), 3)]);
    }
}
