//! Timers of relay boards. Modbus knows none; some makers have added one by an address of their own. Pure.

use kernel::Timestamp;

use super::frame::What;
use crate::devices::light::Light;

/// What a timer of a board's counts in, in microseconds: a tenth of a second.
const TENTH: i64 = 100_000;
/// Half of what fits into the value: more is not promised.
const MOST_TENTHS: i64 = 0x7fff;
/// Of its coils `flash` knows these at most; the next one is all of them at once.
pub(super) const LAST_COIL: i64 = 0xfe;

kernel::words! {
    /// Whether a board turns a coil off by itself.
    pub enum Timer {
        /// It has no timer: what is on burns until it is told otherwise.
        None = "none",
        /// Waveshare's "flash on", and of boards that have taken it over: function 5 to 0x0200 and the coil, whose value is tenths of a second.
        Flash = "flash",
    }
}

impl Timer {
    /// How many seconds it can count; `None`: there is none.
    pub(in crate::devices) const fn longest(self) -> Option<i64> {
        match self {
            Self::None => None,
            Self::Flash => Some(MOST_TENTHS * TENTH / kernel::SECOND),
        }
    }

    /// What makes a coil so: as long as it counts, or is to burn, whatever is less.
    pub(super) fn order(self, light: Light, now: Timestamp) -> What {
        match (self, light.off_at) {
            (Self::Flash, Some(off_at)) if light.on => {
                let tenths = (off_at.micros() - now.micros()).div_euclid(TENTH).clamp(1, MOST_TENTHS);
                What::Flash(u16::try_from(tenths).unwrap_or(1))
            }
            (Self::None | Self::Flash, _) => What::Set(light.on),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::{MINUTE, SECOND};
    use proptest::prelude::*;

    const NOW: Timestamp = Timestamp::from_unix(1_795_248_000);

    #[test]
    fn v5_1_a_timer_is_set_to_what_is_left_in_tenths_of_a_second() {
        let order = |left: i64| Timer::Flash.order(Light { on: true, off_at: Some(NOW.plus_micros(left)) }, NOW);
        assert_eq!(order(62 * SECOND), What::Flash(620));
        assert_eq!(order(50 * MINUTE), What::Flash(30_000));
        assert_eq!(order(12 * 60 * MINUTE), What::Flash(0x7fff), "and is wound before that ends");
        assert_eq!(Timer::Flash.longest(), Some(3_276));
    }

    #[test]
    fn v5_1_a_board_without_a_timer_is_told_on_and_off() {
        let light = |on| Light { on, off_at: on.then(|| NOW.plus_micros(MINUTE)) };
        assert_eq!([Timer::None.order(light(true), NOW), Timer::None.order(light(false), NOW)], [What::Set(true), What::Set(false)]);
        assert_eq!(Timer::Flash.order(light(false), NOW), What::Set(false));
        assert_eq!(Timer::Flash.order(Light { on: true, off_at: None }, NOW), What::Set(true));
    }

    proptest! {
        #[test]
        fn v5_1_no_timer_ends_later_than_the_light_should_nor_counts_more_than_it_can(left in -MINUTE..100 * 60 * MINUTE) {
            let order = Timer::Flash.order(Light { on: true, off_at: Some(NOW.plus_micros(left)) }, NOW);
            let What::Flash(tenths) = order else { panic!("{order:?}") };
            prop_assert!((1..=MOST_TENTHS).contains(&i64::from(tenths)));
            prop_assert!(tenths == 1 || i64::from(tenths) * TENTH <= left);
            prop_assert!(left - i64::from(tenths) * TENTH < TENTH || i64::from(tenths) == MOST_TENTHS, "nor earlier than it must");
        }
    }
}
