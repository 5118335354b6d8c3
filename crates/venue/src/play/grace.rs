//! What somebody may have for nothing: a few minutes to find that a table is not what one hoped for, and changing one's mind.
//!
//! Both are for the honest case, and both are counted: otherwise an evening could be played in pieces of three minutes, and all tables of a hall
//! be kept from others by one who opens and closes them in turns.

use kernel::{HOUR, Kind, Timestamp};
use platform::allowance::Allowance;
use platform::{Cx, Result};
use store::{Filter, Row, Sql, Tx, args};

use super::error::PlayError;
use crate::customers::CustomerId;
use crate::halls::VenueId;

/// In one hall, after free minutes were used there: an evening and the night after it, and the next day they are there again.
const AGAIN: i64 = 12 * HOUR;
/// Tables that one opened and closed again for nothing. Whose light failed is not counted.
const UNPLAYED: Allowance = Allowance { name: "tables unplayed", window_seconds: 3_600, most: 10 };

/// What a customer ($1) has used of the free minutes of a hall ($2) since then ($3). A session that was paid for has used none. Nor has one whose
/// light was gone; but of two of these in one evening somebody may have pulled the plug.
const HALVES: &str = "(SELECT CAST(COALESCE(SUM(CASE WHEN end_reason = 'customer' THEN 2 ELSE 1 END), 0) AS BIGINT) FROM play_sessions \
                      WHERE customer_id = $1 AND venue_id = $2 AND ended_at > $3 AND state = 'closed' AND total = 0 \
                      AND end_reason IN ('customer', 'device_fault'))";

/// Whether somebody has free minutes who has used so much of them.
fn has_some(halves: i64) -> bool {
    halves < 2
}

/// Whether this customer has free minutes in this hall now.
pub(crate) async fn graced(sql: &mut impl Sql, cx: &Cx, customer: CustomerId, venue: VenueId) -> Result<bool> {
    let query = format!("SELECT {HALVES} AS halves");
    Ok(has_some(sql.one(&query, args![customer, venue, since(cx)], |row| row.get("halves")).await?))
}

fn since(cx: &Cx) -> Timestamp {
    cx.now().plus_micros(-AGAIN)
}

/// How a customer stands who asks for a table.
#[derive(Debug)]
pub(super) struct Standing {
    /// On another one.
    pub plays: bool,
    pub graced: bool,
    pub too_often: Option<PlayError>,
}

/// At one look: it is taken while the table is locked.
pub(super) async fn standing(sql: &mut impl Sql, cx: &Cx, customer: CustomerId, venue: VenueId) -> Result<Standing> {
    let mut statement = Filter::new();
    let who = statement.arg(customer);
    statement.arg(venue);
    statement.arg(since(cx));
    let unplayed = UNPLAYED.counted(cx, &customer.to_string(), &mut statement);
    let live =
        format!("(SELECT CAST(COUNT(*) AS BIGINT) FROM play_sessions WHERE customer_id = {who} AND state IN ('opening', 'playing'))");
    let query = format!("SELECT {live} AS live, {HALVES} AS halves, {unplayed} AS unplayed");
    let read = |row: &Row| Ok((row.get::<i64>("live")?, row.get::<i64>("halves")?, row.get::<i64>("unplayed")?));
    let (live, halves, unplayed) = sql.one(&query, statement.args(), read).await?;
    Ok(Standing { plays: live > 0, graced: has_some(halves), too_often: refusal(UNPLAYED.allows(cx, unplayed))? })
}

/// Why somebody may not open a table now who has opened so many for nothing.
/// In a transaction it is asked in that: who holds one connection and waits for another may wait for somebody who does the same.
pub(crate) async fn too_often(sql: &mut impl Sql, cx: &Cx, customer: CustomerId) -> Result<Option<PlayError>> {
    refusal(UNPLAYED.check(sql, cx, &customer.to_string()).await)
}

fn refusal(allowed: Result<()>) -> Result<Option<PlayError>> {
    match allowed {
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
