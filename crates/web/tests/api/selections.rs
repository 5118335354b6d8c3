//! K3, K3.1c: what is done to a whole batch or to all that a filter finds meets each key once, whatever the batches are, and one user does
//! one such thing at a time.

use std::collections::HashSet;

use futures_util::future::{Either, select};
use platform::identity::Role;
use serde_json::{Value, json};
use store::{Sql, args};
use testkit::{Client, TestServer, on_server};

use crate::support::{Shop, grant, project, shop};

/// Makes batches of so many keys, each of a project; their ids.
async fn batches(agent: &Client, name: &str, project: &str, counts: &[i64]) -> Vec<String> {
    let mut made = Vec::new();
    for (n, count) in counts.iter().enumerate() {
        let body = json!({"project_id": project, "count": count, "unit": "day", "validity": 30});
        let batch = agent.post_once(&format!("{name}-{n:04}"), "/api/v1/batches", body).await.ok(201);
        made.push(batch["id"].as_str().unwrap().to_owned());
    }
    made
}

/// The texts of the keys that an export of this has.
async fn exported(user: &Client, mut body: Value) -> Vec<String> {
    (body["format"], body["columns"]) = (json!("csv"), json!(["key"]));
    let link = user.post("/api/v1/exports/keys", body).await.ok(200);
    let file = user.get(link["url"].as_str().unwrap()).await;
    assert_eq!(file.status, 200, "{}", file.text());
    file.text().lines().skip(1).map(str::to_owned).collect()
}

async fn switch(user: &Client, how: &str, selection: Value) -> (i64, i64) {
    let done = user.post(&format!("/api/v1/keys/{how}"), selection).await.ok(200);
    (done["changed"].as_i64().unwrap(), done["skipped"].as_i64().unwrap())
}

/// A shop with another project, of which alice has 105 batches of one key; of the first, some that are larger than a step and some that are not.
async fn stocked(server: &TestServer) -> (Shop, String, Vec<String>) {
    let shop = shop(server).await;
    let other = project(server, &shop.root, "other", json!({})).await.project;
    grant(&shop.root, &other, &shop.agent).await;
    let made = batches(&shop.agent, "large", &shop.program.project, &[4_500, 2_000, 1, 1_999]).await;
    batches(&shop.agent, "single", &other, &[1; 105]).await;
    server.run_jobs().await;
    (shop, other, made)
}

on_server! {
    async fn k3_1c_an_export_of_a_filter_has_each_key_once_whatever_its_batches_are(server) {
        let (shop, other, made) = stocked(server).await;
        let all = exported(&shop.agent, json!({"filter": {}})).await;
        assert_eq!((all.len(), all.iter().collect::<HashSet<_>>().len()), (8_605, 8_605));
        assert_eq!(exported(&shop.agent, json!({"filter": {"project": shop.program.project}})).await.len(), 8_500);
        assert_eq!(exported(&shop.agent, json!({"filter": {"project": other}})).await.len(), 105);
        let large = exported(&shop.agent, json!({"batch": made[0]})).await;
        assert_eq!(large.len(), 4_500);
        assert_eq!(exported(&shop.agent, json!({"filter": {"batch": made[0], "project": other}})).await.len(), 0);
        // One key of all is in use: the steps before its own find nothing, and are not the end.
        assert_eq!(shop.program.code(&large[4_499], "a").await, "VALID");
        let active = json!({"filter": {"state": "active"}});
        assert_eq!(exported(&shop.agent, active.clone()).await, large[4_499..]);
        assert_eq!(exported(&shop.root, active).await.len(), 1);
        assert_eq!(exported(&shop.root, json!({"filter": {"agent": shop.agent.id(), "state": "unused"}})).await.len(), 8_604);
        let stranger = server.user(Role::Agent, "mallory").await;
        for foreign in [json!({"batch": made[0]}), json!({"filter": {"agent": shop.agent.id()}}), json!({"filter": {}})] {
            assert_eq!(exported(&stranger, foreign).await, Vec::<String>::new());
        }
    }

    async fn k3_a_change_of_a_filter_meets_each_key_once_whatever_its_batches_are(server) {
        let (shop, other, made) = stocked(server).await;
        let (agent, first) = (&shop.agent, &shop.program.project);
        assert_eq!(switch(agent, "disable", json!({"filter": {"project": other}})).await, (105, 0));
        let lines = server.logged().await.into_iter().filter(|line| line.what == "keys.disabled").count();
        assert_eq!(lines, 2, "small batches are gone through together");
        assert_eq!(switch(agent, "disable", json!({"filter": {"project": first}})).await, (8_500, 0));
        assert_eq!(switch(agent, "enable", json!({"batch": made[0]})).await, (4_500, 0));
        assert_eq!(switch(agent, "enable", json!({"filter": {"state": "disabled", "project": other}})).await, (105, 0));
        assert_eq!(switch(agent, "disable", json!({"filter": {}})).await, (4_605, 4_000));
        assert_eq!(switch(agent, "enable", json!({"filter": {"state": "unused"}})).await, (0, 0));
        assert_eq!(switch(&shop.root, "enable", json!({"filter": {"agent": agent.id()}})).await, (8_605, 0));
        assert_eq!(exported(agent, json!({"filter": {"state": "unused"}})).await.len(), 8_605);
    }

    async fn k3_a_filter_of_an_agent_admin_finds_its_agents_keys_and_no_others(server) {
        let shop = shop(server).await;
        let first = &shop.program.project;
        batches(&shop.agent, "alices", first, &[4]).await;
        let admin = server.user(Role::AgentAdmin, "admin").await;
        let bob = server.user_under(Role::Agent, "bob", Some(&admin)).await;
        server.issue(&bob, 1_000).await;
        let other = project(server, &shop.root, "other", json!({})).await.project;
        for project in [first, &other] {
            grant(&shop.root, project, &bob).await;
        }
        batches(&bob, "bobs", first, &[3, 2]).await;
        batches(&bob, "others", &other, &[7]).await;
        for (selection, keys) in [
            (json!({"filter": {}}), 12),
            (json!({"filter": {"project": first}}), 5),
            (json!({"filter": {"project": other, "agent": bob.id()}}), 7),
            (json!({"filter": {"agent": shop.agent.id()}}), 0),
            (json!({"filter": {"agent": admin.id()}}), 0),
        ] {
            assert_eq!(exported(&admin, selection.clone()).await.len(), keys, "{selection}");
            assert_eq!(switch(&admin, "disable", selection.clone()).await.0, i64::try_from(keys).unwrap(), "{selection}");
            assert_eq!(switch(&admin, "enable", selection.clone()).await.0, i64::try_from(keys).unwrap(), "{selection}");
        }
        assert_eq!(switch(&shop.root, "disable", json!({"filter": {"project": first}})).await, (9, 0));
    }

    async fn k3_a_user_changes_one_batch_or_filter_at_a_time_and_the_next_when_it_has_ended(server) {
        let shop = shop(server).await;
        shop.keys(5, "day", 30).await;
        let key = shop.agent.get("/api/v1/keys?limit=1").await.ok(200)["items"][0]["id"].clone();
        // Nobody gets any further: on SQLite somebody writes, on PostgreSQL the keys are taken.
        let mut held = server.platform.db.begin().await.unwrap();
        let keys = format!("SELECT id FROM keys ORDER BY id{}", held.for_update());
        assert_eq!(held.all(&keys, args![], |_| Ok(())).await.unwrap().len(), 5);
        let change = |user: &Client, selection: Value| {
            let user = user.clone();
            tokio::spawn(async move { user.post("/api/v1/keys/disable", selection).await })
        };
        let two = [json!({"filter": {}}), json!({"filter": {"state": "unused"}})].map(|selection| change(&shop.agent, selection));
        let others = [change(&shop.agent, json!({"ids": [key]})), change(&shop.root, json!({"filter": {}}))];
        let [one, another] = two;
        let (refused, under_way) = match select(one, another).await {
            Either::Left(ended) | Either::Right(ended) => ended,
        };
        let refused = refused.unwrap().refused(429, "CHANGE_UNDER_WAY");
        assert_eq!(refused["retry_after_seconds"], 10);
        shop.agent.post("/api/v1/keys/enable", json!({"filter": {}})).await.refused(429, "CHANGE_UNDER_WAY");
        held.commit().await.unwrap();
        under_way.await.unwrap().ok(200);
        for other in others {
            other.await.unwrap().ok(200);
        }
        assert_eq!(switch(&shop.root, "enable", json!({"filter": {}})).await, (5, 0));
        assert_eq!(switch(&shop.agent, "disable", json!({"filter": {}})).await, (5, 0), "there is room again");
    }
}
