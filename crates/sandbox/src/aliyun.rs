//! Aliyun's SMS service: takes texts, and says how it went with them; and only to those who sign as the real one asks.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use kernel::{Clock, HOUR, Timestamp};
use ring::{digest, hmac};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::{Task, anywhere};

/// RFC 3986: letters, digits and these stand for themselves.
const KEPT: &percent_encoding::AsciiSet = &percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// A text that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    pub phone: String,
    pub sign_name: String,
    pub template: String,
    pub params: Value,
    /// The sender's own name for it.
    pub out_id: String,
    /// What the sender was told that it is called here.
    pub called: String,
    pub at: Timestamp,
}

/// How it went with a text that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Receipt {
    OnItsWay,
    Delivered,
    /// Why, as a carrier says it: `MOBILE_NOT_ON_SERVICE`.
    Failed(String),
}

/// What became of texts, by what they are called; of the others nothing went wrong.
pub(crate) type Receipts = Arc<Mutex<HashMap<String, Receipt>>>;

pub(crate) fn receipt(receipts: &Receipts, called: &str) -> Receipt {
    receipts.lock().unwrap_or_else(PoisonError::into_inner).get(called).cloned().unwrap_or(Receipt::Delivered)
}

/// What it does instead of taking texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmsTrouble {
    None,
    /// 503, and nothing is taken.
    Down,
    /// Takes it, and answers 503.
    TakenAndDown,
    /// Too often for this number.
    Limited,
}

#[derive(Clone)]
struct Service {
    key: String,
    secret: String,
    host: String,
    texts: watch::Sender<Vec<Text>>,
    nonces: Arc<Mutex<Vec<String>>>,
    trouble: watch::Receiver<SmsTrouble>,
    receipts: Receipts,
    clock: Clock,
}

pub struct AliyunSms {
    address: SocketAddr,
    texts: watch::Receiver<Vec<Text>>,
    receipts: Receipts,
    trouble: watch::Sender<SmsTrouble>,
    _task: Task,
}

impl AliyunSms {
    /// # Errors
    /// When no port is free.
    pub async fn open(key: &str, secret: &str) -> io::Result<Self> {
        Self::open_by(key, secret, Clock::System).await
    }

    /// The same, by another clock than the machine's.
    ///
    /// # Errors
    /// When no port is free.
    pub async fn open_by(key: &str, secret: &str, clock: Clock) -> io::Result<Self> {
        let listener = TcpListener::bind(anywhere()).await?;
        let address = listener.local_addr()?;
        let (texts, taken) = watch::channel(Vec::new());
        let (trouble, troubled) = watch::channel(SmsTrouble::None);
        let receipts = Receipts::default();
        let service = Service {
            key: key.into(),
            secret: secret.into(),
            host: address.to_string(),
            texts,
            nonces: Arc::default(),
            trouble: troubled,
            receipts: Arc::clone(&receipts),
            clock,
        };
        let router = Router::new().fallback(answer).with_state(service);
        let task = tokio::spawn(async move {
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { address, texts: taken, receipts, trouble, _task: Task(task) })
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

    /// All that were taken, oldest first.
    pub fn texts(&self) -> Vec<Text> {
        self.texts.borrow().clone()
    }

    /// Waits until it has taken more than `known` texts; answers those, oldest first. None when it takes no more.
    pub async fn after(&self, known: usize) -> Option<Vec<Text>> {
        let mut texts = self.texts.clone();
        let taken = texts.wait_for(|texts| texts.len() > known).await.ok()?;
        Some(taken.iter().skip(known).cloned().collect())
    }

    /// Waits for a text to this phone after the first `known` of them; answers it.
    pub async fn text_to(&self, phone: &str, known: usize) -> Option<Text> {
        let mut texts = self.texts.clone();
        let to = |text: &&Text| text.phone == phone;
        let found = texts.wait_for(|texts| texts.iter().filter(to).count() > known).await.ok()?;
        found.iter().rfind(to).cloned()
    }
}

async fn answer(State(service): State<Service>, request: Request) -> Response {
    let query = request.uri().query().unwrap_or_default().to_owned();
    let action = match verify(&service, request.method().as_str(), request.uri().path(), &query, request.headers()) {
        Ok(action) => action,
        Err(why) => {
            let body = json!({"Code": "SignatureDoesNotMatch", "Message": why, "RequestId": "sandbox"});
            return (StatusCode::BAD_REQUEST, axum::Json(body)).into_response();
        }
    };
    let trouble = *service.trouble.borrow();
    match trouble {
        SmsTrouble::Down => return StatusCode::SERVICE_UNAVAILABLE.into_response(),
        SmsTrouble::Limited => return said("isv.BUSINESS_LIMIT_CONTROL", ""),
        SmsTrouble::None | SmsTrouble::TakenAndDown => {}
    }
    let value = |name: &str| {
        form_urlencoded::parse(query.as_bytes()).find(|(own, _)| own == name).map(|(_, value)| value.into_owned()).unwrap_or_default()
    };
    if action == Action::Query {
        return details(&service, &value("PhoneNumber"), &value("BizId"), &value("SendDate"));
    }
    let Ok(params @ Value::Object(_)) = serde_json::from_str::<Value>(&value("TemplateParam")) else {
        return said("isv.INVALID_JSON_PARAM", "");
    };
    let text = Text {
        phone: value("PhoneNumbers"),
        sign_name: value("SignName"),
        template: value("TemplateCode"),
        params,
        out_id: value("OutId"),
        called: format!("{}^0", 900_619_746_936_498_440_u64 + u64::try_from(service.texts.borrow().len()).unwrap_or(0)),
        at: service.clock.now(),
    };
    if text.phone.len() != 11 || !text.phone.bytes().all(|byte| byte.is_ascii_digit()) {
        return said("isv.MOBILE_NUMBER_ILLEGAL", "");
    }
    if !text.template.starts_with("SMS_") {
        return said("isv.SMS_TEMPLATE_ILLEGAL", "");
    }
    let called = text.called.clone();
    service.texts.send_modify(|texts| texts.push(text));
    if trouble == SmsTrouble::TakenAndDown { StatusCode::SERVICE_UNAVAILABLE.into_response() } else { said("OK", &called) }
}

/// How it went with a text: found by its number, its name and the day in China on which it was taken.
fn details(service: &Service, phone: &str, called: &str, day: &str) -> Response {
    let of_day = |at: Timestamp| at.plus_micros(8 * HOUR).to_string().get(..10).is_some_and(|date| date.replace('-', "") == day);
    let found = service.texts.borrow().iter().find(|text| text.phone == phone && text.called == called && of_day(text.at)).cloned();
    let details: Vec<Value> = found
        .iter()
        .map(|text| {
            let (status, code) = match receipt(&service.receipts, called) {
                Receipt::OnItsWay => (1, String::new()),
                Receipt::Failed(code) => (2, code),
                Receipt::Delivered => (3, "DELIVERED".to_owned()),
            };
            json!({"PhoneNum": phone, "SendStatus": status, "ErrCode": code, "TemplateCode": text.template, "OutId": text.out_id})
        })
        .collect();
    let total = details.len().to_string();
    let body = json!({"Code": "OK", "Message": "OK", "RequestId": "sandbox", "TotalCount": total,
                      "SmsSendDetailDTOs": {"SmsSendDetailDTO": details}});
    axum::Json(body).into_response()
}

fn said(code: &str, biz_id: &str) -> Response {
    axum::Json(json!({"Code": code, "Message": code, "BizId": biz_id, "RequestId": "sandbox"})).into_response()
}

#[derive(PartialEq)]
enum Action {
    Send,
    Query,
}

/// Derives the signature anew from what has arrived.
fn verify(service: &Service, method: &str, path: &str, query: &str, headers: &HeaderMap) -> Result<Action, &'static str> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).ok_or("a header is missing");
    let given = header("authorization")?.strip_prefix("ACS3-HMAC-SHA256 ").ok_or("another algorithm")?;
    let part = |name: &str| given.split(',').find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('=')).ok_or("a part is missing");
    if part("Credential")? != service.key {
        return Err("another key");
    }
    if header("host")? != service.host || header("x-acs-version")? != "2017-05-25" {
        return Err("another service");
    }
    let action = match header("x-acs-action")? {
        "SendSms" => Action::Send,
        "QuerySendDetails" => Action::Query,
        _ => return Err("another action"),
    };
    let at: kernel::Timestamp = header("x-acs-date")?.parse().map_err(|_| "no time")?;
    if service.clock.now().seconds_since(at).abs() > 900 {
        return Err("out of date");
    }
    let signed: Vec<&str> = part("SignedHeaders")?.split(';').collect();
    for needed in ["host", "x-acs-action", "x-acs-content-sha256", "x-acs-date", "x-acs-signature-nonce", "x-acs-version"] {
        if !signed.contains(&needed) {
            return Err("a header is not signed");
        }
    }
    let nothing = hex::encode(digest::digest(&digest::SHA256, b""));
    if header("x-acs-content-sha256")? != nothing {
        return Err("another body");
    }
    // However it was written: Aliyun's own client sends a blank as `+` and signs it as `%20`.
    let encode = |text: &str| percent_encoding::utf8_percent_encode(text, KEPT).to_string();
    let mut pairs: Vec<_> = form_urlencoded::parse(query.as_bytes()).map(|(name, value)| (encode(&name), encode(&value))).collect();
    pairs.sort_unstable();
    let pairs: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let mut canonical = format!("{method}\n{path}\n{}\n", pairs.join("&"));
    for name in &signed {
        canonical.push_str(&format!("{name}:{}\n", header(name)?.trim()));
    }
    canonical.push_str(&format!("\n{}\n{nothing}", signed.join(";")));
    let hash = hex::encode(digest::digest(&digest::SHA256, canonical.as_bytes()));
    let key = hmac::Key::new(hmac::HMAC_SHA256, service.secret.as_bytes());
    let signature = hex::decode(part("Signature")?).map_err(|_| "no signature")?;
    hmac::verify(&key, format!("ACS3-HMAC-SHA256\n{hash}").as_bytes(), &signature).map_err(|_| "another signature")?;
    let nonce = header("x-acs-signature-nonce")?.to_owned();
    let mut nonces = service.nonces.lock().unwrap_or_else(PoisonError::into_inner);
    if nonces.contains(&nonce) {
        return Err("a nonce that was used");
    }
    nonces.push(nonce);
    Ok(action)
}
