//! Who may be asked to pay for what, where a light had no power. Pure.
//!
//! The driver has pulled the plugs, and knows when; the bills say from when to when they are, and how much of that is nobody's to pay. By the rules
//! of the program who ends play in the dark pays until the light went; a light that is away for less than a minute ends nothing, and is billed; and
//! for how long a whole hall is away beyond that, while play goes on, is not.

use anyhow::{Context, Result};
use kernel::{MINUTE, SECOND, Timestamp};
use serde_json::Value;

use crate::http::text;

/// A light that is away for less than that harms nobody (`venue::play::reports`).
const PATIENCE: i64 = MINUTE;
/// Until a light that has power again burns, and what is rounded to seconds.
const SLACK: i64 = 5 * SECOND;

/// For so long a light had no power.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stretch {
    pub table: String,
    pub from: Timestamp,
    /// When the server was seen to know.
    pub known: Timestamp,
    pub to: Timestamp,
}

/// A session that is over, and was played.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Played {
    pub table: String,
    pub lit: Timestamp,
    pub ended: Timestamp,
    /// Of that time: nobody's to pay, in microseconds.
    pub unlit: i64,
    /// Ended, by its own word, since its light was gone.
    pub failed: bool,
    pub fen: i64,
}

impl Played {
    /// As its customer reads it.
    pub fn read(session: &Value) -> Result<Self> {
        Ok(Self {
            table: text(session, "/table_id")?,
            lit: text(session, "/lit_at")?.parse()?,
            ended: text(session, "/ended_at")?.parse()?,
            unlit: session["unlit_seconds"].as_i64().context("not said how much had no light")? * SECOND,
            failed: session["end_reason"] == "device_fault",
            fen: session["bill"]["total_fen"].as_i64().context("no total")?,
        })
    }

    /// How much of it was under a light without power, in microseconds.
    pub fn dark(&self, stretches: &[Stretch]) -> i64 {
        self.parts(stretches).map(|(_, long)| long).sum()
    }

    fn parts<'a>(&'a self, stretches: &'a [Stretch]) -> impl Iterator<Item = (&'a Stretch, i64)> {
        stretches.iter().filter(move |stretch| stretch.table == self.table).filter_map(move |stretch| {
            let long = self.ended.min(stretch.to).micros() - self.lit.max(stretch.from).micros();
            (long > 0).then_some((stretch, long))
        })
    }

    /// What of it may be billed all the same.
    fn may_be_billed(&self, stretches: &[Stretch]) -> i64 {
        let most = |(stretch, long): (&Stretch, i64)| {
            let blinks = stretch.to.micros() - stretch.from.micros() < PATIENCE + SLACK;
            // Who goes while it is dark pays for none of it, however short it is.
            let goes_on = self.ended >= stretch.to;
            if blinks && goes_on { long } else { stretch.known.micros() - stretch.from.micros() + SLACK }
        };
        self.parts(stretches).map(most).sum()
    }

    /// What is wrong with its bill, if anything is.
    pub fn wrong(&self, stretches: &[Stretch], per_minute: i64) -> Option<String> {
        let billed = (self.ended.micros() - self.lit.micros() - self.unlit).max(0);
        let minutes = billed / MINUTE + i64::from(!self.failed && billed % MINUTE > 0);
        let (dark, may) = (self.dark(stretches) - self.unlit, self.may_be_billed(stretches));
        if self.fen > minutes * per_minute {
            Some(format!("{} fen are more than {minutes} minutes cost", self.fen))
        } else if dark > may {
            Some(format!("{} s without light are billed, of which {} may be", dark / SECOND, may / SECOND))
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIT: Timestamp = Timestamp::from_unix(1_795_248_000);

    fn at(seconds: i64) -> Timestamp {
        LIT.plus_seconds(seconds)
    }

    fn stretch(from: i64, to: i64) -> Stretch {
        Stretch { table: "1".into(), from: at(from), known: at(from + 1), to: at(to) }
    }

    fn played(ended: i64, unlit: i64, failed: bool, minutes: i64) -> Played {
        Played { table: "1".into(), lit: LIT, ended: at(ended), unlit: unlit * SECOND, failed, fen: minutes * 100 }
    }

    fn is_right(played: &Played, stretches: &[Stretch]) -> bool {
        played.wrong(stretches, 100).is_none()
    }

    #[test]
    fn a_minute_that_was_begun_is_paid_unless_the_light_has_ended_it() {
        assert!(is_right(&played(90, 0, false, 2), &[]) && !is_right(&played(90, 0, false, 3), &[]));
        assert!(is_right(&played(90, 0, true, 1), &[]) && !is_right(&played(90, 0, true, 2), &[]));
        assert!(is_right(&played(150, 60, false, 2), &[]) && !is_right(&played(150, 60, false, 3), &[]));
    }

    #[test]
    fn who_goes_in_the_dark_pays_until_the_light_went() {
        let dark = [stretch(30, 50)];
        assert!(is_right(&played(31, 0, true, 0), &dark));
        assert!(!is_right(&played(45, 0, true, 0), &dark), "{:?}", played(45, 0, true, 0).wrong(&dark, 100));
        assert!(!is_right(&played(45, 0, false, 1), &dark), "as if nothing had happened");
        assert!(is_right(&played(51, 0, false, 1), &dark), "it was on again");
        assert!(is_right(&played(45, 0, false, 1), &[Stretch { table: "2".into(), ..stretch(30, 50) }]), "another table's");
    }

    #[test]
    fn less_than_a_minute_is_billed_and_more_is_not() {
        let (blinks, long) = ([stretch(30, 85)], [stretch(30, 105)]);
        assert!(is_right(&played(120, 0, false, 2), &blinks));
        assert!(!is_right(&played(120, 0, false, 2), &long));
        assert!(is_right(&played(120, 74, false, 1), &long));
        assert!(is_right(&played(31, 0, true, 0), &long), "it was over when the light went");
        let both = [blinks[0].clone(), stretch(100, 180)];
        assert!(is_right(&played(200, 79, false, 3), &both) && !is_right(&played(200, 60, false, 3), &both));
    }
}
