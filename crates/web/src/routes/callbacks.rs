//! Callbacks to a project's owner, and what became of them: super admins only.

use kernel::{Page, PageAsk};
use licensing::callbacks::{
    self, CallbackSetting, Delivery, DeliveryDetail, DeliveryEntity, DeliveryEvent, DeliveryFilter, DeliveryState, FailedDone, WithFailed,
};
use licensing::projects::{ProjectEntity, ProjectId};
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::extract::{Auth, CallbacksManage, Json, PathId, Query};
use crate::state::AppState;
use crate::{Problem, Result};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(set))
        .routes(routes!(rotate))
        .routes(routes!(test))
        .routes(routes!(resend_failed))
        .routes(routes!(dismiss_failed))
        .routes(routes!(list))
        .routes(routes!(get))
        .routes(routes!(resend))
        .routes(routes!(dismiss))
}

#[derive(Serialize, utoipa::ToSchema)]
struct CallbackSet {
    /// Shown once: only when this made the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    secret: Option<String>,
}

/// Where the owner wants to be called, and for what.
#[utoipa::path(put, path = "/projects/{id}/callback", tag = "callbacks", params(("id" = String, Path)), request_body = CallbackSetting,
    responses((status = 200, body = CallbackSet), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn set(
    Auth(cx, _): Auth<CallbacksManage>,
    PathId(id): PathId<ProjectEntity>,
    Json(setting): Json<CallbackSetting>,
) -> Result<axum::Json<CallbackSet>> {
    Ok(axum::Json(CallbackSet { secret: callbacks::set(&cx, id, &setting).await? }))
}

#[derive(Serialize, utoipa::ToSchema)]
struct CallbackSecret {
    /// Shown once.
    secret: String,
}

/// A new secret; for 24 hours callbacks are signed with the one before too.
#[utoipa::path(post, path = "/projects/{id}/callback/rotate", tag = "callbacks", params(("id" = String, Path)),
    responses((status = 200, body = CallbackSecret), (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn rotate(Auth(cx, _): Auth<CallbacksManage>, PathId(id): PathId<ProjectEntity>) -> Result<axum::Json<CallbackSecret>> {
    Ok(axum::Json(CallbackSecret { secret: callbacks::rotate(&cx, id).await? }))
}

/// Sends a trial, once.
#[utoipa::path(post, path = "/projects/{id}/callback/test", tag = "callbacks", params(("id" = String, Path)),
    responses((status = 200, body = Delivery), (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn test(Auth(cx, _): Auth<CallbacksManage>, PathId(id): PathId<ProjectEntity>) -> Result<axum::Json<Delivery>> {
    Ok(axum::Json(callbacks::test(&cx, id).await?))
}

/// Sends all that failed of the project again, without trials and what was dismissed. Where there are many, the rest follows by itself.
#[utoipa::path(post, path = "/projects/{id}/callback/resend-failed", tag = "callbacks", params(("id" = String, Path)),
    responses((status = 200, body = FailedDone), (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn resend_failed(Auth(cx, _): Auth<CallbacksManage>, PathId(id): PathId<ProjectEntity>) -> Result<axum::Json<FailedDone>> {
    Ok(axum::Json(callbacks::with_failed(&cx, id, WithFailed::Resend).await?))
}

/// Dismisses all that failed of the project, without trials: it is counted no more. Where there is much, the rest follows by itself.
#[utoipa::path(post, path = "/projects/{id}/callback/dismiss-failed", tag = "callbacks", params(("id" = String, Path)),
    responses((status = 200, body = FailedDone), (status = 403, body = Problem), (status = 404, body = Problem)))]
async fn dismiss_failed(Auth(cx, _): Auth<CallbacksManage>, PathId(id): PathId<ProjectEntity>) -> Result<axum::Json<FailedDone>> {
    Ok(axum::Json(callbacks::with_failed(&cx, id, WithFailed::Dismiss).await?))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct DeliveryQuery {
    project: Option<ProjectId>,
    state: Option<DeliveryState>,
    event: Option<DeliveryEvent>,
    cursor: Option<String>,
    limit: Option<i64>,
}

/// Deliveries, newest first.
#[utoipa::path(get, path = "/deliveries", tag = "callbacks", params(DeliveryQuery),
    responses((status = 200, body = Page<Delivery>), (status = 403, body = Problem), (status = 422, body = Problem)))]
async fn list(Auth(cx, _): Auth<CallbacksManage>, Query(query): Query<DeliveryQuery>) -> Result<axum::Json<Page<Delivery>>> {
    let ask = PageAsk::parse(query.cursor.as_deref(), query.limit)?;
    let filter = DeliveryFilter { project: query.project, state: query.state, event: query.event };
    Ok(axum::Json(callbacks::list(&cx, &filter, &ask).await?))
}

/// One, with what was sent and how each attempt went.
#[utoipa::path(get, path = "/deliveries/{id}", tag = "callbacks", params(("id" = String, Path)),
    responses((status = 200, body = DeliveryDetail), (status = 403, body = Problem), (status = 404, body = Problem)))]
async fn get(Auth(cx, _): Auth<CallbacksManage>, PathId(id): PathId<DeliveryEntity>) -> Result<axum::Json<DeliveryDetail>> {
    Ok(axum::Json(callbacks::get(&cx, id).await?))
}

/// Sends it again: the same event id and payload, a new round of attempts.
#[utoipa::path(post, path = "/deliveries/{id}/resend", tag = "callbacks", params(("id" = String, Path)),
    responses((status = 200, body = Delivery), (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn resend(Auth(cx, _): Auth<CallbacksManage>, PathId(id): PathId<DeliveryEntity>) -> Result<axum::Json<Delivery>> {
    Ok(axum::Json(callbacks::resend(&cx, id).await?))
}

/// One that failed is looked after, and counted no more. Where it has not failed, nothing changes.
#[utoipa::path(post, path = "/deliveries/{id}/dismiss", tag = "callbacks", params(("id" = String, Path)),
    responses((status = 200, body = Delivery), (status = 403, body = Problem), (status = 404, body = Problem)))]
async fn dismiss(Auth(cx, _): Auth<CallbacksManage>, PathId(id): PathId<DeliveryEntity>) -> Result<axum::Json<Delivery>> {
    Ok(axum::Json(callbacks::dismiss(&cx, id).await?))
}
