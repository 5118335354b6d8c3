//! A page of a list, asked for as the console asks (`usePagedTable.ts`).
//!
//! An answer may come short and say how far it has looked. Then it is asked on from there for what is missing, until the page is
//! full, there is no more, or so often that whoever is waiting is asked whether to go on.

use anyhow::Result;
use serde_json::Value;

use crate::api::Api;
use crate::clock::Stopwatch;

/// Rows of a page.
pub const LIMIT: usize = 20;
/// How often the console asks for one page by itself.
pub const LOOKS: usize = 20;

/// Which page of which list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    pub path: &'static str,
    /// Filters, each as `&name=value`.
    pub query: String,
    /// Where it begins; at the newest, where that is not said.
    pub cursor: Option<String>,
    /// A thousand pages on: by its own filter, where that leaves so many, and otherwise of the list without one.
    pub is_thousandth: bool,
}

/// How long a page took, in milliseconds.
#[derive(Debug, Clone, Copy)]
pub struct Waited {
    /// Until the first answer.
    pub first: f64,
    /// Until the page was full, there was no more, or the console would have stopped.
    pub whole: f64,
    /// It was not full after the first answer, and there was more to look at.
    pub came_short: bool,
    /// Nor was it after the last.
    pub stopped: bool,
}

impl Ask {
    pub fn address(&self) -> String {
        self.address_of(LIMIT, self.cursor.as_deref())
    }

    pub fn address_of(&self, limit: usize, cursor: Option<&str>) -> String {
        let cursor = cursor.map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
        format!("{}?limit={limit}{}{cursor}", self.path, self.query)
    }

    /// One answer.
    pub async fn once(&self, asker: &Api) -> Result<f64> {
        let watch = Stopwatch::start();
        asker.get(&self.address()).await?;
        Ok(watch.seconds() * 1_000.0)
    }

    /// The whole page.
    pub async fn whole(&self, asker: &Api) -> Result<Waited> {
        let mut filling = Filling::default();
        let watch = Stopwatch::start();
        let answer = asker.get(&self.address()).await?;
        let first = watch.seconds() * 1_000.0;
        let mut next = filling.take(&answer);
        let came_short = next != Next::Done;
        let stopped = loop {
            match next {
                Next::On { cursor, missing } => {
                    let answer = asker.get(&self.address_of(missing, Some(&cursor))).await?;
                    next = filling.take(&answer);
                }
                Next::Done => break false,
                Next::Stopped => break true,
            }
        };
        let whole = if came_short { watch.seconds() * 1_000.0 } else { first };
        Ok(Waited { first, whole, came_short, stopped })
    }
}

/// A page that is being filled.
#[derive(Default)]
struct Filling {
    found: usize,
    looks: usize,
}

/// What the console does after an answer.
#[derive(Debug, PartialEq, Eq)]
enum Next {
    /// It asks on from here for so many.
    On { cursor: String, missing: usize },
    /// The page is full, or there is no more.
    Done,
    /// It has asked often enough.
    Stopped,
}

impl Filling {
    fn take(&mut self, answer: &Value) -> Next {
        self.looks += 1;
        self.found += answer["items"].as_array().map_or(0, Vec::len);
        let cursor = answer["next_cursor"].as_str().filter(|_| !answer["searched_to"].is_null());
        match cursor {
            Some(cursor) if self.found < LIMIT => {
                if self.looks < LOOKS {
                    Next::On { cursor: cursor.to_owned(), missing: LIMIT - self.found }
                } else {
                    Next::Stopped
                }
            }
            _ => Next::Done,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// An answer with so many rows that has looked as far as `cursor` and come short.
    fn short(rows: usize, cursor: &str) -> Value {
        json!({"items": vec![0; rows], "next_cursor": cursor, "searched_to": "2026-11-20T00:00:00Z"})
    }

    #[test]
    fn a_page_that_came_short_is_asked_on_for_what_is_missing() {
        let mut filling = Filling::default();
        assert_eq!(filling.take(&short(0, "a")), Next::On { cursor: "a".into(), missing: 20 });
        assert_eq!(filling.take(&short(13, "b")), Next::On { cursor: "b".into(), missing: 7 });
        assert_eq!(filling.take(&json!({"items": vec![0; 7], "next_cursor": "c"})), Next::Done);
    }

    #[test]
    fn what_is_full_or_has_no_more_is_not_asked_on() {
        for answer in [
            json!({"items": vec![0; 20], "next_cursor": "a"}),
            json!({"items": [], "next_cursor": null}),
            json!({"items": [1, 2], "next_cursor": null}),
            short(20, "a"),
        ] {
            assert_eq!(Filling::default().take(&answer), Next::Done, "{answer}");
        }
    }

    #[test]
    fn the_console_asks_twenty_times_and_no_more() {
        let mut filling = Filling::default();
        let nexts: Vec<Next> = (0..LOOKS).map(|_| filling.take(&short(0, "a"))).collect();
        assert_eq!(nexts.iter().filter(|next| matches!(next, Next::On { missing: 20, .. })).count(), 19);
        assert_eq!(nexts.last(), Some(&Next::Stopped));
    }

    #[test]
    fn a_page_goes_on_where_it_has_looked_to_and_not_where_it_began() {
        let ask = Ask { path: "/api/v1/keys", query: "&state=active".into(), cursor: Some("begin".into()), is_thousandth: false };
        assert_eq!(ask.address(), "/api/v1/keys?limit=20&state=active&cursor=begin");
        assert_eq!(ask.address_of(7, Some("on")), "/api/v1/keys?limit=7&state=active&cursor=on");
        assert_eq!(Ask { cursor: None, ..ask }.address(), "/api/v1/keys?limit=20&state=active");
    }
}
