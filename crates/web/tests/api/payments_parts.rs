//! Money goes back in parts, of which networks take no more than fifty of a payment: the last is all that is left of it.

use kernel::{DAY, MINUTE, SECOND};
use serde_json::{Value, json};
use testkit::{Answer, Client, Hall, on_server};

use crate::support::pay::{Till, id, wallet};

const PHONE: &str = "13800138000";

async fn back(customer: &Client, key: &str, fen: i64) -> Answer {
    customer.post_once(key, "/customer/v1/refunds", json!({"amount_fen": fen})).await
}

/// So many times a fen.
async fn fens(customer: &Client, key: &str, times: usize) {
    for n in 0..times {
        back(customer, &format!("{key}-{n:04}"), 1).await.ok(202);
    }
}

/// All that can go back, and up to which any amount can.
async fn can(customer: &Client) -> (i64, i64) {
    let said = customer.get("/customer/v1/refundable").await.ok(200);
    (said["amount_fen"].as_i64().unwrap(), said["freely_fen"].as_i64().unwrap())
}

on_server! {
    async fn v4_1_an_order_goes_back_in_fifty_parts_at_most_and_the_last_of_them_is_all_that_is_left(server) {
        let till = Till::open(server).await;
        let customer = till.customer(PHONE).await;
        let first = till.recharged(&customer, "pay-00001", "h5", 3_000).await;
        assert_eq!(can(&customer).await, (3_000, 3_000));
        fens(&customer, "one", 49).await;
        server.run_jobs().await;
        assert_eq!(can(&customer).await, (2_951, 0));
        back(&customer, "part-9001", 1).await.refused(409, "REFUND_ALL_AT_ONCE");
        back(&customer, "part-9002", 2_952).await.refused(409, "MORE_THAN_PAID");
        // Of what is paid since any part can go, and the last of the other with it.
        server.later(MINUTE).await;
        let second = till.recharged(&customer, "pay-00002", "native", 2_000).await;
        assert_eq!(can(&customer).await, (4_951, 2_000));
        back(&customer, "part-9003", 500).await.ok(202);
        back(&customer, "part-9004", 2_000).await.refused(409, "REFUND_ALL_AT_ONCE");
        back(&customer, "part-9005", 3_000).await.ok(202);
        server.run_jobs().await;
        assert_eq!((can(&customer).await, wallet(&customer).await), ((1_451, 1_451), (1_451, 0)));
        let sent = async |order: &Value| till.refunds(order).await.into_iter().map(|(fen, _, state)| (fen, state)).collect::<Vec<_>>();
        let done = |fen: i64| (fen, "done".to_owned());
        assert_eq!((sent(&first).await.last().cloned(), sent(&second).await), (Some(done(2_951)), vec![done(500), done(49)]));
        let trade = till.networks.trade(&till.number(&first).await);
        assert_eq!((trade.refunds.len(), trade.refunded().fen(), till.waiting().await["refunds"].clone()), (50, 3_000, json!(0)));
    }

    async fn v4_1_whatever_somebody_has_sent_back_while_playing_what_is_not_played_goes_back_too(server) {
        let till = Till::open(server).await;
        let hall = Hall::open(server, 1).await;
        let customer = till.customer(PHONE).await;
        till.recharged(&customer, "pay-00001", "h5", 1_000).await;
        server.later(MINUTE).await;
        let table = json!({"table_id": hall.tables[0].id, "minutes": 60, "expected_fen": 3_600});
        let placed = customer.post_once("pay-00002", "/customer/v1/orders", json!({"method": "h5", "table": table})).await.ok(201);
        till.networks.paid(&till.number(&placed).await).await;
        hall.table_is(0, "playing").await;
        // Of the newest order, which is the table's: but one part of it is kept.
        fens(&customer, "one", 48).await;
        assert_eq!((till.refunds(&placed).await.len(), can(&customer).await), (48, (952, 952)));
        back(&customer, "part-9001", 2).await.ok(202);
        assert_eq!(till.refunds(&placed).await.len(), 48, "it is taken of the other");
        let playing = customer.get("/customer/v1/session").await.ok(200)["session"].clone();
        server.later(19 * MINUTE + 30 * SECOND).await;
        customer.post(&format!("/customer/v1/sessions/{}/close", id(&playing)), json!({})).await.ok(200);
        hall.table_is(0, "idle").await;
        server.run_jobs().await;
        assert_eq!(till.refunds(&placed).await.last(), Some(&(2_400, "unplayed".to_owned(), "done".to_owned())));
        let trade = till.networks.trade(&till.number(&placed).await);
        assert_eq!((trade.refunds.len(), trade.refunded().fen(), wallet(&customer).await), (49, 2_448, (950, 0)));
    }

    async fn v4_1_nobody_has_money_sent_back_without_end_in_a_day(server) {
        let till = Till::open(server).await;
        let customer = till.customer(PHONE).await;
        let other = till.customer("13900139000").await;
        till.recharged(&other, "pay-00001", "h5", 1_000).await;
        for n in 0..3 {
            till.recharged(&customer, &format!("pay-{n:05}"), "native", 1_000).await;
        }
        // What is refused is not counted.
        back(&customer, "much-0001", 3_001).await.refused(409, "MORE_THAN_PAID");
        fens(&customer, "one", 100).await;
        back(&customer, "more-0001", 1).await.refused(429, "RATE_LIMITED");
        back(&customer, "one-0000", 1).await.ok(202);
        back(&other, "more-0001", 1).await.ok(202);
        server.run_jobs().await;
        assert_eq!((wallet(&customer).await, wallet(&other).await), ((2_900, 0), (999, 0)));
        server.later(DAY).await;
        back(&customer, "more-0001", 1).await.ok(202);
    }
}
