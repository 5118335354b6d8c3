//! What is kept and what is not, at the bounds of each number, and where bands meet.

use jiff::civil::date;
use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::*;
use crate::tariff::bands::band_at;
use crate::tariff::tests::plain;
use crate::tariff::{Band, Calendar, Early, NightCap};

const NIGHT: Hours = Hours { from: 1_320, to: 360 };
const HOLIDAYS: Days = Days { weekdays: [false; 7], holidays: true };

/// A tariff with one number of it as given.
type Of = fn(i64) -> Tariff;

fn package(id: i64) -> Package {
    let (name_zh, name_en) = ("三小时".into(), "Three hours".into());
    let (span, price, days) = (Span::Minutes(180), Fen::new(8_800), Days::ALL);
    Package { id, name_zh, name_en, span, price, early: Early::Cheaper, days, sold: None }
}

fn with_night(hours: Hours, cap: i64) -> Tariff {
    Tariff { night: Some(NightCap { hours, cap: Fen::new(cap) }), ..plain(3_600) }
}

fn with_package(span: Span, price: i64) -> Tariff {
    Tariff { packages: vec![Package { span, price: Fen::new(price), ..package(1) }], ..plain(3_600) }
}

/// Bands of these days, each from a minute to another.
fn with_bands(bands: &[(Days, i64, i64)]) -> Tariff {
    let band = |&(days, from, to): &(Days, i64, i64)| Band { days, hours: Hours { from, to }, per_hour: Fen::new(100) };
    Tariff { bands: bands.iter().map(band).collect(), ..plain(3_600) }
}

/// Monday is 0.
fn weekday(day: usize) -> Days {
    let mut weekdays = [false; 7];
    weekdays[day] = true;
    Days { weekdays, holidays: false }
}

/// Fields and codes; none where it is kept.
fn refused(tariff: &Tariff) -> Vec<String> {
    let fields = tariff.check().err().map(|fault| fault.fields).unwrap_or_default();
    fields.into_iter().map(|error| format!("{} {}", error.field, error.code)).collect()
}

/// In both languages.
fn said(tariff: &Tariff) -> Vec<String> {
    let fields = tariff.check().unwrap_err().fields;
    fields.into_iter().map(|error| format!("{} / {}", error.zh, error.en)).collect()
}

#[test]
fn v1_1_each_number_is_kept_up_to_its_bounds_and_refused_beyond_them() {
    let bounds: [(Of, i64, i64, &str); 12] = [
        (|fen| Tariff { per_hour: Fen::new(fen), ..plain(3_600) }, 0, 1_000_000, "per_hour RANGE"),
        (|unit_minutes| Tariff { unit_minutes, ..plain(3_600) }, 1, 60, "unit_minutes RANGE"),
        (|grace_minutes| Tariff { grace_minutes, ..plain(3_600) }, 0, 9, "grace_minutes RANGE"),
        (|fen| Tariff { minimum: Some(Fen::new(fen)), ..plain(3_600) }, 0, 10_000_000, "minimum RANGE"),
        (|fen| Tariff { session_cap: Some(Fen::new(fen)), ..plain(3_600) }, 0, 10_000_000, "session_cap RANGE"),
        (|fen| with_night(NIGHT, fen), 0, 10_000_000, "night.cap RANGE"),
        (|from| with_night(Hours { from, to: 360 }, 1), 0, 1_439, "night.hours RANGE"),
        (|to| with_night(Hours { from: 1_320, to }, 1), 1, 1_440, "night.hours RANGE"),
        (|to| with_bands(&[(Days::ALL, 0, to)]), 1, 1_440, "bands.0.hours RANGE"),
        (|minutes| with_package(Span::Minutes(minutes), 1), 10, 1_440, "packages.0.span RANGE"),
        (|to| with_package(Span::Night(Hours { from: 1_320, to }), 1), 1, 1_440, "packages.0.span RANGE"),
        (|fen| with_package(Span::Minutes(180), fen), 0, 10_000_000, "packages.0.price RANGE"),
    ];
    for (of, least, most, refusal) in bounds {
        for kept in [least, least + 1, most - 1, most] {
            assert!(refused(&of(kept)).is_empty(), "{kept}: {refusal}");
        }
        for beyond in [least - 1, most + 1] {
            assert_eq!(refused(&of(beyond)), [refusal], "{beyond}");
        }
    }
    let dear = |fen| Tariff { bands: vec![Band { days: Days::ALL, hours: NIGHT, per_hour: Fen::new(fen) }], ..plain(3_600) };
    assert!(refused(&dear(0)).is_empty() && refused(&dear(1_000_000)).is_empty());
    for beyond in [-1, 1_000_001] {
        assert_eq!(refused(&dear(beyond)), ["bands.0.per_hour RANGE"]);
    }
}

#[test]
fn v1_1_a_refusal_says_what_would_be_kept() {
    let grace = Tariff { grace_minutes: 10, ..plain(3_600) };
    assert_eq!(said(&grace), ["免费时长须为 0 至 9 分钟 / Free minutes are 0 to 9"]);
    let hour = Tariff { per_hour: Fen::new(1_000_001), ..plain(3_600) };
    assert_eq!(said(&hour), ["金额须为 0 至 10000 元 / An amount is 0 to 10000 yuan"]);
    let cap = Tariff { session_cap: Some(Fen::new(-1)), ..plain(3_600) };
    assert_eq!(said(&cap), ["金额须为 0 至 100000 元 / An amount is 0 to 100000 yuan"]);
    let short = with_package(Span::Minutes(9), 1);
    assert_eq!(said(&short), ["套餐时长须为 10 分钟至 24 小时 / A package lasts 10 minutes to 24 hours"]);
    let third = with_bands(&[(Days::ALL, 0, 360), (Days::ALL, 720, 1_080), (Days::ALL, 1_079, 1_440)]);
    assert_eq!(
        (refused(&third), said(&third)),
        (vec!["bands.2.hours OVERLAP".to_owned()], vec!["与第 2 个时段重叠 / Lies over band 2".to_owned()])
    );
}

#[test]
fn v1_1_there_may_be_fifty_bands_and_twenty_packages() {
    let bands = |count: i64| with_bands(&(0..count).map(|n| (Days::ALL, n * 20, n * 20 + 20)).collect::<Vec<_>>());
    let packages = |count: i64| Tariff { packages: (1..=count).map(package).collect(), ..plain(3_600) };
    for (kept, other) in [(49, 19), (50, 20)] {
        assert!(refused(&bands(kept)).is_empty() && refused(&packages(other)).is_empty(), "{kept}, {other}");
    }
    for (many, others) in [(51, 21), (52, 22)] {
        assert_eq!((refused(&bands(many)), refused(&packages(others))), (vec!["bands TOO_MANY".into()], vec!["packages TOO_MANY".into()]));
    }
    assert_eq!(said(&bands(51)), ["时段不得超过 50 个 / There may be 50 bands"]);
    assert_eq!(said(&packages(21)), ["套餐不得超过 20 个 / There may be 20 packages"]);
}

#[test]
fn v1_1_a_package_is_kept_that_can_be_sold() {
    let of = |span, days, sold| Tariff { packages: vec![Package { span, days, sold, ..package(1) }], ..plain(3_600) };
    let (three, night) = (Span::Minutes(180), Span::Night(NIGHT));
    let sold = |from, to| Some(Hours { from, to });
    for kept in [
        of(three, HOLIDAYS, None),
        of(three, weekday(0), sold(0, 1)),
        of(three, Days::ALL, sold(1_320, 120)),
        of(night, Days::ALL, sold(1_320, 1_440)),
        of(night, Days::ALL, sold(720, 1_321)),
        of(night, Days::ALL, sold(359, 720)),
    ] {
        assert!(refused(&kept).is_empty(), "{kept:?}");
    }
    let never = Days { weekdays: [false; 7], holidays: false };
    assert_eq!(refused(&of(three, never, None)), ["packages.0.days REQUIRED"]);
    assert_eq!(refused(&of(three, Days::ALL, sold(1_440, 60))), ["packages.0.sold RANGE"]);
    assert_eq!(refused(&of(three, Days::ALL, sold(0, 0))), ["packages.0.sold RANGE"]);
    for (from, to) in [(720, 1_320), (360, 720), (360, 1_320)] {
        assert_eq!(refused(&of(night, Days::ALL, sold(from, to))), ["packages.0.sold NEVER"], "{from} {to}");
    }
}

#[test]
fn v1_1_a_band_may_begin_where_another_ends_and_not_a_minute_before() {
    let both = |one: (i64, i64), two: (i64, i64)| refused(&with_bands(&[(Days::ALL, one.0, one.1), (Days::ALL, two.0, two.1)]));
    let (afternoon, night) = ((720, 1_080), (1_320, 360));
    for (one, two) in
        [(afternoon, (1_080, 1_440)), (afternoon, (0, 720)), (night, (360, 1_320)), (night, (360, 361)), (night, (1_319, 1_320))]
    {
        assert!(both(one, two).is_empty() && both(two, one).is_empty(), "{one:?} {two:?}");
    }
    for (one, two) in [
        (afternoon, (1_079, 1_440)),
        (afternoon, (0, 721)),
        (night, (359, 1_320)),
        (night, (360, 1_321)),
        (night, (1_320, 1_321)),
        (night, (1_439, 1_440)),
        (night, (0, 1)),
        // That end where they begin go the whole day round.
        ((600, 600), afternoon),
        ((600, 600), (540, 600)),
    ] {
        assert_eq!(
            (both(one, two), both(two, one)),
            (vec!["bands.1.hours OVERLAP".into()], vec!["bands.1.hours OVERLAP".into()]),
            "{one:?} {two:?}"
        );
    }
}

#[test]
fn v1_1_what_lies_after_midnight_is_of_the_day_before_which_may_be_a_holiday_or_lead_to_one() {
    let night_and_morning = |night: Days, morning: Days| refused(&with_bands(&[(night, 1_320, 120), (morning, 60, 180)]));
    for day in 0..7 {
        for other in 0..7 {
            let overlaps = other == (day + 1) % 7;
            assert_eq!(!night_and_morning(weekday(day), weekday(other)).is_empty(), overlaps, "{day} {other}");
        }
        assert_eq!(night_and_morning(weekday(day), HOLIDAYS), ["bands.1.hours OVERLAP"], "{day} before a holiday");
        assert_eq!(night_and_morning(HOLIDAYS, weekday(day)), ["bands.1.hours OVERLAP"], "{day} after a holiday");
        // On one day both are of that day, and a holiday is no weekday.
        assert!(refused(&with_bands(&[(weekday(day), 720, 1_080), (HOLIDAYS, 720, 1_080)])).is_empty(), "{day}");
    }
    assert_eq!(night_and_morning(HOLIDAYS, HOLIDAYS), ["bands.1.hours OVERLAP"], "a holiday after another");
}

/// Whether a half hour of some day of the week is in two of the bands, be that day or the one before it a holiday or not.
fn lie_over_each_other(bands: &[Band]) -> bool {
    // The first is a Monday.
    (2..=8).any(|day| {
        let (today, yesterday) = (date(2026, 6, day), date(2026, 6, day - 1));
        [vec![], vec![today], vec![yesterday], vec![yesterday, today]].into_iter().any(|holidays| {
            let calendar = Calendar { zone: TimeZone::UTC, holidays: holidays.into_iter().collect() };
            (0..48).any(|half| {
                let at = today.at(half / 2, half % 2 * 30, 0, 0);
                bands.iter().filter(|band| band_at(std::slice::from_ref(band), at, &calendar).is_some()).count() > 1
            })
        })
    })
}

prop_compose! {
    /// Of a day or two, with holidays or without, in whole half hours.
    fn any_band()(one in 0..7_usize, other in 0..7_usize, holidays: bool, from in 0..48_i64, to in 1..=48_i64) -> Band {
        let mut days = Days { holidays, ..weekday(one) };
        days.weekdays[other] = true;
        Band { days, hours: Hours { from: from * 30, to: to * 30 }, per_hour: Fen::new(100) }
    }
}

proptest! {
    #[test]
    fn v1_1_bands_are_refused_where_a_half_hour_would_have_two_prices_and_nowhere_else(bands in prop::collection::vec(any_band(), 2..4)) {
        let expected = lie_over_each_other(&bands);
        let found = refused(&Tariff { bands, ..plain(3_600) });
        prop_assert_eq!(!found.is_empty(), expected, "{:?}", found);
    }
}
