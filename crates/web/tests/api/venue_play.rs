//! An evening at a table, with a real broker and a lamp that speaks as the real ones do.

use kernel::{HOUR, MINUTE, SECOND};
use sandbox::Trouble;
use serde_json::{Value, json};
use testkit::{Hall, floor_table, on_brokers, on_server};

use crate::support::pay::{id, told, wallet};
use crate::support::play::{ask, at, session};

fn uuid_of(table: &str) -> venue::halls::TableId {
    table.parse().unwrap()
}

on_brokers! {
    async fn v3_1c_a_table_is_opened_played_and_closed_and_the_bill_is_in_the_ledger(server) {
        let hall = Hall::open(server, 2).await;
        let customer = hall.customer(10_000).await;
        let found = customer.get(&format!("/customer/v1/codes/{}", hall.tables[0].code)).await.ok(200);
        assert_eq!(found["table_id"], hall.tables[0].id);
        let view = customer.get(&format!("/customer/v1/tables/{}", hall.tables[0].id)).await.ok(200);
        assert_eq!((view["can_open"].clone(), view["table"]["state"].clone(), view["quotes"][1]["price_fen"].clone()), (json!(true), json!("idle"), json!(3_600)));

        let playing = hall.play(&customer, 0, 60).await;
        assert!(hall.tables[0].lamp.seen().on);
        assert_eq!((playing["state"].clone(), wallet(&customer).await), (json!("playing"), (10_000, 3_600)));
        assert_eq!(told(&customer).await, ["play.lit", "wallet.recharged", "welcome"]);

        // Twenty minutes, and a bit of the twenty-first.
        server.later(20 * MINUTE + SECOND).await;
        assert_eq!(session(&customer, &playing).await["cost_so_far_fen"], 21 * 60);
        let closed = customer.post(&format!("/customer/v1/sessions/{}/close", id(&playing)), json!({})).await.ok(200);
        assert_eq!((closed["state"].clone(), closed["end_reason"].clone()), (json!("closed"), json!("customer")));
        let bill = &closed["bill"];
        assert_eq!((bill["total_fen"].clone(), bill["refunded_fen"].clone()), (json!(1_260), json!(3_600 - 1_260)));
        assert_eq!(bill["lines"].as_array().unwrap().iter().map(|line| line["fen"].as_i64().unwrap()).sum::<i64>(), 1_260);
        assert_eq!(wallet(&customer).await, (8_740, 0));
        hall.table_is(0, "idle").await;
        assert!(!hall.tables[0].lamp.seen().on);
        assert_eq!(told(&customer).await[0], "play.closed");

        let lines = customer.get("/customer/v1/wallet").await.ok(200);
        let phases: Vec<_> = lines["items"].as_array().unwrap().iter().map(|line| (line["phase"].as_str().unwrap(), line["delta_fen"].as_i64().unwrap())).collect();
        assert_eq!(phases, [("release", 0), ("post", -1_260), ("hold", 0), ("move", 10_000)]);
        // Closing again changes nothing.
        let again = customer.post(&format!("/customer/v1/sessions/{}/close", id(&playing)), json!({})).await.ok(200);
        assert_eq!((again["bill"].clone(), wallet(&customer).await), (closed["bill"].clone(), (8_740, 0)));
    }

    async fn v1_1_more_time_costs_what_it_was_said_to_and_the_light_does_not_blink(server) {
        let hall = Hall::open(server, 1).await;
        let customer = hall.customer(10_000).await;
        let playing = hall.play(&customer, 0, 60).await;
        let of = format!("/customer/v1/sessions/{}", id(&playing));
        // In the last second.
        server.later(60 * MINUTE - SECOND).await;
        server.run_jobs().await;
        assert_eq!(told(&customer).await[0], "play.ending");
        let more = customer.get(&format!("{of}/extension?minutes=30")).await.ok(200);
        assert_eq!(more["price_fen"], 1_800);
        let wrong = json!({"minutes": 30, "expected_fen": 1_799});
        customer.post_once("more-0001", &format!("{of}/extend"), wrong).await.refused(409, "PRICE_CHANGED");
        let right = json!({"minutes": 30, "expected_fen": 1_800});
        let extended = customer.post_once("more-0002", &format!("{of}/extend"), right.clone()).await.ok(200);
        assert_eq!((extended["held_fen"].clone(), extended["paid_until"].clone()), (json!(5_400), more["paid_until"].clone()));
        let again = customer.post_once("more-0002", &format!("{of}/extend"), right).await.ok(200);
        assert_eq!((again["held_fen"].clone(), wallet(&customer).await), (json!(5_400), (10_000, 5_400)));
        server.later(2 * SECOND).await;
        server.run_jobs().await;
        let lamp = hall.tables[0].lamp.seen();
        assert_eq!((session(&customer, &playing).await["state"].clone(), lamp.on, lamp.switched), (json!("playing"), true, 1));
        // And then it is over.
        server.later(30 * MINUTE).await;
        hall.table_is(0, "idle").await;
        let over = session(&customer, &playing).await;
        assert_eq!((over["end_reason"].clone(), over["bill"]["total_fen"].clone(), wallet(&customer).await), (json!("time_up"), json!(5_400), (4_600, 0)));
        customer.get(&format!("{of}/extension?minutes=30")).await.refused(409, "NOT_PLAYING");
    }
}

on_server! {
    async fn v3_1a_two_phones_open_one_table_once(server) {
        let hall = Hall::open(server, 1).await;
        let customers = [hall.customer(10_000).await, hall.customer(10_000).await];
        let price = json!({"minutes": 60, "expected_fen": 3_600});
        let path = format!("/customer/v1/tables/{}/open", hall.tables[0].id);
        let (one, two) = tokio::join!(customers[0].post_once("open-0001", &path, price.clone()), customers[1].post_once("open-0001", &path, price));
        let mut statuses = [one.status.as_u16(), two.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [202, 409]);
        hall.table_is(0, "playing").await;
        let held: Vec<i64> = [wallet(&customers[0]).await.1, wallet(&customers[1]).await.1].into();
        assert_eq!(held.iter().sum::<i64>(), 3_600);
    }

    async fn v3_1a_one_phone_opens_one_table_of_two_and_is_told_why_not_the_other(server) {
        let hall = Hall::open(server, 3).await;
        for round in 0..3 {
            let customer = hall.customer(20_000).await;
            let open = async |n: usize| {
                let path = format!("/customer/v1/tables/{}/open", hall.tables[n].id);
                customer.post_once(&format!("open-{round}-{n:04}"), &path, json!({"minutes": 60, "expected_fen": 3_600})).await
            };
            let (one, two, three) = tokio::join!(open(0), open(1), open(2));
            let (opened, refused): (Vec<_>, Vec<_>) = [one, two, three].into_iter().partition(|answer| answer.status == 202);
            assert_eq!((opened.len(), wallet(&customer).await), (1, (20_000, 3_600)));
            for answer in refused {
                answer.refused(409, "ALREADY_PLAYING");
            }
            let playing = opened.into_iter().next().unwrap().ok(202);
            let table = playing["table_id"].as_str().unwrap();
            hall.is(table, "playing").await;
            // Within the free minutes.
            customer.post(&format!("/customer/v1/sessions/{}/close", id(&playing)), json!({})).await.ok(200);
            hall.is(table, "idle").await;
            assert_eq!(wallet(&customer).await, (20_000, 0));
        }
    }

    async fn v3_1b_who_has_too_little_is_told_so_and_nothing_happens(server) {
        let hall = Hall::open(server, 1).await;
        let customer = hall.customer(3_599).await;
        ask(&customer, &hall, 0, "open-0001").await.refused(409, "BALANCE_INSUFFICIENT");
        assert_eq!((wallet(&customer).await, hall.floor().await["tables"][0]["state"].clone()), ((3_599, 0), json!("idle")));
        for minutes in [0, 9, 721, -60] {
            let path = format!("/customer/v1/tables/{}/open", hall.tables[0].id);
            customer.post_once("open-0002", &path, json!({"minutes": minutes, "expected_fen": 0})).await.refused(422, "INVALID");
        }
        let number = customer.get("/customer/v1/me").await.ok(200)["number"].clone();
        let cash = json!({"venue_id": hall.id, "number": number, "amount_fen": 1});
        hall.manager.post_once("cash-0002", "/api/v1/customers/recharge", cash).await.ok(200);
        // The refusal took no key: the same ask goes through now.
        ask(&customer, &hall, 0, "open-0001").await.ok(202);
        assert_eq!(wallet(&customer).await, (3_600, 3_600));
    }

    async fn v1_1_who_has_too_little_for_more_time_is_told_so_and_nothing_changes(server) {
        let hall = Hall::open(server, 1).await;
        // An hour, and a fen less than half an hour more.
        let customer = hall.customer(5_399).await;
        let playing = hall.play(&customer, 0, 60).await;
        server.later(10 * MINUTE).await;
        let lamp = &hall.tables[0].lamp;
        let stands = async || {
            let now = session(&customer, &playing).await;
            (now["state"].clone(), now["paid_until"].clone(), now["held_fen"].clone(), wallet(&customer).await, told(&customer).await)
        };
        let (before, seen) = (stands().await, lamp.seen());
        assert_eq!((before.2.clone(), before.3), (json!(3_600), (5_399, 3_600)));
        let (path, more) = (format!("/customer/v1/sessions/{}/extend", id(&playing)), json!({"minutes": 30, "expected_fen": 1_800}));
        customer.post_once("more-0001", &path, more.clone()).await.refused(409, "BALANCE_INSUFFICIENT");
        server.settles().await;
        assert_eq!((stands().await, lamp.seen()), (before.clone(), seen));
        let number = customer.get("/customer/v1/me").await.ok(200)["number"].clone();
        hall.manager.post_once("cash-0002", "/api/v1/customers/recharge", json!({"venue_id": hall.id, "number": number, "amount_fen": 1})).await.ok(200);
        // The refusal took no key: the same ask goes through now, and the lamp is told of it.
        customer.post_once("more-0001", &path, more).await.ok(200);
        server.settles().await;
        let after = stands().await;
        assert_eq!((after.2.clone(), after.3), (json!(5_400), (5_400, 5_400)));
        assert!(after.1 != before.1 && lamp.seen().told_on > seen.told_on);
    }

    async fn v1_1_whoever_has_more_time_is_warned_before_that_is_over_and_no_sooner(server) {
        let hall = Hall::open(server, 1).await;
        let customer = hall.customer(10_000).await;
        let playing = hall.play(&customer, 0, 60).await;
        let more = json!({"minutes": 30, "expected_fen": 1_800});
        let warned_after = async |minutes: i64| {
            server.later(minutes * MINUTE).await;
            server.run_jobs().await;
            told(&customer).await.iter().filter(|kind| *kind == "play.ending").count()
        };
        customer.post_once("more-0001", &at(&playing, "extend"), more.clone()).await.ok(200);
        // Where the first hour would have been nearly over; and before and after the hour and a half is.
        assert_eq!([warned_after(56).await, warned_after(28).await, warned_after(2).await], [0, 0, 1]);
        customer.post_once("more-0002", &at(&playing, "extend"), more).await.ok(200);
        assert_eq!([warned_after(5).await, warned_after(23).await, warned_after(2).await], [1, 1, 2]);
        assert_eq!(session(&customer, &playing).await["state"], "playing");
        assert_eq!(warned_after(5).await, 2);
        assert_eq!(session(&customer, &playing).await["end_reason"], "time_up");
    }

    async fn v1_1_more_time_after_an_end_that_has_moved_meanwhile_is_refused_and_nothing_changes(server) {
        let hall = Hall::open(server, 1).await;
        let customer = hall.customer(20_000).await;
        let playing = hall.play(&customer, 0, 60).await;
        let (path, seen) = (at(&playing, "extend"), playing["paid_until"].clone());
        let more = |minutes: i64, until: &Value| json!({"minutes": minutes, "expected_fen": minutes * 60, "until": until});
        let extended = customer.post_once("more-0001", &path, more(30, &seen)).await.ok(200);
        assert_eq!((&extended["held_fen"], wallet(&customer).await), (&json!(5_400), (20_000, 5_400)));
        // That answer was lost. Whoever does not know of it, and wishes for as much again or for something else, has it once.
        for (key, minutes) in [("more-0002", 30), ("more-0003", 60)] {
            customer.post_once(key, &path, more(minutes, &seen)).await.refused(409, "END_CHANGED");
        }
        let stands = (session(&customer, &playing).await["paid_until"].clone(), wallet(&customer).await);
        assert_eq!(stands, (extended["paid_until"].clone(), (20_000, 5_400)));
        customer.post_once("more-0001", &path, more(30, &seen)).await.ok(200);
        // After the end that is, and after whichever it is, as an older app asks.
        let again = customer.post_once("more-0002", &path, more(30, &extended["paid_until"])).await.ok(200);
        let older = customer.post_once("more-0003", &path, json!({"minutes": 30, "expected_fen": 1_800})).await.ok(200);
        assert_eq!((&again["held_fen"], &older["held_fen"]), (&json!(7_200), &json!(9_000)));
        customer.post(&at(&playing, "close"), json!({})).await.ok(200);
        customer.post_once("more-0004", &path, more(30, &seen)).await.refused(409, "NOT_PLAYING");
    }

    async fn v3_1c_who_thinks_better_of_it_before_the_light_is_on_pays_nothing(server) {
        let hall = Hall::open(server, 1).await;
        let customer = hall.customer(10_000).await;
        hall.tables[0].lamp.set(Trouble::Mute);
        let asked = ask(&customer, &hall, 0, "open-0001").await.ok(202);
        server.run_jobs().await;
        hall.tables[0].lamp.until(|seen| seen.on).await;
        let ended = customer.post(&format!("/customer/v1/sessions/{}/close", id(&asked)), json!({})).await.ok(200);
        assert_eq!((ended["state"].clone(), wallet(&customer).await), (json!("failed"), (10_000, 0)));
        let nothing = json!({"lines": [], "total_fen": 0, "refunded_fen": 3_600, "to_source_fen": 0, "to_balance_fen": 3_600});
        assert_eq!(ended["bill"], nothing);
        hall.tables[0].lamp.set(Trouble::None);
        server.later(3 * SECOND).await;
        hall.table_is(0, "idle").await;
        assert!(!hall.tables[0].lamp.seen().on);
    }

    async fn v3_1c_a_table_that_the_staff_calls_off_before_its_light_is_on_is_not_told_of_as_a_lights_fault(server) {
        let hall = Hall::open(server, 1).await;
        let customer = hall.customer(10_000).await;
        hall.tables[0].lamp.set(Trouble::Mute);
        let asked = ask(&customer, &hall, 0, "open-0001").await.ok(202);
        let path = format!("/api/v1/tables/{}/close", hall.tables[0].id);
        hall.manager.post(&path, json!({"why": "台布要换"})).await.ok(200);
        let ended = session(&customer, &asked).await;
        assert_eq!((&ended["state"], &ended["end_reason"], &ended["held_fen"]), (&json!("failed"), &json!("staff"), &json!(3_600)));
        assert_eq!((&ended["bill"]["total_fen"], &ended["bill"]["to_balance_fen"]), (&json!(0), &json!(3_600)));
        assert!(ended["text"].as_str().unwrap().contains("店员"), "{ended}");
        assert_eq!(wallet(&customer).await, (10_000, 0));
    }

    async fn v3_2_free_minutes_are_had_once_in_twelve_hours_and_a_hall(server) {
        let hall = Hall::open(server, 2).await;
        let customer = hall.customer(10_000).await;
        let free = async |n: usize| customer.get(&format!("/customer/v1/tables/{}", hall.tables[n].id)).await.ok(200)["grace_minutes"].clone();
        let leave = async |n: usize| {
            let playing = hall.play(&customer, n, 60).await;
            server.later(MINUTE).await;
            let closed = customer.post(&format!("/customer/v1/sessions/{}/close", id(&playing)), json!({})).await.ok(200);
            hall.table_is(n, "idle").await;
            closed["bill"]["total_fen"].as_i64().unwrap()
        };
        assert_eq!(free(0).await, 3);
        // Somebody who stays longer has used none.
        let playing = hall.play(&customer, 0, 60).await;
        server.later(5 * MINUTE).await;
        customer.post(&format!("/customer/v1/sessions/{}/close", id(&playing)), json!({})).await.ok(200);
        hall.table_is(0, "idle").await;
        assert_eq!((free(0).await, leave(0).await), (json!(3), 0));
        // Not here again, at whatever table; what is shown is what is billed.
        assert_eq!(free(1).await, 0);
        assert!(leave(1).await >= 60);
        // To others they are there.
        let other = hall.customer(0).await;
        assert_eq!(other.get(&format!("/customer/v1/tables/{}", hall.tables[1].id)).await.ok(200)["grace_minutes"], 3);
        server.later(12 * HOUR).await;
        assert_eq!(free(1).await, 3);
    }

    async fn v3_1a_who_opens_tables_and_plays_on_none_waits_a_while(server) {
        let hall = Hall::open(server, 2).await;
        let customer = hall.customer(10_000).await;
        hall.tables[0].lamp.set(Trouble::Mute);
        for n in 0..10 {
            let asked = ask(&customer, &hall, 0, &format!("open-{n:04}")).await.ok(202);
            customer.post(&format!("/customer/v1/sessions/{}/close", id(&asked)), json!({})).await.ok(200);
            // As if its light had gone off: that it is mute keeps play from beginning.
            let mut tx = server.platform.db.begin().await.unwrap();
            tx.exec("UPDATE venue_tables SET state = 'idle' WHERE id = $1", store::args![uuid_of(&hall.tables[0].id)]).await.unwrap();
            tx.commit().await.unwrap();
        }
        let refused = ask(&customer, &hall, 1, "open-0011").await.refused(409, "OPENED_TOO_OFTEN");
        assert!((1..=3_600).contains(&refused["retry_after_seconds"].as_i64().unwrap()), "{refused}");
        let view = customer.get(&format!("/customer/v1/tables/{}", hall.tables[1].id)).await.ok(200);
        assert_eq!((view["can_open"].clone(), view["why_not"]["code"].clone()), (json!(false), json!("OPENED_TOO_OFTEN")));
        assert_eq!(wallet(&customer).await, (10_000, 0));
        server.later(HOUR).await;
        hall.until(|floor| floor_table(floor, &hall.tables[1].id)["device"]["online"] == true).await;
        hall.play(&customer, 1, 60).await;
    }
}
