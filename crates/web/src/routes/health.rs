//! Is it alive, and is it ready.

use std::time::Duration;

use axum::extract::State;
use kernel::{Fault, Kind};
use store::migrate::{self, Status};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Result;
use crate::state::AppState;

/// Whoever asks wants to know now: with a database that is slower than this nobody is served well.
const PATIENCE: Duration = Duration::from_secs(2);

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
    if db.failed() {
        let (zh, en) = ("数据库读写失败，服务即将停止", "The database could not write or read, and the server is stopping");
        return Err(Fault::new(Kind::Unavailable, "DATABASE_FAILED", zh, en).retry_after(1).into());
    }
    let migrations = crate::migrations();
    let looked = tokio::time::timeout(PATIENCE, migrate::status(db, &migrations)).await;
    let looked = looked.map_err(|_| Fault::unavailable("the database does not answer"))?;
    match looked.map_err(Fault::unavailable)? {
        Status::Current => Ok("ready"),
        Status::Behind(_) => {
            Err(Fault::new(Kind::Unavailable, "MIGRATIONS_MISSING", "数据库尚未升级", "The database is not up to date").into())
        }
    }
}
