//! The two web packages: what they need and what they build, each made again only when its inputs changed.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::files;
use crate::log::Log;
use crate::process;
use crate::stamp::Stamp;
use crate::workspace::Workspace;

/// A package with a lock file of its own.
pub struct Package {
    folder: &'static str,
    /// The page that a build leaves, and the folder that the program embeds.
    built: &'static str,
    embedded: &'static str,
    /// To `npm ci`, beside what all are told.
    install: &'static [&'static str],
}

pub const CONSOLE: Package = Package { folder: "web/console", built: "dist/index.html", embedded: "dist", install: &[] };
/// What its packages would do after they are installed is not needed.
pub const APP: Package = Package { folder: "web/app", built: "dist/h5/index.html", embedded: "dist/h5", install: &["--ignore-scripts"] };
pub const BOTH: [&Package; 2] = [&CONSOLE, &APP];

/// Written by the build itself, into the sources: with them, no build would ever be up to date.
const MADE_BY_THE_BUILD: [&str; 2] = ["auto-imports.d.ts", "components.d.ts"];

impl Package {
    fn path(&self, workspace: &Workspace) -> PathBuf {
        workspace.root.join(self.folder)
    }

    /// `npm ci`, unless node_modules was made from this very lock file.
    pub fn install(&self, workspace: &Workspace, log: &mut Log) -> Result<()> {
        let folder = self.path(workspace);
        workspace.required(&format!("{}/package.json", self.folder))?;
        workspace.required(&format!("{}/package-lock.json", self.folder))?;
        let stamp = Stamp::of(folder.join("node_modules/.cuekey-install"), &folder, &["package.json", "package-lock.json"])?;
        if stamp.holds() {
            log.say(&format!("node_modules of {} is up to date", self.folder));
            return Ok(());
        }
        let mut ci = self.npm(workspace);
        // The browser comes from the system's packages.
        ci.args(["ci", "--no-audit", "--no-fund", "--no-progress"]).args(self.install).env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1");
        log.run(&mut ci)?;
        stamp.set()
    }

    /// `npm run build`, unless it was made from these very sources.
    pub fn build(&self, workspace: &Workspace, log: &mut Log) -> Result<()> {
        let folder = self.path(workspace);
        let sources = files::walk(&folder, &MADE_BY_THE_BUILD)?;
        // In node_modules, because the program embeds all of dist, and because other packages build something else.
        let stamp = Stamp::of(folder.join("node_modules/.cuekey-build"), &folder, &sources)?;
        if stamp.holds() && folder.join(self.built).exists() {
            log.say(&format!("the build of {} is up to date", self.folder));
            return Ok(());
        }
        self.script(workspace, "build", &[], log)?;
        if !folder.join(self.built).exists() {
            bail!("the build of {} left no {}", self.folder, self.built);
        }
        stamp.set()
    }

    pub fn script(&self, workspace: &Workspace, name: &str, arguments: &[&str], log: &mut Log) -> Result<()> {
        log.run(&mut self.script_command(workspace, name, arguments))
    }

    pub fn script_command(&self, workspace: &Workspace, name: &str, arguments: &[&str]) -> std::process::Command {
        let mut command = self.npm(workspace);
        command.args(["run", name]);
        if !arguments.is_empty() {
            command.arg("--").args(arguments);
        }
        command
    }

    fn npm(&self, workspace: &Workspace) -> std::process::Command {
        let mut command = process::command("npm");
        command.current_dir(self.path(workspace));
        command
    }
}

/// The program embeds what was built when it is compiled. Without these folders the compiler's complaint would hide what is really
/// wrong with the Rust side while a package does not build.
pub fn ensure_dist(root: &Path) -> Result<()> {
    for package in BOTH {
        let folder = root.join(package.folder).join(package.embedded);
        std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    Ok(())
}
