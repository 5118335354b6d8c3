//! Complaints and calls for help, for the halls' staff.

use kernel::{Fen, Page, PageAsk};
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use venue::complaints::{
    self, ComplaintEntity, ComplaintFilter, ComplaintKind, ComplaintState, DeskComplaint, DeskRow, GiveBack, HallFigures, Matter,
    ShownPhone,
};
use venue::halls::VenueId;

use crate::extract::{Auth, Json, Once, PathId, Query, TablesOperate, VenuesView};
use crate::state::AppState;
use crate::{Problem, Result};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(figures))
        .routes(routes!(get))
        .routes(routes!(answer))
        .routes(routes!(close))
        .routes(routes!(show_phone))
        .routes(routes!(give_back))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ComplaintQuery {
    venue: Option<VenueId>,
    state: Option<ComplaintState>,
    matter: Option<Matter>,
    kind: Option<ComplaintKind>,
    cursor: Option<String>,
    limit: Option<i64>,
}

/// Of the halls where one works, newest first.
#[utoipa::path(get, path = "/complaints", tag = "complaints", params(ComplaintQuery),
    responses((status = 200, body = Page<DeskRow>), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn list(Auth(cx, _): Auth<VenuesView>, Query(query): Query<ComplaintQuery>) -> Result<axum::Json<Page<DeskRow>>> {
    let ask = PageAsk::parse(query.cursor.as_deref(), query.limit)?;
    let filter = ComplaintFilter { venue: query.venue, state: query.state, matter: query.matter, kind: query.kind };
    Ok(axum::Json(complaints::list(&cx, &filter, &ask).await?))
}

#[derive(Serialize, utoipa::ToSchema)]
struct ComplaintFigures {
    items: Vec<HallFigures>,
}

/// How many sessions of each hall were complained of in the last 30 days.
#[utoipa::path(get, path = "/complaints/figures", tag = "complaints", responses((status = 200, body = ComplaintFigures)))]
async fn figures(Auth(cx, _): Auth<VenuesView>) -> Result<axum::Json<ComplaintFigures>> {
    Ok(axum::Json(ComplaintFigures { items: complaints::figures(&cx).await? }))
}

/// One, with the session, its bill and its light.
#[utoipa::path(get, path = "/complaints/{id}", tag = "complaints", params(("id" = String, Path)),
    responses((status = 200, body = DeskComplaint), (status = 404, body = Problem)))]
async fn get(Auth(cx, _): Auth<VenuesView>, PathId(id): PathId<ComplaintEntity>) -> Result<axum::Json<DeskComplaint>> {
    Ok(axum::Json(complaints::detail(&cx, id).await?))
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct ComplaintAnswer {
    /// 1 to 500 characters.
    text: String,
}

/// Answers the customer, who is told. Whose work that is depends on what it is about: `answered_by` says it of each.
#[utoipa::path(post, path = "/complaints/{id}/answer", tag = "complaints", params(("id" = String, Path)), request_body = ComplaintAnswer,
    responses((status = 200, body = DeskComplaint), (status = 403, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn answer(
    Auth(cx, _): Auth<VenuesView>,
    PathId(id): PathId<ComplaintEntity>,
    Json(body): Json<ComplaintAnswer>,
) -> Result<axum::Json<DeskComplaint>> {
    Ok(axum::Json(complaints::answer(&cx, id, &body.text).await?))
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct CloseComplaint {}

/// Closes what was answered, by whoever may answer it.
#[utoipa::path(post, path = "/complaints/{id}/close", tag = "complaints", params(("id" = String, Path)), request_body = CloseComplaint,
    responses((status = 200, body = DeskComplaint), (status = 403, body = Problem), (status = 409, body = Problem)))]
async fn close(
    Auth(cx, _): Auth<VenuesView>,
    PathId(id): PathId<ComplaintEntity>,
    Json(CloseComplaint {}): Json<CloseComplaint>,
) -> Result<axum::Json<DeskComplaint>> {
    Ok(axum::Json(complaints::close(&cx, id).await?))
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct ShowPhone {}

/// Shows the customer's phone number to whoever may answer, until it is closed. Each time is in the operation log, and each of the staff has so many
/// an hour.
#[utoipa::path(post, path = "/complaints/{id}/phone", tag = "complaints", params(("id" = String, Path)), request_body = ShowPhone,
    responses((status = 200, body = ShownPhone), (status = 403, body = Problem), (status = 409, body = Problem), (status = 429, body = Problem)))]
async fn show_phone(
    Auth(cx, _): Auth<VenuesView>,
    PathId(id): PathId<ComplaintEntity>,
    Json(ShowPhone {}): Json<ShowPhone>,
) -> Result<axum::Json<ShownPhone>> {
    Ok(axum::Json(complaints::show_phone(&cx, id).await?))
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct GiveBackAsk {
    /// At most what the customer has paid for the session.
    amount_fen: Fen,
    /// The customer reads it.
    reason: String,
}

/// Gives the session's bill back into the customer's wallet, in part or whole: once.
#[utoipa::path(post, path = "/complaints/{id}/give-back", tag = "complaints", params(("id" = String, Path), ("Idempotency-Key" = String, Header)),
    request_body = GiveBackAsk,
    responses((status = 200, body = DeskComplaint), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn give_back(
    Auth(cx, _): Auth<TablesOperate>,
    PathId(id): PathId<ComplaintEntity>,
    Once(body, key): Once<GiveBackAsk>,
) -> Result<axum::Json<DeskComplaint>> {
    let ask = GiveBack { amount: body.amount_fen, reason: body.reason };
    Ok(axum::Json(complaints::give_back(&cx, id, &ask, &key).await?))
}
