//! Who comes to the broker, and what it may use there: by the broker inside, and by a Mosquitto that is set up as the manual says.

use sandbox::{Firmware, Seen, Trouble};
use serde_json::{Value, json};
use testkit::{Guest, Hall, TestServer, floor_table, on_brokers};

/// Somebody who has the user and the password of a table's lamp.
async fn as_lamp(server: &TestServer, hall: &Hall<'_>, n: usize) -> Guest {
    server.guest(&hall.tables[n].user, &hall.tables[n].password).await
}

/// What is known of a lamp, what its log says, and what is to be seen of it.
async fn stands(hall: &Hall<'_>, n: usize) -> (Value, Vec<String>, Seen) {
    let device = floor_table(&hall.floor().await, &hall.tables[n].id)["device"].clone();
    let log = hall.manager.get(&format!("/api/v1/devices/{}/log", hall.tables[n].device)).await.ok(200);
    let lines = log["items"].as_array().unwrap().iter().map(|line| line["what"].as_str().unwrap().to_owned()).collect();
    let known = json!([device["online"], device["reported"], device["wanted"]]);
    (known, lines, hall.tables[n].lamp.seen())
}

/// Where a device says that it is there, and the words for "there" and "gone".
fn presence(firmware: Firmware, name: &str) -> (String, &'static str, &'static str) {
    match firmware {
        Firmware::Tasmota => (format!("tele/{name}/LWT"), "Online", "Offline"),
        Firmware::Shelly => (format!("{name}/online"), "true", "false"),
    }
}

/// Where a device takes commands.
fn commands(firmware: Firmware, name: &str) -> String {
    match firmware {
        Firmware::Tasmota => format!("cmnd/{name}/POWER1"),
        Firmware::Shelly => format!("{name}/rpc"),
    }
}

/// What would put out a lamp that is there, have it taken for lit, or light it: topic and payload.
fn mischief(firmware: Firmware, name: &str) -> Vec<(String, String)> {
    let (topic, _, gone) = presence(firmware, name);
    let mut words = vec![(topic, gone.to_owned())];
    match firmware {
        Firmware::Tasmota => {
            for (topic, text) in [("stat/?/POWER", "ON"), ("stat/?/RESULT", r#"{"POWER":"ON"}"#), ("tele/?/STATE", r#"{"POWER":"ON"}"#)] {
                words.push((topic.replace('?', name), text.to_owned()));
            }
            words.push((commands(firmware, name), "ON".to_owned()));
        }
        Firmware::Shelly => {
            let status = json!({"id": 0, "output": true});
            let note = json!({"src": name, "method": "NotifyStatus", "params": {"ts": 1.5, "switch:0": status}});
            let answer = json!({"id": 1, "src": name, "dst": "x", "result": status});
            let call = json!({"id": 1, "src": "x", "method": "Switch.Set", "params": {"id": 0, "on": true}});
            words.push((format!("{name}/events/rpc"), note.to_string()));
            words.push((format!("{name}/reply/rpc"), answer.to_string()));
            words.push((commands(firmware, name), call.to_string()));
        }
    }
    words
}

async fn says_nothing_in_anothers_name(server: &TestServer, firmware: Firmware) {
    let hall = Hall::with(server, 2, firmware).await;
    server.settles().await;
    let before = stands(&hall, 1).await;
    let guest = as_lamp(server, &hall, 0).await;
    for (topic, payload) in mischief(firmware, &hall.tables[1].user) {
        guest.says(&topic, &payload).await;
        guest.leaves(&topic, &payload).await;
    }
    server.settles().await;
    assert_eq!(stands(&hall, 1).await, before);
    // Nor does the broker keep anything of it for whoever comes later.
    let (topic, there, _) = presence(firmware, &hall.tables[1].user);
    assert_eq!(server.kept_by_the_broker(&topic).await, there);
    server.comes_back_to_the_broker().await;
    server.settles().await;
    assert_eq!(stands(&hall, 1).await.0, before.0);
    // In its own name it is heard.
    let (topic, _, gone) = presence(firmware, &hall.tables[0].user);
    guest.says(&topic, gone).await;
    hall.until(|floor| floor_table(floor, &hall.tables[0].id)["device"]["online"] == false).await;
}

async fn hears_nothing_that_is_for_another(server: &TestServer, firmware: Firmware) {
    let hall = Hall::with(server, 2, firmware).await;
    server.settles().await;
    let (guest, server_itself) = (as_lamp(server, &hall, 0).await, server.impostor().await);
    let (own, anothers) = (commands(firmware, &hall.tables[0].user), commands(firmware, &hall.tables[1].user));
    let beyond = format!("{}/#", hall.tables[1].user);
    // Neither lamp does anything for this.
    let meanwhile = async || {
        server_itself.says(&anothers, "x").await;
        server_itself.says(&own, "x").await;
    };
    let heard = guest.hears(&["#", "+/+/+", "+/rpc", &anothers, &beyond, &own], 3, meanwhile).await;
    assert!(heard.len() == 3 && heard.iter().all(|line| *line == format!("{own} x")), "{heard:?}");
}

async fn gives_itself_no_commands(server: &TestServer, firmware: Firmware) {
    let hall = Hall::with(server, 1, firmware).await;
    server.settles().await;
    let before = stands(&hall, 0).await;
    let guest = as_lamp(server, &hall, 0).await;
    let (topic, on) = mischief(firmware, &hall.tables[0].user).pop().unwrap();
    guest.says(&topic, &on).await;
    guest.leaves(&topic, &on).await;
    server.settles().await;
    assert_eq!(stands(&hall, 0).await, before);
    // Nor does one wait for the lamp that comes next.
    hall.tables[0].lamp.set(Trouble::Missed);
    hall.until(|floor| floor_table(floor, &hall.tables[0].id)["device"]["online"] == false).await;
    hall.tables[0].lamp.set(Trouble::None);
    hall.until(|floor| floor_table(floor, &hall.tables[0].id)["device"]["online"] == true).await;
    server.settles().await;
    assert_eq!(hall.tables[0].lamp.seen().switched, before.2.switched);
}

/// More than libraries take by themselves, and as much as the broker inside takes.
const LONG: usize = 16_000;

on_brokers! {
    async fn v5_1_a_tasmota_gives_itself_no_commands(server) {
        gives_itself_no_commands(server, Firmware::Tasmota).await;
    }

    async fn v5_1_a_shelly_gives_itself_no_commands(server) {
        gives_itself_no_commands(server, Firmware::Shelly).await;
    }

    async fn v5_1_a_device_that_says_too_much_keeps_no_hall_from_the_broker(server) {
        let hall = Hall::open(server, 2).await;
        server.settles().await;
        let guest = as_lamp(server, &hall, 1).await;
        // It waits for whoever comes to the broker anew.
        let (topic, ..) = presence(Firmware::Tasmota, &hall.tables[1].user);
        guest.leaves(&topic, &"x".repeat(LONG)).await;
        server.comes_back_to_the_broker().await;
        server.settles().await;
        let customer = hall.customer(10_000).await;
        hall.play(&customer, 0, 60).await;
        assert!(hall.tables[0].lamp.seen().on);
    }

    async fn v5_1_nobody_comes_to_the_broker_but_by_a_password_of_its_own(server) {
        let hall = Hall::open(server, 2).await;
        let (one, other) = (&hall.tables[0], &hall.tables[1]);
        let refused = [
            server.stranger().await,
            server.guest(&one.user, "wrong").await,
            server.guest(&one.user, &other.password).await,
            server.guest("nobody", &one.password).await,
            server.guest("cuekey", &one.password).await,
        ];
        for version in ["311", "5"] {
            for (n, guest) in refused.iter().enumerate() {
                assert!(!guest.is_let_in(version).await, "the guest {n} by version {version}");
            }
            assert!(as_lamp(server, &hall, 0).await.is_let_in(version).await);
        }
    }

    async fn v5_1_a_tasmota_says_nothing_in_anothers_name(server) {
        says_nothing_in_anothers_name(server, Firmware::Tasmota).await;
    }

    async fn v5_1_a_shelly_says_nothing_in_anothers_name(server) {
        says_nothing_in_anothers_name(server, Firmware::Shelly).await;
    }

    async fn v5_1_a_tasmota_hears_nothing_that_is_for_another(server) {
        hears_nothing_that_is_for_another(server, Firmware::Tasmota).await;
    }

    async fn v5_1_a_shelly_hears_nothing_that_is_for_another(server) {
        hears_nothing_that_is_for_another(server, Firmware::Shelly).await;
    }

    async fn v5_1_nobody_leaves_a_will_in_anothers_name(server) {
        let hall = Hall::open(server, 2).await;
        server.settles().await;
        let before = stands(&hall, 1).await;
        let (guest, server_itself) = (as_lamp(server, &hall, 0).await, server.impostor().await);
        let own = format!("cmnd/{}/Mem2", hall.tables[0].user);
        for name in [&hall.tables[1].user, &hall.tables[0].user] {
            let (topic, _, gone) = presence(Firmware::Tasmota, name);
            guest.dies((&topic, gone), &own, async || server_itself.says(&own, "x").await).await;
        }
        // Its own is published, and was left later.
        hall.until(|floor| floor_table(floor, &hall.tables[0].id)["device"]["online"] == false).await;
        server.settles().await;
        assert_eq!(stands(&hall, 1).await, before);
    }
}
