//! A PostgreSQL of the driver's own, durable as in earnest, that can be stopped, killed and started again.

use std::fs::Permissions;
use std::io::Write;
use std::net::SocketAddr;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use kernel::{Clock, Stopwatch};
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, User};
use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::faults::Faults;
use crate::server::free_address;

const START: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(20);

pub struct Postgres {
    programs: PathBuf,
    pub address: SocketAddr,
    owner: Option<User>,
    server: Option<Child>,
    faults: Option<Faults>,
    // Last: the server ends before its folder goes.
    folder: TempDir,
}

impl Postgres {
    pub async fn start() -> Result<Self> {
        let programs = programs().context("no PostgreSQL server is installed")?;
        // In /tmp: its owner must be able to reach it, and a socket's path is at most 107 bytes long.
        let folder = tempfile::Builder::new().prefix("cuekey-chaos-pg-").tempdir_in("/tmp")?;
        let owner = if nix::unistd::geteuid().is_root() { User::from_name("postgres")? } else { None };
        if let Some(owner) = &owner {
            chown(folder.path(), Some(owner.uid.as_raw()), Some(owner.gid.as_raw()))?;
        }
        let mut this = Self { programs, address: free_address()?, owner, server: None, faults: None, folder };
        let mut initdb = this.command("initdb");
        initdb.arg("--pgdata").arg(this.data()).args(["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]);
        let made = initdb.output().await.context("cannot run initdb")?;
        if !made.status.success() {
            bail!("initdb: {}", String::from_utf8_lossy(&made.stderr));
        }
        this.up().await?;
        Ok(this)
    }

    /// Starts the server, and waits until it answers. Nothing when it runs.
    pub async fn up(&mut self) -> Result<()> {
        if let Some(server) = &mut self.server
            && server.try_wait()?.is_none()
        {
            return Ok(());
        }
        let mut server = self.command("postgres");
        server.arg("-D").arg(self.data()).args(["-p", &self.address.port().to_string()]);
        let sockets = format!("unix_socket_directories={}", self.folder.path().display());
        for setting in ["listen_addresses=127.0.0.1", &sockets, "max_connections=400", "dynamic_shared_memory_type=mmap"] {
            server.args(["-c", setting]);
        }
        if let Some(faults) = &self.faults {
            faults.apply(&mut server);
        }
        let log = std::fs::File::options().append(true).create(true).open(self.folder.path().join("log"))?;
        self.server = Some(server.stdout(Stdio::null()).stderr(log).spawn().context("cannot start postgres")?);
        let watch = Stopwatch::start();
        while !self.answers().await {
            if watch.elapsed() > START {
                bail!("PostgreSQL was not ready after {} s", START.as_secs());
            }
            Clock::System.sleep(POLL).await;
        }
        Ok(())
    }

    /// Its disk can fail from now on.
    pub async fn can_fail(&mut self) -> Result<Faults> {
        let faults = Faults::make(self.folder.path(), &self.data()).await?;
        if let Some(owner) = &self.owner {
            chown(faults.switches(), Some(owner.uid.as_raw()), Some(owner.gid.as_raw()))?;
        }
        self.down(Signal::SIGINT).await?;
        self.faults = Some(faults.clone());
        self.up().await?;
        Ok(faults)
    }

    /// From now on it takes encrypted connections alone. The certificate that it shows, which nobody else vouches for.
    pub async fn encrypt(&mut self) -> Result<PathBuf> {
        let own = rcgen::generate_simple_self_signed([self.address.ip().to_string()])?;
        self.down(Signal::SIGINT).await?;
        let (certificate, key) = (self.data().join("server.crt"), self.data().join("server.key"));
        std::fs::write(&certificate, own.cert.pem())?;
        std::fs::write(&key, own.signing_key.serialize_pem())?;
        std::fs::set_permissions(&key, Permissions::from_mode(0o600))?;
        if let Some(owner) = &self.owner {
            chown(&key, Some(owner.uid.as_raw()), Some(owner.gid.as_raw()))?;
        }
        std::fs::File::options().append(true).open(self.data().join("postgresql.conf"))?.write_all(b"ssl = on\n")?;
        std::fs::write(self.data().join("pg_hba.conf"), "hostssl all all 127.0.0.1/32 trust\n")?;
        self.up().await?;
        Ok(certificate)
    }

    /// `SIGINT` is a fast shutdown, `SIGQUIT` one without any order, after which it recovers from its log.
    pub async fn down(&mut self, signal: Signal) -> Result<()> {
        let Some(mut server) = self.server.take() else { return Ok(()) };
        if let Some(pid) = server.id() {
            kill(Pid::from_raw(pid.cast_signed()), signal)?;
        }
        timeout(START, server.wait()).await.context("PostgreSQL does not stop")??;
        Ok(())
    }

    /// A new, empty database; its address.
    pub async fn database(&self, name: &str) -> Result<String> {
        let mut create = self.command("createdb");
        create.args(["--host=127.0.0.1", "--username=postgres", "--port", &self.address.port().to_string(), name]);
        let made = create.output().await.context("cannot run createdb")?;
        if !made.status.success() {
            bail!("createdb: {}", String::from_utf8_lossy(&made.stderr));
        }
        Ok(self.url(self.address, name))
    }

    /// Makes a database read-only, or lets it be written again, as an operator does: for all who connect from now on. Whoever is connected has to
    /// connect anew.
    pub async fn read_only(&self, name: &str, on: bool) -> Result<()> {
        let change = if on { "SET default_transaction_read_only = on" } else { "RESET default_transaction_read_only" };
        let mut psql = self.command("psql");
        psql.args(["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--host=127.0.0.1", "--username=postgres", "--dbname=postgres"]);
        psql.args(["--port", &self.address.port().to_string()]);
        for sql in [
            format!("ALTER DATABASE {name} {change}"),
            format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"),
        ] {
            psql.arg("--command").arg(sql);
        }
        let done = psql.output().await.context("cannot run psql")?;
        if !done.status.success() {
            bail!("psql: {}", String::from_utf8_lossy(&done.stderr));
        }
        Ok(())
    }

    /// A database by another way to it.
    pub fn url(&self, address: SocketAddr, name: &str) -> String {
        format!("postgres://postgres@{address}/{name}")
    }

    async fn answers(&self) -> bool {
        let mut ask = self.command("pg_isready");
        ask.args(["--quiet", "--host=127.0.0.1", "--username=postgres", "--port", &self.address.port().to_string()]);
        ask.status().await.is_ok_and(|status| status.success())
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.join(program));
        command.current_dir(self.folder.path()).env("LC_ALL", "C").env_remove("PGDATA").env_remove("PGPORT").env_remove("PGHOST");
        command.stdin(Stdio::null()).kill_on_drop(true);
        if let Some(owner) = &self.owner {
            command.uid(owner.uid.as_raw()).gid(owner.gid.as_raw()).env("HOME", self.folder.path());
        }
        command
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // Its children end with it; killed outright they would look for it first.
        if let Some(pid) = self.server.as_ref().and_then(Child::id) {
            let _ = kill(Pid::from_raw(pid.cast_signed()), Signal::SIGQUIT);
        }
    }
}

/// The folder with the newest complete server.
fn programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut versions: Vec<(u32, PathBuf)> =
        versions.filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin")))).collect();
    versions.sort();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let complete =
        |folder: &Path| ["initdb", "postgres", "createdb", "pg_isready", "psql"].iter().all(|program| folder.join(program).is_file());
    versions.into_iter().rev().map(|(_, folder)| folder).chain(std::env::split_paths(&path)).find(|folder| complete(folder))
}
