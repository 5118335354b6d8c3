//! How many sessions are complained of (V9.5): the console's figures.

use kernel::{DAY, Timestamp};
use platform::identity::Permission;
use platform::{Cx, Result};
use serde::Serialize;
use store::{Filter, Sql as _, args};

use super::model::{ComplaintState, within_bound};
use crate::halls::{VenueId, rows as halls};
use crate::staff;

/// What the figures look back on.
const DAYS: i64 = 30;

#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct HallFigures {
    pub venue_id: VenueId,
    pub venue_name: String,
    pub since: Timestamp,
    /// Opened since then, whatever became of them.
    pub sessions: i64,
    /// Sessions that were complained of since then; one counts once. Calls for help do not.
    pub complained: i64,
    /// Whether that is at most one in a thousand.
    pub within_bound: bool,
    /// Calls and complaints that wait for an answer now.
    pub open: i64,
}

/// Of each hall where one works.
pub async fn figures(cx: &Cx) -> Result<Vec<HallFigures>> {
    let user = cx.require(Permission::VenuesView)?;
    let mut sql = cx.db.read();
    let mut filter = Filter::new();
    staff::restrict(user, &mut filter, "v.id");
    let since = cx.now().plus_micros(-DAYS * DAY);
    let first = store::first_id(since);
    let mut shown = Vec::new();
    for hall in halls::venues(&mut sql, filter).await? {
        let query = "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM play_sessions WHERE venue_id = $1 AND id >= $2";
        let sessions: i64 = sql.one(query, args![hall.id, first], |row| row.get("n")).await?;
        let query = "SELECT CAST(COUNT(DISTINCT session_id) AS BIGINT) AS n FROM complaints \
                     WHERE venue_id = $1 AND id >= $2 AND matter = 'complaint' AND session_id IS NOT NULL";
        let complained: i64 = sql.one(query, args![hall.id, first], |row| row.get("n")).await?;
        let query = "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM complaints WHERE venue_id = $1 AND state = $2";
        let open: i64 = sql.one(query, args![hall.id, kernel::Word::as_str(ComplaintState::Open)], |row| row.get("n")).await?;
        shown.push(HallFigures {
            venue_id: hall.id,
            venue_name: hall.name,
            since,
            sessions,
            complained,
            within_bound: within_bound(complained, sessions),
            open,
        });
    }
    Ok(shown)
}
