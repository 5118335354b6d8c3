//! What holds for every tariff, whenever it is played.

use proptest::prelude::*;

use super::*;

fn any_hours() -> impl Strategy<Value = Hours> {
    (0..1_440_i64, 1..=1_440_i64).prop_map(|(from, to)| Hours { from, to })
}

prop_compose! {
    fn any_band()(weekdays: [bool; 7], holidays: bool, hours in any_hours(), per_hour in 0..20_000_i64) -> Band {
        Band { days: Days { weekdays, holidays }, hours, per_hour: Fen::new(per_hour) }
    }
}

prop_compose! {
    /// Bands may lie over each other: then the first holds.
    pub(crate) fn any_tariff()(
        per_hour in 0..20_000_i64, bands in prop::collection::vec(any_band(), 0..5), unit_minutes in 1..=60_i64, grace_minutes in 0..10_i64,
        minimum in prop::option::of(0..5_000_i64), session_cap in prop::option::of(0..30_000_i64), night in prop::option::of((any_hours(), 0..20_000_i64)),
    ) -> Tariff {
        let night = night.map(|(hours, cap)| NightCap { hours, cap: Fen::new(cap) });
        let (minimum, session_cap) = (minimum.map(Fen::new), session_cap.map(Fen::new));
        Tariff { per_hour: Fen::new(per_hour), bands, unit_minutes, grace_minutes, minimum, session_cap, night, packages: Vec::new() }
    }
}

prop_compose! {
    fn any_package()(minutes in 1..600_i64, night in any_hours(), by_night: bool, price in 0..50_000_i64, cheaper: bool) -> Package {
        let span = if by_night { Span::Night(night) } else { Span::Minutes(minutes) };
        package(span, price, if cheaper { Early::Cheaper } else { Early::Package })
    }
}

/// Some moment of two weeks around the holidays, which are 1 and 2 October 2026.
pub(crate) fn any_moment() -> impl Strategy<Value = Timestamp> {
    (0..14 * 24 * 3_600_i64).prop_map(|seconds| at("2026-09-26T00:00").plus_seconds(seconds))
}

/// Without what is of a session as a whole, which has one beginning: caps, minimum and free minutes.
fn divisible(tariff: Tariff) -> Tariff {
    Tariff { minimum: None, session_cap: None, night: None, grace_minutes: 0, ..tariff }
}

/// A package, where it lasts from this moment on, and when it is over. Until then a stretch has no parts: the package is bought once, and whole.
fn bought(package: Option<Package>, from: Timestamp) -> (Option<Package>, Timestamp) {
    let lasting = package.and_then(|package| package.lasts(from, &calendar()).ok().map(|until| (package, until)));
    lasting.map_or((None, from), |(package, until)| (Some(package), until))
}

/// The same, so that units which are counted from the beginning end with it where they may be what is paid. Otherwise the unit in which it ends
/// would be begun twice: by the time alone, and beyond the package.
fn in_whole_units(package: Option<Package>, from: Timestamp, unit: i64) -> (Option<Package>, Timestamp) {
    let whole = package.map(|package| match (package.span, package.early) {
        (Span::Minutes(minutes), Early::Cheaper) => Package { span: Span::Minutes(whole_units(minutes, unit)), ..package },
        _ => package,
    });
    let (package, until) = bought(whole, from);
    let fits = (until.micros() - from.micros()) % (unit * MINUTE) == 0;
    (package.map(|package| Package { early: if fits { package.early } else { Early::Package }, ..package }), until)
}

fn costs(tariff: &Tariff, (from, to): (Timestamp, Timestamp), pays: i64, package: Option<&Package>) -> i64 {
    price(tariff, &calendar(), &Ask { from, to, pays, package }).unwrap().total.fen()
}

/// Where and when clocks are put forward or back, or just go on.
fn any_change_of_clocks() -> impl Strategy<Value = (&'static str, Timestamp)> {
    let changes = [
        ("Europe/Berlin", "2026-03-29T01:00:00Z"),
        ("Europe/Berlin", "2026-10-25T01:00:00Z"),
        ("America/New_York", "2026-03-08T07:00:00Z"),
        ("America/New_York", "2026-11-01T06:00:00Z"),
        // By half an hour, and at midnight.
        ("Australia/Lord_Howe", "2026-04-04T15:00:00Z"),
        ("America/Havana", "2026-11-01T05:00:00Z"),
        ("Asia/Shanghai", "2026-10-25T01:00:00Z"),
    ];
    prop::sample::select(changes.map(|(zone, at)| (zone, at.parse().unwrap())).to_vec())
}

proptest! {
    #[test]
    fn v1_1_lines_add_up_and_longer_never_costs_less(
        tariff in any_tariff(), package in prop::option::of(any_package()), from in any_moment(), pays in 0..=10_000_i64,
        mut lengths in prop::collection::vec(0..40 * HOUR, 2..8),
    ) {
        lengths.sort_unstable();
        let mut before = None;
        for length in lengths {
            let ask = Ask { from, to: from.plus_micros(length), pays, package: package.as_ref() };
            let Ok(bill) = price(&tariff, &calendar(), &ask) else {
                prop_assert!(package.as_ref().is_some_and(|package| matches!(package.span, Span::Night(_))));
                return Ok(());
            };
            prop_assert_eq!(fen(&bill).into_iter().sum::<i64>(), bill.total.fen());
            prop_assert!(bill.total >= Fen::ZERO);
            prop_assert!(before.is_none_or(|before| before <= bill.total), "{before:?} then {bill:?}");
            let graced = bill.lines.iter().any(|line| matches!(line.what, What::Grace { .. }));
            prop_assert!(graced || bill.paid_until >= ask.to);
            before = Some(bill.total);
        }
    }

    #[test]
    fn v1_1_a_stretch_in_two_parts_costs_the_same_but_for_a_cut_fen(
        tariff in any_tariff(), package in prop::option::of(any_package()), from in any_moment(), first in 0..40_i64, rest in 1..40 * HOUR,
        pays in 0..=10_000_i64,
    ) {
        let tariff = divisible(tariff);
        let (package, until) = in_whole_units(package, from, tariff.unit_minutes);
        let middle = until.plus_micros(first * tariff.unit_minutes * MINUTE);
        let to = middle.plus_micros(rest);
        let parts = costs(&tariff, (from, middle), pays, package.as_ref()) + costs(&tariff, (middle, to), pays, None);
        let whole = costs(&tariff, (from, to), pays, package.as_ref());
        prop_assert!((0..=1).contains(&(whole - parts)), "{whole} and {parts}");
    }

    #[test]
    fn v1_1_in_two_parts_anywhere_no_more_is_lost_than_a_unit_begun_twice(
        tariff in any_tariff(), package in prop::option::of(any_package()), from in any_moment(), first in 0..40 * HOUR, rest in 1..40 * HOUR,
        pays in 0..=10_000_i64,
    ) {
        let tariff = divisible(tariff);
        let (package, until) = bought(package, from);
        let dearest = tariff.bands.iter().map(|band| band.per_hour).chain([tariff.per_hour]).max().unwrap_or_default().fen();
        let (middle, to) = (until.plus_micros(first), until.plus_micros(first + rest));
        let parts = costs(&tariff, (from, middle), pays, package.as_ref()) + costs(&tariff, (middle, to), pays, None);
        let whole = costs(&tariff, (from, to), pays, package.as_ref());
        let units = 2 * dearest * tariff.unit_minutes / 60 + 2;
        prop_assert!((whole - parts).abs() <= units, "{whole} and {parts}, {units}");
    }

    #[test]
    fn v1_1_a_tariff_that_is_kept_has_one_price_for_every_moment(tariff in any_tariff(), moment in any_moment()) {
        if tariff.check().is_err() {
            return Ok(());
        }
        let local = calendar().local(moment).unwrap();
        let holding = tariff.bands.iter().filter(|band| bands::band_at(std::slice::from_ref(band), local, &calendar()).is_some()).count();
        prop_assert!(holding <= 1, "{local}");
    }

    #[test]
    fn v3_2_minute_by_minute_a_stretch_costs_what_it_costs_at_once_whatever_the_clocks_do(
        tariff in any_tariff(), around in any_change_of_clocks(), before in 0..180_i64, length in 1..360_i64,
    ) {
        let (zone, change) = around;
        let calendar = Calendar { zone: TimeZone::get(zone).unwrap(), holidays: BTreeSet::new() };
        // A minute is a whole number of fen.
        let bands = tariff.bands.into_iter().map(|band| Band { per_hour: Fen::new(band.per_hour.fen() * 60), ..band }).collect();
        let tariff = Tariff { bands, ..plain(tariff.per_hour.fen() * 60) };
        let from = change.plus_micros(-before * MINUTE);
        let of = |first: i64, last: i64| {
            let ask = Ask { from: from.plus_micros(first * MINUTE), to: from.plus_micros(last * MINUTE), pays: 10_000, package: None };
            price(&tariff, &calendar, &ask).unwrap().total.fen()
        };
        let minutes: i64 = (0..length).map(|minute| of(minute, minute + 1)).sum();
        prop_assert_eq!(minutes, of(0, length), "{} from {}", zone, from);
    }

    #[test]
    fn v1_1_a_package_that_is_cheaper_is_never_dearer_than_none(
        tariff in any_tariff(), bought in any_package(), from in any_moment(), length in 0..40 * HOUR, pays in 0..=10_000_i64,
    ) {
        let of = |package| price(&tariff, &calendar(), &Ask { from, to: from.plus_micros(length), pays, package });
        let (plain, whole) = (of(None).unwrap(), Package { early: Early::Package, ..bought.clone() });
        let Ok(whole) = of(Some(&whole)) else { return Ok(()) };
        let cheaper = of(Some(&Package { early: Early::Cheaper, ..bought })).unwrap();
        prop_assert_eq!(cheaper.total, plain.total.min(whole.total));
    }

    #[test]
    fn v1_1_a_session_costs_at_most_its_cap_or_its_package_and_the_bill_says_which(
        tariff in any_tariff(), cap in 0..30_000_i64, package in prop::option::of(any_package()), from in any_moment(), length in 0..40 * HOUR,
        pays in 0..=10_000_i64,
    ) {
        let tariff = Tariff { session_cap: Some(Fen::new(cap)), ..tariff };
        let Ok(bill) = price(&tariff, &calendar(), &Ask { from, to: from.plus_micros(length), pays, package: package.as_ref() }) else {
            return Ok(());
        };
        // One that costs more than the time by itself is left out of the bill.
        let package = package.filter(|_| bill.lines.iter().any(|line| matches!(line.what, What::Package { .. })));
        let anyway = [package.map(|package| package.price), tariff.minimum];
        let most = anyway.into_iter().flatten().fold(Fen::new(cap), Fen::max);
        prop_assert!(bill.total <= most, "{bill:?}");
        for line in &bill.lines {
            if let What::SessionCap { cap } = line.what {
                prop_assert_eq!(cap, most, "{:?}", bill);
            }
        }
    }

    #[test]
    fn v1_1_a_session_within_a_night_costs_at_most_its_cap_or_its_package(
        tariff in any_tariff(), cap in 0..20_000_i64, costs in 0..30_000_i64, late in 0..120_i64, minutes in 10..240_i64, cheaper: bool,
        length in 1..300 * MINUTE, pays in 0..=10_000_i64,
    ) {
        let night = NightCap { hours: hours(22, 6), cap: Fen::new(cap) };
        let tariff = Tariff { night: Some(night), minimum: None, session_cap: None, ..tariff };
        let from = at("2026-09-28T22:00").plus_micros(late * MINUTE);
        let bought = package(Span::Minutes(minutes), costs, if cheaper { Early::Cheaper } else { Early::Package });
        let bill = price(&tariff, &calendar(), &Ask { from, to: from.plus_micros(length), pays, package: Some(&bought) }).unwrap();
        prop_assert!(bill.total.fen() <= cap.max(costs), "{:?}", bill);
        // And never more than the cap is of it beside the package, for whoever begins it before the night.
        let before = at("2026-09-28T20:00").plus_micros(late * MINUTE);
        let ask = |tariff: &Tariff| {
            let ask = Ask { from: before, to: before.plus_micros(length), pays: 10_000, package: Some(&bought) };
            price(tariff, &calendar(), &ask).unwrap().total
        };
        let uncapped = Tariff { night: None, ..tariff.clone() };
        prop_assert!(ask(&tariff) <= ask(&uncapped));
        prop_assert!(cheaper || ask(&tariff).fen() >= costs);
    }

    #[test]
    fn v1_1_a_unit_that_is_paid_is_played_whatever_was_asked_for(tariff in any_tariff(), from in any_moment(), minutes in 10..720_i64) {
        let tariff = Tariff { grace_minutes: 0, ..tariff };
        let whole = whole_units(minutes, tariff.unit_minutes);
        prop_assert!(whole >= minutes && whole - minutes < tariff.unit_minutes && whole % tariff.unit_minutes == 0);
        let (asked, sold) = (bill(&tariff, from, from.plus_micros(minutes * MINUTE)), bill(&tariff, from, from.plus_micros(whole * MINUTE)));
        prop_assert_eq!(asked.paid_until, from.plus_micros(whole * MINUTE));
        prop_assert_eq!(asked.total, sold.total, "and costs no more for that");
    }

    #[test]
    fn v3_2_a_days_list_says_what_each_of_its_minutes_costs(tariff in any_tariff(), day in 1..28_i8, minute in 0..1_440_i64) {
        let date = date(2026, 10, day);
        let list = tariff.day(&calendar(), date);
        prop_assert_eq!((list[0].hours.from, list[list.len() - 1].hours.to), (0, 1_440));
        prop_assert!(list.windows(2).all(|two| two[0].hours.to == two[1].hours.from && two[0].per_hour != two[1].per_hour), "{list:?}");
        let moment = at(&format!("2026-10-{day:02}T{:02}:{:02}", minute / 60, minute % 60));
        let listed = list.iter().find(|stretch| (stretch.hours.from..stretch.hours.to).contains(&minute)).map(|stretch| stretch.per_hour);
        prop_assert_eq!(listed, Some(tariff.per_hour_at(&calendar(), moment)), "{:?}", list);
    }

    #[test]
    fn v1_1_a_discount_takes_its_part(tariff in any_tariff(), from in any_moment(), length in 1..40 * HOUR, pays in 0..=10_000_i64) {
        let tariff = Tariff { minimum: None, grace_minutes: 0, ..tariff };
        let of = |pays| price(&tariff, &calendar(), &Ask { from, to: from.plus_micros(length), pays, package: None }).unwrap().total.fen();
        let (full, member) = (of(10_000), of(pays));
        prop_assert!(member <= full && member >= full * pays / 10_000 && member <= (full + 1) * pays / 10_000, "{full} {member}");
    }
}

#[test]
fn a_second_is_a_unit_that_was_begun() {
    let from = at("2026-11-27T20:00");
    assert_eq!(bill(&plain(6_000), from, from.plus_micros(SECOND)).total.fen(), 100);
    assert_eq!(bill(&plain(6_000), from, from).total.fen(), 0);
}
