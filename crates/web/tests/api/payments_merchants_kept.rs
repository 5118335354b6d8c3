//! A merchant that we were: its bills are compared, it is shown for as long as something may come of it, and then it is forgotten.

use std::sync::atomic::Ordering;

use kernel::{DAY, Fen, HOUR, MINUTE, Timestamp};
use platform::payments::{self, RefundReason};
use sandbox::{Asked, Troubles};
use serde_json::{Value, json};
use store::{Sql as _, args};
use testkit::{TestServer, on_server};

use crate::rekey::{claim, rekeyed};
use crate::support::merchant::both;
use crate::support::pay::{Till, id, wallet};

const PHONE: &str = "13800138000";

/// What was compared of a day, by whose bill it was: what was paid, what went back, and how many lines did not agree.
async fn compared(till: &Till<'_>, channel: &str, day: &str) -> Vec<(String, i64, i64, i64)> {
    let all = till.root.get("/api/v1/payments/reconciliation").await.ok(200);
    let of = all["days"].as_array().unwrap().iter().filter(|one| one["channel"] == channel && one["day"] == day);
    let number = |one: &Value, name: &str| one[name].as_i64().unwrap();
    let one = |one: &Value| {
        let whose = one["merchant_id"].as_str().unwrap().to_owned();
        (whose, number(one, "paid_fen"), number(one, "refunded_fen"), number(one, "differences"))
    };
    of.map(one).collect()
}

/// Of how many merchants anything is kept that could be used.
async fn kept(server: &TestServer) -> i64 {
    let sql = "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM pay_merchants WHERE parameters IS NOT NULL";
    server.platform.db.read().one(sql, args![], |row| row.get("n")).await.unwrap()
}

fn time(value: &Value) -> Timestamp {
    value.as_str().unwrap().parse().unwrap()
}

on_server! {
    async fn v8_2_the_bill_of_each_merchant_is_compared_on_the_days_on_which_it_has_something_of_ours(server) {
        let till = Till::open(server).await;
        let customer = till.customer(PHONE).await;
        let seconds = both(&till).await;
        for (method, second) in &seconds {
            till.recharged(&customer, &format!("pay-1{method}"), method, 3_000).await;
            let lost = till.recharge(&customer, &format!("pay-2{method}"), method, 700).await;
            second.become_it(&till).await;
            // Paid to the merchant of before, never told, and never found by asking.
            assert!(till.networks.pay(&till.number(&lost).await).await);
            let placed = till.recharge(&customer, &format!("pay-3{method}"), method, 2_000).await;
            second.paid(&till, &till.number(&placed).await).await;
        }
        let cx = server.cx();
        let mut tx = cx.db.begin().await.unwrap();
        tx.exec("UPDATE pay_orders SET state = 'closed' WHERE state = 'pending'", vec![]).await.unwrap();
        tx.exec("UPDATE pay_attempts SET state = 'closed' WHERE state = 'waiting'", vec![]).await.unwrap();
        tx.commit().await.unwrap();
        // From four in the afternoon in Beijing to noon of the next day.
        server.later(20 * HOUR).await;
        server.tick().await;
        server.run_jobs().await;
        let whose = |numbers: [&str; 2], first: (i64, i64, i64), second: (i64, i64, i64)| {
            [(numbers[0].to_owned(), first.0, first.1, first.2), (numbers[1].to_owned(), second.0, second.1, second.2)]
        };
        let (wechat, alipay) = (["1900000001", "1900000002"], ["2088000000000001", "2088000000000002"]);
        for (channel, numbers) in [("wechat", wechat), ("alipay", alipay)] {
            assert_eq!(compared(&till, channel, "2026-11-21").await, whose(numbers, (3_700, 0, 0), (2_000, 0, 0)), "{channel}");
        }
        // What was found in the bills alone came too late, and goes back, from whom it was paid to: that is in its bill of the day on which it does.
        assert_eq!(wallet(&customer).await, (10_000, 0));
        server.later(DAY).await;
        server.tick().await;
        for (channel, numbers) in [("wechat", wechat), ("alipay", alipay)] {
            assert_eq!(compared(&till, channel, "2026-11-22").await, whose(numbers, (0, 700, 0), (0, 0, 0)), "{channel}");
        }
        // On a day on which it has nothing of ours it is not asked.
        server.later(DAY).await;
        server.tick().await;
        for (channel, [_, now]) in [("wechat", wechat), ("alipay", alipay)] {
            assert_eq!(compared(&till, channel, "2026-11-23").await, [(now.to_owned(), 0, 0, 0)], "{channel}");
        }
        assert_eq!(till.waiting().await["differences"], 0);
    }

    async fn v8_2_a_merchant_that_we_were_is_shown_until_nothing_can_come_of_it_and_is_then_forgotten(server) {
        let till = Till::open(server).await;
        let customer = till.customer(PHONE).await;
        let seconds = both(&till).await;
        for (method, second) in &seconds {
            let paid = till.recharged(&customer, &format!("pay-1{method}"), method, 3_000).await;
            till.recharge(&customer, &format!("pay-2{method}"), method, 500).await;
            let set = second.become_it(&till).await;
            let earlier = &set["earlier"][0];
            let [first, now] = second.numbers();
            assert_eq!((&set["parameters"]["merchant_id"], &earlier["parameters"]["merchant_id"]), (&json!(now), &json!(first)), "{set}");
            assert_eq!((set["earlier"].as_array().unwrap().len(), &earlier["open"]), (1, &json!(1)), "one may still be paid");
            assert!(!set.to_string().contains("PRIVATE KEY"));
            // What is paid can go back for 360 days.
            let at = time(&till.detail(&paid).await["attempts"][0]["paid_at"]);
            assert_eq!(time(&earlier["needed_until"]), at.plus_micros(360 * DAY));
        }
        server.later(17 * MINUTE).await;
        server.run_jobs().await;
        for (_, second) in &seconds {
            assert_eq!(second.shown(&till).await["earlier"][0]["open"], 0, "it is closed");
        }
        server.later(359 * DAY).await;
        server.tick().await;
        assert_eq!(kept(server).await, 4);
        server.later(DAY).await;
        server.tick().await;
        assert_eq!(kept(server).await, 2);
        for (_, second) in &seconds {
            assert_eq!(second.shown(&till).await["earlier"], json!([]));
        }
    }

    async fn v8_2_what_is_to_go_back_from_a_merchant_that_is_forgotten_waits_for_a_person(server) {
        let till = Till::open(server).await;
        let customer = till.customer(PHONE).await;
        let [(_, second), _] = both(&till).await;
        let placed = till.recharged(&customer, "pay-00001", "native", 3_000).await;
        let number = till.number(&placed).await;
        second.become_it(&till).await;
        server.later(361 * DAY).await;
        server.tick().await;
        assert!(!till.networks.deliver(&till.networks.notice(&number)).await.status.is_success(), "nobody here could tell whether it is true");
        let cx = server.cx();
        let mut tx = cx.db.begin().await.unwrap();
        let order = payments::lock(&mut tx, id(&placed).parse().unwrap()).await.unwrap();
        payments::refund(&mut tx, &cx, &order, Fen::new(1_000), RefundReason::Unplayed).await.unwrap();
        tx.commit().await.unwrap();
        for _ in 0..3 {
            server.run_jobs().await;
            server.later(5 * MINUTE).await;
        }
        assert_eq!(till.refunds(&placed).await, [(1_000, "unplayed".to_owned(), "stuck".to_owned())]);
        assert_eq!(till.detail(&placed).await["refunds"][0]["problem"]["code"], "merchant_gone");
        assert_eq!((second.trades().len(), till.networks.trade(&number).refunded().fen()), (0, 0), "nobody else is asked for it");
    }

    async fn v8_2_a_refund_of_such_a_merchant_that_is_heard_of_after_midnight_agrees_on_both_days(server) {
        let till = Till::open(server).await;
        let customer = till.customer(PHONE).await;
        let seconds = both(&till).await;
        for (method, second) in &seconds {
            till.recharged(&customer, &format!("pay-1{method}"), method, 3_000).await;
            second.become_it(&till).await;
        }
        // A day later, in the last minute of it in Beijing, where it is four in the afternoon now: given back, and heard of in the next day's first.
        server.later(DAY + 7 * HOUR + 59 * MINUTE).await;
        till.networks.trouble(Troubles { asked: Asked::DoneAndSilent, ..Troubles::default() });
        customer.post_once("back-0001", "/customer/v1/refunds", json!({"amount_fen": 6_000})).await.ok(202);
        server.run_jobs().await;
        assert_eq!(wallet(&customer).await, (6_000, 6_000), "nothing was heard");
        till.networks.trouble(Troubles::default());
        server.later(2 * MINUTE).await;
        server.run_jobs().await;
        assert_eq!(wallet(&customer).await, (0, 0));
        for hours in [11, 24] {
            server.later(hours * HOUR).await;
            server.tick().await;
        }
        for (_, second) in &seconds {
            let [one, other] = second.numbers();
            let of = |back: i64| [(one.clone(), 0, back, 0), (other.clone(), 0, 0, 0)];
            assert_eq!(compared(&till, second.channel(), "2026-11-22").await, of(3_000));
            assert_eq!(compared(&till, second.channel(), "2026-11-23").await, of(0));
        }
        assert_eq!(till.waiting().await["differences"], 0);
    }

    async fn v8_2_a_merchant_that_was_set_by_mistake_is_forgotten_within_two_hours_and_another_has_secrets_of_its_own(server) {
        let till = Till::open(server).await;
        let seconds = both(&till).await;
        let public = |form: &Value| {
            let names = ["app_id", "merchant_id", "serial"];
            names.into_iter().filter(|name| !form[*name].is_null()).map(|name| (name.to_owned(), form[name].clone())).collect::<Value>()
        };
        for (_, second) in &seconds {
            let [first, other] = second.forms();
            // The secrets of who we are stay who we are.
            second.set(&till, public(&first)).await.ok(200);
            second.set(&till, public(&other)).await.refused_field("private_key", "REQUIRED");
            second.set(&till, public(&other)).await.refused_field("keys", "REQUIRED");
            assert_eq!(second.become_it(&till).await["earlier"], json!([]), "nobody has ever paid the first");
        }
        // Somebody may be just about to.
        server.later(30 * MINUTE).await;
        server.tick().await;
        assert_eq!(kept(server).await, 4);
        server.later(90 * MINUTE).await;
        server.tick().await;
        assert_eq!(kept(server).await, 2);
        for (_, second) in &seconds {
            let [first, _] = second.forms();
            second.set(&till, public(&first)).await.refused_field("private_key", "REQUIRED");
        }
    }

    async fn v8_2_who_becomes_a_merchant_again_is_it_with_what_was_kept(server) {
        let till = Till::open(server).await;
        let customer = till.customer(PHONE).await;
        for (method, second) in &both(&till).await {
            let [first, other] = second.numbers();
            let before = till.recharge(&customer, &format!("pay-1{method}"), method, 1_000).await;
            second.become_it(&till).await;
            let placed = till.recharge(&customer, &format!("pay-2{method}"), method, 2_000).await;
            let mut form = second.forms()[0].clone();
            for secret in ["private_key", "api_v3_key", "keys"] {
                form.as_object_mut().unwrap().remove(secret);
            }
            let set = second.set(&till, form).await.ok(200);
            let earlier: Vec<&Value> = set["earlier"].as_array().unwrap().iter().map(|one| &one["parameters"]["merchant_id"]).collect();
            assert_eq!((&set["parameters"]["merchant_id"], earlier), (&json!(first), vec![&json!(other)]), "{set}");
            let money = wallet(&customer).await.0;
            till.networks.paid(&till.number(&before).await).await;
            second.paid(&till, &till.number(&placed).await).await;
            till.recharged(&customer, &format!("pay-3{method}"), method, 4_000).await;
            assert_eq!(wallet(&customer).await, (money + 7_000, 0), "{method}");
        }
        assert_eq!(kept(server).await, 4);
    }

    async fn k12_1_what_makes_us_known_as_a_merchant_that_we_were_comes_under_another_master_key_too(server) {
        claim(server).await;
        let till = Till::open(server).await;
        let customer = till.customer(PHONE).await;
        let mut told = Vec::new();
        for (method, second) in &both(&till).await {
            let placed = till.recharge(&customer, &format!("pay-1{method}"), method, 1_000).await;
            second.become_it(&till).await;
            let number = till.number(&placed).await;
            assert!(till.networks.pay(&number).await);
            told.push((placed, till.networks.notice(&number)));
        }
        let before = till.root.get("/api/v1/payments/channels").await.ok(200);
        let next = &rekeyed(server, [43; 32]).await;
        // The lines of the log are under the other key, too.
        server.log_was_spoiled.store(true, Ordering::Relaxed);
        let root = next.session_of(till.root.id()).await;
        assert_eq!(root.get("/api/v1/payments/channels").await.ok(200), before);
        for (placed, notice) in &told {
            assert!(till.networks.deliver_to(next, notice).await.status.is_success());
            next.run_jobs().await;
            let detail = root.get(&format!("/api/v1/payments/orders/{}", id(placed))).await.ok(200);
            assert_eq!(detail["attempts"][0]["state"], "taken", "{detail}");
        }
    }
}
