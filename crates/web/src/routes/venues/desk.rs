//! At the desk: cash into a customer's wallet and out of it, and a phone that was lost.

use axum::extract::State;
use kernel::Fen;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use venue::customers::{self, AtDesk, Customer, DeskCash, SignedOut};
use venue::halls::VenueId;

use crate::extract::{Auth, DeskServe, Json, Once, TablesOperate};
use crate::state::AppState;
use crate::{Problem, Result};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(look_up))
        .routes(routes!(recharge))
        .routes(routes!(pay_out))
        .routes(routes!(take_phone_off))
        .routes(routes!(sign_customer_out))
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct Cash {
    /// The hall whose drawer it goes into, or comes out of: one where one works.
    venue_id: VenueId,
    /// The customer's.
    number: String,
    amount_fen: Fen,
    #[serde(default)]
    memo: Option<String>,
}

impl From<Cash> for DeskCash {
    fn from(Cash { venue_id, number, amount_fen, memo }: Cash) -> Self {
        Self { venue: venue_id, number, amount: amount_fen, memo }
    }
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct WhoAsks {
    /// The customer's own, or the phone's.
    number: String,
}

/// Whose number it is, and how much can be paid out, also by whoever asks: to be looked at before cash changes hands.
#[utoipa::path(post, path = "/customers/find", tag = "venues", request_body = WhoAsks,
    responses((status = 200, body = AtDesk), (status = 422, body = Problem), (status = 429, body = Problem)))]
async fn look_up(Auth(cx, _): Auth<DeskServe>, Json(body): Json<WhoAsks>) -> Result<axum::Json<AtDesk>> {
    Ok(axum::Json(customers::look_up(&cx, &body.number).await?))
}

/// Adds cash that was taken over the counter to a customer's wallet.
#[utoipa::path(post, path = "/customers/recharge", tag = "venues", params(("Idempotency-Key" = String, Header)), request_body = Cash,
    responses((status = 200, body = Customer), (status = 404, body = Problem), (status = 422, body = Problem), (status = 429, body = Problem)))]
async fn recharge(Auth(cx, _): Auth<DeskServe>, Once(body, key): Once<Cash>) -> Result<axum::Json<Customer>> {
    Ok(axum::Json(customers::recharge_at_desk(&cx, &DeskCash::from(body), &key).await?))
}

/// Pays cash out of a customer's wallet over the counter: as much of it as is neither a gift nor a payment network's. Of somebody of whom nothing but a
/// number is known it takes a manager (403) from a quarter of an hour after they have played, or handed over cash.
#[utoipa::path(post, path = "/customers/payout", tag = "venues", params(("Idempotency-Key" = String, Header)), request_body = Cash,
    responses((status = 200, body = Customer), (status = 403, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem),
        (status = 429, body = Problem)))]
async fn pay_out(Auth(cx, _): Auth<DeskServe>, Once(body, key): Once<Cash>) -> Result<axum::Json<Customer>> {
    Ok(axum::Json(customers::pay_out_at_desk(&cx, &DeskCash::from(body), &key).await?))
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct LostPhone {
    /// The customer's own, or the phone's.
    number: String,
    /// How it was seen who it is; for the log.
    why: String,
}

/// Takes the phone number off a customer who has lost it. They add another by signing in with it. Refused where they could not sign in then; not where
/// nobody has ever signed in by it, and a desk alone has written it down: that customer is a walk-in then.
#[utoipa::path(post, path = "/customers/take-phone-off", tag = "venues", request_body = LostPhone,
    responses((status = 200, body = Customer), (status = 409, body = Problem), (status = 422, body = Problem), (status = 429, body = Problem)))]
async fn take_phone_off(
    Auth(cx, _): Auth<TablesOperate>,
    State(state): State<AppState>,
    Json(body): Json<LostPhone>,
) -> Result<axum::Json<Customer>> {
    Ok(axum::Json(customers::take_phone_off(&cx, &state.venue, &body.number, &body.why).await?))
}

/// Signs a customer out on all phones: who has lost one, and has no other to do it on. Refused where they could not sign in again.
#[utoipa::path(post, path = "/customers/sign-out-everywhere", tag = "venues", request_body = LostPhone,
    responses((status = 200, body = SignedOut), (status = 409, body = Problem), (status = 422, body = Problem), (status = 429, body = Problem)))]
async fn sign_customer_out(
    Auth(cx, _): Auth<TablesOperate>,
    State(state): State<AppState>,
    Json(body): Json<LostPhone>,
) -> Result<axum::Json<SignedOut>> {
    Ok(axum::Json(customers::sign_out_at_desk(&cx, &state.venue, &body.number, &body.why).await?))
}
