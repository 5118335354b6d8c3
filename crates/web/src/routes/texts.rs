//! The log of texts to phones.

use kernel::{Page, PageAsk};
use platform::messages::SmsKind;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use venue::texts::{self, TextFilter, TextRow, TextState};

use crate::extract::{Auth, Query, TablesOperate};
use crate::state::AppState;
use crate::{Problem, Result};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct TextQuery {
    state: Option<TextState>,
    kind: Option<SmsKind>,
    /// A whole number of eleven digits.
    phone: Option<String>,
    cursor: Option<String>,
    limit: Option<i64>,
}

/// Newest first: of the halls where one works; codes for signing in, which are of no hall, for super admins. Kept for 90 days.
#[utoipa::path(get, path = "/texts", tag = "texts", params(TextQuery),
    responses((status = 200, body = Page<TextRow>), (status = 422, body = Problem)))]
async fn list(Auth(cx, _): Auth<TablesOperate>, Query(query): Query<TextQuery>) -> Result<axum::Json<Page<TextRow>>> {
    let ask = PageAsk::parse(query.cursor.as_deref(), query.limit)?;
    let phone = query.phone.as_deref().filter(|phone| !phone.is_empty());
    let filter = TextFilter { state: query.state, kind: query.kind, phone };
    Ok(axum::Json(texts::list(&cx, &filter, &ask).await?))
}
