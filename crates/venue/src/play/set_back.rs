//! Play whose clock was set back in the middle of it.
//!
//! What is written of a session cannot be to come. Where it is, it was written by a clock that was ahead, and what is left of play would last longer
//! by as much: so all of it is moved, until the last thing that is known of it is now. What was played since then is the customer's, and is not
//! billed: nobody knows how long it was. Where the clock was not seen to go back ([`crate::latest`]), nothing is moved.

use kernel::{APART, Timestamp};
use platform::{Cx, Result};
use store::jobs::NewJob;
use store::{Sql as _, Tx, args};

use super::clock::{OfSession, TIME_JOB};
use super::model::{Session, SessionId, SessionState};
use super::rows;
use crate::halls::TableId;
use crate::halls::rows as halls;
use crate::overdue::AT_ONCE;
use crate::tariff::Span;
use crate::{Venue, devices};

/// The times of play that goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Times {
    lit: Timestamp,
    until: Timestamp,
    paused: Option<Timestamp>,
}

impl Times {
    /// `None` where there is no light yet, and where the end is a date: a night's, which it is by any clock.
    fn of(session: &Session) -> Option<Self> {
        let night = session.terms.package.as_ref().is_some_and(|package| matches!(package.span, Span::Night(_)));
        let lit = session.lit_at.filter(|_| !night)?;
        Some(Self { lit, until: session.until, paused: session.pauses.since })
    }

    /// By how many microseconds they are moved to be right at `now`; `None`: they may be right.
    fn ahead(&self, now: Timestamp) -> Option<i64> {
        let last = self.paused.map_or(self.lit, |paused| paused.max(self.lit));
        let by = last.micros().saturating_sub(now.micros());
        (by > APART).then_some(by)
    }

    fn earlier(self, by: i64, now: Timestamp) -> Self {
        let earlier = |at: Timestamp| at.plus_micros(-by);
        // A pause that began after the clock was set back is right already.
        let paused = self.paused.map(|paused| if paused > now { earlier(paused) } else { paused });
        Self { lit: earlier(self.lit), until: earlier(self.until), paused }
    }
}

/// Moves play that was begun, or paused, by a clock that was ahead.
pub(crate) async fn set_right(venue: &Venue, cx: &Cx) -> Result<()> {
    let sql = "SELECT id, table_id FROM play_sessions WHERE state IN ('opening', 'playing') AND (lit_at > $1 OR paused_at > $1) \
               ORDER BY table_id LIMIT $2";
    let read = |row: &store::Row| Ok((row.get::<SessionId>("id")?, row.get::<TableId>("table_id")?));
    for (session, table) in cx.db.read().all(sql, args![cx.now().plus_micros(APART), AT_ONCE], read).await? {
        let mut tx = cx.db.begin().await?;
        halls::lock_table(&mut tx, table).await?;
        if move_one(&mut tx, cx, session).await? {
            // Its own timer would let it burn for too long.
            devices::want(&mut tx, cx, venue, table).await?;
            cx.enqueue(&mut tx, NewJob::new(TIME_JOB, &OfSession { session }, cx.now())?).await?;
            tx.commit().await?;
        }
    }
    Ok(())
}

/// Whether it had to be. The table's row is locked.
async fn move_one(tx: &mut Tx, cx: &Cx, id: SessionId) -> Result<bool> {
    let Some(session) = rows::by_id(tx, id).await?.filter(|session| session.state == SessionState::Playing) else { return Ok(false) };
    let now = cx.now();
    let Some((times, by)) = Times::of(&session).and_then(|times| times.ahead(now).map(|by| (times, by))) else { return Ok(false) };
    let Times { lit, until, paused } = times.earlier(by, now);
    let sql = "UPDATE play_sessions SET asked_at = asked_at - $1, warned_of = warned_of - $1, lit_at = $2, until_at = $3, paused_at = $4 WHERE id = $5";
    tx.exec(sql, args![by, lit, until, paused, id]).await?;
    tracing::warn!(session = %id, seconds = by / kernel::SECOND, "the clock was set back: play is moved");
    Ok(true)
}

#[cfg(test)]
mod tests {
    use kernel::{DAY, HOUR, MINUTE};
    use proptest::prelude::*;

    use super::*;

    const LIT: Timestamp = Timestamp::from_unix(1_800_000_000);

    fn set_right(times: Times, now: Timestamp) -> Times {
        times.ahead(now).map_or(times, |by| times.earlier(by, now))
    }

    proptest! {
        #[test]
        fn after_a_step_back_of_any_size_no_light_burns_longer_than_was_paid_and_clocks_may_differ_by(
            paid in 10 * MINUTE..6 * HOUR, played in 0..6 * HOUR, back in 0..400 * DAY,
        ) {
            prop_assume!(played < paid);
            let now = LIT.plus_micros(played - back);
            let times = set_right(Times { lit: LIT, until: LIT.plus_micros(paid), paused: None }, now);
            let left = times.until.micros() - now.micros();
            prop_assert!(left <= paid + APART);
            prop_assert!(left <= paid - played + back, "nor longer than it would have otherwise");
            prop_assert_eq!(times.until.micros() - times.lit.micros(), paid, "what is paid stays what it is");
            // Whoever ends it now pays for no more than was played.
            prop_assert!(now.micros() - times.lit.micros() <= played);
        }

        #[test]
        fn what_was_played_before_a_pause_is_known_and_is_kept_to_the_microsecond(
            before in 0..3 * HOUR, long in 0..HOUR, back in 2 * HOUR..400 * DAY, left in MINUTE..3 * HOUR,
        ) {
            let paused = LIT.plus_micros(before);
            let now = paused.plus_micros(long - back);
            let times = set_right(Times { lit: LIT, until: paused.plus_micros(left), paused: Some(paused) }, now);
            prop_assert_eq!(times, Times { lit: now.plus_micros(-before), until: now.plus_micros(left), paused: Some(now) });
        }

        #[test]
        fn what_a_clock_like_ours_has_written_stays_and_what_was_moved_is_moved_once(
            ahead in -DAY..400 * DAY, paid in 0..DAY, pause in proptest::option::of(-DAY..DAY),
        ) {
            let now = LIT.plus_micros(-ahead);
            let times = Times { lit: LIT, until: LIT.plus_micros(paid), paused: pause.map(|after| LIT.plus_micros(after)) };
            let last = times.paused.map_or(LIT, |paused| paused.max(LIT));
            let moved = set_right(times, now);
            prop_assert_eq!(moved != times, last > now.plus_micros(APART));
            prop_assert_eq!(set_right(moved, now), moved);
        }
    }
}
