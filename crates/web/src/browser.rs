//! What every answer tells browsers: what may run, who may embed it, what must not be kept.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

/// For the console's own files. Nothing inline runs; styles on elements are Element Plus's, which sets them one by one.
const PAGE: &str = "default-src 'self'; script-src 'self'; script-src-attr 'none'; style-src 'self'; style-src-attr 'unsafe-inline'; \
    img-src 'self' data:; connect-src 'self'; font-src 'self' data:; worker-src 'self' blob:; object-src 'none'; base-uri 'none'; \
    form-action 'self'; frame-ancestors 'none'";
/// For everything else: opened by itself it is text.
const DATA: &str = "default-src 'none'; frame-ancestors 'none'; sandbox";

/// Over https: the browser is to come by https from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Hsts {
    #[default]
    ThisHost,
    Subdomains,
}

/// Adds what a handler has not set itself.
pub(crate) fn protect(headers: &mut HeaderMap, https: Option<Hsts>) {
    if let Some(hsts) = https {
        headers.entry(header::STRICT_TRANSPORT_SECURITY).or_insert(HeaderValue::from_static(match hsts {
            Hsts::ThisHost => "max-age=31536000",
            Hsts::Subdomains => "max-age=31536000; includeSubDomains",
        }));
    }
    // All the others come together: the client API brings them with it.
    if headers.contains_key(header::CONTENT_SECURITY_POLICY) && headers.contains_key(header::X_FRAME_OPTIONS) {
        return;
    }
    let policy = if is_of_the_console(headers) { PAGE } else { DATA };
    let mut set = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::X_FRAME_OPTIONS, "DENY");
    set(header::REFERRER_POLICY, "no-referrer");
    set(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    set(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    set(HeaderName::from_static("permissions-policy"), "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()");
    set(header::CONTENT_SECURITY_POLICY, policy);
    set(header::CACHE_CONTROL, "no-store");
}

/// Pages, and scripts, which may be workers and then have a policy of their own.
fn is_of_the_console(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    kind.starts_with("text/html") || kind.starts_with("text/javascript")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_inline_may_run_and_nobody_may_frame_it() {
        for policy in [PAGE, DATA] {
            let directive = |name: &str| policy.split("; ").find_map(|part| part.strip_prefix(name)).map(str::trim);
            let scripts = directive("script-src ").or(directive("default-src ")).unwrap_or_default();
            assert!(!scripts.contains("unsafe") && !scripts.contains('*') && !scripts.contains("http"), "{policy}");
            let styles = directive("style-src ").or(directive("default-src ")).unwrap_or_default();
            assert!(!styles.contains("unsafe"), "{policy}");
            assert_eq!(directive("frame-ancestors "), Some("'none'"));
        }
    }

    #[test]
    fn a_handlers_own_header_stays() {
        let mut headers = HeaderMap::from_iter([(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"))]);
        protect(&mut headers, None);
        assert_eq!(headers[header::CACHE_CONTROL], "no-cache");
        assert!(!headers.contains_key(header::STRICT_TRANSPORT_SECURITY));
        protect(&mut headers, Some(Hsts::Subdomains));
        assert_eq!(headers[header::STRICT_TRANSPORT_SECURITY], "max-age=31536000; includeSubDomains");
    }
}
