//! Grants: who may make keys for which project.

use axum::http::StatusCode;
use kernel::{Page, PageAsk, Timestamp};
use licensing::grants::{self, Grant, GrantEntity, GrantFilter, GrantState, NewGrant};
use licensing::projects::{ProjectBrief, ProjectId};
use platform::identity::UserId;
use serde::{Deserialize, Deserializer};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::projects::ChoiceQuery;
use crate::extract::{Auth, GrantsManage, Json, KeysView, MaybeOnce, PathId, Query};
use crate::state::AppState;
use crate::{Problem, Result};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(choices)).routes(routes!(change)).routes(routes!(end))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    #[param(value_type = Option<String>)]
    project: Option<ProjectId>,
    #[param(value_type = Option<String>)]
    agent: Option<UserId>,
    /// As it is now, whether or not the end has been written down.
    state: Option<GrantState>,
    cursor: Option<String>,
    limit: Option<i64>,
}

/// Newest first: one's own for agents, also their agents' for agent admins, all for super admins.
#[utoipa::path(get, path = "/grants", tag = "grants", params(ListQuery),
    responses((status = 200, body = Page<Grant>), (status = 403, body = Problem), (status = 422, body = Problem)))]
async fn list(Auth(cx, _): Auth<KeysView>, Query(query): Query<ListQuery>) -> Result<axum::Json<Page<Grant>>> {
    let ask = PageAsk::parse(query.cursor.as_deref(), query.limit)?;
    let filter = GrantFilter { project: query.project, agent: query.agent, state: query.state };
    Ok(axum::Json(grants::list(&cx, &filter, &ask).await?))
}

/// The projects that one may grant.
#[utoipa::path(get, path = "/grants/projects", tag = "grants", params(ChoiceQuery),
    responses((status = 200, body = Page<ProjectBrief>), (status = 403, body = Problem), (status = 422, body = Problem)))]
async fn choices(Auth(cx, _): Auth<GrantsManage>, Query(query): Query<ChoiceQuery>) -> Result<axum::Json<Page<ProjectBrief>>> {
    Ok(axum::Json(grants::choices(&cx, query.search.as_deref(), &query.ask()?).await?))
}

/// Grants a project to an agent, who is told. One live grant for a project and agent.
#[utoipa::path(post, path = "/grants", tag = "grants", params(("Idempotency-Key" = Option<String>, Header)), request_body = NewGrant,
    responses((status = 201, body = Grant), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn create(Auth(cx, _): Auth<GrantsManage>, MaybeOnce(form, key): MaybeOnce<NewGrant>) -> Result<(StatusCode, axum::Json<Grant>)> {
    Ok((StatusCode::CREATED, axum::Json(grants::create(&cx, form, key.as_ref()).await?)))
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct GrantEnd {
    /// `null`: until it is ended. Must be there: a forgotten field must not make a grant endless.
    #[serde(deserialize_with = "said")]
    #[schema(required = true)]
    ends_at: Option<Timestamp>,
}

fn said<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Option<Timestamp>, D::Error> {
    Option::deserialize(deserializer)
}

/// Moves the end of a live grant; the agent is told.
#[utoipa::path(patch, path = "/grants/{id}", tag = "grants", params(("id" = String, Path)), request_body = GrantEnd,
    responses((status = 200, body = Grant), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn change(Auth(cx, _): Auth<GrantsManage>, PathId(id): PathId<GrantEntity>, Json(body): Json<GrantEnd>) -> Result<axum::Json<Grant>> {
    Ok(axum::Json(grants::change_end(&cx, id, body.ends_at).await?))
}

/// Ends a live grant now; the agent is told.
#[utoipa::path(post, path = "/grants/{id}/end", tag = "grants", params(("id" = String, Path)),
    responses((status = 200, body = Grant), (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn end(Auth(cx, _): Auth<GrantsManage>, PathId(id): PathId<GrantEntity>) -> Result<axum::Json<Grant>> {
    Ok(axum::Json(grants::end(&cx, id).await?))
}
