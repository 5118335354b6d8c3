//! When lights are looked after again where that has failed. Pure.
//!
//! A look that fails says nothing of the lights, and an hour of play may hang on it: so it is done again soon, and after each failure in a row a
//! little later, so that what is in trouble is not asked all the time.

use kernel::{Fault, MINUTE, SECOND};
use platform::Cx;
use store::jobs::{Job, Outcome};

/// Nothing waits longer, however often it has failed.
const LONGEST: i64 = MINUTE;

/// How long to wait after so many failures in a row, the last one included: a second, then twice as long each time, up to a minute.
fn pause(failures: i64) -> i64 {
    (SECOND << (failures - 1).clamp(0, 6)).min(LONGEST)
}

/// The same for what is done every so often all the same; `None`: the next regular time comes first.
fn before_next(failures: i64, every: i64) -> Option<i64> {
    let mut at = 0;
    for failure in 1..=failures.max(1) {
        at += pause(failure);
        if at >= every {
            return None;
        }
    }
    Some(pause(failures))
}

/// It has failed, and is not given up.
pub(super) fn soon(cx: &Cx, job: &Job, why: String) -> Outcome {
    Outcome::Soon(why, cx.now().plus_micros(pause(job.attempt)))
}

/// A round of what is done every so many seconds has failed: it is done again before the next one, as often as there is time.
pub(crate) fn round_failed(cx: &Cx, job: &Job, every_seconds: i64, fault: &Fault) -> Outcome {
    match before_next(job.attempt, every_seconds * SECOND) {
        Some(pause) => Outcome::Soon(fault.to_string(), cx.now().plus_micros(pause)),
        None => {
            tracing::warn!(%fault, kind = %job.kind, "this is left to the next round");
            Outcome::Done
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn v5_2_after_a_failure_it_is_soon_tried_again_and_after_many_within_a_minute(failures in any::<i64>()) {
            let failures = failures.max(1);
            prop_assert!((SECOND..=LONGEST).contains(&pause(failures)));
            prop_assert!(pause(failures.saturating_add(1)) >= pause(failures), "what stays in trouble is not asked more often");
            prop_assert_eq!((pause(1), pause(7)), (SECOND, LONGEST));
        }

        #[test]
        fn v5_2_a_round_that_failed_is_done_again_before_the_next_and_never_after_it(every in 2_i64..600, lasts in 0..SECOND) {
            let every = every * SECOND;
            let (mut at, mut failures) = (0, 1);
            while let Some(pause) = before_next(failures, every) {
                at += pause;
                prop_assert!(at < every);
                failures += 1;
            }
            prop_assert!(failures > 1, "at least once");
            prop_assert!(at + pause(failures) >= every, "and as often as there is time");
            // However many come of it, it ends there.
            prop_assert_eq!(before_next(failures.saturating_add(lasts), every), None);
        }
    }
}
