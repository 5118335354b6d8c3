//! The console: its packages and its build, each made again only when its inputs changed.

use anyhow::{Context, Result, bail};

use crate::files;
use crate::log::Log;
use crate::process;
use crate::stamp::Stamp;
use crate::workspace::Workspace;

/// Written by the build itself, into the sources: with them, no build would ever be up to date.
const MADE_BY_THE_BUILD: [&str; 2] = ["auto-imports.d.ts", "components.d.ts"];

/// `npm ci`, unless node_modules was made from this very lock file.
pub fn install(workspace: &Workspace, log: &mut Log) -> Result<()> {
    let console = workspace.console();
    workspace.required("web/console/package.json")?;
    workspace.required("web/console/package-lock.json")?;
    let stamp = Stamp::of(console.join("node_modules/.cuekey-install"), &console, &["package.json", "package-lock.json"])?;
    if stamp.holds() {
        log.say("node_modules is up to date");
        return Ok(());
    }
    let mut ci = npm(workspace);
    // The browser comes from the system's packages.
    ci.args(["ci", "--no-audit", "--no-fund", "--no-progress"]).env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1");
    log.run(&mut ci)?;
    stamp.set()
}

/// `npm run build`, unless dist was made from these very sources.
pub fn build(workspace: &Workspace, log: &mut Log) -> Result<()> {
    let console = workspace.console();
    let sources = files::walk(&console, &MADE_BY_THE_BUILD)?;
    // In node_modules, because the program embeds all of dist, and because other packages build another console.
    let stamp = Stamp::of(console.join("node_modules/.cuekey-build"), &console, &sources)?;
    if stamp.holds() && console.join("dist/index.html").exists() {
        log.say("dist is up to date");
        return Ok(());
    }
    script(workspace, "build", &[], log)?;
    if !console.join("dist/index.html").exists() {
        bail!("the build of web/console left no dist/index.html");
    }
    stamp.set()
}

pub fn script(workspace: &Workspace, name: &str, arguments: &[&str], log: &mut Log) -> Result<()> {
    log.run(&mut script_command(workspace, name, arguments))
}

pub fn script_command(workspace: &Workspace, name: &str, arguments: &[&str]) -> std::process::Command {
    let mut command = npm(workspace);
    command.args(["run", name]);
    if !arguments.is_empty() {
        command.arg("--").args(arguments);
    }
    command
}

/// The program embeds dist when it is compiled. Without this folder the compiler's complaint would hide what is really
/// wrong with the Rust side while the console does not build.
pub fn ensure_dist(workspace: &Workspace) -> Result<()> {
    std::fs::create_dir_all(workspace.console().join("dist")).context("cannot make web/console/dist")
}

fn npm(workspace: &Workspace) -> std::process::Command {
    let mut command = process::command("npm");
    command.current_dir(workspace.console());
    command
}
