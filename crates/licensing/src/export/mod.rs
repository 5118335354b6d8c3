//! Exporting keys to CSV and Excel (K3.1c): ticked rows, a batch, or a filter.
//!
//! An export is asked for with a body and fetched with a link, so that a browser can download it: the link holds a sealed
//! ticket, good for a minute, for the same user. Rows are read in pages and written as they come, so that a million keys
//! take no more memory than a thousand.

mod cells;
mod csv;
mod xlsx;

use kernel::{Fault, Kind, MINUTE, Timestamp};
use platform::identity::{Permission, Principal, UserId, session};
use platform::vault::Purpose;
use platform::{Cx, Result, audit};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{Filter, Sql};

pub use self::cells::{ExportColumn, harmless};
pub use self::csv::{csv, lines};
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

const TICKET: Purpose = Purpose("export ticket");
const GOOD_FOR: i64 = MINUTE;

#[derive(Serialize, Deserialize)]
struct Ticket {
    user: UserId,
    until: i64,
    ask: ExportAsk,
}

/// A ticket for this export. Refused where the format cannot hold so many keys: now, while there is a form to say so in.
pub async fn ticket(cx: &Cx, ask: ExportAsk) -> Result<String> {
    let user = cx.require(Permission::KeysView)?;
    ask.selection.check()?;
    // Each once: a page of rows is in memory as a whole.
    if ask.columns.iter().enumerate().any(|(n, column)| ask.columns[..n].contains(column)) {
        return Err(Fault::field("columns", "TWICE", "同一列只能选一次", "A column can be named only once"));
    }
    if ask.format == ExportFormat::Xlsx {
        let most = xlsx::MOST_KEYS + 1;
        let conditions = conditions(cx, user, &ask.selection);
        let sql =
            format!("SELECT CAST(COUNT(*) AS BIGINT) AS n FROM (SELECT 1 AS one FROM keys k WHERE {} LIMIT {most}) many", conditions.sql());
        xlsx::fits(cx.db.read().one(&sql, conditions.args(), |row| row.get("n")).await?)?;
    }
    let ticket = Ticket { user: user.id, until: cx.now().plus_micros(GOOD_FOR).micros(), ask };
    let plain = serde_json::to_vec(&ticket).map_err(Fault::internal)?;
    Ok(data_encoding::BASE64URL_NOPAD.encode(&cx.vault.seal(TICKET, &plain)))
}

/// What a ticket of the asker's is for; logged, since keys leave the house.
pub async fn redeem(cx: &Cx, ticket: &str) -> Result<ExportAsk> {
    let user = cx.require(Permission::KeysView)?;
    let refused =
        || Fault::new(Kind::NotFound, "EXPORT_LINK_EXPIRED", "下载链接已失效，请重新导出", "This download link has expired; export again");
    let sealed = data_encoding::BASE64URL_NOPAD.decode(ticket.as_bytes()).map_err(|_| refused())?;
    let plain = cx.vault.open(TICKET, &sealed).map_err(|_| refused())?;
    let ticket: Ticket = serde_json::from_slice(&plain).map_err(|_| refused())?;
    if ticket.user != user.id || Timestamp::from_micros(ticket.until) < cx.now() {
        return Err(refused());
    }
    let mut tx = cx.db.begin().await?;
    let detail = json!({"selection": ticket.ask.selection, "format": ticket.ask.format});
    audit::record(&mut tx, cx, &audit::KEYS_EXPORTED, None, &detail).await?;
    tx.commit().await?;
    Ok(ticket.ask)
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
            if !session::holds(&self.cx, user.session).await? {
                return Err(Fault::new(
                    Kind::Unauthenticated,
                    "SESSION_INVALID",
                    "登录已失效，请重新登录",
                    "Your session has ended; please sign in again",
                ));
            }
            let Some(step) = self.walk.next(&self.cx, user).await? else { return Ok(Vec::new()) };
            let rows = step.keys(&mut self.cx.db.read(), "").await?;
            if !rows.is_empty() {
                return shown(&mut self.cx.db.read(), &self.cx, user, rows).await;
            }
        }
    }
}
