//! Signing in and out. The token is in the answer, for programs, and in a cookie that scripts cannot read, for the console: that is
//! told it by nothing else.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use kernel::{Fault, HOUR, SECOND};
use platform::Cx;
use platform::identity::account::{self, Me};
use platform::identity::session;
use platform::identity::sign_in::{self, SignIn};
use platform::settings::defs;
use serde::Serialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::extract::{Auth, CONSOLE, COOKIE, Json, OwnAccount, PLAIN_COOKIE, Visitor, token};
use crate::state::AppState;
use crate::{Problem, Result};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(enter, leave))
}

#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = SignedIn)]
struct Entered {
    /// For `Authorization: Bearer`. Told once, and not to the console, whose scripts have no use for it.
    token: Option<String>,
    me: Me,
}

pub(super) type SetCookie = [(HeaderName, HeaderValue); 1];

/// Signs in. Send all again with what the refusal asks for: a captcha, or a code of the second factor.
#[utoipa::path(post, path = "/session", tag = "account", request_body = SignIn,
    responses((status = 200, body = Entered), (status = 401, body = Problem), (status = 403, body = Problem), (status = 422, body = Problem), (status = 423, body = Problem), (status = 429, body = Problem), (status = 503, body = Problem)))]
async fn enter(
    State(state): State<AppState>,
    Visitor(cx): Visitor,
    headers: HeaderMap,
    Json(body): Json<SignIn>,
) -> Result<(SetCookie, axum::Json<Entered>)> {
    let started = sign_in::sign_in(&cx, &body).await?;
    // The browser forgets the cookie that it had; its session must not stay behind.
    if let Some((old, true)) = token(&headers, state.http.secure) {
        session::replace(&cx, &old).await?;
    }
    let cx = cx.as_user(started.principal);
    let me = account::me(&cx).await?;
    let seconds = cx.settings.get(defs::SESSION_HOURS).saturating_mul(HOUR / SECOND);
    let cookie = cookie(state.http.secure, &started.token, seconds)?;
    let token = (!headers.contains_key(CONSOLE)).then(|| started.token.to_string());
    Ok((cookie, axum::Json(Entered { token, me })))
}

/// Signs out: the token is of no use any more.
#[utoipa::path(delete, path = "/session", tag = "account", responses((status = 204), (status = 401, body = Problem)))]
async fn leave(State(state): State<AppState>, Auth(cx, _): Auth<OwnAccount>) -> Result<(StatusCode, SetCookie)> {
    account::sign_out(&cx).await?;
    Ok((StatusCode::NO_CONTENT, cookie(state.http.secure, "", 0)?))
}

/// After a privilege was gained: another token for who came with a cookie. A program keeps the token that it was told.
pub(super) async fn renewed(state: &AppState, cx: &Cx, headers: &HeaderMap) -> Result<Option<SetCookie>> {
    if !matches!(token(headers, state.http.secure), Some((_, true))) {
        return Ok(None);
    }
    let seconds = cx.settings.get(defs::SESSION_HOURS).saturating_mul(HOUR / SECOND);
    cookie(state.http.secure, &session::renew(cx).await?, seconds).map(Some)
}

/// `__Host-` binds it to this host and to https: a neighbouring site can neither read nor plant it.
fn cookie(secure: bool, token: &str, seconds: i64) -> Result<SetCookie> {
    let (name, flag) = if secure { (COOKIE, "; Secure") } else { (PLAIN_COOKIE, "") };
    let text = format!("{name}={token}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{flag}");
    Ok([(header::SET_COOKIE, HeaderValue::from_str(&text).map_err(Fault::internal)?)])
}
