//! The OpenAPI document, made from the handlers; what all of them have in common is added here.

use utoipa::OpenApi;
use utoipa::openapi::path::{Operation, Parameter, ParameterIn};
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{Content, Ref, RefOr};

#[derive(OpenApi)]
#[openapi(
    info(title = "Cuekey", description = "Card keys 卡密 and self-service billiards 自助台球. Errors are RFC 9457 problems with a stable `code`."),
    components(schemas(crate::Problem)),
    modifiers(&Security)
)]
pub(crate) struct Doc;

struct Security;

impl utoipa::Modify for Security {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let components = openapi.components.get_or_insert_default();
        components.add_security_scheme("bearer", SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build()));
        components.add_security_scheme("cookie", SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new(crate::extract::COOKIE))));
    }
}

/// What anybody may ask, without signing in. A test holds this to the rules of who may what.
const OPEN: [&str; 23] = [
    "/healthz",
    "/readyz",
    "/api/v1/config",
    "/api/v1/mailbox",
    "/api/v1/captchas",
    "/api/v1/session",
    "/api/v1/sign-up",
    "/api/v1/sign-up/resend",
    "/api/v1/sign-up/verify",
    "/api/v1/password/forgot",
    "/api/v1/password/reset",
    "/customer/v1/guests",
    "/customer/v1/phone-codes",
    "/customer/v1/sign-in",
    "/customer/v1/wechat",
    "/customer/v1/wechat/phone",
    "/customer/v1/venues",
    "/customer/v1/venues/{id}",
    "/customer/v1/codes/{code}",
    "/customer/v1/split-codes/{code}",
    "/customer/v1/tables/{id}",
    "/customer/v1/payment-means",
    // Programs sign their requests.
    "/client/v1",
];

const PROBLEM: &str = "application/problem+json";

fn is_open(path: &str, method: &str) -> bool {
    // Only whoever is signed in can sign out.
    let asks = OPEN.iter().any(|open| path == *open || (*open == "/client/v1" && path.starts_with("/client/v1/")));
    asks && !(path == "/api/v1/session" && method == "DELETE")
}

/// Adds what the extractors, the layers and the database may answer anywhere, so that no handler has to repeat it.
pub(crate) fn complete(document: &mut utoipa::openapi::OpenApi) {
    for (path, item) in &mut document.paths.paths {
        let all = [
            ("GET", &mut item.get),
            ("POST", &mut item.post),
            ("PUT", &mut item.put),
            ("PATCH", &mut item.patch),
            ("DELETE", &mut item.delete),
        ];
        for (method, operation) in all {
            if let Some(operation) = operation {
                complete_one(path, method, operation);
            }
        }
    }
}

/// What an operation takes beside its body; all of it is written where it is used.
pub(crate) fn parameters(operation: &Operation) -> impl Iterator<Item = &Parameter> {
    operation.parameters.iter().flatten().filter_map(|one| match one {
        RefOr::T(one) => Some(one),
        RefOr::Ref(_) => None,
    })
}

fn complete_one(path: &str, method: &str, operation: &mut Operation) {
    let places: Vec<ParameterIn> = parameters(operation).map(|one| one.parameter_in.clone()).collect();
    let has = |place: &ParameterIn| places.contains(place);
    let mut common = Vec::new();
    let of_customers = path.starts_with("/customer/");
    if !is_open(path, method) {
        common.push(("401", "Nobody is signed in"));
        if !of_customers {
            common.push(("403", "The asker may not, or has a duty first"));
        }
        // Customers have no cookie.
        let schemes: &[&str] = if of_customers { &["bearer"] } else { &["bearer", "cookie"] };
        operation.security = Some(schemes.iter().map(|name| SecurityRequirement::new(*name, Vec::<String>::new())).collect());
    }
    if has(&ParameterIn::Path) {
        common.push(("404", "Not there, or not the asker's to see"));
    }
    if operation.request_body.is_some() {
        let much = !is_open(path, method) && !of_customers;
        common.push(("400", if much { "No JSON, or more than 1 MiB" } else { "No JSON, or more than 16 KiB" }));
    }
    if has(&ParameterIn::Header) && !path.starts_with("/client/") {
        common.push(("409", "The `Idempotency-Key` was used for another request"));
    }
    if path.starts_with("/api/") || path.starts_with("/customer/") || path == "/events" {
        common.extend([("422", "Fields that were not accepted"), ("503", "Busy, or the database is away: nothing has happened")]);
    }
    for (status, why) in common {
        let known = &mut operation.responses.responses;
        known.entry(status.into()).or_insert_with(|| RefOr::T(ResponseBuilder::new().description(why).build()));
    }
    for (status, response) in &mut operation.responses.responses {
        if let (RefOr::T(response), true) = (response, status.starts_with(['4', '5'])) {
            response.content.clear();
            response.content.insert(PROBLEM.into(), RefOr::T(Content::new(Some(Ref::from_schema_name("Problem")))));
        }
    }
}

/// The document as JSON, with a line break at the end: what `docs/openapi.json` holds.
///
/// # Errors
/// When it cannot be written as JSON, which would be a mistake in a schema.
pub fn json() -> Result<String, serde_json::Error> {
    let (_, document) = crate::routes::documented();
    Ok(document.to_pretty_json()? + "\n")
}
