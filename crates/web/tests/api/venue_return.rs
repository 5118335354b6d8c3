//! After a way was cut: what the broker has kept is no answer of a light, and a lamp that returns is told what it should be now, and nothing else.

use kernel::{MINUTE, SECOND};
use sandbox::{Firmware, Trouble};
use serde_json::{Value, json};
use testkit::{Client, Hall, TestServer, floor_table, on_brokers};

use crate::support::pay::{id, wallet};

async fn device(hall: &Hall<'_>) -> Value {
    floor_table(&hall.floor().await, &hall.tables[0].id)["device"].clone()
}

/// The light is set on by hand for so many minutes.
async fn by_hand(hall: &Hall<'_>, minutes: i64) {
    let path = format!("/api/v1/tables/{}/light", hall.tables[0].id);
    hall.manager.put(&path, json!({"on": true, "minutes": minutes, "why": "打扫"})).await.ok(200);
}

async fn given_back(hall: &Hall<'_>) {
    hall.manager.delete(&format!("/api/v1/tables/{}/light", hall.tables[0].id)).await.ok(200);
}

async fn close(customer: &Client, playing: &Value) {
    customer.post(&format!("/customer/v1/sessions/{}/close", id(playing)), json!({})).await.ok(200);
}

/// The first lamp loses its network.
async fn leaves(hall: &Hall<'_>) {
    hall.tables[0].lamp.set(Trouble::Offline);
    hall.until(|floor| floor_table(floor, &hall.tables[0].id)["device"]["online"] == false).await;
}

/// And finds it again, and says how it is; what follows from that has happened.
async fn returns(server: &TestServer, hall: &Hall<'_>) {
    hall.tables[0].lamp.set(Trouble::None);
    hall.until(|floor| floor_table(floor, &hall.tables[0].id)["device"]["reported"].is_boolean()).await;
    server.settles().await;
}

/// Dark, and then under who plays, the lamp is away for a moment and stays as it should be.
async fn agrees_and_is_told(server: &TestServer, firmware: Firmware) {
    let hall = Hall::with(server, 1, firmware).await;
    let lamp = &hall.tables[0].lamp;
    let customer = hall.customer(10_000).await;
    for on in [false, true] {
        if on {
            hall.play(&customer, 0, 60).await;
        }
        server.settles().await;
        let before = lamp.seen();
        leaves(&hall).await;
        server.later(5 * SECOND).await;
        returns(server, &hall).await;
        let (after, told) = (lamp.seen(), u64::from(on));
        assert_eq!((after.told_on - before.told_on, after.told_off - before.told_off), (told, 1 - told), "on: {on}");
        assert_eq!((after.on, after.switched), (on, before.switched), "it does not blink by it");
        let device = device(&hall).await;
        assert_eq!((device["online"].clone(), device["reported"].clone()), (json!(true), json!(on)));
    }
    hall.table_is(0, "playing").await;
}

on_brokers! {
    async fn v5_1_what_the_broker_has_kept_of_a_light_does_not_confirm_it(server) {
        let hall = Hall::open(server, 1).await;
        let (customer, lamp) = (hall.customer(10_000).await, &hall.tables[0].lamp);
        // Somebody has the broker keep what the relay says, while its light is on, and thinks better of it.
        lamp.keep_states(true);
        let playing = hall.play(&customer, 0, 60).await;
        lamp.keep_states(false);
        close(&customer, &playing).await;
        hall.table_is(0, "idle").await;
        server.settles().await;
        let topic = device(&hall).await["topic"].as_str().unwrap().to_owned();
        assert_eq!(server.kept_by_the_broker(&format!("stat/{topic}/POWER")).await, "ON");

        server.later(MINUTE).await;
        // It is opened again, and does not come on; and the program has lost the broker meanwhile, and finds it again.
        lamp.set(Trouble::Stuck);
        let path = format!("/customer/v1/tables/{}", hall.tables[0].id);
        let view = customer.get(&path).await.ok(200);
        let ask = json!({"minutes": 60, "expected_fen": view["quotes"][1]["price_fen"]});
        let opening = customer.post_once("open-0001", &format!("{path}/open"), ask).await.ok(202);
        server.settles().await;
        server.comes_back_to_the_broker().await;
        server.settles().await;
        let of = format!("/customer/v1/sessions/{}", id(&opening));
        assert_eq!(customer.get(&of).await.ok(200)["state"], "opening");
        let seen = device(&hall).await;
        assert_eq!((seen["online"].clone(), seen["wanted"].clone(), seen["reported"].clone()), (json!(true), json!(true), json!(false)));
        server.later(21 * SECOND).await;
        assert_eq!(hall.table_is(0, "maintenance").await["case"]["cause"], "not_lit");
        assert_eq!((customer.get(&of).await.ok(200)["end_reason"].clone(), wallet(&customer).await), (json!("not_lit"), (10_000, 0)));
    }

    async fn v5_1_a_tasmota_that_returns_is_told_what_it_should_be_though_it_says_that_it_is(server) {
        agrees_and_is_told(server, Firmware::Tasmota).await;
    }

    async fn v5_1_a_shelly_that_returns_is_told_what_it_should_be_though_it_says_that_it_is(server) {
        agrees_and_is_told(server, Firmware::Shelly).await;
    }

    async fn v5_1_a_lamp_that_returns_is_told_nothing_of_what_was_wanted_meanwhile(server) {
        let hall = Hall::open(server, 1).await;
        let lamp = &hall.tables[0].lamp;
        let before = lamp.seen();
        leaves(&hall).await;
        // On for two hours, off, and on for half an hour: nobody could tell it.
        by_hand(&hall, 120).await;
        given_back(&hall).await;
        by_hand(&hall, 30).await;
        server.later(5 * SECOND).await;
        returns(server, &hall).await;
        let after = lamp.seen();
        assert_eq!((after.on, after.told_on - before.told_on, after.told_off - before.told_off), (true, 1, 0));
        // Its own timer is the last one's: nobody tells it any more.
        server.later(33 * MINUTE).await;
        lamp.until(|seen| !seen.on).await;
    }

    async fn v5_1_a_lamp_that_burns_when_it_returns_to_a_table_that_was_closed_is_told_off_alone(server) {
        let hall = Hall::open(server, 1).await;
        let customer = hall.customer(10_000).await;
        let lamp = &hall.tables[0].lamp;
        let playing = hall.play(&customer, 0, 60).await;
        server.later(10 * MINUTE).await;
        let before = lamp.seen();
        leaves(&hall).await;
        close(&customer, &playing).await;
        assert!(lamp.seen().on);
        server.later(5 * SECOND).await;
        returns(server, &hall).await;
        hall.table_is(0, "idle").await;
        server.settles().await;
        let after = lamp.seen();
        assert_eq!((after.on, after.told_on, after.told_off > before.told_off), (false, before.told_on, true));
    }

    async fn v5_1_what_was_wanted_while_the_way_was_cut_is_not_sent_when_it_is_open_again(server) {
        let hall = Hall::open(server, 1).await;
        let lamp = &hall.tables[0].lamp;
        let before = lamp.seen();
        server.cut_the_wire(true);
        for _ in 0..3 {
            by_hand(&hall, 120).await;
            server.run_jobs().await;
            given_back(&hall).await;
            server.run_jobs().await;
        }
        server.cut_the_wire(false);
        // Every job that was put off is due.
        server.clock.step(MINUTE);
        server.settles().await;
        let after = lamp.seen();
        assert_eq!((after.told_on, after.told_off - before.told_off, after.switched), (before.told_on, 1, before.switched));
    }
}
