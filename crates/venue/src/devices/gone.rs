//! Since when a light may be gone that is found to be away. Pure.
//!
//! Nobody sees a plug being pulled. A broker misses whoever says nothing for one and a half of its keep-alives, a board is asked every so often, and
//! one that is told something has a while to answer. All that is certain is when a light was last there: what comes after that may have been dark,
//! and is nobody's to pay where play ends by it, or is settled as unlit. When it was missed stays what the patience with it is counted from, and what
//! is compared with the other lights of its hall.
//!
//! One rule is for all, also for those that close their connection as they go, and are missed at once: no broker says which of them did.

use kernel::{SECOND, Timestamp};

use super::device::{Device, Driver};

/// So long a device may have been gone when it is missed, in microseconds: by the keep-alives with which they are delivered, of 30 s and of 60 s; of
/// a board from one round of questions to the next.
const fn noticed_after(driver: Driver) -> i64 {
    match driver {
        Driver::Tasmota => 45 * SECOND,
        Driver::Shelly => 90 * SECOND,
        Driver::Modbus => crate::upkeep::ROUND * SECOND,
    }
}

/// Since when one may be gone that is found to be away now. `unanswered`: since when it has not answered what it was told, where that is how it was
/// found out: nobody has seen it since, however long ago that is, and whoever has told it.
fn since(noticed_after: i64, unanswered: Option<Timestamp>, heard_at: Timestamp, now: Timestamp) -> Timestamp {
    let missed = now.plus_micros(-noticed_after);
    let gone = unanswered.map_or(missed, |told_at| told_at.min(missed));
    // By a clock that was set back it may have been heard in a time to come.
    gone.max(heard_at).min(now)
}

impl Device {
    /// Since when it may be gone, if it is found to be away now.
    pub(super) fn gone_since(&self, unanswered: Option<Timestamp>, now: Timestamp) -> Timestamp {
        let heard_at = self.draw.at.map_or(self.heard_at(), |at| at.max(self.heard_at()));
        since(noticed_after(self.driver), unanswered, heard_at, now)
    }

    /// Since when it may be gone; `None`: it is there.
    pub(crate) fn away_since(&self) -> Option<Timestamp> {
        // One that was away before this was written down has there what it had answered.
        let gone = self.silent_since.filter(|since| self.reported_at.is_none_or(|at| at <= *since));
        (!self.online).then(|| gone.map_or(self.online_since, |since| since.min(self.online_since)))
    }

    /// When it was missed that is away; or would have been, where nobody had waited for its answer: the patience with it counts from then.
    pub(crate) fn missed_at(&self) -> Timestamp {
        let missed = self.away_since().map(|gone| gone.plus_micros(noticed_after(self.driver)));
        missed.map_or(self.online_since, |at| at.min(self.online_since))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::{HOUR, Word as _};
    use proptest::prelude::*;

    const START: Timestamp = Timestamp::from_unix(1_795_248_000);

    fn at(micros: i64) -> Timestamp {
        START.plus_micros(micros)
    }

    #[test]
    fn v5_2_a_keep_alive_and_a_half_or_a_round_may_be_over_when_a_light_is_missed() {
        assert_eq!(Driver::ALL.iter().map(|driver| noticed_after(*driver) / SECOND).collect::<Vec<_>>(), [45, 90, 10]);
        let gone = |unanswered: Option<i64>, heard: i64| since(45 * SECOND, unanswered.map(at), at(heard), at(HOUR));
        assert_eq!(gone(None, 0), at(HOUR - 45 * SECOND));
        assert_eq!(gone(None, HOUR - 10 * SECOND), at(HOUR - 10 * SECOND), "it was there");
        assert_eq!(gone(Some(HOUR - 180 * SECOND), 0), at(HOUR - 180 * SECOND), "it has answered nobody since");
        assert_eq!(gone(Some(HOUR - 180 * SECOND), HOUR - 120 * SECOND), at(HOUR - 120 * SECOND), "and came in between");
    }

    proptest! {
        #[test]
        fn v5_2_nobody_pays_for_what_no_light_was_seen_in_and_no_hall_loses_what_was_lit_for_certain(
            noticed_after in 0..2 * HOUR, unanswered in prop::option::of(0..3 * HOUR), heard in 0..3 * HOUR, now in 0..3 * HOUR,
        ) {
            let gone = since(noticed_after, unanswered.map(at), at(heard), at(now));
            prop_assert!(gone <= at(now));
            prop_assert!(heard > now || gone >= at(heard), "what it said last is no silence");
            prop_assert!(gone <= at(heard.max(now - noticed_after)), "it may have gone right after");
            if let Some(told) = unanswered {
                prop_assert!(gone <= at(heard.max(told)), "nor was it seen after it was told");
            } else {
                prop_assert!(gone >= at(now - noticed_after), "it would have been missed before");
            }
        }
    }
}
