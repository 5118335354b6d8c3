//! How a hall's clock stands against UTC.

use kernel::{MINUTE, Timestamp};
use serde::Serialize;

use super::TariffError;
use super::bands::Calendar;

/// A hall's clock, for who has no list of time zones: a mini-program has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct HallClock {
    /// So many minutes it is ahead of UTC; negative where it is behind.
    pub ahead_minutes: i64,
    /// When it is put forward or back next; absent: not that anybody knew.
    pub changes_at: Option<Timestamp>,
    /// By how many minutes it is ahead from then on.
    pub then_minutes: Option<i64>,
}

impl Calendar {
    /// As the clock stands at this moment, and what becomes of it.
    pub fn clock_from(&self, at: Timestamp) -> Result<HallClock, TariffError> {
        let changes_at = self.next_transition(at)?;
        let then_minutes = changes_at.map(|change| self.ahead_minutes(change)).transpose()?;
        Ok(HallClock { ahead_minutes: self.ahead_minutes(at)?, changes_at, then_minutes })
    }

    fn ahead_minutes(&self, at: Timestamp) -> Result<i64, TariffError> {
        let at = at.jiff().map_err(|_| TariffError::NoSuchTime)?;
        Ok(i64::from(self.zone.to_offset(at).seconds()) / 60)
    }
}

impl HallClock {
    /// What the clock shows at a moment not before the one that it was asked from, as if it were UTC.
    pub fn shown(&self, at: Timestamp) -> Timestamp {
        let changed = self.changes_at.filter(|change| at >= *change).and(self.then_minutes);
        at.plus_micros(changed.unwrap_or(self.ahead_minutes) * MINUTE)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use jiff::tz::TimeZone;
    use kernel::DAY;
    use proptest::prelude::*;

    use super::*;

    fn calendar(zone: &str) -> Calendar {
        Calendar { zone: TimeZone::get(zone).unwrap(), holidays: BTreeSet::new() }
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn v3_2_a_clock_that_is_never_changed_says_so_and_one_that_is_says_when_and_to_what() {
        let shanghai = calendar("Asia/Shanghai").clock_from(at("2026-11-21T08:00:00Z")).unwrap();
        assert_eq!(shanghai, HallClock { ahead_minutes: 480, changes_at: None, then_minutes: None });
        let berlin = calendar("Europe/Berlin").clock_from(at("2026-10-24T20:00:00Z")).unwrap();
        assert_eq!(berlin, HallClock { ahead_minutes: 120, changes_at: Some(at("2026-10-25T01:00:00Z")), then_minutes: Some(60) });
        let new_york = calendar("America/New_York").clock_from(at("2026-11-21T08:00:00Z")).unwrap();
        assert_eq!(new_york, HallClock { ahead_minutes: -300, changes_at: Some(at("2027-03-14T07:00:00Z")), then_minutes: Some(-240) });
    }

    proptest! {
        #[test]
        fn v3_2_for_a_season_it_shows_what_the_zone_does(
            zone in prop::sample::select(vec!["Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"]),
            from in 0..730_i64, after in 0..90 * 24 * 60_i64,
        ) {
            let calendar = calendar(zone);
            let from = at("2026-01-01T00:00:00Z").plus_micros(from * DAY);
            let moment = from.plus_micros(after * MINUTE);
            let clock = calendar.clock_from(from).unwrap();
            let shown = clock.shown(moment).jiff().unwrap().to_zoned(TimeZone::UTC).datetime();
            prop_assert_eq!(shown, calendar.local(moment).unwrap(), "{} {} {}", zone, from, moment);
        }
    }
}
