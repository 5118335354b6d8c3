//! K1.4: a user whose address was mistyped, or whose mailbox is lost, gets another one.

use kernel::{DAY, MINUTE};
use platform::identity::Role;
use serde_json::{Value, json};
use testkit::{Answer, Client, TestServer, on_server};

const USERS: &str = "/api/v1/users";

pub(super) fn of(client: &Client, rest: &str) -> String {
    format!("{USERS}/{}{rest}", client.id())
}

pub(super) fn to(email: &str) -> Value {
    json!({"email": email})
}

/// An agent, created with an address that is not its own. Answers where its address is changed.
pub(super) async fn mistyped(admin: &Client, email: &str) -> String {
    let form = json!({"name": "carol", "email": email, "role": "agent", "initial_quota": 300});
    let made = admin.post_once("create-0001", USERS, form).await.ok(201);
    assert_eq!(made["first_sign_in_due"], true);
    format!("{USERS}/{}", made["id"].as_str().unwrap())
}

/// The first password in the only mail to this address that has one.
pub(super) async fn first_password(server: &TestServer, email: &str) -> String {
    let mails = server.mails(email).await;
    let found: Vec<String> =
        mails.iter().filter_map(|(_, text)| text.lines().find_map(|line| line.strip_prefix("初始密码："))).map(str::to_owned).collect();
    assert_eq!(found.len(), 1, "{mails:?}");
    found[0].clone()
}

/// The token in the last mail to this address that has one.
pub(super) async fn token(server: &TestServer, email: &str) -> String {
    let mails = server.mails(email).await;
    let mut tokens = mails.iter().filter_map(|(_, text)| text.split_once("?token=")).filter_map(|(_, rest)| rest.split_whitespace().next());
    tokens.next_back().unwrap().to_owned()
}

pub(super) async fn sign_in(server: &TestServer, name: &str, password: &str) -> Answer {
    server.visitor().post("/api/v1/session", json!({"name": name, "password": password})).await
}

pub(super) async fn forgot(server: &TestServer, email: &str) {
    let visitor = server.visitor();
    visitor.post("/api/v1/password/forgot", json!({"email": email, "captcha": visitor.captcha().await})).await.ok(202);
}

pub(super) async fn reset(server: &TestServer, token: &str) -> Answer {
    server.visitor().post("/api/v1/password/reset", json!({"token": token, "password": "purple-otter-7"})).await
}

/// What the log says of changed addresses: who, whose, from where and to where, and whether a first password went out.
pub(super) async fn changes(server: &TestServer) -> Vec<(String, Value)> {
    let lines = server.logged().await.into_iter().filter(|line| line.what == "users.email_changed");
    lines.map(|line| (line.actor, line.detail)).collect()
}

pub(super) fn change(name: &str, old: &str, new: &str, first_password_mailed: bool) -> Value {
    json!({"name": name, "email": {"old": old, "new": new}, "first_password_mailed": first_password_mailed})
}

on_server! {
    async fn k1_4a_a_mistyped_address_is_mended_by_one_action_and_the_agent_signs_in_with_what_was_mailed(server) {
        let admin = server.user(Role::AgentAdmin, "boss").await;
        server.issue(&admin, 300).await;
        let (wrong, right) = ("carol@exmaple.com", "carol@example.com");
        let user = mistyped(&admin, wrong).await;
        let astray = first_password(server, wrong).await;
        // It went wrong longer ago than a first password is good: the new one is as good as any.
        server.clock.step(8 * DAY);
        let admin = server.again(&admin).await;
        let changed = admin.post(&format!("{user}/email"), to(right)).await;
        assert!(!changed.text().contains("password"), "it is mailed, never answered: {}", changed.text());
        let changed = changed.ok(200);
        assert_eq!((changed["email"].as_str(), changed["first_sign_in_due"].as_bool()), (Some(right), Some(true)));
        assert_eq!(changed["quota"], json!({"available": 300, "held": 0}));

        // Credentials and nothing else to the one; to the other that it is over, by whom, and not where to.
        let password = first_password(server, right).await;
        let letters = server.mails(right).await;
        assert_eq!(letters.len(), 1);
        assert!(letters[0].1.contains("boss") && letters[0].1.contains("http://127.0.0.1:7300/sign-in"), "{}", letters[0].1);
        let left = server.mails(wrong).await.remove(1).1;
        assert!(left.contains("carol") && left.contains("boss") && !left.contains(right) && !left.contains(&password), "{left}");
        let texts = server.stored_texts().await;
        assert!(!texts.is_empty() && texts.iter().all(|text| !text.contains(&password)));
        assert_eq!(changes(server).await, [("boss".to_owned(), change("carol", wrong, right, true))]);

        sign_in(server, "carol", &astray).await.refused(401, "SIGN_IN_FAILED");
        server.clock.step(7 * DAY - MINUTE);
        let entered = sign_in(server, "carol", &password).await.ok(200);
        assert_eq!(entered["me"]["must_change_password"], true);
        let carol = server.visitor().with_token(entered["token"].as_str().unwrap());
        carol.post("/api/v1/me/password", json!({"current": password, "password": "purple-otter-7"})).await.ok(204);
        assert_eq!(carol.get("/api/v1/quota").await.ok(200)["available"], 300);
        let admin = server.again(&admin).await;
        assert_eq!(admin.get(&user).await.ok(200)["first_sign_in_due"], false);
    }

    async fn k1_4a_a_first_password_that_was_mailed_anew_is_good_for_a_week_too(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        let user = mistyped(&root, "carol@exmaple.com").await;
        server.clock.step(DAY);
        server.again(&root).await.post(&format!("{user}/email"), to("carol@example.com")).await.ok(200);
        let password = first_password(server, "carol@example.com").await;
        server.clock.step(7 * DAY + MINUTE);
        sign_in(server, "carol", &password).await.refused(403, "FIRST_PASSWORD_OLD");
    }

    async fn k1_4a_whoever_came_in_by_the_letter_that_went_astray_is_out(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        let user = mistyped(&root, "carol@exmaple.com").await;
        let astray = first_password(server, "carol@exmaple.com").await;
        let entered = sign_in(server, "carol", &astray).await.ok(200);
        let stranger = server.visitor().with_token(entered["token"].as_str().unwrap());
        forgot(server, "carol@exmaple.com").await;
        let link = token(server, "carol@exmaple.com").await;
        root.post(&format!("{user}/email"), to("carol@example.com")).await.ok(200);
        stranger.get("/api/v1/me").await.refused(401, "SESSION_INVALID");
        reset(server, &link).await.refused(400, "TOKEN_INVALID");
        sign_in(server, "carol", &first_password(server, "carol@example.com").await).await.ok(200);
    }

    async fn k1_4b_another_address_ends_the_links_to_the_old_one_and_leaves_password_and_sessions(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        let alice = server.user(Role::Agent, "alice").await;
        let (old, new) = ("alice@example.com", "alice@new.example.com");
        forgot(server, old).await;
        let link = token(server, old).await;
        let changed = root.post(&of(&alice, "/email"), to(&format!(" {new} "))).await.ok(200);
        assert_eq!((changed["email"].as_str(), changed["first_sign_in_due"].as_bool()), (Some(new), Some(false)));

        assert_eq!(alice.get("/api/v1/me").await.ok(200)["email"], new);
        sign_in(server, "alice", "password-of-alice").await.ok(200);
        reset(server, &link).await.refused(400, "TOKEN_INVALID");
        // Both are told by whom, and the notification centre says it too.
        let (before, after) = (server.mails(old).await, server.mails(new).await);
        assert_eq!((before.len(), after.len()), (2, 1));
        assert!(before[1].1.contains("root") && !before[1].1.contains(new), "{before:?}");
        assert!(after[0].1.contains("root") && after[0].1.contains(new), "{after:?}");
        assert_eq!(server.told(alice.id()).await, ["account.email_changed"]);
        assert_eq!(changes(server).await, [("root".to_owned(), change("alice", old, new, false))]);

        // A lost password is found by the new address, and by no other.
        forgot(server, old).await;
        assert_eq!(server.mails(old).await.len(), 2);
        forgot(server, new).await;
        reset(server, &token(server, new).await).await.ok(204);
    }

    async fn k1_1c_who_mistyped_the_address_at_sign_up_proves_the_right_one(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        let visitor = server.visitor();
        let form = json!({"name": "dave", "email": "dave@exmaple.com", "password": "purple-otter-7", "captcha": visitor.captcha().await});
        visitor.post("/api/v1/sign-up", form).await.ok(202);
        let old = token(server, "dave@exmaple.com").await;
        let found = root.get(&format!("{USERS}?state=pending")).await.ok(200)["items"][0].clone();
        let path = format!("{USERS}/{}", found["id"].as_str().unwrap());
        let changed = root.post(&format!("{path}/email"), to("dave@example.com")).await.ok(200);
        assert_eq!((changed["state"].as_str(), changed["first_sign_in_due"].as_bool()), (Some("pending"), Some(false)));

        let verify = async |token: &str| server.visitor().post("/api/v1/sign-up/verify", json!({"token": token})).await;
        verify(&old).await.refused(400, "TOKEN_INVALID");
        sign_in(server, "dave", "purple-otter-7").await.refused(403, "EMAIL_NOT_VERIFIED");
        assert_eq!((server.mails("dave@exmaple.com").await.len(), server.mails("dave@example.com").await.len()), (2, 1));
        verify(&token(server, "dave@example.com").await).await.ok(200);
        sign_in(server, "dave", "purple-otter-7").await.ok(200);
    }

    async fn k1_4b_an_address_is_one_users_in_any_spelling_and_a_refusal_changes_nothing(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        let alice = server.user(Role::Agent, "alice").await;
        server.user(Role::Agent, "bob").await;
        forgot(server, "alice@example.com").await;
        let link = token(server, "alice@example.com").await;
        let path = of(&alice, "/email");
        for taken in ["bob@example.com", "BOB@Example.COM", " bob@example.com"] {
            root.post(&path, to(taken)).await.refused_field("email", "EMAIL_TAKEN");
        }
        for (bad, code) in [("alice", "EMAIL_INVALID"), ("a b@example.com", "EMAIL_INVALID"), ("alice@example.com\nBcc: x@y.z", "CHARACTERS")] {
            root.post(&path, to(bad)).await.refused_field("email", code);
        }
        root.post(&path, to(&format!("{}@example.com", "a".repeat(10_000)))).await.refused_field("email", "TOO_LONG");
        root.post(&path, to("")).await.refused(422, "INVALID");
        root.post(&path, json!({"email": null})).await.refused(422, "INVALID");
        root.post(&path, json!({})).await.refused_field("email", "REQUIRED");
        root.post(&path, json!({"email": "alice2@example.com", "state": "active"})).await.refused(422, "INVALID");

        assert_eq!(root.get(&of(&alice, "")).await.ok(200)["email"], "alice@example.com");
        assert_eq!(server.mails("alice@example.com").await.len(), 1, "the link that she asked for");
        assert!(server.mails("bob@example.com").await.is_empty());
        assert!(changes(server).await.is_empty());
        reset(server, &link).await.ok(204);
    }

    async fn k1_4b_the_same_address_again_is_no_change_and_another_spelling_of_it_is_one(server) {
        let admin = server.user(Role::AgentAdmin, "boss").await;
        server.issue(&admin, 300).await;
        let user = mistyped(&admin, "carol@example.com").await;
        let path = format!("{user}/email");
        for _ in 0..2 {
            assert_eq!(admin.post(&path, to("carol@example.com")).await.ok(200)["email"], "carol@example.com");
        }
        assert_eq!(server.mails("carol@example.com").await.len(), 1, "the credentials of the beginning");
        sign_in(server, "carol", &first_password(server, "carol@example.com").await).await.ok(200);
        assert!(changes(server).await.is_empty());
        assert_eq!(admin.post(&path, to("Carol@example.com")).await.ok(200)["email"], "Carol@example.com");
        assert_eq!(changes(server).await.len(), 1);
    }

    async fn k1_4b_only_who_manages_a_user_changes_its_address(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        let second = server.user(Role::SuperAdmin, "second").await;
        let (admin, stranger) = (server.user(Role::AgentAdmin, "boss").await, server.user(Role::AgentAdmin, "other").await);
        let agent = server.user_under(Role::Agent, "carol", Some(&admin)).await;
        let alone = server.user(Role::Agent, "alone").await;
        // Also where the address is taken: nobody learns about it by somebody who is not there.
        for email in ["new@example.com", "root@example.com"] {
            stranger.post(&of(&agent, "/email"), to(email)).await.refused(404, "NOT_FOUND");
            for user in [&admin, &stranger, &alone, &root] {
                admin.post(&of(user, "/email"), to(email)).await.refused(404, "NOT_FOUND");
            }
            agent.post(&of(&agent, "/email"), to(email)).await.refused(403, "FORBIDDEN");
            server.visitor().post(&of(&agent, "/email"), to(email)).await.refused(401, "SIGN_IN_REQUIRED");
        }
        assert!(server.mails("new@example.com").await.is_empty());
        assert!(changes(server).await.is_empty());
        for (n, user) in [&agent, &alone, &admin, &second].into_iter().enumerate() {
            root.post(&of(user, "/email"), to(&format!("moved{n}@example.com"))).await.ok(200);
            user.get("/api/v1/me").await.ok(200);
        }
    }

    async fn k1_4b_a_super_admin_changes_the_own_address_by_the_password_and_is_not_locked_out(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        let path = of(&root, "/email");
        let with = |password: &str| json!({"email": "chief@example.com", "password": password});
        root.post(&path, to("chief@example.com")).await.refused_field("password", "REQUIRED");
        root.post(&path, with("password-of-boss")).await.refused_field("password", "PASSWORD_WRONG");
        assert!(server.mails("chief@example.com").await.is_empty() && server.mails("root@example.com").await.is_empty());
        assert!(changes(server).await.is_empty());
        assert_eq!(root.post(&path, with("password-of-root")).await.ok(200)["email"], "chief@example.com");
        root.get("/api/v1/me").await.ok(200);
        sign_in(server, "root", "password-of-root").await.ok(200);
        assert_eq!((server.mails("chief@example.com").await.len(), server.mails("root@example.com").await.len()), (1, 1));
        // A stolen session does not guess on.
        for _ in 0..8 {
            root.post(&path, with("password-of-boss")).await.refused_field("password", "PASSWORD_WRONG");
        }
        root.post(&path, with("password-of-root")).await.refused(429, "RATE_LIMITED");
    }

    async fn k1_4b_of_two_who_are_given_one_address_at_once_one_has_it(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        let mut tasks = Vec::new();
        for n in 0..6 {
            let (root, user) = (root.clone(), server.user(Role::Agent, &format!("agent{n}")).await);
            tasks.push(tokio::spawn(async move { root.post(&of(&user, "/email"), to("one@example.com")).await }));
        }
        let mut changed = 0;
        for task in tasks {
            let answer = task.await.unwrap();
            if answer.status == 200 { changed += 1 } else { answer.refused_field("email", "EMAIL_TAKEN") }
        }
        assert_eq!((changed, server.mails("one@example.com").await.len()), (1, 1));
    }
}
