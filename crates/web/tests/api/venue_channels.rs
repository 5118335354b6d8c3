//! Relays with several channels: one device on the broker, and a table under each of its lights.

use kernel::{MINUTE, SECOND};
use sandbox::{Firmware, Lamp, Trouble};
use serde_json::{Value, json};
use testkit::{Hall, TestServer, floor_table, on_brokers};

use crate::support::pay::id;

async fn device(hall: &Hall<'_>, table: &str) -> Value {
    floor_table(&hall.floor().await, table)["device"].clone()
}

/// What was done to a light, newest first.
async fn logged(hall: &Hall<'_>, device: &str) -> Vec<String> {
    let log = hall.manager.get(&format!("/api/v1/devices/{device}/log")).await.ok(200);
    log["items"].as_array().unwrap().iter().map(|line| line["what"].as_str().unwrap().to_owned()).collect()
}

/// How its relay has stood, newest first.
async fn stood(hall: &Hall<'_>, device: &str) -> Vec<String> {
    logged(hall, device).await.into_iter().filter(|what| ["on", "off", "came_on", "went_off"].contains(&what.as_str())).collect()
}

fn lit(relay: &Lamp) -> Vec<bool> {
    (1..=relay.channels()).map(|channel| relay.seen_of(channel).on).collect()
}

async fn all_are(hall: &Hall<'_>, name: &str, value: Value) {
    hall.until(|floor| hall.tables.iter().all(|table| floor_table(floor, &table.id)["device"][name] == value)).await;
}

/// Somebody presses the button of a channel, which is overruled; some seconds later.
async fn press(server: &TestServer, hall: &Hall<'_>, relay: &Lamp, channel: usize, seconds: i64) {
    let before = relay.seen_of(channel);
    relay.press_of(channel);
    hall.until(|_| relay.seen_of(channel).switched == before.switched + 2 && relay.seen_of(channel).on == before.on).await;
    server.later(seconds * SECOND).await;
    server.run_jobs().await;
}

async fn lights_each_table_by_its_own_channel(server: &TestServer, firmware: Firmware) {
    let mut hall = Hall::open(server, 0).await;
    let relay = hall.add_relay(firmware, 4).await;
    let floor = hall.floor().await;
    let mut topics = floor["tables"].as_array().unwrap().iter().map(|table| &table["device"]["topic"]);
    assert!(topics.all(|topic| *topic == hall.tables[0].user), "they are one device: {floor}");
    let (one, other) = (hall.customer(10_000).await, hall.customer(10_000).await);
    let playing = hall.play(&one, 1, 60).await;
    hall.play(&other, 3, 60).await;
    assert_eq!(lit(&relay), [false, true, false, true]);
    assert_eq!(device(&hall, &hall.tables[3].id).await["channel"], 4);
    server.later(20 * MINUTE + SECOND).await;
    let closed = one.post(&format!("/customer/v1/sessions/{}/close", id(&playing)), json!({})).await.ok(200);
    assert_eq!(closed["bill"]["total_fen"], 1_260);
    hall.table_is(1, "idle").await;
    assert_eq!(lit(&relay), [false, false, false, true], "who plays on has light");
    // Without a server each goes off by its own timer.
    server.later(43 * MINUTE).await;
    relay.until_of(4, |seen| !seen.on).await;
    assert_eq!(stood(&hall, &hall.tables[0].device).await, ["off"]);
    assert_eq!(stood(&hall, &hall.tables[1].device).await, ["off", "on", "off"]);
}

/// A light that was put on the second channel of a relay that has one.
async fn lacks_its_channel(server: &TestServer, firmware: Firmware) {
    let hall = Hall::with(server, 1, firmware).await;
    let dark = hall.dark_table("二号").await;
    let made = hall.light_on(&dark, firmware, 2, Some(&hall.tables[0].device)).await.ok(201);
    let light = made["device"]["id"].as_str().unwrap();
    hall.until(|floor| floor_table(floor, &dark)["device"]["lacks_channel"] == true).await;
    assert_eq!(device(&hall, &dark).await["online"], false);
    assert!(logged(&hall, light).await.contains(&"no_channel".to_owned()));
    let back = format!("/api/v1/tables/{dark}/in-service");
    let refused = hall.manager.post(&back, json!({"note": ""})).await.refused(409, "NO_SUCH_CHANNEL");
    assert!(refused.to_string().contains("第 2 路"), "{refused}");
    // It says so each time that it comes, and that is written down once.
    hall.tables[0].lamp.blinks().await;
    server.settles().await;
    server.later(MINUTE).await;
    server.tick().await;
    server.settles().await;
    assert_eq!(device(&hall, &dark).await["online"], false);
    assert_eq!(logged(&hall, light).await.iter().filter(|what| *what == "no_channel").count(), 1);
    // The light that is there is as it was.
    let customer = hall.customer(10_000).await;
    hall.play(&customer, 0, 60).await;
    // Another relay is there now, which has what was chosen.
    let version = device(&hall, &dark).await["version"].clone();
    let ask = json!({"driver": made["device"]["driver"], "name": "灯", "replaced": true, "version": version});
    let told = hall.manager.put(&format!("/api/v1/devices/{light}"), ask).await.ok(200);
    let text = |name: &str| told[name].as_str().unwrap().to_owned();
    let relay = hall.plug_in_relay(firmware, &text("user"), &text("password"), 2).await;
    hall.until(|floor| floor_table(floor, &dark)["device"]["reported"] == false).await;
    let after = device(&hall, &dark).await;
    assert_eq!((&after["channel"], &after["lacks_channel"]), (&json!(2), &json!(false)));
    hall.is_mended(&dark).await;
    assert_eq!((relay.seen_of(1).switched, relay.seen_of(2).switched, lit(&hall.tables[0].lamp)), (0, 2, vec![true]));
}

on_brokers! {
    async fn v5_1_four_tables_are_lit_by_one_tasmota_each_by_its_own_channel(server) {
        lights_each_table_by_its_own_channel(server, Firmware::Tasmota).await;
    }

    async fn v5_1_four_tables_are_lit_by_one_shelly_each_by_its_own_channel(server) {
        lights_each_table_by_its_own_channel(server, Firmware::Shelly).await;
    }

    async fn v5_2_a_channel_that_a_tasmota_does_not_have_is_said_to_be_missing(server) {
        lacks_its_channel(server, Firmware::Tasmota).await;
    }

    async fn v5_2_a_channel_that_a_shelly_does_not_have_is_said_to_be_missing(server) {
        lacks_its_channel(server, Firmware::Shelly).await;
    }

    async fn v5_2_what_one_channel_does_wrong_is_its_own_tables_alone(server) {
        let mut hall = Hall::open(server, 0).await;
        let relay = hall.add_relay(Firmware::Tasmota, 2).await;
        let customer = hall.customer(10_000).await;
        hall.play(&customer, 0, 60).await;
        for _ in 0..6 {
            press(server, &hall, &relay, 2, 10).await;
        }
        relay.press_of(2);
        assert_eq!(hall.table_is(1, "maintenance").await["case"]["cause"], "not_dark");
        hall.until(|_| lit(&relay) == [true, false]).await;
        let other = hall.table_is(0, "playing").await;
        assert_eq!((&other["device"]["reported"], &other["case"]), (&json!(true), &json!(null)));
        assert_eq!(stood(&hall, &hall.tables[0].device).await, ["on", "off"]);
    }

    async fn v5_2_a_relay_that_is_gone_takes_all_its_tables_with_it_and_brings_them_back(server) {
        let mut hall = Hall::open(server, 0).await;
        let relay = hall.add_relay(Firmware::Shelly, 3).await;
        let customer = hall.customer(10_000).await;
        hall.play(&customer, 2, 60).await;
        relay.set(Trouble::Missed);
        all_are(&hall, "online", json!(false)).await;
        server.later(61 * SECOND).await;
        // Nobody can tell it from a network that is away: who plays is let go, and all are waited for.
        for n in 0..3 {
            assert_eq!(hall.table_is(n, "maintenance").await["case"]["cause"], "offline");
        }
        relay.set(Trouble::None);
        for n in 0..3 {
            assert_eq!(hall.table_is(n, "idle").await["device"]["reported"], false, "not before its light was seen to be off");
        }
        assert_eq!(lit(&relay), [false; 3]);
    }

    async fn v5_2_a_relay_with_several_channels_that_is_gone_is_no_hall_that_is_away(server) {
        let mut hall = Hall::open(server, 1).await;
        let relay = hall.add_relay(Firmware::Tasmota, 3).await;
        let customer = hall.customer(10_000).await;
        let playing = hall.play(&customer, 1, 60).await;
        server.later(10 * MINUTE).await;
        relay.set(Trouble::Missed);
        hall.until(|floor| floor_table(floor, &hall.tables[1].id)["device"]["online"] == false).await;
        server.later(61 * SECOND).await;
        assert_eq!(hall.table_is(1, "maintenance").await["case"]["cause"], "offline");
        let closed = customer.get(&format!("/customer/v1/sessions/{}", id(&playing))).await.ok(200);
        assert_eq!((&closed["end_reason"], &closed["bill"]["total_fen"]), (&json!("device_fault"), &json!(540)));
        let staff = server.told(hall.manager.id()).await;
        assert!(!staff.contains(&"venue.hall_away".to_owned()), "{staff:?}");
        hall.table_is(0, "idle").await;
    }

    async fn v5_1_all_lights_of_a_relay_come_by_its_one_password(server) {
        let mut hall = Hall::open(server, 0).await;
        let relay = hall.add_relay(Firmware::Tasmota, 2).await;
        let customer = hall.customer(10_000).await;
        let playing = hall.play(&customer, 1, 60).await;
        // Whoever plays under the other one would be in the dark as well.
        let renew = format!("/api/v1/devices/{}/password", hall.tables[0].device);
        hall.manager.post(&renew, json!({})).await.refused(409, "TABLE_TAKEN");
        customer.post(&format!("/customer/v1/sessions/{}/close", id(&playing)), json!({})).await.ok(200);
        hall.table_is(1, "idle").await;
        let told = hall.manager.post(&renew, json!({})).await.ok(200);
        assert_eq!(told["user"], hall.tables[0].user);
        relay.until(|seen| !seen.connected).await;
        for table in &hall.tables {
            assert!(logged(&hall, &table.device).await.contains(&"password_renewed".to_owned()));
        }
        let password = told["password"].as_str().unwrap();
        let relay = hall.plug_in_relay(Firmware::Tasmota, &hall.tables[0].user, password, 2).await;
        relay.until(|seen| seen.connected).await;
        all_are(&hall, "reported", json!(false)).await;
        for n in 0..2 {
            hall.table_is(n, "idle").await;
        }
        hall.play(&customer, 1, 60).await;
        assert_eq!(lit(&relay), [false, true]);
    }

    async fn v5_2_a_relay_is_sent_away_when_its_last_light_is_given_up_and_not_before(server) {
        let mut hall = Hall::open(server, 0).await;
        let relay = hall.add_relay(Firmware::Shelly, 2).await;
        hall.manager.post(&format!("/api/v1/tables/{}/retire", hall.tables[0].id), json!({})).await.ok(204);
        server.settles().await;
        let customer = hall.customer(10_000).await;
        let playing = hall.play(&customer, 1, 60).await;
        assert_eq!((lit(&relay), relay.seen().connected), (vec![false, true], true));
        customer.post(&format!("/customer/v1/sessions/{}/close", id(&playing)), json!({})).await.ok(200);
        hall.table_is(1, "idle").await;
        hall.manager.post(&format!("/api/v1/tables/{}/retire", hall.tables[1].id), json!({})).await.ok(204);
        relay.until(|seen| !seen.connected).await;
    }

    async fn v5_2_a_shelly_measures_each_of_its_channels_by_itself(server) {
        let mut hall = Hall::open(server, 0).await;
        let relay = hall.add_relay(Firmware::Shelly, 2).await;
        for table in &hall.tables {
            hall.manager.put(&format!("/api/v1/devices/{}/watch", table.device), json!({"least_watts": 20})).await.ok(200);
        }
        let (one, other) = (hall.customer(10_000).await, hall.customer(10_000).await);
        hall.play(&one, 0, 60).await;
        hall.play(&other, 1, 60).await;
        server.later(MINUTE).await;
        server.tick().await;
        server.settles().await;
        relay.burns_out(2);
        for pause in [MINUTE, 11 * SECOND] {
            server.later(pause).await;
            server.tick().await;
            server.settles().await;
        }
        assert_eq!(hall.table_is(1, "maintenance").await["case"]["cause"], "no_power");
        let well = hall.table_is(0, "playing").await;
        assert_eq!((&well["device"]["draw"]["milliwatts"], &well["case"]), (&json!(118_400), &json!(null)));
    }
}
