use super::*;
use proptest::prelude::*;
use serde_json::json;

const START: Timestamp = Timestamp::from_unix(1_795_248_000);
const WATCHED: Draw = Draw {
    least_watts: Some(20),
    milliwatts: None,
    at: None,
    dark_since: None,
    on_since: None,
    enough_at: None,
    low_since: None,
    off_since: None,
    burns_since: None,
};

fn after(seconds: i64) -> Timestamp {
    START.plus_seconds(seconds)
}

/// Watched, on since the start, and seen to draw enough a little later.
fn lit() -> Draw {
    WATCHED.switched(Some(true), START).hears(45_000, true, after(5))
}

#[test]
fn v5_2_two_reports_apart_make_a_light_dark_as_of_the_first() {
    let low = lit().hears(400, true, after(60));
    assert_eq!((low.dark_since, low.compared().as_str()), (None, "0.4 W < 20 W"));
    assert_eq!(low.hears(400, true, after(69)).dark_since, None, "the same thing twice");
    assert_eq!(low.hears(400, true, after(70)).dark_since, Some(after(60)));
}

#[test]
fn v5_2_what_never_drew_enough_was_dark_since_it_came_on() {
    let dark = WATCHED.switched(Some(true), START).hears(0, true, after(20)).hears(0, true, after(30));
    assert_eq!(dark.dark_since, Some(START));
    // What it drew the time before says nothing.
    let again = lit().switched(Some(false), after(100)).switched(Some(true), after(200));
    assert_eq!(again.hears(0, true, after(220)).hears(0, true, after(230)).dark_since, Some(after(200)));
}

#[test]
fn v5_2_a_lamp_that_starts_is_given_its_time() {
    let on = WATCHED.switched(Some(true), START);
    assert_eq!(on.hears(0, true, after(1)).hears(0, true, after(19)).low_since, None);
}

#[test]
fn v5_2_who_is_on_is_asked_when_nothing_was_heard_for_a_while() {
    let on = WATCHED.switched(Some(true), START);
    assert!(!on.is_due(true, after(19)) && on.is_due(true, after(20)) && !on.is_due(false, after(20)));
    assert!(lit().is_due(true, after(20)), "it was too early to say anything");
    let enough = lit().hears(45_000, true, after(21));
    assert!(!enough.is_due(true, after(80)) && enough.is_due(true, after(81)));
    let low = lit().hears(0, true, after(21));
    assert!(!low.is_due(true, after(30)) && low.is_due(true, after(31)), "in doubt it is asked soon");
    assert!(!Draw { least_watts: None, ..on }.is_due(true, after(600)));
}

/// Told to go off at 100 s, which its relay says that it is.
fn off() -> Draw {
    lit().hears(45_000, true, after(60)).switched(Some(false), after(100))
}

#[test]
fn v5_2_a_lamp_that_draws_for_a_minute_what_it_should_not_burns_on() {
    let first = off().hears(45_000, false, after(120));
    assert!(first.burns_since == Some(after(120)) && !first.burns_on());
    assert!(!first.hears(45_000, false, after(179)).burns_on());
    let burns = first.hears(45_000, false, after(180));
    assert!(burns.burns_on() && burns.compared() == "45 W ≥ 20 W");
    assert!(burns.switched(Some(false), after(200)).burns_on(), "to say again that it is off mends nothing");
    for mended in [burns.hears(19_999, false, after(200)), burns.switched(Some(true), after(200)), burns.switched(None, after(200))] {
        assert_eq!((mended.burns_on(), mended.burns_since), (false, None));
    }
}

#[test]
fn v5_2_what_was_measured_before_it_went_off_is_no_fault() {
    // Relays average, and telemetry may be late.
    let soon = off().hears(45_000, false, after(101)).hears(45_000, false, after(119));
    assert_eq!(soon.burns_since, None);
    // Nor is it one where it is told to be on, and has not said yet that it is.
    assert_eq!(off().hears(45_000, true, after(200)).burns_since, None);
}

#[test]
fn v5_2_who_is_off_is_asked_once_what_it_draws_and_again_only_if_it_is_much() {
    assert!(!off().is_due(false, after(119)) && off().is_due(false, after(120)) && !off().is_due(true, after(120)));
    let dark = off().hears(0, false, after(120));
    assert!(!dark.is_due(false, after(100_000)));
    let burns = off().hears(45_000, false, after(120));
    assert!(!burns.is_due(false, after(179)) && burns.is_due(false, after(180)));
    assert!(!WATCHED.switched(Some(false), START).is_due(false, after(600)), "it has never said what it draws");
    assert!(!Draw { least_watts: None, ..off() }.is_due(false, after(600)));
}

#[test]
fn v5_2_what_no_relay_can_have_measured_is_no_report() {
    let absurd = [json!(-0.1), json!(1e300), json!(100_000.1), json!("45"), json!(null), json!([45]), json!({}), json!(true)];
    for said in absurd {
        assert_eq!(milliwatts(&said), None, "{said}");
    }
    let good = [(json!(0), 0), (json!(-0.0), 0), (json!(0.4), 400), (json!(118.4), 118_400), (json!(100_000), 100_000_000)];
    for (said, read) in good {
        assert_eq!(milliwatts(&said), Some(read), "{said}");
    }
}

#[test]
fn watts_are_shown_to_a_tenth_and_never_rounded_up() {
    let shown = [0, 99, 400, 19_999, 20_000, 118_460].map(watts);
    assert_eq!(shown, ["0", "0", "0.4", "19.9", "20", "118.4"]);
}

/// Something that happens to a light, so many seconds after what happened before.
#[derive(Debug, Clone, Copy)]
enum Event {
    Switched(Option<bool>),
    Draws(i64, bool),
}

fn events() -> impl Strategy<Value = Vec<(i64, Event)>> {
    let switched = prop_oneof![Just(Some(true)), Just(Some(false)), Just(None)].prop_map(Event::Switched);
    // Around what is asked for, and far from it.
    let power = prop_oneof![Just(0), Just(19_999), Just(20_000), 0..200_000_i64];
    let draws = (power, prop::bool::weighted(0.9)).prop_map(|(power, wanted)| Event::Draws(power, wanted));
    prop::collection::vec((0..30_i64, prop_oneof![1 => switched, 4 => draws]), 0..40)
}

/// Of one that is mostly off.
fn off_events() -> impl Strategy<Value = Vec<(i64, Event)>> {
    let switched = prop::sample::select(vec![Some(false), Some(false), Some(true), None]).prop_map(Event::Switched);
    let power = prop_oneof![1 => Just(19_999), 6 => Just(20_000), 6 => 20_000..200_000_i64];
    let draws = (power, prop::bool::weighted(0.05)).prop_map(|(power, wanted)| Event::Draws(power, wanted));
    prop::collection::vec((0..60_i64, prop_oneof![1 => switched, 8 => draws]), 0..40)
}

/// What becomes of a light, step by step: when, what happened, and how it is then.
fn run(light: Draw, events: &[(i64, Event)]) -> Vec<(Timestamp, Event, Draw)> {
    let (mut light, mut now) = (light, START);
    let mut steps = Vec::new();
    for (seconds, event) in events {
        now = now.plus_seconds(*seconds);
        light = match *event {
            Event::Switched(on) => light.switched(on, now),
            Event::Draws(power, wanted) => light.hears(power, wanted, now),
        };
        steps.push((now, *event, light));
    }
    steps
}

proptest! {
    #[test]
    fn v5_2_dark_is_only_what_was_low_twice_with_nothing_better_between(events in events()) {
        let steps = run(WATCHED, &events);
        for (n, (now, event, light)) in steps.iter().enumerate() {
            let Some(since) = light.dark_since else { continue };
            let on = light.on_since.expect("what is dark is on");
            prop_assert!(on <= since && since <= *now);
            // The last reports that counted, back to when it came on or drew enough.
            let counted: Vec<Timestamp> = steps[..=n]
                .iter()
                .rev()
                .take_while(|(at, event, _)| *at >= on && !matches!(event, Event::Switched(Some(false) | None)))
                .filter_map(|(at, event, _)| match event {
                    Event::Draws(power, true) => Some((*at, *power)),
                    Event::Draws(_, false) | Event::Switched(_) => None,
                })
                .take_while(|(_, power)| *power < 20_000)
                .map(|(at, _)| at)
                .filter(|at| *at >= on.plus_micros(SETTLES))
                .collect();
            prop_assert!(counted.len() >= 2, "{event:?}");
            prop_assert!(counted[0].micros() - counted[counted.len() - 1].micros() >= APART);
        }
    }

    #[test]
    fn v5_2_burning_on_is_only_what_drew_enough_for_a_minute_while_it_said_that_it_is_off(events in off_events()) {
        let steps = run(WATCHED, &events);
        for (n, (now, _, light)) in steps.iter().enumerate().filter(|(_, (_, _, light))| light.burns_on()) {
            let off = light.off_since.expect("what burns on says that it is off");
            // Back to what it was told of last that it is otherwise.
            let so_far: Vec<Timestamp> = steps[..=n]
                .iter()
                .rev()
                .take_while(|(_, event, _)| matches!(event, Event::Switched(Some(false)) | Event::Draws(20_000.., false)))
                .filter(|(at, event, _)| *at >= off.plus_micros(SETTLES) && matches!(event, Event::Draws(..)))
                .map(|(at, _, _)| *at)
                .collect();
            prop_assert!(so_far.len() >= 2 && *now >= so_far[so_far.len() - 1].plus_micros(BURNS));
        }
    }

    #[test]
    fn v5_2_one_report_of_enough_clears_it_and_so_does_an_off(events in events()) {
        let light = run(WATCHED, &events).last().map_or(WATCHED, |(_, _, light)| *light);
        let now = after(10_000);
        let (enough, off) = (light.hears(20_000, true, now), light.switched(Some(false), now));
        prop_assert_eq!((enough.dark_since, off.dark_since, off.low_since), (None, None, None));
        prop_assert_eq!(enough.was_seen_since(after(9_999)), light.on_since.is_some());
    }

    #[test]
    fn v5_2_nobody_is_judged_who_is_not_watched_or_told_to_be_off_or_silent(events in events()) {
        let unwatched = Draw { least_watts: None, ..WATCHED };
        for (now, _, light) in run(unwatched, &events) {
            prop_assert_eq!((light.dark_since, light.burns_since, light.milliwatts, light.is_due(true, now)), (None, None, None, false));
            prop_assert!(!light.is_news(0, true, now));
        }
        let told_off: Vec<_> = events.iter().map(|(seconds, event)| match event {
            Event::Draws(power, _) => (*seconds, Event::Draws(*power, false)),
            Event::Switched(_) => (*seconds, *event),
        }).collect();
        let silent: Vec<_> = events.iter().copied().filter(|(_, event)| matches!(event, Event::Switched(_))).collect();
        for (_, _, light) in run(WATCHED, &told_off).into_iter().chain(run(WATCHED, &silent)) {
            prop_assert_eq!(light.dark_since, None);
        }
    }

    #[test]
    fn v5_2_reports_that_are_left_out_as_no_news_change_no_judgement(events in events()) {
        let (mut all, mut some, mut now) = (WATCHED, WATCHED, START);
        for (seconds, event) in &events {
            now = now.plus_seconds(*seconds);
            match *event {
                Event::Switched(on) => (all, some) = (all.switched(on, now), some.switched(on, now)),
                Event::Draws(power, wanted) => {
                    all = all.hears(power, wanted, now);
                    if some.is_news(power, wanted, now) {
                        some = some.hears(power, wanted, now);
                    }
                }
            }
            let judged = |light: Draw| (light.low_since, light.dark_since.is_some(), light.burns_since, light.burns_on());
            prop_assert_eq!(judged(all), judged(some));
        }
    }

    #[test]
    fn v5_2_a_number_is_read_within_bounds_or_left(watts: f64) {
        if let Some(read) = milliwatts(&json!(watts)) {
            prop_assert!((0..=100_000_000).contains(&read) && (read as f64 / 1_000.0 - watts).abs() <= 0.000_51);
        }
    }
}
