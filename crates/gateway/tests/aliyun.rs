//! Texts by a stand-in that verifies every signature as the real service does.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use gateway::{AliyunConfig, AliyunSms, SmsTemplates};
use kernel::{Clock, DAY, Random};
use platform::messages::{Delivery, SentSms, Sms, SmsError, SmsKind, Texter};
use sandbox::{AliyunSms as Service, Receipt, SmsTrouble};
use serde_json::json;

const KEY: &str = "LTAI-test";
const SECRET: &str = "a secret";

fn client(service: &Service, secret: &str, template: &str) -> AliyunSms {
    let config = AliyunConfig {
        endpoint: service.endpoint(),
        access_key: KEY.into(),
        secret: secret.into(),
        sign_name: "球厅 & Co".into(),
        templates: SmsTemplates { code: template.into(), ..SmsTemplates::default() },
    };
    AliyunSms::new(config, Clock::System, Random::system()).unwrap()
}

fn code(to: &str) -> Sms {
    Sms { id: "job_1".into(), to: to.into(), kind: SmsKind::Code, params: vec![("code".into(), "004711".into())] }
}

#[tokio::test]
async fn k12_2_a_code_is_sent_signed_and_with_its_template() {
    let service = Service::open(KEY, SECRET).await.unwrap();
    let called = client(&service, SECRET, "SMS_123").send(&code("13800138000")).await.unwrap();
    assert!(!called.is_empty());
    let taken = service.texts();
    assert_eq!((taken.len(), taken[0].phone.as_str(), taken[0].sign_name.as_str()), (1, "13800138000", "球厅 & Co"));
    assert_eq!((taken[0].template.as_str(), &taken[0].params, taken[0].out_id.as_str()), ("SMS_123", &json!({"code": "004711"}), "job_1"));
}

#[tokio::test]
async fn k12_2_what_is_refused_for_good_is_told_from_what_is_worth_another_try() {
    let service = Service::open(KEY, SECRET).await.unwrap();
    let wrong_secret = client(&service, "another secret", "SMS_123").send(&code("13800138000")).await;
    assert!(matches!(wrong_secret, Err(SmsError::Later(_))), "somebody will mend the configuration");
    let good = client(&service, SECRET, "SMS_123");
    assert!(matches!(good.send(&code("1380013800")).await, Err(SmsError::Never(_))));
    assert!(matches!(client(&service, SECRET, "123").send(&code("13800138000")).await, Err(SmsError::Never(_))));
    service.set(SmsTrouble::Limited);
    assert!(matches!(good.send(&code("13800138000")).await, Err(SmsError::Never(_))));
    service.set(SmsTrouble::Down);
    assert!(matches!(good.send(&code("13800138000")).await, Err(SmsError::Later(_))));
    assert_eq!(service.texts(), []);
    service.set(SmsTrouble::None);
    good.send(&code("13800138000")).await.unwrap();
    assert_eq!(service.texts().len(), 1);
}

#[tokio::test]
async fn k12_2_how_it_went_is_asked_signed_and_of_the_very_text() {
    let service = Service::open(KEY, SECRET).await.unwrap();
    let client = client(&service, SECRET, "SMS_123");
    assert!(client.offers(SmsKind::Code) && !client.offers(SmsKind::Ending), "there is no template of the other");
    let mut sent = Vec::new();
    for n in 0..3 {
        let sms = code("13800138000");
        let called = client.send(&sms).await.unwrap();
        sent.push(SentSms { id: format!("job_{n}"), to: sms.to, called, at: Clock::System.now() });
    }
    service.say(&service.texts()[1], Receipt::Failed("MOBILE_NOT_ON_SERVICE".into()));
    service.say(&service.texts()[2], Receipt::OnItsWay);
    assert_eq!(client.delivery(&sent[0]).await.unwrap(), Delivery::Delivered);
    assert_eq!(client.delivery(&sent[1]).await.unwrap(), Delivery::Failed("MOBILE_NOT_ON_SERVICE".into()));
    assert_eq!(client.delivery(&sent[2]).await.unwrap(), Delivery::OnItsWay);
    // Of another number, or another day, nothing is known.
    let other = SentSms { to: "13900139000".into(), ..sent[0].clone() };
    assert_eq!(client.delivery(&other).await.unwrap(), Delivery::OnItsWay);
    let other = SentSms { at: sent[0].at.plus_micros(-DAY), ..sent[0].clone() };
    assert_eq!(client.delivery(&other).await.unwrap(), Delivery::OnItsWay);
    let forged = self::client(&service, "another secret", "SMS_123").delivery(&sent[0]).await;
    assert!(matches!(forged, Err(SmsError::Later(why)) if why.contains("SignatureDoesNotMatch")));
    service.set(SmsTrouble::Down);
    assert!(matches!(client.delivery(&sent[0]).await, Err(SmsError::Later(_))));
}
