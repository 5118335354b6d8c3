//! Setting up the second factor 两步验证, and turning it off.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use platform::identity::second_factor::{self, RecoveryCodes, SecondFactorProof, SecondFactorSetup};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::session::{SetCookie, renewed};
use crate::extract::{Auth, Json, OwnAccount, SignedIn};
use crate::state::AppState;
use crate::{Problem, Result};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(begin)).routes(routes!(confirm)).routes(routes!(disable))
}

/// Begins the set-up: a secret for the authenticator app.
#[utoipa::path(post, path = "/me/second-factor", tag = "account",
    responses((status = 200, body = SecondFactorSetup), (status = 401, body = Problem), (status = 409, body = Problem)))]
async fn begin(Auth(cx, _): Auth<OwnAccount>) -> Result<axum::Json<SecondFactorSetup>> {
    Ok(axum::Json(second_factor::begin(&cx).await?))
}

/// Turns it on, by password and a code of the app; answers the recovery codes, once. Who came with a cookie gets another.
#[utoipa::path(post, path = "/me/second-factor/confirm", tag = "account", request_body = SecondFactorProof,
    responses((status = 200, body = RecoveryCodes), (status = 401, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem), (status = 429, body = Problem), (status = 503, body = Problem)))]
async fn confirm(
    State(state): State<AppState>,
    Auth(cx, _): Auth<OwnAccount>,
    headers: HeaderMap,
    Json(body): Json<SecondFactorProof>,
) -> Result<(Option<SetCookie>, axum::Json<RecoveryCodes>)> {
    let codes = second_factor::confirm(&cx, &body).await?;
    Ok((renewed(&state, &cx, &headers).await?, axum::Json(codes)))
}

/// Turns it off, by password and code.
#[utoipa::path(post, path = "/me/second-factor/disable", tag = "account", request_body = SecondFactorProof,
    responses((status = 204), (status = 401, body = Problem), (status = 403, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem), (status = 429, body = Problem), (status = 503, body = Problem)))]
async fn disable(
    State(state): State<AppState>,
    Auth(cx, _): Auth<SignedIn>,
    headers: HeaderMap,
    Json(body): Json<SecondFactorProof>,
) -> Result<(Option<SetCookie>, StatusCode)> {
    second_factor::disable(&cx, &body).await?;
    Ok((renewed(&state, &cx, &headers).await?, StatusCode::NO_CONTENT))
}
