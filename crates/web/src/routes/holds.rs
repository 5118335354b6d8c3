//! Tables that the staff holds for guests, and releases.

use axum::extract::State;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use venue::halls::{Table, TableEntity};
use venue::holds::{self, DeskHold};

use crate::extract::{Auth, DeskServe, Json, PathId};
use crate::state::AppState;
use crate::{Problem, Result};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(hold)).routes(routes!(release))
}

/// Holds a free table for a guest.
#[utoipa::path(post, path = "/tables/{id}/hold", tag = "venues", params(("id" = String, Path)), request_body = DeskHold,
    responses((status = 200, body = Table), (status = 409, body = Problem), (status = 422, body = Problem), (status = 429, body = Problem)))]
async fn hold(
    State(state): State<AppState>,
    Auth(cx, _): Auth<DeskServe>,
    PathId(id): PathId<TableEntity>,
    Json(body): Json<DeskHold>,
) -> Result<axum::Json<Table>> {
    Ok(axum::Json(holds::hold_at_desk(&cx, &state.venue, id, &body).await?))
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct Release {}

/// Ends whatever holds a table; whom it was for is told.
#[utoipa::path(post, path = "/tables/{id}/release", tag = "venues", params(("id" = String, Path)), request_body = Release,
    responses((status = 200, body = Table), (status = 409, body = Problem)))]
async fn release(
    State(state): State<AppState>,
    Auth(cx, _): Auth<DeskServe>,
    PathId(id): PathId<TableEntity>,
    Json(Release {}): Json<Release>,
) -> Result<axum::Json<Table>> {
    Ok(axum::Json(holds::release(&cx, &state.venue, id).await?))
}
