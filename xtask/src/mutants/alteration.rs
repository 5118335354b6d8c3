//! What there is to alter, as cargo-mutants lists it, known by its function's text and not by its line.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

use super::cargo_mutants;
use crate::log::Log;
use crate::workspace::Workspace;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alteration {
    /// As cargo-mutants calls it: file, line, column, and what is replaced by what.
    pub name: String,
    pub file: String,
    /// The function, and a hash of its text: another one when that changes.
    pub function: String,
    /// Which of that function's alterations.
    pub index: usize,
}

impl Alteration {
    /// What is replaced by what, wherever it stands.
    pub fn what(&self) -> &str {
        self.name.split_once(": ").map_or(self.name.as_str(), |(_, what)| what)
    }

    /// `file:line`.
    pub fn place(&self) -> &str {
        let place = self.name.split_once(": ").map_or("", |(place, _)| place);
        place.rsplit_once(':').map_or(place, |(line, _column)| line)
    }
}

/// All that `.cargo/mutants.toml` names.
pub fn all(workspace: &Workspace, program: &Path, log: &mut Log) -> Result<Vec<Alteration>> {
    let list = log.capture(cargo_mutants(program, &workspace.root).args(["--workspace", "--list", "--json"]))?;
    of(&serde_json::from_str(&list).context("cargo-mutants lists no JSON")?, |file| {
        std::fs::read_to_string(workspace.root.join(file)).with_context(|| format!("cannot read {file}"))
    })
}

fn of(list: &Value, read: impl Fn(&str) -> Result<String>) -> Result<Vec<Alteration>> {
    let mut sources: BTreeMap<&str, String> = BTreeMap::new();
    let mut seen: BTreeMap<(&str, String), usize> = BTreeMap::new();
    let mut found = Vec::new();
    for mutant in list.as_array().context("cargo-mutants lists nothing")? {
        let (Some(file), Some(name)) = (mutant["file"].as_str(), mutant["name"].as_str()) else { continue };
        if !sources.contains_key(file) {
            sources.insert(file, read(file)?);
        }
        let function = function(&mutant["function"], &sources[file]);
        let index = seen.entry((file, function.clone())).or_default();
        found.push(Alteration { name: name.to_owned(), file: file.to_owned(), function, index: *index });
        *index += 1;
    }
    Ok(found)
}

/// What stands outside functions is known by the whole file.
fn function(function: &Value, source: &str) -> String {
    let line = |end: &str| function["span"][end]["line"].as_u64().and_then(|line| usize::try_from(line).ok());
    let lines: Vec<&str> = source.lines().collect();
    match (function["function_name"].as_str(), line("start"), line("end")) {
        (Some(name), Some(start), Some(end)) if (1..=end).contains(&start) && end <= lines.len() => {
            format!("{name} {:016x}", hash(&lines[start - 1..end].join("\n")))
        }
        _ => format!("(file) {:016x}", hash(source)),
    }
}

/// FNV-1a: std's may be another with the next compiler, and then all would have to be judged again.
fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn listed(source: &str, functions: &[(&str, usize, usize)]) -> Vec<Alteration> {
        let mutant = |(name, start, end): &(&str, usize, usize)| {
            let span = json!({"start": {"line": start, "column": 1}, "end": {"line": end, "column": 2}});
            json!({"file": "a.rs", "name": format!("a.rs:{start}:5: replace {name} with ()"), "function": {"function_name": name, "span": span}})
        };
        of(&json!(functions.iter().map(mutant).collect::<Vec<_>>()), |_| Ok(source.to_owned())).unwrap()
    }

    #[test]
    fn an_alteration_that_has_moved_is_the_same_and_one_of_a_changed_function_another() {
        let before = listed("fn f() {\n}\nfn g() {}\n", &[("f", 1, 2), ("f", 1, 2), ("g", 3, 3)]);
        let moved = listed("\n\nfn f() {\n}\nfn g() { h() }\n", &[("f", 3, 4), ("f", 3, 4), ("g", 5, 5)]);
        let known = |alteration: &Alteration| (alteration.function.clone(), alteration.index);
        assert_eq!(before[..2].iter().map(known).collect::<Vec<_>>(), moved[..2].iter().map(known).collect::<Vec<_>>());
        assert_eq!([before[0].index, before[1].index], [0, 1]);
        assert_ne!(before[2].function, moved[2].function);
        assert_eq!((moved[0].what(), moved[0].place()), ("replace f with ()", "a.rs:3"));
    }

    #[test]
    fn what_stands_outside_functions_changes_with_its_file() {
        let list = json!([{"file": "a.rs", "name": "a.rs:1:9: replace + with -", "function": null}]);
        let of = |source: &str| of(&list, |_| Ok(source.to_owned())).unwrap()[0].function.clone();
        assert_eq!(of("const A: u8 = 1 + 1;"), of("const A: u8 = 1 + 1;"));
        assert_ne!(of("const A: u8 = 1 + 1;"), of("const A: u8 = 1 + 2;"));
    }
}
