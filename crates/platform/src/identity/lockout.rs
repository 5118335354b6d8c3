//! When a sign-in needs a captcha, and when it is locked (K1.2b). Pure: the same for known and unknown names.
//!
//! A try is counted before its password is looked at, and the lock is set with the last try that is allowed; a right
//! password undoes both. So tries that come at once cannot look at more passwords than tries in turn.
//!
//! A lock that ends later than any can that begins now was set by a clock that was ahead, or by a setting that was longer: it is not believed.

use kernel::{APART, MINUTE, Timestamp};

/// What is remembered of a name, or of a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Record {
    /// Failures in a row.
    pub failures: i64,
    pub locked_until: Option<Timestamp>,
}

/// The settings that decide.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    pub captcha_after: i64,
    pub lock_after: i64,
    pub lock_minutes: i64,
}

impl Rules {
    fn lock(&self) -> i64 {
        self.lock_minutes.saturating_mul(MINUTE)
    }

    /// The latest end of a lock. Another process, whose clock is not quite ours, may have set it.
    fn latest(&self, now: Timestamp) -> Timestamp {
        now.plus_micros(self.lock().saturating_add(APART))
    }
}

/// What a try meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    /// For so many seconds more. The password is not looked at: the answer must not tell whether it was right.
    Locked(i64),
    /// A captcha first.
    Captcha,
    Open,
}

impl Record {
    /// As it stands at `now`: a lock that is over has taken its failures with it.
    pub fn at(self, rules: &Rules, now: Timestamp) -> Self {
        match self.locked_until {
            Some(until) if until <= now || until > rules.latest(now) => Self::default(),
            Some(_) | None => self,
        }
    }

    pub fn gate(self, rules: &Rules, now: Timestamp) -> Gate {
        let record = self.at(rules, now);
        match record.locked_until {
            Some(until) => Gate::Locked(until.seconds_since(now)),
            None if record.failures >= rules.captcha_after => Gate::Captcha,
            None => Gate::Open,
        }
    }

    /// After one more try, as if it fails.
    pub fn counted(self, rules: &Rules, now: Timestamp) -> Self {
        let failures = self.at(rules, now).failures.saturating_add(1);
        let lock = failures >= rules.lock_after;
        Self { failures, locked_until: lock.then(|| now.plus_micros(rules.lock())) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const RULES: Rules = Rules { captcha_after: 3, lock_after: 5, lock_minutes: 15 };

    #[test]
    fn k1_2b_a_captcha_after_three_and_a_lock_after_five() {
        let now = Timestamp::from_unix(1_000_000);
        let mut record = Record::default();
        let mut gates = Vec::new();
        for _ in 0..6 {
            gates.push(record.gate(&RULES, now));
            if !matches!(gates.last(), Some(Gate::Locked(_))) {
                record = record.counted(&RULES, now);
            }
        }
        assert_eq!(gates, [Gate::Open, Gate::Open, Gate::Open, Gate::Captcha, Gate::Captcha, Gate::Locked(900)]);
        assert_eq!(record.gate(&RULES, now.plus_seconds(899)), Gate::Locked(1));
        assert_eq!(record.gate(&RULES, now.plus_seconds(900)), Gate::Open);
    }

    proptest! {
        #[test]
        fn k1_2b_after_a_step_back_of_any_size_nobody_is_locked_longer_than_a_lock_lasts_and_clocks_may_differ_by(
            back in 0..400 * kernel::DAY, lock_minutes in 1_i64..=1_440, apart in -APART..=APART,
        ) {
            let (rules, set) = (Rules { lock_minutes, ..RULES }, Timestamp::from_unix(1_800_000_000));
            let locked = Record { failures: 4, locked_until: None }.counted(&rules, set);
            let now = set.plus_micros(-back);
            match locked.gate(&rules, now) {
                Gate::Locked(seconds) => prop_assert!(seconds * kernel::SECOND <= lock_minutes * MINUTE + APART),
                gate => prop_assert_eq!((gate, back > APART), (Gate::Open, true)),
            }
            // Nor does a process open it whose clock is minutes off.
            if apart < lock_minutes * MINUTE {
                prop_assert!(matches!(locked.gate(&rules, set.plus_micros(apart)), Gate::Locked(_)));
            }
        }

        #[test]
        fn whatever_the_order_no_more_than_lock_after_are_looked_at_in_one_lock_time(
            waits in prop::collection::vec(0_i64..60, 1..60), captcha_after in 0_i64..6, lock_after in 3_i64..10,
        ) {
            let rules = Rules { captcha_after, lock_after, lock_minutes: 15 };
            let mut now = Timestamp::from_unix(1_000_000);
            let (mut record, mut in_a_row) = (Record::default(), 0);
            for wait in waits {
                now = now.plus_seconds(wait);
                match record.gate(&rules, now) {
                    Gate::Locked(seconds) => {
                        prop_assert!((1..=900).contains(&seconds));
                        prop_assert_eq!(in_a_row, lock_after);
                    }
                    gate => {
                        if record.at(&rules, now) != record {
                            in_a_row = 0;
                        }
                        prop_assert_eq!(gate == Gate::Captcha, in_a_row >= captcha_after);
                        record = record.counted(&rules, now);
                        in_a_row += 1;
                        prop_assert!(in_a_row <= lock_after);
                        prop_assert_eq!(record.locked_until.is_some(), in_a_row == lock_after);
                    }
                }
            }
        }
    }
}
