//! `cargo xtask run`: from a fresh clone to a running demo installation.

use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::log::Log;
use crate::npm;
use crate::process;
use crate::workspace::Workspace;

#[derive(Args)]
pub struct Options {
    /// Where the demo keeps its data, between runs too [default: data/demo in the clone]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Where it listens
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:7300")]
    listen: String,
    /// Builds with optimisations
    #[arg(long)]
    release: bool,
}

pub fn run(workspace: &Workspace, options: &Options) -> Result<ExitCode> {
    let mut log = Log::terminal();
    // The pages first: the program embeds them.
    for package in npm::BOTH {
        package.install(workspace, &mut log)?;
        package.build(workspace, &mut log)?;
    }
    let cuekey = workspace.build_cuekey(options.release, &mut log)?;

    let data = match &options.data {
        Some(folder) => std::path::absolute(folder)?,
        None => workspace.root.join("data/demo"),
    };
    std::fs::create_dir_all(&data).with_context(|| format!("cannot make {}", data.display()))?;
    let mut demo = process::command(cuekey);
    demo.arg("demo").arg("--data").arg(&data).args(["--listen", &options.listen]);
    log.say(&format!("$ {}", process::describe(&demo)));
    // In our place: the demo gets the terminal, Ctrl-C and the exit code without anybody between.
    let error = demo.exec();
    bail!("cannot start the demo: {error}")
}
