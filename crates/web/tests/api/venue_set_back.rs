//! A clock that is set back while guests play: nobody pays for what was not played, and nothing is known of lights since a time to come.

use kernel::{HOUR, MINUTE};
use serde_json::json;
use store::{Sql as _, args};
use testkit::{Hall, TestServer, on_server};

use crate::support::pay::id;

/// By two hours; the server had looked at its lights within the last minute.
async fn set_back(server: &TestServer) {
    server.tick().await;
    server.later(-2 * HOUR).await;
}

on_server! {
    async fn v3_1_whoever_plays_while_the_clock_is_set_back_plays_on_and_pays_for_no_more_than_was_played(server) {
        let hall = Hall::open(server, 1).await;
        let customer = hall.customer(10_000).await;
        let playing = hall.play(&customer, 0, 60).await;
        server.later(20 * MINUTE).await;
        set_back(server).await;
        server.tick().await;
        hall.table_is(0, "playing").await;
        let closed = customer.post(&format!("/customer/v1/sessions/{}/close", id(&playing)), json!({})).await.ok(200);
        assert!((0..=1_200).contains(&closed["bill"]["total_fen"].as_i64().unwrap()), "{closed}");
        hall.table_is(0, "idle").await;
    }

    async fn v3_1_a_clock_that_is_set_back_by_mistake_and_is_right_again_takes_nothing_from_who_plays(server) {
        let hall = Hall::open(server, 1).await;
        let customer = hall.customer(10_000).await;
        let playing = hall.play(&customer, 0, 60).await;
        set_back(server).await;
        server.tick().await;
        server.later(2 * HOUR + 30 * MINUTE).await;
        server.tick().await;
        hall.table_is(0, "playing").await;
        let now = customer.get(&format!("/customer/v1/sessions/{}", id(&playing))).await.ok(200);
        assert_eq!(now["paid_until"], playing["paid_until"]);
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
