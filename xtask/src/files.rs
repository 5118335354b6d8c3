//! Which files make up the project.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::process;

/// Folders that hold only what tools made.
const MADE: [&str; 6] = [".git", "target", "node_modules", "dist", "test-results", "playwright-report"];

/// Paths relative to `root` of all files that are, or are about to be, under version control.
pub fn tracked(root: &Path) -> Result<Vec<String>> {
    // A continuous integration may have unpacked the clone as somebody else, which git refuses to look at without being told.
    let output = process::command("git")
        .args(["-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root)
        .output();
    let mut paths = match output {
        Ok(output) if output.status.success() => {
            let list = String::from_utf8(output.stdout).context("git lists a path that is not UTF-8")?;
            list.split('\0').filter(|path| !path.is_empty() && root.join(path).is_file()).map(str::to_owned).collect()
        }
        // A source archive has no .git, and a bare machine no git.
        _ => walk(root, &[])?,
    };
    paths.sort();
    paths.dedup();
    Ok(paths)
}

/// Files below `folder`, relative to it, sorted; without what tools made, and without files named in `except`.
pub fn walk(folder: &Path, except: &[&str]) -> Result<Vec<String>> {
    let mut found = Vec::new();
    let mut open = vec![PathBuf::new()];
    while let Some(relative) = open.pop() {
        let here = folder.join(&relative);
        for entry in std::fs::read_dir(&here).with_context(|| format!("cannot list {}", here.display()))? {
            let entry = entry?;
            let name = entry.file_name();
            let Some(text) = name.to_str() else { continue };
            let kind = entry.file_type()?;
            if kind.is_dir() && !MADE.contains(&text) {
                open.push(relative.join(text));
            } else if kind.is_file() && !except.contains(&text) {
                found.push(relative.join(text).to_string_lossy().into_owned());
            }
        }
    }
    found.sort();
    Ok(found)
}
