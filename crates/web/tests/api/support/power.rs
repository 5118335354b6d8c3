//! Lights that are watched by the power that they draw.

use kernel::Timestamp;
use serde_json::{Value, json};
use testkit::{Hall, TestServer, floor_table};

pub async fn watch(hall: &Hall<'_>, n: usize, least: i64) {
    let device = &hall.tables[n].device;
    let watched = hall.manager.put(&format!("/api/v1/devices/{device}/watch"), json!({"least_watts": least})).await.ok(200);
    assert_eq!(watched["draw"]["least_watts"], least);
}

pub async fn draw(hall: &Hall<'_>, n: usize) -> Value {
    floor_table(&hall.floor().await, &hall.tables[n].id)["device"]["draw"].clone()
}

/// So much time passes; then lights are asked what they draw, and it says so. Nothing of it is on its way before or after.
pub async fn asked_after(server: &TestServer, hall: &Hall<'_>, n: usize, micros: i64, milliwatts: i64) {
    server.later(micros).await;
    let asked = server.clock.now();
    server.tick().await;
    server.settles().await;
    let draw = draw(hall, n).await;
    let heard: Timestamp = draw["at"].as_str().expect("it has said something").parse().expect("a time");
    assert!(heard >= asked && draw["milliwatts"] == milliwatts, "{draw}");
}

/// What the device log says, newest first: who, what and why.
pub async fn logged(hall: &Hall<'_>, n: usize) -> Vec<(String, String, String)> {
    let lines = hall.manager.get(&format!("/api/v1/devices/{}/log", hall.tables[n].device)).await.ok(200);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    lines["items"].as_array().unwrap().iter().map(|line| (text(&line["who"]), text(&line["what"]), text(&line["why"]))).collect()
}

pub fn line(who: &str, what: &str, why: &str) -> (String, String, String) {
    (who.into(), what.into(), why.into())
}
