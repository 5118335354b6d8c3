//! `docs/mutants.json`: what became of each alteration, for as long as its function's text is the same.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::alteration::Alteration;
use crate::tools::MUTANTS;

/// Of those that compile so many in a hundred have to be noticed.
pub const LEAST: usize = 90;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// A test failed.
    Caught,
    /// A test ran for ever, which is noticed too.
    Timeout,
    /// By the tests of its crate; those of the whole product have not been asked.
    Passed,
    /// By these too.
    Missed,
    /// It does not compile.
    Unviable,
}

/// By the names that cargo-mutants gives.
pub type Outcomes = BTreeMap<String, Outcome>;

impl Outcome {
    /// In cargo-mutants' words.
    pub fn said(word: &str) -> Option<Self> {
        match word {
            "CaughtMutant" => Some(Self::Caught),
            "Timeout" => Some(Self::Timeout),
            "MissedMutant" => Some(Self::Missed),
            "Unviable" => Some(Self::Unviable),
            _ => None,
        }
    }

    const fn letter(self) -> char {
        match self {
            Self::Caught => 'c',
            Self::Timeout => 't',
            Self::Passed => 'm',
            Self::Missed => 'M',
            Self::Unviable => 'u',
        }
    }

    fn of(letter: char) -> Option<Self> {
        [Self::Caught, Self::Timeout, Self::Passed, Self::Missed, Self::Unviable].into_iter().find(|outcome| outcome.letter() == letter)
    }
}

/// Of one function, in the order in which its alterations are listed.
type Function = Vec<Option<Outcome>>;

#[derive(Debug, Default)]
pub struct Record {
    functions: BTreeMap<(String, String), Function>,
    /// Why a missed one stays, by its file and what is replaced: written by hand.
    because: BTreeMap<(String, String), String>,
}

impl Record {
    /// Without what no longer exists. Of another version of cargo-mutants, which may alter other things, nothing counts but the reasons.
    pub fn read(path: &Path, all: &[Alteration]) -> Result<Self> {
        let Ok(text) = std::fs::read(path) else { return Ok(Self::default()) };
        let value: Value = serde_json::from_slice(&text).with_context(|| format!("{} cannot be read", path.display()))?;
        let mut record = Self { functions: BTreeMap::new(), because: texts(&value["because"])? };
        if value["cargo-mutants"] == MUTANTS.version {
            let known: BTreeMap<_, Function> =
                texts(&value["judged"])?.into_iter().map(|(key, letters)| (key, letters.chars().map(Outcome::of).collect())).collect();
            let counts = counts(all);
            record.functions = known.into_iter().filter(|(key, function)| counts.get(key) == Some(&function.len())).collect();
        }
        Ok(record)
    }

    pub fn write(&self, path: &Path) -> Result<()> {
        let letters = |function: &Function| function.iter().map(|outcome| outcome.map_or('-', Outcome::letter)).collect::<String>();
        let judged = self.functions.iter().map(|(key, function)| (key, letters(function)));
        let because = self.because.iter().map(|(key, why)| (key, why.clone()));
        let value = json!({"cargo-mutants": MUTANTS.version, "judged": nested(judged), "because": nested(because)});
        let text = serde_json::to_string_pretty(&value)? + "\n";
        std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
    }

    pub fn outcome(&self, alteration: &Alteration) -> Option<Outcome> {
        self.functions.get(&key(alteration)).and_then(|function| function.get(alteration.index).copied().flatten())
    }

    /// Why nobody minds that it was missed.
    pub fn because(&self, alteration: &Alteration) -> Option<&str> {
        self.because.get(&(alteration.file.clone(), alteration.what().to_owned())).map(String::as_str)
    }

    /// Of some of `all` alterations.
    pub fn add(&mut self, all: &[Alteration], outcomes: &Outcomes) {
        let counts = counts(all);
        for alteration in all {
            let Some(outcome) = outcomes.get(&alteration.name) else { continue };
            let key = key(alteration);
            let count = counts[&key];
            self.functions.entry(key).or_insert_with(|| vec![None; count])[alteration.index] = Some(*outcome);
        }
    }

    /// As if these had never been judged.
    pub fn forget(&mut self, all: &[Alteration], outcome: Outcome) {
        for alteration in all.iter().filter(|alteration| self.outcome(alteration) == Some(outcome)).cloned().collect::<Vec<_>>() {
            if let Some(function) = self.functions.get_mut(&key(&alteration)) {
                function[alteration.index] = None;
            }
        }
    }

    pub fn sum<'a>(&self, all: impl IntoIterator<Item = &'a Alteration>) -> Sum {
        let mut sum = Sum::default();
        for alteration in all {
            sum.altered += 1;
            match self.outcome(alteration) {
                Some(Outcome::Caught) => sum.caught += 1,
                Some(Outcome::Timeout) => sum.timeout += 1,
                Some(Outcome::Unviable) => sum.unviable += 1,
                Some(Outcome::Missed) => {
                    sum.missed += 1;
                    sum.unexplained += usize::from(self.because(alteration).is_none());
                }
                None | Some(Outcome::Passed) => sum.left += 1,
            }
        }
        sum
    }
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Sum {
    /// All that there are.
    pub altered: usize,
    pub caught: usize,
    pub timeout: usize,
    pub missed: usize,
    /// Of the missed: without a reason.
    pub unexplained: usize,
    pub unviable: usize,
    /// Not judged yet, or not by all.
    pub left: usize,
}

impl Sum {
    /// Where nothing was judged, or not all, nothing holds.
    pub const fn holds(&self) -> bool {
        let noticed = self.caught + self.timeout;
        noticed > 0 && self.left == 0 && self.unexplained == 0 && noticed * 100 >= (noticed + self.missed) * LEAST
    }

    /// Rounded down, so that it never says 90 where it does not hold.
    pub fn share(&self) -> String {
        let noticed = self.caught + self.timeout;
        let thousandths = noticed * 1_000 / (noticed + self.missed).max(1);
        format!("{}.{} %", thousandths / 10, thousandths % 10)
    }

    pub fn line(&self) -> String {
        let Self { altered, caught, timeout, missed, unexplained, unviable, left } = self;
        format!(
            "{} judged, {} caught or timed out, {}; {missed} missed, {unexplained} of them without a reason; of {altered} alterations {unviable} do not compile and {left} are not judged yet",
            caught + timeout + missed,
            caught + timeout,
            self.share()
        )
    }
}

fn key(alteration: &Alteration) -> (String, String) {
    (alteration.file.clone(), alteration.function.clone())
}

/// How many alterations each function has.
fn counts(all: &[Alteration]) -> BTreeMap<(String, String), usize> {
    let mut counts = BTreeMap::new();
    for alteration in all {
        *counts.entry(key(alteration)).or_default() += 1;
    }
    counts
}

/// An object of objects of texts, by both names.
fn texts(value: &Value) -> Result<BTreeMap<(String, String), String>> {
    let mut found = BTreeMap::new();
    for (outer, inner) in value.as_object().into_iter().flatten() {
        for (name, text) in inner.as_object().into_iter().flatten() {
            let Some(text) = text.as_str() else { bail!("{outer}, {name}: no text") };
            found.insert((outer.clone(), name.clone()), text.to_owned());
        }
    }
    Ok(found)
}

fn nested<'a>(texts: impl Iterator<Item = (&'a (String, String), String)>) -> BTreeMap<&'a str, BTreeMap<&'a str, String>> {
    let mut nested: BTreeMap<&str, BTreeMap<&str, String>> = BTreeMap::new();
    for ((outer, name), text) in texts {
        nested.entry(outer).or_default().insert(name, text);
    }
    nested
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alterations(function: &str, count: usize) -> Vec<Alteration> {
        let name = |index| format!("a.rs:{index}:1: replace {function} with {index}");
        (0..count).map(|index| Alteration { name: name(index), file: "a.rs".into(), function: function.into(), index }).collect()
    }

    fn outcomes(of: &[Alteration], outcomes: &[Outcome]) -> Outcomes {
        of.iter().map(|alteration| alteration.name.clone()).zip(outcomes.iter().copied()).collect()
    }

    #[test]
    fn what_was_found_is_kept_until_its_function_changes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mutants.json");
        let (f, g) = (alterations("f 1", 3), alterations("g 1", 1));
        let mut record = Record::read(&path, &f).unwrap();
        let all: Vec<_> = f.iter().chain(&g).cloned().collect();
        record.add(&all, &outcomes(&f[..2], &[Outcome::Caught, Outcome::Missed]));
        record.add(&all, &outcomes(&g, &[Outcome::Timeout]));
        record.write(&path).unwrap();
        let again = Record::read(&path, &all).unwrap();
        assert_eq!(
            all.iter().map(|one| again.outcome(one)).collect::<Vec<_>>(),
            [Some(Outcome::Caught), Some(Outcome::Missed), None, Some(Outcome::Timeout)]
        );
        let changed = alterations("f 2", 3);
        let after = Record::read(&path, &changed).unwrap();
        assert_eq!(after.sum(&changed), Sum { altered: 3, left: 3, ..Sum::default() });
        assert!(after.functions.is_empty(), "and what is gone is forgotten");
        // One alteration more of the same text: which is which is not known any more.
        let more = alterations("g 1", 2);
        assert_eq!(Record::read(&path, &more).unwrap().sum(&more).left, 2);
    }

    #[test]
    fn what_another_version_found_does_not_count_and_reasons_stay() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mutants.json");
        let f = alterations("f 1", 1);
        let because = json!({"a.rs": {"replace f 1 with 0": "about memory"}});
        let write = |version: &str| {
            let value = json!({"cargo-mutants": version, "judged": {"a.rs": {"f 1": "M"}}, "because": because});
            std::fs::write(&path, value.to_string()).unwrap();
        };
        write(MUTANTS.version);
        let sum = Record::read(&path, &f).unwrap().sum(&f);
        assert_eq!(sum, Sum { altered: 1, missed: 1, ..Sum::default() });
        write("1.0.0");
        let record = Record::read(&path, &f).unwrap();
        assert_eq!((record.sum(&f).left, record.because(&f[0])), (1, Some("about memory")));
        std::fs::write(&path, "{\"judged\": ").unwrap();
        assert!(Record::read(&path, &f).is_err(), "half a file is not overwritten");
    }

    #[test]
    fn it_holds_when_all_are_judged_nine_in_ten_noticed_and_the_others_have_a_reason() {
        let of = |caught, missed, unexplained, left| Sum {
            altered: caught + missed + left,
            caught,
            missed,
            unexplained,
            left,
            ..Sum::default()
        };
        assert!(of(9, 1, 0, 0).holds() && of(900, 100, 0, 0).holds());
        assert!(!of(8, 1, 0, 0).holds() && !of(8_999, 1_001, 0, 0).holds());
        assert!(!of(9, 1, 1, 0).holds(), "nobody says why");
        assert!(!of(9, 0, 0, 1).holds(), "one is not judged");
        assert!(!of(0, 0, 0, 0).holds(), "nothing was judged");
        assert_eq!((of(8_999, 1_001, 0, 0).share().as_str(), of(0, 0, 0, 0).share().as_str()), ("89.9 %", "0.0 %"));
    }
}
