//! How many tests a tool says that it ran. `None` where its output holds no total, which is a failure of its own.

use std::iter::Sum;
use std::ops::AddAssign;

/// How many tests of one run may pass only when they are run again. A slow machine does that to one or two; where it is more, nobody
/// can tell it from a fault that shows itself now and then.
pub const MOST_FLAKY: u64 = 2;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub passed: u64,
    pub failed: u64,
    pub skipped: u64,
    /// Failed, and passed when run again: among `passed`, or among `failed` where they were too many.
    pub flaky: u64,
    /// As the tool writes them; none where it does not.
    pub flaky_names: Vec<String>,
}

impl Tally {
    pub const ONE_PASSED: Self = Self { passed: 1, failed: 0, skipped: 0, flaky: 0, flaky_names: Vec::new() };
    pub const ONE_FAILED: Self = Self { passed: 0, failed: 1, skipped: 0, flaky: 0, flaky_names: Vec::new() };

    pub fn too_flaky(&self) -> bool {
        self.flaky > MOST_FLAKY
    }

    /// Of one run: where too many were flaky, none of them has passed.
    pub fn judged(mut self) -> Self {
        if self.too_flaky() {
            self.passed = self.passed.saturating_sub(self.flaky);
            self.failed += self.flaky;
        }
        self
    }

    /// Adds `number` under the tool's own `word`. What is neither passed nor left out on purpose has not been proven: it failed.
    fn add(&mut self, number: u64, word: &str) {
        match word {
            "passed" | "expected fail" => self.passed += number,
            "flaky" => {
                self.passed += number;
                self.flaky += number;
            }
            "skipped" | "todo" | "ignored" => self.skipped += number,
            _ => self.failed += number,
        }
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
        self.flaky += other.flaky;
        self.flaky_names.extend(other.flaky_names);
    }
}

impl Sum for Tally {
    fn sum<I: Iterator<Item = Self>>(tallies: I) -> Self {
        tallies.fold(Self::default(), |mut sum, tally| {
            sum += tally;
            sum
        })
    }
}

/// `Summary [  0.512s] 9/12 tests run: 7 passed (1 slow), 1 failed, 1 timed out, 2 skipped`. Where a run was cut short ("9/12"),
/// the tests that never ran count as failed. "3 passed (1 flaky)" are three; below it stands `FLAKY 2/3 [   0.1s] web::api venue_x`.
pub fn nextest(text: &str) -> Option<Tally> {
    let text = plain(text);
    let line = text.lines().rev().find(|line| line.trim_start().starts_with("Summary [") && line.contains(" run:"))?;
    let (head, totals) = line.split_once(" run:")?;
    let mut tally = Tally::default();
    for (number, word) in without_parentheses(totals).split(',').filter_map(numbered) {
        tally.add(number, word);
    }
    let planned = head.split_whitespace().find_map(|word| word.split_once('/'));
    if let Some((Ok(ran), Ok(all))) = planned.map(|(ran, all)| (ran.parse::<u64>(), all.parse::<u64>())) {
        tally.failed += all.saturating_sub(ran);
    }
    let details = totals.split(['(', ')', ',']).filter_map(numbered);
    tally.flaky = details.filter(|(_, word)| *word == "flaky").map(|(number, _)| number).sum();
    let named = text.lines().filter_map(|line| line.trim_start().strip_prefix("FLAKY ")?.split_once(']'));
    tally.flaky_names = named.map(|(_, name)| without_parentheses(name).trim().to_owned()).collect();
    Some(tally)
}

/// `test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 4 filtered out; finished in 0.00s`, once for each test binary.
pub fn cargo_test(text: &str) -> Option<Tally> {
    let text = plain(text);
    let results: Vec<Tally> = text
        .lines()
        .filter_map(|line| line.trim().strip_prefix("test result: ")?.split_once(". "))
        .map(|(_, totals)| {
            let mut tally = Tally::default();
            for (number, word) in totals.split(';').filter_map(numbered) {
                if matches!(word, "passed" | "failed" | "ignored") {
                    tally.add(number, word);
                }
            }
            tally
        })
        .collect();
    (!results.is_empty()).then(|| results.into_iter().sum())
}

/// `      Tests  1 failed | 2 passed | 3 skipped (6)`
pub fn vitest(text: &str) -> Option<Tally> {
    let text = plain(text);
    let totals = text.lines().rev().find_map(|line| line.trim_start().strip_prefix("Tests  "))?;
    let mut tally = Tally::default();
    for (number, word) in without_parentheses(totals).split('|').filter_map(numbered) {
        tally.add(number, word);
    }
    Some(tally)
}

/// Lines of their own at the end: `  1 failed`, `  2 flaky`, `  3 did not run`, `  5 passed (3.4s)`.
pub fn playwright(text: &str) -> Option<Tally> {
    const WORDS: [&str; 7] = ["passed", "failed", "flaky", "skipped", "did not run", "interrupted", "timed out"];
    let text = plain(text);
    let totals: Vec<(u64, String)> = text
        .lines()
        .filter_map(|line| {
            let line = without_parentheses(line);
            numbered(&line).filter(|(_, word)| WORDS.contains(word)).map(|(number, word)| (number, word.to_owned()))
        })
        .collect();
    let mut tally = Tally::default();
    for (number, word) in &totals {
        tally.add(*number, word);
    }
    tally.flaky_names = below(&text, "flaky");
    (!totals.is_empty()).then_some(tally)
}

/// The names under `  2 flaky`, further in than that, each followed by a rule up to the line's end.
fn below(text: &str, heading: &str) -> Vec<String> {
    text.lines()
        .skip_while(|line| numbered(line).is_none_or(|(_, word)| word != heading))
        .skip(1)
        .take_while(|line| line.starts_with("    "))
        .map(|line| line.trim_end_matches(['\u{2500}', ' ']).trim_start().to_owned())
        .collect()
}

/// `Ran 5 tests in 0.1s`, then `OK (skipped=1)` or `FAILED (failures=1, errors=2)`.
pub fn unittest(text: &str) -> Option<Tally> {
    let text = plain(text);
    let mut lines = text.lines().map(str::trim).skip_while(|line| !(line.starts_with("Ran ") && line.contains(" test")));
    let ran: u64 = lines.next()?.split_whitespace().nth(1)?.parse().ok()?;
    let verdict = lines.find(|line| line.starts_with("OK") || line.starts_with("FAILED") || line.starts_with("NO TESTS RAN"))?;
    let mut tally = Tally::default();
    let details = verdict.split_once('(').map(|(_, rest)| rest.trim_end_matches(')')).unwrap_or_default();
    for (word, number) in details.split(',').filter_map(|part| part.split_once('=')) {
        let number: u64 = number.trim().parse().ok()?;
        match word.trim() {
            "failures" | "errors" | "unexpected successes" => tally.failed += number,
            "skipped" => tally.skipped += number,
            _ => {}
        }
    }
    // A class whose set-up fails is an error without a test that ran.
    tally.passed = ran.saturating_sub(tally.failed + tally.skipped);
    Some(tally)
}

/// `chaos: 11 passed, 1 failed`, the last line of `crates/chaos`.
pub fn chaos(text: &str) -> Option<Tally> {
    let totals = text.lines().rev().find_map(|line| line.strip_prefix("chaos: "))?;
    let mut tally = Tally::default();
    for (number, word) in totals.split(',').filter_map(numbered) {
        tally.add(number, word);
    }
    Some(tally)
}

/// "3 did not run" is 3 and "did not run".
fn numbered(text: &str) -> Option<(u64, &str)> {
    let (number, word) = text.trim().split_once(' ')?;
    Some((number.parse().ok()?, word.trim()))
}

fn without_parentheses(text: &str) -> String {
    let mut depth = 0_u32;
    text.chars()
        .filter(|character| match character {
            '(' => {
                depth += 1;
                false
            }
            ')' => {
                depth = depth.saturating_sub(1);
                false
            }
            _ => depth == 0,
        })
        .collect()
}

/// Without colours: a tool that was told not to use them may know better.
pub fn plain(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        result.push_str(before);
        let end = after.find(|character: char| character.is_ascii_alphabetic()).map_or(after.len(), |at| at + 1);
        rest = &after[end..];
    }
    result.push_str(rest);
    result
}

#[cfg(test)]
#[path = "count_tests.rs"]
mod tests;
