//! Applications: agents ask for projects, superiors decide.

use axum::http::StatusCode;
use kernel::{Page, PageAsk};
use licensing::applications::{
    self, Application, ApplicationEntity, ApplicationFilter, ApplicationScope, ApplicationState, Approval, NewApplication, Refusal,
};
use licensing::projects::ProjectBrief;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::projects::ChoiceQuery;
use crate::extract::{Auth, GrantsApply, GrantsReview, Json, KeysView, MaybeOnce, PathId, Query};
use crate::state::AppState;
use crate::{Problem, Result};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list, apply))
        .routes(routes!(choices))
        .routes(routes!(approve))
        .routes(routes!(refuse))
        .routes(routes!(withdraw))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    state: Option<ApplicationState>,
    /// If not said: to review for those who review, one's own for the others.
    #[param(inline)]
    scope: Option<ApplicationScope>,
    cursor: Option<String>,
    limit: Option<i64>,
}

/// Newest first: those that one sent, or those that one may decide.
#[utoipa::path(get, path = "/applications", tag = "applications", params(ListQuery),
    responses((status = 200, body = Page<Application>), (status = 403, body = Problem), (status = 422, body = Problem)))]
async fn list(Auth(cx, _): Auth<KeysView>, Query(query): Query<ListQuery>) -> Result<axum::Json<Page<Application>>> {
    let ask = PageAsk::parse(query.cursor.as_deref(), query.limit)?;
    let filter = ApplicationFilter { scope: query.scope, state: query.state };
    Ok(axum::Json(applications::list(&cx, &filter, &ask).await?))
}

/// The projects that one can apply for.
#[utoipa::path(get, path = "/applications/projects", tag = "applications", params(ChoiceQuery),
    responses((status = 200, body = Page<ProjectBrief>), (status = 403, body = Problem), (status = 422, body = Problem)))]
async fn choices(Auth(cx, _): Auth<GrantsApply>, Query(query): Query<ChoiceQuery>) -> Result<axum::Json<Page<ProjectBrief>>> {
    Ok(axum::Json(applications::choices(&cx, query.search.as_deref(), &query.ask()?).await?))
}

/// Applies for a project; the superior is told.
#[utoipa::path(post, path = "/applications", tag = "applications", params(("Idempotency-Key" = Option<String>, Header)), request_body = NewApplication,
    responses((status = 201, body = Application), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem), (status = 429, body = Problem)))]
async fn apply(
    Auth(cx, _): Auth<GrantsApply>,
    MaybeOnce(form, key): MaybeOnce<NewApplication>,
) -> Result<(StatusCode, axum::Json<Application>)> {
    Ok((StatusCode::CREATED, axum::Json(applications::apply(&cx, form, key.as_ref()).await?)))
}

/// Approves, and makes the grant.
#[utoipa::path(post, path = "/applications/{id}/approve", tag = "applications", params(("id" = String, Path)), request_body = Approval,
    responses((status = 200, body = Application), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn approve(
    Auth(cx, _): Auth<GrantsReview>,
    PathId(id): PathId<ApplicationEntity>,
    Json(form): Json<Approval>,
) -> Result<axum::Json<Application>> {
    Ok(axum::Json(applications::approve(&cx, id, form).await?))
}

/// Refuses, and says why.
#[utoipa::path(post, path = "/applications/{id}/refuse", tag = "applications", params(("id" = String, Path)), request_body = Refusal,
    responses((status = 200, body = Application), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn refuse(
    Auth(cx, _): Auth<GrantsReview>,
    PathId(id): PathId<ApplicationEntity>,
    Json(form): Json<Refusal>,
) -> Result<axum::Json<Application>> {
    Ok(axum::Json(applications::refuse(&cx, id, form).await?))
}

/// The applicant takes it back.
#[utoipa::path(post, path = "/applications/{id}/withdraw", tag = "applications", params(("id" = String, Path)),
    responses((status = 200, body = Application), (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn withdraw(Auth(cx, _): Auth<GrantsApply>, PathId(id): PathId<ApplicationEntity>) -> Result<axum::Json<Application>> {
    Ok(axum::Json(applications::withdraw(&cx, id).await?))
}
