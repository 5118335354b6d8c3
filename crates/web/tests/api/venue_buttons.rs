//! Buttons on relays, which the server may have do nothing.

use kernel::MINUTE;
use sandbox::Firmware;
use serde_json::{Value, json};
use testkit::{Hall, TestServer, floor_table, on_brokers, on_server};

async fn locks_the_button(server: &TestServer, firmware: Firmware) {
    let hall = Hall::open(server, 0).await;
    let dark = hall.dark_table("一号").await;
    let made = hall.light_on(&dark, firmware, 1, None).await.ok(201);
    assert_eq!(made["device"]["locks_button"], false, "nothing is locked that nobody has asked for");
    let device = made["device"]["id"].as_str().unwrap();
    let text = |name: &str| made[name].as_str().unwrap().to_owned();
    let lamp = hall.plug_in(firmware, &text("user"), &text("password")).await;
    hall.until(|floor| floor_table(floor, &dark)["device"]["reported"] == false).await;
    server.settles().await;
    lamp.press();
    hall.until(|_| lamp.seen().switched == 2 && !lamp.seen().on).await;
    server.settles().await;
    // From the next command on.
    let ask = json!({"driver": made["device"]["driver"], "name": "灯", "locks_button": true, "version": 1});
    let locked = hall.manager.put(&format!("/api/v1/devices/{device}"), ask).await.ok(200);
    assert_eq!((&locked["device"]["locks_button"], &locked["password"]), (&json!(true), &json!(null)));
    let set = async |on: bool| {
        let path = format!("/api/v1/tables/{dark}/light");
        if on {
            hall.manager.put(&path, json!({"on": true, "minutes": 30, "why": "打扫"})).await.ok(200);
        } else {
            hall.manager.delete(&path).await.ok(200);
        }
        hall.until(|floor| floor_table(floor, &dark)["device"]["reported"] == on).await;
    };
    set(true).await;
    for _ in 0..3 {
        lamp.press();
    }
    server.settles().await;
    set(false).await;
    assert_eq!((lamp.seen().switched, lamp.seen().on), (4, false), "on and off, and nothing that was pressed");
    // It is told once since it came.
    let sent = async || {
        let before = lamp.seen();
        set(true).await;
        set(false).await;
        server.settles().await;
        (lamp.seen().told_on - before.told_on, lamp.seen().told_locked)
    };
    assert_eq!(sent().await, (1, 1));
    server.later(MINUTE).await;
    lamp.blinks().await;
    hall.until(|_| lamp.seen().told_locked > 1).await;
    server.settles().await;
    let told = lamp.seen().told_locked;
    assert_eq!(sent().await, (1, told));
    let log = hall.manager.get(&format!("/api/v1/devices/{device}/log")).await.ok(200);
    let lines: Vec<&Value> = log["items"].as_array().unwrap().iter().filter(|line| line["what"] == "button_locked").collect();
    assert_eq!((lines.len(), &lines[0]["who"]), (1, &json!("manager")));
}

on_brokers! {
    async fn v5_1_a_tasmotas_button_that_is_locked_does_nothing(server) {
        locks_the_button(server, Firmware::Tasmota).await;
    }

    async fn v5_1_a_shellys_button_that_is_locked_does_nothing(server) {
        locks_the_button(server, Firmware::Shelly).await;
    }
}

on_server! {
    async fn v5_1_a_button_that_is_to_be_locked_while_its_lamp_is_told_something_is_locked_by_the_next_word(server) {
        let hall = Hall::open(server, 1).await;
        let (table, lamp) = (format!("/api/v1/tables/{}", hall.tables[0].id), &hall.tables[0].lamp);
        hall.manager.post(&format!("{table}/out-of-service"), json!({"note": "锁按键"})).await.ok(200);
        server.settles().await;
        hall.manager.put(&format!("{table}/light"), json!({"on": true, "minutes": 30, "why": "打扫"})).await.ok(200);
        let (held_up, go) = server.holds_up_the_next_message();
        let meanwhile = async {
            held_up.await.unwrap();
            let ask = json!({"driver": "tasmota", "name": "灯", "locks_button": true, "version": 1});
            hall.manager.put(&format!("/api/v1/devices/{}", hall.tables[0].device), ask).await.ok(200);
            go.send(()).unwrap();
        };
        tokio::join!(Box::pin(server.run_jobs()), Box::pin(meanwhile));
        server.settles().await;
        assert_eq!((lamp.seen().on, lamp.seen().told_locked), (true, 0));
        hall.manager.delete(&format!("{table}/light")).await.ok(200);
        hall.until(|_| lamp.seen().told_locked == 1).await;
    }

    async fn v5_1_a_relay_board_has_no_button_that_could_be_locked(server) {
        let hall = Hall::open(server, 0).await;
        let dark = hall.dark_table("一号").await;
        let coil = json!({"host": "192.0.2.7", "port": 502, "unit": 1, "coil": 0, "framing": "tcp"});
        let ask = |locks: bool| json!({"table_id": dark, "driver": "modbus", "name": "灯", "address": coil, "locks_button": locks});
        hall.manager.post("/api/v1/devices", ask(true)).await.refused_field("locks_button", "NOT_HERE");
        let made = hall.manager.post("/api/v1/devices", ask(false)).await.ok(201);
        // A Tasmota that takes its place may have it locked, and a board that takes that one's has none.
        let path = format!("/api/v1/devices/{}", made["device"]["id"].as_str().unwrap());
        let tasmota = json!({"driver": "tasmota", "name": "灯", "locks_button": true, "version": 1});
        hall.manager.put(&path, tasmota).await.ok(200);
        let mut board = json!({"driver": "modbus", "name": "灯", "address": coil, "locks_button": true, "version": 2});
        hall.manager.put(&path, board.clone()).await.refused_field("locks_button", "NOT_HERE");
        board["locks_button"] = json!(null);
        assert_eq!(hall.manager.put(&path, board).await.ok(200)["device"]["locks_button"], false);
    }
}
