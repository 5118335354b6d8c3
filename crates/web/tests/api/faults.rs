//! A fault of ours: its asker is told a code and the request's id, and nothing of what is inside. That the log tells the rest is in
//! the binary's own tests.

use std::collections::BTreeSet;

use serde_json::json;
use store::args;
use testkit::{TestServer, on_server};

async fn rename(server: &TestServer, from: &str, to: &str) {
    let mut tx = server.platform.db.begin().await.unwrap();
    tx.exec(&format!("ALTER TABLE {from} RENAME TO {to}"), args![]).await.unwrap();
    tx.commit().await.unwrap();
}

on_server! {
    async fn a_fault_of_ours_tells_nothing_of_what_is_inside(server) {
        let ask = json!({"kind": "work"});
        rename(server, "captchas", "elsewhere").await;
        for language in ["zh-CN", "en"] {
            let answer = server.visitor().with("accept-language", language).post("/api/v1/captchas", ask.clone()).await;
            let text = answer.text().to_lowercase();
            for inside in ["captcha", "relation", "table", "insert", "select", "sql", "postgres", ".rs", "panic"] {
                assert!(!text.contains(inside), "{inside}: {text}");
            }
            let id = answer.headers["x-request-id"].to_str().unwrap().to_owned();
            let problem = answer.refused(500, "INTERNAL");
            assert_eq!(problem["request_id"], id.as_str());
            let names: BTreeSet<&str> = problem.as_object().unwrap().keys().map(String::as_str).collect();
            assert_eq!(names, BTreeSet::from(["type", "title", "status", "code", "request_id"]));
        }
        rename(server, "elsewhere", "captchas").await;
        server.visitor().post("/api/v1/captchas", ask).await.ok(200);
    }
}
