//! A relay that says "on" over a lamp that is dead: seen by the power that it measures.

use kernel::{HOUR, MINUTE, SECOND, Timestamp};
use platform::identity::Role;
use sandbox::{Firmware, Trouble};
use serde_json::{Value, json};
use testkit::{Client, Hall, TestServer, floor_table, on_brokers, on_server};

use crate::support::pay::{id, wallet};
use crate::support::power::{asked_after, draw, line, logged, watch};

async fn session(customer: &Client, of: &Value) -> Value {
    customer.get(&format!("/customer/v1/sessions/{}", id(of))).await.ok(200)
}

async fn told(customer: &Client) -> Vec<String> {
    let page = customer.get("/customer/v1/messages").await.ok(200);
    page["items"].as_array().unwrap().iter().map(|message| message["kind"].as_str().unwrap().to_owned()).collect()
}

/// The lamp over table `n` burns out under who plays there for ten minutes and a bit: closed, paid back, a case.
async fn burns_out_in_play(server: &TestServer, firmware: Firmware, milliwatts: i64) {
    let hall = Hall::with(server, 1, firmware).await;
    watch(&hall, 0, 20).await;
    let customer = hall.customer(10_000).await;
    let playing = hall.play(&customer, 0, 60).await;
    asked_after(server, &hall, 0, 10 * MINUTE, milliwatts).await;
    hall.tables[0].lamp.set(Trouble::Dark);
    asked_after(server, &hall, 0, MINUTE, 0).await;
    assert_eq!(
        (session(&customer, &playing).await["state"].clone(), draw(&hall, 0).await["dark_since"].clone()),
        (json!("playing"), json!(null))
    );
    server.later(11 * SECOND).await;
    server.tick().await;
    let table = hall.table_is(0, "maintenance").await;
    assert_eq!(table["case"]["cause"], "no_power");
    assert!(hall.tables[0].lamp.seen().switched >= 1);
    let closed = session(&customer, &playing).await;
    assert_eq!((closed["state"].clone(), closed["end_reason"].clone()), (json!("closed"), json!("device_fault")));
    // Eleven minutes until the first report of a dead lamp, and nothing for what came after.
    assert_eq!((closed["bill"]["total_fen"].clone(), wallet(&customer).await), (json!(660), (9_340, 0)));
    assert_eq!(told(&customer).await[0], "play.device_fault");
    assert!(
        server.mails("manager@example.com").await.iter().any(|(subject, text)| subject.contains("球台故障") && text.contains("几乎不用电"))
    );
    assert!(logged(&hall, 0).await.contains(&line("", "no_power", "0 W < 20 W")));

    // Whoever comes is offered another; nobody brings it back before it was seen to burn.
    hall.until(|floor| floor_table(floor, &hall.tables[0].id)["device"]["reported"] == false).await;
    let (path, note) = (format!("/api/v1/tables/{}", hall.tables[0].id), json!({"note": "换了灯管"}));
    let refused = hall.manager.post(&format!("{path}/in-service"), note.clone()).await.refused(409, "NO_POWER_SEEN");
    assert!(refused.to_string().contains("20"), "{refused}");
    // A test, with the lamp as dead as before.
    hall.manager.post(&format!("{path}/light-test"), json!({})).await.ok(200);
    hall.until(|floor| floor_table(floor, &hall.tables[0].id)["device"]["reported"] == true).await;
    asked_after(server, &hall, 0, 21 * SECOND, 0).await;
    hall.manager.post(&format!("{path}/in-service"), note.clone()).await.refused(409, "NO_POWER_SEEN");
    // Repaired: the next report says so.
    hall.tables[0].lamp.set(Trouble::None);
    asked_after(server, &hall, 0, 11 * SECOND, milliwatts).await;
    hall.manager.post(&format!("{path}/in-service"), note).await.ok(200);
    let seen = format!("{} W ≥ 20 W", venue::devices::draw::watts(milliwatts));
    assert_eq!(logged(&hall, 0).await[0], line("manager", "passed", &seen));
    // The test ends by itself, and the table is used as before.
    server.later(3 * MINUTE).await;
    server.tick().await;
    hall.until(|floor| floor_table(floor, &hall.tables[0].id)["device"]["reported"] == false).await;
    hall.play(&customer, 0, 60).await;
}

/// A customer with 100 yuan opens table `n`, whose lamp is dead though its relay says "on": a case, and not a fen paid.
async fn plays_in_the_dark_for_nothing(server: &TestServer, hall: &Hall<'_>, n: usize) {
    let customer = hall.customer(10_000).await;
    hall.tables[n].lamp.set(Trouble::Dark);
    let playing = hall.play(&customer, n, 60).await;
    asked_after(server, hall, n, 21 * SECOND, 0).await;
    server.later(11 * SECOND).await;
    server.tick().await;
    assert_eq!(hall.table_is(n, "maintenance").await["case"]["cause"], "no_power");
    let closed = session(&customer, &playing).await;
    assert_eq!((closed["bill"]["total_fen"].clone(), wallet(&customer).await), (json!(0), (10_000, 0)));
}

on_brokers! {
    async fn v5_2_a_tasmota_whose_lamp_burns_out_in_play_is_closed_paid_back_and_looked_after(server) {
        burns_out_in_play(server, Firmware::Tasmota, 118_000).await;
    }

    async fn v5_2_a_shelly_whose_lamp_burns_out_in_play_is_closed_paid_back_and_looked_after(server) {
        burns_out_in_play(server, Firmware::Shelly, 118_400).await;
    }

    async fn v5_2_nobody_pays_for_a_lamp_that_was_dead_when_it_came_on(server) {
        let hall = Hall::open(server, 1).await;
        watch(&hall, 0, 20).await;
        plays_in_the_dark_for_nothing(server, &hall, 0).await;
    }

    async fn v5_2_a_watched_table_whose_light_was_only_away_comes_back_with_it(server) {
        let hall = Hall::open(server, 1).await;
        watch(&hall, 0, 20).await;
        hall.tables[0].lamp.set(Trouble::Missed);
        hall.until(|floor| floor_table(floor, &hall.tables[0].id)["device"]["online"] == false).await;
        server.later(61 * SECOND).await;
        assert_eq!(hall.table_is(0, "maintenance").await["case"]["cause"], "offline");
        // As after a power cut: nobody has to test each lamp of a hall.
        hall.tables[0].lamp.set(Trouble::None);
        assert_eq!(hall.table_is(0, "idle").await["case"], json!(null));
        // Had it died meanwhile, that is found as ever, and whoever sat in the dark pays nothing.
        plays_in_the_dark_for_nothing(server, &hall, 0).await;
    }

    async fn v5_2_one_low_report_harms_nobody(server) {
        let hall = Hall::open(server, 1).await;
        watch(&hall, 0, 20).await;
        let customer = hall.customer(10_000).await;
        let playing = hall.play(&customer, 0, 60).await;
        for _ in 0..3 {
            hall.tables[0].lamp.set(Trouble::Dark);
            asked_after(server, &hall, 0, MINUTE, 0).await;
            hall.tables[0].lamp.set(Trouble::None);
            asked_after(server, &hall, 0, 11 * SECOND, 118_000).await;
        }
        assert_eq!(session(&customer, &playing).await["state"], "playing");
        assert_eq!((hall.table_is(0, "playing").await["case"].clone(), draw(&hall, 0).await["dark_since"].clone()), (json!(null), json!(null)));
        assert!(logged(&hall, 0).await.iter().all(|(_, what, _)| what != "no_power"));
    }

    async fn v5_2_a_relay_that_says_nothing_of_power_is_never_judged(server) {
        let hall = Hall::open(server, 1).await;
        watch(&hall, 0, 20).await;
        let customer = hall.customer(10_000).await;
        let playing = hall.play(&customer, 0, 60).await;
        // It has burnt, for all that is known, and is not heard from now on.
        hall.tables[0].lamp.set(Trouble::Mute);
        // Until it is told again, and does not answer that either.
        for _ in 0..25 {
            server.later(MINUTE).await;
            server.tick().await;
        }
        assert_eq!(session(&customer, &playing).await["state"], "playing");
    }

    async fn v5_2_a_light_that_is_not_watched_is_never_judged_nor_asked(server) {
        let hall = Hall::with(server, 1, Firmware::Shelly).await;
        let customer = hall.customer(10_000).await;
        hall.tables[0].lamp.set(Trouble::Dark);
        let playing = hall.play(&customer, 0, 60).await;
        for _ in 0..10 {
            server.later(MINUTE).await;
            server.tick().await;
        }
        // It answers whoever asks, and says that nothing passes through it.
        venue::devices::roll_call(&server.venue, &server.cx()).await.unwrap();
        server.settles().await;
        assert_eq!(hall.tables[0].lamp.seen().told_on, 2);
        assert_eq!(draw(&hall, 0).await, json!({"least_watts": null, "milliwatts": null, "at": null, "dark_since": null}));
        assert_eq!(session(&customer, &playing).await["state"], "playing");
        // Nor one that was watched and is no longer.
        customer.post(&format!("/customer/v1/sessions/{}/close", id(&playing)), json!({})).await.ok(200);
        hall.table_is(0, "idle").await;
        watch(&hall, 0, 20).await;
        let playing = hall.play(&customer, 0, 60).await;
        asked_after(server, &hall, 0, MINUTE, 0).await;
        hall.manager.put(&format!("/api/v1/devices/{}/watch", hall.tables[0].device), json!({"least_watts": null})).await.ok(200);
        for _ in 0..5 {
            server.later(MINUTE).await;
            server.tick().await;
        }
        assert_eq!(session(&customer, &playing).await["state"], "playing");
    }
}

on_server! {
    async fn v5_2_an_idle_table_whose_light_is_set_on_and_stays_dark_is_out_of_service(server) {
        let hall = Hall::open(server, 2).await;
        watch(&hall, 0, 20).await;
        hall.tables[0].lamp.set(Trouble::Dark);
        hall.manager.put(&format!("/api/v1/tables/{}/light", hall.tables[0].id), json!({"on": true, "minutes": 30, "why": "打扫"})).await.ok(200);
        hall.until(|floor| floor_table(floor, &hall.tables[0].id)["device"]["reported"] == true).await;
        asked_after(server, &hall, 0, 21 * SECOND, 0).await;
        server.later(11 * SECOND).await;
        server.tick().await;
        assert_eq!(hall.table_is(0, "maintenance").await["case"]["cause"], "no_power");
        let customer = hall.customer(10_000).await;
        let view = customer.get(&format!("/customer/v1/tables/{}", hall.tables[0].id)).await.ok(200);
        assert_eq!((view["why_not"]["code"].clone(), view["others"][0]["id"].clone()), (json!("TABLE_IN_SERVICE"), json!(hall.tables[1].id)));
        // It burns again by itself: that is written down, and somebody has to look all the same.
        hall.tables[0].lamp.set(Trouble::None);
        asked_after(server, &hall, 0, MINUTE, 118_000).await;
        assert_eq!(logged(&hall, 0).await[0], line("", "power_again", "118 W ≥ 20 W"));
        hall.table_is(0, "maintenance").await;
    }

    async fn v5_2_a_table_that_is_held_under_a_dark_lamp_is_not_kept_for_who_is_on_the_way(server) {
        let hall = Hall::open(server, 1).await;
        watch(&hall, 0, 20).await;
        let holder = hall.customer(0).await;
        hall.tables[0].lamp.set(Trouble::Dark);
        holder.post(&format!("/customer/v1/tables/{}/hold", hall.tables[0].id), json!({})).await.ok(200);
        hall.manager.put(&format!("/api/v1/tables/{}/light", hall.tables[0].id), json!({"on": true, "minutes": 30, "why": "打扫"})).await.ok(200);
        hall.until(|floor| floor_table(floor, &hall.tables[0].id)["device"]["reported"] == true).await;
        hall.table_is(0, "reserved").await;
        asked_after(server, &hall, 0, 21 * SECOND, 0).await;
        server.later(11 * SECOND).await;
        server.tick().await;
        assert_eq!(hall.table_is(0, "maintenance").await["case"]["cause"], "no_power");
        assert_eq!(told(&holder).await[0], "hold.maintenance");
    }

    async fn v5_2_a_light_that_could_not_be_asked_is_asked_before_the_next_round(server) {
        let hall = Hall::open(server, 1).await;
        watch(&hall, 0, 20).await;
        let customer = hall.customer(10_000).await;
        hall.play(&customer, 0, 60).await;
        asked_after(server, &hall, 0, 10 * MINUTE, 118_000).await;
        // The way to it is cut just when it is its turn, and is open again a moment later.
        server.later(MINUTE + SECOND).await;
        let before = draw(&hall, 0).await["at"].clone();
        server.cut_the_wire(true);
        server.tick().await;
        server.cut_the_wire(false);
        server.settles().await;
        assert_eq!(draw(&hall, 0).await["at"], before, "nobody has asked it");
        server.clock.step(2 * SECOND);
        let asked = server.clock.now();
        server.settles().await;
        let heard: Timestamp = draw(&hall, 0).await["at"].as_str().unwrap().parse().unwrap();
        assert!(heard >= asked, "no round has come since");
    }

    async fn v5_2_while_a_light_is_told_to_be_off_nothing_is_judged(server) {
        let hall = Hall::open(server, 1).await;
        watch(&hall, 0, 20).await;
        let lamp = &hall.tables[0].lamp;
        lamp.set(Trouble::Dark);
        server.later(HOUR).await;
        server.tick().await;
        // Somebody presses its button, and what it is told in answer does not arrive.
        server.cut_the_wire(true);
        hall.until(|floor| {
            if !lamp.seen().on {
                lamp.press();
            }
            floor_table(floor, &hall.tables[0].id)["device"]["reported"] == true
        })
        .await;
        // It says by itself, again and again, that nothing passes through it.
        let topic = floor_table(&hall.floor().await, &hall.tables[0].id)["device"]["topic"].as_str().unwrap().to_owned();
        for _ in 0..2 {
            server.later(21 * SECOND).await;
            let telemetry = br#"{"Time":"2026-11-21T08:00:00","ENERGY":{"Power":0}}"#;
            venue::devices::heard(&server.venue, &server.cx(), &format!("tele/{topic}/SENSOR"), telemetry, false).await.unwrap();
        }
        let table = hall.table_is(0, "idle").await;
        let draw = &table["device"]["draw"];
        assert_eq!((table["case"].clone(), draw["milliwatts"].clone(), draw["dark_since"].clone()), (json!(null), json!(0), json!(null)));
        server.cut_the_wire(false);
    }

    async fn v5_2_what_a_lamp_draws_at_least_is_said_within_bounds_by_who_may(server) {
        let hall = Hall::open(server, 1).await;
        let path = format!("/api/v1/devices/{}/watch", hall.tables[0].device);
        for wrong in [0, -1, 5_001, i64::MAX] {
            let refused = hall.manager.put(&path, json!({"least_watts": wrong})).await.refused(422, "INVALID");
            assert_eq!((refused["errors"][0]["field"].clone(), refused["errors"][0]["code"].clone()), (json!("least_watts"), json!("RANGE")));
        }
        for malformed in [json!({"least_watts": "20"}), json!({"least_watts": 20.5}), json!({"least_watts": 20, "x": 1})] {
            hall.manager.put(&path, malformed).await.refused(422, "INVALID");
        }
        assert_eq!(draw(&hall, 0).await["least_watts"], json!(null), "nothing of it was kept");
        watch(&hall, 0, 5_000).await;
        watch(&hall, 0, 1).await;
        watch(&hall, 0, 1).await;
        let lines = logged(&hall, 0).await;
        assert_eq!(lines[..2], [line("manager", "watched", "≥ 1 W"), line("manager", "watched", "≥ 5000 W")]);
        hall.manager.put(&path, json!({"least_watts": null})).await.ok(200);
        assert_eq!(logged(&hall, 0).await[0], line("manager", "unwatched", ""));
        // Who repairs tests, and says nothing of the measure; who works elsewhere sees none of it.
        let maintainer = server.user(Role::Maintainer, "fixer").await;
        hall.manager.post(&format!("/api/v1/venues/{}/staff", hall.id), json!({"name": "fixer"})).await.ok(200);
        maintainer.put(&path, json!({"least_watts": 20})).await.refused(403, "FORBIDDEN");
        let test = format!("/api/v1/tables/{}/light-test", hall.tables[0].id);
        maintainer.post(&test, json!({})).await.refused(409, "NOT_IN_SERVICE");
        assert!(!hall.tables[0].lamp.seen().on);
        maintainer.post(&format!("/api/v1/tables/{}/out-of-service", hall.tables[0].id), json!({"note": "换灯"})).await.ok(200);
        maintainer.post(&test, json!({})).await.ok(200);
        hall.until(|floor| floor_table(floor, &hall.tables[0].id)["device"]["reported"] == true).await;
        let other = server.user(Role::VenueManager, "elsewhere").await;
        other.put(&path, json!({"least_watts": 20})).await.refused(404, "NOT_FOUND");
        other.post(&test, json!({})).await.refused(404, "NOT_FOUND");
    }

    async fn v5_2_nobodys_play_ends_because_somebody_says_that_the_lamp_draws_more(server) {
        let hall = Hall::open(server, 1).await;
        let customer = hall.customer(10_000).await;
        watch(&hall, 0, 20).await;
        hall.play(&customer, 0, 60).await;
        let path = format!("/api/v1/devices/{}/watch", hall.tables[0].device);
        hall.manager.put(&path, json!({"least_watts": 21})).await.refused(409, "IN_PLAY");
        assert_eq!(draw(&hall, 0).await["least_watts"], 20);
        // Less harms nobody, and is what helps where somebody has said too much.
        watch(&hall, 0, 10).await;
        hall.manager.put(&path, json!({"least_watts": null})).await.ok(200);
        hall.manager.put(&path, json!({"least_watts": 1})).await.refused(409, "IN_PLAY");
    }

    async fn v5_2_a_new_light_may_be_watched_from_the_start_and_a_board_never(server) {
        let hall = Hall::open(server, 0).await;
        let table = hall.manager.post_once("table-0001", &format!("/api/v1/venues/{}/tables", hall.id), json!({"name": "x"})).await.ok(201);
        let address = json!({"host": "192.0.2.7", "port": 502, "unit": 1, "coil": 0, "framing": "tcp"});
        let board = json!({"table_id": table["id"], "driver": "modbus", "name": "x", "address": address, "least_watts": 20});
        let refused = hall.manager.post("/api/v1/devices", board).await.refused(422, "INVALID");
        assert_eq!((refused["errors"][0]["field"].clone(), refused["errors"][0]["code"].clone()), (json!("least_watts"), json!("NOT_HERE")));
        let device = json!({"table_id": table["id"], "driver": "tasmota", "name": "x", "least_watts": 20});
        let made = hall.manager.post("/api/v1/devices", device).await.ok(201);
        assert_eq!(made["device"]["draw"]["least_watts"], 20);
    }
}
