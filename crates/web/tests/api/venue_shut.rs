//! The way to lights is shut: nobody is to blame for what it could not hear, and nobody has to come when the way is open again.

use kernel::{HOUR, MINUTE, SECOND};
use platform::identity::Role;
use serde_json::json;
use testkit::{Hall, on_brokers};

use crate::support::play::at;

on_brokers! {
    async fn v8_1_a_broker_that_is_away_is_told_once_an_hour(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        let since = server.cx().now();
        // Each process finds it away.
        for _ in 0..3 {
            venue::devices::broker_is_away(&server.cx(), since, "connection refused").await.unwrap();
        }
        assert_eq!(server.told(root.id()).await, ["devices.broker_away"]);
        server.clock.step(HOUR);
        venue::devices::broker_is_away(&server.cx(), since, "connection refused").await.unwrap();
        let told = server.again(&root).await.get("/api/v1/notifications").await.ok(200)["items"].clone();
        assert_eq!(told.as_array().unwrap().len(), 2);
        assert!(told[0]["body"].as_str().unwrap().contains("connection refused"), "{told}");
    }

    async fn v5_2_a_way_that_is_cut_when_play_ends_leaves_no_case_for_a_person(server) {
        let hall = Hall::open(server, 1).await;
        let customer = hall.customer(10_000).await;
        let playing = hall.play(&customer, 0, 60).await;
        server.cut_the_wire(true);
        server.later(10 * MINUTE).await;
        customer.post(&at(&playing, "close"), json!({})).await.ok(200);
        for _ in 0..4 {
            server.later(46 * SECOND).await;
            server.run_jobs().await;
            hall.table_is(0, "closing").await;
        }
        // It burns on until it can be told, or by its own timer.
        assert!(hall.tables[0].lamp.seen().on);
        server.cut_the_wire(false);
        venue::devices::roll_call(&server.venue, &server.cx()).await.unwrap();
        server.later(11 * SECOND).await;
        hall.table_is(0, "idle").await;
        assert!(!hall.tables[0].lamp.seen().on);
        // One that stays shut is told to the staff at last, and ends by itself too.
        let playing = hall.play(&customer, 0, 60).await;
        server.cut_the_wire(true);
        server.later(10 * MINUTE).await;
        customer.post(&at(&playing, "close"), json!({})).await.ok(200);
        for _ in 0..7 {
            server.later(46 * SECOND).await;
            server.run_jobs().await;
        }
        assert_eq!(hall.table_is(0, "maintenance").await["case"]["cause"], "offline");
        server.cut_the_wire(false);
        venue::devices::roll_call(&server.venue, &server.cx()).await.unwrap();
        hall.table_is(0, "idle").await;
    }
}
