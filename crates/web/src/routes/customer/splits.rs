//! Sharing a bill.

use axum::http::StatusCode;
use kernel::{Fault, Fen};
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use venue::play::SessionEntity;
use venue::splits::{self, Shares, SplitEntity, SplitView};

use crate::customer::{ByCustomer, PerhapsCustomer};
use crate::extract::{Json, Once, PathId, PathText};
use crate::state::AppState;
use crate::{Problem, Result};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(make))
        .routes(routes!(of_session))
        .routes(routes!(get))
        .routes(routes!(by_code))
        .routes(routes!(join))
        .routes(routes!(leave))
        .routes(routes!(confirm))
        .routes(routes!(free))
        .routes(routes!(finish))
        .routes(routes!(cancel))
}

/// Exactly one of `people` and `amounts_fen`.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct NewSplit {
    /// Evenly among so many, the asker included: 2 to 20. What is left over is the asker's.
    people: Option<i64>,
    /// So much each, the asker first. Together they are `expected_fen`.
    amounts_fen: Option<Vec<Fen>>,
    /// All that is shared, as the customer was shown: what is held while it is played, or the bill. Another amount is refused.
    expected_fen: Fen,
}

/// Shares the bill of one's own session, while it is played or within a day. The bill itself is paid as always; the others' shares come into the
/// asker's wallet.
#[utoipa::path(post, path = "/sessions/{id}/split", tag = "customer", params(("id" = String, Path), ("Idempotency-Key" = String, Header)),
    request_body = NewSplit,
    responses((status = 201, body = SplitView), (status = 409, body = Problem), (status = 422, body = Problem), (status = 429, body = Problem)))]
async fn make(
    ByCustomer(cx, customer, _): ByCustomer,
    PathId(id): PathId<SessionEntity>,
    Once(body, key): Once<NewSplit>,
) -> Result<(StatusCode, axum::Json<SplitView>)> {
    let shares = match (body.people, body.amounts_fen) {
        (Some(people), None) => Shares::Even { people },
        (None, Some(amounts)) => Shares::Amounts(amounts),
        _ => {
            let (zh, en) = ("people 与 amounts_fen 须且只能填写一个", "Exactly one of people and amounts_fen is needed");
            return Err(Fault::field("people", "ONE_OF", zh, en).into());
        }
    };
    Ok((StatusCode::CREATED, axum::Json(splits::make(&cx, &customer, id, &shares, body.expected_fen, &key).await?)))
}

#[derive(Serialize, utoipa::ToSchema)]
struct SplitOf {
    split: Option<SplitView>,
}

/// How one's own bill is shared, if it is.
#[utoipa::path(get, path = "/sessions/{id}/split", tag = "customer", params(("id" = String, Path)), responses((status = 200, body = SplitOf)))]
async fn of_session(ByCustomer(cx, customer, _): ByCustomer, PathId(id): PathId<SessionEntity>) -> Result<axum::Json<SplitOf>> {
    Ok(axum::Json(SplitOf { split: splits::of_session(&cx, &customer, id).await? }))
}

/// One in which one has a share.
#[utoipa::path(get, path = "/splits/{id}", tag = "customer", params(("id" = String, Path)), responses((status = 200, body = SplitView)))]
async fn get(ByCustomer(cx, customer, _): ByCustomer, PathId(id): PathId<SplitEntity>) -> Result<axum::Json<SplitView>> {
    Ok(axum::Json(splits::get(&cx, &customer, id).await?))
}

/// The one whose link says this, for anybody who has the link.
#[utoipa::path(get, path = "/split-codes/{code}", tag = "customer", params(("code" = String, Path)),
    responses((status = 200, body = SplitView), (status = 404, body = Problem)))]
async fn by_code(PerhapsCustomer(cx, customer, _): PerhapsCustomer, PathText(code): PathText) -> Result<axum::Json<SplitView>> {
    Ok(axum::Json(splits::by_code(&cx, customer.as_ref(), &code).await?))
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct Join {
    /// Which share. Of an even split any will do.
    place: Option<i64>,
}

/// Takes a share. Nothing is held for it yet. Taking one twice is fine.
#[utoipa::path(post, path = "/split-codes/{code}/join", tag = "customer", params(("code" = String, Path)), request_body = Join,
    responses((status = 200, body = SplitView), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn join(ByCustomer(cx, customer, _): ByCustomer, PathText(code): PathText, Json(body): Json<Join>) -> Result<axum::Json<SplitView>> {
    Ok(axum::Json(splits::join(&cx, &customer, &code, body.place).await?))
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct NoWords {}

/// Gives one's share back, while it is not confirmed.
#[utoipa::path(post, path = "/split-codes/{code}/leave", tag = "customer", params(("code" = String, Path)), request_body = NoWords,
    responses((status = 200, body = SplitView), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn leave(
    ByCustomer(cx, customer, _): ByCustomer,
    PathText(code): PathText,
    Json(NoWords {}): Json<NoWords>,
) -> Result<axum::Json<SplitView>> {
    Ok(axum::Json(splits::leave(&cx, &customer, &code).await?))
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct Confirm {
    /// What the customer was shown: a larger share is refused.
    at_most_fen: Fen,
}

/// Agrees to one's share, which is held from then on. With the last of them, if the bill is there, all are charged at once.
#[utoipa::path(post, path = "/splits/{id}/confirm", tag = "customer", params(("id" = String, Path), ("Idempotency-Key" = String, Header)),
    request_body = Confirm, responses((status = 200, body = SplitView), (status = 409, body = Problem)))]
async fn confirm(
    ByCustomer(cx, customer, _): ByCustomer,
    PathId(id): PathId<SplitEntity>,
    Once(body, key): Once<Confirm>,
) -> Result<axum::Json<SplitView>> {
    Ok(axum::Json(splits::confirm(&cx, &customer, id, body.at_most_fen, &key).await?))
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct Place {
    place: i64,
}

/// The starter takes a share, which is not confirmed, from whoever has it.
#[utoipa::path(post, path = "/splits/{id}/free", tag = "customer", params(("id" = String, Path)), request_body = Place,
    responses((status = 200, body = SplitView), (status = 409, body = Problem)))]
async fn free(
    ByCustomer(cx, customer, _): ByCustomer,
    PathId(id): PathId<SplitEntity>,
    Json(body): Json<Place>,
) -> Result<axum::Json<SplitView>> {
    Ok(axum::Json(splits::free(&cx, &customer, id, body.place).await?))
}

/// The starter waits no longer: who has confirmed is charged, and the rest is the starter's. Doing so twice is fine.
#[utoipa::path(post, path = "/splits/{id}/finish", tag = "customer", params(("id" = String, Path)), request_body = NoWords,
    responses((status = 200, body = SplitView), (status = 409, body = Problem)))]
async fn finish(
    ByCustomer(cx, customer, _): ByCustomer,
    PathId(id): PathId<SplitEntity>,
    Json(NoWords {}): Json<NoWords>,
) -> Result<axum::Json<SplitView>> {
    Ok(axum::Json(splits::finish(&cx, &customer, id).await?))
}

/// The starter undoes it: nobody is charged. Doing so twice is fine.
#[utoipa::path(post, path = "/splits/{id}/cancel", tag = "customer", params(("id" = String, Path)), request_body = NoWords,
    responses((status = 200, body = SplitView), (status = 409, body = Problem)))]
async fn cancel(
    ByCustomer(cx, customer, _): ByCustomer,
    PathId(id): PathId<SplitEntity>,
    Json(NoWords {}): Json<NoWords>,
) -> Result<axum::Json<SplitView>> {
    Ok(axum::Json(splits::cancel(&cx, &customer, id).await?))
}
