//! Where things are: this clone, and cargo's target folder, which need not be inside it.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::{log::Log, process};

/// What the program, and whatever measures or torments it, are made of. A commit to docs in between makes the same.
const MEASURED: [&str; 5] = ["crates", "web", "Cargo.toml", "Cargo.lock", ".cargo"];

pub struct Workspace {
    pub root: PathBuf,
    pub target: PathBuf,
}

impl Workspace {
    pub fn find() -> Result<Self> {
        // At run time rather than at compile time: a target folder shared by several clones may hold another clone's xtask.
        let manifest = std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = manifest.parent().context("xtask stands in the workspace's root")?.to_path_buf();
        let metadata = metadata(&root)?;
        let target = metadata["target_directory"].as_str().context("cargo metadata names no target folder")?;
        Ok(Self { target: PathBuf::from(target), root })
    }

    /// Logs and other things that nobody misses.
    pub fn scratch(&self) -> Result<PathBuf> {
        let folder = self.target.join("xtask");
        std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        Ok(folder)
    }

    pub fn console(&self) -> PathBuf {
        self.root.join("web/console")
    }

    /// A file that a step cannot do without; a missing one is a failure, and says so.
    pub fn required(&self, relative: &str) -> Result<PathBuf> {
        let path = self.root.join(relative);
        if !path.exists() {
            bail!("{relative} is missing");
        }
        Ok(path)
    }

    pub fn cargo(&self) -> std::process::Command {
        let mut cargo = process::command("cargo");
        cargo.current_dir(&self.root);
        cargo
    }

    /// Which state of the source is measured, or tried; a plus says that it was not committed.
    pub fn commit(&self) -> String {
        let git = |arguments: &[&str]| -> Option<String> {
            let mut git = process::command("git");
            git.args(["-c", "safe.directory=*"]).args(arguments).arg("--").args(MEASURED).current_dir(&self.root);
            let output = git.output().ok().filter(|output| output.status.success())?;
            Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
        };
        let of = git(&["log", "-1", "--format=%h"]).filter(|commit| !commit.is_empty());
        match (of, git(&["status", "--porcelain"])) {
            (Some(commit), Some(changed)) => commit + if changed.is_empty() { "" } else { "+" },
            _ => "unknown".to_owned(),
        }
    }

    /// Builds the program, and says where it is.
    pub fn build_cuekey(&self, release: bool, log: &mut Log) -> Result<PathBuf> {
        let mut build = self.cargo();
        build.args(["build", "--package", "cuekey", "--bin", "cuekey"]);
        if release {
            build.arg("--release");
        }
        log.run(&mut build)?;
        Ok(self.target.join(if release { "release" } else { "debug" }).join("cuekey"))
    }
}

/// Packages of the workspace with their dependencies as written; needs no network.
pub fn metadata(root: &Path) -> Result<Value> {
    let output = process::command("cargo")
        .args(["metadata", "--no-deps", "--format-version", "1", "--quiet"])
        .current_dir(root)
        .output()
        .context("cannot run cargo metadata")?;
    if !output.status.success() {
        bail!("cargo metadata failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    serde_json::from_slice(&output.stdout).context("cargo metadata does not speak JSON")
}
