//! The Python environments: of the stand-in mail server, the relay boards, others' SDKs and the Python example, and of the fuzz runs.
//!
//! Kept outside the clone, one per set of requirements, so that clones and branches share it and do not disturb each other.

use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::install;
use crate::log::Log;
use crate::process;
use crate::stamp::Stamp;
use crate::workspace::Workspace;

const REQUIREMENTS: &str = "xtask/requirements.txt";
/// The example may ask for more than the servers do.
const EXAMPLE_REQUIREMENTS: &str = "examples/python/requirements.txt";

/// Fuzz runs need much that nothing else does.
const FUZZ_REQUIREMENTS: &str = "xtask/fuzz/requirements.txt";

/// The environment's interpreter, after making the environment where it is not there yet.
pub fn python(workspace: &Workspace, log: &mut Log) -> Result<PathBuf> {
    let mut files = vec![REQUIREMENTS];
    if workspace.root.join(EXAMPLE_REQUIREMENTS).exists() {
        files.push(EXAMPLE_REQUIREMENTS);
    }
    interpreter(
        workspace,
        &files,
        "import aiosmtpd, alibabacloud_dysmsapi20170525, alipay, cryptography, pymodbus, tencentcloud.sms, wechatpayv3, wechatpy",
        log,
    )
}

/// The same for fuzz runs.
pub fn fuzzer(workspace: &Workspace, log: &mut Log) -> Result<PathBuf> {
    interpreter(workspace, &[FUZZ_REQUIREMENTS], "import schemathesis", log)
}

fn interpreter(workspace: &Workspace, files: &[&str], check: &str, log: &mut Log) -> Result<PathBuf> {
    let cache = cache(workspace)?;
    let hash = Stamp::of(PathBuf::new(), &workspace.root, files)?.hash().to_owned();
    let folder = cache.join(&hash);
    let stamp = Stamp::of(folder.join("complete"), &workspace.root, files)?;

    let lock = File::create(cache.join("lock")).context("cannot lock the Python environments")?;
    lock.lock()?;
    if !(stamp.holds() && works(&folder, check)) {
        make(workspace, &folder, files, log)?;
        stamp.set()?;
    }
    Ok(folder.join("bin/python"))
}

fn cache(workspace: &Workspace) -> Result<PathBuf> {
    let folder = match std::env::var_os("HOME") {
        Some(home) => PathBuf::from(home).join(".cache/cuekey/venv"),
        None => workspace.scratch()?.join("venv"),
    };
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    Ok(folder)
}

/// An environment dies with the interpreter that it was made from.
fn works(folder: &Path, check: &str) -> bool {
    let check = process::command(folder.join("bin/python")).args(["-c", check]).output();
    check.is_ok_and(|output| output.status.success())
}

fn make(workspace: &Workspace, folder: &Path, requirements: &[&str], log: &mut Log) -> Result<()> {
    install::ensure(&["python3-venv"], log)?;
    log.run(process::command("python3").args(["-m", "venv", "--clear"]).arg(folder))?;
    let mut pip = process::command(folder.join("bin/python"));
    pip.current_dir(&workspace.root).args([
        "-m",
        "pip",
        "install",
        // What a registry hands out under a name and number that were looked at is what was looked at.
        "--require-hashes",
        "--quiet",
        "--no-input",
        "--disable-pip-version-check",
        "--progress-bar",
        "off",
    ]);
    for file in requirements {
        pip.args(["--requirement", file]);
    }
    log.run(&mut pip)
}
