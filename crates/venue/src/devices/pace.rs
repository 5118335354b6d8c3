//! How much news one device may have.
//!
//! Each piece is a transaction, lines in the device's log, and a job that tells it again. A relay that chatters, or its credential in the wrong
//! hands, would else take the turns of all halls.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use kernel::{SECOND, Timestamp};

use super::DeviceId;

/// At once: to come to the broker, to be lit and to go dark are a few each.
const AT_ONCE: i64 = 30;
/// And then one piece in so long.
const EVERY: i64 = SECOND / 2;

/// When each device may have that many again. As this process hears them: others count for themselves.
#[derive(Default)]
pub(crate) struct Pace(Mutex<HashMap<DeviceId, Timestamp>>);

impl Pace {
    /// Counts a piece of news of this device; false where that is one too many.
    pub fn takes(&self, device: DeviceId, now: Timestamp) -> bool {
        let mut rested = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (takes, at) = count(rested.get(&device).copied(), now);
        rested.insert(device, at);
        takes
    }
}

/// Of one that may have all at once from `rested` on: whether it may have another piece now, and when it may have all again.
fn count(rested: Option<Timestamp>, now: Timestamp) -> (bool, Timestamp) {
    let spent = now.plus_micros(AT_ONCE * EVERY);
    // Later than that is by a clock that was set back since: it keeps nobody silent.
    let rested = rested.filter(|at| *at <= spent).map_or(now, |at| at.max(now));
    let next = rested.plus_micros(EVERY);
    if next > spent { (false, rested) } else { (true, next) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const START: Timestamp = Timestamp::from_unix(1_795_248_000);

    proptest! {
        #[test]
        fn v5_2_no_device_has_more_news_than_its_pace_however_it_tries(pauses in prop::collection::vec(0..2 * SECOND, 1..400)) {
            let (mut rested, mut now, mut taken) = (None, START, Vec::new());
            for pause in pauses {
                now = now.plus_micros(pause);
                let (takes, at) = count(rested, now);
                rested = Some(at);
                if takes {
                    taken.push(now);
                }
            }
            for (n, from) in taken.iter().enumerate() {
                for (more, to) in (1..).zip(&taken[n..]) {
                    prop_assert!(more <= AT_ONCE + (to.micros() - from.micros()) / EVERY);
                }
            }
        }

        #[test]
        fn v5_2_who_has_no_more_news_than_that_is_always_heard(pauses in prop::collection::vec(EVERY..20 * EVERY, 1..400), at_first in 0..AT_ONCE) {
            let (mut rested, mut now) = (None, START);
            let at_once = (0..at_first).map(|_| 0);
            for pause in at_once.chain(pauses) {
                now = now.plus_micros(pause);
                let (takes, at) = count(rested, now);
                prop_assert!(takes);
                rested = Some(at);
            }
        }

        #[test]
        fn v5_2_a_clock_that_is_set_back_silences_nobody_for_long(back in 0..100 * kernel::DAY, said in 0..100_i64) {
            let mut rested = None;
            for _ in 0..said {
                rested = Some(count(rested, START).1);
            }
            let then = START.plus_micros(-back);
            let (takes, at) = count(rested, then);
            prop_assert!(takes || back <= AT_ONCE * EVERY);
            prop_assert!(count(Some(at), then.plus_micros(EVERY)).0);
        }
    }
}
