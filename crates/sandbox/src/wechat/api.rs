//! What merchants ask for.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, Query, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use kernel::{Fen, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{APP, Inner, MERCHANT, MINI_APP, Shared, bill};
use crate::books::{Refund, Trade, TradeState};
use crate::trouble::{Asked, Returned};
use crate::wechat_login::begins;

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
    match state.troubles().asked {
        Asked::Down => Err(StatusCode::SERVICE_UNAVAILABLE.into_response()),
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

#[derive(Deserialize)]
struct OrderAsk {
    appid: String,
    mchid: String,
    description: String,
    out_trade_no: String,
    #[serde(default)]
    time_expire: Option<String>,
    notify_url: String,
    amount: Amount,
    #[serde(default)]
    payer: Option<Payer>,
    #[serde(default)]
    scene_info: Option<Value>,
}

#[derive(Deserialize)]
struct Amount {
    total: i64,
    #[serde(default)]
    refund: i64,
}

#[derive(Deserialize)]
struct Payer {
    openid: String,
}

async fn order(State(state): State<Shared>, Path(kind): Path<String>, request: Request) -> Response {
    let body = match admit(&state, request).await {
        Ok(body) => body,
        Err(response) => return response,
    };
    let wrong = |why: &str| state.refuse(StatusCode::BAD_REQUEST, "PARAM_ERROR", why);
    let ask: OrderAsk = match serde_json::from_slice(&body) {
        Ok(ask) => ask,
        Err(error) => return wrong(&error.to_string()),
    };
    let fits = (6..=32).contains(&ask.out_trade_no.len())
        && ask.out_trade_no.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-*".contains(&byte));
    if ![APP, MINI_APP].contains(&ask.appid.as_str()) || ask.mchid != MERCHANT {
        return state.refuse(StatusCode::BAD_REQUEST, "APPID_MCHID_NOT_MATCH", "app and merchant do not belong together");
    }
    if !fits || ask.amount.total < 1 || ask.description.is_empty() || ask.description.len() > 127 || ask.notify_url.contains('?') {
        return wrong("a field that cannot be so");
    }
    let expires = match ask.time_expire.as_deref().map(str::parse::<Timestamp>) {
        None => state.clock.now().plus_seconds(7_200),
        Some(Ok(at)) => at,
        Some(Err(_)) => return wrong("time_expire"),
    };
    let openid = ask.payer.map(|payer| payer.openid).unwrap_or_default();
    if (kind == "jsapi" && openid.is_empty()) || (kind == "h5" && ask.scene_info.is_none()) {
        return wrong("the payer is missing");
    }
    if kind == "jsapi" && !openid.starts_with(&begins(&ask.appid)) {
        return wrong("app and payer do not belong together");
    }
    if !matches!(kind.as_str(), "jsapi" | "h5" | "native") {
        return state.refuse(StatusCode::NOT_FOUND, "RESOURCE_NOT_EXISTS", "no such way of paying");
    }
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
        "mchid": MERCHANT,
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

#[derive(Deserialize)]
struct Merchant {
    mchid: String,
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
    match trade {
        Some(trade) if of.mchid == MERCHANT => state.say(StatusCode::OK, Some(&trade_json(state, &trade))),
        _ => state.refuse(StatusCode::NOT_FOUND, "ORDER_NOT_EXIST", "no such order"),
    }
}

async fn close(State(state): State<Shared>, Path(number): Path<String>, request: Request) -> Response {
    if let Err(response) = admit(&state, request).await {
        return response;
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

#[derive(Deserialize)]
struct RefundAsk {
    out_trade_no: String,
    out_refund_no: String,
    amount: Amount,
}

async fn refund(State(state): State<Shared>, request: Request) -> Response {
    let body = match admit(&state, request).await {
        Ok(body) => body,
        Err(response) => return response,
    };
    let Ok(ask) = serde_json::from_slice::<RefundAsk>(&body) else {
        return state.refuse(StatusCode::BAD_REQUEST, "PARAM_ERROR", "a field that cannot be so");
    };
    let troubles = state.troubles();
    let answered = state.refund(&ask, troubles.refunds);
    match answered {
        Ok((trade, refund, fresh)) => {
            if fresh && refund.status == "SUCCESS" {
                state.tell_refunded(&trade, &refund).await;
            }
            done(&state, StatusCode::OK, Some(&refund_json(&trade, &refund)))
        }
        Err((status, code)) => state.refuse(status, code, "it cannot be given back"),
    }
}

impl Inner {
    /// The refund, and whether this has changed it.
    fn refund(&self, ask: &RefundAsk, how: Returned) -> Result<(Trade, Refund, bool), (StatusCode, &'static str)> {
        let mut books = self.books();
        let own = books.next();
        let trade = books.trade_mut(&ask.out_trade_no).ok_or((StatusCode::NOT_FOUND, "RESOURCE_NOT_EXISTS"))?;
        if trade.state != TradeState::Paid || ask.amount.total != trade.amount.fen() || ask.amount.refund < 1 {
            return Err((StatusCode::BAD_REQUEST, "INVALID_REQUEST"));
        }
        if how == Returned::Refused {
            return Err((StatusCode::FORBIDDEN, "NOT_ENOUGH"));
        }
        let status = if how == Returned::Pending { "PROCESSING" } else { "SUCCESS" };
        let at = self.clock.now();
        if let Some(known) = trade.refunds.iter_mut().find(|refund| refund.number == ask.out_refund_no) {
            if known.amount.fen() != ask.amount.refund {
                return Err((StatusCode::BAD_REQUEST, "INVALID_REQUEST"));
            }
            let fresh = known.status == "PROCESSING" && status == "SUCCESS";
            if fresh {
                (known.status, known.at) = (status, at);
            }
            let known = known.clone();
            return Ok((trade.clone(), known, fresh));
        }
        if trade.refunded().fen() + ask.amount.refund > trade.amount.fen() {
            return Err((StatusCode::BAD_REQUEST, "INVALID_REQUEST"));
        }
        let refund = Refund { number: ask.out_refund_no.clone(), own, amount: Fen::new(ask.amount.refund), status, at };
        trade.refunds.push(refund.clone());
        Ok((trade.clone(), refund, true))
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
