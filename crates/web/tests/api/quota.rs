//! K4.1, K4.2: recharges, transfers, statements.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops here")]

use kernel::Word;
use platform::identity::Role;
use serde_json::{Value, json};
use testkit::{Client, on_server};

const TRANSFERS: &str = "/api/v1/quota/transfers";
const STATEMENT: &str = "/api/v1/quota/statement";

fn recharge(client: &Client) -> String {
    format!("/api/v1/users/{}/recharge", client.id())
}

fn to(name: &str, amount: i64) -> Value {
    json!({"to_name": name, "amount": amount})
}

/// Phase, change, change of what is frozen, balance after, frozen after; oldest first.
async fn lines(client: &Client) -> Vec<(String, i64, i64, i64, i64)> {
    let page = client.get(&format!("{STATEMENT}?limit=200")).await.ok(200);
    let number = |line: &Value, field: &str| line[field].as_i64().unwrap();
    let line = |line: &Value| {
        let phase = line["phase"].as_str().unwrap().to_owned();
        (phase, number(line, "delta"), number(line, "held_delta"), number(line, "balance_after"), number(line, "held_after"))
    };
    page["items"].as_array().unwrap().iter().rev().map(line).collect()
}

on_server! {
    async fn k4_1a_an_agent_admin_recharges_out_of_its_own_quota(server) {
        let admin = server.user(Role::AgentAdmin, "boss").await;
        let agent = server.user_under(Role::Agent, "carol", Some(&admin)).await;
        server.issue(&admin, 1_000).await;
        let done = admin.post_once("recharge-1", &recharge(&agent), json!({"amount": 400, "memo": "三月 <b>首批</b>"})).await.ok(200);
        assert_eq!((done["amount"].as_i64(), done["state"].as_str(), done["kind"].as_str()), (Some(400), Some("posted"), Some("recharge")));
        assert_eq!((server.quota(&admin).await, server.quota(&agent).await), ((600, 0), (400, 0)));

        let line = &admin.get(STATEMENT).await.ok(200)["items"][0];
        assert_eq!((line["delta"].as_i64(), line["counterparty"]["name"].as_str(), line["system"].as_bool()), (Some(-400), Some("carol"), Some(false)));
        let line = &agent.get(STATEMENT).await.ok(200)["items"][0];
        assert_eq!((line["delta"].as_i64(), line["counterparty"]["name"].as_str(), line["balance_after"].as_i64()), (Some(400), Some("boss"), Some(400)));
        assert_eq!(line["memo"], "三月 <b>首批</b>", "text stays text");

        assert_eq!(server.told(agent.id()).await, ["quota.recharged"]);
        assert_eq!(server.told(admin.id()).await, ["quota.recharge_sent"]);
        assert_eq!(server.mails("carol@example.com").await.len(), 1);

        admin.post_once("recharge-2", &recharge(&agent), json!({"amount": 601})).await.refused(409, "QUOTA_INSUFFICIENT");
        assert_eq!((server.quota(&admin).await, server.quota(&agent).await), ((600, 0), (400, 0)));
    }

    async fn k4_1b_a_super_admin_recharges_anyone_as_the_system(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        let admin = server.user(Role::AgentAdmin, "boss").await;
        let agent = server.user_under(Role::Agent, "carol", Some(&admin)).await;
        for (n, user) in [&admin, &agent].into_iter().enumerate() {
            let done = root.post_once(&format!("recharge-{n}"), &recharge(user), json!({"amount": 1_000_000_000_000_i64})).await.ok(200);
            assert_eq!(done["kind"], "system_recharge");
            let line = &user.get(STATEMENT).await.ok(200)["items"][0];
            assert_eq!((line["system"].as_bool(), line["kind"].as_str(), line["counterparty"].is_null()), (Some(true), Some("system_recharge"), true));
            assert_eq!(server.told(user.id()).await, ["quota.system_recharged"]);
        }
        root.post_once("recharge-9", &recharge(&root), json!({"amount": 1})).await.refused(409, "HOLDS_NO_QUOTA");
        let staff = server.user(Role::VenueManager, "staff").await;
        root.post_once("recharge-9", &recharge(&staff), json!({"amount": 1})).await.refused(409, "HOLDS_NO_QUOTA");
    }

    async fn k4_2_a_transfer_is_frozen_first_and_then_moved(server) {
        let alice = server.user(Role::Agent, "alice").await;
        let bob = server.user(Role::AgentAdmin, "Bob").await;
        server.issue(&alice, 100).await;
        let done = alice.post_once("transfer-1", TRANSFERS, json!({"to_name": " ｂｏｂ ", "amount": 30, "memo": "thanks"})).await.ok(201);
        assert_eq!((done["state"].as_str(), done["kind"].as_str(), done["amount"].as_i64()), (Some("posted"), Some("transfer"), Some(30)));
        let phase = |phase: &str| phase.to_owned();
        assert_eq!(lines(&alice).await, [(phase("move"), 100, 0, 100, 0), (phase("hold"), 0, 30, 100, 30), (phase("post"), -30, -30, 70, 0)]);
        assert_eq!(lines(&bob).await, [(phase("move"), 30, 0, 30, 0)]);
        let items = alice.get(STATEMENT).await.ok(200)["items"].clone();
        assert_eq!((items[0]["counterparty"]["name"].as_str(), items[0]["memo"].as_str()), (Some("Bob"), Some("thanks")));
        assert_eq!(server.told(alice.id()).await, ["quota.transfer_sent"]);
        assert_eq!(server.told(bob.id()).await, ["quota.transfer_received"]);
        let overview = alice.get("/api/v1/quota").await.ok(200);
        assert_eq!(overview, json!({"available": 70, "held": 0, "total": 70, "transfer_minimum": 0, "withdrawal_minimum": 99}));
    }

    async fn k4_2_a_transfer_must_be_more_than_the_minimum(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        let alice = server.user(Role::Agent, "alice").await;
        let bob = server.user(Role::Agent, "bob").await;
        server.issue(&alice, 100).await;
        let minimum = json!({"value": 10});
        root.patch("/api/v1/settings/quota.transfer_minimum", minimum).await.ok(200);
        assert_eq!(alice.get("/api/v1/quota").await.ok(200)["transfer_minimum"], 10);
        alice.post_once("transfer-1", TRANSFERS, to("bob", 10)).await.refused_field("amount", "AMOUNT_BELOW_MINIMUM");
        alice.post_once("transfer-1", TRANSFERS, to("bob", 11)).await.ok(201);
        // The same request is answered as before, whatever the minimum is now.
        root.patch("/api/v1/settings/quota.transfer_minimum", json!({"value": 50})).await.ok(200);
        alice.post_once("transfer-1", TRANSFERS, to("bob", 11)).await.ok(201);
        assert_eq!(server.quota(&bob).await, (11, 0));
        // As much as there is, and no more.
        alice.post_once("transfer-2", TRANSFERS, to("bob", 90)).await.refused(409, "QUOTA_INSUFFICIENT");
        alice.post_once("transfer-2", TRANSFERS, to("bob", 89)).await.ok(201);
        assert_eq!(server.quota(&alice).await, (0, 0));
    }

    async fn k4_2_unknown_disabled_and_others_without_quota_are_the_same_nobody(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        let alice = server.user(Role::Agent, "alice").await;
        let gone = server.user(Role::Agent, "gone").await;
        server.user(Role::VenueManager, "staff").await;
        server.issue(&alice, 100).await;
        root.post(&format!("/api/v1/users/{}/disable", gone.id()), json!({})).await.ok(200);
        let mut answers = Vec::new();
        for name in ["nobody", "gone", "root", "staff", "no such \u{0} name", &"x".repeat(10_000), "' OR '1'='1"] {
            let body = alice.post_once("transfer-1", TRANSFERS, to(name, 10)).await.refused(422, "INVALID");
            answers.push(body["errors"].clone());
        }
        assert!(answers.iter().all(|errors| *errors == answers[0] && errors[0]["code"] == "USER_NOT_FOUND" && errors[0]["field"] == "to_name"), "{answers:?}");
        alice.post_once("transfer-1", TRANSFERS, to("ALICE", 10)).await.refused_field("to_name", "SELF_TRANSFER");
        alice.post_once("transfer-1", TRANSFERS, to("  ", 10)).await.refused_field("to_name", "REQUIRED");
        // All that is wrong, at once.
        let body = alice.post_once("transfer-1", TRANSFERS, json!({"to_name": "nobody", "amount": 0, "memo": "m".repeat(10_000)})).await.refused(422, "INVALID");
        assert_eq!(body["errors"].as_array().unwrap().len(), 3, "{body}");
        assert_eq!((server.quota(&alice).await, lines(&alice).await.len()), ((100, 0), 1));
    }

    async fn k4_only_those_who_hold_quota_transfer_it(server) {
        for role in [Role::SuperAdmin, Role::VenueManager, Role::Maintainer, Role::Cashier] {
            let user = server.user(role, role.as_str()).await;
            user.post_once("transfer-1", TRANSFERS, to("anybody", 1)).await.refused(403, "FORBIDDEN");
        }
        for role in [Role::VenueManager, Role::Maintainer, Role::Cashier] {
            let user = server.user(role, &format!("{role}2")).await;
            user.get("/api/v1/quota").await.refused(403, "FORBIDDEN");
            user.get(STATEMENT).await.refused(403, "FORBIDDEN");
        }
        let root = server.user(Role::SuperAdmin, "root").await;
        assert_eq!(root.get("/api/v1/quota").await.ok(200)["total"], 0);
        assert_eq!(root.get(STATEMENT).await.ok(200)["items"], json!([]));
        for path in ["/api/v1/quota", STATEMENT] {
            server.visitor().get(path).await.refused(401, "SIGN_IN_REQUIRED");
        }
    }

    async fn k4_hostile_amounts_and_texts_change_nothing(server) {
        let admin = server.user(Role::AgentAdmin, "boss").await;
        let agent = server.user_under(Role::Agent, "carol", Some(&admin)).await;
        server.issue(&admin, 1_000).await;
        let amounts = [
            (json!(0), "NOT_POSITIVE"), (json!(-5), "NOT_POSITIVE"), (json!(i64::MIN), "NOT_POSITIVE"), (json!(i64::MAX), "TOO_LARGE"),
            (json!(1_000_000_000_001_i64), "TOO_LARGE"), (json!(u64::MAX), "INVALID"), (json!(1e30), "INVALID"), (json!("10"), "INVALID"),
            (json!(1.5), "INVALID"), (json!(null), "INVALID"), (json!([1]), "INVALID"), (json!({"$gt": 0}), "INVALID"), (json!(true), "INVALID"),
        ];
        for (amount, code) in amounts {
            admin.post_once("hostile-1", &recharge(&agent), json!({"amount": amount})).await.refused_field("amount", code);
            admin.post_once("hostile-1", TRANSFERS, json!({"to_name": "carol", "amount": amount})).await.refused_field("amount", code);
        }
        for (memo, code) in [("m".repeat(10_000), "TOO_LONG"), ("a\u{0}b".into(), "CHARACTERS"), ("a\u{202e}b".into(), "CHARACTERS"), ("a\nb".into(), "CHARACTERS")] {
            admin.post_once("hostile-1", &recharge(&agent), json!({"amount": 1, "memo": memo})).await.refused_field("memo", code);
            admin.post_once("hostile-1", TRANSFERS, json!({"to_name": "carol", "amount": 1, "memo": memo})).await.refused_field("memo", code);
        }
        admin.post_once("hostile-1", TRANSFERS, json!({"to_name": "carol", "amount": 1, "from": agent.id()})).await.refused(422, "INVALID");
        admin.post_once("hostile-1", TRANSFERS, json!([])).await.refused(422, "INVALID");
        admin.send(axum::http::Method::POST, TRANSFERS, Some(b"{\"amount\": 1e999".to_vec())).await.refused(422, "INVALID");
        admin.with("Idempotency-Key", "hostile-1").send(axum::http::Method::POST, TRANSFERS, Some(b"{\"amount\": 1".to_vec())).await.refused(400, "JSON_INVALID");
        let script = "<script>alert(1)</script>{amount}";
        admin.post_once("script-01", TRANSFERS, json!({"to_name": "carol", "amount": 1, "memo": script})).await.ok(201);
        assert_eq!(agent.get(STATEMENT).await.ok(200)["items"][0]["memo"], script);
        assert_eq!((server.quota(&admin).await, server.quota(&agent).await), ((999, 0), (1, 0)));
    }

    async fn k4_the_statement_filters_pages_and_is_scoped(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        let (one, two) = (server.user(Role::AgentAdmin, "one").await, server.user(Role::AgentAdmin, "two").await);
        let mine = server.user_under(Role::Agent, "mine", Some(&one)).await;
        let other = server.user_under(Role::Agent, "other", Some(&two)).await;
        for user in [&one, &mine, &other] {
            server.issue(user, 1_000).await;
        }
        let start = server.clock.now();
        for n in 0..5 {
            server.clock.step(kernel::HOUR);
            mine.post_once(&format!("transfer-{n}"), TRANSFERS, to("other", 10 + n)).await.ok(201);
        }
        // Eleven lines, in pages of four, none twice.
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = mine.get(&format!("{STATEMENT}?limit=4&cursor={cursor}")).await.ok(200);
            seen.extend(page["items"].as_array().unwrap().iter().map(|line| line["id"].as_str().unwrap().to_owned()));
            match page["next_cursor"].as_str() {
                Some(next) => cursor = next.to_owned(),
                None => break,
            }
        }
        assert_eq!(seen.len(), 11);
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), 11);
        let count = async |client: &Client, query: &str| client.get(&format!("{STATEMENT}?limit=200&{query}")).await.ok(200)["items"].as_array().unwrap().len();
        assert_eq!(count(&mine, "kind=transfer").await, 10);
        assert_eq!(count(&mine, "kind=system_recharge").await, 1);
        let from = start.plus_micros(2 * kernel::HOUR + 1_000_000);
        assert_eq!(count(&mine, &format!("kind=transfer&from={from}")).await, 6);
        assert_eq!(count(&mine, &format!("kind=transfer&to={from}")).await, 4);
        mine.get(&format!("{STATEMENT}?kind=theft")).await.refused(422, "INVALID");
        mine.get(&format!("{STATEMENT}?from=yesterday")).await.refused(422, "INVALID");
        mine.get(&format!("{STATEMENT}?account=1")).await.refused(422, "INVALID");

        let of = |client: &Client| format!("{STATEMENT}?user={}", client.id());
        for (asker, whose) in [(&root, &mine), (&root, &one), (&one, &mine), (&one, &one), (&mine, &mine)] {
            assert!(!asker.get(&of(whose)).await.ok(200)["items"].as_array().unwrap().is_empty());
        }
        for (asker, whose) in [(&one, &other), (&one, &two), (&mine, &one), (&mine, &other), (&one, &root)] {
            asker.get(&of(whose)).await.refused(404, "NOT_FOUND");
        }
        // A cursor from somebody else's list grants nothing: one sees one's own lines.
        let theirs = mine.get(&format!("{STATEMENT}?limit=1")).await.ok(200);
        let page = other.get(&format!("{STATEMENT}?cursor={}", theirs["next_cursor"].as_str().unwrap())).await.ok(200);
        assert_eq!(page["items"].as_array().unwrap().len(), 6);
        assert!(page["items"].as_array().unwrap().iter().all(|line| line["held_delta"] == 0), "only other's own lines");
    }

    async fn k4_the_same_request_moves_quota_once(server) {
        let admin = server.user(Role::AgentAdmin, "boss").await;
        let agent = server.user_under(Role::Agent, "carol", Some(&admin)).await;
        server.issue(&admin, 1_000).await;
        for path in [TRANSFERS.to_owned(), recharge(&agent)] {
            let key = format!("at-once-{}", path.len());
            let body = if path == TRANSFERS { to("carol", 100) } else { json!({"amount": 100}) };
            let tries = (0..20).map(|_| {
                let (admin, path, key, body) = (admin.clone(), path.clone(), key.clone(), body.clone());
                tokio::spawn(async move {
                    let answer = admin.post_once(&key, &path, body).await;
                    assert!(answer.status.is_success(), "{}", answer.text());
                    answer.json()
                })
            });
            let answers: Vec<Value> = futures_util::future::join_all(tries).await.into_iter().map(Result::unwrap).collect();
            assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
            let mut other = body.clone();
            other["amount"] = json!(101);
            admin.post_once(&key, &path, other).await.refused(409, "IDEMPOTENCY_CONFLICT");
            admin.post(&path, body).await.refused_field("Idempotency-Key", "REQUIRED");
        }
        assert_eq!((server.quota(&admin).await, server.quota(&agent).await), ((800, 0), (200, 0)));
        assert_eq!(server.told(agent.id()).await.len(), 2);
        // One key does not mean two things, and somebody else's key means nothing.
        admin.post_once(&format!("at-once-{}", TRANSFERS.len()), &recharge(&agent), json!({"amount": 100})).await.refused(409, "IDEMPOTENCY_CONFLICT");
        agent.post_once(&format!("at-once-{}", TRANSFERS.len()), TRANSFERS, to("boss", 50)).await.ok(201);
        for key in ["short", "with space 1", &"k".repeat(65), "naïve-key"] {
            admin.post_once(key, TRANSFERS, to("carol", 1)).await.refused_field("Idempotency-Key", if key.is_ascii() { "IDEMPOTENCY_KEY_INVALID" } else { "REQUIRED" });
        }
        assert_eq!(server.quota(&agent).await, (150, 0));
    }

    async fn k4_each_movement_is_in_the_operation_log(server) {
        let admin = server.user(Role::AgentAdmin, "boss").await;
        let agent = server.user_under(Role::Agent, "carol", Some(&admin)).await;
        server.issue(&admin, 100).await;
        admin.post_once("recharge-1", &recharge(&agent), json!({"amount": 10})).await.ok(200);
        agent.post_once("transfer-1", TRANSFERS, to("boss", 5)).await.ok(201);
        agent.post_once("transfer-2", TRANSFERS, to("boss", 50)).await.refused(409, "QUOTA_INSUFFICIENT");
        let log = server.logged().await;
        let who: Vec<(&str, &str)> = log.iter().map(|line| (line.what.as_str(), line.actor.as_str())).collect();
        assert_eq!(who, [("quota.recharged", "boss"), ("quota.transferred", "carol")]);
        assert_eq!((log[0].detail["amount"].as_i64(), log[1].detail["to"].as_str()), (Some(10), Some("boss")));
    }
}
