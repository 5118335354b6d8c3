//! The log of client calls, and why one was refused.

use kernel::{Page, PageAsk, Timestamp};
use licensing::client::calls::{self, CallExplained, CallFilter, ClientCall};
use licensing::client::{CallEntity, Endpoint};
use licensing::projects::ProjectId;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::extract::{Auth, KeysView, PathId, Query};
use crate::state::AppState;
use crate::{Problem, Result};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(explain))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct CallQuery {
    #[param(value_type = Option<String>)]
    project: Option<ProjectId>,
    code: Option<String>,
    endpoint: Option<Endpoint>,
    /// A whole key, in any spelling.
    key: Option<String>,
    device: Option<String>,
    only_refused: Option<bool>,
    #[param(value_type = Option<String>)]
    from: Option<Timestamp>,
    /// Exclusive.
    #[param(value_type = Option<String>)]
    to: Option<Timestamp>,
    cursor: Option<String>,
    limit: Option<i64>,
}

/// Super admins see all calls; agents the first uses and refusals of their keys.
#[utoipa::path(get, path = "/calls", tag = "calls", params(CallQuery), responses((status = 200, body = Page<ClientCall>), (status = 403, body = Problem)))]
async fn list(Auth(cx, _): Auth<KeysView>, Query(query): Query<CallQuery>) -> Result<axum::Json<Page<ClientCall>>> {
    let ask = PageAsk::parse(query.cursor.as_deref(), query.limit)?;
    let filter = CallFilter {
        project: query.project,
        code: query.code,
        endpoint: query.endpoint,
        key: query.key,
        device: query.device,
        only_refused: query.only_refused.unwrap_or(false),
        from: query.from,
        to: query.to,
    };
    Ok(axum::Json(calls::list(&cx, &filter, &ask).await?))
}

/// Which rule decided it, when, and what would mend it.
#[utoipa::path(get, path = "/calls/{id}", tag = "calls", params(("id" = String, Path)), responses((status = 200, body = CallExplained), (status = 404, body = Problem)))]
async fn explain(Auth(cx, _): Auth<KeysView>, PathId(id): PathId<CallEntity>) -> Result<axum::Json<CallExplained>> {
    Ok(axum::Json(calls::explain(&cx, id).await?))
}
