//! A figure: what was measured in each round, against what, and what is asked of it.

use serde::Serialize;

use crate::load::Outcome;
use crate::say;

#[derive(Serialize, Clone)]
pub struct Figure {
    pub name: String,
    pub unit: &'static str,
    /// The product's, a round each.
    pub values: Vec<f64>,
    /// The baseline's of the same rounds; empty where the figure stands by itself.
    pub baseline: Vec<f64>,
    /// For how many seconds the product was measured, in all rounds together; nothing where a value does not come of a stretch of time.
    pub measured: Option<f64>,
    /// It has one value, however many rounds there are.
    pub once: bool,
    /// What else was seen, in words.
    pub note: String,
    pub bound: Option<Bound>,
    /// How it went in the first round: seconds and what was seen then. Empty where nobody looked.
    pub curve: Vec<(f64, f64)>,
    /// The rounds' p99 in milliseconds, the product's and the baseline's: in words they are in the note.
    #[serde(skip)]
    waits: [Vec<f64>; 2],
}

#[derive(Serialize, Clone, Copy)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    AtLeast(f64),
    AtMost(f64),
}

/// Median, smallest and largest. Of an even number the median lies in the middle of two.
pub fn spread(values: &[f64]) -> (f64, f64, f64) {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    match (sorted.first(), sorted.last()) {
        (Some(first), Some(last)) => (f64::midpoint(sorted[(sorted.len() - 1) / 2], sorted[sorted.len() / 2]), *first, *last),
        _ => (f64::NAN, f64::NAN, f64::NAN),
    }
}

/// A figure's name has its database in it.
pub fn is_of(name: &str, database: &str) -> bool {
    name.contains(database)
}

impl Figure {
    pub fn new(name: impl Into<String>, unit: &'static str) -> Self {
        Self {
            name: name.into(),
            unit,
            values: Vec::new(),
            baseline: Vec::new(),
            measured: None,
            once: false,
            note: String::new(),
            bound: None,
            curve: Vec::new(),
            waits: Default::default(),
        }
    }

    pub fn bound(mut self, bound: Bound) -> Self {
        self.bound = Some(bound);
        self
    }

    pub fn once(mut self) -> Self {
        self.once = true;
        self
    }

    /// So many seconds more were measured.
    pub fn lasted(&mut self, seconds: f64) {
        self.measured = Some(self.measured.unwrap_or_default() + seconds);
    }

    /// A round of the baseline, and one of the product.
    pub fn round(&mut self, of: &str, baseline: (&str, &Outcome), product: (&str, &Outcome)) {
        let (base, outcome) = (baseline.1, product.1);
        self.values.push(outcome.rate());
        self.baseline.push(base.rate());
        self.lasted(outcome.seconds);
        for (waits, of) in self.waits.iter_mut().zip([outcome, base]) {
            waits.push(of.quantile(0.99));
        }
        let [product_waits, base_waits] = self.waits.each_ref().map(|waits| {
            let (median, least, most) = spread(waits);
            format!("{median:.1} ms ({least:.1} to {most:.1})")
        });
        self.note = format!("median p99 {product_waits} against {base_waits}");
        let (round, ratio) = (self.values.len(), outcome.rate() / base.rate());
        say(&format!("{of}, round {round}: {} {:.0}/s, {} {:.0}/s = {ratio:.2}", baseline.0, base.rate(), product.0, outcome.rate()));
    }

    /// Measured on this database, as its name tells.
    pub fn is_of(&self, database: &str) -> bool {
        is_of(&self.name, database)
    }

    /// What the bound is about: the ratio where there is a baseline, else the value.
    pub fn judged(&self) -> Vec<f64> {
        if self.baseline.is_empty() {
            return self.values.clone();
        }
        self.values.iter().zip(&self.baseline).map(|(value, baseline)| value / baseline).collect()
    }

    pub fn holds(&self) -> Option<bool> {
        let (median, ..) = spread(&self.judged());
        self.bound.map(|bound| match bound {
            Bound::AtLeast(limit) => median >= limit,
            Bound::AtMost(limit) => median <= limit,
        })
    }

    /// A row of the table in docs/benchmarks.md.
    pub fn row(&self) -> String {
        let (value, ..) = spread(&self.values);
        let against = if self.baseline.is_empty() { String::new() } else { number(spread(&self.baseline).0) };
        let (median, least, most) = spread(&self.judged());
        let judged = format!("{} ({} to {})", number(median), number(least), number(most));
        let asked = match self.bound {
            Some(Bound::AtLeast(limit)) => format!("at least {}", number(limit)),
            Some(Bound::AtMost(limit)) => format!("at most {}", number(limit)),
            None => String::new(),
        };
        let holds = self.holds().map_or("", |holds| if holds { "yes" } else { "**no**" });
        format!("| {} | {} {} | {against} | {judged} | {asked} | {holds} | {} |", self.name, number(value), self.unit, self.note)
    }
}

pub const HEAD: &str = "| figure | product | baseline | judged (least to most) | asked | holds | besides |\n|---|---|---|---|---|---|---|";

fn number(value: f64) -> String {
    if value >= 1_000.0 {
        let whole = format!("{value:.0}");
        let (mut text, length) = (String::new(), whole.len());
        for (place, digit) in whole.chars().enumerate() {
            if place > 0 && (length - place).is_multiple_of(3) {
                text.push(',');
            }
            text.push(digit);
        }
        text
    } else if value >= 10.0 {
        format!("{value:.1}")
    } else if value == 0.0 {
        "0".to_owned()
    } else {
        format!("{value:.2}")
    }
}

#[cfg(test)]
mod tests {
    use hdrhistogram::Histogram;

    use super::*;

    #[test]
    fn a_ratio_is_judged_round_by_round() {
        let mut figure = Figure::new("verify", "/s").bound(Bound::AtLeast(0.5));
        figure.values = vec![10.0, 30.0, 20.0];
        figure.baseline = vec![40.0, 40.0, 40.0];
        assert_eq!(spread(&figure.judged()), (0.5, 0.25, 0.75));
        assert_eq!(figure.holds(), Some(true));
        figure.values[2] = 19.0;
        assert_eq!(figure.holds(), Some(false));
        assert_eq!(figure.row(), "| verify | 19.0 /s | 40.0 | 0.47 (0.25 to 0.75) | at least 0.50 | **no** |  |");
    }

    #[test]
    fn the_median_of_an_even_number_is_no_rounds_own() {
        assert_eq!(spread(&[0.47, 0.56, 0.48, 0.52]), (0.5, 0.47, 0.56));
        assert_eq!(spread(&[2.0]), (2.0, 2.0, 2.0));
    }

    #[test]
    fn the_note_has_the_p99_of_all_rounds_and_not_of_the_last_one() {
        let outcome = |millis: u64| {
            let mut latencies = Histogram::new_with_bounds(1, 60_000_000, 3).unwrap();
            latencies.record(millis * 1_000).unwrap();
            Outcome { answered: 1, wrong: 0, first_wrong: None, seconds: 1.0, latencies }
        };
        let mut figure = Figure::new("verify", "/s");
        for (base, product) in [(20, 40), (10, 90), (30, 20)] {
            figure.round("SQLite", ("one", &outcome(base)), ("other", &outcome(product)));
        }
        assert_eq!(figure.note, "median p99 40.0 ms (20.0 to 90.0) against 20.0 ms (10.0 to 30.0)");
    }

    #[test]
    fn numbers_are_read_by_people() {
        assert_eq!([number(1_234_567.8), number(999.96), number(0.456), number(0.0)], ["1,234,568", "1000.0", "0.46", "0"]);
    }
}
