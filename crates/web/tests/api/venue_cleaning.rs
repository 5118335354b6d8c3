//! Tables that are cleaned after play, and what a hall offers.

use kernel::{MINUTE, SECOND};
use platform::identity::Role;
use sandbox::Trouble;
use serde_json::json;
use testkit::{Client, Hall, on_server};

use crate::support::play::{at, offer};

on_server! {
    async fn v3_1_a_table_is_cleaned_after_play_and_free_when_that_is_done(server) {
        let hall = Hall::open(server, 1).await;
        offer(&hall, 0, false, 10).await;
        let (customer, other) = (hall.customer(10_000).await, hall.customer(10_000).await);
        let path = format!("/customer/v1/tables/{}", hall.tables[0].id);
        let play_and_close = async |who: &Client| {
            let playing = hall.play(who, 0, 60).await;
            server.later(5 * MINUTE).await;
            who.post(&at(&playing, "close"), json!({})).await.ok(200);
            hall.table_is(0, "cleaning").await;
        };
        play_and_close(&customer).await;
        let view = other.get(&path).await.ok(200);
        assert_eq!((view["can_open"].clone(), view["why_not"]["code"].clone()), (json!(false), json!("TABLE_CLEANING")));
        let free = (server.clock.now().micros() + 10 * MINUTE) / SECOND / 60;
        let said = view["why_not"]["detail"].as_str().unwrap();
        let shown = |minute: i64| format!("{:02}:{:02}", (minute / 60 + 8) % 24, minute % 60);
        assert!(said.contains(&shown(free)) || said.contains(&shown(free - 1)), "{said}");
        other.post_once("open-0001", &format!("{path}/open"), json!({"minutes": 60, "expected_fen": 3_600})).await.refused(409, "TABLE_CLEANING");
        // By itself.
        server.later(9 * MINUTE).await;
        server.run_jobs().await;
        assert_eq!(hall.floor().await["tables"][0]["state"], "cleaning");
        server.later(MINUTE).await;
        hall.table_is(0, "idle").await;
        // Or when somebody of the staff says so; nobody of another hall does.
        play_and_close(&other).await;
        let done = format!("/api/v1/tables/{}/cleaned", hall.tables[0].id);
        let stranger = server.user(Role::VenueManager, "stranger").await;
        stranger.post(&done, json!({})).await.refused(404, "NOT_FOUND");
        assert_eq!(hall.manager.post(&done, json!({})).await.ok(200)["state"], "idle");
        hall.manager.post(&done, json!({})).await.refused(409, "NOT_CLEANING");
        // The job of the last time frees nothing of the next.
        server.later(8 * MINUTE).await;
        play_and_close(&customer).await;
        server.later(5 * MINUTE).await;
        server.run_jobs().await;
        assert_eq!(hall.floor().await["tables"][0]["state"], "cleaning");
    }

    async fn v3_1_what_nobody_played_on_is_not_cleaned_and_bad_offers_are_refused(server) {
        let hall = Hall::open(server, 1).await;
        offer(&hall, 0, false, 10).await;
        let customer = hall.customer(10_000).await;
        hall.tables[0].lamp.set(Trouble::Mute);
        let open = format!("/customer/v1/tables/{}/open", hall.tables[0].id);
        let asked = customer.post_once("open-0001", &open, json!({"minutes": 60, "expected_fen": 3_600})).await.ok(202);
        customer.post(&at(&asked, "close"), json!({})).await.ok(200);
        hall.tables[0].lamp.set(Trouble::None);
        server.later(3 * SECOND).await;
        hall.table_is(0, "idle").await;
        let path = format!("/api/v1/venues/{}/offers", hall.id);
        for (name, offers) in [
            ("pause_minutes", json!({"pause_minutes": 121, "pause_lit": false, "cleaning_minutes": 0, "hold_minutes": 0, "version": 1})),
            ("cleaning_minutes", json!({"pause_minutes": 0, "pause_lit": false, "cleaning_minutes": -1, "hold_minutes": 0, "version": 1})),
            ("hold_minutes", json!({"pause_minutes": 0, "pause_lit": false, "cleaning_minutes": 0, "hold_minutes": 61, "version": 1})),
        ] {
            hall.manager.put(&path, offers).await.refused_field(name, "RANGE");
        }
        let maintainer = server.user(Role::Maintainer, "maintainer").await;
        maintainer.put(&path, json!({"pause_minutes": 0, "pause_lit": false, "cleaning_minutes": 0, "hold_minutes": 0, "version": 1})).await.refused(403, "FORBIDDEN");
    }

    async fn v1_1_of_two_who_set_what_a_hall_offers_the_second_looks_again(server) {
        let hall = Hall::open(server, 1).await;
        let path = format!("/api/v1/venues/{}/offers", hall.id);
        let offers = |hold: i64, version: i64| json!({"pause_minutes": 0, "pause_lit": false, "cleaning_minutes": 0, "hold_minutes": hold, "version": version});
        assert_eq!(hall.manager.get(&path).await.ok(200), offers(15, 0), "a hall that has said nothing");
        // At once, of a hall without a row of its own.
        let (one, other) = tokio::join!(hall.manager.put(&path, offers(20, 0)), hall.manager.put(&path, offers(30, 0)));
        let mut answers = [one, other];
        answers.sort_by_key(|answer| answer.status.as_u16());
        let [first, second] = answers;
        let set = first.ok(200);
        second.refused(409, "CHANGED_MEANWHILE");
        assert_eq!((set["version"].clone(), hall.manager.get(&path).await.ok(200)), (json!(1), set.clone()));
        // And one after the other.
        hall.manager.put(&path, offers(40, 0)).await.refused(409, "CHANGED_MEANWHILE");
        assert_eq!(hall.manager.put(&path, offers(40, 1)).await.ok(200), offers(40, 2));
        assert_eq!(hall.manager.put(&path, offers(40, 2)).await.ok(200), offers(40, 2), "nothing has changed");
    }
}
