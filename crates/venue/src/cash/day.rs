//! To which day of a hall cash counts 营业日: that of the shift in whose drawer it lies, which in many halls ends after midnight. No I/O.

use jiff::civil::Date;
use kernel::{Fault, Timestamp};
use platform::Result;

use crate::halls::Venue;
use crate::tariff::Hours;

/// Minutes.
const DAY: i64 = 24 * 60;

/// How many minutes after midnight a hall's day begins: in the middle of the hours in which it is closed, so that neither counting after closing nor
/// what is taken before opening falls into the wrong one. At midnight where that middle lies before midnight, and where it never closes.
fn begins(opens: Option<i64>, closes: Option<i64>) -> i64 {
    let (Some(opens), Some(closes)) = (opens, closes) else { return 0 };
    let closed = (opens - closes).rem_euclid(DAY);
    let middle = closes + closed / 2;
    match (middle >= DAY, closes < opens) {
        (true, _) => middle - DAY,
        (false, true) => middle,
        (false, false) => 0,
    }
}

/// Which day of this hall a moment counts to, by the hall's clock and hours as they are now.
pub(crate) fn day_of(hall: &Venue, at: Timestamp) -> Result<Date> {
    let (calendar, to) = (hall.calendar(), begins(hall.opens, hall.closes));
    let date = calendar.day_of(at).map_err(Fault::internal)?;
    if to > 0 && calendar.is_within(Hours { from: 0, to }, at) {
        return date.yesterday().map_err(Fault::internal);
    }
    Ok(date)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn v4_1_a_halls_day_begins_in_the_middle_of_the_hours_in_which_it_is_closed() {
        let hours = |opens: i64, closes: i64| begins(Some(opens * 60), Some(closes * 60));
        // From ten until two: at six.
        assert_eq!(hours(10, 2), 6 * 60);
        assert_eq!(hours(10, 24), 5 * 60);
        assert_eq!(hours(10, 23), 4 * 60 + 30);
        // At night alone.
        assert_eq!(hours(22, 6), 14 * 60);
        // Closed around midnight, or not at all.
        assert_eq!([hours(2, 20), hours(0, 22), hours(0, 24), hours(10, 10), begins(None, None)], [0; 5]);
    }

    proptest! {
        #[test]
        fn v4_1_no_day_begins_while_a_hall_is_open_unless_that_is_at_midnight(opens in 0..DAY, closes in 1..=DAY) {
            prop_assume!(opens != closes % DAY);
            let begins = begins(Some(opens), Some(closes));
            let open = (closes - opens).rem_euclid(DAY);
            let since_opening = (begins - opens).rem_euclid(DAY);
            prop_assert!((0..DAY).contains(&begins));
            prop_assert!(begins == 0 || since_opening == 0 || since_opening >= open, "{} {} {}", opens, closes, begins);
        }

        #[test]
        fn v4_1_a_shift_that_goes_on_after_midnight_is_of_one_day(opens in 1..DAY, closes in 1..DAY) {
            prop_assume!(closes < opens);
            // Neither the last minute before closing nor the first after opening is cut off.
            let begins = begins(Some(opens), Some(closes));
            prop_assert!(closes <= begins && begins <= opens);
        }
    }
}
