//! Lights that go, or come back, at an unlucky moment: just before somebody looks, or while play is paused.

use kernel::{MINUTE, SECOND};
use sandbox::Trouble;
use serde_json::json;
use testkit::{Hall, floor_table, on_brokers};

use crate::support::play::{are, at, played, session};

/// The light over the first table says that it is so.
async fn says(hall: &Hall<'_>, on: bool) {
    hall.until(|floor| floor_table(floor, &hall.tables[0].id)["device"]["reported"] == on).await;
}

on_brokers! {
    async fn v5_2_a_lamp_that_is_back_a_moment_before_its_minute_is_over_has_time_to_say_how_it_is(server) {
        let (hall, customer, playing) = played(server, 1).await;
        are(&hall, Trouble::Offline, false).await;
        server.later(58 * SECOND).await;
        // What it says is lost.
        are(&hall, Trouble::Mute, true).await;
        server.clock.step(3 * SECOND);
        server.run_jobs().await;
        assert_eq!(session(&customer, &playing).await["state"], "playing");
        hall.tables[0].lamp.set(Trouble::None);
        server.clock.step(11 * SECOND);
        says(&hall, true).await;
        assert_eq!(session(&customer, &playing).await["state"], "playing");
    }

    async fn v5_2_a_plug_that_is_pulled_again_and_again_buys_no_free_minutes_and_is_seen_to_by_somebody(server) {
        let hall = Hall::open(server, 1).await;
        let customer = hall.customer(10_000).await;
        for (cause, fen) in [("offline", 0), ("offline", 0), ("in_play", 60)] {
            let playing = hall.play(&customer, 0, 60).await;
            server.later(2 * MINUTE).await;
            are(&hall, Trouble::Offline, false).await;
            server.later(61 * SECOND).await;
            server.run_jobs().await;
            let ended = session(&customer, &playing).await;
            assert_eq!((&ended["end_reason"], &ended["bill"]["total_fen"]), (&json!("device_fault"), &json!(fen)), "{ended}");
            assert_eq!(hall.table_is(0, "maintenance").await["case"]["cause"], cause);
            are(&hall, Trouble::None, true).await;
            if cause == "offline" {
                hall.table_is(0, "idle").await;
            }
        }
        assert_eq!(hall.table_is(0, "maintenance").await["device"]["online"], true, "it is there, and somebody has to look");
    }

    async fn v5_2_a_lamp_that_comes_and_goes_and_never_says_how_it_is_is_not_paid_for(server) {
        let (hall, customer, playing) = played(server, 1).await;
        for trouble in [Trouble::Offline, Trouble::Mute, Trouble::Offline, Trouble::Mute] {
            are(&hall, trouble, trouble == Trouble::Mute).await;
            server.clock.step(40 * SECOND);
            server.run_jobs().await;
        }
        let ended = session(&customer, &playing).await;
        assert_eq!((&ended["end_reason"], &ended["bill"]["total_fen"]), (&json!("device_fault"), &json!(540)), "{ended}");
        hall.table_is(0, "maintenance").await;
    }

    async fn v5_2_a_light_that_goes_in_a_pause_takes_nothing_off_what_was_played_before(server) {
        let (hall, customer, playing) = played(server, 1).await;
        customer.post(&at(&playing, "pause"), json!({})).await.ok(200);
        says(&hall, false).await;
        server.later(5 * MINUTE).await;
        are(&hall, Trouble::Missed, false).await;
        server.later(3 * MINUTE).await;
        customer.post(&at(&playing, "resume"), json!({})).await.ok(200);
        let away = session(&customer, &playing).await;
        assert_eq!((&away["light"], &away["cost_so_far_fen"]), (&json!("away"), &json!(660)));
    }

    async fn v5_2_how_a_hall_was_when_a_pause_ended_is_not_held_against_who_has_played_on_under_its_light(server) {
        let (hall, customer, playing) = played(server, 2).await;
        customer.post(&at(&playing, "pause"), json!({})).await.ok(200);
        says(&hall, false).await;
        are(&hall, Trouble::Offline, false).await;
        server.later(61 * SECOND).await;
        server.run_jobs().await;
        customer.post(&at(&playing, "resume"), json!({})).await.ok(200);
        // Somebody looks, and will look again ten minutes after that.
        server.later(61 * SECOND).await;
        server.run_jobs().await;
        server.later(2 * MINUTE).await;
        are(&hall, Trouble::None, true).await;
        says(&hall, true).await;
        server.later(7 * MINUTE - 3 * SECOND).await;
        // Its button is pressed just before.
        server.cut_the_wire(true);
        hall.tables[0].lamp.press();
        says(&hall, false).await;
        server.clock.step(3 * SECOND);
        server.run_jobs().await;
        server.cut_the_wire(false);
        assert_eq!(session(&customer, &playing).await["state"], "playing");
        server.clock.step(10 * SECOND);
        says(&hall, true).await;
        assert_eq!(session(&customer, &playing).await["state"], "playing");
    }
}
