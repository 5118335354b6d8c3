//! Asking for help, and complaining.

use axum::extract::State;
use axum::http::StatusCode;
use kernel::Page;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use venue::complaints::{self, ComplaintEntity, ComplaintRow, ComplaintView, NewComplaint};

use crate::customer::ByCustomer;
use crate::extract::{Json, Once, PageQuery, PathId, Query};
use crate::state::AppState;
use crate::{Problem, Result};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list, ask)).routes(routes!(get)).routes(routes!(reopen)).routes(routes!(settle))
}

/// Asks for help or complains: about a session of one's own, or to a hall. The staff is told at once.
#[utoipa::path(post, path = "/complaints", tag = "customer", params(("Idempotency-Key" = String, Header)), request_body = NewComplaint,
    responses((status = 201, body = ComplaintView), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem),
        (status = 429, body = Problem)))]
async fn ask(
    State(state): State<AppState>,
    ByCustomer(cx, customer, _): ByCustomer,
    Once(body, key): Once<NewComplaint>,
) -> Result<(StatusCode, axum::Json<ComplaintView>)> {
    Ok((StatusCode::CREATED, axum::Json(complaints::ask(&cx, &state.venue, &customer, body, &key).await?)))
}

/// One's own, newest first.
#[utoipa::path(get, path = "/complaints", tag = "customer", params(PageQuery), responses((status = 200, body = Page<ComplaintRow>)))]
async fn list(ByCustomer(cx, customer, _): ByCustomer, Query(page): Query<PageQuery>) -> Result<axum::Json<Page<ComplaintRow>>> {
    Ok(axum::Json(complaints::mine(&cx, &customer, &page.ask()?).await?))
}

/// What was said, and what was given back.
#[utoipa::path(get, path = "/complaints/{id}", tag = "customer", params(("id" = String, Path)),
    responses((status = 200, body = ComplaintView), (status = 404, body = Problem)))]
async fn get(ByCustomer(cx, customer, _): ByCustomer, PathId(id): PathId<ComplaintEntity>) -> Result<axum::Json<ComplaintView>> {
    Ok(axum::Json(complaints::get(&cx, &customer, id).await?))
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct ReopenAsk {
    /// What is still wrong; 1 to 500 characters.
    text: String,
}

/// Reopens what was answered or closed: once.
#[utoipa::path(post, path = "/complaints/{id}/reopen", tag = "customer", params(("id" = String, Path)), request_body = ReopenAsk,
    responses((status = 200, body = ComplaintView), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn reopen(
    ByCustomer(cx, customer, _): ByCustomer,
    PathId(id): PathId<ComplaintEntity>,
    Json(body): Json<ReopenAsk>,
) -> Result<axum::Json<ComplaintView>> {
    Ok(axum::Json(complaints::reopen(&cx, &customer, id, &body.text).await?))
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct SettleAsk {}

/// Nothing more is needed. Saying so twice is fine.
#[utoipa::path(post, path = "/complaints/{id}/settle", tag = "customer", params(("id" = String, Path)), request_body = SettleAsk,
    responses((status = 200, body = ComplaintView)))]
async fn settle(
    ByCustomer(cx, customer, _): ByCustomer,
    PathId(id): PathId<ComplaintEntity>,
    Json(SettleAsk {}): Json<SettleAsk>,
) -> Result<axum::Json<ComplaintView>> {
    Ok(axum::Json(complaints::settle(&cx, &customer, id).await?))
}
