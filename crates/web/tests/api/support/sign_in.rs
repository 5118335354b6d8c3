//! Tries to sign in, and what is kept of them.

use serde_json::{Value, json};
use store::{Sql, args};
use testkit::{Answer, Client, TestServer};

pub async fn attempt(visitor: &Client, name: &str, password: &str) -> Answer {
    visitor.post("/api/v1/session", json!({"name": name, "password": password})).await
}

pub async fn attempt_with(visitor: &Client, name: &str, password: &str, captcha: Value) -> Answer {
    visitor.post("/api/v1/session", json!({"name": name, "password": password, "captcha": captcha})).await
}

/// The sign-in log of a name, oldest first.
pub async fn log(server: &TestServer, name: &str) -> Vec<String> {
    let sql = "SELECT result FROM sign_ins WHERE name = $1 ORDER BY id";
    server.platform.db.read().all(sql, args![name], |row| row.get("result")).await.unwrap()
}

/// Failures in a row, and whether the account is locked.
pub async fn record(server: &TestServer, user: &Client) -> (i64, bool) {
    let sql = "SELECT COALESCE(t.failures, 0) AS failures, t.locked_until FROM users u LEFT JOIN name_tries t ON t.name_hash = u.name_hash WHERE u.id = $1";
    let read = |row: &store::Row| Ok((row.get::<i64>("failures")?, row.get::<Option<i64>>("locked_until")?.is_some()));
    server.platform.db.read().one(sql, args![user.id()], read).await.unwrap()
}

/// As if so many had been counted already of the one subject that there is.
pub async fn spend(server: &TestServer, allowance: &str, used: i64) {
    let mut tx = server.platform.db.begin().await.unwrap();
    let sql = "UPDATE allowances SET used = $1 WHERE subject LIKE $2";
    assert_eq!(tx.exec(sql, args![used, format!("{allowance} %")]).await.unwrap(), 1, "{allowance}");
    tx.commit().await.unwrap();
}
