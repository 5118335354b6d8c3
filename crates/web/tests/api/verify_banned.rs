//! K8.1: a ban is seen by whoever sees the project, and ended by whoever manages projects.

use licensing::projects::TOPIC;
use platform::identity::Role;
use serde_json::{Value, json};
use store::topics;
use testkit::{Engine, Program, TestServer, on_server};

use crate::support::{Shop, shop_with};

/// A project that may be called ten times a minute, a key of it, and its address.
async fn limited(server: &TestServer) -> (Shop, String, String) {
    let shop = shop_with(server, json!({"rate_per_minute": 10})).await;
    let key = shop.key().await;
    let url = format!("/api/v1/projects/{}", shop.program.project);
    (shop, key, url)
}

/// Goes on over the limit until the project is banned; for how many seconds it is.
async fn ban(program: &Program, key: &str) -> i64 {
    for _ in 0..30 {
        program.verify(key, "a").await;
    }
    program.verify(key, "a").await.refused(403, "TEMPORARILY_BANNED")["retry_after_seconds"].as_i64().unwrap()
}

/// What the operation log has of bans that were lifted: by whom, and of which.
async fn lifted(server: &TestServer) -> Vec<(String, Value)> {
    let lines = server.logged().await.into_iter().filter(|line| line.what == "projects.ban_lifted");
    lines.map(|line| (line.actor, line.detail)).collect()
}

on_server! {
    async fn k8_1_a_ban_that_is_lifted_is_over_with_the_next_call_and_the_next_ban_is_as_short_as_a_first(server) {
        let (shop, key, url) = limited(server).await;
        let lift = format!("{url}/lift-ban");
        assert_eq!(shop.root.get(&url).await.ok(200)["banned_until"], json!(null));
        ban(&shop.program, &key).await;
        let project = shop.root.get(&url).await.ok(200);
        let until = &project["banned_until"];
        assert!(until.is_string() && project.get("banned_at").is_none(), "{project}");
        for who in [&shop.root, &shop.agent] {
            assert_eq!(&who.get(&url).await.ok(200)["banned_until"], until);
            assert_eq!(&who.get("/api/v1/projects").await.ok(200)["items"][0]["banned_until"], until);
        }

        assert_eq!(shop.root.post(&lift, json!({})).await.ok(200)["banned_until"], json!(null));
        assert_eq!(shop.program.code(&key, "a").await, "VALID", "not held up by the rate that was used up before");
        assert_eq!(shop.root.post(&lift, json!({})).await.ok(200)["banned_until"], json!(null), "twice is once");
        assert_eq!(lifted(server).await, [("root".to_owned(), json!({"until": until}))]);

        let again = ban(&shop.program, &key).await;
        assert!((58..=60).contains(&again), "{again}");
        server.clock.step(61 * kernel::SECOND);
        let doubled = ban(&shop.program, &key).await;
        assert!((118..=120).contains(&doubled), "one that was not lifted counts: {doubled}");
    }

    async fn k8_1_where_there_is_no_ban_lifting_it_changes_nothing(server) {
        let (shop, key, url) = limited(server).await;
        ban(&shop.program, &key).await;
        server.clock.step(61 * kernel::SECOND);
        assert_eq!(shop.root.get(&url).await.ok(200)["banned_until"], json!(null), "it is over");
        let before = topics::number(&server.platform.db, TOPIC);
        shop.root.post(&format!("{url}/lift-ban"), json!({})).await.ok(200);
        assert_eq!(topics::number(&server.platform.db, TOPIC), before);
        assert!(lifted(server).await.is_empty());
        let next = ban(&shop.program, &key).await;
        assert!((118..=120).contains(&next), "{next}");
    }

    async fn k8_1_a_higher_rate_ends_a_ban_and_no_other_change_does(server) {
        let (shop, key, url) = limited(server).await;
        ban(&shop.program, &key).await;
        for change in [json!({"description": "another"}), json!({"rate_per_minute": 10}), json!({"rate_per_minute": 9})] {
            assert!(shop.root.patch(&url, change).await.ok(200)["banned_until"].is_string());
        }
        for switch in ["disable", "enable"] {
            assert!(shop.root.post(&format!("{url}/{switch}"), json!({})).await.ok(200)["banned_until"].is_string());
        }
        shop.program.verify(&key, "a").await.refused(403, "TEMPORARILY_BANNED");
        assert!(lifted(server).await.is_empty());

        let raised = shop.root.patch(&url, json!({"rate_per_minute": 20})).await.ok(200);
        assert_eq!((&raised["rate_per_minute"], &raised["banned_until"]), (&json!(20), &json!(null)));
        for _ in 0..20 {
            assert_eq!(shop.program.code(&key, "a").await, "VALID");
        }
        shop.program.verify(&key, "a").await.refused(429, "RATE_LIMITED");
        assert_eq!(lifted(server).await.len(), 1);
        // Where there is no ban, a higher rate is only that.
        shop.root.patch(&url, json!({"rate_per_minute": 30})).await.ok(200);
        assert_eq!(lifted(server).await.len(), 1);
    }

    async fn k8_1_only_those_who_manage_projects_lift_a_ban(server) {
        let (shop, key, url) = limited(server).await;
        let foreign = server.user(Role::AgentAdmin, "chief").await;
        ban(&shop.program, &key).await;
        let lift = format!("{url}/lift-ban");
        for who in [&shop.agent, &foreign] {
            who.post(&lift, json!({})).await.refused(403, "FORBIDDEN");
        }
        foreign.get(&url).await.refused(404, "NOT_FOUND");
        server.visitor().post(&lift, json!({})).await.refused(401, "SIGN_IN_REQUIRED");
        shop.root.post("/api/v1/projects/prj_01h455vb4pex5vsknk084sn02q/lift-ban", json!({})).await.refused(404, "NOT_FOUND");
        shop.program.verify(&key, "a").await.refused(403, "TEMPORARILY_BANNED");
        assert!(lifted(server).await.is_empty());
    }
}

/// Each has a memory of its own, as only processes on one PostgreSQL have.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn k8_1_a_ban_that_one_process_lifts_is_over_in_another_as_soon_as_it_looks_postgres() {
    let server = TestServer::start(Engine::Postgres).await;
    let other = TestServer::on(server.test_db.another().await).await;
    let (shop, key, url) = limited(&server).await;
    let there: Program = shop.program.at(&other);
    topics::look(&other.platform.db).await.unwrap();
    ban(&there, &key).await;
    topics::look(&server.platform.db).await.unwrap();
    shop.program.verify(&key, "a").await.refused(403, "TEMPORARILY_BANNED");

    shop.root.post(&format!("{url}/lift-ban"), json!({})).await.ok(200);
    assert_eq!(shop.program.code(&key, "a").await, "VALID");
    there.verify(&key, "a").await.refused(403, "TEMPORARILY_BANNED");
    topics::look(&other.platform.db).await.unwrap();
    assert_eq!(there.code(&key, "a").await, "VALID", "and with its whole rate, though it was used up here");
}
