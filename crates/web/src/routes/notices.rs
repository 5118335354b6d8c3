//! What payment networks tell: stored before it is answered, in the words that each network waits for. Not in the document: nobody else may call.

use axum::Router;
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use kernel::Word as _;
use platform::Cx;
use platform::payments::{self, ChannelKind, Refusal};

use crate::body;
use crate::extract::Visitor;
use crate::problem::status_of;
use crate::state::AppState;

/// A notice is a few thousand bytes.
const LIMIT: usize = 64 << 10;

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/callbacks/wechat", post(wechat))
        .route("/callbacks/alipay", post(alipay))
        .route("/callbacks/alipay_freeze", post(alipay_freeze))
}

async fn wechat(Visitor(cx): Visitor, request: Request) -> Response {
    match taken(&cx, ChannelKind::Wechat, request).await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(status) => (status, axum::Json(serde_json::json!({"code": "FAIL", "message": "not taken"}))).into_response(),
    }
}

async fn alipay(Visitor(cx): Visitor, request: Request) -> Response {
    of_alipay(&cx, ChannelKind::Alipay, request).await
}

async fn alipay_freeze(Visitor(cx): Visitor, request: Request) -> Response {
    of_alipay(&cx, ChannelKind::AlipayFreeze, request).await
}

async fn of_alipay(cx: &Cx, kind: ChannelKind, request: Request) -> Response {
    let plain = [(header::CONTENT_TYPE, "text/plain")];
    match taken(cx, kind, request).await {
        Ok(()) => (plain, "success").into_response(),
        Err(status) => (status, plain, "fail").into_response(),
    }
}

/// Whoever sends what is not believed is told nothing of why.
async fn taken(cx: &Cx, kind: ChannelKind, request: Request) -> Result<(), StatusCode> {
    let (parts, body) = request.into_parts();
    let body = body::read(body, &parts.headers, LIMIT).await.map_err(|fault| status_of(&fault))?;
    let value = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
    payments::receive(cx, kind, &value, &body).await.map_err(|refusal| match refusal {
        Refusal::NotBelieved(why) => {
            tracing::warn!(channel = %kind, %why, address = %cx.origin.address, "a notice is not believed");
            metrics::counter!("cuekey_payment_notices_refused_total", "channel" => kind.as_str()).increment(1);
            StatusCode::UNAUTHORIZED
        }
        Refusal::Busy(fault) if fault.kind == kernel::Kind::Conflict => StatusCode::NOT_FOUND,
        Refusal::Busy(fault) => {
            tracing::error!(channel = %kind, %fault, "a notice could not be stored");
            StatusCode::SERVICE_UNAVAILABLE
        }
    })
}
