//! How long what makes us known as a merchant is kept when another has taken its place. Pure.

use kernel::{DAY, HOUR, Timestamp};

use crate::payments::reconcile::DAYS_BACK;
use crate::payments::refundable::OLDEST;

/// What happens on a day is in the bill of that day or of the next, which are compared for so long.
const BILLS: i64 = (DAYS_BACK + 2) * DAY;

/// Whoever was about to place something with a merchant when another took its place has done so by then. Before that it may not be seen yet: nobody
/// sees what a transaction does that is not over, and this one has read that the merchant is current.
const PLACED: i64 = HOUR;

/// What a merchant has to do with us still, and last had.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Dealings {
    /// Payments that may still be made, and refunds that are on their way or wait for somebody.
    pub open: i64,
    /// When a payment was last begun or made, or money last went back.
    pub last: Option<Timestamp>,
    /// When that was paid which was paid last of all of which something can still go back.
    pub returnable: Option<Timestamp>,
}

impl Dealings {
    /// Until when, as far as that is known: what is open may last longer. None: for nothing.
    pub fn until(&self) -> Option<Timestamp> {
        let bills = self.last.map(|last| last.plus_micros(BILLS));
        bills.max(self.returnable.map(|paid| paid.plus_micros(OLDEST)))
    }

    /// Whether nothing can come of it any more.
    pub fn are_over(&self, now: Timestamp) -> bool {
        self.open == 0 && self.until().is_none_or(|until| until <= now)
    }

    /// Whether what makes us known as it can be forgotten, where another took its place at this time.
    pub fn can_be_forgotten(&self, replaced_at: Timestamp, now: Timestamp) -> bool {
        self.are_over(now) && replaced_at.plus_micros(PLACED) <= now
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const START: Timestamp = Timestamp::from_unix(1_795_248_000);

    fn days(days: i64) -> Timestamp {
        START.plus_micros(days * DAY)
    }

    #[test]
    fn v8_2_a_merchant_is_kept_until_its_last_bill_is_compared_and_nothing_can_go_back() {
        assert!(Dealings::default().are_over(START), "it was never paid by");
        let begun = Dealings { last: Some(START), ..Dealings::default() };
        assert_eq!((begun.until(), begun.are_over(days(15)), begun.are_over(days(16))), (Some(days(16)), false, true));
        let paid = Dealings { returnable: Some(START), ..begun };
        assert_eq!((paid.until(), paid.are_over(days(359)), paid.are_over(days(360))), (Some(days(360)), false, true));
        // What went back late is in a bill of that day.
        let late = Dealings { last: Some(days(359)), ..paid };
        assert_eq!(late.until(), Some(days(375)));
        let open = Dealings { open: 1, ..begun };
        assert!(!open.are_over(days(4_000)), "somebody has to see to it first");
        let none = Dealings::default();
        let at = |micros: i64| none.can_be_forgotten(START, START.plus_micros(micros));
        assert_eq!([at(0), at(HOUR - 1), at(HOUR)], [false, false, true], "somebody may just be about to pay it");
        assert!(!open.can_be_forgotten(START, days(4_000)));
    }

    proptest! {
        #[test]
        fn v8_2_who_has_dealings_is_kept_for_as_long_as_they_last(
            open in 0_i64..2,
            last in proptest::option::of(0_i64..400),
            paid in proptest::option::of(0_i64..400),
            now in 0_i64..800,
        ) {
            let of = Dealings { open, last: last.map(days), returnable: paid.map(days) };
            let kept = open > 0 || last.is_some_and(|last| now < last + 16) || paid.is_some_and(|paid| now < paid + 360);
            prop_assert_eq!(of.are_over(days(now)), !kept);
        }
    }
}
