//! K8.3: requests of programs that are refused at the door are in their project's log, so many a minute, and nothing in them is believed.

use axum::http::Method;
use serde_json::{Value, json};
use store::{Sql, args};
use testkit::{Program, Signed, TestServer, on_server};

use crate::support::{shop, shop_with};

const ADDRESS: &str = "198.51.100.7";

fn forged(program: &Program) -> Signed {
    let mut request = program.request(Method::GET, "/client/v1/time", Vec::new());
    request.headers[3].1 = format!("v1={}", "0".repeat(64));
    request
}

async fn rows(server: &TestServer) -> i64 {
    let sql = "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM client_calls";
    server.platform.db.read().one(sql, args![], |row| row.get("n")).await.unwrap()
}

/// Status, code and endpoint of the lines with this code.
fn lines(page: &Value, code: &str) -> Vec<(i64, String)> {
    let of_code = page["items"].as_array().unwrap().iter().filter(|call| call["code"] == code);
    of_code.map(|call| (call["status"].as_i64().unwrap(), call["endpoint"].as_str().unwrap().to_owned())).collect()
}

on_server! {
    async fn k8_3_each_refusal_at_the_door_is_in_the_log_with_its_reason(server) {
        let shop = shop_with(server, json!({"rate_per_minute": 10})).await;
        let key = shop.key().await;
        let body = json!({"key": key, "device": {"id": "a", "name": "b"}}).to_string().into_bytes();
        let program = shop.program.from([198, 51, 100, 7]);
        let now = server.clock.now().unix();
        let verify = |time: i64, nonce: &str| program.request_with(Method::POST, "/client/v1/keys/verify", body.clone(), time, nonce);
        program.send(verify(now - 400, "a-nonce-of-its-own")).await.refused(401, "TIMESTAMP_SKEWED");
        let mut wrong = verify(now, "a-nonce-of-its-own");
        wrong.headers[3].1 = format!("v1={}", "0".repeat(64));
        program.send(wrong).await.refused(401, "SIGNATURE_INVALID");
        program.send(verify(now, "short")).await.refused(401, "NONCE_INVALID");
        let long = program.request(Method::POST, "/client/v1/keys/query", vec![b' '; (16 << 10) + 1]);
        program.send(long).await.refused(400, "BODY_TOO_LARGE");
        let counted = "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM verification_days";
        let days: i64 = server.platform.db.read().one(counted, args![], |row| row.get("n")).await.unwrap();
        assert_eq!(days, 0, "whoever sends them does not change the day's figures");
        let time = || program.request(Method::GET, "/client/v1/time", Vec::new());
        for _ in 0..30 {
            program.send(time()).await;
        }
        program.send(time()).await.refused(403, "TEMPORARILY_BANNED");

        let page = shop.root.get("/api/v1/calls?limit=200&only_refused=true").await.ok(200);
        for (code, status, endpoint) in [
            ("TIMESTAMP_SKEWED", 401, "verify"),
            ("SIGNATURE_INVALID", 401, "verify"),
            ("NONCE_INVALID", 401, "verify"),
            ("BODY_TOO_LARGE", 400, "query"),
            ("TEMPORARILY_BANNED", 403, "time"),
        ] {
            assert_eq!(lines(&page, code), [(status, endpoint.to_owned())], "{code}");
            let found = shop.root.get(&format!("/api/v1/calls?code={code}&project={}", program.project)).await.ok(200);
            let call = &found["items"][0];
            assert_eq!((&call["address"], &call["key_id"], &call["key_hint"]), (&json!(ADDRESS), &json!(null), &json!("")), "{code}");
            assert_eq!((&call["device_id"], &call["device_name"]), (&json!(""), &json!("")), "{code}");
            let url = format!("/api/v1/calls/{}", call["id"].as_str().unwrap());
            let explained = shop.root.with("Accept-Language", "en").get(&url).await.ok(200);
            assert_ne!(explained["rule"], "Unknown rule.", "{code}");
            assert_eq!(explained["now"], json!(null), "{code}: which key it was about was not looked at");
            let outcomes: Vec<_> = explained["steps"].as_array().unwrap().iter().map(|step| step["outcome"].as_str().unwrap()).collect();
            assert_eq!(outcomes.iter().filter(|outcome| **outcome == "refused").count(), 1, "{code}: {outcomes:?}");
            assert!(outcomes.ends_with(&["not_reached"]), "{code}: {outcomes:?}");
            shop.agent.get(&url).await.refused(404, "NOT_FOUND");
        }
        assert_eq!(shop.agent.get("/api/v1/calls").await.ok(200)["items"], json!([]), "they are nobody's keys");
    }

    async fn k8_3_what_strangers_send_to_a_project_does_not_fill_its_log(server) {
        let shop = shop(server).await;
        for n in 0..100 {
            let program = shop.program.from([10, 1, 0, n]);
            program.send(forged(&program)).await.refused(401, "SIGNATURE_INVALID");
        }
        assert_eq!(rows(server).await, 60);
        let key = shop.key().await;
        assert_eq!(shop.program.code(&key, "a").await, "VALID");
        let captured = shop.program.request(Method::GET, "/client/v1/time", Vec::new());
        shop.program.send(captured.clone()).await.ok(200);
        shop.program.send(captured).await.refused(401, "NONCE_REUSED");
        assert_eq!(rows(server).await, 63, "what its own program sends is in the log, and what is sent again");
    }

    async fn k8_3_an_address_that_is_told_to_wait_is_in_the_log_with_what_was_wrong(server) {
        let shop = shop(server).await;
        let attacker = shop.program.from([6, 6, 6, 6]);
        for _ in 0..60 {
            let mut unknown = forged(&attacker);
            unknown.headers[0].1 = "pk_<b>nobody</b>".to_owned();
            attacker.send(unknown).await.refused(401, "API_KEY_UNKNOWN");
        }
        assert_eq!(rows(server).await, 0, "a key that is nobody's is in nobody's log");
        attacker.send(forged(&attacker)).await.refused(429, "RATE_LIMITED");
        let page = shop.root.get("/api/v1/calls").await.ok(200);
        assert_eq!(lines(&page, "SIGNATURE_INVALID"), [(429, "time".to_owned())]);
        assert_eq!(rows(server).await, 1);
    }
}
