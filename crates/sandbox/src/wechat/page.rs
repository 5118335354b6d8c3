//! Where the payer pays.

use axum::Router;
use axum::extract::{Form, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use serde::Deserialize;

use super::Shared;
use crate::books::TradeState;
use crate::page::{Sheet, render, style};

pub(super) fn router() -> Router<Shared> {
    Router::new().route("/pay", get(show).post(act)).route("/pay.css", get(style))
}

#[derive(Deserialize)]
struct Ask {
    prepay_id: String,
    #[serde(default)]
    redirect_url: String,
}

async fn show(State(state): State<Shared>, Query(ask): Query<Ask>, headers: HeaderMap) -> Response {
    let Some(trade) = state.books().by_token(&ask.prepay_id).cloned() else { return StatusCode::NOT_FOUND.into_response() };
    let open = trade.state == TradeState::Open && state.clock.now() < trade.expires;
    let said = match trade.state {
        TradeState::Paid => ("已支付", "Paid"),
        TradeState::Closed => ("订单已关闭", "This order is closed"),
        TradeState::Open if open => ("", ""),
        TradeState::Open => ("订单已过期", "This order has expired"),
    };
    let (action, style) = (format!("{}/pay", state.base), format!("{}/pay.css", state.base));
    let sheet = Sheet {
        look: "wechat",
        network: ("微信支付", "WeChat Pay"),
        subject: &trade.subject,
        amount: trade.amount,
        action: open.then_some(action.as_str()),
        hidden: &[("prepay_id", &ask.prepay_id), ("redirect_url", &ask.redirect_url)],
        state: said,
        style: &style,
    };
    render(&sheet, &headers)
}

#[derive(Deserialize)]
struct Act {
    prepay_id: String,
    #[serde(default)]
    redirect_url: String,
    #[serde(rename = "do")]
    what: String,
}

async fn act(State(state): State<Shared>, Form(act): Form<Act>) -> Response {
    let Some(number) = state.books().by_token(&act.prepay_id).map(|trade| trade.number.clone()) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    if act.what == "pay" {
        state.pay(&number).await;
    }
    if act.redirect_url.starts_with("http") {
        Redirect::to(&act.redirect_url).into_response()
    } else {
        Redirect::to(&format!("{}/pay?prepay_id={}", state.base, act.prepay_id)).into_response()
    }
}
