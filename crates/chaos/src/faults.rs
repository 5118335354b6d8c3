//! The library of `faults.c`: compiled when it is needed, loaded before the program under test, and switched by a small file.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, bail};
use tokio::process::Command;

const SOURCE: &str = include_str!("faults.c");

/// What fails, by its place in the control file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Microseconds that the clock is ahead.
    Clock = 0,
    Fsync = 1,
    DiskFull = 2,
    ReadOnly = 3,
}

#[derive(Clone)]
pub struct Faults {
    library: PathBuf,
    control: PathBuf,
    /// What lies below it fails.
    below: PathBuf,
}

impl Faults {
    /// Nothing fails yet. `scratch` takes the library and the switches.
    pub async fn make(scratch: &Path, below: &Path) -> Result<Self> {
        let (source, library, control) = (scratch.join("faults.c"), scratch.join("faults.so"), scratch.join("faults"));
        std::fs::write(&source, SOURCE)?;
        std::fs::write(&control, [0; 32])?;
        let mut cc = Command::new("cc");
        cc.args(["-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", "-o"]).arg(&library).arg(&source).arg("-ldl");
        let output = cc.stdin(Stdio::null()).output().await.context("cannot run cc: a C compiler is needed for faults of the disk")?;
        if !output.status.success() {
            bail!("faults.c: {}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(Self { library, control, below: below.to_owned() })
    }

    /// Makes a command feel them.
    pub fn apply(&self, command: &mut Command) {
        command.env("LD_PRELOAD", &self.library).env("CUEKEY_FAULTS", &self.control).env("CUEKEY_FAULTS_FOLDER", &self.below);
    }

    pub fn set(&self, fault: Fault, value: i64) -> Result<()> {
        let file = File::options().write(true).open(&self.control)?;
        file.write_all_at(&value.to_ne_bytes(), fault as u64 * 8).context("cannot switch a fault")
    }
}
