//! What a hall offers, a table that is asked for, and what is said of play.

use kernel::{MINUTE, SECOND};
use sandbox::Trouble;
use serde_json::{Value, json};
use testkit::{Answer, Client, Hall, TestServer, floor_table};

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

/// Where somebody who plays asks for more, for a pause, or to end it.
pub fn at(of: &Value, verb: &str) -> String {
    format!("/customer/v1/sessions/{}/{verb}", id(of))
}

pub async fn offer(hall: &Hall<'_>, pause: i64, lit: bool, cleaning: i64) {
    let path = format!("/api/v1/venues/{}/offers", hall.id);
    let version = hall.manager.get(&path).await.ok(200)["version"].as_i64().unwrap();
    let offers = |version: i64| json!({"pause_minutes": pause, "pause_lit": lit, "cleaning_minutes": cleaning, "hold_minutes": 15, "version": version});
    let set = hall.manager.put(&path, offers(version)).await.ok(200);
    // As it was, it is left as it was.
    assert!(set == offers(version + 1) || set == offers(version), "{set}");
    assert_eq!(hall.manager.get(&path).await.ok(200), set);
}

/// Somebody has played for ten minutes and a half on the first of these tables, and may pause.
pub async fn played(server: &TestServer, tables: usize) -> (Hall<'_>, Client, Value) {
    let hall = Hall::open(server, tables).await;
    offer(&hall, 30, false, 0).await;
    let customer = hall.customer(10_000).await;
    let playing = hall.play(&customer, 0, 60).await;
    server.later(10 * MINUTE + 30 * SECOND).await;
    (hall, customer, playing)
}

/// All of a hall's lamps are so from now on, and are missed, or heard.
pub async fn are(hall: &Hall<'_>, trouble: Trouble, online: bool) {
    for table in &hall.tables {
        table.lamp.set(trouble);
    }
    hall.until(|floor| hall.tables.iter().all(|table| floor_table(floor, &table.id)["device"]["online"] == online)).await;
}
