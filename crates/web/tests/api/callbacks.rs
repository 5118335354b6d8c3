//! K3.2c, K8.2: callbacks to a project's owner, received by a real HTTP server.

use kernel::{HOUR, SECOND};
use licensing::callbacks::{self, NewDelivery};
use licensing::projects::{CallbackEvent, ProjectId};
use platform::identity::Role;
use serde_json::{Value, json};
use standardwebhooks::Webhook;
use testkit::{Client, Engine, Received, Receiver, START, TestServer, on_server};

/// A project that is called back at `url` for these events, and its secret.
pub async fn project(server: &TestServer, root: &Client, url: &str, events: &[&str]) -> (ProjectId, String) {
    let id = server.project_row(&format!("project {url}"), root).await;
    let set = root.put(&format!("/api/v1/projects/{id}/callback"), json!({"url": url, "events": events})).await.ok(200);
    (id, set["secret"].as_str().unwrap().to_owned())
}

pub async fn emit(server: &TestServer, project: ProjectId, event: CallbackEvent, n: i64) -> u64 {
    let mut tx = server.platform.db.begin().await.unwrap();
    let news = (0..n).map(|n| NewDelivery { project, event, payload: json!({"n": n}) }).collect();
    let written = callbacks::emit_many(&mut tx, &server.platform, news).await.unwrap();
    tx.commit().await.unwrap();
    written
}

pub async fn deliveries(root: &Client, query: &str) -> Vec<Value> {
    root.get(&format!("/api/v1/deliveries?{query}")).await.ok(200)["items"].as_array().unwrap().clone()
}

/// By the published library; not its `verify`, which looks at the real clock.
fn is_signed(received: &Received, secret: &str) -> bool {
    let time = received.header("webhook-timestamp").parse().unwrap();
    let wanted = Webhook::new(secret).unwrap().sign(received.header("webhook-id"), time, received.body.as_bytes()).unwrap();
    received.header("webhook-signature").split(' ').any(|signature| signature == wanted)
}

on_server! {
    async fn k8_2_an_event_arrives_signed_once_and_is_in_the_list(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        let receiver = Receiver::start().await;
        receiver.answer(200, &[], "好".repeat(2_000));
        let (id, secret) = project(server, &root, &receiver.url(), &["key.activated"]).await;
        assert!(secret.starts_with("whsec_"));
        assert_eq!(emit(server, id, CallbackEvent::KeyActivated, 1).await, 1);
        assert_eq!(receiver.received().len(), 0, "nothing leaves within the transaction");
        server.run_jobs().await;
        server.run_jobs().await;

        let received = receiver.received();
        assert_eq!(received.len(), 1);
        let body: Value = serde_json::from_str(&received[0].body).unwrap();
        assert_eq!((&body["type"], &body["data"]), (&json!("key.activated"), &json!({"n": 0})));
        assert!(body["timestamp"].as_str().unwrap().starts_with("2026-11-21T08:00:00"));
        assert!(is_signed(&received[0], &secret));
        assert!(!is_signed(&received[0], "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"));
        assert_eq!(received[0].header("webhook-timestamp"), START.unix().to_string());
        assert!(received[0].header("webhook-id").starts_with("evt_"));
        assert_eq!(received[0].header("content-type"), "application/json");

        let listed = deliveries(&root, &format!("project={id}&state=delivered&event=key.activated")).await;
        assert_eq!(listed.len(), 1);
        assert_eq!(listed[0]["event_id"], received[0].header("webhook-id"));
        assert_eq!((&listed[0]["attempts"], &listed[0]["last_status"], &listed[0]["last_error"]), (&json!(1), &json!(200), &Value::Null));
        let detail = root.get(&format!("/api/v1/deliveries/{}", listed[0]["id"].as_str().unwrap())).await.ok(200);
        assert_eq!(detail["payload"], received[0].body);
        assert_eq!(detail["attempts"].as_array().unwrap().len(), 1);
        assert_eq!(detail["attempts"][0]["response"], "好".repeat(682), "2 KiB, and no half character");
        assert!(deliveries(&root, "state=failed").await.is_empty());
        assert!(deliveries(&root, "event=key.expired").await.is_empty());
    }

    async fn k8_2_only_what_was_asked_for_is_sent_and_only_if_it_was_committed(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        let (one, two) = (Receiver::start().await, Receiver::start().await);
        let (first, _) = project(server, &root, &one.url(), &["key.activated", "key.refused"]).await;
        let (second, _) = project(server, &root, &two.url(), &["key.expired"]).await;
        let silent = server.project_row("silent", &root).await;

        let news = |event| [first, second, silent].map(|project| NewDelivery { project, event, payload: json!({}) }).to_vec();
        let mut tx = server.platform.db.begin().await.unwrap();
        let all = [CallbackEvent::KeyActivated, CallbackEvent::KeyVerified, CallbackEvent::KeyExpired].into_iter().flat_map(news).collect();
        assert_eq!(callbacks::emit_many(&mut tx, &server.platform, all).await.unwrap(), 2);
        tx.commit().await.unwrap();
        let mut tx = server.platform.db.begin().await.unwrap();
        callbacks::emit_many(&mut tx, &server.platform, news(CallbackEvent::KeyRefused)).await.unwrap();
        drop(tx);
        assert_eq!(emit(server, first, CallbackEvent::KeyVerified, 1).await, 0);

        server.run_jobs().await;
        assert_eq!((one.received().len(), two.received().len()), (1, 1));
        assert!(one.received()[0].body.contains("key.activated") && two.received()[0].body.contains("key.expired"));
    }

    async fn k8_2_a_set_is_written_at_once_and_listed_in_order(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        let receiver = Receiver::start().await;
        let (id, _) = project(server, &root, &receiver.url(), &["key.verified"]).await;
        assert_eq!(emit(server, id, CallbackEvent::KeyVerified, 777).await, 777);
        server.run_jobs().await;
        let received = receiver.received();
        let mut ids: Vec<&str> = received.iter().map(|received| received.header("webhook-id")).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!((received.len(), ids.len()), (777, 777));
        let page = root.get("/api/v1/deliveries?limit=200").await.ok(200);
        assert_eq!(page["items"].as_array().unwrap().len(), 200);
        let newest = root.get(&format!("/api/v1/deliveries/{}", page["items"][0]["id"].as_str().unwrap())).await.ok(200);
        assert!(newest["payload"].as_str().unwrap().contains("\"n\":776"));
    }

    async fn k8_2_an_owner_that_is_away_is_tried_for_three_days_and_then_told(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        let receiver = Receiver::start().await;
        receiver.answer(503, &[], "later\0");
        let (id, secret) = project(server, &root, &receiver.url(), &["key.activated"]).await;
        emit(server, id, CallbackEvent::KeyActivated, 2).await;

        server.run_jobs().await;
        assert_eq!(receiver.received().len(), 2);
        server.clock.step(3 * SECOND);
        server.run_jobs().await;
        assert_eq!(receiver.received().len(), 2, "not before its time");
        server.clock.step(4 * SECOND);
        server.run_jobs().await;
        assert_eq!(receiver.received().len(), 4);
        let waiting = deliveries(&root, "state=waiting").await;
        assert_eq!((&waiting[0]["attempts"], &waiting[0]["last_status"], &waiting[0]["last_error"]), (&json!(2), &json!(503), &Value::Null));
        assert!(waiting[0]["next_attempt_at"].is_string());

        for _ in 0..71 {
            server.clock.step(HOUR);
            server.run_jobs().await;
        }
        let root = server.again(&root).await;
        assert_eq!(deliveries(&root, "state=waiting").await.len(), 2, "not a minute early");
        assert!(server.told(root.id()).await.is_empty());
        server.clock.step(HOUR);
        server.run_jobs().await;

        let failed = deliveries(&root, "state=failed").await;
        assert_eq!(failed.len(), 2);
        let attempts = failed.iter().map(|one| one["attempts"].as_u64().unwrap()).sum::<u64>();
        assert_eq!(attempts, receiver.received().len() as u64, "once per attempt");
        assert!((20..=60).contains(&attempts), "{attempts}");
        for received in receiver.received() {
            assert!(is_signed(&received, &secret));
        }
        let of = |id: &Value| receiver.received().into_iter().filter(|one| one.header("webhook-id") == id).map(|one| one.body).collect::<Vec<_>>();
        for one in &failed {
            let mut bodies = of(&one["event_id"]);
            bodies.dedup();
            assert_eq!(bodies.len(), 1, "the payload never changes");
        }
        assert_eq!(server.told(root.id()).await, ["callback.failed"], "told once, though two failed");
        assert_eq!(server.mails("root@example.com").await.len(), 1);
        assert!(root.get("/api/v1/jobs?state=dead").await.ok(200)["items"].as_array().unwrap().is_empty());
        let detail = root.get(&format!("/api/v1/deliveries/{}", failed[0]["id"].as_str().unwrap())).await.ok(200);
        assert_eq!(detail["attempts"][0]["response"], "later\u{fffd}");
        server.clock.step(24 * HOUR);
        let before = receiver.received().len();
        server.run_jobs().await;
        assert_eq!(receiver.received().len(), before, "and left alone from then on");
    }

    async fn k8_2_gone_means_gone_and_a_redirect_is_no_answer(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        let receiver = Receiver::start().await;
        let (id, _) = project(server, &root, &receiver.url(), &["key.activated"]).await;
        receiver.answer(410, &[], "");
        emit(server, id, CallbackEvent::KeyActivated, 1).await;
        server.run_jobs().await;
        assert_eq!(deliveries(&root, "state=failed").await[0]["last_status"], 410);

        receiver.answer(302, &[("location", "/elsewhere")], "");
        emit(server, id, CallbackEvent::KeyActivated, 1).await;
        server.run_jobs().await;
        assert_eq!(deliveries(&root, "state=waiting").await[0]["last_status"], 302);
        assert!(receiver.received().iter().all(|one| one.path == "/hook"));
        assert_eq!(receiver.received().len(), 2);
    }

    async fn k8_2_a_delivery_is_sent_again_by_hand_under_the_same_id(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        let receiver = Receiver::start().await;
        let (id, _) = project(server, &root, &receiver.url(), &["key.activated"]).await;
        receiver.answer(500, &[], "");
        emit(server, id, CallbackEvent::KeyActivated, 1).await;
        server.run_jobs().await;
        let waiting = deliveries(&root, "").await.remove(0);
        let url = format!("/api/v1/deliveries/{}/resend", waiting["id"].as_str().unwrap());

        // One that waits need not wait longer, and the round before it ends there.
        let again = root.post(&url, json!({})).await.ok(200);
        assert_eq!((&again["state"], &again["attempts"]), (&json!("waiting"), &json!(1)));
        server.run_jobs().await;
        assert_eq!(receiver.received().len(), 2);
        receiver.answer(200, &[], "");
        server.clock.step(HOUR);
        server.run_jobs().await;
        assert_eq!(receiver.received().len(), 3, "only the new round goes on");
        assert_eq!(deliveries(&root, "state=delivered").await[0]["attempts"], 3);

        // One that arrived can be sent again as well.
        root.post(&url, json!({})).await.ok(200);
        server.run_jobs().await;
        let received = receiver.received();
        assert_eq!(received.len(), 4);
        assert!(received.iter().all(|one| one.header("webhook-id") == received[0].header("webhook-id") && one.body == received[0].body));
        let detail = root.get(url.trim_end_matches("/resend")).await.ok(200);
        let statuses: Vec<&Value> = detail["attempts"].as_array().unwrap().iter().map(|attempt| &attempt["status"]).collect();
        assert_eq!(statuses, [200, 200, 500, 500]);
        assert_eq!(root.get("/api/v1/logs/operations?module=projects").await.ok(200)["items"][0]["action"], "delivery_resent");
    }

    async fn k8_2_a_wrong_address_can_be_mended_while_deliveries_wait(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        let receiver = Receiver::start().await;
        let (id, _) = project(server, &root, "http://127.0.0.1:1/", &["key.activated"]).await;
        emit(server, id, CallbackEvent::KeyActivated, 1).await;
        server.run_jobs().await;
        let waiting = deliveries(&root, "state=waiting").await;
        assert_eq!(waiting[0]["last_status"], Value::Null);
        assert_eq!(waiting[0]["last_error"], "no_connection");
        let detail = root.get(&format!("/api/v1/deliveries/{}", waiting[0]["id"].as_str().unwrap())).await.ok(200);
        let attempt = &detail["attempts"][0];
        assert!(attempt["error"] == "no_connection" && attempt["detail"].is_string(), "{attempt}");
        let url = format!("/api/v1/projects/{id}/callback");
        let set = root.put(&url, json!({"url": receiver.url(), "events": ["key.activated"]})).await.ok(200);
        assert_eq!(set, json!({}), "the secret stays, and is not shown again");
        server.clock.step(HOUR);
        server.run_jobs().await;
        assert_eq!(deliveries(&root, "state=delivered").await[0]["url"], receiver.url());

        // Without an address there is nothing to wait for.
        receiver.answer(500, &[], "");
        emit(server, id, CallbackEvent::KeyActivated, 1).await;
        server.run_jobs().await;
        root.put(&url, json!({"url": null, "events": []})).await.ok(200);
        server.clock.step(HOUR);
        server.run_jobs().await;
        assert_eq!(receiver.received().len(), 2);
        let failed = deliveries(&root, "state=failed").await;
        root.post(&format!("/api/v1/deliveries/{}/resend", failed[0]["id"].as_str().unwrap()), json!({})).await.refused(409, "CALLBACK_NOT_SET");
        root.post(&format!("{url}/test"), json!({})).await.refused(409, "CALLBACK_NOT_SET");
    }

    async fn k8_2_a_trial_is_sent_once_and_a_secret_is_replaced_with_a_day_of_overlap(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        let receiver = Receiver::start().await;
        let (id, old) = project(server, &root, &receiver.url(), &[]).await;
        let url = format!("/api/v1/projects/{id}/callback");
        let trial = root.post(&format!("{url}/test"), json!({})).await.ok(200);
        assert_eq!((&trial["event"], &trial["state"], &trial["attempts"]), (&json!("test"), &json!("waiting"), &json!(0)));
        server.run_jobs().await;
        assert!(is_signed(&receiver.received()[0], &old));

        let new = root.post(&format!("{url}/rotate"), json!({})).await.ok(200)["secret"].as_str().unwrap().to_owned();
        assert_ne!(new, old);
        for (hours, both) in [(0, true), (23, true), (2, false)] {
            server.clock.step(hours * HOUR);
            let root = server.again(&root).await;
            root.post(&format!("{url}/test"), json!({})).await.ok(200);
            server.run_jobs().await;
            let last = receiver.received().pop().unwrap();
            assert!(is_signed(&last, &new));
            assert_eq!(is_signed(&last, &old), both);
        }

        receiver.answer(500, &[], "");
        let root = server.again(&root).await;
        root.post(&format!("{url}/test"), json!({})).await.ok(200);
        server.run_jobs().await;
        assert_eq!(deliveries(&root, "state=failed&event=test").await.len(), 1, "a trial is not repeated");
        assert!(server.told(root.id()).await.is_empty(), "nor is anybody told: the one who asked is looking");
        let answer = root.get("/api/v1/logs/operations?module=projects").await;
        assert!(!answer.text().contains("whsec_"), "no secret in the log");
        assert_eq!(answer.ok(200)["items"][0]["action"], "callback_secret_rotated");
    }

    async fn k8_2_a_callback_is_refused_field_by_field(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        let id = server.project_row("p", &root).await;
        let url = format!("/api/v1/projects/{id}/callback");
        let ask = |target: &str| json!({"url": target, "events": []});
        root.put(&url, ask("")).await.refused_field("url", "REQUIRED");
        root.put(&url, ask("example.com")).await.refused_field("url", "URL_INVALID");
        root.put(&url, ask("ftp://example.com/")).await.refused_field("url", "URL_SCHEME");
        root.put(&url, ask("https://a:b@example.com/")).await.refused_field("url", "URL_USER_INFO");
        root.put(&url, ask(&format!("https://example.com/{}", "x".repeat(10_000)))).await.refused_field("url", "TOO_LONG");
        root.put(&url, ask("https://example.com/\u{202e}")).await.refused_field("url", "CHARACTERS");
        root.put(&url, json!({"url": "https://example.com/", "events": ["key.eaten"]})).await.refused_field("events[0]", "INVALID");
        root.put(&url, json!({"url": "https://example.com/", "events": [], "secret": "mine"})).await.refused(422, "INVALID");
        root.post(&format!("{url}/rotate"), json!({})).await.refused(409, "CALLBACK_NOT_SET");
        root.put("/api/v1/projects/prj_01h455vb4pex5vsknk084sn02q/callback", ask("https://example.com/")).await.refused(404, "NOT_FOUND");
        root.get("/api/v1/deliveries/dlv_01h455vb4pex5vsknk084sn02q").await.refused(404, "NOT_FOUND");
        for ask in ["resend", "dismiss"] {
            root.post(&format!("/api/v1/deliveries/dlv_01h455vb4pex5vsknk084sn02q/{ask}"), json!({})).await.refused(404, "NOT_FOUND");
        }
        for ask in ["resend-failed", "dismiss-failed"] {
            root.post(&format!("/api/v1/projects/prj_01h455vb4pex5vsknk084sn02q/callback/{ask}"), json!({})).await.refused(404, "NOT_FOUND");
        }
        root.get("/api/v1/deliveries?state=lost").await.refused_field("state", "INVALID");
    }

    async fn k8_2_only_super_admins_touch_callbacks(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        let receiver = Receiver::start().await;
        let (id, _) = project(server, &root, &receiver.url(), &["key.activated"]).await;
        emit(server, id, CallbackEvent::KeyActivated, 1).await;
        let delivery = deliveries(&root, "").await[0]["id"].as_str().unwrap().to_owned();
        let callback = format!("/api/v1/projects/{id}/callback");
        for role in [Role::AgentAdmin, Role::Agent, Role::VenueManager, Role::Maintainer, Role::Cashier] {
            let user = server.user(role, kernel::Word::as_str(role)).await;
            user.put(&callback, json!({"url": "http://127.0.0.1:9/", "events": []})).await.refused(403, "FORBIDDEN");
            user.post(&format!("{callback}/rotate"), json!({})).await.refused(403, "FORBIDDEN");
            for ask in ["test", "resend-failed", "dismiss-failed"] {
                user.post(&format!("{callback}/{ask}"), json!({})).await.refused(403, "FORBIDDEN");
            }
            user.get("/api/v1/deliveries").await.refused(403, "FORBIDDEN");
            user.get(&format!("/api/v1/deliveries/{delivery}")).await.refused(403, "FORBIDDEN");
            for ask in ["resend", "dismiss"] {
                user.post(&format!("/api/v1/deliveries/{delivery}/{ask}"), json!({})).await.refused(403, "FORBIDDEN");
            }
        }
        server.visitor().get("/api/v1/deliveries").await.refused(401, "SIGN_IN_REQUIRED");
        server.run_jobs().await;
        assert_eq!(receiver.received().len(), 1);
    }
}

#[tokio::test]
async fn k8_2_private_targets_are_refused_when_set_and_when_sent() {
    let server = TestServer::strict(Engine::Sqlite).await;
    let root = server.user(Role::SuperAdmin, "root").await;
    let receiver = Receiver::start().await;
    let id = server.project_row("p", &root).await;
    let url = format!("/api/v1/projects/{id}/callback");
    for target in
        [&receiver.url(), "http://localhost/", "http://169.254.169.254/latest/", "http://[::ffff:10.0.0.1]/", "http://2130706433/"]
    {
        root.put(&url, json!({"url": target, "events": []})).await.refused_field("url", "URL_PRIVATE");
    }

    // Allowed when it was set, and not any more: the sender looks again.
    let before = TestServer::on(server.test_db).await;
    let root = before.user(Role::SuperAdmin, "other").await;
    root.put(&url, json!({"url": receiver.url(), "events": ["key.activated"]})).await.ok(200);
    emit(&before, id, CallbackEvent::KeyActivated, 1).await;
    let after = TestServer::strict_on(before.test_db).await;
    let root = after.user(Role::SuperAdmin, "third").await;
    after.clock.step(SECOND);
    after.run_jobs().await;
    let failed = deliveries(&root, "state=failed").await;
    assert_eq!(failed[0]["last_error"], "private_address");
    assert!(receiver.received().is_empty());
}
