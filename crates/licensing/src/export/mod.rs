//! Exporting keys to CSV and Excel (K3.1c): ticked rows, a batch, or a filter.
//!
//! An export is asked for with a body and fetched with a link ([`ticket`]), so that a browser can download it. Rows are read in
//! pages and written as they come, so that a million keys take no more memory than a thousand.

mod cells;
mod csv;
mod link;
mod xlsx;

use platform::identity::{Permission, Principal, session};
use platform::{Cx, Result};
use serde::{Deserialize, Serialize};
use store::Filter;

pub use self::cells::{ExportColumn, harmless};
pub use self::csv::{csv, lines};
pub(crate) use self::link::{FORGET, OVER};
pub use self::link::{redeem, ticket};
pub use self::xlsx::xlsx;
use crate::keys::manage::shown;
use crate::keys::select::{KeySelection, state_condition};
use crate::keys::store::Key;
use crate::keys::walk::Walk;

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

/// Which keys, on `keys k`.
fn conditions(cx: &Cx, user: &Principal, selection: &KeySelection) -> Filter {
    let mut conditions = selection.conditions(user);
    if let Some(state) = selection.state() {
        state_condition(&mut conditions, state, cx.now());
    }
    conditions
}

/// Reads a selection page by page: project by project, of each the oldest batch first.
struct Pages {
    cx: Cx,
    walk: Walk,
}

impl Pages {
    async fn new(cx: Cx, selection: &KeySelection) -> Result<Self> {
        let walk = Walk::new(&mut cx.db.read(), cx.require(Permission::KeysView)?, selection).await?;
        Ok(Self { cx, walk })
    }

    /// The next page; empty when there is none.
    async fn next(&mut self) -> Result<Vec<Key>> {
        let user = self.cx.require(Permission::KeysView)?;
        loop {
            // It may take hours, by who reads slowly: whoever was disabled meanwhile gets no more.
            session::still(&self.cx).await?;
            let Some(step) = self.walk.next(&self.cx, user).await? else { return Ok(Vec::new()) };
            let rows = step.keys(&mut self.cx.db.read(), "").await?;
            if !rows.is_empty() {
                return shown(&self.cx, user, rows);
            }
        }
    }
}
