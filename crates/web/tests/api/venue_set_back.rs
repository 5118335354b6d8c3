//! What goes on at tables lasts no longer than was paid, or said, after a clock that was ahead is set back.

use kernel::{HOUR, MINUTE, SECOND, Timestamp};
use serde_json::{Value, json};
use store::{Sql as _, args};
use testkit::{Client, Hall, TestServer, on_server};

use crate::support::pay::{id, wallet};

/// How far away it is, in whole minutes: each look at the clock is a moment.
fn minutes_to(server: &TestServer, at: &Value) -> i64 {
    let at: Timestamp = at.as_str().unwrap().parse().unwrap();
    (at.micros() - server.clock.now().micros() + 30 * SECOND).div_euclid(MINUTE)
}

async fn session(customer: &Client, of: &Value) -> Value {
    customer.get(&format!("/customer/v1/sessions/{}", id(of))).await.ok(200)
}

async fn may_pause(hall: &Hall<'_>) {
    let path = format!("/api/v1/venues/{}/offers", hall.id);
    let version = hall.manager.get(&path).await.ok(200)["version"].clone();
    let offers = json!({"pause_minutes": 30, "pause_lit": false, "cleaning_minutes": 0, "hold_minutes": 15, "version": version});
    hall.manager.put(&path, offers).await.ok(200);
}

/// By two hours; the server had looked at its lights within the last minute.
async fn set_back(server: &TestServer) {
    server.tick().await;
    server.later(-2 * HOUR).await;
}

on_server! {
    async fn v3_1_play_that_began_by_a_clock_two_hours_ahead_lasts_as_long_as_was_paid_after_it_was_set_back(server) {
        let hall = Hall::open(server, 1).await;
        let customer = hall.customer(10_000).await;
        let playing = hall.play(&customer, 0, 60).await;
        server.later(30 * MINUTE).await;
        set_back(server).await;
        assert_eq!(minutes_to(server, &session(&customer, &playing).await["paid_until"]), 150);
        server.tick().await;
        assert_eq!(minutes_to(server, &session(&customer, &playing).await["paid_until"]), 60);
        server.later(61 * MINUTE).await;
        server.run_jobs().await;
        hall.table_is(0, "idle").await;
        assert_eq!((wallet(&customer).await, hall.tables[0].lamp.seen().on), ((6_400, 0), false));
    }

    async fn v3_1_a_clock_that_is_behind_when_the_server_starts_takes_nothing_from_who_plays(server) {
        let hall = Hall::open(server, 1).await;
        let customer = hall.customer(10_000).await;
        let playing = hall.play(&customer, 0, 60).await;
        server.later(-2 * HOUR).await;
        server.tick().await;
        server.later(2 * HOUR + 30 * MINUTE).await;
        server.tick().await;
        hall.table_is(0, "playing").await;
        assert_eq!(minutes_to(server, &session(&customer, &playing).await["paid_until"]), 30);
    }

    async fn v3_1_whoever_ends_play_after_the_clock_was_set_back_pays_for_no_more_than_was_played(server) {
        let hall = Hall::open(server, 1).await;
        let customer = hall.customer(10_000).await;
        let playing = hall.play(&customer, 0, 60).await;
        server.later(20 * MINUTE).await;
        set_back(server).await;
        server.tick().await;
        server.later(20 * MINUTE - SECOND).await;
        let closed = customer.post(&format!("/customer/v1/sessions/{}/close", id(&playing)), json!({})).await.ok(200);
        assert!((1..=2_400).contains(&closed["bill"]["total_fen"].as_i64().unwrap()), "{closed}");
        hall.table_is(0, "idle").await;
    }

    async fn v3_1_a_pause_that_began_by_a_clock_that_was_ahead_lasts_as_long_as_it_may_and_costs_nothing(server) {
        let hall = Hall::open(server, 1).await;
        may_pause(&hall).await;
        let customer = hall.customer(10_000).await;
        let playing = hall.play(&customer, 0, 60).await;
        server.later(10 * MINUTE - 10 * SECOND).await;
        customer.post(&format!("/customer/v1/sessions/{}/pause", id(&playing)), json!({})).await.ok(200);
        hall.table_is(0, "paused").await;
        set_back(server).await;
        server.tick().await;
        assert_eq!(session(&customer, &playing).await["cost_so_far_fen"], 600);
        server.later(31 * MINUTE).await;
        server.run_jobs().await;
        hall.table_is(0, "playing").await;
        assert_eq!(minutes_to(server, &session(&customer, &playing).await["paid_until"]), 50, "it went on by itself just now");
        assert_eq!(wallet(&customer).await, (10_000, 3_600));
    }

    async fn v5_1_nothing_is_known_of_lights_and_tables_since_a_time_to_come(server) {
        let hall = Hall::open(server, 2).await;
        let customer = hall.customer(10_000).await;
        hall.play(&customer, 0, 60).await;
        set_back(server).await;
        let ahead = async || {
            let sql = "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM devices d JOIN venue_tables t ON t.id = d.table_id \
                       WHERE d.wanted_at > $1 OR d.reported_at > $1 OR d.online_since > $1 OR d.right_since > $1 OR t.since > $1";
            server.platform.db.read().one(sql, args![server.clock.now()], |row| row.get::<i64>("n")).await.unwrap()
        };
        assert_eq!(ahead().await, 2);
        server.tick().await;
        assert_eq!(ahead().await, 0);
        server.settles().await;
        let table = hall.table_is(0, "playing").await;
        assert_eq!((table["device"]["wanted"].clone(), table["device"]["reported"].clone()), (json!(true), json!(true)));
    }

    async fn v3_1a_a_table_that_was_held_by_a_clock_that_was_ahead_is_free_as_soon_as_was_said(server) {
        let hall = Hall::open(server, 2).await;
        let holder = hall.customer(0).await;
        let now = server.clock.now();
        holder.post(&format!("/customer/v1/tables/{}/hold", hall.tables[0].id), json!({})).await.ok(200);
        let until = json!(now.plus_micros(HOUR));
        hall.manager.post(&format!("/api/v1/tables/{}/hold", hall.tables[1].id), json!({"note": "王先生", "until": until})).await.ok(200);
        set_back(server).await;
        server.tick().await;
        server.later(16 * MINUTE).await;
        server.run_jobs().await;
        hall.table_is(0, "idle").await;
        // What the staff holds is held until a time that somebody has said.
        let held = hall.table_is(1, "reserved").await;
        assert_eq!(held["hold"]["until"], until);
    }
}
