//! `cargo xtask timing`: whether answers take longer for what is there than for what is not. Nothing of it is part of the tests: a
//! machine that has other things to do measures them.
//!
//! The measuring itself is `crates/testkit/examples/timing.rs`.

use std::process::ExitCode;

use anyhow::Result;

use crate::log::Log;
use crate::process;
use crate::services::Services;
use crate::workspace::Workspace;

/// A release build, in a process of its own, on both databases. CUEKEY_SAMPLES and CUEKEY_SEED choose others than 10,000 and 1.
pub fn run(workspace: &Workspace) -> Result<ExitCode> {
    let mut log = Log::terminal();
    log.run(workspace.cargo().args(["build", "--release", "--package", "testkit", "--example", "timing"]))?;
    let services = Services::start(workspace, &mut Log::file(workspace.scratch()?.join("timing-services.log"))?)?;
    let mut command = process::command(workspace.target.join("release/examples/timing"));
    services.introduce(&mut command);
    let (status, _) = log.observe(&mut command)?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
