//! The program under test, as a process that can be killed.

use std::fs::File;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use kernel::{Clock, Stopwatch};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::faults::Faults;

/// Far more than a start takes on a slow machine.
const START: Duration = Duration::from_secs(60);
/// The program gives itself 30 s to finish what it accepted.
const STOP: Duration = Duration::from_secs(45);
const POLL: Duration = Duration::from_millis(10);

/// How one server is started, again and again.
#[derive(Clone)]
pub struct Setup {
    pub cuekey: PathBuf,
    /// Its data folder.
    pub data: PathBuf,
    pub address: SocketAddr,
    /// `None` for SQLite in the data folder.
    pub database: Option<String>,
    pub mail: SocketAddr,
    pub master_key: PathBuf,
    pub faults: Option<Faults>,
    /// More of its configuration.
    pub extra: Vec<(String, String)>,
    /// What it says goes there.
    pub log: PathBuf,
}

impl Setup {
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where the driver itself finds the database.
    pub fn database_url(&self) -> String {
        self.database.clone().unwrap_or_else(|| format!("sqlite://{}", self.data.join("cuekey.db").display()))
    }

    /// A command of the program with this set-up and nothing else of the environment.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.cuekey);
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("CUEKEY_")) {
            command.env_remove(name);
        }
        command.args(arguments).arg("--data").arg(&self.data).stdin(Stdio::null()).kill_on_drop(true);
        if let Some(database) = &self.database {
            command.args(["--database", database]);
        }
        command
            .env("LC_ALL", "en_GB.UTF-8")
            .env("CUEKEY_MASTER_KEY_FILE", &self.master_key)
            .env("CUEKEY_MAIL__HOST", self.mail.ip().to_string())
            .env("CUEKEY_MAIL__PORT", self.mail.port().to_string())
            .env("CUEKEY_MAIL__TLS", "none")
            .env("CUEKEY_MAIL__FROM", "cuekey@example.com")
            .env("CUEKEY_CALLBACKS__ALLOW_PRIVATE_ADDRESSES", "true")
            .env("CUEKEY_SERVER__LISTEN", self.address.to_string())
            .env("CUEKEY_SERVER__METRICS_LISTEN", "")
            .env("CUEKEY_JOBS__WORKERS", "16")
            .env("CUEKEY_LOG__LEVEL", "info,store::jobs=debug")
            .envs(self.extra.iter().map(|(name, value)| (name, value)));
        if let Some(faults) = &self.faults {
            faults.apply(&mut command);
        }
        command
    }

    pub fn start(&self) -> Result<Server> {
        let log = File::options().append(true).create(true).open(&self.log)?;
        let mut command = self.command(&["serve"]);
        let child = command.stdout(Stdio::null()).stderr(log).spawn().context("the program does not start")?;
        Ok(Server { child })
    }

    /// Starts it and waits until it says that it is ready.
    pub async fn serve(&self) -> Result<Server> {
        let mut server = self.start()?;
        self.ready(&mut server).await?;
        Ok(server)
    }

    pub async fn ready(&self, server: &mut Server) -> Result<()> {
        let watch = Stopwatch::start();
        loop {
            if probe(self.address, "/readyz").await == Some(200) {
                return Ok(());
            }
            if let Some(status) = server.child.try_wait()? {
                bail!("the server ended while it started ({status}): {}", tail(&self.log));
            }
            if watch.elapsed() > START {
                bail!("the server was not ready after {} s: {}", START.as_secs(), tail(&self.log));
            }
            Clock::System.sleep(POLL).await;
        }
    }

    /// Runs a command to its end: exit code and all that it said.
    pub async fn run(&self, arguments: &[&str]) -> Result<(Option<i32>, String)> {
        let output = timeout(START, self.command(arguments).output()).await.context("a command did not end")??;
        let said = [output.stdout, output.stderr].concat();
        Ok((output.status.code(), String::from_utf8_lossy(&said).into_owned()))
    }

    /// `cuekey doctor` must find nothing wrong; what it said otherwise.
    pub async fn doctor(&self) -> Result<()> {
        match self.run(&["doctor"]).await? {
            (Some(0), _) => Ok(()),
            (code, said) => bail!("cuekey doctor ended with {code:?}:\n{said}"),
        }
    }
}

pub struct Server {
    child: Child,
}

impl Server {
    /// As a power cut does.
    pub async fn kill(mut self) -> Result<()> {
        self.child.kill().await.context("cannot kill the server")
    }

    /// As an operator does.
    pub async fn stop(mut self) -> Result<ExitStatus> {
        if let Some(pid) = self.child.id() {
            let _ = kill(Pid::from_raw(pid.cast_signed()), Signal::SIGTERM);
        }
        self.ended(STOP).await
    }

    /// Waits until it ends by itself.
    pub async fn ended(&mut self, limit: Duration) -> Result<ExitStatus> {
        timeout(limit, self.child.wait()).await.context("the server did not end")?.context("cannot wait for the server")
    }

    pub fn alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }
}

/// The status of a plain GET, or `None` where there is no answer.
pub async fn probe(address: SocketAddr, path: &str) -> Option<u16> {
    look(address, path).await.map(|(status, _)| status)
}

/// The same, with the code that a refusal bears.
pub async fn look(address: SocketAddr, path: &str) -> Option<(u16, String)> {
    let http = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0).timeout(Duration::from_secs(10)).build().ok()?;
    let answer = http.get(format!("http://{address}{path}")).send().await.ok()?;
    let status = answer.status().as_u16();
    let body: Value = answer.bytes().await.ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
    Some((status, body["code"].as_str().unwrap_or_default().to_owned()))
}

/// The end of a log.
pub fn tail(log: &Path) -> String {
    let text = std::fs::read(log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(15)..].join("\n")
}

/// A port of the loopback address that nobody listens on just now.
pub fn free_address() -> Result<SocketAddr> {
    Ok(std::net::TcpListener::bind(("127.0.0.1", 0)).context("no port is free")?.local_addr()?)
}
