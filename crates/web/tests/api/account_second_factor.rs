//! K1.2: the second factor, by an authenticator app or a recovery code.

use kernel::{MINUTE, SECOND, Word};
use platform::identity::Role;
use serde_json::{Value, json};
use store::{Sql, args};
use testkit::{Answer, Client, TestServer, on_server, totp};

const STEP: i64 = 30 * SECOND;

fn proof(code: &str) -> Value {
    json!({"password": "password-of-alice", "code": code})
}

/// Sets the second factor up; answers the secret and the recovery codes. The code of this half minute is used.
async fn enrol(server: &TestServer, user: &Client) -> (String, Vec<String>) {
    let setup = user.post("/api/v1/me/second-factor", json!({})).await.ok(200);
    let secret = setup["secret"].as_str().unwrap().to_owned();
    let name = user.get("/api/v1/me").await.ok(200)["name"].as_str().unwrap().to_owned();
    let proof = json!({"password": format!("password-of-{name}"), "code": totp(&secret, server.clock.now())});
    let codes = user.post("/api/v1/me/second-factor/confirm", proof).await.ok(200);
    let codes = codes["recovery_codes"].as_array().unwrap().iter().map(|code| code.as_str().unwrap().to_owned()).collect();
    (secret, codes)
}

async fn attempt(server: &TestServer, code: Option<&str>, captcha: Value) -> Answer {
    let mut body = json!({"name": "alice", "password": "password-of-alice"});
    if let Some(code) = code {
        body["totp"] = json!(code);
    }
    if !captcha.is_null() {
        body["captcha"] = captcha;
    }
    server.visitor().post("/api/v1/session", body).await
}

async fn failures(server: &TestServer, user: &Client) -> i64 {
    server.failures(user.id()).await
}

on_server! {
    async fn k1_2_setting_up_needs_the_password_and_a_code_of_the_app(server) {
        let alice = server.user(Role::Agent, "alice").await;
        alice.post("/api/v1/me/second-factor/confirm", proof("123456")).await.refused(409, "SECOND_FACTOR_NOT_BEGUN");
        let setup = alice.post("/api/v1/me/second-factor", json!({})).await.ok(200);
        assert!(setup["otpauth_url"].as_str().unwrap().starts_with("otpauth://totp/Cuekey:alice?secret="), "{setup}");
        assert!(setup["qr_svg"].as_str().unwrap().contains("<svg"));
        for code in ["000000", "", "12345678901234567890", "abcdef"] {
            alice.post("/api/v1/me/second-factor/confirm", proof(code)).await.refused_field("code", "SECOND_FACTOR_WRONG");
        }
        attempt(server, None, Value::Null).await.ok(200);
        let code = totp(setup["secret"].as_str().unwrap(), server.clock.now());
        let others = json!({"password": "password-of-bob", "code": code});
        alice.post("/api/v1/me/second-factor/confirm", others).await.refused_field("password", "PASSWORD_WRONG");
        alice.post("/api/v1/me/second-factor/confirm", json!({"code": code})).await.refused_field("password", "REQUIRED");
        let codes = alice.post("/api/v1/me/second-factor/confirm", proof(&code)).await.ok(200);
        let mut codes: Vec<_> = codes["recovery_codes"].as_array().unwrap().clone();
        codes.dedup();
        assert_eq!(codes.len(), 10);
        assert_eq!(alice.get("/api/v1/me").await.ok(200)["second_factor"]["enabled"], true);
        alice.post("/api/v1/me/second-factor", json!({})).await.refused(409, "SECOND_FACTOR_ALREADY_ON");
        alice.post("/api/v1/me/second-factor/confirm", proof(&code)).await.refused(409, "SECOND_FACTOR_ALREADY_ON");
        for path in ["second-factor", "second-factor/confirm", "second-factor/disable"] {
            server.visitor().post(&format!("/api/v1/me/{path}"), json!({})).await.refused(401, "SIGN_IN_REQUIRED");
        }
        server.has_answered("POST /api/v1/me/second-factor/confirm");
    }

    async fn k1_2_the_secret_is_not_readable_in_the_database(server) {
        let alice = server.user(Role::Agent, "alice").await;
        let (secret, codes) = enrol(server, &alice).await;
        let stored: Vec<u8> = server.platform.db.read().one("SELECT totp_secret FROM users WHERE id = $1", args![alice.id()], |row| row.get("totp_secret")).await.unwrap();
        assert_eq!(stored.len(), 20 + 29, "sealed");
        assert!(!stored.windows(secret.len()).any(|part| part == secret.as_bytes()));
        let hashes: Vec<Vec<u8>> = server.platform.db.read().all("SELECT code_hash FROM recovery_codes", args![], |row| row.get("code_hash")).await.unwrap();
        assert!(hashes.iter().all(|hash| hash.len() == 32 && !codes.iter().any(|code| code.as_bytes() == hash)));
    }

    async fn k1_2_a_sign_in_needs_a_code_and_each_code_is_good_once(server) {
        let alice = server.user(Role::Agent, "alice").await;
        let (secret, _) = enrol(server, &alice).await;
        attempt(server, None, Value::Null).await.refused(401, "SECOND_FACTOR_REQUIRED");
        let used = totp(&secret, server.clock.now());
        attempt(server, Some(&used), Value::Null).await.refused(401, "SECOND_FACTOR_WRONG");
        server.clock.step(STEP);
        let code = totp(&secret, server.clock.now());
        attempt(server, Some(&code), Value::Null).await.ok(200);
        attempt(server, Some(&code), Value::Null).await.refused(401, "SECOND_FACTOR_WRONG");
        // A step late is fine, two are not.
        server.clock.step(STEP);
        let late = totp(&secret, server.clock.now());
        server.clock.step(STEP);
        attempt(server, Some(&late), Value::Null).await.ok(200);
        let too_late = totp(&secret, server.clock.now());
        server.clock.step(2 * STEP);
        attempt(server, Some(&too_late), Value::Null).await.refused(401, "SECOND_FACTOR_WRONG");
    }

    async fn k1_2_one_code_at_once_opens_one_session(server) {
        let alice = server.user(Role::Agent, "alice").await;
        let (secret, recovery) = enrol(server, &alice).await;
        server.clock.step(STEP);
        for code in [totp(&secret, server.clock.now()), recovery[3].clone()] {
            let (one, two) = tokio::join!(attempt(server, Some(&code), Value::Null), attempt(server, Some(&code), Value::Null));
            let done = [one.status.as_u16(), two.status.as_u16()];
            assert!(done.contains(&200) && done.contains(&401), "{done:?}");
        }
    }

    async fn k1_2_a_recovery_code_stands_in_once(server) {
        let alice = server.user(Role::Agent, "alice").await;
        let (_, codes) = enrol(server, &alice).await;
        attempt(server, Some(&codes[0]), Value::Null).await.ok(200);
        attempt(server, Some(&codes[0]), Value::Null).await.refused(401, "SECOND_FACTOR_WRONG");
        attempt(server, Some(&codes[1].to_uppercase().replace('-', " ")), Value::Null).await.ok(200);
        let bob = server.user(Role::Agent, "bob").await;
        let (_, bobs) = enrol(server, &bob).await;
        attempt(server, Some(&bobs[0]), Value::Null).await.refused(401, "SECOND_FACTOR_WRONG");
    }

    async fn k1_2b_wrong_codes_are_failures_and_lock(server) {
        let alice = server.user(Role::Agent, "alice").await;
        let (secret, _) = enrol(server, &alice).await;
        for _ in 0..2 {
            attempt(server, Some("000000"), Value::Null).await.refused(401, "SECOND_FACTOR_WRONG");
        }
        // Asking what is needed is no failure, but wipes none out either.
        for _ in 0..3 {
            attempt(server, None, Value::Null).await.refused(401, "SECOND_FACTOR_REQUIRED");
        }
        assert_eq!(failures(server, &alice).await, 2);
        assert_eq!(attempt(server, Some("000000"), Value::Null).await.refused(401, "SECOND_FACTOR_WRONG")["captcha_required"], true);
        attempt(server, Some("000000"), Value::Null).await.refused(401, "CAPTCHA_REQUIRED");
        let asked = attempt(server, None, server.visitor().captcha().await).await.refused(401, "SECOND_FACTOR_REQUIRED");
        assert_eq!(asked["captcha_required"], true);
        for _ in 0..2 {
            attempt(server, Some("000000"), server.visitor().captcha().await).await.refused(401, "SECOND_FACTOR_WRONG");
        }
        server.clock.step(STEP);
        let right = totp(&secret, server.clock.now());
        attempt(server, Some(&right), server.visitor().captcha().await).await.refused(423, "ACCOUNT_LOCKED");
        server.clock.step(15 * MINUTE);
        let right = totp(&secret, server.clock.now());
        attempt(server, Some(&right), Value::Null).await.ok(200);
        assert_eq!(failures(server, &alice).await, 0);
    }

    async fn k1_2_turning_it_off_needs_password_and_code(server) {
        let alice = server.user(Role::Agent, "alice").await;
        let off = |password: &str, code: &str| json!({"password": password, "code": code});
        let url = "/api/v1/me/second-factor/disable";
        alice.post(url, off("password-of-alice", "123456")).await.refused(409, "SECOND_FACTOR_OFF");
        let (secret, codes) = enrol(server, &alice).await;
        server.clock.step(STEP);
        let code = totp(&secret, server.clock.now());
        alice.post(url, off("wrong", &code)).await.refused_field("password", "PASSWORD_WRONG");
        alice.post(url, off("password-of-alice", "000000")).await.refused_field("code", "SECOND_FACTOR_WRONG");
        alice.post(url, off("password-of-alice", &code)).await.ok(204);
        attempt(server, None, Value::Null).await.ok(200);
        let again = enrol_later(server, &alice).await;
        attempt(server, Some(&codes[0]), Value::Null).await.refused(401, "SECOND_FACTOR_WRONG");
        alice.post(url, off("password-of-alice", &again[0])).await.ok(204);
        server.has_answered("POST /api/v1/me/second-factor/disable");
    }

    async fn k1_2_codes_cannot_be_gone_through_from_inside(server) {
        let alice = server.user(Role::Agent, "alice").await;
        let setup = alice.post("/api/v1/me/second-factor", json!({})).await.ok(200);
        for _ in 0..10 {
            alice.post("/api/v1/me/second-factor/confirm", proof("000000")).await.refused_field("code", "SECOND_FACTOR_WRONG");
        }
        let code = totp(setup["secret"].as_str().unwrap(), server.clock.now());
        alice.post("/api/v1/me/second-factor/confirm", proof(&code)).await.refused(429, "RATE_LIMITED");
    }

    async fn k1_2_a_role_that_needs_one_sets_it_up_before_anything_else(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        let alice = server.user(Role::Agent, "alice").await;
        root.patch("/api/v1/settings/security.second_factor_roles", json!({"value": ["agent"]})).await.ok(200);
        alice.get("/api/v1/me/sessions").await.refused(403, "SECOND_FACTOR_SETUP_REQUIRED");
        assert_eq!(alice.get("/api/v1/me").await.ok(200)["second_factor"], json!({"enabled": false, "required": true}));
        root.get("/api/v1/me/sessions").await.ok(200);
        let (secret, _) = enrol(server, &alice).await;
        alice.get("/api/v1/me/sessions").await.ok(200);
        server.clock.step(STEP);
        let off = json!({"password": "password-of-alice", "code": totp(&secret, server.clock.now())});
        alice.post("/api/v1/me/second-factor/disable", off).await.ok(204);
        alice.get("/api/v1/me/sessions").await.refused(403, "SECOND_FACTOR_SETUP_REQUIRED");
    }

    async fn k1_2_any_role_can_be_made_to_need_one_and_a_halls_staff_comes_in_by_it_too(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        let roles: Vec<&str> = Role::ALL.iter().map(|role| role.as_str()).collect();
        let set = root.patch("/api/v1/settings/security.second_factor_roles", json!({"value": ["venue_manager", "maintainer", "cashier"]})).await.ok(200);
        assert_eq!((&set["choices"], &set["default"]), (&json!(roles), &json!([])));
        for role in [Role::VenueManager, Role::Maintainer, Role::Cashier] {
            let name = role.as_str();
            let user = server.user(role, name).await;
            user.get("/api/v1/venues").await.refused(403, "SECOND_FACTOR_SETUP_REQUIRED");
            let (secret, _) = enrol(server, &user).await;
            user.get("/api/v1/venues").await.ok(200);
            let mut ask = json!({"name": name, "password": format!("password-of-{name}")});
            server.visitor().post("/api/v1/session", ask.clone()).await.refused(401, "SECOND_FACTOR_REQUIRED");
            server.clock.step(STEP);
            ask["totp"] = json!(totp(&secret, server.clock.now()));
            server.visitor().post("/api/v1/session", ask).await.ok(200);
        }
    }
}

/// Once more, in the next half minute.
async fn enrol_later(server: &TestServer, user: &Client) -> Vec<String> {
    server.clock.step(STEP);
    enrol(server, user).await.1
}
