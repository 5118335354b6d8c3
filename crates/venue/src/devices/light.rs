//! What a table's light should be. Pure.

use kernel::{MINUTE, Timestamp};

/// How long after the paid time a light goes off by itself, should the server be away: enough to be told otherwise before.
pub const MARGIN: i64 = 2 * MINUTE;

/// How many seconds a light burns at most without being told again, whatever is paid: so long does one burn over nobody that cannot be reached
/// when its table is closed, or the server when it is. A server that is away for less than half of it leaves nobody in the dark.
pub const LONGEST: i64 = 7_200;

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

/// On for who plays, whatever was set by hand; then as it was set, while that lasts; and off for nobody. What burns for two reasons burns
/// until the later end.
pub fn light(playing: Option<Playing>, by_hand: Option<Override>, now: Timestamp) -> Light {
    let by_hand = by_hand.filter(|by_hand| by_hand.on && by_hand.until > now);
    let until = playing.map(|playing| playing.until).max(by_hand.map(|by_hand| by_hand.until));
    Light { on: until.is_some(), off_at: until.map(|until| until.plus_micros(MARGIN)) }
}

/// Whether a light that was told so at `told` is to be told again: its own timer counts so many seconds at most, half of them are over, and it ends
/// before the light should.
pub fn is_to_be_wound(light: Light, told: Timestamp, longest: i64, now: Timestamp) -> bool {
    light.on && light.off_at.is_some_and(|off| off > told.plus_seconds(longest)) && now >= told.plus_seconds(longest / 2)
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
        fn v5_1_who_plays_has_light_as_long_as_is_paid(until in 1_i64..86_400, on: bool, hand in -3_600_i64..100_000) {
            let (until, hand) = (NOW.plus_seconds(until), NOW.plus_seconds(hand));
            for by_hand in [None, Some(Override { on, until: hand })] {
                let light = light(Some(Playing { until }), by_hand, NOW);
                prop_assert!(light.on && light.off_at.is_some_and(|off| off > until));
                if let Some(Override { on: true, until: hand }) = by_hand {
                    prop_assert!(light.off_at.is_some_and(|off| off > hand), "nor does it go off before its hand says so");
                }
            }
        }

        #[test]
        fn v5_1_a_timer_that_is_too_short_is_wound_before_it_ends_and_no_more_often(
            hours in 1_i64..72, longest in prop_oneof![Just(3_276_i64), Just(LONGEST)],
        ) {
            let light = Light { on: true, off_at: Some(NOW.plus_seconds(hours * 3_600)) };
            let (mut told, mut tellings) = (NOW, 0);
            for minute in 0..hours * 60 {
                let now = NOW.plus_seconds(minute * 60);
                if is_to_be_wound(light, told, longest, now) {
                    (told, tellings) = (now, tellings + 1);
                }
                prop_assert!(now < told.plus_seconds(longest), "it burns");
            }
            prop_assert!(tellings <= hours * 3_600 / (longest / 2));
        }
    }
}
