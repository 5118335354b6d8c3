//! A relay that says "off" over a lamp that burns on, since its contacts are welded: seen by the power that it measures.

use kernel::{MINUTE, SECOND};
use sandbox::{Firmware, Trouble};
use serde_json::json;
use testkit::{Client, Hall, TestServer, floor_table, on_server};

use crate::support::pay::id;
use crate::support::power::{asked_after, draw, line, logged, watch};

/// Somebody has played under a lamp that is watched, whose relay welds meanwhile, and has left.
async fn after_play(server: &TestServer, hall: &Hall<'_>, milliwatts: i64) -> Client {
    watch(hall, 0, 20).await;
    let customer = hall.customer(10_000).await;
    let playing = hall.play(&customer, 0, 60).await;
    asked_after(server, hall, 0, 10 * MINUTE, milliwatts).await;
    hall.tables[0].lamp.set(Trouble::Welded);
    customer.post(&format!("/customer/v1/sessions/{}/close", id(&playing)), json!({})).await.ok(200);
    // What else should it be, by all that its relay says?
    hall.table_is(0, "idle").await;
    hall.until(|floor| floor_table(floor, &hall.tables[0].id)["device"]["reported"] == false).await;
    customer
}

on_server! {
    async fn v5_2_a_lamp_that_burns_on_though_its_relay_is_off_is_found_out_and_its_table_looked_after(server) {
        let hall = Hall::with(server, 1, Firmware::Shelly).await;
        let customer = after_play(server, &hall, 118_400).await;
        asked_after(server, &hall, 0, 21 * SECOND, 118_400).await;
        assert_eq!(hall.table_is(0, "idle").await["case"], json!(null), "one report is none");
        server.later(61 * SECOND).await;
        server.tick().await;
        assert_eq!(hall.table_is(0, "maintenance").await["case"]["cause"], "not_dark");
        let mails = server.mails("manager@example.com").await;
        assert!(mails.iter().any(|(subject, text)| subject.contains("球台故障") && text.contains("灯没有关上")));
        assert!(logged(&hall, 0).await.contains(&line("", "burns_on", "118.4 W ≥ 20 W")));
        let view = customer.get(&format!("/customer/v1/tables/{}", hall.tables[0].id)).await.ok(200);
        assert_eq!(view["why_not"]["code"], "TABLE_IN_SERVICE");

        // Nobody brings it back as it is; the next one who looks is told of it no more often.
        let (path, note) = (format!("/api/v1/tables/{}", hall.tables[0].id), json!({"note": "换了继电器"}));
        hall.manager.post(&format!("{path}/in-service"), note.clone()).await.refused(409, "LIGHT_BURNS_ON");
        asked_after(server, &hall, 0, 61 * SECOND, 118_400).await;
        assert_eq!(logged(&hall, 0).await.iter().filter(|(_, what, _)| what == "burns_on").count(), 1);

        // Its relay opens again, and was seen to light the lamp.
        hall.tables[0].lamp.set(Trouble::None);
        asked_after(server, &hall, 0, 61 * SECOND, 0).await;
        assert!(logged(&hall, 0).await.contains(&line("", "burns_no_more", "0 W < 20 W")));
        hall.manager.post(&format!("{path}/light-test"), json!({})).await.ok(200);
        hall.until(|floor| floor_table(floor, &hall.tables[0].id)["device"]["reported"] == true).await;
        asked_after(server, &hall, 0, 21 * SECOND, 118_400).await;
        server.later(3 * MINUTE).await;
        server.tick().await;
        hall.until(|floor| floor_table(floor, &hall.tables[0].id)["device"]["reported"] == false).await;
        hall.manager.post(&format!("{path}/in-service"), note).await.ok(200);
        asked_after(server, &hall, 0, 21 * SECOND, 0).await;
        hall.play(&customer, 0, 60).await;
    }

    async fn v5_2_who_plays_under_a_lamp_that_would_not_go_off_plays_on_and_the_table_is_looked_after_then(server) {
        let hall = Hall::with(server, 1, Firmware::Shelly).await;
        let customer = after_play(server, &hall, 118_400).await;
        asked_after(server, &hall, 0, 21 * SECOND, 118_400).await;
        let playing = hall.play(&customer, 0, 60).await;
        asked_after(server, &hall, 0, 5 * MINUTE, 118_400).await;
        assert_eq!(hall.table_is(0, "playing").await["case"], json!(null));
        customer.post(&format!("/customer/v1/sessions/{}/close", id(&playing)), json!({})).await.ok(200);
        hall.table_is(0, "idle").await;
        asked_after(server, &hall, 0, 21 * SECOND, 118_400).await;
        hall.table_is(0, "idle").await;
        server.later(61 * SECOND).await;
        server.tick().await;
        assert_eq!(hall.table_is(0, "maintenance").await["case"]["cause"], "not_dark");
    }

    async fn v5_2_a_tasmota_measures_nothing_while_it_is_off_and_is_judged_by_nothing(server) {
        let hall = Hall::with(server, 1, Firmware::Tasmota).await;
        after_play(server, &hall, 118_000).await;
        asked_after(server, &hall, 0, 21 * SECOND, 0).await;
        let asked = draw(&hall, 0).await["at"].clone();
        for _ in 0..5 {
            server.later(61 * SECOND).await;
            server.tick().await;
        }
        server.settles().await;
        assert_eq!(hall.table_is(0, "idle").await["case"], json!(null));
        assert_eq!(draw(&hall, 0).await["at"], asked, "nor is it asked any more");
    }

    async fn v5_2_a_light_that_goes_off_as_it_should_is_no_case_and_is_asked_once(server) {
        let hall = Hall::with(server, 1, Firmware::Shelly).await;
        watch(&hall, 0, 20).await;
        let customer = hall.customer(10_000).await;
        let playing = hall.play(&customer, 0, 60).await;
        asked_after(server, &hall, 0, 10 * MINUTE, 118_400).await;
        customer.post(&format!("/customer/v1/sessions/{}/close", id(&playing)), json!({})).await.ok(200);
        hall.table_is(0, "idle").await;
        asked_after(server, &hall, 0, 21 * SECOND, 0).await;
        let asked = draw(&hall, 0).await["at"].clone();
        for _ in 0..3 {
            server.later(2 * MINUTE).await;
            server.tick().await;
        }
        server.settles().await;
        assert_eq!((hall.table_is(0, "idle").await["case"].clone(), draw(&hall, 0).await["at"].clone()), (json!(null), asked));
    }
}
