//! Where the payer pays.

use axum::Router;
use axum::extract::{Form, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use serde::Deserialize;

use super::{Inner, Shared};
use crate::books::{Trade, TradeState};
use crate::page::{Sheet, render, style};
use crate::trouble::Asked;

pub(super) fn router() -> Router<Shared> {
    Router::new().route("/pay", get(show).post(act)).route("/pay.css", get(style))
}

#[derive(Deserialize)]
struct Ask {
    token: String,
}

async fn show(State(state): State<Shared>, Query(ask): Query<Ask>, headers: HeaderMap) -> Response {
    match state.books().by_token(&ask.token).cloned() {
        Some(trade) => show_trade(&state, &trade, "", &headers),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

pub(super) fn show_trade(state: &Inner, trade: &Trade, return_url: &str, headers: &HeaderMap) -> Response {
    let expired = state.clock.now() >= trade.expires;
    let open = trade.state == TradeState::Open && !expired && !refuses(state);
    let said = match trade.state {
        TradeState::Paid => ("已支付", "Paid"),
        TradeState::Closed => ("交易已关闭", "This order is closed"),
        TradeState::Open if open => ("", ""),
        TradeState::Open if expired => ("交易已过期", "This order has expired"),
        TradeState::Open => ("商户暂时不能收款", "This merchant cannot be paid at present"),
    };
    let (action, style) = (format!("{}/pay", state.base), format!("{}/pay.css", state.base));
    let sheet = Sheet {
        look: "alipay",
        network: ("支付宝", "Alipay"),
        subject: &trade.subject,
        amount: trade.amount,
        action: open.then_some(action.as_str()),
        hidden: &[("token", &trade.token), ("return_url", return_url)],
        state: said,
        style: &style,
    };
    render(&sheet, headers)
}

/// Who is led here by a browser was placed by nobody before: that it takes no order is said here.
fn refuses(state: &Inner) -> bool {
    state.troubles().asked == Asked::PlacesRefused
}

#[derive(Deserialize)]
struct Act {
    token: String,
    #[serde(default)]
    return_url: String,
    #[serde(rename = "do")]
    what: String,
}

async fn act(State(state): State<Shared>, Form(act): Form<Act>) -> Response {
    let Some(number) = state.books().by_token(&act.token).map(|trade| trade.number.clone()) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    if act.what == "pay" && !refuses(&state) {
        state.pay(&number).await;
    }
    if act.return_url.starts_with("http") {
        Redirect::to(&act.return_url).into_response()
    } else {
        Redirect::to(&format!("{}/pay?token={}", state.base, act.token)).into_response()
    }
}
