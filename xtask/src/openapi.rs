//! The API's description: made by the program, kept under version control for review, and the source of the console's types.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};

use crate::log::Log;
use crate::npm;
use crate::process;
use crate::workspace::Workspace;

const DOCUMENT: &str = "docs/openapi.json";
const TYPES: &str = "web/console/src/api/schema.d.ts";

pub fn rewrite(workspace: &Workspace, log: &mut Log) -> Result<ExitCode> {
    npm::ensure_dist(&workspace.root)?;
    let cuekey = workspace.build_cuekey(false, log)?;
    let document = document(cuekey, log)?;
    std::fs::write(workspace.root.join(DOCUMENT), &document).with_context(|| format!("cannot write {DOCUMENT}"))?;
    npm::CONSOLE.install(workspace, log)?;
    std::fs::write(workspace.root.join(TYPES), types(workspace, &document, log)?).with_context(|| format!("cannot write {TYPES}"))?;
    log.say(&format!("wrote {DOCUMENT} and {TYPES}"));
    Ok(ExitCode::SUCCESS)
}

/// What is kept equals what the program says today.
pub fn check_document(workspace: &Workspace, cuekey: PathBuf, log: &mut Log) -> Result<()> {
    let kept = std::fs::read_to_string(workspace.required(DOCUMENT)?)?;
    same(DOCUMENT, &kept, &document(cuekey, log)?)
}

/// The console's types equal what the kept document says.
pub fn check_types(workspace: &Workspace, log: &mut Log) -> Result<()> {
    let document = std::fs::read_to_string(workspace.required(DOCUMENT)?)?;
    let kept = std::fs::read_to_string(workspace.required(TYPES)?)?;
    same(TYPES, &kept, &types(workspace, &document, log)?)
}

fn document(cuekey: PathBuf, log: &mut Log) -> Result<String> {
    let text = log.capture(process::command(cuekey).arg("openapi"))?;
    if !text.trim_start().starts_with('{') {
        bail!("`cuekey openapi` does not print a JSON document");
    }
    Ok(format!("{}\n", text.trim_end()))
}

fn types(workspace: &Workspace, document: &str, log: &mut Log) -> Result<String> {
    let folder = tempfile::tempdir().context("no temporary folder")?;
    let (input, output) = (folder.path().join("openapi.json"), folder.path().join("schema.d.ts"));
    std::fs::write(&input, document)?;
    let mut generator = process::command(workspace.required("web/console/node_modules/.bin/openapi-typescript")?);
    log.run(generator.current_dir(workspace.console()).arg(input).arg("--output").arg(&output))?;
    Ok(std::fs::read_to_string(output)?)
}

fn same(name: &str, kept: &str, fresh: &str) -> Result<()> {
    if kept == fresh {
        return Ok(());
    }
    let at = kept.lines().zip(fresh.lines()).take_while(|(old, new)| old == new).count();
    let line = |text: &str| text.lines().nth(at).unwrap_or("(the end)").trim().chars().take(200).collect::<String>();
    bail!(
        "{name} is out of date; run `cargo xtask openapi` and review the difference\n  {name}:{}\n  kept:  {}\n  fresh: {}",
        at + 1,
        line(kept),
        line(fresh)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_is_shown_where_it_begins() {
        assert!(same("a.json", "{\n1\n}\n", "{\n1\n}\n").is_ok());
        let error = same("a.json", "{\n  1\n}\n", "{\n  2\n}\n").unwrap_err().to_string();
        assert!(error.contains("a.json:2\n  kept:  1\n  fresh: 2"), "{error}");
        assert!(same("a.json", "{\n", "{\n}\n").unwrap_err().to_string().contains("kept:  (the end)"));
    }
}
