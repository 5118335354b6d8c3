//! Child processes, each the leader of a group of its own, so that a child's children end with it.
//!
//! Always: a [`Group`] is killed when it is dropped; the first Ctrl-C or SIGTERM makes every wait return an error, so that the
//! stack unwinds through those drops; the second kills at once; and [`keeper`] does it when xtask was killed outright.

use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use crate::clock::{Stopwatch, pause};
use crate::keeper;

static STOPPING: AtomicBool = AtomicBool::new(false);
static LIVE: Mutex<Vec<i32>> = Mutex::new(Vec::new());

/// How long a child may take to end by itself before it is killed.
const PATIENCE: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(20);

pub fn catch_signals() -> Result<()> {
    ctrlc::set_handler(|| {
        if STOPPING.swap(true, Ordering::SeqCst) {
            for group in LIVE.lock().unwrap_or_else(PoisonError::into_inner).iter() {
                let _ = killpg(Pid::from_raw(*group), Signal::SIGKILL);
            }
            std::process::exit(130);
        }
        eprintln!("stopping; once more to stop at once");
    })
    .context("cannot catch signals")
}

pub fn stopping() -> bool {
    STOPPING.load(Ordering::SeqCst)
}

/// A command without what `cargo run` put into our environment for xtask itself: some build scripts ask for
/// these variables, and would run anew each time that cargo is called from here and by hand in turns.
pub fn command(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        let Some(text) = name.to_str() else { continue };
        if text.starts_with("CARGO_PKG_")
            || text.starts_with("CARGO_MANIFEST_")
            || text.starts_with("CARGO_BIN_")
            || text == "CARGO_CRATE_NAME"
        {
            command.env_remove(&name);
        }
    }
    command
}

/// The command as one would type it.
pub fn describe(command: &Command) -> String {
    let mut words = vec![command.get_program().to_string_lossy().into_owned()];
    words.extend(command.get_args().map(|word| word.to_string_lossy().into_owned()));
    words.join(" ")
}

pub struct Group {
    child: Child,
    /// What asks this program to end: PostgreSQL waits for its clients on SIGTERM, but not on SIGINT.
    farewell: Signal,
    ended: Option<ExitStatus>,
}

impl Group {
    pub fn spawn(command: &mut Command) -> Result<Self> {
        if stopping() {
            bail!("interrupted");
        }
        let child = command.process_group(0).stdin(Stdio::null()).spawn().with_context(|| format!("cannot run `{}`", describe(command)))?;
        let group = child.id().cast_signed();
        LIVE.lock().unwrap_or_else(PoisonError::into_inner).push(group);
        keeper::tell('+', group);
        Ok(Self { child, farewell: Signal::SIGTERM, ended: None })
    }

    pub fn farewell(mut self, signal: Signal) -> Self {
        self.farewell = signal;
        self
    }

    /// `None` while the process runs.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        if self.ended.is_none() {
            self.ended = self.child.try_wait().context("cannot wait for a child")?;
        }
        Ok(self.ended)
    }

    /// Waits for the end, at most `limit`; `tick` is called now and then with the time so far.
    pub fn wait(&mut self, limit: Duration, mut tick: impl FnMut(Duration)) -> Result<ExitStatus> {
        let watch = Stopwatch::start();
        loop {
            if let Some(status) = self.ended()? {
                return Ok(status);
            }
            if stopping() {
                bail!("interrupted");
            }
            if watch.elapsed() > limit {
                bail!("not done after {} s, and killed", limit.as_secs());
            }
            tick(watch.elapsed());
            pause(POLL);
        }
    }

    /// Waits until `ready` answers with something, while the process lives.
    pub fn until<T>(&mut self, limit: Duration, mut ready: impl FnMut() -> Result<Option<T>>) -> Result<T> {
        let watch = Stopwatch::start();
        loop {
            if let Some(found) = ready()? {
                return Ok(found);
            }
            if let Some(status) = self.ended()? {
                bail!("it ended early ({})", say(status));
            }
            if stopping() {
                bail!("interrupted");
            }
            if watch.elapsed() > limit {
                bail!("it was not ready after {} s", limit.as_secs());
            }
            pause(POLL);
        }
    }

    fn signal(&self, signal: Signal) {
        // The group may be gone already, which is what we want.
        let _ = killpg(Pid::from_raw(self.child.id().cast_signed()), signal);
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if self.ended.is_none() {
            self.signal(self.farewell);
            let watch = Stopwatch::start();
            while matches!(self.ended(), Ok(None)) && watch.elapsed() < PATIENCE {
                pause(POLL);
            }
        }
        // Also after an orderly end: what the child itself left running must not outlive the step.
        self.signal(Signal::SIGKILL);
        let _ = self.child.wait();
        let group = self.child.id().cast_signed();
        LIVE.lock().unwrap_or_else(PoisonError::into_inner).retain(|live| *live != group);
        keeper::tell('-', group);
    }
}

pub fn say(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit code {code}"),
        (None, Some(signal)) => format!("signal {signal}"),
        (None, None) => "unknown end".to_owned(),
    }
}

/// A port on the loopback address that nobody listens on just now.
pub fn free_port() -> Result<u16> {
    let socket = std::net::TcpListener::bind(("127.0.0.1", 0)).context("no port is free on 127.0.0.1")?;
    Ok(socket.local_addr()?.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alive(pid: i32) -> bool {
        std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z"))
    }

    #[test]
    fn a_dropped_group_takes_its_grandchildren_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let note = folder.path().join("pid");
        let mut group = Group::spawn(command("/bin/sh").args(["-c", "sleep 60 & echo $! > pid; wait"]).current_dir(folder.path())).unwrap();
        let pid: i32 = group
            .until(Duration::from_secs(10), || Ok(std::fs::read_to_string(&note).ok().and_then(|text| text.trim().parse().ok())))
            .unwrap();
        assert!(alive(pid));
        drop(group);
        let watch = Stopwatch::start();
        while alive(pid) {
            assert!(watch.elapsed() < Duration::from_secs(5), "the grandchild lives on");
            pause(POLL);
        }
    }

    #[test]
    fn a_wait_ends_at_its_limit() {
        let mut group = Group::spawn(command("sleep").arg("60")).unwrap();
        let error = group.wait(Duration::from_millis(50), |_| ()).unwrap_err();
        assert!(error.to_string().contains("killed"));
    }

    #[test]
    fn an_early_end_is_not_waited_for() {
        let mut group = Group::spawn(&mut command("false")).unwrap();
        let error = group.until(Duration::from_secs(10), || Ok(None::<()>)).unwrap_err();
        assert_eq!(error.to_string(), "it ended early (exit code 1)");
    }
}
