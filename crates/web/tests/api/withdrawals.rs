//! K4.3: withdrawals are asked for, decided, and paid.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops here")]

use kernel::Word;
use platform::identity::Role;
use serde_json::{Value, json};
use testkit::{Client, TestServer, on_server};

pub(super) const WITHDRAWALS: &str = "/api/v1/withdrawals";

pub(super) fn form(amount: i64) -> Value {
    json!({"amount": amount, "payee_name": "王小明", "payee_account": "6222 0200 1234 5678", "payee_bank": "工商银行<b>", "note": "line 1\nline 2"})
}

pub(super) fn at(withdrawal: &Value, rest: &str) -> String {
    format!("{WITHDRAWALS}/{}{rest}", withdrawal["id"].as_str().unwrap())
}

/// An agent admin, its agent with 1,000, and another agent admin.
pub(super) async fn people(server: &TestServer) -> (Client, Client, Client) {
    let boss = server.user(Role::AgentAdmin, "boss").await;
    let agent = server.user_under(Role::Agent, "carol", Some(&boss)).await;
    let other = server.user(Role::AgentAdmin, "other").await;
    server.issue(&agent, 1_000).await;
    (boss, agent, other)
}

pub(super) async fn count(client: &Client, query: &str) -> usize {
    client.get(&format!("{WITHDRAWALS}?{query}")).await.ok(200)["items"].as_array().unwrap().len()
}

on_server! {
    async fn k4_3_an_approved_withdrawal_leaves_the_account_and_is_paid_offline(server) {
        let (boss, agent, _) = people(server).await;
        let asked = agent.post_once("withdraw-1", WITHDRAWALS, form(400)).await.ok(201);
        assert_eq!((asked["state"].as_str(), asked["amount"].as_i64(), asked["payee_account"].as_str()), (Some("pending"), Some(400), Some("6222 0200 1234 5678")));
        assert_eq!((asked["agent"]["name"].as_str(), asked["reviewer"]["name"].as_str(), asked["note"].as_str()), (Some("carol"), Some("boss"), Some("line 1\nline 2")));
        assert_eq!(server.quota(&agent).await, (600, 400), "frozen");
        assert_eq!(server.told(boss.id()).await, ["quota.withdrawal_asked"]);

        boss.post(&at(&asked, "/paid"), json!({"payment_reference": "too early"})).await.refused(409, "NOT_APPROVED");
        let approved = boss.post(&at(&asked, "/approve"), json!({})).await.ok(200);
        assert_eq!((approved["state"].as_str(), approved["reviewer"]["name"].as_str()), (Some("approved"), Some("boss")));
        assert!(approved["reviewed_at"].is_string() && approved["paid_at"].is_null());
        assert_eq!(server.quota(&agent).await, (600, 0));
        let paid = boss.post(&at(&asked, "/paid"), json!({"payment_reference": "ICBC-20261121-7"})).await.ok(200);
        assert_eq!((paid["state"].as_str(), paid["payment_reference"].as_str()), (Some("paid"), Some("ICBC-20261121-7")));
        boss.post(&at(&asked, "/paid"), json!({"payment_reference": "again"})).await.refused(409, "NOT_APPROVED");
        assert_eq!(agent.get(&at(&asked, "")).await.ok(200), paid);
        assert_eq!(server.told(agent.id()).await, ["quota.withdrawal_approved", "quota.withdrawal_paid"]);

        let lines = agent.get("/api/v1/quota/statement?kind=withdrawal").await.ok(200);
        let phases: Vec<&str> = lines["items"].as_array().unwrap().iter().map(|line| line["phase"].as_str().unwrap()).collect();
        assert_eq!(phases, ["post", "hold"]);
        assert_eq!(lines["items"][0]["reference"], json!({"kind": "wdr", "id": asked["id"]}));
        let log: Vec<String> = server.logged().await.into_iter().map(|line| line.what).collect();
        assert_eq!(log, ["quota.withdrawal_asked", "quota.withdrawal_approved", "quota.withdrawal_paid"]);
    }

    async fn k4_3_a_refused_withdrawal_is_available_again_and_says_why(server) {
        let (boss, agent, _) = people(server).await;
        let asked = agent.post_once("withdraw-1", WITHDRAWALS, form(1_000)).await.ok(201);
        agent.post_once("withdraw-2", WITHDRAWALS, form(100)).await.refused(409, "QUOTA_INSUFFICIENT");
        boss.post(&at(&asked, "/refuse"), json!({"reason": " "})).await.refused_field("reason", "REQUIRED");
        boss.post(&at(&asked, "/refuse"), json!({"reason": "r".repeat(10_000)})).await.refused_field("reason", "TOO_LONG");
        let refused = boss.post(&at(&asked, "/refuse"), json!({"reason": "账户名与实名不符"})).await.ok(200);
        assert_eq!((refused["state"].as_str(), refused["reason"].as_str()), (Some("refused"), Some("账户名与实名不符")));
        assert_eq!(server.quota(&agent).await, (1_000, 0));
        assert_eq!(server.told(agent.id()).await, ["quota.withdrawal_refused"]);
        assert!(server.mails("carol@example.com").await[0].1.contains("账户名与实名不符"));
        for (rest, body) in [("/approve", json!({})), ("/refuse", json!({"reason": "again"}))] {
            boss.post(&at(&asked, rest), body).await.refused(409, "NOT_PENDING");
        }
        boss.post(&at(&asked, "/paid"), json!({"payment_reference": "x"})).await.refused(409, "NOT_APPROVED");
        assert_eq!(server.quota(&agent).await, (1_000, 0));
    }

    async fn k4_3_only_the_superior_or_a_super_admin_decides(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        let (boss, agent, other) = people(server).await;
        let colleague = server.user_under(Role::Agent, "dave", Some(&boss)).await;
        let asked = agent.post_once("withdraw-1", WITHDRAWALS, form(100)).await.ok(201);
        let steps = [
            ("/approve", json!({})), ("/refuse", json!({"reason": "no"})),
            ("/paid", json!({"payment_reference": "x"})), ("/return", json!({"reason": "no"})),
        ];
        for (rest, body) in &steps {
            agent.post(&at(&asked, rest), body.clone()).await.refused(403, "FORBIDDEN");
            colleague.post(&at(&asked, rest), body.clone()).await.refused(403, "FORBIDDEN");
            other.post(&at(&asked, rest), body.clone()).await.refused(404, "NOT_FOUND");
            root.post(&format!("{WITHDRAWALS}/wdr_01h455vb4pex5vsknk084sn02q{rest}"), body.clone()).await.refused(404, "NOT_FOUND");
            root.post(&format!("{WITHDRAWALS}/{}{rest}", agent.id()), body.clone()).await.refused(404, "NOT_FOUND");
            server.visitor().post(&at(&asked, rest), body.clone()).await.refused(401, "SIGN_IN_REQUIRED");
        }
        for stranger in [&other, &colleague] {
            stranger.get(&at(&asked, "")).await.refused(404, "NOT_FOUND");
        }
        for reader in [&agent, &boss, &root] {
            assert_eq!(reader.get(&at(&asked, "")).await.ok(200)["id"], asked["id"]);
        }
        assert_eq!((count(&boss, "scope=review").await, count(&other, "scope=review").await, count(&root, "scope=review").await), (1, 0, 1));
        assert_eq!((count(&boss, "").await, count(&agent, "").await, count(&agent, "scope=mine&state=pending").await, count(&root, "").await), (0, 1, 1, 1));
        assert_eq!((count(&agent, "state=paid").await, count(&root, "scope=mine").await), (0, 0));
        agent.get(&format!("{WITHDRAWALS}?scope=review")).await.refused(403, "FORBIDDEN");
        agent.get(&format!("{WITHDRAWALS}?state=stolen")).await.refused(422, "INVALID");
        assert_eq!(root.post(&at(&asked, "/approve"), json!({})).await.ok(200)["reviewer"]["name"], "root");
    }

    async fn k4_3_an_agent_admins_own_goes_to_the_super_admins(server) {
        let (one, two) = (server.user(Role::SuperAdmin, "one").await, server.user(Role::SuperAdmin, "two").await);
        let (boss, ..) = people(server).await;
        server.issue(&boss, 500).await;
        let asked = boss.post_once("withdraw-1", WITHDRAWALS, form(500)).await.ok(201);
        assert_eq!(asked["reviewer"], Value::Null);
        for root in [&one, &two] {
            assert_eq!(server.told(root.id()).await, ["quota.withdrawal_asked"]);
        }
        boss.post(&at(&asked, "/approve"), json!({})).await.refused(403, "FORBIDDEN");
        assert_eq!((count(&boss, "scope=mine").await, count(&boss, "scope=review").await), (1, 0));
        assert_eq!(two.post(&at(&asked, "/approve"), json!({})).await.ok(200)["reviewer"]["name"], "two");
    }

    async fn k4_3_where_the_superior_is_disabled_the_super_admins_are_asked(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        let (boss, agent, _) = people(server).await;
        root.post(&format!("/api/v1/users/{}/disable", boss.id()), json!({})).await.ok(200);
        let asked = agent.post_once("withdraw-1", WITHDRAWALS, form(100)).await.ok(201);
        assert_eq!((asked["reviewer"].is_null(), server.told(root.id()).await.len()), (true, 1));
    }

    async fn k4_3_of_two_reviewers_at_once_one_wins(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        let (boss, agent, _) = people(server).await;
        for n in 0..5 {
            let asked = agent.post_once(&format!("withdraw-{n}"), WITHDRAWALS, form(100)).await.ok(201);
            let (boss, root) = (boss.clone(), root.clone());
            let (approve, refuse) = (at(&asked, "/approve"), at(&asked, "/refuse"));
            let a = tokio::spawn(async move { boss.post(&approve, json!({})).await });
            let b = tokio::spawn(async move { root.post(&refuse, json!({"reason": "no"})).await });
            let (a, b) = (a.await.unwrap(), b.await.unwrap());
            let (won, lost) = if a.status.is_success() { (a, b) } else { (b, a) };
            lost.refused(409, "NOT_PENDING");
            let state = won.ok(200)["state"].clone();
            assert_eq!(agent.get(&at(&asked, "")).await.ok(200)["state"], state);
        }
        assert_eq!(server.quota(&agent).await.1, 0, "nothing stays frozen");
        assert_eq!(server.told(agent.id()).await.len(), 5);
    }

    async fn k4_3_the_form_is_checked_and_names_all_that_is_wrong(server) {
        let (_, agent, _) = people(server).await;
        agent.post_once("withdraw-1", WITHDRAWALS, form(99)).await.refused_field("amount", "AMOUNT_BELOW_MINIMUM");
        let bad = json!({"amount": -1, "payee_name": "", "payee_account": "a".repeat(10_000), "payee_bank": "a\u{0}b", "note": "n".repeat(10_000)});
        let body = agent.post_once("withdraw-1", WITHDRAWALS, bad).await.refused(422, "INVALID");
        let errors: Vec<(&str, &str)> = body["errors"].as_array().unwrap().iter().map(|e| (e["field"].as_str().unwrap(), e["code"].as_str().unwrap())).collect();
        assert_eq!(errors, [("amount", "NOT_POSITIVE"), ("payee_name", "REQUIRED"), ("payee_account", "TOO_LONG"), ("payee_bank", "CHARACTERS"), ("note", "TOO_LONG")]);
        for amount in [json!(i64::MAX), json!(1e30), json!("100"), json!(100.5), json!(null)] {
            let mut body = form(100);
            body["amount"] = amount;
            let problem = agent.post_once("withdraw-1", WITHDRAWALS, body).await.refused(422, "INVALID");
            assert_eq!(problem["errors"][0]["field"], "amount");
        }
        let mut extra = form(100);
        extra["state"] = json!("paid");
        agent.post_once("withdraw-1", WITHDRAWALS, extra).await.refused(422, "INVALID");
        assert_eq!((count(&agent, "").await, server.quota(&agent).await), (0, (1_000, 0)));
        for role in [Role::SuperAdmin, Role::VenueManager, Role::Maintainer, Role::Cashier] {
            server.user(role, role.as_str()).await.post_once("withdraw-1", WITHDRAWALS, form(100)).await.refused(403, "FORBIDDEN");
        }
    }

    async fn k4_3_the_payee_is_encrypted_wherever_it_is_stored(server) {
        let (boss, agent, _) = people(server).await;
        let asked = agent.post_once("withdraw-1", WITHDRAWALS, form(100)).await.ok(201);
        boss.post_once("approve-1", &at(&asked, "/approve"), json!({})).await.ok(200);
        let payees = server.stored_payees().await;
        assert!(payees.len() == 1 && !String::from_utf8_lossy(&payees[0]).contains("6222"));
        let texts = server.stored_texts().await;
        assert!(!texts.is_empty() && texts.iter().all(|text| !text.contains("6222") && !text.contains("王小明")), "{texts:?}");
    }

    async fn k4_3_the_same_request_freezes_once(server) {
        let (boss, agent, _) = people(server).await;
        let tries = (0..20).map(|_| {
            let agent = agent.clone();
            tokio::spawn(async move { agent.post_once("withdraw-1", WITHDRAWALS, form(100)).await.ok(201) })
        });
        let answers: Vec<Value> = futures_util::future::join_all(tries).await.into_iter().map(Result::unwrap).collect();
        assert!(answers.iter().all(|answer| *answer == answers[0]));
        assert_eq!(server.quota(&agent).await, (900, 100));
        agent.post_once("withdraw-1", WITHDRAWALS, form(101)).await.refused(409, "IDEMPOTENCY_CONFLICT");
        agent.post(WITHDRAWALS, form(100)).await.refused_field("Idempotency-Key", "REQUIRED");
        // Decisions take a key too: the first answer again, where without one it would be a conflict.
        let approve = at(&answers[0], "/approve");
        let first = boss.post_once("approve-1", &approve, json!({})).await.ok(200);
        assert_eq!(boss.post_once("approve-1", &approve, json!({})).await.ok(200), first);
        boss.post(&approve, json!({})).await.refused(409, "NOT_PENDING");
        // And the first answer to the agent stays what it was.
        assert_eq!(agent.post_once("withdraw-1", WITHDRAWALS, form(100)).await.ok(201)["state"], "pending");
    }

    async fn k4_3_lists_page_within_ones_own(server) {
        let (boss, agent, other) = people(server).await;
        let stranger = server.user_under(Role::Agent, "eve", Some(&other)).await;
        server.issue(&stranger, 1_000).await;
        for n in 0..5 {
            agent.post_once(&format!("withdraw-{n}"), WITHDRAWALS, form(100 + n)).await.ok(201);
        }
        stranger.post_once("withdraw-1", WITHDRAWALS, form(500)).await.ok(201);
        let first = agent.get(&format!("{WITHDRAWALS}?limit=3")).await.ok(200);
        let cursor = first["next_cursor"].as_str().unwrap();
        let amounts = |page: &Value| page["items"].as_array().unwrap().iter().map(|w| w["amount"].as_i64().unwrap()).collect::<Vec<_>>();
        assert_eq!(amounts(&first), [104, 103, 102]);
        assert_eq!(amounts(&agent.get(&format!("{WITHDRAWALS}?limit=3&cursor={cursor}")).await.ok(200)), [101, 100]);
        assert_eq!(amounts(&boss.get(&format!("{WITHDRAWALS}?scope=review&cursor={cursor}")).await.ok(200)), [101, 100]);
        assert_eq!(amounts(&stranger.get(&format!("{WITHDRAWALS}?cursor={cursor}")).await.ok(200)), Vec::<i64>::new());
    }
}
