//! A copy of the source in which alterations are judged one after the other, with a target folder that stays.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use nix::sys::signal::Signal;
use serde_json::Value;

use super::alteration::Alteration;
use super::record::{Outcome, Outcomes};
use super::{Task, cargo_mutants};
use crate::log::Log;
use crate::workspace::Workspace;
use crate::{files, process};

pub struct Lane {
    program: PathBuf,
    /// `source`, `target`, and what cargo-mutants writes.
    folder: PathBuf,
    log: Log,
}

/// Which tests are asked.
#[derive(Clone, Copy)]
enum Tests<'a> {
    /// Those of the module in which the file stands: a few seconds.
    Module(&'a str),
    /// All of its crate.
    Crate,
}

impl Lane {
    /// As many, each built once. Registries' crates are compiled for the first and copied for the others.
    pub fn make(workspace: &Workspace, program: &Path, count: usize) -> Result<Vec<Self>> {
        let mut lanes: Vec<Self> = Vec::new();
        for number in 0..count {
            let folder = workspace.target.join("mutants").join(number.to_string());
            std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
            copy(&workspace.root, &folder.join("source"))?;
            let target = folder.join("target");
            if let Some(first) = lanes.first()
                && !target.exists()
            {
                Log::terminal().run(process::command("cp").arg("-a").arg(first.folder.join("target")).arg(&target))?;
            }
            let log = Log::file(folder.join("log"))?;
            let mut lane = Self { program: program.to_owned(), folder, log };
            println!("building copy {} of {count}; its log is {}", number + 1, lane.folder.join("log").display());
            let mut build = process::command("cargo");
            lane.surround(&mut build).current_dir(lane.folder.join("source")).args(["test", "--no-run", "--lib", "--locked"]);
            for package in packages(workspace)? {
                build.args(["--package", &package]);
            }
            lane.log.run(&mut build)?;
            lanes.push(lane);
        }
        Ok(lanes)
    }

    /// By the tests of the file's own module; what these miss by all of its crate's. What was found is an answer even if it ended early.
    pub fn judge(&mut self, task: &Task, left: impl Fn() -> Duration) -> (Outcomes, Result<()>) {
        let mut found = Outcomes::new();
        let module = module(&task.file);
        let mut ended = self.ask(task, &task.alterations, Tests::Module(&module), left(), &mut found);
        if ended.is_ok() && !left().is_zero() {
            let missed: Vec<Alteration> =
                task.alterations.iter().filter(|one| found.get(&one.name) == Some(&Outcome::Missed)).cloned().collect();
            // Until its crate has been asked nobody knows.
            missed.iter().for_each(|one| drop(found.remove(&one.name)));
            if !missed.is_empty() {
                ended = self.ask(task, &missed, Tests::Crate, left(), &mut found);
            }
        }
        (found, ended)
    }

    fn ask(&mut self, task: &Task, alterations: &[Alteration], tests: Tests<'_>, left: Duration, found: &mut Outcomes) -> Result<()> {
        let output = self.folder.join("found");
        if output.exists() {
            std::fs::remove_dir_all(&output).with_context(|| format!("cannot empty {}", output.display()))?;
        }
        std::fs::create_dir(&output)?;
        let mut mutants = cargo_mutants(&self.program, &self.folder.join("source"));
        self.surround(&mut mutants).args(["--no-config", "--workspace", "--in-place", "--baseline", "skip", "--no-shuffle"]);
        mutants.args(["--build-timeout", "600", "--file", &task.file]).arg("--output").arg(&output);
        for alteration in alterations {
            mutants.args(["--re", &format!("^{}$", escaped(&alteration.name))]);
        }
        // On SQLite only: that PostgreSQL does the same is what the ordinary tests say, and a thousand runs would leave tens of thousands of databases behind.
        match tests {
            Tests::Module(module) => mutants.args(["--timeout", "90", "--", "--lib", "--", "--skip", "postgres", module]),
            Tests::Crate => mutants.args(["--timeout", "300", "--", "--lib", "--", "--skip", "postgres"]),
        };
        // Asked so, it ends what it runs and puts back what it has altered.
        let status = self.log.start(&mut mutants)?.farewell(Signal::SIGINT).wait(left, |_| ());
        let judged = outcomes(&output.join("mutants.out/outcomes.json"));
        let none = judged.is_empty();
        found.extend(judged);
        match status {
            // 2: some were missed; 3: some ran for ever. Which, is in what it has written.
            Ok(status) => {
                ensure!(
                    matches!(status.code(), Some(0 | 2 | 3)),
                    "cargo-mutants failed ({}): see {}",
                    process::say(status),
                    self.folder.join("log").display()
                );
                ensure!(!none, "cargo-mutants knows none of the alterations of {}: see {}", task.file, self.folder.join("log").display());
                Ok(())
            }
            Err(_) if !process::stopping() => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// What all that is run here is surrounded by: nothing is looked at with a debugger, and a failing property is not to be remembered beside altered code.
    fn surround<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command
            .env("CARGO_TARGET_DIR", self.folder.join("target"))
            .env("CARGO_PROFILE_DEV_DEBUG", "0")
            .env("PROPTEST_DISABLE_FAILURE_PERSISTENCE", "1")
    }
}

/// Of what stood in `to` only what differs is written, so that cargo builds only that again: an alteration that a killed run has left, too.
fn copy(from: &Path, to: &Path) -> Result<()> {
    // Pages are embedded by a crate that no altered one needs.
    let wanted: Vec<String> = files::tracked(from)?.into_iter().filter(|path| !path.starts_with("web/")).collect();
    std::fs::create_dir_all(to)?;
    for path in files::walk(to, &[])? {
        if wanted.binary_search(&path).is_err() {
            std::fs::remove_file(to.join(&path))?;
        }
    }
    for path in wanted {
        let content = std::fs::read(from.join(&path)).with_context(|| format!("cannot read {path}"))?;
        let target = to.join(&path);
        if std::fs::read(&target).is_ok_and(|there| there == content) {
            continue;
        }
        if let Some(folder) = target.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(&target, content).with_context(|| format!("cannot write {}", target.display()))?;
    }
    Ok(())
}

/// The packages in which something is altered.
fn packages(workspace: &Workspace) -> Result<Vec<String>> {
    let text = std::fs::read_to_string(workspace.required(".cargo/mutants.toml")?)?;
    let mut packages: Vec<String> =
        text.lines().filter_map(|line| Some(line.trim().strip_prefix("\"crates/")?.split_once('/')?.0.to_owned())).collect();
    packages.sort();
    packages.dedup();
    Ok(packages)
}

/// `crates/platform/src/ledger/model.rs` is tested in `ledger::`.
fn module(file: &str) -> String {
    let inside = file.split_once("/src/").map_or(file, |(_, inside)| inside);
    let first = inside.split('/').next().unwrap_or(inside);
    format!("{}::", first.trim_end_matches(".rs"))
}

/// As a regular expression that matches just this.
fn escaped(name: &str) -> String {
    let mut text = String::with_capacity(name.len() * 2);
    for character in name.chars() {
        if character.is_ascii_punctuation() {
            text.push('\\');
        }
        text.push(character);
    }
    text
}

/// A run that was killed while it wrote leaves half a file, which says nothing.
fn outcomes(path: &Path) -> Outcomes {
    let run: Value = std::fs::read(path).ok().and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default();
    let named =
        |outcome: &Value| Some((outcome["scenario"]["Mutant"]["name"].as_str()?.to_owned(), Outcome::said(outcome["summary"].as_str()?)?));
    run["outcomes"].as_array().into_iter().flatten().filter_map(named).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_file_is_tested_in_its_module() {
        let of = ["crates/platform/src/ledger/model.rs", "crates/platform/src/vault.rs", "crates/venue/src/tariff/mod.rs"].map(module);
        assert_eq!(of, ["ledger::", "vault::", "tariff::"]);
    }

    #[test]
    fn a_name_is_matched_as_it_is() {
        assert_eq!(escaped("a.rs:1:2: replace f -> bool with *b"), r"a\.rs\:1\:2\: replace f \-\> bool with \*b");
    }

    #[test]
    fn a_run_says_what_became_of_which_and_half_a_file_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("outcomes.json");
        assert!(outcomes(&path).is_empty());
        let mutant = |name: &str, summary: &str| json!({"scenario": {"Mutant": {"name": name}}, "summary": summary});
        let run =
            json!({"outcomes": [{"scenario": "Baseline", "summary": "Success"}, mutant("a", "CaughtMutant"), mutant("b", "Failure")]});
        std::fs::write(&path, run.to_string()).unwrap();
        assert_eq!(outcomes(&path), [("a".to_owned(), Outcome::Caught)].into());
        std::fs::write(&path, "{\"outcomes\": [").unwrap();
        assert!(outcomes(&path).is_empty());
    }

    #[test]
    fn a_copy_is_as_the_source_is_and_keeps_the_times_of_what_was_right() {
        let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let write = |folder: &Path, path: &str, text: &str| {
            std::fs::create_dir_all(folder.join(path).parent().unwrap()).unwrap();
            std::fs::write(folder.join(path), text).unwrap();
        };
        for path in ["crates/a.rs", "crates/b.rs", "web/c.ts"] {
            write(from.path(), path, path);
        }
        copy(from.path(), to.path()).unwrap();
        assert!(to.path().join("crates/a.rs").is_file() && !to.path().join("web").exists());
        let time = || to.path().join("crates/a.rs").metadata().unwrap().modified().unwrap();
        let before = time();
        write(to.path(), "crates/b.rs", "altered");
        write(to.path(), "crates/left.rs", "left");
        copy(from.path(), to.path()).unwrap();
        assert_eq!(std::fs::read_to_string(to.path().join("crates/b.rs")).unwrap(), "crates/b.rs");
        assert!(!to.path().join("crates/left.rs").exists());
        assert_eq!(time(), before);
    }
}
