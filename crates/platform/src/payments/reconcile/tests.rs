use super::*;
use proptest::prelude::*;

fn lines(of: &[(u8, i64)]) -> BTreeMap<Line, Fen> {
    of.iter().map(|(number, fen)| ((format!("{number}"), None), Fen::new(*fen))).collect()
}

proptest! {
    #[test]
    fn k12_1_days_differ_exactly_where_they_do(ours in proptest::collection::vec((0_u8..6, 1_i64..4), 0..6), theirs in proptest::collection::vec((0_u8..6, 1_i64..4), 0..6)) {
        let (ours, theirs) = (lines(&ours), lines(&theirs));
        let found = compare(&ours, &theirs);
        for number in 0..6 {
            let line = (format!("{number}"), None);
            let same = ours.get(&line) == theirs.get(&line);
            let told = found.iter().filter(|one| one.line == line).collect::<Vec<_>>();
            prop_assert_eq!(told.len(), usize::from(!same));
            if let Some(one) = told.first() {
                prop_assert_eq!((one.ours, one.theirs), (ours.get(&line).copied(), theirs.get(&line).copied()));
            }
        }
        prop_assert!(compare(&ours, &ours).is_empty());
    }
}

#[test]
fn k12_1_each_difference_is_called_what_it_is_a_payments_before_its_refunds() {
    let line = |number: &str, refund: Option<&str>| (number.to_owned(), refund.map(str::to_owned));
    let of = |lines: &[(Line, i64)]| lines.iter().map(|(line, fen)| (line.clone(), Fen::new(*fen))).collect::<BTreeMap<_, _>>();
    let ours = of(&[(line("1", None), 100), (line("2", None), 200), (line("2", Some("7")), 50), (line("3", None), 300)]);
    let theirs = of(&[(line("1", None), 100), (line("2", None), 201), (line("2", Some("8")), 50), (line("4", None), 400)]);
    let differs = |kind, line, ours: Option<i64>, theirs: Option<i64>| {
        let (ours, theirs) = (ours.map(Fen::new), theirs.map(Fen::new));
        Difference { kind, line, ours, theirs }
    };
    let expected = [
        differs(DifferenceKind::Amount, line("2", None), Some(200), Some(201)),
        differs(DifferenceKind::NotThere, line("2", Some("7")), Some(50), None),
        differs(DifferenceKind::NotHere, line("2", Some("8")), None, Some(50)),
        differs(DifferenceKind::NotThere, line("3", None), Some(300), None),
        differs(DifferenceKind::NotHere, line("4", None), None, Some(400)),
    ];
    assert_eq!(compare(&ours, &theirs), expected);
}

#[test]
fn k12_1_days_follow_each_other_without_a_gap_over_the_ends_of_months_and_years() {
    for (now, names) in [
        ("2027-01-02T02:00:00Z", ["2026-12-30", "2026-12-31", "2027-01-01"]),
        ("2027-03-02T15:59:59Z", ["2027-02-27", "2027-02-28", "2027-03-01"]),
        ("2028-03-02T02:00:00Z", ["2028-02-28", "2028-02-29", "2028-03-01"]),
    ] {
        let days = days_to_compare(now.parse().unwrap(), Some(Timestamp::from_unix(0)));
        assert!(days.windows(2).all(|pair| pair[0].to == pair[1].from && pair[0].age == pair[1].age + 1), "{days:?}");
        for (day, name) in days[days.len() - 3..].iter().zip(names) {
            let begin: Timestamp = format!("{name}T00:00:00+08:00").parse().unwrap();
            assert_eq!((day.name.as_str(), day.from, day.to), (name, begin, begin.plus_seconds(86_400)));
        }
    }
}

#[test]
fn k12_1_the_day_that_is_compared_is_yesterday_in_beijing_once_its_bill_is_there() {
    let at = |text: &str| days_to_compare(text.parse().unwrap(), None);
    assert!(at("2026-11-28T01:59:59Z").is_empty(), "09:59:59 in Beijing");
    let days = at("2026-11-28T02:00:00Z");
    let day = &days[0];
    assert_eq!(
        (days.len(), day.name.as_str(), day.from.to_string(), day.to.to_string(), day.age),
        (1, "2026-11-27", "2026-11-26T16:00:00Z".into(), "2026-11-27T16:00:00Z".into(), 1)
    );
    assert_eq!(at("2026-11-28T15:59:59Z")[0].name, "2026-11-27");
    assert!(at("2026-11-28T16:00:00Z").is_empty());
}

#[test]
fn k12_1_days_that_were_missed_are_compared_back_to_the_first_payment_and_no_further_than_two_weeks() {
    let since = |first: &str| {
        let days = days_to_compare("2026-11-28T02:00:00Z".parse().unwrap(), Some(first.parse().unwrap()));
        days.into_iter().map(|day| day.name).collect::<Vec<_>>()
    };
    assert_eq!(since("2026-11-25T16:00:00Z"), ["2026-11-26", "2026-11-27"], "paid at midnight in Beijing");
    assert_eq!(since("2026-11-25T15:59:59Z"), ["2026-11-25", "2026-11-26", "2026-11-27"]);
    assert_eq!(since("2026-11-28T01:00:00Z"), ["2026-11-27"], "paid today");
    let all = since("2020-01-01T00:00:00Z");
    assert_eq!((all.len(), all[0].as_str(), all[13].as_str()), (14, "2026-11-14", "2026-11-27"));
}

#[test]
fn k12_1_a_bill_with_nothing_in_it_may_be_late_for_a_day_where_we_have_something() {
    let line = BillLine { number: "1".into(), refund_number: None, channel_no: "2".into(), amount: Fen::new(3) };
    let (ours, none) = (lines(&[(1, 3)]), lines(&[]));
    assert!(may_be_late(&[], &ours, 1));
    assert!(!may_be_late(&[], &ours, 2), "by then it is there, or there is none");
    assert!(!may_be_late(&[], &none, 1), "nobody has paid");
    assert!(!may_be_late(&[line], &ours, 1), "it is there");
}
