//! A hall's price lists, one of which each of its tables uses. What its own list costs, and prices that are tried out: `venues.rs`.

use axum::http::StatusCode;
use serde::Serialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use venue::halls::{self, ChangedPrices, NewPriceList, Prices, TariffEntity, VenueEntity};

use crate::extract::{Auth, Json, Once, PathId, VenuesManage, VenuesView};
use crate::state::AppState;
use crate::{Problem, Result};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(price_lists, add_price_list)).routes(routes!(change_price_list, remove_price_list))
}

#[derive(Serialize, utoipa::ToSchema)]
struct PriceLists {
    items: Vec<Prices>,
}

/// A hall's price lists, its own first.
#[utoipa::path(get, path = "/venues/{id}/price-lists", tag = "venues", params(("id" = String, Path)), responses((status = 200, body = PriceLists)))]
async fn price_lists(Auth(cx, _): Auth<VenuesView>, PathId(id): PathId<VenueEntity>) -> Result<axum::Json<PriceLists>> {
    Ok(axum::Json(PriceLists { items: halls::price_lists(&cx, id).await? }))
}

/// Another list, which begins as a copy of the hall's own. No table uses it yet.
#[utoipa::path(post, path = "/venues/{id}/price-lists", tag = "venues", params(("id" = String, Path), ("Idempotency-Key" = String, Header)), request_body = NewPriceList,
    responses((status = 201, body = Prices), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn add_price_list(
    Auth(cx, _): Auth<VenuesManage>,
    PathId(id): PathId<VenueEntity>,
    Once(body, key): Once<NewPriceList>,
) -> Result<(StatusCode, axum::Json<Prices>)> {
    Ok((StatusCode::CREATED, axum::Json(halls::add_price_list(&cx, id, body, &key).await?)))
}

/// Changes a list's name and prices, for tables that are opened from now on. Refused where somebody else has changed it since it was looked at.
#[utoipa::path(put, path = "/price-lists/{id}", tag = "venues", params(("id" = String, Path)), request_body = ChangedPrices,
    responses((status = 200, body = Prices), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn change_price_list(
    Auth(cx, _): Auth<VenuesManage>,
    PathId(id): PathId<TariffEntity>,
    Json(body): Json<ChangedPrices>,
) -> Result<axum::Json<Prices>> {
    Ok(axum::Json(halls::change_price_list(&cx, id, body).await?))
}

/// Removes a list that no table uses; the hall's own stays.
#[utoipa::path(delete, path = "/price-lists/{id}", tag = "venues", params(("id" = String, Path)), responses((status = 204), (status = 409, body = Problem)))]
async fn remove_price_list(Auth(cx, _): Auth<VenuesManage>, PathId(id): PathId<TariffEntity>) -> Result<StatusCode> {
    halls::remove_price_list(&cx, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
