//! The latest time that this process has seen: whether its clock was set back since.
//!
//! A clock that is behind when the server starts, on a machine whose battery is empty, is right soon: by such a one nothing of play is moved, for
//! it would end too early then. That it was ahead is known where this process has seen it go back, and nowhere else.

use std::sync::atomic::{AtomicI64, Ordering};

use kernel::{APART, Timestamp};

pub(crate) struct Latest(AtomicI64);

impl Default for Latest {
    fn default() -> Self {
        Self(AtomicI64::new(i64::MIN))
    }
}

impl Latest {
    /// Whether it was set back, by more than clocks may differ by, from a time that was said here.
    pub fn was_ahead_of(&self, now: Timestamp) -> bool {
        let latest = self.0.fetch_max(now.micros(), Ordering::Relaxed);
        latest.saturating_sub(now.micros()) > APART
    }
}

#[cfg(test)]
mod tests {
    use kernel::{HOUR, MINUTE};

    use super::*;

    #[test]
    fn a_clock_was_ahead_if_it_was_seen_to_go_back_and_until_it_is_there_again() {
        let (latest, now) = (Latest::default(), Timestamp::from_unix(1_800_000_000));
        assert!(!latest.was_ahead_of(now), "nobody knows what it was before");
        assert!(!latest.was_ahead_of(now.plus_micros(-4 * MINUTE)));
        assert!(!latest.was_ahead_of(now.plus_micros(HOUR)));
        for (minutes, was_ahead) in [(0, true), (54, true), (56, false), (61, false), (57, false), (55, true)] {
            assert_eq!(latest.was_ahead_of(now.plus_micros(minutes * MINUTE)), was_ahead, "{minutes}");
        }
    }
}
