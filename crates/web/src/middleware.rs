//! What happens to every request: an id, a log line, headers, and problems written in the asker's language.

use std::net::SocketAddr;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use kernel::{Fault, Kind, Lang, Stopwatch};
use metrics::{Counter, Histogram};
use platform::Origin;
use tracing::Instrument;

use crate::browser::{self, Hsts};
use crate::forwarded;
use crate::problem::{Refused, render, status_of};
use crate::state::AppState;

pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What is known of a request before anybody handles it.
pub(crate) struct Begun {
    watch: Stopwatch,
    pub id: String,
    pub lang: Lang,
    pub address: String,
    method: Method,
    route: Option<MatchedPath>,
    /// Where there is no route.
    otherwise: &'static str,
    hsts: Option<Hsts>,
}

impl Begun {
    pub fn of(state: &AppState, request: &Request, otherwise: &'static str) -> Self {
        let headers = request.headers();
        let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
        let trusted = &state.http.trusted_proxies;
        let https = state.platform.install.public_url.starts_with("https://") || forwarded::is_https(peer, headers, trusted);
        Self {
            watch: Stopwatch::start(),
            id: state.platform.random.uuid_v7(state.platform.clock.now()).simple().to_string(),
            lang: headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).map_or(Lang::Zh, Lang::from_header),
            address: forwarded::client_address(peer, headers, trusted).map_or_else(String::new, |ip| ip.to_string()),
            method: request.method().clone(),
            route: request.extensions().get::<MatchedPath>().cloned(),
            otherwise,
            hsts: https.then_some(state.http.hsts),
        }
    }

    /// The route's template: in a path may stand what is somebody's.
    fn template(&self) -> &str {
        self.route.as_ref().map_or(self.otherwise, MatchedPath::as_str)
    }

    /// A line for a refusal that is the asker's to mend (V8.1). What failed on our side has one with its cause, where it is written down.
    fn note_refusal(&self, response: &Response) {
        let Some(Refused(fault)) = response.extensions().get::<Refused>() else { return };
        let status = status_of(fault);
        if status.is_client_error() {
            let (id, method, route) = (self.id.as_str(), self.method.as_str(), self.template());
            // By a name of its own, so that these can be left out without the span that other lines have their id from.
            tracing::info!(target: "web::refused", id, method, route, status = status.as_u16(), code = fault.code, "refused");
        }
    }

    /// Writes a problem that a handler left in words, and completes the answer's headers. A fault of ours is counted, and told later.
    pub fn finish(&self, state: &AppState, mut response: Response) -> Response {
        if let Some(Refused(fault)) = response.extensions_mut().remove::<Refused>() {
            let headers = std::mem::take(response.headers_mut());
            response = render(&fault, self.lang, Some(&self.id));
            for (name, value) in headers.iter().filter(|(name, _)| *name != header::CONTENT_LENGTH && *name != header::CONTENT_TYPE) {
                response.headers_mut().append(name.clone(), value.clone());
            }
        }
        if response.status() == StatusCode::INTERNAL_SERVER_ERROR {
            state.platform.faults.count(self.template(), &self.id, state.platform.clock.now());
        }
        if let Ok(value) = HeaderValue::from_str(&self.id) {
            response.headers_mut().insert(REQUEST_ID, value);
        }
        browser::protect(response.headers_mut(), self.hsts);
        let elapsed = self.watch.elapsed();
        COUNTED.note(&self.method, response.status(), elapsed);
        let micros = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX);
        tracing::debug!(status = response.status().as_u16(), micros, "answered");
        response
    }
}

/// Gives the request an id and an [`Origin`], and finishes its answer.
pub(crate) async fn around(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let begun = Begun::of(&state, &request, "-");
    let span = tracing::info_span!("request", id = %begun.id, method = %request.method(), path = request.uri().path());
    let origin = Origin { address: begun.address.clone(), agent: user_agent(request.headers()), request_id: begun.id.clone() };
    request.extensions_mut().insert(Arc::new(origin));
    request.extensions_mut().insert(begun.lang);
    let response = next.run(request).instrument(span.clone()).await;
    // Outside of the span, which has the path. The client API does not come by here: its calls have a log of their own, and a line for each that is
    // refused would cost more than refusing it.
    begun.note_refusal(&response);
    span.in_scope(|| begun.finish(&state, response))
}

/// Counters and durations by method, looked up once: by name they cost more than a signature's check.
struct Counted(Vec<(Option<Method>, [Counter; 4], Histogram)>);

static COUNTED: LazyLock<Counted> = LazyLock::new(|| {
    let methods = [Some(Method::GET), Some(Method::POST), Some(Method::PUT), Some(Method::PATCH), Some(Method::DELETE), None];
    let row = |method: Option<Method>| {
        let name = method.as_ref().map_or("other", method_name);
        let counter = |class| metrics::counter!("cuekey_http_requests_total", "method" => name, "status" => class);
        let counters = ["2xx", "3xx", "4xx", "5xx"].map(counter);
        (method, counters, metrics::histogram!("cuekey_http_request_seconds", "method" => name))
    };
    Counted(methods.map(row).into())
});

impl Counted {
    fn note(&self, method: &Method, status: StatusCode, elapsed: Duration) {
        let row = self.0.iter().find(|(of, ..)| of.as_ref().is_none_or(|of| of == method));
        let class = usize::from(status.as_u16() / 100).clamp(2, 5) - 2;
        if let Some((_, counters, seconds)) = row {
            counters[class].increment(1);
            seconds.record(elapsed.as_secs_f64());
        }
    }
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
