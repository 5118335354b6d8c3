//! What is not as documented is refused by name, in the asker's language, and before anything happens.

use axum::http::Method;
use platform::identity::Role;
use serde_json::{Value, json};
use testkit::on_server;

use crate::support::shop;

/// Paths of the document that are asked with GET and have no id in them.
fn lists() -> Vec<(String, Vec<String>)> {
    let document: Value = serde_json::from_str(&web::openapi::json().unwrap()).unwrap();
    let paths = document["paths"].as_object().unwrap().iter();
    let asked = paths.filter(|(path, item)| path.starts_with("/api/v1/") && !path.contains('{') && !item["get"].is_null());
    asked
        .map(|(path, item)| {
            let parameters = item["get"]["parameters"].as_array().cloned().unwrap_or_default();
            let texts = parameters.iter().filter(|one| one["in"] == "query").map(|one| one["name"].as_str().unwrap().to_owned());
            (path.clone(), texts.collect())
        })
        .collect()
}

on_server! {
    async fn an_unknown_query_parameter_is_refused_by_name_everywhere(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        let mut asked = 0;
        for (path, _) in lists() {
            root.get(&format!("{path}?colour=red")).await.refused_field("colour", "INVALID");
            root.get(&format!("{path}?colour")).await.refused_field("colour", "INVALID");
            asked += 1;
        }
        assert!(asked > 20, "{asked}");
        root.post("/api/v1/notifications/read-all?x=1", json!({})).await.refused_field("x", "INVALID");
        root.delete("/api/v1/me/sessions?x=1").await.refused_field("x", "INVALID");
        server.visitor().get("/api/v1/config?x=1").await.refused_field("x", "INVALID");
        // A probe may put what it likes behind its question.
        server.visitor().get("/healthz?x=1").await.ok(200);
    }

    async fn no_filter_and_no_path_makes_the_server_fail(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        let chief = server.user(Role::AgentAdmin, "chief").await;
        let mut asked = 0;
        for (path, names) in lists() {
            // Each by somebody who may ask.
            let root = if path == "/api/v1/applications/projects" { &chief } else { &root };
            for name in names {
                let refused = root.get(&format!("{path}?{name}=a%00b")).await.refused(422, "INVALID");
                assert_eq!(refused["errors"][0]["field"], name.as_str(), "{path}");
                for bad in ["%ff%fe", "%F0%9F%83%8F", "-1", "99999999999999999999", "%27%20OR%201%3D1", "9999-12-31T23:59:59Z", "%25_%5C"] {
                    let answer = root.get(&format!("{path}?{name}={bad}")).await;
                    assert!(matches!(answer.status.as_u16(), 200 | 404 | 422), "{path}?{name}={bad}: {} {}", answer.status, answer.text());
                }
                asked += 1;
            }
        }
        assert!(asked > 60, "{asked}");
        for id in ["%00", "%ff", "a%2Fb", "%F0%9F%83%8F", "key_%00"] {
            root.get(&format!("/api/v1/keys/{id}")).await.refused(404, "NOT_FOUND");
            root.patch(&format!("/api/v1/settings/{id}"), json!({"value": 1})).await.refused(404, "NOT_FOUND");
            assert_eq!(root.get(&format!("/api/v1/exports/{id}")).await.status, 404);
        }
    }

    async fn a_query_is_refused_in_the_askers_language(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        let message = |problem: Value| problem["errors"][0]["message"].as_str().unwrap().to_owned();
        let zh = message(root.get("/api/v1/users?limit=x").await.refused(422, "INVALID"));
        assert_eq!(zh, "应为整数");
        let english = root.with("accept-language", "en");
        assert_eq!(message(english.get("/api/v1/users?limit=x").await.refused(422, "INVALID")), "Must be a whole number");
        root.get("/api/v1/users?limit=1&limit=2").await.refused_field("limit", "INVALID");
        let body = json!({"name": 1, "email": "a@example.com", "role": "agent", "initial_quota": 0});
        let problem = root.post_once("number-name", "/api/v1/users", body).await.refused(422, "INVALID");
        assert_eq!((&problem["errors"][0]["field"], &problem["errors"][0]["message"]), (&json!("name"), &json!("应为文本")));
        let body = json!({"email": "a@example.com", "role": "agent", "initial_quota": 0});
        root.post_once("nameless-1", "/api/v1/users", body).await.refused_field("name", "REQUIRED");
    }

    async fn a_list_is_no_object_however_deep_it_stands(server) {
        let shop = shop(server).await;
        let key = shop.key().await;
        shop.root.post("/api/v1/projects", json!({"name": "x", "prices": [["day", 1, 5]]})).await.refused_field("prices[0]", "INVALID");
        shop.root.post("/api/v1/projects", json!({"name": "x", "prices": [{"unit": "day", "count": 1, "price": 5}]})).await.ok(201);
        let filter = json!({"filter": [shop.program.project, null, null, null]});
        shop.agent.post("/api/v1/keys/disable", filter).await.refused_field("filter", "INVALID");
        let captcha = json!({"name": "alice", "password": "x", "captcha": ["a", "b"]});
        server.visitor().post("/api/v1/session", captcha).await.refused_field("captcha", "INVALID");
        for body in [json!([key, ["dev"]]), json!({"key": key, "device": ["dev"]})] {
            let request = shop.program.request(Method::POST, "/client/v1/keys/verify", body.to_string().into_bytes());
            shop.program.send(request).await.refused(422, "INVALID");
        }
        assert_eq!(shop.agent.get("/api/v1/keys?state=unused").await.ok(200)["items"].as_array().unwrap().len(), 1);
    }

    async fn the_nul_character_makes_no_endpoint_fail(server) {
        let shop = shop(server).await;
        let key = shop.key().await;
        assert_eq!(shop.program.code(&key, "device").await, "VALID");
        let id = shop.id_of(&key).await;
        shop.agent.post(&format!("/api/v1/keys/{id}/unbind"), json!({"device_id": "a\0"})).await.refused(409, "NOT_BOUND");
        assert_eq!(shop.root.patch("/api/v1/settings/basic.site_name", json!({"value": "a\0"})).await.status, 422);
        let captcha = json!({"name": "alice", "password": "x", "captcha": {"id": "a\0", "answer": "a\0"}});
        for _ in 0..5 {
            let status = server.visitor().post("/api/v1/session", captcha.clone()).await.status.as_u16();
            assert!(matches!(status, 401 | 422), "{status}");
        }
        // To a program it is one more text that is no key.
        assert_eq!(shop.program.code("a\0b", "device").await, "NOT_FOUND");
    }
}
