//! Withdrawals: asked for by agents, decided by their superiors, paid offline; cancelled before, or returned after.

use axum::http::StatusCode;
use kernel::{Page, PageAsk, Quota};
use platform::quota::withdrawal::{self, Withdrawal, WithdrawalAsk, WithdrawalEntity, WithdrawalFilter, WithdrawalScope, WithdrawalState};
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::extract::{Auth, MaybeOnce, Once, PathId, Query, QuotaView, QuotaWithdraw, WithdrawalsReview};
use crate::state::AppState;
use crate::{Problem, Result};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list, ask))
        .routes(routes!(get))
        .routes(routes!(approve))
        .routes(routes!(refuse))
        .routes(routes!(paid))
        .routes(routes!(cancel))
        .routes(routes!(returned))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct WithdrawalQuery {
    state: Option<WithdrawalState>,
    /// Those alone that somebody has still to decide or to pay.
    waiting: Option<bool>,
    /// One's own, or those one decides. If not said: the latter for a super admin, the former for others.
    #[param(inline)]
    scope: Option<WithdrawalScope>,
    cursor: Option<String>,
    /// 1 to 200; 20 if not said.
    limit: Option<i64>,
}

#[utoipa::path(get, path = "/withdrawals", tag = "quota", params(WithdrawalQuery),
    responses((status = 200, body = Page<Withdrawal>), (status = 403, body = Problem), (status = 422, body = Problem)))]
async fn list(Auth(cx, _): Auth<QuotaView>, Query(query): Query<WithdrawalQuery>) -> Result<axum::Json<Page<Withdrawal>>> {
    let ask = PageAsk::parse(query.cursor.as_deref(), query.limit)?;
    let filter = WithdrawalFilter { state: query.state, waiting: query.waiting.unwrap_or(false), scope: query.scope };
    Ok(axum::Json(withdrawal::list(&cx, &filter, &ask).await?))
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct NewWithdrawal {
    /// More than `withdrawal_minimum`.
    amount: Quota,
    payee_name: String,
    payee_account: String,
    payee_bank: String,
    #[serde(default)]
    note: Option<String>,
}

/// Freezes the amount until the superior decides.
#[utoipa::path(post, path = "/withdrawals", tag = "quota", params(("Idempotency-Key" = String, Header)), request_body = NewWithdrawal,
    responses((status = 201, body = Withdrawal), (status = 403, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem),
        (status = 429, body = Problem)))]
async fn ask(Auth(cx, _): Auth<QuotaWithdraw>, Once(body, key): Once<NewWithdrawal>) -> Result<(StatusCode, axum::Json<Withdrawal>)> {
    let ask = WithdrawalAsk {
        amount: body.amount,
        payee_name: body.payee_name,
        payee_account: body.payee_account,
        payee_bank: body.payee_bank,
        note: body.note,
    };
    Ok((StatusCode::CREATED, axum::Json(withdrawal::ask(&cx, &ask, &key).await?)))
}

#[utoipa::path(get, path = "/withdrawals/{id}", tag = "quota", params(("id" = String, Path)),
    responses((status = 200, body = Withdrawal), (status = 404, body = Problem)))]
async fn get(Auth(cx, _): Auth<QuotaView>, PathId(id): PathId<WithdrawalEntity>) -> Result<axum::Json<Withdrawal>> {
    Ok(axum::Json(withdrawal::get(&cx, id).await?))
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = WithdrawalApproval)]
struct Approval {}

/// The frozen amount leaves the agent's account; the money is to be paid offline.
#[utoipa::path(post, path = "/withdrawals/{id}/approve", tag = "quota", params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header)), request_body = Approval,
    responses((status = 200, body = Withdrawal), (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn approve(
    Auth(cx, _): Auth<WithdrawalsReview>,
    PathId(id): PathId<WithdrawalEntity>,
    MaybeOnce(Approval {}, key): MaybeOnce<Approval>,
) -> Result<axum::Json<Withdrawal>> {
    Ok(axum::Json(withdrawal::approve(&cx, id, key.as_ref()).await?))
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = WithdrawalRefusal)]
struct Refusal {
    reason: String,
}

/// The frozen amount becomes available again.
#[utoipa::path(post, path = "/withdrawals/{id}/refuse", tag = "quota", params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header)), request_body = Refusal,
    responses((status = 200, body = Withdrawal), (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn refuse(
    Auth(cx, _): Auth<WithdrawalsReview>,
    PathId(id): PathId<WithdrawalEntity>,
    MaybeOnce(body, key): MaybeOnce<Refusal>,
) -> Result<axum::Json<Withdrawal>> {
    Ok(axum::Json(withdrawal::refuse(&cx, id, &body.reason, key.as_ref()).await?))
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct Payment {
    /// How the bank calls the payment.
    payment_reference: String,
}

/// Marks an approved withdrawal as paid.
#[utoipa::path(post, path = "/withdrawals/{id}/paid", tag = "quota", params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header)), request_body = Payment,
    responses((status = 200, body = Withdrawal), (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn paid(
    Auth(cx, _): Auth<WithdrawalsReview>,
    PathId(id): PathId<WithdrawalEntity>,
    MaybeOnce(body, key): MaybeOnce<Payment>,
) -> Result<axum::Json<Withdrawal>> {
    Ok(axum::Json(withdrawal::paid(&cx, id, &body.payment_reference, key.as_ref()).await?))
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = WithdrawalCancellation)]
struct Cancellation {}

/// Whoever asked takes it back while nobody has decided: the frozen amount becomes available again.
#[utoipa::path(post, path = "/withdrawals/{id}/cancel", tag = "quota", params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header)), request_body = Cancellation,
    responses((status = 200, body = Withdrawal), (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn cancel(
    Auth(cx, _): Auth<QuotaWithdraw>,
    PathId(id): PathId<WithdrawalEntity>,
    MaybeOnce(Cancellation {}, key): MaybeOnce<Cancellation>,
) -> Result<axum::Json<Withdrawal>> {
    Ok(axum::Json(withdrawal::cancel(&cx, id, key.as_ref()).await?))
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = WithdrawalReturn)]
struct Return {
    reason: String,
}

/// The money of an approved or paid withdrawal did not arrive: the deducted amount comes back to the agent's account.
#[utoipa::path(post, path = "/withdrawals/{id}/return", tag = "quota", params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header)), request_body = Return,
    responses((status = 200, body = Withdrawal), (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn returned(
    Auth(cx, _): Auth<WithdrawalsReview>,
    PathId(id): PathId<WithdrawalEntity>,
    MaybeOnce(body, key): MaybeOnce<Return>,
) -> Result<axum::Json<Withdrawal>> {
    Ok(axum::Json(withdrawal::returned(&cx, id, &body.reason, key.as_ref()).await?))
}
