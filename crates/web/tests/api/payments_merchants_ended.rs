//! A merchant that we were, and where nobody listens to us any more: a person ends what was begun with it, and gives it other keys or has it forgotten.

use kernel::{DAY, HOUR, MINUTE};
use platform::identity::Role;
use sandbox::{Asked, Troubles};
use serde_json::{Value, json};
use store::{Sql as _, args};
use testkit::{Answer, TestServer, on_server};

use crate::support::merchant::both;
use crate::support::pay::{Till, id, wallet, words};

const PHONE: &str = "13800138000";

/// From now on the first merchant of each network is answered nothing, as where its credentials were revoked.
fn away(till: &Till<'_>) {
    till.networks.trouble(Troubles { asked: Asked::Down, ..Troubles::default() });
}

async fn hours(till: &Till<'_>, hours: usize) {
    for _ in 0..hours {
        till.server.later(HOUR).await;
        till.server.run_jobs().await;
    }
}

async fn end(till: &Till<'_>, order: &Value, note: &str) -> Answer {
    till.root.post(&format!("/api/v1/payments/orders/{}/end", id(order)), json!({"note": note})).await
}

/// Of how many merchants anything is kept that could be used.
async fn kept(server: &TestServer) -> i64 {
    let sql = "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM pay_merchants WHERE parameters IS NOT NULL";
    server.platform.db.read().one(sql, args![], |row| row.get("n")).await.unwrap()
}

on_server! {
    async fn v8_2_a_person_ends_what_a_merchant_that_we_were_says_nothing_of(server) {
        let till = Till::open(server).await;
        let customer = till.customer(PHONE).await;
        let seconds = both(&till).await;
        let mut placed = Vec::new();
        for (n, (method, second)) in seconds.iter().enumerate() {
            let order = till.recharge(&customer, &format!("pay-{n:05}"), method, 5_000).await;
            // It is paid, and nobody here hears of it.
            assert!(till.networks.pay(&till.number(&order).await).await);
            second.become_it(&till).await;
            placed.push(order);
        }
        away(&till);
        hours(&till, 2).await;
        for order in &placed {
            assert_eq!(till.detail(order).await["attempts"][0]["may_be_ended"], false, "it may be away for a night");
            end(&till, order, "旧商户已停用").await.refused(409, "END_UNSUITABLE");
        }
        hours(&till, 23).await;
        assert_eq!(till.waiting().await["payments"], 2);
        let desk = server.user(Role::VenueManager, "desk").await;
        for (order, (method, second)) in placed.iter().zip(&seconds) {
            assert_eq!(till.detail(order).await["attempts"][0]["may_be_ended"], true, "{method}");
            assert_eq!(second.shown(&till).await["earlier"][0]["open"], 1, "{method}");
            // Who may not, and without saying why.
            let path = format!("/api/v1/payments/orders/{}/end", id(order));
            desk.post(&path, json!({"note": "旧商户已停用"})).await.refused(403, "FORBIDDEN");
            end(&till, order, "").await.refused_field("note", "REQUIRED");

            let done = end(&till, order, "旧商户已停用").await.ok(200);
            let attempt = &done["attempts"][0];
            assert_eq!((&done["order"]["state"], &attempt["state"], &attempt["seen_note"]), (&json!("closed"), &json!("closed"), &json!("旧商户已停用")));
            let log = till.root.get("/api/v1/logs/operations").await.ok(200)["items"][0].clone();
            assert_eq!((&log["action"], &log["detail"]["amount_fen"], &log["detail"]["note"]), (&json!("ended"), &json!(5_000), &json!("旧商户已停用")));
            assert_eq!(second.shown(&till).await["earlier"][0]["open"], 0, "{method}");
            end(&till, order, "再来一次").await.refused(409, "END_UNSUITABLE");
        }
        assert_eq!((till.waiting().await["payments"].clone(), wallet(&customer).await, kept(server).await), (json!(0), (0, 0), 4));
        // It arrives after all, and goes back.
        till.networks.trouble(Troubles::default());
        for order in &placed {
            let notice = till.networks.notice(&till.number(order).await);
            assert!(till.networks.deliver(&notice).await.status.is_success());
            server.run_jobs().await;
            let back = vec![(5_000, "surplus".to_owned(), "done".to_owned())];
            assert_eq!((till.attempts(order).await, till.refunds(order).await), (vec!["surplus".to_owned()], back));
        }
        assert_eq!(wallet(&customer).await, (0, 0));
        // And nothing keeps what made us known as those merchants.
        server.later(17 * DAY).await;
        server.tick().await;
        assert_eq!(kept(server).await, 2);
        server.has_answered("POST /api/v1/payments/orders/{id}/end");
    }

    async fn v8_2_a_payment_of_who_we_are_is_nobodys_to_end_however_silent_its_network_is(server) {
        let till = Till::open(server).await;
        let customer = till.customer(PHONE).await;
        let placed = till.recharge(&customer, "pay-00001", "native", 5_000).await;
        away(&till);
        hours(&till, 26).await;
        let attempt = till.detail(&placed).await["attempts"][0].clone();
        assert_eq!((&attempt["problem"]["code"], &attempt["may_be_ended"]), (&json!("silent"), &json!(false)));
        end(&till, &placed, "试一试").await.refused(409, "END_UNSUITABLE");
    }

    async fn v8_2_what_was_paid_at_a_merchant_that_speaks_again_is_taken_and_not_ended(server) {
        let till = Till::open(server).await;
        let customer = till.customer(PHONE).await;
        for (n, (method, second)) in both(&till).await.iter().enumerate() {
            let placed = till.recharge(&customer, &format!("pay-{n:05}"), method, 5_000).await;
            assert!(till.networks.pay(&till.number(&placed).await).await);
            second.become_it(&till).await;
            away(&till);
            hours(&till, 26).await;
            till.networks.trouble(Troubles::default());
            end(&till, &placed, "旧商户已停用").await.refused(409, "ORDER_NOT_PENDING");
            assert_eq!(till.attempts(&placed).await, ["taken"], "{method}");
        }
        assert_eq!(wallet(&customer).await, (10_000, 0));
    }

    async fn v8_2_a_merchant_that_is_away_for_good_is_missed_on_the_days_on_which_it_may_have_taken_something_and_on_no_other(server) {
        let till = Till::open(server).await;
        let customer = till.customer(PHONE).await;
        for (method, second) in &both(&till).await {
            till.recharged(&customer, &format!("pay-1{method}"), method, 3_000).await;
            till.recharge(&customer, &format!("pay-2{method}"), method, 500).await;
            second.become_it(&till).await;
        }
        away(&till);
        for _ in 0..8 {
            server.later(DAY).await;
            server.tick().await;
        }
        let missing = till.root.get("/api/v1/payments/reconciliation").await.ok(200)["missing"].clone();
        assert_eq!(words(&missing, "day"), ["2026-11-21"; 2], "{missing}");
        let told = server.told(till.root.id()).await;
        assert_eq!(told.iter().filter(|kind| *kind == "pay.day_missing").count(), 2, "{told:?}");
    }

    async fn v8_2_a_merchant_that_we_were_gets_other_keys_or_is_forgotten_at_once(server) {
        let till = Till::open(server).await;
        let customer = till.customer(PHONE).await;
        let desk = server.user(Role::VenueManager, "desk").await;
        let mut money = 0;
        for (method, second) in &both(&till).await {
            let ([first, other], [before, now]) = (second.forms(), second.numbers());
            let path = format!("/api/v1/payments/channels/{}/earlier", second.channel());
            let set = async |form: &Value, forget: bool| till.root.put(&path, json!({"parameters": form, "forget": forget})).await;
            let placed = till.recharge(&customer, &format!("pay-1{method}"), method, 5_000).await;
            let number = till.number(&placed).await;
            set(&first, false).await.refused(404, "NOT_FOUND");
            second.become_it(&till).await;
            set(&other, true).await.refused(404, "NOT_FOUND");
            desk.put(&path, json!({"parameters": first, "forget": true})).await.refused(403, "FORBIDDEN");
            assert!(till.networks.pay(&number).await);

            // By another's key nobody there listens to us.
            let mut wrong = first.clone();
            wrong["private_key"] = other["private_key"].clone();
            let shown = set(&wrong, false).await.ok(200);
            let whom = (&shown["parameters"]["merchant_id"], &shown["earlier"][0]["parameters"]["merchant_id"]);
            assert_eq!(whom, (&json!(now), &json!(before)), "who we are stays so");
            server.later(MINUTE).await;
            server.run_jobs().await;
            assert_eq!(wallet(&customer).await, (money, 0), "{method}");
            set(&first, true).await.refused(409, "MERCHANT_NEEDED");

            set(&first, false).await.ok(200);
            server.later(2 * MINUTE).await;
            server.run_jobs().await;
            money += 5_000;
            assert_eq!((wallet(&customer).await, till.attempts(&placed).await), ((money, 0), vec!["taken".to_owned()]), "{method}");

            // It could give that back for a year, and is forgotten all the same.
            assert_eq!(set(&first, true).await.ok(200)["earlier"], json!([]));
            assert!(!till.networks.deliver(&till.networks.notice(&number)).await.status.is_success());
            set(&first, false).await.refused(404, "NOT_FOUND");
        }
        assert_eq!(kept(server).await, 2);
        let log = till.root.get("/api/v1/logs/operations?module=payments").await.ok(200);
        let actions = words(&log["items"], "action");
        let count = |name: &str| actions.iter().filter(|action| *action == name).count();
        assert_eq!((count("earlier_set"), count("earlier_forgotten")), (4, 2), "{actions:?}");
        server.has_answered("PUT /api/v1/payments/channels/{channel}/earlier");
    }
}
