//! WeChat's doors for apps: who brings a code has a name there, and perhaps a phone number. Verifies apps, secrets, tokens and codes as the real
//! one does, whose answers are of status 200 whatever they say.

mod doors;

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use kernel::{Clock, Random, Timestamp};
use serde_json::json;
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
            .route("/connect/oauth2/authorize", get(doors::authorize))
            .route("/sns/oauth2/access_token", get(doors::by_page))
            .route("/sns/jscode2session", get(doors::by_mini_program))
            .route("/cgi-bin/stable_token", post(doors::token))
            .route("/wxa/business/getuserphonenumber", post(doors::phone))
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
