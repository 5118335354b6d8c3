//! Quota: how it stands, its statement, and transfers.

use axum::http::StatusCode;
use kernel::{Page, PageAsk, Quota, Timestamp};
use platform::identity::UserId;
use platform::ledger::{EntryKind, StatementFilter, StatementLine, Transfer};
use platform::quota::{self, QuotaOverview, TransferAsk};
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::extract::{Auth, Once, Query, QuotaTransfer, QuotaView};
use crate::state::AppState;
use crate::{Problem, Result};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(overview)).routes(routes!(statement)).routes(routes!(transfer))
}

/// One's own quota, and the minimums that count now.
#[utoipa::path(get, path = "/quota", tag = "quota", responses((status = 200, body = QuotaOverview), (status = 403, body = Problem)))]
async fn overview(Auth(cx, _): Auth<QuotaView>) -> Result<axum::Json<QuotaOverview>> {
    Ok(axum::Json(quota::overview(&cx).await?))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct StatementQuery {
    kind: Option<EntryKind>,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    /// Somebody else whom one may see; one's own statement if not said.
    user: Option<UserId>,
    cursor: Option<String>,
    /// 1 to 200; 20 if not said.
    limit: Option<i64>,
}

/// Each line with the balance after it, newest first.
#[utoipa::path(get, path = "/quota/statement", tag = "quota", params(StatementQuery),
    responses((status = 200, body = Page<StatementLine>), (status = 403, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn statement(Auth(cx, _): Auth<QuotaView>, Query(query): Query<StatementQuery>) -> Result<axum::Json<Page<StatementLine>>> {
    let ask = PageAsk::parse(query.cursor.as_deref(), query.limit)?;
    let filter = StatementFilter { kind: query.kind, from: query.from, to: query.to };
    Ok(axum::Json(quota::statement(&cx, query.user, &filter, &ask).await?))
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct NewTransfer {
    to_name: String,
    /// More than `transfer_minimum`.
    amount: Quota,
    #[serde(default)]
    memo: Option<String>,
}

/// Transfers quota to another agent by name.
#[utoipa::path(post, path = "/quota/transfers", tag = "quota", params(("Idempotency-Key" = String, Header)), request_body = NewTransfer,
    responses((status = 201, body = Transfer), (status = 403, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn transfer(Auth(cx, _): Auth<QuotaTransfer>, Once(body, key): Once<NewTransfer>) -> Result<(StatusCode, axum::Json<Transfer>)> {
    let ask = TransferAsk { to_name: body.to_name, amount: body.amount, memo: body.memo };
    Ok((StatusCode::CREATED, axum::Json(quota::transfer(&cx, &ask, &key).await?)))
}
