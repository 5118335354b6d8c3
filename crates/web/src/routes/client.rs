//! The client API (`contract/client-api.md`): programs verify keys. Every answer is signed once the caller's key is known,
//! refusals too, so it is written here and not by the outer layers.

use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, LazyLock};

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use futures_util::FutureExt;
use kernel::{Fault, Kind, Lang, Timestamp};
use licensing::batches::BatchId;
use licensing::client::{Admitted, Ask, CallerProject, Device, Endpoint, KeyDetails, UNREADABLE};
use licensing::keys::{Code, KeyId, KeyState, KeyText};
use licensing::projects::ProjectId;
use serde::{Deserialize, Serialize};
use tracing::Instrument;

use crate::browser;
use crate::middleware::{Begun, panicked};
use crate::problem::{NO_METHOD, Problem, status_of};
use crate::state::AppState;

const BODY_LIMIT: usize = 1 << 20;

/// What is to be sent, before it is signed.
struct Plain {
    status: u16,
    body: Vec<u8>,
    problem: bool,
    retry_after: Option<i64>,
    allowance: Option<licensing::client::limit::Allowance>,
}

/// Whether the client API answers: all paths under `/client/`, unknown ones too, so that what is not there is refused with a
/// signature.
pub(crate) fn is_for_programs(path: &str) -> bool {
    path.strip_prefix("/client").is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Answers a program. Not through the router and its layers: they took as long as everything else here but the signature.
pub(crate) async fn answer(state: AppState, request: Request) -> Result<Response, Infallible> {
    let begun = Begun::of(&state, &request);
    // What programs call is logged in the database; a span for each costs more than checking its signature.
    let span = tracing::debug_span!("request", id = %begun.id, method = %request.method(), path = request.uri().path());
    let handled = AssertUnwindSafe(handle(&state, &begun, request).instrument(span)).catch_unwind().await;
    Ok(begun.finish(handled.unwrap_or_else(panicked)))
}

async fn handle(state: &AppState, begun: &Begun, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let uri = &parts.uri;
    let text = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let target = uri.path_and_query().map_or("/", |target| target.as_str());
    let nonce = text("cuekey-nonce");
    let too_large = declared_length(&parts.headers).is_some_and(|length| length > BODY_LIMIT);
    let body = if too_large { None } else { axum::body::to_bytes(body, BODY_LIMIT).await.ok() };
    let raw = body.clone().unwrap_or_default();
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
    let call = Call { lang: begun.lang, request_id: &begun.id, address: &begun.address };
    let (project, plain) = match (body.is_some(), state.licensing.admit(&asked).await) {
        // What was not read cannot have been signed over; the key alone says who is told so.
        (false, Err(refusal)) if refusal.project.is_none() => (None, call.refuse(state, &refusal.fault)),
        (false, Err(refusal)) => (refusal.project, call.refuse(state, &too_long())),
        (false, Ok(admitted)) => (Some(admitted.project), call.refuse(state, &too_long())),
        (true, Err(refusal)) => (refusal.project, call.refuse(state, &refusal.fault)),
        (true, Ok(admitted)) => {
            let project = Arc::clone(&admitted.project);
            (Some(project), call.answer(state, &parts.method, uri.path(), admitted, &raw).await)
        }
    };
    // An answer to HEAD has no body, and is signed so.
    let plain = if parts.method == Method::HEAD { Plain { body: Vec::new(), ..plain } } else { plain };
    send(project.as_deref(), nonce, state.platform.clock.now(), plain)
}

fn declared_length(headers: &HeaderMap) -> Option<usize> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn too_long() -> Fault {
    Fault::new(Kind::Malformed, "BODY_TOO_LARGE", "请求体超过 1 MiB 或不完整", "The body is larger than 1 MiB, or did not arrive whole")
}

static HEADERS: LazyLock<HeaderMap> = LazyLock::new(|| {
    let mut headers = HeaderMap::with_capacity(24);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store, no-transform"));
    browser::protect(&mut headers, None);
    headers
});

/// Signs and sends.
fn send(project: Option<&CallerProject>, nonce: &str, now: Timestamp, plain: Plain) -> Response {
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
    if let Some(limit) = plain.allowance {
        put("ratelimit-policy", &format!("\"project\";q={};w=60", limit.per_minute));
        put(
            "ratelimit",
            &format!("\"project\";r={};t={}", limit.remaining, limit.retry_after.max(if limit.remaining == 0 { 1 } else { 0 })),
        );
    }
    if let Some(project) = project {
        let (timestamp, signature) = project.sign(nonce, plain.status, now, &plain.body);
        put("cuekey-response-timestamp", &timestamp);
        put("cuekey-response-signature", &signature);
    }
    *response.body_mut() = Body::from(plain.body);
    response
}

/// The call as its answer needs it.
struct Call<'a> {
    lang: Lang,
    request_id: &'a str,
    address: &'a str,
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

impl Call<'_> {
    async fn answer(&self, state: &AppState, method: &Method, path: &str, admitted: Admitted, body: &[u8]) -> Plain {
        let known = ["/client/v1/keys/verify", "/client/v1/keys/query", "/client/v1/time"].contains(&path);
        let outcome = match (method.as_str(), path) {
            ("POST", "/client/v1/keys/verify") => self.verify(state, admitted, body).await,
            ("POST", "/client/v1/keys/query") => self.query(state, admitted, body).await,
            ("GET", "/client/v1/time") => self.time(state, admitted).await,
            _ if known => {
                let why = Fault::new(Kind::NotFound, NO_METHOD, "此接口不支持该方法", "This endpoint does not take that method");
                self.unreadable(state, admitted, Endpoint::Other, why).await
            }
            _ => {
                self.unreadable(
                    state,
                    admitted,
                    Endpoint::Other,
                    Fault::new(Kind::NotFound, "NO_SUCH_ROUTE", "没有这个接口", "There is no such endpoint"),
                )
                .await
            }
        };
        let plain = match outcome.result {
            Ok(body) => Plain { status: 200, body, problem: false, retry_after: None, allowance: None },
            Err(fault) => self.refuse(state, &fault),
        };
        Plain { allowance: outcome.allowance, ..plain }
    }

    fn refuse(&self, state: &AppState, fault: &Fault) -> Plain {
        if matches!(fault.kind, Kind::Internal | Kind::Unavailable) {
            tracing::warn!(id = self.request_id, code = fault.code, error = %fault, "a client call failed on our side");
        }
        let now = state.platform.clock.now();
        let problem = ClientProblem {
            problem: Problem::of(fault, self.lang, Some(self.request_id)),
            message: fault.message(self.lang).to_owned(),
            server_time: now,
            unix: now.unix(),
        };
        let status = problem.problem.status;
        let body = serde_json::to_vec(&problem).unwrap_or_default();
        Plain { status, body, problem: true, retry_after: fault.retry_after, allowance: None }
    }

    fn ask(&self, admitted: Admitted, endpoint: Endpoint) -> Ask {
        Ask {
            project: admitted.project,
            nonce: admitted.nonce,
            endpoint,
            key: None,
            hint: String::new(),
            device: Device::default(),
            address: self.address.to_owned(),
            unreadable: None,
        }
    }

    /// What cannot be read still uses up its nonce, counts against the rate and stands in the log, as the contract's order
    /// asks; only then is it told what is wrong with it.
    async fn unreadable(&self, state: &AppState, admitted: Admitted, endpoint: Endpoint, why: Fault) -> Outcome {
        let logged = (i64::from(status_of(&why).as_u16()), why.code);
        let decision = state.licensing.decide(Ask { unreadable: Some(logged), ..self.ask(admitted, endpoint) }).await;
        let fault = match decision.answer {
            Err(fault) if fault.code != UNREADABLE => fault,
            _ => why,
        };
        Outcome { result: Err(fault), allowance: decision.allowance }
    }

    async fn verify(&self, state: &AppState, admitted: Admitted, body: &[u8]) -> Outcome {
        let read =
            crate::extract::parse::<VerifyBody>(body).map_err(|error| error.0).and_then(|asked| Ok((asked.device.clean()?, asked.key)));
        let (device, key) = match read {
            Ok(read) => read,
            Err(why) => return self.unreadable(state, admitted, Endpoint::Verify, why).await,
        };
        let ask = Ask { key: KeyText::parse(&key), hint: hint(&key), device, ..self.ask(admitted, Endpoint::Verify) };
        let decision = state.licensing.decide(ask).await;
        let result = decision.answer.and_then(|answer| {
            let (zh, en) = answer.code.message();
            written(&Verified {
                valid: answer.code == Code::Valid,
                code: answer.code,
                message: self.lang.pick(zh, en),
                action: answer.code.action(),
                server_time: answer.now,
                key: answer.key.as_ref().map(|key| VerifiedKey { key: KeyJson::of(key, answer.now), first_use: answer.first_use }),
            })
        });
        Outcome { result, allowance: decision.allowance }
    }

    async fn query(&self, state: &AppState, admitted: Admitted, body: &[u8]) -> Outcome {
        let asked = match crate::extract::parse::<QueryBody>(body) {
            Ok(asked) => asked,
            Err(why) => return self.unreadable(state, admitted, Endpoint::Query, why.0).await,
        };
        let project = Arc::clone(&admitted.project);
        let ask = Ask { key: KeyText::parse(&asked.key), hint: hint(&asked.key), ..self.ask(admitted, Endpoint::Query) };
        let decision = state.licensing.decide(ask).await;
        let result = decision.answer.and_then(|answer| {
            let Some(key) = &answer.key else {
                return Err(Fault::new(Kind::NotFound, "NOT_FOUND", "卡密不存在", "There is no such key"));
            };
            written(&Queried {
                key: QueriedKey {
                    key: KeyJson::of(key, answer.now),
                    project: Named { id: project.id, name: &project.name },
                    batch: Batched { id: key.batch },
                    devices: key.devices.iter().map(|(id, name, bound_at)| BoundJson { id, name, bound_at: *bound_at }).collect(),
                },
                server_time: answer.now,
            })
        });
        Outcome { result, allowance: decision.allowance }
    }

    async fn time(&self, state: &AppState, admitted: Admitted) -> Outcome {
        let decision = state.licensing.decide(self.ask(admitted, Endpoint::Time)).await;
        let result = decision.answer.and_then(|answer| written(&Time { server_time: answer.now, unix: answer.now.unix() }));
        Outcome { result, allowance: decision.allowance }
    }
}

/// What an endpoint answers, before it is written down.
struct Outcome {
    /// Good answers are all 200.
    result: Result<Vec<u8>, Fault>,
    allowance: Option<licensing::client::limit::Allowance>,
}

fn written(answer: &impl Serialize) -> Result<Vec<u8>, Fault> {
    let mut body = Vec::with_capacity(512);
    serde_json::to_writer(&mut body, answer).map_err(Fault::internal)?;
    Ok(body)
}

#[derive(Serialize)]
struct Verified<'a> {
    valid: bool,
    code: Code,
    message: &'a str,
    action: &'a str,
    server_time: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<VerifiedKey>,
}

#[derive(Serialize)]
struct VerifiedKey {
    #[serde(flatten)]
    key: KeyJson,
    first_use: bool,
}

/// A key as a program sees it.
#[derive(Serialize)]
struct KeyJson {
    id: KeyId,
    state: KeyState,
    activated_at: Option<Timestamp>,
    expires_at: Option<Timestamp>,
    remaining_seconds: Option<i64>,
}

impl KeyJson {
    fn of(key: &KeyDetails, now: Timestamp) -> Self {
        let remaining_seconds = key.expires_at.map(|end| end.seconds_since(now).max(0));
        Self { id: key.id, state: key.state, activated_at: key.activated_at, expires_at: key.expires_at, remaining_seconds }
    }
}

#[derive(Serialize)]
struct Queried<'a> {
    key: QueriedKey<'a>,
    server_time: Timestamp,
}

#[derive(Serialize)]
struct QueriedKey<'a> {
    #[serde(flatten)]
    key: KeyJson,
    project: Named<'a>,
    batch: Batched,
    devices: Vec<BoundJson<'a>>,
}

#[derive(Serialize)]
struct Named<'a> {
    id: ProjectId,
    name: &'a str,
}

#[derive(Serialize)]
struct Batched {
    id: BatchId,
}

#[derive(Serialize)]
struct BoundJson<'a> {
    id: &'a str,
    name: &'a str,
    bound_at: Timestamp,
}

#[derive(Serialize)]
struct Time {
    server_time: Timestamp,
    unix: i64,
}

/// The last five characters of what was sent, whatever it was.
fn hint(key: &str) -> String {
    let mut end: Vec<char> = key.chars().rev().filter(|c| !c.is_whitespace() && !c.is_control() && *c != '-').take(5).collect();
    end.reverse();
    end.into_iter().flat_map(char::to_uppercase).collect()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct VerifyBody {
    key: String,
    device: DeviceBody,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct QueryBody {
    key: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DeviceBody {
    id: String,
    #[serde(default)]
    name: Option<String>,
}

impl DeviceBody {
    fn clean(&self) -> Result<Device, Fault> {
        let mut fields = kernel::Fields::default();
        let id = fields.take("device.id", kernel::text::clean(&self.id, 1, 128, false));
        let name = fields.take("device.name", kernel::text::clean(self.name.as_deref().unwrap_or_default(), 0, 64, false));
        fields.check()?;
        Ok(Device { id: id.unwrap_or_default(), name: name.unwrap_or_default() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_is_the_end_of_whatever_was_sent() {
        assert_eq!(hint("7K2M9-QX4TD-0HVNW-3RB6F-8YJCE"), "8YJCE");
        assert_eq!(hint("abc"), "ABC");
        assert_eq!(hint("卡密-例"), "卡密例");
        assert_eq!(hint(""), "");
    }
}
