//! Since when a light is not as it should be. Pure.
//!
//! A relay that trips a second after each "on", or a switch on the wall that puts a lamp on again after each "off", is wrong all the time, and
//! says every few seconds that all is well. So a moment in which a light is right clears nothing: it has to stay so for a while. What is
//! told again, since somebody complains or the broker was away, is no new beginning either; that something else is wanted is one.

use kernel::{SECOND, Timestamp};

/// Who has been right for so long is well. Relay boards are asked more often than that.
const SETTLES: i64 = 30 * SECOND;

/// How a light has followed what is wanted of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Course {
    /// Since when it was wrong, if only from time to time.
    pub wrong_since: Option<Timestamp>,
    /// Since when it says that it is right, if it does.
    pub right_since: Option<Timestamp>,
}

impl Course {
    /// Something else is wanted of it, or it is judged anew; `right`: whether it is so already, where that is known.
    pub fn begin(right: Option<bool>, at: Timestamp) -> Self {
        match right {
            Some(true) => Self { wrong_since: None, right_since: Some(at) },
            Some(false) => Self { wrong_since: Some(at), right_since: None },
            None => Self::default(),
        }
    }

    /// It says how it is.
    #[must_use]
    pub fn says(self, right: bool, at: Timestamp) -> Self {
        if right {
            Self { right_since: self.right_since.or(Some(at)), ..self }
        } else {
            Self { wrong_since: self.wrong(at).or(Some(at)), right_since: None }
        }
    }

    /// It is away: how it is, is not known.
    #[must_use]
    pub fn leaves(self, at: Timestamp) -> Self {
        Self { wrong_since: self.wrong(at), right_since: None }
    }

    /// It is back, having been away since `left`. That time is not counted: it could be told nothing.
    #[must_use]
    pub fn returns(self, left: Timestamp, at: Timestamp) -> Self {
        let away = (at.micros() - left.micros()).max(0);
        Self { wrong_since: self.wrong_since.map(|since| since.plus_micros(away)), right_since: None }
    }

    /// Since when it is wrong, as is known at `at`, even where it is right for a moment.
    pub fn wrong(self, at: Timestamp) -> Option<Timestamp> {
        let is_well = self.right_since.is_some_and(|since| at.micros() - since.micros() >= SETTLES);
        self.wrong_since.filter(|_| !is_well)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const START: Timestamp = Timestamp::from_unix(1_795_248_000);

    proptest! {
        #[test]
        fn v5_2_a_light_that_is_right_for_moments_is_wrong_since_it_first_was(
            flaps in prop::collection::vec((0..10 * SECOND, 0..SETTLES), 1..40), again: bool,
        ) {
            let (mut course, mut now) = (Course::begin(Some(true), START), START.plus_micros(SETTLES));
            let first = now;
            for (wrong_for, right_for) in flaps {
                course = course.says(false, now);
                prop_assert_eq!(course.wrong(now), Some(first));
                now = now.plus_micros(wrong_for);
                course = course.says(true, now);
                if again {
                    // Told again, it says so once more.
                    course = course.says(true, now.plus_micros(right_for / 2));
                }
                now = now.plus_micros(right_for);
                prop_assert_eq!(course.wrong(now), Some(first));
            }
            // And in the end it is well, and what comes then is another story.
            let later = now.plus_micros(SETTLES);
            prop_assert_eq!(course.wrong(later), None);
            prop_assert_eq!(course.says(false, later).wrong(later), Some(later));
        }

        #[test]
        fn v5_2_a_button_that_is_pressed_now_and_then_is_forgotten(pauses in prop::collection::vec(SETTLES..10 * SETTLES, 1..40)) {
            let (mut course, mut now) = (Course::begin(Some(true), START), START);
            for pause in pauses {
                course = course.says(false, now);
                prop_assert_eq!(course.wrong(now), Some(now));
                course = course.says(true, now.plus_seconds(1));
                now = now.plus_seconds(1).plus_micros(pause);
            }
        }

        #[test]
        fn v5_2_to_be_told_again_is_no_new_beginning_and_to_be_told_otherwise_is(wrong in 0..600 * SECOND, reports in 0..10_i64) {
            let mut course = Course::begin(Some(false), START);
            for n in 0..reports {
                course = course.says(false, START.plus_micros(wrong / 10 * n));
            }
            let now = START.plus_micros(wrong);
            prop_assert_eq!(course.wrong(now), Some(START));
            prop_assert_eq!(Course::begin(Some(true), now).wrong(now), None);
            prop_assert_eq!(Course::begin(None, now).wrong(now), None, "nobody knows");
        }

        #[test]
        fn v5_2_the_time_that_it_was_away_is_not_counted(before in 0..600 * SECOND, away in 0..3_600 * SECOND, after in 0..600 * SECOND) {
            let left = START.plus_micros(before);
            let back = left.plus_micros(away);
            let now = back.plus_micros(after);
            let course = Course::begin(Some(false), START).leaves(left).returns(left, back).says(false, now);
            prop_assert_eq!(course.wrong(now).map(|since| now.micros() - since.micros()), Some(before + after));
            // Who was well when it left has nothing that could follow it.
            let well = Course::begin(Some(true), START.plus_micros(-SETTLES)).leaves(left).returns(left, back);
            prop_assert_eq!((well.wrong(now), well.says(false, now).wrong(now)), (None, Some(now)));
        }
    }
}
