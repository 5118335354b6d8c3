//! An installation of the product for the measurement: its folder, its database, and the program that serves it.

use std::io::Write as _;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::api::Api;
use crate::bare;
use crate::clock::{Stopwatch, pause};
use crate::dataset;
use crate::program::Credentials;

pub const MASTER_KEY: &str = "master.key";
pub const CHIEF: &str = "chief";
pub const PASSWORD: &str = "benchmark-Password-7";

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Engine {
    Sqlite,
    Postgres,
}

impl Engine {
    pub const BOTH: [Self; 2] = [Self::Sqlite, Self::Postgres];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        }
    }
}

/// Where an installation is.
#[derive(Clone)]
pub struct Place {
    pub cuekey: PathBuf,
    pub folder: PathBuf,
    pub engine: Engine,
    /// `sqlite://…` or `postgres://…`.
    pub url: String,
    /// What this installation is told besides.
    pub environment: Vec<(&'static str, String)>,
}

impl Place {
    fn command(&self, verb: &str) -> Command {
        let mut command = Command::new(&self.cuekey);
        command.arg(verb).arg("--data").arg(&self.folder).args(["--metrics-listen", ""]).current_dir(&self.folder);
        command
            .env("CUEKEY_LOG__LEVEL", "warn")
            .envs(self.environment.iter().map(|(name, value)| (*name, value.as_str())))
            .stdin(Stdio::null());
        if self.engine == Engine::Postgres {
            command.args(["--database", &self.url]);
        }
        command
    }

    /// A new installation with one super admin.
    pub fn found(&self) -> Result<()> {
        std::fs::create_dir_all(&self.folder)?;
        let mut command = self.command("create-super-admin");
        command.args(["--name", CHIEF, "--email", "chief@bench.example", "--password-stdin"]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().context("cannot run cuekey")?;
        child.stdin.take().context("no standard input")?.write_all(PASSWORD.as_bytes())?;
        if !child.wait()?.success() {
            bail!("cuekey create-super-admin failed");
        }
        Ok(())
    }

    /// For another process on the same database.
    pub fn beside(&self, name: &str) -> Result<Self> {
        let folder = self.folder.join(name);
        fresh_folder(&folder)?;
        std::fs::copy(self.folder.join(MASTER_KEY), folder.join(MASTER_KEY))?;
        Ok(Self { folder, ..self.clone() })
    }

    /// Has `cuekey doctor` look at it, and answers what it says; what it finds fails the measurement.
    pub fn doctor(&self) -> Result<String> {
        let output = self.command("doctor").output().context("cannot run cuekey")?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        if !output.status.success() {
            bail!("cuekey doctor has found something:\n{said}");
        }
        Ok(said)
    }

    /// Removes its database and its folder: a part's own installation must not lie on the disk while the next one fills.
    pub async fn remove(&self, postgres: &str) -> Result<()> {
        if self.engine == Engine::Postgres {
            dataset::drop_database(postgres, self.url.rsplit_once('/').context("a database's address ends in its name")?.1).await?;
        }
        std::fs::remove_dir_all(&self.folder).with_context(|| format!("cannot remove {}", self.folder.display()))
    }

    /// Starts it, and says how long it took to be ready.
    pub async fn serve(&self) -> Result<(Site, Duration)> {
        let address = free_address()?;
        let mut command = self.command("serve");
        command.args(["--listen", &address.to_string()]);
        let log = std::fs::OpenOptions::new().create(true).append(true).open(self.folder.join("server.log"))?;
        command.stdout(log.try_clone()?).stderr(log);
        let watch = Stopwatch::start();
        let child = command.spawn().context("cannot run cuekey")?;
        let mut site = Site { place: self.clone(), child, address };
        let ready = site.ready(watch).await?;
        Ok((site, ready))
    }
}

pub fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?)
}

/// A running program; it ends with this.
pub struct Site {
    pub place: Place,
    child: Child,
    pub address: SocketAddr,
}

impl Site {
    async fn ready(&mut self, watch: Stopwatch) -> Result<Duration> {
        let api = Api::new(self.address)?;
        loop {
            if let Some(status) = self.child.try_wait()? {
                bail!("cuekey ended at its start ({status}); see {}", self.place.folder.join("server.log").display());
            }
            if api.is_ready().await {
                return Ok(watch.elapsed());
            }
            if watch.seconds() > 120.0 {
                bail!("cuekey was not ready after two minutes");
            }
            pause(Duration::from_millis(2)).await;
        }
    }

    pub async fn chief(&self) -> Result<Api> {
        Api::new(self.address)?.signed_in(CHIEF, PASSWORD).await
    }

    /// Resident memory in KiB: now, and at its highest.
    pub fn memory(&self) -> Result<Memory> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).context("the process's memory")?;
        let of = |name: &str| -> Result<u64> {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).context("no such line")?;
            Ok(line.trim_matches(|character: char| !character.is_ascii_digit()).parse()?)
        };
        Ok(Memory { now: of("VmRSS:")?, peak: of("VmHWM:")? })
    }

    /// The highest is counted anew from here.
    pub fn forget_peak(&self) -> Result<()> {
        std::fs::write(format!("/proc/{}/clear_refs", self.child.id()), "5").context("the process's highest memory cannot be reset")
    }

    /// Processor time so far, in microseconds.
    pub fn processor(&self) -> Result<u64> {
        processor(self.child.id())
    }

    pub fn stop(&mut self) -> Result<()> {
        if self.child.try_wait()?.is_some() {
            return Ok(());
        }
        Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status()?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// KiB.
#[derive(Debug, Clone, Copy)]
pub struct Memory {
    pub now: u64,
    pub peak: u64,
}

/// The baseline, as a process of its own.
pub struct Bare {
    child: Child,
    pub address: SocketAddr,
}

impl Bare {
    pub async fn start(secret: &str, length: usize, database: Option<&str>) -> Result<Self> {
        let address = free_address()?;
        let own = std::env::current_exe()?;
        let mut command = Command::new(own);
        command.args(["bare", "--listen", &address.to_string(), "--secret", secret, "--length", &length.to_string()]);
        if let Some(database) = database {
            command.args(["--database", database]);
        }
        let child = command.stdin(Stdio::null()).spawn()?;
        let bare = Self { child, address };
        let watch = Stopwatch::start();
        while tokio::net::TcpStream::connect(address).await.is_err() {
            if watch.seconds() > 10.0 {
                bail!("the baseline does not listen");
            }
            pause(Duration::from_millis(5)).await;
        }
        Ok(bare)
    }
}

impl Bare {
    pub fn processor(&self) -> Result<u64> {
        processor(self.child.id())
    }

    /// Those of the product, but for the key that signs the answers.
    pub fn credentials(&self, product: &Credentials) -> Rc<Credentials> {
        Rc::new(Credentials { response_public_key: bare::public_key(), ..product.clone() })
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Processor time of a process so far, in microseconds: clock ticks of a hundredth of a second.
pub fn processor(process: u32) -> Result<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).context("the process's times")?;
    let (_, rest) = stat.rsplit_once(')').context("a process's name stands in brackets")?;
    let mut fields = rest.split_ascii_whitespace().skip(11);
    let ticks: u64 = fields.next().context("user time")?.parse::<u64>()? + fields.next().context("system time")?.parse::<u64>()?;
    Ok(ticks * 10_000)
}

/// Removes what an earlier run left.
pub fn fresh_folder(path: &Path) -> Result<()> {
    if path.exists() {
        std::fs::remove_dir_all(path).with_context(|| format!("cannot remove {}", path.display()))?;
    }
    Ok(std::fs::create_dir_all(path)?)
}
