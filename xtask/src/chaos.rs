//! `cargo xtask chaos`: builds the program and its tormentor, lets the one loose on the other, and draws what happened.
//!
//! What is done and looked at is in `crates/chaos`; docs/reliability.md says what came of it.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};
use clap::Args;
use serde_json::Value;

use crate::log::Log;
use crate::plot::{Chart, Mark, Series};
use crate::workspace::Workspace;
use crate::{install, npm, process};

/// Where plots stand that docs/reliability.md shows.
const DOCS: &str = "docs/plots";

#[derive(Args)]
pub struct Options {
    /// Repeats a run; a new seed each time where it is left out
    #[arg(long)]
    seed: Option<u64>,
    /// These scenarios only
    #[arg(long, value_name = "NAME", num_args = 1.., value_delimiter = ',')]
    only: Vec<String>,
    /// How often the server is killed on each database [default: 200]
    #[arg(long)]
    kills: Option<u32>,
    /// sqlite or postgres
    #[arg(long)]
    database: Option<String>,
    /// A few seconds of each scenario, as `cargo xtask test` does
    #[arg(long)]
    short: bool,
    /// Tries the program with optimisations
    #[arg(long)]
    release: bool,
    /// Rewrites the plots in docs/plots
    #[arg(long)]
    docs: bool,
    /// Runs nothing, and draws the last run again
    #[arg(long)]
    draw: bool,
}

pub fn run(workspace: &Workspace, options: &Options) -> Result<ExitCode> {
    let plots = if options.docs { workspace.root.join(DOCS) } else { out(workspace)? };
    if options.draw {
        return draw(&out(workspace)?, &plots).map(|()| ExitCode::SUCCESS);
    }
    let mut log = Log::terminal();
    let mut driver = prepare(workspace, options.release, &mut log)?;
    if let Some(seed) = options.seed {
        driver.args(["--seed", &seed.to_string()]);
    }
    if let Some(kills) = options.kills {
        driver.args(["--kills", &kills.to_string()]);
    }
    if let Some(database) = &options.database {
        driver.args(["--database", database]);
    }
    if options.short {
        driver.arg("--short");
    }
    for name in &options.only {
        driver.args(["--only", name]);
    }
    let (status, _) = log.observe(&mut driver)?;
    draw(&out(workspace)?, &plots)?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The driver's command, with the program built.
pub fn prepare(workspace: &Workspace, release: bool, log: &mut Log) -> Result<Command> {
    install::ensure(&["postgresql"], log)?;
    npm::ensure_dist(&workspace.root)?;
    let cuekey = workspace.build_cuekey(release, log)?;
    log.run(workspace.cargo().args(["build", "--package", "chaos"]))?;
    let out = out(workspace)?;
    // What an earlier run left is not this one's.
    if out.exists() {
        std::fs::remove_dir_all(&out)?;
    }
    let mut driver = process::command(workspace.target.join("debug/chaos"));
    driver.arg("--cuekey").arg(cuekey).arg("--out").arg(out).args(["--commit", &workspace.commit()]);
    Ok(driver)
}

fn out(workspace: &Workspace) -> Result<PathBuf> {
    Ok(workspace.scratch()?.join("chaos"))
}

/// A plot for each scenario that kept time.
fn draw(from: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let data: Value = serde_json::from_slice(&std::fs::read(&path)?).with_context(|| format!("{}", path.display()))?;
        let Some(chart) = chart(&data) else { continue };
        let file = to.join(format!("chaos-{}.svg", data["name"].as_str().unwrap_or("unnamed")));
        std::fs::write(&file, chart.svg())?;
        println!("{}", file.display());
    }
    Ok(())
}

fn chart(data: &Value) -> Option<Chart> {
    let series = data["series"].as_array()?.iter().map(|series| Series {
        name: series["name"].as_str().unwrap_or_default().to_owned(),
        points: series["points"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|point| Some((point[0].as_f64()?, point[1].as_f64()?)))
            .collect(),
    });
    let marks = data["marks"].as_array()?.iter().filter_map(|mark| {
        Some(Mark { from: mark["from"].as_f64()?, to: mark["to"].as_f64()?, label: mark["label"].as_str()?.to_owned() })
    });
    Some(Chart {
        title: format!("{}, seed {}", data["name"].as_str()?, data["seed"]),
        x: "seconds".to_owned(),
        y: "requests a second".to_owned(),
        series: series.collect(),
        marks: marks.collect(),
    })
}
