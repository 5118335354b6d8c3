//! What stands between the marks of `docs/mutation-testing.md`.

use std::fmt::Write;
use std::path::Path;

use anyhow::{Context, Result};

use super::alteration::Alteration;
use super::record::{Outcome, Record, Sum};

const BEGIN: &str = "<!-- judged: written by `cargo xtask mutants --docs` -->";
const END: &str = "<!-- end of judged -->";

pub fn write_into(page: &Path, record: &Record, all: &[Alteration]) -> Result<()> {
    let shown = page.display();
    let text = std::fs::read_to_string(page).with_context(|| format!("cannot read {shown}"))?;
    let (before, rest) = text.split_once(BEGIN).with_context(|| format!("{shown} has no line {BEGIN}"))?;
    let (_, after) = rest.split_once(END).with_context(|| format!("{shown} has no line {END}"))?;
    std::fs::write(page, format!("{before}{BEGIN}\n\n{}\n{END}{after}", section(record, all)))
        .with_context(|| format!("cannot write {shown}"))
}

fn section(record: &Record, all: &[Alteration]) -> String {
    let mut files: Vec<&str> = all.iter().map(|alteration| alteration.file.as_str()).collect();
    files.sort_unstable();
    files.dedup();
    let mut text =
        String::from("| file | altered | caught | timeout | missed | does not compile | not judged yet |\n|---|---|---|---|---|---|---|\n");
    for file in files {
        row(&mut text, &format!("`{}`", short(file)), &record.sum(all.iter().filter(|alteration| alteration.file == file)));
    }
    let sum = record.sum(all);
    row(&mut text, "**all**", &sum);
    let _ = writeln!(text, "\n{} of those that compile and were judged were noticed.", sum.share());
    if sum.left > 0 {
        text.push_str("That says little while some are left: what its module's tests let pass is not judged before all have been asked.\n");
    }
    let missed: Vec<&Alteration> = all.iter().filter(|alteration| record.outcome(alteration) == Some(Outcome::Missed)).collect();
    if !missed.is_empty() {
        text.push_str("\n### Missed, and why it stays\n\n| where | alteration | why |\n|---|---|---|\n");
        for alteration in missed {
            let why = record.because(alteration).unwrap_or("**nobody has said why**");
            let _ = writeln!(text, "| `{}` | {} | {} |", short(alteration.place()), code(alteration.what()), why.replace('|', "\\|"));
        }
    }
    text
}

fn row(text: &mut String, name: &str, sum: &Sum) {
    let Sum { altered, caught, timeout, missed, unviable, left, .. } = sum;
    let _ = writeln!(text, "| {name} | {altered} | {caught} | {timeout} | {missed} | {unviable} | {left} |");
}

/// Without what all paths have.
fn short(path: &str) -> String {
    path.trim_start_matches("crates/").replacen("/src/", "/", 1)
}

/// A bar ends a cell even in code, unless it is escaped.
fn code(text: &str) -> String {
    format!("`{}`", text.replace('|', "\\|"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_counted_and_each_missed_one_is_listed_with_its_reason() {
        let folder = tempfile::tempdir().unwrap();
        let page = folder.path().join("page.md");
        std::fs::write(&page, format!("before\n{BEGIN}\nold\n{END}\nafter\n")).unwrap();
        let one = |index, what: &str| Alteration {
            name: format!("crates/a/src/b.rs:{index}:7: {what}"),
            file: "crates/a/src/b.rs".into(),
            function: "f 1".into(),
            index,
        };
        let all = [one(0, "replace || with && in f"), one(1, "replace f with ()"), one(2, "replace + with - in f")];
        let mut record = Record::default();
        record.add(&all, &[(all[0].name.clone(), Outcome::Missed), (all[1].name.clone(), Outcome::Caught)].into());
        write_into(&page, &record, &all).unwrap();
        let text = std::fs::read_to_string(&page).unwrap();
        assert!(text.starts_with("before\n") && text.ends_with("after\n") && !text.contains("old"), "{text}");
        assert!(text.contains("| `a/b.rs` | 3 | 1 | 0 | 1 | 0 | 1 |\n| **all** | 3 | 1 | 0 | 1 | 0 | 1 |\n\n50.0 % of"), "{text}");
        assert!(text.contains("| `a/b.rs:0` | `replace \\|\\| with && in f` | **nobody has said why** |"), "{text}");
    }
}
