//! After the last restart: waits until nothing is under way, and compares.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use kernel::{SECOND, Stopwatch};
use serde_json::Value;

use super::dark::{Played, Stretch};
use super::{Hall, MONEY, PER_MINUTE};
use crate::http::Person;
use crate::scenarios::furnish::pause;

/// By then whatever was under way has ended.
const SETTLED: Duration = Duration::from_secs(60);

/// What became of all that was opened.
#[derive(Default)]
pub(super) struct Opened {
    pub played: usize,
    pub failed: usize,
    /// Of those that were played: whose light lost its power. That ended them, or they went on.
    ended_dark: usize,
    went_on: usize,
    /// What was nobody's to pay of the latter, in seconds.
    unlit: i64,
}

impl Opened {
    pub const fn is_all_lit(&self) -> bool {
        self.ended_dark + self.went_on == 0
    }

    pub fn in_the_dark(&self) -> String {
        let Self { ended_dark, went_on, unlit, .. } = self;
        format!("{ended_dark} ended in the dark, {went_on} went on after it, {unlit} s of which cost nothing")
    }
}

pub(super) async fn settle(hall: &Hall) -> Result<Opened> {
    let watch = Stopwatch::start();
    loop {
        let floor = hall.floor().await?;
        let busy: Vec<&Value> = floor.iter().filter(|table| !matches!(table["state"].as_str(), Some("idle" | "maintenance"))).collect();
        let lit = hall.tables.iter().filter(|place| place.table.light.is_on()).count();
        if busy.is_empty() && lit == 0 {
            break;
        }
        if watch.elapsed() > SETTLED {
            bail!("after {} s {lit} lights burn, and these tables are not at rest: {busy:?}", SETTLED.as_secs());
        }
        pause(200).await;
    }
    let (mut opened, stretches) = (Opened::default(), hall.stretches());
    for who in &hall.customers {
        let spent = spent(hall, who, &stretches, &mut opened).await?;
        let me = hall.get(who, "/customer/v1/me").await.context("a customer is not known any more")?;
        if me["held_fen"] != 0 || me["balance_fen"] != MONEY - spent {
            hall.load.book.wrong(format!("{} has spent {spent} of {MONEY}, and has {me}", who.name));
        }
    }
    Ok(opened)
}

/// What all bills of a customer come to.
async fn spent(hall: &Hall, who: &Person, stretches: &[Stretch], opened: &mut Opened) -> Result<i64> {
    let (mut sum, mut cursor) = (0, String::new());
    loop {
        let page = hall.get(who, &format!("/customer/v1/sessions?limit=200{cursor}")).await.context("no sessions")?;
        for session in page["items"].as_array().context("no items")? {
            match session["state"].as_str() {
                Some("closed") => {
                    let played = Played::read(session)?;
                    sum += played.fen;
                    opened.count(&played, stretches);
                    if let Some(wrong) = played.wrong(stretches, PER_MINUTE) {
                        hall.load.book.wrong(format!("{wrong}: {session}, without power {stretches:?}"));
                    }
                }
                Some("failed") => opened.failed += 1,
                _ => hall.load.book.wrong(format!("a session is not over: {session}")),
            }
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return Ok(sum),
        }
    }
}

impl Opened {
    fn count(&mut self, played: &Played, stretches: &[Stretch]) {
        self.played += 1;
        self.unlit += played.unlit / SECOND;
        if played.failed {
            self.ended_dark += 1;
        } else if played.dark(stretches) > 0 {
            self.went_on += 1;
        }
    }
}
