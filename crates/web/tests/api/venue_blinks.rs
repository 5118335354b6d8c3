//! Lamps whose power is gone for a moment, so short that the broker does not miss them; and words that are late.

use kernel::{MINUTE, SECOND};
use sandbox::{Firmware, Trouble};
use serde_json::{Value, json};
use testkit::{Hall, TestServer, floor_table, on_brokers};
use venue::devices;

use crate::support::pay::{id, wallet};

async fn device(hall: &Hall<'_>) -> Value {
    floor_table(&hall.floor().await, &hall.tables[0].id)["device"].clone()
}

async fn logged(hall: &Hall<'_>) -> Vec<String> {
    let log = hall.manager.get(&format!("/api/v1/devices/{}/log", hall.tables[0].device)).await.ok(200);
    log["items"].as_array().unwrap().iter().map(|line| line["what"].as_str().unwrap().to_owned()).collect()
}

async fn by_hand(hall: &Hall<'_>, minutes: i64) {
    let path = format!("/api/v1/tables/{}/light", hall.tables[0].id);
    hall.manager.put(&path, json!({"on": true, "minutes": minutes, "why": "打扫"})).await.ok(200);
}

/// Under who plays a lamp loses its power for a moment, and is lit again though nobody has missed it.
async fn is_lit_again(server: &TestServer, firmware: Firmware) {
    let hall = Hall::with(server, 1, firmware).await;
    let customer = hall.customer(10_000).await;
    let playing = hall.play(&customer, 0, 60).await;
    server.later(10 * MINUTE).await;
    let lamp = &hall.tables[0].lamp;
    lamp.blinks().await;
    hall.until(|floor| lamp.seen().on && floor_table(floor, &hall.tables[0].id)["device"]["reported"] == true).await;
    server.later(61 * SECOND).await;
    server.run_jobs().await;
    let of = format!("/customer/v1/sessions/{}", id(&playing));
    assert_eq!((customer.get(&of).await.ok(200)["state"].clone(), lamp.seen().on), (json!("playing"), true));
    // Dark is how an idle table's stays.
    customer.post(&format!("{of}/close"), json!({})).await.ok(200);
    hall.table_is(0, "idle").await;
    server.settles().await;
    let before = lamp.seen();
    lamp.blinks().await;
    hall.until(|_| lamp.seen().told_off > before.told_off).await;
    assert_eq!((lamp.seen().on, lamp.seen().told_on), (false, before.told_on));
}

on_brokers! {
    async fn v5_1_a_tasmota_whose_power_blinks_is_lit_again_under_who_plays(server) {
        is_lit_again(server, Firmware::Tasmota).await;
    }

    async fn v5_1_a_shelly_whose_power_blinks_is_lit_again_under_who_plays(server) {
        is_lit_again(server, Firmware::Shelly).await;
    }

    async fn v5_1_a_relay_that_comes_on_again_by_itself_has_its_timer_again(server) {
        let hall = Hall::with(server, 1, Firmware::Shelly).await;
        let customer = hall.customer(10_000).await;
        hall.play(&customer, 0, 60).await;
        let lamp = &hall.tables[0].lamp;
        lamp.restores_its_relay();
        let before = lamp.seen().told_on;
        lamp.blinks().await;
        hall.until(|_| lamp.seen().told_on > before).await;
        server.settles().await;
        assert!(lamp.seen().on);
        // The server is lost, and the hour is over.
        server.cut_the_wire(true);
        server.clock.step(62 * MINUTE + 30 * SECOND);
        lamp.until(|seen| !seen.on).await;
    }

    async fn v5_1_that_the_broker_has_kept_a_lamps_presence_is_no_return(server) {
        let hall = Hall::open(server, 1).await;
        server.settles().await;
        let before = logged(&hall).await;
        server.comes_back_to_the_broker().await;
        server.settles().await;
        let after = device(&hall).await;
        assert_eq!((after["online"].clone(), after["reported"].clone(), logged(&hall).await), (json!(true), json!(false), before.clone()));
        // What it says by itself is one, though it was not missed.
        let lwt = format!("tele/{}/LWT", after["topic"].as_str().unwrap());
        let says = async |kept: bool| devices::heard(&server.venue, &server.cx(), &lwt, b"Online", kept).await.unwrap();
        says(true).await;
        assert_eq!(logged(&hall).await, before);
        says(false).await;
        assert_eq!((device(&hall).await["reported"].clone(), logged(&hall).await[0].clone()), (json!(null), "came_anew".to_owned()));
        hall.until(|floor| floor_table(floor, &hall.tables[0].id)["device"]["reported"] == false).await;
    }

    async fn v5_2_a_plug_that_is_pulled_and_that_the_broker_does_not_notice_is_found_by_its_silence(server) {
        let hall = Hall::open(server, 1).await;
        let lamp = &hall.tables[0].lamp;
        server.settles().await;
        lamp.set(Trouble::Unplugged);
        lamp.until(|seen| !seen.connected).await;
        assert_eq!(device(&hall).await["online"], true);
        by_hand(&hall, 120).await;
        for _ in 0..30 {
            server.run_jobs().await;
            server.clock.step(10 * SECOND);
        }
        server.run_jobs().await;
        assert_eq!(device(&hall).await["online"], false);
        lamp.set(Trouble::None);
        hall.until(|floor| floor_table(floor, &hall.tables[0].id)["device"]["reported"] == true).await;
        assert!(lamp.seen().on);
    }

    async fn v5_1_whoever_is_held_up_while_telling_a_lamp_does_not_have_the_last_word(server) {
        let hall = Hall::open(server, 1).await;
        let lamp = &hall.tables[0].lamp;
        server.settles().await;
        // What it says is lost: by that it would be told again.
        lamp.set(Trouble::Mute);
        let before = lamp.seen();
        by_hand(&hall, 120).await;
        let (held_up, go) = server.holds_up_the_next_message();
        let meanwhile = async {
            held_up.await.unwrap();
            hall.manager.delete(&format!("/api/v1/tables/{}/light", hall.tables[0].id)).await.ok(200);
            server.run_jobs().await;
            lamp.until(|seen| seen.told_off > before.told_off).await;
            assert_eq!(lamp.seen().told_on, before.told_on);
            go.send(()).unwrap();
        };
        tokio::join!(Box::pin(server.run_jobs()), Box::pin(meanwhile));
        lamp.until(|seen| seen.told_on > before.told_on).await;
        hall.until(|_| !lamp.seen().on).await;
        assert_eq!(device(&hall).await["wanted"], false);
    }

    async fn v5_2_a_light_that_failed_is_seen_on_before_its_table_is_used_again(server) {
        let hall = Hall::open(server, 1).await;
        let customer = hall.customer(10_000).await;
        let lamp = &hall.tables[0].lamp;
        // Its relay does not move: off, as it should be while the table is looked after.
        lamp.set(Trouble::Stuck);
        let path = format!("/customer/v1/tables/{}", hall.tables[0].id);
        let view = customer.get(&path).await.ok(200);
        let ask = json!({"minutes": 60, "expected_fen": view["quotes"][1]["price_fen"]});
        customer.post_once("open-0001", &format!("{path}/open"), ask).await.ok(202);
        server.settles().await;
        server.later(21 * SECOND).await;
        assert_eq!(hall.table_is(0, "maintenance").await["case"]["cause"], "not_lit");
        server.settles().await;
        let table = format!("/api/v1/tables/{}", hall.tables[0].id);
        let back = async || hall.manager.post(&format!("{table}/in-service"), json!({"note": "看过了"})).await;
        let refused = back().await.refused(409, "LIGHT_NOT_TESTED");
        assert!(refused.to_string().contains("测试灯"), "{refused}");
        // Tested, and as stuck as before.
        hall.manager.post(&format!("{table}/light-test"), json!({})).await.ok(200);
        server.settles().await;
        back().await.refused(409, "LIGHT_NOT_READY");
        hall.manager.delete(&format!("{table}/light")).await.ok(200);
        server.settles().await;
        back().await.refused(409, "LIGHT_NOT_TESTED");
        // Mended.
        lamp.set(Trouble::None);
        hall.is_mended(&hall.tables[0].id).await;
        hall.play(&customer, 0, 60).await;
        assert_eq!(wallet(&customer).await.0, 10_000);
    }
}
