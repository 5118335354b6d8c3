//! Somebody else's broker, as larger installations have it, on both databases: what is Mosquitto's own, and an evening. What is promised of devices
//! by whichever broker runs on both, from one source: `on_brokers!`.

use kernel::{MINUTE, SECOND};
use sandbox::{Firmware, Trouble};
use serde_json::{Value, json};
use testkit::{Hall, floor_table, on_mosquitto};

async fn device(hall: &Hall<'_>) -> Value {
    floor_table(&hall.floor().await, &hall.tables[0].id)["device"].clone()
}

on_mosquitto! {
    async fn v5_1_an_evening_by_mosquitto(server) {
        let hall = Hall::open(server, 2).await;
        let customer = hall.customer(10_000).await;
        let playing = hall.play(&customer, 0, 60).await;
        assert!(hall.tables[0].lamp.seen().on && !hall.tables[1].lamp.seen().on);
        server.later(20 * MINUTE + SECOND).await;
        let path = format!("/customer/v1/sessions/{}", playing["id"].as_str().unwrap());
        let closed = customer.post(&format!("{path}/close"), json!({})).await.ok(200);
        assert_eq!(closed["bill"]["total_fen"], 1_260);
        hall.table_is(0, "idle").await;
        assert!(!hall.tables[0].lamp.seen().on);
    }

    async fn v5_2_a_plug_that_is_pulled_is_noticed_by_mosquitto_too(server) {
        let hall = Hall::open(server, 1).await;
        let customer = hall.customer(10_000).await;
        hall.play(&customer, 0, 60).await;
        server.later(10 * MINUTE).await;
        hall.tables[0].lamp.set(Trouble::Missed);
        hall.until(|floor| floor_table(floor, &hall.tables[0].id)["device"]["online"] == false).await;
        server.later(61 * SECOND).await;
        assert_eq!(hall.table_is(0, "maintenance").await["case"]["cause"], "offline");
        let me = customer.get("/customer/v1/me").await.ok(200);
        assert_eq!((me["balance_fen"].clone(), me["held_fen"].clone()), (json!(9_460), json!(0)));
        hall.tables[0].lamp.set(Trouble::None);
        hall.until(|floor| floor_table(floor, &hall.tables[0].id)["device"]["reported"] == false).await;
        assert!(!hall.tables[0].lamp.seen().on, "Mosquitto keeps no command for later");
    }

    async fn v5_2_whom_mosquitto_has_sent_away_is_missed_when_it_is_told_something(server) {
        let hall = Hall::open(server, 1).await;
        let table = &hall.tables[0];
        server.settles().await;
        let told = hall.manager.post(&format!("/api/v1/devices/{}/password", table.device), json!({})).await.ok(200);
        // Mosquitto does not say that it is gone.
        table.lamp.until(|seen| !seen.connected).await;
        let by_hand = json!({"on": true, "minutes": 120, "why": "打扫"});
        hall.manager.put(&format!("/api/v1/tables/{}/light", table.id), by_hand).await.ok(200);
        for _ in 0..30 {
            server.run_jobs().await;
            server.clock.step(10 * SECOND);
        }
        server.run_jobs().await;
        assert_eq!(device(&hall).await["online"], false);
        // The new password is entered, at Mosquitto and into the lamp, which is told what it should be now.
        let text = |name: &str| told[name].as_str().unwrap();
        let lamp = hall.plug_in(Firmware::Tasmota, text("user"), text("password")).await;
        hall.until(|floor| floor_table(floor, &table.id)["device"]["reported"] == true).await;
        assert!(lamp.seen().on && !table.lamp.seen().connected);
    }

    async fn v5_1_the_servers_account_says_and_hears_at_mosquitto_what_it_must_and_nothing_more(server) {
        let hall = Hall::open(server, 1).await;
        server.settles().await;
        let table = &hall.tables[0];
        let (server_itself, device_itself) = (server.impostor().await, server.guest(&table.user, &table.password).await);
        let (heard, unheard) = (format!("stat/{}/RESULT", table.user), format!("stat/{}/STATUS5", table.user));
        let meanwhile = async || {
            server_itself.says("cmnd/nobody/POWER1", "x").await;
            device_itself.says(&unheard, "x").await;
            device_itself.says(&heard, "x").await;
        };
        let lines = server_itself.hears(&["#", "$SYS/#", &unheard], 3, meanwhile).await;
        assert!(lines.len() == 3 && lines.iter().all(|line| *line == format!("{heard} x")), "{lines:?}");

        // In a device's name it says nothing.
        let before = table.lamp.seen();
        for (topic, text) in [("tele/?/LWT", "Offline"), ("stat/?/POWER", "ON"), ("tele/?/STATE", r#"{"POWER":"ON"}"#)] {
            server_itself.leaves(&topic.replace('?', &table.user), text).await;
        }
        server.settles().await;
        let after = device(&hall).await;
        assert_eq!((after["online"].clone(), after["reported"].clone(), table.lamp.seen()), (json!(true), json!(false), before));
        assert_eq!(server.kept_by_the_broker(&format!("tele/{}/LWT", table.user)).await, "Online");
        // Commands are its to give: this one is not what is wanted, and is taken back.
        server_itself.says(&format!("cmnd/{}/POWER1", table.user), "ON").await;
        hall.until(|floor| {
            let seen = table.lamp.seen();
            let is_off = !seen.on && floor_table(floor, &table.id)["device"]["reported"] == false;
            is_off && seen.switched == before.switched + 2
        })
        .await;
    }
}
