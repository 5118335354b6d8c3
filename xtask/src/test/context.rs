//! What steps share: made when the first of them asks, kept for the others, and remembered when it fails, so that the
//! others fail at once and say why.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result, anyhow, bail};

use crate::count::{MOST_FLAKY, Tally};
use crate::log::{self, Log};
use crate::npm;
use crate::services::Services;
use crate::workspace::Workspace;

pub struct Context {
    pub workspace: Workspace,
    logs: PathBuf,
    console: Option<Result<(), String>>,
    app: Option<Result<(), String>>,
    cuekey: Option<Result<PathBuf, String>>,
    services: Option<Result<Services, String>>,
}

impl Context {
    pub fn new(workspace: Workspace) -> Result<Self> {
        Ok(Self { logs: workspace.scratch()?, workspace, console: None, app: None, cuekey: None, services: None })
    }

    pub fn log_path(&self, name: &str) -> PathBuf {
        self.logs.join(format!("{name}.log"))
    }

    /// The console's packages are installed.
    pub fn console(&mut self, log: &mut Log) -> Result<()> {
        let workspace = &self.workspace;
        once(&mut self.console, || npm::CONSOLE.install(workspace, log)).copied().context("the console's packages")
    }

    /// The customers' app's packages are installed.
    pub fn app(&mut self, log: &mut Log) -> Result<()> {
        let workspace = &self.workspace;
        once(&mut self.app, || npm::APP.install(workspace, log)).copied().context("the app's packages")
    }

    /// Both are built, as the program embeds them.
    pub fn pages(&mut self, log: &mut Log) -> Result<()> {
        self.console(log)?;
        npm::CONSOLE.build(&self.workspace, log).context("the console")?;
        self.app(log)?;
        npm::APP.build(&self.workspace, log).context("the app")
    }

    /// The program, built.
    pub fn cuekey(&mut self, log: &mut Log) -> Result<PathBuf> {
        let workspace = &self.workspace;
        let build = || {
            npm::ensure_dist(&workspace.root)?;
            workspace.build_cuekey(false, log)
        };
        once(&mut self.cuekey, build).cloned().context("the program")
    }

    /// PostgreSQL and the mail server, running.
    pub fn services(&mut self, log: &mut Log) -> Result<&Services> {
        let workspace = &self.workspace;
        // In a log of their own: a database that refuses what a test means it to refuse has a lot to say.
        let path = self.logs.join("services.log");
        let start = || {
            log.say(&format!("the servers' own words are in {}", path.display()));
            Services::start(workspace, &mut Log::file(path.clone())?).inspect_err(|_| log.say(&log::tail(&path).0))
        };
        once(&mut self.services, start)
    }
}

fn once<T>(slot: &mut Option<Result<T, String>>, make: impl FnOnce() -> Result<T>) -> Result<&T> {
    let made = slot.get_or_insert_with(|| make().map_err(|error| format!("{error:#}")));
    made.as_ref().map_err(|error| anyhow!("{error}"))
}

/// A check that is one by itself.
pub fn one(result: Result<()>) -> Result<Tally> {
    result.map(|()| Tally::ONE_PASSED)
}

/// Runs tests and reads how many passed. The exit code has the last word, and no tests are not good tests.
pub fn count(log: &mut Log, command: &mut Command, read: fn(&str) -> Option<Tally>) -> Result<Tally> {
    let (status, text) = log.observe(command)?;
    let Some(mut tally) = read(&text) else {
        bail!("the output holds no total of tests ({})", crate::process::say(status));
    };
    if !status.success() && tally.failed == 0 {
        log.say(&format!("error: no test failed, but the command did ({})", crate::process::say(status)));
        tally.failed = 1;
    }
    if tally.passed + tally.failed == 0 {
        bail!("no tests ran");
    }
    if tally.too_flaky() {
        log.say(&format!("error: {} tests passed only when they were run again; {MOST_FLAKY} may", tally.flaky));
    }
    Ok(tally.judged())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{count, process};

    fn counted(script: &str) -> Result<Tally> {
        counted_by(count::cargo_test, script)
    }

    fn counted_by(read: fn(&str) -> Option<Tally>, script: &str) -> Result<Tally> {
        let folder = tempfile::tempdir().unwrap();
        let mut log = Log::file(folder.path().join("log")).unwrap();
        super::count(&mut log, process::command("/bin/sh").args(["-c", script]), read)
    }

    #[test]
    fn an_exit_code_is_not_talked_away_by_totals() {
        let good = "echo 'test result: ok. 2 passed; 0 failed; 0 ignored'";
        assert_eq!(counted(good).unwrap(), Tally { passed: 2, ..Tally::default() });
        assert_eq!(counted(&format!("{good}; exit 1")).unwrap(), Tally { passed: 2, failed: 1, ..Tally::default() });
        assert!(counted("true").is_err());
        assert!(counted("echo 'test result: ok. 0 passed; 0 failed; 3 ignored'").is_err());
    }

    #[test]
    fn a_step_fails_in_which_too_many_tests_were_flaky() {
        let ran = |flaky: u64| counted_by(count::playwright, &format!("echo '  {flaky} flaky'; echo '  5 passed (1.0s)'")).unwrap();
        assert_eq!((ran(2).failed, ran(2).passed), (0, 7));
        assert_eq!((ran(3).failed, ran(3).passed), (3, 5));
    }

    #[test]
    fn a_failure_is_remembered() {
        let mut slot: Option<Result<(), String>> = None;
        assert!(once(&mut slot, || bail!("first")).is_err());
        assert_eq!(once(&mut slot, || Ok(())).unwrap_err().to_string(), "first");
    }
}
