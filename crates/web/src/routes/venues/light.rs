//! A table's light in the staff's hands: set for a while, given back to play, tried.

use axum::extract::State;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use venue::devices::{self, Device, OverrideAsk};
use venue::halls::TableEntity;

use crate::extract::{Auth, CasesManage, Json, PathId, TablesOperate};
use crate::state::AppState;
use crate::{Problem, Result};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(set_light, give_light_back)).routes(routes!(test_light))
}

/// Sets a table's light by hand, for a while.
#[utoipa::path(put, path = "/tables/{id}/light", tag = "venues", params(("id" = String, Path)), request_body = OverrideAsk,
    responses((status = 200, body = Device), (status = 409, body = Problem)))]
async fn set_light(
    State(state): State<AppState>,
    Auth(cx, _): Auth<TablesOperate>,
    PathId(id): PathId<TableEntity>,
    Json(body): Json<OverrideAsk>,
) -> Result<axum::Json<Device>> {
    Ok(axum::Json(devices::override_light(&cx, &state.venue, id, &body).await?))
}

/// Gives the light back to play.
#[utoipa::path(delete, path = "/tables/{id}/light", tag = "venues", params(("id" = String, Path)), responses((status = 200, body = Device)))]
async fn give_light_back(
    State(state): State<AppState>,
    Auth(cx, _): Auth<TablesOperate>,
    PathId(id): PathId<TableEntity>,
) -> Result<axum::Json<Device>> {
    Ok(axum::Json(devices::end_override(&cx, &state.venue, id).await?))
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct Test {}

/// Turns the light of a table that is out of service on for two minutes, to see whether it burns.
#[utoipa::path(post, path = "/tables/{id}/light-test", tag = "venues", params(("id" = String, Path)), request_body = Test,
    responses((status = 200, body = Device), (status = 409, body = Problem)))]
async fn test_light(
    State(state): State<AppState>,
    Auth(cx, _): Auth<CasesManage>,
    PathId(id): PathId<TableEntity>,
    Json(Test {}): Json<Test>,
) -> Result<axum::Json<Device>> {
    Ok(axum::Json(devices::test_light(&cx, &state.venue, id).await?))
}
