//! V4.2: several pay one bill.

use kernel::{HOUR, MINUTE, SECOND};
use serde_json::{Value, json};
use testkit::{Client, Hall, on_server};

use crate::support::pay::{id, told, wallet};
use crate::support::split::{Table, code, confirm, confirmed, get, join, make, people, states};

async fn lines(customer: &Client) -> Vec<(String, i64)> {
    let page = customer.get("/customer/v1/wallet").await.ok(200);
    let line = |line: &Value| (line["kind"].as_str().unwrap().to_owned(), line["delta_fen"].as_i64().unwrap());
    page["items"].as_array().unwrap().iter().map(line).filter(|(_, delta)| *delta != 0).collect()
}

on_server! {
    async fn v4_2_everybody_pays_a_share_at_the_same_moment_and_the_bill_is_covered_once(server) {
        let hall = Hall::open(server, 1).await;
        let table = Table::played(server, &hall, 20).await;
        let (bob, carol) = (hall.customer(5_000).await, hall.customer(5_000).await);
        assert_eq!(wallet(&table.starter).await, (8_800, 0));
        let split = make(&table, "split-0001", people(3, 1_200)).await.ok(201);
        assert_eq!((split["state"].clone(), split["amount_fen"].clone(), split["playing"].clone()), (json!("open"), json!(1_200), json!(false)));

        // Who opens the link sees what it is about, and does not owe anything yet.
        let seen = server.visitor().get(&format!("/customer/v1/split-codes/{}", code(&split))).await.ok(200);
        assert_eq!((seen["shares"][1]["amount_fen"].clone(), seen["table_name"].clone(), seen["link"].clone()), (json!(400), json!("1 号台"), Value::Null));
        join(&bob, &split, None).await.ok(200);
        let joined = join(&carol, &split, None).await.ok(200);
        assert_eq!((states(&joined), wallet(&bob).await), (vec!["confirmed", "joined", "joined"].into_iter().map(str::to_owned).collect(), (5_000, 0)));
        let first = confirmed(&bob, &split, "bob-00001", 400).await;
        assert_eq!((states(&first)[1].as_str(), wallet(&bob).await, wallet(&table.starter).await), ("confirmed", (5_000, 400), (8_800, 0)));
        assert_eq!(get(&table.starter, &split).await["state"], "open", "one is missing");

        let last = confirmed(&carol, &split, "carol-0001", 400).await;
        assert_eq!((last["state"].clone(), last["end_reason"].clone(), states(&last)), (json!("settled"), json!("everybody"), vec!["paid".to_owned(); 3]));
        assert_eq!((wallet(&bob).await, wallet(&carol).await, wallet(&table.starter).await), ((4_600, 0), (4_600, 0), (9_600, 0)));
        assert_eq!(lines(&bob).await, [("split".to_owned(), -400), ("cash_recharge".to_owned(), 5_000)]);
        assert_eq!(lines(&table.starter).await.iter().map(|(_, delta)| delta).sum::<i64>(), 9_600);
        assert_eq!((told(&bob).await[0].as_str(), told(&carol).await[0].as_str(), told(&table.starter).await[0].as_str()), ("split.paid", "split.paid", "split.done"));

        // Once more, by the same key, by another, and from the jobs that come later: nobody is charged twice.
        assert_eq!(confirmed(&carol, &split, "carol-0001", 400).await["state"], "settled");
        assert_eq!(confirmed(&carol, &split, "carol-0002", 400).await["state"], "settled");
        server.later(3 * HOUR).await;
        server.run_jobs().await;
        assert_eq!((wallet(&bob).await, wallet(&carol).await, wallet(&table.starter).await), ((4_600, 0), (4_600, 0), (9_600, 0)));
        // The bill says so.
        let bills = table.starter.get("/customer/v1/sessions").await.ok(200);
        assert_eq!(bills["items"][0]["split"], json!({"id": split["id"], "state": "settled", "paid_by_others_fen": 800}));
        assert_eq!(bills["items"][0]["bill"]["total_fen"], 1_200);
    }

    async fn v4_2_a_split_that_is_made_while_playing_is_charged_when_there_is_a_bill(server) {
        let hall = Hall::open(server, 1).await;
        let table = Table::playing(&hall).await;
        let (bob, carol) = (hall.customer(1_200).await, hall.customer(5_000).await);
        let split = make(&table, "split-0001", people(3, 3_600)).await.ok(201);
        for (friend, key) in [(&bob, "bob-00001"), (&carol, "carol-0001")] {
            join(friend, &split, None).await.ok(200);
            // The most that it can become is held.
            confirmed(friend, &split, key, 1_200).await;
        }
        assert_eq!((wallet(&bob).await, get(&bob, &split).await["playing"].clone()), ((1_200, 1_200), json!(true)));
        table.starter.post(&format!("/customer/v1/splits/{}/finish", id(&split)), json!({})).await.refused(409, "SPLIT_PLAYING");
        server.later(10 * MINUTE - 30 * SECOND).await;
        table.close().await;
        assert_eq!((wallet(&table.starter).await, get(&bob, &split).await["state"].clone()), ((9_400, 0), json!("open")), "covered already");
        server.run_jobs().await;
        let settled = get(&table.starter, &split).await;
        assert_eq!((settled["state"].clone(), settled["shares"][0]["amount_fen"].clone(), settled["shares"][1]["amount_fen"].clone()), (json!("settled"), json!(200), json!(200)));
        assert_eq!((wallet(&bob).await, wallet(&carol).await, wallet(&table.starter).await), ((1_000, 0), (4_800, 0), (9_800, 0)));
    }

    async fn v4_2_what_an_even_split_leaves_over_is_the_starters_to_the_fen(server) {
        let hall = Hall::open(server, 1).await;
        let table = Table::played(server, &hall, 10).await;
        let split = make(&table, "split-0001", people(7, 600)).await.ok(201);
        let amounts: Vec<i64> = split["shares"].as_array().unwrap().iter().map(|share| share["amount_fen"].as_i64().unwrap()).collect();
        assert_eq!(amounts, [90, 85, 85, 85, 85, 85, 85]);
        for n in 0..6 {
            let friend = hall.customer(100).await;
            join(&friend, &split, None).await.ok(200);
            confirmed(&friend, &split, &format!("friend-{n}"), 85).await;
            assert_eq!(wallet(&friend).await.0, if n == 5 { 15 } else { 100 });
        }
        assert_eq!(wallet(&table.starter).await, (10_000 - 90, 0));
    }

    async fn v4_2_shares_by_amount_are_chosen_and_follow_the_bill_in_proportion(server) {
        let hall = Hall::open(server, 1).await;
        let table = Table::playing(&hall).await;
        let (bob, carol) = (hall.customer(5_000).await, hall.customer(5_000).await);
        let split = make(&table, "split-0001", json!({"amounts_fen": [1_800, 1_200, 600], "expected_fen": 3_600})).await.ok(201);
        join(&bob, &split, None).await.refused_field("place", "INVALID");
        join(&bob, &split, Some(2)).await.ok(200);
        // The last one needs no choice.
        let joined = join(&carol, &split, None).await.ok(200);
        assert_eq!((joined["shares"][1]["mine"].clone(), joined["shares"][2]["who"].as_str().unwrap().len()), (json!(true), 11));
        confirmed(&bob, &split, "bob-00001", 600).await;
        confirmed(&carol, &split, "carol-0001", 1_200).await;
        server.later(20 * MINUTE - 30 * SECOND).await;
        table.close().await;
        server.run_jobs().await;
        assert_eq!((wallet(&bob).await, wallet(&carol).await, wallet(&table.starter).await), ((4_800, 0), (4_600, 0), (9_400, 0)));
    }

    async fn v4_2_who_does_not_confirm_is_reminded_and_then_the_starter_takes_over(server) {
        let hall = Hall::open(server, 1).await;
        let table = Table::played(server, &hall, 20).await;
        let (bob, carol) = (hall.customer(5_000).await, hall.customer(5_000).await);
        let split = make(&table, "split-0001", people(3, 1_200)).await.ok(201);
        for friend in [&bob, &carol] {
            join(friend, &split, None).await.ok(200);
        }
        confirmed(&bob, &split, "bob-00001", 400).await;
        server.later(91 * MINUTE).await;
        server.run_jobs().await;
        assert_eq!((told(&carol).await[0].as_str(), told(&bob).await[0].as_str()), ("split.asked", "wallet.recharged"));
        server.run_jobs().await;
        assert_eq!(told(&carol).await.iter().filter(|kind| *kind == "split.asked").count(), 1);
        server.later(28 * MINUTE).await;
        server.run_jobs().await;
        assert_eq!(wallet(&bob).await, (5_000, 400));
        server.later(2 * MINUTE).await;
        // It is over by the clock, whether or not the job has come to it.
        confirm(&carol, &split, "carol-0001", 400).await.refused(409, "SPLIT_OVER");
        join(&hall.customer(0).await, &split, None).await.refused(409, "SPLIT_OVER");
        server.run_jobs().await;
        let over = get(&table.starter, &split).await;
        assert_eq!((over["end_reason"].clone(), states(&over)), (json!("deadline"), ["paid", "paid", "missed"].map(str::to_owned).to_vec()));
        assert_eq!((wallet(&bob).await, wallet(&carol).await, wallet(&table.starter).await), ((4_600, 0), (5_000, 0), (9_200, 0)));
        assert_eq!(over["shares"].as_array().unwrap().iter().map(|share| share["amount_fen"].as_i64().unwrap()).sum::<i64>(), 1_200);
        assert_eq!((told(&carol).await[0].as_str(), told(&table.starter).await[0].as_str()), ("split.missed", "split.taken_over"));
        confirm(&carol, &split, "carol-0002", 400).await.refused(409, "SPLIT_OVER");
    }

    async fn v4_2_a_split_that_nobody_confirms_is_undone_and_can_be_made_again(server) {
        let hall = Hall::open(server, 1).await;
        let table = Table::played(server, &hall, 20).await;
        let bob = hall.customer(5_000).await;
        let split = make(&table, "split-0001", people(2, 1_200)).await.ok(201);
        join(&bob, &split, None).await.ok(200);
        server.later(2 * HOUR + MINUTE).await;
        server.run_jobs().await;
        server.run_jobs().await;
        let undone = get(&bob, &split).await;
        assert_eq!((undone["state"].clone(), undone["end_reason"].clone()), (json!("undone"), json!("nobody")));
        assert_eq!((wallet(&bob).await, wallet(&table.starter).await, told(&bob).await[0].as_str()), ((5_000, 0), (8_800, 0), "split.not_charged"));
        let again = make(&table, "split-0002", people(2, 1_200)).await.ok(201);
        assert_ne!(code(&again), code(&split));
        join(&bob, &again, None).await.ok(200);
        confirmed(&bob, &again, "bob-00001", 600).await;
        assert_eq!((wallet(&bob).await, wallet(&table.starter).await), ((4_400, 0), (9_400, 0)));
    }

    async fn v4_2_the_starter_may_undo_it_or_take_over_what_is_missing(server) {
        let hall = Hall::open(server, 1).await;
        let table = Table::played(server, &hall, 20).await;
        let (bob, carol) = (hall.customer(5_000).await, hall.customer(5_000).await);
        let split = make(&table, "split-0001", people(3, 1_200)).await.ok(201);
        join(&bob, &split, None).await.ok(200);
        confirmed(&bob, &split, "bob-00001", 400).await;
        let of = |split: &Value, what: &str| format!("/customer/v1/splits/{}/{what}", id(split));
        for _ in 0..2 {
            let undone = table.starter.post(&of(&split, "cancel"), json!({})).await.ok(200);
            assert_eq!((undone["state"].clone(), undone["end_reason"].clone(), wallet(&bob).await), (json!("undone"), json!("cancelled"), (5_000, 0)));
        }
        table.starter.post(&of(&split, "finish"), json!({})).await.refused(409, "SPLIT_OVER");
        confirm(&bob, &split, "bob-00002", 400).await.ok(200);
        assert_eq!(wallet(&bob).await, (5_000, 0), "what was confirmed is over, and so is what it was for");

        let split = make(&table, "split-0002", people(3, 1_200)).await.ok(201);
        for friend in [&bob, &carol] {
            join(friend, &split, None).await.ok(200);
        }
        confirmed(&bob, &split, "bob-00003", 400).await;
        for _ in 0..2 {
            let settled = table.starter.post(&of(&split, "finish"), json!({})).await.ok(200);
            assert_eq!((settled["state"].clone(), settled["end_reason"].clone()), (json!("settled"), json!("starter")));
            assert_eq!((wallet(&bob).await, wallet(&carol).await, wallet(&table.starter).await), ((4_600, 0), (5_000, 0), (9_200, 0)));
        }
        table.starter.post(&of(&split, "cancel"), json!({})).await.refused(409, "SPLIT_OVER");
    }

    async fn v4_2_who_plays_longer_asks_again_and_nobody_pays_more_than_was_confirmed(server) {
        let hall = Hall::open(server, 1).await;
        let table = Table::playing(&hall).await;
        let (bob, carol) = (hall.customer(5_000).await, hall.customer(5_000).await);
        let split = make(&table, "split-0001", people(3, 3_600)).await.ok(201);
        for (friend, key) in [(&bob, "bob-00001"), (&carol, "carol-0001")] {
            join(friend, &split, None).await.ok(200);
            confirmed(friend, &split, key, 1_200).await;
        }
        let more = json!({"minutes": 60, "expected_fen": 3_600});
        table.starter.post_once("more-0001", &format!("{}/extend", table.path), more).await.ok(200);
        let view = get(&bob, &split).await;
        assert_eq!((states(&view), view["shares"][1]["amount_fen"].clone()), (["confirmed", "again", "again"].map(str::to_owned).to_vec(), json!(2_400)));
        assert_eq!(told(&bob).await[0], "split.more");
        confirm(&bob, &split, "bob-00002", 1_200).await.refused(409, "PRICE_CHANGED");
        confirmed(&bob, &split, "bob-00003", 2_400).await;
        assert_eq!((wallet(&bob).await, wallet(&carol).await), ((5_000, 2_400), (5_000, 1_200)));
        server.later(90 * MINUTE - 30 * SECOND).await;
        table.close().await;
        server.run_jobs().await;
        // 5,400 in all: Carol has agreed to 1,200 of her 1,800.
        assert_eq!((get(&carol, &split).await["state"].clone(), told(&carol).await[0].as_str()), (json!("open"), "split.asked"));
        server.later(2 * HOUR + MINUTE).await;
        server.run_jobs().await;
        server.run_jobs().await;
        assert_eq!((wallet(&bob).await, wallet(&carol).await, wallet(&table.starter).await), ((3_200, 0), (3_800, 0), (10_000 - 2_400, 0)));
    }

    async fn v4_2_a_bill_of_nothing_leaves_nobody_with_anything_held(server) {
        let hall = Hall::open(server, 1).await;
        let table = Table::playing(&hall).await;
        let bob = hall.customer(5_000).await;
        let split = make(&table, "split-0001", people(2, 3_600)).await.ok(201);
        join(&bob, &split, None).await.ok(200);
        confirmed(&bob, &split, "bob-00001", 1_800).await;
        server.later(2 * MINUTE).await;
        assert_eq!(table.close().await["bill"]["total_fen"], 0);
        server.run_jobs().await;
        let over = get(&bob, &split).await;
        assert_eq!((over["end_reason"].clone(), wallet(&bob).await, wallet(&table.starter).await), (json!("nothing"), (5_000, 0), (10_000, 0)));
        make(&table, "split-0002", people(2, 0)).await.refused(409, "NOTHING_TO_SPLIT");
    }

    async fn v4_2_who_has_too_little_adds_money_and_confirms(server) {
        let hall = Hall::open(server, 1).await;
        let table = Table::played(server, &hall, 20).await;
        let bob = hall.customer(599).await;
        let split = make(&table, "split-0001", people(2, 1_200)).await.ok(201);
        join(&bob, &split, None).await.ok(200);
        for _ in 0..2 {
            confirm(&bob, &split, "bob-00001", 600).await.refused(409, "BALANCE_INSUFFICIENT");
        }
        assert_eq!(wallet(&bob).await, (599, 0));
        let number = bob.get("/customer/v1/me").await.ok(200)["number"].clone();
        hall.manager.post_once("cash-00001", "/api/v1/customers/recharge", json!({"venue_id": hall.id, "number": number, "amount_fen": 1})).await.ok(200);
        confirmed(&bob, &split, "bob-00001", 600).await;
        assert_eq!((wallet(&bob).await, wallet(&table.starter).await), ((0, 0), (9_400, 0)));
    }

    async fn v4_2_a_guest_joins_and_keeps_the_share_when_signing_in(server) {
        let hall = Hall::open(server, 1).await;
        let table = Table::played(server, &hall, 20).await;
        let split = make(&table, "split-0001", people(3, 1_200)).await.ok(201);
        let welcome = server.visitor().post("/customer/v1/guests", json!({})).await.ok(201);
        let guest = server.visitor().with_token(welcome["token"].as_str().unwrap());
        let number = welcome["customer"]["number"].clone();
        hall.manager.post_once("cash-00001", "/api/v1/customers/recharge", json!({"venue_id": hall.id, "number": number, "amount_fen": 500})).await.ok(200);
        join(&guest, &split, None).await.ok(200);
        confirm(&guest, &split, "guest-0001", 400).await.refused(409, "PHONE_NEEDED");

        // It is somebody known; and another guest turns out to be the same, who has a share by then.
        let known = server.sign_in_by_phone(&server.visitor(), "13900139000").await;
        let known = server.visitor().with_token(known["token"].as_str().unwrap());
        server.later(2 * MINUTE).await;
        let signed = server.sign_in_by_phone(&guest, "13900139000").await;
        let same = server.visitor().with_token(signed["token"].as_str().unwrap());
        let view = get(&known, &split).await;
        assert_eq!((view["shares"][1]["mine"].clone(), view["shares"][1]["state"].clone()), (json!(true), json!("joined")));
        confirmed(&same, &split, "guest-0002", 400).await;
        assert_eq!(wallet(&known).await, (500, 400));

        let welcome = server.visitor().post("/customer/v1/guests", json!({})).await.ok(201);
        let second = server.visitor().with_token(welcome["token"].as_str().unwrap());
        join(&second, &split, None).await.ok(200);
        server.later(2 * MINUTE).await;
        server.sign_in_by_phone(&second, "13900139000").await;
        let view = get(&known, &split).await;
        assert_eq!(states(&view), ["confirmed", "confirmed", "free"], "one share each");
    }

    async fn v4_2_the_doctor_notices_shares_that_do_not_add_up(server) {
        let hall = Hall::open(server, 1).await;
        let table = Table::played(server, &hall, 20).await;
        let bob = hall.customer(5_000).await;
        let split = make(&table, "split-0001", people(2, 1_200)).await.ok(201);
        join(&bob, &split, None).await.ok(200);
        confirmed(&bob, &split, "bob-00001", 600).await;
        let cx = server.cx();
        let altered = [
            ("paid = paid - 1 WHERE place = 0", "paid = paid + 1 WHERE place = 0", 1),
            ("paid = paid + 1 WHERE place = 1", "paid = paid - 1 WHERE place = 1", 2),
            ("agreed = agreed + 1 WHERE place = 1", "agreed = agreed - 1 WHERE place = 1", 1),
        ];
        for (alter, back, sentences) in altered {
            for (change, expected) in [(alter, sentences), (back, 0)] {
                let mut tx = cx.db.begin().await.unwrap();
                tx.exec(&format!("UPDATE split_shares SET {change}"), vec![]).await.unwrap();
                tx.commit().await.unwrap();
                let said = venue::check(&mut cx.db.read()).await.unwrap();
                assert_eq!(said.len(), expected, "{change}: {said:?}");
            }
        }
    }
}
