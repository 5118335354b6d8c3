//! Refunds that a network has made and nobody has heard of, until they stand in its bill of the day.

use kernel::{DAY, HOUR};
use sandbox::{Asked, Returned, Troubles};
use serde_json::{Value, json};
use store::args;
use testkit::{Client, TestServer, on_server};

use crate::support::pay::{Till, id, told, wallet, words};

/// A way to pay of each network, who pays by it, and what the network is called.
const BOTH: [(&str, &str, &str); 2] = [("h5", "13800138000", "wechat"), ("wap", "13900139000", "alipay")];

/// A refund of ten yuan out of thirty that the network makes, and nobody hears of: then it is away for 26 hours. What was made in the afternoon, in
/// Beijing, is in yesterday's bill by then.
async fn made_unheard(till: &Till<'_>, customer: &Client, method: &str) -> Value {
    let placed = till.recharged(customer, "pay-00001", method, 3_000).await;
    till.networks.trouble(Troubles { asked: Asked::DoneAndSilent, ..Troubles::default() });
    customer.post_once("back-0001", "/customer/v1/refunds", json!({"amount_fen": 1_000})).await.ok(202);
    till.server.run_jobs().await;
    till.networks.trouble(Troubles { asked: Asked::Down, ..Troubles::default() });
    for _ in 0..26 {
        till.server.later(HOUR).await;
        till.server.run_jobs().await;
    }
    assert_eq!((till.refunds(&placed).await[0].2.as_str(), wallet(customer).await), ("stuck", (3_000, 1_000)));
    placed
}

/// What of the days that were compared did not agree: which network's, and how.
async fn differences(till: &Till<'_>) -> Vec<(String, String)> {
    let all = till.root.get("/api/v1/payments/reconciliation").await.ok(200)["differences"].clone();
    words(&all, "channel").into_iter().zip(words(&all, "kind")).collect()
}

async fn another_amount(server: &TestServer, by: i64) {
    let mut tx = server.platform.db.begin().await.unwrap();
    tx.exec("UPDATE pay_refunds SET amount = amount + $1", args![by]).await.unwrap();
    tx.commit().await.unwrap();
}

on_server! {
    async fn v8_2_a_refund_that_is_stuck_and_stands_in_the_networks_bill_is_made(server) {
        let till = Till::open(server).await;
        for (method, phone, _) in BOTH {
            let customer = till.customer(phone).await;
            let placed = made_unheard(&till, &customer, method).await;
            // The network is back, and yesterday's bill is there.
            till.networks.trouble(Troubles::default());
            server.tick().await;
            assert_eq!((till.refunds(&placed).await[0].2.as_str(), wallet(&customer).await), ("done", (2_000, 0)), "{method}");
            assert_eq!((till.waiting().await["refunds"].clone(), told(&customer).await[0].as_str()), (json!(0), "pay.refunded"));
            // Nor is it missed in the bill of the day on which we heard of it.
            for _ in 0..2 {
                server.later(DAY).await;
                server.tick().await;
            }
            let found = differences(&till).await;
            assert!(found.is_empty(), "{found:?}");
        }
    }

    async fn k12_1_a_refund_in_a_bill_of_which_its_network_says_otherwise_is_not_made_and_the_day_shows_it(server) {
        let till = Till::open(server).await;
        let customer = till.customer("13900139000").await;
        let placed = till.recharged(&customer, "pay-00001", "wap", 3_000).await;
        till.networks.trouble(Troubles { asked: Asked::BillsForged, refunds: Returned::Pending, ..Troubles::default() });
        customer.post_once("back-0001", "/customer/v1/refunds", json!({"amount_fen": 1_000})).await.ok(202);
        server.run_jobs().await;
        server.later(20 * HOUR).await;
        server.tick().await;
        assert_eq!((till.refunds(&placed).await[0].2.as_str(), wallet(&customer).await), ("asked", (3_000, 1_000)));
        assert_eq!(differences(&till).await, [("alipay".to_owned(), "not_here".to_owned())]);
        assert_eq!(server.told(till.root.id()).await, ["pay.day_differs"]);
        // It is made after all, and agrees with the bill of the day on which it is.
        till.networks.trouble(Troubles::default());
        server.later(HOUR).await;
        server.run_jobs().await;
        assert_eq!((till.refunds(&placed).await[0].2.as_str(), wallet(&customer).await), ("done", (2_000, 0)));
        for _ in 0..2 {
            server.later(DAY).await;
            server.tick().await;
        }
        assert_eq!(differences(&till).await.len(), 1);
    }

    async fn v8_2_a_stuck_refund_of_another_amount_than_the_bill_has_stays_a_persons_to_look_at(server) {
        let till = Till::open(server).await;
        for (method, phone, channel) in BOTH {
            let customer = till.customer(phone).await;
            let placed = made_unheard(&till, &customer, method).await;
            till.networks.trouble(Troubles::default());
            another_amount(server, 1).await;
            server.tick().await;
            another_amount(server, -1).await;
            assert_eq!((till.refunds(&placed).await[0].2.as_str(), wallet(&customer).await), ("stuck", (3_000, 1_000)), "{method}");
            assert_eq!(differences(&till).await[0], (channel.to_owned(), "amount".to_owned()));
            // As it is: tried again, the network has made it.
            let refund = till.detail(&placed).await["refunds"][0].clone();
            let path = format!("/api/v1/payments/refunds/{}/remedy", id(&refund));
            till.root.post(&path, json!({"remedy": "retry", "note": ""})).await.ok(200);
            server.run_jobs().await;
            assert_eq!(wallet(&customer).await, (2_000, 0));
        }
    }

    async fn v8_2_a_refund_that_was_put_right_by_hand_and_stands_in_the_bill_has_come_twice_and_is_told(server) {
        let till = Till::open(server).await;
        for (n, (method, phone, channel)) in BOTH.into_iter().enumerate() {
            let customer = till.customer(phone).await;
            let placed = made_unheard(&till, &customer, method).await;
            let refund = till.detail(&placed).await["refunds"][0].clone();
            let path = format!("/api/v1/payments/refunds/{}/remedy", id(&refund));
            // Its network is away, and does not say that it is made.
            till.root.post(&path, json!({"remedy": "paid_out", "note": "现金"})).await.ok(200);
            till.networks.trouble(Troubles::default());
            server.tick().await;
            assert_eq!(wallet(&customer).await, (2_000, 0), "{method}");
            let problem = till.detail(&placed).await["attempts"][0]["problem"].clone();
            assert_eq!((&problem["code"], &problem["number"]), (&json!("refunded_twice"), &refund["number"]));
            assert_eq!(till.waiting().await["payments"], json!(n + 1));
            assert_eq!(differences(&till).await[0], (channel.to_owned(), "not_here".to_owned()));
        }
    }
}
