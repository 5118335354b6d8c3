//! `cargo xtask mutants`: does a test notice when a rule is altered? What is altered is in `.cargo/mutants.toml`, what came of it
//! in `docs/mutation-testing.md`.
//!
//! What each run found is kept beside its own folder, which the next run moves away: a rule's share is of all runs together.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use serde_json::Value;

use crate::log::Log;
use crate::workspace::Workspace;
use crate::{process, tools};

/// All of it takes hours: longer than any other command may.
const LONGEST: Duration = Duration::from_secs(24 * 3_600);
/// Of those that compile so many in a hundred have to be noticed.
const LEAST: usize = 90;

#[derive(Args)]
pub struct Options {
    /// Passed on to cargo-mutants: `--list`, `--iterate`, `--shard 1/8`, `--re NAME` …
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

/// In a copy of the clone, one alteration at a time. Fails if too few are noticed, of all that are known of the source as it is now.
pub fn run(workspace: &Workspace, options: &Options) -> Result<ExitCode> {
    let mut log = Log::terminal();
    let program = tools::ensure(workspace, &tools::MUTANTS, &mut log)?;
    let scratch = workspace.scratch()?;
    let mut mutants = cargo_mutants(workspace, &program);
    mutants.arg("--output").arg(&scratch).args(&options.arguments);
    // A failing property is not to be remembered beside the altered code.
    mutants.env("PROPTEST_DISABLE_FAILURE_PERSISTENCE", "1");
    if options.arguments.iter().any(|argument| argument.starts_with("--list")) {
        log.run(&mut mutants)?;
        return Ok(ExitCode::SUCCESS);
    }
    // What a run has found that was interrupted goes with its folder when the next one begins.
    keep(&scratch)?;
    let status = log.start(&mut mutants)?.wait(LONGEST, |_| ())?;
    let known = keep(&scratch)?;
    // 2: some were missed; 3: some ran for ever. Whether these are too many is said below.
    if !matches!(status.code(), Some(0 | 2 | 3)) {
        bail!("cargo-mutants failed ({})", process::say(status));
    }
    let list = log.capture(cargo_mutants(workspace, &program).args(["--list", "--json"]))?;
    let sum = Sum::of(&names(&serde_json::from_str(&list).context("cargo-mutants lists no JSON")?), &known);
    println!("{}", sum.line());
    ensure!(sum.holds(), "less than {LEAST} % of the alterations that were judged were noticed");
    Ok(ExitCode::SUCCESS)
}

fn cargo_mutants(workspace: &Workspace, program: &Path) -> Command {
    let mut mutants = process::command(program);
    mutants.current_dir(&workspace.root).args(["mutants", "--workspace"]);
    mutants
}

/// What became of an alteration, by its name, in cargo-mutants' words.
type Outcomes = BTreeMap<String, String>;

/// Adds what the latest run found to what is known, and answers all of it.
fn keep(scratch: &Path) -> Result<Outcomes> {
    let path = scratch.join("mutants.json");
    let mut known: Outcomes = match std::fs::read(&path) {
        Ok(text) => serde_json::from_slice(&text).with_context(|| format!("{} cannot be read; remove it", path.display()))?,
        Err(_) => Outcomes::new(),
    };
    if let Ok(text) = std::fs::read(scratch.join("mutants.out/outcomes.json")) {
        // A run that was killed while it wrote leaves half a file.
        known.extend(outcomes(&serde_json::from_slice(&text).unwrap_or_default()));
        std::fs::write(&path, serde_json::to_vec_pretty(&known)?).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(known)
}

/// Of a run's `outcomes.json`; the tests of the source as it is are not among them.
fn outcomes(run: &Value) -> Outcomes {
    let outcomes = run["outcomes"].as_array().into_iter().flatten();
    let named =
        |outcome: &Value| Some((outcome["scenario"]["Mutant"]["name"].as_str()?.to_owned(), outcome["summary"].as_str()?.to_owned()));
    outcomes.filter_map(named).collect()
}

/// Of a list of alterations.
fn names(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().filter_map(|mutant| Some(mutant["name"].as_str()?.to_owned())).collect()
}

#[derive(Debug, PartialEq, Eq)]
struct Sum {
    /// All that there are.
    altered: usize,
    /// Those that compile, and whose tests ran.
    judged: usize,
    /// Of these: by a test that failed, or one that ran for ever.
    noticed: usize,
    unviable: usize,
}

impl Sum {
    /// Only of the source as it is now: a name says where an alteration stands, so what was found of an older source may be of something else.
    fn of(all: &[String], known: &Outcomes) -> Self {
        let count = |words: &[&str]| all.iter().filter(|name| known.get(*name).is_some_and(|word| words.contains(&word.as_str()))).count();
        Self {
            altered: all.len(),
            judged: count(&["CaughtMutant", "Timeout", "MissedMutant"]),
            noticed: count(&["CaughtMutant", "Timeout"]),
            unviable: count(&["Unviable"]),
        }
    }

    /// Where nothing was judged, nothing holds.
    const fn holds(&self) -> bool {
        self.judged > 0 && self.noticed * 100 >= self.judged * LEAST
    }

    /// Rounded down, so that it never says 90 where it does not hold.
    fn line(&self) -> String {
        let Self { altered, judged, noticed, unviable } = self;
        let thousandths = noticed * 1_000 / (*judged).max(1);
        let left = altered - judged - unviable;
        format!(
            "{judged} judged, {noticed} caught or timed out, {}.{} %; of {altered} alterations {unviable} do not compile and {left} were not judged yet",
            thousandths / 10,
            thousandths % 10
        )
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn run(outcomes: &[(&str, &str)]) -> Value {
        let mutant = |(name, summary): &(&str, &str)| json!({"scenario": {"Mutant": {"name": name, "file": "a.rs"}}, "summary": summary});
        let baseline = json!({"scenario": "Baseline", "summary": "Success"});
        json!({"outcomes": std::iter::once(baseline).chain(outcomes.iter().map(mutant)).collect::<Vec<_>>(), "total_mutants": outcomes.len()})
    }

    fn sum(all: &[&str], runs: &[Value]) -> Sum {
        let list = json!(all.iter().map(|name| json!({"name": name, "diff": ""})).collect::<Vec<_>>());
        Sum::of(&names(&list), &runs.iter().flat_map(outcomes).collect())
    }

    #[test]
    fn runs_are_summed_and_a_later_one_counts() {
        let first = run(&[("a", "CaughtMutant"), ("b", "MissedMutant"), ("c", "Unviable"), ("gone", "MissedMutant")]);
        let second = run(&[("b", "CaughtMutant"), ("d", "Timeout")]);
        let sum = sum(&["a", "b", "c", "d", "e"], &[first, second]);
        assert_eq!(sum, Sum { altered: 5, judged: 3, noticed: 3, unviable: 1 });
        let line = "3 judged, 3 caught or timed out, 100.0 %; of 5 alterations 1 do not compile and 1 were not judged yet";
        assert_eq!((sum.line().as_str(), sum.holds()), (line, true));
    }

    #[test]
    fn less_than_nine_in_ten_do_not_hold() {
        let of = |judged, noticed| Sum { altered: judged, judged, noticed, unviable: 0 };
        assert!(of(10, 9).holds() && of(1_000, 900).holds());
        assert!(!of(10, 8).holds() && !of(10_000, 8_999).holds());
        assert!(of(10_000, 8_999).line().contains(" 89.9 %"), "{}", of(10_000, 8_999).line());
        assert!(!of(0, 0).holds(), "nothing was judged");
        assert!(of(0, 0).line().starts_with("0 judged, 0 caught or timed out, 0.0 %"));
    }

    #[test]
    fn what_an_older_run_found_is_kept_when_its_folder_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        assert!(keep(folder.path()).unwrap().is_empty());
        std::fs::create_dir(folder.path().join("mutants.out")).unwrap();
        let write = |text: &str| std::fs::write(folder.path().join("mutants.out/outcomes.json"), text).unwrap();
        write(&run(&[("a", "MissedMutant"), ("b", "CaughtMutant")]).to_string());
        keep(folder.path()).unwrap();
        write(&run(&[("a", "CaughtMutant")]).to_string());
        let both = keep(folder.path()).unwrap();
        assert_eq!(both, Outcomes::from([("a".into(), "CaughtMutant".into()), ("b".into(), "CaughtMutant".into())]));
        write("{\"outcomes\": [");
        assert_eq!(keep(folder.path()).unwrap(), both, "half a file says nothing");
    }
}
