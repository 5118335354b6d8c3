//! Which methods are taken: those of the document and no others, and none that changes anything by reading.

use std::collections::BTreeSet;

use axum::http::Method;
use platform::identity::Role;
use serde_json::{Value, json};
use testkit::on_server;

use crate::support::shop;

/// Paths of the document, and the methods that each takes.
fn paths() -> Vec<(String, BTreeSet<String>)> {
    let document: Value = serde_json::from_str(&web::openapi::json().unwrap()).unwrap();
    let paths = document["paths"].as_object().unwrap().iter().filter(|(path, _)| !path.starts_with("/client/"));
    paths.map(|(path, item)| (path.clone(), item.as_object().unwrap().keys().map(|method| method.to_uppercase()).collect())).collect()
}

/// With something in place of what is variable.
fn filled(path: &str) -> String {
    let pieces: Vec<&str> = path.split('/').map(|piece| if piece.starts_with('{') { "x" } else { piece }).collect();
    pieces.join("/")
}

/// Whether a path is one of those that a pattern stands for.
fn fits(pattern: &str, path: &str) -> bool {
    let (pattern, path): (Vec<&str>, Vec<&str>) = (pattern.split('/').collect(), path.split('/').collect());
    pattern.len() == path.len() && pattern.iter().zip(&path).all(|(own, asked)| own.starts_with('{') || own == asked)
}

on_server! {
    async fn nothing_takes_trace_or_a_method_that_nobody_documented(server) {
        let shop = shop(server).await;
        let root = shop.root.with("x-secret", "echo-me-not");
        let before = server.logged().await.len();
        let mut asked = 0;
        let beside = ["/", "/m", "/sign-in", "/openapi.json", "/callbacks/wechat"].map(|path| (path.to_owned(), BTreeSet::new()));
        for (path, _) in paths().into_iter().chain(beside) {
            let path = filled(&path);
            for method in ["TRACE", "TRACK", "PROPFIND", "OPTIONS", "DEBUG"] {
                let answer = root.send(Method::from_bytes(method.as_bytes()).unwrap(), &path, Some(b"{}".to_vec())).await;
                assert!(!answer.text().contains("echo-me-not"), "{method} {path} gives back what was sent");
                answer.refused(405, "METHOD_NOT_ALLOWED");
                asked += 1;
            }
        }
        assert!(asked > 500, "{asked}");
        assert_eq!(server.logged().await.len(), before);
        // To a program too, and with a signature.
        for path in ["/client/v1/keys/verify", "/client/v1/keys/query", "/client/v1/time"] {
            let request = shop.program.request(Method::TRACE, path, Vec::new());
            shop.program.send(request).await.refused(405, "METHOD_NOT_ALLOWED");
        }
    }

    async fn what_writes_is_not_reached_by_reading(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        let before = server.logged().await.len();
        let mut asked = 0;
        let paths = paths();
        let read: Vec<&String> = paths.iter().filter(|(_, methods)| methods.contains("GET")).map(|(path, _)| path).collect();
        for (path, methods) in paths.iter().filter(|(_, methods)| !methods.contains("GET")) {
            let path = filled(path);
            // What the document takes for a thing's id, as in `/keys/disable`, this client would hold against the thing's answers.
            if read.iter().any(|pattern| fits(pattern, &path)) {
                continue;
            }
            for method in [Method::GET, Method::HEAD] {
                let answer = root.send(method.clone(), &path, None).await;
                // An answer to HEAD has no body.
                assert_eq!(answer.status, 405, "{method} {path} takes {methods:?}");
                asked += 1;
            }
        }
        assert!(asked > 100, "{asked}");
        assert_eq!(server.logged().await.len(), before);
    }

    async fn a_header_does_not_make_another_method_of_a_request(server) {
        let alice = server.user(Role::Agent, "alice").await;
        let elsewhere = server.session_of(alice.id()).await;
        for header in ["x-http-method-override", "x-http-method", "x-method-override"] {
            let other = alice.with(header, "DELETE");
            assert_eq!(other.get("/api/v1/me/sessions").await.ok(200)["items"].as_array().unwrap().len(), 2);
            other.get("/api/v1/me/sessions?_method=DELETE").await.refused_field("_method", "INVALID");
            other.post("/api/v1/me/sessions", json!({"_method": "DELETE"})).await.refused(405, "METHOD_NOT_ALLOWED");
        }
        elsewhere.get("/api/v1/me").await.ok(200);
    }
}
