//! The client API (`docs/client-api.md`): programs verify keys. Every answer is signed once the caller's key is known,
//! refusals too, so it is written here and not by the outer layers.
//!
//! Between reading and sending there is one wait, for the decision: a request's future holds little, and is cheap to move.

mod answer;
mod question;

use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, LazyLock};

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use futures_util::FutureExt;
use kernel::{Fault, Kind, Lang, Timestamp};
use licensing::client::{Decision, Knock, Plain, Refusal, Reply};
use serde::Serialize;
use tracing::Instrument;

use crate::body;
use crate::browser;
use crate::middleware::{Begun, panicked};
use crate::problem::{Problem, status_of};
use crate::state::AppState;

/// Whether the client API answers: all paths under `/client/`, unknown ones too, so that what is not there is refused with a
/// signature.
pub(crate) fn is_for_programs(path: &str) -> bool {
    path.strip_prefix("/client").is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Answers a program. Not through the router and its layers: they took as long as everything else here but the signature.
pub(crate) async fn answer(state: AppState, request: Request) -> Result<Response, Infallible> {
    let begun = Begun::of(&state, &request, "/client");
    // What programs call is logged in the database; a span for each costs more than checking its signature.
    let span = tracing::debug_span!("request", id = %begun.id, method = %request.method(), path = request.uri().path());
    let handled = AssertUnwindSafe(handle(&state, &begun, request).instrument(span)).catch_unwind().await;
    Ok(begun.finish(&state, handled.unwrap_or_else(panicked)))
}

async fn handle(state: &AppState, begun: &Begun, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let uri = &parts.uri;
    let text = |name: &str| single(&parts.headers, name).unwrap_or_default();
    let target = uri.path_and_query().map_or("/", |target| target.as_str());
    let nonce = text("cuekey-nonce");
    let (raw, unread) = match body::read(body, &parts.headers, body::OF_OTHERS).await {
        Ok(raw) => (raw, None),
        Err(why) => (Bytes::new(), Some(why)),
    };
    let asked = licensing::client::Request {
        method: parts.method.as_str(),
        target,
        key: text("cuekey-key"),
        timestamp: text("cuekey-timestamp"),
        nonce,
        signature: text("cuekey-signature"),
        body: &raw,
        address: &begun.address,
    };
    let lang = begun.lang;
    // An answer to HEAD has no body, and is signed so.
    let is_head = parts.method == Method::HEAD;
    let (clock, id) = (state.platform.clock.clone(), begun.id.clone());
    let refuse = move |fault: &Fault| refuse(fault, clock.now(), lang, &id);
    let cut = move |plain: Plain| if is_head { Plain { body: Vec::new(), ..plain } } else { plain };
    let refusal = match unread {
        None => match state.licensing.admit(&asked).await {
            Ok(admitted) => {
                let project = Arc::clone(&admitted.project);
                let (ask, question) = question::read(admitted, &begun.address, &parts.method, uri.path(), &raw);
                let (of, refuse_decided) = (Arc::clone(&project), refuse.clone());
                let tell = move |decision: Decision| cut(answer::of(&of, &question, decision, lang, &refuse_decided));
                return match state.licensing.decide(ask, Box::new(tell)).await {
                    Ok(reply) => send(reply),
                    Err(fault) => send(Reply::of(cut(refuse(&fault)), None, Some(&*project), nonce, state.platform.clock.now())),
                };
            }
            Err(refusal) => refusal,
        },
        // What was not read cannot have been signed over; the key alone says who is told so.
        Some(why) => match state.licensing.caller(&asked).await {
            Ok(project) => Refusal::unread(why, &project),
            Err(refusal) => refusal,
        },
    };
    let endpoint = question::endpoint(&parts.method, uri.path());
    let knock = Knock { endpoint, status: status_of(&refusal.fault).as_u16(), address: &begun.address };
    // In a box: others have no need of it, and it would make every request's future large.
    Box::pin(state.licensing.refused(&refusal, knock)).await;
    let plain = cut(refuse(&refusal.fault));
    send(Reply::of(plain, None, refusal.project.as_deref(), nonce, state.platform.clock.now()))
}

/// A header that is there once. One that is there twice is none: whoever forwarded the call may have looked at the other.
fn single<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut all = headers.get_all(name).iter();
    match (all.next(), all.next()) {
        (Some(value), None) => value.to_str().ok(),
        _ => None,
    }
}

static HEADERS: LazyLock<HeaderMap> = LazyLock::new(|| {
    let mut headers = HeaderMap::with_capacity(24);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store, no-transform"));
    browser::protect(&mut headers, None);
    headers
});

fn send(Reply { plain, allowance, signed }: Reply) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::from_u16(plain.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    // With the headers that are the same each time: putting in one by one costs more than copying all.
    *response.headers_mut() = HEADERS.clone();
    let headers = response.headers_mut();
    if plain.problem {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    }
    let mut put = |name: &'static str, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    };
    if let Some(seconds) = plain.retry_after {
        put("retry-after", &seconds.max(1).to_string());
    }
    if let Some(limit) = allowance {
        put("ratelimit-policy", &format!("\"project\";q={};w=60", limit.per_minute));
        put(
            "ratelimit",
            &format!("\"project\";r={};t={}", limit.remaining, limit.retry_after.max(if limit.remaining == 0 { 1 } else { 0 })),
        );
    }
    if let Some((timestamp, signature)) = signed {
        put("cuekey-response-timestamp", &timestamp);
        put("cuekey-response-signature", &signature);
    }
    *response.body_mut() = Body::from(plain.body);
    response
}

/// A refusal of the client API: a problem with the server's time, by which a client can mend its clock.
#[derive(Serialize)]
struct ClientProblem {
    #[serde(flatten)]
    problem: Problem,
    message: String,
    server_time: Timestamp,
    unix: i64,
}

fn refuse(fault: &Fault, now: Timestamp, lang: Lang, id: &str) -> Plain {
    if matches!(fault.kind, Kind::Internal | Kind::Unavailable) {
        tracing::warn!(%id, code = fault.code, error = %fault, "a client call failed on our side");
    }
    let problem = ClientProblem {
        problem: Problem::of(fault, lang, Some(id)),
        message: fault.message(lang).to_owned(),
        server_time: now,
        unix: now.unix(),
    };
    let status = problem.problem.status;
    let body = serde_json::to_vec(&problem).unwrap_or_default();
    Plain { status, body, problem: true, retry_after: fault.retry_after }
}
