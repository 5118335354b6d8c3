//! Who ends play while there is no light pays for no more than what was lit, however it is ended.

use kernel::{MINUTE, SECOND};
use sandbox::Trouble;
use serde_json::{Value, json};
use testkit::{Client, Hall, TestServer, floor_table, on_brokers};

use crate::support::pay::{told, wallet};
use crate::support::play::{at, offer, session};

/// Hours, of which one that was begun counts, and 50 yuan at least: whoever leaves of its own accord pays these.
async fn at_a_minimum<'a>(server: &'a TestServer) -> (Hall<'a>, Client, Value) {
    let hall = Hall::open(server, 1).await;
    let terms = json!({"per_hour": 3_600, "unit_minutes": 60, "grace_minutes": 3, "minimum": 5_000}).to_string();
    let mut tx = server.platform.db.begin().await.unwrap();
    tx.exec("UPDATE tariffs SET terms = $1", store::args![terms]).await.unwrap();
    tx.commit().await.unwrap();
    let customer = hall.customer(10_000).await;
    let playing = hall.play(&customer, 0, 60).await;
    server.later(10 * MINUTE + 30 * SECOND).await;
    (hall, customer, playing)
}

/// The relay trips, and stays so.
async fn trips(hall: &Hall<'_>) {
    let lamp = &hall.tables[0].lamp;
    lamp.press();
    lamp.until(|seen| !seen.on).await;
    lamp.set(Trouble::Stuck);
    hall.until(|floor| floor_table(floor, &hall.tables[0].id)["device"]["reported"] == false).await;
}

on_brokers! {
    async fn v5_2_who_ends_play_in_the_dark_pays_what_was_lit_and_nobody_gets_that_table_next(server) {
        let (hall, customer, playing) = at_a_minimum(server).await;
        assert_eq!(session(&customer, &playing).await["light"], "on");
        trips(&hall).await;
        server.later(20 * SECOND).await;
        assert_eq!(session(&customer, &playing).await["light"], "off", "and who plays is told so");
        let closed = customer.post(&at(&playing, "close"), json!({})).await.ok(200);
        assert_eq!((closed["end_reason"].clone(), closed["bill"]["total_fen"].clone()), (json!("device_fault"), json!(600)));
        assert_eq!((wallet(&customer).await, told(&customer).await[0].as_str()), ((9_400, 0), "play.device_fault"));
        assert_eq!(closed["light"], json!(null));
        assert_eq!(hall.table_is(0, "maintenance").await["case"]["cause"], "in_play");
    }

    async fn v5_2_whoever_closes_for_them_charges_no_more(server) {
        let (hall, customer, playing) = at_a_minimum(server).await;
        trips(&hall).await;
        hall.manager.post(&format!("/api/v1/tables/{}/close", hall.tables[0].id), json!({"why": "灯灭了"})).await.ok(200);
        let closed = session(&customer, &playing).await;
        assert_eq!((closed["end_reason"].clone(), wallet(&customer).await), (json!("device_fault"), (9_400, 0)));
        assert_eq!(hall.table_is(0, "maintenance").await["case"]["cause"], "in_play");
    }

    async fn v5_2_a_light_that_goes_in_the_last_minute_is_looked_after(server) {
        let (hall, customer, playing) = at_a_minimum(server).await;
        server.later(49 * MINUTE).await;
        trips(&hall).await;
        server.later(45 * SECOND).await;
        assert_eq!(hall.table_is(0, "maintenance").await["case"]["cause"], "in_play");
        let closed = session(&customer, &playing).await;
        assert_eq!((closed["end_reason"].clone(), closed["bill"]["total_fen"].clone()), (json!("device_fault"), json!(3_540)));
    }

    async fn v5_2_who_ends_play_under_a_lamp_that_is_away_pays_until_it_went(server) {
        let (hall, customer, playing) = at_a_minimum(server).await;
        hall.tables[0].lamp.set(Trouble::Missed);
        hall.until(|floor| floor_table(floor, &hall.tables[0].id)["device"]["online"] == false).await;
        assert_eq!(session(&customer, &playing).await["light"], "away");
        server.later(20 * SECOND).await;
        customer.post(&at(&playing, "close"), json!({})).await.ok(200);
        assert_eq!((session(&customer, &playing).await["bill"]["total_fen"].clone(), wallet(&customer).await), (json!(540), (9_460, 0)));
        // It may have been a moment's silence: when it is back, the table is.
        hall.tables[0].lamp.set(Trouble::None);
        hall.table_is(0, "idle").await;
    }

    async fn v5_2_who_ends_play_before_a_lamp_has_come_on_after_a_pause_ends_it_of_their_own_accord(server) {
        let hall = Hall::open(server, 1).await;
        offer(&hall, 30, false, 0).await;
        let customer = hall.customer(10_000).await;
        let playing = hall.play(&customer, 0, 60).await;
        server.later(10 * MINUTE).await;
        let paused = customer.post(&at(&playing, "pause"), json!({})).await.ok(200);
        hall.until(|floor| floor_table(floor, &hall.tables[0].id)["device"]["reported"] == false).await;
        server.later(MINUTE).await;
        let resumed = customer.post(&at(&playing, "resume"), json!({})).await.ok(200);
        assert_eq!((&paused["light"], &resumed["light"]), (&json!(null), &json!(null)), "no light is owed yet, or known of");
        let closed = customer.post(&at(&playing, "close"), json!({})).await.ok(200);
        assert_eq!(closed["end_reason"], "customer");
        hall.table_is(0, "idle").await;
    }
}
