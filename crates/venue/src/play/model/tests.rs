//! What play is said to cost, and what it costs.

use jiff::civil::date;
use kernel::HOUR;
use proptest::prelude::*;

use super::*;
use crate::play::{PlayTime, offer};
use crate::tariff::{Band, Days, Hours, Span, any_moment, any_tariff};

/// A Saturday: 16:00 in Shanghai, 9:00 in Berlin.
const START: Timestamp = Timestamp::from_unix(1_795_248_000);
const NIGHT: Span = Span::Night(Hours { from: 1_320, to: 360 });

fn terms(per_hour: i64, unit_minutes: i64, grace_minutes: i64) -> Terms {
    let tariff = Tariff {
        per_hour: Fen::new(per_hour),
        bands: Vec::new(),
        unit_minutes,
        grace_minutes,
        minimum: None,
        session_cap: None,
        night: None,
        packages: Vec::new(),
    };
    Terms {
        tariff,
        time_zone: "Asia/Shanghai".into(),
        holidays: BTreeSet::new(),
        pays: ALL,
        pause: PauseTerms::default(),
        member: None,
        package: None,
    }
}

fn package(span: Span, price: i64, early: Early) -> Package {
    let (name_zh, name_en) = ("包".into(), "P".into());
    Package { id: 1, name_zh, name_en, span, price: Fen::new(price), early, days: Days::ALL, sold: None }
}

fn hall(time_zone: &str, holidays: Vec<Date>) -> Venue {
    Venue {
        id: VenueId::from_uuid(Default::default()),
        name: "旗舰店".into(),
        address: String::new(),
        phone: String::new(),
        time_zone: time_zone.into(),
        opens: None,
        closes: None,
        closed: false,
        holidays,
        version: 1,
        created_at: START,
    }
}

fn fen(bill: &Bill) -> Vec<i64> {
    bill.lines.iter().map(|line| line.fen.fen()).collect()
}

#[test]
fn v1_1_who_has_free_minutes_has_the_halls_and_never_all_of_the_shortest_session() {
    let hall = hall("Asia/Shanghai", Vec::new());
    let free = |minutes, graced| Terms::of(&hall, terms(3_600, 15, minutes).tariff, graced).tariff.grace_minutes;
    assert_eq!([0, 3, 8, 9, 10, 11, 60].map(|minutes| free(minutes, true)), [0, 3, 8, 9, 9, 9, 9]);
    assert_eq!([0, 3, 9, 10].map(|minutes| free(minutes, false)), [0; 4]);
}

#[test]
fn v3_2_terms_are_the_halls_and_the_price_is_that_of_the_members_level() {
    let hall = hall("Europe/Berlin", vec![date(2026, 10, 3), date(2026, 12, 25)]);
    let terms = Terms::of(&hall, terms(3_600, 15, 0).tariff, false);
    assert_eq!((terms.time_zone.as_str(), terms.holidays.iter().copied().collect::<Vec<_>>()), ("Europe/Berlin", hall.holidays));
    assert_eq!((terms.pays, terms.pause, &terms.member, &terms.package), (10_000, PauseTerms::default(), &None, &None));
    let level = Level {
        id: kernel::Id::from_uuid(Default::default()),
        name_zh: "银".into(),
        name_en: "Silver".into(),
        threshold: 100,
        pays: 8_800,
        gift_fen: Fen::ZERO,
    };
    let member = terms.with_level(Some(&level));
    assert_eq!((member.pays, &member.member), (8_800, &Some(LevelName { zh: "银".into(), en: "Silver".into() })));
    assert_eq!(fen(&member.price(START, START.plus_micros(HOUR)).unwrap()), [3_600, -432]);
    let nobody = member.with_level(None);
    assert_eq!((nobody.pays, &nobody.member), (10_000, &None));
}

#[test]
fn v3_2_prices_are_by_the_halls_clock_and_its_holidays() {
    let hour = |zone: &str, from: i64, holidays: BTreeSet<Date>| {
        let days = Days { weekdays: [false; 7], holidays: true };
        let mut terms = terms(3_600, 1, 0);
        terms.tariff.bands = vec![Band { days, hours: Hours { from: from * 60, to: from * 60 + 60 }, per_hour: Fen::new(6_000) }];
        let terms = Terms { time_zone: zone.into(), holidays, ..terms };
        terms.price(START, START.plus_micros(HOUR)).unwrap().total.fen()
    };
    let holiday = BTreeSet::from([date(2026, 11, 21)]);
    // A zone that is not known any more is read as UTC.
    for (zone, shown) in [("Asia/Shanghai", 16), ("Europe/Berlin", 9), ("Nowhere/None", 8)] {
        assert_eq!([shown - 1, shown, shown + 1].map(|from| hour(zone, from, holiday.clone())), [3_600, 6_000, 3_600], "{zone}");
        assert_eq!(hour(zone, shown, BTreeSet::new()), 3_600, "{zone}, no holiday");
    }
}

#[test]
fn v1_1_play_is_paid_until_its_minutes_or_its_package_are_over() {
    let plain = terms(3_600, 15, 0);
    assert_eq!([0, 1, 60].map(|minutes| plain.until(START, minutes)), [0, 1, 60].map(|minutes| START.plus_micros(minutes * MINUTE)));
    let two = plain.clone().with_package(package(Span::Minutes(120), 6_000, Early::Package));
    assert_eq!(two.until(START, 60), START.plus_micros(2 * HOUR));
    let night = plain.with_package(package(NIGHT, 10_000, Early::Package));
    assert_eq!(night.until(START.plus_micros(6 * HOUR), 60), START.plus_micros(14 * HOUR), "from 22:00 to 6:00");
    assert_eq!(night.until(START.plus_micros(6 * HOUR - 1), 60), START.plus_micros(7 * HOUR - 1), "not sold yet");
}

#[test]
fn v3_2_a_nights_package_whose_light_came_on_after_the_night_is_billed_by_time_and_at_most_as_held() {
    let night = terms(3_600, 60, 0).with_package(package(NIGHT, 10_000, Early::Package));
    let over = START.plus_micros(14 * HOUR);
    let bill = |lit: Timestamp, hours: i64| night.bill(lit, lit.plus_micros(hours * HOUR), Fen::new(10_000)).unwrap();
    assert_eq!((fen(&bill(over, 2)), fen(&bill(over, 3))), (vec![7_200], vec![10_800, -800]));
    assert_eq!(fen(&bill(over.plus_micros(-HOUR), 1)), [10_000], "in its last hour it is what it was sold as");
    assert_eq!(night.price(over, over.plus_micros(-1)), Err(TariffError::Backwards), "any other refusal stays one");
}

#[test]
fn v1_1_an_extension_costs_the_units_that_it_adds_and_nothing_beyond_the_cap() {
    let mut terms = terms(3_600, 30, 0);
    let until = START.plus_micros(HOUR);
    let extra = |terms: &Terms, minutes: i64| terms.extra(START, until, until.plus_micros(minutes * MINUTE)).unwrap().fen();
    assert_eq!([0, 1, 30, 31, 60].map(|minutes| extra(&terms, minutes)), [0, 1_800, 1_800, 3_600, 3_600]);
    terms.tariff.session_cap = Some(Fen::new(5_000));
    assert_eq!([30, 60, 90].map(|minutes| extra(&terms, minutes)), [1_400, 1_400, 1_400]);
}

#[test]
fn v3_2_what_was_held_is_the_most_that_is_taken_and_a_line_says_so() {
    let bill = |ended: i64, held: i64| terms(3_600, 15, 0).bill(START, START.plus_micros(ended), Fen::new(held)).unwrap();
    let over = bill(HOUR, 3_599);
    assert_eq!((fen(&over), over.total.fen()), (vec![3_600, -1], 3_599));
    assert_eq!(over.lines[1].what, What::Quoted { most: Fen::new(3_599) });
    for held in [3_600, 3_601] {
        let whole = bill(HOUR, held);
        assert_eq!((fen(&whole), whole.total.fen()), (vec![3_600], 3_600), "{held}");
    }
    // Ended before the light was seen: nothing was played.
    assert_eq!([-HOUR, -1, 0].map(|ended| bill(ended, 0).total.fen()), [0; 3]);
}

#[test]
fn v5_2_after_a_fault_the_whole_minutes_are_billed_that_were_played() {
    let mut terms = terms(3_600, 60, 3);
    terms.tariff.minimum = Some(Fen::new(2_000));
    let fault = |terms: &Terms, played: i64, held: i64| terms.bill_after_fault(START, START.plus_micros(played), Fen::new(held)).unwrap();
    for (played, total) in
        [(-1, 0), (0, 0), (4 * MINUTE - 1, 0), (4 * MINUTE, 240), (4 * MINUTE + 1, 240), (5 * MINUTE - 1, 240), (5 * MINUTE, 300)]
    {
        assert_eq!(fault(&terms, played, 100_000).total.fen(), total, "{played}");
    }
    assert_eq!((fen(&fault(&terms, 10 * MINUTE, 599)), fen(&fault(&terms, 10 * MINUTE, 600))), (vec![600, -1], vec![600]));
    // Whoever leaves such a package early pays it; whom the hall sends away does not.
    let bought = terms.with_package(package(Span::Minutes(120), 5_000, Early::Package));
    assert_eq!([10 * MINUTE, 2 * HOUR].map(|played| fault(&bought, played, 5_000).total.fen()), [600, 5_000]);
}

#[test]
fn v4_1_a_hold_is_used_up_before_the_next_one_is_touched() {
    let holds = [Fen::new(10), Fen::new(20)];
    for (total, parts) in
        [(-1, [0, 0]), (0, [0, 0]), (9, [9, 0]), (10, [10, 0]), (11, [10, 1]), (29, [10, 19]), (30, [10, 20]), (31, [10, 20])]
    {
        assert_eq!(spend(Fen::new(total), &holds), parts.map(Fen::new), "{total}");
    }
}

proptest! {
    #[test]
    fn v3_2_a_bill_takes_at_most_what_was_held_and_its_lines_add_up(
        per_hour in 0..20_000_i64, unit in 1..=60_i64, grace in 0..10_i64, held in 0..50_000_i64, played in 0..20 * HOUR,
    ) {
        let bill = terms(per_hour, unit, grace).bill(START, START.plus_micros(played), Fen::new(held)).unwrap();
        prop_assert!(bill.total.fen() <= held);
        prop_assert_eq!(bill.lines.iter().map(|line| line.fen.fen()).sum::<i64>(), bill.total.fen());
    }

    #[test]
    fn v3_2_whoever_stays_as_long_as_was_asked_for_pays_the_quote_under_any_tariff(
        tariff in any_tariff(), from in any_moment(), asked in 10..=600_i64, pays in 0..=ALL, played in 0..660 * MINUTE,
    ) {
        let holidays = BTreeSet::from([date(2026, 10, 1), date(2026, 10, 2)]);
        let terms = Terms { tariff, holidays, pays, ..terms(3_600, 1, 0) };
        let sold = offer(terms, from, PlayTime::Minutes(asked), 0).unwrap();
        let bill = |ended: Timestamp| sold.terms.bill(from, ended, sold.price).unwrap();
        // To the minute that was asked for, and to the end of its unit.
        for ended in [from.plus_micros(asked * MINUTE), sold.until] {
            let whole = bill(ended);
            prop_assert_eq!(whole.total, sold.price, "{:?}", whole);
            prop_assert!(whole.lines.iter().all(|line| !matches!(line.what, What::Quoted { .. } | What::Grace { .. })), "{whole:?}");
        }
        prop_assert!(bill(from.plus_micros(played).min(sold.until)).total <= sold.price, "less time is no dearer");
    }

    #[test]
    fn v5_2_after_a_fault_what_was_played_is_billed_and_never_more_than_otherwise(
        per_hour in 0..20_000_i64, unit in 1..=60_i64, grace in 0..10_i64, minimum in prop::option::of(0..5_000_i64),
        held in 0..50_000_i64, played in 0..20 * HOUR,
    ) {
        let mut terms = terms(per_hour, unit, grace);
        terms.tariff.minimum = minimum.map(Fen::new);
        let ended = START.plus_micros(played);
        let (fault, usual) = (terms.bill_after_fault(START, ended, Fen::new(held)).unwrap(), terms.bill(START, ended, Fen::new(held)).unwrap());
        prop_assert!(fault.total <= usual.total, "{fault:?} {usual:?}");
        prop_assert!(fault.total.fen() <= per_hour * (played / MINUTE) / 60, "{fault:?}");
        prop_assert!(fault.paid_until <= ended);
        prop_assert_eq!(fault.lines.iter().map(|line| line.fen.fen()).sum::<i64>(), fault.total.fen());
    }

    #[test]
    fn v1_1_a_package_is_held_billed_and_gone_beyond_by_one_rule(
        per_hour in 0..20_000_i64, unit in 1..=60_i64, minutes in 10..600_i64, price in 0..50_000_i64, cheaper: bool, played in 0..20 * HOUR, more in 10..300_i64,
        cap in prop::option::of(0..60_000_i64),
    ) {
        let early = if cheaper { Early::Cheaper } else { Early::Package };
        let package = package(tariff::Span::Minutes(minutes), price, early);
        let mut terms = terms(per_hour, unit, 0).with_package(package);
        terms.tariff.session_cap = cap.map(Fen::new);
        let until = terms.until(START, 0);
        let held = terms.price(START, until).unwrap().total;
        prop_assert!(held.fen() <= price);
        // Whoever stays to the end pays what was quoted; who leaves early no more.
        prop_assert_eq!(terms.bill(START, until, held).unwrap().total, held);
        let ended = START.plus_micros(played);
        let (bill, fault) = (terms.bill(START, ended.min(until), held).unwrap(), terms.bill_after_fault(START, ended.min(until), held).unwrap());
        prop_assert!(bill.total <= held && fault.total <= bill.total);
        prop_assert!(fault.total.fen() <= per_hour * (played / MINUTE) / 60, "a fault costs what was played");
        let to = until.plus_micros(more * MINUTE);
        let extra = terms.extra(START, until, to).unwrap();
        prop_assert!(extra.fen() >= 0);
        prop_assert_eq!(terms.bill(START, to, held.plus(extra).unwrap()).unwrap().total.fen(), held.fen() + extra.fen());
    }

    #[test]
    fn v1_1_what_an_extension_is_said_to_cost_is_what_it_adds(
        per_hour in 0..20_000_i64, unit in 1..=60_i64, minutes in 10..300_i64, more in 10..300_i64, cap in prop::option::of(0..60_000_i64),
    ) {
        let mut terms = terms(per_hour, unit, 0);
        terms.tariff.session_cap = cap.map(Fen::new);
        let (until, to) = (START.plus_micros(minutes * MINUTE), START.plus_micros((minutes + more) * MINUTE));
        let first = terms.price(START, until).unwrap().total.fen();
        let extra = terms.extra(START, until, to).unwrap().fen();
        prop_assert!(extra >= 0);
        // All that is held pays exactly for all of the time.
        prop_assert_eq!(terms.bill(START, to, Fen::new(first + extra)).unwrap().total.fen(), first + extra);
    }

    #[test]
    fn v1_1_what_was_quoted_stays_the_most_it_costs_when_time_is_added(
        tariff in any_tariff(), from in any_moment(), asked in 10..=300_i64, late in 0..3 * HOUR, more in 10..300_i64, played in 0..700 * MINUTE,
    ) {
        let holidays = BTreeSet::from([date(2026, 10, 1), date(2026, 10, 2)]);
        let terms = Terms { tariff, holidays, ..terms(3_600, 1, 0) };
        let sold = offer(terms, from, PlayTime::Minutes(asked), 0).unwrap();
        // The light came on later, perhaps in a dearer hour.
        let lit = from.plus_micros(late);
        let until = lit.plus_micros(sold.until.micros() - from.micros());
        let to = until.plus_micros(more * MINUTE);
        let extra = sold.terms.extra(lit, until, to).unwrap();
        let held = Held { all: sold.price.plus(extra).unwrap(), first: Some((sold.price, until)) };
        let bill = |ended: Timestamp| sold.terms.bill(lit, ended, held).unwrap().total;
        let price = |ended: Timestamp| sold.terms.price(lit, ended).unwrap().total.fen();
        let ended = lit.plus_micros(played).min(to);
        prop_assert!(bill(ended) <= held.all);
        prop_assert!(bill(until) <= sold.price);
        if ended <= until {
            prop_assert_eq!(bill(ended), sold.terms.bill(lit, ended, sold.price).unwrap().total, "as if no time had been added");
        } else {
            prop_assert_eq!(bill(ended).fen() - bill(until).fen(), price(ended) - price(until), "what was added costs what it is said to");
        }
    }

    #[test]
    fn v4_a_total_is_spent_from_the_holds_exactly_once(total in 0..3_000_i64, holds in prop::collection::vec(1..1_000_i64, 1..6)) {
        let holds: Vec<Fen> = holds.into_iter().map(Fen::new).collect();
        let sum: i64 = holds.iter().map(|hold| hold.fen()).sum();
        let spent = spend(Fen::new(total), &holds);
        prop_assert_eq!(spent.iter().map(|part| part.fen()).sum::<i64>(), total.min(sum));
        prop_assert!(spent.iter().zip(&holds).all(|(part, hold)| part >= &Fen::ZERO && part <= hold));
        let first_left = spent.iter().zip(&holds).position(|(part, hold)| part < hold).unwrap_or(holds.len());
        prop_assert!(spent.iter().skip(first_left + 1).all(|part| *part == Fen::ZERO), "in their order");
    }
}
