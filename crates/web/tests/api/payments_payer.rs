//! Whose an order is, and for which table: what somebody has to know who pays a refund out by hand.

use kernel::MINUTE;
use sandbox::{Returned, Troubles};
use serde_json::{Value, json};
use testkit::{Client, Hall, on_server};

use crate::support::freeze::{self, close};
use crate::support::hold::number;
use crate::support::pay::{Till, id};

const PHONE: &str = "13800138000";

async fn payer(till: &Till<'_>, order: &str) -> Value {
    till.root.get(&format!("/api/v1/payments/orders/{order}/payer")).await.ok(200)
}

/// An hour at the hall's table, to be paid.
async fn book(till: &Till<'_>, customer: &Client, hall: &Hall<'_>, key: &str) -> Value {
    let table = json!({"table_id": hall.tables[0].id, "minutes": 60, "expected_fen": 3_600});
    let order = customer.post_once(key, "/customer/v1/orders", json!({"method": "h5", "table": table})).await.ok(201);
    till.networks.visit(&order).await;
    order
}

/// The table that it names, and whether something was played there, and is over.
fn table(of: &Value) -> (Value, Value, bool, bool) {
    let session = &of["table"]["session"];
    (of["table"]["venue_id"].clone(), of["table"]["table_id"].clone(), session["id"].is_string(), session["ended_at"].is_string())
}

on_server! {
    async fn v8_2_a_stuck_refund_says_whose_it_is_and_names_the_hall_and_the_table(server) {
        let till = Till::open(server).await;
        let hall = Hall::open(server, 1).await;
        let customer = till.customer(PHONE).await;
        let quicker = hall.customer(10_000).await;
        let placed = book(&till, &customer, &hall, "pay-00001").await;
        hall.play(&quicker, 0, 60).await;
        till.networks.trouble(Troubles { refunds: Returned::Refused, ..Troubles::default() });
        till.networks.paid(&till.number(&placed).await).await;
        for _ in 0..4 {
            server.run_jobs().await;
            server.later(5 * MINUTE).await;
        }
        let stuck = till.root.get("/api/v1/payments/refunds?state=stuck").await.ok(200)["items"][0].clone();
        let whose = payer(&till, stuck["order"].as_str().unwrap()).await;
        assert_eq!((whose["number"].clone(), whose["phone"].clone()), (json!(number(&customer).await), json!("138****8000")));
        assert_eq!((whose["table"]["venue_name"].clone(), whose["table"]["table_name"].clone()), (json!("旗舰店"), json!("1 号台")));
        assert_eq!(table(&whose), (json!(hall.id), json!(hall.tables[0].id), false, false), "somebody else was quicker");
        assert!(!whose.to_string().contains(PHONE));
        hall.manager.get(&format!("/api/v1/payments/orders/{}/payer", id(&placed))).await.refused(403, "FORBIDDEN");
    }

    async fn v4_1_an_order_for_a_table_names_what_was_played_and_one_for_the_wallet_no_table(server) {
        let till = Till::open(server).await;
        let hall = Hall::open(server, 1).await;
        let customer = till.customer(PHONE).await;
        let wallet = till.recharged(&customer, "pay-00001", "h5", 1_000).await;
        let whose = payer(&till, id(&wallet)).await;
        assert_eq!((whose["number"].clone(), whose["table"].clone()), (json!(number(&customer).await), json!(null)));

        let placed = book(&till, &customer, &hall, "pay-00002").await;
        assert_eq!(table(&payer(&till, id(&placed)).await), (json!(hall.id), json!(hall.tables[0].id), false, false), "nothing is paid yet");
        till.networks.paid(&till.number(&placed).await).await;
        hall.table_is(0, "playing").await;
        let playing = customer.get("/customer/v1/session").await.ok(200)["session"].clone();
        let whose = payer(&till, id(&placed)).await;
        assert_eq!((table(&whose).2, whose["table"]["session"]["id"].clone(), table(&whose).3), (true, playing["id"].clone(), false));
        close(server, &hall, &customer, 20).await;
        assert!(table(&payer(&till, id(&placed)).await).3);
        till.root.get("/api/v1/payments/orders/ord_00000000000000000000000000/payer").await.refused(404, "NOT_FOUND");
    }

    async fn v3_2_what_is_taken_of_frozen_money_names_the_table_for_which_it_was_frozen(server) {
        let (till, hall, customer) = freeze::open(server).await;
        let placed = freeze::ask(&customer, &hall.tables[0].id, "pay-00001").await.ok(201);
        till.networks.paid(&till.number(&placed).await).await;
        hall.table_is(0, "playing").await;
        close(server, &hall, &customer, 20).await;
        let orders = till.root.get("/api/v1/payments/orders").await.ok(200);
        let captured = orders["items"].as_array().unwrap().iter().find(|order| order["purpose"] == "captured").unwrap();
        assert_eq!(payer(&till, id(captured)).await, payer(&till, id(&placed)).await);
        assert_eq!(table(&payer(&till, id(captured)).await), (json!(hall.id), json!(hall.tables[0].id), true, true));
    }
}
