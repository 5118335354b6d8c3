//! K1.4a: admins create users.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops here")]

use kernel::Word;
use platform::identity::{Role, UserId};
use serde_json::{Value, json};
use testkit::{Client, on_server};

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
        let hash = server.password_hash(id_of(&made)).await;
        assert!(server.platform.passwords.verify(password, Some(&hash)).await.unwrap());
        server.session_of(id_of(&made)).await.get("/api/v1/quota").await.refused(403, "PASSWORD_CHANGE_REQUIRED");
        // Nowhere else: not in a notification, not readable in the job.
        assert_eq!(server.told(id_of(&made)).await, Vec::<String>::new());
        let texts = server.stored_texts().await;
        assert!(!texts.is_empty() && texts.iter().all(|text| !text.contains(password)));
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
        for role in ["venue_manager", "maintainer", "cashier"] {
            root.post_once("create-0005", USERS, new_user("other", role, 1)).await.refused_field("initial_quota", "HOLDS_NO_QUOTA");
            let key = format!("create-{role}");
            let made = root.post_once(&key, USERS, new_user(&role.replace('_', ""), role, 0)).await.ok(201);
            assert_eq!((made["role"].as_str(), made["quota"].clone()), (Some(role), Value::Null));
        }
        root.post_once("create-0005", USERS, new_user("other", "god", 0)).await.refused_field("role", "INVALID");
    }

    async fn k1_4a_only_admins_create_and_only_what_they_may(server) {
        let admin = server.user(Role::AgentAdmin, "boss").await;
        for role in ["agent_admin", "super_admin", "venue_manager"] {
            admin.post_once("create-0001", USERS, new_user("carol", role, 0)).await.refused_field("role", "ROLE_NOT_ALLOWED");
        }
        for role in [Role::Agent, Role::Maintainer, Role::Cashier] {
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

    async fn k1_4b_nobody_finds_out_by_a_search_whether_others_have_such_a_user(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        root.post_once("create-0001", USERS, new_user("Carol", "agent", 0)).await.ok(201);
        let manages_none = server.user(Role::VenueManager, "boss").await;
        let theirs = manages_none.get("/api/v1/users?search=carol@example.com").await.ok(200);
        let nobodys = manages_none.get("/api/v1/users?search=nobody@example.com").await.ok(200);
        assert_eq!(theirs["items"], json!([]));
        assert_eq!(theirs, nobodys);
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

    async fn k1_4_writes_are_in_the_operation_log(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        let made = root.post_once("create-0001", USERS, new_user("carol", "agent", 5)).await.ok(201);
        root.post_once("recharge-1", &at(&made, "/recharge"), json!({"amount": 7})).await.ok(200);
        root.post(&at(&made, "/disable"), json!({})).await.ok(200);
        let log = server.logged().await;
        let what: Vec<&str> = log.iter().map(|line| line.what.as_str()).collect();
        assert_eq!(what, ["users.created", "quota.recharged", "users.disabled"]);
        assert!(log.iter().all(|line| line.actor == "root" && line.detail.to_string().contains("carol")), "{log:?}");
    }
}
