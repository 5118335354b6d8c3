//! Every route, on one page. Each module holds the handlers of one part of the API.

mod account;
mod applications;
mod batches;
mod callbacks;
mod calls;
pub(crate) mod client;
mod client_doc;
mod complaints;
mod customer;
mod desk_plays;
mod devices;
mod events;
mod grants;
mod health;
mod holds;
mod home;
mod jobs;
mod keys;
mod logs;
mod mailbox;
mod notices;
mod notifications;
mod offers;
mod payments;
mod price_lists;
mod projects;
mod quota;
mod second_factor;
mod session;
mod settings;
mod sign_up;
mod texts;
mod users;
mod venues;
mod withdrawals;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::assets;
use crate::extract::cookie_name;
use crate::middleware::{around, no_method, no_route, panicked};
use crate::openapi::{self, Doc};
use crate::queries::{self, Names};
use crate::state::AppState;

/// The documented API.
fn api() -> OpenApiRouter<AppState> {
    let v1 = OpenApiRouter::new()
        .merge(account::router())
        .merge(applications::router())
        .merge(batches::router())
        .merge(callbacks::router())
        .merge(calls::router())
        .merge(complaints::router())
        .merge(desk_plays::router())
        .merge(devices::router())
        .merge(grants::router())
        .merge(holds::router())
        .merge(home::router())
        .merge(jobs::router())
        .merge(keys::router())
        .merge(logs::router())
        .merge(mailbox::router())
        .merge(notifications::router())
        .merge(offers::router())
        .merge(payments::router())
        .merge(price_lists::router())
        .merge(projects::router())
        .merge(quota::router())
        .merge(second_factor::router())
        .merge(session::router())
        .merge(settings::router())
        .merge(sign_up::router())
        .merge(texts::router())
        .merge(users::router())
        .merge(venues::router())
        .merge(withdrawals::router());
    let mut document = Doc::openapi();
    document.merge(client_doc::ClientDoc::openapi());
    OpenApiRouter::with_openapi(document)
        .nest("/api/v1", v1)
        .nest("/customer/v1", customer::router())
        .merge(health::router())
        .merge(events::router())
}

/// The routes, and the whole document.
pub(crate) fn documented() -> (Router<AppState>, utoipa::openapi::OpenApi) {
    let (routes, mut document) = api().split_for_parts();
    openapi::complete(&mut document);
    (routes, document)
}

/// All but the client API, which has an entrance of its own ([`crate::Site`]).
pub(crate) fn router(state: AppState) -> Router {
    let (api, document) = documented();
    let names = Names::of(&document, cookie_name(state.http.secure));
    let document = document.to_json().unwrap_or_default();
    Router::new()
        .merge(api.route_layer(from_fn_with_state(names, queries::check)))
        .merge(notices::router())
        .route("/openapi.json", get(move || async move { ([("content-type", "application/json")], document) }))
        .route("/api/{*rest}", axum::routing::any(no_route))
        .route("/customer/{*rest}", axum::routing::any(no_route))
        .route("/m", get(assets::app))
        .route("/m/", get(assets::app))
        .route("/m/{*rest}", get(assets::app))
        .fallback(get(assets::console).fallback(no_method))
        .method_not_allowed_fallback(no_method)
        .layer(CompressionLayer::new())
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state(state.clone(), around))
        .with_state(state)
}
