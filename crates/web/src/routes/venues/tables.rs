//! The tables of a hall: making, changing and giving them up, taking them out of service and back, and closing one for its customer.

use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use venue::halls::{self, ChangedTable, NewTable, Table, TableEntity, VenueEntity};
use venue::play::{self, SessionView};

use crate::extract::{Auth, CasesManage, DeskServe, Json, Once, PathId, VenuesManage};
use crate::state::AppState;
use crate::{Problem, Result};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(create_table))
        .routes(routes!(change_table))
        .routes(routes!(retire_table))
        .routes(routes!(reissue_code))
        .routes(routes!(take_out))
        .routes(routes!(bring_back))
        .routes(routes!(close))
}

/// A new table: out of service until it has a light and somebody brings it back.
#[utoipa::path(post, path = "/venues/{id}/tables", tag = "venues", params(("id" = String, Path), ("Idempotency-Key" = String, Header)), request_body = NewTable,
    responses((status = 201, body = Table), (status = 422, body = Problem)))]
async fn create_table(
    Auth(cx, _): Auth<VenuesManage>,
    PathId(id): PathId<VenueEntity>,
    Once(body, key): Once<NewTable>,
) -> Result<(StatusCode, axum::Json<Table>)> {
    Ok((StatusCode::CREATED, axum::Json(halls::create_table(&cx, id, body, &key).await?)))
}

/// Renames a table, puts it elsewhere on the floor plan, or gives it another price list. Refused where somebody else has changed it since it was
/// looked at.
#[utoipa::path(put, path = "/tables/{id}", tag = "venues", params(("id" = String, Path)), request_body = ChangedTable,
    responses((status = 200, body = Table), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn change_table(
    State(state): State<AppState>,
    Auth(cx, _): Auth<VenuesManage>,
    PathId(id): PathId<TableEntity>,
    Json(body): Json<ChangedTable>,
) -> Result<axum::Json<Table>> {
    Ok(axum::Json(halls::change_table(&cx, &state.venue, id, body).await?))
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct Retire {}

/// Gives up a table that nobody plays on: its code leads nowhere, and its light is nobody's. What was played on it stays.
#[utoipa::path(post, path = "/tables/{id}/retire", tag = "venues", params(("id" = String, Path)), request_body = Retire,
    responses((status = 204), (status = 409, body = Problem)))]
async fn retire_table(
    State(state): State<AppState>,
    Auth(cx, _): Auth<VenuesManage>,
    PathId(id): PathId<TableEntity>,
    Json(Retire {}): Json<Retire>,
) -> Result<StatusCode> {
    halls::retire_table(&cx, &state.venue, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct Reissue {}

/// A new code for its QR: the old one leads nowhere from now on.
#[utoipa::path(post, path = "/tables/{id}/code", tag = "venues", params(("id" = String, Path)), request_body = Reissue,
    responses((status = 200, body = Table)))]
async fn reissue_code(
    Auth(cx, _): Auth<VenuesManage>,
    PathId(id): PathId<TableEntity>,
    Json(Reissue {}): Json<Reissue>,
) -> Result<axum::Json<Table>> {
    Ok(axum::Json(halls::reissue_code(&cx, id).await?))
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct Note {
    note: String,
}

/// Takes a table that nobody plays on out of service.
#[utoipa::path(post, path = "/tables/{id}/out-of-service", tag = "venues", params(("id" = String, Path)), request_body = Note,
    responses((status = 200, body = Table), (status = 409, body = Problem)))]
async fn take_out(
    State(state): State<AppState>,
    Auth(cx, _): Auth<CasesManage>,
    PathId(id): PathId<TableEntity>,
    Json(body): Json<Note>,
) -> Result<axum::Json<Table>> {
    Ok(axum::Json(halls::take_out_of_service(&cx, &state.venue, id, &body.note).await?))
}

/// Brings a table back, once its light is there and as it should be, and has been seen to draw power where that is watched.
#[utoipa::path(post, path = "/tables/{id}/in-service", tag = "venues", params(("id" = String, Path)), request_body = Note,
    responses((status = 200, body = Table), (status = 409, body = Problem)))]
async fn bring_back(
    State(state): State<AppState>,
    Auth(cx, _): Auth<CasesManage>,
    PathId(id): PathId<TableEntity>,
    Json(body): Json<Note>,
) -> Result<axum::Json<Table>> {
    Ok(axum::Json(halls::return_to_service(&cx, &state.venue, id, &body.note).await?))
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct CloseFor {
    why: String,
    /// The hall is why they have to go: only the minutes that were played are billed. Not for cashiers.
    #[serde(default)]
    fault: bool,
}

/// Closes a table for its customer.
#[utoipa::path(post, path = "/tables/{id}/close", tag = "venues", params(("id" = String, Path)), request_body = CloseFor,
    responses((status = 200, body = SessionView), (status = 409, body = Problem)))]
async fn close(
    State(state): State<AppState>,
    Auth(cx, _): Auth<DeskServe>,
    PathId(id): PathId<TableEntity>,
    Json(body): Json<CloseFor>,
) -> Result<axum::Json<SessionView>> {
    Ok(axum::Json(play::close_by_staff(&cx, &state.venue, id, &body.why, body.fault).await?))
}
