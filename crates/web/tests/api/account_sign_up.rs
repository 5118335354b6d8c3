//! K1.1: signing up, and verifying the address.

use kernel::{DAY, HOUR};
use platform::identity::Role;
use platform::settings::defs;
use serde_json::{Value, json};
use testkit::{Client, TestServer, on_server};

const PASSWORD: &str = "purple-otter-7";

async fn form(visitor: &Client, name: &str, email: &str) -> Value {
    json!({"name": name, "email": email, "password": PASSWORD, "captcha": visitor.captcha().await})
}

async fn sign_up(server: &TestServer, name: &str, email: &str) {
    let visitor = server.visitor();
    let form = form(&visitor, name, email).await;
    assert_eq!(visitor.post("/api/v1/sign-up", form).await.ok(202), json!({}));
}

/// The tokens in the mails to an address, oldest first.
async fn tokens(server: &TestServer, email: &str) -> Vec<String> {
    let mails = server.mails(email).await;
    let token = |text: &str| text.split_once("?token=").and_then(|(_, rest)| rest.split_whitespace().next().map(str::to_owned));
    mails.iter().filter_map(|(_, text)| token(text)).collect()
}

async fn verify(server: &TestServer, token: &str) -> testkit::Answer {
    server.visitor().post("/api/v1/sign-up/verify", json!({"token": token})).await
}

async fn sign_in(server: &TestServer, name: &str) -> testkit::Answer {
    server.visitor().post("/api/v1/session", json!({"name": name, "password": PASSWORD})).await
}

on_server! {
    async fn k1_1a_sign_up_makes_an_agent_that_waits_for_its_address(server) {
        sign_up(server, "Alice", "Alice@Example.com").await;
        sign_in(server, "alice").await.refused(403, "EMAIL_NOT_VERIFIED");
        let mails = server.mails("Alice@Example.com").await;
        assert_eq!(mails.len(), 1);
        assert!(mails[0].1.contains("http://127.0.0.1:7300/verify-email?token=cke_"), "{}", mails[0].1);
        let token = tokens(server, "Alice@Example.com").await.remove(0);
        assert_eq!(verify(server, &token).await.ok(200)["name"], "Alice");
        let me = sign_in(server, "ALICE").await.ok(200)["me"].clone();
        assert_eq!((me["role"].as_str(), me["name"].as_str(), me["superior"].is_null()), (Some("agent"), Some("Alice"), true));
    }

    async fn k1_1a_nobody_signs_up_as_anything_else(server) {
        let visitor = server.visitor();
        let mut form = form(&visitor, "mallory", "mallory@example.com").await;
        form["role"] = json!("super_admin");
        visitor.post("/api/v1/sign-up", form).await.refused(422, "INVALID");
        assert!(server.mails("mallory@example.com").await.is_empty());
    }

    async fn k1_1b_all_wrong_fields_are_named_at_once(server) {
        let body = json!({"name": "<script>alert(1)</script>", "email": "nobody", "password": "short"});
        let problem = server.visitor().post("/api/v1/sign-up", body).await.refused(422, "INVALID");
        let mut fields: Vec<_> = problem["errors"].as_array().unwrap().iter().map(|error| error["field"].as_str().unwrap()).collect();
        fields.sort_unstable();
        assert_eq!(fields, ["email", "name", "password"]);
    }

    async fn k1_1b_name_and_address_are_unique_in_any_spelling(server) {
        sign_up(server, "alice", "alice@example.com").await;
        let visitor = server.visitor();
        let again = form(&visitor, "ＡＬＩＣＥ", "ALICE@example.com").await;
        let problem = visitor.post("/api/v1/sign-up", again).await.refused(422, "INVALID");
        let codes: Vec<_> = problem["errors"].as_array().unwrap().iter().map(|error| error["code"].as_str().unwrap()).collect();
        assert_eq!(codes, ["NAME_TAKEN", "EMAIL_TAKEN"]);
        let other = form(&visitor, "bob", "Alice@EXAMPLE.com").await;
        visitor.post("/api/v1/sign-up", other).await.refused_field("email", "EMAIL_TAKEN");
    }

    async fn k1_1b_of_many_at_once_one_has_the_name(server) {
        let visitor = server.visitor();
        let mut forms = Vec::new();
        for n in 0..8 {
            forms.push(form(&visitor, if n % 2 == 0 { "alice" } else { "ALICE" }, &format!("a{n}@example.com")).await);
        }
        let mut tasks = Vec::new();
        for form in forms {
            let visitor = visitor.clone();
            tasks.push(tokio::spawn(async move { visitor.post("/api/v1/sign-up", form).await }));
        }
        let mut accepted = 0;
        for task in tasks {
            let answer = task.await.unwrap();
            if answer.status == 202 { accepted += 1 } else { answer.refused_field("name", "NAME_TAKEN") }
        }
        assert_eq!(accepted, 1);
    }

    async fn k1_1b_hostile_names_are_refused_by_rule(server) {
        let visitor = server.visitor();
        for name in ["长".repeat(5_000), "x".repeat(33), "a\u{202e}lice".into(), "=HYPERLINK(1)".into(), "12345".into(), "a b".into(), String::new()] {
            let body = json!({"name": name, "email": "a@example.com", "password": PASSWORD});
            let problem = visitor.post("/api/v1/sign-up", body).await.refused(422, "INVALID");
            assert_eq!(problem["errors"].as_array().unwrap().len(), 1, "{problem}");
            assert_eq!(problem["errors"][0]["field"], "name");
        }
        let raw = b"{\"name\":\"\xff\xfe\",\"email\":\"a@example.com\",\"password\":\"x\"}".to_vec();
        visitor.send(axum::http::Method::POST, "/api/v1/sign-up", Some(raw)).await.refused(400, "JSON_INVALID");
        let body = json!({"name": 5, "email": "a@example.com", "password": PASSWORD});
        visitor.post("/api/v1/sign-up", body).await.refused_field("name", "INVALID");
    }

    async fn k1_3b_the_password_policy_holds_at_sign_up(server) {
        let visitor = server.visitor();
        for (password, code) in [("short", "TOO_SHORT"), ("Password123!", "PASSWORD_COMMON"), ("alice12345", "PASSWORD_IS_NAME"), ("boss@example.com", "PASSWORD_IS_NAME")] {
            let body = json!({"name": "alice", "email": "boss@example.com", "password": password});
            visitor.post("/api/v1/sign-up", body).await.refused_field("password", code);
        }
        let admin = server.user(Role::SuperAdmin, "root").await;
        admin.patch("/api/v1/settings/security.password_min_length", json!({"value": 20})).await.ok(200);
        let body = json!({"name": "alice", "email": "boss@example.com", "password": PASSWORD});
        visitor.post("/api/v1/sign-up", body).await.refused_field("password", "TOO_SHORT");
        assert_eq!(visitor.get("/api/v1/config").await.ok(200)["password_min_length"], 20);
    }

    async fn k1_1a_a_captcha_is_always_needed_and_good_once(server) {
        let visitor = server.visitor();
        let without = json!({"name": "alice", "email": "alice@example.com", "password": PASSWORD});
        assert_eq!(visitor.post("/api/v1/sign-up", without).await.refused(401, "CAPTCHA_REQUIRED")["captcha_required"], true);
        let mut form = form(&visitor, "alice", "alice@example.com").await;
        visitor.post("/api/v1/sign-up", form.clone()).await.ok(202);
        form["name"] = json!("bob");
        form["email"] = json!("bob@example.com");
        visitor.post("/api/v1/sign-up", form.clone()).await.refused(401, "CAPTCHA_WRONG");
        form["captcha"] = json!({"id": "usr_junk", "answer": "1"});
        visitor.post("/api/v1/sign-up", form).await.refused(401, "CAPTCHA_WRONG");
    }

    async fn k1_1a_sign_up_can_be_closed(server) {
        let admin = server.user(Role::SuperAdmin, "root").await;
        admin.patch(&format!("/api/v1/settings/{}", defs::SIGN_UP_OPEN.0.name), json!({"value": false})).await.ok(200);
        let visitor = server.visitor();
        let form = form(&visitor, "alice", "alice@example.com").await;
        visitor.post("/api/v1/sign-up", form).await.refused(403, "SIGN_UP_CLOSED");
        assert_eq!(visitor.get("/api/v1/config").await.ok(200)["sign_up_open"], false);
    }

    async fn k1_1a_one_address_signs_up_so_many_times_an_hour(server) {
        let visitor = server.visitor().from([203, 0, 113, 9]);
        let taken = json!({"name": "alice", "email": "alice@example.com", "password": PASSWORD});
        for _ in 0..20 {
            visitor.post("/api/v1/sign-up", taken.clone()).await.refused(401, "CAPTCHA_REQUIRED");
        }
        let problem = visitor.post("/api/v1/sign-up", taken.clone()).await.refused(429, "RATE_LIMITED");
        assert!((1..=3_600).contains(&problem["retry_after_seconds"].as_i64().unwrap()), "{problem}");
        server.visitor().from([203, 0, 113, 10]).post("/api/v1/sign-up", taken.clone()).await.refused(401, "CAPTCHA_REQUIRED");
        server.clock.step(HOUR);
        visitor.post("/api/v1/sign-up", taken).await.refused(401, "CAPTCHA_REQUIRED");
    }

    async fn k1_1c_a_link_is_good_once_and_for_a_day(server) {
        sign_up(server, "alice", "alice@example.com").await;
        sign_up(server, "bob", "bob@example.com").await;
        let alice = tokens(server, "alice@example.com").await.remove(0);
        let bob = tokens(server, "bob@example.com").await.remove(0);
        verify(server, "cke_guess").await.refused(400, "TOKEN_INVALID");
        verify(server, &alice).await.ok(200);
        verify(server, &alice).await.refused(400, "TOKEN_INVALID");
        server.clock.step(DAY);
        verify(server, &bob).await.refused(400, "TOKEN_INVALID");
        sign_in(server, "bob").await.refused(403, "EMAIL_NOT_VERIFIED");
        server.has_answered("POST /api/v1/sign-up/verify");
    }

    async fn k1_1c_a_link_is_not_good_for_another_purpose_or_a_disabled_account(server) {
        sign_up(server, "alice", "alice@example.com").await;
        let token = tokens(server, "alice@example.com").await.remove(0);
        let reset = json!({"token": token, "password": "another-otter-8"});
        server.visitor().post("/api/v1/password/reset", reset).await.refused(400, "TOKEN_INVALID");
        let mut tx = server.platform.db.begin().await.unwrap();
        tx.exec("UPDATE users SET state = 'disabled' WHERE name = 'alice'", vec![]).await.unwrap();
        tx.commit().await.unwrap();
        verify(server, &token).await.refused(400, "TOKEN_INVALID");
        sign_in(server, "alice").await.refused(403, "ACCOUNT_DISABLED");
    }

    async fn k1_1c_a_link_can_be_sent_again_and_the_first_stays_good(server) {
        sign_up(server, "alice", "alice@example.com").await;
        let visitor = server.visitor();
        let again = |captcha: Value| json!({"email": "ALICE@example.com", "captcha": captcha});
        visitor.post("/api/v1/sign-up/resend", json!({"email": "alice@example.com"})).await.refused(401, "CAPTCHA_REQUIRED");
        visitor.post("/api/v1/sign-up/resend", again(visitor.captcha().await)).await.ok(202);
        let sent = tokens(server, "alice@example.com").await;
        assert_eq!(sent.len(), 2);
        verify(server, &sent[0]).await.ok(200);
        assert_eq!(verify(server, &sent[1]).await.ok(200)["name"], "alice", "following the other too does no harm");
        visitor.post("/api/v1/sign-up/resend", again(visitor.captcha().await)).await.ok(202);
        assert_eq!(tokens(server, "alice@example.com").await.len(), 2, "there is nothing to verify any more");
    }

    async fn k1_1c_sending_again_answers_the_same_for_unknown_addresses_and_is_limited(server) {
        sign_up(server, "alice", "alice@example.com").await;
        let visitor = server.visitor();
        for email in ["alice@example.com", "nobody@example.com"] {
            for _ in 0..5 {
                let body = json!({"email": email, "captcha": visitor.captcha().await});
                assert_eq!(visitor.post("/api/v1/sign-up/resend", body).await.ok(202), json!({}));
            }
            let body = json!({"email": email, "captcha": visitor.captcha().await});
            visitor.post("/api/v1/sign-up/resend", body).await.refused(429, "RATE_LIMITED");
        }
        assert_eq!(tokens(server, "alice@example.com").await.len(), 6);
        assert!(server.mails("nobody@example.com").await.is_empty());
        visitor.post("/api/v1/sign-up/resend", json!({"email": "no address"})).await.refused_field("email", "EMAIL_INVALID");
    }

    async fn k1_1_the_first_super_admin_is_made_by_who_installs(server) {
        use platform::identity::create_super_admin;
        let cx = server.cx();
        let id = create_super_admin(&cx, "chief", "chief@example.com", PASSWORD).await.unwrap();
        assert_eq!(sign_in(server, "chief").await.ok(200)["me"]["id"], id.to_string());
        let taken = create_super_admin(&cx, "CHIEF", "other@example.com", PASSWORD).await.unwrap_err();
        assert_eq!(taken.fields[0].code, "NAME_TAKEN");
        let weak = create_super_admin(&cx, "chief2", "other@example.com", "chief2chief2").await.unwrap_err();
        assert_eq!(weak.fields[0].code, "PASSWORD_IS_NAME");
        let visitor = platform::Cx::visitor(std::sync::Arc::clone(&server.platform), platform::Origin::default(), kernel::Lang::Zh);
        assert_eq!(create_super_admin(&visitor, "thief", "thief@example.com", PASSWORD).await.unwrap_err().code, "FORBIDDEN");
    }
}
