//! What is asked at each of its addresses, and answered.

use std::sync::PoisonError;

use axum::Json;
use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Inner, LoginTrouble, Meant, SECRET, Shared, TOKEN_LASTS, begins, said};
use crate::wechat::{APP, MINI_APP};

#[derive(Deserialize)]
pub(super) struct Authorize {
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
pub(super) async fn authorize(State(state): State<Shared>, Query(ask): Query<Authorize>, headers: axum::http::HeaderMap) -> Response {
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
pub(super) struct ByCode {
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

pub(super) async fn by_page(State(state): State<Shared>, Query(ask): Query<ByCode>) -> Response {
    named(&state, &ask, APP).map_or_else(
        |refused| refused,
        |openid| {
            Json(json!({"access_token": "of-the-page", "expires_in": 7_200, "refresh_token": "of-the-page", "openid": openid, "scope": "snsapi_base"}))
                .into_response()
        },
    )
}

pub(super) async fn by_mini_program(State(state): State<Shared>, Query(ask): Query<ByCode>) -> Response {
    named(&state, &ask, MINI_APP).map_or_else(
        |refused| refused,
        // It is typed as text, whatever it is: the real one answers so.
        |openid| {
            (([(header::CONTENT_TYPE, "text/plain")]), json!({"session_key": "c3RhbmQtaW4tc2Vzc2lvbg==", "openid": openid}).to_string())
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
pub(super) struct TokenAsk {
    grant_type: String,
    appid: String,
    secret: String,
}

/// The same again until it is old, unlike the older way to one.
pub(super) async fn token(State(state): State<Shared>, Json(ask): Json<TokenAsk>) -> Response {
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
pub(super) struct ByToken {
    #[serde(default)]
    access_token: String,
}

#[derive(Deserialize)]
pub(super) struct PhoneAsk {
    #[serde(default)]
    code: String,
}

pub(super) async fn phone(State(state): State<Shared>, Query(by): Query<ByToken>, Json(ask): Json<PhoneAsk>) -> Response {
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
