//! Another relay in the place of one that is broken or was moved, and passwords that hold no more.

use kernel::SECOND;
use platform::identity::Role;
use sandbox::{CoilTrouble, Coils, Firmware, Frames, Trouble};
use serde_json::{Value, json};
use testkit::{Answer, Hall, TestServer, floor_table, on_brokers, on_server};

async fn device(hall: &Hall<'_>, n: usize) -> Value {
    floor_table(&hall.floor().await, &hall.tables[n].id)["device"].clone()
}

async fn out_of_service(hall: &Hall<'_>, n: usize) {
    hall.manager.post(&format!("/api/v1/tables/{}/out-of-service", hall.tables[n].id), json!({"note": "继电器坏了"})).await.ok(200);
}

async fn in_service(hall: &Hall<'_>, n: usize) -> Answer {
    hall.manager.post(&format!("/api/v1/tables/{}/in-service", hall.tables[n].id), json!({"note": "换了"})).await
}

/// Says what the light of table `n` is now, as it was last looked at.
async fn becomes(hall: &Hall<'_>, n: usize, what: Value) -> Answer {
    let mut ask = json!({"name": "灯", "version": device(hall, n).await["version"]});
    for (name, value) in what.as_object().unwrap() {
        ask[name] = value.clone();
    }
    hall.manager.put(&format!("/api/v1/devices/{}", hall.tables[n].device), ask).await
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap()
}

fn at(board: &Coils, coil: u16) -> Value {
    let (host, port) = (board.address().ip().to_string(), board.address().port());
    json!({"host": host, "port": port, "unit": 1, "coil": coil, "framing": "tcp"})
}

/// What was done to the light of table `n`, newest first.
async fn logged(hall: &Hall<'_>, n: usize) -> Vec<String> {
    let log = hall.manager.get(&format!("/api/v1/devices/{}/log", hall.tables[n].device)).await.ok(200);
    log["items"].as_array().unwrap().iter().map(|line| line["what"].as_str().unwrap().to_owned()).collect()
}

/// Waits until the first lamp is not on the broker, and cannot come back.
async fn is_sent_away(server: &TestServer, hall: &Hall<'_>) {
    hall.tables[0].lamp.until(|seen| !seen.connected).await;
    server.run_jobs().await;
}

on_brokers! {
    async fn v5_2_whoever_came_in_by_a_password_that_was_replaced_is_sent_away(server) {
        let hall = Hall::open(server, 1).await;
        let path = format!("/api/v1/devices/{}/password", hall.tables[0].device);
        let told = hall.manager.post(&path, json!({})).await.ok(200);
        is_sent_away(server, &hall).await;
        if server.is_told_of_whom_the_broker_sends_away().await {
            hall.until(|floor| floor_table(floor, &hall.tables[0].id)["device"]["online"] == false).await;
        }
        // It is entered into the device.
        let lamp = hall.plug_in(Firmware::Tasmota, text(&told, "user"), text(&told, "password")).await;
        lamp.until(|seen| seen.connected).await;
        hall.until(|floor| floor_table(floor, &hall.tables[0].id)["device"]["reported"] == false).await;
        assert!(lamp.seen().connected && !hall.tables[0].lamp.seen().connected);
    }

    async fn v5_2_a_light_that_is_given_up_is_sent_away(server) {
        let hall = Hall::open(server, 1).await;
        hall.manager.post(&format!("/api/v1/tables/{}/retire", hall.tables[0].id), json!({})).await.ok(204);
        is_sent_away(server, &hall).await;
    }

    async fn v5_2_a_relay_that_is_broken_is_replaced_by_one_of_another_kind(server) {
        let hall = Hall::open(server, 1).await;
        let (id, customer) = (&hall.tables[0].id, hall.customer(20_000).await);
        hall.play(&customer, 0, 60).await;
        let before = device(&hall, 0).await;
        assert_eq!((&before["driver"], &before["version"]), (&json!("tasmota"), &json!(1)));
        // Not under who plays.
        becomes(&hall, 0, json!({"driver": "shelly"})).await.refused(409, "NOT_IN_SERVICE");
        let renew = format!("/api/v1/devices/{}/password", hall.tables[0].device);
        hall.manager.post(&renew, json!({})).await.refused(409, "TABLE_TAKEN");
        hall.manager.post(&format!("/api/v1/tables/{id}/close"), json!({"why": "换灯"})).await.ok(200);
        hall.table_is(0, "idle").await;
        out_of_service(&hall, 0).await;
        let told = becomes(&hall, 0, json!({"driver": "shelly"})).await.ok(200);
        let after = device(&hall, 0).await;
        assert_eq!((&after["driver"], &after["version"], &after["name"]), (&json!("shelly"), &json!(2), &json!("灯")));
        assert_eq!((&after["online"], &after["reported"]), (&json!(false), &json!(null)), "nothing is known of it yet");
        assert!(after["topic"] != before["topic"] && after["topic"] == told["user"]);
        // The first has nothing to say any more.
        is_sent_away(server, &hall).await;
        in_service(&hall, 0).await.refused(409, "LIGHT_NOT_READY");
        // The second is told what it should be when it comes, and is seen on before anybody sits under it.
        let lamp = hall.plug_in(Firmware::Shelly, text(&told, "user"), text(&told, "password")).await;
        hall.until(|floor| floor_table(floor, id)["device"]["reported"] == false).await;
        assert!(lamp.seen().told_off >= 1);
        in_service(&hall, 0).await.refused(409, "LIGHT_NOT_TESTED");
        hall.is_mended(id).await;
        hall.play(&customer, 0, 60).await;
        assert!(lamp.seen().on && !hall.tables[0].lamp.seen().on);
        assert!(logged(&hall, 0).await.contains(&"replaced".to_owned()), "the log goes on");
        let root = server.user(Role::SuperAdmin, "root").await;
        let lines = root.get("/api/v1/logs/operations?module=venues").await.ok(200);
        assert!(lines["items"].as_array().unwrap().iter().any(|line| line["action"] == "device_replaced"), "{lines}");
        assert!(!lines.to_string().contains(text(&told, "password")));
    }

    async fn v5_2_a_relay_of_the_same_kind_gets_a_name_and_a_password_of_its_own(server) {
        let hall = Hall::open(server, 1).await;
        let topic = device(&hall, 0).await["topic"].clone();
        out_of_service(&hall, 0).await;
        // Another name is no other relay.
        let named = becomes(&hall, 0, json!({"driver": "tasmota", "name": "靠窗"})).await.ok(200);
        assert_eq!((&named["device"]["name"], &named["device"]["topic"], &named["password"]), (&json!("靠窗"), &topic, &json!(null)));
        assert!(hall.tables[0].lamp.seen().connected);
        in_service(&hall, 0).await.ok(200);
        out_of_service(&hall, 0).await;
        let told = becomes(&hall, 0, json!({"driver": "tasmota", "name": "靠窗", "replaced": true})).await.ok(200);
        assert!(told["user"] != topic && told["password"].is_string());
        is_sent_away(server, &hall).await;
        let _lamp = hall.plug_in(Firmware::Tasmota, text(&told, "user"), text(&told, "password")).await;
        hall.until(|floor| floor_table(floor, &hall.tables[0].id)["device"]["reported"] == false).await;
    }
}

on_server! {
    async fn v5_2_a_light_is_moved_to_a_coil_and_to_another_which_nobody_else_has(server) {
        let hall = Hall::open(server, 2).await;
        let board = Coils::start(Frames::Tcp).await.unwrap();
        let watch = format!("/api/v1/devices/{}/watch", hall.tables[0].device);
        hall.manager.put(&watch, json!({"least_watts": 20})).await.ok(200);
        for n in 0..2 {
            out_of_service(&hall, n).await;
        }
        becomes(&hall, 0, json!({"driver": "modbus"})).await.refused_field("address", "REQUIRED");
        becomes(&hall, 0, json!({"driver": "tasmota", "address": at(&board, 0)})).await.refused_field("address", "NOT_HERE");
        let told = becomes(&hall, 0, json!({"driver": "modbus", "address": at(&board, 0)})).await.ok(200);
        assert_eq!((&told["user"], &told["password"], &told["device"]["draw"]["least_watts"]), (&json!(null), &json!(null), &json!(null)));
        hall.until(|floor| floor_table(floor, &hall.tables[0].id)["device"]["reported"] == false).await;
        becomes(&hall, 1, json!({"driver": "modbus", "address": at(&board, 0)})).await.refused(409, "COIL_TAKEN");
        assert_eq!(device(&hall, 1).await["driver"], "tasmota", "it is as it was");
        // A coil has no timer: one that is on would burn on, and be nobody's.
        let test = format!("/api/v1/tables/{}/light", hall.tables[0].id);
        hall.manager.post(&format!("{test}-test"), json!({})).await.ok(200);
        becomes(&hall, 0, json!({"driver": "modbus", "address": at(&board, 1)})).await.refused(409, "LIGHT_ON");
        hall.manager.delete(&test).await.ok(200);
        hall.until(|floor| floor_table(floor, &hall.tables[0].id)["device"]["reported"] == false).await;
        becomes(&hall, 0, json!({"driver": "modbus", "address": at(&board, 1)})).await.ok(200);
        hall.until(|floor| floor_table(floor, &hall.tables[0].id)["device"]["reported"] == false).await;
        becomes(&hall, 1, json!({"driver": "modbus", "address": at(&board, 0)})).await.ok(200);
        hall.is_mended(&hall.tables[0].id).await;
        let customer = hall.customer(10_000).await;
        hall.play(&customer, 0, 60).await;
        assert_eq!((board.seen().on[0], board.seen().on[1]), (false, true));
    }

    async fn v5_2_a_coil_that_was_on_when_its_board_went_is_left_once_it_was_read_to_be_off(server) {
        let hall = Hall::open(server, 0).await;
        let board = Coils::start(Frames::Tcp).await.unwrap();
        let table = hall.coil_table(&board, "tcp", 0).await;
        let (path, light) = (format!("/api/v1/tables/{}", table.id), format!("/api/v1/devices/{}", table.device));
        hall.manager.post(&format!("{path}/out-of-service"), json!({"note": "换板"})).await.ok(200);
        hall.manager.put(&format!("{path}/light"), json!({"on": true, "minutes": 30, "why": "换板"})).await.ok(200);
        hall.until(|floor| floor_table(floor, &table.id)["device"]["reported"] == true).await;
        board.set(CoilTrouble::Gone);
        server.clock.step(10 * SECOND);
        server.tick().await;
        hall.manager.delete(&format!("{path}/light")).await.ok(200);
        let ask = json!({"driver": "modbus", "name": "灯", "address": at(&board, 1), "version": 1});
        let refused = hall.manager.put(&light, ask.clone()).await.refused(409, "LIGHT_MAY_BURN");
        assert!(refused.to_string().contains("同一地址"), "{refused}");
        hall.manager.post(&format!("{path}/retire"), json!({})).await.refused(409, "LIGHT_MAY_BURN");
        board.set(CoilTrouble::None);
        server.clock.step(10 * SECOND);
        server.tick().await;
        hall.until(|floor| floor_table(floor, &table.id)["device"]["reported"] == false).await;
        hall.manager.put(&light, ask).await.ok(200);
    }

    async fn v5_2_of_two_who_change_a_light_at_once_the_second_looks_again(server) {
        let hall = Hall::open(server, 1).await;
        out_of_service(&hall, 0).await;
        let ask = json!({"driver": "tasmota", "name": "甲", "version": device(&hall, 0).await["version"]});
        let path = format!("/api/v1/devices/{}", hall.tables[0].device);
        hall.manager.put(&path, ask.clone()).await.ok(200);
        hall.manager.put(&path, ask).await.refused(409, "CHANGED_MEANWHILE");
        hall.manager.put(&path, json!({"driver": "zigbee", "name": "甲", "version": 2})).await.refused(422, "INVALID");
        let fixer = server.user(Role::Maintainer, "fixer").await;
        hall.manager.post(&format!("/api/v1/venues/{}/staff", hall.id), json!({"name": "fixer"})).await.ok(200);
        fixer.put(&path, json!({"driver": "tasmota", "name": "乙", "version": 2})).await.refused(403, "FORBIDDEN");
        assert_eq!(device(&hall, 0).await["name"], "甲");
    }
}

on_brokers! {
    async fn v5_2_a_table_whose_light_was_away_and_is_replaced_comes_back_by_a_person(server) {
        let hall = Hall::open(server, 1).await;
        hall.tables[0].lamp.set(Trouble::Missed);
        hall.until(|floor| floor_table(floor, &hall.tables[0].id)["device"]["online"] == false).await;
        server.later(61 * SECOND).await;
        assert_eq!(hall.table_is(0, "maintenance").await["case"]["cause"], "offline");
        let told = becomes(&hall, 0, json!({"driver": "tasmota", "replaced": true})).await.ok(200);
        let _lamp = hall.plug_in(Firmware::Tasmota, text(&told, "user"), text(&told, "password")).await;
        hall.until(|floor| floor_table(floor, &hall.tables[0].id)["device"]["reported"] == false).await;
        assert_eq!(hall.table_is(0, "maintenance").await["case"]["cause"], "staff");
        in_service(&hall, 0).await.refused(409, "LIGHT_NOT_TESTED");
        hall.is_mended(&hall.tables[0].id).await;
    }
}
