//! Who one is, and one's money.

use axum::http::StatusCode;
use kernel::Page;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use venue::customers::{self, CodeSent, Customer, SignIn, Wallet, Welcome};
use venue::told::{self, Message};

use crate::customer::{ByCustomer, PerhapsCustomer};
use crate::extract::{Json, PageQuery, Query, Visitor};
use crate::state::AppState;
use crate::{Problem, Result};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(guest))
        .routes(routes!(send_code))
        .routes(routes!(sign_in))
        .routes(routes!(sign_out))
        .routes(routes!(me))
        .routes(routes!(wallet))
        .routes(routes!(messages))
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct Nothing {}

/// A new guest: the token is told once.
#[utoipa::path(post, path = "/guests", tag = "customer", request_body = Nothing,
    responses((status = 201, body = Welcome), (status = 429, body = Problem)))]
async fn guest(Visitor(cx): Visitor, Json(Nothing {}): Json<Nothing>) -> Result<(StatusCode, axum::Json<Welcome>)> {
    Ok((StatusCode::CREATED, axum::Json(customers::guest(&cx).await?)))
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct Phone {
    /// Of the mainland.
    phone: String,
}

/// Sends a code to a phone, and tells the ticket that is to come back with it; how often is limited by number, by address and in all.
#[utoipa::path(post, path = "/phone-codes", tag = "customer", request_body = Phone,
    responses((status = 202, body = CodeSent), (status = 422, body = Problem), (status = 429, body = Problem)))]
async fn send_code(Visitor(cx): Visitor, Json(body): Json<Phone>) -> Result<(StatusCode, axum::Json<CodeSent>)> {
    Ok((StatusCode::ACCEPTED, axum::Json(customers::send_code(&cx, &body.phone).await?)))
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct PhoneSignIn {
    /// As it was told when the code was sent.
    ticket: String,
    phone: String,
    code: String,
}

/// Signs in whoever has the phone. A guest's bearer token may come with it: then the guest becomes that customer.
#[utoipa::path(post, path = "/sign-in", tag = "customer", request_body = PhoneSignIn,
    responses((status = 200, body = Welcome), (status = 401, body = Problem), (status = 422, body = Problem), (status = 429, body = Problem)))]
async fn sign_in(PerhapsCustomer(cx, guest): PerhapsCustomer, Json(body): Json<PhoneSignIn>) -> Result<axum::Json<Welcome>> {
    let ask = SignIn { ticket: &body.ticket, phone: &body.phone, code: &body.code };
    Ok(axum::Json(customers::sign_in(&cx, guest.as_ref(), ask).await?))
}

#[utoipa::path(post, path = "/sign-out", tag = "customer", request_body = Nothing, responses((status = 204)))]
async fn sign_out(ByCustomer(cx, _, token): ByCustomer, Json(Nothing {}): Json<Nothing>) -> Result<StatusCode> {
    customers::sign_out(&cx, &token).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[utoipa::path(get, path = "/me", tag = "customer", responses((status = 200, body = Customer)))]
async fn me(ByCustomer(_cx, customer, _): ByCustomer) -> axum::Json<Customer> {
    axum::Json(customer)
}

/// The balance and its lines, newest first.
#[utoipa::path(get, path = "/wallet", tag = "customer", params(PageQuery), responses((status = 200, body = Wallet)))]
async fn wallet(ByCustomer(cx, customer, _): ByCustomer, Query(page): Query<PageQuery>) -> Result<axum::Json<Wallet>> {
    Ok(axum::Json(customers::wallet(&cx, &customer, &page.ask()?).await?))
}

/// What one was told, newest first.
#[utoipa::path(get, path = "/messages", tag = "customer", params(PageQuery), responses((status = 200, body = Page<Message>)))]
async fn messages(ByCustomer(cx, customer, _): ByCustomer, Query(page): Query<PageQuery>) -> Result<axum::Json<Page<Message>>> {
    Ok(axum::Json(told::messages(&cx, &customer, &page.ask()?).await?))
}
