//! A table that is asked for, and what is said of play.

use serde_json::{Value, json};
use testkit::{Answer, Client, Hall};

use super::pay::id;

pub async fn session(customer: &Client, of: &Value) -> Value {
    customer.get(&format!("/customer/v1/sessions/{}", id(of))).await.ok(200)
}

/// Opens without waiting for the light.
pub async fn ask(customer: &Client, hall: &Hall<'_>, n: usize, key: &str) -> Answer {
    let table = &hall.tables[n].id;
    let view = customer.get(&format!("/customer/v1/tables/{table}")).await.ok(200);
    let price = view["quotes"][1]["price_fen"].clone();
    customer.post_once(key, &format!("/customer/v1/tables/{table}/open"), json!({"minutes": 60, "expected_fen": price})).await
}
