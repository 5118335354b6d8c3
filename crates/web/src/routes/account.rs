//! One's own account: who one is, language, password, sessions.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use kernel::Page;
use platform::identity::account::{self, Me, MeChange, PasswordChange};
use platform::identity::session::{self, SessionInfo};
use platform::identity::users::{self, OwnEmailChange};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::session::{SetCookie, renewed};
use crate::extract::{Auth, Json, OwnAccount, PageQuery, PathId, Query, SignedIn};
use crate::state::AppState;
use crate::{Problem, Result};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(me, change))
        .routes(routes!(change_password))
        .routes(routes!(change_own_email))
        .routes(routes!(sessions, end_other_sessions))
        .routes(routes!(end_session))
}

/// Who is signed in, and what they may.
#[utoipa::path(get, path = "/me", tag = "account", responses((status = 200, body = Me), (status = 401, body = Problem)))]
async fn me(Auth(cx, _): Auth<OwnAccount>) -> Result<axum::Json<Me>> {
    Ok(axum::Json(account::me(&cx).await?))
}

/// Changes the language that one is written to in.
#[utoipa::path(patch, path = "/me", tag = "account", request_body = MeChange,
    responses((status = 200, body = Me), (status = 401, body = Problem), (status = 422, body = Problem)))]
async fn change(Auth(cx, _): Auth<OwnAccount>, Json(body): Json<MeChange>) -> Result<axum::Json<Me>> {
    Ok(axum::Json(account::change_me(&cx, &body).await?))
}

/// Changes one's password; ends all other sessions. Who came with a cookie gets another.
#[utoipa::path(post, path = "/me/password", tag = "account", request_body = PasswordChange,
    responses((status = 204), (status = 401, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem), (status = 429, body = Problem), (status = 503, body = Problem)))]
async fn change_password(
    State(state): State<AppState>,
    Auth(cx, _): Auth<OwnAccount>,
    headers: HeaderMap,
    Json(body): Json<PasswordChange>,
) -> Result<(Option<SetCookie>, StatusCode)> {
    account::change_password(&cx, &body).await?;
    Ok((renewed(&state, &cx, &headers).await?, StatusCode::NO_CONTENT))
}

/// Changes one's own e-mail address, by one's password, and tells both addresses.
#[utoipa::path(post, path = "/me/email", tag = "account", request_body = OwnEmailChange,
    responses((status = 200, body = Me), (status = 401, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem), (status = 429, body = Problem)))]
async fn change_own_email(Auth(cx, _): Auth<SignedIn>, Json(body): Json<OwnEmailChange>) -> Result<axum::Json<Me>> {
    Ok(axum::Json(users::change_own_email(&cx, &body).await?))
}

/// One's open sessions.
#[utoipa::path(get, path = "/me/sessions", tag = "account", params(PageQuery),
    responses((status = 200, body = Page<SessionInfo>), (status = 401, body = Problem), (status = 403, body = Problem), (status = 422, body = Problem)))]
async fn sessions(Auth(cx, _): Auth<SignedIn>, Query(query): Query<PageQuery>) -> Result<axum::Json<Page<SessionInfo>>> {
    Ok(axum::Json(session::list(&cx, &query.ask()?).await?))
}

/// Ends one of one's sessions.
#[utoipa::path(delete, path = "/me/sessions/{id}", tag = "account", params(("id" = String, Path)),
    responses((status = 204), (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem)))]
async fn end_session(Auth(cx, _): Auth<SignedIn>, PathId(id): PathId<platform::identity::SessionEntity>) -> Result<StatusCode> {
    account::end_session(&cx, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends all of one's sessions but the one that asks.
#[utoipa::path(delete, path = "/me/sessions", tag = "account",
    responses((status = 204), (status = 401, body = Problem), (status = 403, body = Problem)))]
async fn end_other_sessions(Auth(cx, _): Auth<SignedIn>) -> Result<StatusCode> {
    account::end_other_sessions(&cx).await?;
    Ok(StatusCode::NO_CONTENT)
}
