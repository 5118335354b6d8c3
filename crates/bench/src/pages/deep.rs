//! The thousandth page of what a filter leaves to whoever asks. Where that begins nobody knows beforehand: one goes there, by answers that are as long
//! as they may be.

use anyhow::{Context, Result};
use serde_json::Value;

use super::ask::{Ask, LIMIT};
use crate::api::Api;

/// Rows before it.
const ROWS: usize = 1_000 * LIMIT;
/// Rows of an answer on the way.
const STRIDE: usize = 200;
/// Nobody goes there by more answers than these: a page that comes short so often is measured where it begins.
const MOST: usize = 400;
/// By so many answers is reckoned how many it would take.
const SOME: usize = 10;

/// What lists were asked for, and which of them have a thousandth page of their own.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Deep {
    own: usize,
    /// They have less.
    few: usize,
    /// It would take more answers.
    far: usize,
}

impl Deep {
    /// Has the thousandth pages among `asks` begin where that of their own filter does, if there is one.
    pub async fn find(&mut self, asker: &Api, asks: &mut [Ask]) -> Result<()> {
        for ask in asks.iter_mut().filter(|ask| ask.is_thousandth) {
            let end = thousandth(asker, ask).await;
            match end.with_context(|| format!("on the way to the thousandth page of {}", ask.address()))? {
                End::There(cursor) => {
                    ask.cursor = Some(cursor);
                    self.own += 1;
                }
                End::Few => self.few += 1,
                End::Far => self.far += 1,
            }
        }
        Ok(())
    }

    /// For the figure's note.
    pub fn in_words(&self) -> String {
        let Self { own, few, far } = self;
        format!(
            "of {} filters {own} have a thousandth page of their own, {few} have none, and {far} none within {MOST} answers",
            own + few + far
        )
    }
}

/// Where the way ends.
#[derive(Debug, PartialEq, Eq)]
enum End {
    There(String),
    Few,
    Far,
}

async fn thousandth(asker: &Api, ask: &Ask) -> Result<End> {
    let (mut walk, mut cursor) = (Walk::default(), None);
    loop {
        let answer = asker.get(&ask.address_of(walk.stride(), cursor.as_deref())).await?;
        match walk.take(&answer) {
            Next::On(next) => cursor = Some(next),
            Next::Over(end) => return Ok(end),
        }
    }
}

#[derive(Default)]
struct Walk {
    found: usize,
    answers: usize,
}

#[derive(Debug, PartialEq, Eq)]
enum Next {
    On(String),
    Over(End),
}

impl Walk {
    /// Rows that are asked for: not beyond the place where the page begins.
    fn stride(&self) -> usize {
        STRIDE.min(ROWS - self.found)
    }

    fn take(&mut self, answer: &Value) -> Next {
        self.answers += 1;
        self.found += answer["items"].as_array().map_or(0, Vec::len);
        let Some(cursor) = answer["next_cursor"].as_str() else { return Next::Over(End::Few) };
        if self.found >= ROWS {
            Next::Over(End::There(cursor.to_owned()))
        } else if self.answers >= SOME && self.found * MOST < ROWS * self.answers {
            Next::Over(End::Far)
        } else {
            Next::On(cursor.to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn answer(rows: usize, cursor: Option<usize>) -> Value {
        json!({"items": vec![0; rows], "next_cursor": cursor.map(|cursor| cursor.to_string())})
    }

    /// Goes on by answers that have so many rows at most, until there is no more.
    fn walk(at_most: usize, all: usize) -> (End, usize) {
        let (mut walk, mut given) = (Walk::default(), 0);
        loop {
            let rows = walk.stride().min(at_most).min(all - given);
            given += rows;
            if let Next::Over(end) = walk.take(&answer(rows, (given < all).then_some(given))) {
                return (end, walk.answers);
            }
        }
    }

    #[test]
    fn the_thousandth_page_begins_behind_twenty_thousand_rows_however_long_answers_are() {
        for at_most in [50, 77, 199, 200, 1_000] {
            let (end, answers) = walk(at_most, 1_000_000);
            assert_eq!(end, End::There("20000".into()), "{at_most}");
            assert!(answers <= MOST, "{answers}");
        }
    }

    #[test]
    fn what_has_fewer_rows_or_too_few_in_an_answer_has_none() {
        assert_eq!(walk(200, 20_000), (End::Few, 100), "that many are a thousand pages, and there is none behind them");
        assert_eq!(walk(200, 20_001).0, End::There("20000".into()));
        assert_eq!(walk(200, 0), (End::Few, 1));
        assert_eq!(walk(49, 1_000_000), (End::Far, SOME), "it is seen soon");
        assert_eq!(walk(0, 1), (End::Far, SOME));
    }

    #[test]
    fn the_note_says_how_many_there_were() {
        let deep = Deep { own: 3, few: 4, far: 5 };
        assert_eq!(deep.in_words(), "of 12 filters 3 have a thousandth page of their own, 4 have none, and 5 none within 400 answers");
    }
}
