//! Relay boards by somebody else's Modbus. See modbus_board.py for what they have.

use std::time::Duration;

use anyhow::{Context, Result};
use tempfile::TempDir;

use crate::log::Log;
use crate::process::{self, Group};
use crate::venv;
use crate::workspace::Workspace;

const START: Duration = Duration::from_secs(30);

pub struct Server {
    /// host:port of Modbus TCP, and of serial frames, with a comma between.
    pub addresses: String,
    group: Group,
    _folder: TempDir,
}

impl Server {
    pub fn start(workspace: &Workspace, log: &mut Log) -> Result<Self> {
        let python = venv::python(workspace, log)?;
        let folder = tempfile::Builder::new().prefix("cuekey-modbus-").tempdir().context("no temporary folder")?;
        let note = folder.path().join("addresses");
        let mut boards = process::command(python);
        boards.arg(workspace.required("xtask/modbus_board.py")?).arg("--address-file").arg(&note);
        let mut group = log.start(&mut boards)?;
        // They choose free ports by themselves and write down which.
        let addresses = group.until(START, || Ok(std::fs::read_to_string(&note).ok()))?;
        Ok(Self { addresses, group, _folder: folder })
    }

    pub fn alive(&mut self) -> bool {
        matches!(self.group.ended(), Ok(None))
    }
}
