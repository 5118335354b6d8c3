//! K4.3: what went wrong with a withdrawal is taken back, before it was decided or after its money did not arrive.

use platform::identity::Role;
use platform::ledger;
use platform::quota::withdrawal::WithdrawalId;
use serde_json::{Value, json};
use testkit::{Answer, Client, TestServer, on_server};

use crate::withdrawals::{WITHDRAWALS, at, count, form, people};

/// What has left the agent's account for this withdrawal and not come back, by the ledger.
async fn gone(server: &TestServer, agent: &Client, withdrawal: &Value) -> i64 {
    let id: WithdrawalId = withdrawal["id"].as_str().unwrap().parse().unwrap();
    ledger::net(&mut server.platform.db.read(), ledger::quota_account(agent.id()), id.into()).await.unwrap().units()
}

/// Phase, change, change of what is frozen, and what is there afterwards of each line of this kind, newest first.
async fn lines(agent: &Client, kind: &str) -> Vec<(String, i64, i64, i64)> {
    let page = agent.get(&format!("/api/v1/quota/statement?kind={kind}")).await.ok(200);
    let line = |line: &Value| {
        let number = |name: &str| line[name].as_i64().unwrap();
        (line["phase"].as_str().unwrap().to_owned(), number("delta"), number("held_delta"), number("balance_after"))
    };
    page["items"].as_array().unwrap().iter().map(line).collect()
}

async fn waiting(who: &Client) -> i64 {
    who.get("/api/v1/home").await.ok(200)["pending_withdrawals"].as_i64().unwrap()
}

fn returned(reason: &str) -> Value {
    json!({"reason": reason})
}

/// Both at the same moment.
async fn at_once(one: (&Client, String, Value), other: (&Client, String, Value)) -> (Answer, Answer) {
    let [one, other] = [one, other].map(|(client, path, body)| {
        let client = client.clone();
        tokio::spawn(async move { client.post(&path, body).await })
    });
    (one.await.unwrap(), other.await.unwrap())
}

on_server! {
    async fn k4_3_whoever_asked_cancels_it_while_nobody_has_decided(server) {
        let (boss, agent, _) = people(server).await;
        let asked = agent.post_once("withdraw-1", WITHDRAWALS, form(400)).await.ok(201);
        assert_eq!((server.quota(&agent).await, waiting(&boss).await, waiting(&agent).await), ((600, 400), 1, 1));
        let cancelled = agent.post_once("cancel-01", &at(&asked, "/cancel"), json!({})).await.ok(200);
        assert_eq!(cancelled["state"], "cancelled");
        assert!(cancelled["ended_at"].is_string() && cancelled["reviewed_at"].is_null() && cancelled["reason"].is_null(), "{cancelled}");
        assert_eq!(agent.get(&at(&asked, "")).await.ok(200), cancelled);
        assert_eq!(boss.get(&at(&asked, "")).await.ok(200), cancelled, "the superior sees what became of it");
        assert_eq!((server.quota(&agent).await, waiting(&boss).await, waiting(&agent).await), ((1_000, 0), 0, 0));
        assert_eq!(gone(server, &agent, &asked).await, 0);

        // Once: the same request is answered as before, and another comes too late, as each decision does.
        assert_eq!(agent.post_once("cancel-01", &at(&asked, "/cancel"), json!({})).await.ok(200), cancelled);
        agent.post(&at(&asked, "/cancel"), json!({})).await.refused(409, "NOT_PENDING");
        for (rest, body) in [("/approve", json!({})), ("/refuse", json!({"reason": "no"}))] {
            boss.post(&at(&asked, rest), body).await.refused(409, "NOT_PENDING");
        }
        boss.post(&at(&asked, "/paid"), json!({"payment_reference": "x"})).await.refused(409, "NOT_APPROVED");
        boss.post(&at(&asked, "/return"), returned("x")).await.refused(409, "NOT_DEDUCTED");

        assert_eq!(server.told(boss.id()).await, ["quota.withdrawal_asked"], "nobody is pestered");
        assert!(server.told(agent.id()).await.is_empty());
        let log = server.logged().await;
        let who: Vec<(&str, &str)> = log.iter().map(|line| (line.what.as_str(), line.actor.as_str())).collect();
        assert_eq!(who, [("quota.withdrawal_asked", "carol"), ("quota.withdrawal_cancelled", "carol")]);
        let line = |phase: &str, held| (phase.to_owned(), 0, held, 1_000);
        assert_eq!(lines(&agent, "withdrawal").await, [line("release", -400), line("hold", 400)]);
        // All of it can be asked for again.
        agent.post_once("withdraw-2", WITHDRAWALS, form(1_000)).await.ok(201);
    }

    async fn k4_3_nobody_else_cancels_it_nor_its_owner_once_it_is_decided(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        let (boss, agent, other) = people(server).await;
        let colleague = server.user_under(Role::Agent, "dave", Some(&boss)).await;
        let asked = agent.post_once("withdraw-1", WITHDRAWALS, form(100)).await.ok(201);
        let cancel = at(&asked, "/cancel");
        for seen in [&boss, &root] {
            seen.post(&cancel, json!({})).await.refused(403, "FORBIDDEN");
        }
        for stranger in [&other, &colleague] {
            stranger.post(&cancel, json!({})).await.refused(404, "NOT_FOUND");
        }
        server.visitor().post(&cancel, json!({})).await.refused(401, "SIGN_IN_REQUIRED");
        agent.post(&cancel, json!({"reason": "x"})).await.refused(422, "INVALID");
        assert_eq!(server.quota(&agent).await, (900, 100));
        boss.post(&at(&asked, "/approve"), json!({})).await.ok(200);
        let late = agent.post(&cancel, json!({})).await.refused(409, "NOT_PENDING");
        assert!(late["title"].as_str().is_some_and(|title| !title.is_empty()), "{late}");
        assert_eq!((server.quota(&agent).await, gone(server, &agent, &asked).await), ((900, 0), 100));
    }

    async fn k4_3_what_did_not_arrive_comes_back_by_an_entry_of_its_own(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        let (boss, agent, _) = people(server).await;
        for (n, paid) in [false, true].into_iter().enumerate() {
            let asked = agent.post_once(&format!("withdraw-{n}"), WITHDRAWALS, form(400)).await.ok(201);
            boss.post(&at(&asked, "/return"), returned("too early")).await.refused(409, "NOT_DEDUCTED");
            root.post(&at(&asked, "/approve"), json!({})).await.ok(200);
            if paid {
                root.post(&at(&asked, "/paid"), json!({"payment_reference": "ICBC-7"})).await.ok(200);
            }
            assert_eq!((server.quota(&agent).await, gone(server, &agent, &asked).await), ((600, 0), 400));
            for wrong in [" ".to_owned(), "r".repeat(10_000)] {
                let code = if wrong == " " { "REQUIRED" } else { "TOO_LONG" };
                boss.post(&at(&asked, "/return"), returned(&wrong)).await.refused_field("reason", code);
            }
            // Whoever may approve it, whether or not it was the one who did.
            let key = format!("return-0{n}");
            let back = boss.post_once(&key, &at(&asked, "/return"), returned("户名不符，银行退回")).await.ok(200);
            assert_eq!((back["state"].as_str(), back["reason"].as_str()), (Some("returned"), Some("户名不符，银行退回")));
            assert_eq!((back["reviewer"]["name"].as_str(), back["payment_reference"].as_str()), (Some("root"), paid.then_some("ICBC-7")));
            assert!(back["ended_at"].is_string() && back["paid_at"].is_string() == paid, "{back}");
            assert_eq!(agent.get(&at(&asked, "")).await.ok(200), back);
            assert_eq!((server.quota(&agent).await, gone(server, &agent, &asked).await), ((1_000, 0), 0));

            // Never twice, and nothing else any more.
            assert_eq!(boss.post_once(&key, &at(&asked, "/return"), returned("户名不符，银行退回")).await.ok(200), back);
            for who in [&boss, &root] {
                who.post(&at(&asked, "/return"), returned("again")).await.refused(409, "NOT_DEDUCTED");
            }
            boss.post(&at(&asked, "/paid"), json!({"payment_reference": "x"})).await.refused(409, "NOT_APPROVED");
            boss.post(&at(&asked, "/approve"), json!({})).await.refused(409, "NOT_PENDING");
            agent.post(&at(&asked, "/cancel"), json!({})).await.refused(409, "NOT_PENDING");

            let page = agent.get("/api/v1/quota/statement?kind=withdrawal_return&limit=1").await.ok(200);
            assert_eq!(page["items"][0]["reference"], json!({"kind": "wdr", "id": asked["id"]}));
            assert_eq!((page["items"][0]["system"].as_bool(), page["items"][0]["counterparty"].is_null()), (Some(true), true));
        }
        let line = |phase: &str, delta, held, after| (phase.to_owned(), delta, held, after);
        let came = line("move", 400, 0, 1_000);
        assert_eq!(lines(&agent, "withdrawal_return").await, [came.clone(), came]);
        let (held, left) = (line("hold", 0, 400, 1_000), line("post", -400, -400, 600));
        assert_eq!(lines(&agent, "withdrawal").await, [left.clone(), held.clone(), left, held]);

        let (approved, back) = ("quota.withdrawal_approved", "quota.withdrawal_returned");
        assert_eq!(server.told(agent.id()).await, [approved, back, approved, "quota.withdrawal_paid", back]);
        let mails = server.mails("carol@example.com").await;
        assert_eq!(mails.iter().filter(|(_, text)| text.contains("户名不符，银行退回")).count(), 2);
        let log = server.logged().await;
        let last = log.last().unwrap();
        assert_eq!((last.what.as_str(), last.actor.as_str()), (back, "boss"));
        assert_eq!((last.detail["agent"].as_str(), last.detail["amount"].as_i64()), (Some("carol"), Some(400)));
    }

    async fn k4_3_what_was_refused_does_not_come_back_a_second_time(server) {
        let (boss, agent, _) = people(server).await;
        let asked = agent.post_once("withdraw-1", WITHDRAWALS, form(400)).await.ok(201);
        boss.post(&at(&asked, "/refuse"), json!({"reason": "no"})).await.ok(200);
        boss.post(&at(&asked, "/return"), returned("x")).await.refused(409, "NOT_DEDUCTED");
        agent.post(&at(&asked, "/cancel"), json!({})).await.refused(409, "NOT_PENDING");
        assert_eq!((server.quota(&agent).await, gone(server, &agent, &asked).await), ((1_000, 0), 0));
    }

    async fn k4_3_of_a_cancellation_and_a_decision_at_once_one_wins(server) {
        let (boss, agent, _) = people(server).await;
        let mut left = 1_000;
        for n in 0..8 {
            let asked = agent.post_once(&format!("withdraw-{n}"), WITHDRAWALS, form(100)).await.ok(201);
            let (rest, body) = if n % 2 == 0 { ("/approve", json!({})) } else { ("/refuse", json!({"reason": "no"})) };
            let (cancelled, decided) = at_once((&agent, at(&asked, "/cancel"), json!({})), (&boss, at(&asked, rest), body)).await;
            let (won, lost) = if cancelled.status.is_success() { (cancelled, decided) } else { (decided, cancelled) };
            lost.refused(409, "NOT_PENDING");
            let state = won.ok(200)["state"].clone();
            assert_eq!(agent.get(&at(&asked, "")).await.ok(200)["state"], state);
            left -= if state == "approved" { 100 } else { 0 };
            assert_eq!(server.quota(&agent).await, (left, 0), "{state}: nothing stays frozen, and nothing is lost");
        }
    }

    async fn k4_3_of_two_who_cancel_or_return_at_once_one_wins(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        let (boss, agent, _) = people(server).await;
        for n in 0..5 {
            let asked = agent.post_once(&format!("withdraw-{n}"), WITHDRAWALS, form(100)).await.ok(201);
            let cancel = || (&agent, at(&asked, "/cancel"), json!({}));
            let (a, b) = at_once(cancel(), cancel()).await;
            let (won, lost) = if a.status.is_success() { (a, b) } else { (b, a) };
            won.ok(200);
            lost.refused(409, "NOT_PENDING");

            let asked = agent.post_once(&format!("again-000{n}"), WITHDRAWALS, form(100)).await.ok(201);
            boss.post(&at(&asked, "/approve"), json!({})).await.ok(200);
            let back = |who| (who, at(&asked, "/return"), returned("no such account"));
            let (a, b) = at_once(back(&boss), back(&root)).await;
            let (won, lost) = if a.status.is_success() { (a, b) } else { (b, a) };
            won.ok(200);
            lost.refused(409, "NOT_DEDUCTED");
            assert_eq!((server.quota(&agent).await, gone(server, &agent, &asked).await), ((1_000, 0), 0));
        }
        assert_eq!(lines(&agent, "withdrawal_return").await.len(), 5);
    }

    async fn k4_3_what_is_marked_as_paid_while_it_is_returned_is_returned(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        let (boss, agent, _) = people(server).await;
        for n in 0..5 {
            let asked = agent.post_once(&format!("withdraw-{n}"), WITHDRAWALS, form(100)).await.ok(201);
            boss.post(&at(&asked, "/approve"), json!({})).await.ok(200);
            let pay = (&boss, at(&asked, "/paid"), json!({"payment_reference": "x"}));
            let (paid, back) = at_once(pay, (&root, at(&asked, "/return"), returned("no such account"))).await;
            back.ok(200);
            if !paid.status.is_success() {
                paid.refused(409, "NOT_APPROVED");
            }
            assert_eq!(agent.get(&at(&asked, "")).await.ok(200)["state"], "returned");
            assert_eq!(server.quota(&agent).await, (1_000, 0));
        }
    }

    async fn k4_3_what_is_approved_waits_for_whoever_pays_it(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        let (boss, agent, other) = people(server).await;
        let mut asked = Vec::new();
        for n in 0..6 {
            asked.push(agent.post_once(&format!("withdraw-{n}"), WITHDRAWALS, form(100 + n)).await.ok(201));
        }
        for approved in &asked[..3] {
            boss.post(&at(approved, "/approve"), json!({})).await.ok(200);
        }
        boss.post(&at(&asked[1], "/paid"), json!({"payment_reference": "x"})).await.ok(200);
        boss.post(&at(&asked[2], "/return"), returned("no such account")).await.ok(200);
        boss.post(&at(&asked[3], "/refuse"), json!({"reason": "no"})).await.ok(200);
        agent.post(&at(&asked[4], "/cancel"), json!({})).await.ok(200);
        // One to pay, one to decide: so many are counted, and the same are listed.
        for (who, scope) in [(&boss, "review"), (&root, "review"), (&agent, "mine")] {
            let page = who.get(&format!("{WITHDRAWALS}?scope={scope}&waiting=true")).await.ok(200);
            let amounts: Vec<i64> = page["items"].as_array().unwrap().iter().map(|one| one["amount"].as_i64().unwrap()).collect();
            assert_eq!((waiting(who).await, amounts), (2, vec![105, 100]));
            assert_eq!(count(who, &format!("scope={scope}&waiting=false")).await, 6);
            for (state, n) in [("pending", 1), ("approved", 1), ("refused", 0), ("paid", 0), ("cancelled", 0), ("returned", 0)] {
                assert_eq!(count(who, &format!("scope={scope}&waiting=true&state={state}")).await, n, "{state}");
                assert_eq!(count(who, &format!("scope={scope}&state={state}")).await, 1, "{state}");
            }
            who.get(&format!("{WITHDRAWALS}?waiting=perhaps")).await.refused(422, "INVALID");
        }
        assert_eq!((waiting(&other).await, count(&other, "scope=review&waiting=true").await), (0, 0));
        boss.post(&at(&asked[0], "/paid"), json!({"payment_reference": "x"})).await.ok(200);
        assert_eq!((waiting(&boss).await, waiting(&root).await), (1, 1));
    }
}
