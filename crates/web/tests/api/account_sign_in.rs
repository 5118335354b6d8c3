//! K1.2: signing in: the token, what is logged of it, and where each role lands.

use kernel::HOUR;
use platform::identity::Role;
use serde_json::json;
use store::{Sql, args};
use testkit::on_server;

use crate::support::sign_in::{attempt, log, record};

on_server! {
    async fn k1_2a_signing_in_gives_a_token_that_is_revocable(server) {
        let alice = server.user(Role::Agent, "alice").await;
        let visitor = server.visitor().with("user-agent", "Firefox");
        let answer = attempt(&visitor, " ALICE ", "password-of-alice").await;
        let cookie = answer.headers["set-cookie"].to_str().unwrap().to_owned();
        let signed_in = answer.ok(200);
        let token = signed_in["token"].as_str().unwrap();
        assert_eq!(cookie, format!("__Host-cuekey={token}; Path=/; Max-Age=43200; HttpOnly; SameSite=Strict; Secure"));
        assert_eq!(signed_in["me"]["id"], alice.id().to_string());
        let me = visitor.with_token(token);
        assert_eq!(me.get("/api/v1/me").await.ok(200)["name"], "alice");
        let browser = server.visitor().with("cookie", cookie.split(';').next().unwrap());
        browser.get("/api/v1/me").await.ok(200);
        browser.delete("/api/v1/session").await.refused(403, "CSRF");
        let gone = browser.with("x-cuekey-console", "1").delete("/api/v1/session").await;
        assert!(gone.headers["set-cookie"].to_str().unwrap().starts_with("__Host-cuekey=; Path=/; Max-Age=0;"));
        gone.ok(204);
        me.get("/api/v1/me").await.refused(401, "SESSION_INVALID");
        browser.get("/api/v1/me").await.refused(401, "SESSION_INVALID");
        alice.get("/api/v1/me").await.ok(200);
        assert_eq!(log(server, "ALICE").await, ["ok"]);
    }

    async fn k1_2a_the_console_is_told_its_token_by_a_cookie_that_scripts_cannot_read_and_by_nothing_else(server) {
        server.user(Role::Agent, "alice").await;
        for (visitor, told) in [(server.visitor(), true), (server.visitor().with("x-cuekey-console", "1"), false)] {
            let answer = attempt(&visitor, "alice", "password-of-alice").await;
            let cookie = answer.headers["set-cookie"].to_str().unwrap().to_owned();
            let token = cookie.split(';').next().unwrap().split_once('=').unwrap().1.to_owned();
            assert!(token.starts_with("cks_") && cookie.contains("HttpOnly"), "{cookie}");
            assert_eq!(answer.headers.values().filter(|value| value.to_str().is_ok_and(|text| text.contains(&token))).count(), 1);
            assert_eq!(answer.text().contains(&token), told);
            assert_eq!(answer.ok(200)["me"]["name"], "alice");
        }
    }

    async fn k1_2a_a_cookie_that_a_neighbour_could_plant_is_not_read(server) {
        let alice = server.user(Role::Agent, "alice").await;
        let plain = format!("cuekey={}", alice.token().unwrap());
        server.visitor().with("cookie", &plain).get("/api/v1/me").await.refused(401, "SIGN_IN_REQUIRED");
        let both = format!("{plain}; __Host-cuekey={}", alice.token().unwrap());
        server.visitor().with("cookie", &both).get("/api/v1/me").await.ok(200);
    }

    async fn k1_2a_each_sign_in_has_a_token_of_its_own_whatever_was_sent(server) {
        server.user(Role::Agent, "alice").await;
        let visitor = server.visitor().with("cookie", "__Host-cuekey=cks_planted");
        let first = attempt(&visitor, "alice", "password-of-alice").await.ok(200)["token"].clone();
        let second = attempt(&visitor, "alice", "password-of-alice").await.ok(200)["token"].clone();
        assert!(first != second && first != "cks_planted");
        server.clock.step(12 * HOUR);
        server.visitor().with_token(first.as_str().unwrap()).get("/api/v1/me").await.refused(401, "SESSION_INVALID");
    }

    async fn k1_2a_each_try_is_logged_with_address_and_agent(server) {
        let alice = server.user(Role::Agent, "alice").await;
        let visitor = server.visitor().from([198, 51, 100, 7]).with("user-agent", "Opera/9");
        attempt(&visitor, "alice", "wrong").await.refused(401, "SIGN_IN_FAILED");
        attempt(&visitor, "alice", "password-of-alice").await.ok(200);
        attempt(&visitor, "no\u{7}body", "password-of-alice").await.refused(401, "SIGN_IN_FAILED");
        let sql = "SELECT s.name, u.id AS user_id, s.result, s.address, s.agent FROM sign_ins s LEFT JOIN users u ON u.id = s.user_id ORDER BY s.id";
        let rows = server.platform.db.read().all(sql, args![], |row| {
            let user: Option<platform::identity::UserId> = row.get("user_id")?;
            Ok((row.get::<String>("name")?, user, row.get::<String>("result")?, row.get::<String>("address")?, row.get::<String>("agent")?))
        }).await.unwrap();
        let line = |name: &str, user, result: &str| (name.to_owned(), user, result.to_owned(), "198.51.100.7".to_owned(), "Opera/9".to_owned());
        assert_eq!(rows, [line("alice", Some(alice.id()), "wrong"), line("alice", Some(alice.id()), "ok"), line("nobody", None, "wrong")]);
    }

    async fn k1_2a_a_disabled_account_is_told_so_only_with_its_password(server) {
        let alice = server.user(Role::Agent, "alice").await;
        let mut tx = server.platform.db.begin().await.unwrap();
        tx.exec("UPDATE users SET state = 'disabled' WHERE id = $1", args![alice.id()]).await.unwrap();
        tx.commit().await.unwrap();
        alice.get("/api/v1/me").await.refused(401, "SESSION_INVALID");
        let visitor = server.visitor();
        attempt(&visitor, "alice", "wrong").await.refused(401, "SIGN_IN_FAILED");
        for _ in 0..4 {
            attempt(&visitor, "alice", "password-of-alice").await.refused(403, "ACCOUNT_DISABLED");
        }
        assert_eq!(record(server, &alice).await, (1, false), "neither a failure nor a success");
        assert_eq!(log(server, "alice").await, ["wrong", "disabled", "disabled", "disabled", "disabled"]);
    }

    async fn k1_2a_hostile_input_is_refused_and_changes_nothing(server) {
        let visitor = server.visitor();
        attempt(&visitor, &"长".repeat(2_000), &"x".repeat(10_000)).await.refused(401, "SIGN_IN_FAILED");
        attempt(&visitor, &"长".repeat(10_000), &"x".repeat(100_000)).await.refused(400, "BODY_TOO_LARGE");
        attempt(&visitor, "", "").await.refused(401, "SIGN_IN_FAILED");
        attempt(&visitor, "' OR 1=1 --", "x").await.refused(401, "SIGN_IN_FAILED");
        attempt(&visitor, "a\0b", "a\0b").await.refused(401, "SIGN_IN_FAILED");
        visitor.post("/api/v1/session", json!({"name": ["a"], "password": "x"})).await.refused_field("name", "INVALID");
        visitor.post("/api/v1/session", json!({"name": "a", "password": "x", "role": "super_admin"})).await.refused(422, "INVALID");
        let raw = b"{\"name\":\"a\",\"password\":\"\xc3\x28\"}".to_vec();
        visitor.send(axum::http::Method::POST, "/api/v1/session", Some(raw)).await.refused(400, "JSON_INVALID");
        let names: Vec<String> = server.platform.db.read().all("SELECT name FROM sign_ins", args![], |row| row.get("name")).await.unwrap();
        assert!(names.iter().all(|name| name.chars().count() <= 64 && !name.contains('\0')), "{names:?}");
        visitor.delete("/api/v1/session").await.refused(401, "SIGN_IN_REQUIRED");
    }

    async fn k1_2c_each_role_lands_on_its_home_page(server) {
        for role in <Role as kernel::Word>::ALL.iter().copied() {
            let name = kernel::Word::as_str(role);
            server.user(role, name).await;
            let home = if matches!(role, Role::VenueManager | Role::Maintainer | Role::Cashier) { "/floor" } else { "/home" };
            let me = attempt(&server.visitor(), name, &format!("password-of-{name}")).await.ok(200)["me"].clone();
            assert_eq!((me["home"].as_str(), me["role"].as_str()), (Some(home), Some(name)));
            let permissions: Vec<_> = me["permissions"].as_array().unwrap().iter().map(|word| word.as_str().unwrap().to_owned()).collect();
            let expected: Vec<_> = role.permissions().iter().map(ToString::to_string).collect();
            assert_eq!(permissions, expected);
        }
    }
}
