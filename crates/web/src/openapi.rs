//! The OpenAPI document, made from the handlers.

use utoipa::OpenApi;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};

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

/// The document as JSON, with a line break at the end: what `docs/openapi.json` holds.
///
/// # Errors
/// When it cannot be written as JSON, which would be a mistake in a schema.
pub fn json() -> Result<String, serde_json::Error> {
    let (_, document) = crate::routes::api().split_for_parts();
    Ok(document.to_pretty_json()? + "\n")
}
