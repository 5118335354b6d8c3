//! What a light draws: a relay that says "on" may stand before a lamp that is dead. Pure.
//!
//! A light is *dark though on* when its relay has said "on" for a while, and then says twice in a row that less passes through it than
//! the lamp draws at least. Who says nothing of power is never judged: most relays cannot measure, and a report may be lost.

use kernel::{MINUTE, SECOND, Timestamp};
use serde::Serialize;
use serde_json::Value;

/// What a lamp may be said to draw at least, in watts.
pub const LEAST: std::ops::RangeInclusive<i64> = 1..=5_000;
/// No relay for a light carries more; whoever says so does not measure.
const MOST_WATTS: f64 = 100_000.0;
/// A lamp takes its time to start, and a relay to measure it: what is said before counts as no lack.
const SETTLES: i64 = 20 * SECOND;
/// Two reports that are closer say the same thing twice.
const APART: i64 = 10 * SECOND;
/// After so long without a report a light that is on is asked.
const OLD: i64 = MINUTE;

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
}

impl Draw {
    /// Its relay is on, or off; `None`: that is not known any more.
    #[must_use]
    pub fn switched(self, on: Option<bool>, at: Timestamp) -> Self {
        match on {
            Some(true) => Self { on_since: self.on_since.or(Some(at)), ..self },
            Some(false) | None => Self { on_since: None, low_since: None, dark_since: None, ..self },
        }
    }

    /// So much passes through it. While it is told to be off (`wanted`) nothing is judged.
    #[must_use]
    pub fn hears(self, milliwatts: i64, wanted: bool, at: Timestamp) -> Self {
        let Some(least) = self.least_watts else { return self };
        let heard = Self { milliwatts: Some(milliwatts), at: Some(at), ..self };
        let Some(on_since) = self.on_since.filter(|_| wanted) else { return heard };
        if milliwatts >= least * 1_000 {
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

    /// Whether a report is worth writing down: the first, one that says otherwise, or the first for a while.
    pub fn is_news(self, milliwatts: i64, wanted: bool, at: Timestamp) -> bool {
        let after = self.hears(milliwatts, wanted, at);
        let otherwise = (after.low_since, after.dark_since) != (self.low_since, self.dark_since);
        self.least_watts.is_some() && (otherwise || self.at.is_none_or(|last| at >= last.plus_micros(APART)))
    }

    /// Whether it should be asked what it draws.
    pub fn is_due(self, wanted: bool, now: Timestamp) -> bool {
        let Some(on_since) = self.on_since.filter(|_| wanted && self.least_watts.is_some()) else { return false };
        let settled = on_since.plus_micros(SETTLES);
        // Whatever was said before it had settled may have been too early to say anything.
        let Some(last) = self.at.filter(|last| *last >= settled) else { return now >= settled };
        let doubted = self.low_since.is_some() && self.dark_since.is_none();
        now >= last.plus_micros(if doubted { APART } else { OLD })
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
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    const START: Timestamp = Timestamp::from_unix(1_795_248_000);
    const WATCHED: Draw =
        Draw { least_watts: Some(20), milliwatts: None, at: None, dark_since: None, on_since: None, enough_at: None, low_since: None };

    fn after(seconds: i64) -> Timestamp {
        START.plus_seconds(seconds)
    }

    /// Watched, on since the start, and seen to draw enough a little later.
    fn lit() -> Draw {
        WATCHED.switched(Some(true), START).hears(45_000, true, after(5))
    }

    #[test]
    fn v5_2_two_reports_apart_make_a_light_dark_as_of_the_first() {
        let low = lit().hears(400, true, after(60));
        assert_eq!((low.dark_since, low.compared().as_str()), (None, "0.4 W < 20 W"));
        assert_eq!(low.hears(400, true, after(69)).dark_since, None, "the same thing twice");
        assert_eq!(low.hears(400, true, after(70)).dark_since, Some(after(60)));
    }

    #[test]
    fn v5_2_what_never_drew_enough_was_dark_since_it_came_on() {
        let dark = WATCHED.switched(Some(true), START).hears(0, true, after(20)).hears(0, true, after(30));
        assert_eq!(dark.dark_since, Some(START));
        // What it drew the time before says nothing.
        let again = lit().switched(Some(false), after(100)).switched(Some(true), after(200));
        assert_eq!(again.hears(0, true, after(220)).hears(0, true, after(230)).dark_since, Some(after(200)));
    }

    #[test]
    fn v5_2_a_lamp_that_starts_is_given_its_time() {
        let on = WATCHED.switched(Some(true), START);
        assert_eq!(on.hears(0, true, after(1)).hears(0, true, after(19)).low_since, None);
    }

    #[test]
    fn v5_2_who_is_on_is_asked_when_nothing_was_heard_for_a_while() {
        let on = WATCHED.switched(Some(true), START);
        assert!(!on.is_due(true, after(19)) && on.is_due(true, after(20)) && !on.is_due(false, after(20)));
        assert!(lit().is_due(true, after(20)), "it was too early to say anything");
        let enough = lit().hears(45_000, true, after(21));
        assert!(!enough.is_due(true, after(80)) && enough.is_due(true, after(81)));
        let low = lit().hears(0, true, after(21));
        assert!(!low.is_due(true, after(30)) && low.is_due(true, after(31)), "in doubt it is asked soon");
        assert!(!Draw { least_watts: None, ..on }.is_due(true, after(600)));
    }

    #[test]
    fn v5_2_what_no_relay_can_have_measured_is_no_report() {
        let absurd = [json!(-0.1), json!(1e300), json!(100_000.1), json!("45"), json!(null), json!([45]), json!({}), json!(true)];
        for said in absurd {
            assert_eq!(milliwatts(&said), None, "{said}");
        }
        let good = [(json!(0), 0), (json!(-0.0), 0), (json!(0.4), 400), (json!(118.4), 118_400), (json!(100_000), 100_000_000)];
        for (said, read) in good {
            assert_eq!(milliwatts(&said), Some(read), "{said}");
        }
    }

    #[test]
    fn watts_are_shown_to_a_tenth_and_never_rounded_up() {
        let shown = [0, 99, 400, 19_999, 20_000, 118_460].map(watts);
        assert_eq!(shown, ["0", "0", "0.4", "19.9", "20", "118.4"]);
    }

    /// Something that happens to a light, so many seconds after what happened before.
    #[derive(Debug, Clone, Copy)]
    enum Event {
        Switched(Option<bool>),
        Draws(i64, bool),
    }

    fn events() -> impl Strategy<Value = Vec<(i64, Event)>> {
        let switched = prop_oneof![Just(Some(true)), Just(Some(false)), Just(None)].prop_map(Event::Switched);
        // Around what is asked for, and far from it.
        let power = prop_oneof![Just(0), Just(19_999), Just(20_000), 0..200_000_i64];
        let draws = (power, prop::bool::weighted(0.9)).prop_map(|(power, wanted)| Event::Draws(power, wanted));
        prop::collection::vec((0..30_i64, prop_oneof![1 => switched, 4 => draws]), 0..40)
    }

    /// What becomes of a light, step by step: when, what happened, and how it is then.
    fn run(light: Draw, events: &[(i64, Event)]) -> Vec<(Timestamp, Event, Draw)> {
        let (mut light, mut now) = (light, START);
        let mut steps = Vec::new();
        for (seconds, event) in events {
            now = now.plus_seconds(*seconds);
            light = match *event {
                Event::Switched(on) => light.switched(on, now),
                Event::Draws(power, wanted) => light.hears(power, wanted, now),
            };
            steps.push((now, *event, light));
        }
        steps
    }

    proptest! {
        #[test]
        fn v5_2_dark_is_only_what_was_low_twice_with_nothing_better_between(events in events()) {
            let steps = run(WATCHED, &events);
            for (n, (now, event, light)) in steps.iter().enumerate() {
                let Some(since) = light.dark_since else { continue };
                let on = light.on_since.expect("what is dark is on");
                prop_assert!(on <= since && since <= *now);
                // The last reports that counted, back to when it came on or drew enough.
                let counted: Vec<Timestamp> = steps[..=n]
                    .iter()
                    .rev()
                    .take_while(|(at, event, _)| *at >= on && !matches!(event, Event::Switched(Some(false) | None)))
                    .filter_map(|(at, event, _)| match event {
                        Event::Draws(power, true) => Some((*at, *power)),
                        Event::Draws(_, false) | Event::Switched(_) => None,
                    })
                    .take_while(|(_, power)| *power < 20_000)
                    .map(|(at, _)| at)
                    .filter(|at| *at >= on.plus_micros(SETTLES))
                    .collect();
                prop_assert!(counted.len() >= 2, "{event:?}");
                prop_assert!(counted[0].micros() - counted[counted.len() - 1].micros() >= APART);
            }
        }

        #[test]
        fn v5_2_one_report_of_enough_clears_it_and_so_does_an_off(events in events()) {
            let light = run(WATCHED, &events).last().map_or(WATCHED, |(_, _, light)| *light);
            let now = after(10_000);
            let (enough, off) = (light.hears(20_000, true, now), light.switched(Some(false), now));
            prop_assert_eq!((enough.dark_since, off.dark_since, off.low_since), (None, None, None));
            prop_assert_eq!(enough.was_seen_since(after(9_999)), light.on_since.is_some());
        }

        #[test]
        fn v5_2_nobody_is_judged_who_is_not_watched_or_told_to_be_off_or_silent(events in events()) {
            let unwatched = Draw { least_watts: None, ..WATCHED };
            for (now, _, light) in run(unwatched, &events) {
                prop_assert_eq!((light.dark_since, light.milliwatts, light.is_due(true, now)), (None, None, false));
                prop_assert!(!light.is_news(0, true, now));
            }
            let told_off: Vec<_> = events.iter().map(|(seconds, event)| match event {
                Event::Draws(power, _) => (*seconds, Event::Draws(*power, false)),
                Event::Switched(_) => (*seconds, *event),
            }).collect();
            let silent: Vec<_> = events.iter().copied().filter(|(_, event)| matches!(event, Event::Switched(_))).collect();
            for (_, _, light) in run(WATCHED, &told_off).into_iter().chain(run(WATCHED, &silent)) {
                prop_assert_eq!(light.dark_since, None);
            }
        }

        #[test]
        fn v5_2_reports_that_are_left_out_as_no_news_change_no_judgement(events in events()) {
            let (mut all, mut some, mut now) = (WATCHED, WATCHED, START);
            for (seconds, event) in &events {
                now = now.plus_seconds(*seconds);
                match *event {
                    Event::Switched(on) => (all, some) = (all.switched(on, now), some.switched(on, now)),
                    Event::Draws(power, wanted) => {
                        all = all.hears(power, wanted, now);
                        if some.is_news(power, wanted, now) {
                            some = some.hears(power, wanted, now);
                        }
                    }
                }
                prop_assert_eq!((all.low_since, all.dark_since.is_some()), (some.low_since, some.dark_since.is_some()));
            }
        }

        #[test]
        fn v5_2_a_number_is_read_within_bounds_or_left(watts: f64) {
            if let Some(read) = milliwatts(&json!(watts)) {
                prop_assert!((0..=100_000_000).contains(&read) && (read as f64 / 1_000.0 - watts).abs() <= 0.000_51);
            }
        }
    }
}
