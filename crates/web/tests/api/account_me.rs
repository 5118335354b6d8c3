//! K1.2a, K1.3b, K1.4a: one's own account, sessions, and password.

use kernel::{HOUR, MINUTE};
use platform::identity::Role;
use serde_json::json;
use store::args;
use testkit::{Client, TestServer, on_server};

const NEW: &str = "purple-otter-7";

async fn sign_in(server: &TestServer, name: &str, password: &str) -> Client {
    let visitor = server.visitor();
    let answer = visitor.post("/api/v1/session", json!({"name": name, "password": password})).await.ok(200);
    visitor.with_token(answer["token"].as_str().unwrap())
}

async fn set(server: &TestServer, sql: &str, user: &Client) {
    let mut tx = server.platform.db.begin().await.unwrap();
    assert_eq!(tx.exec(sql, args![user.id()]).await.unwrap(), 1);
    tx.commit().await.unwrap();
}

on_server! {
    async fn k1_2a_me_says_who_one_is(server) {
        let boss = server.user(Role::AgentAdmin, "boss").await;
        let alice = server.user_under(Role::Agent, "alice", Some(&boss)).await;
        let me = alice.get("/api/v1/me").await.ok(200);
        assert_eq!(me["superior"], json!({"id": boss.id().to_string(), "name": "boss"}));
        assert_eq!(me["second_factor"], json!({"enabled": false, "required": false}));
        assert_eq!((me["language"].as_str(), me["unread"].as_i64(), me["must_change_password"].as_bool()), (Some("zh-CN"), Some(0), Some(false)));
        assert_eq!(alice.patch("/api/v1/me", json!({"language": "en"})).await.ok(200)["language"], "en");
        assert_eq!(alice.get("/api/v1/me").await.ok(200)["language"], "en");
        alice.patch("/api/v1/me", json!({"language": "fr"})).await.refused_field("language", "INVALID");
        alice.patch("/api/v1/me", json!({"role": "super_admin"})).await.refused(422, "INVALID");
        assert_eq!(alice.patch("/api/v1/me", json!({})).await.ok(200)["role"], "agent");
        server.visitor().get("/api/v1/me").await.refused(401, "SIGN_IN_REQUIRED");
        server.visitor().patch("/api/v1/me", json!({"language": "en"})).await.refused(401, "SIGN_IN_REQUIRED");
    }

    async fn k1_2a_config_tells_what_a_sign_in_page_needs(server) {
        let config = server.visitor().get("/api/v1/config").await.ok(200);
        let expected = json!({"site_name": "Cuekey", "sign_up_open": true, "demo": true, "time_zone": "Asia/Shanghai", "password_min_length": 10, "version": "test"});
        assert_eq!(config, expected);
    }

    async fn k1_2a_sessions_are_listed_and_ended_by_their_user_alone(server) {
        let alice = server.user(Role::Agent, "alice").await;
        let bob = server.user(Role::Agent, "bob").await;
        let second = sign_in(server, "alice", "password-of-alice").await;
        let third = sign_in(server, "alice", "password-of-alice").await;
        let page = alice.get("/api/v1/me/sessions?limit=2").await.ok(200);
        assert_eq!(page["items"].as_array().unwrap().len(), 2);
        let next = page["next_cursor"].as_str().unwrap();
        let rest = alice.get(&format!("/api/v1/me/sessions?limit=2&cursor={next}")).await.ok(200);
        assert_eq!((rest["items"].as_array().unwrap().len(), rest["items"][0]["current"].as_bool()), (1, Some(true)));
        let newest = page["items"][0]["id"].as_str().unwrap();
        bob.delete(&format!("/api/v1/me/sessions/{newest}")).await.refused(404, "NOT_FOUND");
        bob.delete(&format!("/api/v1/me/sessions/{}", alice.id())).await.refused(404, "NOT_FOUND");
        third.get("/api/v1/me").await.ok(200);
        alice.delete(&format!("/api/v1/me/sessions/{newest}")).await.ok(204);
        third.get("/api/v1/me").await.refused(401, "SESSION_INVALID");
        alice.delete(&format!("/api/v1/me/sessions/{newest}")).await.refused(404, "NOT_FOUND");
        alice.delete("/api/v1/me/sessions").await.ok(204);
        second.get("/api/v1/me").await.refused(401, "SESSION_INVALID");
        bob.get("/api/v1/me").await.ok(200);
        let left = alice.get("/api/v1/me/sessions").await.ok(200);
        assert_eq!((left["items"].as_array().unwrap().len(), left["items"][0]["current"].as_bool()), (1, Some(true)));
        for path in ["/api/v1/me/sessions", "/api/v1/me/sessions/ses_01h455vb4pex5vsknk084sn02q"] {
            server.visitor().delete(path).await.refused(401, "SIGN_IN_REQUIRED");
        }
        server.visitor().get("/api/v1/me/sessions").await.refused(401, "SIGN_IN_REQUIRED");
        server.keep_signed_in(&alice).await;
        let fourth = sign_in(server, "alice", "password-of-alice").await;
        server.clock.step(12 * HOUR);
        fourth.get("/api/v1/me").await.refused(401, "SESSION_INVALID");
        assert_eq!(alice.get("/api/v1/me/sessions").await.ok(200)["items"].as_array().unwrap().len(), 1, "ended ones are not listed");
    }

    async fn k1_3b_changing_the_password_ends_all_other_sessions_and_is_announced(server) {
        let alice = server.user(Role::Agent, "alice").await;
        let other = sign_in(server, "alice", "password-of-alice").await;
        alice.post("/api/v1/me/password", json!({"current": "password-of-alice", "password": NEW})).await.ok(204);
        alice.get("/api/v1/me").await.ok(200);
        other.get("/api/v1/me").await.refused(401, "SESSION_INVALID");
        let old = json!({"name": "alice", "password": "password-of-alice"});
        server.visitor().post("/api/v1/session", old).await.refused(401, "SIGN_IN_FAILED");
        sign_in(server, "alice", NEW).await;
        let mails = server.mails("alice@example.com").await;
        assert_eq!(mails.len(), 1);
        assert!(mails[0].0.starts_with("密码已修改"), "{}", mails[0].0);
        assert_eq!(server.told(alice.id()).await, ["account.password_changed"]);
        assert_eq!(alice.get("/api/v1/me").await.ok(200)["unread"], 1);
    }

    async fn k1_3b_a_password_change_needs_the_present_one_and_the_policy(server) {
        let alice = server.user(Role::Agent, "alice").await;
        let change = |current: &str, password: &str| json!({"current": current, "password": password});
        let url = "/api/v1/me/password";
        alice.post(url, change("wrong", NEW)).await.refused_field("current", "PASSWORD_WRONG");
        alice.post(url, change("password-of-alice", "short")).await.refused_field("password", "TOO_SHORT");
        alice.post(url, change("password-of-alice", "Password123!")).await.refused_field("password", "PASSWORD_COMMON");
        alice.post(url, change("password-of-alice", "alice-alice")).await.refused_field("password", "PASSWORD_IS_NAME");
        alice.post(url, change("password-of-alice", "password-of-alice")).await.refused_field("password", "PASSWORD_SAME");
        server.visitor().post(url, change("password-of-alice", NEW)).await.refused(401, "SIGN_IN_REQUIRED");
        // A stolen session does not guess on.
        for _ in 0..8 {
            alice.post(url, change("wrong", NEW)).await.refused_field("current", "PASSWORD_WRONG");
        }
        alice.post(url, change("password-of-alice", NEW)).await.refused(429, "RATE_LIMITED");
        server.clock.step(15 * MINUTE);
        alice.post(url, change("password-of-alice", NEW)).await.ok(204);
    }

    async fn k1_4a_a_first_password_must_be_changed_before_anything_else(server) {
        let alice = server.user(Role::Agent, "alice").await;
        set(server, "UPDATE users SET must_change_password = TRUE WHERE id = $1", &alice).await;
        let alice = sign_in(server, "alice", "password-of-alice").await;
        assert_eq!(alice.get("/api/v1/me").await.ok(200)["must_change_password"], true);
        alice.get("/api/v1/me/sessions").await.refused(403, "PASSWORD_CHANGE_REQUIRED");
        alice.delete("/api/v1/me/sessions").await.refused(403, "PASSWORD_CHANGE_REQUIRED");
        let same = json!({"current": "password-of-alice", "password": "password-of-alice"});
        alice.post("/api/v1/me/password", same).await.refused_field("password", "PASSWORD_SAME");
        alice.post("/api/v1/me/password", json!({"current": "password-of-alice", "password": NEW})).await.ok(204);
        alice.get("/api/v1/me/sessions").await.ok(200);
        assert_eq!(alice.get("/api/v1/me").await.ok(200)["must_change_password"], false);
    }

    async fn k1_3b_of_two_changes_at_once_one_wins(server) {
        let alice = server.user(Role::Agent, "alice").await;
        let change = |password: &str| json!({"current": "password-of-alice", "password": password});
        let (one, two) = tokio::join!(
            alice.post("/api/v1/me/password", change("purple-otter-7")),
            alice.post("/api/v1/me/password", change("yellow-heron-9")),
        );
        let done = [one.status.as_u16(), two.status.as_u16()];
        assert!(done.contains(&204) && done.iter().all(|status| [204, 409, 422].contains(status)), "{done:?}");
        assert_eq!(done.iter().filter(|status| **status == 204).count(), 1);
    }
}
