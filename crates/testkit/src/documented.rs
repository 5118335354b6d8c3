//! What the program's own OpenAPI says that each operation may answer. Whatever a test is answered is held against it.

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use axum::http::{Method, StatusCode};
use serde_json::Value;

struct Operation {
    /// In capitals.
    method: String,
    /// Its path, in pieces.
    pieces: Vec<String>,
    statuses: BTreeSet<String>,
}

static OPERATIONS: LazyLock<Vec<Operation>> = LazyLock::new(|| {
    let document = web::openapi::json().expect("the document can be written");
    let document: Value = serde_json::from_str(&document).expect("and read");
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().expect("there are paths") {
        for (method, operation) in item.as_object().expect("they have operations") {
            let Some(responses) = operation["responses"].as_object() else { continue };
            operations.push(Operation {
                method: method.to_uppercase(),
                pieces: path.split('/').map(str::to_owned).collect(),
                statuses: responses.keys().cloned().collect(),
            });
        }
    }
    operations
});

impl Operation {
    fn is_asked(&self, method: &Method, pieces: &[&str]) -> bool {
        let fits = |(own, asked): (&String, &&str)| if is_parameter(own) { !asked.is_empty() } else { own == asked };
        self.method == method.as_str() && self.pieces.len() == pieces.len() && self.pieces.iter().zip(pieces).all(fits)
    }

    /// `METHOD /path`, as the document has it.
    fn name(&self) -> String {
        format!("{} {}", self.method, self.pieces.join("/"))
    }

    fn parameters(&self) -> usize {
        self.pieces.iter().filter(|piece| is_parameter(piece)).count()
    }
}

fn is_parameter(piece: &str) -> bool {
    piece.starts_with('{')
}

/// Which operation this request is; `None`: none that the document has. A word goes before a parameter in its place, as in the router.
fn operation(method: &Method, target: &str) -> Option<&'static Operation> {
    let pieces: Vec<&str> = target.split('?').next().unwrap_or_default().split('/').collect();
    OPERATIONS.iter().filter(|operation| operation.is_asked(method, &pieces)).min_by_key(|operation| operation.parameters())
}

/// Holds an answer against the document. What is outside of the API is in none, nor is what is our own mistake: a test that brings one about
/// says so.
///
/// # Panics
/// When the document does not say that this may be answered.
pub(crate) fn check(method: &Method, target: &str, status: StatusCode) {
    if status == StatusCode::INTERNAL_SERVER_ERROR {
        return;
    }
    if let Some(operation) = operation(method, target) {
        let documented = operation.statuses.contains(status.as_str());
        assert!(documented, "{method} {target} is answered with {status}, which its #[utoipa::path] does not name");
    }
}

/// Which operations have succeeded for somebody, as the document names them.
#[derive(Clone, Default)]
pub(crate) struct Succeeded(Arc<Mutex<BTreeSet<String>>>);

impl Succeeded {
    pub fn note(&self, method: &Method, target: &str, status: StatusCode) {
        if status.is_success()
            && let Some(operation) = operation(method, target)
        {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(operation.name());
        }
    }

    pub fn has(&self, operation: &str) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(operation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_the_operation_that_answers_it() {
        let pieces = |method, target| operation(&method, target).map(|operation| operation.pieces.join("/"));
        assert_eq!(pieces(Method::GET, "/api/v1/complaints/figures?x=1").as_deref(), Some("/api/v1/complaints/figures"));
        assert_eq!(pieces(Method::GET, "/api/v1/complaints/cmp_1").as_deref(), Some("/api/v1/complaints/{id}"));
        for (method, target) in [
            (Method::GET, "/api/v1/complaints/"),
            (Method::GET, "/api/v1/complaints/cmp_1/more"),
            (Method::DELETE, "/api/v1/complaints/figures"),
            (Method::POST, "/callbacks/wechat"),
            (Method::GET, "/"),
        ] {
            assert_eq!(pieces(method, target), None, "{target}");
        }
    }

    #[test]
    fn what_has_succeeded_is_known_by_its_operation_and_what_was_refused_is_not() {
        let succeeded = Succeeded::default();
        succeeded.note(&Method::GET, "/api/v1/complaints/cmp_1?x=1", StatusCode::OK);
        succeeded.note(&Method::GET, "/api/v1/me", StatusCode::UNAUTHORIZED);
        succeeded.note(&Method::GET, "/", StatusCode::OK);
        assert!(succeeded.has("GET /api/v1/complaints/{id}"));
        for other in ["GET /api/v1/complaints/cmp_1", "GET /api/v1/complaints", "GET /api/v1/me", "GET /"] {
            assert!(!succeeded.has(other), "{other}");
        }
    }

    #[test]
    fn what_is_documented_passes_and_so_does_what_is_no_part_of_the_api() {
        check(&Method::GET, "/api/v1/me", StatusCode::OK);
        check(&Method::GET, "/api/v1/me", StatusCode::UNAUTHORIZED);
        check(&Method::GET, "/api/v1/me", StatusCode::INTERNAL_SERVER_ERROR);
        check(&Method::GET, "/api/v1/nothing/here", StatusCode::NOT_FOUND);
    }

    #[test]
    #[should_panic(expected = "does not name")]
    fn what_is_not_documented_fails() {
        check(&Method::GET, "/api/v1/me", StatusCode::GONE);
    }
}
