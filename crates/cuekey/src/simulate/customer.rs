//! A customer, as the customers' app is: over HTTP.

use std::net::Ipv4Addr;

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::trouble::{Result, Trouble};

/// What was answered.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub body: Value,
}

impl Answer {
    /// Of a refusal.
    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or("?")
    }
}

#[derive(Clone)]
pub struct Customer {
    http: reqwest::Client,
    base: String,
    address: Ipv4Addr,
    token: Option<String>,
}

impl Customer {
    /// Nobody yet; `n` makes its address.
    pub fn new(http: &reqwest::Client, base: &str, n: usize) -> Self {
        let [_, a, b, c] = u32::try_from(n).unwrap_or(0).to_be_bytes();
        Self { http: http.clone(), base: base.to_owned(), address: Ipv4Addr::new(10, a, b, c), token: None }
    }

    pub fn phone(n: usize) -> String {
        format!("138{n:08}")
    }

    /// Asks for a code; answers the ticket that belongs to it.
    pub async fn ask_for_code(&self, phone: &str) -> Result<String> {
        let sent = self.post("/customer/v1/phone-codes", &json!({"phone": phone}), None).await?;
        text(&sent, "ticket")
    }

    pub async fn sign_in(&mut self, phone: &str, ticket: &str, code: &str) -> Result<()> {
        let ask = json!({"ticket": ticket, "phone": phone, "code": code});
        self.token = Some(text(&self.post("/customer/v1/sign-in", &ask, None).await?, "token")?);
        Ok(())
    }

    /// WeChat knows this phone from now on, in one of our apps there.
    pub async fn bind_wechat(&self, app: &str, code: &str) -> Result<()> {
        let path = "/customer/v1/wechat/bind";
        let answer = self.post(path, &json!({"app": app, "code": code}), None).await?;
        if answer.status.is_success() { Ok(()) } else { Err(strange(path, &answer)) }
    }

    pub async fn get(&self, path: &str) -> Result<Answer> {
        self.send(Method::GET, path, None, None).await
    }

    /// What must be there.
    pub async fn see(&self, path: &str) -> Result<Value> {
        let answer = self.get(path).await?;
        if answer.status.is_success() { Ok(answer.body) } else { Err(strange(path, &answer)) }
    }

    /// The same key again is the same ask again.
    pub async fn post(&self, path: &str, body: &Value, key: Option<&str>) -> Result<Answer> {
        self.send(Method::POST, path, Some(body), key).await
    }

    /// Not as itself: a network's notice. Whether it was taken.
    pub async fn deliver(&self, path: &str, headers: Vec<(&'static str, String)>, body: String) -> Result<bool> {
        let mut request = self.http.post(format!("{}{path}", self.base)).body(body);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        Ok(request.send().await.is_ok_and(|answer| answer.status().is_success()))
    }

    async fn send(&self, method: Method, path: &str, body: Option<&Value>, key: Option<&str>) -> Result<Answer> {
        let mut request = self.http.request(method, format!("{}{path}", self.base)).header("x-forwarded-for", self.address.to_string());
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let unanswered =
            |error: reqwest::Error| Trouble::failed(format!("{path} 没有应答：{error}"), format!("{path} was not answered: {error}"));
        let answer = request.send().await.map_err(unanswered)?;
        let status = answer.status();
        let bytes = answer.bytes().await.map_err(unanswered)?;
        Ok(Answer { status, body: serde_json::from_slice(&bytes).unwrap_or_default() })
    }
}

/// A text of an answer.
pub fn text(answer: &Answer, field: &str) -> Result<String> {
    answer.body[field].as_str().map(str::to_owned).ok_or_else(|| strange(field, answer))
}

fn strange(what: &str, answer: &Answer) -> Trouble {
    let (status, body) = (answer.status, &answer.body);
    Trouble::failed(format!("{what}：意外的应答 {status} {body}"), format!("{what}: an answer that was not expected, {status} {body}"))
}
