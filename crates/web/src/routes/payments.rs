//! Payments, refunds and networks' bills, for those who answer for the money.

use kernel::{Fault, Page, PageAsk, Word};
use platform::payments::{
    self, ChannelKind, DifferenceEntity, Form, Merchant, OrderDetail, OrderEntity, OrderRow, OrderState, PayProblemCode, Reconciliation,
    RefundEntity, RefundRow, RefundState, Remedy, Retried, Waiting,
};
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use venue::customers::{self, OrderPayer};

use crate::extract::{Auth, Json, PathId, PathText, PaymentsManage, Query};
use crate::state::AppState;
use crate::{Problem, Result};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(merchants))
        .routes(routes!(set_merchant))
        .routes(routes!(set_earlier))
        .routes(routes!(waiting))
        .routes(routes!(list))
        .routes(routes!(get))
        .routes(routes!(payer))
        .routes(routes!(find))
        .routes(routes!(mark_seen))
        .routes(routes!(write_off))
        .routes(routes!(end))
        .routes(routes!(refunds))
        .routes(routes!(remedy))
        .routes(routes!(retry_all))
        .routes(routes!(reconciliation))
        .routes(routes!(settle))
}

#[derive(Serialize, utoipa::ToSchema)]
struct Merchants {
    items: Vec<Merchant>,
}

/// The networks, how we are known there, and whom we were there before. Secrets are never shown.
#[utoipa::path(get, path = "/payments/channels", tag = "payments", responses((status = 200, body = Merchants), (status = 403, body = Problem)))]
async fn merchants(Auth(cx, _): Auth<PaymentsManage>) -> Result<axum::Json<Merchants>> {
    Ok(axum::Json(Merchants { items: payments::merchants(&cx).await? }))
}

/// What the path names.
fn network(channel: &str) -> Result<ChannelKind> {
    Ok(ChannelKind::parse(channel).ok_or_else(Fault::not_found)?)
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct MerchantForm {
    /// New payments may be made by it. What was begun is seen to its end either way.
    enabled: bool,
    /// Of `wechat` and `alipay`; `alipay_freeze` has Alipay's.
    parameters: Option<Form>,
    /// That of the network as it was looked at: where somebody has changed it since, nothing is changed. Absent or null: whatever it is.
    version: Option<i64>,
}

/// Sets how we are known to a network (`wechat`, `alipay`, `alipay_freeze`); secrets that are left out stay as they were of the same merchant.
/// What was placed with another stays with that one.
#[utoipa::path(put, path = "/payments/channels/{channel}", tag = "payments", params(("channel" = String, Path)), request_body = MerchantForm,
    responses((status = 200, body = Merchant), (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
async fn set_merchant(
    Auth(cx, _): Auth<PaymentsManage>,
    PathText(channel): PathText,
    Json(body): Json<MerchantForm>,
) -> Result<axum::Json<Merchant>> {
    let kind = network(&channel)?;
    Ok(axum::Json(payments::set_merchant(&cx, kind, body.enabled, body.parameters, body.version).await?))
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct EarlierForm {
    /// Names the merchant, with what is to be known of it; secrets that are left out stay as they were.
    parameters: Form,
    /// It is forgotten at once instead: what it has taken goes back by hand then.
    #[serde(default)]
    forget: bool,
}

/// Sets how we are known as a merchant that we were (`wechat`, `alipay`), or forgets it; new payments stay another's. Refused where that is to be
/// forgotten to which something may still be paid.
#[utoipa::path(put, path = "/payments/channels/{channel}/earlier", tag = "payments", params(("channel" = String, Path)), request_body = EarlierForm,
    responses((status = 200, body = Merchant), (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
async fn set_earlier(
    Auth(cx, _): Auth<PaymentsManage>,
    PathText(channel): PathText,
    Json(body): Json<EarlierForm>,
) -> Result<axum::Json<Merchant>> {
    let kind = network(&channel)?;
    Ok(axum::Json(payments::set_earlier(&cx, kind, body.parameters, body.forget).await?))
}

/// What waits for a person.
#[utoipa::path(get, path = "/payments/waiting", tag = "payments", responses((status = 200, body = Waiting), (status = 403, body = Problem)))]
async fn waiting(Auth(cx, _): Auth<PaymentsManage>) -> Result<axum::Json<Waiting>> {
    Ok(axum::Json(payments::waiting(&cx).await?))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct OrderQuery {
    state: Option<OrderState>,
    /// Those alone about whose payments a network says what does not fit, and nobody has looked after it.
    waiting: Option<bool>,
    cursor: Option<String>,
    limit: Option<i64>,
}

/// Newest first.
#[utoipa::path(get, path = "/payments/orders", tag = "payments", params(OrderQuery),
    responses((status = 200, body = Page<OrderRow>), (status = 403, body = Problem), (status = 422, body = Problem)))]
async fn list(Auth(cx, _): Auth<PaymentsManage>, Query(query): Query<OrderQuery>) -> Result<axum::Json<Page<OrderRow>>> {
    let ask = PageAsk::parse(query.cursor.as_deref(), query.limit)?;
    Ok(axum::Json(payments::orders(&cx, query.state, query.waiting.unwrap_or(false), &ask).await?))
}

/// All that happened to an order: attempts, notices, refunds.
#[utoipa::path(get, path = "/payments/orders/{id}", tag = "payments", params(("id" = String, Path)),
    responses((status = 200, body = OrderDetail), (status = 403, body = Problem), (status = 404, body = Problem)))]
async fn get(Auth(cx, _): Auth<PaymentsManage>, PathId(id): PathId<OrderEntity>) -> Result<axum::Json<OrderDetail>> {
    Ok(axum::Json(payments::detail(&cx, id).await?))
}

/// Who has paid it, or is to, and for which table.
#[utoipa::path(get, path = "/payments/orders/{id}/payer", tag = "payments", params(("id" = String, Path)),
    responses((status = 200, body = OrderPayer), (status = 403, body = Problem), (status = 404, body = Problem)))]
async fn payer(Auth(cx, _): Auth<PaymentsManage>, PathId(id): PathId<OrderEntity>) -> Result<axum::Json<OrderPayer>> {
    Ok(axum::Json(customers::payer_of(&cx, id).await?))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Named {
    /// An order's id, our number at a network, or the network's own, as on the payer's receipt.
    number: String,
}

/// The order that somebody names.
#[utoipa::path(get, path = "/payments/find", tag = "payments", params(Named),
    responses((status = 200, body = OrderDetail), (status = 403, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn find(Auth(cx, _): Auth<PaymentsManage>, Query(query): Query<Named>) -> Result<axum::Json<OrderDetail>> {
    Ok(axum::Json(payments::find_named(&cx, &query.number).await?))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct RefundQuery {
    state: Option<RefundState>,
    cursor: Option<String>,
    limit: Option<i64>,
}

/// Newest first.
#[utoipa::path(get, path = "/payments/refunds", tag = "payments", params(RefundQuery),
    responses((status = 200, body = Page<RefundRow>), (status = 403, body = Problem), (status = 422, body = Problem)))]
async fn refunds(Auth(cx, _): Auth<PaymentsManage>, Query(query): Query<RefundQuery>) -> Result<axum::Json<Page<RefundRow>>> {
    let ask = PageAsk::parse(query.cursor.as_deref(), query.limit)?;
    Ok(axum::Json(payments::list_refunds(&cx, query.state, &ask).await?))
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct RemedyAsk {
    remedy: Remedy,
    /// What was done, for whoever asks later. Not needed for `retry`.
    #[serde(default)]
    note: String,
}

/// Puts a refund right that the network would not make.
#[utoipa::path(post, path = "/payments/refunds/{id}/remedy", tag = "payments", params(("id" = String, Path)), request_body = RemedyAsk,
    responses((status = 200, body = RefundRow), (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn remedy(
    Auth(cx, _): Auth<PaymentsManage>,
    PathId(id): PathId<RefundEntity>,
    Json(body): Json<RemedyAsk>,
) -> Result<axum::Json<RefundRow>> {
    Ok(axum::Json(payments::remedy(&cx, id, body.remedy, &body.note).await?))
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct RetryAll {
    /// The cause that is gone.
    problem: PayProblemCode,
}

/// Has all refunds tried again that are stuck over the same; over the merchant's balance (`balance_short`) those too that wait for their next try.
/// At most 500 at once.
#[utoipa::path(post, path = "/payments/refunds/retry", tag = "payments", request_body = RetryAll,
    responses((status = 200, body = Retried), (status = 403, body = Problem), (status = 422, body = Problem)))]
async fn retry_all(Auth(cx, _): Auth<PaymentsManage>, Json(body): Json<RetryAll>) -> Result<axum::Json<Retried>> {
    Ok(axum::Json(payments::retry_all(&cx, body.problem).await?))
}

/// The networks' bills of the last days, compared with ours, and what does not agree.
#[utoipa::path(get, path = "/payments/reconciliation", tag = "payments", responses((status = 200, body = Reconciliation), (status = 403, body = Problem)))]
async fn reconciliation(Auth(cx, _): Auth<PaymentsManage>) -> Result<axum::Json<Reconciliation>> {
    Ok(axum::Json(payments::reconciliation(&cx).await?))
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct Settlement {
    /// What it was.
    note: String,
}

/// Says that what did not fit about an order's payments was looked after, and what it was. Doing so again changes nothing.
#[utoipa::path(post, path = "/payments/orders/{id}/seen", tag = "payments", params(("id" = String, Path)), request_body = Settlement,
    responses((status = 204), (status = 403, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn mark_seen(
    Auth(cx, _): Auth<PaymentsManage>,
    PathId(id): PathId<OrderEntity>,
    Json(body): Json<Settlement>,
) -> Result<axum::http::StatusCode> {
    payments::mark_seen(&cx, id, &body.note).await?;
    Ok(axum::http::StatusCode::NO_CONTENT)
}

/// Writes off what was frozen, was used, and cannot be taken any more: it is asked for no longer. Refused where it was taken, or may be yet.
#[utoipa::path(post, path = "/payments/orders/{id}/write-off", tag = "payments", params(("id" = String, Path)), request_body = Settlement,
    responses((status = 200, body = OrderDetail), (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
async fn write_off(
    Auth(cx, _): Auth<PaymentsManage>,
    PathId(id): PathId<OrderEntity>,
    Json(body): Json<Settlement>,
) -> Result<axum::Json<OrderDetail>> {
    Ok(axum::Json(payments::write_off(&cx, id, &body.note).await?))
}

/// Ends payments that were begun with a merchant that we were, and of which their network says nothing clear: they are asked about no longer. What is
/// paid by them after all goes back. Refused where one was paid, or may be yet.
#[utoipa::path(post, path = "/payments/orders/{id}/end", tag = "payments", params(("id" = String, Path)), request_body = Settlement,
    responses((status = 200, body = OrderDetail), (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
async fn end(
    Auth(cx, _): Auth<PaymentsManage>,
    PathId(id): PathId<OrderEntity>,
    Json(body): Json<Settlement>,
) -> Result<axum::Json<OrderDetail>> {
    Ok(axum::Json(payments::end(&cx, id, &body.note).await?))
}

/// Says what a difference was. Doing so again changes nothing.
#[utoipa::path(post, path = "/payments/differences/{id}/settle", tag = "payments", params(("id" = String, Path)), request_body = Settlement,
    responses((status = 204), (status = 403, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn settle(
    Auth(cx, _): Auth<PaymentsManage>,
    PathId(id): PathId<DifferenceEntity>,
    Json(body): Json<Settlement>,
) -> Result<axum::http::StatusCode> {
    payments::settle_difference(&cx, id, &body.note).await?;
    Ok(axum::http::StatusCode::NO_CONTENT)
}
