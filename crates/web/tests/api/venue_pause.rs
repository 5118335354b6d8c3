//! Pauses.

use kernel::{MINUTE, SECOND};
use sandbox::Trouble;
use serde_json::{Value, json};
use testkit::{Hall, floor_table, on_brokers, on_server};

use crate::support::pay::{told, wallet};
use crate::support::play::{at, offer, session};

/// How long, by the one line of a bill that says so and costs nothing, right after the time that was played.
fn says_that_it_was_paused(closed: &Value) -> String {
    let lines = closed["bill"]["lines"].as_array().unwrap();
    let kinds: Vec<&str> = lines.iter().map(|line| line["kind"].as_str().unwrap()).collect();
    assert_eq!((kinds.as_slice(), &lines[1]["fen"]), (["play", "pause"].as_slice(), &json!(0)));
    assert_eq!(lines[0]["fen"], closed["bill"]["total_fen"]);
    let text = lines[1]["text"].as_str().unwrap();
    text.strip_prefix("暂停 ").and_then(|rest| rest.split('，').next()).unwrap_or(text).to_owned()
}

/// The lamp over the first table is on, or off, and has said so.
async fn lamp_is(hall: &Hall<'_>, on: bool) {
    hall.until(|floor| floor_table(floor, &hall.tables[0].id)["device"]["reported"] == on).await;
    assert_eq!(hall.tables[0].lamp.seen().on, on);
}

on_brokers! {
    async fn v3_1_a_pause_is_dark_costs_nothing_and_moves_the_end(server) {
        let hall = Hall::open(server, 1).await;
        offer(&hall, 30, false, 0).await;
        let customer = hall.customer(10_000).await;
        let playing = hall.play(&customer, 0, 60).await;
        assert_eq!((playing["pause"]["offered"].clone(), playing["pause"]["left_seconds"].clone()), (json!(true), json!(1_800)));
        server.later(10 * MINUTE - 30 * SECOND).await;
        let paused = customer.post(&at(&playing, "pause"), json!({})).await.ok(200);
        assert_eq!((paused["state"].clone(), paused["pause"]["offered"].clone()), (json!("playing"), json!(false)));
        assert!(paused["pause"]["since"].is_string() && paused["text"].as_str().unwrap().contains("暂停"));
        hall.table_is(0, "paused").await;
        lamp_is(&hall, false).await;
        server.later(20 * MINUTE).await;
        server.run_jobs().await;
        let still = session(&customer, &playing).await;
        assert_eq!((still["cost_so_far_fen"].clone(), still["pause"]["since"].clone()), (json!(600), paused["pause"]["since"].clone()));
        // Pausing what is paused changes nothing; nobody else opens it.
        customer.post(&at(&playing, "pause"), json!({})).await.ok(200);
        let other = hall.customer(10_000).await;
        let ask = json!({"minutes": 60, "expected_fen": 3_600});
        other.post_once("open-0001", &format!("/customer/v1/tables/{}/open", hall.tables[0].id), ask).await.refused(409, "TABLE_BUSY");
        other.post(&at(&playing, "resume"), json!({})).await.refused(404, "NOT_FOUND");
        other.post(&at(&playing, "pause"), json!({})).await.refused(404, "NOT_FOUND");

        customer.post(&at(&playing, "resume"), json!({})).await.ok(200);
        hall.table_is(0, "playing").await;
        lamp_is(&hall, true).await;
        let again = session(&customer, &playing).await;
        let end = |view: &Value| view["paid_until"].as_str().unwrap().parse::<kernel::Timestamp>().unwrap().micros();
        let moved = end(&again) - end(&playing);
        assert!((20 * MINUTE..20 * MINUTE + SECOND).contains(&moved), "{moved}");
        assert!((598..=600).contains(&again["pause"]["left_seconds"].as_i64().unwrap()));
        // More time costs what it costs without a pause, and all of it is played.
        let more = customer.get(&format!("{}?minutes=30", at(&playing, "extension"))).await.ok(200);
        assert_eq!(more["price_fen"], 1_800);
        server.later(10 * MINUTE).await;
        let closed = customer.post(&at(&playing, "close"), json!({})).await.ok(200);
        assert_eq!((closed["bill"]["total_fen"].clone(), wallet(&customer).await), (json!(1_200), (8_800, 0)));
        assert_eq!(says_that_it_was_paused(&closed), "20 分钟");
        hall.table_is(0, "idle").await;
    }
}

on_server! {
    async fn v3_1_more_time_in_a_pause_lasts_until_when_it_was_said_to(server) {
        let hall = Hall::open(server, 1).await;
        offer(&hall, 30, false, 0).await;
        let customer = hall.customer(10_000).await;
        let playing = hall.play(&customer, 0, 60).await;
        server.later(10 * MINUTE).await;
        customer.post(&at(&playing, "pause"), json!({})).await.ok(200);
        lamp_is(&hall, false).await;
        server.later(20 * MINUTE).await;
        let end = |view: &Value| view["paid_until"].as_str().unwrap().parse::<kernel::Timestamp>().unwrap().micros();
        // By the pause so far, and by what is paid for.
        let right = |view: &Value| (50 * MINUTE..50 * MINUTE + SECOND).contains(&(end(view) - end(&playing)));
        let more = customer.get(&format!("{}?minutes=30", at(&playing, "extension"))).await.ok(200);
        assert!(right(&more), "{more}");
        let ask = json!({"minutes": 30, "expected_fen": 1_800});
        let extended = customer.post_once("more-0001", &at(&playing, "extend"), ask).await.ok(200);
        assert!(right(&extended), "{extended}");
        let message = customer.get("/customer/v1/messages").await.ok(200)["items"][0].clone();
        let minute = end(&extended) / MINUTE;
        let shown = format!("{:02}:{:02}", (minute / 60 + 8) % 24, minute % 60);
        assert_eq!(message["kind"], "play.extended");
        assert!(message["body"].as_str().unwrap().contains(&shown), "{message} and not {shown}");
        customer.post(&at(&playing, "resume"), json!({})).await.ok(200);
        lamp_is(&hall, true).await;
        let again = session(&customer, &playing).await;
        assert!(right(&again), "the pause counts once: {again}");
        for _ in 0..2 {
            server.later(40 * MINUTE - 5 * SECOND).await;
            server.tick().await;
        }
        assert_eq!(session(&customer, &playing).await["state"], "playing");
        server.later(20 * SECOND).await;
        hall.table_is(0, "idle").await;
        let over = session(&customer, &playing).await;
        assert_eq!((over["end_reason"].clone(), over["bill"]["total_fen"].clone(), wallet(&customer).await), (json!("time_up"), json!(5_400), (4_600, 0)));
    }

    async fn v3_1_in_a_pause_the_end_that_was_seen_is_that_of_its_beginning_or_of_any_moment_since(server) {
        let hall = Hall::open(server, 1).await;
        offer(&hall, 30, false, 0).await;
        let customer = hall.customer(20_000).await;
        let playing = hall.play(&customer, 0, 60).await;
        server.later(10 * MINUTE).await;
        customer.post(&at(&playing, "pause"), json!({})).await.ok(200);
        lamp_is(&hall, false).await;
        server.later(10 * MINUTE).await;
        let (before, seen) = (playing["paid_until"].clone(), session(&customer, &playing).await["paid_until"].clone());
        server.later(5 * MINUTE).await;
        let more = |until: &Value| json!({"minutes": 30, "expected_fen": 1_800, "until": until});
        let path = at(&playing, "extend");
        customer.post_once("more-0001", &path, more(&json!("2099-11-21T08:00:00Z"))).await.refused(409, "END_CHANGED");
        customer.post_once("more-0001", &path, more(&before)).await.ok(200);
        customer.post_once("more-0002", &path, more(&before)).await.refused(409, "END_CHANGED");
        customer.post_once("more-0002", &path, more(&seen)).await.refused(409, "END_CHANGED");
        let newer = session(&customer, &playing).await["paid_until"].clone();
        server.later(MINUTE).await;
        customer.post_once("more-0002", &path, more(&newer)).await.ok(200);
        assert_eq!(wallet(&customer).await, (20_000, 7_200));
    }

    async fn v3_1_who_pauses_too_long_plays_on_by_itself_and_to_the_end_of_what_was_paid(server) {
        let hall = Hall::open(server, 1).await;
        offer(&hall, 15, false, 0).await;
        let customer = hall.customer(10_000).await;
        let playing = hall.play(&customer, 0, 60).await;
        server.later(30 * MINUTE).await;
        server.run_jobs().await;
        customer.post(&at(&playing, "pause"), json!({})).await.ok(200);
        hall.table_is(0, "paused").await;
        lamp_is(&hall, false).await;
        server.later(15 * MINUTE + SECOND).await;
        hall.table_is(0, "playing").await;
        lamp_is(&hall, true).await;
        assert_eq!(told(&customer).await[0], "play.pause_over");
        customer.post(&at(&playing, "pause"), json!({})).await.refused(409, "NO_PAUSE_LEFT");
        server.later(30 * MINUTE - 10 * SECOND).await;
        server.run_jobs().await;
        assert_eq!(session(&customer, &playing).await["state"], "playing");
        server.later(20 * SECOND).await;
        hall.table_is(0, "idle").await;
        let over = session(&customer, &playing).await;
        assert_eq!((over["end_reason"].clone(), over["bill"]["total_fen"].clone(), wallet(&customer).await), (json!("time_up"), json!(3_600), (6_400, 0)));
    }

    async fn v3_1_who_plays_on_sooner_is_warned_and_closed_when_what_was_paid_is_over(server) {
        let hall = Hall::open(server, 1).await;
        offer(&hall, 30, false, 0).await;
        let customer = hall.customer(10_000).await;
        let playing = hall.play(&customer, 0, 60).await;
        server.later(52 * MINUTE - 30 * SECOND).await;
        customer.post(&at(&playing, "pause"), json!({})).await.ok(200);
        lamp_is(&hall, false).await;
        // The moments at which one would have been warned and closed pass by.
        server.later(6 * MINUTE).await;
        server.run_jobs().await;
        server.later(4 * MINUTE).await;
        server.run_jobs().await;
        customer.post(&at(&playing, "resume"), json!({})).await.ok(200);
        lamp_is(&hall, true).await;
        server.later(4 * MINUTE).await;
        server.run_jobs().await;
        assert_eq!((told(&customer).await[0].as_str(), session(&customer, &playing).await["state"].as_str()), ("play.ending", Some("playing")));
        server.later(5 * MINUTE).await;
        hall.table_is(0, "idle").await;
        let over = session(&customer, &playing).await;
        assert_eq!((over["end_reason"].clone(), over["bill"]["total_fen"].clone(), wallet(&customer).await), (json!("time_up"), json!(3_600), (6_400, 0)));
    }

    async fn v3_1_a_server_that_was_away_leaves_a_pause_a_pause_and_nobody_pays_for_the_dark(server) {
        let hall = Hall::open(server, 1).await;
        offer(&hall, 15, false, 0).await;
        let customer = hall.customer(10_000).await;
        let playing = hall.play(&customer, 0, 60).await;
        server.later(10 * MINUTE - 30 * SECOND).await;
        customer.post(&at(&playing, "pause"), json!({})).await.ok(200);
        lamp_is(&hall, false).await;
        // No job is carried out for two hours: long past the pause, and past the end of what was paid.
        server.later(120 * MINUTE).await;
        assert_eq!(session(&customer, &playing).await["cost_so_far_fen"], 600);
        hall.table_is(0, "playing").await;
        lamp_is(&hall, true).await;
        server.later(10 * MINUTE).await;
        let closed = customer.post(&at(&playing, "close"), json!({})).await.ok(200);
        assert_eq!((closed["bill"]["total_fen"].clone(), wallet(&customer).await), (json!(1_200), (8_800, 0)));
    }

    async fn v3_1_who_leaves_during_a_pause_pays_what_was_played(server) {
        let hall = Hall::open(server, 1).await;
        offer(&hall, 30, false, 0).await;
        let customer = hall.customer(10_000).await;
        let playing = hall.play(&customer, 0, 60).await;
        server.later(10 * MINUTE - 30 * SECOND).await;
        customer.post(&at(&playing, "pause"), json!({})).await.ok(200);
        lamp_is(&hall, false).await;
        server.later(25 * MINUTE).await;
        let closed = customer.post(&at(&playing, "close"), json!({})).await.ok(200);
        assert_eq!((closed["bill"]["total_fen"].clone(), closed["pause"]["since"].clone(), wallet(&customer).await), (json!(600), json!(null), (9_400, 0)));
        // With the pause that it ended in.
        assert_eq!((says_that_it_was_paused(&closed).as_str(), &closed["pause"]["over_seconds"]), ("25 分钟", &json!(1_500)));
        // It is dark already: nothing is waited for.
        assert_eq!(hall.floor().await["tables"][0]["state"], "idle");
        customer.post(&at(&playing, "resume"), json!({})).await.refused(409, "NOT_PLAYING");
    }
}

on_brokers! {
    async fn v5_2_a_light_that_does_not_come_back_after_a_pause_ends_play_as_of_then(server) {
        let hall = Hall::open(server, 1).await;
        offer(&hall, 30, false, 0).await;
        let customer = hall.customer(10_000).await;
        let playing = hall.play(&customer, 0, 60).await;
        server.later(10 * MINUTE + 30 * SECOND).await;
        customer.post(&at(&playing, "pause"), json!({})).await.ok(200);
        lamp_is(&hall, false).await;
        hall.tables[0].lamp.set(Trouble::Deaf);
        server.later(5 * MINUTE).await;
        customer.post(&at(&playing, "resume"), json!({})).await.ok(200);
        // A report of before may still come in, from which it is counted anew.
        for _ in 0..2 {
            server.run_jobs().await;
            server.later(61 * SECOND).await;
        }
        assert_eq!(hall.table_is(0, "maintenance").await["case"]["cause"], "in_play");
        let closed = session(&customer, &playing).await;
        assert_eq!((closed["end_reason"].clone(), closed["bill"]["total_fen"].clone(), wallet(&customer).await), (json!("device_fault"), json!(600), (9_400, 0)));
    }
}

on_server! {
    async fn v3_1_where_it_stays_lit_the_lamp_is_not_touched_and_where_nothing_is_offered_nothing_is_paused(server) {
        let hall = Hall::open(server, 1).await;
        let customer = hall.customer(20_000).await;
        let first = hall.play(&customer, 0, 60).await;
        assert_eq!(first["pause"]["offered"], false);
        customer.post(&at(&first, "pause"), json!({})).await.refused(409, "NO_PAUSE_LEFT");
        // What was agreed when it was opened stays.
        offer(&hall, 30, true, 0).await;
        customer.post(&at(&first, "pause"), json!({})).await.refused(409, "NO_PAUSE_LEFT");
        customer.post(&at(&first, "close"), json!({})).await.ok(200);
        hall.table_is(0, "idle").await;
        let playing = hall.play(&customer, 0, 60).await;
        let switched = hall.tables[0].lamp.seen().switched;
        customer.post(&at(&playing, "pause"), json!({})).await.ok(200);
        hall.table_is(0, "paused").await;
        server.later(20 * MINUTE).await;
        server.run_jobs().await;
        customer.post(&at(&playing, "resume"), json!({})).await.ok(200);
        hall.table_is(0, "playing").await;
        assert_eq!((hall.tables[0].lamp.seen().on, hall.tables[0].lamp.seen().switched), (true, switched));
        // Four more, and then the relay has its rest.
        for _ in 0..4 {
            customer.post(&at(&playing, "pause"), json!({})).await.ok(200);
            customer.post(&at(&playing, "resume"), json!({})).await.ok(200);
        }
        customer.post(&at(&playing, "pause"), json!({})).await.refused(409, "NO_PAUSE_LEFT");
    }
}
