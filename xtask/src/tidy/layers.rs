//! What a layer must not contain: SQL outside the crates that own tables, input and output inside rules.

use super::Finding;
use super::lex::Source;

/// Crates that contain no SQL.
const WITHOUT_SQL: [&str; 2] = ["crates/web/src/", "crates/gateway/src/"];
/// What a rule must not know: databases, files, the network.
const OUTSIDE_WORLD: [&str; 5] = ["store::", "sea_orm", "tokio::fs", "std::fs", "reqwest"];

pub fn check(path: &str, source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    if WITHOUT_SQL.iter().any(|folder| path.starts_with(folder)) {
        for literal in &source.strings {
            if let Some(line) = sql(&literal.text) {
                findings.push(Finding::error(path, literal.line + line, "SQL belongs to the context that owns the table, not here"));
            }
        }
    }
    let is_model = path.starts_with("crates/") && (path.ends_with("/model.rs") || path.contains("/model/"));
    if path.starts_with("crates/kernel/src/") || is_model {
        for (number, line) in source.lines() {
            if let Some(word) = OUTSIDE_WORLD.iter().find(|word| begins_a_word(line, word)) {
                findings.push(Finding::error(path, number, format!("{word} in a place for rules, which do no input and output")));
            }
        }
    }
    findings
}

/// The line, from 0, of the text on which a statement begins. Capitals only: "select a table" is English.
fn sql(text: &str) -> Option<usize> {
    let words: Vec<(usize, &str)> =
        (0..).zip(text.lines()).flat_map(|(line, words)| words.split_whitespace().map(move |word| (line, word))).collect();
    let mut pairs = words.iter().enumerate();
    pairs.find_map(|(at, (line, word))| {
        let word = word.trim_start_matches(['(', '"']);
        let next = words.get(at + 1).map(|(_, next)| *next);
        let begins = match word {
            "SELECT" | "WITH" => next.is_some(),
            "INSERT" | "REPLACE" => next == Some("INTO") || next == Some("OR"),
            "DELETE" => next == Some("FROM"),
            "UPDATE" => words[at..].iter().any(|(_, word)| *word == "SET"),
            "CREATE" | "ALTER" | "DROP" => matches!(next, Some("TABLE" | "INDEX" | "UNIQUE" | "VIEW")),
            _ => false,
        };
        begins.then_some(*line)
    })
}

fn begins_a_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| !line[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::lex::lex;

    fn lines(path: &str, text: &str) -> Vec<usize> {
        check(path, &lex(text)).into_iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn sql_in_web_is_found() {
        for bad in [
            "db.query(\"SELECT 1\")",
            "r#\"INSERT INTO users (id) VALUES ($1)\"#",
            "\"UPDATE accounts SET balance = 0\"",
            "\"DELETE FROM keys\"",
            "\"CREATE TABLE t (id BIGINT)\"",
            "format!(\"exists (SELECT id FROM {table})\")",
        ] {
            assert_eq!(lines("crates/web/src/keys.rs", bad), [1], "{bad}");
            assert_eq!(lines("crates/gateway/src/sms.rs", bad), [1], "{bad}");
            assert_eq!(lines("crates/platform/src/ledger/store.rs", bad), [0; 0], "{bad}");
        }
        assert_eq!(lines("crates/web/src/keys.rs", "let q = \"\n  SELECT id\n  FROM keys\";"), [2]);
    }

    #[test]
    fn english_and_comments_are_not_sql() {
        for good in [
            "\"select a key from the list\"",
            "// SELECT 1 FROM t",
            "\"UPDATE_FAILED\"",
            "\"Update the settings\"",
            "\"DELETE\"",
            "\"SELECTED\"",
        ] {
            assert_eq!(lines("crates/web/src/keys.rs", good), [0; 0], "{good}");
        }
    }

    #[test]
    fn input_and_output_in_a_rule_is_found() {
        for bad in [
            "use store::Tx;",
            "use super::store::insert;",
            "use sea_orm::Value;",
            "std::fs::read(path)",
            "tokio::fs::read(path)",
            "reqwest::get(url)",
        ] {
            assert_eq!(lines("crates/platform/src/ledger/model.rs", bad), [1], "{bad}");
            assert_eq!(lines("crates/platform/src/payments/model/arrival.rs", bad), [1], "{bad}");
            assert_eq!(lines("crates/kernel/src/money.rs", bad), [1], "{bad}");
            assert_eq!(lines("crates/platform/src/ledger/service.rs", bad), [0; 0], "{bad}");
        }
        assert_eq!(lines("crates/kernel/src/money.rs", "use restore::Thing; // store::x\nlet a = \"std::fs\";"), [0; 0]);
    }
}
