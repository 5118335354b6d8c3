//! A name in the OpenAPI document is one type's. Of two types with one name the document has the one that was merged last, and says of the
//! other's operations what is not so.

use std::collections::BTreeMap;

use super::Finding;

pub fn check(texts: &[(String, String)]) -> Vec<Finding> {
    let mut first: BTreeMap<String, String> = BTreeMap::new();
    let mut findings = Vec::new();
    for (path, text) in texts.iter().filter(|(path, _)| path.starts_with("crates/") && path.contains("/src/") && path.ends_with(".rs")) {
        for (line, name) in names(text) {
            match first.get(&name) {
                Some(other) => findings.push(Finding::error(
                    path,
                    line,
                    format!("the schema {name} is also in {other}: give one of them another name with #[schema(as = …)]"),
                )),
                None => drop(first.insert(name, path.clone())),
            }
        }
    }
    findings
}

/// What the document calls the types of a file, with the line of each: those that derive `ToSchema`, and closed sets of words.
fn names(text: &str) -> Vec<(usize, String)> {
    let (mut is_schema, mut given) = (false, None);
    let mut names = Vec::new();
    for (number, line) in (1..).zip(text.lines().map(str::trim)) {
        if line.starts_with("#[derive(") && line.contains("ToSchema") || line.starts_with("kernel::words!") {
            (is_schema, given) = (true, None);
        }
        let is_between = line.starts_with("#[") || line.starts_with("//") || line.starts_with("kernel::words!");
        if line.starts_with("#[schema(") {
            given = line.split_once("as = ").map(|(_, rest)| word(rest));
        }
        if is_schema && !is_between {
            let declared = line.split_once("struct ").or_else(|| line.split_once("enum "));
            if let Some((_, rest)) = declared {
                names.push((number, given.take().unwrap_or_else(|| word(rest))));
            }
            is_schema = false;
        }
    }
    names
}

fn word(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUOTE: &str = "#[derive(Debug, utoipa::ToSchema)]\n/// What it costs.\n#[serde(deny_unknown_fields)]\npub struct Quote {\n}\n";

    fn found(files: &[(&str, &str)]) -> Vec<(String, usize)> {
        let texts: Vec<(String, String)> = files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
        check(&texts).into_iter().map(|finding| (finding.path, finding.line)).collect()
    }

    #[test]
    fn a_name_that_two_types_have_is_found() {
        assert_eq!(found(&[("crates/a/src/x.rs", QUOTE), ("crates/b/src/y.rs", QUOTE)]), [("crates/b/src/y.rs".to_owned(), 4)]);
        let words = "kernel::words! {\n    /// Words.\n    pub(crate) enum Quote {\n        A = \"a\",\n    }\n}\n";
        assert_eq!(found(&[("crates/a/src/x.rs", QUOTE), ("crates/b/src/y.rs", words)]).len(), 1);
    }

    #[test]
    fn another_name_for_the_document_tests_and_what_is_no_schema_are_fine() {
        let named = "#[derive(ToSchema)]\n#[schema(as = TableQuote)]\npub struct Quote {\n}\n";
        assert_eq!(names(named), [(3, "TableQuote".to_owned())]);
        let plain = "#[derive(Debug)]\nstruct Quote {}\n";
        let files =
            [("crates/a/src/x.rs", QUOTE), ("crates/b/src/y.rs", named), ("crates/c/src/z.rs", plain), ("crates/d/tests/t.rs", QUOTE)];
        assert!(found(&files).is_empty());
    }
}
