//! What merchants ask the gateway for.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use kernel::{Fen, Timestamp};
use serde_json::{Value, json};

use super::words::{
    BUYER, FAILED, Fields, PAYER, Refused, beijing, content, from_beijing, from_yuan, is_own_number, is_subject, named, notify_url, parse,
    text, yuan,
};
use super::{Inner, Shared, bill, page};
use crate::books::{Refund, Trade, TradeState};
use crate::trouble::{Asked, Returned};

pub(super) fn router() -> Router<Shared> {
    Router::new().route("/gateway.do", get(by_browser).post(by_program)).route("/bill", get(bill::download))
}

/// A payer's browser brings a signed order.
async fn by_browser(State(state): State<Shared>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let Some(fields) = parse(query.unwrap_or_default().as_bytes()) else { return state.say("error_response", &twice()) };
    // Programs may put all of it into the address as well.
    if fields.get("method").map(String::as_str) != Some("alipay.trade.wap.pay") {
        return answer(&state, &fields);
    }
    if let Err(why) = state.verify(&fields) {
        return (StatusCode::BAD_REQUEST, format!("invalid-signature: {why}")).into_response();
    }
    match state.order(&fields, "wap") {
        Ok(trade) => page::show_trade(&state, &trade, fields.get("return_url").map_or("", String::as_str), &headers),
        Err((code, _)) => (StatusCode::BAD_REQUEST, code).into_response(),
    }
}

async fn by_program(State(state): State<Shared>, RawQuery(_): RawQuery, body: Bytes) -> Response {
    let Some(fields) = parse(&body) else { return state.say("error_response", &twice()) };
    if fields.get("method").map(String::as_str) == Some("alipay.fund.auth.operation.cancel") {
        state.cancels.send_modify(|asked| *asked += 1);
        let _ = state.troubles.subscribe().wait_for(|troubles| troubles.asked != Asked::CancelsWait).await;
    }
    answer(&state, &fields)
}

fn answer(state: &Shared, fields: &Fields) -> Response {
    let method = fields.get("method").cloned().unwrap_or_default();
    let node = format!("{}_response", method.replace('.', "_"));
    if let Err(why) = state.verify(fields) {
        return state.say("error_response", &refused("40002", "isv.invalid-signature", why));
    }
    let asked = state.troubles().asked;
    if asked == Asked::Down {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    if asked == Asked::Busy {
        return state.say(&node, &refused("20000", "isp.unknow-error", "it cannot be served now"));
    }
    if asked == Asked::PlacesRefused && matches!(method.as_str(), "alipay.trade.precreate" | "alipay.fund.auth.order.voucher.create") {
        return state.say(&node, &refused("40006", "isv.insufficient-isv-permissions", "the app may not ask for this any more"));
    }
    let Some(content) = content(fields) else {
        return state.say("error_response", &refused("40002", "isv.invalid-parameter", "biz_content is no object"));
    };
    let answer = match method.as_str() {
        "alipay.trade.precreate" => state
            .order(fields, "precreate")
            .map(|trade| json!({"out_trade_no": trade.number, "qr_code": format!("{}/pay?token={}", state.base, trade.token)})),
        "alipay.fund.auth.order.voucher.create" => state.voucher(fields, &content),
        "alipay.fund.auth.operation.detail.query" => state.operation(&content),
        "alipay.fund.auth.operation.cancel" => state.cancel_operation(&content),
        "alipay.fund.auth.order.unfreeze" => state.unfreeze(&content),
        "alipay.trade.pay" => state.capture(fields, &content),
        "alipay.trade.query" => state.query(&content),
        "alipay.trade.close" => state.close(&content),
        "alipay.trade.refund" => state.refund(&content),
        "alipay.trade.fastpay.refund.query" => state.refund_query(&content),
        "alipay.data.dataservice.bill.downloadurl.query" => state.bill_place(&content),
        _ => return state.say("error_response", &refused("40004", "isv.invalid-method", "no such method")),
    };
    if asked == Asked::DoneAndSilent {
        return StatusCode::GATEWAY_TIMEOUT.into_response();
    }
    if asked == Asked::DoneAndTroubled {
        let sub = if method.starts_with("alipay.fund.") { "SYSTEM_ERROR" } else { "ACQ.SYSTEM_ERROR" };
        return state.say(&node, &refused(FAILED, sub, "a trouble of its own"));
    }
    match answer {
        Ok(mut said) => {
            said["code"] = "10000".into();
            said["msg"] = "Success".into();
            state.say(&node, &said)
        }
        Err((code, sub)) => state.say(&node, &refused(code, sub, "it cannot be done")),
    }
}

fn twice() -> Value {
    refused("40002", "isv.invalid-signature", "a field is there twice")
}

fn refused(code: &str, sub_code: &str, why: &str) -> Value {
    json!({"code": code, "msg": "Business Failed", "sub_code": sub_code, "sub_msg": why})
}

impl Inner {
    fn verify(&self, fields: &Fields) -> Result<(), &'static str> {
        let value = |name: &str| fields.get(name).map_or("", String::as_str);
        if value("sign_type") != "RSA2" || value("app_id") != self.known.app || value("charset") != "utf-8" || value("version") != "1.0" {
            return Err("another algorithm, app, charset or version");
        }
        if !matches!(value("format"), "" | "JSON") {
            return Err("another format");
        }
        let at = from_beijing(value("timestamp")).ok_or("no time")?;
        if (self.clock.now().unix() - at.unix()).abs() > 900 {
            return Err("out of date");
        }
        let signed = fields.iter().filter(|(name, value)| *name != "sign" && !value.is_empty());
        let message = signed.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&");
        if self.merchant.verifies(message.as_bytes(), value("sign")) { Ok(()) } else { Err("another signature") }
    }

    /// The signature is over the node as it is written.
    fn say(&self, node: &str, said: &Value) -> Response {
        let said = said.to_string();
        let forged = self.troubles().asked == Asked::Forged;
        let sign = if forged { self.merchant.sign(said.as_bytes()) } else { self.own.sign(said.as_bytes()) };
        let body = format!("{{\"{node}\":{said},\"sign\":\"{sign}\"}}");
        ([(header::CONTENT_TYPE, "text/html;charset=utf-8")], body).into_response()
    }

    fn order(&self, fields: &Fields, kind: &str) -> Result<Trade, Refused> {
        let invalid = (FAILED, "ACQ.INVALID_PARAMETER");
        let content = content(fields).ok_or(invalid)?;
        let now = self.clock.now();
        let expires = self.ends(&content)?.unwrap_or_else(|| now.plus_seconds(7_200));
        let (number, subject) = (text(&content, "out_trade_no"), text(&content, "subject"));
        let wap = kind != "wap" || matches!(text(&content, "product_code"), "QUICK_WAP_WAY" | "QUICK_WAP_PAY");
        let (Some(amount), Some(notify_url)) = (from_yuan(text(&content, "total_amount")), notify_url(fields)) else {
            return Err(invalid);
        };
        if !is_own_number(number) || !is_subject(subject) || !wap {
            return Err(invalid);
        }
        let trade = Trade {
            number: number.into(),
            transaction: String::new(),
            subject: subject.into(),
            amount,
            state: TradeState::Open,
            refunds: Vec::new(),
            paid_at: None,
            token: hex::encode(self.random.bytes::<12>()),
            kind: kind.into(),
            app_id: String::new(),
            openid: PAYER.into(),
            notify_url,
            expires,
        };
        let mut books = self.books();
        match books.trade(number) {
            None if expires <= now => Err(invalid),
            None => {
                books.add(trade.clone());
                Ok(trade)
            }
            Some(known) if known.state == TradeState::Closed => Err((FAILED, "ACQ.TRADE_HAS_CLOSE")),
            Some(known) if known.is(&trade) => Ok(known.clone()),
            Some(_) => Err((FAILED, "ACQ.CONTEXT_INCONSISTENT")),
        }
    }

    /// Until when it can be paid, where that is said. Nothing that is to be paid ends later than in 15 days.
    pub(super) fn ends(&self, content: &Value) -> Result<Option<Timestamp>, Refused> {
        if content["time_expire"].is_null() {
            return Ok(None);
        }
        let latest = self.clock.now().plus_seconds(15 * 86_400);
        let ends = from_beijing(text(content, "time_expire")).filter(|ends| *ends <= latest);
        ends.map(Some).ok_or((FAILED, "ACQ.INVALID_PARAMETER"))
    }

    fn query(&self, content: &Value) -> Result<Value, Refused> {
        let trade = named(&self.books(), content)?.clone();
        let off = i64::from(self.troubles().asked == Asked::Altered);
        let state = match trade.state {
            TradeState::Open => "WAIT_BUYER_PAY",
            TradeState::Paid if trade.refunded() < trade.amount => "TRADE_SUCCESS",
            TradeState::Paid | TradeState::Closed => "TRADE_CLOSED",
        };
        let mut said = json!({
            "out_trade_no": trade.number,
            "trade_status": state,
            "total_amount": yuan(Fen::new(trade.amount.fen() - off)),
        });
        if let Some(at) = trade.paid_at {
            said["trade_no"] = trade.transaction.as_str().into();
            said["send_pay_date"] = beijing(at).into();
            let (name, payer) = self.calls(&trade.openid, BUYER);
            said[name] = payer.into();
        }
        Ok(said)
    }

    fn close(&self, content: &Value) -> Result<Value, Refused> {
        let waits = self.captures_wait();
        let mut books = self.books();
        let named = named(&books, content)?.number.clone();
        let trade = books.trade_mut(&named).ok_or((FAILED, "ACQ.TRADE_NOT_EXIST"))?;
        match trade.state {
            TradeState::Paid => Err((FAILED, "ACQ.TRADE_STATUS_ERROR")),
            TradeState::Open if trade.is_taken() && waits => Err((FAILED, "ACQ.TRADE_STATUS_ERROR")),
            TradeState::Closed => Err((FAILED, "ACQ.TRADE_HAS_CLOSE")),
            TradeState::Open => {
                trade.state = TradeState::Closed;
                Ok(json!({"out_trade_no": trade.number}))
            }
        }
    }

    fn refund(&self, content: &Value) -> Result<Value, Refused> {
        let how = self.troubles().refunds;
        let (number, amount) = (text(content, "out_request_no"), from_yuan(text(content, "refund_amount")));
        let at = self.clock.now();
        let mut books = self.books();
        let named = named(&books, content)?.number.clone();
        let trade = books.trade_mut(&named).ok_or((FAILED, "ACQ.TRADE_NOT_EXIST"))?;
        let reason = &content["refund_reason"];
        let whole = is_own_number(number) && (reason.is_null() || reason.as_str().is_some_and(is_subject));
        let amount = amount.filter(|_| whole).ok_or((FAILED, "ACQ.INVALID_PARAMETER"))?;
        if trade.state != TradeState::Paid {
            return Err((FAILED, "ACQ.TRADE_STATUS_ERROR"));
        }
        if how == Returned::Refused {
            return Err((FAILED, "ACQ.TRADE_NOT_ALLOW_REFUND"));
        }
        let status = if how == Returned::Pending { "PROCESSING" } else { "SUCCESS" };
        let beyond = trade.refunded().fen() + amount.fen() > trade.amount.fen();
        let changed = match trade.refunds.iter_mut().find(|refund| refund.number == number) {
            Some(known) if known.amount != amount => return Err((FAILED, "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL")),
            Some(known) => {
                let changed = known.status == "PROCESSING" && status == "SUCCESS";
                if changed {
                    (known.status, known.at) = (status, at);
                }
                changed
            }
            None if beyond => return Err((FAILED, "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL")),
            None if how == Returned::Short => return Err((FAILED, "ACQ.SELLER_BALANCE_NOT_ENOUGH")),
            None => {
                trade.refunds.push(Refund { number: number.into(), own: trade.transaction.clone(), amount, status, at });
                status == "SUCCESS"
            }
        };
        Ok(json!({
            "out_trade_no": trade.number,
            "trade_no": trade.transaction,
            "fund_change": if changed { "Y" } else { "N" },
            "refund_fee": yuan(trade.refunded()),
        }))
    }

    fn refund_query(&self, content: &Value) -> Result<Value, Refused> {
        let books = self.books();
        let trade = named(&books, content)?;
        let number = text(content, "out_request_no");
        if number.is_empty() {
            return Err((FAILED, "ACQ.INVALID_PARAMETER"));
        }
        // Of one that it does not know, or that has not happened, it says nothing.
        let done = trade.refunds.iter().find(|refund| refund.number == number && refund.status == "SUCCESS");
        Ok(done.map_or_else(
            || json!({}),
            |refund| {
                json!({
                    "out_trade_no": trade.number,
                    "trade_no": trade.transaction,
                    "out_request_no": refund.number,
                    "refund_amount": yuan(refund.amount),
                    "refund_status": "REFUND_SUCCESS",
                })
            },
        ))
    }

    fn bill_place(&self, content: &Value) -> Result<Value, Refused> {
        let day = text(content, "bill_date");
        if text(content, "bill_type") != "trade" || self.troubles().bills_late || self.bill(day).is_none() {
            return Err((FAILED, "isp.bill_not_exist"));
        }
        Ok(json!({"bill_download_url": format!("{}/bill?day={day}", self.base)}))
    }
}
