//! K3.1c: keys leave as a file.

use std::collections::BTreeSet;

use kernel::SECOND;
use platform::identity::Role;
use serde_json::{Value, json};
use store::{Sql, args};
use testkit::{Client, Engine, TestServer, on_server};

use crate::support::shop;

async fn link(user: &Client, body: Value) -> String {
    let link = user.post("/api/v1/exports/keys", body).await.ok(200);
    link["url"].as_str().unwrap().to_owned()
}

async fn export(user: &Client, body: Value) -> Vec<u8> {
    let file = user.get(&link(user, body).await).await;
    assert_eq!(file.status, 200, "{}", file.text());
    assert!(file.headers["content-disposition"].to_str().unwrap().starts_with("attachment"));
    file.bytes
}

/// The link is asked for at one process and fetched at another.
async fn at_another_process(engine: Engine) {
    let server = TestServer::start(engine).await;
    let shop = shop(&server).await;
    let keys = shop.keys(3, "day", 30).await;
    let url = link(&shop.agent, json!({"filter": {}, "format": "csv", "columns": ["key"]})).await;
    let (token, now) = (shop.agent.token().unwrap().to_owned(), server.clock.now());
    drop(shop);
    let other = TestServer::on(server.test_db).await;
    other.clock.step(now.micros() - other.clock.now().micros() + 30 * SECOND);
    let file = other.visitor().with_token(&token).get(&url).await;
    assert_eq!(file.status, 200, "{}", file.text());
    let text = file.text();
    assert_eq!(text.lines().skip(1).collect::<BTreeSet<_>>(), keys.iter().map(String::as_str).collect::<BTreeSet<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn k3_1c_a_link_is_good_at_another_process_sqlite() {
    at_another_process(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn k3_1c_a_link_is_good_at_another_process_postgres() {
    at_another_process(Engine::Postgres).await;
}

on_server! {
    async fn k3_1c_as_many_keys_as_can_be_ticked_are_fetched_by_a_link_that_any_server_takes(server) {
        let shop = shop(server).await;
        let batch = shop.batch(1_001, "day", 30).await;
        let (mut keys, mut cursor) = (Vec::new(), String::new());
        loop {
            let url = format!("/api/v1/keys?limit=200&batch={}&cursor={cursor}", batch["id"].as_str().unwrap());
            let page = shop.agent.get(&url).await.ok(200);
            keys.extend(page["items"].as_array().unwrap().iter().cloned());
            match page["next_cursor"].as_str() { Some(next) => cursor = next.to_owned(), None => break }
        }
        assert_eq!(keys.len(), 1_001);
        let ask = |keys: &[Value]| {
            let ids: Vec<&Value> = keys.iter().map(|key| &key["id"]).collect();
            json!({"ids": ids, "format": "csv", "columns": ["key"]})
        };
        shop.agent.post("/api/v1/exports/keys", ask(&keys)).await.refused_field("ids", "OUT_OF_RANGE");
        let ticked = &keys[..1_000];
        let url = link(&shop.agent, ask(ticked)).await;
        assert!(url.len() < 100, "{url}");
        let file = shop.agent.get(&url).await;
        assert_eq!(file.status, 200, "{}", file.text());
        let text = file.text();
        let rows: Vec<&str> = text.lines().skip(1).collect();
        assert_eq!(rows.len(), 1_000);
        let due: BTreeSet<&str> = ticked.iter().map(|key| key["key"].as_str().unwrap()).collect();
        assert_eq!(rows.into_iter().collect::<BTreeSet<_>>(), due);
    }

    async fn k3_1c_the_newest_twenty_links_of_a_user_are_good_until_they_are_over(server) {
        let shop = shop(server).await;
        shop.keys(2, "day", 30).await;
        let ask = || json!({"filter": {}, "format": "csv", "columns": ["key"]});
        let others = link(&shop.root, ask()).await;
        let mut links = Vec::new();
        for _ in 0..22 {
            links.push(link(&shop.agent, ask()).await);
        }
        for (n, url) in links.iter().enumerate() {
            let file = shop.agent.get(url).await;
            if n < 2 {
                file.refused(404, "EXPORT_LINK_EXPIRED");
            } else {
                assert_eq!((file.status.as_u16(), file.text().lines().count()), (200, 3), "{n}");
            }
        }
        assert_eq!(shop.root.get(&others).await.status, 200, "others have theirs");
        let at_once: Vec<_> = (0..30).map(|_| {
            let (agent, body) = (shop.agent.clone(), ask());
            tokio::spawn(async move { agent.post("/api/v1/exports/keys", body).await.status.as_u16() })
        }).collect();
        for status in at_once {
            let status = status.await.unwrap();
            assert!([200, 429].contains(&status), "{status}");
        }
        let kept = async || -> i64 {
            server.platform.db.read().one("SELECT CAST(COUNT(*) AS BIGINT) AS n FROM exports", args![], |row| row.get("n")).await.unwrap()
        };
        assert_eq!(kept().await, 21, "twenty of one and one of the other");
        server.clock.step(61 * SECOND);
        server.tick().await;
        assert_eq!(kept().await, 0);
    }

    async fn k3_1c_exports_hold_exactly_what_was_chosen(server) {
        let shop = shop(server).await;
        let keys = shop.keys(5, "day", 30).await;
        let other = shop.batch(3, "minute", 5).await;
        shop.program.verify(&keys[0], "=cmd|' /C calc'!A0").await.ok(200);
        let first = shop.id_of(&keys[0]).await;

        let ticked = String::from_utf8(export(&shop.agent, json!({"ids": [first], "format": "csv"})).await).unwrap();
        assert!(ticked.starts_with('\u{feff}'));
        assert_eq!(ticked.lines().count(), 2);
        assert!(ticked.contains(&keys[0]) && ticked.contains("'=cmd|"), "formulas are neutralised: {ticked}");
        let batch = String::from_utf8(export(&shop.agent, json!({"batch": other["id"], "format": "csv", "columns": ["key", "validity"]})).await).unwrap();
        assert_eq!(batch.lines().count(), 4);
        assert!(batch.lines().nth(1).unwrap().ends_with(",5 分钟"), "{batch}");
        let filtered = export(&shop.agent, json!({"filter": {"state": "unused"}, "format": "csv", "columns": ["key"]})).await;
        assert_eq!(String::from_utf8(filtered).unwrap().lines().count(), 8);
        let book = export(&shop.agent, json!({"filter": {}, "format": "xlsx"})).await;
        assert!(book.starts_with(b"PK") && book.len() > 1_000);

        shop.agent.post("/api/v1/exports/keys", json!({"format": "csv"})).await.refused_field("ids", "ONE_SELECTION");
        let twice = json!({"format": "csv", "filter": {}, "columns": ["key", "state", "key"]});
        shop.agent.post("/api/v1/exports/keys", twice).await.refused_field("columns", "TWICE");
        shop.agent.post("/api/v1/exports/keys", json!({"format": "csv", "ids": [], })).await.refused_field("ids", "OUT_OF_RANGE");
        shop.agent.post("/api/v1/exports/keys", json!({"format": "pdf", "filter": {}})).await.refused(422, "INVALID");
        let link = shop.agent.post("/api/v1/exports/keys", json!({"format": "csv", "filter": {}})).await.ok(200);
        let url = link["url"].as_str().unwrap();
        let stranger = server.user(Role::Agent, "mallory").await;
        stranger.get(url).await.refused(404, "EXPORT_LINK_EXPIRED");
        server.visitor().get(url).await.refused(401, "SIGN_IN_REQUIRED");
        shop.agent.get("/api/v1/exports/guess").await.refused(404, "EXPORT_LINK_EXPIRED");
        server.clock.step(61 * SECOND);
        shop.agent.get(url).await.refused(404, "EXPORT_LINK_EXPIRED");
        assert_eq!(String::from_utf8(export(&stranger, json!({"filter": {}, "format": "csv"})).await).unwrap().lines().count(), 1, "nothing of others");
    }

    async fn k3_1c_a_download_ends_when_its_session_does(server) {
        const KEYS: usize = 12_000;
        let shop = shop(server).await;
        shop.batch(12_000, "hour", 1).await;
        server.run_jobs().await;
        let begun = async |user: &Client| {
            let link = user.post("/api/v1/exports/keys", json!({"filter": {}, "format": "csv", "columns": ["key"]})).await.ok(200);
            user.live(link["url"].as_str().unwrap()).await
        };
        let lines = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap().lines().count();
        // Of the same user, so that each must end by its own session.
        let agent = server.again(&shop.agent).await;
        let (stays, signed_out) = (begun(&shop.agent).await, begun(&agent).await);
        agent.delete("/api/v1/session").await.ok(204);
        let (bytes, whole) = signed_out.rest().await;
        // What was read ahead of whoever takes it comes still, and no more than that.
        assert!(!whole && lines(bytes) <= 1 + 2 * 2_000);
        let (bytes, whole) = stays.rest().await;
        assert_eq!((whole, lines(bytes)), (true, 1 + KEYS));

        let stopped = begun(&shop.agent).await;
        shop.root.post(&format!("/api/v1/users/{}/disable", shop.agent.id()), json!({})).await.ok(200);
        let (bytes, whole) = stopped.rest().await;
        assert!(!whole && lines(bytes) <= 1 + 2 * 2_000, "whoever is disabled takes no more keys along");
        // And with the session the link.
        shop.agent.post("/api/v1/exports/keys", json!({"filter": {}, "format": "csv"})).await.refused(401, "SESSION_INVALID");
    }

    async fn k3_1c_a_user_has_three_downloads_at_once_and_the_next_when_one_has_ended(server) {
        let shop = shop(server).await;
        shop.keys(5, "day", 30).await;
        let ask = |format: &str| json!({"filter": {}, "format": format});
        let mut open = Vec::new();
        for format in ["csv", "xlsx", "csv"] {
            let link = shop.agent.post("/api/v1/exports/keys", ask(format)).await.ok(200);
            open.push(shop.agent.live(link["url"].as_str().unwrap()).await);
        }
        let refused = shop.agent.post("/api/v1/exports/keys", ask("csv")).await.refused(429, "TOO_MANY_EXPORTS");
        assert_eq!(refused["retry_after_seconds"], 10);
        let others = export(&shop.root, ask("csv")).await;
        assert_eq!(String::from_utf8(others).unwrap().lines().count(), 6, "others have theirs");
        open.pop();
        export(&shop.agent, ask("xlsx")).await;
        export(&shop.agent, ask("csv")).await;
    }
}
