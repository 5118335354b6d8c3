//! docs/security.md answers requirements with tests: each test and file that it names must exist, and each chapter be there.

use super::Finding;

pub const DOCUMENT: &str = "docs/security.md";
const CHAPTERS: usize = 17;

/// `document` is the text of [`DOCUMENT`]; `files` are all files with their texts, by path.
pub fn check(document: &str, files: &[(String, String)]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut tests = 0;
    for (number, line) in (1..).zip(document.lines()) {
        for quoted in line.split('`').skip(1).step_by(2) {
            if let Some((file, test)) = quoted.split_once("::") {
                tests += 1;
                if !has_test(files, file, test) {
                    findings.push(Finding::error(DOCUMENT, number, format!("{quoted}: there is no such test in a file {file}.rs")));
                }
            } else if is_path(quoted) && !files.iter().any(|(path, _)| path == quoted) {
                findings.push(Finding::error(DOCUMENT, number, format!("{quoted}: there is no such file")));
            }
        }
    }
    if tests == 0 {
        findings.push(Finding::error(DOCUMENT, 1, "no test is named: write them as `file::test`"));
    }
    for chapter in 1..=CHAPTERS {
        if !document.lines().any(|line| line.starts_with(&format!("## V{chapter} "))) {
            findings.push(Finding::error(DOCUMENT, 1, format!("chapter V{chapter} is not answered")));
        }
    }
    findings
}

/// A function of this name, in a file of tests or behind `#[cfg(test)]`.
fn has_test(files: &[(String, String)], file: &str, test: &str) -> bool {
    let (name, beside) = (format!("/{file}.rs"), format!("/{file}/tests.rs"));
    files.iter().filter(|(path, _)| path.ends_with(&name) || path.ends_with(&beside)).any(|(path, text)| {
        let tests = if path.contains("/tests/") || path.ends_with("/tests.rs") {
            Some(text.as_str())
        } else {
            text.split_once("#[cfg(test)]").map(|(_, tests)| tests)
        };
        tests.is_some_and(|tests| tests.contains(&format!("fn {test}(")))
    })
}

fn is_path(text: &str) -> bool {
    text.contains('/')
        && !text.starts_with('/')
        && !text.contains(' ')
        && [".rs", ".ts", ".txt", ".json", ".js"].iter().any(|end| text.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(document: &str) -> Vec<(usize, String)> {
        let chapters: String = (1..=CHAPTERS).map(|chapter| format!("\n## V{chapter} x")).collect();
        let files = [
            ("crates/web/tests/api/browser.rs".to_owned(), "async fn nobody_is_sent_elsewhere(server) {".to_owned()),
            ("crates/kernel/src/text.rs".to_owned(), "pub fn clean() {}\n#[cfg(test)]\nmod tests {\nfn it_is_cleaned() {}".to_owned()),
        ];
        check(&format!("{document}{chapters}"), &files).into_iter().map(|finding| (finding.line, finding.message)).collect()
    }

    #[test]
    fn tests_and_files_that_are_there_are_good() {
        assert_eq!(findings("`browser::nobody_is_sent_elsewhere`, `text::it_is_cleaned`, `crates/kernel/src/text.rs`, `/metrics`"), []);
    }

    #[test]
    fn what_is_not_there_is_named_with_its_line() {
        let found = findings("`browser::nobody_is_sent_elsewhere`\n`browser::gone`, `text::clean`, `crates/kernel/src/gone.rs`");
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(found.iter().all(|(line, _)| *line == 2), "{found:?}");
    }

    #[test]
    fn a_document_without_tests_or_chapters_is_no_answer() {
        assert_eq!(findings("All is well.").len(), 1);
        assert_eq!(check("`x::y`", &[]).len(), 1 + CHAPTERS);
    }
}
