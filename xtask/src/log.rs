//! Where the output of a command goes: straight to the developer, or into a step's log file.
//!
//! A step's children write into the file themselves, so nothing is lost when xtask dies, and nothing has to be pumped.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::process::{self, Group};

/// Longer than anything takes on a slow machine from cold, shorter than a CI's own patience.
const LIMIT: Duration = Duration::from_secs(45 * 60);
/// CI systems end a job that says nothing for long.
const SIGN_OF_LIFE: Duration = Duration::from_secs(60);
/// Lines of a failed step's log that are shown: its end, where tools put what matters.
const SHOWN: usize = 400;

pub enum Log {
    Terminal,
    File { path: PathBuf, file: File },
}

impl Log {
    pub fn terminal() -> Self {
        Self::Terminal
    }

    pub fn file(path: PathBuf) -> Result<Self> {
        std::fs::write(&path, "").with_context(|| format!("cannot write {}", path.display()))?;
        // Appending: several processes share the file, and none may write over another's lines.
        let file = File::options().append(true).read(true).open(&path)?;
        Ok(Self::File { path, file })
    }

    pub fn say(&mut self, text: &str) {
        match self {
            Self::Terminal => println!("{text}"),
            // A full disk shows itself in the commands that follow.
            Self::File { file, .. } => drop(writeln!(file, "{text}")),
        }
    }

    /// Runs to the end; anything but success is an error.
    pub fn run(&mut self, command: &mut Command) -> Result<()> {
        let (status, _) = self.observe(command)?;
        expect_success(command, status)
    }

    /// Runs to the end, and gives what it wrote (nothing on a terminal), whether or not it succeeded.
    pub fn observe(&mut self, command: &mut Command) -> Result<(ExitStatus, String)> {
        let from = self.announce(command)?;
        self.attach(command)?;
        let mut group = Group::spawn(command)?;
        let mut next = SIGN_OF_LIFE;
        let status = group.wait(LIMIT, |elapsed| {
            if elapsed >= next {
                next += SIGN_OF_LIFE;
                if let Self::File { path, .. } = self {
                    println!("    {} s: {}", elapsed.as_secs(), last_line(path));
                }
            }
        });
        drop(group);
        let status = status.with_context(|| format!("`{}`", process::describe(command)))?;
        Ok((status, self.since(from)?))
    }

    /// Runs to the end, and gives its standard output, which does not go into the log.
    pub fn capture(&mut self, command: &mut Command) -> Result<String> {
        self.announce(command)?;
        self.attach(command)?;
        let mut output = tempfile::tempfile().context("no temporary file")?;
        command.stdout(output.try_clone()?);
        let status = Group::spawn(command)?.wait(LIMIT, |_| ())?;
        expect_success(command, status)?;
        output.seek(SeekFrom::Start(0))?;
        let mut text = String::new();
        output.read_to_string(&mut text).with_context(|| format!("`{}` does not write UTF-8", process::describe(command)))?;
        Ok(text)
    }

    /// Leaves the command running in the background; its output goes where this log goes.
    pub fn start(&mut self, command: &mut Command) -> Result<Group> {
        self.announce(command)?;
        self.attach(command)?;
        Group::spawn(command)
    }

    /// Sends the command's output here, and asks it not to decorate a file.
    fn attach(&self, command: &mut Command) -> Result<()> {
        if let Self::File { file, .. } = self {
            command.stdout(file.try_clone()?).stderr(file.try_clone()?);
            command
                .env("CARGO_TERM_COLOR", "never")
                .env("NO_COLOR", "1")
                .env("CI", "1")
                .env_remove("FORCE_COLOR")
                .env_remove("CLICOLOR_FORCE");
        }
        Ok(())
    }

    fn announce(&mut self, command: &Command) -> Result<u64> {
        self.say(&format!("$ {}", process::describe(command)));
        match self {
            Self::Terminal => Ok(0),
            Self::File { file, .. } => Ok(file.metadata()?.len()),
        }
    }

    fn since(&self, from: u64) -> Result<String> {
        let Self::File { path, .. } = self else { return Ok(String::new()) };
        let mut file = File::open(path)?;
        file.seek(SeekFrom::Start(from))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

fn expect_success(command: &Command, status: ExitStatus) -> Result<()> {
    if !status.success() {
        bail!("`{}` failed ({})", process::describe(command), process::say(status));
    }
    Ok(())
}

/// The end of a log, and how many lines before it were left out.
pub fn tail(path: &Path) -> (String, usize) {
    let text = std::fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    let left_out = lines.len().saturating_sub(SHOWN);
    (lines[left_out..].join("\n"), left_out)
}

fn last_line(path: &Path) -> String {
    let (text, _) = tail(path);
    text.lines().rev().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default().chars().take(100).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_holds_commands_and_their_output_and_gives_back_the_last_ones() {
        let folder = tempfile::tempdir().unwrap();
        let mut log = Log::file(folder.path().join("step.log")).unwrap();
        log.run(process::command("echo").arg("first")).unwrap();
        let (status, text) = log.observe(process::command("/bin/sh").args(["-c", "echo out; echo err >&2; exit 3"])).unwrap();
        assert_eq!((status.code(), text.as_str()), (Some(3), "out\nerr\n"));
        assert_eq!(log.capture(process::command("echo").arg("apart")).unwrap(), "apart\n");
        let whole = std::fs::read_to_string(folder.path().join("step.log")).unwrap();
        assert_eq!(whole, "$ echo first\nfirst\n$ /bin/sh -c echo out; echo err >&2; exit 3\nout\nerr\n$ echo apart\n");
        assert!(log.run(&mut process::command("false")).unwrap_err().to_string().contains("exit code 1"));
    }

    #[test]
    fn a_long_log_is_cut_at_its_beginning() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        std::fs::write(&path, (0..450).map(|n| format!("{n}\n")).collect::<String>()).unwrap();
        let (text, left_out) = tail(&path);
        assert_eq!((left_out, text.lines().next(), text.lines().last()), (50, Some("50"), Some("449")));
    }
}
