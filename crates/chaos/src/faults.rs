//! The library of `faults.c`: compiled when it is needed, loaded before the program under test, and switched by a small file. It also counts
//! the program's steps (`steps.h`), and ends it at one of them.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, bail};
use tokio::process::Command;

const SOURCE: &str = include_str!("faults.c");
const STEPS: &str = include_str!("steps.h");

/// What fails, by its place in the control file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Microseconds that the clock is ahead.
    Clock = 0,
    Fsync = 1,
    DiskFull = 2,
    ReadOnly = 3,
}

/// Numbers in the control file.
const SIZE: usize = 12;
/// Behind the faults: whether steps are counted, the one that is the last, and on which side of it; then what was counted.
const COUNTS: u64 = 4;
const KILL_AT: u64 = 5;
const KILL_AFTER: u64 = 6;
const COUNTED: u64 = 7;

/// Where steps are told to: ports.
#[derive(Debug, Clone, Default)]
pub struct Ports {
    pub postgres: Option<u16>,
    /// Of those who are asked over HTTP.
    pub requests: Vec<u16>,
    /// Where lamps connect to the program.
    pub lamps: Option<u16>,
    /// Of a relay board, to which the program connects.
    pub boards: Option<u16>,
}

/// Where a process ends at a step: it has not happened, or it has and nobody knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Before,
    After,
}

/// Steps since they are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    pub begun: u64,
    pub ended: u64,
    /// Of those that were begun.
    pub commits: u64,
    pub requests: u64,
    pub commands: u64,
}

#[derive(Clone)]
pub struct Faults {
    library: PathBuf,
    control: PathBuf,
    /// What lies below it fails.
    below: PathBuf,
    ports: Ports,
}

impl Faults {
    /// Nothing fails yet. `scratch` takes the library and the switches.
    pub async fn make(scratch: &Path, below: &Path) -> Result<Self> {
        let (source, library, control) = (scratch.join("faults.c"), scratch.join("faults.so"), scratch.join("faults"));
        std::fs::write(&source, SOURCE)?;
        std::fs::write(scratch.join("steps.h"), STEPS)?;
        std::fs::write(&control, [0; SIZE * 8])?;
        let mut cc = Command::new("cc");
        cc.args(["-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", "-o"]).arg(&library).arg(&source).arg("-ldl");
        let output = cc.stdin(Stdio::null()).output().await.context("cannot run cc: a C compiler is needed for faults of the disk")?;
        if !output.status.success() {
            bail!("faults.c: {}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(Self { library, control, below: below.to_owned(), ports: Ports::default() })
    }

    /// What goes to these ports are steps too.
    #[must_use]
    pub fn with_ports(self, ports: Ports) -> Self {
        Self { ports, ..self }
    }

    /// Makes a command feel them.
    pub fn apply(&self, command: &mut Command) {
        command.env("LD_PRELOAD", &self.library).env("CUEKEY_FAULTS", &self.control).env("CUEKEY_FAULTS_FOLDER", &self.below);
        let listed = |ports: &[u16]| ports.iter().map(u16::to_string).collect::<Vec<_>>().join(",");
        let Ports { postgres, requests, lamps, boards } = &self.ports;
        command.env("CUEKEY_FAULTS_POSTGRES", listed(postgres.as_slice()));
        command.env("CUEKEY_FAULTS_REQUESTS", listed(requests));
        command.env("CUEKEY_FAULTS_LAMPS", listed(lamps.as_slice()));
        command.env("CUEKEY_FAULTS_BOARDS", listed(boards.as_slice()));
    }

    /// The file that a process which feels them opens, to read and to write.
    pub fn switches(&self) -> &Path {
        &self.control
    }

    pub fn set(&self, fault: Fault, value: i64) -> Result<()> {
        self.put(fault as u64, value)
    }

    /// Counts steps from now on, from one. The one with this number is the last that the process does, or just not does.
    pub fn count(&self, last: Option<(u64, Side)>) -> Result<()> {
        self.stop_counting()?;
        self.put(KILL_AT, 0)?;
        for place in COUNTED..SIZE as u64 {
            self.put(place, 0)?;
        }
        self.put(KILL_AT, i64::try_from(last.map_or(0, |(number, _)| number))?)?;
        self.put(KILL_AFTER, i64::from(last.is_some_and(|(_, side)| side == Side::After)))?;
        self.put(COUNTS, 1)
    }

    /// No step begins any more that is counted, or the last. One that begins in this moment, or has begun, may still be that.
    pub fn stop_counting(&self) -> Result<()> {
        self.put(COUNTS, 0)
    }

    pub fn counted(&self) -> Result<Counted> {
        let file = File::open(&self.control)?;
        let mut bytes = [0; 8];
        let mut next = |place: u64| -> Result<u64> {
            file.read_exact_at(&mut bytes, (COUNTED + place) * 8).context("cannot read what was counted")?;
            Ok(u64::from_ne_bytes(bytes))
        };
        Ok(Counted { begun: next(0)?, ended: next(1)?, commits: next(2)?, requests: next(3)?, commands: next(4)? })
    }

    fn put(&self, place: u64, value: i64) -> Result<()> {
        let file = File::options().write(true).open(&self.control)?;
        file.write_all_at(&value.to_ne_bytes(), place * 8).context("cannot switch a fault")
    }
}
