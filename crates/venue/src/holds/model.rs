//! For how long a table may be held, by whom, and who has had enough of it. Pure.

use kernel::{APART, DAY, MINUTE, Timestamp};
use platform::identity::UserId;

use super::error::HoldError;
use crate::customers::CustomerId;
use crate::halls::{TableId, VenueId};

kernel::id!(
    /// 留台
    HoldId, HoldEntity, "hld"
);

kernel::words! {
    /// What ended it.
    pub enum HoldEnd {
        /// Whoever it was for has opened the table.
        Opened = "opened",
        /// Was given back, or its customer plays elsewhere.
        GivenBack = "given_back",
        /// Nobody came.
        RanOut = "ran_out",
        /// Nobody could come: the hall was closed meanwhile.
        HallClosed = "hall_closed",
        /// By the staff.
        Released = "released",
        /// The table is out of service.
        Maintenance = "maintenance",
    }
}

/// A table that is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hold {
    pub id: HoldId,
    pub venue: VenueId,
    pub table: TableId,
    /// Who may open it; none: nobody before the staff releases it.
    pub customer: Option<CustomerId>,
    /// Who of the staff holds it; none: the customer does.
    pub by: Option<UserId>,
    pub note: String,
    pub begun: Timestamp,
    pub until: Timestamp,
}

impl Hold {
    pub fn is_for(&self, customer: CustomerId) -> bool {
        self.customer == Some(customer)
    }
}

/// What a hall may set at most: longer is no way to the hall.
pub const LONGEST_MINUTES: i64 = 60;
/// How far ahead the staff may hold a table.
const LONGEST_AT_DESK: i64 = DAY;
/// What is shorter is of no use.
const SHORTEST: i64 = MINUTE;

/// Until when a customer holds a table who asks now, in a hall that offers so many minutes, and opens tables until `closes`; `None` where that is too
/// soon for it to be of use.
pub fn until(now: Timestamp, minutes: i64, closes: Option<Timestamp>) -> Option<Timestamp> {
    let full = now.plus_micros(minutes * MINUTE);
    let until = closes.map_or(full, |closes| closes.min(full));
    (until >= now.plus_micros(SHORTEST)).then_some(until)
}

/// Whether the staff may hold a table from now until then.
pub fn until_at_desk(now: Timestamp, until: Timestamp, closes: Option<Timestamp>) -> Result<(), HoldError> {
    if until < now.plus_micros(SHORTEST) || until > now.plus_micros(LONGEST_AT_DESK) {
        return Err(HoldError::Until);
    }
    if closes.is_some_and(|closes| until > closes) { Err(HoldError::PastClosing) } else { Ok(()) }
}

/// A table that a customer had held, and did not play on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unused {
    pub ended: Timestamp,
    /// It ran out: the customer neither came nor gave it back.
    pub no_show: bool,
}

/// How long what was not used is remembered.
pub const REMEMBERED: i64 = DAY;
/// So many no-shows, and no more is held meanwhile.
const NO_SHOWS: usize = 2;
/// So many in all: otherwise one could keep a table for an evening by giving it back and holding it again.
const UNUSED: usize = 6;

/// When somebody may hold a table again who did not use these; `None`: now.
pub fn again(unused: &[Unused], now: Timestamp) -> Option<Timestamp> {
    let bound = |most: usize, counted: fn(&Unused) -> bool| {
        // One of a time to come was ended by a clock that was ahead: it would be remembered for longer than a day.
        let known = unused.iter().filter(|one| one.ended <= now.plus_micros(APART) && counted(one));
        let ends = known.map(|one| one.ended.plus_micros(REMEMBERED));
        let mut ends: Vec<Timestamp> = ends.filter(|end| *end > now).collect();
        ends.sort_unstable();
        // As soon as this one is forgotten, fewer are left.
        ends.len().checked_sub(most).and_then(|nth| ends.get(nth).copied())
    };
    bound(NO_SHOWS, |one| one.no_show).max(bound(UNUSED, |_| true))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: Timestamp = Timestamp::from_unix(1_795_248_000);

    fn history() -> impl Strategy<Value = Vec<Unused>> {
        let one = (-172_800_i64..=0, any::<bool>()).prop_map(|(ago, no_show)| Unused { ended: NOW.plus_seconds(ago), no_show });
        proptest::collection::vec(one, 0..12)
    }

    fn remembered(unused: &[Unused], at: Timestamp) -> (usize, usize) {
        let still: Vec<_> = unused.iter().filter(|one| one.ended.plus_micros(REMEMBERED) > at).collect();
        (still.iter().filter(|one| one.no_show).count(), still.len())
    }

    proptest! {
        #[test]
        fn v3_1a_who_did_not_come_twice_in_a_day_waits_and_is_told_until_when(unused in history()) {
            let (no_shows, all) = remembered(&unused, NOW);
            prop_assert_eq!(again(&unused, NOW).is_some(), no_shows >= NO_SHOWS || all >= UNUSED);
            if let Some(at) = again(&unused, NOW) {
                prop_assert!(at > NOW && at <= NOW.plus_micros(REMEMBERED), "nobody waits for longer than a day");
                prop_assert_eq!(again(&unused, at), None, "then it is so");
                prop_assert!(again(&unused, at.plus_micros(-1)).is_some(), "and not before");
            }
        }

        #[test]
        fn v3_1a_after_a_step_back_of_any_size_nobody_waits_longer_than_a_day_and_clocks_may_differ_by(
            unused in history(), back in 0..400 * DAY,
        ) {
            let now = NOW.plus_micros(-back);
            let bound = now.plus_micros(REMEMBERED + APART);
            prop_assert!(again(&unused, now).is_none_or(|at| at > now && at <= bound));
        }

        #[test]
        fn v3_1a_a_hold_never_reaches_past_closing_nor_past_what_is_offered(minutes in 0_i64..=LONGEST_MINUTES, closes in proptest::option::of(-10_i64..7_200)) {
            let closes = closes.map(|after| NOW.plus_seconds(after));
            match until(NOW, minutes, closes) {
                Some(until) => {
                    prop_assert!(until >= NOW.plus_micros(MINUTE) && until <= NOW.plus_micros(minutes * MINUTE));
                    prop_assert!(closes.is_none_or(|closes| until <= closes));
                    prop_assert!(until_at_desk(NOW, until, closes).is_ok(), "whatever a customer may, the staff may");
                }
                None => prop_assert!(minutes == 0 || closes.is_some_and(|closes| closes < NOW.plus_micros(MINUTE))),
            }
        }

        #[test]
        fn v3_1a_the_staff_holds_for_a_day_at_most_and_not_past_closing(ahead in -7_200_i64..180_000, closes in proptest::option::of(1_i64..180_000)) {
            let (until, closes) = (NOW.plus_seconds(ahead), closes.map(|after| NOW.plus_seconds(after)));
            let may = until_at_desk(NOW, until, closes).is_ok();
            prop_assert_eq!(may, (60..=86_400).contains(&ahead) && closes.is_none_or(|closes| until <= closes));
        }
    }
}
