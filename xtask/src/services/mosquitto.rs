//! Somebody else's MQTT broker: what an installation names in the place of the one inside.

use std::time::Duration;

use anyhow::{Context, Result};
use tempfile::TempDir;

use crate::install;
use crate::log::Log;
use crate::process::{self, Group};

const START: Duration = Duration::from_secs(20);
/// Ourselves use all topics, each device its own. Passwords are another question: devices of tests are made while it runs.
const RIGHTS: &str = "user cuekey\ntopic readwrite #\n\npattern readwrite tele/%u/#\npattern readwrite stat/%u/#\npattern readwrite cmnd/%u/#\npattern readwrite %u/#\n";

pub struct Server {
    /// host:port
    pub address: String,
    group: Group,
    _folder: TempDir,
}

impl Server {
    pub fn start(log: &mut Log) -> Result<Self> {
        install::ensure(&["mosquitto", "mosquitto-clients"], log)?;
        let program = install::mosquitto().context("mosquitto is not found")?;
        let folder = tempfile::Builder::new().prefix("cuekey-mqtt-").tempdir().context("no temporary folder")?;
        let port = process::free_port()?;
        let (rights, settings) = (folder.path().join("rights"), folder.path().join("mosquitto.conf"));
        std::fs::write(&rights, RIGHTS)?;
        let text = format!(
            "listener {port} 127.0.0.1\nallow_anonymous true\nacl_file {}\npersistence false\nmax_queued_messages 100000\n{}",
            rights.display(),
            // As root it would become somebody who may not read its folder.
            if nix::unistd::geteuid().is_root() { "user root\n" } else { "" }
        );
        std::fs::write(&settings, text)?;
        let mut group = log.start(process::command(program).arg("-c").arg(&settings))?;
        let address = format!("127.0.0.1:{port}");
        group.until(START, || Ok(std::net::TcpStream::connect(&address).ok().map(drop)))?;
        Ok(Self { address, group, _folder: folder })
    }

    pub fn alive(&mut self) -> bool {
        matches!(self.group.ended(), Ok(None))
    }
}
