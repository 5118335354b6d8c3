//! The way to devices by the broker, as this process finds it, and whether who is silent on it is away.

use std::sync::atomic::{AtomicI64, Ordering};

use kernel::{MINUTE, SECOND, Timestamp};

/// Who says nothing for so long to what it is told is away, whatever the broker thinks.
const SILENT: i64 = 60 * SECOND;
/// How long devices take to find a broker again that was away.
const COMES_BACK: i64 = 2 * MINUTE;

/// Since when it is open. Of this process alone: others may have had theirs all the time, and judge by that.
#[derive(Default)]
pub(crate) struct Way(AtomicI64);

impl Way {
    /// It is open from now on, or is just now found to be shut.
    pub fn opens(&self, at: Timestamp) {
        self.0.fetch_max(at.micros(), Ordering::AcqRel);
    }

    pub fn open_since(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::Acquire))
    }
}

/// What is known of a device that has not confirmed what it was told.
#[derive(Debug, Clone, Copy)]
pub(super) struct Unanswered {
    /// Since when somebody's way has taken what it is told.
    pub told_at: Timestamp,
    /// When it last said something, or was seen to come.
    pub heard_at: Timestamp,
}

impl Unanswered {
    /// Since when it could answer, for a process whose way is open since then. Who was not heard since may have to find the broker first.
    pub fn could_answer_since(self, open_since: Timestamp) -> Timestamp {
        let found = if self.heard_at > open_since { open_since } else { open_since.plus_micros(COMES_BACK) };
        self.told_at.max(found)
    }

    /// Whether it is away: so long could it have answered.
    pub fn is_away(self, open_since: Timestamp, now: Timestamp) -> bool {
        now.micros() - self.could_answer_since(open_since).micros() > SILENT
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const START: Timestamp = Timestamp::from_unix(1_795_248_000);
    const HOURS: i64 = 10 * kernel::HOUR;

    proptest! {
        #[test]
        fn v5_2_nobody_is_away_who_had_no_minute_to_answer(told in 0..HOURS, heard in 0..HOURS, open in 0..HOURS, now in 0..2 * HOURS) {
            let at = |micros| START.plus_micros(micros);
            let unanswered = Unanswered { told_at: at(told), heard_at: at(heard) };
            let is_away = unanswered.is_away(at(open), at(now));
            if is_away {
                prop_assert!(now > told + SILENT && now > open + SILENT);
                prop_assert!(heard > open || now > open + COMES_BACK + SILENT, "it may be looking for the broker");
            }
            prop_assert!(unanswered.is_away(at(open), at(told.max(open) + COMES_BACK + SILENT + 1)), "and once it is away for sure");
        }

        #[test]
        fn v5_2_a_process_that_is_cut_off_does_not_put_off_what_others_see(
            told in 0..HOURS, heard in 0..HOURS, cuts in prop::collection::vec(0..HOURS, 1..20),
        ) {
            let (ours, theirs) = (Way::default(), Way::default());
            ours.opens(START);
            for cut in &cuts {
                theirs.opens(START.plus_micros(*cut));
            }
            let unanswered = Unanswered { told_at: START.plus_micros(told), heard_at: START.plus_micros(heard) };
            let now = START.plus_micros(told + COMES_BACK + SILENT + 1);
            prop_assert!(unanswered.is_away(ours.open_since(), now));
            let last = cuts.iter().copied().max().unwrap();
            prop_assert_eq!(theirs.open_since(), START.plus_micros(last));
            prop_assert!(last + SILENT < told + COMES_BACK + SILENT + 1 || !unanswered.is_away(theirs.open_since(), now));
        }
    }
}
