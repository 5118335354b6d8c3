//! Texts to phones: the log, what became of each, and who sees it.

use kernel::{DAY, HOUR, MINUTE};
use platform::identity::Role;
use sandbox::{Receipt, SmsTrouble};
use serde_json::{Value, json};
use store::Sql as _;
use testkit::texts::{self, SmsTemplates};
use testkit::{Client, TestServer, on_server};

const PHONE: &str = "13800138000";
const CODES: &str = "/customer/v1/phone-codes";
const TEXTS: &str = "/api/v1/texts";

fn templates() -> SmsTemplates {
    SmsTemplates { code: "SMS_1".into(), ..SmsTemplates::default() }
}

async fn ask(server: &TestServer, phone: &str) {
    server.visitor().post(CODES, json!({"phone": phone})).await.ok(202);
    server.run_jobs().await;
}

/// The newest line of the log.
async fn newest(server: &TestServer, root: &Client) -> Value {
    // Hours go by, and sessions end.
    server.again(root).await.get(TEXTS).await.ok(200)["items"][0].clone()
}

/// Lets time go by, and the jobs that come due.
async fn later(server: &TestServer, micros: i64) {
    server.clock.step(micros);
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
        assert!(waits["reason"].as_str().unwrap().contains("503"), "{waits}");
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
        assert!(sent["reason"].as_str().unwrap().contains("503"));
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
}
