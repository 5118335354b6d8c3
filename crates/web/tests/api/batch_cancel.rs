//! K3.1a: a batch that is taken away again while it is made, also where two workers have the job: a lease that ran out gives it to another,
//! and the first goes on for a while.

use licensing::batches::{BatchId, cancel_job, generate_job};
use serde_json::{Value, json};
use store::jobs::{Job, Outcome};
use store::{Sql, args};
use testkit::{TestServer, on_server};

use crate::support::{Shop, shop};

fn job(server: &TestServer, kind: &str, batch: &Value) -> Job {
    Job::for_test(kind, &json!({"batch": batch["id"]}), server.clock.now(), &server.platform.random).unwrap()
}

async fn now(shop: &Shop, batch: &Value) -> Value {
    shop.agent.get(&format!("/api/v1/batches/{}", batch["id"].as_str().unwrap())).await.ok(200)
}

/// A batch that was stopped while a worker made it, with keys in several chunks that are to be taken away.
async fn stopped(server: &TestServer, shop: &Shop) -> Value {
    let batch = shop.batch(30_000, "day", 30).await;
    let making = tokio::spawn(generate_job(server.cx(), job(server, "keys.generate", &batch)));
    let mut made = 0;
    while made < 10_000 {
        made = now(shop, &batch).await["made"].as_i64().unwrap();
    }
    let url = format!("/api/v1/batches/{}/cancel", batch["id"].as_str().unwrap());
    assert_eq!(shop.agent.post(&url, json!({})).await.ok(200)["state"], "cancelling");
    assert!(matches!(making.await.unwrap(), Outcome::Done), "whoever made it stops");
    batch
}

async fn keys(server: &TestServer) -> i64 {
    server.platform.db.read().one("SELECT CAST(COUNT(*) AS BIGINT) AS n FROM keys", args![], |row| row.get("n")).await.unwrap()
}

on_server! {
    async fn k3_1a_what_two_workers_take_away_is_gone_as_a_whole_before_its_quota_is_back(server) {
        let shop = shop(server).await;
        let batch = stopped(server, &shop).await;
        assert!(keys(server).await >= 10_000);
        // Somebody holds the first of its keys, so that both workers are at it before either has taken a key away.
        let id: BatchId = serde_json::from_value(batch["id"].clone()).unwrap();
        let mut held = server.platform.db.begin().await.unwrap();
        let first = format!("SELECT id FROM keys WHERE batch_id = $1 ORDER BY id LIMIT 1{}", held.for_update());
        held.one(&first, args![id], |_| Ok(())).await.unwrap();
        let [one, other] = [(); 2].map(|()| tokio::spawn(cancel_job(server.cx(), job(server, "keys.cancel", &batch))));
        server.until_waiting(2).await;
        held.commit().await.unwrap();
        for worker in [one, other] {
            assert!(matches!(worker.await.unwrap(), Outcome::Done));
        }
        assert_eq!(keys(server).await, 0, "no key is left that nobody paid for");
        // The jobs that were asked for find nothing to do any more.
        server.run_jobs().await;
        let cancelled = now(&shop, &batch).await;
        assert_eq!((&cancelled["state"], &cancelled["made"]), (&json!("cancelled"), &json!(0)));
        assert_eq!(server.quota(&shop.agent).await, (1_000_000, 0));
        let told = server.told(shop.agent.id()).await;
        assert_eq!(told.iter().filter(|kind| *kind == "keys.batch_cancelled").count(), 1, "{told:?}");
    }

    async fn k3_1a_a_batch_that_is_being_taken_away_is_nobodys_to_see_until_it_is_gone(server) {
        let shop = shop(server).await;
        let batch = stopped(server, &shop).await;
        let page = shop.agent.get(&format!("/api/v1/keys?batch={}", batch["id"].as_str().unwrap())).await.ok(200);
        assert_eq!(page["items"], json!([]));
        assert_eq!(shop.agent.post("/api/v1/keys/disable", json!({"filter": {}})).await.ok(200), json!({"changed": 0, "skipped": 0}));
        assert_eq!(server.quota(&shop.agent).await, (700_000, 300_000), "on hold until the last key is gone");
        server.run_jobs().await;
        assert_eq!((keys(server).await, now(&shop, &batch).await["state"].clone()), (0, json!("cancelled")));
        assert_eq!(server.quota(&shop.agent).await, (1_000_000, 0));
    }
}
