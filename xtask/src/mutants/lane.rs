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
use crate::{files, npm, process};

pub struct Lane {
    program: PathBuf,
    /// `source`, `target`, and what cargo-mutants writes.
    folder: PathBuf,
    log: Log,
    tests: Tests,
}

/// Which tests judge. On SQLite only: that PostgreSQL does the same is what the ordinary tests say, and a thousand runs would leave tens of thousands
/// of databases behind.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Tests {
    /// Those of the file itself, those of its module, a few seconds each; what these miss, by all of its crate where nothing goes through HTTP.
    Crate,
    /// Those that go through HTTP.
    Product,
}

/// Where what is in a folder, or in a file, is tested through HTTP: beginnings of names of tests. The first that fits counts.
const THROUGH_HTTP: [(&str, &[&str]); 21] = [
    ("licensing/src/batches", &["batch"]),
    ("licensing/src/client", &["verify", "replay", "altered_requests", "refused_calls", "twice"]),
    ("licensing/src/grants", &["grants", "applications"]),
    ("licensing/src/keys", &["keys", "key_", "verify"]),
    ("licensing/src/projects", &["projects"]),
    ("platform/src/allowance", &["account_", "venue_sign_in"]),
    ("platform/src/identity", &["account_", "users"]),
    ("platform/src/ledger", &["quota", "withdrawals", "venue_desk"]),
    ("platform/src/payments", &["payments"]),
    ("platform/src/quota", &["quota", "withdrawals"]),
    ("venue/src/cash", &["venue_cash"]),
    ("venue/src/complaints", &["venue_calls", "venue_complaints"]),
    ("venue/src/customers", &["venue_sign", "phone_change", "wechat_", "venue_desk"]),
    ("venue/src/halls", &["venue_play", "venue_close", "venue_pause", "venue_cleaning", "venue_holds"]),
    ("venue/src/members", &["venue_members"]),
    ("venue/src/play/unlit", &["venue_outage", "venue_run_out", "venue_dark"]),
    ("venue/src/play", &["venue_play", "venue_close", "venue_pause", "venue_long", "venue_overdue"]),
    ("venue/src/splits", &["splits"]),
    ("venue/src/staff", &["venue_calls", "venue_cash", "venue_doors", "venue_lists", "venue_told"]),
    ("venue/src/tariff", &["venue_packages", "venue_price_list", "venue_play", "venue_members", "venue_edit"]),
    ("web/src/extract", &["account_", "bad_input", "bodies", "browser", "dismissed", "made_once", "quota", "settings", "twice"]),
];

impl Lane {
    /// As many, each built once, with tests that pass while nothing is altered. Registries' crates are compiled for the first and copied for the others.
    pub fn make(workspace: &Workspace, program: &Path, tests: Tests, count: usize) -> Result<Vec<Self>> {
        let mut lanes: Vec<Self> = Vec::new();
        for number in 0..count {
            let folder = workspace.target.join("mutants").join(number.to_string());
            std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
            copy(&workspace.root, &folder.join("source"))?;
            npm::ensure_dist(&folder.join("source"))?;
            let target = folder.join("target");
            if let Some(first) = lanes.first()
                && !target.exists()
            {
                Log::terminal().run(process::command("cp").arg("-a").arg(first.folder.join("target")).arg(&target))?;
            }
            let mut lane = Self { program: program.to_owned(), log: Log::file(folder.join("log"))?, folder, tests };
            println!("building copy {} of {count}; its log is {}", number + 1, lane.folder.join("log").display());
            let mut build = process::command("cargo");
            lane.surround(&mut build).current_dir(lane.folder.join("source")).args(["test", "--locked"]);
            match tests {
                Tests::Crate => {
                    for package in packages(workspace)? {
                        build.args(["--package", &package]);
                    }
                    // Of the first it is asked whether they pass: the others are the same.
                    build.args(if number == 0 { &["--lib", "--", "--skip", "postgres"][..] } else { &["--lib", "--no-run"] });
                }
                // Whether they pass is asked with each file's.
                Tests::Product => {
                    build.args(["--package", "web", "--test", "api", "--no-run"]);
                }
            }
            lane.log.run(&mut build)?;
            lanes.push(lane);
        }
        Ok(lanes)
    }

    /// What was found is an answer even if it ended early.
    pub fn judge(&mut self, task: &Task, left: impl Fn() -> Duration) -> (Outcomes, Result<()>) {
        let mut found = Outcomes::new();
        // Told to cargo itself, it builds nothing else either: the library beside, and what else is tested with it, take as long again.
        let built = if self.tests == Tests::Product { "--cargo-arg=--test=api" } else { "--cargo-arg=--lib" };
        if self.tests == Tests::Product {
            let names = through_http(&task.file);
            if names.is_empty() {
                // Nothing goes through HTTP there: its crate has said all.
                return (task.alterations.iter().map(|one| (one.name.clone(), Outcome::Missed)).collect(), Ok(()));
            }
            let fixed = [built, "--timeout", "600", "--test-package", "web", "--", "--", "--skip", "postgres", "--skip", "mosquitto"];
            let ended = self.ask(task, &task.alterations, &[&fixed[..], names].concat(), left(), &mut found);
            return (found, ended);
        }
        let source = std::fs::read_to_string(self.folder.join("source").join(&task.file)).unwrap_or_default();
        let mut left_over = task.alterations.clone();
        let mut ended = Ok(());
        let mut circles = circles(&task.file, &source, through_http(&task.file).is_empty()).into_iter().peekable();
        while let Some((names, timeout)) = circles.next() {
            if ended.is_err() || left_over.is_empty() || left().is_zero() {
                break;
            }
            let fixed = [built, "--baseline", "skip", "--timeout", timeout, "--", "--", "--skip", "postgres"];
            ended = self.ask(task, &left_over, &[&fixed[..], &[names.as_str()]].concat(), left(), &mut found);
            left_over.retain(|one| found.get(&one.name) == Some(&Outcome::Missed));
            // Until the last circle has been asked nobody knows.
            if circles.peek().is_some() {
                for one in &left_over {
                    found.remove(&one.name);
                }
            }
        }
        for outcome in found.values_mut().filter(|outcome| **outcome == Outcome::Missed) {
            *outcome = Outcome::Passed;
        }
        (found, ended)
    }

    fn ask(&mut self, task: &Task, alterations: &[Alteration], tests: &[&str], left: Duration, found: &mut Outcomes) -> Result<()> {
        let output = self.folder.join("found");
        if output.exists() {
            std::fs::remove_dir_all(&output).with_context(|| format!("cannot empty {}", output.display()))?;
        }
        std::fs::create_dir(&output)?;
        let mut mutants = cargo_mutants(&self.program, &self.folder.join("source"));
        self.surround(&mut mutants).args(["--no-config", "--workspace", "--in-place", "--no-shuffle", "--build-timeout", "600"]);
        mutants.args(["--file", &task.file]).arg("--output").arg(&output);
        for alteration in alterations {
            mutants.args(["--re", &format!("^{}$", escaped(&alteration.name))]);
        }
        mutants.args(tests);
        // Asked so, it ends what it runs and puts back what it has altered.
        let status = self.log.start(&mut mutants)?.farewell(Signal::SIGINT).wait(left, |_| ());
        let judged = outcomes(&output.join("mutants.out/outcomes.json"));
        let none = judged.is_empty();
        found.extend(judged);
        let log = self.folder.join("log");
        match status {
            // 2: some were missed; 3: some ran for ever. Which, is in what it has written.
            Ok(status) => {
                ensure!(matches!(status.code(), Some(0 | 2 | 3)), "cargo-mutants failed ({}): see {}", process::say(status), log.display());
                ensure!(!none, "cargo-mutants knows none of the alterations of {}: see {}", task.file, log.display());
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
    // Of the pages no rule is tested.
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

/// Beginnings of names of tests.
fn through_http(file: &str) -> &'static [&'static str] {
    THROUGH_HTTP.iter().find(|(folder, _)| file.contains(folder)).map_or(&[][..], |(_, names)| *names)
}

/// Which of its crate's tests are asked, beginning with the nearest, and how many seconds they may take: in `crates/platform/src/ledger/model.rs`
/// its own if it has some, those of `ledger::`; and all of them where those of the whole product are not asked after that.
fn circles(file: &str, source: &str, all: bool) -> Vec<(String, &'static str)> {
    let inside = file.split_once("/src/").map_or(file, |(_, inside)| inside).trim_end_matches(".rs");
    let inside = inside.strip_suffix("/mod").unwrap_or(inside);
    let own = format!("{}::", inside.replace('/', "::"));
    let module = format!("{}::", inside.split('/').next().unwrap_or(inside));
    let mut circles = Vec::new();
    if own != module && source.contains("\nmod tests") {
        circles.push((own, "60"));
    }
    circles.push((module, "90"));
    if all {
        circles.push((String::new(), "300"));
    }
    circles
}

/// As a regular expression that matches just this. With a backslash before them, `<` and `>` stand for the ends of words.
fn escaped(name: &str) -> String {
    let mut text = String::with_capacity(name.len() * 2);
    for character in name.chars() {
        if character.is_ascii_punctuation() && !matches!(character, '<' | '>') {
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
    fn a_file_is_asked_of_the_nearest_tests_first() {
        let of = |file, source| circles(file, source, true).into_iter().map(|(names, _)| names).collect::<Vec<_>>();
        let tested = "fn f() {}\n\n#[cfg(test)]\nmod tests {}";
        assert_eq!(of("crates/platform/src/ledger/model.rs", tested), ["ledger::model::", "ledger::", ""]);
        assert_eq!(of("crates/platform/src/ledger/model.rs", "fn f() {}"), ["ledger::", ""]);
        assert_eq!(of("crates/platform/src/vault.rs", tested), ["vault::", ""]);
        assert_eq!(of("crates/venue/src/tariff/mod.rs", tested), ["tariff::", ""]);
        assert_eq!(of("crates/venue/src/halls/play/mod.rs", tested), ["halls::play::", "halls::", ""]);
        assert_eq!(circles("crates/platform/src/vault.rs", tested, false).len(), 1, "the whole product is asked next");
    }

    #[test]
    fn what_is_tested_through_http_is_there() {
        let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("crates");
        let modules = std::fs::read_to_string(crates.join("web/tests/api/main.rs")).unwrap();
        for (folder, names) in THROUGH_HTTP {
            assert!(crates.join(folder).exists() || crates.join(format!("{folder}.rs")).exists(), "{folder}");
            for name in names {
                assert!(modules.contains(&format!("mod {name}")), "{folder}: nothing is called {name}");
            }
        }
    }

    #[test]
    fn a_name_is_matched_as_it_is() {
        assert_eq!(escaped("a.rs:1:2: replace f -> bool with *b"), r"a\.rs\:1\:2\: replace f \-> bool with \*b");
        assert_eq!(escaped("replace f -> Result<()> with Ok(())"), r"replace f \-> Result<\(\)> with Ok\(\(\)\)");
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
