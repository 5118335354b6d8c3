//! Jobs: what was given up is seen and started again by a super admin, and by nobody else; and is told where money waits for it.

use kernel::MINUTE;
use platform::identity::Role;
use platform::payments::PAID_JOB;
use serde_json::{Value, json};
use store::jobs::NewJob;
use testkit::{TestServer, on_server};

/// A job that no handler knows is given up at once.
async fn dead_job(server: &TestServer) {
    let cx = server.cx();
    let mut tx = server.platform.db.begin().await.unwrap();
    cx.enqueue(&mut tx, NewJob::new("test.unknown", &json!({"to": "secret@example.com"}), cx.now()).unwrap()).await.unwrap();
    tx.commit().await.unwrap();
    server.run_jobs().await;
}

/// Writes it as whoever decides it does.
async fn enqueued(server: &TestServer, job: NewJob) {
    let mut tx = server.platform.db.begin().await.unwrap();
    server.cx().enqueue(&mut tx, job).await.unwrap();
    tx.commit().await.unwrap();
}

on_server! {
    async fn v4_1_what_follows_a_payment_and_is_given_up_is_told_once_to_whoever_can_start_it_again(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        let manager = server.user(Role::VenueManager, "manager").await;
        server.keep_signed_in(&root).await;
        // Its order is not there: each try fails.
        let job = NewJob::new(PAID_JOB, &json!({"order": "ord_01h455vb4pex5vsknk084sn02q"}), server.clock.now()).unwrap();
        enqueued(server, job.attempts(2)).await;
        server.run_jobs().await;
        assert!(server.told(root.id()).await.is_empty(), "it is tried once more");
        server.later(MINUTE).await;
        server.run_jobs().await;
        assert_eq!((server.told(root.id()).await, server.told(manager.id()).await), (vec!["job.given_up".to_owned()], vec![]));
        let told = root.get("/api/v1/notifications").await.ok(200)["items"][0].clone();
        assert_eq!(told["link"], "/jobs?state=dead&kind=pay.paid");
        assert!(told["body"].as_str().unwrap().contains("pay.paid"), "{told}");
        assert_eq!(server.mails("root@example.com").await.iter().filter(|(_, text)| text.contains("pay.paid")).count(), 1);

        // Started again, and given up again: whoever did that looks.
        let page = root.get("/api/v1/jobs?state=dead&kind=pay.paid").await.ok(200);
        root.post(&format!("/api/v1/jobs/{}/retry", page["items"][0]["id"].as_str().unwrap()), json!({})).await.ok(200);
        for _ in 0..2 {
            server.run_jobs().await;
            server.later(MINUTE).await;
        }
        assert_eq!(root.get("/api/v1/jobs?state=dead&kind=pay.paid").await.ok(200)["items"].as_array().unwrap().len(), 1);
        assert_eq!(server.told(root.id()).await.len(), 1);
    }

    async fn v4_1_whatever_money_waits_for_is_told_when_it_is_given_up_and_nothing_else(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        let about_money = [
            "pay.paid", "pay.notice", "pay.watch", "pay.capture", "pay.refund", "pay.refunded", "play.opening", "play.time", "play.fault",
            "play.offline", "split.over", "split.deadline",
        ];
        // None of them can read what it is about.
        for kind in about_money.into_iter().chain(["mail.send", "sms.send", "device.agree", "test.unknown"]) {
            enqueued(server, NewJob::new(kind, &json!({}), server.clock.now()).unwrap()).await;
        }
        server.run_jobs().await;
        let items = root.get("/api/v1/notifications?limit=100").await.ok(200)["items"].clone();
        let mut told: Vec<&str> = items.as_array().unwrap().iter().map(|one| one["link"].as_str().unwrap()).collect();
        told.sort_unstable();
        let mut wanted = about_money.map(|kind| format!("/jobs?state=dead&kind={kind}"));
        wanted.sort_unstable();
        assert_eq!(told, wanted);
    }

    async fn a_given_up_job_is_started_again_and_that_is_logged(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        dead_job(server).await;
        let answer = root.get("/api/v1/jobs?state=dead&kind=test.unknown").await;
        assert!(!answer.text().contains("secret@example.com"), "payloads are not shown");
        let page = answer.ok(200);
        let job = &page["items"][0];
        assert_eq!((&job["state"], &job["attempts"]), (&json!("dead"), &json!(1)));
        assert!(job["last_error"].as_str().unwrap().contains("no handler"));

        let retry = format!("/api/v1/jobs/{}/retry", job["id"].as_str().unwrap());
        let again = root.post(&retry, json!({})).await.ok(200);
        assert_eq!((&again["state"], &again["attempts"], &again["finished_at"]), (&json!("queued"), &json!(0), &Value::Null));
        root.post(&retry, json!({})).await.refused(409, "JOB_NOT_DEAD");
        let log = root.get("/api/v1/logs/operations?module=jobs").await.ok(200);
        assert_eq!(log["items"].as_array().unwrap().len(), 1, "a refusal is no operation");
        assert_eq!(log["items"][0]["detail"]["kind"], "test.unknown");
        assert_eq!(log["items"][0]["object"], json!({"kind": "job", "id": job["id"]}));

        server.run_jobs().await;
        assert_eq!(root.get("/api/v1/jobs?state=dead").await.ok(200)["items"][0]["id"], job["id"]);
        assert_eq!(root.get("/api/v1/jobs?state=queued").await.ok(200)["items"], json!([]));
        root.get("/api/v1/jobs?state=lost").await.refused_field("state", "INVALID");
        root.post("/api/v1/jobs/job_01h455vb4pex5vsknk084sn02q/retry", json!({})).await.refused(404, "NOT_FOUND");
    }

    async fn a_given_up_job_that_needs_nothing_is_dismissed_and_that_is_logged(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        dead_job(server).await;
        let job = root.get("/api/v1/jobs?state=dead").await.ok(200)["items"][0].clone();
        let path = |what: &str| format!("/api/v1/jobs/{}/{what}", job["id"].as_str().unwrap());
        server.clock.step(MINUTE);
        let gone = root.post(&path("dismiss"), json!({})).await.ok(200);
        assert_eq!((&gone["state"], &gone["last_error"]), (&json!("dismissed"), &job["last_error"]));
        assert_ne!(gone["finished_at"], job["finished_at"], "it is seen for some days from now on");
        for again in ["dismiss", "retry"] {
            root.post(&path(again), json!({})).await.refused(409, "JOB_NOT_DEAD");
        }
        assert_eq!(root.get("/api/v1/jobs?state=dead").await.ok(200)["items"], json!([]));
        assert_eq!(root.get("/api/v1/jobs?state=dismissed").await.ok(200)["items"][0]["id"], job["id"]);
        let log = root.get("/api/v1/logs/operations?module=jobs").await.ok(200);
        assert_eq!(log["items"].as_array().unwrap().len(), 1, "a refusal is no operation");
        assert_eq!((&log["items"][0]["action"], &log["items"][0]["detail"]["kind"]), (&json!("dismissed"), &json!("test.unknown")));
        root.post("/api/v1/jobs/job_01h455vb4pex5vsknk084sn02q/dismiss", json!({})).await.refused(404, "NOT_FOUND");
    }

    async fn v4_1_what_follows_a_payment_and_was_given_up_is_started_again_and_not_dismissed(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        for kind in ["pay.paid", "pay.notice"] {
            // It cannot read what it is about.
            enqueued(server, NewJob::new(kind, &json!({}), server.clock.now()).unwrap()).await;
            server.run_jobs().await;
            let dead = format!("/api/v1/jobs?state=dead&kind={kind}");
            let job = root.get(&dead).await.ok(200)["items"][0].clone();
            let path = |what: &str| format!("/api/v1/jobs/{}/{what}", job["id"].as_str().unwrap());
            root.post(&path("dismiss"), json!({})).await.refused(409, "JOB_NEEDED");
            assert_eq!(root.get(&dead).await.ok(200)["items"][0]["id"], job["id"]);
            root.post(&path("retry"), json!({})).await.ok(200);
            root.post(&path("dismiss"), json!({})).await.refused(409, "JOB_NOT_DEAD");
        }
        let log = root.get("/api/v1/logs/operations?module=jobs").await.ok(200);
        assert!(log["items"].as_array().unwrap().iter().all(|line| line["action"] == "retried"), "{log}");
    }

    async fn only_super_admins_see_jobs(server) {
        dead_job(server).await;
        let root = server.user(Role::SuperAdmin, "root").await;
        let id = root.get("/api/v1/jobs?state=dead").await.ok(200)["items"][0]["id"].as_str().unwrap().to_owned();
        for role in [Role::AgentAdmin, Role::Agent, Role::VenueManager, Role::Maintainer, Role::Cashier] {
            let user = server.user(role, kernel::Word::as_str(role)).await;
            user.get("/api/v1/jobs").await.refused(403, "FORBIDDEN");
            for what in ["retry", "dismiss"] {
                user.post(&format!("/api/v1/jobs/{id}/{what}"), json!({})).await.refused(403, "FORBIDDEN");
            }
        }
        server.visitor().get("/api/v1/jobs").await.refused(401, "SIGN_IN_REQUIRED");
        assert_eq!(root.get("/api/v1/jobs?state=dead").await.ok(200)["items"][0]["attempts"], 1);
    }
}
