//! How fast a device's user speaks.
//!
//! What is for our gateway passes through a channel of `rmqtt`'s that has no bound, and is taken out of it message by message: whoever says more
//! than that fills the memory. So who says more than any lamp does waits for its turn to say it. Its connection is not read meanwhile, and nobody
//! else waits.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Messages at once. A lamp says some twenty when it connects.
const AT_ONCE: u32 = 200;
/// And after those one in each: fifty a second.
const EACH: Duration = Duration::from_millis(20);
/// What would have to wait longer is not said at all. A connection has one message that waits, and its will when it ends: so many have only those
/// who connect again and again for that.
const LONGEST: Duration = Duration::from_secs(4);

/// How long whoever has used up its time until `spoken` waits to say one thing more at `now`, and until when it has used it up then. `None` where
/// that would be too long.
fn turn(spoken: Duration, now: Duration) -> Option<(Duration, Duration)> {
    let spoken = spoken.max(now) + EACH;
    let wait = spoken.saturating_sub(now + EACH * AT_ONCE);
    (wait <= LONGEST).then_some((wait, spoken))
}

/// Until when each user has used up its time. Kept are those who have used up more than has passed.
pub(crate) struct Flow {
    since: Instant,
    users: Mutex<HashMap<String, Duration>>,
}

impl Default for Flow {
    #[expect(clippy::disallowed_methods, reason = "a connection's pace is real time, whatever the clock of the business says")]
    fn default() -> Self {
        Self { since: Instant::now(), users: Mutex::default() }
    }
}

impl Flow {
    /// Returns when it is this user's turn to say one thing more; `false` where it has too much to say.
    pub async fn wait(&self, user: &str) -> bool {
        let Some(wait) = self.book(user, self.since.elapsed()) else { return false };
        if !wait.is_zero() {
            #[expect(clippy::disallowed_methods, reason = "a connection's pace is real time, whatever the clock of the business says")]
            tokio::time::sleep(wait).await;
        }
        true
    }

    fn book(&self, user: &str, now: Duration) -> Option<Duration> {
        let mut users = self.users.lock().unwrap_or_else(PoisonError::into_inner);
        if !users.contains_key(user) {
            users.retain(|_, spoken| *spoken > now);
        }
        let (wait, spoken) = turn(users.get(user).copied().unwrap_or_default(), now)?;
        users.insert(user.to_owned(), spoken);
        Some(wait)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// When each of these is said: those that are wished for so long after one another.
    fn said(pauses: &[u64]) -> Vec<Option<Duration>> {
        let flow = Flow::default();
        let mut now = Duration::ZERO;
        let say = |pause: &u64| {
            now += Duration::from_millis(*pause);
            flow.book("lamp7", now).map(|wait| now + wait)
        };
        pauses.iter().map(say).collect()
    }

    proptest! {
        #[test]
        fn whoever_keeps_its_pace_never_waits(pauses in prop::collection::vec(20_u64..200, 1..400)) {
            let mut now = Duration::ZERO;
            for (pause, said) in pauses.iter().zip(said(&pauses)) {
                now += Duration::from_millis(*pause);
                prop_assert_eq!(said, Some(now));
            }
        }

        #[test]
        fn whoever_hurries_says_no_more_than_a_burst_and_then_fifty_a_second(pauses in prop::collection::vec(0_u64..30, 200..1_000)) {
            let heard: Vec<Duration> = said(&pauses).into_iter().flatten().collect();
            for window in heard.windows(AT_ONCE as usize + 50) {
                let took = *window.last().unwrap() - *window.first().unwrap();
                prop_assert!(took >= EACH * 50, "{took:?}");
            }
        }
    }

    #[test]
    fn a_burst_is_said_at_once_the_rest_in_turn_and_what_is_too_much_not_at_all() {
        let said = said(&[0; 500]);
        let at_once = said.iter().filter(|said| **said == Some(Duration::ZERO)).count();
        assert_eq!((at_once, said[200], said[201]), (200, Some(EACH), Some(EACH * 2)));
        assert_eq!((said[399], said[400]), (Some(LONGEST), None));
    }

    #[test]
    fn nobody_waits_for_another_and_who_is_silent_is_forgotten() {
        let flow = Flow::default();
        for _ in 0..300 {
            assert!(flow.book("lamp7", Duration::ZERO).is_some());
        }
        assert_eq!(flow.book("lamp8", Duration::ZERO), Some(Duration::ZERO));
        assert_eq!(flow.book("lamp9", Duration::from_secs(1)), Some(Duration::ZERO));
        let users = flow.users.lock().unwrap_or_else(PoisonError::into_inner);
        assert!(users.contains_key("lamp7") && !users.contains_key("lamp8"));
    }
}
