//! Is it alive, and is it ready.

use axum::extract::State;
use kernel::{Fault, Kind};
use store::migrate::{self, Status};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Result;
use crate::state::AppState;

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(healthz)).routes(routes!(readyz))
}

/// The process answers.
#[utoipa::path(get, path = "/healthz", tag = "health", responses((status = 200, body = String)))]
async fn healthz() -> &'static str {
    "ok"
}

/// The database is reachable and its tables are up to date.
#[utoipa::path(get, path = "/readyz", tag = "health", responses((status = 200, body = String), (status = 503, body = crate::Problem)))]
async fn readyz(State(state): State<AppState>) -> Result<&'static str> {
    let db = &state.platform.db;
    db.ping().await.map_err(Fault::unavailable)?;
    match migrate::status(db, &licensing::migrations()).await.map_err(Fault::unavailable)? {
        Status::Current => Ok("ready"),
        Status::Behind(_) => {
            Err(Fault::new(Kind::Unavailable, "MIGRATIONS_MISSING", "数据库尚未升级", "The database is not up to date").into())
        }
    }
}
