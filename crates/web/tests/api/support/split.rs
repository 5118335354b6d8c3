//! A table whose bill is shared.

use kernel::{MINUTE, SECOND};
use serde_json::{Value, json};
use testkit::{Answer, Client, Hall, TestServer};

use super::pay::{id, words};

/// Somebody with 100 yuan who plays, or has played, on the first table: 36 yuan an hour, an hour paid in advance.
pub struct Table {
    pub starter: Client,
    /// Of the session.
    pub path: String,
}

impl Table {
    pub async fn playing(hall: &Hall<'_>) -> Self {
        let starter = hall.customer(10_000).await;
        let session = hall.play(&starter, 0, 60).await;
        Self { starter, path: format!("/customer/v1/sessions/{}", id(&session)) }
    }

    /// For so many minutes; the bill is there.
    pub async fn played(server: &TestServer, hall: &Hall<'_>, minutes: i64) -> Self {
        let table = Self::playing(hall).await;
        // The last minute is begun, and not over.
        server.clock.step(minutes * MINUTE - 30 * SECOND);
        table.close().await;
        hall.table_is(0, "idle").await;
        table
    }

    pub async fn close(&self) -> Value {
        self.starter.post(&format!("{}/close", self.path), json!({})).await.ok(200)
    }
}

/// Whether the session's own page offers a split.
pub async fn is_offered(table: &Table) -> bool {
    table.starter.get(&table.path).await.ok(200)["can_split"].as_bool().unwrap()
}

pub fn people(count: i64, expected: i64) -> Value {
    json!({"people": count, "expected_fen": expected})
}

pub async fn make(table: &Table, key: &str, body: Value) -> Answer {
    table.starter.post_once(key, &format!("{}/split", table.path), body).await
}

/// What is in its link.
pub fn code(split: &Value) -> String {
    split["link"].as_str().unwrap().split("?split=").nth(1).unwrap().to_owned()
}

pub async fn join(who: &Client, split: &Value, place: Option<i64>) -> Answer {
    who.post(&format!("/customer/v1/split-codes/{}/join", code(split)), json!({"place": place})).await
}

pub async fn confirm(who: &Client, split: &Value, key: &str, at_most: i64) -> Answer {
    who.post_once(key, &format!("/customer/v1/splits/{}/confirm", id(split)), json!({"at_most_fen": at_most})).await
}

pub async fn confirmed(who: &Client, split: &Value, key: &str, at_most: i64) -> Value {
    confirm(who, split, key, at_most).await.ok(200)
}

pub async fn get(who: &Client, split: &Value) -> Value {
    who.get(&format!("/customer/v1/splits/{}", id(split))).await.ok(200)
}

pub fn states(split: &Value) -> Vec<String> {
    words(&split["shares"], "state")
}
