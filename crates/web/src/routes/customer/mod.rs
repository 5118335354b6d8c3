//! What customers' phones call: halls, tables, play, money.

mod account;
mod complaints;
mod halls;
mod holds;
mod pay;
mod play;
mod splits;

pub(super) use play::time;
use utoipa_axum::router::OpenApiRouter;

use crate::state::AppState;

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .merge(account::router())
        .merge(complaints::router())
        .merge(halls::router())
        .merge(holds::router())
        .merge(pay::router())
        .merge(play::router())
        .merge(splits::router())
}
