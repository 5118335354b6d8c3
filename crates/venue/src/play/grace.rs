//! What somebody may have for nothing: a few minutes to find that a table is not what one hoped for, and changing one's mind.
//!
//! Both are for the honest case, and both are counted: otherwise an evening could be played in pieces of three minutes, and all tables of a hall
//! be kept from others by one who opens and closes them in turns.

use kernel::{HOUR, Kind, Timestamp};
use platform::allowance::Allowance;
use platform::identity::UserId;
use platform::{Cx, Result};
use store::{Filter, Row, Sql, Tx, args, first_id};

use super::error::PlayError;
use crate::customers::{CustomerId, unproven};
use crate::halls::VenueId;

/// In one hall, after free minutes were used there: an evening and the night after it, and the next day they are there again.
const AGAIN: i64 = 12 * HOUR;
/// Tables that one opened and closed again for nothing. Whose light failed is not counted.
const UNPLAYED: Allowance = Allowance { name: "tables unplayed", window_seconds: 3_600, most: 10 };

/// What a customer ($1) has used of the free minutes of a hall ($2) since then ($3): by ending play within them, or having the staff do so. A session
/// that was paid for has used none, nor has one that the hall had to end. Nor has one whose light was gone; but of two of these in one evening
/// somebody may have pulled the plug.
const HALVES: &str = "(SELECT CAST(COALESCE(SUM(CASE WHEN end_reason = 'device_fault' THEN 1 ELSE 2 END), 0) AS BIGINT) FROM play_sessions \
                      WHERE customer_id = $1 AND venue_id = $2 AND ended_at > $3 AND state = 'closed' AND total = 0 \
                      AND end_reason IN ('customer', 'staff', 'device_fault'))";

/// So many walk-ins in that time, whom one person has opened for, have changed their minds. Each is a new customer, and more of them are one who plays
/// an evening in pieces, and somebody who bills nothing of it.
const WALK_INS: i64 = 3;
/// Play within free minutes is over so soon after it was opened, pauses and all.
const SOON: i64 = HOUR;

/// Play of walk-ins, or of phones that were only said there, for whom one person ($1) has opened at the desk of a hall ($2), since an id ($3), and that ended since then ($4) within their free
/// minutes: by themselves or by the staff.
const LEFT_AT_ONCE: &str = "SELECT d.id FROM desk_plays d JOIN play_sessions p ON p.id = d.id JOIN customers c ON c.id = p.customer_id \
                            WHERE d.user_id = $1 AND d.venue_id = $2 AND d.id >= $3 AND p.ended_at > $4 AND p.state = 'closed' AND p.total = 0 \
                            AND p.end_reason IN ('customer', 'staff')";

/// Whether somebody has free minutes who has used so much of them. Pure.
fn has_some(halves: i64) -> bool {
    halves < 2
}

/// Whether walk-ins have free minutes after so many of them have used theirs. Pure.
fn has_some_for_walk_ins(left_at_once: i64) -> bool {
    left_at_once < WALK_INS
}

/// Whether this customer has free minutes in this hall now.
pub(crate) async fn graced(sql: &mut impl Sql, cx: &Cx, customer: CustomerId, venue: VenueId) -> Result<bool> {
    let query = format!("SELECT {HALVES} AS halves");
    Ok(has_some(sql.one(&query, args![customer, venue, since(cx)], |row| row.get("halves")).await?))
}

/// Whether walk-ins have them for whom this person opens a table at the desk of this hall now.
pub(super) async fn walk_ins_are_graced(sql: &mut impl Sql, cx: &Cx, by: UserId, venue: VenueId) -> Result<bool> {
    let since = since(cx);
    let query = format!("SELECT CAST(COUNT(*) AS BIGINT) AS n FROM ({LEFT_AT_ONCE} AND {} LIMIT {WALK_INS}) few", unproven("c"));
    let values = args![by, venue, first_id(since.plus_micros(-SOON)), since];
    Ok(has_some_for_walk_ins(sql.one(&query, values, |row| row.get("n")).await?))
}

/// Whether whoever stands at the desk has them, of whom nothing may be known yet. `walk_in_by`: nothing will be, and this person opens for them.
pub(super) async fn graced_at_desk(
    sql: &mut impl Sql,
    cx: &Cx,
    customer: Option<CustomerId>,
    walk_in_by: Option<UserId>,
    venue: VenueId,
) -> Result<bool> {
    let own = match customer {
        Some(customer) => graced(sql, cx, customer, venue).await?,
        None => true,
    };
    match walk_in_by {
        Some(by) if own => walk_ins_are_graced(sql, cx, by, venue).await,
        Some(_) | None => Ok(own),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn v3_2_free_minutes_are_used_up_by_an_end_of_ones_own_or_by_two_lights_and_walk_ins_by_three_who_left() {
        assert_eq!([0, 1, 2, 3].map(has_some), [true, true, false, false]);
        assert_eq!([0, 1, 2, 3, 4].map(has_some_for_walk_ins), [true, true, true, false, false]);
    }
}
