//! A server that was away for longer than a lamp's own timer counts: the lamp has gone dark over who plays, and nobody has heard it. When the server is
//! back it knows since when, and nobody pays for that.

use std::time::Duration;

use kernel::{MINUTE, SECOND};
use sandbox::{Coils, Firmware, Frames, Trouble};
use serde_json::{Value, json};
use testkit::{Client, Hall, TestServer, floor_table, on_brokers, on_server};

use crate::support::pay::{told, wallet, words};
use crate::support::play::{are, at, session};

/// Three hours are paid for, and so many minutes pass in which no job is carried out. The lamp's timer counts two hours.
async fn left_alone(server: &TestServer, firmware: Firmware, minutes: i64) -> (Hall<'_>, Client, Value) {
    let hall = Hall::with(server, 1, firmware).await;
    server.keep_signed_in(&hall.manager).await;
    let customer = hall.customer(20_000).await;
    let playing = hall.play(&customer, 0, 180).await;
    server.later(minutes * MINUTE).await;
    hall.tables[0].lamp.until(|seen| !seen.on).await;
    (hall, customer, playing)
}

/// What two hours cost, or what they did without the minute in which the light was told to come on.
fn is_two_hours(bill: &Value) {
    assert!([7_200, 7_140].contains(&bill["total_fen"].as_i64().unwrap()), "{bill}");
}

/// Three hours are paid for, in a hall with so many tables.
async fn paid(server: &TestServer, tables: usize) -> (Hall<'_>, Client, Value) {
    let hall = Hall::open(server, tables).await;
    server.keep_signed_in(&hall.manager).await;
    let customer = hall.customer(20_000).await;
    let playing = hall.play(&customer, 0, 180).await;
    (hall, customer, playing)
}

/// Once the first lamp is on again and has said so: how many seconds were dark.
async fn unlit(server: &TestServer, hall: &Hall<'_>, customer: &Client, playing: &Value) -> i64 {
    hall.until(|_| hall.tables[0].lamp.seen().on).await;
    server.settles().await;
    session(customer, playing).await["unlit_seconds"].as_i64().unwrap()
}

/// It goes on: five minutes of it were dark, and are nobody's to pay.
async fn goes_on_and_leaves_out_the_dark(server: &TestServer, firmware: Firmware) {
    let (hall, customer, playing) = left_alone(server, firmware, 125).await;
    server.tick().await;
    hall.until(|floor| hall.tables[0].lamp.seen().on && floor_table(floor, &hall.tables[0].id)["device"]["reported"] == true).await;
    let back = session(&customer, &playing).await;
    let end = |view: &Value| view["paid_until"].as_str().unwrap().parse::<kernel::Timestamp>().unwrap().micros();
    let moved = end(&back) - end(&playing);
    assert!((5 * MINUTE - SECOND..5 * MINUTE + 10 * SECOND).contains(&moved), "{moved}");
    assert_eq!((&back["state"], told(&customer).await[0].as_str()), (&json!("playing"), "play.light_again"));
    server.later(9 * MINUTE + 30 * SECOND).await;
    let closed = customer.post(&at(&playing, "close"), json!({})).await.ok(200);
    // Two hours and nine minutes and a half.
    assert_eq!(
        (&closed["end_reason"], &closed["bill"]["total_fen"], wallet(&customer).await),
        (&json!("customer"), &json!(7_800), (12_200, 0))
    );
    assert_eq!(words(&closed["bill"]["lines"], "kind"), ["play", "unlit"]);
    hall.table_is(0, "idle").await;
}

on_brokers! {
    async fn v5_2_under_a_tasmota_that_ran_out_minutes_ago_play_goes_on_and_the_dark_is_not_billed(server) {
        goes_on_and_leaves_out_the_dark(server, Firmware::Tasmota).await;
    }

    async fn v5_2_under_a_shelly_that_ran_out_minutes_ago_play_goes_on_and_the_dark_is_not_billed(server) {
        goes_on_and_leaves_out_the_dark(server, Firmware::Shelly).await;
    }

    async fn v5_2_a_lamp_that_ran_out_long_ago_has_ended_play_then_and_is_not_lit_again(server) {
        let (hall, customer, playing) = left_alone(server, Firmware::Tasmota, 150).await;
        server.tick().await;
        assert_eq!(hall.table_is(0, "idle").await["case"], json!(null), "nothing is wrong with it");
        let closed = session(&customer, &playing).await;
        assert_eq!((&closed["end_reason"], told(&customer).await[0].as_str()), (&json!("device_fault"), "play.device_fault"));
        is_two_hours(&closed["bill"]);
        assert_eq!(hall.tables[0].lamp.seen().told_on, 1);
        let log = hall.manager.get(&format!("/api/v1/devices/{}/log", hall.tables[0].device)).await.ok(200);
        assert!(words(&log["items"], "what").contains(&"ran_out".to_owned()), "{log}");
        hall.play(&customer, 0, 60).await;
    }

    async fn v5_2_who_was_in_the_dark_when_their_time_was_up_pays_until_it_was(server) {
        let (hall, customer, playing) = left_alone(server, Firmware::Tasmota, 200).await;
        server.run_jobs().await;
        let closed = session(&customer, &playing).await;
        assert_eq!(closed["end_reason"], "device_fault");
        is_two_hours(&closed["bill"]);
        hall.table_is(0, "idle").await;
    }

    async fn v5_2_whoever_ends_play_before_the_server_has_looked_pays_no_more(server) {
        let (hall, customer, playing) = left_alone(server, Firmware::Tasmota, 170).await;
        let closed = customer.post(&at(&playing, "close"), json!({})).await.ok(200);
        assert_eq!(closed["end_reason"], "device_fault");
        is_two_hours(&closed["bill"]);
        assert_eq!(wallet(&customer).await.1, 0);
        hall.table_is(0, "idle").await;
    }

    async fn v5_2_what_is_dark_while_the_broker_is_away_is_left_out_however_often_its_lamp_was_to_be_told(server) {
        let (hall, customer, playing) = paid(server, 1).await;
        let lamp = &hall.tables[0].lamp;
        server.later(61 * MINUTE).await;
        // Nothing comes through, there or back.
        server.cut_the_wire(true);
        lamp.set(Trouble::Mute);
        for minutes in [60, 2, 2] {
            server.clock.step(minutes * MINUTE);
            server.tick().await;
        }
        lamp.until(|seen| !seen.on).await;
        server.cut_the_wire(false);
        lamp.set(Trouble::None);
        server.clock.step(MINUTE);
        let unlit = unlit(server, &hall, &customer, &playing).await;
        assert!((359..370).contains(&unlit), "{unlit}");
    }

    async fn v5_2_a_word_that_the_broker_has_taken_for_a_lamp_that_is_not_there_lights_nobody(server) {
        let (hall, customer, playing) = paid(server, 1).await;
        let lamp = &hall.tables[0].lamp;
        server.later(119 * MINUTE).await;
        // Its power is gone, and nobody has missed it.
        lamp.set(Trouble::Unplugged);
        lamp.until(|seen| !seen.connected).await;
        server.clock.step(5 * MINUTE);
        server.tick().await;
        server.clock.step(50 * SECOND);
        lamp.set(Trouble::None);
        let unlit = unlit(server, &hall, &customer, &playing).await;
        assert!((289..300).contains(&unlit), "{unlit}");
    }

    async fn v5_2_a_timer_that_still_runs_when_its_hall_is_back_is_not_forgotten(server) {
        let (hall, customer, playing) = paid(server, 2).await;
        server.later(30 * MINUTE).await;
        are(&hall, Trouble::Offline, false).await;
        server.later(61 * SECOND).await;
        server.run_jobs().await;
        // There again, and nothing that it is told comes through, nor what it says.
        server.cut_the_wire(true);
        are(&hall, Trouble::Mute, true).await;
        server.clock.step(92 * MINUTE);
        server.tick().await;
        hall.tables[0].lamp.until(|seen| !seen.on).await;
        server.cut_the_wire(false);
        are(&hall, Trouble::None, true).await;
        server.clock.step(MINUTE);
        let unlit = unlit(server, &hall, &customer, &playing).await;
        // A minute and 45 seconds without a word, and four minutes without light.
        assert!((345..355).contains(&unlit), "{unlit}");
    }

    async fn v5_2_a_lamp_that_ran_out_before_it_was_missed_is_paid_until_it_ran_out(server) {
        let (hall, customer, playing) = paid(server, 1).await;
        let lamp = &hall.tables[0].lamp;
        server.later(119 * MINUTE).await;
        lamp.set(Trouble::Mute);
        server.clock.step(3 * MINUTE);
        lamp.until(|seen| !seen.on).await;
        lamp.set(Trouble::Missed);
        hall.until(|floor| floor_table(floor, &hall.tables[0].id)["device"]["online"] == false).await;
        server.clock.step(61 * SECOND);
        assert_eq!(hall.table_is(0, "maintenance").await["case"]["cause"], "offline");
        let closed = session(&customer, &playing).await;
        assert_eq!(closed["end_reason"], "device_fault");
        is_two_hours(&closed["bill"]);
    }
}

on_server! {
    async fn v5_2_a_lamp_that_burnt_to_the_end_of_what_was_paid_leaves_nothing_out(server) {
        let hall = Hall::open(server, 1).await;
        server.keep_signed_in(&hall.manager).await;
        let customer = hall.customer(10_000).await;
        let playing = hall.play(&customer, 0, 60).await;
        // Two minutes after the hour it has gone off by itself.
        server.later(180 * MINUTE).await;
        hall.tables[0].lamp.until(|seen| !seen.on).await;
        server.tick().await;
        let closed = session(&customer, &playing).await;
        assert_eq!((&closed["end_reason"], &closed["bill"]["total_fen"], &closed["unlit_seconds"]), (&json!("time_up"), &json!(3_600), &json!(0)));
        hall.table_is(0, "idle").await;
    }

    async fn v5_2_a_board_with_timers_that_ran_out_is_lit_again_and_the_dark_is_not_billed(server) {
        let hall = Hall::open(server, 0).await;
        let customer = hall.customer(20_000).await;
        let board = Coils::start(Frames::Tcp).await.unwrap();
        let table = hall.timed_table(&board, "tcp", 3).await;
        let playing = hall.play_at(&customer, &table.id, 120).await;
        // It counts 54 minutes and 36 seconds.
        server.clock.step(60 * MINUTE);
        board.pass(Duration::from_secs(3_600));
        assert!(!board.seen().on[3]);
        server.tick().await;
        hall.until(|floor| floor_table(floor, &table.id)["device"]["reported"] == true).await;
        assert!(board.seen().on[3]);
        let unlit = session(&customer, &playing).await["unlit_seconds"].as_i64().unwrap();
        assert!((323..330).contains(&unlit), "{unlit}");
        server.clock.step(10 * MINUTE);
        let closed = customer.post(&at(&playing, "close"), json!({})).await.ok(200);
        assert_eq!(closed["bill"]["total_fen"], 65 * 60);
        hall.is(&table.id, "idle").await;
    }

    async fn v5_2_of_a_board_without_timers_nothing_is_known_and_all_is_billed(server) {
        let hall = Hall::open(server, 0).await;
        let customer = hall.customer(20_000).await;
        let board = Coils::start(Frames::Tcp).await.unwrap();
        let table = hall.coil_table(&board, "tcp", 3).await;
        let playing = hall.play_at(&customer, &table.id, 180).await;
        server.clock.step(170 * MINUTE - 30 * SECOND);
        server.tick().await;
        let closed = customer.post(&at(&playing, "close"), json!({})).await.ok(200);
        assert_eq!((&closed["end_reason"], &closed["bill"]["total_fen"]), (&json!("customer"), &json!(170 * 60)));
        hall.is(&table.id, "idle").await;
    }
}
