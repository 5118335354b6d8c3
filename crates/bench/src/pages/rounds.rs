//! Rounds: all pages of a list, again and again, and the figures that come of it.

use anyhow::Result;

use super::ask::{Ask, LOOKS, Waited};
use crate::api::Api;
use crate::clock::Stopwatch;
use crate::figure::{Bound, Figure, spread};

/// What is asked of an answer, in milliseconds.
const MOST: f64 = 50.0;

/// Somebody, and the pages that it asks for.
pub struct Asker {
    pub name: &'static str,
    pub api: Api,
    pub asks: Vec<Ask>,
}

/// What one round saw.
#[derive(Default)]
pub struct Round {
    seconds: f64,
    /// Each page once, until it was full.
    pages: Vec<Waited>,
    /// Single answers of all passes, in milliseconds: as many passes as there was time for, the pages in the same order in each.
    answers: Vec<f64>,
}

impl Round {
    /// Whole passes for so many seconds at least. In the first, pages that come short are asked on.
    pub async fn measure(askers: &[Asker], seconds: f64) -> Result<Self> {
        let mut round = Self::default();
        let watch = Stopwatch::start();
        for asker in askers {
            for ask in &asker.asks {
                let waited = ask.whole(&asker.api).await?;
                round.answers.push(waited.first);
                round.pages.push(waited);
            }
        }
        while watch.seconds() < seconds {
            for asker in askers {
                for ask in &asker.asks {
                    round.answers.push(ask.once(&asker.api).await?);
                }
            }
        }
        round.seconds = watch.seconds();
        Ok(round)
    }

    /// The longest of the pages' 99th percentiles, each of that page's answers alone.
    fn slowest(&self) -> f64 {
        let pages = self.pages.len().max(1);
        let of = |page| quantile(self.answers.iter().copied().skip(page).step_by(pages), 0.99);
        (0..pages).map(of).fold(f64::NAN, f64::max)
    }

    fn passes(&self) -> usize {
        self.answers.len() / self.pages.len().max(1)
    }
}

/// Of one answer, and where some came short also of the whole until a page is full. `list` is which, `of` how many rows where.
pub fn figures(list: &str, of: &str, rounds: &[Round]) -> Vec<Figure> {
    let count = |is: fn(&Waited) -> bool| rounds.iter().map(|round| round.pages.iter().filter(|page| is(page)).count()).max().unwrap_or(0);
    let pages = rounds.first().map_or(0, |round| round.pages.len());
    let (short, stopped) = (count(|page| page.came_short), count(|page| page.stopped));

    let mut answer = Figure::new(format!("pages of {list}, {of}, p99"), "ms").bound(Bound::AtMost(MOST));
    answer.values = rounds.iter().map(|round| quantile(round.answers.iter().copied(), 0.99)).collect();
    rounds.iter().for_each(|round| answer.lasted(round.seconds));
    let all = || rounds.iter().flat_map(|round| round.answers.iter().copied());
    let (_, least, most) = spread(&rounds.iter().map(|round| round.seconds).collect::<Vec<_>>());
    answer.note = format!(
        "{pages} pages, {} answers in rounds of {least:.0} to {most:.0} s; half within {:.1} ms; {short} came short; longest {:.0} ms",
        all().count(),
        quantile(all(), 0.5),
        quantile(all(), 1.0)
    );

    // Of all pages together a filter that is slow for itself is not seen, where it is one of more than a hundred.
    let mut slowest = Figure::new(format!("slowest of the pages of {list}, {of}, p99"), "ms").bound(Bound::AtMost(MOST));
    slowest.values = rounds.iter().map(Round::slowest).collect();
    rounds.iter().for_each(|round| slowest.lasted(round.seconds));
    slowest.note = format!("of {} answers a round and page, at least", rounds.iter().map(Round::passes).min().unwrap_or(0));
    if short == 0 {
        return vec![answer, slowest];
    }

    let mut whole = Figure::new(format!("pages of {list} until they are full, {of}, p99"), "ms");
    whole.values = rounds.iter().map(|round| quantile(round.pages.iter().map(|page| page.whole), 0.99)).collect();
    let slow = count(|page| page.whole > MOST);
    let all = || rounds.iter().flat_map(|round| round.pages.iter().map(|page| page.whole));
    whole.note = format!(
        "{short} of {pages} pages were asked on, {stopped} of them not full after {LOOKS} answers; {slow} took more than {MOST:.0} ms; half within {:.1} ms; longest {:.0} ms",
        quantile(all(), 0.5),
        quantile(all(), 1.0)
    );

    let mut worst = Figure::new(format!("slowest page of {list} until it was full, {of}"), "ms");
    worst.values = rounds.iter().map(|round| quantile(round.pages.iter().map(|page| page.whole), 1.0)).collect();
    worst.note = format!("of {pages} pages, asked on for up to {LOOKS} answers; each once in a round");
    vec![answer, slowest, whole, worst]
}

/// The slowest pages, for whoever is watching: their longest answers, and the longest until they were full.
pub fn slowest(askers: &[Asker], rounds: &[Round]) -> Vec<String> {
    let names: Vec<String> =
        askers.iter().flat_map(|asker| asker.asks.iter().map(|ask| format!("{} {}", asker.name, ask.address()))).collect();
    let count = names.len().max(1);
    let answers = rounds.iter().flat_map(|round| round.answers.iter().enumerate().map(|(n, wait)| (n % count, *wait)));
    let whole = rounds.iter().flat_map(|round| round.pages.iter().enumerate().map(|(n, page)| (n, page.whole)));
    let words = |what: &str, worst: Vec<(usize, f64)>| -> Vec<String> {
        worst.into_iter().filter_map(|(page, wait)| Some(format!("{wait:.1} ms {what} {}", names.get(page)?))).collect()
    };
    [words("one answer:", worst(count, answers)), words("until full:", worst(count, whole))].concat()
}

/// The five pages with the longest waits, and these.
fn worst(pages: usize, waits: impl Iterator<Item = (usize, f64)>) -> Vec<(usize, f64)> {
    let mut longest: Vec<(usize, f64)> = (0..pages).map(|page| (page, 0.0)).collect();
    for (page, wait) in waits {
        longest[page].1 = longest[page].1.max(wait);
    }
    longest.sort_by(|a, b| b.1.total_cmp(&a.1));
    longest.truncate(5);
    longest
}

/// The wait within which this part of them is over.
fn quantile(waits: impl Iterator<Item = f64>, part: f64) -> f64 {
    let mut sorted: Vec<f64> = waits.collect();
    sorted.sort_by(f64::total_cmp);
    let place = (sorted.len() as f64 * part).ceil() as usize;
    sorted.get(place.max(1) - 1).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A round of two passes over a hundred pages, of which the last `short` were asked on.
    fn round(seconds: f64, answer: f64, short: usize) -> Round {
        let page = |n: usize| {
            let came_short = n >= 100 - short;
            Waited { first: answer, whole: if came_short { 400.0 } else { answer }, came_short, stopped: came_short && n == 99 }
        };
        Round { seconds, pages: (0..100).map(page).collect(), answers: vec![answer; 200] }
    }

    #[test]
    fn each_round_has_a_value_of_its_own() {
        let figures = figures("jobs", "SQLite, 10 rows", &[round(12.1, 2.0, 0), round(12.0, 60.0, 0), round(15.4, 3.0, 0)]);
        let [figure, _] = &figures[..] else { panic!("{} figures", figures.len()) };
        assert_eq!(figure.values, [2.0, 60.0, 3.0]);
        assert_eq!(figure.holds(), Some(true));
        assert_eq!(
            figure.row(),
            "| pages of jobs, SQLite, 10 rows, p99 | 3.00 ms |  | 3.00 (2.00 to 60.0) | at most 50.0 | yes | 100 pages, 600 answers in rounds of 12 to 15 s; half within 3.0 ms; 0 came short; longest 60 ms |"
        );
    }

    #[test]
    fn what_a_page_takes_until_it_is_full_is_seen_beside_its_answer() {
        let figures = figures("calls", "SQLite, 10 rows", &[round(12.0, 2.0, 3)]);
        let [answer, _, whole, worst] = &figures[..] else { panic!("{} figures", figures.len()) };
        assert_eq!((answer.values.as_slice(), answer.holds()), ([2.0].as_slice(), Some(true)));
        assert_eq!((whole.values.as_slice(), whole.holds()), ([400.0].as_slice(), None));
        assert_eq!(whole.name, "pages of calls until they are full, SQLite, 10 rows, p99");
        assert_eq!(
            whole.note,
            "3 of 100 pages were asked on, 1 of them not full after 20 answers; 3 took more than 50 ms; half within 2.0 ms; longest 400 ms"
        );
        assert_eq!((worst.values.as_slice(), worst.holds()), ([400.0].as_slice(), None));
        assert_eq!(worst.name, "slowest page of calls until it was full, SQLite, 10 rows");
    }

    #[test]
    fn one_slow_page_is_the_slowest_though_it_is_not_the_99th_percentile() {
        let figures = figures("calls", "SQLite, 10 rows", &[round(12.0, 2.0, 1), round(12.0, 3.0, 0)]);
        let [_, _, whole, worst] = &figures[..] else { panic!("{} figures", figures.len()) };
        assert_eq!((whole.values.as_slice(), worst.values.as_slice()), ([2.0, 3.0].as_slice(), [400.0, 3.0].as_slice()));
    }

    #[test]
    fn a_page_that_is_always_slow_is_judged_by_itself() {
        let mut one = round(12.0, 2.0, 0);
        one.answers[7] = 60.0;
        one.answers[107] = 70.0;
        let figures = figures("jobs", "SQLite, 10 rows", &[one]);
        let [all, slow] = &figures[..] else { panic!("{} figures", figures.len()) };
        assert_eq!((all.values.as_slice(), all.holds()), ([2.0].as_slice(), Some(true)));
        assert_eq!((slow.values.as_slice(), slow.holds()), ([70.0].as_slice(), Some(false)));
        assert_eq!(slow.name, "slowest of the pages of jobs, SQLite, 10 rows, p99");
        assert_eq!(slow.note, "of 2 answers a round and page, at least");
    }

    #[test]
    fn a_quantile_is_one_of_the_waits() {
        let waits = || (1..=200).rev().map(f64::from);
        assert_eq!([quantile(waits(), 0.5), quantile(waits(), 0.99), quantile(waits(), 1.0)], [100.0, 198.0, 200.0]);
        assert_eq!(quantile([7.0].into_iter(), 0.01), 7.0);
        assert!(quantile(std::iter::empty(), 0.99).is_nan());
    }

    #[test]
    fn the_longest_wait_of_each_page_counts() {
        let waits = [(0, 5.0), (1, 1.0), (2, 3.0), (1, 9.0), (0, 2.0)];
        assert_eq!(worst(3, waits.into_iter()), [(1, 9.0), (0, 5.0), (2, 3.0)]);
    }
}
