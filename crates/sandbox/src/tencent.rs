//! Tencent Cloud's SMS service: takes texts, and says how it went with them; and only to those who sign as the real one asks.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use kernel::{Clock, Timestamp};
use ring::{digest, hmac};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::aliyun::{Receipts, receipt};
use crate::{Receipt, SmsTrouble, Task, Text, anywhere};

const PULL: &str = "PullSmsSendStatusByPhoneNumber";

#[derive(Clone)]
struct Service {
    id: String,
    key: String,
    app_id: String,
    host: String,
    texts: watch::Sender<Vec<Text>>,
    trouble: watch::Receiver<SmsTrouble>,
    receipts: Receipts,
}

pub struct TencentSms {
    address: SocketAddr,
    receipts: Receipts,
    texts: watch::Receiver<Vec<Text>>,
    trouble: watch::Sender<SmsTrouble>,
    _task: Task,
}

impl TencentSms {
    /// # Errors
    /// When no port is free.
    pub async fn open(secret_id: &str, secret_key: &str, app_id: &str) -> io::Result<Self> {
        let listener = TcpListener::bind(anywhere()).await?;
        let address = listener.local_addr()?;
        let (texts, taken) = watch::channel(Vec::new());
        let (trouble, troubled) = watch::channel(SmsTrouble::None);
        let (id, key, app_id) = (secret_id.into(), secret_key.into(), app_id.into());
        let receipts = Receipts::default();
        let service = Service { id, key, app_id, host: address.to_string(), texts, trouble: troubled, receipts: Arc::clone(&receipts) };
        let router = Router::new().fallback(answer).with_state(service);
        let task = tokio::spawn(async move {
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { address, receipts, texts: taken, trouble, _task: Task(task) })
    }

    /// What is configured as the service's address.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn set(&self, trouble: SmsTrouble) {
        self.trouble.send_replace(trouble);
    }

    /// What it says from now on of a text that it took.
    pub fn say(&self, text: &Text, receipt: Receipt) {
        self.receipts.lock().unwrap_or_else(PoisonError::into_inner).insert(text.called.clone(), receipt);
    }

    /// All that were taken, oldest first. What the sender named them is their session context.
    pub fn texts(&self) -> Vec<Text> {
        self.texts.borrow().clone()
    }
}

async fn answer(State(service): State<Service>, method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    if let Err((code, why)) = verify(&service, &method, &uri, &headers, &body) {
        return said(&json!({"Error": {"Code": code, "Message": why}}));
    }
    let trouble = *service.trouble.borrow();
    if trouble == SmsTrouble::Down {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let Ok(ask) = serde_json::from_slice::<Value>(&body) else {
        return said(&json!({"Error": {"Code": "InvalidParameter", "Message": "no JSON"}}));
    };
    let text = |name: &str| ask[name].as_str().unwrap_or_default().to_owned();
    if text("SmsSdkAppId") != service.app_id {
        return said(&json!({"Error": {"Code": "UnauthorizedOperation.SmsSdkAppIdVerifyFail", "Message": "another application"}}));
    }
    if headers.get("x-tc-action").is_some_and(|action| action == PULL) {
        return reports(&service, &ask);
    }
    let number = ask["PhoneNumberSet"][0].as_str().unwrap_or_default().to_owned();
    let called = format!("5000:1045710669157053657849{:06}", service.texts.borrow().len());
    let sent = |code: &str| {
        let status = json!({"SerialNo": if code == "Ok" { called.as_str() } else { "" }, "PhoneNumber": number,
                            "Fee": i32::from(code == "Ok"), "SessionContext": ask["SessionContext"], "Code": code, "Message": code, "IsoCode": "CN"});
        said(&json!({"SendStatusSet": [status]}))
    };
    // These stand within an answer that is fine as a whole.
    let Some(phone) = number.strip_prefix("+86").filter(|phone| phone.len() == 11 && phone.bytes().all(|byte| byte.is_ascii_digit()))
    else {
        return sent("InvalidParameterValue.IncorrectPhoneNumber");
    };
    if trouble == SmsTrouble::Limited {
        return sent("LimitExceeded.PhoneNumberDailyLimit");
    }
    if text("TemplateId").is_empty() || !text("TemplateId").bytes().all(|byte| byte.is_ascii_digit()) {
        return sent("FailedOperation.TemplateIncorrectOrUnapproved");
    }
    let taken = Text {
        phone: phone.to_owned(),
        sign_name: text("SignName"),
        template: text("TemplateId"),
        params: ask["TemplateParamSet"].clone(),
        out_id: text("SessionContext"),
        called: called.clone(),
        at: Clock::System.now(),
    };
    service.texts.send_modify(|texts| texts.push(taken));
    if trouble == SmsTrouble::TakenAndDown { StatusCode::SERVICE_UNAVAILABLE.into_response() } else { sent("Ok") }
}

/// What is decided of the texts to a number since a time; what is on its way is not among it.
fn reports(service: &Service, ask: &Value) -> Response {
    let (number, begin) = (ask["PhoneNumber"].as_str().unwrap_or_default(), ask["BeginTime"].as_i64());
    let (Some(begin), Some(0), Some(1..=100)) = (begin, ask["Offset"].as_i64(), ask["Limit"].as_i64()) else {
        return said(&json!({"Error": {"Code": "InvalidParameterValue", "Message": "a parameter is missing or out of range"}}));
    };
    if Clock::System.now().unix() - begin > 7 * 86_400 {
        return said(&json!({"Error": {"Code": "InvalidParameterValue.BeginTimeVerifyFail", "Message": "seven days at most"}}));
    }
    let texts = service.texts.borrow().clone();
    let ours = texts.iter().filter(|text| number.strip_prefix("+86") == Some(text.phone.as_str()) && text.at.unix() >= begin);
    let reports = ours.filter_map(|text| {
        let (status, description) = match receipt(&service.receipts, &text.called) {
            Receipt::OnItsWay => return None,
            Receipt::Delivered => ("SUCCESS", "DELIVRD".to_owned()),
            Receipt::Failed(why) => ("FAIL", why),
        };
        Some(json!({"SerialNo": text.called, "PhoneNumber": number, "SubscriberNumber": text.phone, "CountryCode": "86", "ReportStatus": status,
                    "Description": description, "UserReceiveTime": text.at.unix(), "SessionContext": text.out_id}))
    });
    said(&json!({"PullSmsSendStatusSet": reports.collect::<Vec<_>>()}))
}

fn said(response: &Value) -> Response {
    let mut response = response.clone();
    response["RequestId"] = json!("sandbox");
    axum::Json(json!({ "Response": response })).into_response()
}

/// Derives the signature anew from what has arrived.
fn verify(service: &Service, method: &Method, uri: &Uri, headers: &HeaderMap, body: &[u8]) -> Result<(), (&'static str, &'static str)> {
    let bad = |why| ("AuthFailure.SignatureFailure", why);
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).ok_or(bad("a header is missing"));
    if method != Method::POST || uri.path() != "/" || uri.query().is_some() {
        return Err(bad("another kind of request"));
    }
    if !["SendSms", PULL].contains(&header("x-tc-action")?) || header("x-tc-version")? != "2021-01-11" || header("x-tc-region")?.is_empty()
    {
        return Err(("InvalidAction", "another service"));
    }
    if header("host")? != service.host {
        return Err(bad("another host"));
    }
    let at: i64 = header("x-tc-timestamp")?.parse().map_err(|_| bad("no time"))?;
    if (Clock::System.now().unix() - at).abs() > 300 {
        return Err(("AuthFailure.SignatureExpire", "out of date"));
    }
    let given = header("authorization")?.strip_prefix("TC3-HMAC-SHA256 ").ok_or(bad("another algorithm"))?;
    let part = |name: &str| given.split(", ").find_map(|part| part.strip_prefix(name)?.strip_prefix('=')).ok_or(bad("a part is missing"));
    let day: String = Timestamp::from_unix(at).to_string().chars().take(10).collect();
    let scope = format!("{day}/sms/tc3_request");
    if part("Credential")? != format!("{}/{scope}", service.id) {
        return Err(("AuthFailure.SecretIdNotFound", "another key, day or service"));
    }
    let names = part("SignedHeaders")?;
    let signed: Vec<&str> = names.split(';').collect();
    if !signed.contains(&"content-type") || !signed.contains(&"host") {
        return Err(bad("a header is not signed"));
    }
    let mut canonical = String::from("POST\n/\n\n");
    for name in &signed {
        canonical.push_str(&format!("{name}:{}\n", header(name)?.trim()));
    }
    let hash = |bytes: &[u8]| hex::encode(digest::digest(&digest::SHA256, bytes));
    canonical.push_str(&format!("\n{names}\n{}", hash(body)));
    let text = format!("TC3-HMAC-SHA256\n{at}\n{scope}\n{}", hash(canonical.as_bytes()));
    let mut key = format!("TC3{}", service.key).into_bytes();
    for part in [day.as_str(), "sms", "tc3_request"] {
        key = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), part.as_bytes()).as_ref().to_vec();
    }
    let signature = hex::decode(part("Signature")?).map_err(|_| bad("no signature"))?;
    hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, &key), text.as_bytes(), &signature).map_err(|_| bad("another signature"))
}
