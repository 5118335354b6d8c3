//! More time in the last second, under lamps whose own timers are nearly over: the light does not blink, and its timer is set anew. Under a Tasmota
//! it is in `venue_play.rs`.

use std::time::Duration;

use kernel::{MINUTE, SECOND};
use sandbox::{Coils, Firmware, Frames};
use serde_json::{Value, json};
use testkit::{Client, Hall, TestServer, on_brokers, on_server};

use crate::support::pay::{told, wallet};
use crate::support::play::{at, session};

/// Half an hour more of 36 yuan an hour. There is a second left of the first.
async fn extends(server: &TestServer, customer: &Client, playing: &Value) {
    server.run_jobs().await;
    assert_eq!(told(customer).await[0], "play.ending");
    let more = json!({"minutes": 30, "expected_fen": 1_800});
    customer.post_once("more-0001", &at(playing, "extend"), more).await.ok(200);
    assert_eq!(wallet(customer).await, (10_000, 5_400));
}

async fn plays_on(customer: &Client, playing: &Value) {
    assert_eq!(session(customer, playing).await["state"], "playing");
}

async fn is_over(customer: &Client, playing: &Value) {
    let over = session(customer, playing).await;
    assert_eq!((&over["end_reason"], &over["bill"]["total_fen"]), (&json!("time_up"), &json!(5_400)));
    assert_eq!(wallet(customer).await, (4_600, 0));
}

/// Time passes for the program and for the board, which is asked meanwhile.
async fn minutes(server: &TestServer, board: &Coils, count: i64) {
    for _ in 0..count {
        seconds(server, board, 60).await;
    }
}

async fn seconds(server: &TestServer, board: &Coils, count: u32) {
    server.clock.step(i64::from(count) * SECOND);
    board.pass(Duration::from_secs(count.into()));
    server.tick().await;
}

on_brokers! {
    async fn v1_1_more_time_in_the_last_second_does_not_blink_a_shelly(server) {
        let hall = Hall::with(server, 1, Firmware::Shelly).await;
        let (customer, lamp) = (hall.customer(10_000).await, &hall.tables[0].lamp);
        let playing = hall.play(&customer, 0, 60).await;
        server.later(60 * MINUTE - SECOND).await;
        extends(server, &customer, &playing).await;
        hall.until(|_| lamp.seen().told_on == 2).await;
        // Past the end of before, and past where its timer would have ended.
        for later in [2 * SECOND, 3 * MINUTE] {
            server.later(later).await;
            server.run_jobs().await;
            assert_eq!((lamp.seen().on, lamp.seen().switched), (true, 1));
            plays_on(&customer, &playing).await;
        }
        server.later(27 * MINUTE).await;
        hall.table_is(0, "idle").await;
        assert_eq!((lamp.seen().on, lamp.seen().switched), (false, 2));
        is_over(&customer, &playing).await;
    }
}

on_server! {
    async fn v1_1_more_time_in_the_last_second_does_not_blink_a_coil_with_a_timer(server) {
        let hall = Hall::open(server, 0).await;
        let customer = hall.customer(10_000).await;
        let board = Coils::start(Frames::Tcp).await.unwrap();
        let table = hall.timed_table(&board, "tcp", 3).await;
        let playing = hall.play_at(&customer, &table.id, 60).await;
        minutes(server, &board, 59).await;
        seconds(server, &board, 59).await;
        // Two minutes and that second are left of its timer, and the time that a light may take to come on.
        let left = board.seen().timers[3];
        assert!((1_200..=1_410).contains(&left), "{left}");
        extends(server, &customer, &playing).await;
        // Half an hour more.
        hall.until(|_| (19_150..=19_210).contains(&board.seen().timers[3])).await;
        seconds(server, &board, 2).await;
        assert_eq!((board.seen().on[3], board.seen().switched), (true, 1));
        plays_on(&customer, &playing).await;
        minutes(server, &board, 3).await;
        assert_eq!((board.seen().on[3], board.seen().switched), (true, 1));
        plays_on(&customer, &playing).await;
        minutes(server, &board, 27).await;
        hall.is(&table.id, "idle").await;
        assert_eq!((board.seen().on[3], board.seen().timers[3], board.seen().switched), (false, 0, 2));
        is_over(&customer, &playing).await;
    }
}
