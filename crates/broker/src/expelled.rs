//! Whose password has changed, and who was let in by the old one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rmqtt::types::{Id, TimestampMillis};
use rmqtt::utils::timestamp_millis;

/// Longer than anybody takes to be let in. Were the clock set back just after a password has changed, its device would come in vain for so long.
const LETTING_IN: Duration = Duration::from_secs(60);
/// Longer than anybody goes on who was sent away: it may take its time to read what it is sent.
const GOING: Duration = Duration::from_secs(600);

/// Whether whoever came then was let in by what held until `at`. Whoever came later than now came before the clock was set back, which is as good
/// as before: nobody is spared but who came since.
pub(crate) const fn is_of_before(came: TimestampMillis, at: TimestampMillis, now: TimestampMillis) -> bool {
    !(at < came && came <= now)
}

struct Note {
    at: TimestampMillis,
    /// By a clock that nobody sets.
    noted: Instant,
}

/// When users were last sent away. Whoever began to connect by then may have been admitted by what does not hold any more.
#[derive(Clone, Default)]
pub(crate) struct Expelled(Arc<Mutex<HashMap<String, Note>>>);

impl Expelled {
    pub fn note(&self, user: &str, at: TimestampMillis) {
        #[expect(clippy::disallowed_methods, reason = "connections take real time to end, by a clock that nobody sets")]
        let noted = Instant::now();
        let mut notes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        notes.retain(|_, before| noted.duration_since(before.noted) < GOING);
        notes.insert(user.to_owned(), Note { at, noted });
    }

    /// Whether whoever has just come in was let in by what does not hold any more.
    pub fn is(&self, who: &Id) -> bool {
        self.has_noted(who, LETTING_IN)
    }

    /// Whether it was sent away, and what it says still is of before.
    pub fn was(&self, who: &Id) -> bool {
        self.has_noted(who, GOING)
    }

    fn has_noted(&self, who: &Id, within: Duration) -> bool {
        let notes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        notes
            .get(who.username_ref())
            .is_some_and(|note| note.noted.elapsed() < within && is_of_before(who.create_time, note.at, timestamp_millis()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_came_before_goes_and_whoever_came_since_stays() {
        for (came, goes) in [(0, true), (99, true), (100, true), (101, false), (200, false), (201, true), (3_600_100, true)] {
            assert_eq!(is_of_before(came, 100, 200), goes, "{came}");
        }
        // The clock was set back since: what is kept of who came by then, or is said to have come after now, is of before all the same.
        assert!(is_of_before(50, 100, 60) && is_of_before(101, 100, 60));
    }

    #[test]
    fn nobody_goes_for_another_and_nobody_for_what_was_long_ago() {
        let expelled = Expelled::default();
        let who = |user: &str| Id::new(1, 1, None, None, "lamp7".into(), Some(user.into()));
        let before = who("lamp7");
        assert!(!expelled.is(&before) && !expelled.was(&before));
        expelled.note("lamp7", before.create_time);
        assert!(expelled.is(&before) && expelled.was(&before) && !expelled.is(&who("lamp8")));
        expelled.note("lamp7", before.create_time - 1);
        assert!(!expelled.is(&before) && !expelled.was(&before), "it came later");
    }
}
