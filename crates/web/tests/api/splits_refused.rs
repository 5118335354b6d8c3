//! V4.2 under hostile and hasty hands: shares that are none, links that are guessed, and several at once.

use std::sync::Arc;

use kernel::{DAY, HOUR, MINUTE, SECOND};
use serde_json::{Value, json};
use testkit::{Client, Hall, on_server};

use crate::support::pay::{id, wallet};
use crate::support::split::{Table, code, confirm, confirmed, get, is_offered, join, make, people, states};

/// The statuses that came of all of them at once.
async fn at_once<F: Future<Output = u16> + Send + 'static>(calls: impl IntoIterator<Item = F>) -> Vec<u16> {
    let running: Vec<_> = calls.into_iter().map(tokio::spawn).collect();
    let mut statuses = Vec::new();
    for one in running {
        statuses.push(one.await.unwrap());
    }
    statuses.sort_unstable();
    statuses
}

async fn confirming(who: Client, split: Value, key: String) -> u16 {
    confirm(&who, &split, &key, 10_000).await.status.as_u16()
}

on_server! {
    async fn v4_2_shares_of_nothing_of_too_much_and_that_do_not_add_up_are_refused_by_name(server) {
        let hall = Hall::open(server, 1).await;
        let table = Table::played(server, &hall, 20).await;
        for (n, count) in [i64::MIN, -1, 0, 1, 21, i64::MAX].into_iter().enumerate() {
            make(&table, &format!("people-{n}"), people(count, 1_200)).await.refused_field("people", "RANGE");
        }
        for (n, amounts) in [json!([1_200, 0]), json!([0, 1_200]), json!([1_201, -1]), json!([1, 1_201]), json!([i64::MAX, i64::MAX])].into_iter().enumerate() {
            make(&table, &format!("amounts-{n}"), json!({"amounts_fen": amounts, "expected_fen": 1_200})).await.refused_field("amounts_fen", "RANGE");
        }
        for (n, amounts) in [json!([600, 599]), json!([600, 601])].into_iter().enumerate() {
            make(&table, &format!("sums-000{n}"), json!({"amounts_fen": amounts, "expected_fen": 1_200})).await.refused_field("amounts_fen", "SUM");
        }
        for (n, amounts) in [json!([1_200]), json!([]), json!(vec![60; 21])].into_iter().enumerate() {
            make(&table, &format!("counts-{n}"), json!({"amounts_fen": amounts, "expected_fen": 1_200})).await.refused_field("people", "RANGE");
        }
        make(&table, "both-0001", json!({"people": 2, "amounts_fen": [600, 600], "expected_fen": 1_200})).await.refused_field("people", "ONE_OF");
        make(&table, "none-0001", json!({"expected_fen": 1_200})).await.refused_field("people", "ONE_OF");
        make(&table, "other-001", people(2, 1_199)).await.refused(409, "PRICE_CHANGED");
        assert_eq!(table.starter.get(&format!("{}/split", table.path)).await.ok(200)["split"], Value::Null, "nothing was made");
    }

    async fn v4_2_only_play_and_bills_of_the_last_day_are_split(server) {
        let hall = Hall::open(server, 2).await;
        let table = Table::played(server, &hall, 20).await;
        server.later(DAY - MINUTE).await;
        assert!(is_offered(&table).await);
        let split = make(&table, "split-0001", people(2, 1_200)).await.ok(201);
        assert!(!is_offered(&table).await, "it has one");
        table.starter.post(&format!("/customer/v1/splits/{}/cancel", id(&split)), json!({})).await.ok(200);
        assert!(is_offered(&table).await);
        server.later(2 * MINUTE).await;
        assert!(!is_offered(&table).await);
        make(&table, "split-0002", people(2, 1_200)).await.refused(409, "NOTHING_TO_SPLIT");
        // One that is not lit yet is nobody's debt.
        hall.tables[1].lamp.set(sandbox::Trouble::Deaf);
        let view = table.starter.get(&format!("/customer/v1/tables/{}", hall.tables[1].id)).await.ok(200);
        let ask = json!({"minutes": 60, "expected_fen": view["quotes"][1]["price_fen"]});
        let opening = table.starter.post_once("open-0001", &format!("/customer/v1/tables/{}/open", hall.tables[1].id), ask).await.ok(202);
        let path = format!("/customer/v1/sessions/{}", id(&opening));
        let opening = Table { starter: table.starter.clone(), path };
        assert!(!is_offered(&opening).await);
        make(&opening, "split-0003", people(2, 3_600)).await.refused(409, "NOTHING_TO_SPLIT");
        server.later(21 * SECOND).await;
        server.run_jobs().await;
        make(&opening, "split-0004", people(2, 0)).await.refused(409, "NOTHING_TO_SPLIT");
    }

    async fn v4_2_a_bill_has_one_split_and_only_its_own_customer_makes_it(server) {
        let hall = Hall::open(server, 1).await;
        let table = Table::played(server, &hall, 20).await;
        let mallory = Table { starter: hall.customer(5_000).await, path: table.path.clone() };
        make(&mallory, "split-0001", people(2, 1_200)).await.refused(404, "NOT_FOUND");
        mallory.starter.get(&format!("{}/split", table.path)).await.refused(404, "NOT_FOUND");
        let split = make(&table, "split-0001", people(2, 1_200)).await.ok(201);
        // The same wish once more is the same split; another is refused.
        assert_eq!(make(&table, "split-0001", people(2, 1_200)).await.ok(201)["id"], split["id"]);
        make(&table, "split-0001", people(3, 1_200)).await.refused(409, "IDEMPOTENCY_CONFLICT");
        make(&table, "split-0002", people(2, 1_200)).await.refused(409, "SPLIT_EXISTS");
        assert_eq!(table.starter.get(&format!("{}/split", table.path)).await.ok(200)["split"]["id"], split["id"]);
    }

    async fn v4_2_who_has_no_share_sees_and_does_nothing(server) {
        let hall = Hall::open(server, 1).await;
        let table = Table::played(server, &hall, 20).await;
        let split = make(&table, "split-0001", people(3, 1_200)).await.ok(201);
        let (bob, mallory) = (hall.customer(5_000).await, hall.customer(5_000).await);
        join(&bob, &split, None).await.ok(200);
        let of = |what: &str| format!("/customer/v1/splits/{}{what}", id(&split));
        mallory.get(&of("")).await.refused(404, "NOT_FOUND");
        confirm(&mallory, &split, "mallory-1", 400).await.refused(404, "NOT_FOUND");
        for who in [&mallory, &bob] {
            who.post(&of("/cancel"), json!({})).await.refused(404, "NOT_FOUND");
            who.post(&of("/finish"), json!({})).await.refused(404, "NOT_FOUND");
            who.post(&of("/free"), json!({"place": 1})).await.refused(404, "NOT_FOUND");
        }
        server.visitor().get(&of("")).await.refused(401, "SIGN_IN_REQUIRED");
        // A link that was guessed, or cut, or is no link.
        let mut guessed = code(&split);
        let last = guessed.pop().unwrap();
        guessed.push(if last == 'a' { 'b' } else { 'a' });
        for wrong in [guessed.as_str(), &code(&split)[..10], "x", "%27%20OR%201=1", &"a".repeat(10_000)] {
            mallory.get(&format!("/customer/v1/split-codes/{wrong}")).await.refused(404, "SPLIT_UNKNOWN");
            mallory.post(&format!("/customer/v1/split-codes/{wrong}/join"), json!({})).await.refused(404, "SPLIT_UNKNOWN");
            mallory.post(&format!("/customer/v1/split-codes/{wrong}/leave"), json!({})).await.refused(404, "SPLIT_UNKNOWN");
        }
        // Who has the link and no share is not told who the others are.
        let seen = mallory.get(&format!("/customer/v1/split-codes/{}", code(&split))).await.ok(200);
        assert_eq!((seen["shares"][0]["who"].is_string(), seen["shares"][1]["who"].clone(), seen["link"].clone()), (true, Value::Null, Value::Null));
        assert_eq!(wallet(&mallory).await, (5_000, 0));
    }

    async fn v4_2_the_starter_takes_no_second_share_and_everybody_else_one(server) {
        let hall = Hall::open(server, 1).await;
        let table = Table::played(server, &hall, 20).await;
        let split = make(&table, "split-0001", people(3, 1_200)).await.ok(201);
        let (bob, carol, dave) = (hall.customer(5_000).await, hall.customer(5_000).await, hall.customer(5_000).await);
        join(&table.starter, &split, None).await.refused(409, "SPLIT_OWN");
        confirm(&table.starter, &split, "starter-1", 400).await.refused(409, "SPLIT_OWN");
        let leave = format!("/customer/v1/split-codes/{}/leave", code(&split));
        table.starter.post(&leave, json!({})).await.refused(409, "SPLIT_OWN");
        for place in [-1, 0, 3, i64::MAX] {
            join(&bob, &split, Some(place)).await.refused_field("place", "INVALID");
        }
        join(&bob, &split, Some(2)).await.ok(200);
        // Joining again, wherever, is the same share.
        assert_eq!(states(&join(&bob, &split, Some(1)).await.ok(200)), ["confirmed", "free", "joined"]);
        join(&carol, &split, Some(2)).await.refused(409, "SHARE_TAKEN");
        join(&carol, &split, None).await.ok(200);
        join(&dave, &split, None).await.refused(409, "SPLIT_FULL");
        // What is not confirmed can be given back, or taken away by the starter; what is confirmed cannot.
        assert_eq!(states(&carol.post(&leave, json!({})).await.ok(200)), ["confirmed", "free", "joined"]);
        confirm(&carol, &split, "carol-0001", 400).await.refused(404, "NOT_FOUND");
        join(&dave, &split, None).await.ok(200);
        let free = format!("/customer/v1/splits/{}/free", id(&split));
        assert_eq!(states(&table.starter.post(&free, json!({"place": 1})).await.ok(200)), ["confirmed", "free", "joined"]);
        table.starter.post(&free, json!({"place": 0})).await.refused(409, "SPLIT_OWN");
        confirm(&bob, &split, "bob-00001", 399).await.refused(409, "PRICE_CHANGED");
        confirmed(&bob, &split, "bob-00001", 400).await;
        bob.post(&leave, json!({})).await.refused(409, "SHARE_CONFIRMED");
        table.starter.post(&free, json!({"place": 2})).await.refused(409, "SHARE_CONFIRMED");
    }

    async fn v4_2_of_many_who_want_one_share_one_has_it(server) {
        let hall = Hall::open(server, 1).await;
        let table = Table::played(server, &hall, 20).await;
        let split = Arc::new(make(&table, "split-0001", people(2, 1_200)).await.ok(201));
        let mut friends = Vec::new();
        for _ in 0..6 {
            friends.push(hall.customer(1_000).await);
        }
        let joining = friends.iter().cloned().map(|friend| {
            let split = Arc::clone(&split);
            async move { join(&friend, &split, Some(1)).await.status.as_u16() }
        });
        assert_eq!(at_once(joining).await, [200, 409, 409, 409, 409, 409]);
    }

    async fn v4_2_phones_that_confirm_one_share_at_once_hold_and_pay_it_once(server) {
        let hall = Hall::open(server, 1).await;
        let table = Table::played(server, &hall, 20).await;
        let (bob, carol) = (hall.customer(5_000).await, hall.customer(5_000).await);
        let split = make(&table, "split-0001", people(3, 1_200)).await.ok(201);
        for friend in [&bob, &carol] {
            join(friend, &split, None).await.ok(200);
        }
        let bobs = (0..6).map(|n| confirming(bob.clone(), split.clone(), format!("bob-0000{}", n % 3)));
        assert_eq!(at_once(bobs).await, [200; 6]);
        assert_eq!(wallet(&bob).await, (5_000, 400));
        // The last one, several times at once, with the starter who does not want to wait any more.
        let starter = table.starter.clone();
        let finish = format!("/customer/v1/splits/{}/finish", id(&split));
        let finishing = tokio::spawn(async move { starter.post(&finish, json!({})).await.status.as_u16() });
        let statuses = at_once((0..6).map(|n| confirming(carol.clone(), split.clone(), format!("carol-000{}", n % 3)))).await;
        assert_eq!(finishing.await.unwrap(), 200);
        let over = get(&table.starter, &split).await;
        // Whoever was first: either all have paid, or Carol was too late for every one of hers.
        let paid = if over["end_reason"] == "everybody" { 400 } else { 0 };
        assert!(statuses.iter().all(|status| *status == if paid > 0 { 200 } else { 409 }), "{statuses:?} {over}");
        assert_eq!((wallet(&bob).await, wallet(&carol).await, wallet(&table.starter).await), ((4_600, 0), (5_000 - paid, 0), (9_200 + paid, 0)));
    }

    async fn v4_2_who_confirms_while_the_table_closes_is_charged_once(server) {
        let hall = Hall::open(server, 1).await;
        for round in 0..4 {
            let table = Table::playing(&hall).await;
            let bob = hall.customer(5_000).await;
            let split = make(&table, "split-0001", people(2, 3_600)).await.ok(201);
            join(&bob, &split, None).await.ok(200);
            server.later(20 * MINUTE - 30 * SECOND).await;
            let (starter, path) = (table.starter.clone(), table.path.clone());
            let closing = tokio::spawn(async move { starter.post(&format!("{path}/close"), json!({})).await.status.as_u16() });
            assert_eq!(at_once((0..3).map(|n| confirming(bob.clone(), split.clone(), format!("bob-{round}-000{n}")))).await, [200; 3]);
            assert_eq!(closing.await.unwrap(), 200);
            server.run_jobs().await;
            assert_eq!((get(&bob, &split).await["state"].clone(), wallet(&bob).await, wallet(&table.starter).await), (json!("settled"), (4_400, 0), (9_400, 0)));
            hall.table_is(0, "idle").await;
        }
    }
    async fn v4_2_a_bill_is_shared_while_its_table_is_held_for_the_same_guest_and_neither_undoes_the_other(server) {
        let hall = Hall::open(server, 1).await;
        let table = Table::played(server, &hall, 20).await;
        let number = table.starter.get("/customer/v1/me").await.ok(200)["number"].clone();
        let [hold, release] = ["hold", "release"].map(|verb| format!("/api/v1/tables/{}/{verb}", hall.tables[0].id));
        // Often enough that they meet between the table's row and the customer's.
        for n in 0..12 {
            let guest = json!({"note": "老客", "until": server.clock.now().plus_micros(HOUR), "customer": number});
            let key = format!("split-{n:04}");
            let (split, held) = tokio::join!(make(&table, &key, people(2, 1_200)), hall.manager.post(&hold, guest));
            let (split, held) = (split.ok(201), held.ok(200));
            assert_eq!(held["state"], "reserved");
            hall.manager.post(&release, json!({})).await.ok(200);
            table.starter.post(&format!("/customer/v1/splits/{}/cancel", id(&split)), json!({})).await.ok(200);
        }
    }
}
