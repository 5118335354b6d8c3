//! Lights set by hand, lights that do not obey, and the way to them.

use kernel::{HOUR, MINUTE, SECOND};
use sandbox::Trouble;
use serde_json::{Value, json};
use testkit::{Answer, Client, Hall, TestServer, floor_table, on_brokers};

use crate::support::pay::{id, wallet};

async fn by_hand(hall: &Hall<'_>, n: usize, on: bool, minutes: i64) -> Answer {
    hall.manager.put(&format!("/api/v1/tables/{}/light", hall.tables[n].id), json!({"on": on, "minutes": minutes, "why": "打扫"})).await
}

async fn close(customer: &Client, playing: &Value) -> Value {
    customer.post(&format!("/customer/v1/sessions/{}/close", id(playing)), json!({})).await.ok(200)
}

async fn device(hall: &Hall<'_>, n: usize) -> Value {
    floor_table(&hall.floor().await, &hall.tables[n].id)["device"].clone()
}

async fn session(customer: &Client, playing: &Value) -> Value {
    customer.get(&format!("/customer/v1/sessions/{}", id(playing))).await.ok(200)
}

/// Somebody presses the button on a lamp, which is overruled; some seconds later.
async fn press(server: &TestServer, hall: &Hall<'_>, n: usize, seconds: i64) {
    let lamp = &hall.tables[n].lamp;
    let (before, on) = (lamp.seen().switched, lamp.seen().on);
    lamp.press();
    hall.until(|_| lamp.seen().switched == before + 2 && lamp.seen().on == on).await;
    server.later(seconds * SECOND).await;
    server.run_jobs().await;
}

/// A minute passes.
async fn minute(server: &TestServer) {
    server.later(MINUTE + SECOND).await;
    server.tick().await;
}

on_brokers! {
    async fn v5_1_whoever_opens_a_table_has_light_whatever_was_set_by_hand(server) {
        let hall = Hall::open(server, 1).await;
        let customer = hall.customer(20_000).await;
        let lamp = &hall.tables[0].lamp;
        for on in [true, false] {
            by_hand(&hall, 0, on, 30).await.ok(200);
            server.run_jobs().await;
            lamp.until(|seen| seen.on == on).await;
            let playing = hall.play(&customer, 0, 60).await;
            lamp.until(|seen| seen.on).await;
            // Its hand would have let it go now.
            server.later(31 * MINUTE).await;
            server.tick().await;
            let table = hall.table_is(0, "playing").await;
            assert_eq!((table["device"]["reported"].clone(), table["device"]["override_on"].clone()), (json!(true), json!(null)));
            close(&customer, &playing).await;
            hall.table_is(0, "idle").await;
            assert!(!lamp.seen().on);
        }
    }

    async fn v5_1_nobody_who_plays_is_put_in_the_dark_by_hand(server) {
        let hall = Hall::open(server, 1).await;
        let customer = hall.customer(10_000).await;
        let playing = hall.play(&customer, 0, 60).await;
        by_hand(&hall, 0, false, 30).await.refused(409, "TABLE_TAKEN");
        minute(server).await;
        assert_eq!((hall.tables[0].lamp.seen().on, device(&hall, 0).await["override_on"].clone()), (true, json!(null)));
        // On is fine: the light stays when play is over, until its hand lets it go, and the table is free meanwhile.
        by_hand(&hall, 0, true, 120).await.ok(200);
        hall.until(|floor| floor_table(floor, &hall.tables[0].id)["device"]["reported"] == true).await;
        close(&customer, &playing).await;
        hall.table_is(0, "idle").await;
        minute(server).await;
        assert!(hall.tables[0].lamp.seen().on);
        server.later(2 * HOUR).await;
        server.tick().await;
        hall.until(|floor| floor_table(floor, &hall.tables[0].id)["device"]["reported"] == false).await;
        assert_eq!(hall.table_is(0, "idle").await["case"], json!(null));
    }

    async fn v5_1_a_light_that_burns_over_an_idle_table_and_does_not_obey_is_somebodys_to_look_at(server) {
        let hall = Hall::open(server, 1).await;
        let lamp = &hall.tables[0].lamp;
        lamp.weld();
        hall.until(|floor| floor_table(floor, &hall.tables[0].id)["device"]["reported"] == true).await;
        for _ in 0..2 {
            minute(server).await;
        }
        assert_eq!(hall.table_is(0, "maintenance").await["case"]["cause"], "not_dark");
        // It goes on being told, and not without end at once.
        for _ in 0..10 {
            minute(server).await;
        }
        let before = lamp.seen().told_off;
        for _ in 0..5 {
            minute(server).await;
        }
        let told = lamp.seen().told_off - before;
        assert!((1..=11).contains(&told), "{told} times in five minutes");
    }

    async fn v5_2_a_light_that_goes_off_after_each_on_ends_play_as_of_when_it_began_to(server) {
        let hall = Hall::open(server, 1).await;
        let customer = hall.customer(10_000).await;
        let playing = hall.play(&customer, 0, 60).await;
        server.later(10 * MINUTE).await;
        for _ in 0..6 {
            press(server, &hall, 0, 10).await;
        }
        // A minute of it is over. It is on, and may be well.
        assert_eq!((session(&customer, &playing).await["state"].clone(), device(&hall, 0).await["reported"].clone()), (json!("playing"), json!(true)));
        hall.tables[0].lamp.press();
        assert_eq!(hall.table_is(0, "maintenance").await["case"]["cause"], "in_play");
        let closed = session(&customer, &playing).await;
        assert_eq!((closed["end_reason"].clone(), closed["bill"]["total_fen"].clone(), wallet(&customer).await), (json!("device_fault"), json!(600), (9_400, 0)));
    }

    async fn v5_2_a_button_that_is_pressed_now_and_then_ends_nobodys_play(server) {
        let hall = Hall::open(server, 1).await;
        let customer = hall.customer(10_000).await;
        let playing = hall.play(&customer, 0, 60).await;
        for _ in 0..6 {
            press(server, &hall, 0, 31).await;
        }
        assert_eq!(session(&customer, &playing).await["state"], "playing");
        close(&customer, &playing).await;
    }

    async fn v5_1_a_light_that_comes_on_after_each_off_is_somebodys_to_look_at(server) {
        let hall = Hall::open(server, 1).await;
        for _ in 0..6 {
            press(server, &hall, 0, 10).await;
        }
        assert_eq!(hall.table_is(0, "idle").await["device"]["reported"], false);
        hall.tables[0].lamp.press();
        assert_eq!(hall.table_is(0, "maintenance").await["case"]["cause"], "not_dark");
        hall.until(|floor| floor_table(floor, &hall.tables[0].id)["device"]["reported"] == false).await;
        // It is told all the same, and after a while not each time at once.
        for _ in 0..24 {
            press(server, &hall, 0, 10).await;
        }
        let (lamp, told) = (&hall.tables[0].lamp, hall.tables[0].lamp.seen().told_off);
        lamp.press();
        hall.until(|floor| floor_table(floor, &hall.tables[0].id)["device"]["reported"] == true).await;
        server.later(30 * SECOND).await;
        server.run_jobs().await;
        assert_eq!((lamp.seen().told_off, lamp.seen().on), (told, true));
        server.later(31 * SECOND).await;
        hall.until(|floor| floor_table(floor, &hall.tables[0].id)["device"]["reported"] == false).await;
    }

    async fn v5_2_whoever_complains_of_the_dark_does_not_put_its_end_off(server) {
        let hall = Hall::open(server, 1).await;
        let customer = hall.customer(10_000).await;
        let playing = hall.play(&customer, 0, 60).await;
        server.later(10 * MINUTE).await;
        // It goes off, and does not come on again.
        server.cut_the_wire(true);
        hall.tables[0].lamp.press();
        hall.until(|floor| floor_table(floor, &hall.tables[0].id)["device"]["reported"] == false).await;
        hall.tables[0].lamp.set(Trouble::Stuck);
        server.cut_the_wire(false);
        for n in 0..2 {
            server.later(25 * SECOND).await;
            let about = json!({"matter": "complaint", "kind": "light", "text": "灯不亮", "session_id": playing["id"]});
            customer.post_once(&format!("complain-{n}"), "/customer/v1/complaints", about).await.ok(201);
            // It answers that it is off.
            server.settles().await;
            assert_eq!(session(&customer, &playing).await["state"], "playing");
        }
        server.later(11 * SECOND).await;
        assert_eq!(hall.table_is(0, "maintenance").await["case"]["cause"], "in_play");
        assert_eq!(session(&customer, &playing).await["bill"]["total_fen"], 600);
    }

    async fn v5_2_a_way_that_is_cut_is_no_silent_lamp(server) {
        let hall = Hall::open(server, 2).await;
        let customer = hall.customer(10_000).await;
        let playing = hall.play(&customer, 0, 60).await;
        server.cut_the_wire(true);
        // One cannot open what cannot be told; nothing is charged.
        let other = hall.customer(10_000).await;
        let view = other.get(&format!("/customer/v1/tables/{}", hall.tables[1].id)).await.ok(200);
        let ask = json!({"minutes": 60, "expected_fen": view["quotes"][1]["price_fen"]});
        other.post_once("open-0001", &format!("/customer/v1/tables/{}/open", hall.tables[1].id), ask).await.ok(202);
        server.later(21 * SECOND).await;
        assert_eq!(hall.table_is(1, "maintenance").await["case"]["cause"], "offline", "nobody is to blame for what it could not hear");
        assert_eq!(wallet(&other).await, (10_000, 0));
        by_hand(&hall, 0, true, 120).await.ok(200);
        for _ in 0..5 {
            minute(server).await;
        }
        assert_eq!((device(&hall, 0).await["online"].clone(), device(&hall, 1).await["online"].clone()), (json!(true), json!(false)));
        hall.table_is(0, "playing").await;
        // The way is there again: all are called, and have a while to answer.
        server.cut_the_wire(false);
        venue::devices::roll_call(&server.venue, &server.cx()).await.unwrap();
        hall.until(|floor| floor_table(floor, &hall.tables[1].id)["device"]["reported"] == false).await;
        assert!(hall.tables[0].lamp.seen().on);
        // And nobody has to come and say so.
        hall.table_is(1, "idle").await;
        close(&customer, &playing).await;
    }

    async fn v5_2_who_comes_back_late_after_the_broker_was_away_is_not_taken_for_broken(server) {
        let hall = Hall::open(server, 1).await;
        let customer = hall.customer(10_000).await;
        let playing = hall.play(&customer, 0, 60).await;
        let lamp = &hall.tables[0].lamp;
        lamp.set(Trouble::Mute);
        venue::devices::roll_call(&server.venue, &server.cx()).await.unwrap();
        for _ in 0..2 {
            minute(server).await;
        }
        assert_eq!(device(&hall, 0).await["online"], true);
        lamp.set(Trouble::None);
        server.later(11 * SECOND).await;
        server.run_jobs().await;
        hall.until(|floor| floor_table(floor, &hall.tables[0].id)["device"]["reported"] == true).await;
        minute(server).await;
        hall.table_is(0, "playing").await;
        close(&customer, &playing).await;
    }

    async fn v5_2_a_process_that_is_cut_off_gives_a_silent_lamp_no_more_time(server) {
        let hall = Hall::open(server, 1).await;
        let cut_off = server.cut_off();
        hall.tables[0].lamp.set(Trouble::Mute);
        // What it has said before is not on its way any more.
        server.settles().await;
        by_hand(&hall, 0, true, 120).await.ok(200);
        server.run_jobs().await;
        // It tries to tell it in turns with us, and cannot; nor is it told by it that it has found the broker again.
        for n in 0..6 {
            server.clock.step(9 * SECOND);
            if n % 2 == 0 {
                venue::devices::roll_call(&cut_off, &server.cx()).await.unwrap();
                server.run_jobs_by(&cut_off).await;
            } else {
                server.run_jobs().await;
            }
            assert_eq!(device(&hall, 0).await["online"], true);
        }
        server.clock.step(9 * SECOND);
        server.run_jobs_by(&cut_off).await;
        assert_eq!(device(&hall, 0).await["online"], true, "who cannot tell it does not judge it");
        server.clock.step(11 * SECOND);
        server.run_jobs().await;
        assert_eq!(device(&hall, 0).await["online"], false);
    }

    async fn v5_1_a_lamp_that_was_silent_and_is_there_is_asked_and_comes_back_by_itself(server) {
        let hall = Hall::open(server, 1).await;
        let lamp = &hall.tables[0].lamp;
        lamp.set(Trouble::Mute);
        by_hand(&hall, 0, true, 1).await.ok(200);
        // What it said before may still be on its way: then it is missed a little later.
        let looks = async |state: &str| {
            for _ in 0..30 {
                server.tick().await;
                let table = floor_table(&hall.floor().await, &hall.tables[0].id).clone();
                if table["state"] == state {
                    return table;
                }
                server.later(10 * SECOND).await;
            }
            panic!("not {state} after five minutes: {}", hall.floor().await);
        };
        let table = looks("maintenance").await;
        assert_eq!((&table["case"]["cause"], &table["device"]["online"]), (&json!("offline"), &json!(false)));
        // It can be heard again, and has nothing to say by itself: it is asked.
        lamp.set(Trouble::None);
        minute(server).await;
        let table = hall.table_is(0, "idle").await;
        assert_eq!((&table["device"]["online"], &table["device"]["reported"], lamp.seen().on), (&json!(true), &json!(false), false));
    }

    async fn v5_2_a_network_that_is_away_while_play_ends_leaves_no_case_for_a_person(server) {
        let hall = Hall::open(server, 1).await;
        let customer = hall.customer(10_000).await;
        let playing = hall.play(&customer, 0, 60).await;
        hall.tables[0].lamp.set(Trouble::Missed);
        hall.until(|floor| floor_table(floor, &hall.tables[0].id)["device"]["online"] == false).await;
        server.later(5 * SECOND).await;
        close(&customer, &playing).await;
        server.later(46 * SECOND).await;
        assert_eq!(hall.table_is(0, "maintenance").await["case"]["cause"], "offline");
        hall.tables[0].lamp.set(Trouble::None);
        hall.table_is(0, "idle").await;
        assert!(!hall.tables[0].lamp.seen().on);
    }

    async fn v7_1_what_somebody_takes_out_of_service_stays_there_when_its_light_is_back(server) {
        let hall = Hall::open(server, 1).await;
        hall.tables[0].lamp.set(Trouble::Missed);
        hall.until(|floor| floor_table(floor, &hall.tables[0].id)["device"]["online"] == false).await;
        server.later(61 * SECOND).await;
        assert_eq!(hall.table_is(0, "maintenance").await["case"]["cause"], "offline");
        hall.manager.post(&format!("/api/v1/tables/{}/out-of-service", hall.tables[0].id), json!({"note": "台呢破了"})).await.ok(200);
        hall.tables[0].lamp.set(Trouble::None);
        hall.until(|floor| floor_table(floor, &hall.tables[0].id)["device"]["reported"] == false).await;
        let table = hall.table_is(0, "maintenance").await;
        assert_eq!((&table["case"]["cause"], &table["case"]["note"]), (&json!("staff"), &json!("台呢破了")));
    }
}
