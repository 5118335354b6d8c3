//! Companions of clippy: its bans hold only while nobody switches them off in passing.

use super::Finding;
use super::lex::Source;

/// Each reads the clock, which is `Cx`'s to do.
const CLOCKS: [&str; 4] = ["SystemTime::now", "Instant::now", "Timestamp::now", "Zoned::now"];
const PERMISSION: &str = "expect(clippy::disallowed_methods";
/// Lines above a call in which the permission must stand: the length of a short function.
const NEAR: usize = 12;

pub fn check(path: &str, source: &Source) -> Vec<Finding> {
    let lines: Vec<&str> = source.code.lines().collect();
    let mut findings = Vec::new();
    for (number, line) in source.lines() {
        if line.contains("#[allow(") || line.contains("#![allow(") {
            findings.push(Finding::error(path, number, "use #[expect(…, reason = \"…\")], which complains when it is no longer needed"));
        }
        let permitted = || lines[number.saturating_sub(1 + NEAR)..number].iter().any(|near| near.contains(PERMISSION));
        if let Some(clock) = CLOCKS.iter().find(|clock| is_called(line, clock))
            && !permitted()
        {
            findings.push(Finding::error(
                path,
                number,
                format!("{clock}: time comes from Cx or Clock; the exceptions say #[{PERMISSION}, reason = \"…\")]"),
            ));
        }
    }
    findings
}

fn is_called(line: &str, name: &str) -> bool {
    let in_name = |character: char| character.is_alphanumeric() || character == '_';
    line.match_indices(name).any(|(at, _)| !line[..at].ends_with(in_name) && !line[at + name.len()..].starts_with(in_name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::lex::lex;

    fn lines(text: &str) -> Vec<usize> {
        check("crates/kernel/src/time.rs", &lex(text)).into_iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn a_clock_needs_a_permission_near_by() {
        let permission = "#[expect(clippy::disallowed_methods, reason = \"the clock itself\")]\n";
        for clock in CLOCKS {
            assert_eq!(lines(&format!("fn f() {{\n    let now = std::time::{clock}();\n}}")), [2], "{clock}");
            assert_eq!(lines(&format!("{permission}fn f() {{\n    let now = {clock}();\n}}")), [0; 0], "{clock}");
        }
        let far = format!("{permission}fn f() {{}}\n{}let now = SystemTime::now();", "\n".repeat(NEAR));
        assert_eq!(lines(&far).len(), 1);
    }

    #[test]
    fn a_clock_that_is_only_talked_about_is_none() {
        assert_eq!(lines("// SystemTime::now\nlet a = \"Instant::now\"; let b = SystemTime::now_v7();"), [0; 0]);
    }

    #[test]
    fn allow_is_found() {
        assert_eq!(lines("fn a() {}\n#[allow(dead_code)]\nfn f() {}"), [2]);
        assert_eq!(lines("#![allow(unused)]"), [1]);
        assert_eq!(lines("#[expect(dead_code, reason = \"soon\")] // not #[allow(…)]"), [0; 0]);
    }
}
