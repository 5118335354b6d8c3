//! The statements that pages take.

use std::collections::BTreeSet;

use store::Value;
use testkit::{Client, TestServer, unbounded};

/// What was asked of the database.
#[derive(Default)]
pub struct Seen {
    pub texts: BTreeSet<String>,
    /// Each text once, with values of its first time.
    pub statements: Vec<(String, Vec<Value>)>,
    pub wrong: Vec<String>,
}

impl Seen {
    /// Asks for a page and reads the plans of what that took.
    pub async fn look(&mut self, server: &TestServer, who: &Client, address: &str) {
        let db = &server.platform.db;
        db.recorded();
        let answer = who.get(address).await;
        let status = answer.status.as_u16();
        assert!([200, 403].contains(&status), "{address}: {status} {}", answer.text());
        for (sql, args) in db.recorded() {
            if self.texts.insert(sql.clone()) {
                let why = unbounded(db, &sql, args.clone()).await;
                self.wrong.extend(why.into_iter().map(|why| format!("{address}: {why}\n    {sql}")));
                self.statements.push((sql, args));
            }
        }
    }
}
