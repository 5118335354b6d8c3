//! K1.3: forgotten passwords.

use kernel::{DAY, HOUR, MINUTE};
use platform::identity::Role;
use serde_json::{Value, json};
use store::{Sql, args};
use testkit::{Answer, TestServer, on_server};

const NEW: &str = "purple-otter-7";

async fn forgot(server: &TestServer, email: &str) -> Value {
    let visitor = server.visitor();
    visitor.post("/api/v1/password/forgot", json!({"email": email, "captcha": visitor.captcha().await})).await.ok(202)
}

async fn tokens(server: &TestServer, email: &str) -> Vec<String> {
    let mails = server.mails(email).await;
    let token =
        |text: &str| text.split_once("/reset-password?token=").and_then(|(_, rest)| rest.split_whitespace().next().map(str::to_owned));
    mails.iter().filter_map(|(_, text)| token(text)).collect()
}

async fn reset(server: &TestServer, token: &str, password: &str) -> Answer {
    server.visitor().post("/api/v1/password/reset", json!({"token": token, "password": password})).await
}

async fn sign_in(server: &TestServer, password: &str) -> Answer {
    server.visitor().post("/api/v1/session", json!({"name": "alice", "password": password})).await
}

on_server! {
    async fn k1_3a_the_answer_does_not_tell_whether_the_address_exists(server) {
        server.user(Role::Agent, "alice").await;
        assert_eq!(forgot(server, "alice@example.com").await, forgot(server, "nobody@example.com").await);
        let jobs: Vec<String> = server.platform.db.read().all("SELECT kind FROM jobs ORDER BY id", args![], |row| row.get("kind")).await.unwrap();
        assert_eq!(jobs, ["account.reset", "account.reset"], "the same work for both");
        assert_eq!(server.mails("alice@example.com").await.len(), 1);
        assert!(server.mails("nobody@example.com").await.is_empty());
    }

    async fn k1_3a_it_needs_a_captcha_and_is_limited(server) {
        let visitor = server.visitor();
        visitor.post("/api/v1/password/forgot", json!({"email": "alice@example.com"})).await.refused(401, "CAPTCHA_REQUIRED");
        visitor.post("/api/v1/password/forgot", json!({"email": "alice"})).await.refused_field("email", "EMAIL_INVALID");
        for _ in 0..5 {
            forgot(server, "alice@example.com").await;
        }
        let body = json!({"email": "ALICE@example.com", "captcha": visitor.captcha().await});
        visitor.post("/api/v1/password/forgot", body).await.refused(429, "RATE_LIMITED");
        server.clock.step(HOUR);
        forgot(server, "alice@example.com").await;
    }

    async fn k1_3b_a_reset_ends_all_sessions_lifts_the_lock_and_is_announced(server) {
        let alice = server.user(Role::Agent, "alice").await;
        for _ in 0..3 {
            sign_in(server, "wrong").await.refused(401, "SIGN_IN_FAILED");
        }
        server.lock_out(alice.id(), server.clock.now().plus_micros(15 * MINUTE)).await;
        sign_in(server, "password-of-alice").await.refused(423, "ACCOUNT_LOCKED");
        forgot(server, "Alice@example.com").await;
        let token = tokens(server, "alice@example.com").await.remove(0);
        reset(server, &token, NEW).await.ok(204);
        alice.get("/api/v1/me").await.refused(401, "SESSION_INVALID");
        sign_in(server, "password-of-alice").await.refused(401, "SIGN_IN_FAILED");
        sign_in(server, NEW).await.ok(200);
        assert_eq!(server.told(alice.id()).await, ["account.password_changed"]);
        assert_eq!(server.mails("alice@example.com").await.len(), 2);
    }

    async fn k1_4a_a_password_that_lies_in_a_letter_is_good_for_a_week_and_then_a_link_helps(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        let form = json!({"name": "alice", "email": "alice@example.com", "role": "agent", "initial_quota": 0});
        root.post_once("create-0001", "/api/v1/users", form).await.ok(201);
        let letter = server.mails("alice@example.com").await.remove(0).1;
        let first = letter.lines().find_map(|line| line.strip_prefix("初始密码：")).unwrap().to_owned();
        server.clock.step(7 * DAY - MINUTE);
        sign_in(server, &first).await.ok(200);
        server.clock.step(MINUTE);
        sign_in(server, "wrong").await.refused(401, "SIGN_IN_FAILED");
        sign_in(server, &first).await.refused(403, "FIRST_PASSWORD_OLD");
        let log = "SELECT result FROM sign_ins ORDER BY id";
        let results: Vec<String> = server.platform.db.read().all(log, args![], |row| row.get("result")).await.unwrap();
        assert_eq!(results, ["ok", "wrong", "first_password_old"]);
        forgot(server, "alice@example.com").await;
        let token = tokens(server, "alice@example.com").await.remove(0);
        reset(server, &token, NEW).await.ok(204);
        server.clock.step(30 * DAY);
        sign_in(server, NEW).await.ok(200);
    }

    async fn k1_3a_a_link_is_good_once_and_for_an_hour(server) {
        server.user(Role::Agent, "alice").await;
        forgot(server, "alice@example.com").await;
        let first = tokens(server, "alice@example.com").await.remove(0);
        reset(server, &first, NEW).await.ok(204);
        reset(server, &first, "yellow-heron-9").await.refused(400, "TOKEN_INVALID");
        forgot(server, "alice@example.com").await;
        let second = tokens(server, "alice@example.com").await.remove(1);
        server.clock.step(HOUR);
        reset(server, &second, "yellow-heron-9").await.refused(400, "TOKEN_INVALID");
        reset(server, "cke_guess", "yellow-heron-9").await.refused(400, "TOKEN_INVALID");
        reset(server, &"x".repeat(10_000), "yellow-heron-9").await.refused(400, "TOKEN_INVALID");
        sign_in(server, NEW).await.ok(200);
        server.has_answered("POST /api/v1/password/reset");
    }

    async fn k1_3a_a_newer_link_makes_older_ones_useless(server) {
        server.user(Role::Agent, "alice").await;
        forgot(server, "alice@example.com").await;
        tokens(server, "alice@example.com").await;
        forgot(server, "alice@example.com").await;
        let links = tokens(server, "alice@example.com").await;
        reset(server, &links[0], NEW).await.refused(400, "TOKEN_INVALID");
        reset(server, &links[1], NEW).await.ok(204);
    }

    async fn k1_3b_the_policy_holds_and_a_refusal_does_not_use_the_link_up(server) {
        server.user(Role::Agent, "alice").await;
        forgot(server, "alice@example.com").await;
        let token = tokens(server, "alice@example.com").await.remove(0);
        reset(server, &token, "short").await.refused_field("password", "TOO_SHORT");
        reset(server, &token, "Password123!").await.refused_field("password", "PASSWORD_COMMON");
        reset(server, &token, "alice@example.com").await.refused_field("password", "PASSWORD_IS_NAME");
        reset(server, &token, NEW).await.ok(204);
    }

    async fn k1_3a_of_many_uses_at_once_one_counts(server) {
        server.user(Role::Agent, "alice").await;
        forgot(server, "alice@example.com").await;
        let token = tokens(server, "alice@example.com").await.remove(0);
        let (visitor, body) = (server.visitor(), |n: usize| json!({"token": token, "password": format!("purple-otter-{n}")}));
        let tasks: Vec<_> = (0..6)
            .map(|n| {
                let (visitor, body) = (visitor.clone(), body(n));
                tokio::spawn(async move { visitor.post("/api/v1/password/reset", body).await.status.as_u16() })
            })
            .collect();
        let mut done = Vec::new();
        for task in tasks {
            done.push(task.await.unwrap());
        }
        assert_eq!(done.iter().filter(|status| **status == 204).count(), 1, "{done:?}");
        assert!(done.iter().all(|status| [204, 400].contains(status)), "{done:?}");
    }

    async fn k1_3a_a_disabled_account_gets_no_link_and_cannot_use_one(server) {
        let alice = server.user(Role::Agent, "alice").await;
        forgot(server, "alice@example.com").await;
        let token = tokens(server, "alice@example.com").await.remove(0);
        let mut tx = server.platform.db.begin().await.unwrap();
        tx.exec("UPDATE users SET state = 'disabled' WHERE id = $1", args![alice.id()]).await.unwrap();
        tx.commit().await.unwrap();
        reset(server, &token, NEW).await.refused(400, "TOKEN_INVALID");
        forgot(server, "alice@example.com").await;
        assert_eq!(tokens(server, "alice@example.com").await.len(), 1);
    }
}
