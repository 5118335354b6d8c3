//! Tables that the staff opens for who stands at the desk: with cash, or from their wallet, whether or not anything is known of them.

use kernel::{HOUR, MINUTE, SECOND};
use platform::identity::Role;
use sandbox::Trouble;
use serde_json::{Value, json};
use store::{Sql, args};
use testkit::{Client, Hall, TestServer, floor_table, on_brokers, on_server};

use crate::support::desk::{at, drawer, hour, open, opened, pay_out, stands};
use crate::support::hold::{desk, number};
use crate::support::pay::{id, told, wallet};

const PHONE: &str = "13800138000";

async fn customers(server: &TestServer) -> i64 {
    let sql = "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM customers";
    server.platform.db.read().one(sql, args![], |row| row.get("n")).await.unwrap()
}

on_brokers! {
    async fn v3_1c_a_walk_in_plays_for_cash_and_gets_back_what_is_left(server) {
        let hall = Hall::open(server, 1).await;
        let offer = hall.manager.post(&desk(&hall, 0, "desk-offer"), json!({"cash_fen": 5_000})).await.ok(200);
        assert_eq!((&offer["customer"], &offer["table"]["can_open"]), (&json!(null), &json!(true)));
        assert_eq!(offer["within"], json!({"minutes": 83, "price_fen": 4_980, "full_price_fen": 4_980}));
        assert_eq!((customers(server).await, drawer(&hall).await), (0, (0, 0)), "a question writes nobody down");

        let play = open(&hall, 0, "desk-0001", hour(None, 5_000)).await.ok(202);
        assert_eq!((&play["session"]["state"], &play["opened_by"]["name"]), (&json!("opening"), &json!("manager")));
        assert_eq!((&play["customer"]["guest"], &play["customer"]["phone"]), (&json!(true), &json!(null)));
        assert_eq!((&play["session"]["held_fen"], &play["customer"]["available_fen"]), (&json!(3_600), &json!(1_400)));
        // The same again is the same.
        let again = open(&hall, 0, "desk-0001", hour(None, 5_000)).await.ok(202);
        assert_eq!((id(&again["session"]), &again["customer"]), (id(&play["session"]), &play["customer"]));
        assert_eq!((customers(server).await, drawer(&hall).await), (1, (5_000, 0)));
        hall.table_is(0, "playing").await;
        assert!(hall.tables[0].lamp.seen().on);
        let shown = floor_table(&hall.floor().await, &hall.tables[0].id)["play"].clone();
        assert_eq!((&shown["at_desk"], &shown["walk_in"], &shown["customer_number"]), (&json!(true), &json!(true), &play["customer"]["number"]));

        server.later(20 * MINUTE).await;
        assert_eq!(hall.manager.get(&at(&play, "/extension?minutes=30")).await.ok(200)["price_fen"], 1_800);
        let more = |cash: i64| json!({"minutes": 30, "expected_fen": 1_800, "cash_fen": cash});
        // 14 yuan are left: with 3 more it is not enough, and those are not taken.
        hall.manager.post_once("more-0001", &at(&play, "/extend"), more(300)).await.refused(409, "BALANCE_INSUFFICIENT");
        assert_eq!((stands(&hall, &play).await.1, drawer(&hall).await), (1_400, (5_000, 0)));
        for _ in 0..2 {
            let extended = hall.manager.post_once("more-0002", &at(&play, "/extend"), more(500)).await.ok(200);
            assert_eq!((&extended["session"]["held_fen"], &extended["customer"]["available_fen"]), (&json!(5_400), &json!(100)));
        }
        assert_eq!(drawer(&hall).await, (5_500, 0));

        server.later(10 * MINUTE - 30 * SECOND).await;
        hall.manager.post(&desk(&hall, 0, "close"), json!({"why": "客人离开"})).await.ok(200);
        hall.table_is(0, "idle").await;
        let (over, left) = stands(&hall, &play).await;
        assert_eq!((&over["state"], &over["bill"]["total_fen"], left), (&json!("closed"), &json!(1_800), 3_700));
        pay_out(&hall, &play, "back-0001", 3_701).await.refused_field("amount_fen", "MORE_THAN_CASH");
        for _ in 0..2 {
            assert_eq!(pay_out(&hall, &play, "back-0002", 3_700).await.ok(200)["balance_fen"], 0);
        }
        assert_eq!((stands(&hall, &play).await.1, drawer(&hall).await), (0, (5_500, 3_700)));
        let list = hall.manager.get(&format!("/api/v1/venues/{}/desk-plays", hall.id)).await.ok(200);
        assert_eq!((list["items"].as_array().unwrap().len(), id(&list["items"][0])), (1, id(&play["session"])));

        let logged = server.logged().await;
        let line = |what: &str| logged.iter().filter(|line| line.what == what).collect::<Vec<_>>();
        let detail = json!({
            "table": "1 号台", "customer": play["customer"]["number"], "walk_in": true, "minutes": 60, "price_fen": 3_600, "cash_fen": 5_000,
        });
        let lines = line("venues.play_opened");
        assert_eq!((lines.len(), lines[0].actor.as_str(), &lines[0].detail), (1, "manager", &detail));
        assert_eq!(["venues.play_extended", "venues.wallet_recharged", "venues.wallet_paid_out"].map(|what| line(what).len()), [1, 2, 1]);
    }

    async fn v3_1c_where_the_light_does_not_come_on_the_cash_opens_another_table_or_is_paid_back(server) {
        let hall = Hall::open(server, 2).await;
        hall.tables[0].lamp.set(Trouble::Deaf);
        let play = open(&hall, 0, "desk-0001", hour(None, 4_000)).await.ok(202);
        server.run_jobs().await;
        server.later(21 * SECOND).await;
        hall.table_is(0, "maintenance").await;
        let (failed, left) = stands(&hall, &play).await;
        assert_eq!((&failed["state"], &failed["end_reason"], left), (&json!("failed"), &json!("not_lit"), 4_000));
        // By the number that they were given, and with no cash more.
        let number = play["customer"]["number"].as_str().unwrap();
        let second = opened(&hall, 1, "desk-0002", hour(Some(number), 0)).await;
        assert_eq!((&second["customer"]["number"], stands(&hall, &second).await.1), (&play["customer"]["number"], 400));
        assert_eq!((customers(server).await, drawer(&hall).await), (1, (4_000, 0)));
        pay_out(&hall, &second, "back-0001", 400).await.ok(200);
        assert_eq!(drawer(&hall).await, (4_000, 400));
    }
}

on_server! {
    async fn v2_2_whose_phone_was_said_at_the_desk_has_all_of_it_once_they_sign_in(server) {
        let hall = Hall::open(server, 2).await;
        let offer = hall.manager.post(&desk(&hall, 0, "desk-offer"), json!({"customer": PHONE})).await.ok(200);
        assert_eq!((&offer["customer"], &offer["within"]), (&json!(null), &json!(null)));
        let play = opened(&hall, 0, "desk-0001", hour(Some("+86 138-0013-8000"), 4_000)).await;
        assert_eq!((&play["customer"]["guest"], &play["customer"]["phone"]), (&json!(false), &json!("138****8000")));
        assert_eq!(floor_table(&hall.floor().await, &hall.tables[0].id)["play"]["walk_in"], false);
        let offer = hall.manager.post(&desk(&hall, 1, "desk-offer"), json!({"customer": PHONE})).await.ok(200);
        assert_eq!((&offer["customer"]["number"], &offer["table"]["why_not"]["code"]), (&play["customer"]["number"], &json!("ALREADY_PLAYING")));
        open(&hall, 1, "desk-0002", hour(Some(PHONE), 3_600)).await.refused(409, "ALREADY_PLAYING");

        // A guest's phone, which becomes that customer's by the code.
        let guest = server.visitor().post("/customer/v1/guests", json!({})).await.ok(201);
        let guest = server.visitor().with_token(guest["token"].as_str().unwrap());
        let welcome = server.sign_in_by_phone(&guest, PHONE).await;
        assert_eq!((&welcome["customer"]["number"], &welcome["new"]), (&play["customer"]["number"], &json!(false)));
        let customer = server.visitor().with_token(welcome["token"].as_str().unwrap());
        let now = customer.get("/customer/v1/session").await.ok(200)["session"].clone();
        assert_eq!((id(&now), &now["state"], wallet(&customer).await), (id(&play["session"]), &json!("playing"), (4_000, 3_600)));
        assert_eq!(told(&customer).await, ["play.lit", "wallet.recharged", "welcome"]);
        // It is theirs to end.
        server.later(10 * MINUTE - 30 * SECOND).await;
        customer.post(&format!("/customer/v1/sessions/{}/close", id(&now)), json!({})).await.ok(200);
        hall.table_is(0, "idle").await;
        assert_eq!(wallet(&customer).await, (3_400, 0));

        // From what the wallet has, and a little more; by phone or by number.
        open(&hall, 0, "desk-0003", hour(Some(PHONE), 199)).await.refused(409, "BALANCE_INSUFFICIENT");
        let second = opened(&hall, 0, "desk-0004", hour(Some(&number(&customer).await), 200)).await;
        assert_eq!((stands(&hall, &second).await.1, wallet(&customer).await, drawer(&hall).await), (0, (3_600, 3_600), (4_200, 0)));
        assert_eq!(customers(server).await, 2, "that one and the guest");
    }

    async fn v3_1a_an_opening_that_is_refused_takes_no_cash_and_writes_nobody_down(server) {
        let hall = Hall::open(server, 2).await;
        let with = |name: &str, value: Value| {
            let mut ask = hour(None, 3_600);
            ask[name] = value;
            ask
        };
        for (name, value, code) in [
            ("cash_fen", json!(-1), "RANGE"),
            ("cash_fen", json!(1_000_001), "RANGE"),
            ("customer", json!(""), "CUSTOMER_NOT_FOUND"),
            ("customer", json!("12345678"), "CUSTOMER_NOT_FOUND"),
            ("minutes", json!(9), "RANGE"),
            ("package", json!(1), "NOT_BOTH"),
        ] {
            open(&hall, 0, "desk-0001", with(name, value)).await.refused_field(name, code);
        }
        hall.manager.post(&desk(&hall, 0, "desk-offer"), json!({"cash_fen": -1})).await.refused_field("cash_fen", "RANGE");
        hall.manager.post(&desk(&hall, 0, "desk-offer"), json!({"customer": "12345678"})).await.refused_field("customer", "CUSTOMER_NOT_FOUND");
        open(&hall, 0, "desk-0001", with("expected_fen", json!(3_599))).await.refused(409, "PRICE_CHANGED");
        open(&hall, 0, "desk-0001", hour(Some(PHONE), 3_599)).await.refused(409, "BALANCE_INSUFFICIENT");
        let until = server.clock.now().plus_micros(2 * HOUR).to_string();
        hall.manager.post(&desk(&hall, 1, "hold"), json!({"note": "王先生", "until": until})).await.ok(200);
        open(&hall, 1, "desk-0001", hour(None, 3_600)).await.refused(409, "TABLE_RESERVED");
        assert_eq!((customers(server).await, drawer(&hall).await), (0, (0, 0)));
        // The refusals took no key. Of two desks at one table one opens it, and the other keeps nothing.
        let (one, two) = tokio::join!(open(&hall, 0, "desk-0001", hour(None, 3_600)), open(&hall, 0, "desk-0002", hour(None, 3_600)));
        let (won, lost): (Vec<_>, Vec<_>) = [one, two].into_iter().partition(|answer| answer.status == 202);
        assert_eq!((won.len(), customers(server).await, drawer(&hall).await), (1, 1, (3_600, 0)));
        for answer in lost {
            answer.refused(409, "TABLE_BUSY");
        }
    }

    async fn v2_2_a_new_phone_that_two_desks_are_told_at_once_is_one_customer(server) {
        let hall = Hall::open(server, 2).await;
        let (one, two) =
            tokio::join!(open(&hall, 0, "desk-0001", hour(Some(PHONE), 3_600)), open(&hall, 1, "desk-0002", hour(Some(PHONE), 3_600)));
        let mut statuses = [one.status.as_u16(), two.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!((statuses, customers(server).await, drawer(&hall).await), ([202, 409], 1, (3_600, 0)));
    }

    async fn v3_1a_a_table_that_is_held_for_somebody_is_opened_for_them_at_the_desk(server) {
        let hall = Hall::open(server, 1).await;
        let customer = hall.customer(3_600).await;
        let until = server.clock.now().plus_micros(2 * HOUR).to_string();
        let hold = json!({"note": "老顾客", "until": until, "customer": number(&customer).await});
        hall.manager.post(&desk(&hall, 0, "hold"), hold).await.ok(200);
        open(&hall, 0, "desk-0001", hour(None, 3_600)).await.refused(409, "TABLE_RESERVED");
        opened(&hall, 0, "desk-0002", hour(Some(&number(&customer).await), 0)).await;
        assert_eq!(wallet(&customer).await, (3_600, 3_600));
    }

    async fn v3_1a_nobody_but_the_desk_of_the_hall_opens_looks_or_adds_time(server) {
        let hall = Hall::open(server, 2).await;
        let customer = hall.customer(10_000).await;
        let play = opened(&hall, 0, "desk-0001", hour(None, 3_600)).await;
        let own = hall.play(&customer, 1, 60).await;
        let (maintainer, elsewhere) = (server.user(Role::Maintainer, "maintainer").await, server.user(Role::VenueManager, "elsewhere").await);
        hall.manager.post(&format!("/api/v1/venues/{}/staff", hall.id), json!({"name": "maintainer"})).await.ok(200);
        let more = json!({"minutes": 30, "expected_fen": 1_800, "cash_fen": 1_800});
        let refused = async |who: &Client, status: u16, code: &str| {
            who.post_once("desk-0002", &desk(&hall, 0, "desk-open"), hour(None, 3_600)).await.refused(status, code);
            who.post(&desk(&hall, 0, "desk-offer"), json!({})).await.refused(status, code);
            who.get(&format!("/api/v1/venues/{}/desk-plays", hall.id)).await.refused(status, code);
            who.get(&at(&play, "")).await.refused(status, code);
            who.get(&at(&play, "/extension?minutes=30")).await.refused(status, code);
            who.post_once("more-0001", &at(&play, "/extend"), more.clone()).await.refused(status, code);
        };
        refused(&maintainer, 403, "FORBIDDEN").await;
        refused(&elsewhere, 404, "NOT_FOUND").await;
        refused(&customer, 401, "SESSION_INVALID").await;
        // What a customer has opened is the customer's to extend.
        let theirs = json!({"session": own});
        hall.manager.get(&at(&theirs, "")).await.refused(404, "NOT_FOUND");
        hall.manager.post_once("more-0001", &at(&theirs, "/extend"), more).await.refused(404, "NOT_FOUND");
        assert_eq!(floor_table(&hall.floor().await, &hall.tables[1].id)["play"]["at_desk"], false);
        // And who looks after lamps alone is not told who plays, or how.
        let seen = maintainer.get(&format!("/api/v1/venues/{}/floor", hall.id)).await.ok(200);
        let seen = &floor_table(&seen, &hall.tables[0].id)["play"];
        assert_eq!((&seen["customer_number"], &seen["at_desk"]), (&json!(null), &json!(false)));
    }

    async fn v4_1_nobody_goes_through_all_phones_at_the_desk(server) {
        let hall = Hall::open(server, 1).await;
        let ask = json!({"customer": "12345678"});
        for _ in 0..300 {
            hall.manager.post(&desk(&hall, 0, "desk-offer"), ask.clone()).await.refused_field("customer", "CUSTOMER_NOT_FOUND");
        }
        hall.manager.post(&desk(&hall, 0, "desk-offer"), ask).await.refused(429, "RATE_LIMITED");
        open(&hall, 0, "desk-0001", hour(Some(PHONE), 3_600)).await.refused(429, "RATE_LIMITED");
        // Whom nobody is looked for plays all the same.
        open(&hall, 0, "desk-0001", hour(None, 3_600)).await.ok(202);
    }
}
