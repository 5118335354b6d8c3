//! Tables that are opened at the desk, and the cash that changes hands there.

use serde_json::{Value, json};
use testkit::{Answer, Client, Hall};

use super::hold::desk;
use super::pay::id;

pub const FIND: &str = "/api/v1/customers/find";

/// An hour, which is 36 yuan, for somebody or a walk-in, who hands over so much.
pub fn hour(customer: Option<&str>, cash: i64) -> Value {
    let mut ask = json!({"minutes": 60, "expected_fen": 3_600, "cash_fen": cash});
    if let Some(customer) = customer {
        ask["customer"] = json!(customer);
    }
    ask
}

pub async fn open_by(who: &Client, hall: &Hall<'_>, n: usize, key: &str, ask: Value) -> Answer {
    who.post_once(key, &desk(hall, n, "desk-open"), ask).await
}

pub async fn open(hall: &Hall<'_>, n: usize, key: &str, ask: Value) -> Answer {
    open_by(&hall.manager, hall, n, key, ask).await
}

/// The same, once its light is on.
pub async fn opened_by(who: &Client, hall: &Hall<'_>, n: usize, key: &str, ask: Value) -> Value {
    let play = open_by(who, hall, n, key, ask).await.ok(202);
    hall.table_is(n, "playing").await;
    play
}

pub async fn opened(hall: &Hall<'_>, n: usize, key: &str, ask: Value) -> Value {
    opened_by(&hall.manager, hall, n, key, ask).await
}

/// Ended by one of the staff, and what it has cost.
pub async fn close_by(who: &Client, hall: &Hall<'_>, n: usize) -> i64 {
    let closed = who.post(&desk(hall, n, "close"), json!({"why": "客人离开"})).await.ok(200);
    hall.table_is(n, "idle").await;
    closed["bill"]["total_fen"].as_i64().unwrap()
}

pub fn at(play: &Value, rest: &str) -> String {
    format!("/api/v1/desk-plays/{}{rest}", id(&play["session"]))
}

/// How it stands by now, and what is available in the wallet.
pub async fn stands(hall: &Hall<'_>, play: &Value) -> (Value, i64) {
    let now = hall.manager.get(&at(play, "")).await.ok(200);
    (now["session"].clone(), now["customer"]["available_fen"].as_i64().unwrap())
}

/// What was taken at the desk today, and paid out.
pub async fn drawer(hall: &Hall<'_>) -> (i64, i64) {
    let total = hall.manager.get("/api/v1/cash").await.ok(200)["total"].clone();
    (total["taken_fen"].as_i64().unwrap(), total["paid_out_fen"].as_i64().unwrap())
}

/// Cash over the counter, in (`recharge`) or out (`payout`), by the number of whoever was opened for.
pub async fn cash_by(who: &Client, hall: &Hall<'_>, play: &Value, way: &str, key: &str, fen: i64) -> Answer {
    let cash = json!({"venue_id": hall.id, "number": play["customer"]["number"], "amount_fen": fen});
    who.post_once(key, &format!("/api/v1/customers/{way}"), cash).await
}

pub async fn pay_out(hall: &Hall<'_>, play: &Value, key: &str, fen: i64) -> Answer {
    cash_by(&hall.manager, hall, play, "payout", key, fen).await
}
