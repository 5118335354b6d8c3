//! Opening, extending, closing, and bills.

use axum::extract::State;
use axum::http::StatusCode;
use kernel::{Fault, Fen, Page, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use venue::halls::TableEntity;
use venue::play::{self, ExtendAsk, Extension, OpenAsk, PlayTime, SessionEntity, SessionView};
use venue::told;

use crate::customer::ByCustomer;
use crate::extract::{Json, Once, PageQuery, PathId, Query};
use crate::state::AppState;
use crate::{Problem, Result};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(open))
        .routes(routes!(current))
        .routes(routes!(list))
        .routes(routes!(get))
        .routes(routes!(extension))
        .routes(routes!(extend))
        .routes(routes!(close))
        .routes(routes!(pause))
        .routes(routes!(resume))
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct Opening {
    /// 10 to 720; or a package.
    #[serde(default)]
    minutes: Option<i64>,
    /// One of those that the table shows, by its id.
    #[serde(default)]
    package: Option<i64>,
    /// What the customer was shown: another price is refused.
    expected_fen: Fen,
}

/// Either so many minutes, or a package.
pub(in crate::routes) fn time(minutes: Option<i64>, package: Option<i64>) -> Result<PlayTime> {
    match (minutes, package) {
        (Some(minutes), None) => Ok(PlayTime::Minutes(minutes)),
        (None, Some(package)) => Ok(PlayTime::Package(package)),
        (None, None) => Err(Fault::field("minutes", "REQUIRED", "请选择时长或套餐", "Choose how long, or a package").into()),
        (Some(_), Some(_)) => {
            Err(Fault::field("package", "NOT_BOTH", "时长与套餐只能选一个", "Choose how long or a package, not both").into())
        }
    }
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct Time {
    /// 10 to 720.
    minutes: i64,
    /// What the customer was shown: another price is refused.
    expected_fen: Fen,
    /// The end that the customer has seen, as in the session's `paid_until`: where another is paid for by now, it is refused.
    /// In a pause, in which that moves on, best as it was when the pause began.
    #[serde(default)]
    until: Option<Timestamp>,
}

/// Holds the price, and has the light told to come on. Play begins when it is on; if it does not come, all is given back.
#[utoipa::path(post, path = "/tables/{id}/open", tag = "customer", params(("id" = String, Path), ("Idempotency-Key" = String, Header)), request_body = Opening,
    responses((status = 202, body = SessionView), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn open(
    State(state): State<AppState>,
    ByCustomer(cx, customer, _): ByCustomer,
    PathId(id): PathId<TableEntity>,
    Once(body, key): Once<Opening>,
) -> Result<(StatusCode, axum::Json<SessionView>)> {
    let ask = OpenAsk { time: time(body.minutes, body.package)?, expected: body.expected_fen };
    Ok((StatusCode::ACCEPTED, axum::Json(play::open(&cx, &state.venue, &customer, id, ask, &key).await?)))
}

#[derive(Serialize, utoipa::ToSchema)]
struct Current {
    session: Option<SessionView>,
    /// What one was told and has not read, counted up to 100.
    unread_messages: i64,
}

/// The session that is live, or has just ended; and how many messages wait.
#[utoipa::path(get, path = "/session", tag = "customer", responses((status = 200, body = Current)))]
async fn current(ByCustomer(cx, customer, _): ByCustomer) -> Result<axum::Json<Current>> {
    let unread_messages = told::unread(&cx, &customer).await?;
    Ok(axum::Json(Current { session: play::current(&cx, &customer).await?, unread_messages }))
}

/// All of one's own, newest first: bills.
#[utoipa::path(get, path = "/sessions", tag = "customer", params(PageQuery), responses((status = 200, body = Page<SessionView>)))]
async fn list(ByCustomer(cx, customer, _): ByCustomer, Query(page): Query<PageQuery>) -> Result<axum::Json<Page<SessionView>>> {
    Ok(axum::Json(play::list(&cx, &customer, &page.ask()?).await?))
}

#[utoipa::path(get, path = "/sessions/{id}", tag = "customer", params(("id" = String, Path)), responses((status = 200, body = SessionView)))]
async fn get(ByCustomer(cx, customer, _): ByCustomer, PathId(id): PathId<SessionEntity>) -> Result<axum::Json<SessionView>> {
    Ok(axum::Json(play::get(&cx, &customer, id).await?))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Minutes {
    /// 10 to 720.
    minutes: i64,
}

/// What so many minutes more would cost.
#[utoipa::path(get, path = "/sessions/{id}/extension", tag = "customer", params(("id" = String, Path), Minutes),
    responses((status = 200, body = Extension), (status = 409, body = Problem)))]
async fn extension(
    ByCustomer(cx, customer, _): ByCustomer,
    PathId(id): PathId<SessionEntity>,
    Query(query): Query<Minutes>,
) -> Result<axum::Json<Extension>> {
    Ok(axum::Json(play::extension(&cx, &customer, id, query.minutes).await?))
}

/// Holds what more it costs, and moves the end.
#[utoipa::path(post, path = "/sessions/{id}/extend", tag = "customer", params(("id" = String, Path), ("Idempotency-Key" = String, Header)), request_body = Time,
    responses((status = 200, body = SessionView), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn extend(
    State(state): State<AppState>,
    ByCustomer(cx, customer, _): ByCustomer,
    PathId(id): PathId<SessionEntity>,
    Once(body, key): Once<Time>,
) -> Result<axum::Json<SessionView>> {
    let ask = ExtendAsk { minutes: body.minutes, expected: body.expected_fen, until: body.until };
    Ok(axum::Json(play::extend(&cx, &state.venue, &customer, id, ask, &key).await?))
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct Close {}

/// Bills, and has the light told to go off. Closing twice is fine.
#[utoipa::path(post, path = "/sessions/{id}/close", tag = "customer", params(("id" = String, Path)), request_body = Close,
    responses((status = 200, body = SessionView)))]
async fn close(
    State(state): State<AppState>,
    ByCustomer(cx, customer, _): ByCustomer,
    PathId(id): PathId<SessionEntity>,
    Json(Close {}): Json<Close>,
) -> Result<axum::Json<SessionView>> {
    Ok(axum::Json(play::close(&cx, &state.venue, &customer, id).await?))
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct Pause {}

/// Stops the customer's clock, where the hall offers that. Pausing twice is fine.
#[utoipa::path(post, path = "/sessions/{id}/pause", tag = "customer", params(("id" = String, Path)), request_body = Pause,
    responses((status = 200, body = SessionView), (status = 409, body = Problem)))]
async fn pause(
    State(state): State<AppState>,
    ByCustomer(cx, customer, _): ByCustomer,
    PathId(id): PathId<SessionEntity>,
    Json(Pause {}): Json<Pause>,
) -> Result<axum::Json<SessionView>> {
    Ok(axum::Json(play::pause(&cx, &state.venue, &customer, id).await?))
}

/// Lets it go on; what is paid for ends as much later as it was paused. Resuming twice is fine.
#[utoipa::path(post, path = "/sessions/{id}/resume", tag = "customer", params(("id" = String, Path)), request_body = Pause,
    responses((status = 200, body = SessionView), (status = 409, body = Problem)))]
async fn resume(
    State(state): State<AppState>,
    ByCustomer(cx, customer, _): ByCustomer,
    PathId(id): PathId<SessionEntity>,
    Json(Pause {}): Json<Pause>,
) -> Result<axum::Json<SessionView>> {
    Ok(axum::Json(play::resume(&cx, &state.venue, &customer, id).await?))
}
