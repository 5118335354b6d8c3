//! K1.4b: whoever is disabled, or signed out, does nothing more: whatever was begun before, and however long it is drawn out.

use std::convert::Infallible;

use axum::body::{Body, Bytes};
use axum::http::Request;
use futures_util::{StreamExt, stream};
use http_body_util::BodyExt;
use platform::identity::Role;
use serde_json::{Value, json};
use store::{Sql, args};
use testkit::{Answer, Client, TestServer, on_server};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tower::ServiceExt;

use crate::support::{project, shop};

/// A request that was let in, and the end of whose body is held back.
struct Held {
    rest: Vec<u8>,
    send: oneshot::Sender<Vec<u8>>,
    answer: JoinHandle<Answer>,
}

impl Held {
    async fn begun(server: &TestServer, who: &Client, path: &str, body: Value) -> Self {
        let mut first = body.to_string().into_bytes();
        let rest = first.split_off(1);
        let (waits, is_waiting) = oneshot::channel();
        let (send, comes) = oneshot::channel::<Vec<u8>>();
        let last = async move {
            waits.send(()).unwrap();
            Ok(Bytes::from(comes.await.unwrap()))
        };
        let pieces = stream::iter([Ok::<_, Infallible>(Bytes::from(first))]).chain(stream::once(last));
        let request = Request::post(path)
            .header("content-type", "application/json")
            .header("authorization", format!("Bearer {}", who.token().unwrap()))
            .header("idempotency-key", "held-0001")
            .body(Body::from_stream(pieces))
            .unwrap();
        let site = server.site.clone();
        let answer = tokio::spawn(async move {
            let (parts, body) = site.oneshot(request).await.unwrap().into_parts();
            Answer { status: parts.status, headers: parts.headers, bytes: body.collect().await.unwrap().to_bytes().to_vec() }
        });
        is_waiting.await.expect("somebody reads the body");
        Self { rest, send, answer }
    }

    /// The rest of it comes after all.
    async fn comes(self) -> Answer {
        self.send.send(self.rest).unwrap();
        self.answer.await.unwrap()
    }
}

async fn disabled_keys(server: &TestServer) -> i64 {
    let sql = "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM keys WHERE disabled_at IS NOT NULL";
    server.platform.db.read().one(sql, args![], |row| row.get("n")).await.unwrap()
}

async fn disable(root: &Client, user: &Client) {
    root.post(&format!("/api/v1/users/{}/disable", user.id()), json!({})).await.ok(200);
}

on_server! {
    async fn k1_4b_a_body_that_is_held_until_its_user_was_disabled_does_nothing(server) {
        let shop = shop(server).await;
        server.user(Role::Agent, "bob").await;
        let other = project(server, &shop.root, "another", json!({})).await;
        let key = shop.key().await;
        let key = shop.id_of(&key).await;
        let before = (server.quota(&shop.agent).await, server.logged().await.len());
        // Once, once or as often as it comes, and as often as it comes.
        let calls = [
            ("/api/v1/quota/transfers", json!({"to_name": "bob", "amount": 100})),
            ("/api/v1/batches", json!({"project_id": shop.program.project, "count": 1, "unit": "day", "validity": 30})),
            ("/api/v1/applications", json!({"project_id": other.project, "reason": "please"})),
            ("/api/v1/keys/disable", json!({"ids": [key]})),
        ];
        let mut held = Vec::new();
        for (path, body) in calls {
            held.push(Held::begun(server, &shop.agent, path, body).await);
        }
        disable(&shop.root, &shop.agent).await;
        for one in held {
            one.comes().await.refused(401, "SESSION_INVALID");
        }
        assert_eq!(server.quota(&shop.agent).await, before.0);
        assert_eq!(disabled_keys(server).await, 0);
        let logged: Vec<String> = server.logged().await.into_iter().skip(before.1).map(|line| line.what).collect();
        assert_eq!(logged, ["users.disabled"]);
    }

    async fn k1_3b_a_body_that_is_held_until_its_session_was_ended_does_nothing(server) {
        let (alice, bob) = (server.user(Role::Agent, "alice").await, server.user(Role::Agent, "bob").await);
        server.issue(&alice, 1_000).await;
        let stolen = server.again(&alice).await;
        let transfer = || json!({"to_name": "bob", "amount": 100});
        let held = Held::begun(server, &stolen, "/api/v1/quota/transfers", transfer()).await;
        alice.delete("/api/v1/me/sessions").await.ok(204);
        held.comes().await.refused(401, "SESSION_INVALID");
        assert_eq!((server.quota(&alice).await, server.quota(&bob).await), ((1_000, 0), (0, 0)));
        // Whose session still is good has all the time that the listener gives.
        let slow = Held::begun(server, &alice, "/api/v1/quota/transfers", transfer()).await;
        slow.comes().await.ok(201);
        assert_eq!((server.quota(&alice).await, server.quota(&bob).await), ((900, 0), (100, 0)));
    }

    async fn v2_1_a_body_that_is_held_until_its_customer_has_signed_out_does_nothing(server) {
        let guest = server.visitor().post("/customer/v1/guests", json!({})).await.ok(201);
        let guest = server.visitor().with_token(guest["token"].as_str().unwrap());
        let held = Held::begun(server, &guest, "/customer/v1/wechat/bind", json!({"app": "mini", "code": "x"})).await;
        guest.post("/customer/v1/sign-out", json!({})).await.ok(204);
        held.comes().await.refused(401, "SESSION_INVALID");
    }

    async fn k1_4b_a_bulk_change_goes_no_further_when_its_user_is_disabled(server) {
        let shop = shop(server).await;
        shop.batch(20_000, "day", 30).await;
        server.run_jobs().await;
        let agent = shop.agent.clone();
        let all = tokio::spawn(async move { agent.post("/api/v1/keys/disable", json!({"filter": {}})).await });
        while disabled_keys(server).await == 0 {
            tokio::task::yield_now().await;
        }
        disable(&shop.root, &shop.agent).await;
        let until_then = disabled_keys(server).await;
        assert!(until_then < 20_000, "it was not to be done yet");
        all.await.unwrap().refused(401, "SESSION_INVALID");
        assert_eq!(disabled_keys(server).await, until_then);
    }
}
