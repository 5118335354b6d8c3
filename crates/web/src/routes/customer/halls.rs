//! Halls and tables, for anybody who stands before one.

use serde::Serialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use venue::halls::{self, PublicVenue, TableEntity, TableId, TableView, VenueEntity, VenueView};

use crate::Result;
use crate::customer::PerhapsCustomer;
use crate::extract::{PathId, PathText, Visitor};
use crate::state::AppState;

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(venues)).routes(routes!(one)).routes(routes!(code)).routes(routes!(table))
}

#[derive(Serialize, utoipa::ToSchema)]
struct PublicVenues {
    items: Vec<PublicVenue>,
}

#[utoipa::path(get, path = "/venues", tag = "customer", responses((status = 200, body = PublicVenues)))]
async fn venues(Visitor(cx): Visitor) -> Result<axum::Json<PublicVenues>> {
    Ok(axum::Json(PublicVenues { items: halls::venues(&cx).await? }))
}

/// A hall with its tables.
#[utoipa::path(get, path = "/venues/{id}", tag = "customer", params(("id" = String, Path)), responses((status = 200, body = VenueView)))]
async fn one(PerhapsCustomer(cx, customer, _): PerhapsCustomer, PathId(id): PathId<VenueEntity>) -> Result<axum::Json<VenueView>> {
    Ok(axum::Json(halls::venue_view(&cx, customer.as_ref(), id).await?))
}

#[derive(Serialize, utoipa::ToSchema)]
struct CodeFound {
    table_id: TableId,
}

/// The table whose QR code says this.
#[utoipa::path(get, path = "/codes/{code}", tag = "customer", params(("code" = String, Path)), responses((status = 200, body = CodeFound)))]
async fn code(Visitor(cx): Visitor, PathText(code): PathText) -> Result<axum::Json<CodeFound>> {
    Ok(axum::Json(CodeFound { table_id: halls::by_code(&cx, &code).await? }))
}

/// A table, what it costs, and whether the asker may open it now.
#[utoipa::path(get, path = "/tables/{id}", tag = "customer", params(("id" = String, Path)), responses((status = 200, body = TableView)))]
async fn table(PerhapsCustomer(cx, customer, _): PerhapsCustomer, PathId(id): PathId<TableEntity>) -> Result<axum::Json<TableView>> {
    Ok(axum::Json(halls::table_view(&cx, customer.as_ref(), id).await?))
}
