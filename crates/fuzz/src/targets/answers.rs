//! What services answer that send texts, and that know who brings a code of WeChat's. No signature stands under it: TLS alone tells whose it is.

use gateway::{AliyunSms, TencentSms, WechatLogin};
use platform::messages::Delivery;
use serde_json::{Value, json};

use crate::text;

/// Whether a value stands anywhere within another: serde reads an object's fields out of a list as well.
fn holds(whole: &Value, wanted: &Value) -> bool {
    let within = match whole {
        Value::Array(items) => items.iter().any(|item| holds(item, wanted)),
        Value::Object(fields) => fields.values().any(|field| holds(field, wanted)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    };
    within || whole == wanted
}

pub const ALIYUN_ANSWERS: &[&str] = &[
    r#"{"RequestId":"r","BizId":"900619746936498440^0","Code":"OK","Message":"OK"}"#,
    r#"{"RequestId":"r","Code":"OK","TotalCount":"1","SmsSendDetailDTOs":{"SmsSendDetailDTO":[{"SendStatus":3,"ErrCode":"DELIVERED","PhoneNum":"13800138000"}]}}"#,
    r#"{"Code":"OK","SmsSendDetailDTOs":{"SmsSendDetailDTO":[{"SendStatus":2,"ErrCode":"MOBILE_NOT_ON_SERVICE"},{"SendStatus":3}]}}"#,
    r#"{"Code":"OK","SmsSendDetailDTOs":{"SmsSendDetailDTO":[]}}"#,
    r#"{"Code":"isv.BUSINESS_LIMIT_CONTROL","Message":"触发小时级流控Permits:5"}"#,
    "<html>502</html>",
];

/// A text is sent, or has arrived, where the answer says so and is no refusal.
pub fn aliyun_answers(input: &[u8]) {
    let text = text(input);
    let Ok(said) = serde_json::from_str::<Value>(&text) else { return };
    let says = |value: Value| holds(&said, &value);
    if let Ok(called) = AliyunSms::sent(200, &text) {
        assert!(says(json!("OK")) && (called.is_empty() || says(json!(called))), "{text}");
    }
    match AliyunSms::delivered(200, &text) {
        Ok(Delivery::Delivered) => assert!(says(json!("OK")) && says(json!(3)), "{text}"),
        Ok(Delivery::Failed(why)) => assert!(says(json!("OK")) && says(json!(2)) && (why.is_empty() || says(json!(why))), "{text}"),
        Ok(Delivery::OnItsWay) => assert!(says(json!("OK")), "{text}"),
        Err(_) => {}
    }
}

pub const TENCENT_ANSWERS: &[&str] = &[
    r#"{"Response":{"SendStatusSet":[{"SerialNo":"5000:1","PhoneNumber":"+8613800138000","Fee":1,"Code":"Ok","Message":"send success"}],"RequestId":"r"}}"#,
    r#"{"Response":{"SendStatusSet":[{"SerialNo":"","PhoneNumber":"+86","Fee":0,"Code":"LimitExceeded.PhoneNumberDailyLimit","Message":"x"}]}}"#,
    r#"{"Response":{"PullSmsSendStatusSet":[{"SerialNo":"5000:0","ReportStatus":"FAIL","Description":"x"},{"SerialNo":"5000:1","ReportStatus":"SUCCESS","Description":"DELIVRD"}]}}"#,
    r#"{"Response":{"Error":{"Code":"AuthFailure.SignatureFailure","Message":"x"},"RequestId":"r"}}"#,
    r#"{"Response":{"PullSmsSendStatusSet":[]}}"#,
];

/// The same; and what is reported of another text is not taken for this one's.
pub fn tencent_answers(input: &[u8]) {
    const OURS: &str = "5000:1";
    let text = text(input);
    let Ok(said) = serde_json::from_str::<Value>(&text) else { return };
    let says = |value: Value| holds(&said, &value);
    if let Ok(called) = TencentSms::sent(200, &text) {
        assert!(says(json!("Ok")) && (called.is_empty() || says(json!(called))), "{text}");
    }
    match TencentSms::delivered(200, &text, OURS) {
        Ok(Delivery::Delivered) => assert!(says(json!(OURS)) && says(json!("SUCCESS")), "{text}"),
        Ok(Delivery::Failed(why)) => assert!(says(json!(OURS)) && says(json!("FAIL")) && (why.is_empty() || says(json!(why))), "{text}"),
        Ok(Delivery::OnItsWay) => assert!(!said.is_null(), "{text}"),
        Err(_) => {}
    }
}

pub const WECHAT_ANSWERS: &[&str] = &[
    r#"{"access_token":"t","expires_in":7200,"openid":"o1","scope":"snsapi_base","unionid":"u1"}"#,
    r#"{"session_key":"c2Vzc2lvbg==","openid":"o2","errcode":0,"errmsg":"ok"}"#,
    r#"{"errcode":40029,"errmsg":"invalid code"}"#,
    r#"{"errcode":0,"errmsg":"ok","phone_info":{"phoneNumber":"13800138000","purePhoneNumber":"13800138000","countryCode":86,"watermark":{"timestamp":1,"appid":"wx0000000000000002"}}}"#,
    r#"{"errcode":0,"phone_info":{"purePhoneNumber":"5550100","countryCode":"1","watermark":{"appid":"wx0000000000000002"}}}"#,
    r#"{"errcode":0,"phone_info":{"purePhoneNumber":"13800138000","watermark":{"appid":"wx0000000000000001"}}}"#,
    r#"{"errcode":40001,"errmsg":"invalid credential"}"#,
];

/// Somebody is named where WeChat names them and refuses nothing, and a number is taken where it was let to our app.
pub fn wechat_answers(input: &[u8]) {
    const APP: &str = "wx0000000000000002";
    let Ok(said) = serde_json::from_slice::<Value>(input) else { return };
    let is_well = || !said.is_object() || said["errcode"].as_i64().unwrap_or(0) == 0;
    if let Ok(person) = WechatLogin::named(input) {
        assert!(is_well() && (1..=128).contains(&person.openid.len()) && holds(&said, &json!(person.openid)), "{said}");
        assert!(person.union_id.is_none_or(|id| !id.is_empty()), "{said}");
    }
    if let Ok(Some(number)) = WechatLogin::number(input, APP) {
        assert!(is_well() && holds(&said, &json!(APP)), "{number}: {said}");
    }
}
