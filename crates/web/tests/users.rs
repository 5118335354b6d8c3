//! K1.4: admins manage users.

use kernel::{MINUTE, Word};
use platform::identity::{Role, UserId, session};
use serde_json::{Value, json};
use store::{Sql, args};
use testkit::{Client, TestServer, on_server};

const USERS: &str = "/api/v1/users";

fn new_user(name: &str, role: &str, initial_quota: i64) -> Value {
    json!({"name": name, "email": format!("{name}@example.com"), "role": role, "initial_quota": initial_quota})
}

fn id_of(user: &Value) -> UserId {
    user["id"].as_str().unwrap().parse().unwrap()
}

fn at(id: &Value, rest: &str) -> String {
    format!("{USERS}/{}{rest}", id["id"].as_str().unwrap())
}

fn of(client: &Client, rest: &str) -> String {
    format!("{USERS}/{}{rest}", client.id())
}

async fn session_of(server: &TestServer, user: UserId) -> Client {
    let mut tx = server.platform.db.begin().await.unwrap();
    let (_, token) = session::start(&mut tx, &server.cx(), user).await.unwrap();
    tx.commit().await.unwrap();
    server.visitor().with_token(&token)
}

async fn set(server: &TestServer, user: UserId, assignment: &str) {
    let mut tx = server.platform.db.begin().await.unwrap();
    tx.exec(&format!("UPDATE users SET {assignment} WHERE id = $1"), args![user]).await.unwrap();
    tx.commit().await.unwrap();
}

fn names(page: &Value) -> Vec<&str> {
    page["items"].as_array().unwrap().iter().map(|user| user["name"].as_str().unwrap()).collect()
}

on_server! {
    async fn k1_4a_an_agent_admin_creates_an_agent_out_of_its_own_quota(server) {
        let admin = server.user(Role::AgentAdmin, "boss").await;
        server.issue(&admin, 1_000).await;
        let form = json!({"name": "新代理.a", "email": "new@example.com", "role": "agent", "initial_quota": 300});
        let made = admin.post_once("create-0001", USERS, form).await;
        let text = made.text();
        let made = made.ok(201);
        assert_eq!((made["state"].as_str(), made["role"].as_str()), (Some("active"), Some("agent")));
        assert_eq!(made["superior"]["name"], "boss");
        assert_eq!(made["quota"], json!({"available": 300, "held": 0}));
        assert!(!text.contains("password"), "the password is mailed, never answered: {text}");
        assert_eq!(server.quota(&admin).await, (700, 0));

        // Two entries, both of kind `initial`.
        let own = admin.get("/api/v1/quota/statement?kind=initial").await.ok(200);
        assert_eq!((own["items"][0]["delta"].as_i64(), own["items"][0]["counterparty"]["name"].as_str()), (Some(-300), Some("新代理.a")));
        let theirs = admin.get(&format!("/api/v1/quota/statement?user={}", made["id"].as_str().unwrap())).await.ok(200);
        assert_eq!((theirs["items"][0]["delta"].as_i64(), theirs["items"][0]["kind"].as_str()), (Some(300), Some("initial")));
        assert_eq!(theirs["items"][0]["system"], false);
    }

    async fn k1_4a_credentials_go_out_by_mail_and_must_be_changed(server) {
        let admin = server.user(Role::AgentAdmin, "boss").await;
        let made = admin.post_once("create-0001", USERS, new_user("carol", "agent", 0)).await.ok(201);
        let mails = server.mails("carol@example.com").await;
        assert_eq!(mails.len(), 1);
        let text = &mails[0].1;
        assert!(text.contains("carol") && text.contains("boss") && text.contains("http://127.0.0.1:7300/sign-in"), "{text}");
        let password = text.lines().find_map(|line| line.strip_prefix("初始密码：")).unwrap();
        let sql = "SELECT password_hash FROM users WHERE id = $1";
        let hash: String = server.platform.db.read().one(sql, args![id_of(&made)], |row| row.get("password_hash")).await.unwrap();
        assert!(server.platform.passwords.verify(password, Some(&hash)).await.unwrap());
        session_of(server, id_of(&made)).await.get("/api/v1/quota").await.refused(403, "PASSWORD_CHANGE_REQUIRED");
        // Nowhere else: not in a notification, not readable in the job.
        assert_eq!(server.told(id_of(&made)).await, Vec::<String>::new());
        let payloads = server.platform.db.read().all("SELECT payload FROM jobs", args![], |row| row.get::<String>("payload")).await.unwrap();
        assert!(!payloads.is_empty() && payloads.iter().all(|payload| !payload.contains(password)));
    }

    async fn k1_4a_without_enough_quota_nothing_is_created(server) {
        let admin = server.user(Role::AgentAdmin, "boss").await;
        server.issue(&admin, 99).await;
        admin.post_once("create-0001", USERS, new_user("carol", "agent", 100)).await.refused(409, "QUOTA_INSUFFICIENT");
        assert_eq!(names(&admin.get(USERS).await.ok(200)), Vec::<&str>::new());
        assert_eq!(server.mails("carol@example.com").await.len(), 0);
        // The name is still free, and so is the key: what was refused was not done.
        admin.post_once("create-0001", USERS, new_user("carol", "agent", 99)).await.ok(201);
        assert_eq!(server.quota(&admin).await, (0, 0));
    }

    async fn k1_4a_a_super_admin_creates_each_role_and_issues_the_quota(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        let agent = root.post_once("create-0001", USERS, new_user("agent1", "agent", 500)).await.ok(201);
        assert_eq!(agent["superior"], Value::Null);
        let line = root.get(&format!("/api/v1/quota/statement?user={}", agent["id"].as_str().unwrap())).await.ok(200);
        assert_eq!((line["items"][0]["system"].as_bool(), line["items"][0]["kind"].as_str()), (Some(true), Some("initial")));
        let admin = root.post_once("create-0002", USERS, new_user("admin1", "agent_admin", 500)).await.ok(201);
        assert_eq!(admin["quota"]["available"], 500);
        let second = root.post_once("create-0003", USERS, new_user("root2", "super_admin", 0)).await.ok(201);
        assert_eq!(second["quota"], Value::Null);
        root.post_once("create-0004", USERS, new_user("root3", "super_admin", 1)).await.refused_field("initial_quota", "HOLDS_NO_QUOTA");
        for role in ["venue_manager", "maintainer"] {
            root.post_once("create-0005", USERS, new_user("other", role, 0)).await.refused_field("role", "ROLE_NOT_ALLOWED");
        }
        root.post_once("create-0005", USERS, new_user("other", "god", 0)).await.refused_field("role", "INVALID");
    }

    async fn k1_4a_only_admins_create_and_only_what_they_may(server) {
        let admin = server.user(Role::AgentAdmin, "boss").await;
        for role in ["agent_admin", "super_admin", "venue_manager"] {
            admin.post_once("create-0001", USERS, new_user("carol", role, 0)).await.refused_field("role", "ROLE_NOT_ALLOWED");
        }
        for role in [Role::Agent, Role::VenueManager, Role::Maintainer] {
            let user = server.user(role, role.as_str()).await;
            user.post_once("create-0001", USERS, new_user("carol", "agent", 0)).await.refused(403, "FORBIDDEN");
            user.get(USERS).await.refused(403, "FORBIDDEN");
            for rest in ["/disable", "/enable", "/unlock", "/second-factor/reset"] {
                user.post(&of(&admin, rest), json!({})).await.refused(403, "FORBIDDEN");
            }
            user.post_once("create-0001", &of(&admin, "/recharge"), json!({"amount": 1})).await.refused(403, "FORBIDDEN");
        }
        server.visitor().get(USERS).await.refused(401, "SIGN_IN_REQUIRED");
    }

    async fn k1_4a_the_form_names_all_that_is_wrong(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        let bad = json!({"name": "a b", "email": "nobody", "role": "agent", "initial_quota": -1});
        let problem = root.post_once("create-0001", USERS, bad).await.refused(422, "INVALID");
        let errors: Vec<(&str, &str)> =
            problem["errors"].as_array().unwrap().iter().map(|e| (e["field"].as_str().unwrap(), e["code"].as_str().unwrap())).collect();
        assert_eq!(errors, [("name", "NAME_INVALID"), ("email", "EMAIL_INVALID"), ("initial_quota", "NOT_POSITIVE")]);

        root.post_once("create-0001", USERS, new_user("Carol", "agent", 0)).await.ok(201);
        // In any spelling, both at once.
        let taken = json!({"name": "ＣＡＲＯＬ", "email": "CAROL@Example.com", "role": "agent", "initial_quota": 0});
        let problem = root.post_once("create-0002", USERS, taken).await.refused(422, "INVALID");
        let codes: Vec<&str> = problem["errors"].as_array().unwrap().iter().map(|e| e["code"].as_str().unwrap()).collect();
        assert_eq!(codes, ["NAME_TAKEN", "EMAIL_TAKEN"]);
        for (field, value) in [("name", json!("<script>x</script>")), ("name", json!("n".repeat(10_000))), ("name", json!(null)), ("email", json!("a@b.c\nBcc: x@y.z"))] {
            let mut body = new_user("dave", "agent", 0);
            body[field] = value;
            let problem = root.post_once("create-0003", USERS, body).await.refused(422, "INVALID");
            assert_eq!(problem["errors"][0]["field"], field);
        }
        let mut body = new_user("dave", "agent", 0);
        body["must_change_password"] = json!(false);
        root.post_once("create-0003", USERS, body).await.refused(422, "INVALID");
        for amount in [json!(i64::MAX), json!(1e30), json!("10"), json!(1.5), json!(null)] {
            let mut body = new_user("dave", "agent", 0);
            body["initial_quota"] = amount;
            let problem = root.post_once("create-0003", USERS, body).await.refused(422, "INVALID");
            assert_eq!(problem["errors"][0]["field"], "initial_quota");
        }
        assert_eq!(root.get("/api/v1/users?search=dave").await.ok(200)["total"], 0);
    }

    async fn k1_4a_the_same_request_creates_one_user(server) {
        let admin = server.user(Role::AgentAdmin, "boss").await;
        server.issue(&admin, 1_000).await;
        let tries = (0..20).map(|_| {
            let admin = admin.clone();
            tokio::spawn(async move { admin.post_once("create-0001", USERS, new_user("carol", "agent", 100)).await.ok(201) })
        });
        let answers: Vec<Value> = futures_util::future::join_all(tries).await.into_iter().map(Result::unwrap).collect();
        assert!(answers.iter().all(|answer| *answer == answers[0]));
        assert_eq!(server.quota(&admin).await, (900, 0));
        assert_eq!(server.mails("carol@example.com").await.len(), 1);
        admin.post_once("create-0001", USERS, new_user("carol", "agent", 101)).await.refused(409, "IDEMPOTENCY_CONFLICT");
        admin.post(USERS, new_user("dave", "agent", 0)).await.refused_field("Idempotency-Key", "REQUIRED");
    }

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
        session_of(server, agent.id()).await.get("/api/v1/quota").await.ok(200);
        admin.post(&of(&admin, "/disable"), json!({})).await.refused(409, "NOT_ONESELF");
        // Without a body too, as the console sends it.
        admin.send(axum::http::Method::POST, &of(&agent, "/disable"), None).await.ok(200);
        let sql = "SELECT action FROM operations WHERE module = 'users' ORDER BY id";
        let log = server.platform.db.read().all(sql, args![], |row| row.get::<String>("action")).await.unwrap();
        assert_eq!(log, ["disabled", "enabled", "disabled"], "what changed nothing is not in the log");
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
        let left: i64 = server.platform.db.read()
            .one("SELECT CAST(COUNT(*) AS BIGINT) AS n FROM users WHERE role = 'super_admin' AND state = 'active'", args![], |row| row.get("n")).await.unwrap();
        assert_eq!(left, 1);
    }

    async fn k1_4b_unlocking_forgets_failures(server) {
        let admin = server.user(Role::AgentAdmin, "boss").await;
        let agent = server.user_under(Role::Agent, "carol", Some(&admin)).await;
        let until = server.clock.now().plus_micros(15 * MINUTE);
        set(server, agent.id(), &format!("failures = 5, locked_until = {}", until.micros())).await;
        assert_eq!(admin.get(&of(&agent, "")).await.ok(200)["locked_until"], until.to_string());
        assert_eq!(admin.post(&of(&agent, "/unlock"), json!({})).await.ok(200)["locked_until"], Value::Null);
        let failures: i64 = server.platform.db.read().one("SELECT failures FROM users WHERE id = $1", args![agent.id()], |row| row.get("failures")).await.unwrap();
        assert_eq!(failures, 0);
        // A lock that is over is not shown.
        set(server, agent.id(), &format!("locked_until = {}", until.micros())).await;
        server.clock.step(16 * MINUTE);
        assert_eq!(admin.get(&of(&agent, "")).await.ok(200)["locked_until"], Value::Null);
    }

    async fn k1_a_super_admin_resets_a_lost_second_factor(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        let admin = server.user(Role::AgentAdmin, "boss").await;
        let agent = server.user_under(Role::Agent, "carol", Some(&admin)).await;
        set(server, agent.id(), "totp_enabled_at = 1").await;
        let mut tx = server.platform.db.begin().await.unwrap();
        tx.exec("UPDATE users SET totp_secret = $1 WHERE id = $2", args![vec![1_u8; 20], agent.id()]).await.unwrap();
        tx.commit().await.unwrap();
        admin.post(&of(&agent, "/second-factor/reset"), json!({})).await.refused(403, "FORBIDDEN");
        assert_eq!(admin.get(&of(&agent, "")).await.ok(200)["second_factor_enabled"], true);
        root.post(&of(&root, "/second-factor/reset"), json!({})).await.refused(409, "NOT_ONESELF");
        assert_eq!(root.post(&of(&agent, "/second-factor/reset"), json!({})).await.ok(200)["second_factor_enabled"], false);
        agent.get("/api/v1/quota").await.refused(401, "SESSION_INVALID");
        assert_eq!(server.told(agent.id()).await, ["account.second_factor_reset"]);
    }

    async fn k1_4_writes_are_in_the_operation_log(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        let made = root.post_once("create-0001", USERS, new_user("carol", "agent", 5)).await.ok(201);
        root.post_once("recharge-1", &at(&made, "/recharge"), json!({"amount": 7})).await.ok(200);
        root.post(&at(&made, "/disable"), json!({})).await.ok(200);
        let sql = "SELECT module || '.' || action AS what, detail, actor_name FROM operations ORDER BY id";
        let log = server.platform.db.read().all(sql, args![], |row| Ok((row.get::<String>("what")?, row.get::<String>("detail")?, row.get::<String>("actor_name")?))).await.unwrap();
        let what: Vec<&str> = log.iter().map(|(what, ..)| what.as_str()).collect();
        assert_eq!(what, ["users.created", "quota.recharged", "users.disabled"]);
        assert!(log.iter().all(|(_, detail, actor)| actor == "root" && detail.contains("carol") && !detail.contains("password")), "{log:?}");
    }
}
