//! A number that was said at a desk, and by which nobody has ever signed in: whoever changes to it has all that stands there, and the staff can take
//! it off again.

use kernel::{DAY, HOUR, MINUTE, SECOND};
use platform::identity::Role;
use serde_json::{Value, json};
use store::{Sql as _, args};
use testkit::{Hall, TestServer, floor_table, on_server};

use crate::support::hold::{desk, held};
use crate::support::pay::{Till, id, told, wallet};
use crate::support::phone::{another, by_number, change, code, farewells, me, pay_in, with};
use crate::support::play::{ask, at};
use crate::support::split::{Table, confirmed, join, make, people};

const PHONE: &str = "13800138000";
/// What was said at the desk.
const NEW: &str = "13900139000";
const OTHERS: &str = "13700137000";
const FIND: &str = "/api/v1/customers/find";
const TAKE_OFF: &str = "/api/v1/customers/take-phone-off";

/// Opens a table for an hour, which is 36 yuan, for whoever says this number and hands over 40.
async fn opened(hall: &Hall<'_>, n: usize, customer: &str) -> Value {
    let form = json!({"customer": customer, "minutes": 60, "expected_fen": 3_600, "cash_fen": 4_000});
    let play = hall.manager.post_once(&format!("desk-{n:04}"), &desk(hall, n, "desk-open"), form).await.ok(202);
    hall.table_is(n, "playing").await;
    play
}

async fn close(hall: &Hall<'_>, n: usize) {
    hall.manager.post(&desk(hall, n, "close"), json!({"why": "客人离开"})).await.ok(200);
    hall.table_is(n, "idle").await;
}

/// The first table was opened so, and played at for half an hour: 22 yuan are left.
async fn played(server: &TestServer, hall: &Hall<'_>, customer: &str) -> Value {
    let play = opened(hall, 0, customer).await;
    server.later(30 * MINUTE - 30 * SECOND).await;
    close(hall, 0).await;
    play
}

/// Whom the desk finds by a number, and what it may pay out.
async fn find(hall: &Hall<'_>, number: impl Into<Value>) -> Value {
    hall.manager.post(FIND, json!({"number": number.into()})).await.ok(200)
}

on_server! {
    async fn v2_1_who_changes_to_a_number_that_a_desk_has_written_down_has_all_that_stands_there(server) {
        let hall = Hall::open(server, 2).await;
        server.keep_signed_in(&hall.manager).await;
        let root = server.user(Role::SuperAdmin, "root").await;
        let version = root.get("/api/v1/levels").await.ok(200)["version"].clone();
        let level = json!({"name_zh": "Silver", "name_en": "Silver", "threshold": 10, "pays": 9_500, "gift_fen": 2_000});
        root.put("/api/v1/levels", json!({"levels": [level], "version": version})).await.ok(200);
        let play = played(server, &hall, NEW).await;
        let until = server.clock.now().plus_micros(2 * HOUR).to_string();
        hall.manager.post(&desk(&hall, 1, "hold"), json!({"note": "王先生", "until": until, "customer": NEW})).await.ok(200);
        let shell = find(&hall, NEW).await;
        assert_eq!((&shell["customer"]["balance_fen"], &shell["cash_fen"]), (&json!(4_200), &json!(2_200)), "20 of it are a gift");

        let ann = by_number(server, PHONE).await;
        pay_in(&hall, &ann, 1_000).await;
        let before = me(&ann).await;
        let (own, new) = (code(server, &ann, PHONE).await, code(server, &ann, NEW).await);
        let changed = change(&ann, NEW, &new, &own).await.ok(200);
        assert_eq!((&changed["id"], &changed["number"], &changed["phone"]), (&before["id"], &before["number"], &json!("139****9000")));
        assert_eq!((wallet(&ann).await, farewells(server, PHONE).await, farewells(server, NEW).await), ((5_200, 0), 1, 0));
        let lines = ann.get("/customer/v1/wallet").await.ok(200)["items"].clone();
        assert_eq!((&lines[0]["kind"], &lines[0]["delta_fen"]), (&json!("carried_over"), &json!(4_200)));
        let bills = ann.get("/customer/v1/sessions").await.ok(200)["items"].clone();
        assert_eq!((bills.as_array().unwrap().len(), id(&bills[0])), (1, id(&play["session"])));
        let member = ann.get("/customer/v1/membership").await.ok(200);
        assert_eq!((&member["points"], &member["level"]["name"]), (&json!(18), &json!("Silver")));
        let messages = told(&ann).await;
        assert_eq!(messages[0], "account.phone_changed");
        for kind in ["play.lit", "member.gift", "hold.made"] {
            assert!(messages.contains(&kind.to_owned()), "{kind}: {messages:?}");
        }
        // The desk finds her by either of the numbers and by the phone's; what was a gift is one still.
        for number in [before["number"].clone(), shell["customer"]["number"].clone(), json!(NEW)] {
            let found = find(&hall, number).await;
            assert_eq!((&found["customer"]["number"], &found["cash_fen"]), (&before["number"], &json!(3_200)));
        }
        // What was held for that number is hers to open, at her level's price.
        let holds = held(&ann).await;
        assert_eq!((holds.len(), &holds[0]["by_staff"]), (1, &json!(true)));
        ask(&ann, &hall, 1, "open-0001").await.ok(202);
        hall.table_is(1, "playing").await;
        assert_eq!(wallet(&ann).await, (5_200, 3_420));
        assert_eq!(me(&by_number(server, NEW).await).await["id"], before["id"]);
        server.has_answered("POST /customer/v1/phone");
    }

    async fn v2_1_while_a_number_is_in_play_nobody_changes_to_it_and_who_plays_themselves_may(server) {
        let hall = Hall::open(server, 2).await;
        let ann = by_number(server, PHONE).await;
        pay_in(&hall, &ann, 5_000).await;
        let own_play = hall.play(&ann, 0, 60).await;
        let theirs = opened(&hall, 1, NEW).await;
        let (own, new) = (code(server, &ann, PHONE).await, code(server, &ann, NEW).await);
        let before = (me(&ann).await, find(&hall, NEW).await);
        change(&ann, NEW, &new, &own).await.refused(409, "PHONE_IN_PLAY");
        assert_eq!((me(&ann).await, find(&hall, NEW).await, farewells(server, PHONE).await), (before.0, before.1, 0));
        hall.table_is(1, "playing").await;
        // When that is over, the codes are as good as they were, and her own play goes on.
        server.later(MINUTE).await;
        close(&hall, 1).await;
        let left = find(&hall, NEW).await["customer"]["balance_fen"].as_i64().unwrap();
        change(&ann, NEW, &new, &own).await.ok(200);
        assert_eq!(wallet(&ann).await, (5_000 + left, 3_600));
        let now = ann.get("/customer/v1/session").await.ok(200)["session"].clone();
        assert_eq!((id(&now), &now["state"]), (id(&own_play), &json!("playing")));
        let bill = ann.get(&format!("/customer/v1/sessions/{}", id(&theirs["session"]))).await.ok(200);
        assert_eq!((&bill["state"], &bill["bill"]["total_fen"]), (&json!("closed"), &json!(4_000 - left)));
        ann.post(&at(&own_play, "close"), json!({})).await.ok(200);
        hall.table_is(0, "idle").await;
    }

    async fn v2_1_of_two_who_change_to_a_desks_number_at_once_one_has_all_of_it(server) {
        let hall = Hall::open(server, 1).await;
        played(server, &hall, NEW).await;
        let (ann, bob) = (by_number(server, PHONE).await, by_number(server, OTHERS).await);
        let (anns, bobs) = (code(server, &ann, PHONE).await, code(server, &bob, OTHERS).await);
        let (one, two) = (code(server, &ann, NEW).await, code(server, &bob, NEW).await);
        let (a, b) = tokio::join!(change(&ann, NEW, &one, &anns), change(&bob, NEW, &two, &bobs));
        let (won, other, refused) = if a.status == 200 { (&ann, &bob, b) } else { (&bob, &ann, a) };
        refused.refused(409, "PHONE_TAKEN");
        assert_eq!((wallet(won).await, wallet(other).await), ((2_200, 0), (0, 0)));
        assert_eq!(me(won).await["phone"], "139****9000");
    }

    async fn v2_1_of_one_who_changes_to_a_desks_number_and_one_who_signs_in_by_it_nobody_loses_anything(server) {
        let hall = Hall::open(server, 1).await;
        played(server, &hall, NEW).await;
        let ann = by_number(server, PHONE).await;
        let guest = with(server, &server.visitor().post("/customer/v1/guests", json!({})).await.ok(201));
        pay_in(&hall, &guest, 700).await;
        let (own, new) = (code(server, &ann, PHONE).await, code(server, &ann, NEW).await);
        let (ticket, code) = code(server, &guest, NEW).await;
        let sign_in = json!({"ticket": ticket, "phone": NEW, "code": code});
        let (changed, signed_in) = tokio::join!(change(&ann, NEW, &new, &own), guest.post("/customer/v1/sign-in", sign_in));
        let holder = signed_in.ok(200)["customer"].clone();
        assert_eq!((&holder["phone"], &holder["balance_fen"]), (&json!("139****9000"), &json!(2_900)));
        let anns = me(&ann).await;
        if changed.status == 200 {
            assert_eq!((&anns["id"], &anns["balance_fen"]), (&holder["id"], &json!(2_900)), "the guest has become her");
        } else {
            changed.refused(409, "PHONE_TAKEN");
            assert_eq!((&anns["phone"], &anns["balance_fen"]), (&json!("138****8000"), &json!(0)));
        }
    }

    async fn v2_1_without_both_codes_what_a_desk_has_written_down_stays_where_it_is(server) {
        let hall = Hall::open(server, 1).await;
        played(server, &hall, NEW).await;
        let ann = by_number(server, PHONE).await;
        let (own, new) = (code(server, &ann, PHONE).await, code(server, &ann, NEW).await);
        let before = (me(&ann).await, find(&hall, NEW).await);
        let wrong = |(ticket, code): &(Value, String)| (ticket.clone(), another(code));
        for (new, own, field) in [(&wrong(&new), &own, "code"), (&new, &wrong(&own), "own_code"), (&own, &own, "code"), (&new, &new, "own_code")] {
            change(&ann, NEW, new, own).await.refused_field(field, "CODE_WRONG");
        }
        assert_eq!((me(&ann).await, find(&hall, NEW).await, farewells(server, PHONE).await), (before.0, before.1, 0));
        assert_eq!(change(&ann, NEW, &new, &own).await.ok(200)["balance_fen"], 2_200);
    }

    async fn v2_1_a_number_by_which_somebody_has_signed_in_once_is_theirs_however_long_ago(server) {
        let hall = Hall::open(server, 1).await;
        server.keep_signed_in(&hall.manager).await;
        played(server, &hall, OTHERS).await;
        let bob = by_number(server, OTHERS).await;
        let bobs = me(&bob).await;
        assert_eq!(bobs["balance_fen"], 2_200);
        bob.post("/customer/v1/sign-out", json!({})).await.ok(204);
        // Nothing is left of that session.
        server.clock.step(100 * DAY);
        server.tick().await;
        let sql = "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM customer_sessions";
        assert_eq!(server.platform.db.read().one(sql, args![], |row| row.get::<i64>("n")).await.unwrap(), 0);
        let ann = by_number(server, PHONE).await;
        let (own, new) = (code(server, &ann, PHONE).await, code(server, &ann, OTHERS).await);
        change(&ann, OTHERS, &new, &own).await.refused(409, "PHONE_TAKEN");
        hall.manager.post(TAKE_OFF, json!({"number": OTHERS, "why": "身份证"})).await.refused(409, "PHONE_ONLY_WAY");
        assert_eq!((&find(&hall, OTHERS).await["customer"], &me(&ann).await["phone"]), (&bobs, &json!("138****8000")));
    }

    async fn v2_1_what_whoever_changes_to_a_desks_number_has_under_way_goes_on(server) {
        let till = Till::open(server).await;
        let hall = Hall::open(server, 1).await;
        played(server, &hall, NEW).await;
        let table = Table::played(server, &hall, 20).await;
        let (ann, carol) = (by_number(server, PHONE).await, hall.customer(5_000).await);
        pay_in(&hall, &ann, 5_000).await;
        let split = make(&table, "split-0001", people(3, 1_200)).await.ok(201);
        for friend in [&ann, &carol] {
            join(friend, &split, None).await.ok(200);
        }
        confirmed(&ann, &split, "ann-00001", 400).await;
        let (own, new) = (code(server, &ann, PHONE).await, code(server, &ann, NEW).await);
        let placed = till.recharge(&ann, "pay-00001", "h5", 2_000).await;
        change(&ann, NEW, &new, &own).await.ok(200);
        assert_eq!(wallet(&ann).await, (7_200, 400));
        till.networks.paid(&till.number(&placed).await).await;
        assert_eq!(wallet(&ann).await, (9_200, 400));
        let settled = confirmed(&carol, &split, "carol-0001", 400).await;
        assert_eq!((&settled["state"], wallet(&ann).await), (&json!("settled"), (8_800, 0)));
    }

    async fn v2_1_the_staff_takes_off_a_number_by_which_nobody_has_signed_in_and_a_walk_in_is_left(server) {
        let hall = Hall::open(server, 2).await;
        let play = opened(&hall, 0, NEW).await;
        let number = play["customer"]["number"].as_str().unwrap();
        let form = json!({"number": NEW, "why": "输错号码"});
        server.user(Role::Cashier, "cashier").await.post(TAKE_OFF, form.clone()).await.refused(403, "FORBIDDEN");
        hall.manager.post(TAKE_OFF, json!({"number": NEW, "why": ""})).await.refused(422, "INVALID");
        let off = hall.manager.post(TAKE_OFF, form).await.ok(200);
        assert_eq!((&off["number"], &off["phone"], &off["guest"]), (&json!(number), &json!(null), &json!(true)));
        assert_eq!((&off["balance_fen"], &off["held_fen"], farewells(server, NEW).await), (&json!(4_000), &json!(3_600), 1));
        let logged = server.logged().await;
        let lines: Vec<_> = logged.iter().filter(|line| line.what == "venues.phone_taken_off").collect();
        let detail = json!({"customer": number, "phone": "139****9000", "why": "输错号码", "never_signed_in": true});
        assert_eq!((lines.len(), lines[0].actor.as_str(), &lines[0].detail), (1, "manager", &detail));
        // What is played goes on, and is a walk-in's.
        let shown = floor_table(&hall.floor().await, &hall.tables[0].id)["play"].clone();
        assert_eq!((&shown["walk_in"], &shown["customer_number"]), (&json!(true), &json!(number)));
        server.later(30 * MINUTE - 30 * SECOND).await;
        close(&hall, 0).await;
        assert_eq!(find(&hall, number).await["cash_fen"], 2_200);
        hall.manager.post(TAKE_OFF, json!({"number": number, "why": "输错号码"})).await.refused(409, "PHONE_NONE");
        // Whoever has the number is somebody new, and nobody's money is theirs; by their own number the walk-in plays on.
        hall.manager.post(FIND, json!({"number": NEW})).await.refused_field("number", "CUSTOMER_NOT_FOUND");
        let holder = by_number(server, NEW).await;
        assert_eq!(wallet(&holder).await, (0, 0));
        assert_ne!(me(&holder).await["number"], number);
        let again = opened(&hall, 1, number).await;
        assert_eq!((&again["customer"]["number"], &again["customer"]["available_fen"]), (&json!(number), &json!(2_600)));
    }

    async fn v2_2_whom_wechat_knows_becomes_whom_a_desk_has_written_down_by_signing_in(server) {
        let hall = Hall::open(server, 1).await;
        let wechat = testkit::wechat::open(server).await;
        let play = played(server, &hall, NEW).await;
        let bring = json!({"app": "mini", "code": wechat.mini_code("ann")});
        let ann = with(server, &server.visitor().post("/customer/v1/wechat", bring).await.ok(200));
        pay_in(&hall, &ann, 700).await;
        let (ticket, code) = code(server, &ann, NEW).await;
        let sign_in = json!({"ticket": ticket, "phone": NEW, "code": code, "join": true});
        let both = ann.post("/customer/v1/sign-in", sign_in).await.ok(200)["customer"].clone();
        assert_eq!((&both["number"], &both["balance_fen"], &both["wechat"]), (&play["customer"]["number"], &json!(2_900), &json!(true)));
    }
}
