//! K1.4b: an agent's address is its own as soon as its password is: who has made it does not take it over by another address.

use kernel::HOUR;
use platform::identity::Role;
use serde_json::{Value, json};
use testkit::{Client, TestServer, on_server};

use crate::users_email::{change, changes, first_password, forgot, mistyped, of, reset, sign_in, to, token};

const OWN: &str = "/api/v1/me/email";

fn own(email: &str, password: &str) -> Value {
    json!({"email": email, "password": password})
}

/// Carol, whom an admin has made, signed in by the first password.
async fn novice(server: &TestServer) -> (Client, String) {
    let password = first_password(server, "carol@example.com").await;
    let entered = sign_in(server, "carol", &password).await.ok(200);
    (server.visitor().with_token(entered["token"].as_str().unwrap()), password)
}

on_server! {
    async fn k1_4b_who_made_an_agent_does_not_take_it_over_by_its_address(server) {
        let (root, admin) = (server.user(Role::SuperAdmin, "root").await, server.user(Role::AgentAdmin, "boss").await);
        let alice = server.user_under(Role::Agent, "alice", Some(&admin)).await;
        for email in ["mine@example.com", "alice@example.com", "root@example.com"] {
            admin.post(&of(&alice, "/email"), to(email)).await.refused(403, "EMAIL_ITS_OWN");
        }
        let refused = admin.with("Accept-Language", "zh-CN").post(&of(&alice, "/email"), to("mine@example.com")).await.json();
        assert!(refused["title"].as_str().unwrap().contains("超级管理员"), "{refused}");
        assert_eq!(alice.get("/api/v1/me").await.ok(200)["email"], "alice@example.com");
        forgot(server, "mine@example.com").await;
        assert!(server.mails("mine@example.com").await.is_empty() && server.mails("alice@example.com").await.is_empty());
        assert!(changes(server).await.is_empty());
        // Somebody has to be able to, where the mailbox and the password are lost.
        root.post(&of(&alice, "/email"), to("alice@new.example.com")).await.ok(200);
    }

    async fn k1_4b_the_address_is_the_agents_own_from_its_first_own_password_on(server) {
        let admin = server.user(Role::AgentAdmin, "boss").await;
        server.issue(&admin, 300).await;
        let user = mistyped(&admin, "karol@example.com").await;
        admin.post(&format!("{user}/email"), to("carol@example.com")).await.ok(200);
        let (carol, password) = novice(server).await;
        // While it has none there is nothing that it could change itself.
        carol.post(OWN, own("else@example.com", &password)).await.refused(403, "PASSWORD_CHANGE_REQUIRED");
        carol.post("/api/v1/me/password", json!({"current": password, "password": "purple-otter-7"})).await.ok(204);
        admin.post(&format!("{user}/email"), to("mine@example.com")).await.refused(403, "EMAIL_ITS_OWN");
        assert_eq!(carol.post(OWN, own("else@example.com", "purple-otter-7")).await.ok(200)["email"], "else@example.com");
        assert!(server.mails("mine@example.com").await.is_empty());
    }

    async fn k1_4b_of_a_first_password_that_is_changed_and_an_address_that_is_changed_at_once_one_comes_too_late(server) {
        let admin = server.user(Role::AgentAdmin, "boss").await;
        server.issue(&admin, 300).await;
        let user = mistyped(&admin, "carol@example.com").await;
        let (carol, password) = novice(server).await;
        let chosen = carol.post("/api/v1/me/password", json!({"current": password, "password": "purple-otter-7"}));
        let path = format!("{user}/email");
        let moved = admin.post(&path, to("mine@example.com"));
        let (chosen, moved) = tokio::join!(chosen, moved);
        let email = admin.get(&user).await.ok(200)["email"].clone();
        if chosen.status == 204 {
            moved.refused(403, "EMAIL_ITS_OWN");
            assert_eq!(email, "carol@example.com");
        } else {
            // It had no password of its own, and has none: what comes to the other address is a first one.
            assert!([401, 409, 422].contains(&chosen.status.as_u16()), "{}", chosen.text());
            assert_eq!((moved.ok(200)["first_sign_in_due"].clone(), email), (json!(true), json!("mine@example.com")));
        }
    }

    async fn k1_4b_a_user_changes_its_own_address_by_its_password_and_both_are_told(server) {
        let alice = server.user(Role::Agent, "alice").await;
        server.user(Role::Agent, "bob").await;
        let other = server.again(&alice).await;
        let (old, new, password) = ("alice@example.com", "alice@new.example.com", "password-of-alice");
        forgot(server, old).await;
        let link = token(server, old).await;
        alice.post(OWN, own(new, "password-of-bob")).await.refused_field("password", "PASSWORD_WRONG");
        alice.post(OWN, to(new)).await.refused_field("password", "REQUIRED");
        alice.post(OWN, own("BOB@example.com", password)).await.refused_field("email", "EMAIL_TAKEN");
        alice.post(OWN, own("alice", password)).await.refused_field("email", "EMAIL_INVALID");
        server.visitor().post(OWN, own(new, password)).await.refused(401, "SIGN_IN_REQUIRED");
        assert_eq!(alice.post(OWN, own(old, password)).await.ok(200)["email"], old);
        assert!(changes(server).await.is_empty());

        assert_eq!(alice.post(OWN, own(&format!(" {new} "), password)).await.ok(200)["email"], new);
        assert_eq!(other.get("/api/v1/me").await.ok(200)["email"], new, "sessions stay");
        sign_in(server, "alice", password).await.ok(200);
        reset(server, &link).await.refused(400, "TOKEN_INVALID");
        let (left, came) = (server.mails(old).await, server.mails(new).await);
        assert_eq!((left.len(), came.len()), (2, 1));
        assert!(left[1].1.contains("alice") && !left[1].1.contains(new), "{left:?}");
        assert!(came[0].1.contains(new), "{came:?}");
        assert_eq!(server.told(alice.id()).await, ["account.own_email_changed"]);
        assert_eq!(changes(server).await, [("alice".to_owned(), change("alice", old, new, false))]);
        forgot(server, new).await;
        reset(server, &token(server, new).await).await.ok(204);
    }

    async fn k1_4b_addresses_are_not_changed_again_and_again(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        let alice = server.user(Role::Agent, "alice").await;
        root.patch("/api/v1/settings/security.asked_per_hour", json!({"value": 2})).await.ok(200);
        let next = |n: u32| own(&format!("alice{n}@example.com"), "password-of-alice");
        for n in 0..2 {
            alice.post(OWN, next(n)).await.ok(200);
            root.post(&of(&alice, "/email"), to(&format!("moved{n}@example.com"))).await.ok(200);
        }
        alice.post(OWN, next(2)).await.refused(429, "RATE_LIMITED");
        root.post(&of(&alice, "/email"), to("moved2@example.com")).await.refused(429, "RATE_LIMITED");
        assert!(server.mails("alice2@example.com").await.is_empty() && server.mails("moved2@example.com").await.is_empty());
        server.clock.step(HOUR);
        alice.post(OWN, next(2)).await.ok(200);
    }
}
