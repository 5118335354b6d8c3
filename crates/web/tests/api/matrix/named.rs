//! Other tests that rules name: what they show there is not shown here, and must not be gone unnoticed.

use std::path::Path;

/// What stands in a test of an `on_server!`, between its name and its end.
fn body_of<'a>(text: &'a str, test: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(&format!("\n    async fn {test}(server) {{\n"))?;
    rest.split_once("\n    }\n").map(|(body, _)| body)
}

/// A test of this crate, named as `file.rs::test`, has this call succeed, and says so of itself in words that fail there where it does not.
#[track_caller]
pub fn says_that_it_succeeds(named: &str, operation: &str) {
    let (file, test) = named.split_once(".rs::").unwrap_or_else(|| panic!("{operation}: {named} is no name of a test"));
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/api/{file}.rs"));
    let text = std::fs::read_to_string(&file).unwrap_or_default();
    let body = body_of(&text, test).unwrap_or_else(|| panic!("{operation}: there is no {test} in {}", file.display()));
    let held = format!("server.has_answered(\"{operation}\");");
    assert!(body.contains(&held), "let {test} in {} end with {held}", file.display());
}

#[test]
fn a_test_that_is_not_there_is_missed_and_so_is_one_where_another_says_it() {
    let text = "on_server! {\n    async fn one(server) {\n        a;\n    }\n\n    async fn two(server) {\n        b;\n    }\n}\n";
    assert_eq!((body_of(text, "one"), body_of(text, "two"), body_of(text, "three")), (Some("        a;"), Some("        b;"), None));
}
