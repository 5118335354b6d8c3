//! Exporting keys to CSV and Excel (K3.1c): ticked rows, a batch, or a filter.
//!
//! An export is asked for with a body and fetched with a link ([`ticket`]), so that a browser can download it. Rows are read in
//! pages and written as they come, so that a million keys take no more memory than a thousand.

mod cells;
mod csv;
mod link;
mod xlsx;

use kernel::{Fault, Kind};
use platform::identity::{Permission, Principal, session};
use platform::{Cx, Result};
use serde::{Deserialize, Serialize};
use store::{Filter, Sql};

pub use self::cells::{ExportColumn, harmless};
pub use self::csv::{csv, lines};
pub(crate) use self::link::{FORGET, OVER};
pub use self::link::{redeem, ticket};
pub use self::xlsx::xlsx;
use crate::keys::manage::shown;
use crate::keys::select::{KeySelection, state_condition};
use crate::keys::store::{Key, SELECT, read};

kernel::words! {
    pub enum ExportFormat { Csv = "csv", Xlsx = "xlsx" }
}

/// What to export.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ExportAsk {
    pub selection: KeySelection,
    pub format: ExportFormat,
    pub columns: Vec<ExportColumn>,
}

/// Keys read at once.
const PAGE: i64 = 2_000;

/// Which keys, on `keys k`.
fn conditions(cx: &Cx, user: &Principal, selection: &KeySelection) -> Filter {
    let mut conditions = selection.conditions(user);
    if let Some(state) = selection.state() {
        state_condition(&mut conditions, state, cx.now());
    }
    conditions
}

/// Reads a selection page by page, oldest first.
struct Pages {
    cx: Cx,
    selection: KeySelection,
    after: uuid::Uuid,
    over: bool,
}

impl Pages {
    const fn new(cx: Cx, selection: KeySelection) -> Self {
        Self { cx, selection, after: uuid::Uuid::nil(), over: false }
    }

    /// The next page; empty when there is none.
    async fn next(&mut self) -> Result<Vec<Key>> {
        if self.over {
            return Ok(Vec::new());
        }
        let user = self.cx.require(Permission::KeysView)?;
        // It may take hours, by who reads slowly: whoever was disabled meanwhile gets no more.
        if !session::holds(&self.cx, user.session).await? {
            return Err(Fault::new(
                Kind::Unauthenticated,
                "SESSION_INVALID",
                "登录已失效，请重新登录",
                "Your session has ended; please sign in again",
            ));
        }
        let mut conditions = conditions(&self.cx, user, &self.selection);
        conditions.and("k.id > ?", self.after);
        let limit = conditions.arg(PAGE);
        let sql = format!("{SELECT} WHERE {} ORDER BY k.id LIMIT {limit}", conditions.sql());
        let rows = self.cx.db.read().all(&sql, conditions.args(), read).await?;
        self.over = i64::try_from(rows.len()).unwrap_or(0) < PAGE;
        if let Some(last) = rows.last() {
            self.after = last.id.uuid();
        }
        shown(&mut self.cx.db.read(), &self.cx, user, rows).await
    }
}
