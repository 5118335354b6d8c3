//! Paying by WeChat and Alipay, and back.

use axum::http::StatusCode;
use kernel::{Fault, Fen};
use platform::Cx;
use platform::payments::{ChannelKind, Method, OrderEntity, OrderView};
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use venue::customers::{self, Customer, PayBy, PayFor};
use venue::halls::TableId;
use venue::play::OpenAsk;

use super::play::time;

use crate::customer::ByCustomer;
use crate::extract::{Json, Once, PathId, Visitor};
use crate::state::AppState;
use crate::{Problem, Result};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(means))
        .routes(routes!(create))
        .routes(routes!(get))
        .routes(routes!(replace))
        .routes(routes!(cancel))
        .routes(routes!(refundable))
        .routes(routes!(refund))
}

#[derive(Serialize, utoipa::ToSchema)]
struct PaymentMeans {
    channels: Vec<ChannelKind>,
}

/// By which networks one can pay now.
#[utoipa::path(get, path = "/payment-means", tag = "customer", responses((status = 200, body = PaymentMeans)))]
async fn means(Visitor(cx): Visitor) -> Result<axum::Json<PaymentMeans>> {
    Ok(axum::Json(PaymentMeans { channels: customers::means(&cx).await? }))
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct Recharge {
    /// 100 to 1,000,000.
    amount_fen: Fen,
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct TableTime {
    table_id: TableId,
    /// 10 to 720.
    /// Or a package.
    #[serde(default)]
    minutes: Option<i64>,
    #[serde(default)]
    package: Option<i64>,
    /// What the customer was shown: another price is refused.
    expected_fen: Fen,
}

/// Exactly one of `recharge` and `table`.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct NewPayOrder {
    method: Method,
    /// Money for the wallet.
    recharge: Option<Recharge>,
    /// A table, which is opened as soon as it is paid.
    table: Option<TableTime>,
}

/// Begins a payment. A table that cannot be opened any more once it is paid is not charged: the money goes back by itself.
#[utoipa::path(post, path = "/orders", tag = "customer", params(("Idempotency-Key" = String, Header)), request_body = NewPayOrder,
    responses((status = 201, body = OrderView), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem),
        (status = 429, body = Problem), (status = 503, body = Problem)))]
async fn create(
    ByCustomer(cx, customer, token): ByCustomer,
    Once(body, key): Once<NewPayOrder>,
) -> Result<(StatusCode, axum::Json<OrderView>)> {
    let what = match (body.recharge, body.table) {
        (Some(recharge), None) => PayFor::Recharge { amount: recharge.amount_fen },
        (None, Some(table)) => {
            let time = time(table.minutes, table.package)?;
            PayFor::Table { table: table.table_id, ask: OpenAsk { time, expected: table.expected_fen } }
        }
        _ => {
            return Err(Fault::field(
                "recharge",
                "ONE_OF",
                "recharge 与 table 须且只能填写一个",
                "Exactly one of recharge and table is needed",
            )
            .into());
        }
    };
    let by = by(&cx, body.method, &token).await?;
    Ok((StatusCode::CREATED, axum::Json(customers::pay(&cx, &customer, what, by, &key).await?)))
}

/// As whom WeChat knows the phone, where it pays inside WeChat.
async fn by(cx: &Cx, method: Method, token: &str) -> Result<PayBy> {
    let payer = if method == Method::Jsapi { customers::payer(cx, token).await? } else { None };
    Ok(PayBy { method, payer, return_url: format!("{}/m/?order={{order}}", cx.install.public_url) })
}

/// How a payment stands. While it is waited for, the network is asked every few seconds.
#[utoipa::path(get, path = "/orders/{id}", tag = "customer", params(("id" = String, Path)), responses((status = 200, body = OrderView)))]
async fn get(ByCustomer(cx, customer, _): ByCustomer, PathId(id): PathId<OrderEntity>) -> Result<axum::Json<OrderView>> {
    Ok(axum::Json(customers::order(&cx, &customer, id).await?))
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct OtherMethod {
    method: Method,
}

/// Pays by another means: what was begun is closed at its network first.
#[utoipa::path(post, path = "/orders/{id}/method", tag = "customer", params(("id" = String, Path)), request_body = OtherMethod,
    responses((status = 200, body = OrderView), (status = 409, body = Problem), (status = 429, body = Problem),
        (status = 503, body = Problem)))]
async fn replace(
    ByCustomer(cx, customer, token): ByCustomer,
    PathId(id): PathId<OrderEntity>,
    Json(body): Json<OtherMethod>,
) -> Result<axum::Json<OrderView>> {
    Ok(axum::Json(customers::pay_otherwise(&cx, &customer, id, by(&cx, body.method, &token).await?).await?))
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct Cancel {}

/// Ends a payment that nobody will make.
#[utoipa::path(post, path = "/orders/{id}/cancel", tag = "customer", params(("id" = String, Path)), request_body = Cancel,
    responses((status = 200, body = OrderView), (status = 409, body = Problem), (status = 429, body = Problem),
        (status = 503, body = Problem)))]
async fn cancel(
    ByCustomer(cx, customer, _): ByCustomer,
    PathId(id): PathId<OrderEntity>,
    Json(Cancel {}): Json<Cancel>,
) -> Result<axum::Json<OrderView>> {
    Ok(axum::Json(customers::cancel_order(&cx, &customer, id).await?))
}

#[derive(Serialize, utoipa::ToSchema)]
struct Refundable {
    /// Of the wallet: what came by a network and is not spent. Gifts and cash are spent first; what was paid in cash at the desk is paid out there.
    amount_fen: Fen,
    /// Any amount up to this can go: networks give a payment back in fifty parts at most, and what has come to the last only goes all at once.
    freely_fen: Fen,
}

/// How much can go back to where it came from.
#[utoipa::path(get, path = "/refundable", tag = "customer", responses((status = 200, body = Refundable)))]
async fn refundable(ByCustomer(cx, customer, _): ByCustomer) -> Result<axum::Json<Refundable>> {
    let can = customers::refundable(&cx, &customer).await?;
    Ok(axum::Json(Refundable { amount_fen: can.amount, freely_fen: can.freely }))
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct RefundAsk {
    amount_fen: Fen,
}

/// Sends money of the wallet back to where it came from: what was paid last goes first.
#[utoipa::path(post, path = "/refunds", tag = "customer", params(("Idempotency-Key" = String, Header)), request_body = RefundAsk,
    responses((status = 202, body = Customer), (status = 409, body = Problem), (status = 422, body = Problem), (status = 429, body = Problem)))]
async fn refund(ByCustomer(cx, customer, _): ByCustomer, Once(body, key): Once<RefundAsk>) -> Result<(StatusCode, axum::Json<Customer>)> {
    Ok((StatusCode::ACCEPTED, axum::Json(customers::refund(&cx, &customer, body.amount_fen, &key).await?)))
}
