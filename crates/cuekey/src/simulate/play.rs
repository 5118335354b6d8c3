//! From the light on: more time, and the end.

use axum::http::StatusCode;
use kernel::SECOND;
use sandbox::Trouble;
use serde_json::{Value, json};

use super::day::Today;
use super::plan::Drop;
use super::visit::{Stage, What, time};
use crate::trouble::Result;

/// After the planned end: by then play is over, whatever ended it.
const ENDS_AFTER: i64 = 10;
/// Before the end.
const EXTENDS_BEFORE: i64 = 180;

impl Today {
    pub(super) fn is_lit(&mut self, n: usize, session: &Value) {
        let lit = time(&session["lit_at"]).unwrap_or(self.now());
        let until = time(&session["paid_until"]).unwrap_or(self.now());
        self.going[n].stage = Stage::Playing;
        self.going[n].lit_at = Some(lit);
        self.going[n].switched = self.world.tables[self.going[n].table].device.switched();
        let visit = self.visits[n].clone();
        if let Some(Drop::InPlay(after)) = visit.drop {
            self.then(lit.plus_seconds(after), n, What::LosesPower);
        }
        match visit.leaves_after {
            // In the middle of a second: never where a minute ends.
            Some(after) => self.then(lit.plus_micros(after * SECOND + SECOND / 2), n, What::Leaves),
            None if visit.extends => self.then(until.plus_seconds(-EXTENDS_BEFORE), n, What::Extends),
            None => self.then(until.plus_seconds(ENDS_AFTER), n, What::Ended),
        }
    }

    pub(super) async fn extends(&mut self, n: usize) -> Result<()> {
        if self.going[n].stage != Stage::Playing {
            return Ok(());
        }
        let who = self.who(n);
        let quote = who.get(&self.session_path(n, "/extension?minutes=30")).await?;
        // Whose play is over, for whatever reason, is told no price, and cannot agree to one.
        let answer = match quote.body["price_fen"].as_i64() {
            Some(price) => {
                let ask = json!({"minutes": 30, "expected_fen": price});
                who.post(&self.session_path(n, "/extend"), &ask, Some(&format!("visit-more-{n:08}"))).await?
            }
            None => quote,
        };
        let until = time(&who.see(&self.session_path(n, "")).await?["paid_until"]).unwrap_or(self.now());
        match answer.code() {
            _ if answer.status == StatusCode::OK => self.figures.extended += 1,
            // Who paid for this table alone may have nothing in the wallet; whose light has just gone cannot extend.
            "BALANCE_INSUFFICIENT" | "NOT_PLAYING" => self.figures.not_extended += 1,
            _ => self.refused(n, "could not be extended", &answer),
        }
        self.then(until.plus_seconds(ENDS_AFTER), n, What::Ended);
        Ok(())
    }

    pub(super) async fn leaves(&mut self, n: usize) -> Result<()> {
        if self.going[n].stage == Stage::Playing {
            let answer = self.who(n).post(&self.session_path(n, "/close"), &json!({}), None).await?;
            if answer.status != StatusCode::OK {
                self.refused(n, "could not be closed", &answer);
            }
            self.is_over(n, &answer.body);
        }
        Ok(())
    }

    pub(super) async fn ended(&mut self, n: usize) -> Result<()> {
        if self.going[n].stage == Stage::Playing {
            let session = self.who(n).see(&self.session_path(n, "")).await?;
            match time(&session["paid_until"]).map(|until| until.plus_seconds(ENDS_AFTER)) {
                // What had no network was added at the end.
                Some(later) if session["state"] == "playing" && self.was_away(n) && later > self.now() => self.then(later, n, What::Ended),
                _ => self.is_over(n, &session),
            }
        }
        Ok(())
    }

    fn is_over(&mut self, n: usize, session: &Value) {
        self.going[n].stage = Stage::Over;
        if session["state"] != "closed" {
            self.wrong(n, &format!("play should be over, and is {}", session["state"]));
        }
        let why = session["end_reason"].as_str().unwrap_or("?").to_owned();
        *self.figures.ended.entry(why).or_default() += 1;
        let table = &self.world.tables[self.going[n].table];
        let blinked = table.device.switched().saturating_sub(self.going[n].switched);
        // It may have gone off by now; and without its network by its own timer before.
        if table.trouble == Trouble::None && blinked > 1 && !self.was_away(n) {
            self.wrong(n, &format!("the lamp has switched {blinked} times in play"));
        }
    }
}
