//! K8.2: callbacks that failed for good: all of a project sent again at once, or looked after and counted no more.

use std::collections::HashMap;

use kernel::{MINUTE, SECOND};
use licensing::projects::{CallbackEvent, ProjectId};
use platform::identity::Role;
use serde_json::{Value, json};
use testkit::{Client, Receiver, TestServer, on_server, unbounded};

use crate::callbacks::{deliveries, emit, project};

/// A project whose owner's server wants no more, and so many callbacks that failed there.
async fn failed(server: &TestServer, root: &Client, receiver: &Receiver, n: i64) -> ProjectId {
    receiver.answer(410, &[], "");
    let (id, _) = project(server, root, &receiver.url(), &["key.activated"]).await;
    emit(server, id, CallbackEvent::KeyActivated, n).await;
    server.run_jobs().await;
    id
}

async fn ask(root: &Client, project: ProjectId, what: &str) -> Value {
    root.post(&format!("/api/v1/projects/{project}/callback/{what}-failed"), json!({})).await.ok(200)
}

/// How many the home page counts.
async fn counted(root: &Client) -> i64 {
    root.get("/api/v1/home").await.ok(200)["failing_deliveries"].as_i64().unwrap()
}

/// How many lines of the operation log say so.
async fn logged(root: &Client, action: &str) -> usize {
    lines(root, action).await.len()
}

/// What they say, newest first: who has done it, of how many (or of one by itself), and whether more follows.
async fn lines(root: &Client, action: &str) -> Vec<(String, i64, bool)> {
    let page = root.get("/api/v1/logs/operations?module=projects&limit=200").await.ok(200);
    let of_it = page["items"].as_array().unwrap().iter().filter(|line| line["action"] == action);
    let said = |line: &Value| {
        let detail = &line["detail"];
        (line["actor"]["name"].as_str().unwrap().to_owned(), detail["count"].as_i64().unwrap_or(1), detail["more"] == true)
    };
    of_it.map(said).collect()
}

/// All have their turn that are sent again together.
async fn in_turn(server: &TestServer) {
    server.run_jobs().await;
    server.clock.step(2 * MINUTE);
    server.run_jobs().await;
}

fn id_of(delivery: &Value) -> &str {
    delivery["id"].as_str().unwrap()
}

on_server! {
    async fn k8_2_all_that_failed_of_a_project_is_sent_again_once_for_an_ask_however_much_it_is(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        let (receiver, others) = (Receiver::start().await, Receiver::start().await);
        let id = failed(server, &root, &receiver, 1_003).await;
        let other = failed(server, &root, &others, 1).await;
        root.post(&format!("/api/v1/projects/{id}/callback/test"), json!({})).await.ok(200);
        server.run_jobs().await;
        assert_eq!(receiver.received().len(), 1_004);

        receiver.answer(200, &[], "");
        // Asked for twice before the rest has come to its turn: what the one has taken is not the other's.
        for _ in 0..2 {
            assert_eq!(ask(&root, id, "resend").await, json!({"done": 500, "more": true}));
        }
        in_turn(server).await;
        let received = receiver.received();
        let mut times: HashMap<&str, usize> = HashMap::new();
        for one in &received {
            *times.entry(one.header("webhook-id")).or_default() += 1;
        }
        assert_eq!((times.len(), times.values().filter(|times| **times == 2).count()), (1_004, 1_003), "each once more, and the trial not");
        assert!(deliveries(&root, &format!("project={id}&state=waiting")).await.is_empty());
        assert_eq!(deliveries(&root, &format!("project={id}&state=failed")).await.len(), 1, "the trial");
        assert_eq!((deliveries(&root, &format!("project={other}&state=failed")).await.len(), others.received().len()), (1, 1));

        assert_eq!(ask(&root, id, "resend").await, json!({"done": 0, "more": false}));
        // Of both asks the first, and of one the rest: what changes nothing is not logged.
        let by_root = |count, more| ("root".to_owned(), count, more);
        assert_eq!(lines(&root, "deliveries_resent").await, [by_root(3, false), by_root(500, true), by_root(500, true)]);
    }

    async fn k8_2_what_is_sent_again_together_goes_one_after_the_other_and_what_others_are_told_between(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        let (receiver, others) = (Receiver::start().await, Receiver::start().await);
        let id = failed(server, &root, &receiver, 601).await;
        let other = failed(server, &root, &others, 1).await;
        receiver.answer(200, &[], "");
        others.answer(200, &[], "");
        assert_eq!(ask(&root, id, "resend").await, json!({"done": 500, "more": true}));
        emit(server, other, CallbackEvent::KeyActivated, 1).await;
        // The other's is the second that is due, and not the six hundred and second.
        server.run_jobs().await;
        assert_eq!((receiver.received().len(), others.received().len()), (601 + 1, 1 + 1));
        // Twenty a second, from one step of the job to the next.
        for (seconds, sent) in [(10, 201), (20, 601)] {
            server.clock.step(seconds * SECOND);
            server.run_jobs().await;
            assert_eq!(receiver.received().len(), 601 + sent);
        }
        assert!(deliveries(&root, &format!("project={id}&state=waiting")).await.is_empty());
    }

    async fn k8_2_an_ask_reaches_each_failed_callback_once_and_ends_where_the_address_is_gone(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        let receiver = Receiver::start().await;
        let id = failed(server, &root, &receiver, 501).await;
        assert_eq!(ask(&root, id, "resend").await, json!({"done": 500, "more": true}));
        // The first fails again at once, while the job looks for the rest.
        in_turn(server).await;
        assert_eq!(receiver.received().len(), 2 * 501);

        let url = format!("/api/v1/projects/{id}/callback");
        assert_eq!(ask(&root, id, "resend").await, json!({"done": 500, "more": true}));
        root.put(&url, json!({"url": null, "events": []})).await.ok(200);
        in_turn(server).await;
        assert_eq!(receiver.received().len(), 2 * 501);
        let dead = root.get("/api/v1/jobs?state=dead&kind=callback.failed").await.ok(200);
        assert!(dead["items"][0]["last_error"].as_str().unwrap().contains("CALLBACK_NOT_SET"), "{dead}");
        root.post(&format!("{url}/resend-failed"), json!({})).await.refused(409, "CALLBACK_NOT_SET");
        // Dismissing needs none.
        assert_eq!(ask(&root, id, "dismiss").await, json!({"done": 500, "more": true}));
    }

    async fn k8_2_what_failed_is_counted_until_somebody_has_looked_after_it_and_a_trial_never(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        let receiver = Receiver::start().await;
        let id = failed(server, &root, &receiver, 3).await;
        root.post(&format!("/api/v1/projects/{id}/callback/test"), json!({})).await.ok(200);
        server.run_jobs().await;
        assert_eq!(deliveries(&root, "state=failed").await.len(), 4);
        assert_eq!(counted(&root).await, 3);

        let all = deliveries(&root, "state=failed&event=key.activated").await;
        for _ in 0..2 {
            let one = root.post(&format!("/api/v1/deliveries/{}/dismiss", id_of(&all[0])), json!({})).await.ok(200);
            assert_eq!((&one["state"], &one["last_status"]), (&json!("dismissed"), &json!(410)));
        }
        assert_eq!((counted(&root).await, logged(&root, "delivery_dismissed").await), (2, 1));
        assert_eq!(ask(&root, id, "dismiss").await, json!({"done": 2, "more": false}));
        assert_eq!(ask(&root, id, "dismiss").await, json!({"done": 0, "more": false}));
        assert_eq!((counted(&root).await, logged(&root, "deliveries_dismissed").await), (0, 1));
        assert_eq!(deliveries(&root, &format!("project={id}&state=dismissed")).await.len(), 3);
        assert_eq!(deliveries(&root, "state=failed").await[0]["event"], "test");

        // It is not sent again with the others, but can be by itself. What waits is not dismissed, and what fails again is counted again.
        receiver.answer(503, &[], "");
        assert_eq!(ask(&root, id, "resend").await, json!({"done": 0, "more": false}));
        let path = format!("/api/v1/deliveries/{}", id_of(&all[0]));
        root.post(&format!("{path}/resend"), json!({})).await.ok(200);
        assert_eq!(root.post(&format!("{path}/dismiss"), json!({})).await.ok(200)["state"], "waiting");
        receiver.answer(410, &[], "");
        server.run_jobs().await;
        assert_eq!(counted(&root).await, 1);
    }

    async fn k8_2_however_much_has_failed_it_is_looked_for_along_an_index_and_dismissed_to_the_last(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        let receiver = Receiver::start().await;
        let id = failed(server, &root, &receiver, 1_001).await;
        let db = &server.platform.db;
        db.recorded_in_transactions();
        assert_eq!(ask(&root, id, "dismiss").await, json!({"done": 500, "more": true}));
        let looked = db.recorded_in_transactions();
        let looked: Vec<_> = looked.into_iter().filter(|(sql, _)| sql.contains("FROM deliveries WHERE project_id")).collect();
        assert_eq!(looked.len(), 1);
        for (sql, args) in looked {
            assert_eq!(unbounded(db, &sql, args).await, Vec::<String>::new(), "{sql}");
        }
        server.run_jobs().await;
        assert!(deliveries(&root, "state=failed").await.is_empty());
        assert_eq!(counted(&root).await, 0);
        // All of it is in the log, under who has asked for it.
        let by_root = |count, more| ("root".to_owned(), count, more);
        assert_eq!(lines(&root, "deliveries_dismissed").await, [by_root(501, false), by_root(500, true)]);
    }
}
