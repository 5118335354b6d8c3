//! 11.1.1: another master key. What was under the old one is under the new one, and what cannot be has ended.

use std::sync::atomic::Ordering;

use kernel::{Fault, MINUTE};
use licensing::callbacks::Secrets;
use licensing::keys;
use licensing::projects::ProjectId;
use platform::identity::Role;
use platform::installation::{self, KeyCheck};
use platform::{Cx, audit, rekey};
use serde_json::{Value, json};
use store::{Row, Sql, args};
use testkit::{Client, Engine, Networks, TestServer, on_server, totp};
use uuid::Uuid;

use crate::support::shop;

const PHONE: &str = "13800138000";
const OTHER_PHONE: &str = "13900139000";

/// The database belongs to the key that the server has, as after its first start.
pub async fn claim(server: &TestServer) {
    assert_eq!(installation::claim_key(&server.platform.db, &server.platform.vault).await.unwrap(), KeyCheck::Right);
}

/// From the key of `server` to that of `cx`.
async fn change(server: &TestServer, cx: &Cx) -> Result<(), Fault> {
    let mut tx = cx.db.begin().await?;
    rekey::rekey(&mut tx, cx, &server.platform.vault, &[&licensing::rekey::PART, &venue::rekey::PART], &|_, _| {}).await?;
    Ok(tx.commit().await?)
}

/// The same database under another key, and a server that was started with it since.
pub async fn rekeyed(server: &TestServer, master: [u8; 32]) -> TestServer {
    let making = TestServer::under(server.test_db.another().await, master).await;
    making.clock.step(server.clock.now().micros() - making.clock.now().micros() + MINUTE);
    change(server, &making.cx()).await.unwrap();
    let next = TestServer::under(server.test_db.another().await, master).await;
    next.clock.step(making.clock.now().micros() - next.clock.now().micros() + MINUTE);
    next
}

async fn refused(server: &TestServer) -> Fault {
    let making = TestServer::under(server.test_db.another().await, [43; 32]).await;
    change(server, &making.cx()).await.unwrap_err()
}

async fn exec(server: &TestServer, sql: &str, args: Vec<store::Value>) {
    let mut tx = server.platform.db.begin().await.unwrap();
    assert!(tx.exec(sql, args).await.unwrap() > 0, "{sql} changed nothing");
    tx.commit().await.unwrap();
}

async fn count(server: &TestServer, table: &str) -> i64 {
    let sql = format!("SELECT CAST(COUNT(*) AS BIGINT) AS n FROM {table}");
    server.platform.db.read().one(&sql, args![], |row| row.get("n")).await.unwrap()
}

/// Sets the second factor up; answers the secret and a recovery code.
async fn enrol(server: &TestServer, user: &Client, name: &str) -> (String, String) {
    let setup = user.post("/api/v1/me/second-factor", json!({})).await.ok(200);
    let secret = setup["secret"].as_str().unwrap().to_owned();
    let proof = json!({"password": format!("password-of-{name}"), "code": totp(&secret, server.clock.now())});
    let codes = user.post("/api/v1/me/second-factor/confirm", proof).await.ok(200);
    (secret, codes["recovery_codes"][0].as_str().unwrap().to_owned())
}

fn withdrawal() -> Value {
    json!({"amount": 400, "payee_name": "王小明", "payee_account": "6222 0200 1234 5678", "payee_bank": "工商银行", "note": ""})
}

/// A lamp's name on the broker, and its password.
async fn lamp(manager: &Client) -> (String, String) {
    let hall =
        json!({"name": "旗舰店", "time_zone": "Asia/Shanghai", "tariff": {"per_hour": 3_600, "unit_minutes": 1, "grace_minutes": 3}});
    let hall = manager.post_once("hall-0001", "/api/v1/venues", hall).await.ok(201);
    let path = format!("/api/v1/venues/{}/tables", hall["id"].as_str().unwrap());
    let table = manager.post_once("table-0001", &path, json!({"name": "1 号台"})).await.ok(201);
    let device = json!({"table_id": table["id"], "driver": "tasmota", "name": "灯"});
    let device = manager.post("/api/v1/devices", device).await.ok(201);
    (device["user"].as_str().unwrap().to_owned(), device["password"].as_str().unwrap().to_owned())
}

/// Every key is found by its text.
async fn all_keys_are_found(server: &TestServer, expected: usize) {
    let read = |row: &Row| Ok((row.get::<ProjectId>("project_id")?, row.get::<Vec<u8>>("sealed")?, row.get::<Uuid>("lookup")?));
    let rows = server.platform.db.read().all("SELECT project_id, sealed, lookup FROM keys", args![], read).await.unwrap();
    assert_eq!(rows.len(), expected);
    for (project, sealed, lookup) in rows {
        let text = keys::open(&server.platform.vault, &sealed).unwrap();
        assert_eq!(keys::lookup(&server.platform.vault, project, text), lookup);
    }
}

/// As many as are read at once, and more.
const MANY: usize = 1_100;

async fn everything(engine: Engine) {
    let server = &TestServer::start(engine).await;
    claim(server).await;
    let _networks = Networks::open(server).await;
    let shop = shop(server).await;
    let (root, agent, program) = (&shop.root, &shop.agent, &shop.program);
    let (used, unused) = (shop.key().await, shop.key().await);
    shop.batch(i64::try_from(MANY).unwrap(), "minute", 5).await;
    assert_eq!(program.code(&used, "device-a").await, "VALID");
    let project = format!("/api/v1/projects/{}", program.project);
    let rotated = root.post(&format!("{project}/rotate-secret"), json!({"overlap_hours": 6})).await.ok(200);
    let callback = json!({"url": "http://127.0.0.1:1/", "events": ["key.activated"]});
    let callback = root.put(&format!("{project}/callback"), callback).await.ok(200)["secret"].as_str().unwrap().to_owned();
    let made = root.post_once("project-1", "/api/v1/projects", json!({"name": "P"})).await.ok(201);
    let asked = agent.post_once("withdraw-1", "/api/v1/withdrawals", withdrawal()).await.ok(201);
    let channels = root.get("/api/v1/payments/channels").await.ok(200);
    let bob = server.user(Role::Agent, "bob").await;
    let (secret, recovery) = enrol(server, &bob, "bob").await;
    let customer = server.sign_in_by_phone(&server.visitor(), PHONE).await;
    let token = customer["token"].as_str().unwrap();
    let (user, password) = lamp(&server.user(Role::VenueManager, "manager").await).await;
    let mut tx = server.platform.db.begin().await.unwrap();
    for n in 0..MANY {
        audit::record(&mut tx, &server.cx(), &audit::SETTING_CHANGED, None, &json!({ "n": n })).await.unwrap();
    }
    tx.commit().await.unwrap();
    audit::seal(&server.platform.db, &server.platform.vault).await.unwrap();
    // These wait, and the last of the log has no place in the chain yet.
    let fixer = json!({"name": "fixer", "email": "fixer@example.com", "role": "maintainer", "initial_quota": 0});
    root.post_once("user-0001", "/api/v1/users", fixer).await.ok(201);
    server.visitor().post("/customer/v1/phone-codes", json!({"phone": OTHER_PHONE})).await.ok(202);

    let second = rekeyed(server, [43; 32]).await;
    let next = &rekeyed(&second, [44; 32]).await;

    let db = &next.platform.db;
    for (of, right) in [(server, false), (&second, false), (next, true)] {
        let found = installation::check_key(db, &of.platform.vault).await.unwrap();
        assert_eq!(found, Some(if right { KeyCheck::Right } else { KeyCheck::Wrong }));
    }
    // Programs, with the secret of before the rotation and with the new one.
    let before = program.at(next);
    assert_eq!(before.code(&used, "device-a").await, "VALID");
    let mut after = before.clone();
    after.secret = rotated["secret"].as_str().unwrap().to_owned();
    assert_eq!(
        (after.code(&unused, "device-b").await.as_str(), after.code(&used, "device-b").await.as_str()),
        ("VALID", "DEVICE_MISMATCH")
    );
    all_keys_are_found(next, MANY + 2).await;
    let sealed: Vec<u8> = db
        .read()
        .one("SELECT callback_secret FROM projects WHERE callback_secret IS NOT NULL", args![], |row| row.get("callback_secret"))
        .await
        .unwrap();
    assert_eq!(Secrets::open(&next.platform.vault, &sealed).unwrap().current(), callback);
    // People: whoever was signed in is not, and the authenticator's codes are as they were.
    next.visitor().with_token(root.token().unwrap()).get("/api/v1/me").await.refused(401, "SESSION_INVALID");
    next.visitor().with_token(token).get("/customer/v1/me").await.refused(401, "SESSION_INVALID");
    let attempt = |code: String| {
        let (visitor, body) = (next.visitor(), json!({"name": "bob", "password": "password-of-bob", "totp": code}));
        async move { visitor.post("/api/v1/session", body).await }
    };
    attempt(recovery).await.refused(401, "SECOND_FACTOR_WRONG");
    attempt(totp(&secret, next.clock.now())).await.ok(200);
    assert_eq!(next.told(bob.id()).await, ["account.recovery_codes_ended"]);
    let (root, agent) = (next.session_of(root.id()).await, next.session_of(agent.id()).await);
    // What was answered once is answered so again.
    let again = root.post_once("project-1", "/api/v1/projects", json!({"name": "P"})).await.ok(201);
    assert_eq!((&again["secret"], &again["project"]["id"]), (&made["secret"], &made["project"]["id"]));
    assert_eq!(agent.post_once("withdraw-1", "/api/v1/withdrawals", withdrawal()).await.ok(201), asked);
    let path = format!("/api/v1/withdrawals/{}", asked["id"].as_str().unwrap());
    assert_eq!(agent.get(&path).await.ok(200)["payee_account"], "6222 0200 1234 5678");
    assert_eq!(root.get("/api/v1/payments/channels").await.ok(200), channels);
    // A number is its customer's, and what waited goes out.
    assert_eq!(next.sign_in_by_phone(&next.visitor(), PHONE).await["customer"]["id"], customer["customer"]["id"]);
    assert_eq!(next.code_of(OTHER_PHONE).await.len(), 6);
    assert!(next.mails("fixer@example.com").await.iter().any(|(_, text)| text.contains("fixer")));
    // Lamps come in by the passwords that they have.
    assert!(venue::devices::admit(&next.cx(), &user, password.as_bytes()).await.unwrap().is_some());
    assert!(venue::devices::admit(&next.cx(), &user, b"another").await.unwrap().is_none());
    let changed = next.logged().await.into_iter().filter(|line| line.what == "settings.master_key_changed").count();
    assert_eq!(changed, 2);
    let checked = audit::check(db, &next.platform.vault, next.clock.now()).await.unwrap();
    assert!(checked.problems.is_empty() && checked.lines > i64::try_from(MANY).unwrap(), "{checked:?}");
    assert!(!audit::check(db, &server.platform.vault, next.clock.now()).await.unwrap().problems.is_empty());
    next.check().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_master_key_has_all_that_was_under_the_old_one_sqlite() {
    Box::pin(everything(Engine::Sqlite)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_master_key_has_all_that_was_under_the_old_one_postgres() {
    Box::pin(everything(Engine::Postgres)).await;
}

/// All that a change would write.
async fn kept(server: &TestServer) -> Vec<(String, Vec<u8>)> {
    let sql = "SELECT name AS place, value FROM installation UNION ALL SELECT name AS place, totp_secret AS value FROM users WHERE totp_secret IS NOT NULL \
               UNION ALL SELECT api_key AS place, secret AS value FROM projects UNION ALL SELECT 'payee' AS place, payee AS value FROM withdrawals \
               UNION ALL SELECT detail AS place, mac AS value FROM operations";
    let read = |row: &Row| Ok((row.get::<String>("place")?, row.get::<Vec<u8>>("value")?));
    let mut all = server.platform.db.read().all(sql, args![], read).await.unwrap();
    all.sort();
    all
}

on_server! {
    async fn a_value_that_does_not_open_is_named_and_nothing_is_changed(server) {
        claim(server).await;
        let shop = shop(server).await;
        let key = shop.key().await;
        enrol(server, &shop.root, "root").await;
        shop.agent.post_once("withdraw-1", "/api/v1/withdrawals", withdrawal()).await.ok(201);
        exec(server, "UPDATE withdrawals SET payee = $1", args![vec![1_u8; 60]]).await;
        let id: Uuid = server.platform.db.read().one("SELECT id FROM withdrawals", args![], |row| row.get("id")).await.unwrap();
        let (before, sessions) = (kept(server).await, count(server, "sessions").await);
        let fault = refused(server).await;
        assert_eq!(fault.code, "SEALED_VALUE_DAMAGED");
        for text in [&fault.zh, &fault.en] {
            assert!(text.contains("withdrawals") && text.contains(&id.to_string()), "{text}");
        }
        assert_eq!((kept(server).await, count(server, "sessions").await), (before, sessions));
        assert_eq!(shop.program.code(&key, "device-a").await, "VALID");
    }

    async fn a_kept_answer_that_does_not_open_is_named(server) {
        claim(server).await;
        let root = server.user(Role::SuperAdmin, "root").await;
        root.post_once("project-1", "/api/v1/projects", json!({"name": "P"})).await.ok(201);
        let other = data_encoding::BASE64.encode(&[1_u8; 60]);
        exec(server, "UPDATE idempotency SET answer = $1", args![json!(other).to_string()]).await;
        let fault = refused(server).await;
        assert!(fault.code == "SEALED_VALUE_DAMAGED" && fault.en.contains("project-1") && fault.en.contains("idempotency"), "{fault}");
    }

    async fn an_operation_log_that_is_not_whole_is_not_sealed_anew(server) {
        claim(server).await;
        let root = server.user(Role::SuperAdmin, "root").await;
        root.post_once("project-1", "/api/v1/projects", json!({"name": "P"})).await.ok(201);
        audit::seal(&server.platform.db, &server.platform.vault).await.unwrap();
        server.log_was_spoiled.store(true, Ordering::Relaxed);
        exec(server, "UPDATE operations SET detail = '{}' WHERE seq = 1", args![]).await;
        let before = kept(server).await;
        let fault = refused(server).await;
        assert!(fault.code == "OPERATION_LOG_NOT_WHOLE" && fault.en.contains("line 1 "), "{fault}");
        assert_eq!(kept(server).await, before);
    }

    async fn another_key_than_the_databases_changes_nothing(server) {
        claim(server).await;
        let root = server.user(Role::SuperAdmin, "root").await;
        root.post_once("project-1", "/api/v1/projects", json!({"name": "P"})).await.ok(201);
        let before = kept(server).await;
        let stranger = TestServer::under(server.test_db.another().await, [7; 32]).await;
        let making = TestServer::under(server.test_db.another().await, [43; 32]).await;
        assert_eq!(change(&stranger, &making.cx()).await.unwrap_err().code, "MASTER_KEY_CHANGED");
        assert_eq!(kept(server).await, before);
    }
}
