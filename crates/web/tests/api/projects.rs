//! K2.1: projects.

use licensing::projects::{ProjectId, RESPONSE_SEED, SECRET, TOPIC};
use platform::identity::Role;
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde_json::{Value, json};
use store::{Sql, args};
use testkit::{Client, TestServer, on_server};

const URL: &str = "/api/v1/projects";

fn form(name: &str) -> Value {
    json!({
        "name": name, "description": "两行\n说明", "version": "1.2", "parameters": {"channel": "stable", "说明": ""},
        "devices_per_key": 2, "unbind_limit": 3, "rate_per_minute": 600,
        "prices": [{"unit": "forever", "count": 0, "price": 100}, {"unit": "day", "count": 30, "price": 10}, {"unit": "day", "count": 7, "price": 3}],
        "open_for_application": true,
    })
}

fn with(name: &str, field: &str, value: Value) -> Value {
    let mut form = form(name);
    form[field] = value;
    form
}

async fn create(root: &Client, name: &str) -> String {
    root.post(URL, form(name)).await.ok(201)["project"]["id"].as_str().unwrap().to_owned()
}

async fn secrets(server: &TestServer, id: &str) -> (String, Option<String>) {
    let id: ProjectId = id.parse().unwrap();
    let sql = "SELECT secret, previous_secret FROM projects WHERE id = $1";
    let read = |row: &store::Row| Ok((row.get::<Vec<u8>>("secret")?, row.get::<Option<Vec<u8>>>("previous_secret")?));
    let (now, before) = server.platform.db.read().one(sql, args![id], read).await.unwrap();
    let open = |sealed: Vec<u8>| server.platform.vault.open_text(SECRET, &sealed).unwrap().to_string();
    (open(now), before.map(open))
}

async fn log(server: &TestServer) -> String {
    let sql = "SELECT module, action, detail FROM operations ORDER BY id";
    let line = |row: &store::Row| {
        Ok(format!("{}.{} {}", row.get::<String>("module")?, row.get::<String>("action")?, row.get::<String>("detail")?))
    };
    server.platform.db.read().all(sql, args![], line).await.unwrap().join("\n")
}

on_server! {
    async fn k2_1_a_project_is_created_active_with_key_and_secret_shown_once(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        let before = store::topics::number(&server.platform.db, TOPIC);
        let created = root.post(URL, form("演示 Demo")).await.ok(201);
        let project = &created["project"];
        let (api_key, secret) = (project["api_key"].as_str().unwrap(), created["secret"].as_str().unwrap());
        assert!(project["id"].as_str().unwrap().starts_with("prj_"));
        assert_eq!((api_key.len(), &api_key[..3]), (27, "pk_"));
        assert_eq!((secret.len(), &secret[..3]), (46, "sk_"));
        assert_eq!(project["state"], "active");
        assert_eq!(project["key_counts"], json!({"unused": 0, "active": 0, "expired": 0, "disabled": 0, "most": 1_000_000}));
        assert_eq!(project["callback"], json!({"url": null, "events": ["key.activated", "key.refused", "key.expired", "key.unbound", "batch.created"]}));
        let mut sent = form("演示 Demo");
        sent["prices"] = json!([{"unit": "day", "count": 7, "price": 3}, {"unit": "day", "count": 30, "price": 10}, {"unit": "forever", "count": 0, "price": 100}]);
        for (field, value) in sent.as_object().unwrap() {
            assert_eq!(&project[field], value, "{field}");
        }

        // Nowhere else: not in a later answer, not in the log, and in the table only sealed.
        let id = project["id"].as_str().unwrap();
        let seen = root.get(&format!("{URL}/{id}")).await;
        assert!(!seen.text().contains(secret));
        assert_eq!(seen.ok(200)["key_counts"], json!({"unused": 0, "active": 0, "expired": 0, "disabled": 0, "most": 1_000_000}));
        assert_eq!(secrets(server, id).await, (secret.to_owned(), None));
        let log = log(server).await;
        assert!(log.contains("projects.created") && !log.contains(secret), "{log}");
        assert_eq!(store::topics::number(&server.platform.db, TOPIC), before + 1);

        // The public key belongs to the sealed seed.
        let sql = "SELECT response_seed FROM projects";
        let sealed: Vec<u8> = server.platform.db.read().one(sql, args![], |row| row.get("response_seed")).await.unwrap();
        let seed = server.platform.vault.open(RESPONSE_SEED, &sealed).unwrap();
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).unwrap();
        let public = data_encoding::BASE64.encode(pair.public_key().as_ref());
        assert_eq!(project["response_public_key"], public);
    }

    async fn k2_1_a_name_and_the_usual_values_are_enough(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        let project = root.post(URL, json!({"name": "small"})).await.ok(201)["project"].clone();
        assert_eq!((&project["devices_per_key"], &project["unbind_limit"], &project["prices"]), (&json!(1), &Value::Null, &json!([])));
        assert_eq!(project["open_for_application"], false);
    }

    async fn k2_1_names_are_unique_in_any_spelling(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        create(&root, "Alpha One").await;
        let other = create(&root, "Beta").await;
        for name in ["alpha one", "ＡＬＰＨＡ　ｏｎｅ", "  Alpha One  "] {
            root.post(URL, form(name)).await.refused_field("name", "NAME_TAKEN");
            root.patch(&format!("{URL}/{other}"), json!({"name": name})).await.refused_field("name", "NAME_TAKEN");
        }
        // Its own name in another spelling is no other's.
        assert_eq!(root.patch(&format!("{URL}/{other}"), json!({"name": "BETA"})).await.ok(200)["name"], "BETA");
        let both = tokio::join!(root.post(URL, form("Gamma")), root.post(URL, form("GAMMA")));
        let mut statuses = [both.0.status.as_u16(), both.1.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 422]);
    }

    async fn k2_1_each_field_has_its_bounds(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        let price = |unit: &str, count: i64, price: i64| json!([{"unit": unit, "count": count, "price": price}]);
        let many: serde_json::Map<String, Value> = (0..51).map(|n| (n.to_string(), json!(""))).collect();
        let wrong = [
            ("name", json!(" "), "name", "REQUIRED"),
            ("name", json!("长".repeat(10_000)), "name", "TOO_LONG"),
            ("name", json!("a\u{202e}b"), "name", "CHARACTERS"),
            ("description", json!("d".repeat(2_001)), "description", "TOO_LONG"),
            ("version", json!("1\n2"), "version", "CHARACTERS"),
            ("parameters", Value::Object(many), "parameters", "TOO_MANY"),
            ("parameters", json!({"": "x"}), "parameters.", "REQUIRED"),
            ("parameters", json!({"k": "v".repeat(1_001)}), "parameters.k", "TOO_LONG"),
            ("parameters", json!({"k": "1", " k ": "2"}), "parameters.k", "DUPLICATE"),
            ("devices_per_key", json!(0), "devices_per_key", "OUT_OF_RANGE"),
            ("devices_per_key", json!(101), "devices_per_key", "OUT_OF_RANGE"),
            ("unbind_limit", json!(-1), "unbind_limit", "OUT_OF_RANGE"),
            ("unbind_limit", json!(1_001), "unbind_limit", "OUT_OF_RANGE"),
            ("rate_per_minute", json!(10_000_001), "rate_per_minute", "OUT_OF_RANGE"),
            ("prices", price("forever", 1, 1), "prices[0].count", "OUT_OF_RANGE"),
            ("prices", price("minute", 525_601, 1), "prices[0].count", "OUT_OF_RANGE"),
            ("prices", price("hour", 87_601, 1), "prices[0].count", "OUT_OF_RANGE"),
            ("prices", price("day", 0, 1), "prices[0].count", "OUT_OF_RANGE"),
            ("prices", price("month", 1_201, 1), "prices[0].count", "OUT_OF_RANGE"),
            ("prices", price("day", 1, -1), "prices[0].price", "OUT_OF_RANGE"),
            ("prices", price("day", 1, 1_000_000_001), "prices[0].price", "OUT_OF_RANGE"),
            ("prices", json!([{"unit": "day", "count": 1, "price": 1}, {"unit": "day", "count": 1, "price": 2}]), "prices[1]", "DUPLICATE"),
            ("prices", price("week", 1, 1), "prices[0].unit", "INVALID"),
            ("prices", json!([{"unit": "day", "count": 1, "price": 1, "currency": "CNY"}]), "prices[0].currency", "INVALID"),
            ("devices_per_key", json!(1.5), "devices_per_key", "INVALID"),
            ("rate_per_minute", json!(9_223_372_036_854_775_808_u64), "rate_per_minute", "INVALID"),
            ("secret", json!("sk_mine"), "secret", "INVALID"),
        ];
        let id = create(&root, "there").await;
        for (field, value, named, code) in wrong {
            root.post(URL, with("new", field, value.clone())).await.refused_field(named, code);
            root.patch(&format!("{URL}/{id}"), json!({field: value})).await.refused_field(named, code);
        }
        for field in ["name", "description", "parameters", "prices", "open_for_application"] {
            root.patch(&format!("{URL}/{id}"), json!({field: null})).await.refused_field(field, "INVALID");
        }
        // All at once, and nothing was changed.
        let all = json!({"name": "", "devices_per_key": 0, "rate_per_minute": 0});
        assert_eq!(root.post(URL, all).await.refused(422, "INVALID")["errors"].as_array().unwrap().len(), 3);
        assert_eq!(root.get(URL).await.ok(200)["items"].as_array().unwrap().len(), 1);
        assert_eq!(root.get(&format!("{URL}/{id}")).await.ok(200)["name"], "there");
    }

    async fn k2_1_hostile_text_is_only_text(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        let text = "<script>alert('1')</script>'; DROP TABLE projects; --";
        let form = json!({"name": text, "description": text, "parameters": {text: text}});
        let project = root.post(URL, form).await.ok(201)["project"].clone();
        assert_eq!((&project["name"], &project["description"], &project["parameters"][text]), (&json!(text), &json!(text), &json!(text)));
        // What LIKE would take for a pattern finds only itself.
        create(&root, "50%_off\\").await;
        for (search, found) in [("%25", 1), ("_", 1), ("%5C", 1), ("';%20drop", 1), ("%EF%BC%95%EF%BC%90", 1), ("zzz", 0), ("", 2)] {
            let page = root.get(&format!("{URL}?search={search}")).await.ok(200);
            assert_eq!(page["items"].as_array().unwrap().len(), found, "{search}");
        }
        root.get(&format!("{URL}?search={}", "x".repeat(500))).await.refused_field("search", "TOO_LONG");
        root.get(&format!("{URL}?owner=1")).await.refused(422, "INVALID");
        root.get(&format!("{URL}?state=gone")).await.refused(422, "INVALID");
        root.get(&format!("{URL}?cursor=gone")).await.refused_field("cursor", "CURSOR_INVALID");
    }

    async fn k2_1_a_change_touches_what_it_names_and_is_logged(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        let id = create(&root, "changing").await;
        let url = format!("{URL}/{id}");
        let topic = || store::topics::number(&server.platform.db, TOPIC);
        let before = topic();
        let same = root.patch(&url, json!({"version": "1.2"})).await.ok(200);
        assert_eq!((topic(), &same["version"]), (before, &json!("1.2")));
        let changed = root.patch(&url, json!({"version": "2.0", "prices": [{"unit": "month", "count": 1, "price": 0}]})).await.ok(200);
        assert_eq!((&changed["version"], &changed["unbind_limit"], &changed["name"]), (&json!("2.0"), &json!(3), &json!("changing")));
        assert_eq!(changed["prices"], json!([{"unit": "month", "count": 1, "price": 0}]));
        assert_eq!(topic(), before + 1);
        assert_eq!(root.patch(&url, json!({"unbind_limit": null})).await.ok(200)["unbind_limit"], Value::Null);
        assert_eq!(root.patch(&url, json!({"unbind_limit": 0})).await.ok(200)["unbind_limit"], 0);
        let log = log(server).await;
        assert!(log.contains(r#""version":{"new":"2.0","old":"1.2"}"#) || log.contains(r#""version":{"old":"1.2","new":"2.0"}"#), "{log}");
        assert_eq!(log.matches("projects.changed").count(), 3);
    }

    async fn k2_1_of_two_who_change_a_project_at_once_the_second_is_told_and_overwrites_nothing(server) {
        let (root, other) = (server.user(Role::SuperAdmin, "root").await, server.user(Role::SuperAdmin, "other").await);
        let url = format!("{URL}/{}", create(&root, "shared").await);
        let revision = async || root.get(&url).await.ok(200)["revision"].as_i64().unwrap();
        assert_eq!(revision().await, 1);
        let first = root.patch(&url, json!({"description": "first", "revision": 1})).await.ok(200);
        assert_eq!((&first["description"], &first["revision"]), (&json!("first"), &json!(2)));
        other.patch(&url, json!({"description": "second", "version": "9", "revision": 1})).await.refused(409, "CHANGED_MEANWHILE");
        let now = root.get(&url).await.ok(200);
        assert_eq!((&now["description"], &now["version"]), (&json!("first"), &json!("1.2")));
        assert_eq!(log(server).await.matches("projects.changed").count(), 1);

        // The callback is the project's, too, and so are the prices. What changes nothing, and what is no form, is not counted.
        let callback = |revision: i64| json!({"url": "https://owner.example/hook", "events": [], "revision": revision});
        other.put(&format!("{url}/callback"), callback(1)).await.refused(409, "CHANGED_MEANWHILE");
        other.put(&format!("{url}/callback"), callback(2)).await.ok(200);
        root.patch(&url, json!({"prices": [], "revision": 2})).await.refused(409, "CHANGED_MEANWHILE");
        root.patch(&url, json!({"description": "first", "revision": 3})).await.ok(200);
        root.post(&format!("{url}/disable"), json!({})).await.ok(200);
        root.post(&format!("{url}/rotate-secret"), json!({"overlap_hours": 1})).await.ok(200);
        assert_eq!(revision().await, 3);
        // A program that sets one thing need not look first.
        root.patch(&url, json!({"version": "2"})).await.ok(200);
        other.put(&format!("{url}/callback"), json!({"url": null, "events": []})).await.ok(200);
        assert_eq!(revision().await, 5);
        root.patch(&url, json!({"version": "3", "revision": null})).await.refused_field("revision", "INVALID");

        let both = tokio::join!(
            root.patch(&url, json!({"version": "4", "revision": 5})),
            other.patch(&url, json!({"version": "5", "revision": 5})),
        );
        let mut statuses = [both.0.status.as_u16(), both.1.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!((statuses, revision().await), ([200, 409], 6));
    }

    async fn k2_1_a_project_is_switched_off_and_on_again(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        let id = create(&root, "switched").await;
        let before = store::topics::number(&server.platform.db, TOPIC);
        for _ in 0..2 {
            assert_eq!(root.post(&format!("{URL}/{id}/disable"), json!({})).await.ok(200)["state"], "disabled");
        }
        assert_eq!(store::topics::number(&server.platform.db, TOPIC), before + 1);
        assert_eq!(root.get(&format!("{URL}?state=disabled")).await.ok(200)["items"][0]["id"], json!(id));
        assert_eq!(root.get(&format!("{URL}?state=active")).await.ok(200)["items"], json!([]));
        assert_eq!(root.post(&format!("{URL}/{id}/enable"), json!({})).await.ok(200)["state"], "active");
        let log = log(server).await;
        assert_eq!((log.matches("projects.disabled").count(), log.matches("projects.enabled").count()), (1, 1));
    }

    async fn k2_1_a_rotated_secret_overlaps_for_as_long_as_was_asked(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        let created = root.post(URL, form("rotating")).await.ok(201);
        let (id, first) = (created["project"]["id"].as_str().unwrap(), created["secret"].as_str().unwrap());
        let url = format!("{URL}/{id}/rotate-secret");
        for hours in [json!(-1), json!(721)] {
            root.post(&url, json!({"overlap_hours": hours})).await.refused_field("overlap_hours", "OUT_OF_RANGE");
        }
        root.post(&url, json!({})).await.refused(422, "INVALID");
        let topic = store::topics::number(&server.platform.db, TOPIC);
        let rotated = root.post(&url, json!({"overlap_hours": 6})).await.ok(200);
        let second = rotated["secret"].as_str().unwrap().to_owned();
        assert_ne!(second, first);
        assert_eq!(secrets(server, id).await, (second.clone(), Some(first.to_owned())));
        assert_eq!(store::topics::number(&server.platform.db, TOPIC), topic + 1);
        let shown = |project: Value| project["previous_secret_valid_until"].clone();
        assert_eq!(shown(root.get(&format!("{URL}/{id}")).await.ok(200)), rotated["previous_valid_until"]);
        assert!(rotated["previous_valid_until"].as_str().unwrap().starts_with("2026-11-21T14:00:00"));
        server.clock.step(6 * kernel::HOUR);
        assert_eq!(shown(root.get(&format!("{URL}/{id}")).await.ok(200)), Value::Null);
        // Without overlap the old one is gone at once.
        let third = root.post(&url, json!({"overlap_hours": 0})).await.ok(200);
        assert_eq!(third["previous_valid_until"], Value::Null);
        assert_eq!(secrets(server, id).await, (third["secret"].as_str().unwrap().to_owned(), None));
        let log = log(server).await;
        assert!(log.contains("projects.secret_rotated"));
        assert!([first, second.as_str(), third["secret"].as_str().unwrap()].iter().all(|secret| !log.contains(secret)));
    }

    async fn k2_1_only_super_admins_make_and_change_projects(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        let id = create(&root, "guarded").await;
        for role in [Role::AgentAdmin, Role::Agent, Role::VenueManager, Role::Maintainer, Role::Cashier] {
            let user = server.user(role, kernel::Word::as_str(role)).await;
            user.post(URL, form("mine")).await.refused(403, "FORBIDDEN");
            user.patch(&format!("{URL}/{id}"), json!({"version": "9"})).await.refused(403, "FORBIDDEN");
            for verb in ["enable", "disable", "lift-ban"] {
                user.post(&format!("{URL}/{id}/{verb}"), json!({})).await.refused(403, "FORBIDDEN");
            }
            user.post(&format!("{URL}/{id}/rotate-secret"), json!({"overlap_hours": 1})).await.refused(403, "FORBIDDEN");
        }
        server.visitor().get(URL).await.refused(401, "SIGN_IN_REQUIRED");
        server.visitor().post(URL, form("mine")).await.refused(401, "SIGN_IN_REQUIRED");
        for id in ["prj_01h455vb4pex5vsknk084sn02q", "usr_01h455vb4pex5vsknk084sn02q", "1", "%27"] {
            root.get(&format!("{URL}/{id}")).await.refused(404, "NOT_FOUND");
            root.patch(&format!("{URL}/{id}"), json!({"version": "9"})).await.refused(404, "NOT_FOUND");
            root.post(&format!("{URL}/{id}/disable"), json!({})).await.refused(404, "NOT_FOUND");
            root.post(&format!("{URL}/{id}/rotate-secret"), json!({"overlap_hours": 1})).await.refused(404, "NOT_FOUND");
        }
    }

    async fn k2_1_a_project_is_not_there_for_an_agent_until_it_is_granted(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        let id = create(&root, "ungranted").await;
        for role in [Role::Agent, Role::AgentAdmin] {
            let user = server.user(role, kernel::Word::as_str(role)).await;
            assert_eq!(user.get(URL).await.ok(200)["items"], json!([]));
            user.get(&format!("{URL}/{id}")).await.refused(404, "NOT_FOUND");
        }
        server.user(Role::VenueManager, "venue").await.get(URL).await.refused(403, "FORBIDDEN");
    }

    async fn k2_1_lists_page_newest_first(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        for n in 0..5 {
            create(&root, &format!("p{n}")).await;
        }
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = root.get(&format!("{URL}?limit=2&cursor={cursor}")).await.ok(200);
            seen.extend(page["items"].as_array().unwrap().iter().map(|project| project["name"].as_str().unwrap().to_owned()));
            match page["next_cursor"].as_str() {
                Some(next) => cursor = next.to_owned(),
                None => break,
            }
        }
        assert_eq!(seen, ["p4", "p3", "p2", "p1", "p0"]);
    }
}
