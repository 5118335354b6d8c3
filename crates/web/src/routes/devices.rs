//! Lights of tables, and maintenance cases.

use axum::extract::State;
use axum::http::StatusCode;
use kernel::{Page, PageAsk};
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use venue::cases::{self, CaseFilter, CaseRow, CaseState};
use venue::devices::{
    self, ChangedDevice, Credentials, Device, DeviceEntity, DeviceFilter, DeviceRow, DeviceState, LogLine, NewDevice, WatchAsk,
};
use venue::halls::VenueId;

use crate::extract::{Auth, Json, PageQuery, PathId, Query, VenuesManage, VenuesView};
use crate::state::AppState;
use crate::{Problem, Result};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(create_device, list_devices))
        .routes(routes!(change_device))
        .routes(routes!(renew_password))
        .routes(routes!(watch))
        .routes(routes!(device_log))
        .routes(routes!(list_cases))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct DeviceQuery {
    venue: Option<VenueId>,
    state: Option<DeviceState>,
    cursor: Option<String>,
    limit: Option<i64>,
}

/// Lights of the halls where one works: those that were added last come first.
#[utoipa::path(get, path = "/devices", tag = "venues", params(DeviceQuery),
    responses((status = 200, body = Page<DeviceRow>), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn list_devices(Auth(cx, _): Auth<VenuesView>, Query(query): Query<DeviceQuery>) -> Result<axum::Json<Page<DeviceRow>>> {
    let ask = PageAsk::parse(query.cursor.as_deref(), query.limit)?;
    let filter = DeviceFilter { venue: query.venue, state: query.state };
    Ok(axum::Json(devices::list(&cx, &filter, &ask).await?))
}

/// Adds the light of a table. What is entered into it is told once.
#[utoipa::path(post, path = "/devices", tag = "venues", request_body = NewDevice,
    responses((status = 201, body = Credentials), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn create_device(Auth(cx, _): Auth<VenuesManage>, Json(body): Json<NewDevice>) -> Result<(StatusCode, axum::Json<Credentials>)> {
    Ok((StatusCode::CREATED, axum::Json(devices::create(&cx, body).await?)))
}

/// Changes the light of a table that is out of service, or puts another device in its place: what is entered into that is told once, and the first
/// is sent away. Refused where somebody else has changed it since it was looked at.
#[utoipa::path(put, path = "/devices/{id}", tag = "venues", params(("id" = String, Path)), request_body = ChangedDevice,
    responses((status = 200, body = Credentials), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn change_device(
    State(state): State<AppState>,
    Auth(cx, _): Auth<VenuesManage>,
    PathId(id): PathId<DeviceEntity>,
    Json(body): Json<ChangedDevice>,
) -> Result<axum::Json<Credentials>> {
    Ok(axum::Json(devices::change(&cx, &state.venue, id, body).await?))
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct Renewal {}

/// Gives a device another password, told once: the old one admits nobody from now on, and who came in by it is sent away.
#[utoipa::path(post, path = "/devices/{id}/password", tag = "venues", params(("id" = String, Path)), request_body = Renewal,
    responses((status = 200, body = Credentials), (status = 409, body = Problem)))]
async fn renew_password(
    State(state): State<AppState>,
    Auth(cx, _): Auth<VenuesManage>,
    PathId(id): PathId<DeviceEntity>,
    Json(Renewal {}): Json<Renewal>,
) -> Result<axum::Json<Credentials>> {
    Ok(axum::Json(devices::renew_password(&cx, &state.venue, id).await?))
}

/// Says what a device's lamp draws at least when it is on: from then on one that draws less is taken for broken.
#[utoipa::path(put, path = "/devices/{id}/watch", tag = "venues", params(("id" = String, Path)), request_body = WatchAsk,
    responses((status = 200, body = Device), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn watch(
    State(state): State<AppState>,
    Auth(cx, _): Auth<VenuesManage>,
    PathId(id): PathId<DeviceEntity>,
    Json(body): Json<WatchAsk>,
) -> Result<axum::Json<Device>> {
    Ok(axum::Json(devices::watch(&cx, &state.venue, id, &body).await?))
}

/// Who did what to a device, when and why, newest first.
#[utoipa::path(get, path = "/devices/{id}/log", tag = "venues", params(("id" = String, Path), PageQuery), responses((status = 200, body = Page<LogLine>)))]
async fn device_log(
    Auth(cx, _): Auth<VenuesView>,
    PathId(id): PathId<DeviceEntity>,
    Query(page): Query<PageQuery>,
) -> Result<axum::Json<Page<LogLine>>> {
    Ok(axum::Json(devices::log(&cx, id, &page.ask()?).await?))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct CaseQuery {
    venue: Option<VenueId>,
    #[param(inline)]
    state: Option<CaseState>,
    cursor: Option<String>,
    limit: Option<i64>,
}

/// Maintenance cases of the halls where one works, newest first.
#[utoipa::path(get, path = "/cases", tag = "venues", params(CaseQuery),
    responses((status = 200, body = Page<CaseRow>), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn list_cases(Auth(cx, _): Auth<VenuesView>, Query(query): Query<CaseQuery>) -> Result<axum::Json<Page<CaseRow>>> {
    let ask = PageAsk::parse(query.cursor.as_deref(), query.limit)?;
    let filter = CaseFilter { venue: query.venue, state: query.state };
    Ok(axum::Json(cases::list(&cx, &filter, &ask).await?))
}
