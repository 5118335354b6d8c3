//! Whole evenings that somebody could check by hand.

mod properties;

pub(crate) use properties::{any_moment, any_tariff};

use std::collections::BTreeSet;

use jiff::civil::date;
use jiff::tz::TimeZone;
use kernel::{Fen, HOUR, MINUTE, SECOND, Timestamp};

use super::*;

const WEEKEND: Days = Days { weekdays: [false, false, false, false, false, true, true], holidays: true };

fn calendar() -> Calendar {
    Calendar { zone: TimeZone::get("Asia/Shanghai").unwrap(), holidays: BTreeSet::from([date(2026, 10, 1), date(2026, 10, 2)]) }
}

/// By the hall's clock.
fn at(text: &str) -> Timestamp {
    format!("{text}:00+08:00").parse().unwrap()
}

fn hours(from: i64, to: i64) -> Hours {
    Hours { from: from * 60, to: to * 60 }
}

/// So much an hour, by the minute, and nothing else.
pub(super) fn plain(per_hour: i64) -> Tariff {
    Tariff {
        per_hour: Fen::new(per_hour),
        bands: Vec::new(),
        unit_minutes: 1,
        grace_minutes: 0,
        minimum: None,
        session_cap: None,
        night: None,
        packages: Vec::new(),
    }
}

fn package(span: Span, price: i64, early: Early) -> Package {
    let (name_zh, name_en) = ("套餐".into(), "Package".into());
    Package { id: 1, name_zh, name_en, span, price: Fen::new(price), early, days: Days::ALL, sold: None }
}

/// 36 yuan an hour; 24 in the afternoon of weekdays, 60 on evenings of weekends and holidays, until 2 in the morning.
fn usual() -> Tariff {
    let weekdays = Days { weekdays: [true, true, true, true, true, false, false], holidays: false };
    Tariff {
        bands: vec![
            Band { days: weekdays, hours: hours(12, 18), per_hour: Fen::new(2_400) },
            Band { days: WEEKEND, hours: hours(18, 2), per_hour: Fen::new(6_000) },
        ],
        unit_minutes: 15,
        grace_minutes: 3,
        ..plain(3_600)
    }
}

fn bill(tariff: &Tariff, from: Timestamp, to: Timestamp) -> Bill {
    price(tariff, &calendar(), &Ask { from, to, pays: 10_000, package: None }).unwrap()
}

fn fen(bill: &Bill) -> Vec<i64> {
    bill.lines.iter().map(|line| line.fen.fen()).collect()
}

#[test]
fn v1_1_an_evening_is_billed_by_its_bands_and_its_units() {
    // Friday: an hour and a half of the afternoon, and 20 minutes of the evening, of which two units were begun.
    let friday = bill(&usual(), at("2026-11-27T16:30"), at("2026-11-27T18:20"));
    assert_eq!((fen(&friday), friday.total.fen()), (vec![3_600, 1_800], 5_400));
    assert_eq!(friday.paid_until, at("2026-11-27T18:30"));
    // Saturday's evening goes on after midnight, when Sunday has begun.
    let saturday = bill(&usual(), at("2026-11-28T23:00"), at("2026-11-29T03:00"));
    assert_eq!(fen(&saturday), [18_000, 3_600]);
    // A holiday is one whatever its weekday: Thursday, and the night before it is a weekday's.
    let holiday = bill(&usual(), at("2026-10-01T01:00"), at("2026-10-01T19:00"));
    assert_eq!(fen(&holiday), [17 * 3_600, 6_000]);
    // Sunday's evening reaches into Monday.
    assert_eq!(fen(&bill(&usual(), at("2026-11-30T01:00"), at("2026-11-30T03:00"))), [6_000, 3_600]);
}

#[test]
fn v3_2_an_hour_costs_what_its_band_says_from_its_first_minute_to_its_last() {
    let prices = [
        ("2026-11-27T11:59", 3_600),
        ("2026-11-27T12:00", 2_400),
        ("2026-11-27T17:59", 2_400),
        ("2026-11-27T18:00", 3_600),
        ("2026-11-28T17:59", 3_600),
        ("2026-11-28T18:00", 6_000),
        ("2026-11-29T01:59", 6_000),
        ("2026-11-29T02:00", 3_600),
    ];
    for (moment, fen) in prices {
        assert_eq!(usual().per_hour_at(&calendar(), at(moment)), Fen::new(fen), "{moment}");
    }
}

#[test]
fn v3_2_a_days_list_names_each_price_once_with_what_the_night_before_leaves() {
    let list = |day: i8| {
        let stretches = usual().day(&calendar(), date(2026, 11, day));
        stretches.into_iter().map(|one| (one.hours.from / 60, one.hours.to / 60, one.per_hour.fen())).collect::<Vec<_>>()
    };
    // Friday to Monday.
    assert_eq!(list(27), [(0, 12, 3_600), (12, 18, 2_400), (18, 24, 3_600)]);
    assert_eq!(list(28), [(0, 18, 3_600), (18, 24, 6_000)]);
    assert_eq!(list(29), [(0, 2, 6_000), (2, 18, 3_600), (18, 24, 6_000)]);
    assert_eq!(list(30), [(0, 2, 6_000), (2, 12, 3_600), (12, 18, 2_400), (18, 24, 3_600)]);
    assert_eq!(plain(3_600).day(&calendar(), date(2026, 11, 27)), [Stretch { hours: hours(0, 24), per_hour: Fen::new(3_600) }]);
}

#[test]
fn v1_1_who_leaves_at_once_pays_nothing_and_who_stays_pays_from_the_beginning() {
    let from = at("2026-11-27T16:30");
    for (seconds, total) in [(0, 0), (180, 0), (181, 600), (900, 600), (901, 1_200)] {
        let bill = bill(&usual(), from, from.plus_seconds(seconds));
        assert_eq!(bill.total.fen(), total, "{seconds}");
        assert_eq!(matches!(bill.lines.as_slice(), [Line { what: What::Grace { minutes: 3 }, .. }]), total == 0);
    }
}

#[test]
fn v1_1_who_leaves_within_the_free_minutes_is_graced_and_nobody_else() {
    let from = at("2026-11-27T16:30");
    let graced = |seconds: i64| bill(&usual(), from, from.plus_seconds(seconds)).is_graced();
    assert_eq!([0, 179, 180, 181].map(graced), [true, true, true, false]);
    // Where no minutes are free, nothing is a free stretch, not even one of no length.
    let none = bill(&plain(3_600), from, from);
    assert_eq!((none.is_graced(), fen(&none), none.total, none.paid_until), (false, vec![], Fen::ZERO, from));
    let dear = Tariff { minimum: Some(Fen::new(1_000)), ..plain(3_600) };
    assert_eq!(fen(&bill(&dear, from, from)), [1_000]);
}

#[test]
fn v5_2_by_the_minute_no_unit_is_filled_and_no_minimum_is_paid() {
    let hall = Tariff { minimum: Some(Fen::new(2_000)), ..usual() };
    let (from, to) = (at("2026-11-27T16:30"), at("2026-11-27T16:37"));
    assert_eq!(fen(&bill(&hall, from, to)), [600, 1_400]);
    // Seven minutes at 24 yuan an hour.
    let played = bill(&hall.by_the_minute(), from, to);
    assert_eq!((fen(&played), played.total.fen(), played.paid_until), (vec![280], 280, to));
    assert_eq!(hall.by_the_minute(), Tariff { unit_minutes: 1, minimum: None, ..hall }, "all else is the hall's");
}

#[test]
fn v1_1_caps_discount_and_minimum_follow_each_other() {
    let night = NightCap { hours: hours(22, 6), cap: Fen::new(10_000) };
    let tariff = Tariff { night: Some(night), session_cap: Some(Fen::new(20_000)), minimum: Some(Fen::new(1_000)), ..plain(3_600) };
    let ask = |from, to, pays| price(&tariff, &calendar(), &Ask { from: at(from), to: at(to), pays, package: None }).unwrap();
    // Ten hours, eight of them one night's: 36,000, of which 28,800 were the night's; 17,200 are left.
    let long = ask("2026-11-27T20:00", "2026-11-28T06:00", 8_800);
    assert_eq!(fen(&long), [36_000, -18_800, -2_064]);
    assert_eq!(long.total.fen(), 15_136);
    // Two nights, and the day between them.
    let longer = ask("2026-11-27T20:00", "2026-11-29T06:00", 10_000);
    assert_eq!(fen(&longer), [34 * 3_600, -2 * 18_800, 20_000 - 34 * 3_600 + 2 * 18_800]);
    // The minimum is what it is, for members too.
    let short = ask("2026-11-27T20:00", "2026-11-27T20:10", 5_000);
    assert_eq!(fen(&short), [600, -300, 700]);
}

#[test]
fn v1_1_a_package_covers_its_time_and_the_rest_is_billed() {
    let tariff = Tariff { unit_minutes: 30, grace_minutes: 5, ..plain(4_000) };
    let three = package(Span::Minutes(180), 9_900, Early::Package);
    let night = package(Span::Night(hours(23, 8)), 16_800, Early::Package);
    let ask = |package, from, to| price(&tariff, &calendar(), &Ask { from: at(from), to: at(to), pays: 9_000, package: Some(package) });
    for to in ["2026-11-27T20:01", "2026-11-27T23:00"] {
        let bill = ask(&three, "2026-11-27T20:00", to).unwrap();
        assert_eq!((bill.total.fen(), bill.paid_until), (9_900, at("2026-11-27T23:00")), "no grace, and no discount on it");
    }
    assert_eq!(fen(&ask(&three, "2026-11-27T20:00", "2026-11-27T23:31").unwrap()), [9_900, 4_000, -400]);
    let overnight = ask(&night, "2026-11-28T01:30", "2026-11-28T08:00").unwrap();
    assert_eq!((overnight.total.fen(), overnight.paid_until), (16_800, at("2026-11-28T08:00")));
    assert_eq!(ask(&night, "2026-11-28T22:59", "2026-11-29T08:00"), Err(TariffError::NotNow));
}

#[test]
fn v1_1_who_leaves_a_package_early_pays_what_it_says() {
    let tariff = Tariff { unit_minutes: 30, grace_minutes: 5, ..plain(4_000) };
    let ask = |early, to: &str| {
        let three = package(Span::Minutes(180), 8_800, early);
        price(&tariff, &calendar(), &Ask { from: at("2026-11-27T20:00"), to: at(to), pays: 10_000, package: Some(&three) })
            .unwrap()
            .total
            .fen()
    };
    // After an hour, after two and a half, at its end, and half an hour beyond it.
    let ends = ["2026-11-27T20:03", "2026-11-27T21:00", "2026-11-27T22:30", "2026-11-27T23:00", "2026-11-27T23:30"];
    assert_eq!(ends.map(|to| ask(Early::Package, to)), [8_800, 8_800, 8_800, 8_800, 10_800]);
    assert_eq!(ends.map(|to| ask(Early::Cheaper, to)), [0, 4_000, 8_800, 8_800, 10_800]);
}

#[test]
fn v1_1_a_package_that_costs_as_much_as_the_play_is_billed_and_one_that_costs_more_is_not() {
    let (tariff, from, left) = (Tariff { unit_minutes: 30, ..plain(4_000) }, at("2026-11-27T20:00"), at("2026-11-27T22:00"));
    let billed = |costs: i64| {
        let three = package(Span::Minutes(180), costs, Early::Cheaper);
        let bill = price(&tariff, &calendar(), &Ask { from, to: left, pays: 10_000, package: Some(&three) }).unwrap();
        let bought = matches!(bill.lines.as_slice(), [Line { what: What::Package { .. }, .. }]);
        (bill.total.fen(), bought, bill.paid_until)
    };
    // Who pays the package has its whole time.
    let end = at("2026-11-27T23:00");
    assert_eq!([7_999, 8_000, 8_001].map(billed), [(7_999, true, end), (8_000, true, end), (8_000, false, left)]);
}

#[test]
fn v1_1_a_cap_is_of_the_whole_session_with_its_package() {
    let tariff = Tariff { session_cap: Some(Fen::new(10_000)), ..plain(3_600) };
    let of = |costs: i64, minutes: i64, pays: i64| {
        let (two, from) = (package(Span::Minutes(120), costs, Early::Package), at("2026-11-27T12:00"));
        let to = from.plus_micros(minutes * MINUTE);
        price(&tariff, &calendar(), &Ask { from, to, pays, package: Some(&two) }).unwrap()
    };
    // Half an hour beyond it, an hour, and ten.
    assert_eq!(fen(&of(8_000, 150, 10_000)), [8_000, 1_800]);
    assert_eq!(fen(&of(8_000, 180, 10_000)), [8_000, 3_600, -1_600]);
    let long = of(8_000, 720, 10_000);
    assert_eq!((fen(&long), long.total.fen()), (vec![8_000, 36_000, -34_000], 10_000));
    // A member's discount is on what the cap leaves beside the package.
    assert_eq!(fen(&of(8_000, 180, 8_800)), [8_000, 3_600, -1_600, -240]);
    // What is dearer than the cap is paid, and the line says that.
    let dearer = of(12_000, 180, 10_000);
    assert_eq!((fen(&dearer), dearer.lines[2].what), (vec![12_000, 3_600, -3_600], What::SessionCap { cap: Fen::new(12_000) }));
    // So does it of a minimum, where a hall means that.
    let odd = Tariff { minimum: Some(Fen::new(15_000)), ..tariff };
    let whole = bill(&odd, at("2026-11-27T12:00"), at("2026-11-27T22:00"));
    assert_eq!((fen(&whole), whole.lines[1].what), (vec![36_000, -21_000], What::SessionCap { cap: Fen::new(15_000) }));
}

#[test]
fn v1_1_a_nights_cap_is_of_the_night_with_what_its_package_costs() {
    let tariff = Tariff { night: Some(NightCap { hours: hours(22, 6), cap: Fen::new(15_000) }), ..plain(3_600) };
    let of = |from: &str, minutes: i64, costs: i64, to: &str, pays: i64| {
        let bought = package(Span::Minutes(minutes), costs, Early::Package);
        price(&tariff, &calendar(), &Ask { from: at(from), to: at(to), pays, package: Some(&bought) }).unwrap()
    };
    // Three hours of the night are bought for 88 yuan, and the five others would be 180: 150 in all.
    let night = of("2026-11-27T22:00", 180, 8_800, "2026-11-28T06:00", 10_000);
    assert_eq!((fen(&night), night.total.fen()), (vec![8_800, 18_000, -11_800], 15_000));
    // A member's discount is on what the cap leaves beside the package.
    let member = of("2026-11-27T22:00", 180, 8_800, "2026-11-28T06:00", 8_800);
    assert_eq!(fen(&member), [8_800, 18_000, -11_800, -744]);
    // As much as the cap allows beside it is paid, to the last minute.
    assert_eq!(fen(&of("2026-11-27T22:00", 180, 8_800, "2026-11-28T02:43", 10_000)), [8_800, 6_180]);
    assert_eq!(fen(&of("2026-11-27T22:00", 180, 8_800, "2026-11-28T02:44", 10_000)), [8_800, 6_240, -40]);
    // What costs more than the cap by itself is paid, and play beside it costs nothing.
    assert_eq!(fen(&of("2026-11-27T22:00", 180, 20_000, "2026-11-28T06:00", 10_000)), [20_000, 18_000, -18_000]);
    // Half of its time, and so half of its price, is before the night: 40 yuan of it are the night's, and 110 of its play.
    assert_eq!(fen(&of("2026-11-27T21:00", 120, 8_000, "2026-11-28T06:00", 10_000)), [8_000, 25_200, -14_200]);
    // The next night has a cap of its own.
    let next = of("2026-11-27T22:00", 180, 8_800, "2026-11-29T06:00", 10_000);
    assert_eq!((fen(&next)[2], next.total.fen()), (-11_800 - 13_800, 15_000 + 16 * 3_600 + 15_000));
}

#[test]
fn v1_1_what_cannot_be_a_stretch_has_no_price() {
    let from = at("2026-11-27T20:00");
    let of = |to| price(&usual(), &calendar(), &Ask { from, to, pays: 10_000, package: None });
    assert_eq!(of(from.plus_micros(-1)), Err(TariffError::Backwards));
    assert_eq!(of(from.plus_micros(31 * kernel::DAY + 1)), Err(TariffError::TooLong));
    assert!(of(from.plus_micros(31 * kernel::DAY)).is_ok());
}

#[test]
fn v1_1_a_tariff_is_checked_before_it_is_kept() {
    usual().check().unwrap();
    let refused = |tariff: Tariff| {
        let fault = tariff.check().unwrap_err();
        fault.fields.into_iter().map(|error| format!("{} {}", error.field, error.code)).collect::<Vec<_>>()
    };
    assert_eq!(refused(Tariff { grace_minutes: SHORTEST, ..plain(0) }), ["grace_minutes RANGE"], "all of a short session would be free");
    let wrong = Tariff { unit_minutes: 61, grace_minutes: -1, minimum: Some(Fen::new(-1)), per_hour: Fen::new(1_000_001), ..plain(0) };
    assert_eq!(refused(wrong), ["per_hour RANGE", "unit_minutes RANGE", "grace_minutes RANGE", "minimum RANGE"]);
    let never = Days { weekdays: [false; 7], holidays: false };
    let band = |days, hours| Band { days, hours, per_hour: Fen::new(1) };
    assert_eq!(refused(Tariff { bands: vec![band(never, hours(0, 25))], ..plain(0) }), ["bands.0.hours RANGE", "bands.0.days REQUIRED"]);
    // Saturday night's last hours are Sunday's first.
    let saturday = Days { weekdays: [false, false, false, false, false, true, false], holidays: false };
    let sunday = Days { weekdays: [false, false, false, false, false, false, true], holidays: false };
    let holidays = Days { weekdays: [false; 7], holidays: true };
    let both = |one, two| Tariff { bands: vec![one, two], ..plain(0) };
    assert_eq!(refused(both(band(saturday, hours(22, 2)), band(sunday, hours(1, 3)))), ["bands.1.hours OVERLAP"]);
    both(band(saturday, hours(22, 1)), band(sunday, hours(1, 3))).check().unwrap();
    both(band(saturday, hours(22, 2)), band(sunday, hours(22, 2))).check().unwrap();
    assert_eq!(refused(both(band(holidays, hours(22, 2)), band(sunday, hours(1, 3)))), ["bands.1.hours OVERLAP"], "a holiday's night");
    let offers = |packages| Tariff { packages, ..plain(0) };
    let one = |span| offers(vec![package(span, 1, Early::Package)]);
    assert!(one(Span::Minutes(180)).check().is_ok() && one(Span::Night(hours(22, 8))).check().is_ok());
    assert_eq!(refused(one(Span::Minutes(SHORTEST - 1))), ["packages.0.span RANGE"]);
    assert_eq!(refused(one(Span::Night(hours(24, 8)))), ["packages.0.span RANGE"]);
    let nameless = Package { name_en: " x".into(), name_zh: String::new(), ..package(Span::Minutes(60), -1, Early::Package) };
    let wrong = ["packages.0.price RANGE", "packages.0.name_zh REQUIRED", "packages.0.name_en CHARACTERS", "packages.1.id TWICE"];
    assert_eq!(refused(offers(vec![nameless, package(Span::Minutes(60), 1, Early::Cheaper)])), wrong);
}

#[test]
fn where_the_clocks_change_an_hour_is_an_hour() {
    let berlin = Calendar { zone: TimeZone::get("Europe/Berlin").unwrap(), holidays: BTreeSet::new() };
    let tariff = Tariff { bands: vec![Band { days: Days::ALL, hours: hours(2, 3), per_hour: Fen::new(6_000) }], ..plain(1_000) };
    let of = |from: &str, to: &str| {
        let ask = Ask { from: from.parse().unwrap(), to: to.parse().unwrap(), pays: 10_000, package: None };
        price(&tariff, &berlin, &ask).unwrap().total.fen()
    };
    // In spring there is no time from 2 to 3; in autumn it comes twice.
    assert_eq!(of("2026-03-29T00:00:00Z", "2026-03-29T02:00:00Z"), 2_000);
    assert_eq!(of("2026-10-24T23:00:00Z", "2026-10-25T02:00:00Z"), 1_000 + 2 * 6_000);
}

#[test]
fn v3_2_where_the_clocks_go_back_in_the_middle_of_a_band_its_second_half_has_its_price_too() {
    let berlin = Calendar { zone: TimeZone::get("Europe/Berlin").unwrap(), holidays: BTreeSet::new() };
    let band = Band { days: Days::ALL, hours: Hours { from: 150, to: 200 }, per_hour: Fen::new(6_000) };
    let tariff = Tariff { bands: vec![band], ..plain(0) };
    let of = |from: &str, to: &str| {
        let ask = Ask { from: from.parse().unwrap(), to: to.parse().unwrap(), pays: 10_000, package: None };
        price(&tariff, &berlin, &ask).unwrap().total.fen()
    };
    // 2:30 to 3:00 is there twice, and 3:00 to 3:20 once.
    assert_eq!(of("2026-10-25T00:00:00Z", "2026-10-25T03:00:00Z"), (30 + 30 + 20) * 100);
    // A night until 2:40, bought when the clock shows 2:10 for the second time.
    let night = package(Span::Night(Hours { from: 1_320, to: 160 }), 1_000, Early::Package);
    let ask = Ask {
        from: "2026-10-25T01:10:00Z".parse().unwrap(),
        to: "2026-10-25T01:40:00Z".parse().unwrap(),
        pays: 10_000,
        package: Some(&night),
    };
    let bought = price(&tariff, &berlin, &ask).unwrap();
    assert_eq!((bought.total.fen(), bought.paid_until), (1_000, ask.to));
}
