//! The bill of a day.

use axum::extract::{Query, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use kernel::{Fen, Timestamp};
use ring::digest;
use serde::Deserialize;
use serde_json::json;

use super::api::admit;
use super::{Inner, Shared};

#[derive(Deserialize)]
pub(super) struct Day {
    #[serde(default)]
    bill_date: String,
    #[serde(default)]
    bill_type: Option<String>,
}

/// From ten o'clock of the next morning on there is a bill of a day, in Beijing. None: that is no day. Pure.
fn ready(day: &str) -> Option<Timestamp> {
    let midnight: Timestamp = format!("{day}T00:00:00+08:00").parse().ok()?;
    Some(midnight.plus_seconds(34 * 3_600))
}

pub(super) async fn ask(State(state): State<Shared>, Query(day): Query<Day>, request: Request) -> Response {
    if let Err(response) = admit(&state, request).await {
        return response;
    }
    let Some(ready) = ready(&day.bill_date).filter(|_| day.bill_type.as_deref().is_none_or(|kind| kind == "ALL")) else {
        return state.refuse(StatusCode::BAD_REQUEST, "PARAM_ERROR", "bill_date or bill_type");
    };
    let late = state.troubles().bills_late || state.clock.now() < ready;
    let Some(text) = state.bill(&day.bill_date).filter(|_| !late) else {
        return state.refuse(StatusCode::BAD_REQUEST, "NO_STATEMENT_EXIST", "no bill of this day");
    };
    let hash = hex::encode(digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, text.as_bytes()));
    let url = format!("{}/v3/billdownload/file?bill_date={}", state.base, day.bill_date);
    state.say(StatusCode::OK, Some(&json!({"download_url": url, "hash_type": "SHA1", "hash_value": hash})))
}

/// Not signed, as the real one is not.
pub(super) async fn download(State(state): State<Shared>, Query(day): Query<Day>, request: Request) -> Response {
    if let Err(response) = admit(&state, request).await {
        return response;
    }
    state.bill(&day.bill_date).map_or_else(|| StatusCode::NOT_FOUND.into_response(), IntoResponse::into_response)
}

fn day_of(at: Timestamp) -> String {
    Timestamp::from_unix(at.unix() + 8 * 3_600).to_string().chars().take(10).collect()
}

fn yuan(fen: Fen) -> String {
    format!("{}.{:02}", fen.fen() / 100, fen.fen() % 100)
}

const HEADS: &str = "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注";

impl Inner {
    fn bill(&self, day: &str) -> Option<String> {
        let trades = self.books().all();
        let mut rows = Vec::new();
        for trade in &trades {
            let row = |at: Timestamp, state: &str, refund: [&str; 4]| {
                let [own, number, amount, status] = refund;
                let (total, kind) = (yuan(trade.amount), trade.kind.to_uppercase());
                let settled = if state == "REFUND" { "0.00" } else { &total };
                // What a payer could have typed has no comma and no accent in it.
                let subject: String = trade.subject.chars().filter(|c| !",`\r\n".contains(*c)).collect();
                let (time, how) = (at.to_string(), if own.is_empty() { "" } else { "ORIGINAL" });
                #[rustfmt::skip]
                let cells: [&str; 27] = [
                    &time, &trade.app_id, self.known.merchant, "0", "", &trade.transaction, &trade.number, &trade.openid, &kind, state, "OTHERS", "CNY",
                    settled, "0.00", own, number, amount, "0.00", how, status, &subject, "", "0.00000", "0.60%", &total, amount, "",
                ];
                cells.iter().map(|cell| format!("`{cell}")).collect::<Vec<_>>().join(",")
            };
            if let Some(at) = trade.paid_at.filter(|at| day_of(*at) == day) {
                rows.push(row(at, "SUCCESS", ["", "", "0.00", ""]));
            }
            for refund in trade.refunds.iter().filter(|refund| refund.status == "SUCCESS" && day_of(refund.at) == day) {
                rows.push(row(refund.at, "REFUND", [&refund.own, &refund.number, &yuan(refund.amount), "SUCCESS"]));
            }
        }
        if rows.is_empty() {
            return None;
        }
        let sums = format!(
            "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额\r\n`{},`0.00,`0.00,`0.00,`0.00,`0.00,`0.00",
            rows.len()
        );
        Some(format!("\u{feff}{HEADS}\r\n{}\r\n{sums}\r\n", rows.join("\r\n")))
    }
}
