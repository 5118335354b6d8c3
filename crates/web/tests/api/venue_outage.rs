//! A whole hall's lights are away at once: that is its network, or its power, and no lamp. Play goes on for a while and costs nothing meanwhile, and
//! all tables come back by themselves.

use kernel::{MINUTE, SECOND};
use sandbox::{Firmware, Trouble};
use serde_json::{Value, json};
use testkit::{Hall, TestServer, floor_table, on_brokers};
use venue::devices;

use crate::support::pay::{told, wallet, words};
use crate::support::play::{are, ask, at, played, session};

/// All of its lamps lose their network, or their power; it is noticed, and a minute passes. A Tasmota may have been gone for 45 s by then, and these
/// are left out too.
async fn goes(server: &TestServer, hall: &Hall<'_>, trouble: Trouble) {
    are(hall, trouble, false).await;
    server.later(61 * SECOND).await;
    server.run_jobs().await;
}

/// And are there again, and have said how they are.
async fn returns(hall: &Hall<'_>) {
    for table in &hall.tables {
        table.lamp.set(Trouble::None);
    }
    hall.until(|floor| hall.tables.iter().all(|table| floor_table(floor, &table.id)["device"]["reported"].is_boolean())).await;
}

fn until(session: &Value) -> i64 {
    session["paid_until"].as_str().unwrap().parse::<kernel::Timestamp>().unwrap().micros()
}

async fn case(hall: &Hall<'_>, n: usize) -> Value {
    hall.table_is(n, "maintenance").await["case"]["cause"].clone()
}

on_brokers! {
    async fn v5_2_a_network_that_is_away_for_minutes_ends_nobodys_play_and_costs_nobody_anything(server) {
        let (hall, customer, playing) = played(server, 2).await;
        goes(server, &hall, Trouble::Offline).await;
        assert_eq!(case(&hall, 1).await, "offline", "nobody is sent to a table that cannot be lit");
        server.later(4 * MINUTE).await;
        server.run_jobs().await;
        let away = session(&customer, &playing).await;
        assert_eq!((&away["state"], &away["light"], &away["cost_so_far_fen"]), (&json!("playing"), &json!("away"), &json!(600)));
        assert!(hall.tables[0].lamp.seen().on, "it burns on by itself");
        let staff = server.told(hall.manager.id()).await;
        assert_eq!(staff.iter().filter(|kind| *kind == "venue.hall_away").count(), 1, "{staff:?}");
        let notices = hall.manager.get("/api/v1/notifications?limit=100").await.ok(200);
        let away = notices["items"].as_array().unwrap().iter().find(|one| one["kind"] == "venue.hall_away").unwrap();
        assert_eq!(away["link"], format!("/floor?hall={}", hall.id));

        returns(&hall).await;
        hall.table_is(1, "idle").await;
        hall.until(|_| hall.tables[0].lamp.seen().told_on > 1).await;
        let back = session(&customer, &playing).await;
        let moved = until(&back) - until(&playing);
        assert!((345 * SECOND..355 * SECOND).contains(&moved), "{moved}");
        assert_eq!((&back["state"], &back["cost_so_far_fen"], told(&customer).await[0].as_str()), (&json!("playing"), &json!(600), "play.light_again"));
        assert!((345..355).contains(&back["unlit_seconds"].as_i64().unwrap()), "{back}");
        // All that was paid is played, and nothing beside it is billed.
        server.later(10 * MINUTE).await;
        let closed = customer.post(&at(&playing, "close"), json!({})).await.ok(200);
        assert_eq!((closed["bill"]["total_fen"].clone(), wallet(&customer).await), (json!(1_200), (8_800, 0)));
        assert_eq!(words(&closed["bill"]["lines"], "kind"), ["play", "unlit"]);
        assert!(closed["bill"]["lines"][1]["text"].as_str().unwrap().contains("6 分钟，不计费"), "{closed}");
        hall.table_is(0, "idle").await;
    }

    async fn v5_2_who_was_away_with_the_hall_has_light_until_the_end_that_has_moved(server) {
        let (hall, customer, playing) = played(server, 2).await;
        goes(server, &hall, Trouble::Offline).await;
        server.later(4 * MINUTE).await;
        returns(&hall).await;
        hall.until(|_| hall.tables[0].lamp.seen().told_on > 1).await;
        // Past the first end, and past the lamp's first timer.
        server.later(48 * MINUTE).await;
        server.run_jobs().await;
        assert_eq!((session(&customer, &playing).await["state"].clone(), hall.tables[0].lamp.seen().on), (json!("playing"), true));
        server.later(3 * MINUTE).await;
        hall.table_is(0, "idle").await;
        let over = session(&customer, &playing).await;
        assert_eq!((&over["end_reason"], &over["bill"]["total_fen"], wallet(&customer).await), (&json!("time_up"), &json!(3_600), (6_400, 0)));
    }

    async fn v5_2_a_network_that_stays_away_ends_play_as_of_when_it_went_and_every_table_comes_back_by_itself(server) {
        let (hall, customer, playing) = played(server, 3).await;
        goes(server, &hall, Trouble::Offline).await;
        // Ten minutes since it was last there for certain.
        server.later(8 * MINUTE + 5 * SECOND).await;
        server.run_jobs().await;
        assert_eq!(session(&customer, &playing).await["state"], "playing");
        server.later(10 * SECOND).await;
        server.run_jobs().await;
        let closed = session(&customer, &playing).await;
        assert_eq!((&closed["end_reason"], &closed["bill"]["total_fen"], wallet(&customer).await), (&json!("device_fault"), &json!(540), (9_460, 0)));
        assert_eq!(told(&customer).await[0], "play.device_fault");
        // It burns over nobody, whom nobody could tell.
        assert!(hall.tables[0].lamp.seen().on);
        server.later(46 * SECOND).await;
        for n in 0..3 {
            assert_eq!(case(&hall, n).await, "offline");
        }
        returns(&hall).await;
        for n in 0..3 {
            assert_eq!(hall.table_is(n, "idle").await["device"]["reported"], false, "not before its light was seen to be off");
        }
        assert!(!hall.tables[0].lamp.seen().on);
        let cases = hall.manager.get("/api/v1/cases").await.ok(200);
        assert_eq!((words(&cases["items"], "cause"), cases["items"][0]["closed_by"].clone()), (vec!["offline".to_owned(); 3], json!(null)));
        hall.play(&customer, 0, 60).await;
    }

    async fn v5_2_a_lamp_that_runs_out_while_its_hall_is_away_is_left_out_of_the_bill_once(server) {
        let hall = Hall::open(server, 2).await;
        server.keep_signed_in(&hall.manager).await;
        let customer = hall.customer(20_000).await;
        let playing = hall.play(&customer, 0, 180).await;
        // Nobody winds its timer, which ends after two hours.
        server.later(118 * MINUTE).await;
        goes(server, &hall, Trouble::Offline).await;
        server.later(4 * MINUTE).await;
        hall.tables[0].lamp.until(|seen| !seen.on).await;
        returns(&hall).await;
        hall.until(|_| hall.tables[0].lamp.seen().on).await;
        server.settles().await;
        let unlit = session(&customer, &playing).await["unlit_seconds"].as_i64().unwrap();
        assert!((345..355).contains(&unlit), "{unlit}");
    }

    async fn v5_2_a_hall_whose_power_is_cut_is_not_billed_for_the_dark_and_lit_again_with_it(server) {
        let (hall, customer, playing) = played(server, 2).await;
        goes(server, &hall, Trouble::Missed).await;
        server.later(2 * MINUTE).await;
        assert!(!hall.tables[0].lamp.seen().on);
        returns(&hall).await;
        hall.until(|floor| floor_table(floor, &hall.tables[0].id)["device"]["reported"] == true).await;
        assert!(hall.tables[0].lamp.seen().on);
        server.later(10 * MINUTE).await;
        customer.post(&at(&playing, "close"), json!({})).await.ok(200);
        assert_eq!(wallet(&customer).await, (8_800, 0));
    }

    async fn v5_2_who_ends_play_or_whose_time_is_up_while_the_network_is_away_pays_until_it_went(server) {
        let (hall, customer, playing) = played(server, 2).await;
        let other = hall.customer(10_000).await;
        let second = hall.play(&other, 1, 60).await;
        server.later(46 * MINUTE).await;
        goes(server, &hall, Trouble::Offline).await;
        server.later(MINUTE).await;
        other.post(&at(&second, "close"), json!({})).await.ok(200);
        let closed = session(&other, &second).await;
        assert_eq!((&closed["end_reason"], &closed["bill"]["total_fen"]), (&json!("device_fault"), &json!(45 * 60)));
        // The first hour is over.
        server.later(2 * MINUTE).await;
        server.run_jobs().await;
        let over = session(&customer, &playing).await;
        assert_eq!((&over["end_reason"], &over["bill"]["total_fen"]), (&json!("device_fault"), &json!(55 * 60)));
        returns(&hall).await;
        for n in 0..2 {
            hall.table_is(n, "idle").await;
        }
    }

    async fn v3_1_a_pause_that_begins_while_the_network_is_away_takes_nothing_of_that_back(server) {
        let (hall, customer, playing) = played(server, 2).await;
        goes(server, &hall, Trouble::Offline).await;
        server.later(4 * MINUTE).await;
        let paused = customer.post(&at(&playing, "pause"), json!({})).await.ok(200);
        assert!((345..355).contains(&paused["unlit_seconds"].as_i64().unwrap()), "{paused}");
        returns(&hall).await;
        hall.until(|floor| floor_table(floor, &hall.tables[0].id)["device"]["reported"] == false).await;
        server.later(3 * MINUTE).await;
        customer.post(&at(&playing, "resume"), json!({})).await.ok(200);
        hall.until(|floor| floor_table(floor, &hall.tables[0].id)["device"]["reported"] == true).await;
        server.later(10 * MINUTE).await;
        let closed = customer.post(&at(&playing, "close"), json!({})).await.ok(200);
        assert_eq!((closed["bill"]["total_fen"].clone(), words(&closed["bill"]["lines"], "kind")), (json!(1_200), ["play", "pause", "unlit"].map(str::to_owned).to_vec()));
    }

    async fn v5_2_a_lamp_that_goes_alone_in_a_hall_ends_play_within_a_minute_and_brings_its_table_back_by_itself(server) {
        let (hall, customer, playing) = played(server, 3).await;
        hall.tables[0].lamp.set(Trouble::Missed);
        hall.until(|floor| floor_table(floor, &hall.tables[0].id)["device"]["online"] == false).await;
        server.later(61 * SECOND).await;
        assert_eq!(case(&hall, 0).await, "offline");
        assert_eq!(session(&customer, &playing).await["bill"]["total_fen"], 540);
        hall.tables[0].lamp.set(Trouble::None);
        assert_eq!(hall.table_is(0, "idle").await["device"]["reported"], false);
    }

    async fn v5_2_lights_that_are_new_or_come_anew_do_not_make_one_that_goes_alone_a_hall(server) {
        let (hall, customer, playing) = played(server, 3).await;
        hall.tables[0].lamp.set(Trouble::Missed);
        hall.until(|floor| floor_table(floor, &hall.tables[0].id)["device"]["online"] == false).await;
        server.later(5 * SECOND).await;
        for table in &hall.tables[1..] {
            let lwt = format!("tele/{}/LWT", table.user);
            devices::heard(&server.venue, &server.cx(), &lwt, b"Online", false).await.unwrap();
        }
        for name in ["四号", "五号"] {
            let table = hall.dark_table(name).await;
            hall.light_on(&table, Firmware::Tasmota, 1, None).await.ok(201);
        }
        server.later(56 * SECOND).await;
        assert_eq!(case(&hall, 0).await, "offline");
        assert_eq!(session(&customer, &playing).await["bill"]["total_fen"], 540);
    }

    async fn v5_2_a_network_that_goes_again_and_again_lets_nobody_play_for_nothing(server) {
        let (hall, customer, playing) = played(server, 2).await;
        for _ in 0..2 {
            goes(server, &hall, Trouble::Offline).await;
            server.later(7 * MINUTE + 15 * SECOND).await;
            returns(&hall).await;
            assert_eq!(session(&customer, &playing).await["state"], "playing");
            server.later(5 * MINUTE).await;
        }
        // Of twenty minutes in all eighteen are over.
        goes(server, &hall, Trouble::Offline).await;
        assert_eq!(session(&customer, &playing).await["state"], "playing");
        server.later(MINUTE).await;
        server.run_jobs().await;
        let closed = session(&customer, &playing).await;
        assert_eq!((&closed["end_reason"], &closed["bill"]["total_fen"], wallet(&customer).await), (&json!("device_fault"), &json!(1_080), (8_920, 0)));
    }

    async fn v5_2_what_was_told_just_when_the_network_went_is_nobodys_to_mend(server) {
        let hall = Hall::open(server, 2).await;
        let customer = hall.customer(10_000).await;
        // It does not hear any more, and the broker has yet to miss it.
        hall.tables[0].lamp.set(Trouble::Deaf);
        ask(&customer, &hall, 0, "open-0001").await.ok(202);
        server.later(21 * SECOND).await;
        assert_eq!(case(&hall, 0).await, "not_lit");
        goes(server, &hall, Trouble::Offline).await;
        assert_eq!((case(&hall, 0).await, wallet(&customer).await), (json!("offline"), (10_000, 0)));
        returns(&hall).await;
        for n in 0..2 {
            hall.table_is(n, "idle").await;
        }
    }

    async fn v5_2_a_light_that_is_heard_again_and_does_not_go_off_is_somebodys_to_look_at(server) {
        let (hall, customer, playing) = played(server, 2).await;
        goes(server, &hall, Trouble::Offline).await;
        customer.post(&at(&playing, "close"), json!({})).await.ok(200);
        server.later(46 * SECOND).await;
        assert_eq!(case(&hall, 0).await, "offline");
        hall.tables[0].lamp.set(Trouble::Stuck);
        hall.until(|floor| floor_table(floor, &hall.tables[0].id)["device"]["reported"] == true).await;
        for _ in 0..2 {
            server.later(61 * SECOND).await;
            server.tick().await;
        }
        assert_eq!(case(&hall, 0).await, "not_dark");
        let staff = server.told(hall.manager.id()).await;
        assert!(staff.contains(&"venue.case_not_dark".to_owned()), "{staff:?}");
    }
}
