//! Settings of the installation: super admins only.

use kernel::Fault;
use platform::settings::{self, SettingGroup, SettingView};
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::extract::{Auth, Json, PathText, Query, SettingsManage};
use crate::state::AppState;
use crate::{Problem, Result};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(change, reset))
}

#[derive(Serialize, utoipa::ToSchema)]
struct SettingGroups {
    groups: Vec<SettingGroup>,
}

/// All settings, in groups.
#[utoipa::path(get, path = "/settings", tag = "settings", responses((status = 200, body = SettingGroups), (status = 403, body = Problem)))]
async fn list(Auth(cx, _): Auth<SettingsManage>) -> Result<axum::Json<SettingGroups>> {
    Ok(axum::Json(SettingGroups { groups: settings::groups(&cx).await? }))
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct SettingValue {
    #[schema(value_type = serde_json::Value)]
    value: serde_json::Value,
    /// The value that was looked at: where it is another one by now, nothing is changed. Left out: whatever it is.
    #[schema(value_type = serde_json::Value, required = false)]
    was: Option<serde_json::Value>,
}

/// Changes one; logged with the old and the new value.
#[utoipa::path(patch, path = "/settings/{key}", tag = "settings", params(("key" = String, Path)), request_body = SettingValue,
    responses((status = 200, body = SettingView), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn change(
    Auth(cx, _): Auth<SettingsManage>,
    PathText(key): PathText,
    Json(body): Json<SettingValue>,
) -> Result<axum::Json<SettingView>> {
    Ok(axum::Json(settings::change(&cx, &key, &body.value, body.was.as_ref()).await?))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ResetQuery {
    /// The value that was looked at, as JSON: where it is another one by now, nothing is changed. Left out: whatever it is.
    was: Option<String>,
}

/// Back to the default.
#[utoipa::path(delete, path = "/settings/{key}", tag = "settings", params(("key" = String, Path), ResetQuery),
    responses((status = 200, body = SettingView), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn reset(
    Auth(cx, _): Auth<SettingsManage>,
    PathText(key): PathText,
    Query(query): Query<ResetQuery>,
) -> Result<axum::Json<SettingView>> {
    let was: Option<serde_json::Value> = query.was.map(|was| serde_json::from_str(&was).map_err(|_| no_json())).transpose()?;
    Ok(axum::Json(settings::reset(&cx, &key, was.as_ref()).await?))
}

fn no_json() -> Fault {
    Fault::field("was", "INVALID", "应为 JSON", "This must be JSON")
}
