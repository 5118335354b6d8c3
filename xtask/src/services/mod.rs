//! Servers that tests talk to: PostgreSQL, a mail server and relay boards, in temporary folders, on free ports of the loopback address. Tests
//! start Mosquitto themselves, each its own.

mod modbus;
pub mod postgres;
mod smtp;

use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::clock::pause;
use crate::log::Log;
use crate::workspace::Workspace;
use crate::{install, process, venv};

pub const POSTGRES: &str = "CUEKEY_TEST_POSTGRES";
/// Relay boards by pymodbus: Modbus TCP, and serial frames over TCP.
pub const MODBUS: &str = "CUEKEY_TEST_MODBUS";
/// An interpreter with others' SDKs.
pub const PYTHON: &str = "CUEKEY_TEST_PYTHON";
pub const SMTP: &str = "CUEKEY_TEST_SMTP";
pub const SMTP_FOLDER: &str = "CUEKEY_TEST_SMTP_DIR";

/// All of them; they end when this is dropped. What the environment names already is used as it is.
pub struct Services {
    postgres: Option<postgres::Server>,
    smtp: Option<smtp::Server>,
    modbus: Option<modbus::Server>,
    environment: Vec<(&'static str, String)>,
}

impl Services {
    pub fn start(workspace: &Workspace, log: &mut Log) -> Result<Self> {
        install::ensure(&["mosquitto", "mosquitto-clients"], log)?;
        let mut services = Self { postgres: None, smtp: None, modbus: None, environment: Vec::new() };
        if std::env::var_os(POSTGRES).is_none() {
            let server = postgres::Server::start(postgres::Manner::Careless, log).context("PostgreSQL does not start")?;
            services.environment.push((POSTGRES, server.url.clone()));
            services.postgres = Some(server);
        }
        if std::env::var_os(SMTP).is_none() || std::env::var_os(SMTP_FOLDER).is_none() {
            let server = smtp::Server::start(workspace, log).context("the stand-in mail server does not start")?;
            services.environment.push((SMTP, server.address.clone()));
            services.environment.push((SMTP_FOLDER, server.mailbox.display().to_string()));
            services.smtp = Some(server);
        }
        if std::env::var_os(MODBUS).is_none() {
            let server = modbus::Server::start(workspace, log).context("the relay boards do not start")?;
            services.environment.push((MODBUS, server.addresses.clone()));
            services.modbus = Some(server);
        }
        if std::env::var_os(PYTHON).is_none() {
            services.environment.push((PYTHON, venv::python(workspace, log)?.display().to_string()));
        }
        Ok(services)
    }

    /// Where a superuser of PostgreSQL reaches it.
    pub fn postgres(&self) -> Result<String> {
        let own = self.environment.iter().find(|(name, _)| *name == POSTGRES).map(|(_, url)| url.clone());
        own.map_or_else(|| std::env::var(POSTGRES).context(POSTGRES), Ok)
    }

    /// Tells a command where they are.
    pub fn introduce(&self, command: &mut Command) {
        command.envs(self.environment.iter().cloned());
    }

    fn check(&mut self) -> Result<()> {
        if self.postgres.as_mut().is_some_and(|server| !server.alive()) {
            bail!("PostgreSQL ended by itself");
        }
        if self.smtp.as_mut().is_some_and(|server| !server.alive()) {
            bail!("the mail server ended by itself");
        }
        if self.modbus.as_mut().is_some_and(|server| !server.alive()) {
            bail!("the relay boards ended by themselves");
        }
        Ok(())
    }
}

/// `cargo xtask services`: lines for a shell on standard output, everything else in a log.
pub fn serve(workspace: &Workspace) -> Result<ExitCode> {
    let path: PathBuf = workspace.scratch()?.join("services.log");
    eprintln!("starting; the servers' own words are in {}", path.display());
    let mut log = Log::file(path)?;
    let mut services = Services::start(workspace, &mut log)?;
    for (name, value) in &services.environment {
        println!("export {name}='{value}'");
    }
    eprintln!("ready; Ctrl-C stops them");
    while !process::stopping() {
        services.check()?;
        pause(Duration::from_millis(100));
    }
    Ok(ExitCode::SUCCESS)
}
