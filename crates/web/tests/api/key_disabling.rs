//! K7.2: an agent hears of keys that a superior has disabled: once for each time, of how many, and not of what it did itself.

use std::collections::BTreeMap;

use kernel::MINUTE;
use platform::identity::Role;
use platform::messages::{Tally, templates};
use serde_json::{Value, json};
use testkit::{Client, TestServer, on_server};

use crate::support::{Shop, grant, shop};

/// What a user was told of disabled keys, newest first: how, and where it leads.
async fn told(user: &Client) -> Vec<(String, String)> {
    let page = user.with("Accept-Language", "en").get("/api/v1/notifications?limit=200").await.ok(200);
    let of_it = page["items"].as_array().unwrap().iter().filter(|one| one["kind"] == "keys.disabled");
    let text = |one: &Value, name: &str| one[name].as_str().unwrap().to_owned();
    of_it.map(|one| (text(one, "body").split(':').next().unwrap().to_owned(), text(one, "link"))).collect()
}

/// Mails about it, oldest first. What waits for its time has come.
async fn mailed(server: &TestServer, name: &str) -> Vec<String> {
    // Where a number has changed since the first look, it is looked at once more.
    for _ in 0..2 {
        server.clock.step(2 * MINUTE);
        server.run_jobs().await;
    }
    mails(server, name).await
}

async fn mails(server: &TestServer, name: &str) -> Vec<String> {
    let mails = server.mails(&format!("{name}@example.com")).await;
    mails.into_iter().filter(|(subject, _)| subject.starts_with("卡密被上级禁用")).map(|(_, text)| text).collect()
}

async fn switch(user: &Client, how: &str, selection: Value) -> Value {
    user.post(&format!("/api/v1/keys/{how}"), selection).await.ok(200)["changed"].clone()
}

/// One more step of an action has met so many of a user's.
async fn met(server: &TestServer, told: &mut Tally<'_>, user: &Client, n: i64) {
    let mut tx = server.platform.db.begin().await.unwrap();
    told.add(&mut tx, &server.cx(), &BTreeMap::from([(user.id(), n)])).await.unwrap();
    tx.commit().await.unwrap();
}

/// Beside the shop's, an agent of an admin's, with two keys.
async fn team(server: &TestServer, shop: &Shop) -> (Client, Client) {
    let admin = server.user(Role::AgentAdmin, "boss").await;
    let bob = server.user_under(Role::Agent, "bob", Some(&admin)).await;
    for user in [&admin, &bob] {
        server.keep_signed_in(user).await;
    }
    server.issue(&bob, 1_000).await;
    grant(&shop.root, &shop.program.project, &bob).await;
    let body = json!({"project_id": shop.program.project, "count": 2, "unit": "day", "validity": 30});
    bob.post_once("two-for-bob", "/api/v1/batches", body).await.ok(201);
    (admin, bob)
}

on_server! {
    async fn k7_2_an_agent_is_told_once_of_what_a_superior_disables_however_many_steps_it_takes(server) {
        let shop = shop(server).await;
        let (_, bob) = team(server, &shop).await;
        let batch = shop.batch(4_500, "day", 30).await;
        server.run_jobs().await;
        let key = shop.key().await;
        let id = shop.id_of(&key).await;

        assert_eq!(switch(&shop.root, "disable", json!({"ids": [id]})).await, 1);
        assert_eq!(told(&shop.agent).await, [("root disabled 1 of your keys".to_owned(), format!("/keys/{id}"))]);
        // All others of everybody's, in several transactions: each agent hears of its own.
        assert_eq!(switch(&shop.root, "disable", json!({"filter": {}})).await, 4_502);
        let all = "/keys?state=disabled".to_owned();
        assert_eq!(told(&shop.agent).await[0], ("root disabled 4500 of your keys".to_owned(), all.clone()));
        assert_eq!(told(&bob).await, [("root disabled 2 of your keys".to_owned(), all)]);
        // Nothing was left to disable, and what is enabled again is told nobody.
        assert_eq!(switch(&shop.root, "disable", json!({"filter": {}})).await, 0);
        assert_eq!(switch(&shop.root, "enable", json!({"batch": batch["id"]})).await, 4_500);
        assert_eq!((told(&shop.agent).await.len(), told(&bob).await.len()), (2, 1));

        let mails = mailed(server, "alice").await;
        // Both are due at one moment: which is sent first says nothing.
        let mut numbers: Vec<_> = mails.iter().map(|text| ["1", "4500"].map(|n| text.contains(&format!("root 禁用了您的 {n} 个卡密")))).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, [[false, true], [true, false]], "{mails:?}");
        assert_eq!(mailed(server, "bob").await.len(), 1);
        assert_eq!(mailed(server, "alice").await.len(), 2, "and no more of them later");

        assert_eq!(switch(&shop.root, "disable", json!({"batch": batch["id"]})).await, 4_500);
        let link = format!("/keys?batch={}&state=disabled", batch["id"].as_str().unwrap());
        assert_eq!(told(&shop.agent).await[0], ("root disabled 4500 of your keys".to_owned(), link));
    }

    async fn k7_2_an_agent_is_told_of_what_it_loses_and_not_of_what_it_did_itself(server) {
        let shop = shop(server).await;
        let (admin, bob) = team(server, &shop).await;
        let (of_bob, all) = (json!({"filter": {"agent": bob.id()}}), json!({"filter": {}}));
        assert_eq!(switch(&bob, "disable", all.clone()).await, 2);
        assert!(told(&bob).await.is_empty() && told(&admin).await.is_empty());
        // What it had disabled is its superior's from now on; which superior's is nothing to it.
        assert_eq!(switch(&admin, "disable", of_bob.clone()).await, 2);
        assert_eq!(switch(&shop.root, "disable", of_bob.clone()).await, 2);
        let heard: Vec<String> = told(&bob).await.into_iter().map(|(text, _)| text).collect();
        assert_eq!(heard, ["boss disabled 2 of your keys"]);
        assert_eq!(switch(&bob, "enable", all).await, 0);
        for who in [&admin, &shop.root, &shop.agent] {
            assert!(told(who).await.is_empty());
        }

        // Without mail, where that is not wanted.
        assert_eq!(mailed(server, "bob").await.len(), 1);
        shop.root.patch("/api/v1/settings/notification.mail_keys", json!({"value": false})).await.ok(200);
        assert_eq!(switch(&shop.root, "enable", of_bob.clone()).await, 2);
        assert_eq!(switch(&shop.root, "disable", of_bob).await, 2);
        assert_eq!((told(&bob).await.len(), mailed(server, "bob").await.len()), (2, 1));
    }

    async fn k7_2_the_mail_waits_until_the_number_has_stayed_for_a_minute_but_not_for_ever(server) {
        let bob = server.user(Role::Agent, "bob").await;
        let by = [("by", "root".to_owned())];
        // A large selection, which takes some minutes.
        let mut told = Tally::new(&templates::KEYS_DISABLED, &by, "/keys");
        met(server, &mut told, &bob, 2_000).await;
        for n in [2_000, 500] {
            met(server, &mut told, &bob, n).await;
            server.clock.step(MINUTE);
            server.run_jobs().await;
            assert!(mails(server, "bob").await.is_empty(), "it goes on");
        }
        server.clock.step(MINUTE);
        let sent = mails(server, "bob").await;
        assert_eq!(sent.len(), 1);
        assert!(sent[0].contains("root 禁用了您的 4500 个卡密"), "{sent:?}");

        // One that goes on for longer than anybody can wait: what it had come to by then.
        let mut told = Tally::new(&templates::KEYS_DISABLED, &by, "/keys");
        met(server, &mut told, &bob, 1).await;
        for _ in 0..60 {
            met(server, &mut told, &bob, 1).await;
            server.clock.step(MINUTE);
            server.run_jobs().await;
        }
        let sent = mails(server, "bob").await;
        assert_eq!(sent.len(), 2);
        assert!(sent[1].contains("root 禁用了您的 32 个卡密"), "{sent:?}");
    }

    async fn k7_2_what_was_not_disabled_after_all_is_not_told(server) {
        let shop = shop(server).await;
        let (admin, bob) = team(server, &shop).await;
        // Of another's keys nothing is met, and nobody hears of it.
        assert_eq!(switch(&admin, "disable", json!({"filter": {"agent": shop.agent.id()}})).await, 0);
        admin.post("/api/v1/keys/disable", json!({"filter": {}, "ids": []})).await.refused_field("ids", "ONE_SELECTION");
        assert!(told(&shop.agent).await.is_empty() && told(&bob).await.is_empty());
        // A mail that was begun is sent once, though the job that asks for it is done twice.
        assert_eq!(switch(&admin, "disable", json!({"filter": {}})).await, 2);
        assert_eq!(mailed(server, "bob").await.len(), 1);
        let mut tx = server.platform.db.begin().await.unwrap();
        assert_eq!(tx.exec("UPDATE jobs SET state = 'queued' WHERE kind = 'mail.tally'", vec![]).await.unwrap(), 1);
        tx.commit().await.unwrap();
        assert_eq!(mailed(server, "bob").await.len(), 1);
    }
}
