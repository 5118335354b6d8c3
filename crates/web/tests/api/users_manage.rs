//! K1.4b: admins look at users, and disable, enable, unlock them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops here")]

use kernel::{MINUTE, SECOND};
use platform::identity::Role;
use serde_json::{Value, json};
use testkit::{Client, on_server};

const USERS: &str = "/api/v1/users";

fn of(client: &Client, rest: &str) -> String {
    format!("{USERS}/{}{rest}", client.id())
}

fn names(page: &Value) -> Vec<&str> {
    page["items"].as_array().unwrap().iter().map(|user| user["name"].as_str().unwrap()).collect()
}

on_server! {
    async fn k1_4b_an_agent_admin_sees_only_agents_it_created(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        let (one, two) = (server.user(Role::AgentAdmin, "one").await, server.user(Role::AgentAdmin, "two").await);
        let mine = server.user_under(Role::Agent, "mine", Some(&one)).await;
        let other = server.user_under(Role::Agent, "other", Some(&two)).await;
        let alone = server.user(Role::Agent, "alone").await;
        assert_eq!(names(&one.get(USERS).await.ok(200)), ["mine"]);
        assert_eq!(names(&two.get(USERS).await.ok(200)), ["other"]);
        assert_eq!(names(&root.get(USERS).await.ok(200)), ["alone", "other", "mine", "two", "one", "root"]);
        one.get(&of(&mine, "")).await.ok(200);
        for user in [&other, &alone, &root, &two, &one] {
            one.get(&of(user, "")).await.refused(404, "NOT_FOUND");
            for rest in ["/enable", "/unlock"] {
                one.post(&of(user, rest), json!({})).await.refused(404, "NOT_FOUND");
            }
            one.post_once("recharge-1", &of(user, "/recharge"), json!({"amount": 1})).await.refused(404, "NOT_FOUND");
        }
        for user in [&other, &alone, &root, &two] {
            one.post(&of(user, "/disable"), json!({})).await.refused(404, "NOT_FOUND");
        }
        for id in ["usr_none", "prj_01h455vb4pex5vsknk084sn02q", "%00", "usr_01h455vb4pex5vsknk084sn02q"] {
            root.get(&format!("{USERS}/{id}")).await.refused(404, "NOT_FOUND");
        }
    }

    async fn k1_4b_search_finds_beginnings_in_any_spelling(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        for name in ["Alice", "alina", "bob", "a_b-x", "张三丰"] {
            server.user(Role::Agent, name).await;
        }
        server.user(Role::AgentAdmin, "alfred").await;
        let find = async |query: &str| {
            let page = root.get(&format!("{USERS}?{query}")).await.ok(200);
            names(&page).into_iter().map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(find("search=AL").await, ["alfred", "alina", "Alice"]);
        assert_eq!(find("search=al&role=agent").await, ["alina", "Alice"]);
        assert_eq!(find("search=BOB%40example").await, ["bob"]);
        assert_eq!(find("search=%E5%BC%A0").await, ["张三丰"]);
        assert_eq!(find("search=a_").await, ["a_b-x"], "an underscore is an underscore");
        assert_eq!(find("search=%25").await, Vec::<String>::new(), "a percent sign is a percent sign");
        assert_eq!(find("search=lice").await, Vec::<String>::new());
        assert_eq!(find("search='%20OR%201=1--").await, Vec::<String>::new());
        assert_eq!(find("state=disabled").await, Vec::<String>::new());
        root.get("/api/v1/users?search=%00").await.refused_field("search", "CHARACTERS");
        root.get("/api/v1/users?role=king").await.refused(422, "INVALID");
        root.get("/api/v1/users?limit=0").await.refused_field("limit", "OUT_OF_RANGE");
        root.get("/api/v1/users?cursor=junk").await.refused_field("cursor", "CURSOR_INVALID");
        // Pages fit together.
        let first = root.get("/api/v1/users?limit=4").await.ok(200);
        assert_eq!((first["total"].as_i64(), first["items"].as_array().unwrap().len()), (Some(7), 4));
        let second = root.get(&format!("/api/v1/users?limit=4&cursor={}", first["next_cursor"].as_str().unwrap())).await.ok(200);
        assert_eq!(names(&second), ["alina", "Alice", "root"]);
        assert_eq!(second["next_cursor"], Value::Null);
    }

    async fn k1_4b_a_cursor_of_another_admins_list_shows_nothing_of_it(server) {
        let (one, two) = (server.user(Role::AgentAdmin, "one").await, server.user(Role::AgentAdmin, "two").await);
        for name in ["m01", "m02", "m03"] {
            server.user_under(Role::Agent, name, Some(&one)).await;
        }
        server.user_under(Role::Agent, "theirs", Some(&two)).await;
        let page = one.get("/api/v1/users?limit=1").await.ok(200);
        let foreign = two.get(&format!("/api/v1/users?cursor={}", page["next_cursor"].as_str().unwrap())).await.ok(200);
        assert_eq!(names(&foreign), Vec::<&str>::new());
    }

    async fn k1_4b_disabling_ends_sessions_and_enabling_lets_in_again(server) {
        let admin = server.user(Role::AgentAdmin, "boss").await;
        let agent = server.user_under(Role::Agent, "carol", Some(&admin)).await;
        agent.get("/api/v1/quota").await.ok(200);
        let off = admin.post(&of(&agent, "/disable"), json!({})).await.ok(200);
        assert_eq!(off["state"], "disabled");
        agent.get("/api/v1/quota").await.refused(401, "SESSION_INVALID");
        // Twice is fine; a session does not come back to life.
        admin.post(&of(&agent, "/disable"), json!({})).await.ok(200);
        assert_eq!(admin.post(&of(&agent, "/enable"), json!({})).await.ok(200)["state"], "active");
        agent.get("/api/v1/quota").await.refused(401, "SESSION_INVALID");
        server.session_of(agent.id()).await.get("/api/v1/quota").await.ok(200);
        admin.post(&of(&admin, "/disable"), json!({})).await.refused(409, "NOT_ONESELF");
        // Without a body too, as the console sends it.
        admin.send(axum::http::Method::POST, &of(&agent, "/disable"), None).await.ok(200);
        let log: Vec<String> = server.logged().await.into_iter().map(|line| line.what).collect();
        assert_eq!(log, ["users.disabled", "users.enabled", "users.disabled"], "what changed nothing is not in the log");
    }

    async fn k1_4b_a_users_sessions_are_ended_by_who_manages_it_and_it_may_come_back(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        let (admin, stranger) = (server.user(Role::AgentAdmin, "boss").await, server.user(Role::AgentAdmin, "other").await);
        let agent = server.user_under(Role::Agent, "carol", Some(&admin)).await;
        let elsewhere = server.session_of(agent.id()).await;
        stranger.post(&of(&agent, "/sessions/end"), json!({})).await.refused(404, "NOT_FOUND");
        agent.post(&of(&agent, "/sessions/end"), json!({})).await.refused(403, "FORBIDDEN");
        admin.post(&of(&admin, "/sessions/end"), json!({})).await.refused(409, "NOT_ONESELF");
        elsewhere.get("/api/v1/quota").await.ok(200);
        assert_eq!(admin.post(&of(&agent, "/sessions/end"), json!({})).await.ok(200)["state"], "active");
        for session in [&agent, &elsewhere] {
            session.get("/api/v1/quota").await.refused(401, "SESSION_INVALID");
        }
        // There is nothing more to end; and the account is as good as before.
        admin.post(&of(&agent, "/sessions/end"), json!({})).await.ok(200);
        server.session_of(agent.id()).await.get("/api/v1/quota").await.ok(200);
        admin.get("/api/v1/me").await.ok(200);
        // Without a body too, as the console sends it.
        root.send(axum::http::Method::POST, &of(&admin, "/sessions/end"), None).await.ok(200);
        admin.get("/api/v1/me").await.refused(401, "SESSION_INVALID");
        let log: Vec<(String, Value)> = server.logged().await.into_iter().map(|line| (line.what, line.detail)).collect();
        let ended = |name: &str, count: i64| ("users.sessions_ended".to_owned(), json!({"name": name, "count": count}));
        assert_eq!(log, [ended("carol", 2), ended("boss", 1)], "what changed nothing is not in the log");
    }

    async fn k1_4b_a_super_admin_ends_everybodys_sessions_but_the_one_that_asks(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        let (other, admin) = (server.user(Role::SuperAdmin, "other").await, server.user(Role::AgentAdmin, "boss").await);
        let agent = server.user_under(Role::Agent, "carol", Some(&admin)).await;
        let elsewhere = server.session_of(root.id()).await;
        let url = "/api/v1/users/sessions/end";
        let proof = |password: &str| json!({"password": password});
        agent.post(url, proof("password-of-carol")).await.refused(403, "FORBIDDEN");
        admin.post(url, proof("password-of-boss")).await.refused(403, "FORBIDDEN");
        server.visitor().post(url, proof("password-of-root")).await.refused(401, "SIGN_IN_REQUIRED");
        // Somebody at a desk that was left does not know it.
        root.post(url, proof("password-of-boss")).await.refused_field("password", "PASSWORD_WRONG");
        root.post(url, json!({})).await.refused_field("password", "REQUIRED");
        let mut page = agent.live("/events").await;
        assert_eq!(page.next().await.unwrap().0, "unread");

        assert_eq!(root.post(url, proof("password-of-root")).await.ok(200), json!({"ended": 4}));
        for session in [&other, &admin, &agent, &elsewhere] {
            session.get("/api/v1/me").await.refused(401, "SESSION_INVALID");
        }
        server.clock.step(31 * SECOND);
        assert_eq!(page.next().await.unwrap().0, "session-ended");
        root.get("/api/v1/me").await.ok(200);
        server.visitor().post("/api/v1/session", json!({"name": "carol", "password": "password-of-carol"})).await.ok(200);
        let log: Vec<(String, Value)> = server.logged().await.into_iter().map(|line| (line.what, line.detail)).collect();
        assert_eq!(log, [("users.everybodys_sessions_ended".to_owned(), json!({"count": 4}))]);
        server.has_answered("POST /api/v1/users/sessions/end");
    }

    async fn k1_4b_one_super_admin_stays_active(server) {
        let (one, two) = (server.user(Role::SuperAdmin, "one").await, server.user(Role::SuperAdmin, "two").await);
        one.post(&of(&one, "/disable"), json!({})).await.refused(409, "NOT_ONESELF");
        // Each disables the other at the same time: one wins, and then it is the last.
        let (first, second) = (one.clone(), two.clone());
        let (path_two, path_one) = (of(&two, "/disable"), of(&one, "/disable"));
        let a = tokio::spawn(async move { first.post(&path_two, json!({})).await.status.as_u16() });
        let b = tokio::spawn(async move { second.post(&path_one, json!({})).await.status.as_u16() });
        let mut statuses = [a.await.unwrap(), b.await.unwrap()];
        statuses.sort_unstable();
        assert!(statuses == [200, 401] || statuses == [200, 409], "{statuses:?}");
        assert_eq!(server.active(Role::SuperAdmin).await, 1);
    }

    async fn k1_4b_unlocking_forgets_failures(server) {
        let admin = server.user(Role::AgentAdmin, "boss").await;
        let agent = server.user_under(Role::Agent, "carol", Some(&admin)).await;
        let until = server.clock.now().plus_micros(15 * MINUTE);
        server.lock_out(agent.id(), until).await;
        assert_eq!(admin.get(&of(&agent, "")).await.ok(200)["locked_until"], until.to_string());
        assert_eq!(admin.post(&of(&agent, "/unlock"), json!({})).await.ok(200)["locked_until"], Value::Null);
        assert_eq!(server.failures(agent.id()).await, 0);
        // A lock that is over is not shown.
        server.lock_out(agent.id(), until).await;
        server.clock.step(16 * MINUTE);
        assert_eq!(admin.get(&of(&agent, "")).await.ok(200)["locked_until"], Value::Null);
    }

    async fn k1_a_super_admin_resets_a_lost_second_factor(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        let admin = server.user(Role::AgentAdmin, "boss").await;
        let agent = server.user_under(Role::Agent, "carol", Some(&admin)).await;
        server.enroll(agent.id()).await;
        admin.post(&of(&agent, "/second-factor/reset"), json!({})).await.refused(403, "FORBIDDEN");
        assert_eq!(admin.get(&of(&agent, "")).await.ok(200)["second_factor_enabled"], true);
        root.post(&of(&root, "/second-factor/reset"), json!({})).await.refused(409, "NOT_ONESELF");
        assert_eq!(root.post(&of(&agent, "/second-factor/reset"), json!({})).await.ok(200)["second_factor_enabled"], false);
        agent.get("/api/v1/quota").await.refused(401, "SESSION_INVALID");
        assert_eq!(server.told(agent.id()).await, ["account.second_factor_reset"]);
    }
}
