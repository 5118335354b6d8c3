//! A demo installation for a step: the program on an empty temporary folder and a free port, ended with the step.
//!
//! The program writes `demo.json` into its folder when it is ready. Steps read from it:
//!
//! ```json
//! {"console": "http://127.0.0.1:7300/",
//!  "project": {"api_key": "pk_…", "secret": "…", "response_public_key": "…"},
//!  "keys": ["7K2M9-…", "…"]}
//! ```
//!
//! with at least two unused keys: each of the two examples binds one to a device of its own.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;
use tempfile::TempDir;

use crate::log::{self, Log};
use crate::process::{self, Group};

const START: Duration = Duration::from_secs(120);

pub struct Demo {
    pub url: String,
    pub note: PathBuf,
    facts: Value,
    // In this order: the program has to end before its folder goes.
    _group: Group,
    _folder: TempDir,
}

impl Demo {
    /// `server_log` takes what the program says, `log` a word about it.
    pub fn start(cuekey: &Path, server_log: PathBuf, log: &mut Log) -> Result<Self> {
        Self::start_on(cuekey, None, server_log, log)
    }

    /// The same on an empty database of its own, in place of SQLite.
    pub fn start_on(cuekey: &Path, database: Option<&str>, server_log: PathBuf, log: &mut Log) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("cuekey-demo-").tempdir().context("no temporary folder")?;
        let listen = format!("127.0.0.1:{}", process::free_port()?);
        let mut command = process::command(cuekey);
        command.arg("demo").arg("--data").arg(folder.path()).args(["--listen", &listen]).current_dir(folder.path());
        if let Some(database) = database {
            command.args(["--database", database]);
        }
        log.say(&format!("its output: {}", server_log.display()));
        let mut output = Log::file(server_log.clone())?;
        let note = folder.path().join("demo.json");
        let mut group = output.start(&mut command)?;
        // A note that is half written does not parse yet.
        let facts = group.until(START, || Ok(std::fs::read(&note).ok().and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok())));
        match facts {
            Ok(facts) => Ok(Self { url: format!("http://{listen}"), note, facts, _group: group, _folder: folder }),
            Err(error) => {
                drop(group);
                log.say(&log::tail(&server_log).0);
                bail!("`{}`: {error:#}", process::describe(&command))
            }
        }
    }

    /// The key number `index` of the note.
    pub fn key(&self, index: usize) -> Result<String> {
        self.fact(&format!("/keys/{index}"))
    }

    /// Tells the SDK's example by its environment where to ask, and as whom.
    pub fn introduce(&self, command: &mut Command) -> Result<()> {
        command
            .env("CUEKEY_URL", &self.url)
            .env("CUEKEY_API_KEY", self.fact("/project/api_key")?)
            .env("CUEKEY_SECRET", self.fact("/project/secret")?)
            .env("CUEKEY_RESPONSE_PUBLIC_KEY", self.fact("/project/response_public_key")?);
        Ok(())
    }

    fn fact(&self, pointer: &str) -> Result<String> {
        let fact = self.facts.pointer(pointer).and_then(Value::as_str);
        fact.map(str::to_owned).with_context(|| format!("demo.json has no text at {pointer}"))
    }
}
