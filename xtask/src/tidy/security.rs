//! docs/security.md answers requirements with tests: each test and file that it names must exist, and each chapter and requirement
//! be answered.

use super::Finding;

pub const DOCUMENT: &str = "docs/security.md";
const CHAPTERS: usize = 17;
/// The requirements of levels 1 and 2 of ASVS 5.0.0, but for the chapters that are answered as a whole.
const ASKED: &str = "\
    1.1.1-2 1.2.1-9 1.3.1-11 1.4.1-3 1.5.1-2 2.1.1-3 2.2.1-3 2.3.1-4 2.4.1-1 3.2.1-2 3.3.1-4 3.4.1-6 3.5.1-5 3.7.1-2 4.1.1-3 4.2.1-1 \
    4.3.1-2 4.4.1-4 5.1.1-1 5.2.1-3 5.3.1-2 5.4.1-3 6.1.1-3 6.2.1-12 6.3.1-4 6.4.1-4 6.5.1-5 6.6.1-3 6.8.1-4 7.1.1-3 7.2.1-4 7.3.1-2 \
    7.4.1-5 7.5.1-2 7.6.1-2 8.1.1-2 8.2.1-3 8.3.1-1 8.4.1-1 11.1.1-2 11.2.1-3 11.3.1-3 11.4.1-4 11.5.1-1 11.6.1-1 12.1.1-3 12.2.1-2 \
    12.3.1-4 13.1.1-1 13.2.1-5 13.3.1-2 13.4.1-5 14.1.1-2 14.2.1-4 14.3.1-3 15.1.1-3 15.2.1-3 15.3.1-7 16.1.1-1 16.2.1-5 16.3.1-4 \
    16.4.1-3 16.5.1-3";
/// What is no answer.
const EMPTY: [&str; 2] = ["**Missing**", "**In part**"];

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

/// Requirements without a row, and rows that say that there is no answer.
pub fn unanswered(document: &str) -> Vec<Finding> {
    let rows: Vec<(usize, &str, &str)> = (1..)
        .zip(document.lines())
        .skip_while(|(_, line)| !line.starts_with("## V"))
        .filter_map(|(number, line)| line.strip_prefix("| ")?.split_once(" | ").map(|(asked, answer)| (number, asked, answer)))
        .collect();
    let mut findings = Vec::new();
    for (number, asked, answer) in &rows {
        if EMPTY.iter().any(|word| answer.contains(word)) || answer.trim_matches(['|', ' ']).is_empty() {
            findings.push(Finding::error(DOCUMENT, *number, format!("{asked}: write a test, or the reason that there is none")));
        }
    }
    for (section, number) in ASKED.split(' ').filter_map(range).flat_map(|(section, numbers)| numbers.map(move |number| (section, number)))
    {
        if !rows.iter().any(|(_, asked, _)| asked.split(", ").any(|part| covers(part, section, number))) {
            findings.push(Finding::error(DOCUMENT, 1, format!("{section}.{number} is not answered")));
        }
    }
    findings
}

/// `6.2.1-12`: the requirements 1 to 12 of the section 6.2.
fn range(text: &str) -> Option<(&str, std::ops::RangeInclusive<u32>)> {
    let (section, numbers) = text.rsplit_once('.')?;
    let (first, last) = numbers.split_once('-')?;
    Some((section, first.parse().ok()?..=last.parse().ok()?))
}

/// Whether a part of a row's first cell is about this requirement: `6.2.1`, `6.2.1 to 6.2.4`, or `6.2` for all of the section.
fn covers(part: &str, section: &str, number: u32) -> bool {
    let place = |text: &str| -> Option<u32> { text.strip_prefix(section)?.strip_prefix('.')?.parse().ok() };
    match part.split_once(" to ") {
        Some((first, last)) => matches!((place(first), place(last)), (Some(first), Some(last)) if (first..=last).contains(&number)),
        None => part == section || place(part) == Some(number),
    }
}

/// A test of this name, in a file of tests or behind `#[cfg(test)]`, that runs.
fn has_test(files: &[(String, String)], file: &str, test: &str) -> bool {
    let names = [format!("/{file}.rs"), format!("/{file}/tests.rs"), format!("/{file}/mod.rs")];
    files.iter().filter(|(path, _)| names.iter().any(|name| path.ends_with(name))).any(|(path, text)| {
        let tests = if path.contains("/tests/") || path.ends_with("/tests.rs") {
            Some(text.as_str())
        } else {
            text.split_once("#[cfg(test)]").map(|(_, tests)| tests)
        };
        tests.is_some_and(|tests| runs(tests, test))
    })
}

/// Whether a function is a test by its attributes, or one of a macro's, which gives it what its parameter stands for; and is not left out.
fn runs(text: &str, test: &str) -> bool {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let head = format!("fn {test}(");
    lines.iter().enumerate().filter(|(_, line)| line.contains(&head)).any(|(at, line)| {
        let above = lines[..at].iter().rev().take_while(|line| line.starts_with("#[") || line.starts_with("//"));
        let attributes: Vec<&str> = above.filter(|line| line.starts_with("#[")).copied().collect();
        let parameters = line.split_once(&head).and_then(|(_, rest)| rest.split_once(')')).map_or("", |(parameters, _)| parameters);
        let of_macro = line.starts_with("async fn") && !parameters.is_empty() && !parameters.contains(':');
        let is_test = attributes.iter().any(|line| line.starts_with("#[test]") || line.starts_with("#[tokio::test"));
        (is_test || of_macro) && !attributes.iter().any(|line| line.contains("ignore"))
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
            ("crates/kernel/src/text.rs".to_owned(), "pub fn clean() {}\n#[cfg(test)]\nmod tests {\n#[test]\n// A word.\nfn it_is_cleaned() {}\nfn helps() {}\n#[test]\n#[ignore]\nfn sleeps() {}".to_owned()),
        ];
        check(&format!("{document}{chapters}"), &files).into_iter().map(|finding| (finding.line, finding.message)).collect()
    }

    #[test]
    fn tests_and_files_that_are_there_are_good() {
        assert_eq!(findings("`browser::nobody_is_sent_elsewhere`, `text::it_is_cleaned`, `crates/kernel/src/text.rs`, `/metrics`"), []);
    }

    #[test]
    fn what_is_no_test_or_does_not_run_is_none() {
        let found = findings("`text::helps`, `text::sleeps`");
        assert_eq!(found.len(), 2, "{found:?}");
    }

    #[test]
    fn what_is_not_there_is_named_with_its_line() {
        let found = findings("`browser::nobody_is_sent_elsewhere`\n`browser::gone`, `text::clean`, `crates/kernel/src/gone.rs`");
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(found.iter().all(|(line, _)| *line == 2), "{found:?}");
    }

    #[test]
    fn each_requirement_has_a_row_with_an_answer() {
        let rows: Vec<String> = ASKED.split(' ').filter_map(range).map(|(section, _)| format!("| {section} | We do. |")).collect();
        let whole = format!("## V1 x\n{}", rows.join("\n"));
        assert_eq!(unanswered(&whole), []);
        let said = |document: String| unanswered(&document).into_iter().map(|finding| (finding.line, finding.message)).collect::<Vec<_>>();
        let row = "| 6.2 | We do. |";
        let parts = "| 6.2.1, 6.2.3 to 6.2.12 | We do. |";
        assert_eq!(said(whole.replace(row, parts)), [(1, "6.2.2 is not answered".to_owned())]);
        assert_eq!(said(whole.replace(row, "| 6.2 | **In part**: see above |")).len(), 1);
        assert_eq!(said(whole.replace(row, "| 6.2 |  |")).len(), 1);
        // What is left is said before the chapters, and is no answer.
        assert_eq!(said(format!("{row}\n{}", whole.replace(row, ""))).len(), 12);
    }

    #[test]
    fn a_document_without_tests_or_chapters_is_no_answer() {
        assert_eq!(findings("All is well.").len(), 1);
        assert_eq!(check("`x::y`", &[]).len(), 1 + CHAPTERS);
    }
}
