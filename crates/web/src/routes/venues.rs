//! Halls, what their tables cost, cash at their desks, and the members' levels; for the staff.

mod cash;
mod desk;
mod light;
mod staff;
mod tables;

use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use venue::halls::{self, ChangedPrices, ChangedVenue, Floor, NewVenue, Prices, Tried, TriedPrices, Venue, VenueEntity};
use venue::members::{self, ChangedLevels, Levels};

use crate::extract::{Auth, Json, Once, PathId, SettingsManage, VenuesManage, VenuesView};
use crate::state::AppState;
use crate::{Problem, Result};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(change))
        .routes(routes!(prices, change_prices))
        .routes(routes!(try_prices))
        .routes(routes!(floor))
        .routes(routes!(levels, change_levels))
        .merge(staff::router())
        .merge(tables::router())
        .merge(light::router())
        .merge(desk::router())
        .merge(cash::router())
}

#[derive(Serialize, utoipa::ToSchema)]
struct Venues {
    items: Vec<Venue>,
}

/// The halls where one works.
#[utoipa::path(get, path = "/venues", tag = "venues", responses((status = 200, body = Venues)))]
async fn list(Auth(cx, _): Auth<VenuesView>) -> Result<axum::Json<Venues>> {
    Ok(axum::Json(Venues { items: halls::list(&cx).await? }))
}

/// A new hall, with a price list of its own. Whoever makes it works there.
#[utoipa::path(post, path = "/venues", tag = "venues", params(("Idempotency-Key" = String, Header)), request_body = NewVenue,
    responses((status = 201, body = Venue), (status = 422, body = Problem)))]
async fn create(Auth(cx, _): Auth<VenuesManage>, Once(body, key): Once<NewVenue>) -> Result<(StatusCode, axum::Json<Venue>)> {
    Ok((StatusCode::CREATED, axum::Json(halls::create_venue(&cx, body, &key).await?)))
}

/// Changes a hall. Refused where somebody else has changed it since it was looked at.
#[utoipa::path(put, path = "/venues/{id}", tag = "venues", params(("id" = String, Path)), request_body = ChangedVenue,
    responses((status = 200, body = Venue), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn change(
    State(state): State<AppState>,
    Auth(cx, _): Auth<VenuesManage>,
    PathId(id): PathId<VenueEntity>,
    Json(body): Json<ChangedVenue>,
) -> Result<axum::Json<Venue>> {
    Ok(axum::Json(halls::change_venue(&cx, &state.venue, id, body).await?))
}

/// The hall's own price list: what tables cost for which no other is chosen.
#[utoipa::path(get, path = "/venues/{id}/prices", tag = "venues", params(("id" = String, Path)), responses((status = 200, body = Prices)))]
async fn prices(Auth(cx, _): Auth<VenuesView>, PathId(id): PathId<VenueEntity>) -> Result<axum::Json<Prices>> {
    Ok(axum::Json(halls::prices(&cx, id).await?))
}

/// Changes the hall's own price list, for tables that are opened from now on.
#[utoipa::path(put, path = "/venues/{id}/prices", tag = "venues", params(("id" = String, Path)), request_body = ChangedPrices,
    responses((status = 200, body = Prices), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn change_prices(
    Auth(cx, _): Auth<VenuesManage>,
    PathId(id): PathId<VenueEntity>,
    Json(body): Json<ChangedPrices>,
) -> Result<axum::Json<Prices>> {
    Ok(axum::Json(halls::change_prices(&cx, id, body).await?))
}

#[derive(Serialize, utoipa::ToSchema)]
struct TriedDay {
    items: Vec<Tried>,
}

/// What play would cost at each hour of a day, by prices that need not be kept.
#[utoipa::path(post, path = "/venues/{id}/prices/try", tag = "venues", params(("id" = String, Path)), request_body = TriedPrices,
    responses((status = 200, body = TriedDay), (status = 422, body = Problem)))]
async fn try_prices(
    Auth(cx, _): Auth<VenuesManage>,
    PathId(id): PathId<VenueEntity>,
    Json(body): Json<TriedPrices>,
) -> Result<axum::Json<TriedDay>> {
    Ok(axum::Json(TriedDay { items: halls::try_prices(&cx, id, body).await? }))
}

/// The floor as it is now. `/events` says `floor` when something on it has changed.
#[utoipa::path(get, path = "/venues/{id}/floor", tag = "venues", params(("id" = String, Path)), responses((status = 200, body = Floor)))]
async fn floor(Auth(cx, _): Auth<VenuesView>, PathId(id): PathId<VenueEntity>) -> Result<axum::Json<Floor>> {
    Ok(axum::Json(halls::floor(&cx, id).await?))
}

/// The members' levels, rising; of all halls.
#[utoipa::path(get, path = "/levels", tag = "venues", responses((status = 200, body = Levels)))]
async fn levels(Auth(cx, _): Auth<VenuesView>) -> Result<axum::Json<Levels>> {
    Ok(axum::Json(members::levels(&cx).await?))
}

/// Changes them, all together. Refused where somebody else has changed them since they were looked at.
#[utoipa::path(put, path = "/levels", tag = "venues", request_body = ChangedLevels,
    responses((status = 200, body = Levels), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn change_levels(Auth(cx, _): Auth<SettingsManage>, Json(body): Json<ChangedLevels>) -> Result<axum::Json<Levels>> {
    Ok(axum::Json(members::change_levels(&cx, body).await?))
}
