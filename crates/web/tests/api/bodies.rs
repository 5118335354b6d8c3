//! How much is read of whom, and what is said where the listener has no room for a body.

use axum::body::{Body, Bytes};
use axum::http::{Method, Request};
use http_body_util::BodyExt;
use kernel::{Fault, Kind};
use platform::identity::Role;
use serde_json::{Value, json};
use testkit::{Answer, TestServer, on_server, signed};
use tower::ServiceExt;

use crate::support::shop;

const SMALL: usize = 16 << 10;

/// Methods and paths of the document that take a body of anybody.
fn open() -> Vec<(Method, String)> {
    let document: Value = serde_json::from_str(&web::openapi::json().unwrap()).unwrap();
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            if operation["security"].is_null() && !operation["requestBody"].is_null() && !path.starts_with("/client/") {
                found.push((Method::from_bytes(method.to_uppercase().as_bytes()).unwrap(), path.clone()));
            }
        }
    }
    found
}

/// The beginning of a body, and then what the listener says where it has no room for the rest.
async fn without_room(server: &TestServer, path: &str, headers: &[(String, String)], why: Fault) -> Answer {
    let pieces = [Ok(Bytes::from_static(b"{\"key\": ")), Err(why)];
    let mut request = Request::post(path).header("content-type", "application/json");
    for (name, value) in headers {
        request = request.header(name, value);
    }
    let request = request.body(Body::from_stream(futures_util::stream::iter(pieces))).unwrap();
    let (parts, body) = server.site.clone().oneshot(request).await.unwrap().into_parts();
    Answer { status: parts.status, headers: parts.headers, bytes: body.collect().await.unwrap().to_bytes().to_vec() }
}

on_server! {
    async fn of_strangers_customers_and_programs_little_is_read(server) {
        let open = open();
        assert!(open.len() >= 10, "{open:?}");
        for (method, path) in &open {
            // A token that is nobody's changes nothing.
            for visitor in [server.visitor(), server.visitor().with_token("cks_guess")] {
                visitor.send(method.clone(), path, Some(vec![b' '; SMALL + 1])).await.refused(400, "BODY_TOO_LARGE");
                let read = visitor.send(method.clone(), path, Some(vec![b' '; SMALL])).await.json();
                assert_ne!(read["code"], "BODY_TOO_LARGE", "{path}");
            }
        }
        let guest = server.visitor().post("/customer/v1/guests", json!({})).await.ok(201);
        let guest = server.visitor().with_token(guest["token"].as_str().unwrap());
        guest.send(Method::POST, "/customer/v1/sign-out", Some(vec![b' '; SMALL + 1])).await.refused(400, "BODY_TOO_LARGE");
        let program = shop(server).await.program;
        for (length, code) in [(SMALL, "JSON_INVALID"), (SMALL + 1, "BODY_TOO_LARGE")] {
            let request = program.request(Method::POST, "/client/v1/keys/verify", vec![b' '; length]);
            program.send(request).await.refused(400, code);
        }
    }

    async fn of_who_is_signed_in_to_the_console_more_is_read(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        let path = "/api/v1/settings/quota.transfer_minimum";
        for (length, code) in [(SMALL + 1, "JSON_INVALID"), (1 << 20, "JSON_INVALID"), ((1 << 20) + 1, "BODY_TOO_LARGE")] {
            root.send(Method::PATCH, path, Some(vec![b' '; length])).await.refused(400, code);
        }
    }

    async fn where_there_is_no_room_everybody_is_told_to_come_back(server) {
        let crowded = || Fault::unavailable("no room");
        let greedy = || Fault::new(Kind::Limited, "RATE_LIMITED", "过多", "Too much").retry_after(1);
        for (why, status, code) in [(crowded as fn() -> Fault, 503, "BUSY"), (greedy as fn() -> Fault, 429, "RATE_LIMITED")] {
            let answer = without_room(server, "/api/v1/session", &[], why()).await;
            assert_eq!(answer.headers["retry-after"], "1");
            answer.refused(status, code);
            let notice = without_room(server, "/callbacks/wechat", &[], why()).await;
            assert_eq!(notice.status.as_u16(), status);
        }
        // A program is told so by a signature, which covers nothing that was not read.
        let program = shop(server).await.program;
        let request = program.request(Method::POST, "/client/v1/keys/verify", b"{}".to_vec());
        let answer = without_room(server, "/client/v1/keys/verify", &request.headers, crowded()).await;
        assert!(signed(&program.public_key, &request.nonce, &answer), "{}", answer.text());
        assert_eq!(answer.headers["retry-after"], "1");
        answer.refused(503, "BUSY");
        program.send(program.request(Method::GET, "/client/v1/time", Vec::new())).await.ok(200);
    }
}
