//! A table that is paid with what Alipay freezes, and what Alipay says of it.

use kernel::{MINUTE, SECOND};
use sandbox::Trade;
use serde_json::{Value, json};
use testkit::{Answer, Client, Hall, TestServer};

use super::pay::{Till, id, order};

const PHONE: &str = "13800138000";

pub async fn open(server: &TestServer) -> (Till<'_>, Hall<'_>, Client) {
    let till = Till::open(server).await;
    till.networks.freeze().await;
    let hall = Hall::open(server, 1).await;
    let customer = till.customer(PHONE).await;
    (till, hall, customer)
}

pub async fn ask(customer: &Client, table: &str, key: &str) -> Answer {
    let table = json!({"table_id": table, "minutes": 60, "expected_fen": 3_600});
    customer.post_once(key, "/customer/v1/orders", json!({"method": "freeze", "table": table})).await
}

pub async fn close(server: &TestServer, hall: &Hall<'_>, customer: &Client, minutes: i64) {
    let playing = customer.get("/customer/v1/session").await.ok(200)["session"].clone();
    server.later(minutes * MINUTE - 30 * SECOND).await;
    customer.post(&format!("/customer/v1/sessions/{}/close", id(&playing)), json!({})).await.ok(200);
    hall.table_is(0, "idle").await;
    server.run_jobs().await;
}

/// What Alipay has frozen, let go, and taken.
pub fn books(till: &Till<'_>) -> (i64, i64, Vec<i64>) {
    let trades = till.networks.alipay.trades();
    let frozen: Vec<&Trade> = trades.iter().filter(|trade| trade.is_frozen() && trade.paid_at.is_some()).collect();
    let taken = trades.iter().filter(|trade| trade.is_taken()).map(|trade| trade.amount.fen()).collect();
    (frozen.iter().map(|trade| trade.amount.fen()).sum(), frozen.iter().map(|trade| trade.refunded().fen()).sum(), taken)
}

pub async fn with_order(customer: &Client, placed: &Value) -> (Value, Value, Value) {
    let order = order(customer, placed).await;
    (order["state"].clone(), order["refunded_fen"].clone(), order["captured_fen"].clone())
}
