//! Holding a table on the way to it.

use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use venue::halls::TableEntity;
use venue::holds::{self, HoldView};

use crate::customer::ByCustomer;
use crate::extract::{Json, PathId};
use crate::state::AppState;
use crate::{Problem, Result};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(hold)).routes(routes!(give_back))
}

#[derive(Serialize, utoipa::ToSchema)]
struct Holds {
    items: Vec<HoldView>,
}

/// What is held for the asker: one's own, and what the staff holds.
#[utoipa::path(get, path = "/holds", tag = "customer", responses((status = 200, body = Holds)))]
async fn list(ByCustomer(cx, customer, _): ByCustomer) -> Result<axum::Json<Holds>> {
    Ok(axum::Json(Holds { items: holds::list(&cx, &customer).await? }))
}

/// How long it lasts is the hall's to say.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct Hold {}

/// Holds a free table for a while. Asking again while it is held changes nothing.
#[utoipa::path(post, path = "/tables/{id}/hold", tag = "customer", params(("id" = String, Path)), request_body = Hold,
    responses((status = 200, body = HoldView), (status = 409, body = Problem)))]
async fn hold(
    State(state): State<AppState>,
    ByCustomer(cx, customer, _): ByCustomer,
    PathId(id): PathId<TableEntity>,
    Json(Hold {}): Json<Hold>,
) -> Result<axum::Json<HoldView>> {
    Ok(axum::Json(holds::hold(&cx, &state.venue, &customer, id).await?))
}

/// Gives a table back that is held for the asker.
#[utoipa::path(post, path = "/tables/{id}/give-back", tag = "customer", params(("id" = String, Path)), request_body = Hold,
    responses((status = 204), (status = 409, body = Problem)))]
async fn give_back(
    State(state): State<AppState>,
    ByCustomer(cx, customer, _): ByCustomer,
    PathId(id): PathId<TableEntity>,
    Json(Hold {}): Json<Hold>,
) -> Result<StatusCode> {
    holds::give_back(&cx, &state.venue, &customer, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
