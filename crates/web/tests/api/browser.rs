//! What browsers are told, and what a forged request of theirs, or of a stranger's, cannot do.

use axum::http::{HeaderMap, Method};
use platform::identity::Role;
use serde_json::json;
use testkit::{Client, TestServer, on_server};

fn has(headers: &HeaderMap, name: &str, value: &str) {
    let said = headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    assert_eq!(said, value, "{name}");
}

/// All that a policy says of this.
fn directive<'a>(policy: &'a str, name: &str) -> Option<&'a str> {
    policy.split(';').find_map(|part| part.trim().strip_prefix(name)?.strip_prefix(' '))
}

/// Signs in as a browser does; the cookie that it is given.
async fn cookie_of(browser: &Client, name: &str) -> String {
    let answer = browser.post("/api/v1/session", json!({"name": name, "password": format!("password-of-{name}")})).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    set_cookie(&answer.headers)
}

fn set_cookie(headers: &HeaderMap) -> String {
    headers["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned()
}

fn with_cookie(server: &TestServer, cookie: &str) -> Client {
    server.visitor().with("cookie", cookie).with("x-cuekey-console", "1")
}

on_server! {
    async fn every_answer_says_what_browsers_may_do_with_it(server) {
        let chief = server.user(Role::SuperAdmin, "chief").await;
        for answer in [
            server.visitor().get("/").await,
            chief.get("/api/v1/me").await,
            server.visitor().get("/api/v1/me").await,
            server.visitor().get("/api/v1/nowhere").await,
            server.visitor().get("/nowhere.js").await,
            server.visitor().get("/client/v1/time").await,
            server.visitor().get("/openapi.json").await,
            server.visitor().get("/healthz").await,
            server.visitor().send(Method::PUT, "/api/v1/session", None).await,
        ] {
            has(&answer.headers, "x-content-type-options", "nosniff");
            has(&answer.headers, "x-frame-options", "DENY");
            has(&answer.headers, "referrer-policy", "no-referrer");
            has(&answer.headers, "cross-origin-opener-policy", "same-origin");
            has(&answer.headers, "cross-origin-resource-policy", "same-origin");
            let policy = answer.headers["content-security-policy"].to_str().unwrap();
            assert_eq!(directive(policy, "frame-ancestors"), Some("'none'"), "{policy}");
            // Scripts of this site or none, whichever of their directives there are: nothing beside it.
            assert!(directive(policy, "script-src").or(directive(policy, "default-src")).is_some(), "{policy}");
            for name in ["default-src", "script-src", "script-src-elem", "script-src-attr"] {
                assert!(matches!(directive(policy, name), None | Some("'self'" | "'none'")), "{name} of {policy}");
            }
            assert!(!answer.headers.contains_key("access-control-allow-origin"), "no other site may read it");
            assert!(!answer.headers.contains_key("server"), "nothing says what runs here");
            assert!(answer.headers["content-type"].to_str().unwrap().contains('/'));
        }
    }

    async fn what_the_api_answers_is_not_kept_and_not_rendered(server) {
        let chief = server.user(Role::SuperAdmin, "chief").await;
        for answer in [chief.get("/api/v1/me").await, server.visitor().get("/api/v1/me").await] {
            has(&answer.headers, "cache-control", "no-store");
            has(&answer.headers, "content-security-policy", "default-src 'none'; frame-ancestors 'none'; sandbox");
        }
        has(&server.visitor().get("/client/v1/time").await.headers, "cache-control", "no-store, no-transform");
    }

    async fn https_is_asked_for_only_where_there_is_https(server) {
        let told = |headers: &HeaderMap| headers.contains_key("strict-transport-security");
        assert!(!told(&server.visitor().get("/healthz").await.headers), "plain http, on loopback");
        let claims = server.visitor().with("x-forwarded-proto", "https");
        assert!(!told(&claims.from([9, 9, 9, 9]).get("/healthz").await.headers), "anybody can say so");
        has(&claims.from([10, 0, 0, 1]).get("/healthz").await.headers, "strict-transport-security", "max-age=31536000");
    }

    async fn a_strangers_forwarded_address_is_not_believed(server) {
        server.user(Role::Agent, "alice").await;
        let wrong = json!({"name": "alice", "password": "wrong"});
        let stranger = server.visitor().from([9, 9, 9, 9]).with("x-forwarded-for", "1.2.3.4").with("forwarded", "for=1.2.3.4");
        stranger.post("/api/v1/session", wrong.clone()).await.refused(401, "SIGN_IN_FAILED");
        let proxied = server.visitor().from([10, 0, 0, 1]).with("x-forwarded-for", "6.6.6.6, 5.5.5.5");
        proxied.post("/api/v1/session", wrong).await.refused(401, "SIGN_IN_FAILED");
        let chief = server.user(Role::SuperAdmin, "chief").await;
        let log = chief.get("/api/v1/logs/sign-ins").await.ok(200);
        let addresses: Vec<_> = log["items"].as_array().unwrap().iter().map(|item| item["address"].as_str().unwrap()).collect();
        assert_eq!(addresses, ["5.5.5.5", "9.9.9.9"]);
    }

    async fn a_token_that_was_there_before_is_not_taken_over_and_its_session_ends(server) {
        server.user(Role::Agent, "alice").await;
        server.user(Role::Agent, "mallory").await;
        let planted = cookie_of(&server.visitor(), "mallory").await;
        // Mallory has put her own session into Alice's browser; Alice signs in.
        let alices = cookie_of(&server.visitor().with("cookie", &planted), "alice").await;
        assert_ne!(alices, planted);
        assert_eq!(with_cookie(server, &alices).get("/api/v1/me").await.ok(200)["name"], "alice");
        with_cookie(server, &planted).get("/api/v1/me").await.refused(401, "SESSION_INVALID");
        // A token of one's own making becomes nobody's.
        let made = cookie_of(&server.visitor().with("cookie", "__Host-cuekey=cks_made_up"), "alice").await;
        assert_ne!(made, "__Host-cuekey=cks_made_up");
        with_cookie(server, "__Host-cuekey=cks_made_up").get("/api/v1/me").await.refused(401, "SESSION_INVALID");
    }

    async fn another_password_makes_another_token_and_a_programs_stays(server) {
        let program = server.user(Role::Agent, "alice").await;
        let old = cookie_of(&server.visitor(), "alice").await;
        let change = json!({"current": "password-of-alice", "password": "purple-otter-7"});
        let answer = with_cookie(server, &old).post("/api/v1/me/password", change).await;
        let new = set_cookie(&answer.headers);
        answer.ok(204);
        with_cookie(server, &old).get("/api/v1/me").await.refused(401, "SESSION_INVALID");
        assert_eq!(with_cookie(server, &new).get("/api/v1/me").await.ok(200)["name"], "alice");
        program.get("/api/v1/me").await.refused(401, "SESSION_INVALID");
        let program = server.again(&program).await;
        let change = json!({"current": "purple-otter-7", "password": "yellow-heron-9"});
        let answer = program.post("/api/v1/me/password", change).await;
        assert!(!answer.headers.contains_key("set-cookie"));
        answer.ok(204);
        program.get("/api/v1/me").await.ok(200);
    }

    async fn a_second_factor_makes_another_token(server) {
        server.user(Role::Agent, "alice").await;
        let old = cookie_of(&server.visitor(), "alice").await;
        let alice = with_cookie(server, &old);
        let secret = alice.post("/api/v1/me/second-factor", json!({})).await.ok(200)["secret"].as_str().unwrap().to_owned();
        let code = testkit::totp(&secret, server.clock.now());
        let answer = alice.post("/api/v1/me/second-factor/confirm", json!({"password": "password-of-alice", "code": code})).await;
        let new = set_cookie(&answer.headers);
        answer.ok(200);
        alice.get("/api/v1/me").await.refused(401, "SESSION_INVALID");
        with_cookie(server, &new).get("/api/v1/me").await.ok(200);
    }

    /// What another site's page can send without asking first: forms, in three encodings, with the browser's cookie.
    async fn another_sites_forms_do_nothing(server) {
        server.user(Role::Agent, "alice").await;
        let cookie = cookie_of(&server.visitor(), "alice").await;
        let body = br#"{"language":"en"}"#.to_vec();
        for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"] {
            let forged = server.visitor().with("cookie", &cookie).with("content-type", kind).with("origin", "https://evil.example");
            forged.send(Method::PATCH, "/api/v1/me", Some(body.clone())).await.refused(403, "CSRF");
            // Signing somebody in as somebody else needs no cookie, and is JSON too.
            let sign_in = br#"{"name":"alice","password":"password-of-alice"}"#.to_vec();
            let forged = server.visitor().with("content-type", kind).with("origin", "https://evil.example");
            forged.send(Method::POST, "/api/v1/session", Some(sign_in)).await.refused(400, "NOT_JSON");
        }
        // A page that asks first, as a browser makes it do for JSON or an own header, is told nothing that allows it.
        let asking = server.visitor().with("origin", "https://evil.example").with("access-control-request-method", "POST");
        let answer = asking.send(Method::OPTIONS, "/api/v1/session", None).await;
        assert!(!answer.status.is_success() && !answer.headers.keys().any(|name| name.as_str().starts_with("access-control")));
    }

    async fn nobody_is_sent_elsewhere(server) {
        let chief = server.user(Role::SuperAdmin, "chief").await;
        for path in ["//evil.example", "/\\evil.example", "/https://evil.example", "/%2f%2fevil.example", "/sign-in?next=https://evil.example"] {
            for who in [&server.visitor(), &chief] {
                let answer = who.get(path).await;
                assert!(!answer.status.is_redirection() && !answer.headers.contains_key("location"), "{path}");
            }
        }
    }
}
