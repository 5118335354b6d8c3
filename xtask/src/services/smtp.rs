//! The stand-in mail server: takes mail for anybody, and stores each message as a file. See smtp_sink.py for what it refuses.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use tempfile::TempDir;

use crate::log::Log;
use crate::process::{self, Group};
use crate::venv;
use crate::workspace::Workspace;

const START: Duration = Duration::from_secs(30);

pub struct Server {
    /// host:port
    pub address: String,
    pub mailbox: PathBuf,
    group: Group,
    _folder: TempDir,
}

impl Server {
    pub fn start(workspace: &Workspace, log: &mut Log) -> Result<Self> {
        let python = venv::python(workspace, log)?;
        let folder = tempfile::Builder::new().prefix("cuekey-mail-").tempdir().context("no temporary folder")?;
        let mailbox = folder.path().join("mailbox");
        std::fs::create_dir(&mailbox)?;
        let note = folder.path().join("address");
        let mut sink = process::command(python);
        sink.arg(workspace.required("xtask/smtp_sink.py")?).arg("--mailbox").arg(&mailbox).arg("--address-file").arg(&note);
        let mut group = log.start(&mut sink)?;
        // It chooses a free port by itself and writes down which.
        let address = group.until(START, || Ok(std::fs::read_to_string(&note).ok()))?;
        Ok(Self { address, mailbox, group, _folder: folder })
    }

    pub fn alive(&mut self) -> bool {
        matches!(self.group.ended(), Ok(None))
    }
}
