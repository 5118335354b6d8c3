//! Tables that are held for somebody who is on the way.

use kernel::{HOUR, MINUTE, SECOND};
use sandbox::Trouble;
use serde_json::json;
use testkit::{Hall, on_server};

use crate::support::hold::{at, desk, give_back, held, hold, is_ahead, number, open, table};
use crate::support::pay::{id, told, wallet};

async fn offer(hall: &Hall<'_>, minutes: i64) {
    let path = format!("/api/v1/venues/{}/offers", hall.id);
    let version = hall.manager.get(&path).await.ok(200)["version"].clone();
    let offers = json!({"pause_minutes": 0, "pause_lit": false, "cleaning_minutes": 0, "hold_minutes": minutes, "version": version});
    hall.manager.put(&path, offers).await.ok(200);
}

/// The hall is open from 10:00 to so many minutes past midnight; it is 16:00 there when a test begins.
async fn closes(hall: &Hall<'_>, closes: i64, closed: bool) {
    let now = hall.floor().await["venue"].clone();
    let form = json!({"name": now["name"], "time_zone": now["time_zone"], "opens": 600, "closes": closes, "closed": closed, "version": now["version"]});
    hall.manager.put(&format!("/api/v1/venues/{}", hall.id), form).await.ok(200);
}

on_server! {
    async fn v3_1a_a_table_that_is_held_is_opened_by_its_holder_alone(server) {
        let hall = Hall::open(server, 2).await;
        let (holder, other) = (hall.customer(10_000).await, hall.customer(10_000).await);
        let now = server.clock.now();
        let seen = other.get(&table(&hall, 0)).await.ok(200);
        assert!(seen["hold"]["minutes"] == 15 && is_ahead(at(&seen["hold"], "until"), now, 15), "{seen}");
        let mine = hold(&holder, &hall, 0).await.ok(200);
        assert!(mine["by_staff"] == false && is_ahead(at(&mine, "until"), now, 15), "{mine}");

        // The staff sees who, and no light burns.
        let floor = hall.table_is(0, "reserved").await;
        assert_eq!((floor["hold"]["customer_number"].clone(), floor["hold"]["by"].clone()), (json!(number(&holder).await), json!(null)));
        assert_eq!((floor["device"]["wanted"].clone(), hall.tables[0].lamp.seen().on, wallet(&holder).await), (json!(false), false, (10_000, 0)));

        // Everybody else sees until when, and what is free.
        let seen = other.get(&table(&hall, 0)).await.ok(200);
        assert_eq!((seen["can_open"].clone(), seen["why_not"]["code"].clone(), seen["others"][0]["id"].clone()), (json!(false), json!("TABLE_RESERVED"), json!(hall.tables[1].id)));
        assert!(seen["why_not"]["detail"].as_str().unwrap().contains("16:15") && seen["state_text"].as_str().unwrap().contains("已预约"), "{seen}");
        assert_eq!((at(&seen["table"], "held_until"), seen["table"]["held_for_me"].clone(), seen["hold"].clone()), (at(&mine, "until"), json!(false), json!(null)));
        let list = server.visitor().get(&format!("/customer/v1/venues/{}", hall.id)).await.ok(200);
        assert_eq!((list["tables"][0]["state"].clone(), list["tables"][0]["held_for_me"].clone(), list["venue"]["idle_tables"].clone()), (json!("reserved"), json!(false), json!(1)));
        open(&other, &hall, 0).await.refused(409, "TABLE_RESERVED");
        hold(&other, &hall, 0).await.refused(409, "TABLE_RESERVED");
        give_back(&other, &hall, 0).await.refused(409, "NOT_HELD");
        assert_eq!((held(&holder).await.len(), held(&other).await.len()), (1, 0));

        // Holding it again makes it last no longer.
        server.later(5 * MINUTE).await;
        assert_eq!(hold(&holder, &hall, 0).await.ok(200)["until"], mine["until"]);
        let seen = holder.get(&table(&hall, 0)).await.ok(200);
        assert_eq!((seen["can_open"].clone(), seen["table"]["held_for_me"].clone()), (json!(true), json!(true)));
        let playing = hall.play(&holder, 0, 60).await;
        assert_eq!((held(&holder).await.len(), wallet(&holder).await), (0, (10_000, 3_600)));

        // Its time ends nothing any more.
        server.later(20 * MINUTE).await;
        hall.table_is(0, "playing").await;
        holder.post(&format!("/customer/v1/sessions/{}/close", id(&playing)), json!({})).await.ok(200);
        assert_eq!(hall.table_is(0, "idle").await["hold"], json!(null));
        assert_eq!(told(&holder).await, ["play.closed", "play.lit", "wallet.recharged", "welcome"]);
    }

    async fn v3_1a_of_two_who_hold_at_once_one_has_it_and_nobody_has_two(server) {
        let hall = Hall::open(server, 3).await;
        let (one, two) = (hall.customer(0).await, hall.customer(0).await);
        let (first, second) = tokio::join!(hold(&one, &hall, 0), hold(&two, &hall, 0));
        let (mut good, mut refused) = (Vec::new(), Vec::new());
        for answer in [first, second] {
            if answer.status.as_u16() == 200 { good.push(answer) } else { refused.push(answer) }
        }
        assert_eq!((good.len(), refused.len()), (1, 1));
        refused.remove(0).refused(409, "TABLE_RESERVED");
        assert_eq!(held(&one).await.len() + held(&two).await.len(), 1);
        let free = if held(&one).await.is_empty() { &one } else { &two };
        let (first, second) = tokio::join!(hold(free, &hall, 1), hold(free, &hall, 2));
        let refused = if first.status.as_u16() == 200 { second } else { first };
        refused.refused(409, "ALREADY_HOLDING");
        assert_eq!(held(free).await.len(), 1);
        let reserved = hall.floor().await["tables"].as_array().unwrap().iter().filter(|table| table["state"] == "reserved").count();
        assert_eq!(reserved, 2, "what was refused has reserved nothing");
    }

    async fn v3_1a_a_hold_runs_out_once_and_its_holder_is_told(server) {
        let hall = Hall::open(server, 1).await;
        server.keep_signed_in(&hall.manager).await;
        let (holder, other) = (hall.customer(0).await, hall.customer(0).await);
        hold(&holder, &hall, 0).await.ok(200);
        server.later(15 * MINUTE - SECOND).await;
        server.run_jobs().await;
        assert_eq!(hall.floor().await["tables"][0]["state"], "reserved");
        server.later(SECOND).await;
        hall.table_is(0, "idle").await;
        assert_eq!((told(&holder).await, held(&holder).await.len()), (vec!["hold.ran_out".to_owned(), "welcome".to_owned()], 0));
        // Nobody was there to notice: it is over when somebody is.
        hold(&other, &hall, 0).await.ok(200);
        server.later(3 * HOUR).await;
        hall.table_is(0, "idle").await;
        server.run_jobs().await;
        assert_eq!(told(&other).await, ["hold.ran_out", "welcome"]);
        // Who gave it back is told nothing, and what would have ended it ends no other's.
        hold(&other, &hall, 0).await.ok(200);
        server.later(10 * MINUTE).await;
        give_back(&other, &hall, 0).await.ok(204);
        hold(&holder, &hall, 0).await.ok(200);
        server.later(6 * MINUTE).await;
        server.run_jobs().await;
        assert_eq!((hall.floor().await["tables"][0]["state"].clone(), told(&other).await.len()), (json!("reserved"), 2));
    }

    async fn v3_1a_after_two_no_shows_there_is_no_third_that_day(server) {
        let hall = Hall::open(server, 1).await;
        server.keep_signed_in(&hall.manager).await;
        let holder = hall.customer(10_000).await;
        let first = hold(&holder, &hall, 0).await.ok(200);
        server.later(15 * MINUTE).await;
        hall.table_is(0, "idle").await;
        server.later(HOUR).await;
        hold(&holder, &hall, 0).await.ok(200);
        // Noticed late, and counted from when it was.
        server.later(2 * HOUR).await;
        hall.table_is(0, "idle").await;
        let refused = hold(&holder, &hall, 0).await;
        let wait: i64 = refused.headers["retry-after"].to_str().unwrap().parse().unwrap();
        let now = server.clock.now();
        let again = at(&first, "until").plus_micros(24 * HOUR);
        assert!((again.seconds_since(now)..=again.seconds_since(now) + 1).contains(&wait), "{wait}");
        let body = refused.refused(409, "HOLDS_UNUSED");
        assert!(body["title"].as_str().unwrap().contains("11-22 16:15"), "{body}");
        let seen = holder.get(&table(&hall, 0)).await.ok(200);
        assert_eq!((seen["hold"]["why_not"]["code"].clone(), seen["hold"]["until"].clone(), seen["can_open"].clone()), (json!("HOLDS_UNUSED"), json!(null), json!(true)));
        // Others may, and the table can be played on.
        hold(&hall.customer(0).await, &hall, 0).await.ok(200);
        server.later(15 * MINUTE).await;
        hall.table_is(0, "idle").await;
        server.later(again.micros() - server.clock.now().micros() - SECOND).await;
        hold(&holder, &hall, 0).await.refused(409, "HOLDS_UNUSED");
        server.later(SECOND).await;
        hold(&holder, &hall, 0).await.ok(200);
    }

    async fn v3_1a_a_table_is_not_kept_by_giving_it_back_and_holding_it_again(server) {
        let hall = Hall::open(server, 2).await;
        let holder = hall.customer(10_000).await;
        for _ in 0..5 {
            hold(&holder, &hall, 0).await.ok(200);
            hold(&holder, &hall, 1).await.refused(409, "ALREADY_HOLDING");
            server.later(14 * MINUTE).await;
            give_back(&holder, &hall, 0).await.ok(204);
            assert_eq!(hall.floor().await["tables"][0]["state"], "idle");
            give_back(&holder, &hall, 0).await.refused(409, "NOT_HELD");
        }
        // Opened and closed again within the free minutes is not used either.
        hold(&holder, &hall, 0).await.ok(200);
        let playing = hall.play(&holder, 0, 60).await;
        holder.post(&format!("/customer/v1/sessions/{}/close", id(&playing)), json!({})).await.ok(200);
        hall.table_is(0, "idle").await;
        hold(&holder, &hall, 0).await.refused(409, "HOLDS_UNUSED");
        hall.play(&holder, 0, 60).await;
    }

    async fn v3_1a_who_may_not_hold_a_table_is_told_why(server) {
        let hall = Hall::open(server, 2).await;
        let customer = hall.customer(10_000).await;
        hold(&server.visitor(), &hall, 0).await.refused(401, "SIGN_IN_REQUIRED");
        hold(&hall.manager, &hall, 0).await.refused(401, "SESSION_INVALID");
        let guest = server.visitor().post("/customer/v1/guests", json!({})).await.ok(201);
        let guest = server.visitor().with_token(guest["token"].as_str().unwrap());
        hold(&guest, &hall, 0).await.refused(409, "PHONE_NEEDED");
        assert_eq!(guest.get(&table(&hall, 0)).await.ok(200)["hold"]["why_not"]["code"], "PHONE_NEEDED");
        // For how long is the hall's to say.
        let path = format!("{}/hold", table(&hall, 0));
        for body in [json!({"minutes": 600}), json!({"until": "2027-01-01T00:00:00Z"}), json!({"hold_minutes": 60})] {
            assert!(matches!(customer.post(&path, body).await.status.as_u16(), 400 | 422));
        }
        customer.post("/customer/v1/tables/tbl_01h455vb4pex5vsknk084sn02q/hold", json!({})).await.refused(404, "NOT_FOUND");
        hall.manager.post(&desk(&hall, 1, "out-of-service"), json!({"note": "x"})).await.ok(200);
        hold(&customer, &hall, 1).await.refused(409, "TABLE_IN_SERVICE");
        offer(&hall, 0).await;
        hold(&customer, &hall, 0).await.refused(409, "HOLD_NOT_OFFERED");
        assert_eq!(customer.get(&table(&hall, 0)).await.ok(200)["hold"], json!(null));
        offer(&hall, 60).await;
        assert_eq!(hall.floor().await["tables"][0]["state"], "idle", "nothing of it has held the table");
        // Who plays is not on the way.
        let playing = hall.play(&customer, 0, 60).await;
        let other = hall.customer(0).await;
        hold(&other, &hall, 0).await.refused(409, "TABLE_BUSY");
        customer.post(&format!("/customer/v1/sessions/{}/close", id(&playing)), json!({})).await.ok(200);
        hall.table_is(0, "idle").await;
        let now = server.clock.now();
        assert!(is_ahead(at(&hold(&other, &hall, 0).await.ok(200), "until"), now, 60));
    }

    async fn v3_1a_who_plays_elsewhere_holds_nothing(server) {
        let hall = Hall::open(server, 2).await;
        let customer = hall.customer(10_000).await;
        hold(&customer, &hall, 0).await.ok(200);
        let until = server.clock.now().plus_micros(HOUR).to_string();
        let party = json!({"note": "同行的朋友", "until": until, "customer": number(&customer).await});
        // Before its light is on, play may come to nothing: the table on the way is kept.
        hall.tables[1].lamp.set(Trouble::Deaf);
        open(&customer, &hall, 1).await.ok(202);
        server.run_jobs().await;
        assert_eq!(held(&customer).await.len(), 1);
        server.later(21 * SECOND).await;
        hall.table_is(1, "maintenance").await;
        assert_eq!(held(&customer).await.len(), 1);
        hall.tables[1].lamp.set(Trouble::None);
        hall.is_mended(&hall.tables[1].id).await;
        let playing = hall.play(&customer, 1, 60).await;
        hall.table_is(0, "idle").await;
        assert_eq!((held(&customer).await.len(), told(&customer).await[0].clone()), (0, "hold.left".to_owned()));
        hold(&customer, &hall, 0).await.refused(409, "ALREADY_PLAYING");
        // What the staff holds for somebody's party stays.
        hall.manager.post(&desk(&hall, 0, "hold"), party).await.ok(200);
        open(&customer, &hall, 0).await.refused(409, "ALREADY_PLAYING");
        customer.post(&format!("/customer/v1/sessions/{}/close", id(&playing)), json!({})).await.ok(200);
        hall.table_is(1, "idle").await;
        hall.play(&customer, 0, 60).await;
    }

    async fn v3_1a_no_hold_reaches_past_closing_and_who_could_not_come_has_not_stayed_away(server) {
        let hall = Hall::open(server, 2).await;
        let customer = hall.customer(0).await;
        // At 16:20; the last table is opened ten minutes before.
        closes(&hall, 980, false).await;
        let now = server.clock.now();
        assert!(is_ahead(at(&hold(&customer, &hall, 0).await.ok(200), "until"), now, 10));
        let past = json!({"note": "王先生", "until": now.plus_micros(21 * MINUTE).to_string()});
        hall.manager.post(&desk(&hall, 1, "hold"), past).await.refused_field("until", "PAST_CLOSING");
        give_back(&customer, &hall, 0).await.ok(204);
        server.later(10 * MINUTE - 30 * SECOND).await;
        hold(&customer, &hall, 0).await.refused(409, "VENUE_CLOSES_SOON");
        server.later(11 * MINUTE).await;
        hold(&customer, &hall, 0).await.refused(409, "VENUE_CLOSED");
        // The hall closes while two are on their way, one after the other.
        for _ in 0..2 {
            closes(&hall, 1_320, false).await;
            hold(&customer, &hall, 0).await.ok(200);
            closes(&hall, 1_320, true).await;
            server.later(15 * MINUTE).await;
            hall.table_is(0, "idle").await;
            assert_eq!(told(&customer).await[0], "hold.ran_out");
        }
        closes(&hall, 1_320, false).await;
        hold(&customer, &hall, 0).await.ok(200);
    }
}
