//! Holding a table, at the phone and at the desk.

use std::sync::atomic::{AtomicU32, Ordering};

use kernel::{MINUTE, SECOND, Timestamp};
use serde_json::{Value, json};
use testkit::{Answer, Client, Hall};

/// No two openings have the same key.
static OPENED: AtomicU32 = AtomicU32::new(0);

pub fn table(hall: &Hall<'_>, n: usize) -> String {
    format!("/customer/v1/tables/{}", hall.tables[n].id)
}

pub fn desk(hall: &Hall<'_>, n: usize, verb: &str) -> String {
    format!("/api/v1/tables/{}/{verb}", hall.tables[n].id)
}

pub async fn hold(customer: &Client, hall: &Hall<'_>, n: usize) -> Answer {
    customer.post(&format!("{}/hold", table(hall, n)), json!({})).await
}

pub async fn give_back(customer: &Client, hall: &Hall<'_>, n: usize) -> Answer {
    customer.post(&format!("{}/give-back", table(hall, n)), json!({})).await
}

pub async fn open(customer: &Client, hall: &Hall<'_>, n: usize) -> Answer {
    let key = format!("open-{:08}", OPENED.fetch_add(1, Ordering::Relaxed));
    customer.post_once(&key, &format!("{}/open", table(hall, n)), json!({"minutes": 60, "expected_fen": 3_600})).await
}

pub async fn held(customer: &Client) -> Vec<Value> {
    customer.get("/customer/v1/holds").await.ok(200)["items"].as_array().unwrap().clone()
}

pub fn at(of: &Value, name: &str) -> Timestamp {
    of[name].as_str().unwrap().parse().unwrap()
}

/// So many minutes from now. Each look at the clock is a moment.
pub fn is_ahead(until: Timestamp, now: Timestamp, minutes: i64) -> bool {
    (until.micros() - now.micros() - minutes * MINUTE).abs() < SECOND
}

/// What the customer tells at the desk.
pub async fn number(customer: &Client) -> String {
    customer.get("/customer/v1/me").await.ok(200)["number"].as_str().unwrap().to_owned()
}
