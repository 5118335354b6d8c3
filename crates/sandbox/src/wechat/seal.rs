//! Signatures: of requests, which are verified as the real one does, and of what it says.

use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::{Inner, KEYS, MERCHANT, SERIAL};
use crate::trouble::Asked;

impl Inner {
    /// Whether our merchant has sent this, now, and for the first time.
    pub(super) fn verify(&self, method: &str, target: &str, headers: &HeaderMap, body: &[u8]) -> Result<(), &'static str> {
        let given = headers.get("authorization").and_then(|value| value.to_str().ok()).ok_or("no authorization")?;
        let given = given.strip_prefix("WECHATPAY2-SHA256-RSA2048 ").ok_or("another scheme")?;
        let part = |name: &str| {
            given
                .split(',')
                .find_map(|part| part.trim().strip_prefix(name)?.strip_prefix("=\"")?.strip_suffix('"'))
                .ok_or("a part is missing")
        };
        if part("mchid")? != MERCHANT || part("serial_no")? != SERIAL {
            return Err("another merchant or certificate");
        }
        let (timestamp, nonce) = (part("timestamp")?, part("nonce_str")?);
        let at: i64 = timestamp.parse().map_err(|_| "no time")?;
        if (self.clock.now().unix() - at).abs() > 300 {
            return Err("out of date");
        }
        let mut message = format!("{method}\n{target}\n{timestamp}\n{nonce}\n").into_bytes();
        message.extend_from_slice(body);
        message.push(b'\n');
        if !self.merchant.verifies(&message, part("signature")?) {
            return Err("another signature");
        }
        if self.books().use_nonce(nonce) { Ok(()) } else { Err("a nonce that was used") }
    }

    /// The headers under what it says.
    pub(super) fn seal(&self, body: &str, forged: bool) -> Vec<(&'static str, String)> {
        let troubles = self.troubles();
        let timestamp = (self.clock.now().unix() + troubles.skew).to_string();
        let nonce = hex::encode(self.random.bytes::<16>());
        let which = usize::from(troubles.next_key);
        let message = format!("{timestamp}\n{nonce}\n{body}\n");
        // Somebody who has a key, but not this one.
        let signature = if forged { self.merchant.sign(message.as_bytes()) } else { self.own[which].sign(message.as_bytes()) };
        vec![
            ("wechatpay-serial", KEYS[which].to_owned()),
            ("wechatpay-timestamp", timestamp),
            ("wechatpay-nonce", nonce),
            ("wechatpay-signature", signature),
            ("wechatpay-signature-type", "WECHATPAY2-SHA256-RSA2048".to_owned()),
        ]
    }

    pub(super) fn say(&self, status: StatusCode, body: Option<&Value>) -> Response {
        let body = body.map(Value::to_string).unwrap_or_default();
        let mut response = (status, Bytes::from(body.clone())).into_response();
        let asked = self.troubles().asked;
        let signs = asked != Asked::Unsigned && (asked != Asked::RefusesUnsigned || status.is_success());
        let seal = if signs { self.seal(&body, asked == Asked::Forged) } else { Vec::new() };
        for (name, value) in seal {
            if let Ok(value) = value.parse() {
                response.headers_mut().insert(name, value);
            }
        }
        if !body.is_empty() {
            response.headers_mut().insert("content-type", axum::http::HeaderValue::from_static("application/json"));
        }
        response
    }

    pub(super) fn refuse(&self, status: StatusCode, code: &str, message: &str) -> Response {
        self.say(status, Some(&json!({"code": code, "message": message})))
    }
}
