//! What a request says twice is refused by name, wherever it stands: who forwarded the request may have looked at the other one.

use axum::http::Method;
use platform::identity::Role;
use serde_json::{Value, json};
use testkit::{Client, on_server};

use crate::support::shop;

/// Paths of the document that are asked with GET and have no id in them, each with a parameter of its query.
fn parameters() -> Vec<(String, String)> {
    let document: Value = serde_json::from_str(&web::openapi::json().unwrap()).unwrap();
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap().iter().filter(|(path, _)| !path.contains('{')) {
        for parameter in item["get"]["parameters"].as_array().into_iter().flatten().filter(|one| one["in"] == "query") {
            found.push((path.clone(), parameter["name"].as_str().unwrap().to_owned()));
        }
    }
    found
}

async fn raw(client: &Client, method: Method, path: &str, body: &str) -> testkit::Answer {
    client.send(method, path, Some(body.as_bytes().to_vec())).await
}

on_server! {
    async fn a_query_parameter_that_is_there_twice_is_refused_by_name_everywhere(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        let parameters = parameters();
        assert!(parameters.len() > 60, "{}", parameters.len());
        for (path, name) in &parameters {
            // Also where both say the same, and where one says nothing.
            for query in [format!("{name}=1&{name}=2"), format!("{name}=1&{name}=1"), format!("{name}=&{name}=1")] {
                root.get(&format!("{path}?{query}")).await.refused_field(name, "INVALID");
            }
        }
        root.get("/api/v1/users?role=agent&state=active").await.ok(200);
    }

    async fn a_field_that_is_there_twice_is_refused_by_name_however_deep_it_stands(server) {
        let shop = shop(server).await;
        let sign_in = r#"{"name": "root", "name": "alice", "password": "password-of-root"}"#;
        raw(&server.visitor(), Method::POST, "/api/v1/session", sign_in).await.refused_field("name", "INVALID");
        let captcha = r#"{"name": "root", "password": "x", "captcha": {"id": "a", "answer": "b", "id": "c"}}"#;
        raw(&server.visitor(), Method::POST, "/api/v1/session", captcha).await.refused_field("captcha.id", "INVALID");
        // Where names are free, too.
        let project = r#"{"name": "P", "parameters": {"tier": "1", "colour": "red", "tier": "2"}}"#;
        raw(&shop.root, Method::POST, "/api/v1/projects", project).await.refused_field("parameters.tier", "INVALID");
        let setting = r#"{"value": {"a": 1, "a": 2}}"#;
        raw(&shop.root, Method::PATCH, "/api/v1/settings/basic.site_name", setting).await.refused_field("value.a", "INVALID");
        let key = br#"{"key": "A", "key": "B", "device": {"id": "d"}}"#.to_vec();
        let request = shop.program.request(Method::POST, "/client/v1/keys/verify", key);
        shop.program.send(request).await.refused_field("key", "INVALID");
    }

    async fn a_header_that_is_there_twice_is_refused_by_name(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        let alice = server.user(Role::Agent, "alice").await;
        let bearer = format!("Bearer {}", alice.token().unwrap());
        root.with("authorization", &bearer).get("/api/v1/me").await.refused_field("Authorization", "INVALID");
        let twice = root.with("Idempotency-Key", "project-1").with("idempotency-key", "project-2");
        twice.post("/api/v1/projects", json!({"name": "P"})).await.refused_field("Idempotency-Key", "INVALID");
        let kinds = root.with("content-type", "application/json").with("content-type", "text/plain");
        kinds.post("/api/v1/projects", json!({"name": "P"})).await.refused_field("Content-Type", "INVALID");
        assert_eq!(root.get("/api/v1/projects").await.ok(200)["items"], json!([]));

        let cookie = |client: &Client| format!("__Host-cuekey={}", client.token().unwrap());
        let both = format!("{}; {}", cookie(&alice), cookie(&root));
        server.visitor().with("cookie", &both).get("/api/v1/me").await.refused_field("Cookie", "INVALID");
        let apart = server.visitor().with("cookie", &cookie(&alice)).with("cookie", &cookie(&root));
        apart.get("/api/v1/me").await.refused_field("Cookie", "INVALID");
        // Others' cookies are nobody's business, and may come in headers of their own.
        let others = server.visitor().with("cookie", "a=1; a=2").with("cookie", &cookie(&alice));
        assert_eq!(others.get("/api/v1/me").await.ok(200)["name"], "alice");
    }

    async fn k8_1_a_call_that_says_twice_who_signed_it_is_nobodys(server) {
        let shop = shop(server).await;
        for at in 0..4 {
            let request = shop.program.request(Method::GET, "/client/v1/time", Vec::new());
            let mut client = server.visitor();
            for (name, value) in request.headers.iter().chain([&request.headers[at]]) {
                client = client.with(name, value);
            }
            let answer = client.get("/client/v1/time").await;
            assert_eq!(answer.status, 401, "{}: {}", request.headers[at].0, answer.text());
        }
        shop.program.send(shop.program.request(Method::GET, "/client/v1/time", Vec::new())).await.ok(200);
    }
}
