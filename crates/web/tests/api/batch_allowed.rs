//! K2.1, K2.2a, K3.1a: when somebody was answered that a project is off, or that a grant has ended, no key is made any more: neither by what was
//! asked for at that moment, nor by what is left of a large batch.

use licensing::batches::generate_job;
use serde_json::{Value, json};
use store::jobs::{Job, Outcome};
use store::{Sql, args};
use testkit::{Answer, Engine, TestServer, on_server};
use tokio::task::JoinHandle;

use crate::support::{Shop, shop};

async fn keys(server: &TestServer) -> i64 {
    server.platform.db.read().one("SELECT CAST(COUNT(*) AS BIGINT) AS n FROM keys", args![], |row| row.get("n")).await.unwrap()
}

/// Asks for a key, beside all else.
fn asking(shop: &Shop, once: &'static str) -> JoinHandle<Answer> {
    let agent = shop.agent.clone();
    let body = json!({"project_id": shop.program.project, "count": 1, "unit": "day", "validity": 30});
    tokio::spawn(async move { agent.post_once(once, "/api/v1/batches", body).await })
}

/// Does this as a super admin, beside all else.
fn doing(shop: &Shop, path: String) -> JoinHandle<Answer> {
    let root = shop.root.clone();
    tokio::spawn(async move { root.post(&path, json!({})).await })
}

fn off(shop: &Shop) -> String {
    format!("/api/v1/projects/{}/disable", shop.program.project)
}

/// Where the agent's grant is.
async fn grant(shop: &Shop) -> String {
    let grants = shop.root.get("/api/v1/grants").await.ok(200);
    format!("/api/v1/grants/{}", grants["items"][0]["id"].as_str().unwrap())
}

async fn now(shop: &Shop, batch: &Value) -> Value {
    shop.agent.get(&format!("/api/v1/batches/{}", batch["id"].as_str().unwrap())).await.ok(200)
}

/// Why batches were taken back, as the log has it.
async fn reasons(server: &TestServer) -> Vec<Value> {
    let lines = server.logged().await.into_iter().filter(|line| line.what == "keys.batch_cancelled");
    lines.map(|line| line.detail["reason"].clone()).collect()
}

/// The batch is gone as if it had never been asked for, and its agent knows.
async fn is_taken_back(server: &TestServer, shop: &Shop, batch: &Value, reason: &str) {
    server.run_jobs().await;
    let batch = now(shop, batch).await;
    assert_eq!((&batch["state"], &batch["made"]), (&json!("cancelled"), &json!(0)));
    assert_eq!((keys(server).await, server.quota(&shop.agent).await), (0, (1_000_000, 0)));
    assert_eq!(reasons(server).await, [json!(reason)]);
    assert_eq!(server.told(shop.agent.id()).await.iter().filter(|kind| *kind == "keys.batch_cancelled").count(), 1);
}

on_server! {
    async fn k2_1_what_is_asked_for_while_the_project_is_switched_off_or_the_grant_ends_is_refused(server) {
        let shop = shop(server).await;
        for (once, change, status, code) in [
            ("while-switched-off", "UPDATE projects SET state = 'disabled'", 409, "PROJECT_DISABLED"),
            ("while-ended", "UPDATE grants SET state = 'ended', ended_reason = 'revoked', ended_at = 0", 403, "GRANT_MISSING"),
        ] {
            // Decided, and to be answered in a moment.
            let mut tx = server.platform.db.begin().await.unwrap();
            tx.exec(change, args![]).await.unwrap();
            let asked = asking(&shop, once);
            server.until_waiting(1).await;
            tx.commit().await.unwrap();
            asked.await.unwrap().refused(status, code);
        }
        assert_eq!((keys(server).await, server.quota(&shop.agent).await), (0, (1_000_000, 0)));
    }

    async fn k2_1_whoever_switches_a_project_off_or_ends_a_grant_is_answered_when_what_was_begun_is_there(server) {
        let shop = shop(server).await;
        let ends = format!("{}/end", grant(&shop).await);
        // The batch stands where it is charged, and has looked at grant and project.
        let mut held = server.platform.db.begin().await.unwrap();
        let account = format!("SELECT id FROM ledger_accounts WHERE owner_id = $1{}", held.for_update());
        held.one(&account, args![shop.agent.id()], |_| Ok(())).await.unwrap();
        let asked = asking(&shop, "begun-before");
        server.until_waiting(1).await;
        let (off, end) = (doing(&shop, off(&shop)), doing(&shop, ends));
        server.until_waiting(3).await;
        held.commit().await.unwrap();
        off.await.unwrap().ok(200);
        end.await.unwrap().ok(200);
        let made = keys(server).await;
        let answer = asked.await.unwrap();
        // On SQLite all three wait for the writer, and any of them may be the first.
        assert_eq!(made, i64::from(answer.status == 201), "{}", answer.text());
        assert!(made == 1 || server.platform.db.engine() == Engine::Sqlite);
        asking(&shop, "asked-afterwards").await.unwrap().refused(403, "GRANT_MISSING");
        assert_eq!(keys(server).await, made);
    }

    async fn k2_1_a_large_batch_whose_project_is_switched_off_while_it_is_made_is_taken_back(server) {
        let shop = shop(server).await;
        let batch = shop.batch(30_000, "day", 30).await;
        let job = Job::for_test("keys.generate", &json!({"batch": batch["id"]}), server.clock.now(), &server.platform.random).unwrap();
        let making = tokio::spawn(generate_job(server.cx(), job));
        while keys(server).await == 0 {
            tokio::task::yield_now().await;
        }
        doing(&shop, off(&shop)).await.unwrap().ok(200);
        let made = keys(server).await;
        assert!(made < 30_000, "it was not to be done yet");
        assert!(matches!(making.await.unwrap(), Outcome::Done));
        assert_eq!((keys(server).await, now(&shop, &batch).await["state"].clone()), (made, json!("cancelling")));
        is_taken_back(server, &shop, &batch, "PROJECT_DISABLED").await;
    }

    async fn k2_2a_a_large_batch_whose_grant_ends_before_it_is_made_is_taken_back(server) {
        let shop = shop(server).await;
        let batch = shop.batch(5_000, "day", 30).await;
        assert_eq!(server.quota(&shop.agent).await, (950_000, 50_000));
        doing(&shop, format!("{}/end", grant(&shop).await)).await.unwrap().ok(200);
        is_taken_back(server, &shop, &batch, "GRANT_MISSING").await;
    }

    async fn k2_2a_a_grant_that_ends_by_itself_takes_a_batch_back_that_is_not_made_by_then(server) {
        let shop = shop(server).await;
        let ends_at = server.clock.now().plus_seconds(600).to_string();
        shop.root.patch(&grant(&shop).await, json!({"ends_at": ends_at})).await.ok(200);
        let batch = shop.batch(5_000, "day", 30).await;
        server.clock.step(600 * kernel::SECOND);
        is_taken_back(server, &shop, &batch, "GRANT_MISSING").await;
    }
}
