//! What happens to every request: an id, a log line, headers, and problems written in the asker's language.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use kernel::{Fault, Kind, Lang, Stopwatch};
use platform::Origin;
use tracing::Instrument;

use crate::problem::{Refused, render};
use crate::state::AppState;
use crate::{browser, forwarded};

pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Gives the request an id and an [`Origin`], and finishes its answer.
pub(crate) async fn around(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let watch = Stopwatch::start();
    let id = state.platform.random.uuid_v7(state.platform.clock.now()).simple().to_string();
    let lang = request.headers().get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).map_or(Lang::Zh, Lang::from_header);
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    let trusted = &state.http.trusted_proxies;
    let https = state.platform.install.public_url.starts_with("https://") || forwarded::is_https(peer, request.headers(), trusted);
    let origin = Origin {
        address: forwarded::client_address(peer, request.headers(), trusted).map_or_else(String::new, |ip| ip.to_string()),
        agent: user_agent(request.headers()),
        request_id: id.clone(),
    };
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    // What programs call is logged in the database; a span for each costs more than checking its signature.
    let span = if path.starts_with("/client/") {
        tracing::debug_span!("request", id = %id, %method, path)
    } else {
        tracing::info_span!("request", id = %id, %method, path)
    };
    request.extensions_mut().insert(Arc::new(origin));
    request.extensions_mut().insert(lang);
    let mut response = next.run(request).instrument(span.clone()).await;

    if let Some(Refused(fault)) = response.extensions_mut().remove::<Refused>() {
        let headers = std::mem::take(response.headers_mut());
        response = span.in_scope(|| render(&fault, lang, Some(&id)));
        for (name, value) in headers.iter().filter(|(name, _)| *name != header::CONTENT_LENGTH && *name != header::CONTENT_TYPE) {
            response.headers_mut().append(name.clone(), value.clone());
        }
    }
    let status = response.status();
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&id) {
        headers.insert(REQUEST_ID, value);
    }
    browser::protect(headers, https.then_some(state.http.hsts));
    let elapsed = watch.elapsed();
    let class = match status.as_u16() / 100 {
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        _ => "5xx",
    };
    metrics::counter!("cuekey_http_requests_total", "method" => method_name(&method), "status" => class).increment(1);
    metrics::histogram!("cuekey_http_request_seconds", "method" => method_name(&method)).record(elapsed.as_secs_f64());
    let micros = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX);
    span.in_scope(|| tracing::debug!(status = status.as_u16(), micros, "answered"));
    response
}

fn method_name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        _ => "other",
    }
}

fn user_agent(headers: &HeaderMap) -> String {
    let agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    agent.chars().filter(|c| !c.is_control()).take(200).collect()
}

/// A handler that panicked: logged by its span, answered like any other fault of ours.
pub(crate) fn panicked(cause: Box<dyn std::any::Any + Send>) -> Response {
    use axum::response::IntoResponse;
    let text = cause.downcast_ref::<String>().cloned().or_else(|| cause.downcast_ref::<&str>().map(|text| (*text).to_owned()));
    crate::ApiError(Fault::internal(format!("panic: {}", text.unwrap_or_default()))).into_response()
}

/// No such route under an API path.
pub(crate) async fn no_route() -> crate::ApiError {
    crate::ApiError(Fault::new(Kind::NotFound, "NO_SUCH_ROUTE", "没有这个接口", "There is no such endpoint"))
}

/// Known path, other method.
pub(crate) async fn no_method() -> (StatusCode, crate::ApiError) {
    (
        StatusCode::METHOD_NOT_ALLOWED,
        crate::ApiError(Fault::new(Kind::NotFound, "METHOD_NOT_ALLOWED", "此接口不支持该方法", "This endpoint does not take that method")),
    )
}
