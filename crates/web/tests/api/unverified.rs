//! K1.1: who signed up and never verified is forgotten after a week, and nobody else is.

use kernel::{DAY, HOUR, MINUTE};
use platform::identity::Role;
use serde_json::json;
use store::args;
use testkit::{Answer, Client, TestServer, on_server};

use crate::users_email::token;

const PASSWORD: &str = "purple-otter-7";

fn address(name: &str) -> String {
    format!("{name}@example.com")
}

async fn sign_up(server: &TestServer, name: &str) -> Answer {
    let visitor = server.visitor();
    let form = json!({"name": name, "email": address(name), "password": PASSWORD, "captcha": visitor.captcha().await});
    visitor.post("/api/v1/sign-up", form).await
}

async fn verify(server: &TestServer, token: &str) -> Answer {
    server.visitor().post("/api/v1/sign-up/verify", json!({"token": token})).await
}

/// Where a user is, for who manages it.
async fn path(root: &Client, name: &str) -> String {
    let found = root.get(&format!("/api/v1/users?search={name}")).await.ok(200);
    format!("/api/v1/users/{}", found["items"][0]["id"].as_str().unwrap())
}

/// What the clock makes due so much later; and who is there then, by name.
async fn later(server: &TestServer, root: &Client, micros: i64) -> Vec<String> {
    server.clock.step(micros);
    server.tick().await;
    let page = server.again(root).await.get("/api/v1/users?role=agent").await.ok(200);
    let mut names: Vec<_> = page["items"].as_array().unwrap().iter().map(|user| user["name"].as_str().unwrap().to_owned()).collect();
    names.sort_unstable();
    names
}

/// Who was forgotten, as the log has it.
async fn forgotten(server: &TestServer) -> Vec<String> {
    let lines = server.logged().await.into_iter().filter(|line| line.what == "account.sign_up_forgotten");
    lines.map(|line| format!("{}{}", line.actor, line.detail["name"].as_str().unwrap())).collect()
}

on_server! {
    async fn k1_1b_a_name_and_an_address_are_free_again_a_week_after_a_sign_up_that_nobody_verified(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        sign_up(server, "dave").await.ok(202);
        let link = token(server, "dave@example.com").await;
        let dave = path(&root, "dave").await;
        assert_eq!(later(server, &root, 7 * DAY - MINUTE).await, ["dave"]);
        sign_up(server, "dave").await.refused_field("name", "NAME_TAKEN");
        assert!(later(server, &root, 2 * MINUTE).await.is_empty());
        assert_eq!(forgotten(server).await, ["dave"]);
        server.again(&root).await.get(&dave).await.refused(404, "NOT_FOUND");
        verify(server, &link).await.refused(400, "TOKEN_INVALID");

        sign_up(server, "dave").await.ok(202);
        verify(server, &token(server, "dave@example.com").await).await.ok(200);
        let entered = server.visitor().post("/api/v1/session", json!({"name": "dave", "password": PASSWORD})).await.ok(200);
        assert_ne!(format!("/api/v1/users/{}", entered["me"]["id"].as_str().unwrap()), dave, "somebody else");
    }

    async fn k1_1a_nobody_is_forgotten_who_verified_or_was_let_in_or_given_something_or_has_a_link(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        for name in ["verified", "enabled", "disabled", "endowed", "linked", "gone", "gone-too"] {
            sign_up(server, name).await.ok(202);
        }
        verify(server, &token(server, "verified@example.com").await).await.ok(200);
        let endowed = path(&root, "endowed").await;
        root.post(&format!("{}/enable", path(&root, "enabled").await), json!({})).await.ok(200);
        root.post(&format!("{}/disable", path(&root, "disabled").await), json!({})).await.ok(200);
        root.post_once("endow-0001", &format!("{endowed}/recharge"), json!({"amount": 5})).await.ok(200);
        let all = later(server, &root, 7 * DAY - HOUR).await;
        assert_eq!(all.len(), 7, "{all:?}");
        let visitor = server.visitor();
        let again = json!({"email": address("linked"), "captcha": visitor.captcha().await});
        visitor.post("/api/v1/sign-up/resend", again).await.ok(202);
        server.run_jobs().await;

        let stay = ["disabled", "enabled", "endowed", "linked", "verified"];
        assert_eq!(later(server, &root, 2 * HOUR).await, stay);
        assert_eq!(forgotten(server).await, ["gone", "gone-too"]);
        // The link that was sent again is good as long as it says.
        assert_eq!(later(server, &root, 20 * HOUR).await, stay);
        assert_eq!(later(server, &root, 5 * HOUR).await, ["disabled", "enabled", "endowed", "verified"]);
        assert_eq!(later(server, &root, 100 * DAY).await, ["disabled", "enabled", "endowed", "verified"]);
        assert_eq!(server.again(&root).await.get(&endowed).await.ok(200)["quota"]["available"], 5);
    }

    async fn k1_1a_whoever_is_let_in_at_the_moment_of_being_forgotten_stays(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        for name in ["dave", "erin"] {
            sign_up(server, name).await.ok(202);
        }
        server.clock.step(8 * DAY);
        let mut letting_in = server.platform.db.begin().await.unwrap();
        letting_in.exec("UPDATE users SET state = 'active' WHERE name = 'dave'", args![]).await.unwrap();
        let let_in = async {
            server.until_waiting(1).await;
            letting_in.commit().await.unwrap();
        };
        tokio::join!(server.tick(), let_in);
        assert!(forgotten(server).await.iter().all(|name| name == "erin"));
        assert_eq!(later(server, &root, HOUR).await, ["dave"]);
        assert_eq!(forgotten(server).await, ["erin"]);
    }
}
