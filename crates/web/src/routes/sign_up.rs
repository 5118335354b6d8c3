//! What somebody can do who is not signed in: captchas, signing up, and coming back after a forgotten password.

use axum::http::StatusCode;
use platform::identity::account::{self, PublicConfig};
use platform::identity::captcha::{self, Captcha, CaptchaKind};
use platform::identity::recover::{self, PasswordReset};
use platform::identity::sign_up::{self, MailAsk, SignUp};
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::extract::{Json, Visitor};
use crate::state::AppState;
use crate::{Problem, Result};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(config))
        .routes(routes!(make_captcha))
        .routes(routes!(create))
        .routes(routes!(resend))
        .routes(routes!(verify))
        .routes(routes!(forgot))
        .routes(routes!(reset))
}

/// What a sign-in page has to know.
#[utoipa::path(get, path = "/config", tag = "account", responses((status = 200, body = PublicConfig)))]
async fn config(Visitor(cx): Visitor) -> axum::Json<PublicConfig> {
    axum::Json(account::public_config(&cx))
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct CaptchaAsk {
    kind: CaptchaKind,
}

/// A captcha: an image, or a proof of work for those who cannot see one. Good for ten minutes and one answer.
#[utoipa::path(post, path = "/captchas", tag = "account", request_body = CaptchaAsk,
    responses((status = 200, body = Captcha), (status = 422, body = Problem), (status = 429, body = Problem)))]
async fn make_captcha(Visitor(cx): Visitor, Json(body): Json<CaptchaAsk>) -> Result<axum::Json<Captcha>> {
    Ok(axum::Json(captcha::make(&cx, body.kind).await?))
}

/// An answer without content, as an object: there may be something to say one day.
#[derive(Serialize, utoipa::ToSchema)]
struct Accepted {}

const ACCEPTED: (StatusCode, axum::Json<Accepted>) = (StatusCode::ACCEPTED, axum::Json(Accepted {}));

/// Signs up as an agent; a link goes out by e-mail.
#[utoipa::path(post, path = "/sign-up", tag = "account", request_body = SignUp,
    responses((status = 202, body = Accepted), (status = 401, body = Problem), (status = 403, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem), (status = 429, body = Problem), (status = 503, body = Problem)))]
async fn create(Visitor(cx): Visitor, Json(body): Json<SignUp>) -> Result<(StatusCode, axum::Json<Accepted>)> {
    sign_up::sign_up(&cx, &body).await?;
    Ok(ACCEPTED)
}

/// Sends the verification link again. The answer does not tell whether anybody waits for one.
#[utoipa::path(post, path = "/sign-up/resend", tag = "account", request_body = MailAsk,
    responses((status = 202, body = Accepted), (status = 401, body = Problem), (status = 422, body = Problem), (status = 429, body = Problem)))]
async fn resend(Visitor(cx): Visitor, Json(body): Json<MailAsk>) -> Result<(StatusCode, axum::Json<Accepted>)> {
    sign_up::resend(&cx, &body).await?;
    Ok(ACCEPTED)
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct EmailToken {
    token: String,
}

#[derive(Serialize, utoipa::ToSchema)]
struct Verified {
    /// For the sign-in page.
    name: String,
}

/// Activates the account whose link was followed.
#[utoipa::path(post, path = "/sign-up/verify", tag = "account", request_body = EmailToken,
    responses((status = 200, body = Verified), (status = 400, body = Problem), (status = 422, body = Problem)))]
async fn verify(Visitor(cx): Visitor, Json(body): Json<EmailToken>) -> Result<axum::Json<Verified>> {
    Ok(axum::Json(Verified { name: sign_up::verify(&cx, &body.token).await? }))
}

/// Asks for a link to set a new password. The answer does not tell whether anybody has this address.
#[utoipa::path(post, path = "/password/forgot", tag = "account", request_body = MailAsk,
    responses((status = 202, body = Accepted), (status = 401, body = Problem), (status = 422, body = Problem), (status = 429, body = Problem)))]
async fn forgot(Visitor(cx): Visitor, Json(body): Json<MailAsk>) -> Result<(StatusCode, axum::Json<Accepted>)> {
    recover::forgot(&cx, &body).await?;
    Ok(ACCEPTED)
}

/// Sets a new password by a link; ends all sessions.
#[utoipa::path(post, path = "/password/reset", tag = "account", request_body = PasswordReset,
    responses((status = 204), (status = 400, body = Problem), (status = 422, body = Problem), (status = 503, body = Problem)))]
async fn reset(Visitor(cx): Visitor, Json(body): Json<PasswordReset>) -> Result<StatusCode> {
    recover::reset(&cx, &body).await?;
    Ok(StatusCode::NO_CONTENT)
}
