//! A query that nobody documented is refused by name, also where an endpoint takes none at all: a filter that is silently left
//! out shows somebody more than was asked for.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use kernel::Fault;
use utoipa::openapi::path::{ParameterIn, PathItem};
use utoipa::openapi::{OpenApi, path::Operation};

use crate::ApiError;
use crate::openapi::parameters;

/// The names that each operation's query may have, by path and method.
#[derive(Clone, Default)]
pub(crate) struct Names(Arc<HashMap<String, HashMap<&'static str, HashSet<String>>>>);

/// The operations of a path that the API has.
pub(crate) fn operations(item: &PathItem) -> impl Iterator<Item = (&'static str, &Operation)> {
    let all = [("GET", &item.get), ("POST", &item.post), ("PUT", &item.put), ("PATCH", &item.patch), ("DELETE", &item.delete)];
    all.into_iter().filter_map(|(method, operation)| operation.as_ref().map(|operation| (method, operation)))
}

impl Names {
    pub fn of(document: &OpenApi) -> Self {
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
        Self(Arc::new(known.collect()))
    }

    fn unknown(&self, path: &str, method: &str, query: &str) -> Option<String> {
        let method = if method == "HEAD" { "GET" } else { method };
        let allowed = self.0.get(path)?.get(method)?;
        let mut names = form_urlencoded::parse(query.as_bytes()).map(|(name, _)| name);
        names.find(|name| !allowed.contains(name.as_ref())).map(|name| name.chars().take(100).collect())
    }
}

/// Stands behind the routing and before the handlers.
pub(crate) async fn check(State(names): State<Names>, request: Request, next: Next) -> Response {
    let path = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned()).unwrap_or_default();
    let query = request.uri().query().unwrap_or_default();
    match names.unknown(&path, request.method().as_str(), query) {
        Some(name) => {
            let fault = Fault::field(&name, "INVALID", "没有这个查询参数", "There is no such query parameter");
            ApiError(fault).into_response()
        }
        None => next.run(request).await,
    }
}
