//! What a table's light should be. Pure.

use kernel::{MINUTE, Timestamp};

/// How long after the paid time a light goes off by itself, should the server be away: enough to be told otherwise before.
pub const MARGIN: i64 = 2 * MINUTE;

/// Off, or on until it goes off by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Light {
    pub on: bool,
    pub off_at: Option<Timestamp>,
}

/// A live session: being opened, or played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Playing {
    /// Until when it is paid.
    pub until: Timestamp,
}

/// Somebody of the staff has set it by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Override {
    pub on: bool,
    pub until: Timestamp,
}

/// By hand first, while that lasts; then on for who plays, and off for nobody.
pub fn light(playing: Option<Playing>, by_hand: Option<Override>, now: Timestamp) -> Light {
    match (by_hand.filter(|by_hand| by_hand.until > now), playing) {
        (Some(Override { on: true, until }), _) => Light { on: true, off_at: Some(until.plus_micros(MARGIN)) },
        (None, Some(Playing { until })) => Light { on: true, off_at: Some(until.plus_micros(MARGIN)) },
        (Some(Override { on: false, .. }), _) | (None, None) => Light { on: false, off_at: None },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: Timestamp = Timestamp::from_unix(1_795_248_000);

    proptest! {
        #[test]
        fn v5_1_an_idle_table_is_dark_unless_somebody_set_it_by_hand(on: bool, until in -3_600_i64..3_600) {
            let by_hand = Override { on, until: NOW.plus_seconds(until) };
            let light = light(None, Some(by_hand), NOW);
            prop_assert_eq!(light.on, on && until > 0);
            prop_assert_eq!(light.off_at.is_some(), light.on, "whatever burns goes off by itself one day");
        }

        #[test]
        fn v5_1_who_plays_has_light_as_long_as_is_paid(until in 1_i64..86_400) {
            let until = NOW.plus_seconds(until);
            let light = light(Some(Playing { until }), None, NOW);
            prop_assert!(light.on && light.off_at.is_some_and(|off| off > until));
        }
    }
}
