//! `cargo xtask test --fuzz`: schemathesis makes calls from the OpenAPI document, as nobody, as a program, and as each role, on SQLite
//! and on PostgreSQL. No call may end in a 500 or in anything that the document does not say.
//!
//! Seeded, and bounded in time: each of the ten runs has so many seconds. It counts operations, one for each run. What schemathesis
//! is told beside the document is in `xtask/fuzz`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};

use super::context::Context;
use crate::count::Tally;
use crate::demo::Demo;
use crate::log::Log;
use crate::services::postgres;
use crate::{npm, process, venv};

/// In this order: those who come later may disable those who came before. With how many operations must have had a good answer, so
/// that a run which was refused everywhere is no good run.
const ASKERS: [(&str, usize); 5] = [("nobody", 5), ("program", 3), ("agent", 25), ("agent_admin", 25), ("super_admin", 35)];
const SECONDS: u64 = 28;

pub fn run(context: &mut Context, log: &mut Log) -> Result<Tally> {
    let (seed, seconds) = (number("CUEKEY_SEED", 1)?, number("CUEKEY_FUZZ_SECONDS", SECONDS)?);
    println!("    seed {seed}, {seconds} s for each asker on each database");
    // The program serves its console; whether that is well is another step's question.
    npm::ensure_dist(&context.workspace)?;
    let python = venv::fuzzer(&context.workspace, log)?;
    let cuekey = context.cuekey(log)?;
    let mut tally = Tally::default();
    for engine in ["sqlite", "postgres"] {
        let database = if engine == "postgres" { Some(Database::make(&context.services(log)?.postgres()?, log)?) } else { None };
        let server_log = context.log_path(&format!("fuzz-server-{engine}"));
        let demo = Demo::start_on(&cuekey, database.as_ref().map(|database| database.url.as_str()), server_log.clone(), log)?;
        for (asker, least) in ASKERS {
            let run =
                Run { python: &python, demo: &demo, asker, seed, seconds, report: context.log_path(&format!("fuzz-{engine}-{asker}")) };
            let found = run.perform(&context.workspace.root, least, log).unwrap_or_else(|error| {
                log.say(&format!("error: {engine}, {asker}: {error:#}"));
                Tally::ONE_FAILED
            });
            println!("    {engine}, {asker}: {} passed, {} failed", found.passed, found.failed);
            tally += found;
        }
        drop(demo);
        tally += quiet(&server_log, log)?;
    }
    Ok(tally)
}

fn number(name: &str, otherwise: u64) -> Result<u64> {
    std::env::var(name).map_or(Ok(otherwise), |text| text.parse().with_context(|| format!("{name} is no number: {text}")))
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

struct Run<'a> {
    python: &'a Path,
    demo: &'a Demo,
    asker: &'a str,
    seed: u64,
    seconds: u64,
    report: PathBuf,
}

impl Run<'_> {
    fn perform(&self, root: &Path, least: usize, log: &mut Log) -> Result<Tally> {
        let report = self.report.with_extension("xml");
        let mut command = process::command(self.python);
        command.arg(root.join("xtask/fuzz/run.py")).args(["--url", &self.demo.url]).arg("--note").arg(&self.demo.note);
        command.args(["--role", self.asker, "--seed", &self.seed.to_string(), "--seconds", &self.seconds.to_string()]);
        command.arg("--report").arg(&report).env("PYTHONDONTWRITEBYTECODE", "1").current_dir(root);
        let _ = std::fs::remove_file(&report);
        let (status, _) = log.observe(&mut command)?;
        let text = std::fs::read_to_string(&report).context("schemathesis left no report")?;
        let mut tally = junit(&text).context("the report holds no totals")?;
        if !status.success() && tally.failed == 0 {
            log.say(&format!("error: no operation failed, but schemathesis did ({})", process::say(status)));
            tally.failed = 1;
        }
        let good = good_answers(&self.report.with_extension("json"))?;
        ensure!(good >= least, "only {good} operations had a good answer, of at least {least}: what was tried?");
        Ok(tally)
    }
}

/// The first element's `tests`, `failures` and `errors`.
fn junit(text: &str) -> Option<Tally> {
    let head = text.split_once("<testsuites ")?.1.split_once('>')?.0;
    let number = |name: &str| -> Option<u64> { head.split_once(&format!("{name}=\""))?.1.split_once('"')?.0.parse().ok() };
    let failed = number("failures")? + number("errors")?;
    let skipped = number("skipped")?;
    Some(Tally { passed: number("tests")?.checked_sub(failed + skipped)?, failed, skipped })
}

/// How many operations answered with 2xx at least once.
fn good_answers(path: &Path) -> Result<usize> {
    let text = std::fs::read_to_string(path).context("the hooks left no account of the answers")?;
    let answers: BTreeMap<String, BTreeMap<String, u64>> = serde_json::from_str(&text)?;
    Ok(answers.values().filter(|statuses| statuses.keys().any(|status| status.starts_with('2'))).count())
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

    #[test]
    fn a_reports_totals_are_read_from_its_first_element() {
        let text = "<?xml version=\"1.0\"?>\n<testsuites errors=\"1\" failures=\"2\" skipped=\"3\" tests=\"10\" time=\"1.0\">\n<testsuite tests=\"99\">";
        assert_eq!(junit(text).unwrap(), Tally { passed: 4, failed: 3, skipped: 3 });
        assert!(junit("<html>").is_none());
        assert!(junit("<testsuites tests=\"1\">").is_none());
    }
}
