use serde_json::json;

use super::Standing::{Nothing, UnderWay, Undone};
use super::*;

fn idle() -> Facts {
    Facts {
        cash: 0,
        balance: 0,
        held: 0,
        sessions: Vec::new(),
        spent: 0,
        paid: 0,
        back: 0,
        frozen: 0,
        table: "idle".into(),
        case: None,
        connected: true,
        online: true,
        powered: true,
        lit: false,
        told_on: 0,
        told: 0,
    }
}

fn turn(operation: Operation) -> Turn {
    Turn { operation, path: String::new(), body: Value::Null, key: None, amount: 600, before: idle(), until: Value::Null, pulled: None }
}

/// What was given up since its light was not seen.
fn failed(before: Facts) -> Facts {
    Facts { sessions: vec![json!({"state": "failed"})], table: "maintenance".into(), case: Some("not_lit".into()), told: 1, ..before }
}

#[test]
fn what_is_paid_and_not_played_is_no_end_until_it_has_gone_back() {
    let turn = turn(Operation::usual(Act::OpenPaid));
    let paid = Facts { paid: 600, balance: 600, ..idle() };
    let under_way = Facts { held: 600, ..paid.clone() };
    let back = Facts { back: 600, balance: 0, told: 1, ..paid.clone() };
    let kept = Facts { back: 600, ..paid.clone() };
    let seen = [idle(), paid, under_way, back, kept].map(|facts| turn.standing(&facts).unwrap());
    assert_eq!(seen, [Nothing, UnderWay, UnderWay, Undone, UnderWay]);
}

#[test]
fn what_is_paid_for_without_play_is_not_undone() {
    let before = Facts { cash: 10_000, balance: 10_000, ..idle() };
    let turn = Turn { before: before.clone(), ..turn(Operation::usual(Act::Open)) };
    let failed = failed(before);
    assert_eq!(turn.standing(&failed).unwrap(), Undone);
    assert!(turn.standing(&Facts { spent: 600, balance: 9_400, ..failed }).is_err());
}

#[test]
fn who_plays_has_a_light_and_its_price_held_once() {
    let turn = turn(Operation::usual(Act::OpenFrozen));
    let session = json!({"state": "playing", "held_fen": 600});
    let plays = Facts {
        sessions: vec![session.clone()],
        paid: 600,
        balance: 600,
        held: 600,
        frozen: 600,
        table: "playing".into(),
        lit: true,
        ..idle()
    };
    let standing = |facts: Facts| turn.standing(&facts);
    assert_eq!(standing(plays.clone()).unwrap(), Standing::Done);
    for half in [
        Facts { lit: false, ..plays.clone() },
        Facts { held: 1_200, ..plays.clone() },
        Facts { frozen: 0, ..plays.clone() },
        Facts { balance: 0, ..plays.clone() },
    ] {
        assert_eq!(standing(half).unwrap(), Standing::UnderWay);
    }
    assert!(standing(Facts { paid: 1_200, balance: 1_200, ..plays.clone() }).is_err(), "paid twice");
    assert!(standing(Facts { sessions: vec![session.clone(), session], ..plays }).is_err(), "opened twice");
}

#[test]
fn who_has_waited_for_a_light_in_vain_is_told_once_and_somebody_looks_after_it() {
    let turn = turn(Operation { act: Act::Open, over: Over::Deaf });
    let undone = failed(idle());
    let standing = |facts: Facts| turn.standing(&facts);
    assert_eq!(standing(undone.clone()).unwrap(), Undone);
    for half in [
        Facts { told: 0, ..undone.clone() },
        Facts { case: None, ..undone.clone() },
        Facts { table: "idle".into(), ..undone.clone() },
        Facts { held: 600, ..undone.clone() },
        Facts { lit: true, ..undone.clone() },
    ] {
        assert_eq!(standing(half).unwrap(), UnderWay);
    }
    assert!(standing(Facts { told: 2, ..undone }).is_err(), "told twice");
    let plays = json!({"state": "playing", "held_fen": 0});
    let played = Facts { sessions: vec![plays], table: "playing".into(), lit: true, ..idle() };
    assert!(standing(played).is_err(), "its lamp has said nothing");
}

#[test]
fn who_closes_in_the_dark_pays_whole_minutes_until_the_light_went() {
    let seen = |text: &str| text.parse::<Timestamp>().unwrap();
    let plays = json!({"state": "playing", "held_fen": 0});
    let before = Facts { sessions: vec![plays], table: "playing".into(), powered: false, ..idle() };
    let operation = Operation { act: Act::Close, over: Over::Pulled };
    let turn = Turn { before: before.clone(), pulled: Some(seen("2026-11-21T08:02:30Z")), ..turn(operation) };
    let closed = |ended: &str, reason: &str, fen: i64| {
        let bill = json!({"total_fen": fen});
        let session = json!({"state": "closed", "lit_at": "2026-11-21T08:00:00Z", "ended_at": ended, "end_reason": reason, "bill": bill});
        let facts = Facts { sessions: vec![session], spent: fen, balance: -fen, table: "closing".into(), told: 1, ..before.clone() };
        turn.standing(&facts)
    };
    assert_eq!(turn.standing(&before).unwrap(), Nothing);
    assert_eq!(closed("2026-11-21T08:02:29.9Z", "device_fault", 1_200).unwrap(), Standing::Done);
    assert!(closed("2026-11-21T08:02:29.9Z", "device_fault", 1_800).is_err(), "a minute that was begun");
    assert!(closed("2026-11-21T08:02:40Z", "device_fault", 1_200).is_err(), "time in the dark");
    assert!(closed("2026-11-21T08:02:29.9Z", "customer", 1_200).is_err());
}
