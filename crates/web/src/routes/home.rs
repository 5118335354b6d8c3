//! The home page.

use licensing::home::{self, Home};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::extract::{Auth, SignedIn};
use crate::state::AppState;
use crate::{Problem, Result};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(get))
}

/// Figures of what the reader may see. Every role has a home page.
#[utoipa::path(get, path = "/home", tag = "home", responses((status = 200, body = Home), (status = 401, body = Problem)))]
async fn get(Auth(cx, _): Auth<SignedIn>) -> Result<axum::Json<Home>> {
    Ok(axum::Json(home::home(&cx).await?))
}
