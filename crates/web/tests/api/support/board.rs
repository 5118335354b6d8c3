//! Lights on a relay board, which is asked in rounds.

use kernel::SECOND;
use serde_json::Value;
use testkit::{Hall, TestServer, floor_table};

pub const ROUND: i64 = 10 * SECOND;

/// The next round of questions.
pub async fn round(server: &TestServer) {
    server.clock.step(ROUND);
    server.tick().await;
}

pub async fn device(hall: &Hall<'_>, table: &str) -> Value {
    floor_table(&hall.floor().await, table)["device"].clone()
}

/// What the device log says, newest first.
pub async fn logged(hall: &Hall<'_>, device: &str) -> Vec<String> {
    let log = hall.manager.get(&format!("/api/v1/devices/{device}/log")).await.ok(200);
    log["items"].as_array().unwrap().iter().map(|line| line["what"].as_str().unwrap().to_owned()).collect()
}
