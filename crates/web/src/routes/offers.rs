//! What halls offer beside play, and cleaning.

use axum::extract::State;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use venue::halls::{self, Offers, Table, TableEntity, VenueEntity};
use venue::play;

use crate::extract::{Auth, CasesManage, Json, PathId, VenuesManage, VenuesView};
use crate::state::AppState;
use crate::{Problem, Result};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(get, set)).routes(routes!(cleaned))
}

/// Pauses, cleaning, and for how long tables are held.
#[utoipa::path(get, path = "/venues/{id}/offers", tag = "venues", params(("id" = String, Path)), responses((status = 200, body = Offers)))]
async fn get(Auth(cx, _): Auth<VenuesView>, PathId(id): PathId<VenueEntity>) -> Result<axum::Json<Offers>> {
    Ok(axum::Json(halls::offers(&cx, id).await?))
}

/// Sets them. Sessions that are played, and tables that are held, keep what was agreed. `version`: of those that were looked at.
#[utoipa::path(put, path = "/venues/{id}/offers", tag = "venues", params(("id" = String, Path)), request_body = Offers,
    responses((status = 200, body = Offers), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn set(Auth(cx, _): Auth<VenuesManage>, PathId(id): PathId<VenueEntity>, Json(body): Json<Offers>) -> Result<axum::Json<Offers>> {
    Ok(axum::Json(halls::set_offers(&cx, id, body).await?))
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct Cleaned {}

/// A table is clean before its time is over.
#[utoipa::path(post, path = "/tables/{id}/cleaned", tag = "venues", params(("id" = String, Path)), request_body = Cleaned,
    responses((status = 200, body = Table), (status = 409, body = Problem)))]
async fn cleaned(
    State(state): State<AppState>,
    Auth(cx, _): Auth<CasesManage>,
    PathId(id): PathId<TableEntity>,
    Json(Cleaned {}): Json<Cleaned>,
) -> Result<axum::Json<Table>> {
    Ok(axum::Json(play::cleaned(&cx, &state.venue, id).await?))
}
