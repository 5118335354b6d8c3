//! What somebody may have for nothing: a few minutes to find that a table is not what one hoped for, and changing one's mind.
//!
//! Both are for the honest case, and both are counted: otherwise an evening could be played in pieces of three minutes, and all tables of a hall
//! be kept from others by one who opens and closes them in turns.

use kernel::{HOUR, Kind};
use platform::allowance::Allowance;
use platform::{Cx, Result};
use store::{Sql, Tx, args};

use super::error::PlayError;
use crate::customers::CustomerId;
use crate::halls::VenueId;

/// In one hall, after free minutes were used there: an evening and the night after it, and the next day they are there again.
const AGAIN: i64 = 12 * HOUR;
/// Tables that one opened and closed again for nothing. Whose light failed is not counted.
const UNPLAYED: Allowance = Allowance { name: "tables unplayed", window_seconds: 3_600, most: 10 };

/// Whether this customer has free minutes in this hall now. A session that was paid for has used none. Nor has one whose light was gone; but of two of
/// these in one evening somebody may have pulled the plug.
pub(crate) async fn graced(sql: &mut impl Sql, cx: &Cx, customer: CustomerId, venue: VenueId) -> Result<bool> {
    let query = "SELECT CAST(COALESCE(SUM(CASE WHEN end_reason = 'customer' THEN 2 ELSE 1 END), 0) AS BIGINT) AS halves FROM play_sessions \
                 WHERE customer_id = $1 AND venue_id = $2 AND ended_at > $3 AND state = 'closed' AND total = 0 \
                 AND end_reason IN ('customer', 'device_fault')";
    let halves: i64 = sql.one(query, args![customer, venue, cx.now().plus_micros(-AGAIN)], |row| row.get("halves")).await?;
    Ok(halves < 2)
}

/// Why somebody may not open a table now who has opened so many for nothing.
/// In a transaction it is asked in that: who holds one connection and waits for another may wait for somebody who does the same.
pub(crate) async fn too_often(sql: &mut impl Sql, cx: &Cx, customer: CustomerId) -> Result<Option<PlayError>> {
    match UNPLAYED.check(sql, cx, &customer.to_string()).await {
        Ok(()) => Ok(None),
        Err(fault) if fault.kind == Kind::Limited => {
            Ok(Some(PlayError::TooOften { seconds: fault.retry_after.unwrap_or(UNPLAYED.window_seconds) }))
        }
        Err(fault) => Err(fault),
    }
}

/// Counts a table that its customer has opened and closed again for nothing.
pub(super) async fn note_unplayed(tx: &mut Tx, cx: &Cx, customer: CustomerId) -> Result<()> {
    UNPLAYED.count(tx, cx, &customer.to_string()).await?;
    Ok(())
}
