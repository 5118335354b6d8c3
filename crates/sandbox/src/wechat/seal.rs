//! Signatures: of requests, which are verified as the real one does, and of what it says.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::{Inner, Shared};
use crate::fields::is_number;
use crate::trouble::Asked;

const PARTS: [&str; 5] = ["mchid", "nonce_str", "signature", "timestamp", "serial_no"];

/// What an `Authorization` has after its scheme: five parts, in any order, each once.
fn parts(given: &str) -> Option<HashMap<&str, &str>> {
    let mut parts = HashMap::new();
    for part in given.split(',') {
        let (name, value) = part.trim().split_once('=')?;
        let value = value.strip_prefix('"')?.strip_suffix('"')?;
        if !PARTS.contains(&name) || parts.insert(name, value).is_some() {
            return None;
        }
    }
    (parts.len() == PARTS.len()).then_some(parts)
}

/// Whether the next key signs the `n`th of all: so many of each hundred, evenly spread. Pure.
fn is_by_next(n: u64, share: u8) -> bool {
    let (n, share) = (n % 100, u64::from(share.min(100)));
    (n + 1) * share / 100 > n * share / 100
}

/// What it has signed so far.
#[derive(Default)]
pub(super) struct Signed {
    answers: AtomicU64,
    notices: AtomicU64,
    by_key: [AtomicU64; 2],
}

impl Signed {
    /// Which key signs the next notice.
    pub fn of_notice(&self, share: u8) -> usize {
        usize::from(is_by_next(self.notices.fetch_add(1, Ordering::Relaxed), share))
    }

    /// Which key signs the next answer: the one that the request names, where it is not being changed.
    fn of_answer(&self, share: u8, named: usize) -> usize {
        if is_by_next(self.answers.fetch_add(1, Ordering::Relaxed), share) { 1 } else { named }
    }

    pub fn by_key(&self) -> [u64; 2] {
        [0, 1].map(|key: usize| self.by_key[key].load(Ordering::Relaxed))
    }
}

/// What an answer says, until it is signed.
#[derive(Clone)]
struct Said(String);

/// Signs answers.
pub(super) async fn sealed(State(state): State<Shared>, request: Request, next: Next) -> Response {
    let named = request.headers().get("wechatpay-serial").and_then(|value| value.to_str().ok());
    let named = named.and_then(|name| state.known.keys.iter().position(|key| *key == name)).unwrap_or_default();
    let mut response = next.run(request).await;
    let Some(Said(body)) = response.extensions_mut().remove::<Said>() else { return response };
    let troubles = state.troubles();
    let asked = troubles.asked;
    if asked == Asked::Unsigned || (asked == Asked::RefusesUnsigned && !response.status().is_success()) {
        return response;
    }
    let key = state.signed.of_answer(troubles.next_key, named);
    for (name, value) in state.seal(&body, asked == Asked::Forged, key) {
        if let Ok(value) = value.parse() {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

impl Inner {
    /// Whether our merchant has sent this, now, and for the first time.
    pub(super) fn verify(&self, method: &str, target: &str, headers: &HeaderMap, body: &[u8]) -> Result<(), &'static str> {
        let given = headers.get("authorization").and_then(|value| value.to_str().ok()).ok_or("no authorization")?;
        let given = given.strip_prefix("WECHATPAY2-SHA256-RSA2048 ").ok_or("another scheme")?;
        let parts = parts(given).ok_or("not its five parts")?;
        let part = |name: &str| parts.get(name).copied().unwrap_or_default();
        if part("mchid") != self.known.merchant || part("serial_no") != self.known.serial {
            return Err("another merchant or certificate");
        }
        let (timestamp, nonce) = (part("timestamp"), part("nonce_str"));
        if !is_number(nonce, 1..=32, b"") || !timestamp.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err("no nonce, or no time");
        }
        let at: i64 = timestamp.parse().map_err(|_| "no time")?;
        if self.clock.now().unix().abs_diff(at) > 300 {
            return Err("out of date");
        }
        let mut message = format!("{method}\n{target}\n{timestamp}\n{nonce}\n").into_bytes();
        message.extend_from_slice(body);
        message.push(b'\n');
        if !self.merchant.verifies(&message, part("signature")) {
            return Err("another signature");
        }
        if self.books().use_nonce(nonce) { Ok(()) } else { Err("a nonce that was used") }
    }

    /// The headers under what it says.
    pub(super) fn seal(&self, body: &str, forged: bool, key: usize) -> Vec<(&'static str, String)> {
        let timestamp = (self.clock.now().unix() + self.troubles().skew).to_string();
        let nonce = hex::encode(self.random.bytes::<16>());
        let message = format!("{timestamp}\n{nonce}\n{body}\n");
        // Somebody who has a key, but not this one.
        let signature = if forged { self.merchant.sign(message.as_bytes()) } else { self.own[key].sign(message.as_bytes()) };
        self.signed.by_key[key].fetch_add(1, Ordering::Relaxed);
        vec![
            ("wechatpay-serial", self.known.keys[key].to_owned()),
            ("wechatpay-timestamp", timestamp),
            ("wechatpay-nonce", nonce),
            ("wechatpay-signature", signature),
            ("wechatpay-signature-type", "WECHATPAY2-SHA256-RSA2048".to_owned()),
        ]
    }

    /// It is signed on its way out.
    pub(super) fn say(&self, status: StatusCode, body: Option<&Value>) -> Response {
        let body = body.map(Value::to_string).unwrap_or_default();
        let mut response = (status, Bytes::from(body.clone())).into_response();
        if !body.is_empty() {
            response.headers_mut().insert("content-type", HeaderValue::from_static("application/json"));
        }
        response.extensions_mut().insert(Said(body));
        response
    }

    pub(super) fn refuse(&self, status: StatusCode, code: &str, message: &str) -> Response {
        self.say(status, Some(&json!({"code": code, "message": message})))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn k12_1_of_each_hundred_so_many_are_signed_by_the_next_key_evenly_spread() {
        for share in [0, 1, 5, 10, 20, 50, 99, 100] {
            let by_next = |from: u64| (from..from + 100).filter(|n| is_by_next(*n, share)).count();
            assert_eq!([by_next(0), by_next(100), by_next(37)], [usize::from(share); 3]);
        }
        let first: Vec<u64> = (0..20).filter(|n| is_by_next(*n, 20)).collect();
        assert_eq!(first, [4, 9, 14, 19]);
    }

    #[test]
    fn k12_1_an_authorization_has_its_five_parts_each_once() {
        let good = r#"mchid="1",nonce_str="a",signature="x==",timestamp="2",serial_no="3""#;
        assert_eq!(parts(good).map(|parts| parts["signature"]), Some("x=="));
        assert!(parts(r#"serial_no="3", timestamp="2", signature="x==", nonce_str="a", mchid="1""#).is_some());
        let bad = [
            good.replace("mchid=\"1\",", ""),
            format!("{good},mchid=\"1\""),
            format!("{good},more=\"1\""),
            good.replace("\"2\"", "2"),
            good.replace(',', ";"),
            String::new(),
        ];
        for bad in bad {
            assert!(parts(&bad).is_none(), "{bad}");
        }
    }
}
