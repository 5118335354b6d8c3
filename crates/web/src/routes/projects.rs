//! Projects: made and changed by super admins, seen by those they are granted to.

use axum::http::StatusCode;
use kernel::{Page, PageAsk};
use licensing::projects::{self, NewProject, Project, ProjectCreated, ProjectFilter, ProjectPatch, ProjectState, SecretRotated};
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::extract::{Auth, Json, KeysView, MaybeOnce, PathId, ProjectsManage, Query};
use crate::state::AppState;
use crate::{Problem, Result};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(get, change))
        .routes(routes!(enable))
        .routes(routes!(disable))
        .routes(routes!(lift_ban))
        .routes(routes!(rotate_secret))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// A part of the name, in any spelling.
    search: Option<String>,
    state: Option<ProjectState>,
    cursor: Option<String>,
    limit: Option<i64>,
}

/// For lists of projects to choose from.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ChoiceQuery {
    /// A part of the name, in any spelling.
    pub search: Option<String>,
    cursor: Option<String>,
    limit: Option<i64>,
}

impl ChoiceQuery {
    pub fn ask(&self) -> std::result::Result<PageAsk, kernel::Fault> {
        PageAsk::parse(self.cursor.as_deref(), self.limit)
    }
}

/// Newest first: all for super admins, the granted ones for agents and agent admins.
#[utoipa::path(get, path = "/projects", tag = "projects", params(ListQuery),
    responses((status = 200, body = Page<Project>), (status = 403, body = Problem), (status = 422, body = Problem)))]
async fn list(Auth(cx, _): Auth<KeysView>, Query(query): Query<ListQuery>) -> Result<axum::Json<Page<Project>>> {
    let ask = PageAsk::parse(query.cursor.as_deref(), query.limit)?;
    let filter = ProjectFilter { search: query.search, state: query.state };
    Ok(axum::Json(projects::list(&cx, &filter, &ask).await?))
}

/// Makes a project; its secret is shown this once.
#[utoipa::path(post, path = "/projects", tag = "projects", params(("Idempotency-Key" = Option<String>, Header)), request_body = NewProject,
    responses((status = 201, body = ProjectCreated), (status = 403, body = Problem), (status = 422, body = Problem)))]
async fn create(
    Auth(cx, _): Auth<ProjectsManage>,
    MaybeOnce(form, key): MaybeOnce<NewProject>,
) -> Result<(StatusCode, axum::Json<ProjectCreated>)> {
    Ok((StatusCode::CREATED, axum::Json(projects::create(&cx, form, key.as_ref()).await?)))
}

#[utoipa::path(get, path = "/projects/{id}", tag = "projects", params(("id" = String, Path)),
    responses((status = 200, body = Project), (status = 403, body = Problem), (status = 404, body = Problem)))]
async fn get(Auth(cx, _): Auth<KeysView>, PathId(id): PathId<projects::ProjectEntity>) -> Result<axum::Json<Project>> {
    Ok(axum::Json(projects::get(&cx, id).await?))
}

/// Changes the fields that the body names. A higher `rate_per_minute` ends a ban that is in force.
#[utoipa::path(patch, path = "/projects/{id}", tag = "projects", params(("id" = String, Path)), request_body = ProjectPatch,
    responses((status = 200, body = Project), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn change(
    Auth(cx, _): Auth<ProjectsManage>,
    PathId(id): PathId<projects::ProjectEntity>,
    Json(patch): Json<ProjectPatch>,
) -> Result<axum::Json<Project>> {
    Ok(axum::Json(projects::change(&cx, id, patch).await?))
}

#[utoipa::path(post, path = "/projects/{id}/enable", tag = "projects", params(("id" = String, Path)),
    responses((status = 200, body = Project), (status = 403, body = Problem), (status = 404, body = Problem)))]
async fn enable(Auth(cx, _): Auth<ProjectsManage>, PathId(id): PathId<projects::ProjectEntity>) -> Result<axum::Json<Project>> {
    Ok(axum::Json(projects::switch(&cx, id, ProjectState::Active).await?))
}

/// Its keys are refused from the next verification on.
#[utoipa::path(post, path = "/projects/{id}/disable", tag = "projects", params(("id" = String, Path)),
    responses((status = 200, body = Project), (status = 403, body = Problem), (status = 404, body = Problem)))]
async fn disable(Auth(cx, _): Auth<ProjectsManage>, PathId(id): PathId<projects::ProjectEntity>) -> Result<axum::Json<Project>> {
    Ok(axum::Json(projects::switch(&cx, id, ProjectState::Disabled).await?))
}

/// Ends a ban at once, and the next one is as short as a first. Where there is none, nothing changes.
#[utoipa::path(post, path = "/projects/{id}/lift-ban", tag = "projects", params(("id" = String, Path)),
    responses((status = 200, body = Project), (status = 403, body = Problem), (status = 404, body = Problem)))]
async fn lift_ban(Auth(cx, _): Auth<ProjectsManage>, PathId(id): PathId<projects::ProjectEntity>) -> Result<axum::Json<Project>> {
    Ok(axum::Json(projects::lift_ban(&cx, id).await?))
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct RotateSecret {
    /// 0 to 720: how long the old secret stays good.
    overlap_hours: i64,
}

/// A new secret, shown this once; the old one stays good for the overlap.
#[utoipa::path(post, path = "/projects/{id}/rotate-secret", tag = "projects", params(("id" = String, Path)), request_body = RotateSecret,
    responses((status = 200, body = SecretRotated), (status = 403, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn rotate_secret(
    Auth(cx, _): Auth<ProjectsManage>,
    PathId(id): PathId<projects::ProjectEntity>,
    Json(body): Json<RotateSecret>,
) -> Result<axum::Json<SecretRotated>> {
    Ok(axum::Json(projects::rotate_secret(&cx, id, body.overlap_hours).await?))
}
