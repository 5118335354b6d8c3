//! What a light draws: a relay that says "on" may stand before a lamp that is dead, and one that says "off" before a lamp that burns. Pure.
//!
//! A light is *dark though on* when its relay has said "on" for a while, and then says twice in a row that less passes through it than
//! the lamp draws at least. It *burns on* when its relay has said "off" for a while, as it should, and as much as the lamp draws passes through it
//! all the same, for a minute: the contacts are welded, as by the rush of current into LED lamps. Who says nothing of power is never judged: most
//! relays cannot measure, and a report may be lost.

use kernel::{MINUTE, SECOND, Timestamp};
use serde::Serialize;
use serde_json::Value;

/// What a lamp may be said to draw at least, in watts.
pub const LEAST: std::ops::RangeInclusive<i64> = 1..=5_000;
/// No relay for a light carries more; whoever says so does not measure.
const MOST_WATTS: f64 = 100_000.0;
/// A lamp takes its time to start, and to go out, and a relay to measure it: what is said before counts for nothing.
pub(super) const SETTLES: i64 = 20 * SECOND;
/// Two reports that are closer say the same thing twice.
const APART: i64 = 10 * SECOND;
/// After so long without a report a light that is on is asked, or one that is off and seems to burn.
const OLD: i64 = MINUTE;
/// For so long it draws what it should not before that counts: nobody waits for it, and somebody has to come.
const BURNS: i64 = MINUTE;

/// What is known of the power that a light draws.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Draw {
    /// What it draws at least when it is on; absent: it is not watched.
    pub least_watts: Option<i64>,
    /// What it was last said to draw, if it is watched.
    pub milliwatts: Option<i64>,
    pub at: Option<Timestamp>,
    /// Since when it is dark though its relay is on.
    pub dark_since: Option<Timestamp>,
    /// Since when its relay says that it is on.
    #[serde(skip)]
    pub on_since: Option<Timestamp>,
    /// When it was last seen to draw enough.
    #[serde(skip)]
    pub enough_at: Option<Timestamp>,
    /// The first report of too little since.
    #[serde(skip)]
    pub low_since: Option<Timestamp>,
    /// Since when its relay says that it is off.
    #[serde(skip)]
    pub off_since: Option<Timestamp>,
    /// The first report since of as much as the lamp draws, though it should be off, with none of less after it.
    #[serde(skip)]
    pub burns_since: Option<Timestamp>,
}

impl Draw {
    /// Its relay is on, or off; `None`: that is not known any more.
    #[must_use]
    pub fn switched(self, on: Option<bool>, at: Timestamp) -> Self {
        match on {
            Some(true) => Self { on_since: self.on_since.or(Some(at)), off_since: None, burns_since: None, ..self },
            Some(false) => Self { on_since: None, low_since: None, dark_since: None, off_since: self.off_since.or(Some(at)), ..self },
            None => Self { on_since: None, low_since: None, dark_since: None, off_since: None, burns_since: None, ..self },
        }
    }

    /// So much passes through it. Judged is a relay that says what it is told to say (`wanted`: on).
    #[must_use]
    pub fn hears(self, milliwatts: i64, wanted: bool, at: Timestamp) -> Self {
        let Some(least) = self.least_watts else { return self };
        let is_enough = milliwatts >= least * 1_000;
        let off_since = self.off_since.filter(|_| is_enough && !wanted);
        let burns_since = off_since.and_then(|off| self.burns_since.or((at >= off.plus_micros(SETTLES)).then_some(at)));
        let heard = Self { milliwatts: Some(milliwatts), at: Some(at), burns_since, ..self };
        let Some(on_since) = self.on_since.filter(|_| wanted) else { return heard };
        if is_enough {
            return Self { enough_at: Some(at), low_since: None, dark_since: None, ..heard };
        }
        if at < on_since.plus_micros(SETTLES) {
            return heard;
        }
        let low_since = self.low_since.unwrap_or(at);
        // What never drew enough since it came on was dark from then.
        let dark_since = if self.enough_at.is_some_and(|seen| seen >= on_since) { low_since } else { on_since };
        let dark = at >= low_since.plus_micros(APART);
        Self { low_since: Some(low_since), dark_since: self.dark_since.or(dark.then_some(dark_since)), ..heard }
    }

    /// Whether it burns on though its relay is off: the last report said so as well as the first.
    pub fn burns_on(self) -> bool {
        self.burns_since.zip(self.at).is_some_and(|(since, at)| at >= since.plus_micros(BURNS))
    }

    /// Whether a report is worth writing down: the first, one that says otherwise, or the first for a while.
    pub fn is_news(self, milliwatts: i64, wanted: bool, at: Timestamp) -> bool {
        let after = self.hears(milliwatts, wanted, at);
        let judged = |draw: Self| (draw.low_since, draw.dark_since, draw.burns_since, draw.burns_on());
        let otherwise = judged(after) != judged(self);
        self.least_watts.is_some() && (otherwise || self.at.is_none_or(|last| at >= last.plus_micros(APART)))
    }

    /// Whether it should be asked what it draws.
    pub fn is_due(self, wanted: bool, now: Timestamp) -> bool {
        if self.least_watts.is_none() {
            return false;
        }
        let Some(on_since) = self.on_since.filter(|_| wanted) else { return !wanted && self.is_due_while_off(now) };
        let settled = on_since.plus_micros(SETTLES);
        // Whatever was said before it had settled may have been too early to say anything.
        let Some(last) = self.at.filter(|last| *last >= settled) else { return now >= settled };
        let doubted = self.low_since.is_some() && self.dark_since.is_none();
        now >= last.plus_micros(if doubted { APART } else { OLD })
    }

    /// Contacts weld as they close, which is found when they should have opened: whoever draws nothing then is not asked again. Nor is who has never
    /// said what it draws.
    fn is_due_while_off(self, now: Timestamp) -> bool {
        let (Some(off_since), Some(last)) = (self.off_since, self.at) else { return false };
        let settled = off_since.plus_micros(SETTLES);
        if last < settled { now >= settled } else { self.burns_since.is_some() && now >= last.plus_micros(OLD) }
    }

    /// Whether it was seen to draw enough after this.
    pub fn was_seen_since(self, since: Timestamp) -> bool {
        self.enough_at.is_some_and(|at| at > since)
    }

    /// What was last seen beside what it should be, in the same words for everybody: `0.4 W < 20 W`.
    pub fn compared(self) -> String {
        let least = self.least_watts.unwrap_or_default();
        match self.milliwatts {
            None => format!("≥ {least} W"),
            Some(seen) => format!("{} W {} {least} W", watts(seen), if seen < least * 1_000 { "<" } else { "≥" }),
        }
    }
}

/// To a tenth, and never more than it was.
pub fn watts(milliwatts: i64) -> String {
    match (milliwatts / 1_000, milliwatts % 1_000 / 100) {
        (whole, 0) => whole.to_string(),
        (whole, tenths) => format!("{whole}.{tenths}"),
    }
}

/// What a relay says of power, in milliwatts; `None` for what no relay for a light can have measured.
pub fn milliwatts(said: &Value) -> Option<i64> {
    let watts = said.as_f64()?;
    // Nothing else would fit: a comparison with what is no number is false.
    (0.0..=MOST_WATTS).contains(&watts).then(|| (watts * 1_000.0).round() as i64)
}

#[cfg(test)]
mod tests;
