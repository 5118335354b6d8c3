//! Refusals as RFC 9457 problems, in the language that was asked for.
//!
//! A handler answers a [`Fault`]; the outermost layer, which has seen the request's headers, writes it down. So no handler
//! needs to know the language or the request's id.

use std::sync::Arc;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use kernel::{Fault, Kind, Lang};
use serde::Serialize;

/// A fault on its way out.
pub struct ApiError(pub Fault);

impl<E: Into<Fault>> From<E> for ApiError {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

#[derive(Clone)]
pub(crate) struct Refused(pub Arc<Fault>);

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = status_of(&self.0).into_response();
        response.extensions_mut().insert(Refused(Arc::new(self.0)));
        response
    }
}

const fn status(kind: Kind) -> StatusCode {
    match kind {
        Kind::Malformed => StatusCode::BAD_REQUEST,
        Kind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        Kind::Unauthenticated => StatusCode::UNAUTHORIZED,
        Kind::Forbidden => StatusCode::FORBIDDEN,
        Kind::NotFound => StatusCode::NOT_FOUND,
        Kind::Conflict => StatusCode::CONFLICT,
        Kind::Locked => StatusCode::LOCKED,
        Kind::Limited => StatusCode::TOO_MANY_REQUESTS,
        Kind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Kind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// The status of a refusal. What is there, but not for this method, is the one that its kind does not tell.
pub(crate) fn status_of(fault: &Fault) -> StatusCode {
    if fault.code == NO_METHOD { StatusCode::METHOD_NOT_ALLOWED } else { status(fault.kind) }
}

/// Known path, other method.
pub(crate) const NO_METHOD: &str = "METHOD_NOT_ALLOWED";

/// application/problem+json
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Problem {
    /// Always about:blank; `code` tells problems apart.
    #[serde(rename = "type")]
    pub type_: &'static str,
    pub title: String,
    pub status: u16,
    /// Stable: programs may rely on it.
    pub code: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldProblem>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after_seconds: Option<i64>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub captcha_required: bool,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct FieldProblem {
    pub field: String,
    pub code: String,
    pub message: String,
}

impl Problem {
    pub fn of(fault: &Fault, lang: Lang, request_id: Option<&str>) -> Self {
        let fields = fault.fields.iter().map(|field| FieldProblem {
            field: field.field.clone(),
            code: field.code.to_owned(),
            message: lang.pick(&field.zh, &field.en).to_owned(),
        });
        Self {
            type_: "about:blank",
            title: fault.message(lang).to_owned(),
            status: status_of(fault).as_u16(),
            code: fault.code.to_owned(),
            request_id: request_id.map(str::to_owned),
            errors: fields.collect(),
            retry_after_seconds: fault.retry_after,
            captcha_required: fault.captcha_required,
        }
    }
}

/// The answer for a fault.
pub(crate) fn render(fault: &Fault, lang: Lang, request_id: Option<&str>) -> Response {
    if fault.kind == Kind::Internal {
        // Also where there is no span that has the id: it is how whoever is told of faults finds this line.
        tracing::error!(id = request_id.unwrap_or_default(), code = fault.code, error = %fault, "a request failed on our side");
    } else if fault.kind == Kind::Unavailable {
        tracing::warn!(code = fault.code, error = %fault, "a request was put off");
    }
    let problem = Problem::of(fault, lang, request_id);
    let mut response = (status_of(fault), axum::Json(problem)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(lang.as_str()));
    if let Some(seconds) = fault.retry_after {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)));
    }
    response
}
