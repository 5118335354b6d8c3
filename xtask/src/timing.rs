//! `cargo xtask timing`: whether answers take longer for what is there than for what is not. Nothing of it is part of the tests: a
//! machine that has other things to do measures them.
//!
//! The measuring itself is `crates/testkit/examples/timing.rs`.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;

use crate::log::Log;
use crate::machine;
use crate::process;
use crate::services::Services;
use crate::workspace::Workspace;

const PAGE: &str = "docs/security-timing.md";
const BEGIN: &str = "<!-- figures: written by `cargo xtask timing --docs` -->";
const END: &str = "<!-- end of figures -->";

#[derive(Args)]
pub struct Options {
    /// Writes what was found into docs/security-timing.md
    #[arg(long)]
    docs: bool,
}

/// A release build, in a process of its own, on both databases. CUEKEY_SAMPLES and CUEKEY_SEED choose others than 10,000 and 1.
pub fn run(workspace: &Workspace, options: &Options) -> Result<ExitCode> {
    let mut log = Log::terminal();
    let commit = workspace.commit();
    log.run(workspace.cargo().args(["build", "--release", "--package", "testkit", "--example", "timing"]))?;
    let services = Services::start(workspace, &mut Log::file(workspace.scratch()?.join("timing-services.log"))?)?;
    let found = workspace.scratch()?.join("timing.md");
    // What is there afterwards is of this run.
    if found.exists() {
        std::fs::remove_file(&found).with_context(|| format!("cannot remove {}", found.display()))?;
    }
    let mut command = process::command(workspace.target.join("release/examples/timing"));
    command.arg(&found).args([commit, machine::described()]);
    services.introduce(&mut command);
    let (status, _) = log.observe(&mut command)?;
    if options.docs {
        let text = std::fs::read_to_string(&found).with_context(|| format!("cannot read {}", found.display()))?;
        write_into(&workspace.root.join(PAGE), &text)?;
    }
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Puts what was found between the marks.
fn write_into(page: &Path, found: &str) -> Result<()> {
    let shown = page.display();
    let text = std::fs::read_to_string(page).with_context(|| format!("cannot read {shown}"))?;
    let (before, rest) = text.split_once(BEGIN).with_context(|| format!("{shown} has no line {BEGIN}"))?;
    let (_, after) = rest.split_once(END).with_context(|| format!("{shown} has no line {END}"))?;
    std::fs::write(page, format!("{before}{BEGIN}\n\n{}\n\n{END}{after}", found.trim())).with_context(|| format!("cannot write {shown}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_found_takes_the_place_of_what_was_found_before() {
        let folder = tempfile::tempdir().unwrap();
        let page = folder.path().join("page.md");
        std::fs::write(&page, format!("before\n{BEGIN}\nold\n{END}\nafter\n")).unwrap();
        for _ in 0..2 {
            write_into(&page, "| new |\n").unwrap();
            assert_eq!(std::fs::read_to_string(&page).unwrap(), format!("before\n{BEGIN}\n\n| new |\n\n{END}\nafter\n"));
        }
    }

    #[test]
    fn the_page_has_room_for_it() {
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join(PAGE);
        let text = std::fs::read_to_string(page).unwrap();
        assert!(text.split_once(BEGIN).is_some_and(|(_, rest)| rest.contains(END)));
    }
}
