//! K1.2c, K5.1: the home page's figures, scoped by role.

use crate::support::{Shop, grant, project, shop, shop_with};
use kernel::{DAY, HOUR, MINUTE};
use platform::identity::Role;
use serde_json::{Value, json};
use store::args;
use testkit::{Client, Receiver, TestServer, on_server};

async fn home(client: &Client) -> Value {
    client.get("/api/v1/home").await.ok(200)
}

/// An agent admin with an agent of its own, who has made two keys for the shop's project.
async fn team(server: &TestServer, shop: &Shop) -> (Client, Client) {
    let admin = server.user(Role::AgentAdmin, "admin").await;
    let bob = server.user_under(Role::Agent, "bob", Some(&admin)).await;
    server.issue(&bob, 1_000).await;
    grant(&shop.root, &shop.program.project, &bob).await;
    let body = json!({"project_id": shop.program.project, "count": 2, "unit": "day", "validity": 30});
    bob.post_once("two-for-bob", "/api/v1/batches", body).await.ok(201);
    (admin, bob)
}

fn states(unused: i64, active: i64, expired: i64, disabled: i64) -> Value {
    json!({"unused": unused, "active": active, "expired": expired, "disabled": disabled, "most": 1_000_000})
}

on_server! {
    async fn k5_1_keys_are_counted_by_the_state_that_counts_now_and_by_who_asks(server) {
        let shop = shop(server).await;
        let (admin, bob) = team(server, &shop).await;
        let days = shop.keys(5, "day", 30).await;
        let short = shop.keys(1, "minute", 5).await.remove(0);
        assert_eq!(shop.program.code(&days[0], "a").await, "VALID");
        assert_eq!(shop.program.code(&short, "a").await, "VALID");
        let off = shop.id_of(&days[1]).await;
        shop.agent.post("/api/v1/keys/disable", json!({"ids": [off]})).await.ok(200);
        assert_eq!(home(&shop.agent).await["keys"], states(3, 2, 0, 1));
        server.clock.step(5 * MINUTE);
        for swept in [false, true] {
            assert_eq!(home(&shop.agent).await["keys"], states(3, 1, 1, 1), "swept: {swept}");
            assert_eq!(home(&bob).await["keys"], states(2, 0, 0, 0));
            assert_eq!(home(&admin).await["keys"], states(2, 0, 0, 0));
            assert_eq!(home(&shop.root).await["keys"], states(5, 1, 1, 1));
            let seen = shop.root.get(&format!("/api/v1/projects/{}", shop.program.project)).await.ok(200);
            assert_eq!(seen["key_counts"], states(5, 1, 1, 1));
            server.tick().await;
        }
        // Another project's keys are counted there, and in the sum.
        let other = project(server, &shop.root, "other", json!({})).await;
        grant(&shop.root, &other.project, &shop.agent).await;
        let body = json!({"project_id": other.project, "count": 4, "unit": "hour", "validity": 1});
        shop.agent.post_once("four-for-other", "/api/v1/batches", body).await.ok(201);
        let listed = shop.root.get("/api/v1/projects").await.ok(200);
        assert_eq!((&listed["items"][0]["key_counts"], &listed["items"][1]["key_counts"]), (&states(4, 0, 0, 0), &states(5, 1, 1, 1)));
        assert_eq!(home(&shop.root).await["keys"], states(9, 1, 1, 1));
        assert_eq!(home(&shop.agent).await["keys"], states(7, 1, 1, 1));
    }

    async fn k5_1_keys_of_all_that_was_ever_granted_are_counted_once(server) {
        let shop = shop(server).await;
        let (admin, bob) = team(server, &shop).await;
        let other = project(server, &shop.root, "other", json!({})).await;
        server.issue(&admin, 1_000).await;
        for agent in [&bob, &admin] {
            grant(&shop.root, &other.project, agent).await;
        }
        for (agent, count) in [(&bob, 3), (&admin, 4)] {
            let body = json!({"project_id": other.project, "count": count, "unit": "day", "validity": 30});
            agent.post_once("a-few-of-other", "/api/v1/batches", body).await.ok(201);
        }
        shop.key().await;
        let off = bob.get("/api/v1/keys?limit=1").await.ok(200)["items"][0]["id"].clone();
        bob.post("/api/v1/keys/disable", json!({"ids": [off]})).await.ok(200);
        // A grant that has ended leaves its keys, and another one of the same project has no more.
        for _ in 0..2 {
            assert_eq!(home(&bob).await["keys"], states(4, 0, 0, 1));
            assert_eq!(home(&admin).await["keys"], states(8, 0, 0, 1));
            let grants = shop.root.get(&format!("/api/v1/grants?agent={}&state=active", bob.id())).await.ok(200);
            for live in grants["items"].as_array().unwrap() {
                shop.root.post(&format!("/api/v1/grants/{}/end", live["id"].as_str().unwrap()), json!({})).await.ok(200);
            }
            assert_eq!(home(&bob).await["keys"], states(4, 0, 0, 1));
            grant(&shop.root, &other.project, &bob).await;
        }
    }

    async fn k5_1_verifications_of_fourteen_days_with_the_empty_ones(server) {
        let shop = shop_with(server, json!({"devices_per_key": 1})).await;
        let (admin, bob) = team(server, &shop).await;
        let key = shop.key().await;
        for (device, code) in [("a", "VALID"), ("a", "VALID"), ("b", "DEVICE_MISMATCH")] {
            assert_eq!(shop.program.code(&key, device).await, code);
        }
        // Nobody's key: a super admin sees that there was a call.
        assert_eq!(shop.program.code("7K2M9", "a").await, "NOT_FOUND");
        let day = |home: &Value, at: usize| home["verifications"][at].clone();
        let today = home(&shop.agent).await;
        assert_eq!(today["verifications"].as_array().unwrap().len(), 14);
        assert_eq!(day(&today, 0), json!({"day": "2026-11-08", "accepted": 0, "refused": 0}));
        assert_eq!(day(&today, 13), json!({"day": "2026-11-21", "accepted": 2, "refused": 1}));
        assert_eq!(day(&home(&shop.root).await, 13), json!({"day": "2026-11-21", "accepted": 2, "refused": 2}));
        for foreign in [&admin, &bob] {
            assert_eq!(day(&home(foreign).await, 13), json!({"day": "2026-11-21", "accepted": 0, "refused": 0}));
        }
        // Until midnight in Shanghai it is today, and then it was yesterday; after a fortnight it is gone.
        let whole = json!({"day": "2026-11-21", "accepted": 2, "refused": 2});
        server.clock.step(8 * HOUR - MINUTE);
        assert_eq!(day(&home(&shop.root).await, 13), whole);
        server.clock.step(MINUTE);
        assert_eq!(day(&home(&shop.root).await, 12), whole);
        server.clock.step(13 * DAY);
        let last = server.user(Role::SuperAdmin, "last").await;
        assert!(home(&last).await["verifications"].as_array().unwrap().iter().all(|day| day["accepted"] == 0 && day["refused"] == 0));
    }

    async fn k5_1_days_are_those_of_the_zone_that_the_installation_is_in(server) {
        let shop = shop(server).await;
        let key = shop.key().await;
        let zone = async |name: &str| shop.root.patch("/api/v1/settings/basic.time_zone", json!({"value": name})).await.ok(200);
        // It is the evening before there.
        zone("Pacific/Honolulu").await;
        assert_eq!(shop.program.code(&key, "a").await, "VALID");
        assert_eq!(home(&shop.agent).await["verifications"][13], json!({"day": "2026-11-20", "accepted": 1, "refused": 0}));
        // What was counted stays at the day at which it was.
        zone("Asia/Shanghai").await;
        assert_eq!(shop.program.code(&key, "a").await, "VALID");
        let days = home(&shop.agent).await["verifications"].clone();
        assert_eq!((&days[12]["day"], &days[12]["accepted"]), (&json!("2026-11-20"), &json!(1)));
        assert_eq!((&days[13]["day"], &days[13]["accepted"]), (&json!("2026-11-21"), &json!(1)));
    }

    async fn k5_1_a_figure_that_is_not_counted_to_its_end_can_be_known_by_its_bound(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        let seen = home(&root).await;
        assert_eq!((&seen["keys"]["most"], &seen["counted_to"]), (&json!(1_000_000), &json!({"users": 100_000, "waiting": 1_000})));
        // A bound that is reached: written by hand, since it takes a thousand of them.
        let project = server.project_row("many", &root).await;
        let mut tx = server.platform.db.begin().await.unwrap();
        for _ in 0..1_001 {
            let id = server.platform.random.uuid_v7(server.clock.now());
            let sql = "INSERT INTO deliveries (id, event_id, project_id, event, url, payload, state, attempts, since, created_at, finished_at) \
                       VALUES ($1, $1, $2, 'key.activated', '', '{}', 'failed', 1, 0, 0, 0)";
            tx.exec(sql, args![id, project]).await.unwrap();
        }
        tx.commit().await.unwrap();
        assert_eq!(home(&root).await["failing_deliveries"], 1_000);
    }

    async fn k1_2c_what_waits_is_counted_for_who_decides(server) {
        let shop = shop(server).await;
        let (admin, bob) = team(server, &shop).await;
        let other = project(server, &shop.root, "other", json!({})).await;
        for agent in [&bob, &shop.agent] {
            agent.post("/api/v1/applications", json!({"project_id": other.project, "reason": "please"})).await.ok(201);
        }
        for (who, waiting) in [(&shop.root, 2), (&admin, 1), (&bob, 1), (&shop.agent, 1)] {
            assert_eq!(home(who).await["pending_applications"], waiting);
        }
        for agent in [&bob, &shop.agent] {
            let body = json!({"amount": 100, "payee_name": "名", "payee_account": "6222 0000", "payee_bank": "行"});
            agent.post_once("a-withdrawal", "/api/v1/withdrawals", body).await.ok(201);
        }
        for (who, waiting) in [(&shop.root, 2), (&admin, 1), (&bob, 1), (&shop.agent, 1)] {
            assert_eq!(home(who).await["pending_withdrawals"], waiting);
        }
        // A callback that was answered "gone" is given up; only who manages callbacks hears of it here.
        let receiver = Receiver::start().await;
        receiver.answer(410, &[], "");
        let url = format!("/api/v1/projects/{}/callback", shop.program.project);
        shop.root.put(&url, json!({"url": receiver.url(), "events": ["key.activated"]})).await.ok(200);
        assert_eq!(home(&shop.root).await["failing_deliveries"], 0);
        let key = shop.key().await;
        shop.program.code(&key, "a").await;
        server.run_jobs().await;
        assert_eq!(home(&shop.root).await["failing_deliveries"], 1);
        for other in [&admin, &shop.agent] {
            assert_eq!(home(other).await["failing_deliveries"], 0);
        }
    }

    async fn k1_2c_quota_users_batches_and_grants_are_ones_own(server) {
        let shop = shop(server).await;
        let (admin, bob) = team(server, &shop).await;
        for n in 1..=6 {
            shop.batch(n, "day", 30).await;
        }
        let (root, alice, bobs, admins) = (home(&shop.root).await, home(&shop.agent).await, home(&bob).await, home(&admin).await);
        assert_eq!((&root["users"], &alice["users"], &bobs["users"], &admins["users"]), (&json!(4), &Value::Null, &Value::Null, &json!(1)));
        assert_eq!(root["quota"], Value::Null);
        assert_eq!((&alice["quota"]["available"], &alice["quota"]["held"], &alice["quota"]["total"]), (&json!(999_790), &json!(0), &json!(999_790)));
        assert_eq!(shop.agent.get("/api/v1/quota").await.ok(200), alice["quota"]);
        let counts = |home: &Value| home["recent_batches"].as_array().unwrap().iter().map(|batch| batch["count"].as_i64().unwrap()).collect::<Vec<_>>();
        assert_eq!((counts(&root), counts(&alice)), (vec![6, 5, 4, 3, 2], vec![6, 5, 4, 3, 2]));
        assert_eq!((counts(&bobs), counts(&admins)), (vec![2], vec![2]));

        // Grants that end within a fortnight, the first to end first; endless and later ones are not shown.
        assert_eq!(alice["grants_ending"], json!([]));
        for (name, agent, ends_at) in [("late", &bob, "2026-12-04T08:00:00Z"), ("soon", &bob, "2026-11-22T08:00:00Z"), ("far", &bob, "2026-12-06T08:00:00Z"), ("alices", &shop.agent, "2026-11-23T08:00:00Z")] {
            let program = project(server, &shop.root, name, json!({})).await;
            let body = json!({"project_id": program.project, "agent_id": agent.id(), "ends_at": ends_at});
            shop.root.post("/api/v1/grants", body).await.ok(201);
        }
        let ending = |home: Value| home["grants_ending"].as_array().unwrap().iter().map(|grant| grant["project"]["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
        assert_eq!(ending(home(&bob).await), ["soon", "late"]);
        assert_eq!(ending(home(&admin).await), ["soon", "late"]);
        assert_eq!(ending(home(&shop.agent).await), ["alices"]);
        assert_eq!(ending(home(&shop.root).await), ["soon", "alices", "late"]);
        server.has_answered("GET /api/v1/home");
    }

    async fn k1_2c_every_role_has_a_home_page_and_visitors_have_none(server) {
        let nothing = json!({"keys": null, "quota": null, "users": null, "pending_applications": 0, "pending_withdrawals": 0,
            "verifications": [], "recent_batches": [], "grants_ending": [], "failing_deliveries": 0,
            "counted_to": {"users": 100_000, "waiting": 1_000}});
        let shop = shop(server).await;
        team(server, &shop).await;
        for role in [Role::Maintainer, Role::Cashier] {
            let user = server.user(role, kernel::Word::as_str(role)).await;
            assert_eq!(home(&user).await, nothing);
        }
        // Whom a manager of halls has made are its maintainers.
        let manager = server.user(Role::VenueManager, "manager").await;
        let with_users = |count: i64| {
            let mut home = nothing.clone();
            home["users"] = json!(count);
            home
        };
        assert_eq!(home(&manager).await, with_users(0));
        server.user_under(Role::Maintainer, "fixer", Some(&manager)).await;
        assert_eq!(home(&manager).await, with_users(1));
        let empty = server.user(Role::Agent, "new").await;
        assert_eq!(home(&empty).await["keys"], states(0, 0, 0, 0));
        server.visitor().get("/api/v1/home").await.refused(401, "SIGN_IN_REQUIRED");
    }
}
