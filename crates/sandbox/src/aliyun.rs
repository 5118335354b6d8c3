//! Aliyun's SMS service: takes texts, and only those that are signed as the real one asks.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use kernel::Clock;
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
}

pub struct AliyunSms {
    address: SocketAddr,
    texts: watch::Receiver<Vec<Text>>,
    trouble: watch::Sender<SmsTrouble>,
    _task: Task,
}

impl AliyunSms {
    /// # Errors
    /// When no port is free.
    pub async fn open(key: &str, secret: &str) -> io::Result<Self> {
        let listener = TcpListener::bind(anywhere()).await?;
        let address = listener.local_addr()?;
        let (texts, taken) = watch::channel(Vec::new());
        let (trouble, troubled) = watch::channel(SmsTrouble::None);
        let service =
            Service { key: key.into(), secret: secret.into(), host: address.to_string(), texts, nonces: Arc::default(), trouble: troubled };
        let router = Router::new().fallback(answer).with_state(service);
        let task = tokio::spawn(async move {
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { address, texts: taken, trouble, _task: Task(task) })
    }

    /// What is configured as the service's address.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn set(&self, trouble: SmsTrouble) {
        self.trouble.send_replace(trouble);
    }

    /// All that were taken, oldest first.
    pub fn texts(&self) -> Vec<Text> {
        self.texts.borrow().clone()
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
    if let Err(why) = verify(&service, request.method().as_str(), request.uri().path(), &query, request.headers()) {
        let body = json!({"Code": "SignatureDoesNotMatch", "Message": why, "RequestId": "sandbox"});
        return (StatusCode::BAD_REQUEST, axum::Json(body)).into_response();
    }
    let trouble = *service.trouble.borrow();
    match trouble {
        SmsTrouble::Down => return StatusCode::SERVICE_UNAVAILABLE.into_response(),
        SmsTrouble::Limited => return said("isv.BUSINESS_LIMIT_CONTROL", ""),
        SmsTrouble::None | SmsTrouble::TakenAndDown => {}
    }
    let value = |name: &str| {
        form_urlencoded::parse(query.as_bytes()).find(|(own, _)| own == name).map(|(_, value)| value.into_owned()).unwrap_or_default()
    };
    let Ok(params @ Value::Object(_)) = serde_json::from_str::<Value>(&value("TemplateParam")) else {
        return said("isv.INVALID_JSON_PARAM", "");
    };
    let text = Text {
        phone: value("PhoneNumbers"),
        sign_name: value("SignName"),
        template: value("TemplateCode"),
        params,
        out_id: value("OutId"),
    };
    if text.phone.len() != 11 || !text.phone.bytes().all(|byte| byte.is_ascii_digit()) {
        return said("isv.MOBILE_NUMBER_ILLEGAL", "");
    }
    if !text.template.starts_with("SMS_") {
        return said("isv.SMS_TEMPLATE_ILLEGAL", "");
    }
    service.texts.send_modify(|texts| texts.push(text));
    if trouble == SmsTrouble::TakenAndDown { StatusCode::SERVICE_UNAVAILABLE.into_response() } else { said("OK", "900619746936498440^0") }
}

fn said(code: &str, biz_id: &str) -> Response {
    axum::Json(json!({"Code": code, "Message": code, "BizId": biz_id, "RequestId": "sandbox"})).into_response()
}

/// Derives the signature anew from what has arrived.
fn verify(service: &Service, method: &str, path: &str, query: &str, headers: &HeaderMap) -> Result<(), &'static str> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).ok_or("a header is missing");
    let given = header("authorization")?.strip_prefix("ACS3-HMAC-SHA256 ").ok_or("another algorithm")?;
    let part = |name: &str| given.split(',').find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('=')).ok_or("a part is missing");
    if part("Credential")? != service.key {
        return Err("another key");
    }
    if header("host")? != service.host || header("x-acs-action")? != "SendSms" || header("x-acs-version")? != "2017-05-25" {
        return Err("another service");
    }
    let at: kernel::Timestamp = header("x-acs-date")?.parse().map_err(|_| "no time")?;
    if Clock::System.now().seconds_since(at).abs() > 900 {
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
    Ok(())
}
