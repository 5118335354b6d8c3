//! How long a sum of money lasts: for who hands over a note, and plays until it is used up or they have had enough. Pure.

use kernel::Fen;

use super::open::LONGEST;
use crate::tariff::{SHORTEST, whole_units};

/// The longest play, in whole units, of at most so many minutes, that costs no more than `money`; and what it costs. `None`: it pays for none.
/// `price` is that of so many minutes, and more of them never cost less.
pub(super) fn longest<E>(money: Fen, unit: i64, most: i64, price: impl Fn(i64) -> Result<Fen, E>) -> Result<Option<(i64, Fen)>, E> {
    let unit = whole_units(1, unit);
    let (mut fits, mut beyond) = (whole_units(SHORTEST, unit) / unit, most.min(LONGEST).div_euclid(unit) + 1);
    if fits >= beyond {
        return Ok(None);
    }
    let mut cost = price(fits * unit)?;
    if cost > money {
        return Ok(None);
    }
    while beyond - fits > 1 {
        let middle = fits + (beyond - fits) / 2;
        let asked = price(middle * unit)?;
        if asked <= money {
            (fits, cost) = (middle, asked);
        } else {
            beyond = middle;
        }
    }
    Ok(Some((fits * unit, cost)))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use jiff::tz::TimeZone;
    use kernel::{MINUTE, Timestamp};
    use proptest::prelude::*;

    use super::*;
    use crate::tariff::{Ask, Calendar, Tariff, TariffError, any_moment, any_tariff, price};

    fn cost(tariff: &Tariff, from: Timestamp, minutes: i64) -> Result<Fen, TariffError> {
        let calendar = Calendar { zone: TimeZone::UTC, holidays: BTreeSet::new() };
        let to = from.plus_micros(minutes * MINUTE);
        price(tariff, &calendar, &Ask { from, to, pays: 10_000, package: None }).map(|bill| bill.total)
    }

    #[test]
    fn v1_1_a_note_buys_whole_units_of_what_is_left_until_closing() {
        // 60 fen a minute, by the half hour.
        let by_halves = |money: i64, most: i64| longest(Fen::new(money), 30, most, |minutes| Ok::<_, ()>(Fen::new(minutes * 60)));
        assert_eq!(by_halves(5_000, 720), Ok(Some((60, Fen::new(3_600)))));
        assert_eq!(by_halves(5_000, 59), Ok(Some((30, Fen::new(1_800)))));
        assert_eq!(by_halves(1_799, 720), Ok(None));
        assert_eq!(by_halves(5_000, 29), Ok(None));
        assert_eq!(by_halves(5_000, -3), Ok(None));
        assert_eq!(by_halves(1_000_000, i64::MAX), Ok(Some((720, Fen::new(43_200)))));
        // What costs nothing is sold as long as anything is.
        assert_eq!(longest(Fen::ZERO, 1, 50, |_| Ok::<_, ()>(Fen::ZERO)), Ok(Some((50, Fen::ZERO))));
    }

    proptest! {
        #[test]
        fn v1_1_a_sum_buys_what_it_pays_for_and_not_a_unit_less(
            tariff in any_tariff(), from in any_moment(), money in 0..60_000_i64, most in -10..900_i64,
        ) {
            let (money, unit) = (Fen::new(money), whole_units(1, tariff.unit_minutes));
            let sold = longest(money, tariff.unit_minutes, most, |minutes| cost(&tariff, from, minutes)).unwrap();
            let longer = match sold {
                None => whole_units(SHORTEST, unit),
                Some((minutes, price)) => {
                    prop_assert!((SHORTEST..=most.min(LONGEST)).contains(&minutes) && minutes % unit == 0);
                    prop_assert!(price <= money && price == cost(&tariff, from, minutes).unwrap());
                    minutes + unit
                }
            };
            prop_assert!(longer > most.min(LONGEST) || cost(&tariff, from, longer).unwrap() > money);
        }
    }
}
