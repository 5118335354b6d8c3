//! Tencent Cloud's SDK against our stand-in of its SMS service, and our client against what that SDK signs.

use gateway::{SmsTemplates, TencentConfig, TencentSms};
use kernel::Clock;
use platform::messages::{Delivery, SentSms, Sms, SmsError, SmsKind, Texter as _};
use sandbox::{Receipt, TencentSms as Service};
use serde_json::{Value, json};

use crate::process::{Peers, change, with};
use crate::stub::Stub;

const KEY: &str = "AKID-test";
const SECRET: &str = "a secret";
const APP: &str = "1400000001";
const SIGN: &str = "球厅 & Co";
const PHONE: &str = "13800138000";

#[tokio::test]
async fn k12_2_tencents_own_client_sends_a_code_and_no_other_byte_of_it_is_taken() {
    let service = Service::open(KEY, SECRET, APP).await.unwrap();
    let peers = Peers::start();
    let at = service.endpoint().replace("http://", "");
    let ask = json!({"do": "sms_tencent.send", "at": at, "key": KEY, "secret": SECRET, "app": APP, "phone": PHONE, "sign_name": SIGN,
                     "template": "1234567", "params": ["004711"], "id": "job_1"});
    let sent = peers.ask(ask.clone()).await.unwrap();
    let status = &sent["SendStatusSet"][0];
    assert_eq!((&status["Code"], &status["SessionContext"]), (&json!("Ok"), &json!("job_1")), "{sent}");
    let taken = service.texts();
    assert_eq!((taken.len(), taken[0].phone.as_str(), taken[0].sign_name.as_str()), (1, PHONE, SIGN));
    assert_eq!((taken[0].template.as_str(), &taken[0].params, taken[0].out_id.as_str()), ("1234567", &json!(["004711"]), "job_1"));

    let refused = async |more: Value| {
        let why = peers.ask(with(&ask, more.clone())).await.unwrap_err();
        assert!(why.contains("AuthFailure."), "{more}: {why}");
    };
    refused(json!({"secret": "another secret"})).await;
    refused(json!({"key": "another"})).await;
    peers.ask(ask.clone()).await.unwrap();
    let sent = peers.ask(json!({"do": "transit.newest"})).await.unwrap();
    for part in ["body", "content-type", "x-tc-timestamp"] {
        for at in 0..sent[part].as_str().unwrap().len() {
            refused(change(part, at)).await;
        }
    }
    refused(change("method", 0)).await;

    service.say(&taken[0], Receipt::Failed("UNDELIV".into()));
    let more = json!({"do": "sms_tencent.query", "since": taken[0].at.unix() - 60});
    let went = peers.ask(with(&ask, more.clone())).await.unwrap();
    let report = &went["PullSmsSendStatusSet"][0];
    assert_eq!((&report["ReportStatus"], &report["Description"]), (&json!("FAIL"), &json!("UNDELIV")), "{went}");
    refused(with(&more, json!({"secret": "another secret"}))).await;
    assert_eq!(service.texts().len(), 2);
}

#[tokio::test]
async fn k12_2_what_we_send_to_tencent_is_what_its_own_client_signs_and_no_other_byte_of_it() {
    let stub = Stub::open("sms_tencent", json!({"key": KEY, "secret": SECRET})).await;
    let client = |secret: &str| {
        let config = TencentConfig {
            endpoint: format!("http://{}", stub.at),
            region: "ap-guangzhou".into(),
            secret_id: KEY.into(),
            secret_key: secret.into(),
            app_id: APP.into(),
            sign_name: SIGN.into(),
            templates: SmsTemplates { code: "1234567".into(), ..SmsTemplates::default() },
        };
        TencentSms::new(config, Clock::System).unwrap()
    };
    let code = Sms { id: "job_1".into(), to: PHONE.into(), kind: SmsKind::Code, params: vec![("code".into(), "004711".into())] };
    let own = client(SECRET);
    let called = own.send(&code).await.unwrap();
    let taken = &stub.taken().await[0];
    assert_eq!(
        (&taken["PhoneNumberSet"], &taken["SmsSdkAppId"], &taken["SignName"]),
        (&json!(["+8613800138000"]), &json!(APP), &json!(SIGN))
    );
    assert_eq!(
        (&taken["TemplateId"], &taken["TemplateParamSet"], &taken["SessionContext"]),
        (&json!("1234567"), &json!(["004711"]), &json!("job_1"))
    );

    let refused =
        |sent: Result<String, SmsError>| matches!(sent, Err(SmsError::Later(why)) if why.contains("AuthFailure.SignatureFailure"));
    assert!(refused(client("another secret").send(&code).await));
    own.send(&code).await.unwrap();
    let sent = stub.newest().await;
    for part in ["method", "target", "body", "content-type", "host", "x-tc-timestamp", "authorization"] {
        for at in 0..sent[part].as_str().unwrap().len() {
            stub.change(part, at).await;
            assert!(refused(own.send(&code).await), "{part} {at}");
        }
    }
    stub.change_nothing().await;
    let sent = SentSms { id: code.id, to: code.to, called, at: Clock::System.now() };
    assert_eq!(own.delivery(&sent).await.unwrap(), Delivery::Failed("UNDELIV".into()));
    let taken = stub.taken().await;
    assert_eq!((taken.len(), &taken[2]["PhoneNumber"], &taken[2]["SmsSdkAppId"]), (3, &json!("+8613800138000"), &json!(APP)));
}
