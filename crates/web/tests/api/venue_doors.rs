//! Who may what in a hall: customers see their own, staff their halls, and neither's token opens the other's doors.

use platform::identity::Role;
use serde_json::{Value, json};
use testkit::{Client, Hall, TestServer, on_server};

/// A hall of this manager's with one table, whose light nobody has set up; and the table.
async fn printed(manager: &Client) -> Value {
    let hall = json!({"name": "旗舰店", "time_zone": "Asia/Shanghai", "tariff": {"per_hour": 3_600, "unit_minutes": 1}});
    let hall = manager.post_once("hall-0001", "/api/v1/venues", hall).await.ok(201);
    let path = format!("/api/v1/venues/{}/tables", hall["id"].as_str().unwrap());
    manager.post_once("table-0001", &path, json!({"name": "1 号台"})).await.ok(201)
}

/// What is said to whoever scans this, without what is another one each time.
async fn unknown(who: &Client, code: &str) -> Value {
    let mut told = who.get(&format!("/customer/v1/codes/{code}")).await.refused(404, "CODE_UNKNOWN");
    told["request_id"] = Value::Null;
    told
}

on_server! {
    async fn v2_2_a_guest_is_known_by_its_token_alone(server) {
        let welcome = server.visitor().post("/customer/v1/guests", json!({})).await.ok(201);
        let guest = server.visitor().with_token(welcome["token"].as_str().unwrap());
        let me = guest.get("/customer/v1/me").await.ok(200);
        assert_eq!((me["id"].clone(), me["guest"].clone(), me["available_fen"].clone()), (welcome["customer"]["id"].clone(), json!(true), json!(0)));
        guest.get("/api/v1/me").await.refused(401, "SESSION_INVALID");
        server.visitor().get("/customer/v1/me").await.refused(401, "SIGN_IN_REQUIRED");
        server.visitor().with_token("ckc_nonsense").get("/customer/v1/me").await.refused(401, "SESSION_INVALID");
        guest.post("/customer/v1/sign-out", json!({})).await.ok(204);
        guest.get("/customer/v1/me").await.refused(401, "SESSION_INVALID");
    }

    async fn v2_1_a_customer_sees_only_its_own(server) {
        let hall = Hall::open(server, 1).await;
        let (one, other) = (hall.customer(10_000).await, hall.customer(10_000).await);
        let playing = hall.play(&one, 0, 60).await;
        let path = format!("/customer/v1/sessions/{}", playing["id"].as_str().unwrap());
        other.get(&path).await.refused(404, "NOT_FOUND");
        other.get(&format!("{path}/extension?minutes=30")).await.refused(404, "NOT_FOUND");
        other.post(&format!("{path}/close"), json!({})).await.refused(404, "NOT_FOUND");
        let more = json!({"minutes": 30, "expected_fen": 1_800});
        other.post_once("more-0001", &format!("{path}/extend"), more).await.refused(404, "NOT_FOUND");
        assert_eq!(other.get("/customer/v1/sessions").await.ok(200)["items"], json!([]));
        assert_eq!(other.get("/customer/v1/session").await.ok(200)["session"], json!(null));
        let seen = other.get(&format!("/customer/v1/tables/{}", hall.tables[0].id)).await.ok(200);
        assert_eq!((seen["why_not"]["code"].clone(), seen["session_id"].clone(), seen["table"]["mine"].clone()), (json!("TABLE_BUSY"), json!(null), json!(false)));
        assert_eq!(one.get("/customer/v1/session").await.ok(200)["session"]["id"], playing["id"]);
    }

    async fn v5_1_staff_of_another_hall_sees_and_does_nothing_here(server) {
        let hall = Hall::open(server, 1).await;
        let (table, device) = (&hall.tables[0].id, &hall.tables[0].device);
        let other = server.user(Role::VenueManager, "elsewhere").await;
        assert_eq!(other.get("/api/v1/venues").await.ok(200)["items"], json!([]));
        other.get(&format!("/api/v1/venues/{}/floor", hall.id)).await.refused(404, "NOT_FOUND");
        other.get(&format!("/api/v1/devices/{device}/log")).await.refused(404, "NOT_FOUND");
        other.post_once("table-0001", &format!("/api/v1/venues/{}/tables", hall.id), json!({"name": "x"})).await.refused(404, "NOT_FOUND");
        other.post(&format!("/api/v1/devices/{device}/password"), json!({})).await.refused(404, "NOT_FOUND");
        other.post("/api/v1/devices", json!({"table_id": table, "driver": "tasmota", "name": "x"})).await.refused(404, "NOT_FOUND");
        for (what, body) in [("code", json!({})), ("out-of-service", json!({"note": "x"})), ("in-service", json!({"note": ""})), ("close", json!({"why": "x"}))] {
            other.post(&format!("/api/v1/tables/{table}/{what}"), body).await.refused(404, "NOT_FOUND");
        }
        other.put(&format!("/api/v1/tables/{table}/light"), json!({"on": true, "minutes": 1, "why": "x"})).await.refused(404, "NOT_FOUND");
        other.delete(&format!("/api/v1/tables/{table}/light")).await.refused(404, "NOT_FOUND");
        let root = server.user(Role::SuperAdmin, "root").await;
        assert_eq!(root.get("/api/v1/venues").await.ok(200)["items"][0]["id"], hall.id);
    }

    async fn v5_1_a_floor_on_a_live_page_hears_of_what_happens_there(server) {
        let hall = Hall::open(server, 1).await;
        let customer = hall.customer(10_000).await;
        let mut live = hall.manager.live("/events").await;
        assert_eq!(live.event().await.0, "unread");
        let ask = json!({"minutes": 60, "expected_fen": 3_600});
        customer.post_once("open-0001", &format!("/customer/v1/tables/{}/open", hall.tables[0].id), ask).await.ok(202);
        assert_eq!(live.event().await, ("floor".into(), json!({})));
        hall.table_is(0, "playing").await;
        assert_eq!(live.event().await.0, "floor");
        // Who works in no hall hears nothing of it.
        let agent = server.user(Role::Agent, "agent").await;
        let mut elsewhere = agent.live("/events").await;
        assert_eq!(elsewhere.event().await.0, "unread");
        hall.manager.post(&format!("/api/v1/tables/{}/close", hall.tables[0].id), json!({"why": "x"})).await.ok(200);
        hall.table_is(0, "idle").await;
        server.stop.send_replace(true);
        assert_eq!(elsewhere.next().await, None);
    }

    async fn v5_1_who_works_in_a_hall_is_said_by_its_manager(server) {
        let hall = Hall::open(server, 1).await;
        let root = server.user(Role::SuperAdmin, "root").await;
        let maker = json!({"name": "fixer", "email": "fixer@example.com", "role": "maintainer", "initial_quota": 0});
        root.post_once("user-0001", "/api/v1/users", maker).await.ok(201);
        let fixer = server.user(Role::Maintainer, "second").await;
        let staff = format!("/api/v1/venues/{}/staff", hall.id);
        let floor = format!("/api/v1/venues/{}/floor", hall.id);
        fixer.get(&floor).await.refused(404, "NOT_FOUND");
        for name in ["root", "nobody-at-all", ""] {
            hall.manager.post(&staff, json!({"name": name})).await.refused(422, "INVALID");
        }
        hall.manager.post(&staff, json!({"name": "second"})).await.ok(200);
        let members = hall.manager.post(&staff, json!({"name": "Second"})).await.ok(200);
        assert_eq!(members["items"].as_array().unwrap().len(), 2);
        fixer.get(&floor).await.ok(200);
        fixer.post(&staff, json!({"name": "fixer"})).await.refused(403, "FORBIDDEN");
        hall.manager.post(&format!("{staff}/remove"), json!({"user_id": hall.manager.id()})).await.refused(409, "NOT_ONESELF");
        hall.manager.post(&format!("{staff}/remove"), json!({"user_id": fixer.id()})).await.ok(200);
        fixer.get(&floor).await.refused(404, "NOT_FOUND");
    }

    async fn v3_1a_a_code_that_was_replaced_or_is_none_leads_nowhere(server) {
        let hall = Hall::open(server, 1).await;
        let old = &hall.tables[0].code;
        let new = hall.manager.post(&format!("/api/v1/tables/{}/code", hall.tables[0].id), json!({})).await.ok(200)["code"].clone();
        assert!(new.as_str().unwrap().len() >= 20 && new != json!(old));
        for code in [old.as_str(), "x", "tbl_01h455vb4pex5vsknk084sn02q", "%00", "'; DROP TABLE venues", &"a".repeat(5_000)] {
            server.visitor().get(&format!("/customer/v1/codes/{}", code.replace(' ', "%20").replace('\'', "%27").replace(';', "%3B"))).await.refused(404, "CODE_UNKNOWN");
        }
        assert_eq!(server.visitor().get(&format!("/customer/v1/codes/{}", new.as_str().unwrap())).await.ok(200)["table_id"], hall.tables[0].id);
    }

    async fn v3_1a_a_code_of_another_installation_leads_nowhere_here_and_is_told_as_any_that_was_never_issued(server) {
        let elsewhere = Box::pin(TestServer::strict(server.platform.db.engine())).await;
        let ours = printed(&server.user(Role::VenueManager, "manager").await).await;
        let theirs = printed(&elsewhere.user(Role::VenueManager, "manager").await).await;
        let text = |table: &Value, name: &str| table[name].as_str().unwrap().to_owned();
        for (here, issued, foreign) in [(server, &ours, &theirs), (&elsewhere, &theirs, &ours)] {
            let customer = here.visitor().post("/customer/v1/guests", json!({})).await.ok(201);
            let customer = here.visitor().with_token(customer["token"].as_str().unwrap());
            let known = customer.get(&format!("/customer/v1/codes/{}", text(issued, "code"))).await.ok(200);
            assert_eq!(known["table_id"], issued["id"]);
            // Whoever scans it, and in whichever language: as one that nobody has issued.
            for who in [&customer, &here.visitor(), &customer.with("accept-language", "en")] {
                let never = unknown(who, &"a".repeat(text(foreign, "code").len())).await;
                assert_eq!(unknown(who, &text(foreign, "code")).await, never);
            }
            // Nor is anything there by the table's id, wherever that was read.
            let table = format!("/customer/v1/tables/{}", text(foreign, "id"));
            customer.get(&table).await.refused(404, "NOT_FOUND");
            customer.post_once("open-0001", &format!("{table}/open"), json!({"minutes": 60, "expected_fen": 3_600})).await.refused(404, "NOT_FOUND");
        }
        elsewhere.check().await;
    }

    async fn v5_1_a_device_comes_in_by_its_own_password_alone(server) {
        let hall = Hall::open(server, 2).await;
        let floor = hall.floor().await;
        let topic = |n: usize| floor["tables"][n]["device"]["topic"].as_str().unwrap().to_owned();
        let cx = server.cx();
        assert_eq!(venue::devices::admit(&cx, &topic(0), b"wrong").await.unwrap(), None);
        assert_eq!(venue::devices::admit(&cx, "", b"").await.unwrap(), None);
    }

    async fn v3_2_a_hall_whose_form_is_wrong_is_refused_field_by_field(server) {
        let manager = server.user(Role::VenueManager, "manager").await;
        let wrong = json!({"name": "", "time_zone": "Mars/Olympus", "opens": 600, "tariff": {"per_hour": -1, "unit_minutes": 0}});
        let answer = manager.post_once("hall-0001", "/api/v1/venues", wrong).await.refused(422, "INVALID");
        let mut fields: Vec<_> = answer["errors"].as_array().unwrap().iter().map(|error| error["field"].as_str().unwrap().to_owned()).collect();
        fields.sort_unstable();
        assert_eq!(fields, ["name", "opens", "tariff.per_hour", "tariff.unit_minutes", "time_zone"]);
        assert_eq!(manager.get("/api/v1/venues").await.ok(200)["items"], json!([]));
        let right = json!({"name": "旗舰店", "time_zone": "Asia/Shanghai", "tariff": {"per_hour": 3_600, "unit_minutes": 1}});
        let first = manager.post_once("hall-0002", "/api/v1/venues", right.clone()).await.ok(201);
        assert_eq!(manager.post_once("hall-0002", "/api/v1/venues", right).await.ok(201)["id"], first["id"]);
        assert_eq!(manager.get("/api/v1/venues").await.ok(200)["items"].as_array().unwrap().len(), 1);
    }

    async fn v3_1a_outside_of_its_hours_a_hall_opens_no_table(server) {
        let mut hall = Hall::open(server, 1).await;
        let customer = hall.customer(10_000).await;
        // It is 16:00 there.
        let mut tx = server.platform.db.begin().await.unwrap();
        tx.exec("UPDATE venues SET opens = 1080, closes = 120", store::args![]).await.unwrap();
        tx.commit().await.unwrap();
        let table = hall.tables.remove(0);
        let view = customer.get(&format!("/customer/v1/tables/{}", table.id)).await.ok(200);
        assert_eq!((view["why_not"]["code"].clone(), view["venue"]["open_now"].clone(), view["venue"]["opens"].clone()), (json!("VENUE_CLOSED"), json!(false), json!("18:00")));
        let ask = json!({"minutes": 60, "expected_fen": 3_600});
        customer.post_once("open-0001", &format!("/customer/v1/tables/{}/open", table.id), ask).await.refused(409, "VENUE_CLOSED");
    }

    async fn v5_1_a_device_whose_password_was_never_told_is_given_another(server) {
        let hall = Hall::open(server, 1).await;
        let device = &hall.tables[0].device;
        let told = |answer: &serde_json::Value| (answer["user"].as_str().unwrap().to_owned(), answer["password"].as_str().unwrap().to_owned());
        let path = format!("/api/v1/devices/{device}/password");
        let (user, first) = told(&hall.manager.post(&path, json!({})).await.ok(200));
        let (same, second) = told(&hall.manager.post(&path, json!({})).await.ok(200));
        assert!(user == same && first != second);
        let cx = server.cx();
        assert_eq!(venue::devices::admit(&cx, &user, first.as_bytes()).await.unwrap(), None, "the old one is of no use any more");
        assert!(venue::devices::admit(&cx, &user, second.as_bytes()).await.unwrap().is_some());
        let log = hall.manager.get(&format!("/api/v1/devices/{device}/log")).await.ok(200);
        // That its lamp was sent away may stand before it.
        let renewed = log["items"].as_array().unwrap().iter().find(|line| line["what"] == "password_renewed").unwrap();
        assert_eq!(renewed["who"], "manager");
        let root = server.user(Role::SuperAdmin, "root").await;
        let lines = root.get("/api/v1/logs/operations?module=venues").await.ok(200);
        assert_eq!(lines["items"][0]["action"], "device_password_renewed");
        assert!(!lines.to_string().contains(&second) && !log.to_string().contains(&second));
    }

    async fn v3_1a_a_table_that_was_asked_for_twice_with_one_key_is_made_once(server) {
        let hall = Hall::open(server, 0).await;
        let (path, form) = (format!("/api/v1/venues/{}/tables", hall.id), json!({"name": "9 号台"}));
        hall.manager.post(&path, form.clone()).await.refused_field("Idempotency-Key", "REQUIRED");
        let first = hall.manager.post_once("table-0009", &path, form.clone()).await.ok(201);
        assert_eq!(hall.manager.post_once("table-0009", &path, form).await.ok(201)["id"], first["id"]);
        assert_eq!(hall.floor().await["tables"].as_array().unwrap().len(), 1);
        hall.manager.post_once("table-0009", &path, json!({"name": "x"})).await.refused(409, "IDEMPOTENCY_CONFLICT");
    }
}
