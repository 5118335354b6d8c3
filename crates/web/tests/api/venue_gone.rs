//! Lamps that are gone for a while before anybody can know it: what was played until then may have been dark, and is nobody's to pay.

use kernel::{MINUTE, SECOND, Timestamp};
use sandbox::{CoilTrouble, Coils, Firmware, Frames, Trouble};
use serde_json::{Value, json};
use testkit::{Hall, TestServer, floor_table, on_brokers, on_server};

use crate::support::pay::wallet;
use crate::support::play::{at, offer, played, session};

fn time(of: &Value, name: &str) -> i64 {
    of[name].as_str().unwrap().parse::<Timestamp>().unwrap().micros()
}

/// Play is over since its light was gone, so long after that came on, and costs so much.
fn is_over(closed: &Value, after: i64, fen: i64) {
    let long = time(closed, "ended_at") - time(closed, "lit_at");
    assert!((after..after + SECOND).contains(&long), "{long}: {closed}");
    assert_eq!((&closed["end_reason"], &closed["bill"]["total_fen"]), (&json!("device_fault"), &json!(fen)));
}

/// The first lamp loses its power, and the broker has missed it.
async fn is_missed(hall: &Hall<'_>) {
    hall.tables[0].lamp.set(Trouble::Missed);
    hall.until(|floor| floor_table(floor, &hall.tables[0].id)["device"]["online"] == false).await;
}

async fn is_paid_until_it_was_last_there(server: &TestServer, firmware: Firmware, seconds: i64) {
    let hall = Hall::with(server, 1, firmware).await;
    let customer = hall.customer(10_000).await;
    let playing = hall.play(&customer, 0, 60).await;
    server.later(10 * MINUTE + 30 * SECOND).await;
    is_missed(&hall).await;
    server.later(61 * SECOND).await;
    hall.table_is(0, "maintenance").await;
    is_over(&session(&customer, &playing).await, 10 * MINUTE + 30 * SECOND - seconds * SECOND, 540);
}

/// The lamps lose their power while the server is down; it comes to the broker, which thinks that they are there.
async fn die_unseen(server: &TestServer, hall: &Hall<'_>) {
    for table in &hall.tables {
        table.lamp.set(Trouble::Unplugged);
        table.lamp.until(|seen| !seen.connected).await;
    }
    server.comes_back_to_the_broker().await;
}

/// So many seconds pass under a server that is there.
async fn pass(server: &TestServer, seconds: i64) {
    for _ in 0..seconds / 10 {
        server.run_jobs().await;
        server.clock.step(10 * SECOND);
    }
    server.run_jobs().await;
}

on_brokers! {
    async fn v5_2_who_plays_under_a_tasmota_pays_for_no_keep_alive_and_a_half_before_it_was_missed(server) {
        is_paid_until_it_was_last_there(server, Firmware::Tasmota, 45).await;
    }

    async fn v5_2_who_plays_under_a_shelly_pays_for_no_keep_alive_and_a_half_before_it_was_missed(server) {
        is_paid_until_it_was_last_there(server, Firmware::Shelly, 90).await;
    }

    async fn v5_2_what_a_lamp_has_said_before_it_was_missed_is_paid_until_then(server) {
        let hall = Hall::open(server, 1).await;
        let customer = hall.customer(10_000).await;
        let playing = hall.play(&customer, 0, 60).await;
        server.later(10 * MINUTE).await;
        customer.post_once("more-0001", &at(&playing, "extend"), json!({"minutes": 30, "expected_fen": 1_800})).await.ok(200);
        hall.until(|_| hall.tables[0].lamp.seen().told_on == 2).await;
        server.later(20 * SECOND).await;
        is_missed(&hall).await;
        server.later(61 * SECOND).await;
        hall.table_is(0, "maintenance").await;
        is_over(&session(&customer, &playing).await, 10 * MINUTE, 600);
    }

    async fn v5_2_a_lamp_that_is_missed_as_soon_as_play_has_begun_takes_nothing_off_what_was_before(server) {
        let hall = Hall::open(server, 1).await;
        offer(&hall, 30, true, 0).await;
        let customer = hall.customer(10_000).await;
        let playing = hall.play(&customer, 0, 60).await;
        server.later(20 * SECOND).await;
        is_missed(&hall).await;
        customer.post(&at(&playing, "close"), json!({})).await.ok(200);
        is_over(&session(&customer, &playing).await, 0, 0);
        hall.tables[0].lamp.set(Trouble::None);
        hall.table_is(0, "idle").await;
        // Nor as soon as it has gone on, where nobody could tell the lamp so.
        let playing = hall.play(&customer, 0, 60).await;
        server.later(10 * MINUTE + 30 * SECOND).await;
        customer.post(&at(&playing, "pause"), json!({})).await.ok(200);
        server.later(5 * MINUTE).await;
        server.cut_the_wire(true);
        let resumed = customer.post(&at(&playing, "resume"), json!({})).await.ok(200);
        server.later(20 * SECOND).await;
        is_missed(&hall).await;
        server.cut_the_wire(false);
        server.later(61 * SECOND).await;
        hall.table_is(0, "maintenance").await;
        let closed = session(&customer, &playing).await;
        let after = time(&closed, "ended_at") - time(&resumed, "now");
        assert!(after.abs() < SECOND, "{after}: {closed}");
        assert_eq!((&closed["bill"]["total_fen"], wallet(&customer).await), (&json!(600), (9_400, 0)));
    }

    async fn v5_2_a_lamp_that_is_back_within_a_minute_takes_nothing_off_the_bill(server) {
        let (hall, customer, playing) = played(server, 1).await;
        is_missed(&hall).await;
        server.later(20 * SECOND).await;
        hall.tables[0].lamp.set(Trouble::None);
        hall.until(|floor| floor_table(floor, &hall.tables[0].id)["device"]["reported"] == true).await;
        let closed = customer.post(&at(&playing, "close"), json!({})).await.ok(200);
        assert_eq!((&closed["end_reason"], &closed["bill"]["total_fen"], &closed["unlit_seconds"]), (&json!("customer"), &json!(660), &json!(0)));
    }

    async fn v5_2_a_lamp_whose_power_went_while_the_server_was_down_is_not_paid_for_until_it_is_missed(server) {
        let (hall, customer, playing) = played(server, 1).await;
        die_unseen(server, &hall).await;
        pass(server, 300).await;
        assert_eq!(hall.table_is(0, "maintenance").await["case"]["cause"], "offline");
        is_over(&session(&customer, &playing).await, 10 * MINUTE + 30 * SECOND, 600);
        hall.tables[0].lamp.set(Trouble::None);
        hall.table_is(0, "idle").await;
    }

    async fn v5_2_a_server_that_starts_again_and_again_bills_no_more_of_such_a_lamp_than_one_that_starts_once(server) {
        let (hall, customer, playing) = played(server, 1).await;
        die_unseen(server, &hall).await;
        for _ in 0..2 {
            pass(server, 120).await;
            assert_eq!(session(&customer, &playing).await["state"], "playing");
            server.comes_back_to_the_broker().await;
        }
        pass(server, 300).await;
        hall.table_is(0, "maintenance").await;
        is_over(&session(&customer, &playing).await, 10 * MINUTE + 30 * SECOND, 600);
    }

    async fn v5_2_such_a_lamp_that_is_back_just_when_it_was_missed_leaves_out_all_that_nobody_saw(server) {
        let (hall, customer, playing) = played(server, 1).await;
        die_unseen(server, &hall).await;
        for _ in 0..30 {
            server.run_jobs().await;
            if floor_table(&hall.floor().await, &hall.tables[0].id)["device"]["online"] == false {
                break;
            }
            server.clock.step(10 * SECOND);
        }
        hall.tables[0].lamp.set(Trouble::None);
        hall.until(|floor| floor_table(floor, &hall.tables[0].id)["device"]["reported"] == true).await;
        let back = session(&customer, &playing).await;
        assert_eq!(back["state"], "playing");
        assert!((180..250).contains(&back["unlit_seconds"].as_i64().unwrap()), "{back}");
    }

    async fn v5_2_a_hall_whose_power_went_while_the_server_was_down_is_not_billed_from_then_until_it_is_back(server) {
        let (hall, customer, playing) = played(server, 2).await;
        die_unseen(server, &hall).await;
        pass(server, 300).await;
        let away = session(&customer, &playing).await;
        assert_eq!((&away["state"], &away["light"], &away["cost_so_far_fen"]), (&json!("playing"), &json!("away"), &json!(660)));
        for table in &hall.tables {
            table.lamp.set(Trouble::None);
        }
        hall.until(|floor| floor_table(floor, &hall.tables[0].id)["device"]["reported"] == true).await;
        let back = session(&customer, &playing).await;
        assert_eq!((&back["state"], &back["cost_so_far_fen"]), (&json!("playing"), &json!(660)));
        assert!((300..310).contains(&back["unlit_seconds"].as_i64().unwrap()), "{back}");
    }

    async fn v5_2_a_lamp_that_never_answers_what_it_was_told_is_not_paid_for_since_then(server) {
        let (hall, customer, playing) = played(server, 1).await;
        let lamp = &hall.tables[0].lamp;
        lamp.set(Trouble::Unplugged);
        lamp.until(|seen| !seen.connected).await;
        customer.post_once("more-0001", &at(&playing, "extend"), json!({"minutes": 30, "expected_fen": 1_800})).await.ok(200);
        pass(server, 150).await;
        hall.table_is(0, "maintenance").await;
        is_over(&session(&customer, &playing).await, 10 * MINUTE + 30 * SECOND, 600);
    }
}

on_server! {
    async fn v5_2_who_plays_under_a_board_pays_for_no_round_of_questions_before_it_was_missed(server) {
        let hall = Hall::open(server, 0).await;
        let customer = hall.customer(10_000).await;
        let board = Coils::start(Frames::Tcp).await.unwrap();
        let table = hall.coil_table(&board, "tcp", 0).await;
        let playing = hall.play_at(&customer, &table.id, 60).await;
        server.clock.step(10 * MINUTE - 5 * SECOND);
        server.tick().await;
        board.set(CoilTrouble::Gone);
        for seconds in [10, 61] {
            server.clock.step(seconds * SECOND);
            server.tick().await;
        }
        hall.is(&table.id, "maintenance").await;
        is_over(&session(&customer, &playing).await, 9 * MINUTE + 55 * SECOND, 540);
    }
}
