//! Texts to phones: the log, what became of each, and who sees it.

use kernel::{DAY, HOUR, MINUTE, SECOND};
use platform::identity::Role;
use sandbox::{Receipt, SmsTrouble, Trouble};
use serde_json::{Value, json};
use store::Sql as _;
use testkit::texts::{self, SmsTemplates};
use testkit::{Client, Hall, TestServer, floor_table, on_server};

const PHONE: &str = "13800138000";
const CODES: &str = "/customer/v1/phone-codes";
const TEXTS: &str = "/api/v1/texts";

fn templates() -> SmsTemplates {
    SmsTemplates { code: "SMS_1".into(), light_failed: "SMS_2".into(), ending: "SMS_3".into(), phone_left: "SMS_4".into() }
}

async fn ask(server: &TestServer, phone: &str) {
    server.visitor().post(CODES, json!({"phone": phone})).await.ok(202);
    server.run_jobs().await;
}

/// Somebody with this number and money, who signed in before texts left by a provider.
async fn customer(server: &TestServer, hall: &Hall<'_>, phone: &str) -> Client {
    let welcome = server.sign_in_by_phone(&server.visitor(), phone).await;
    let cash = json!({"venue_id": hall.id, "number": welcome["customer"]["number"], "amount_fen": 50_000});
    hall.manager.post_once(&format!("cash-{phone}"), "/api/v1/customers/recharge", cash).await.ok(200);
    server.visitor().with_token(welcome["token"].as_str().unwrap())
}

/// What the table is called from now on.
async fn rename(hall: &Hall<'_>, name: &str) {
    let table = floor_table(&hall.floor().await, &hall.tables[0].id).clone();
    let form = json!({"name": name, "x": table["x"], "y": table["y"], "version": table["version"]});
    hall.manager.put(&format!("/api/v1/tables/{}", hall.tables[0].id), form).await.ok(200);
}

/// Plays for ten minutes, is warned before the hour is over, and closes.
async fn warned(server: &TestServer, hall: &Hall<'_>, customer: &Client) {
    let playing = hall.play(customer, 0, 60).await;
    later(server, 56 * MINUTE).await;
    customer.post(&format!("/customer/v1/sessions/{}/close", playing["id"].as_str().unwrap()), json!({})).await.ok(200);
    hall.table_is(0, "idle").await;
}

/// The newest line of the log.
async fn newest(server: &TestServer, root: &Client) -> Value {
    // Hours go by, and sessions end.
    server.again(root).await.get(TEXTS).await.ok(200)["items"][0].clone()
}

/// Lets time go by, and the jobs that come due.
async fn later(server: &TestServer, micros: i64) {
    server.later(micros).await;
    server.run_jobs().await;
}

on_server! {
    async fn k12_2_a_text_is_logged_with_what_became_of_it(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        let service = texts::open(server, templates()).await;
        server.visitor().post(CODES, json!({"phone": PHONE})).await.ok(202);
        let queued = newest(server, &root).await;
        assert_eq!((&queued["kind"], &queued["state"], &queued["phone"]), (&json!("code"), &json!("queued"), &json!("138****8000")));
        assert_eq!((&queued["called"], &queued["sent_at"], &queued["ended_at"]), (&json!(null), &json!(null), &json!(null)));
        server.run_jobs().await;
        let text = service.texts()[0].clone();
        let sent = newest(server, &root).await;
        assert_eq!((&sent["id"], &sent["state"], &sent["called"]), (&queued["id"], &json!("sent"), &json!(text.called)));
        assert_eq!(text.out_id, queued["id"].as_str().unwrap(), "the provider knows it by the log's name");
        later(server, MINUTE).await;
        let delivered = newest(server, &root).await;
        assert_eq!((&delivered["state"], &delivered["reason"]), (&json!("delivered"), &json!(null)));
        assert!(delivered["ended_at"].is_string());
        // Neither the code nor the number stands in clear anywhere beside it.
        let code = text.params["code"].as_str().unwrap();
        let stored = server.stored_texts().await;
        assert!(!stored.iter().any(|text| text.contains(PHONE)));
        assert!(!root.get(TEXTS).await.text().contains(&format!("\"{code}\"")) && !root.get(TEXTS).await.text().contains(PHONE));
        later(server, DAY).await;
        assert_eq!(newest(server, &root).await, delivered, "what is known is asked no more");
    }

    async fn k12_2_what_did_not_reach_the_phone_says_why(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        let service = texts::open(server, templates()).await;
        ask(server, PHONE).await;
        service.say(&service.texts()[0], Receipt::Failed("MOBILE_NOT_ON_SERVICE".into()));
        later(server, MINUTE).await;
        let failed = newest(server, &root).await;
        assert_eq!((&failed["state"], &failed["reason"]), (&json!("failed"), &json!("MOBILE_NOT_ON_SERVICE")));
        // Refused when it was sent.
        service.set(SmsTrouble::Limited);
        ask(server, PHONE).await;
        let refused = newest(server, &root).await;
        assert_eq!((&refused["state"], &refused["called"]), (&json!("failed"), &json!(null)));
        assert!(refused["reason"].as_str().unwrap().contains("BUSINESS_LIMIT_CONTROL"));
        // Away: tried again, and then given up.
        service.set(SmsTrouble::Down);
        later(server, MINUTE).await;
        ask(server, PHONE).await;
        let waits = newest(server, &root).await;
        assert_eq!(waits["state"], "queued");
        assert_eq!(waits["reason"], "UNREADABLE: HTTP 503");
        later(server, MINUTE).await;
        later(server, MINUTE).await;
        assert_eq!(newest(server, &root).await["state"], "failed");
        // Somebody starts the job again when the provider is back.
        service.set(SmsTrouble::None);
        let jobs = root.get("/api/v1/jobs?kind=sms.send&state=dead").await.ok(200);
        root.post(&format!("/api/v1/jobs/{}/retry", jobs["items"][0]["id"].as_str().unwrap()), json!({})).await.ok(200);
        server.run_jobs().await;
        let sent = newest(server, &root).await;
        assert_eq!((&sent["state"], &sent["reason"], &sent["ended_at"]), (&json!("sent"), &json!(null), &json!(null)));
    }

    async fn k12_2_a_provider_that_never_says_is_asked_for_six_hours(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        let service = texts::open(server, templates()).await;
        ask(server, PHONE).await;
        service.say(&service.texts()[0], Receipt::OnItsWay);
        for minutes in [1, 1, 2, 4, 8, 16] {
            later(server, minutes * MINUTE).await;
            assert_eq!(newest(server, &root).await["state"], "sent");
        }
        // A provider that is away decides nothing.
        service.set(SmsTrouble::Down);
        later(server, 32 * MINUTE).await;
        let sent = newest(server, &root).await;
        assert_eq!(sent["state"], "sent");
        assert_eq!(sent["reason"], "UNREADABLE: HTTP 503");
        service.set(SmsTrouble::None);
        later(server, 64 * MINUTE).await;
        assert_eq!(newest(server, &root).await["reason"], json!(null));
        later(server, 128 * MINUTE).await;
        assert_eq!(newest(server, &root).await["state"], "sent");
        later(server, 104 * MINUTE).await;
        let unknown = newest(server, &root).await;
        assert_eq!((&unknown["state"], &unknown["reason"]), (&json!("unknown"), &json!(null)));
        service.say(&service.texts()[0], Receipt::Delivered);
        later(server, 6 * HOUR).await;
        assert_eq!(newest(server, &root).await["state"], "unknown", "nobody asks any more");
    }

    async fn k12_2_a_number_is_found_by_all_of_it_and_forgotten_after_ninety_days(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        let _service = texts::open(server, templates()).await;
        for phone in [PHONE, "13900139000"] {
            ask(server, phone).await;
        }
        later(server, MINUTE).await;
        let count = async |query: &str| server.again(&root).await.get(&format!("{TEXTS}?{query}")).await.ok(200)["items"].as_array().unwrap().len();
        assert_eq!(count("phone=138%200013%208000").await, 1);
        assert_eq!(count("phone=13700137000").await, 0);
        assert_eq!((count("state=delivered&kind=code").await, count("state=failed").await, count("phone=13800138000&state=failed").await), (2, 0, 0));
        root.get(&format!("{TEXTS}?phone=8000")).await.refused(422, "INVALID");
        root.get(&format!("{TEXTS}?kind=other")).await.refused(422, "INVALID");
        server.clock.step(89 * DAY);
        server.tick().await;
        assert_eq!(count("").await, 2);
        server.clock.step(2 * DAY);
        server.tick().await;
        assert_eq!(count("").await, 0);
        let left: i64 = server.platform.db.read().one("SELECT CAST(COUNT(*) AS BIGINT) AS n FROM texts", vec![], |row| row.get("n")).await.unwrap();
        assert_eq!(left, 0);
    }

    async fn k12_2_who_plays_is_texted_when_time_is_nearly_over_and_when_the_light_failed(server) {
        let hall = Hall::open(server, 1).await;
        let one = customer(server, &hall, PHONE).await;
        let service = texts::open(server, templates()).await;
        rename(&hall, "【官方】⑧号台🎱").await;
        hall.play(&one, 0, 60).await;
        later(server, 54 * MINUTE).await;
        assert_eq!(service.texts(), []);
        later(server, 2 * MINUTE).await;
        // 2026-11-21T09:00Z by the hall's clock.
        let text = service.texts()[0].clone();
        assert_eq!((text.phone.as_str(), text.template.as_str(), text.sign_name.as_str()), (PHONE, "SMS_3", texts::SIGN_NAME));
        assert_eq!(text.params, json!({"hall": "旗舰店", "table": "官方8号台", "time": "17:00"}));
        hall.tables[0].lamp.set(Trouble::Missed);
        hall.until(|floor| floor_table(floor, &hall.tables[0].id)["device"]["online"] == false).await;
        later(server, 61 * SECOND).await;
        hall.table_is(0, "maintenance").await;
        server.run_jobs().await;
        let text = service.texts()[1].clone();
        let session = one.get("/customer/v1/sessions").await.ok(200)["items"][0].clone();
        let back = session["bill"]["refunded_fen"].as_i64().unwrap();
        assert!(back > 0 && back < 3_600, "{session}");
        assert_eq!((text.template.as_str(), &text.params["amount"]), ("SMS_2", &json!(format!("{}.{:02}", back / 100, back % 100))));
        let line = newest(server, &hall.manager).await;
        assert_eq!((&line["kind"], &line["state"], &line["venue_id"]), (&json!("light_failed"), &json!("sent"), &json!(hall.id)));
        // What it says stands nowhere in clear.
        assert!(!server.stored_texts().await.iter().any(|text| text.contains("官方8号台")));
    }

    async fn k12_2_without_a_reviewed_template_no_notice_is_sent_nor_written(server) {
        let hall = Hall::open(server, 1).await;
        let one = customer(server, &hall, PHONE).await;
        let service = texts::open(server, SmsTemplates { code: "SMS_1".into(), ..SmsTemplates::default() }).await;
        warned(server, &hall, &one).await;
        assert_eq!((service.texts(), newest(server, &hall.manager).await), (vec![], json!(null)));
        let told = one.get("/customer/v1/messages").await.ok(200);
        assert!(told["items"].as_array().unwrap().iter().any(|message| message["kind"] == "play.ending"));
    }

    async fn v8_1_texts_that_do_not_go_out_are_told_once_an_hour(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        let service = texts::open(server, templates()).await;
        service.set(SmsTrouble::Limited);
        for n in 0..5 {
            ask(server, &format!("1380013800{n}")).await;
            assert_eq!(server.told(root.id()).await.len(), usize::from(n >= 2), "one that fails may be its number's fault");
        }
        let told = root.get("/api/v1/notifications").await.ok(200)["items"][0].clone();
        assert_eq!((&told["kind"], &told["link"]), (&json!("texts.failing"), &json!("/texts")));
        let body = told["body"].as_str().unwrap();
        assert!(body.contains("BUSINESS_LIMIT_CONTROL") && !body.contains("13800138002"), "{body}");
        assert!(body.contains("短信服务商的答复“isv."), "{body}");
        let told = root.with("accept-language", "en").get("/api/v1/notifications").await.ok(200)["items"][0].clone();
        assert!(told["body"].as_str().unwrap().contains("since: the provider’s answer “isv."), "{told}");
    }

    async fn k12_2_a_number_gets_ten_notices_a_day_and_the_log_says_what_was_withheld(server) {
        let mut hall = Hall::open(server, 1).await;
        let (one, other) = (customer(server, &hall, PHONE).await, customer(server, &hall, "13900139000").await);
        let service = texts::open(server, templates()).await;
        // From the day's beginning, so that no border of days lies between.
        server.clock.step(16 * HOUR);
        for _ in 0..11 {
            hall.manager = server.again(&hall.manager).await;
            warned(server, &hall, &one).await;
        }
        assert_eq!(service.texts().len(), 10);
        let line = newest(server, &hall.manager).await;
        assert_eq!((&line["state"], &line["reason"], &line["called"]), (&json!("withheld"), &json!("DAILY_LIMIT"), &json!(null)));
        warned(server, &hall, &other).await;
        assert_eq!(service.texts().len(), 11, "another's number has its own");
        server.clock.step(DAY);
        hall.manager = server.again(&hall.manager).await;
        warned(server, &hall, &one).await;
        assert_eq!(service.texts().len(), 12);
        // A name that is an address is not sent.
        rename(&hall, "qiu.com 3号台").await;
        warned(server, &hall, &one).await;
        assert_eq!(service.texts().len(), 12);
        let line = newest(server, &hall.manager).await;
        assert_eq!((&line["state"], &line["reason"]), (&json!("withheld"), &json!("table: ADDRESS")));
    }

    async fn k12_2_a_manager_sees_the_texts_of_own_halls_and_no_codes(server) {
        let root = server.user(Role::SuperAdmin, "root").await;
        let hall = Hall::open(server, 1).await;
        let one = customer(server, &hall, PHONE).await;
        let (stranger, maintainer) = (server.user(Role::VenueManager, "stranger").await, server.user(Role::Maintainer, "maintainer").await);
        warned(server, &hall, &one).await;
        let kinds = async |who: &Client, query: &str| {
            let page = server.again(who).await.get(&format!("{TEXTS}?{query}")).await.ok(200);
            page["items"].as_array().unwrap().iter().map(|text| text["kind"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        for query in ["", "phone=13800138000"] {
            assert_eq!(kinds(&root, query).await, ["ending", "code"], "{query}");
            assert_eq!(kinds(&hall.manager, query).await, ["ending"], "{query}");
            assert_eq!(kinds(&stranger, query).await, Vec::<String>::new(), "{query}");
        }
        assert_eq!(kinds(&hall.manager, "kind=code").await, Vec::<String>::new());
        assert_eq!(kinds(&hall.manager, "kind=ending&state=sent").await, ["ending"]);
        server.again(&maintainer).await.get(TEXTS).await.refused(403, "FORBIDDEN");
        one.get(TEXTS).await.refused(401, "SESSION_INVALID");
        server.has_answered("GET /api/v1/texts");
    }
}
