//! What is sold is over when the hall closes, as what is held is (0023). Pure.
//!
//! Nothing is cut short for that: whoever is sold three hours, or a night, has all of it. What would not fit is not sold.

use kernel::{MINUTE, Timestamp};

use super::error::PlayError;
use crate::halls::Venue as Hall;
use crate::tariff::{SHORTEST, whole_units};

/// The usual lengths, in minutes, from short to long.
const TO_OPEN: [i64; 4] = [30, 60, 120, 180];
const TO_EXTEND: [i64; 3] = [30, 60, 120];
/// What is left until closing is offered in so many minutes.
const STEP: i64 = 5;
/// So many minutes are left to make up one's mind in: what was offered is not refused for that.
const MIND: i64 = 2;

/// Refuses play that goes on until then, where the hall is closed by that time or already.
pub(crate) fn ends_in_time(hall: &Hall, now: Timestamp, until: Timestamp) -> Result<(), PlayError> {
    if !hall.is_open(now) {
        return Err(PlayError::Closed);
    }
    match hall.closes_after(now) {
        Some(closes) if until > closes => Err(PlayError::PastClosing { closes: hall.closes_text() }),
        _ => Ok(()),
    }
}

/// For which lengths of play a price is shown, in units of so many minutes. Of a closed hall these are the usual ones, which tell what it costs
/// there.
pub(crate) fn to_open(hall: &Hall, now: Timestamp, unit: i64) -> Vec<i64> {
    let closes = hall.closes_after(now).filter(|_| hall.is_open(now));
    lengths(&TO_OPEN, closes.map(|closes| left(now, closes) - MIND), unit)
}

/// By how many minutes play may be extended that is paid until then. A closed hall sells no more.
pub(super) fn to_extend(hall: &Hall, now: Timestamp, until: Timestamp, unit: i64) -> Vec<i64> {
    if !hall.is_open(now) {
        return Vec::new();
    }
    lengths(&TO_EXTEND, hall.closes_after(now).map(|closes| left(until, closes)), unit)
}

/// Until when a table may be opened before the hall closes next, where play is sold in units of so many minutes: from then on nothing would be over
/// in time.
pub(crate) fn last_opening(hall: &Hall, now: Timestamp, unit: i64) -> Option<Timestamp> {
    hall.closes_after(now).map(|closes| closes.plus_micros(-whole_units(SHORTEST, unit) * MINUTE))
}

/// How many minutes of play may be sold now, by the hall's hours: so many are left, and those to make up one's mind in. `None`: any number.
pub(super) fn room(hall: &Hall, now: Timestamp) -> Option<i64> {
    if !hall.is_open(now) {
        return Some(0);
    }
    hall.closes_after(now).map(|closes| left(now, closes) - MIND)
}

fn left(from: Timestamp, closes: Timestamp) -> i64 {
    (closes.micros() - from.micros()).div_euclid(MINUTE)
}

/// The usual lengths that fit into what is left, and that itself where it is less than the longest of them. All are whole units: one that is begun
/// is paid whole, and nobody shall pay for what is not played.
fn lengths(usual: &[i64], left: Option<i64>, unit: i64) -> Vec<i64> {
    let mut lengths: Vec<i64> = usual.iter().map(|length| whole_units(*length, unit)).collect();
    lengths.dedup();
    let Some(left) = left else { return lengths };
    let all = lengths.len();
    lengths.retain(|length| *length <= left);
    let step = whole_units(STEP, unit);
    let rest = left.div_euclid(step) * step;
    if lengths.len() < all && rest >= SHORTEST && lengths.last().is_none_or(|longest| *longest < rest) {
        lengths.push(rest);
    }
    lengths
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::halls::VenueId;
    use proptest::prelude::*;

    /// By a clock in Shanghai.
    fn at(text: &str) -> Timestamp {
        format!("2026-11-{text}:00+08:00").parse().unwrap()
    }

    fn hall(opens: Option<i64>, closes: Option<i64>) -> Hall {
        Hall {
            id: VenueId::from_uuid(Default::default()),
            name: "旗舰店".into(),
            address: String::new(),
            phone: String::new(),
            time_zone: "Asia/Shanghai".into(),
            opens,
            closes,
            closed: false,
            holidays: Vec::new(),
            version: 1,
            created_at: at("01T00:00"),
        }
    }

    #[test]
    fn v3_1a_play_ends_when_the_hall_closes_and_the_refusal_says_when_that_is() {
        let (midnight, night) = (hall(Some(600), Some(1_440)), hall(Some(600), Some(120)));
        let past = |closes: &str| Err(PlayError::PastClosing { closes: closes.into() });
        for (hall, now, until, answer) in [
            (&midnight, "27T23:00", "28T00:00", Ok(())),
            (&midnight, "27T23:00", "28T00:01", past("24:00")),
            (&night, "27T23:00", "28T02:00", Ok(())),
            (&night, "28T01:59", "28T02:01", past("02:00")),
            (&night, "28T02:00", "28T02:01", Err(PlayError::Closed)),
            (&night, "28T02:00", "28T12:00", Err(PlayError::Closed)),
        ] {
            assert_eq!(ends_in_time(hall, at(now), at(until)), answer, "{now} to {until}");
        }
    }

    #[test]
    fn v3_1a_a_hall_is_open_from_the_minute_at_which_it_opens_until_the_one_at_which_it_closes() {
        let (dawn, morning, midnight, night) = ((0, 360), (360, 720), (600, 1_440), (1_320, 120));
        for ((opens, closes), clock, open) in [
            (dawn, "27T23:59", false),
            (dawn, "28T00:00", true),
            (dawn, "28T05:59", true),
            (dawn, "28T06:00", false),
            (morning, "28T05:59", false),
            (morning, "28T06:00", true),
            (morning, "28T12:00", false),
            (midnight, "27T23:59", true),
            (midnight, "28T00:00", false),
            (night, "27T21:59", false),
            (night, "27T22:00", true),
            (night, "28T00:00", true),
            (night, "28T02:00", false),
        ] {
            assert_eq!(hall(Some(opens), Some(closes)).is_open(at(clock)), open, "{opens} to {closes} at {clock}");
        }
        let dawn = hall(Some(0), Some(360));
        assert_eq!(ends_in_time(&dawn, at("28T00:00"), at("28T06:00")), Ok(()));
        assert_eq!(ends_in_time(&dawn, at("28T05:00"), at("28T06:01")), Err(PlayError::PastClosing { closes: "06:00".into() }));
        assert_eq!(ends_in_time(&dawn, at("27T23:59"), at("28T01:00")), Err(PlayError::Closed));
    }

    #[test]
    fn v3_1a_a_hall_that_is_open_round_the_clock_never_closes_however_that_is_written() {
        for always in [hall(None, None), hall(Some(0), Some(1_440))] {
            let (now, noon) = (at("27T23:50"), at("28T12:00"));
            assert_eq!((always.closes_after(now), ends_in_time(&always, now, noon)), (None, Ok(())));
            assert_eq!((to_open(&always, now, 1), to_extend(&always, now, noon, 1)), (TO_OPEN.to_vec(), TO_EXTEND.to_vec()));
        }
    }

    #[test]
    fn v3_1a_near_closing_what_is_left_is_offered() {
        let hall = hall(Some(600), Some(1_440));
        let offered = ["20:00", "21:30", "22:10", "23:00", "23:48", "23:49"].map(|clock| to_open(&hall, at(&format!("27T{clock}")), 1));
        assert_eq!(offered, [vec![30, 60, 120, 180], vec![30, 60, 120, 145], vec![30, 60, 105], vec![30, 55], vec![10], vec![]]);
        let more = ["21:00", "23:00", "23:41", "23:51"].map(|clock| to_extend(&hall, at("27T20:30"), at(&format!("27T{clock}")), 1));
        assert_eq!(more, [vec![30, 60, 120], vec![30, 60], vec![15], vec![]]);
        // By the hour, an hour that does not fit is not sold; by the three quarters, three of them are what is nearest to two hours.
        let by = |unit: i64, clock: &str| to_open(&hall, at(&format!("27T{clock}")), unit);
        assert_eq!(["20:00", "22:10", "22:58", "22:59"].map(|clock| by(60, clock)), [vec![60, 120, 180], vec![60], vec![60], vec![]]);
        assert_eq!(["20:00", "21:30", "23:00"].map(|clock| by(45, clock)), [vec![45, 90, 135, 180], vec![45, 90, 135], vec![45]]);
        // Paused beyond its closing, or closed meanwhile.
        assert!(to_extend(&hall, at("27T20:30"), at("28T00:10"), 1).is_empty());
        assert!(to_extend(&hall, at("28T00:05"), at("28T00:10"), 1).is_empty());
    }

    proptest! {
        #[test]
        fn v3_1a_what_is_sold_is_sold_of_an_open_hall_alone(
            opens in 0..1_440_i64, closes in 1..=1_440_i64, now in 0..3 * 1_440_i64, minutes in 1..300_i64,
        ) {
            prop_assume!(opens != closes);
            let hall = hall(Some(opens), Some(closes));
            // So many minutes of a day, from when it opens, as they come round; to 24:00 from 00:00 is all of it.
            let long = if (opens, closes) == (0, 1_440) { 1_440 } else { (closes - opens).rem_euclid(1_440) };
            let is_open = |minute: i64| (minute - opens).rem_euclid(1_440) < long;
            let begun = at("27T00:00").plus_micros(now * MINUTE);
            let until = begun.plus_micros(minutes * MINUTE);
            prop_assert_eq!(hall.is_open(begun), is_open(now));
            // Hours begin and end with a minute.
            prop_assert_eq!(ends_in_time(&hall, begun, until).is_ok(), (now..now + minutes).all(is_open));
        }

        #[test]
        fn v3_1a_what_is_offered_fits_and_as_much_as_fits_is_offered(left in -100..400_i64, unit in 1..=60_i64) {
            let lengths = lengths(&TO_OPEN, Some(left), unit);
            prop_assert!(lengths.is_sorted_by(|one, next| one < next) && lengths.iter().all(|length| (SHORTEST..=left).contains(length)));
            let (usual, step) = (TO_OPEN.map(|usual| whole_units(usual, unit)), whole_units(STEP, unit));
            prop_assert!(usual.iter().all(|usual| lengths.contains(usual) == (*usual <= left)));
            match lengths.last() {
                None => prop_assert!(left < whole_units(SHORTEST, step)),
                Some(longest) => prop_assert!(*longest == usual[3] || left - longest < step),
            }
        }

        #[test]
        fn v1_1_what_is_offered_is_whole_units(left in prop::option::of(-100..400_i64), unit in 1..=60_i64) {
            for length in lengths(&TO_OPEN, left, unit) {
                prop_assert_eq!(length % unit, 0, "{} of {}", length, unit);
            }
        }
    }
}
