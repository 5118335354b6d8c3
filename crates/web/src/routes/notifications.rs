//! The notification centre: everybody's own.

use axum::http::StatusCode;
use kernel::{Page, PageAsk};
use platform::messages::{self, Notification};
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::extract::{Auth, PathId, Query, SignedIn};
use crate::state::AppState;
use crate::{Problem, Result};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(unread)).routes(routes!(read_all)).routes(routes!(read))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// Only those that have not been read.
    unread: Option<bool>,
    cursor: Option<String>,
    limit: Option<i64>,
}

/// One's own, newest first.
#[utoipa::path(get, path = "/notifications", tag = "notifications", params(ListQuery),
    responses((status = 200, body = Page<Notification>), (status = 401, body = Problem), (status = 422, body = Problem)))]
async fn list(Auth(cx, _): Auth<SignedIn>, Query(query): Query<ListQuery>) -> Result<axum::Json<Page<Notification>>> {
    let ask = PageAsk::parse(query.cursor.as_deref(), query.limit)?;
    Ok(axum::Json(messages::list(&cx, query.unread.unwrap_or(false), &ask).await?))
}

/// How many have not been read; counted up to 1000.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct Unread {
    pub unread: i64,
}

/// How many of one's own have not been read.
#[utoipa::path(get, path = "/notifications/unread", tag = "notifications",
    responses((status = 200, body = Unread), (status = 401, body = Problem)))]
async fn unread(Auth(cx, _): Auth<SignedIn>) -> Result<axum::Json<Unread>> {
    Ok(axum::Json(Unread { unread: messages::unread(&cx).await? }))
}

/// Marks one as read; doing so twice is fine.
#[utoipa::path(post, path = "/notifications/{id}/read", tag = "notifications", params(("id" = String, Path)),
    responses((status = 204), (status = 401, body = Problem), (status = 404, body = Problem)))]
async fn read(Auth(cx, _): Auth<SignedIn>, PathId(id): PathId<messages::NotificationEntity>) -> Result<StatusCode> {
    messages::mark_read(&cx, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Marks all as read.
#[utoipa::path(post, path = "/notifications/read-all", tag = "notifications", responses((status = 204), (status = 401, body = Problem)))]
async fn read_all(Auth(cx, _): Auth<SignedIn>) -> Result<StatusCode> {
    messages::mark_all_read(&cx).await?;
    Ok(StatusCode::NO_CONTENT)
}
