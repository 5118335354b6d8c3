//! Cargo's own tools, at the version that is named here, built once and kept outside the clone.

use std::fs::File;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::log::Log;
use crate::process;
use crate::workspace::Workspace;

/// A crate of which a program of the same name is installed.
pub struct Tool {
    pub name: &'static str,
    pub version: &'static str,
}

/// Measured cold, on 2 processors that others used as well: 3 min 13 s, of which 2 min 16 s of processor.
pub const DENY: Tool = Tool { name: "cargo-deny", version: "0.20.2" };
/// 1 min 8 s.
pub const MUTANTS: Tool = Tool { name: "cargo-mutants", version: "27.1.0" };

/// The program; built first where it is not there yet.
pub fn ensure(workspace: &Workspace, tool: &Tool, log: &mut Log) -> Result<PathBuf> {
    let cache = match std::env::var_os("HOME") {
        Some(home) => PathBuf::from(home).join(".cache/cuekey/tools"),
        None => workspace.scratch()?.join("tools"),
    };
    let folder = cache.join(format!("{}-{}", tool.name, tool.version));
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let lock = File::create(folder.join("lock")).context("cannot lock the tools")?;
    lock.lock()?;
    let program = folder.join("bin").join(tool.name);
    if !works(&program, tool) {
        let scratch = tempfile::tempdir().context("no temporary folder")?;
        let mut install = workspace.cargo();
        install.args(["install", "--quiet", "--locked", "--force", "--root"]).arg(&folder).arg("--target-dir").arg(scratch.path());
        log.run(install.arg(format!("{}@{}", tool.name, tool.version)))?;
        if !works(&program, tool) {
            bail!("{} was installed, and does not say that it is {}", tool.name, tool.version);
        }
    }
    Ok(program)
}

fn works(program: &std::path::Path, tool: &Tool) -> bool {
    // Some are called by cargo, and want their second name first.
    let second = tool.name.trim_start_matches("cargo-");
    [&["--version"][..], &[second, "--version"]].iter().any(|arguments| {
        let said = process::command(program).args(*arguments).output();
        said.is_ok_and(|said| String::from_utf8_lossy(&said.stdout).contains(tool.version))
    })
}
