//! What merchants ask for.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, Query, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use kernel::Fen;
use serde_json::{Value, json};

use super::asks::{Merchant, OrderAsk, RefundAsk};
use super::{APP, Inner, MINI_APP, Shared, bill};
use crate::books::{Books, Refund, Trade, TradeState};
use crate::trouble::{Asked, Returned};

/// No payment is given back in more parts.
const PARTS: usize = 50;
/// Nor later.
const YEAR: i64 = 365 * 86_400;

pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/v3/pay/transactions/{kind}", post(order))
        .route("/v3/pay/transactions/out-trade-no/{number}", get(by_number))
        .route("/v3/pay/transactions/id/{transaction}", get(by_transaction))
        .route("/v3/pay/transactions/out-trade-no/{number}/close", post(close))
        .route("/v3/refund/domestic/refunds", post(refund))
        .route("/v3/refund/domestic/refunds/{number}", get(refund_by_number))
        .route("/v3/bill/tradebill", get(bill::ask))
        .route("/v3/billdownload/file", get(bill::download))
}

/// A request of our merchant, with its body. Everything else is answered here.
pub(super) async fn admit(state: &Shared, request: Request) -> Result<Bytes, Response> {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.map_err(|_| StatusCode::BAD_REQUEST.into_response())?;
    let target = parts.uri.path_and_query().map(ToString::to_string).unwrap_or_default();
    if let Err(why) = state.verify(parts.method.as_str(), &target, &parts.headers, &body) {
        return Err(state.refuse(StatusCode::UNAUTHORIZED, "SIGN_ERROR", why));
    }
    let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let reads = header("accept").split(',').any(|kind| ["application/json", "*/*"].contains(&kind.trim()));
    if !reads || (!body.is_empty() && !header("content-type").starts_with("application/json")) {
        return Err(state.refuse(StatusCode::BAD_REQUEST, "PARAM_ERROR", "what is said here is JSON"));
    }
    match state.troubles().asked {
        Asked::Down => Err(StatusCode::SERVICE_UNAVAILABLE.into_response()),
        Asked::Busy => Err(state.refuse(StatusCode::TOO_MANY_REQUESTS, "FREQUENCY_LIMITED", "asked too often")),
        _ => Ok(body),
    }
}

/// What it has done, and says so, or does not.
fn done(state: &Inner, status: StatusCode, body: Option<&Value>) -> Response {
    match state.troubles().asked {
        Asked::DoneAndSilent => StatusCode::GATEWAY_TIMEOUT.into_response(),
        Asked::DoneAndTroubled => state.refuse(StatusCode::INTERNAL_SERVER_ERROR, "SYSTEM_ERROR", "a trouble of its own"),
        _ => state.say(status, body),
    }
}

async fn order(State(state): State<Shared>, Path(kind): Path<String>, request: Request) -> Response {
    let body = match admit(&state, request).await {
        Ok(body) => body,
        Err(response) => return response,
    };
    if state.troubles().asked == Asked::PlacesRefused {
        return state.refuse(StatusCode::UNAUTHORIZED, "SIGN_ERROR", "the merchant's certificate was revoked");
    }
    let wrong = |why: &str| state.refuse(StatusCode::BAD_REQUEST, "PARAM_ERROR", why);
    let ask: OrderAsk = match serde_json::from_slice(&body) {
        Ok(ask) => ask,
        Err(error) => return wrong(&error.to_string()),
    };
    if ![APP, MINI_APP].contains(&ask.appid.as_str()) || ask.mchid != state.known.merchant {
        return state.refuse(StatusCode::BAD_REQUEST, "APPID_MCHID_NOT_MATCH", "app and merchant do not belong together");
    }
    if !matches!(kind.as_str(), "jsapi" | "h5" | "native") {
        return state.refuse(StatusCode::NOT_FOUND, "RESOURCE_NOT_EXISTS", "no such way of paying");
    }
    let expires = match ask.check(&kind, state.clock.now()) {
        Ok(expires) => expires,
        Err(why) => return wrong(why),
    };
    let openid = ask.openid().to_owned();
    let trade = Trade {
        number: ask.out_trade_no,
        transaction: String::new(),
        subject: ask.description,
        amount: Fen::new(ask.amount.total),
        state: TradeState::Open,
        refunds: Vec::new(),
        paid_at: None,
        token: hex::encode(state.random.bytes::<12>()),
        kind,
        app_id: ask.appid,
        openid,
        notify_url: ask.notify_url,
        expires,
    };
    let trade = {
        let mut books = state.books();
        match books.trade(&trade.number).cloned() {
            None => {
                books.add(trade.clone());
                trade
            }
            Some(known) if known.state == TradeState::Paid => {
                return state.refuse(StatusCode::BAD_REQUEST, "ORDERPAID", "it is paid");
            }
            Some(known) if known.state == TradeState::Closed => {
                return state.refuse(StatusCode::BAD_REQUEST, "ORDER_CLOSED", "it is closed");
            }
            Some(known) if known.is(&trade) => known,
            Some(_) => return state.refuse(StatusCode::BAD_REQUEST, "OUT_TRADE_NO_USED", "another order has this number"),
        }
    };
    let page = format!("{}/pay?prepay_id={}", state.base, trade.token);
    let handed = match trade.kind.as_str() {
        "jsapi" => json!({ "prepay_id": format!("wx{}", trade.token) }),
        "h5" => json!({ "h5_url": page }),
        _ => json!({ "code_url": page }),
    };
    done(&state, StatusCode::OK, Some(&handed))
}

fn trade_json(state: &Inner, trade: &Trade) -> Value {
    let mut said = json!({
        "appid": trade.app_id,
        "mchid": state.known.merchant,
        "out_trade_no": trade.number,
        "trade_state": match trade.state {
            TradeState::Open => "NOTPAY",
            TradeState::Closed => "CLOSED",
            TradeState::Paid if trade.refunds.is_empty() => "SUCCESS",
            TradeState::Paid => "REFUND",
        },
        "amount": {"total": trade.amount.fen(), "currency": "CNY"},
    });
    if let Some(at) = trade.paid_at {
        said["transaction_id"] = trade.transaction.as_str().into();
        said["success_time"] = at.to_string().into();
        said["payer"] = json!({"openid": trade.openid});
    }
    if state.troubles().asked == Asked::Altered {
        said["amount"]["total"] = (trade.amount.fen() - 1).into();
    }
    said
}

async fn by_number(State(state): State<Shared>, Path(number): Path<String>, Query(of): Query<Merchant>, request: Request) -> Response {
    if let Err(response) = admit(&state, request).await {
        return response;
    }
    let trade = state.books().trade(&number).cloned();
    found(&state, trade, &of)
}

async fn by_transaction(State(state): State<Shared>, Path(id): Path<String>, Query(of): Query<Merchant>, request: Request) -> Response {
    if let Err(response) = admit(&state, request).await {
        return response;
    }
    let trade = state.books().by_transaction(&id).cloned();
    found(&state, trade, &of)
}

fn found(state: &Inner, trade: Option<Trade>, of: &Merchant) -> Response {
    if of.mchid != state.known.merchant {
        return not_the_merchants(state);
    }
    match trade {
        Some(trade) => state.say(StatusCode::OK, Some(&trade_json(state, &trade))),
        None => state.refuse(StatusCode::NOT_FOUND, "ORDER_NOT_EXIST", "no such order"),
    }
}

/// Nothing that could be taken for word of an order.
fn not_the_merchants(state: &Inner) -> Response {
    state.refuse(StatusCode::BAD_REQUEST, "PARAM_ERROR", "mchid is missing, or is not who has signed")
}

async fn close(State(state): State<Shared>, Path(number): Path<String>, request: Request) -> Response {
    let body = match admit(&state, request).await {
        Ok(body) => body,
        Err(response) => return response,
    };
    if !serde_json::from_slice::<Merchant>(&body).is_ok_and(|of| of.mchid == state.known.merchant) {
        return not_the_merchants(&state);
    }
    let was = state.books().trade_mut(&number).map(|trade| {
        let was = trade.state;
        if was == TradeState::Open {
            trade.state = TradeState::Closed;
        }
        was
    });
    match was {
        None => state.refuse(StatusCode::NOT_FOUND, "ORDER_NOT_EXIST", "no such order"),
        Some(TradeState::Paid) => state.refuse(StatusCode::BAD_REQUEST, "ORDERPAID", "it is paid"),
        Some(TradeState::Open | TradeState::Closed) => done(&state, StatusCode::NO_CONTENT, None),
    }
}

async fn refund(State(state): State<Shared>, request: Request) -> Response {
    let body = match admit(&state, request).await {
        Ok(body) => body,
        Err(response) => return response,
    };
    let wrong = |why: &str| state.refuse(StatusCode::BAD_REQUEST, "PARAM_ERROR", why);
    let ask: RefundAsk = match serde_json::from_slice(&body) {
        Ok(ask) => ask,
        Err(error) => return wrong(&error.to_string()),
    };
    if let Err(why) = ask.check() {
        return wrong(why);
    }
    let troubles = state.troubles();
    let answered = state.refund(&ask, troubles.refunds);
    match answered {
        Ok((trade, refund, fresh)) => {
            if fresh && refund.status == "SUCCESS" {
                state.tell_refunded(ask.notify_url.as_deref(), &trade, &refund).await;
            }
            done(&state, StatusCode::OK, Some(&refund_json(&trade, &refund)))
        }
        Err((status, code)) => state.refuse(status, code, "it cannot be given back"),
    }
}

impl Inner {
    /// The refund, and whether this has changed it.
    fn refund(&self, ask: &RefundAsk, how: Returned) -> Result<(Trade, Refund, bool), (StatusCode, &'static str)> {
        let (at, status) = (self.clock.now(), if how == Returned::Pending { "PROCESSING" } else { "SUCCESS" });
        let invalid = (StatusCode::BAD_REQUEST, "INVALID_REQUEST");
        let mut books = self.books();
        let own = books.next();
        let number = named(&books, ask).ok_or((StatusCode::NOT_FOUND, "RESOURCE_NOT_EXISTS"))?;
        // Numbers of refunds are the merchant's, and not a payment's.
        if books.by_refund(&ask.out_refund_no).is_some_and(|(trade, _)| trade.number != number) {
            return Err(invalid);
        }
        let trade = books.trade_mut(&number).ok_or((StatusCode::NOT_FOUND, "RESOURCE_NOT_EXISTS"))?;
        if trade.state != TradeState::Paid || ask.amount.total != trade.amount.fen() {
            return Err(invalid);
        }
        if how == Returned::Refused {
            return Err((StatusCode::FORBIDDEN, "USER_ACCOUNT_ABNORMAL"));
        }
        if let Some(known) = trade.refunds.iter_mut().find(|refund| refund.number == ask.out_refund_no) {
            if known.amount.fen() != ask.amount.refund {
                return Err(invalid);
            }
            let fresh = known.status == "PROCESSING" && status == "SUCCESS";
            if fresh {
                (known.status, known.at) = (status, at);
            }
            let known = known.clone();
            return Ok((trade.clone(), known, fresh));
        }
        let beyond = ask.amount.refund > trade.amount.fen() - trade.refunded().fen();
        let late = trade.paid_at.is_some_and(|paid| paid.plus_seconds(YEAR) < at);
        if beyond || late || trade.refunds.len() >= PARTS {
            return Err(invalid);
        }
        if how == Returned::Short {
            return Err((StatusCode::FORBIDDEN, "NOT_ENOUGH"));
        }
        let refund = Refund { number: ask.out_refund_no.clone(), own, amount: Fen::new(ask.amount.refund), status, at };
        trade.refunds.push(refund.clone());
        Ok((trade.clone(), refund, true))
    }
}

/// The merchant's number of the payment that a refund is of. None when there is none, or where its two numbers are of two.
fn named(books: &Books, ask: &RefundAsk) -> Option<String> {
    let by_own = ask.transaction_id.as_deref().map(|own| books.by_transaction(own).map(|trade| trade.number.clone()));
    match (by_own, &ask.out_trade_no) {
        (None, number) => number.clone(),
        (Some(found), None) => found,
        (Some(found), Some(number)) => found.filter(|found| found == number),
    }
}

async fn refund_by_number(State(state): State<Shared>, Path(number): Path<String>, request: Request) -> Response {
    if let Err(response) = admit(&state, request).await {
        return response;
    }
    let known = state.books().by_refund(&number).map(|(trade, refund)| refund_json(trade, refund));
    match known {
        Some(said) => state.say(StatusCode::OK, Some(&said)),
        None => state.refuse(StatusCode::NOT_FOUND, "RESOURCE_NOT_EXISTS", "no such refund"),
    }
}

fn refund_json(trade: &Trade, refund: &Refund) -> Value {
    json!({
        "refund_id": refund.own,
        "out_refund_no": refund.number,
        "transaction_id": trade.transaction,
        "out_trade_no": trade.number,
        "status": refund.status,
        "amount": {"total": trade.amount.fen(), "refund": refund.amount.fen(), "currency": "CNY"},
    })
}
