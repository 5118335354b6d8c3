//! Jobs of the installation: super admins only.

use kernel::{Page, PageAsk};
use platform::jobs;
use serde::Deserialize;
use store::jobs::{JobEntity, JobState, JobView};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::extract::{Auth, JobsManage, PathId, Query};
use crate::state::AppState;
use crate::{Problem, Result};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(retry)).routes(routes!(dismiss))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct JobQuery {
    state: Option<JobState>,
    /// For instance `mail.send`.
    kind: Option<String>,
    cursor: Option<String>,
    limit: Option<i64>,
}

/// Newest first.
#[utoipa::path(get, path = "/jobs", tag = "jobs", params(JobQuery),
    responses((status = 200, body = Page<JobView>), (status = 403, body = Problem), (status = 422, body = Problem)))]
async fn list(Auth(cx, _): Auth<JobsManage>, Query(query): Query<JobQuery>) -> Result<axum::Json<Page<JobView>>> {
    let ask = PageAsk::parse(query.cursor.as_deref(), query.limit)?;
    Ok(axum::Json(jobs::list(&cx, query.state, query.kind.as_deref(), &ask).await?))
}

/// Starts a job again that was given up.
#[utoipa::path(post, path = "/jobs/{id}/retry", tag = "jobs", params(("id" = String, Path)),
    responses((status = 200, body = JobView), (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn retry(Auth(cx, _): Auth<JobsManage>, PathId(id): PathId<JobEntity>) -> Result<axum::Json<JobView>> {
    Ok(axum::Json(jobs::retry(&cx, id).await?))
}

/// Puts away a job that was given up: nothing is to be done about it.
#[utoipa::path(post, path = "/jobs/{id}/dismiss", tag = "jobs", params(("id" = String, Path)),
    responses((status = 200, body = JobView), (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn dismiss(Auth(cx, _): Auth<JobsManage>, PathId(id): PathId<JobEntity>) -> Result<axum::Json<JobView>> {
    Ok(axum::Json(jobs::dismiss(&cx, id).await?))
}
