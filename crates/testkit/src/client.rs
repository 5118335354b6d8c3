//! Calls as a program or browser makes them, through the real routes. Each answer is one that the API's own document names.

use std::net::{Ipv6Addr, SocketAddr};

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Method, Request, StatusCode};
use axum::response::Response;
use http_body_util::BodyExt;
use platform::identity::UserId;
use serde_json::Value;
use tower::ServiceExt;

use crate::documented::{self, Succeeded};

#[derive(Clone)]
pub struct Client {
    site: web::Site,
    /// What has succeeded for all callers of this site.
    succeeded: Succeeded,
    who: Option<(UserId, String)>,
    headers: Vec<(String, Vec<u8>)>,
    address: SocketAddr,
}

pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub bytes: Vec<u8>,
}

impl Client {
    pub(crate) fn new(site: web::Site, succeeded: Succeeded, who: Option<(UserId, String)>) -> Self {
        Self { site, succeeded, who, headers: Vec::new(), address: SocketAddr::from(([127, 0, 0, 1], 40_000)) }
    }

    /// # Panics
    /// When nobody is signed in.
    pub fn id(&self) -> UserId {
        self.who.as_ref().expect("somebody is signed in").0
    }

    pub fn token(&self) -> Option<&str> {
        self.who.as_ref().map(|(_, token)| token.as_str())
    }

    /// The same caller with another token.
    pub fn with_token(&self, token: &str) -> Self {
        Self { who: Some((self.who.as_ref().map_or(UserId::from_uuid(Default::default()), |who| who.0), token.to_owned())), ..self.clone() }
    }

    /// The same caller with one more header.
    pub fn with(&self, name: &str, value: &str) -> Self {
        self.with_bytes(name, value.as_bytes())
    }

    /// The same with one that need not be a text.
    pub fn with_bytes(&self, name: &str, value: &[u8]) -> Self {
        let mut other = self.clone();
        other.headers.push((name.to_owned(), value.to_owned()));
        other
    }

    /// The same caller from another address.
    pub fn from(&self, address: [u8; 4]) -> Self {
        Self { address: SocketAddr::from((address, 40_000)), ..self.clone() }
    }

    /// The same caller from an address of IPv6, all of its bits.
    pub fn from_v6(&self, address: u128) -> Self {
        Self { address: SocketAddr::from((Ipv6Addr::from(address), 40_000)), ..self.clone() }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, Some(body.to_string().into_bytes())).await
    }
    /// With an `Idempotency-Key`.
    pub async fn post_once(&self, key: &str, path: &str, body: Value) -> Answer {
        self.with("Idempotency-Key", key).post(path, body).await
    }
    /// A solved captcha, as forms bring it: a proof of work, done here.
    ///
    /// # Panics
    /// When none is given.
    pub async fn captcha(&self) -> Value {
        let captcha = self.post("/api/v1/captchas", serde_json::json!({"kind": "work"})).await.ok(200);
        let (salt, bits) = (captcha["salt"].as_str().expect("a salt"), captcha["bits"].as_u64().expect("bits"));
        let solves = |n: &u64| {
            let digest = ring::digest::digest(&ring::digest::SHA256, format!("{salt}:{n}").as_bytes());
            let head: [u8; 8] = digest.as_ref()[..8].try_into().expect("eight bytes");
            u64::from(u64::from_be_bytes(head).leading_zeros()) >= bits
        };
        let answer = (0_u64..).find(solves).expect("there is an answer");
        serde_json::json!({"id": captcha["id"], "answer": answer.to_string()})
    }

    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PUT, path, Some(body.to_string().into_bytes())).await
    }
    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PATCH, path, Some(body.to_string().into_bytes())).await
    }
    pub async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, None).await
    }

    /// Any bytes, any method.
    pub async fn send(&self, method: Method, path: &str, body: Option<Vec<u8>>) -> Answer {
        let (parts, body) = self.call(method, path, body).await.into_parts();
        let bytes = body.collect().await.map(|body| body.to_bytes().to_vec()).unwrap_or_default();
        Answer { status: parts.status, headers: parts.headers, bytes }
    }

    /// The status alone: what is a stream is not waited for.
    pub async fn knock(&self, method: Method, path: &str, body: Option<Vec<u8>>) -> StatusCode {
        self.call(method, path, body).await.status()
    }

    /// Opens a stream of server-sent events, or a download.
    pub async fn live(&self, path: &str) -> Live {
        let response = self.call(Method::GET, path, None).await;
        assert_eq!(response.status(), StatusCode::OK);
        Live { body: response.into_body(), rest: String::new() }
    }

    async fn call(&self, method: Method, path: &str, body: Option<Vec<u8>>) -> Response {
        let mut request = Request::builder().method(method.clone()).uri(path);
        if body.is_some() && !self.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
            request = request.header("content-type", "application/json");
        }
        if let Some((_, token)) = &self.who {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        for (name, value) in &self.headers {
            request = request.header(name, value.as_slice());
        }
        let mut request = request.body(Body::from(body.unwrap_or_default())).expect("a request");
        request.extensions_mut().insert(ConnectInfo(self.address));
        let response = self.site.clone().oneshot(request).await.expect("the router always answers");
        documented::check(&method, path, response.status());
        self.succeeded.note(&method, path, response.status());
        response
    }
}

/// An open stream of server-sent events, or a download of which nothing was taken yet.
pub struct Live {
    body: Body,
    rest: String,
}

impl Live {
    /// The next event, as its name and data; a comment has no name. `None` when the stream has ended.
    pub async fn next(&mut self) -> Option<(String, Value)> {
        loop {
            if let Some((event, rest)) = self.rest.split_once("\n\n") {
                let line = |name: &str| event.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().trim().to_owned();
                let read = (line("event:"), serde_json::from_str(&line("data:")).unwrap_or(Value::Null));
                self.rest = rest.to_owned();
                return Some(read);
            }
            let frame = self.body.frame().await?.expect("the stream can be read");
            self.rest.push_str(&String::from_utf8_lossy(frame.data_ref().expect("data")));
        }
    }

    /// Of a download: all that still comes, and whether that was its end. False where it was broken off.
    pub async fn rest(mut self) -> (Vec<u8>, bool) {
        let mut bytes = self.rest.into_bytes();
        while let Some(frame) = self.body.frame().await {
            let Ok(frame) = frame else { return (bytes, false) };
            bytes.extend_from_slice(frame.data_ref().expect("data"));
        }
        (bytes, true)
    }

    /// The next event that is no comment.
    ///
    /// # Panics
    /// When the stream has ended.
    pub async fn event(&mut self) -> (String, Value) {
        loop {
            let next = self.next().await.expect("the stream goes on");
            if !next.0.is_empty() {
                return next;
            }
        }
    }
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or(Value::Null)
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// The body of an answer with this status.
    #[track_caller]
    pub fn ok(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        self.json()
    }

    /// A problem with this status and code; its body.
    #[track_caller]
    pub fn refused(self, status: u16, code: &str) -> Value {
        let body = self.json();
        assert_eq!((self.status.as_u16(), body["code"].as_str()), (status, Some(code)), "{}", self.text());
        assert_eq!(self.headers.get("content-type").and_then(|value| value.to_str().ok()), Some("application/problem+json"));
        body
    }

    /// A refusal of a form that names this field with this code.
    #[track_caller]
    pub fn refused_field(self, field: &str, code: &str) {
        let body = self.refused(422, "INVALID");
        let errors = body["errors"].as_array().cloned().unwrap_or_default();
        assert!(errors.iter().any(|error| error["field"] == field && error["code"] == code), "{body}");
    }
}
