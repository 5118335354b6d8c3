//! What becomes of a text. Pure.

use kernel::{HOUR, MINUTE, Timestamp};

kernel::id!(
    /// 短信
    TextId, TextEntity, "txt"
);

kernel::words! {
    pub enum TextState {
        /// Waits, or is tried again.
        Queued = "queued",
        /// The provider has taken it.
        Sent = "sent",
        Delivered = "delivered",
        /// The provider has not taken it, or it did not reach the phone.
        Failed = "failed",
        /// The provider has taken it, and never said more.
        Unknown = "unknown",
        /// Was not given to the provider, for a reason of our own.
        Withheld = "withheld",
    }
}

/// Why a text was withheld: a day has no more of its kind.
pub(crate) const DAILY_LIMIT: &str = "DAILY_LIMIT";

/// When it is first asked how a text went.
pub(super) const FIRST: i64 = MINUTE;
/// How long that is asked. Of a phone that is off until then no provider says more that matters.
pub(super) const LONGEST: i64 = 6 * HOUR;

/// When to ask again how it went with a text that was taken at `sent`; `None` when that has been asked long enough. A minute after that, and
/// then each time after twice as long: what takes a minute is known soon, and what takes hours costs ten questions.
pub(super) fn ask_again(sent: Timestamp, now: Timestamp) -> Option<Timestamp> {
    let age = now.micros().saturating_sub(sent.micros());
    let mut after = FIRST;
    while after <= age && after < LONGEST {
        after *= 2;
    }
    (age < LONGEST).then(|| sent.plus_micros(after.min(LONGEST)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn k12_2_it_is_asked_ten_times_with_growing_pauses() {
        let sent = Timestamp::from_unix(1_000_000);
        let mut asked = vec![sent.plus_micros(FIRST)];
        while let Some(next) = ask_again(sent, asked[asked.len() - 1]) {
            asked.push(next);
        }
        let minutes: Vec<i64> = asked.iter().map(|at| at.seconds_since(sent) / 60).collect();
        assert_eq!(minutes, [1, 2, 4, 8, 16, 32, 64, 128, 256, 360]);
    }

    proptest! {
        #[test]
        fn k12_2_asking_ends_however_late_the_clock_is(late in -HOUR..2 * LONGEST) {
            let sent = Timestamp::from_unix(1_000_000);
            let now = sent.plus_micros(late);
            match ask_again(sent, now) {
                Some(at) => prop_assert!(at > now && at <= sent.plus_micros(LONGEST)),
                None => prop_assert!(late >= LONGEST),
            }
        }
    }
}
