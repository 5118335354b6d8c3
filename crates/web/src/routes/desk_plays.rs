//! Tables that the staff opens for who stands at the desk, with cash or from their wallet.

use axum::extract::State;
use axum::http::StatusCode;
use kernel::{Fen, Page, Timestamp};
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use venue::halls::{TableEntity, VenueEntity};
use venue::play::{self, DeskAsk, DeskOffer, DeskPlay, DeskPlayRow, ExtendAsk, Extension, OpenAsk, SessionEntity};

use super::customer::time;
use crate::extract::{Auth, DeskServe, Json, Once, PageQuery, PathId, Query};
use crate::state::AppState;
use crate::{Problem, Result};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(offer))
        .routes(routes!(open))
        .routes(routes!(list))
        .routes(routes!(get))
        .routes(routes!(extension))
        .routes(routes!(extend))
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct DeskOfferAsk {
    /// Who stands there: a phone's number, or the customer's own. Absent: a walk-in, of whom nothing is known.
    #[serde(default)]
    customer: Option<String>,
    /// What they hand over, if that is known.
    #[serde(default)]
    cash_fen: Fen,
}

/// What is sold of a table to whoever stands at the desk, for how much, and how long their money lasts. Nothing is held, and nobody written down.
#[utoipa::path(post, path = "/tables/{id}/desk-offer", tag = "venues", params(("id" = String, Path)), request_body = DeskOfferAsk,
    responses((status = 200, body = DeskOffer), (status = 422, body = Problem), (status = 429, body = Problem)))]
async fn offer(
    Auth(cx, _): Auth<DeskServe>,
    PathId(id): PathId<TableEntity>,
    Json(body): Json<DeskOfferAsk>,
) -> Result<axum::Json<DeskOffer>> {
    let ask = DeskAsk { customer: body.customer, cash: body.cash_fen };
    Ok(axum::Json(play::desk_offer(&cx, id, &ask).await?))
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct DeskOpening {
    /// Who stands there: a phone's number, whose customer is written down where there is none yet, or the customer's own. Absent: a walk-in, for whom
    /// a customer without a phone is written down.
    #[serde(default)]
    customer: Option<String>,
    /// Handed over now: goes into the wallet, from which play is paid.
    #[serde(default)]
    cash_fen: Fen,
    /// 10 to 720; or a package.
    #[serde(default)]
    minutes: Option<i64>,
    /// One of those that the table shows, by its id.
    #[serde(default)]
    package: Option<i64>,
    /// What was shown: another price is refused.
    expected_fen: Fen,
}

/// Takes the cash, holds the price, and has the light told to come on. Play begins when it is on; if it does not come, all is in the wallet again.
#[utoipa::path(post, path = "/tables/{id}/desk-open", tag = "venues", params(("id" = String, Path), ("Idempotency-Key" = String, Header)),
    request_body = DeskOpening,
    responses((status = 202, body = DeskPlay), (status = 409, body = Problem), (status = 422, body = Problem), (status = 429, body = Problem)))]
async fn open(
    State(state): State<AppState>,
    Auth(cx, _): Auth<DeskServe>,
    PathId(id): PathId<TableEntity>,
    Once(body, key): Once<DeskOpening>,
) -> Result<(StatusCode, axum::Json<DeskPlay>)> {
    let ask = OpenAsk { time: time(body.minutes, body.package)?, expected: body.expected_fen };
    let who = DeskAsk { customer: body.customer, cash: body.cash_fen };
    Ok((StatusCode::ACCEPTED, axum::Json(play::open_at_desk(&cx, &state.venue, id, &who, ask, &key).await?)))
}

/// What was opened at a hall's desk, newest first: how it stands, what it has cost, and what is left in the wallet of a walk-in. Whoever needs to know
/// that of anybody else looks them up, which is counted.
#[utoipa::path(get, path = "/venues/{id}/desk-plays", tag = "venues", params(("id" = String, Path), PageQuery),
    responses((status = 200, body = Page<DeskPlayRow>)))]
async fn list(
    Auth(cx, _): Auth<DeskServe>,
    PathId(id): PathId<VenueEntity>,
    Query(page): Query<PageQuery>,
) -> Result<axum::Json<Page<DeskPlayRow>>> {
    Ok(axum::Json(play::desk_plays(&cx, id, &page.ask()?).await?))
}

/// One of them.
#[utoipa::path(get, path = "/desk-plays/{id}", tag = "venues", params(("id" = String, Path)), responses((status = 200, body = DeskPlay)))]
async fn get(Auth(cx, _): Auth<DeskServe>, PathId(id): PathId<SessionEntity>) -> Result<axum::Json<DeskPlay>> {
    Ok(axum::Json(play::desk_play(&cx, id).await?))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct MoreMinutes {
    /// 10 to 720.
    minutes: i64,
}

/// What so many minutes more would cost.
#[utoipa::path(get, path = "/desk-plays/{id}/extension", tag = "venues", params(("id" = String, Path), MoreMinutes),
    responses((status = 200, body = Extension), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn extension(
    Auth(cx, _): Auth<DeskServe>,
    PathId(id): PathId<SessionEntity>,
    Query(query): Query<MoreMinutes>,
) -> Result<axum::Json<Extension>> {
    Ok(axum::Json(play::desk_extension(&cx, id, query.minutes).await?))
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct DeskMore {
    /// 10 to 720.
    minutes: i64,
    /// What was shown: another price is refused.
    expected_fen: Fen,
    /// The end that was seen: where another is paid for by now, it is refused.
    #[serde(default)]
    until: Option<Timestamp>,
    /// Handed over now: goes into the wallet, from which play is paid.
    #[serde(default)]
    cash_fen: Fen,
}

/// Takes the cash, holds what more it costs, and moves the end: of what was opened at the desk alone.
#[utoipa::path(post, path = "/desk-plays/{id}/extend", tag = "venues", params(("id" = String, Path), ("Idempotency-Key" = String, Header)),
    request_body = DeskMore,
    responses((status = 200, body = DeskPlay), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn extend(
    State(state): State<AppState>,
    Auth(cx, _): Auth<DeskServe>,
    PathId(id): PathId<SessionEntity>,
    Once(body, key): Once<DeskMore>,
) -> Result<axum::Json<DeskPlay>> {
    let ask = ExtendAsk { minutes: body.minutes, expected: body.expected_fen, until: body.until };
    Ok(axum::Json(play::extend_at_desk(&cx, &state.venue, id, ask, body.cash_fen, &key).await?))
}
