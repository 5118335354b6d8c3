//! K7.1, K7.2: the notification centre, live pages, and the demo's mailbox.

use kernel::SECOND;
use platform::identity::{Role, session};
use platform::messages::{self, templates};
use serde_json::{Value, json};
use testkit::{Client, TestServer, on_server};

async fn tell(server: &TestServer, user: &Client, amount: i64) {
    let cx = server.cx();
    let mut tx = server.platform.db.begin().await.unwrap();
    let params = [("from", "root".to_owned()), ("amount", amount.to_string())];
    messages::tell(&mut tx, &cx, user.id(), &templates::RECHARGED, &params, Some("/quota".into())).await.unwrap();
    tx.commit().await.unwrap();
}

async fn end_sessions(server: &TestServer, user: &Client) {
    let mut tx = server.platform.db.begin().await.unwrap();
    session::end_all(&mut tx, &server.cx(), user.id(), None).await.unwrap();
    tx.commit().await.unwrap();
}

fn items(page: &Value) -> Vec<&Value> {
    page["items"].as_array().unwrap().iter().collect()
}

on_server! {
    async fn k7_1_a_user_reads_its_own_notifications_and_nobody_elses(server) {
        let alice = server.user(Role::Agent, "alice").await;
        let bob = server.user(Role::Agent, "bob").await;
        for amount in 1..=3 {
            tell(server, &alice, amount).await;
        }
        tell(server, &bob, 9).await;

        let page = alice.with("Accept-Language", "en").get("/api/v1/notifications?limit=2").await.ok(200);
        assert_eq!(items(&page).len(), 2);
        assert_eq!(items(&page)[0]["body"], "root recharged your account with 3 quota.");
        assert_eq!(items(&page)[0]["link"], "/quota");
        assert_eq!(items(&page)[0]["read"], false);
        let next = format!("/api/v1/notifications?limit=2&cursor={}", page["next_cursor"].as_str().unwrap());
        let rest = alice.get(&next).await.ok(200);
        assert_eq!(items(&rest).len(), 1);
        assert_eq!(rest["next_cursor"], Value::Null);

        let id = items(&page)[0]["id"].as_str().unwrap();
        bob.post(&format!("/api/v1/notifications/{id}/read"), json!({})).await.refused(404, "NOT_FOUND");
        assert_eq!(alice.get("/api/v1/notifications/unread").await.ok(200), json!({"unread": 3}));
        for _ in 0..2 {
            alice.post(&format!("/api/v1/notifications/{id}/read"), json!({})).await.ok(204);
        }
        assert_eq!(alice.get("/api/v1/notifications/unread").await.ok(200), json!({"unread": 2}));
        let unread = alice.get("/api/v1/notifications?unread=true").await.ok(200);
        assert!(items(&unread).iter().all(|one| one["id"] != id && one["read"] == false));
        assert_eq!(items(&unread).len(), 2);

        alice.post("/api/v1/notifications/read-all", json!({})).await.ok(204);
        assert_eq!(alice.get("/api/v1/notifications/unread").await.ok(200), json!({"unread": 0}));
        assert_eq!(bob.get("/api/v1/notifications/unread").await.ok(200), json!({"unread": 1}), "another's are not touched");
    }

    async fn k7_1_bad_asks_are_refused_and_so_are_strangers(server) {
        let alice = server.user(Role::Agent, "alice").await;
        alice.get("/api/v1/notifications?unread=maybe").await.refused_field("unread", "INVALID");
        alice.get("/api/v1/notifications?colour=red").await.refused_field("colour", "INVALID");
        alice.get("/api/v1/notifications?limit=201").await.refused_field("limit", "OUT_OF_RANGE");
        alice.get("/api/v1/notifications?cursor=%27;--").await.refused_field("cursor", "CURSOR_INVALID");
        alice.post("/api/v1/notifications/ntf_nonsense/read", json!({})).await.refused(404, "NOT_FOUND");
        let nobody = server.visitor();
        for path in ["/api/v1/notifications", "/api/v1/notifications/unread", "/events"] {
            nobody.get(path).await.refused(401, "SIGN_IN_REQUIRED");
            nobody.with_token("cks_guess").get(path).await.refused(401, "SESSION_INVALID");
        }
        nobody.post("/api/v1/notifications/read-all", json!({})).await.refused(401, "SIGN_IN_REQUIRED");
    }

    async fn k7_1_what_a_user_is_told_arrives_on_its_open_page(server) {
        let alice = server.user(Role::Agent, "alice").await;
        let bob = server.user(Role::Agent, "bob").await;
        tell(server, &alice, 1).await;
        let mut live = alice.with("Accept-Language", "en").with("Accept-Encoding", "gzip").live("/events").await;
        assert_eq!(live.next().await.unwrap(), ("unread".into(), json!({"unread": 1})), "what was there before is not told again");

        tell(server, &bob, 7).await;
        tell(server, &alice, 2).await;
        let (name, told) = live.next().await.unwrap();
        assert_eq!((name.as_str(), &told["body"]), ("notification", &json!("root recharged your account with 2 quota.")));
        assert_eq!(live.next().await.unwrap(), ("unread".into(), json!({"unread": 2})));

        // Read in another window: the number follows.
        alice.post("/api/v1/notifications/read-all", json!({})).await.ok(204);
        assert_eq!(live.next().await.unwrap(), ("unread".into(), json!({"unread": 0})));

        // A burst arrives whole, in order, and once.
        for amount in 100..150 {
            tell(server, &alice, amount).await;
        }
        let mut bodies = Vec::new();
        while bodies.len() < 50 {
            let (name, data) = live.event().await;
            if name == "notification" {
                bodies.push(data["body"].as_str().unwrap().to_owned());
            }
        }
        let wanted: Vec<String> = (100..150).map(|amount| format!("root recharged your account with {amount} quota.")).collect();
        assert_eq!(bodies, wanted);
        server.has_answered("GET /events");
    }

    async fn k7_1_a_silent_page_is_kept_open_until_its_session_ends(server) {
        let alice = server.user(Role::Agent, "alice").await;
        let mut live = alice.live("/events").await;
        assert_eq!(live.next().await.unwrap().0, "unread");
        server.clock.step(15 * SECOND);
        assert_eq!(live.next().await.unwrap().0, "", "a comment, so that nothing on the way closes the connection");
        end_sessions(server, &alice).await;
        server.clock.step(30 * SECOND);
        assert_eq!(live.next().await.unwrap(), ("session-ended".into(), json!({})));
        assert_eq!(live.next().await, None);
        alice.get("/events").await.refused(401, "SESSION_INVALID");
    }

    async fn k7_1_a_revoked_session_hears_nothing_more_though_it_is_woken(server) {
        let alice = server.user(Role::Agent, "alice").await;
        let mut live = alice.live("/events").await;
        assert_eq!(live.next().await.unwrap().0, "unread");
        end_sessions(server, &alice).await;
        server.clock.step(31 * SECOND);
        tell(server, &alice, 5).await;
        assert_eq!(live.next().await.unwrap().0, "session-ended");
        assert_eq!(live.next().await, None);
    }

    async fn k7_1_pages_wait_while_time_passes(server) {
        let alice = server.user(Role::Agent, "alice").await;
        let mut live = alice.live("/events").await;
        assert_eq!(live.next().await.unwrap().0, "unread");
        // The stream waits on the clock while it moves, as it would in service.
        let waiting = tokio::spawn(async move { (live.next().await, live) });
        while server.clock.sleepers() == 0 {
            tokio::task::yield_now().await;
        }
        for _ in 0..16 {
            server.clock.step(SECOND);
            tokio::task::yield_now().await;
        }
        let (next, mut live) = waiting.await.unwrap();
        assert_eq!(next.unwrap().0, "");
        let waiting = tokio::spawn(async move { live.next().await });
        server.stop.send_replace(true);
        assert_eq!(waiting.await.unwrap(), None, "a graceful stop ends the stream");
    }

    async fn k7_1_one_user_opens_only_so_many_pages(server) {
        let alice = server.user(Role::Agent, "alice").await;
        let mut open = Vec::new();
        for _ in 0..24 {
            open.push(alice.live("/events").await);
        }
        alice.get("/events").await.refused(429, "TOO_MANY_STREAMS");
        let bob = server.user(Role::Agent, "bob").await;
        bob.live("/events").await;
        open.pop();
        alice.live("/events").await;
        let cookie = format!("__Host-cuekey={}", alice.token().unwrap());
        server.visitor().with("cookie", &cookie).live("/events").await;
    }

    async fn k1_1_the_demos_mail_is_on_a_public_page(server) {
        let alice = server.user(Role::Agent, "alice").await;
        tell(server, &alice, 3).await;
        server.run_jobs().await;
        let page = server.visitor().get("/api/v1/mailbox").await.ok(200);
        assert_eq!(items(&page)[0]["to"], "alice@example.com");
        assert!(items(&page)[0]["text"].as_str().unwrap().contains('3'));
    }
}

#[tokio::test]
async fn k1_1_outside_the_demo_there_is_no_mailbox() {
    let server = TestServer::strict(testkit::Engine::Sqlite).await;
    server.visitor().get("/api/v1/mailbox").await.refused(404, "NOT_FOUND");
    server.user(Role::SuperAdmin, "root").await.get("/api/v1/mailbox").await.refused(404, "NOT_FOUND");
}
