//! Cash by hall, day and person.

use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use venue::cash::{self, CashAsk, CashReport};
use venue::halls::VenueId;

use crate::extract::{Auth, DeskServe, Query};
use crate::state::AppState;
use crate::{Problem, Result};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(cash_report))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct CashQuery {
    /// One hall; all where one works, if not said.
    venue: Option<VenueId>,
    /// The first of each hall's own days, 2026-11-21; the one that it is there now, if neither is said. A hall that closes after midnight has its day
    /// begin in the middle of the hours in which it is closed.
    from: Option<String>,
    /// The last, of at most 31.
    to: Option<String>,
}

/// What was taken and paid out at the desk, by hall, day and person: of the halls where one works, and by oneself alone unless one manages halls.
#[utoipa::path(get, path = "/cash", tag = "venues", params(CashQuery),
    responses((status = 200, body = CashReport), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn cash_report(Auth(cx, _): Auth<DeskServe>, Query(query): Query<CashQuery>) -> Result<axum::Json<CashReport>> {
    let ask = CashAsk { venue: query.venue, from: query.from.as_deref(), to: query.to.as_deref() };
    Ok(axum::Json(cash::report(&cx, &ask).await?))
}
