//! `cargo xtask test --fuzz`: schemathesis makes calls from the OpenAPI document, as each sort of asker, on SQLite and on PostgreSQL. No call
//! may end in a 500 or in anything that the document does not say; each asker comes to all of its part of the document, and is answered well
//! often enough; and somebody has asked everything that the document offers.
//!
//! Seeded, and bounded in time: each asker has so many seconds. It counts operations, one for each run. What schemathesis is told beside the
//! document is in `xtask/fuzz`; what came of it in `docs/dependencies.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;

use super::context::Context;
use crate::count::Tally;
use crate::demo::Demo;
use crate::log::Log;
use crate::services::postgres;
use crate::{npm, process, venv};

struct Asker {
    name: &'static str,
    /// What of the document it asks: a regular expression of Python's.
    paths: &'static str,
    seconds: u64,
    /// How many operations must have had a good answer, so that a run which was refused everywhere is no good run. Lists and things that are
    /// there whatever schemathesis draws, and no more than those.
    good: usize,
}

const CONSOLE: &str = "^/(api/v1/|healthz$|readyz$)";
const CUSTOMERS: &str = "^/customer/";

/// In this order: those who come later may disable those who came before, and close what they have opened.
const ASKERS: &[Asker] = &[
    Asker { name: "nobody", paths: "^/(?!client/)", seconds: 26, good: 9 },
    Asker { name: "program", paths: "^/client/", seconds: 6, good: 3 },
    Asker { name: "guest", paths: CUSTOMERS, seconds: 10, good: 12 },
    Asker { name: "customer", paths: CUSTOMERS, seconds: 24, good: 22 },
    Asker { name: "maintainer", paths: CONSOLE, seconds: 18, good: 18 },
    Asker { name: "cashier", paths: CONSOLE, seconds: 18, good: 14 },
    Asker { name: "venue_manager", paths: CONSOLE, seconds: 24, good: 28 },
    Asker { name: "agent", paths: CONSOLE, seconds: 20, good: 25 },
    Asker { name: "agent_admin", paths: CONSOLE, seconds: 20, good: 25 },
    Asker { name: "super_admin", paths: CONSOLE, seconds: 32, good: 45 },
];

/// How often each operation was answered with each status: `GET /healthz` with `200`, so often.
type Answers = BTreeMap<String, BTreeMap<String, u64>>;

pub fn run(context: &mut Context, log: &mut Log) -> Result<Tally> {
    let seed = number("CUEKEY_SEED")?.unwrap_or(1);
    let seconds = number("CUEKEY_FUZZ_SECONDS")?;
    let together: u64 = ASKERS.iter().map(|asker| seconds.unwrap_or(asker.seconds)).sum();
    println!("    seed {seed}, {} askers, {together} s together on each database", ASKERS.len());
    // The program serves its console; whether that is well is another step's question.
    npm::ensure_dist(&context.workspace.root)?;
    let python = venv::fuzzer(&context.workspace, log)?;
    let cuekey = context.cuekey(log)?;
    let document = std::fs::read_to_string(context.workspace.required("docs/openapi.json")?)?;
    let offered = operations(&serde_json::from_str::<Value>(&document)?);
    ensure!(!offered.is_empty(), "docs/openapi.json offers nothing");
    let mut tally = Tally::default();
    for engine in ["sqlite", "postgres"] {
        let database = if engine == "postgres" { Some(Database::make(&context.services(log)?.postgres()?, log)?) } else { None };
        let server_log = context.log_path(&format!("fuzz-server-{engine}"));
        let demo = Demo::start_on(&cuekey, database.as_ref().map(|database| database.url.as_str()), server_log.clone(), log)?;
        let root = context.workspace.root.clone();
        let run = Run {
            python: &python,
            root: &root,
            demo: &demo,
            world: context.log_path(&format!("fuzz-world-{engine}")).with_extension("json"),
            seed,
        };
        run.make_the_world(log)?;
        let mut answers = Answers::new();
        for asker in ASKERS {
            let report = context.log_path(&format!("fuzz-{engine}-{}", asker.name));
            let found = run.perform(asker, seconds.unwrap_or(asker.seconds), &report, &mut answers, log).unwrap_or_else(|error| {
                log.say(&format!("error: {engine}, {}: {error:#}", asker.name));
                Tally::ONE_FAILED
            });
            tally += found;
        }
        tally += all_asked(engine, &offered, &answers, log);
        drop(demo);
        tally += quiet(&server_log, log)?;
    }
    Ok(tally)
}

fn number(name: &str) -> Result<Option<u64>> {
    std::env::var(name).ok().map(|text| text.parse().with_context(|| format!("{name} is no number: {text}"))).transpose()
}

/// All that the document offers: `GET /healthz`.
fn operations(document: &Value) -> BTreeSet<String> {
    let methods = ["get", "post", "put", "patch", "delete"];
    let mut all = BTreeSet::new();
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        all.extend(methods.iter().filter(|method| item.get(**method).is_some()).map(|method| format!("{} {path}", method.to_uppercase())));
    }
    all
}

/// Whether somebody has asked everything.
fn all_asked(engine: &str, offered: &BTreeSet<String>, answers: &Answers, log: &mut Log) -> Tally {
    let (left, good) = (never_asked(offered, answers), answered_well(answers));
    println!("    {engine}: {} of {} operations asked, {good} answered well by somebody", offered.len() - left.len(), offered.len());
    for operation in &left {
        log.say(&format!("error: {engine}: nobody has asked {operation}"));
    }
    for operation in offered.iter().filter(|operation| answers.get(*operation).is_none_or(|statuses| !is_good(statuses))) {
        log.say(&format!("{engine}: nobody was answered well: {operation}"));
    }
    if left.is_empty() { Tally::ONE_PASSED } else { Tally::ONE_FAILED }
}

/// What of these had no answer at all.
fn never_asked<'a>(offered: impl IntoIterator<Item = &'a String>, answers: &Answers) -> Vec<&'a str> {
    let asked = |operation: &str| answers.get(operation).is_some_and(|statuses| !statuses.is_empty());
    offered.into_iter().map(String::as_str).filter(|operation| !asked(operation)).collect()
}

fn is_good(statuses: &BTreeMap<String, u64>) -> bool {
    statuses.keys().any(|status| status.starts_with('2'))
}

/// How many operations answered with 2xx at least once.
fn answered_well(answers: &Answers) -> usize {
    answers.values().filter(|statuses| is_good(statuses)).count()
}

/// What the server holds for its own mistake it writes down as an error; there may be none.
fn quiet(server_log: &Path, log: &mut Log) -> Result<Tally> {
    let text = std::fs::read_to_string(server_log).with_context(|| server_log.display().to_string())?;
    let errors: Vec<&str> = text.lines().filter(|line| line.contains("ERROR") || line.contains("panicked")).collect();
    for line in errors.iter().take(20) {
        log.say(&format!("the server's log: {line}"));
    }
    Ok(if errors.is_empty() { Tally::ONE_PASSED } else { Tally::ONE_FAILED })
}

/// All runs against one server.
struct Run<'a> {
    python: &'a Path,
    root: &'a Path,
    demo: &'a Demo,
    /// Who has signed in, and what there is.
    world: PathBuf,
    seed: u64,
}

impl Run<'_> {
    fn script(&self, name: &str) -> std::process::Command {
        let mut command = process::command(self.python);
        command.arg(self.root.join("xtask/fuzz").join(name)).args(["--url", &self.demo.url]).arg("--world").arg(&self.world);
        command.env("PYTHONDONTWRITEBYTECODE", "1").current_dir(self.root);
        command
    }

    fn make_the_world(&self, log: &mut Log) -> Result<()> {
        let mut command = self.script("world.py");
        command.arg("--note").arg(&self.demo.note);
        log.run(&mut command).context("there is nothing to be asked about")
    }

    /// What one asker found. What it was answered is added to `all`.
    fn perform(&self, asker: &Asker, seconds: u64, path: &Path, all: &mut Answers, log: &mut Log) -> Result<Tally> {
        let (report, told) = (path.with_extension("xml"), path.with_extension("json"));
        for old in [&report, &told] {
            let _ = std::fs::remove_file(old);
        }
        let mut command = self.script("run.py");
        command.args(["--asker", asker.name, "--paths", asker.paths, "--seed", &self.seed.to_string(), "--seconds", &seconds.to_string()]);
        command.arg("--report").arg(&report);
        let (status, _) = log.observe(&mut command)?;
        let text = std::fs::read_to_string(&report).context("schemathesis left no report")?;
        let mut tally = junit(&text).context("the report holds no totals")?;
        if !status.success() && tally.failed == 0 {
            log.say(&format!("error: no operation failed, but schemathesis did ({})", process::say(status)));
            tally.failed = 1;
        }
        let answers = std::fs::read_to_string(&told).context("the hooks left no account of the answers")?;
        let answers: Answers = serde_json::from_str(&answers)?;
        let (calls, good) = (answers.values().flat_map(BTreeMap::values).sum::<u64>(), answered_well(&answers));
        println!(
            "    {}: {} operations, {calls} calls, {good} answered well (of at least {}), {} failed",
            asker.name,
            answers.len(),
            asker.good,
            tally.failed
        );
        let left = never_asked(answers.keys(), &answers).join(", ");
        for (operation, statuses) in &answers {
            let counts = all.entry(operation.clone()).or_default();
            statuses.iter().for_each(|(status, count)| *counts.entry(status.clone()).or_default() += count);
        }
        ensure!(left.is_empty(), "never asked: {left}; CUEKEY_FUZZ_SECONDS gives it more time");
        ensure!(good >= asker.good, "only {good} operations had a good answer, of at least {}: what was tried?", asker.good);
        Ok(tally)
    }
}

/// The first element's `tests`, `failures` and `errors`.
fn junit(text: &str) -> Option<Tally> {
    let head = text.split_once("<testsuites ")?.1.split_once('>')?.0;
    let number = |name: &str| -> Option<u64> { head.split_once(&format!("{name}=\""))?.1.split_once('"')?.0.parse().ok() };
    let failed = number("failures")? + number("errors")?;
    let skipped = number("skipped")?;
    Some(Tally { passed: number("tests")?.checked_sub(failed + skipped)?, failed, skipped, ..Tally::default() })
}

/// A database of its own, gone with it.
struct Database {
    url: String,
    name: String,
    server: String,
}

impl Database {
    fn make(server: &str, log: &mut Log) -> Result<Self> {
        let name = format!("cuekey_fuzz_{}", std::process::id());
        let Some((base, _)) = server.rsplit_once('/') else { bail!("no address of a database: {server}") };
        let made = Self { url: format!("{base}/{name}"), name, server: server.to_owned() };
        made.sql(&format!("CREATE DATABASE {}", made.name), log)?;
        Ok(made)
    }

    fn sql(&self, statement: &str, log: &mut Log) -> Result<()> {
        let client = postgres::programs().map_or_else(|| PathBuf::from("psql"), |folder| folder.join("psql"));
        log.run(process::command(client).args(["--no-psqlrc", "--quiet", "--command", statement]).arg(&self.server))
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let _ = self.sql(&format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name), &mut Log::terminal());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(text: &str) -> Answers {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn an_operation_that_was_left_out_is_named_and_one_that_was_refused_was_asked() {
        let document = serde_json::json!({"paths": {"/a": {"get": {}, "post": {}, "parameters": []}, "/b/{id}": {"delete": {}}}});
        let offered = operations(&document);
        assert_eq!(offered.iter().collect::<Vec<_>>(), ["DELETE /b/{id}", "GET /a", "POST /a"]);
        let answers = answers(r#"{"GET /a": {"401": 3}, "POST /a": {}}"#);
        assert_eq!(never_asked(&offered, &answers), ["DELETE /b/{id}", "POST /a"]);
        assert_eq!(never_asked(answers.keys(), &answers), ["POST /a"]);
    }

    #[test]
    fn an_operation_is_answered_well_where_one_answer_was_2xx() {
        let answers = answers(r#"{"GET /a": {"200": 1, "404": 9}, "GET /b": {"422": 2}, "GET /c": {}, "DELETE /d": {"204": 1}}"#);
        assert_eq!(answered_well(&answers), 2);
    }

    #[test]
    fn somebody_asks_each_part_and_nobody_is_named_twice() {
        let names: BTreeSet<&str> = ASKERS.iter().map(|asker| asker.name).collect();
        assert_eq!(names.len(), ASKERS.len());
        for paths in [CONSOLE, CUSTOMERS, "^/client/"] {
            assert!(ASKERS.iter().any(|asker| asker.paths == paths), "{paths}");
        }
    }

    #[test]
    fn a_reports_totals_are_read_from_its_first_element() {
        let text = "<?xml version=\"1.0\"?>\n<testsuites errors=\"1\" failures=\"2\" skipped=\"3\" tests=\"10\" time=\"1.0\">\n<testsuite tests=\"99\">";
        assert_eq!(junit(text).unwrap(), Tally { passed: 4, failed: 3, skipped: 3, ..Tally::default() });
        assert!(junit("<html>").is_none());
        assert!(junit("<testsuites tests=\"1\">").is_none());
    }
}
