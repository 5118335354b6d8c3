//! The demo's mail. Public there, and not there anywhere else.

use kernel::Page;
use platform::messages::{self, MailboxEntry};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::extract::{PageQuery, Query, Visitor};
use crate::state::AppState;
use crate::{Problem, Result};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list))
}

/// All mail of the demo, newest first.
#[utoipa::path(get, path = "/mailbox", tag = "mailbox", params(PageQuery),
    responses((status = 200, body = Page<MailboxEntry>), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn list(Visitor(cx): Visitor, Query(query): Query<PageQuery>) -> Result<axum::Json<Page<MailboxEntry>>> {
    Ok(axum::Json(messages::mailbox(&cx, &query.ask()?).await?))
}
