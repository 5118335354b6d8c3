//! K1.4a, K2.2b, K4.3: what costs nothing, mails somebody and stays in the log is asked for so many times an hour.

use kernel::HOUR;
use platform::identity::Role;
use serde_json::{Value, json};
use testkit::{Answer, Client, TestServer, on_server};

use crate::support::project;

const WITHDRAWALS: &str = "/api/v1/withdrawals";
const APPLICATIONS: &str = "/api/v1/applications";
const USERS: &str = "/api/v1/users";

/// A super admin who lets everybody ask three times an hour, an agent admin, and its agent.
async fn people(server: &TestServer) -> [Client; 3] {
    let root = server.user(Role::SuperAdmin, "root").await;
    let boss = server.user(Role::AgentAdmin, "boss").await;
    let alice = server.user_under(Role::Agent, "alice", Some(&boss)).await;
    root.patch("/api/v1/settings/security.asked_per_hour", json!({"value": 3})).await.ok(200);
    [root, boss, alice]
}

fn id(made: &Value) -> &str {
    made["id"].as_str().unwrap()
}

fn withdrawal() -> Value {
    json!({"amount": 100, "payee_name": "a", "payee_account": "b", "payee_bank": "c"})
}

fn agent(n: u32) -> Value {
    json!({"name": format!("agent-{n}"), "email": format!("agent-{n}@example.com"), "role": "agent", "initial_quota": 0})
}

/// Refused until the hour is over, and says so.
fn is_too_often(answer: Answer) {
    let seconds: i64 = answer.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((3_590..=3_600).contains(&seconds), "{seconds}");
    answer.refused(429, "RATE_LIMITED");
}

async fn logged(server: &TestServer, what: &str) -> usize {
    server.logged().await.iter().filter(|line| line.what == what).count()
}

on_server! {
    async fn k4_3_a_withdrawal_is_not_asked_for_and_taken_back_again_and_again(server) {
        let [_, boss, alice] = people(server).await;
        for user in [&boss, &alice] {
            server.issue(user, 1_000).await;
        }
        // What is refused for another reason mails nobody, and counts for nothing.
        for n in 0..5 {
            let more = json!({"amount": 2_000, "payee_name": "a", "payee_account": "b", "payee_bank": "c"});
            alice.post_once(&format!("refused-{n}"), WITHDRAWALS, more).await.refused(409, "QUOTA_INSUFFICIENT");
        }
        let mut first = Value::Null;
        for n in 0..3 {
            let asked = alice.post_once(&format!("asked-{n:04}"), WITHDRAWALS, withdrawal()).await.ok(201);
            alice.post(&format!("{WITHDRAWALS}/{}/cancel", id(&asked)), json!({})).await.ok(200);
            if n == 0 {
                first = asked;
            }
        }
        is_too_often(alice.post_once("asked-0003", WITHDRAWALS, withdrawal()).await);
        // Its superior asks by itself, and what was asked for before is answered as it was.
        boss.post_once("asked-0000", WITHDRAWALS, withdrawal()).await.ok(201);
        assert_eq!(alice.post_once("asked-0000", WITHDRAWALS, withdrawal()).await.ok(201), first);
        assert_eq!((server.mails("boss@example.com").await.len(), logged(server, "quota.withdrawal_asked").await), (3, 4));
        assert_eq!(server.quota(&alice).await, (1_000, 0));
        server.clock.step(HOUR);
        alice.post_once("asked-0003", WITHDRAWALS, withdrawal()).await.ok(201);
    }

    async fn k2_2b_an_application_is_not_sent_and_withdrawn_again_and_again(server) {
        let [root, boss, alice] = people(server).await;
        let project = project(server, &root, "绘图大师", json!({})).await.project;
        let form = || json!({"project_id": project, "reason": "please"});
        for n in 0..3 {
            let sent = alice.post(APPLICATIONS, form()).await.ok(201);
            if n == 0 {
                alice.post(APPLICATIONS, form()).await.refused(409, "APPLICATION_EXISTS");
            }
            alice.post(&format!("{APPLICATIONS}/{}/withdraw", id(&sent)), json!({})).await.ok(200);
        }
        is_too_often(alice.post(APPLICATIONS, form()).await);
        assert_eq!(server.told(boss.id()).await, ["grant.application_sent"; 3]);
        assert_eq!(logged(server, "grants.application_sent").await, 3);
        boss.post(APPLICATIONS, form()).await.ok(201);
        server.clock.step(HOUR);
        alice.post(APPLICATIONS, form()).await.ok(201);
    }

    async fn k1_4a_an_agent_admin_makes_so_many_agents_an_hour_and_who_runs_the_installation_as_many_as_there_are(server) {
        let [root, boss, _] = people(server).await;
        for n in 0..3 {
            boss.post_once(&format!("made-{n:04}"), USERS, agent(n)).await.ok(201);
            if n == 0 {
                boss.post_once("made-again", USERS, agent(n)).await.refused_field("name", "NAME_TAKEN");
            }
        }
        is_too_often(boss.post_once("made-0003", USERS, agent(3)).await);
        assert!(server.mails("agent-3@example.com").await.is_empty());
        for n in 3..9 {
            root.post_once(&format!("made-{n:04}"), USERS, agent(n)).await.ok(201);
        }
        server.clock.step(HOUR);
        boss.post_once("made-0009", USERS, agent(9)).await.ok(201);
    }
}
