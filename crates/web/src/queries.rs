//! What stands around a body: a query that nobody documented is refused by name, also where an endpoint takes none at all, since a
//! filter that is silently left out shows somebody more than was asked for. And so is a parameter or a header that is there twice:
//! whoever forwarded the request may have looked at the other one.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use kernel::Fault;
use utoipa::openapi::path::{ParameterIn, PathItem};
use utoipa::openapi::{OpenApi, path::Operation};

use crate::ApiError;
use crate::openapi::parameters;

/// Of each of these headers one is read.
const SINGLE: [&str; 4] = ["Authorization", "Content-Type", "Idempotency-Key", "X-Cuekey-Console"];

/// The names that each operation's query may have, by path and method.
#[derive(Clone)]
pub(crate) struct Names {
    known: Arc<HashMap<String, HashMap<&'static str, HashSet<String>>>>,
    /// The cookie that holds a session here.
    cookie: &'static str,
}

/// The operations of a path that the API has.
pub(crate) fn operations(item: &PathItem) -> impl Iterator<Item = (&'static str, &Operation)> {
    let all = [("GET", &item.get), ("POST", &item.post), ("PUT", &item.put), ("PATCH", &item.patch), ("DELETE", &item.delete)];
    all.into_iter().filter_map(|(method, operation)| operation.as_ref().map(|operation| (method, operation)))
}

impl Names {
    pub fn of(document: &OpenApi, cookie: &'static str) -> Self {
        let names = |operation: &Operation| {
            parameters(operation).filter(|one| one.parameter_in == ParameterIn::Query).map(|one| one.name.clone()).collect::<HashSet<_>>()
        };
        // What watches a process may put anything behind its question.
        let paths = document
            .paths
            .paths
            .iter()
            .filter(|(path, _)| path.starts_with("/api/") || path.starts_with("/customer/") || *path == "/events");
        let known = paths.map(|(path, item)| (path.clone(), operations(item).map(|(method, one)| (method, names(one))).collect()));
        Self { known: Arc::new(known.collect()), cookie }
    }

    fn refusal(&self, path: &str, request: &Request) -> Option<Fault> {
        let method = if request.method() == "HEAD" { "GET" } else { request.method().as_str() };
        let allowed = self.known.get(path)?.get(method)?;
        let mut seen = HashSet::new();
        for (name, _) in form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes()) {
            let shown: String = name.chars().take(100).collect();
            if !allowed.contains(name.as_ref()) {
                return Some(Fault::field(&shown, "INVALID", "没有这个查询参数", "There is no such query parameter"));
            }
            if !seen.insert(name) {
                return Some(Fault::field(&shown, "INVALID", "此查询参数出现了两次", "This query parameter is there twice"));
            }
        }
        let twice = self.header_twice(request.headers())?;
        Some(Fault::field(twice, "INVALID", "此请求头出现了两次", "This header is there twice"))
    }

    /// Cookies may come in several headers; that of the session is one of them.
    fn header_twice(&self, headers: &HeaderMap) -> Option<&'static str> {
        let single = SINGLE.into_iter().find(|name| headers.get_all(*name).iter().nth(1).is_some());
        let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(';'));
        let sessions = cookies.filter(|pair| pair.trim().split_once('=').is_some_and(|(name, _)| name == self.cookie)).count();
        single.or((sessions > 1).then_some("Cookie"))
    }
}

/// Stands behind the routing and before the handlers.
pub(crate) async fn check(State(names): State<Names>, request: Request, next: Next) -> Response {
    let path = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned()).unwrap_or_default();
    match names.refusal(&path, &request) {
        Some(fault) => ApiError(fault).into_response(),
        None => next.run(request).await,
    }
}
