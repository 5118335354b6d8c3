//! Texts by a stand-in that verifies every signature as the real service does.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use gateway::{SmsTemplates, TencentConfig, TencentSms};
use kernel::{Clock, DAY, HOUR};
use platform::messages::{Delivery, SentSms, Sms, SmsError, SmsKind, Texter};
use sandbox::{Receipt, SmsTrouble, TencentSms as Service};
use serde_json::json;

const ID: &str = "AKID-test";
const KEY: &str = "a secret";
const APP: &str = "1400000001";

fn config(service: &Service) -> TencentConfig {
    TencentConfig {
        endpoint: service.endpoint(),
        region: "ap-guangzhou".into(),
        secret_id: ID.into(),
        secret_key: KEY.into(),
        app_id: APP.into(),
        sign_name: "球厅 & Co".into(),
        templates: SmsTemplates { code: "1234567".into(), ..SmsTemplates::default() },
    }
}

fn client(config: TencentConfig) -> TencentSms {
    TencentSms::new(config, Clock::System).unwrap()
}

fn code(to: &str) -> Sms {
    Sms { id: "job_1".into(), to: to.into(), kind: SmsKind::Code, params: vec![("code".into(), "004711".into())] }
}

#[tokio::test]
async fn k12_2_a_code_is_sent_signed_and_with_its_template() {
    let service = Service::open(ID, KEY, APP).await.unwrap();
    assert!(!client(config(&service)).send(&code("13800138000")).await.unwrap().is_empty());
    let taken = service.texts();
    assert_eq!((taken.len(), taken[0].phone.as_str(), taken[0].sign_name.as_str()), (1, "13800138000", "球厅 & Co"));
    assert_eq!((taken[0].template.as_str(), &taken[0].params, taken[0].out_id.as_str()), ("1234567", &json!(["004711"]), "job_1"));
}

#[tokio::test]
async fn k12_2_what_is_refused_for_good_is_told_from_what_is_worth_another_try() {
    let service = Service::open(ID, KEY, APP).await.unwrap();
    let phone = code("13800138000");
    // What somebody will mend.
    for wrong in [
        TencentConfig { secret_key: "another".into(), ..config(&service) },
        TencentConfig { secret_id: "another".into(), ..config(&service) },
        TencentConfig { app_id: "1400000002".into(), ..config(&service) },
    ] {
        assert!(matches!(client(wrong).send(&phone).await, Err(SmsError::Later(_))));
    }
    let late = Clock::stepped(Clock::System.now().plus_micros(-HOUR));
    let refused = TencentSms::new(config(&service), late).unwrap().send(&phone).await;
    assert!(matches!(refused, Err(SmsError::Later(why)) if why.contains("SignatureExpire")));
    let good = client(config(&service));
    // Within an answer of status 200.
    assert!(matches!(good.send(&code("1380013800")).await, Err(SmsError::Never(_))));
    let unreviewed = TencentConfig { templates: SmsTemplates { code: "SMS_1".into(), ..SmsTemplates::default() }, ..config(&service) };
    assert!(matches!(client(unreviewed).send(&phone).await, Err(SmsError::Never(_))));
    service.set(SmsTrouble::Limited);
    assert!(matches!(good.send(&phone).await, Err(SmsError::Never(_))));
    service.set(SmsTrouble::Down);
    assert!(matches!(good.send(&phone).await, Err(SmsError::Later(_))));
    assert_eq!(service.texts(), []);
    service.set(SmsTrouble::TakenAndDown);
    assert!(matches!(good.send(&phone).await, Err(SmsError::Later(_))));
    assert_eq!(service.texts().len(), 1);
}

#[tokio::test]
async fn k12_2_how_it_went_is_asked_signed_and_of_the_very_text() {
    let service = Service::open(ID, KEY, APP).await.unwrap();
    let good = client(config(&service));
    assert!(good.offers(SmsKind::Code) && !good.offers(SmsKind::Ending), "there is no template of the other");
    let mut sent = Vec::new();
    for n in 0..3 {
        let sms = code("13800138000");
        let called = good.send(&sms).await.unwrap();
        sent.push(SentSms { id: format!("job_{n}"), to: sms.to, called, at: Clock::System.now() });
    }
    service.say(&service.texts()[1], Receipt::Failed("UNDELIV".into()));
    service.say(&service.texts()[2], Receipt::OnItsWay);
    assert_eq!(good.delivery(&sent[0]).await.unwrap(), Delivery::Delivered);
    assert_eq!(good.delivery(&sent[1]).await.unwrap(), Delivery::Failed("UNDELIV".into()));
    assert_eq!(good.delivery(&sent[2]).await.unwrap(), Delivery::OnItsWay);
    let other = SentSms { to: "13900139000".into(), ..sent[0].clone() };
    assert_eq!(good.delivery(&other).await.unwrap(), Delivery::OnItsWay);
    // It remembers seven days, and says so.
    let old = SentSms { at: sent[0].at.plus_micros(-8 * DAY), ..sent[0].clone() };
    assert!(matches!(good.delivery(&old).await, Err(SmsError::Never(_))));
    let forged = client(TencentConfig { secret_key: "another".into(), ..config(&service) }).delivery(&sent[0]).await;
    assert!(matches!(forged, Err(SmsError::Later(why)) if why.contains("SignatureFailure")));
    service.set(SmsTrouble::Down);
    assert!(matches!(good.delivery(&sent[0]).await, Err(SmsError::Later(_))));
}
