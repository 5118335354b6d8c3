//! K3.1, K3.3: agents make keys and look after them.

use crate::support::{grant, project, shop, shop_with};
use axum::http::Method;
use kernel::DAY;
use platform::identity::Role;
use serde_json::{Value, json};
use store::{Sql, args};
use testkit::{TestServer, on_server};

async fn count(server: &TestServer, table: &str) -> i64 {
    server.platform.db.read().one(&format!("SELECT CAST(COUNT(*) AS BIGINT) AS n FROM {table}"), args![], |row| row.get("n")).await.unwrap()
}

fn ask(project: &str, count: i64, unit: &str, validity: i64) -> Value {
    json!({"project_id": project, "count": count, "unit": unit, "validity": validity})
}

on_server! {
    async fn k3_1a_a_batch_is_charged_and_made_at_once_or_not_at_all(server) {
        let shop = shop(server).await;
        let batch = shop.batch(100, "day", 30).await;
        assert_eq!((&batch["state"], &batch["made"], &batch["unit_price"], &batch["total"]), (&json!("ready"), &json!(100), &json!(10), &json!(1000)));
        assert_eq!(server.quota(&shop.agent).await, (999_000, 0));
        let quote = shop.agent.post("/api/v1/batches/quote", ask(&shop.program.project, 1_000_000, "day", 30)).await.ok(200);
        assert_eq!((&quote["total"], &quote["available"]), (&json!(10_000_000), &json!(999_000)));
        shop.agent.post_once("too-much-1", "/api/v1/batches", ask(&shop.program.project, 100_000, "day", 30)).await.refused(409, "QUOTA_INSUFFICIENT");
        shop.agent.post_once("too-much-2", "/api/v1/batches", ask(&shop.program.project, 1_999, "forever", 0)).await.ok(201);
        shop.agent.post_once("too-much-3", "/api/v1/batches", ask(&shop.program.project, 1_999, "forever", 0)).await.ok(201);
        assert_eq!(server.quota(&shop.agent).await, (599_200, 0));
        assert_eq!((count(server, "keys").await, count(server, "batches").await), (4_098, 3));
        let statement = shop.agent.get("/api/v1/keys?limit=200").await.ok(200);
        assert_eq!(statement["items"].as_array().unwrap().len(), 200);
    }

    async fn k3_1a_without_grant_price_or_project_nothing_is_made(server) {
        let shop = shop(server).await;
        let other = project(server, &shop.root, "没有授权", json!({})).await;
        let post = async |key: &str, body: Value| shop.agent.post_once(key, "/api/v1/batches", body).await;
        post("no-grant-1", ask(&other.project, 1, "day", 30)).await.refused(403, "GRANT_MISSING");
        post("no-price-1", ask(&shop.program.project, 1, "day", 31)).await.refused_field("validity", "PRICE_MISSING");
        post("bad-count1", ask(&shop.program.project, 0, "day", 30)).await.refused_field("count", "OUT_OF_RANGE");
        post("bad-count2", ask(&shop.program.project, 1_000_001, "day", 30)).await.refused_field("count", "OUT_OF_RANGE");
        post("bad-count3", ask(&shop.program.project, -5, "day", 30)).await.refused_field("count", "OUT_OF_RANGE");
        post("bad-valid1", ask(&shop.program.project, 1, "forever", 3)).await.refused_field("validity", "OUT_OF_RANGE");
        post("bad-unit-1", ask(&shop.program.project, 1, "week", 1)).await.refused(422, "INVALID");
        post("bad-id-001", ask("prj_01h455vb4pex5vsknk084sn02q", 1, "day", 30)).await.refused(403, "GRANT_MISSING");
        post("bad-id-002", ask("usr_01h455vb4pex5vsknk084sn02q", 1, "day", 30)).await.refused(422, "INVALID");
        shop.agent.post("/api/v1/batches", ask(&shop.program.project, 1, "day", 30)).await.refused_field("Idempotency-Key", "REQUIRED");
        shop.root.post(&format!("/api/v1/projects/{}/disable", shop.program.project), json!({})).await.ok(200);
        post("project-off", ask(&shop.program.project, 1, "day", 30)).await.refused(409, "PROJECT_DISABLED");
        shop.root.post_once("super-admin", "/api/v1/batches", ask(&shop.program.project, 1, "day", 30)).await.refused(403, "FORBIDDEN");
        assert_eq!((count(server, "keys").await, server.quota(&shop.agent).await), (0, (1_000_000, 0)));
    }

    async fn k3_1a_the_same_idempotency_key_charges_once(server) {
        let shop = shop(server).await;
        let body = ask(&shop.program.project, 5, "day", 30);
        let tries: Vec<_> = (0..10).map(|_| {
            let (agent, body) = (shop.agent.clone(), body.clone());
            tokio::spawn(async move { agent.post_once("form-12345", "/api/v1/batches", body).await.ok(201) })
        }).collect();
        let mut answers = Vec::new();
        for one in tries { answers.push(one.await.unwrap()); }
        assert!(answers.iter().all(|answer| *answer == answers[0]));
        assert_eq!((count(server, "keys").await, server.quota(&shop.agent).await), (5, (999_950, 0)));
        shop.agent.post_once("form-12345", "/api/v1/batches", ask(&shop.program.project, 6, "day", 30)).await.refused(409, "IDEMPOTENCY_CONFLICT");
    }

    async fn k3_1a_parallel_batches_never_spend_more_than_there_is(server) {
        let shop = shop(server).await;
        let bob = server.user(Role::Agent, "bob").await;
        server.issue(&bob, 100).await;
        grant(&shop.root, &shop.program.project, &bob).await;
        let tries: Vec<_> = (0..20).map(|n| {
            let (bob, body) = (bob.clone(), ask(&shop.program.project, 2, "day", 30));
            tokio::spawn(async move { bob.post_once(&format!("parallel-{n}"), "/api/v1/batches", body).await.status.as_u16() })
        }).collect();
        let mut made = 0;
        for one in tries {
            match one.await.unwrap() { 201 => made += 1, 409 => {}, other => panic!("{other}") }
        }
        assert_eq!((made, count(server, "keys").await, server.quota(&bob).await), (5, 10, (0, 0)));
    }

    async fn k3_1a_a_batch_whose_job_two_workers_have_is_whole_when_the_first_of_them_is_done(server) {
        let shop = shop(server).await;
        let batch = shop.batch(20_000, "day", 30).await;
        let job = || {
            let payload = json!({"batch": batch["id"]});
            let job = store::jobs::Job::for_test("keys.generate", &payload, server.clock.now(), &server.platform.random).unwrap();
            tokio::spawn(licensing::batches::generate_job(server.cx(), job))
        };
        // As when the lease of the one ran out while it worked: on a clock that jumps, or behind a database that was silent.
        let (mut one, mut other) = (job(), job());
        tokio::select! { done = &mut one => drop(done.unwrap()), done = &mut other => drop(done.unwrap()) }
        // The other may be ended at any moment: nobody would do what it left.
        one.abort();
        other.abort();
        let ready = shop.agent.get(&format!("/api/v1/batches/{}", batch["id"].as_str().unwrap())).await.ok(200);
        assert_eq!((&ready["state"], &ready["made"]), (&json!("ready"), &json!(20_000)));
        assert_eq!(count(server, "keys").await, 20_000);
    }

    async fn k3_1a_a_large_batch_is_held_made_by_a_job_and_then_charged(server) {
        let shop = shop(server).await;
        let batch = shop.batch(12_000, "day", 30).await;
        assert_eq!((&batch["state"], &batch["made"]), (&json!("generating"), &json!(0)));
        assert_eq!(server.quota(&shop.agent).await, (880_000, 120_000));
        let url = format!("/api/v1/batches/{}", batch["id"].as_str().unwrap());
        server.run_jobs().await;
        let ready = shop.agent.get(&url).await.ok(200);
        assert_eq!((&ready["state"], &ready["made"]), (&json!("ready"), &json!(12_000)));
        assert_eq!((server.quota(&shop.agent).await, count(server, "keys").await), ((880_000, 0), 12_000));
        assert!(server.told(shop.agent.id()).await.contains(&"keys.batch_ready".to_owned()));
        shop.agent.post(&format!("{url}/cancel"), json!({})).await.refused(409, "NOT_GENERATING");
    }

    async fn k3_1a_cancelling_takes_the_keys_away_and_gives_the_quota_back(server) {
        let shop = shop(server).await;
        let batch = shop.batch(12_000, "day", 30).await;
        let url = format!("/api/v1/batches/{}", batch["id"].as_str().unwrap());
        let stranger = server.user(Role::Agent, "mallory").await;
        stranger.post(&format!("{url}/cancel"), json!({})).await.refused(404, "NOT_FOUND");
        shop.agent.post(&format!("{url}/cancel"), json!({})).await.ok(200);
        server.run_jobs().await;
        assert_eq!(shop.agent.get(&url).await.ok(200)["state"], "cancelled");
        assert_eq!((server.quota(&shop.agent).await, count(server, "keys").await), ((1_000_000, 0), 0));
    }

    async fn k6_3_cancelling_a_batch_is_in_the_log_once_and_with_who_did_it(server) {
        let shop = shop(server).await;
        let batch = shop.batch(12_000, "day", 30).await;
        let url = format!("/api/v1/batches/{}/cancel", batch["id"].as_str().unwrap());
        let logged = async || -> Vec<_> { server.logged().await.into_iter().filter(|line| line.what == "keys.batch_cancelled").collect() };
        server.user(Role::Agent, "mallory").await.post(&url, json!({})).await.refused(404, "NOT_FOUND");
        assert!(logged().await.is_empty());
        let (one, two) = tokio::join!(shop.agent.post(&url, json!({})), shop.agent.post(&url, json!({})));
        let mut statuses = [one.status.as_u16(), two.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409]);
        server.run_jobs().await;
        shop.agent.post(&url, json!({})).await.refused(409, "NOT_GENERATING");
        let lines = logged().await;
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert_eq!((lines[0].actor.as_str(), &lines[0].detail), ("alice", &json!({"count": 12_000})));
    }

    async fn k3_1b_keys_are_unused_unique_and_not_readable_in_the_database(server) {
        let shop = shop(server).await;
        let keys = shop.keys(200, "day", 30).await;
        let mut unique = keys.clone();
        unique.sort();
        unique.dedup();
        assert_eq!(unique.len(), 200);
        let page = shop.agent.get("/api/v1/keys?limit=200").await.ok(200);
        assert!(page["items"].as_array().unwrap().iter().all(|key| key["state"] == "unused"));
        let sealed: Vec<Vec<u8>> = server.platform.db.read().all("SELECT sealed FROM keys", args![], |row| row.get("sealed")).await.unwrap();
        assert!(sealed.iter().all(|sealed| sealed.len() == 43));
        let plain = keys[0].replace('-', "");
        assert!(!sealed.iter().any(|sealed| sealed.windows(5).any(|part| part == &plain.as_bytes()[..5])));
    }

    async fn k3_3a_unbinding_frees_the_key_and_its_clock_goes_on(server) {
        let shop = shop(server).await;
        let key = shop.key().await;
        let url = format!("/api/v1/keys/{}/unbind", shop.id_of(&key).await);
        shop.agent.post(&url, json!({})).await.refused(409, "NOT_BOUND");
        let first = shop.program.verify(&key, "a").await.ok(200);
        server.clock.step(10 * DAY);
        let unbound = shop.agent.post(&url, json!({})).await.ok(200);
        assert_eq!((&unbound["state"], &unbound["devices"], &unbound["unbind_count"]), (&json!("unused"), &json!([]), &json!(1)));
        assert_eq!(unbound["expires_at"], first["key"]["expires_at"]);
        let again = shop.program.verify(&key, "b").await.ok(200);
        assert_eq!((&again["key"]["first_use"], &again["key"]["expires_at"]), (&json!(false), &first["key"]["expires_at"]));
        assert_eq!(shop.program.code(&key, "a").await, "DEVICE_MISMATCH");
        let log = server.platform.db.read().all("SELECT module, action FROM operations", args![], |row| Ok((row.get::<String>("module")?, row.get::<String>("action")?))).await.unwrap();
        assert!(log.contains(&("keys".into(), "unbound".into())));
        server.clock.step(20 * DAY);
        shop.agent.post(&url, json!({})).await.refused(409, "KEY_EXPIRED");
    }

    async fn k3_3a_a_project_limits_unbinding_and_one_device_can_go_alone(server) {
        let shop = shop_with(server, json!({"devices_per_key": 2, "unbind_limit": 1})).await;
        let key = shop.key().await;
        let url = format!("/api/v1/keys/{}", shop.id_of(&key).await);
        for device in ["a", "b"] { assert_eq!(shop.program.code(&key, device).await, "VALID"); }
        assert_eq!(shop.program.code(&key, "c").await, "DEVICE_MISMATCH");
        shop.agent.post(&format!("{url}/unbind"), json!({"device_id": "nobody"})).await.refused(409, "NOT_BOUND");
        let left = shop.agent.post(&format!("{url}/unbind"), json!({"device_id": "a"})).await.ok(200);
        assert_eq!((&left["state"], &left["devices"][0]["id"]), (&json!("active"), &json!("b")));
        assert_eq!(shop.agent.get(&url).await.ok(200)["unbinds_left"], 0);
        assert_eq!(shop.program.code(&key, "c").await, "VALID");
        shop.agent.post(&format!("{url}/unbind"), json!({})).await.refused(409, "UNBIND_LIMIT_REACHED");
    }

    async fn k3_keys_of_others_are_not_there(server) {
        let shop = shop(server).await;
        let key = shop.key().await;
        let id = shop.id_of(&key).await;
        let admin = server.user(Role::AgentAdmin, "boss").await;
        let stranger = server.user(Role::Agent, "mallory").await;
        for user in [&admin, &stranger] {
            user.get(&format!("/api/v1/keys/{id}")).await.refused(404, "NOT_FOUND");
            user.post(&format!("/api/v1/keys/{id}/unbind"), json!({})).await.refused(404, "NOT_FOUND");
            assert_eq!(user.get(&format!("/api/v1/keys?key={key}")).await.ok(200)["items"], json!([]));
            assert_eq!(user.post("/api/v1/keys/disable", json!({"ids": [id]})).await.ok(200), json!({"changed": 0, "skipped": 0}));
        }
        let seen = shop.root.get(&format!("/api/v1/keys/{id}")).await.ok(200);
        assert_eq!(seen["key"]["key"], format!("•••••-•••••-•••••-•••••-{}", &key[24..]), "a super admin sees the key's end only");
        server.visitor().get("/api/v1/keys").await.refused(401, "SIGN_IN_REQUIRED");
        let keeper = server.user(Role::Maintainer, "fixer").await;
        keeper.get("/api/v1/keys").await.refused(403, "FORBIDDEN");
        keeper.get("/api/v1/batches").await.refused(403, "FORBIDDEN");
        keeper.get("/api/v1/calls").await.refused(403, "FORBIDDEN");
        stranger.get("/api/v1/keys/key_nonsense").await.refused(404, "NOT_FOUND");
    }

    async fn k3_lists_search_and_page_without_gaps(server) {
        let shop = shop(server).await;
        let keys = shop.keys(25, "day", 30).await;
        shop.program.verify(&keys[3], "my-device").await.ok(200);
        let mut seen = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = shop.agent.get(&format!("/api/v1/keys?limit=10&cursor={cursor}")).await.ok(200);
            seen.extend(page["items"].as_array().unwrap().iter().map(|key| key["key"].as_str().unwrap().to_owned()));
            match page["next_cursor"].as_str() { Some(next) => cursor = next.to_owned(), None => break }
        }
        assert_eq!(seen, keys);
        let by_device = shop.agent.get("/api/v1/keys?device=my-device").await.ok(200);
        assert_eq!(by_device["items"][0]["key"], json!(keys[3]));
        assert_eq!(shop.agent.get("/api/v1/keys?state=active").await.ok(200)["items"].as_array().unwrap().len(), 1);
        assert_eq!(shop.agent.get("/api/v1/keys?state=unused&limit=200").await.ok(200)["items"].as_array().unwrap().len(), 24);
        assert_eq!(shop.agent.get("/api/v1/keys?key=nonsense").await.ok(200)["items"], json!([]));
        shop.agent.get("/api/v1/keys?limit=0").await.refused_field("limit", "OUT_OF_RANGE");
        shop.agent.get("/api/v1/keys?cursor=%27--").await.refused_field("cursor", "CURSOR_INVALID");
        shop.agent.get("/api/v1/keys?state=nonsense").await.refused(422, "INVALID");
        shop.agent.get("/api/v1/keys?unknown=1").await.refused(422, "INVALID");
        shop.agent.send(Method::POST, "/api/v1/keys/disable", Some(b"{}".to_vec())).await.refused_field("ids", "ONE_SELECTION");
    }

    async fn k3_what_a_superior_disabled_its_agent_cannot_enable(server) {
        let shop = shop(server).await;
        let key = shop.key().await;
        let ticked = json!({"ids": [shop.id_of(&key).await]});
        shop.root.post("/api/v1/keys/disable", ticked.clone()).await.ok(200);
        assert_eq!(shop.agent.post("/api/v1/keys/enable", ticked.clone()).await.ok(200), json!({"changed": 0, "skipped": 1}));
        assert_eq!(shop.program.code(&key, "a").await, "DISABLED");
        assert_eq!(shop.root.post("/api/v1/keys/enable", ticked.clone()).await.ok(200), json!({"changed": 1, "skipped": 0}));
        shop.agent.post("/api/v1/keys/disable", ticked.clone()).await.ok(200);
        assert_eq!(shop.root.post("/api/v1/keys/enable", ticked).await.ok(200), json!({"changed": 1, "skipped": 0}));
        assert_eq!(shop.program.code(&key, "a").await, "VALID");
    }

    async fn k3_what_its_agent_had_disabled_before_a_superior_did_stays_the_superiors(server) {
        let shop = shop(server).await;
        let key = shop.key().await;
        let ticked = json!({"ids": [shop.id_of(&key).await]});
        shop.agent.post("/api/v1/keys/disable", ticked.clone()).await.ok(200);
        assert_eq!(shop.root.post("/api/v1/keys/disable", ticked.clone()).await.ok(200), json!({"changed": 1, "skipped": 0}));
        assert_eq!(shop.agent.post("/api/v1/keys/disable", ticked.clone()).await.ok(200), json!({"changed": 0, "skipped": 1}));
        assert_eq!(shop.agent.post("/api/v1/keys/enable", ticked.clone()).await.ok(200), json!({"changed": 0, "skipped": 1}));
        assert_eq!(shop.program.code(&key, "a").await, "DISABLED");
        assert_eq!(shop.root.post("/api/v1/keys/enable", ticked).await.ok(200), json!({"changed": 1, "skipped": 0}));
        assert_eq!(shop.program.code(&key, "a").await, "VALID");
    }

    async fn k3_bulk_changes_meet_a_whole_batch_or_filter(server) {
        let shop = shop(server).await;
        let batch = shop.batch(1_500, "day", 30).await;
        let other = shop.keys(2, "minute", 5).await;
        assert_eq!(shop.agent.post("/api/v1/keys/disable", json!({"batch": batch["id"]})).await.ok(200), json!({"changed": 1500, "skipped": 0}));
        assert_eq!(shop.agent.post("/api/v1/keys/disable", json!({"filter": {}})).await.ok(200), json!({"changed": 2, "skipped": 1500}));
        assert_eq!(shop.program.code(&other[0], "a").await, "DISABLED");
        assert_eq!(shop.agent.post("/api/v1/keys/enable", json!({"filter": {"state": "disabled"}})).await.ok(200), json!({"changed": 1502, "skipped": 0}));
        assert_eq!(shop.program.code(&other[0], "a").await, "VALID");
        shop.agent.post("/api/v1/keys/disable", json!({"batch": batch["id"], "filter": {}})).await.refused_field("ids", "ONE_SELECTION");
    }

    async fn k3_1a_a_page_sees_its_batch_being_made(server) {
        let shop = shop(server).await;
        shop.batch(1, "day", 30).await;
        let mut live = shop.agent.live("/events").await;
        let mut others = shop.root.live("/events").await;
        assert_eq!((live.next().await.unwrap().0.as_str(), others.next().await.unwrap().0.as_str()), ("unread", "unread"));
        let batch = shop.batch(5_000, "day", 30).await;
        assert_eq!(batch["state"], "generating");
        server.run_jobs().await;
        let (mut name, mut data) = live.event().await;
        while name != "batch" {
            (name, data) = live.event().await;
        }
        assert_eq!(data, json!({"id": batch["id"], "made": 5_000, "count": 5_000, "state": "ready"}));
        server.clock.step(15 * kernel::SECOND);
        assert_eq!(others.next().await.unwrap().0, "", "nobody else's page is told");
    }
}
