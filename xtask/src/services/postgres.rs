//! A PostgreSQL of our own, from whatever version is installed: in a temporary folder, without a password, on the loopback
//! address alone. For tests it is careless about crashes (`fsync=off`): its data lives as long as they do. What is measured
//! runs with PostgreSQL's own settings.

use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use nix::sys::signal::Signal;
use nix::unistd::User;
use tempfile::TempDir;

use crate::install;
use crate::log::Log;
use crate::process::{self, Group};

const START: Duration = Duration::from_secs(60);
/// Somebody else may take a free port between our looking and the server's listening.
const TRIES: u32 = 3;

pub struct Server {
    pub url: String,
    // In this order: the server has to end before its folder goes.
    group: Group,
    _folder: TempDir,
}

/// How it is set up.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    Careless,
    /// As it comes: an answer means that it is on the disk. Reached by its socket, as on any machine that it shares.
    Durable,
}

impl Server {
    pub fn start(manner: Manner, log: &mut Log) -> Result<Self> {
        install::ensure(&["postgresql"], log)?;
        let programs = programs().context("no PostgreSQL server is installed")?;
        let folder = Folder::make()?;
        folder.initialise(&programs, log)?;
        let mut tries = 1;
        loop {
            let port = process::free_port()?;
            match folder.serve(&programs, port, manner, log) {
                Ok(group) => {
                    let host = match manner {
                        Manner::Careless => "127.0.0.1".to_owned(),
                        Manner::Durable => folder.socket_as_host(),
                    };
                    return Ok(Self { url: format!("postgres://postgres@{host}:{port}/postgres"), group, _folder: folder.root });
                }
                Err(error) if tries == TRIES || process::stopping() => return Err(error),
                Err(error) => log.say(&format!("try {tries}: {error:#}")),
            }
            tries += 1;
        }
    }

    pub fn alive(&mut self) -> bool {
        matches!(self.group.ended(), Ok(None))
    }
}

/// The folder with the newest complete server; a machine may have the client alone.
pub fn programs() -> Option<PathBuf> {
    let mut versions: Vec<(u32, PathBuf)> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .collect();
    versions.sort();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let installed = versions.into_iter().rev().map(|(_, folder)| folder);
    installed.chain(std::env::split_paths(&path)).find(|folder| is_complete(folder))
}

fn is_complete(folder: &Path) -> bool {
    ["initdb", "postgres", "pg_isready"].iter().all(|program| folder.join(program).is_file())
}

struct Folder {
    root: TempDir,
    /// Whom the server runs as: it refuses to be root.
    owner: Option<User>,
}

impl Folder {
    fn make() -> Result<Self> {
        // In /tmp whatever TMPDIR says: the owner must be able to reach it, and a socket's path is at most 107 bytes long.
        let root = tempfile::Builder::new().prefix("cuekey-postgres-").tempdir_in("/tmp").context("no temporary folder")?;
        let owner = if nix::unistd::geteuid().is_root() {
            let owner = User::from_name("postgres")?.context("PostgreSQL does not run as root, and there is no user postgres")?;
            chown(root.path(), Some(owner.uid.as_raw()), Some(owner.gid.as_raw()))?;
            Some(owner)
        } else {
            None
        };
        Ok(Self { root, owner })
    }

    fn command(&self, program: PathBuf) -> Command {
        let mut command = process::command(program);
        command.current_dir(self.root.path()).env("LC_ALL", "C").env_remove("PGDATA").env_remove("PGPORT").env_remove("PGHOST");
        if let Some(owner) = &self.owner {
            command.uid(owner.uid.as_raw()).gid(owner.gid.as_raw()).env("HOME", self.root.path());
        }
        command
    }

    /// As it stands in an address: a slash there would end the host.
    fn socket_as_host(&self) -> String {
        self.root.path().display().to_string().replace('/', "%2F")
    }

    fn data(&self) -> PathBuf {
        self.root.path().join("data")
    }

    fn initialise(&self, programs: &Path, log: &mut Log) -> Result<()> {
        let mut initdb = self.command(programs.join("initdb"));
        // Locale C orders text by its bytes, as SQLite does.
        initdb.arg("--pgdata").arg(self.data()).args(["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]);
        log.run(&mut initdb)?;
        // None for other addresses. The socket lies in a folder that nobody else may enter.
        let doors = "local all all trust\nhost all all 127.0.0.1/32 trust\n";
        std::fs::write(self.data().join("pg_hba.conf"), doors).context("cannot write pg_hba.conf")
    }

    fn serve(&self, programs: &Path, port: u16, manner: Manner, log: &mut Log) -> Result<Group> {
        let mut postgres = self.command(programs.join("postgres"));
        postgres.arg("-D").arg(self.data()).args(["-p", &port.to_string()]);
        let sockets = format!("unix_socket_directories={}", self.root.path().display());
        // Shared memory may be tiny in a container.
        let ours = ["listen_addresses=127.0.0.1", &sockets, "dynamic_shared_memory_type=mmap"];
        let careless = ["max_connections=400", "shared_buffers=256MB", "fsync=off", "synchronous_commit=off", "full_page_writes=off"];
        let careless: &[&str] = if manner == Manner::Careless { &careless } else { &[] };
        for setting in ours.iter().chain(careless) {
            postgres.args(["-c", setting]);
        }
        // SIGINT is a fast shutdown: it does not wait for clients that forgot to hang up.
        let mut group = log.start(&mut postgres)?.farewell(Signal::SIGINT);
        let answer = group.until(START, || {
            let mut ask = self.command(programs.join("pg_isready"));
            ask.args(["--quiet", "--host=127.0.0.1", "--username=postgres", "--port", &port.to_string()]);
            Ok(ask.status().context("cannot run pg_isready")?.success().then_some(()))
        });
        match answer {
            Ok(()) => Ok(group),
            Err(error) => bail!("postgres on port {port}: {error:#}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_alone_is_not_a_server() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("pg_isready"), "").unwrap();
        std::fs::write(folder.path().join("psql"), "").unwrap();
        assert!(!is_complete(folder.path()));
        std::fs::write(folder.path().join("initdb"), "").unwrap();
        std::fs::write(folder.path().join("postgres"), "").unwrap();
        assert!(is_complete(folder.path()));
    }
}
