//! Batches: generate, look, cancel.

use kernel::{Page, PageAsk};
use licensing::batches::{self, Batch, BatchFilter, BatchState, NewBatch, Quote};
use licensing::projects::ProjectId;
use platform::identity::UserId;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::extract::{Auth, Json, KeysGenerate, KeysView, Once, PathId, Query};
use crate::state::AppState;
use crate::{Problem, Result};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list, generate)).routes(routes!(quote)).routes(routes!(get)).routes(routes!(cancel))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct BatchQuery {
    #[param(value_type = Option<String>)]
    project: Option<ProjectId>,
    #[param(value_type = Option<String>)]
    agent: Option<UserId>,
    state: Option<BatchState>,
    cursor: Option<String>,
    limit: Option<i64>,
}

#[utoipa::path(get, path = "/batches", tag = "batches", params(BatchQuery), responses((status = 200, body = Page<Batch>), (status = 403, body = Problem)))]
async fn list(Auth(cx, _): Auth<KeysView>, Query(query): Query<BatchQuery>) -> Result<axum::Json<Page<Batch>>> {
    let ask = PageAsk::parse(query.cursor.as_deref(), query.limit)?;
    let filter = BatchFilter { project: query.project, agent: query.agent, state: query.state };
    Ok(axum::Json(batches::list(&cx, &filter, &ask).await?))
}

/// Generates keys against quota: small batches at once, large ones by a job. Needs an `Idempotency-Key`.
#[utoipa::path(post, path = "/batches", tag = "batches", request_body = NewBatch, params(("Idempotency-Key" = String, Header)),
    responses((status = 201, body = Batch), (status = 403, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn generate(
    Auth(cx, _): Auth<KeysGenerate>,
    Once(body, once): Once<NewBatch>,
) -> Result<(axum::http::StatusCode, axum::Json<Batch>)> {
    Ok((axum::http::StatusCode::CREATED, axum::Json(batches::generate(&cx, &body, &once).await?)))
}

/// What it would cost.
#[utoipa::path(post, path = "/batches/quote", tag = "batches", request_body = NewBatch,
    responses((status = 200, body = Quote), (status = 403, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn quote(Auth(cx, _): Auth<KeysGenerate>, Json(body): Json<NewBatch>) -> Result<axum::Json<Quote>> {
    Ok(axum::Json(batches::quote(&cx, &body).await?))
}

#[utoipa::path(get, path = "/batches/{id}", tag = "batches", params(("id" = String, Path)), responses((status = 200, body = Batch), (status = 404, body = Problem)))]
async fn get(Auth(cx, _): Auth<KeysView>, PathId(id): PathId<batches::BatchEntity>) -> Result<axum::Json<Batch>> {
    Ok(axum::Json(batches::get(&cx, id).await?))
}

/// Stops a batch that is being generated: its keys are taken away and its quota is given back.
#[utoipa::path(post, path = "/batches/{id}/cancel", tag = "batches", params(("id" = String, Path)),
    responses((status = 200, body = Batch), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn cancel(Auth(cx, _): Auth<KeysGenerate>, PathId(id): PathId<batches::BatchEntity>) -> Result<axum::Json<Batch>> {
    Ok(axum::Json(batches::cancel(&cx, id).await?))
}
