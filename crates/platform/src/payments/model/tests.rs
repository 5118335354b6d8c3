//! One payment pays, any other goes back; and networks are asked until it is over.

use kernel::{SECOND, Word};
use proptest::prelude::*;

use super::*;
use crate::payments::channel::Paid;

fn order(state: OrderState) -> Order {
    Order {
        id: OrderId::from_uuid(Uuid::from_u128(1)),
        wallet: AccountId::from_uuid(Uuid::from_u128(9)),
        purpose: Purpose::Recharge,
        detail: String::new(),
        subject: String::new(),
        amount: Fen::new(3_600),
        state,
        refunded: Fen::ZERO,
        captured: Fen::ZERO,
        created_at: Timestamp::from_unix(0),
        expires_at: Timestamp::from_unix(900),
        paid_at: None,
        written_off: None,
    }
}

fn attempt(state: AttemptState) -> Attempt {
    Attempt {
        id: AttemptId::from_uuid(Uuid::from_u128(2)),
        order: OrderId::from_uuid(Uuid::from_u128(1)),
        merchant: MerchantId::from_uuid(Uuid::from_u128(3)),
        method: Method::H5,
        state,
        ask: Asking { payer: None, frozen: None, address: String::new(), return_url: String::new() },
        handed: None,
        channel_no: matches!(state, AttemptState::Taken | AttemptState::Surplus).then(|| "4200".into()),
        created_at: Timestamp::from_unix(0),
        checked_at: Timestamp::from_unix(0),
        paid_at: None,
        problem: None,
    }
}

fn paid(fen: i64, channel_no: &str) -> Paid {
    Paid { number: "n".into(), channel_no: channel_no.into(), amount: Fen::new(fen), payer: None, at: Timestamp::from_unix(5) }
}

#[test]
fn v4_1_one_payment_is_taken_and_any_other_goes_back() {
    for state in [AttemptState::Asked, AttemptState::Waiting, AttemptState::Closed] {
        assert_eq!(arrival(&order(OrderState::Pending), &attempt(state), &paid(3_600, "1")), Arrival::Take);
        assert_eq!(arrival(&order(OrderState::Paid), &attempt(state), &paid(3_600, "1")), Arrival::Return);
        assert_eq!(arrival(&order(OrderState::Closed), &attempt(state), &paid(3_600, "1")), Arrival::Return);
    }
}

#[test]
fn v8_2_what_was_written_off_is_taken_where_it_comes_after_all_and_nothing_comes_twice() {
    let written_off = Some(WrittenOff { at: Timestamp::from_unix(3), note: String::new() });
    let of = |state| Order { written_off: written_off.clone(), ..order(state) };
    for state in [AttemptState::Asked, AttemptState::Waiting, AttemptState::Closed] {
        assert_eq!(arrival(&of(OrderState::Closed), &attempt(state), &paid(3_600, "1")), Arrival::Take);
        assert_eq!(arrival(&of(OrderState::Paid), &attempt(state), &paid(3_600, "1")), Arrival::Return);
    }
    assert_eq!(arrival(&of(OrderState::Paid), &attempt(AttemptState::Taken), &paid(3_600, "4200")), Arrival::Known);
}

#[test]
fn v8_2_the_same_payment_again_changes_nothing_and_another_on_the_same_number_is_looked_at() {
    for state in [AttemptState::Taken, AttemptState::Surplus] {
        assert_eq!(arrival(&order(OrderState::Paid), &attempt(state), &paid(3_600, "4200")), Arrival::Known);
        let differs = arrival(&order(OrderState::Paid), &attempt(state), &paid(3_600, "4201"));
        assert_eq!(differs, Arrival::Differs(Problem::number(PayProblemCode::OtherNumber, "4201")));
    }
}

#[test]
fn v4_1_only_what_was_paid_can_go_back_and_no_more_than_is_left_of_it() {
    let left = |refunded, captured| {
        let order = Order { refunded: Fen::new(refunded), captured: Fen::new(captured), ..order(OrderState::Paid) };
        order.refundable().fen()
    };
    assert_eq!([left(0, 0), left(600, 0), left(0, 1_000), left(600, 1_000), left(2_600, 1_000)], [3_600, 3_000, 2_600, 2_000, 0]);
    for state in [OrderState::Pending, OrderState::Closed] {
        assert_eq!(order(state).refundable(), Fen::ZERO, "{state}");
    }
}

#[test]
fn v4_1_an_order_goes_back_in_fifty_parts_and_one_for_play_keeps_the_last_for_what_is_not_played() {
    let left = |purpose, made| Left::of(&Order { purpose, ..order(OrderState::Paid) }, made).parts;
    assert_eq!(
        [left(Purpose::Recharge, 0), left(Purpose::Captured, 0), left(Purpose::Play, 0), left(Purpose::Recharge, 50)],
        [50, 50, 49, 0]
    );
}

#[test]
fn v8_2_an_attempt_lives_while_money_may_still_come_by_it() {
    let live: Vec<_> = AttemptState::ALL.iter().copied().filter(|state| attempt(*state).live()).collect();
    assert_eq!(live, [AttemptState::Asked, AttemptState::Waiting]);
}

#[test]
fn v4_1_a_networks_clock_puts_no_payment_before_it_was_asked_for_nor_after_we_heard_of_it() {
    let paid = |said| between(Timestamp::from_unix(100), Timestamp::from_unix(said), Timestamp::from_unix(160)).unix();
    assert_eq!([paid(-500), paid(99), paid(130), paid(161), paid(9_000)], [100, 100, 130, 160, 160]);
}

#[test]
fn v8_2_a_network_is_asked_soon_at_first_then_less_often_and_one_last_time_a_minute_after_the_end() {
    let created = Timestamp::from_unix(1_000);
    let expires = created.plus_seconds(900);
    let pause = |age: i64| next_look(created, created.plus_seconds(age), expires).seconds_since(created) - age;
    assert_eq!([pause(0), pause(10), pause(45), pause(120), pause(500)], [10, 10, 45, 120, 120]);
    // The last look is at 960 s, whenever the one before it was.
    assert_eq!([pause(841), pause(900), pause(959)], [119, 60, 1]);
    // Of what is unclear even then it is asked on, less and less often; and by the time that people are told.
    assert_eq!([pause(960), pause(2_880), pause(12_000), pause(43_200)], [120, 120, 500, 1_800]);
    assert_eq!([pause(86_400), pause(87_299), pause(87_300), pause(8_640_000)], [900, 1, 3_600, 3_600]);
}

#[test]
fn v8_2_a_person_ends_what_people_were_told_of_and_was_placed_with_whom_we_were_and_nothing_else() {
    let told = |state, method| Attempt { method, problem: Some(PayProblemCode::Silent.into()), ..attempt(state) };
    for state in AttemptState::ALL.iter().copied() {
        let live = matches!(state, AttemptState::Asked | AttemptState::Waiting);
        assert_eq!(told(state, Method::H5).may_be_ended(true), live, "{state}");
        assert!(!told(state, Method::H5).may_be_ended(false) && !attempt(state).may_be_ended(true), "{state}");
        assert!(!told(state, Method::Capture).may_be_ended(true), "it is written off");
    }
}

#[test]
fn v4_1_a_refund_is_asked_for_again_soon_at_first_and_every_ten_minutes_at_last() {
    let pause = |seconds: i64| refund_pause(seconds * SECOND) / SECOND;
    assert_eq!([pause(0), pause(9), pause(10), pause(75), pause(600), pause(86_400)], [10, 10, 10, 75, 600, 600]);
}

#[test]
fn v8_2_a_refund_that_is_refused_is_tried_three_times_and_then_a_person_looks() {
    let pauses = |short| [1, 2, 3, 4].map(|tries| after_refusals(tries, short).map(|pause| pause / SECOND));
    assert_eq!(pauses(false), [Some(40), Some(80), None, None]);
    assert_eq!(pauses(true), [Some(4 * 3_600), Some(8 * 3_600), None, None], "within hours, where money has to come first");
}

#[test]
fn v8_2_a_refund_is_late_ten_days_after_it_was_asked_for_last_and_its_network_silent_a_day_after_it_was_not_clear_first() {
    let since = Timestamp::from_unix(1_000_000);
    let after = |seconds: i64| since.plus_seconds(seconds);
    let (day, late, silent) = (86_400, |seconds| is_late(since, after(seconds)), |seconds| is_silent(Some(since), after(seconds)));
    assert_eq!([late(-60), late(0), late(10 * day - 1), late(10 * day)], [false, false, false, true]);
    assert_eq!([silent(-60), silent(0), silent(day - 1), silent(day)], [false, false, false, true]);
    assert!(!is_silent(None, after(100 * day)), "it was clear the last time");
}

proptest! {
    #[test]
    fn k12_1_another_amount_is_never_taken(fen: i64, state in proptest::sample::select(AttemptState::ALL), of in proptest::sample::select(OrderState::ALL)) {
        prop_assume!(fen != 3_600);
        let differs = Arrival::Differs(Problem::amount(Fen::new(fen)));
        prop_assert_eq!(arrival(&order(of), &attempt(state), &paid(fen, "4200")), differs);
    }

    #[test]
    fn numbers_read_back_and_nothing_else_does(id: u128, text in "\\PC{0,40}") {
        let id = AttemptId::from_uuid(Uuid::from_u128(id));
        prop_assert_eq!(from_number(&number(id)), Some(id));
        prop_assert_eq!(number(id).len(), 32);
        prop_assert!(from_number::<AttemptEntity>(&text).is_none_or(|id| number(id) == text));
    }

    #[test]
    fn v8_2_a_network_is_asked_again_and_again_until_it_is_over(start in 0_i64..1_000_000) {
        let created = Timestamp::from_unix(start);
        let expires = created.plus_micros(EXPIRES);
        let (mut now, mut looks) = (created, 0);
        while now < expires.plus_micros(MARGIN) {
            let next = next_look(created, now, expires);
            prop_assert!(next > now && next <= expires.plus_micros(MARGIN));
            now = next;
            looks += 1;
        }
        prop_assert!((5..30).contains(&looks), "{}", looks);
    }
}
