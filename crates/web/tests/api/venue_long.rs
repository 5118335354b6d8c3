//! Play that lasts longer than a lamp's own timer is set to.

use kernel::{HOUR, MINUTE, SECOND};
use serde_json::json;
use testkit::{Hall, on_brokers};

use crate::support::pay::id;

on_brokers! {
    async fn v5_1_whoever_plays_a_day_under_a_tasmota_has_light_to_the_end(server) {
        let hall = Hall::open(server, 1).await;
        server.keep_signed_in(&hall.manager).await;
        let customer = hall.customer(100_000).await;
        let lamp = &hall.tables[0].lamp;
        let ask = json!({"minutes": 720, "expected_fen": 43_200});
        let playing = customer.post_once("open-0001", &format!("/customer/v1/tables/{}/open", hall.tables[0].id), ask.clone()).await.ok(202);
        hall.table_is(0, "playing").await;
        customer.post_once("more-0001", &format!("/customer/v1/sessions/{}/extend", id(&playing)), ask).await.ok(200);
        hall.until(|_| lamp.seen().told_on == 2).await;
        let lit = lamp.seen();
        // Its timer ends after two hours; after one it is set again. Nothing is seen of that.
        for told in 3..=25 {
            server.later(HOUR + SECOND).await;
            server.tick().await;
            hall.until(|_| lamp.seen().told_on == told).await;
        }
        server.later(10 * MINUTE).await;
        server.tick().await;
        server.settles().await;
        assert_eq!((lamp.seen().on, lamp.seen().switched, lamp.seen().told_on), (true, lit.switched, 25), "no oftener, and it did not blink");
        hall.table_is(0, "playing").await;
        // It goes off when play is over.
        server.later(HOUR).await;
        hall.table_is(0, "idle").await;
        let over = customer.get(&format!("/customer/v1/sessions/{}", id(&playing))).await.ok(200);
        assert_eq!((lamp.seen().on, over["end_reason"].clone(), over["bill"]["total_fen"].clone()), (false, json!("time_up"), json!(86_400)));
    }
}
