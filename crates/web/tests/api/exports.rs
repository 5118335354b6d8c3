//! K3.1c: keys leave as a file.

use platform::identity::Role;
use serde_json::{Value, json};
use testkit::{Client, on_server};

use crate::support::shop;

async fn export(user: &Client, body: Value) -> Vec<u8> {
    let link = user.post("/api/v1/exports/keys", body).await.ok(200);
    let file = user.get(link["url"].as_str().unwrap()).await;
    assert_eq!(file.status, 200, "{}", file.text());
    assert!(file.headers["content-disposition"].to_str().unwrap().starts_with("attachment"));
    file.bytes
}

on_server! {
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
        server.clock.step(61 * kernel::SECOND);
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
