//! WeChat's doors for apps: who brings a code has a name there, and perhaps a phone number. Verifies apps, secrets, tokens and codes as the real
//! one does, whose answers are of status 200 whatever they say.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use kernel::{Clock, Random, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::wechat::{APP, MINI_APP};
use crate::{Task, anywhere};

const SECRET: &str = "stand-in-of-an-app-secret-000001";
/// Seconds that a code is good for.
const CODE_LASTS: i64 = 300;
const TOKEN_LASTS: i64 = 7_200;

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LoginTrouble {
    #[default]
    None,
    /// 503.
    Down,
    /// It is busy, and says so.
    Busy,
    /// The person has asked too often.
    TooOften,
    /// The next token that is brought is not good any more, once.
    TokenGone,
    /// What it says of a phone is of another app.
    OtherApp,
}

/// What a code stands for, until it is used.
#[derive(Clone)]
enum Meant {
    Person { app_id: &'static str, who: String },
    Phone(String),
}

struct Inner {
    base: String,
    clock: Clock,
    random: Random,
    trouble: Mutex<LoginTrouble>,
    codes: Mutex<HashMap<String, (Meant, Timestamp)>>,
    token: Mutex<Option<(String, Timestamp)>>,
}

type Shared = Arc<Inner>;

/// With what the openids of an app's users begin: those of another app mean nobody.
pub(crate) fn begins(app_id: &str) -> String {
    format!("o{}-", &app_id[app_id.len().saturating_sub(4)..])
}

/// The stand-in. Ends when it is dropped, where it has an address of its own.
#[derive(Clone)]
pub struct WechatLogin {
    inner: Shared,
    _task: Option<Arc<Task>>,
}

impl WechatLogin {
    /// One that is mounted ([`router`](Self::router)) in somebody else's server, which is reached at `base`.
    pub fn at(base: &str, clock: Clock) -> Self {
        let inner = Inner {
            base: base.trim_end_matches('/').to_owned(),
            clock,
            random: Random::system(),
            trouble: Mutex::default(),
            codes: Mutex::default(),
            token: Mutex::default(),
        };
        Self { inner: Arc::new(inner), _task: None }
    }

    /// One with an address of its own.
    ///
    /// # Errors
    /// When no port is free.
    pub async fn open(clock: Clock) -> io::Result<Self> {
        let listener = TcpListener::bind(anywhere()).await?;
        let mut own = Self::at(&format!("http://{}", listener.local_addr()?), clock);
        let router = own.router();
        own._task = Some(Arc::new(Task(tokio::spawn(async move {
            let _ = axum::serve(listener, router).await;
        }))));
        Ok(own)
    }

    pub fn router(&self) -> Router {
        Router::new()
            .route("/connect/oauth2/authorize", get(authorize))
            .route("/sns/oauth2/access_token", get(by_page))
            .route("/sns/jscode2session", get(by_mini_program))
            .route("/cgi-bin/stable_token", post(token))
            .route("/wxa/business/getuserphonenumber", post(phone))
            .with_state(Arc::clone(&self.inner))
    }

    /// What is configured as WeChat's address.
    pub fn base(&self) -> &str {
        &self.inner.base
    }

    pub const fn web_app() -> &'static str {
        APP
    }

    pub const fn mini_app() -> &'static str {
        MINI_APP
    }

    /// Of both apps.
    pub const fn secret() -> &'static str {
        SECRET
    }

    pub fn set(&self, trouble: LoginTrouble) {
        *self.inner.trouble.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
    }

    /// What `wx.login` gives the mini-program of this person.
    pub fn mini_code(&self, who: &str) -> String {
        self.inner.code(Meant::Person { app_id: MINI_APP, who: who.to_owned() })
    }

    /// What the page of this person comes back with.
    pub fn web_code(&self, who: &str) -> String {
        self.inner.code(Meant::Person { app_id: APP, who: who.to_owned() })
    }

    /// What the mini-program is given when its user lets it have the number.
    pub fn phone_code(&self, phone: &str) -> String {
        self.inner.code(Meant::Phone(phone.to_owned()))
    }
}

impl Inner {
    fn codes(&self) -> MutexGuard<'_, HashMap<String, (Meant, Timestamp)>> {
        self.codes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn code(&self, meant: Meant) -> String {
        let code = hex::encode(self.random.bytes::<16>());
        self.codes().insert(code.clone(), (meant, self.clock.now().plus_seconds(CODE_LASTS)));
        code
    }

    /// What it stands for, once.
    fn take(&self, code: &str) -> Option<Meant> {
        let (meant, until) = self.codes().remove(code)?;
        (self.clock.now() < until).then_some(meant)
    }

    fn trouble(&self) -> LoginTrouble {
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is said to everybody at the moment.
    fn refusal(&self) -> Option<Response> {
        match self.trouble() {
            LoginTrouble::Down => Some(StatusCode::SERVICE_UNAVAILABLE.into_response()),
            LoginTrouble::Busy => Some(said(-1, "system error")),
            LoginTrouble::TooOften => Some(said(45_011, "api minute-quota reach limit")),
            _ => None,
        }
    }
}

fn said(code: i64, message: &str) -> Response {
    Json(json!({"errcode": code, "errmsg": message})).into_response()
}

#[derive(Deserialize)]
struct Authorize {
    appid: String,
    redirect_uri: String,
    response_type: String,
    scope: String,
    #[serde(default)]
    state: String,
    /// Not WeChat's: who looks at the page. Somebody new, where it is left out.
    #[serde(default)]
    who: Option<String>,
}

/// Sends the browser back with a code; nobody is asked, for the name alone is wanted.
async fn authorize(State(state): State<Shared>, Query(ask): Query<Authorize>, headers: axum::http::HeaderMap) -> Response {
    if ask.appid != APP || ask.response_type != "code" || ask.scope != "snsapi_base" || !ask.redirect_uri.starts_with("http") {
        return (StatusCode::BAD_REQUEST, "a parameter that cannot be so").into_response();
    }
    let cookie = headers.get(header::COOKIE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let known = cookie.split("; ").find_map(|part| part.strip_prefix("stand_in_of_wechat=")).map(str::to_owned);
    let who = ask.who.or(known).unwrap_or_else(|| hex::encode(state.random.bytes::<8>()));
    let who: String = who.chars().filter(char::is_ascii_alphanumeric).take(32).collect();
    let code = state.code(Meant::Person { app_id: APP, who: who.clone() });
    let mark = if ask.redirect_uri.contains('?') { '&' } else { '?' };
    // A state is letters and digits, as WeChat asks.
    let back = format!("{}{mark}code={code}&state={}", ask.redirect_uri, ask.state);
    let cookie = format!("stand_in_of_wechat={who}; Path=/; HttpOnly; SameSite=Lax");
    ([(header::SET_COOKIE, cookie)], Redirect::to(&back)).into_response()
}

#[derive(Deserialize)]
struct ByCode {
    #[serde(default)]
    appid: String,
    #[serde(default)]
    secret: String,
    /// `code` of a page's, `js_code` of a mini-program's.
    #[serde(default, alias = "js_code")]
    code: String,
    #[serde(default)]
    grant_type: String,
}

async fn by_page(State(state): State<Shared>, Query(ask): Query<ByCode>) -> Response {
    named(&state, &ask, APP).map_or_else(
        |refused| refused,
        |openid| {
            Json(json!({"access_token": "of-the-page", "expires_in": 7_200, "refresh_token": "of-the-page", "openid": openid, "scope": "snsapi_base"}))
                .into_response()
        },
    )
}

async fn by_mini_program(State(state): State<Shared>, Query(ask): Query<ByCode>) -> Response {
    named(&state, &ask, MINI_APP).map_or_else(
        |refused| refused,
        // It is typed as text, whatever it is: the real one answers so.
        |openid| {
            (([(header::CONTENT_TYPE, "text/plain")]), json!({"session_key": "tiihtNczf5v6AKRyjwEUhQ==", "openid": openid}).to_string())
                .into_response()
        },
    )
}

fn named(state: &Inner, ask: &ByCode, app_id: &'static str) -> Result<String, Response> {
    if let Some(refusal) = state.refusal() {
        return Err(refusal);
    }
    match (ask.appid.as_str(), ask.secret.as_str(), ask.code.as_str()) {
        ("", _, _) => Err(said(41_002, "appid missing")),
        (_, "", _) => Err(said(41_004, "appsecret missing")),
        (_, _, "") => Err(said(41_008, "missing code")),
        (app, _, _) if app != app_id => Err(said(40_013, "invalid appid")),
        (_, secret, _) if secret != SECRET => Err(said(40_125, "invalid appsecret")),
        _ if ask.grant_type != "authorization_code" => Err(said(40_002, "invalid grant_type")),
        (_, _, code) => match state.take(code) {
            Some(Meant::Person { app_id: of, who }) if of == app_id => Ok(format!("{}{who}", begins(app_id))),
            _ => Err(said(40_029, "invalid code")),
        },
    }
}

#[derive(Deserialize)]
struct TokenAsk {
    grant_type: String,
    appid: String,
    secret: String,
}

/// The same again until it is old, unlike the older way to one.
async fn token(State(state): State<Shared>, Json(ask): Json<TokenAsk>) -> Response {
    if let Some(refusal) = state.refusal() {
        return refusal;
    }
    if ask.grant_type != "client_credential" || ask.appid != MINI_APP {
        return said(40_013, "invalid appid");
    }
    if ask.secret != SECRET {
        return said(40_125, "invalid appsecret");
    }
    let now = state.clock.now();
    let mut kept = state.token.lock().unwrap_or_else(PoisonError::into_inner);
    if kept.as_ref().is_none_or(|(_, until)| now >= *until) {
        *kept = Some((hex::encode(state.random.bytes::<32>()), now.plus_seconds(TOKEN_LASTS)));
    }
    let Some((token, until)) = kept.as_ref() else { return said(-1, "system error") };
    Json(json!({"access_token": token, "expires_in": until.unix() - now.unix()})).into_response()
}

#[derive(Deserialize)]
struct ByToken {
    #[serde(default)]
    access_token: String,
}

#[derive(Deserialize)]
struct PhoneAsk {
    #[serde(default)]
    code: String,
}

async fn phone(State(state): State<Shared>, Query(by): Query<ByToken>, Json(ask): Json<PhoneAsk>) -> Response {
    if let Some(refusal) = state.refusal() {
        return refusal;
    }
    {
        let mut kept = state.token.lock().unwrap_or_else(PoisonError::into_inner);
        if state.trouble() == LoginTrouble::TokenGone {
            *kept = None;
            *state.trouble.lock().unwrap_or_else(PoisonError::into_inner) = LoginTrouble::None;
        }
        if !kept.as_ref().is_some_and(|(token, until)| *token == by.access_token && state.clock.now() < *until) {
            return said(40_001, "invalid credential, access_token is invalid or not latest");
        }
    }
    let Some(Meant::Phone(phone)) = state.take(&ask.code) else { return said(40_029, "invalid code") };
    let app_id = if state.trouble() == LoginTrouble::OtherApp { APP } else { MINI_APP };
    let info: Value = json!({"phoneNumber": phone, "purePhoneNumber": phone, "countryCode": 86,
                             "watermark": {"timestamp": state.clock.now().unix(), "appid": app_id}});
    Json(json!({"errcode": 0, "errmsg": "ok", "phone_info": info})).into_response()
}
