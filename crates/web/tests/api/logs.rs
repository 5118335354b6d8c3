//! K6.3: the operation log and the sign-in log, each reader within its scope.

use kernel::{MINUTE, Timestamp};
use platform::identity::Role;
use platform::{Cx, audit};
use serde_json::{Value, json};
use testkit::{Client, TestServer, on_server};

/// Writes a line as this user would.
async fn operation(server: &TestServer, user: &Client, role: Role, superior: Option<&Client>, action: &audit::Action) {
    let cx = Cx::visitor(server.platform.clone(), platform::Origin::default(), kernel::Lang::Zh).as_user(platform::identity::Principal {
        id: user.id(),
        name: "actor".into(),
        role,
        superior: superior.map(Client::id),
        session: server.cx().id(),
    });
    let mut tx = server.platform.db.begin().await.unwrap();
    audit::record(&mut tx, &cx, action, Some(user.id().into()), &json!({"count": 1})).await.unwrap();
    tx.commit().await.unwrap();
}

fn names(page: &Value) -> Vec<&str> {
    page["items"].as_array().unwrap().iter().map(|entry| entry["name"].as_str().unwrap()).collect()
}

fn actors(page: &Value) -> Vec<&str> {
    page["items"].as_array().unwrap().iter().map(|entry| entry["actor"]["id"].as_str().unwrap()).collect()
}

on_server! {
    async fn k6_3_sign_ins_are_seen_within_ones_scope(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        let boss = server.user(Role::AgentAdmin, "boss").await;
        let alice = server.user_under(Role::Agent, "alice", Some(&boss)).await;
        let other = server.user(Role::Agent, "other").await;
        for (name, user, result) in [
            ("root", Some(&root), "ok"),
            ("boss", Some(&boss), "wrong"),
            ("alice", Some(&alice), "wrong"),
            ("ALICE", Some(&alice), "ok"),
            ("other", Some(&other), "locked"),
            ("nobody", None, "wrong"),
        ] {
            server.sign_in_row(name, user, result).await;
        }
        let url = "/api/v1/logs/sign-ins";
        assert_eq!(names(&alice.get(url).await.ok(200)), ["ALICE", "alice"]);
        assert_eq!(names(&boss.get(url).await.ok(200)), ["ALICE", "alice", "boss"]);
        let all = root.get(url).await.ok(200);
        assert_eq!(names(&all), ["nobody", "other", "ALICE", "alice", "boss", "root"]);
        assert_eq!(all["items"][0]["user"], Value::Null);
        assert_eq!(all["items"][2]["user"]["name"], "alice");
        assert_eq!((&all["items"][2]["address"], &all["items"][2]["tries"]), (&json!("192.0.2.1"), &json!(1)));

        // A filter narrows a scope and never widens it.
        let of_other = format!("{url}?user={}", other.id());
        assert!(names(&boss.get(&of_other).await.ok(200)).is_empty());
        assert_eq!(names(&root.get(&of_other).await.ok(200)), ["other"]);
        assert_eq!(names(&root.get(&format!("{url}?result=wrong&limit=2")).await.ok(200)), ["nobody", "alice"]);
        root.get(&format!("{url}?result=fine")).await.refused_field("result", "INVALID");
        server.visitor().get(url).await.refused(401, "SIGN_IN_REQUIRED");
    }

    async fn k6_3_sign_ins_are_found_by_time(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        server.sign_in_row("early", Some(&root), "ok").await;
        server.clock.step(10 * MINUTE);
        let (from, to): (Timestamp, Timestamp) = (server.clock.now(), server.clock.now().plus_micros(MINUTE));
        server.sign_in_row("middle", Some(&root), "ok").await;
        server.clock.step(10 * MINUTE);
        server.sign_in_row("late", Some(&root), "ok").await;
        let url = format!("/api/v1/logs/sign-ins?from={from}&to={to}");
        assert_eq!(names(&root.get(&url).await.ok(200)), ["middle"]);
    }

    async fn k6_3_operations_are_seen_within_ones_scope(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        let boss = server.user(Role::AgentAdmin, "boss").await;
        let alice = server.user_under(Role::Agent, "alice", Some(&boss)).await;
        let other = server.user(Role::Agent, "other").await;
        operation(server, &alice, Role::Agent, Some(&boss), &audit::BATCH_ASKED).await;
        operation(server, &other, Role::Agent, None, &audit::KEYS_EXPORTED).await;
        operation(server, &boss, Role::AgentAdmin, None, &audit::QUOTA_RECHARGED).await;
        root.patch("/api/v1/settings/quota.transfer_minimum", json!({"value": 5})).await.ok(200);
        let (alice_id, boss_id, other_id, root_id) =
            (alice.id().to_string(), boss.id().to_string(), other.id().to_string(), root.id().to_string());

        let url = "/api/v1/logs/operations";
        assert_eq!(actors(&alice.get(url).await.ok(200)), [alice_id.as_str()]);
        assert_eq!(actors(&boss.get(url).await.ok(200)), [boss_id.as_str(), &alice_id]);
        let all = root.with("Accept-Language", "en").get(url).await.ok(200);
        assert_eq!(actors(&all), [root_id.as_str(), &boss_id, &other_id, &alice_id]);
        assert_eq!(all["items"][0]["summary"], "Changed a setting");
        assert_eq!(actors(&root.get(&format!("{url}?level=security")).await.ok(200)), [other_id.as_str()]);
        assert_eq!(actors(&root.get(&format!("{url}?module=keys&actor={alice_id}")).await.ok(200)), [alice_id.as_str()]);

        let line = all["items"][2]["id"].as_str().unwrap();
        let one = root.get(&format!("{url}/{line}")).await.ok(200);
        assert_eq!((&one["detail"]["count"], &one["object"]["id"]), (&json!(1), &json!(other_id)));
        boss.get(&format!("{url}/{line}")).await.refused(404, "NOT_FOUND");
        alice.get(&format!("{url}/{line}")).await.refused(404, "NOT_FOUND");
        other.get(&format!("{url}/{line}")).await.ok(200);
        server.visitor().get(url).await.refused(401, "SIGN_IN_REQUIRED");
    }
}
