//! The operation log and the sign-in log, within what the reader may see (K6.3).

use kernel::{Page, PageAsk, Timestamp};
use platform::audit::{self, Level, OperationEntry, OperationFilter};
use platform::identity::UserId;
use platform::identity::sign_in_log::{self, SignInEntry, SignInFilter, SignInResult};
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::extract::{Auth, LogsView, PathId, Query};
use crate::state::AppState;
use crate::{Problem, Result};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(operations)).routes(routes!(operation)).routes(routes!(sign_ins))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct OperationQuery {
    /// Who did it.
    actor: Option<UserId>,
    module: Option<String>,
    level: Option<Level>,
    /// Not earlier than this.
    from: Option<Timestamp>,
    /// Earlier than this.
    to: Option<Timestamp>,
    cursor: Option<String>,
    limit: Option<i64>,
}

/// Who did what, newest first.
#[utoipa::path(get, path = "/logs/operations", tag = "logs", params(OperationQuery),
    responses((status = 200, body = Page<OperationEntry>), (status = 401, body = Problem), (status = 422, body = Problem)))]
async fn operations(Auth(cx, _): Auth<LogsView>, Query(query): Query<OperationQuery>) -> Result<axum::Json<Page<OperationEntry>>> {
    let ask = PageAsk::parse(query.cursor.as_deref(), query.limit)?;
    let filter = OperationFilter { actor: query.actor, module: query.module, level: query.level, from: query.from, to: query.to };
    Ok(axum::Json(audit::list(&cx, &filter, &ask).await?))
}

/// One line, with its detail.
#[utoipa::path(get, path = "/logs/operations/{id}", tag = "logs", params(("id" = String, Path)),
    responses((status = 200, body = OperationEntry), (status = 401, body = Problem), (status = 404, body = Problem)))]
async fn operation(Auth(cx, _): Auth<LogsView>, PathId(id): PathId<audit::OperationEntity>) -> Result<axum::Json<OperationEntry>> {
    Ok(axum::Json(audit::get(&cx, id).await?))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct SignInQuery {
    /// Whose tries.
    user: Option<UserId>,
    result: Option<SignInResult>,
    /// Not earlier than this.
    from: Option<Timestamp>,
    /// Earlier than this.
    to: Option<Timestamp>,
    cursor: Option<String>,
    limit: Option<i64>,
}

/// Tries to sign in, newest first.
#[utoipa::path(get, path = "/logs/sign-ins", tag = "logs", params(SignInQuery),
    responses((status = 200, body = Page<SignInEntry>), (status = 401, body = Problem), (status = 422, body = Problem)))]
async fn sign_ins(Auth(cx, _): Auth<LogsView>, Query(query): Query<SignInQuery>) -> Result<axum::Json<Page<SignInEntry>>> {
    let ask = PageAsk::parse(query.cursor.as_deref(), query.limit)?;
    let filter = SignInFilter { user: query.user, result: query.result, from: query.from, to: query.to };
    Ok(axum::Json(sign_in_log::list(&cx, &filter, &ask).await?))
}
