//! K3.2, K8: programs verify keys.

use crate::support::{project, shop, shop_with};
use axum::http::Method;
use kernel::{DAY, MINUTE, SECOND};
use platform::identity::Role;
use serde_json::{Value, json};
use store::{Sql, args};
use testkit::on_server;

on_server! {
    async fn k3_2a_first_use_binds_the_device_and_activates(server) {
        let shop = shop(server).await;
        let key = shop.key().await;
        let first = shop.program.verify(&key, "device-a").await.ok(200);
        assert_eq!((&first["code"], &first["action"]), (&json!("VALID"), &json!("continue")));
        assert_eq!((&first["key"]["first_use"], &first["key"]["state"], &first["key"]["remaining_seconds"]), (&json!(true), &json!("active"), &json!(30 * 86_400)));
        server.clock.step(DAY);
        let again = shop.program.verify(&key, "device-a").await.ok(200);
        assert_eq!(again["key"]["first_use"], false);
        assert_eq!(again["key"]["activated_at"], first["key"]["activated_at"]);
        assert_eq!(again["key"]["remaining_seconds"], 29 * 86_400);
        assert_eq!(shop.program.code(&key, "device-b").await, "DEVICE_MISMATCH");
    }

    async fn k3_2a_keys_are_read_in_any_spelling_and_mistyped_ones_are_not_found(server) {
        let shop = shop(server).await;
        let key = shop.key().await;
        assert_eq!(shop.program.code(&key.to_lowercase().replace('-', " ").replace('0', "o").replace('1', "I"), "a").await, "VALID");
        let mut wrong = key.clone().into_bytes();
        wrong[0] = if wrong[0] == b'2' { b'3' } else { b'2' };
        let answer = shop.program.verify(&String::from_utf8(wrong).unwrap(), "a").await.ok(200);
        assert_eq!((&answer["code"], answer.get("key")), (&json!("NOT_FOUND"), None));
        for text in ["", "卡密-例", "' OR 1=1 --", &"A".repeat(10_000)] {
            assert_eq!(shop.program.code(text, "a").await, "NOT_FOUND");
        }
    }

    async fn k3_2b_validity_runs_from_activation_and_ends_by_itself(server) {
        let shop = shop(server).await;
        let key = shop.keys(1, "minute", 5).await.remove(0);
        server.clock.step(10 * DAY);
        assert_eq!(shop.program.code(&key, "a").await, "VALID");
        server.clock.step(5 * MINUTE - SECOND);
        assert_eq!(shop.program.code(&key, "a").await, "VALID");
        server.clock.step(SECOND);
        let over = shop.program.verify(&key, "a").await.ok(200);
        assert_eq!((&over["code"], &over["action"], &over["key"]["state"], &over["key"]["remaining_seconds"]), (&json!("EXPIRED"), &json!("renew"), &json!("expired"), &json!(0)));
        let id = shop.id_of(&key).await;
        assert_eq!(shop.agent.get("/api/v1/keys?state=expired").await.ok(200)["items"][0]["id"], json!(id), "before the sweep");
        server.tick().await;
        let stored: String = server.platform.db.read().one("SELECT state FROM keys", args![], |row| row.get("state")).await.unwrap();
        assert_eq!(stored, "expired");
        assert_eq!(shop.agent.get("/api/v1/keys?state=expired").await.ok(200)["items"][0]["id"], json!(id), "and after");
    }

    async fn k3_2a_a_key_of_another_project_looks_like_none(server) {
        let shop = shop(server).await;
        let key = shop.key().await;
        let other = project(server, &shop.root, "别的项目", json!({})).await;
        let foreign = other.verify(&key, "a").await.ok(200);
        let none = other.verify("7K2M9-QX4TD-0HVNW-3RB6F-8YJCE", "a").await.ok(200);
        let strip = |mut body: serde_json::Value| { body["server_time"] = json!(0); body };
        assert_eq!(strip(foreign), strip(none));
        other.query(&key).await.refused(404, "NOT_FOUND");
        assert_eq!(shop.program.code(&key, "a").await, "VALID", "it was not bound by the other's try");
    }

    async fn k3_2a_a_disabled_key_or_project_refuses_at_once(server) {
        let shop = shop(server).await;
        let key = shop.key().await;
        let id = shop.id_of(&key).await;
        assert_eq!(shop.program.code(&key, "a").await, "VALID");
        assert_eq!(shop.agent.post("/api/v1/keys/disable", json!({"ids": [id]})).await.ok(200), json!({"changed": 1, "skipped": 0}));
        assert_eq!(shop.program.code(&key, "a").await, "DISABLED");
        shop.root.post(&format!("/api/v1/projects/{}/disable", shop.program.project), json!({})).await.ok(200);
        assert_eq!(shop.program.code(&key, "a").await, "PROJECT_DISABLED", "decided before the key's own state");
        shop.root.post(&format!("/api/v1/projects/{}/enable", shop.program.project), json!({})).await.ok(200);
        shop.agent.post("/api/v1/keys/enable", json!({"ids": [id]})).await.ok(200);
        assert_eq!(shop.program.code(&key, "a").await, "VALID", "still bound as before");
    }

    async fn k3_2a_exactly_as_many_devices_as_allowed_win_a_thousand_first_uses(server) {
        let shop = shop_with(server, json!({"devices_per_key": 3})).await;
        let key = shop.key().await;
        let tries: Vec<_> = (0..1_000).map(|n| {
            let (program, key) = (shop.program.clone(), key.clone());
            tokio::spawn(async move { program.code(&key, &format!("device-{n}")).await })
        }).collect();
        let mut won = 0;
        for one in tries {
            match one.await.unwrap().as_str() {
                "VALID" => won += 1,
                "DEVICE_MISMATCH" => {}
                other => panic!("{other}"),
            }
        }
        assert_eq!(won, 3);
        let first_uses: i64 = server.platform.db.read().one("SELECT CAST(COUNT(*) AS BIGINT) AS n FROM client_calls WHERE first_use", args![], |row| row.get("n")).await.unwrap();
        assert_eq!(first_uses, 1, "the clock starts once");
    }

    async fn k8_1_each_check_has_its_code_in_the_contracts_order(server) {
        let shop = shop(server).await;
        let key = shop.key().await;
        let body = || json!({"key": key, "device": {"id": "a"}}).to_string().into_bytes();
        let program = &shop.program;
        let bend = |name: &str, value: &str| {
            let mut request = program.request(Method::POST, "/client/v1/keys/verify", body());
            for (header, content) in &mut request.headers {
                if header == name { *content = value.to_owned(); }
            }
            request
        };
        program.send(bend("Cuekey-Key", "pk_nobody")).await.refused(401, "API_KEY_UNKNOWN");
        let now = server.clock.now().unix();
        let late = program.send(bend("Cuekey-Timestamp", &(now - 301).to_string())).await.refused(401, "TIMESTAMP_SKEWED");
        assert!((late["unix"].as_i64().unwrap() - now).abs() < 5, "the server's time is in the body");
        program.send(bend("Cuekey-Timestamp", &(now - 300).to_string())).await.refused(401, "SIGNATURE_INVALID");
        program.send(bend("Cuekey-Signature", "v1=00")).await.refused(401, "SIGNATURE_INVALID");
        program.send(bend("Cuekey-Signature", "")).await.refused(401, "SIGNATURE_INVALID");
        let good = program.request(Method::POST, "/client/v1/keys/verify", body());
        program.send(good.clone()).await.ok(200);
        program.send(good.clone()).await.refused(401, "NONCE_REUSED");
        let short = program.request_with(Method::POST, "/client/v1/keys/verify", body(), now, "short");
        program.send(short).await.refused(401, "NONCE_INVALID");
        // A replay at the edge of the window, after the old nonces were swept.
        server.clock.step(299 * SECOND);
        server.tick().await;
        program.send(good.clone()).await.refused(401, "NONCE_REUSED");
        server.clock.step(2 * SECOND);
        program.send(good).await.refused(401, "TIMESTAMP_SKEWED");
    }

    async fn k8_1_nonces_are_forgotten_when_their_time_would_be_refused(server) {
        let shop = shop(server).await;
        let kept = async || -> i64 {
            let sql = "SELECT CAST((SELECT COUNT(*) FROM nonces) + (SELECT COUNT(*) FROM nonce_sets) AS BIGINT) AS n";
            server.platform.db.read().one(sql, args![], |row| row.get("n")).await.unwrap()
        };
        for _ in 0..40 {
            shop.program.send(shop.program.request(Method::GET, "/client/v1/time", Vec::new())).await.ok(200);
        }
        assert_eq!(kept().await, 40);
        server.clock.step(599 * SECOND);
        server.tick().await;
        assert_eq!(kept().await, 40, "a request that was signed ahead of the clock could still be sent again");
        server.clock.step(130 * SECOND);
        server.tick().await;
        assert_eq!(kept().await, 40, "first every process is told of which times they are");
        server.clock.step(120 * SECOND);
        server.tick().await;
        assert_eq!(kept().await, 0);
    }

    async fn k8_1_the_same_nonce_at_once_passes_once(server) {
        let shop = shop(server).await;
        let key = shop.key().await;
        let body = json!({"key": key, "device": {"id": "a"}}).to_string().into_bytes();
        let request = shop.program.request(Method::POST, "/client/v1/keys/verify", body);
        let tries: Vec<_> = (0..50).map(|_| tokio::spawn(shop.program.send(request.clone()))).collect();
        let mut passed = 0;
        for one in tries {
            let answer = one.await.unwrap();
            if answer.status == 200 { passed += 1 } else { answer.refused(401, "NONCE_REUSED"); }
        }
        assert_eq!(passed, 1);
    }

    async fn k8_1_over_the_limit_is_refused_then_banned_and_the_owner_told(server) {
        let shop = shop_with(server, json!({"rate_per_minute": 10})).await;
        let key = shop.key().await;
        let first = shop.program.verify(&key, "a").await;
        assert_eq!(first.headers["ratelimit-policy"], "\"project\";q=10;w=60");
        assert_eq!(first.headers["ratelimit"], "\"project\";r=9;t=0");
        for _ in 0..9 { shop.program.verify(&key, "a").await.ok(200); }
        let over = shop.program.verify(&key, "a").await;
        assert!(over.headers["retry-after"].to_str().unwrap().parse::<i64>().unwrap() <= 6);
        over.refused(429, "RATE_LIMITED");
        for _ in 0..19 { shop.program.verify(&key, "a").await; }
        let banned = shop.program.verify(&key, "a").await.refused(403, "TEMPORARILY_BANNED");
        assert!((58..=60).contains(&banned["retry_after_seconds"].as_i64().unwrap()), "{banned}");
        assert!(server.told(shop.root.id()).await.contains(&"client.banned".to_owned()));
        let log = shop.root.get("/api/v1/projects").await.ok(200);
        assert_eq!(log["items"][0]["state"], "active", "a ban is not a switch");
        server.clock.step(61 * SECOND);
        assert_eq!(shop.program.code(&key, "a").await, "VALID");
    }

    async fn k8_1_of_a_project_whose_owner_has_left_the_super_admins_are_told(server) {
        let shop = shop_with(server, json!({"rate_per_minute": 10})).await;
        let key = shop.key().await;
        let heir = server.user(Role::SuperAdmin, "heir").await;
        heir.post(&format!("/api/v1/users/{}/disable", shop.root.id()), json!({})).await.ok(200);
        for _ in 0..30 { shop.program.verify(&key, "a").await; }
        shop.program.verify(&key, "a").await.refused(403, "TEMPORARILY_BANNED");
        assert!(server.told(heir.id()).await.contains(&"client.banned".to_owned()));
        assert!(!server.told(shop.root.id()).await.contains(&"client.banned".to_owned()));
    }

    async fn k8_1_a_replay_costs_its_project_nothing(server) {
        let shop = shop_with(server, json!({"rate_per_minute": 10})).await;
        let key = shop.key().await;
        let captured = shop.program.request(Method::GET, "/client/v1/time", Vec::new());
        shop.program.send(captured.clone()).await.ok(200);
        for _ in 0..100 { shop.program.send(captured.clone()).await.refused(401, "NONCE_REUSED"); }
        assert_eq!(shop.program.code(&key, "a").await, "VALID", "neither limited nor banned");
        let log = shop.root.get("/api/v1/calls?code=NONCE_REUSED&limit=100").await.ok(200);
        assert_eq!(log["items"].as_array().unwrap().len(), 60, "and does not fill its log");
        let again = shop.program.request_with(Method::GET, "/client/v1/time", Vec::new(), server.clock.now().unix() - 1, &captured.nonce);
        shop.program.send(again).await.refused(401, "NONCE_REUSED");
    }

    async fn k8_1_what_cannot_be_read_counts_and_is_logged(server) {
        let shop = shop_with(server, json!({"rate_per_minute": 10})).await;
        let bad = || shop.program.request(Method::POST, "/client/v1/keys/verify", b"{}".to_vec());
        let one = bad();
        shop.program.send(one.clone()).await.refused(422, "INVALID");
        shop.program.send(one).await.refused(401, "NONCE_REUSED");
        for _ in 0..5 { shop.program.send(bad()).await.refused(422, "INVALID"); }
        for _ in 0..4 { shop.program.send(shop.program.request(Method::GET, "/client/v1/nothing", Vec::new())).await.refused(404, "NO_SUCH_ROUTE"); }
        shop.program.send(bad()).await.refused(429, "RATE_LIMITED");
        shop.program.send(shop.program.request(Method::GET, "/client/v1/nothing", Vec::new())).await.refused(429, "RATE_LIMITED");
        let calls = shop.root.get("/api/v1/calls?limit=100").await.ok(200);
        let codes: Vec<_> = calls["items"].as_array().unwrap().iter().map(|call| (call["status"].as_i64().unwrap(), call["code"].as_str().unwrap())).collect();
        assert_eq!(codes.iter().filter(|call| **call == (422, "INVALID")).count(), 6);
        assert_eq!(codes.iter().filter(|call| **call == (404, "NO_SUCH_ROUTE")).count(), 4);
        assert_eq!(codes.iter().filter(|call| **call == (429, "RATE_LIMITED")).count(), 2);
    }

    async fn k8_1_both_secrets_are_good_during_a_rotation(server) {
        let shop = shop(server).await;
        let key = shop.key().await;
        let url = format!("/api/v1/projects/{}/rotate-secret", shop.program.project);
        let rotated = shop.root.post(&url, json!({"overlap_hours": 1})).await.ok(200);
        let mut renewed = shop.program.clone();
        renewed.secret = rotated["secret"].as_str().unwrap().to_owned();
        assert_eq!(shop.program.code(&key, "a").await, "VALID");
        assert_eq!(renewed.code(&key, "a").await, "VALID");
        server.clock.step(61 * MINUTE);
        shop.program.verify(&key, "a").await.refused(401, "SIGNATURE_INVALID");
        assert_eq!(renewed.code(&key, "a").await, "VALID");
    }

    async fn k8_2_bad_bodies_name_the_field_and_are_signed(server) {
        let shop = shop(server).await;
        let send = async |body: serde_json::Value| shop.program.send(shop.program.request(Method::POST, "/client/v1/keys/verify", body.to_string().into_bytes())).await;
        send(json!({"key": "x", "device": {"id": ""}})).await.refused_field("device.id", "REQUIRED");
        send(json!({"key": "x", "device": {"id": "a".repeat(129)}})).await.refused_field("device.id", "TOO_LONG");
        send(json!({"key": "x", "device": {"id": "a\u{0000}b"}})).await.refused_field("device.id", "CHARACTERS");
        send(json!({"key": "x"})).await.refused(422, "INVALID");
        send(json!({"key": "A", "device": null})).await.refused(422, "INVALID");
        send(json!({"key": 1, "device": {"id": "a"}})).await.refused_field("key", "INVALID");
        send(json!({"key": "x", "device": {"id": "a"}, "more": 1})).await.refused(422, "INVALID");
        let raw = shop.program.request(Method::POST, "/client/v1/keys/verify", b"{\"key\": \"\xff".to_vec());
        shop.program.send(raw).await.refused(400, "JSON_INVALID");
        let huge = shop.program.request(Method::POST, "/client/v1/keys/verify", vec![b'a'; (16 << 10) + 1]);
        shop.program.send(huge).await.refused(400, "BODY_TOO_LARGE");
        shop.program.send(shop.program.request(Method::GET, "/client/v1/nothing", Vec::new())).await.refused(404, "NO_SUCH_ROUTE");
        for (method, path) in [(Method::GET, "keys/verify"), (Method::OPTIONS, "keys/query"), (Method::DELETE, "time"), (Method::PUT, "time")] {
            let request = shop.program.request(method, &format!("/client/v1/{path}"), Vec::new());
            shop.program.send(request).await.refused(405, "METHOD_NOT_ALLOWED");
        }
        // Signed as it is sent: without a body.
        let head = shop.program.send(shop.program.request(Method::HEAD, "/client/v1/time", Vec::new())).await;
        assert_eq!((head.status.as_u16(), head.bytes.len()), (405, 0));
        for path in ["/client", "/client/", "/client/v1", "/client/v1/time/", "/client?x=1"] {
            shop.program.send(shop.program.request(Method::GET, path, Vec::new())).await.refused(404, "NO_SUCH_ROUTE");
        }
        // The console's own API says so too, and which methods there are.
        let other = shop.root.put("/api/v1/me", json!({})).await;
        assert_eq!(other.headers["allow"], "GET,HEAD,PATCH");
        other.refused(405, "METHOD_NOT_ALLOWED");
        shop.root.put("/no/such/page", json!({})).await.refused(405, "METHOD_NOT_ALLOWED");
    }

    async fn k8_3_query_tells_all_and_changes_nothing(server) {
        let shop = shop(server).await;
        let key = shop.key().await;
        let fresh = shop.program.query(&key).await.ok(200);
        assert_eq!((&fresh["key"]["state"], &fresh["key"]["expires_at"], &fresh["key"]["devices"]), (&json!("unused"), &json!(null), &json!([])));
        assert_eq!(fresh["key"]["project"]["name"], "绘图大师");
        assert_eq!(shop.program.query(&key).await.ok(200)["key"]["state"], "unused");
        shop.program.verify(&key, "a").await.ok(200);
        let used = shop.program.query(&key).await.ok(200);
        assert_eq!((&used["key"]["state"], &used["key"]["devices"][0]["id"]), (&json!("active"), &json!("a")));
        let calls = shop.root.get("/api/v1/calls?endpoint=query").await.ok(200);
        assert_eq!(calls["items"].as_array().unwrap().len(), 3, "each call is in the log");
        let time = shop.program.send(shop.program.request(Method::GET, "/client/v1/time?echo=%E4%BD%A0", Vec::new())).await.ok(200);
        assert!((time["unix"].as_i64().unwrap() - server.clock.now().unix()).abs() <= 1);
    }

    async fn k3_2c_a_refusal_can_be_looked_up_and_says_what_would_mend_it(server) {
        let shop = shop(server).await;
        let key = shop.key().await;
        shop.program.verify(&key, "mine").await.ok(200);
        assert_eq!(shop.program.code(&key, "other").await, "DEVICE_MISMATCH");
        let calls = shop.agent.get(&format!("/api/v1/calls?only_refused=true&key={key}")).await.ok(200);
        let call = &calls["items"][0];
        assert_eq!((&call["code"], &call["device_id"], &call["key_hint"]), (&json!("DEVICE_MISMATCH"), &json!("other"), &json!(key[24..])));
        let url = format!("/api/v1/calls/{}", call["id"].as_str().unwrap());
        let explained = shop.agent.with("Accept-Language", "en").get(&url).await.ok(200);
        assert_eq!(explained["now"], "DEVICE_MISMATCH");
        let outcomes: Vec<_> = explained["steps"].as_array().unwrap().iter().map(|step| step["outcome"].as_str().unwrap()).collect();
        assert_eq!(outcomes, [&["passed"; 11][..], &["refused"]].concat());
        assert!(explained["remedy"].as_str().unwrap().contains("unbind"));
        shop.agent.post(&format!("/api/v1/keys/{}/unbind", shop.id_of(&key).await), json!({})).await.ok(200);
        assert_eq!(shop.agent.get(&url).await.ok(200)["now"], "VALID");
        let stranger = server.user(platform::identity::Role::Agent, "mallory").await;
        stranger.get(&url).await.refused(404, "NOT_FOUND");
        assert_eq!(stranger.get(&format!("/api/v1/calls?key={key}")).await.ok(200)["items"], json!([]));
    }

    async fn k3_2c_calls_are_found_by_the_end_of_a_key(server) {
        let shop = shop(server).await;
        let key = shop.key().await;
        shop.program.verify(&key, "mine").await.ok(200);
        let found = shop.root.get(&format!("/api/v1/calls?key={}", key[24..].to_lowercase())).await.ok(200);
        assert_eq!(found["items"].as_array().unwrap().len(), 1);
    }

    async fn k3_2c_a_key_s_log_has_its_first_use_and_its_refusals_whoever_has_its_seat_now(server) {
        let shop = shop(server).await;
        let (key, other, unused) = (shop.key().await, shop.key().await, shop.key().await);
        // Others at the same moment: a first use is known by when it was.
        assert_eq!((shop.program.code(&key, "mine").await, shop.program.code(&other, "mine").await), ("VALID".into(), "VALID".into()));
        assert_eq!(shop.program.code(&key, "mine").await, "VALID");
        server.clock.step(SECOND);
        assert_eq!(shop.program.code(&key, "theirs").await, "DEVICE_MISMATCH");
        let url = format!("/api/v1/keys/{}", shop.id_of(&key).await);
        shop.agent.post(&format!("{url}/unbind"), json!({})).await.ok(200);
        assert_eq!(shop.program.code(&key, "theirs").await, "VALID");
        let seen = |calls: &Value| -> Vec<(String, String, bool)> {
            let of = |call: &Value| (call["code"].as_str().unwrap().to_owned(), call["device_id"].as_str().unwrap().to_owned(), call["first_use"] == true);
            calls.as_array().unwrap().iter().map(of).collect()
        };
        let expected = [("DEVICE_MISMATCH".to_owned(), "theirs".to_owned(), false), ("VALID".to_owned(), "mine".to_owned(), true)];
        for who in [&shop.agent, &shop.root] {
            assert_eq!(seen(&who.get(&format!("/api/v1/calls?key={key}")).await.ok(200)["items"]), expected);
        }
        assert_eq!(seen(&shop.agent.get(&url).await.ok(200)["recent_calls"]), expected);
        let page = async |query: &str| seen(&shop.agent.get(&format!("/api/v1/calls?key={key}&{query}")).await.ok(200)["items"]);
        assert_eq!(page("only_refused=true").await, expected[..1]);
        assert_eq!(page("device=mine").await, expected[1..]);
        assert_eq!(page("limit=1").await, expected[..1]);
        let first = shop.agent.get(&format!("/api/v1/calls?key={key}&limit=1")).await.ok(200);
        assert_eq!(page(&format!("limit=1&cursor={}", first["next_cursor"].as_str().unwrap())).await, expected[1..]);
        assert_eq!(seen(&shop.agent.get(&format!("/api/v1/calls?key={other}")).await.ok(200)["items"]), expected[1..]);
        assert_eq!(shop.agent.get(&format!("/api/v1/calls?key={unused}")).await.ok(200)["items"], json!([]));
        // By the device, though it holds this key no more.
        assert_eq!(seen(&shop.agent.get("/api/v1/calls?device=mine").await.ok(200)["items"]).len(), 2);
    }

    async fn k7_2_the_agent_is_told_of_an_activation(server) {
        let shop = shop(server).await;
        let key = shop.key().await;
        shop.program.verify(&key, "a").await.ok(200);
        shop.program.verify(&key, "a").await.ok(200);
        assert_eq!(server.told(shop.agent.id()).await.iter().filter(|kind| *kind == "keys.activated").count(), 1);
    }
}
