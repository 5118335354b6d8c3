//! The same with somebody else's broker, as larger installations have it: Mosquitto.

use kernel::{MINUTE, SECOND};
use sandbox::{Firmware, Trouble};
use serde_json::json;
use testkit::{Hall, floor_table, on_server};

on_server! {
    async fn v5_1_an_evening_by_mosquitto(server) {
        server.by_mosquitto();
        let hall = Hall::open(server, 2).await;
        let customer = hall.customer(10_000).await;
        let playing = hall.play(&customer, 0, 60).await;
        assert!(hall.tables[0].lamp.seen().on && !hall.tables[1].lamp.seen().on);
        server.later(20 * MINUTE + SECOND).await;
        let path = format!("/customer/v1/sessions/{}", playing["id"].as_str().unwrap());
        let closed = customer.post(&format!("{path}/close"), json!({})).await.ok(200);
        assert_eq!(closed["bill"]["total_fen"], 1_260);
        hall.table_is(0, "idle").await;
        assert!(!hall.tables[0].lamp.seen().on);
    }

    async fn v5_2_a_plug_that_is_pulled_is_noticed_by_mosquitto_too(server) {
        server.by_mosquitto();
        let hall = Hall::open(server, 1).await;
        let customer = hall.customer(10_000).await;
        hall.play(&customer, 0, 60).await;
        server.later(10 * MINUTE).await;
        hall.tables[0].lamp.set(Trouble::Missed);
        hall.until(|floor| floor_table(floor, &hall.tables[0].id)["device"]["online"] == false).await;
        server.later(61 * SECOND).await;
        assert_eq!(hall.table_is(0, "maintenance").await["case"]["cause"], "in_play");
        let me = customer.get("/customer/v1/me").await.ok(200);
        assert_eq!((me["balance_fen"].clone(), me["held_fen"].clone()), (json!(9_400), json!(0)));
        hall.tables[0].lamp.set(Trouble::None);
        hall.until(|floor| floor_table(floor, &hall.tables[0].id)["device"]["reported"] == false).await;
        assert!(!hall.tables[0].lamp.seen().on, "Mosquitto keeps no command for later");
    }

    async fn v5_1_a_lamp_whose_power_blinks_is_lit_again_by_mosquitto_too(server) {
        server.by_mosquitto();
        let hall = Hall::with(server, 1, Firmware::Shelly).await;
        let customer = hall.customer(10_000).await;
        hall.play(&customer, 0, 60).await;
        server.later(10 * MINUTE).await;
        let lamp = &hall.tables[0].lamp;
        lamp.blinks().await;
        hall.until(|floor| lamp.seen().on && floor_table(floor, &hall.tables[0].id)["device"]["reported"] == true).await;
    }
}
