//! Jobs: what was given up is seen and started again by a super admin, and by nobody else.

use platform::identity::Role;
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

on_server! {
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

    async fn only_super_admins_see_jobs(server) {
        dead_job(server).await;
        let root = server.user(Role::SuperAdmin, "root").await;
        let id = root.get("/api/v1/jobs?state=dead").await.ok(200)["items"][0]["id"].as_str().unwrap().to_owned();
        for role in [Role::AgentAdmin, Role::Agent, Role::VenueManager, Role::Maintainer] {
            let user = server.user(role, kernel::Word::as_str(role)).await;
            user.get("/api/v1/jobs").await.refused(403, "FORBIDDEN");
            user.post(&format!("/api/v1/jobs/{id}/retry"), json!({})).await.refused(403, "FORBIDDEN");
        }
        server.visitor().get("/api/v1/jobs").await.refused(401, "SIGN_IN_REQUIRED");
        assert_eq!(root.get("/api/v1/jobs?state=dead").await.ok(200)["items"][0]["attempts"], 1);
    }
}
