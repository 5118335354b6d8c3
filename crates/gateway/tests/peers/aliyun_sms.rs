//! Aliyun's SDK against our stand-in of its SMS service, and our client against what that SDK signs.

use gateway::{AliyunConfig, AliyunSms, SmsTemplates};
use kernel::{Clock, HOUR, Random};
use platform::messages::{Delivery, SentSms, Sms, SmsError, SmsKind, Texter as _};
use sandbox::{AliyunSms as Service, Receipt};
use serde_json::{Value, json};

use crate::process::{Peers, change, with};
use crate::stub::Stub;

const KEY: &str = "LTAI-test";
const SECRET: &str = "a secret";
/// With what escapes differ in from one way of writing addresses to another.
const SIGN: &str = "球厅 & Co+*~";
const PHONE: &str = "13800138000";

#[tokio::test]
async fn k12_2_aliyuns_own_client_sends_a_code_and_no_other_byte_of_it_is_taken() {
    let service = Service::open(KEY, SECRET).await.unwrap();
    let peers = Peers::start();
    let at = service.endpoint().replace("http://", "");
    let ask = json!({"do": "sms_aliyun.send", "at": at, "key": KEY, "secret": SECRET, "phone": PHONE, "sign_name": SIGN,
                     "template": "SMS_123", "params": {"code": "004711"}, "id": "job_1"});
    let sent = peers.ask(ask.clone()).await.unwrap();
    assert_eq!(sent["Code"], "OK", "{sent}");
    let taken = service.texts();
    assert_eq!((taken.len(), taken[0].phone.as_str(), taken[0].sign_name.as_str()), (1, PHONE, SIGN));
    assert_eq!((taken[0].template.as_str(), &taken[0].params, taken[0].out_id.as_str()), ("SMS_123", &json!({"code": "004711"}), "job_1"));

    let refused = async |more: Value| {
        let why = peers.ask(with(&ask, more.clone())).await.unwrap_err();
        assert!(why.contains("SignatureDoesNotMatch"), "{more}: {why}");
    };
    refused(json!({"secret": "another secret"})).await;
    refused(json!({"key": "another"})).await;
    peers.ask(ask.clone()).await.unwrap();
    let sent = peers.ask(json!({"do": "transit.newest"})).await.unwrap();
    let signed = ["target", "x-acs-action", "x-acs-content-sha256", "x-acs-date", "x-acs-signature-nonce", "x-acs-version", "user-agent"];
    for part in signed {
        // The path's first byte makes no request at all.
        for at in usize::from(part == "target")..sent[part].as_str().unwrap().len() {
            refused(change(part, at)).await;
        }
    }
    refused(change("method", 0)).await;

    // How it went is asked by the day in China.
    service.say(&taken[0], Receipt::Failed("MOBILE_NOT_ON_SERVICE".into()));
    let day: String = taken[0].at.plus_micros(8 * HOUR).to_string().chars().take(10).filter(|c| *c != '-').collect();
    let more = json!({"do": "sms_aliyun.query", "called": taken[0].called, "day": day});
    let went = peers.ask(with(&ask, more.clone())).await.unwrap();
    let detail = &went["SmsSendDetailDTOs"]["SmsSendDetailDTO"][0];
    assert_eq!((&detail["SendStatus"], &detail["ErrCode"]), (&json!(2), &json!("MOBILE_NOT_ON_SERVICE")), "{went}");
    refused(with(&more, json!({"secret": "another secret"}))).await;
    assert_eq!(service.texts().len(), 2);
}

#[tokio::test]
async fn k12_2_what_we_send_to_aliyun_is_what_its_own_client_signs_and_no_other_byte_of_it() {
    let stub = Stub::open("sms_aliyun", json!({"key": KEY, "secret": SECRET})).await;
    let client = |secret: &str| {
        let config = AliyunConfig {
            endpoint: format!("http://{}", stub.at),
            access_key: KEY.into(),
            secret: secret.into(),
            sign_name: SIGN.into(),
            templates: SmsTemplates { code: "SMS_123".into(), ..SmsTemplates::default() },
        };
        AliyunSms::new(config, Clock::System, Random::system()).unwrap()
    };
    let code = Sms { id: "job_1".into(), to: PHONE.into(), kind: SmsKind::Code, params: vec![("code".into(), "004711".into())] };
    let own = client(SECRET);
    let called = own.send(&code).await.unwrap();
    let taken = json!({"PhoneNumbers": PHONE, "SignName": SIGN, "TemplateCode": "SMS_123", "TemplateParam": "{\"code\":\"004711\"}", "OutId": "job_1"});
    assert_eq!(stub.taken().await, [taken]);

    let refused = |sent: Result<String, SmsError>| matches!(sent, Err(SmsError::Later(why)) if why.contains("SignatureDoesNotMatch"));
    assert!(refused(client("another secret").send(&code).await));
    own.send(&code).await.unwrap();
    let sent = stub.newest().await;
    let signed = [
        "method",
        "target",
        "host",
        "x-acs-action",
        "x-acs-content-sha256",
        "x-acs-date",
        "x-acs-signature-nonce",
        "x-acs-version",
        "authorization",
    ];
    for part in signed {
        for at in 0..sent[part].as_str().unwrap().len() {
            stub.change(part, at).await;
            assert!(refused(own.send(&code).await), "{part} {at}");
        }
    }
    stub.change_nothing().await;
    let sent = SentSms { id: code.id, to: code.to, called: called.clone(), at: "2026-11-27T16:00:00Z".parse().unwrap() };
    assert_eq!(own.delivery(&sent).await.unwrap(), Delivery::Failed("MOBILE_NOT_ON_SERVICE".into()));
    let taken = stub.taken().await;
    let asked = json!({"PhoneNumber": PHONE, "BizId": called, "SendDate": "20261128", "PageSize": "1", "CurrentPage": "1"});
    assert_eq!((taken.len(), &taken[2]), (3, &asked));
}
