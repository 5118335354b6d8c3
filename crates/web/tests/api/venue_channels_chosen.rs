//! Which channel of which relay a table's light is: as it is chosen, and changed.

use kernel::{HOUR, SECOND};
use platform::identity::Role;
use sandbox::{Firmware, Lamp, Trouble};
use serde_json::{Value, json};
use testkit::{Hall, floor_table, on_server};

use crate::support::pay::id;

async fn device(hall: &Hall<'_>, table: &str) -> Value {
    floor_table(&hall.floor().await, table)["device"].clone()
}

fn lit(relay: &Lamp) -> Vec<bool> {
    (1..=relay.channels()).map(|channel| relay.seen_of(channel).on).collect()
}

on_server! {
    async fn v5_1_a_channel_is_one_tables_and_of_a_device_of_its_own_hall(server) {
        let mut hall = Hall::open(server, 0).await;
        hall.add_relay(Firmware::Shelly, 2).await;
        let dark = hall.dark_table("三号").await;
        let first = Some(hall.tables[0].device.as_str());
        hall.light_on(&dark, Firmware::Shelly, 2, first).await.refused(409, "CHANNEL_TAKEN");
        hall.light_on(&dark, Firmware::Tasmota, 3, first).await.refused_field("beside", "OTHER_KIND");
        for channel in [0, 9] {
            hall.light_on(&dark, Firmware::Shelly, channel, first).await.refused_field("channel", "RANGE");
        }
        let coil = json!({"host": "192.0.2.7", "port": 502, "unit": 1, "coil": 0, "framing": "tcp"});
        let board = json!({"table_id": dark, "driver": "modbus", "name": "灯", "address": coil, "channel": 1, "beside": first});
        let refused = hall.manager.post("/api/v1/devices", board).await.refused(422, "INVALID");
        let fields: Vec<&str> = refused["errors"].as_array().unwrap().iter().map(|error| error["field"].as_str().unwrap()).collect();
        assert_eq!(fields, ["channel", "beside"]);
        // Of another hall nothing is to be had, and nothing is to be learned.
        let stranger = server.user(Role::VenueManager, "stranger").await;
        let elsewhere = Hall::of(server, stranger, 1, Firmware::Shelly).await;
        hall.light_on(&dark, Firmware::Shelly, 3, Some(&elsewhere.tables[0].device)).await.refused_field("beside", "NOT_THERE");
        let nobody = "dev_01h455vb4pex5vsknk084sn02q";
        hall.light_on(&dark, Firmware::Shelly, 3, Some(nobody)).await.refused_field("beside", "NOT_THERE");
        let made = hall.light_on(&dark, Firmware::Shelly, 3, first).await.ok(201);
        assert_eq!((&made["user"], &made["password"], &made["device"]["topic"]), (&json!(null), &json!(null), &json!(hall.tables[0].user)));
        assert_eq!(made["device"]["channel"], 3);
    }

    async fn v5_1_a_light_is_moved_to_another_channel_of_its_relay_and_to_another_relay(server) {
        let mut hall = Hall::open(server, 0).await;
        let relay = hall.add_relay(Firmware::Tasmota, 3).await;
        hall.manager.post(&format!("/api/v1/tables/{}/retire", hall.tables[2].id), json!({})).await.ok(204);
        let (table, light) = (hall.tables[0].id.clone(), hall.tables[0].device.clone());
        hall.manager.post(&format!("/api/v1/tables/{table}/out-of-service"), json!({"note": "换线"})).await.ok(200);
        let becomes = async |what: Value| {
            let mut ask = json!({"driver": "tasmota", "name": "灯", "version": device(&hall, &table).await["version"]});
            for (name, value) in what.as_object().unwrap() {
                ask[name] = value.clone();
            }
            hall.manager.put(&format!("/api/v1/devices/{light}"), ask).await
        };
        // A name is no other channel.
        let named = becomes(json!({"name": "靠窗"})).await.ok(200);
        assert_eq!((&named["device"]["channel"], &named["device"]["topic"]), (&json!(1), &json!(hall.tables[0].user)));
        becomes(json!({"channel": 2})).await.refused(409, "CHANNEL_TAKEN");
        // It would burn on, and be nobody's.
        hall.manager.post(&format!("/api/v1/tables/{table}/light-test"), json!({})).await.ok(200);
        hall.until(|floor| floor_table(floor, &table)["device"]["reported"] == true).await;
        becomes(json!({"channel": 3})).await.refused(409, "LIGHT_ON");
        becomes(json!({"replaced": true})).await.refused(409, "LIGHT_ON");
        hall.manager.delete(&format!("/api/v1/tables/{table}/light")).await.ok(200);
        hall.until(|floor| floor_table(floor, &table)["device"]["reported"] == false).await;
        let moved = becomes(json!({"channel": 3})).await.ok(200);
        assert_eq!((&moved["password"], &moved["device"]["channel"], &moved["device"]["reported"]), (&json!(null), &json!(3), &json!(null)));
        hall.until(|floor| floor_table(floor, &table)["device"]["reported"] == false).await;
        hall.is_mended(&table).await;
        let customer = hall.customer(10_000).await;
        let playing = hall.play(&customer, 0, 60).await;
        assert_eq!(lit(&relay), [false, false, true]);
        customer.post(&format!("/customer/v1/sessions/{}/close", id(&playing)), json!({})).await.ok(200);
        hall.table_is(0, "idle").await;
        // A relay of its own, and back.
        hall.manager.post(&format!("/api/v1/tables/{table}/out-of-service"), json!({"note": "换线"})).await.ok(200);
        let told = becomes(json!({"replaced": true, "channel": 1})).await.ok(200);
        assert!(told["password"].is_string() && told["user"] != hall.tables[0].user.as_str());
        server.settles().await;
        assert!(relay.seen().connected, "the other light is on it");
        let back = becomes(json!({"channel": 3, "beside": hall.tables[1].device})).await.ok(200);
        assert_eq!((&back["password"], &back["device"]["topic"]), (&json!(null), &json!(hall.tables[0].user)));
        hall.until(|floor| floor_table(floor, &table)["device"]["reported"] == false).await;
    }

    async fn v5_2_no_verdict_comes_from_a_meter_that_several_channels_share(server) {
        let mut hall = Hall::open(server, 0).await;
        hall.add_relay(Firmware::Tasmota, 2).await;
        let watch = |device: &str| format!("/api/v1/devices/{device}/watch");
        for table in &hall.tables {
            hall.manager.put(&watch(&table.device), json!({"least_watts": 20})).await.refused_field("least_watts", "METER_SHARED");
        }
        let dark = hall.dark_table("三号").await;
        let ask = json!({"table_id": dark, "driver": "tasmota", "name": "灯", "channel": 3, "beside": hall.tables[0].device, "least_watts": 20});
        hall.manager.post("/api/v1/devices", ask).await.refused_field("least_watts", "METER_SHARED");
        // Whoever is watched alone is not joined before that ends.
        let alone = hall.light_on(&dark, Firmware::Tasmota, 1, None).await.ok(201);
        let alone = alone["device"]["id"].as_str().unwrap();
        hall.manager.put(&watch(alone), json!({"least_watts": 20})).await.ok(200);
        let other = hall.dark_table("四号").await;
        hall.light_on(&other, Firmware::Tasmota, 2, Some(alone)).await.refused(409, "METER_SHARED");
        hall.manager.put(&watch(alone), json!({"least_watts": null})).await.ok(200);
        hall.light_on(&other, Firmware::Tasmota, 2, Some(alone)).await.ok(201);
    }

    async fn v5_2_a_light_that_was_on_when_its_relay_went_leaves_it_once_it_is_known_to_be_off(server) {
        let mut hall = Hall::open(server, 0).await;
        server.keep_signed_in(&hall.manager).await;
        let relay = hall.add_relay(Firmware::Tasmota, 3).await;
        hall.manager.post(&format!("/api/v1/tables/{}/retire", hall.tables[2].id), json!({})).await.ok(204);
        let (table, light) = (hall.tables[0].id.clone(), hall.tables[0].device.clone());
        let path = format!("/api/v1/tables/{table}");
        hall.manager.post(&format!("{path}/out-of-service"), json!({"note": "换线"})).await.ok(200);
        // It is set on, and its relay loses its network; when that is given back nobody hears of it.
        let goes_lit = async || {
            hall.manager.put(&format!("{path}/light"), json!({"on": true, "minutes": 600, "why": "换线"})).await.ok(200);
            hall.until(|floor| floor_table(floor, &table)["device"]["reported"] == true).await;
            relay.set(Trouble::Offline);
            hall.until(|floor| floor_table(floor, &table)["device"]["online"] == false).await;
            hall.manager.delete(&format!("{path}/light")).await.ok(200);
        };
        let moves = async |channel: i64| {
            let ask = json!({"driver": "tasmota", "name": "灯", "channel": channel, "version": device(&hall, &table).await["version"]});
            hall.manager.put(&format!("/api/v1/devices/{light}"), ask).await
        };
        goes_lit().await;
        let refused = moves(3).await.refused(409, "LIGHT_MAY_BURN");
        assert!(refused.to_string().contains("更换密码"), "{refused}");
        hall.manager.post(&format!("{path}/retire"), json!({})).await.refused(409, "LIGHT_MAY_BURN");
        assert_eq!(lit(&relay), [true, false, false]);
        relay.set(Trouble::None);
        hall.until(|floor| floor_table(floor, &table)["device"]["reported"] == false).await;
        moves(3).await.ok(200);
        hall.until(|floor| floor_table(floor, &table)["device"]["reported"] == false).await;
        // One that never comes back is dark by its own timer.
        goes_lit().await;
        moves(1).await.refused(409, "LIGHT_MAY_BURN");
        server.clock.step(2 * HOUR + SECOND);
        relay.until_of(3, |seen| !seen.on).await;
        moves(1).await.ok(200);
    }
}
