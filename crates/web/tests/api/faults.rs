//! A fault of ours: its asker is told a code and the request's id, and nothing of what is inside; super admins are told that there was one. That
//! the log tells the rest is in the binary's own tests.

use std::collections::BTreeSet;

use kernel::{HOUR, MINUTE};
use platform::Cx;
use platform::identity::{Role, UserId};
use serde_json::json;
use store::args;
use store::jobs::{Handlers, Job, NewJob, Outcome, Runner};
use testkit::{Engine, TestServer, on_server};

async fn rename(server: &TestServer, from: &str, to: &str) {
    let mut tx = server.platform.db.begin().await.unwrap();
    tx.exec(&format!("ALTER TABLE {from} RENAME TO {to}"), args![]).await.unwrap();
    tx.commit().await.unwrap();
}

/// So many requests fail on our side. Answers the last one's id.
async fn failed(server: &TestServer, count: usize) -> String {
    rename(server, "captchas", "elsewhere").await;
    let mut id = String::new();
    for _ in 0..count {
        let problem = server.visitor().post("/api/v1/captchas", json!({"kind": "work"})).await.refused(500, "INTERNAL");
        problem["request_id"].as_str().unwrap().clone_into(&mut id);
    }
    rename(server, "elsewhere", "captchas").await;
    id
}

/// How often this user was told that something failed on our side.
async fn told(server: &TestServer, user: UserId) -> usize {
    server.told(user).await.iter().filter(|kind| *kind == "system.faults").count()
}

async fn of_two_processes_one(engine: Engine) {
    let one = TestServer::start(engine).await;
    let root = one.user(Role::SuperAdmin, "root").await.id();
    failed(&one, 1).await;
    one.tick().await;
    assert_eq!(told(&one, root).await, 1);
    let two = TestServer::on(one.test_db).await;
    failed(&two, 1).await;
    two.tick().await;
    assert_eq!(told(&two, root).await, 1, "another has told in this hour");
    two.later(HOUR).await;
    two.tick().await;
    assert_eq!(told(&two, root).await, 2, "what it has counted is not forgotten");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn v8_1_of_several_processes_one_tells_of_faults_in_an_hour_sqlite() {
    of_two_processes_one(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn v8_1_of_several_processes_one_tells_of_faults_in_an_hour_postgres() {
    of_two_processes_one(Engine::Postgres).await;
}

on_server! {
    async fn v8_1_super_admins_are_told_of_faults_of_ours_once_an_hour(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        let manager = server.user(Role::VenueManager, "manager").await;
        server.keep_signed_in(&root).await;
        server.visitor().get("/api/v1/users").await.refused(401, "SIGN_IN_REQUIRED");
        server.tick().await;
        assert_eq!(told(server, root.id()).await, 0, "what is refused is no fault of ours");

        let id = failed(server, 2).await;
        assert_eq!(told(server, root.id()).await, 0, "a request that fails does nothing but count");
        server.tick().await;
        assert_eq!((told(server, root.id()).await, told(server, manager.id()).await), (1, 0));
        let notice = root.get("/api/v1/notifications").await.ok(200)["items"][0].clone();
        let body = notice["body"].as_str().unwrap();
        for part in ["内部错误 2 次", "/api/v1/captchas", id.as_str(), "2026-11-21 16:00"] {
            assert!(body.contains(part), "{part}: {body}");
        }
        assert_eq!(server.mails("root@example.com").await.iter().filter(|(_, text)| text.contains(&id)).count(), 1);

        // More of them in the same hour wait for the next.
        let id = failed(server, 3).await;
        server.later(MINUTE).await;
        server.tick().await;
        assert_eq!(told(server, root.id()).await, 1);
        server.later(HOUR).await;
        server.tick().await;
        server.later(HOUR).await;
        server.tick().await;
        assert_eq!(told(server, root.id()).await, 2, "and nothing is told where nothing has failed since");
        let mails = server.mails("root@example.com").await;
        assert!(mails.iter().any(|(_, text)| text.contains("内部错误 3 次") && text.contains(&id)), "{mails:?}");
    }

    async fn v8_1_a_job_whose_handler_panics_is_told(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        let mut handlers = Handlers::default();
        platform::upkeep::handlers(&mut handlers);
        handlers.add("test.panics", |_: Cx, job: Job| async move {
            assert_ne!(job.kind, "test.panics", "on purpose");
            Outcome::Done
        });
        let platform = &server.platform;
        let runner = Runner::new(platform.db.clone(), server.clock.clone(), platform.random.clone(), server.cx(), handlers);
        let mut tx = platform.db.begin().await.unwrap();
        let id = server.cx().enqueue(&mut tx, NewJob::new("test.panics", &json!({}), server.clock.now()).unwrap()).await.unwrap().unwrap();
        tx.commit().await.unwrap();
        runner.drain().await.unwrap();
        server.tick().await;
        assert_eq!(told(server, root.id()).await, 1);
        let notice = root.get("/api/v1/notifications").await.ok(200)["items"][0].clone();
        let body = notice["body"].as_str().unwrap();
        assert!(body.contains("job test.panics") && body.contains(&id.to_string()), "{body}");
    }

    async fn a_fault_of_ours_tells_nothing_of_what_is_inside(server) {
        let ask = json!({"kind": "work"});
        rename(server, "captchas", "elsewhere").await;
        for language in ["zh-CN", "en"] {
            let answer = server.visitor().with("accept-language", language).post("/api/v1/captchas", ask.clone()).await;
            let text = answer.text().to_lowercase();
            for inside in ["captcha", "relation", "table", "insert", "select", "sql", "postgres", ".rs", "panic"] {
                assert!(!text.contains(inside), "{inside}: {text}");
            }
            let id = answer.headers["x-request-id"].to_str().unwrap().to_owned();
            let problem = answer.refused(500, "INTERNAL");
            assert_eq!(problem["request_id"], id.as_str());
            let names: BTreeSet<&str> = problem.as_object().unwrap().keys().map(String::as_str).collect();
            assert_eq!(names, BTreeSet::from(["type", "title", "status", "code", "request_id"]));
        }
        rename(server, "elsewhere", "captchas").await;
        server.visitor().post("/api/v1/captchas", ask).await.ok(200);
    }
}
