//! The console's pages and the customers' app, built by `xtask` and embedded in the binary.

use axum::extract::State;
use axum::http::{HeaderValue, Uri, header};
use axum::response::{IntoResponse, Response};
use rust_embed::RustEmbed;

use crate::proofs;
use crate::state::AppState;

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../../web/console/dist"]
#[allow_missing = true]
struct Console;

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../../web/app/dist/h5"]
#[allow_missing = true]
struct App;

/// A file of the customers' app under `/m/`, or its index for paths that its own router knows.
pub(crate) async fn app(State(state): State<AppState>, uri: Uri) -> Response {
    let path = uri.path().strip_prefix("/m").unwrap_or_default().trim_start_matches('/');
    let name = if path.is_empty() { "index.html" } else { path };
    if let Some(file) = App::get(name) {
        return answer(name, file.data.into_owned());
    }
    if path.rsplit('/').next().is_some_and(|last| last.contains('.')) {
        return beside(&state, path).await;
    }
    match App::get("index.html") {
        Some(index) => answer("index.html", index.data.into_owned()),
        None => answer("index.html", include_bytes!("no_console.html").to_vec()),
    }
}

/// A file of the console, or its index for paths that its own router knows.
pub(crate) async fn console(State(state): State<AppState>, uri: Uri) -> Response {
    let path = uri.path().trim_start_matches('/');
    let name = if path.is_empty() { "index.html" } else { path };
    if let Some(file) = Console::get(name) {
        return answer(name, file.data.into_owned());
    }
    // A missing script must not be answered by a page; a page's path has no dot in its last part.
    if path.rsplit('/').next().is_some_and(|last| last.contains('.')) {
        return beside(&state, path).await;
    }
    match Console::get("index.html") {
        Some(index) => answer("index.html", index.data.into_owned()),
        None => answer("index.html", include_bytes!("no_console.html").to_vec()),
    }
}

/// What is none of the pages' own files.
async fn beside(state: &AppState, name: &str) -> Response {
    match proofs::read(state.http.proofs.as_deref(), name).await {
        Some(text) => answer(name, text),
        None => crate::middleware::no_route().await.into_response(),
    }
}

fn answer(name: &str, body: Vec<u8>) -> Response {
    // The build puts a hash into the names under assets/: they never change.
    let cache = if name.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type(name)));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    response
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "json" | "map" => "application/json",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
