//! Play without light, or without a word from it, for which no lamp is to blame: a whole hall's network is away; or the server was, for so long that
//! a lamp's own timer has run out.
//!
//! For a while play goes on: where the network is away the lamps burn on by themselves, for all that is known, and who plays is not to be darkened for
//! a router. What nobody could see, or had no light, is nobody's to pay all the same: the customer's own clock stands still, as in a pause
//! ([`super::pause`]), and the end moves by as much. After too long of it play is over, as of when it began; and so it is where it comes again and again:
//! whoever can pull a router's plug for some minutes does not play for nothing by it.

use kernel::{MINUTE, Timestamp};
use platform::messages::templates::ZONE;
use platform::{Cx, Result};
use store::{Tx, args};

use super::end::{End, close_session};
use super::model::{EndReason, Session, SessionState};
use super::rows;
use crate::halls::{Table, TableState};
use crate::told::{self, tell};
use crate::{Venue, devices};

/// Longer than a router takes to come up again, and than people wait in the dark: should it be the power that is away, whoever went home without a
/// word pays for nothing that comes after.
const LONGEST: i64 = 10 * MINUTE;
/// The same of all of it in one session.
const MOST: i64 = 2 * LONGEST;

/// How long play goes on without light that has gone on without it for so long already, in microseconds.
pub(super) fn patience(already: i64) -> i64 {
    LONGEST.min(MOST - already)
}

/// What becomes of play whose light was not there, or not to be seen, for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// That was not in play.
    Nothing,
    /// It goes on, and so much of it, in microseconds, is nobody's to pay.
    GoesOn(i64),
    /// It was over then.
    Over(Timestamp),
}

/// Of the time from `from` to `to`, under play that has gone on without a pause since `begun` and is paid until `until`, and so much of which was unlit
/// before.
fn judge(from: Timestamp, to: Timestamp, begun: Timestamp, until: Timestamp, already: i64) -> Verdict {
    let from = from.max(begun);
    let long = to.micros() - from.micros();
    if long <= 0 || from >= until {
        Verdict::Nothing
    } else if to >= until || long >= patience(already) {
        Verdict::Over(from)
    } else {
        Verdict::GoesOn(long)
    }
}

/// Whoever plays had no light from then until now, for all that is known: play goes on, or was over then. `is_back`: it is there again, which who plays
/// is told. The table's row is locked.
pub(super) async fn settle(tx: &mut Tx, cx: &Cx, venue: &Venue, table: &mut Table, from: Timestamp, is_back: bool) -> Result<()> {
    let Some(session) = played(tx, table).await? else { return Ok(()) };
    match judge(from, cx.now(), session.begun(table), session.until, session.pauses.unlit) {
        Verdict::Nothing => Ok(()),
        Verdict::GoesOn(micros) => {
            let until = session.until.plus_micros(micros);
            let sql = "UPDATE play_sessions SET unlit = unlit + $1, until_at = $2 WHERE id = $3";
            tx.exec(sql, args![micros, until, session.id]).await?;
            // Its own timer would end before what is paid.
            devices::want(tx, cx, venue, table.id).await?;
            if is_back { inform(tx, cx, table, &session, micros, until).await } else { Ok(()) }
        }
        Verdict::Over(at) => is_over(tx, cx, venue, table, &session, at).await,
    }
}

/// Who plays on a table, and not in a pause.
async fn played(tx: &mut Tx, table: &Table) -> Result<Option<Session>> {
    let is_played = |session: &Session| session.state == SessionState::Playing && session.pauses.since.is_none();
    Ok(rows::live(tx, table.id).await?.filter(is_played))
}

async fn is_over(tx: &mut Tx, cx: &Cx, venue: &Venue, table: &mut Table, session: &Session, at: Timestamp) -> Result<()> {
    close_session(tx, cx, venue, table, session, End { reason: EndReason::DeviceFault, at }).await
}

/// As who plays is told: about so many, and never none.
fn minutes(unlit: i64) -> i64 {
    ((unlit + MINUTE / 2) / MINUTE).max(1)
}

async fn inform(tx: &mut Tx, cx: &Cx, table: &Table, session: &Session, unlit: i64, until: Timestamp) -> Result<()> {
    let params = [
        ("table", table.name.clone()),
        ("minutes", minutes(unlit).to_string()),
        ("until_at", until.to_string()),
        (ZONE, session.terms.time_zone.clone()),
    ];
    tell(tx, cx, session.customer, &told::LIGHT_AGAIN, &params).await
}

/// The light of a table was dark since then, by its own timer, and is on again.
pub(crate) async fn ran_out(tx: &mut Tx, cx: &Cx, venue: &Venue, table: &mut Table, since: Timestamp) -> Result<()> {
    if is_of_play(table.state, table.since, since) { settle(tx, cx, venue, table, since, true).await } else { Ok(()) }
}

/// The light of a table is dark since then, by its own timer. Whether play is over by that already, and is closed; otherwise it is settled once there is
/// light.
pub(crate) async fn ends_in_the_dark(tx: &mut Tx, cx: &Cx, venue: &Venue, table: &mut Table, since: Timestamp) -> Result<bool> {
    let Some(session) = played(tx, table).await?.filter(|_| is_of_play(table.state, table.since, since)) else { return Ok(false) };
    match judge(since, cx.now(), session.begun(table), session.until, session.pauses.unlit) {
        Verdict::Nothing | Verdict::GoesOn(_) => Ok(false),
        Verdict::Over(at) => is_over(tx, cx, venue, table, &session, at).await.map(|()| true),
    }
}

/// Whether the dark is of play on a table that is in this state since `begun`. Where it is before play began, or went on, it says nothing: the timer was
/// set by a clock that was behind.
fn is_of_play(state: TableState, begun: Timestamp, since: Timestamp) -> bool {
    state == TableState::Playing && since >= begun
}

impl Session {
    /// Since when it is played without a pause, while its table is played on.
    pub(super) fn begun(&self, table: &Table) -> Timestamp {
        table.since.max(self.lit_at.unwrap_or(self.asked_at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::play::pause::Pauses;
    use kernel::{HOUR, SECOND, Word as _};
    use proptest::prelude::*;

    const LIT: Timestamp = Timestamp::from_unix(1_795_248_000);

    fn at(micros: i64) -> Timestamp {
        LIT.plus_micros(micros)
    }

    #[test]
    fn v5_2_play_survives_minutes_without_a_word_and_no_more() {
        let (from, until) = (at(10 * MINUTE), at(HOUR));
        assert_eq!(judge(from, at(13 * MINUTE), LIT, until, 0), Verdict::GoesOn(3 * MINUTE));
        assert_eq!(judge(from, at(20 * MINUTE - SECOND), LIT, until, 0), Verdict::GoesOn(10 * MINUTE - SECOND));
        assert_eq!(judge(from, at(20 * MINUTE), LIT, until, 0), Verdict::Over(from));
        assert_eq!(judge(from, at(HOUR), LIT, at(15 * MINUTE), 0), Verdict::Over(from), "the end of what was paid has passed");
        assert_eq!(
            judge(from, at(12 * MINUTE), at(11 * MINUTE), until, 0),
            Verdict::GoesOn(MINUTE),
            "what was before it went on is a pause's"
        );
        assert_eq!(judge(from, at(HOUR), LIT, from, 0), Verdict::Nothing, "it had its light to the end");
    }

    #[test]
    fn v5_2_who_is_without_light_again_and_again_has_a_few_such_minutes_in_all() {
        let (from, until) = (at(30 * MINUTE), at(HOUR));
        let after = |already: i64, long: i64| judge(from, from.plus_micros(long), LIT, until, already);
        assert_eq!(after(10 * MINUTE - SECOND, 10 * MINUTE - SECOND), Verdict::GoesOn(10 * MINUTE - SECOND));
        assert_eq!(after(19 * MINUTE, MINUTE - SECOND), Verdict::GoesOn(MINUTE - SECOND));
        assert_eq!(after(19 * MINUTE, MINUTE), Verdict::Over(from), "and pays until it began");
    }

    #[test]
    fn v5_2_a_dark_table_is_dark_in_play_where_it_was_played_on_by_then() {
        for state in TableState::ALL.iter().copied() {
            let is_played = state == TableState::Playing;
            let of_play = [at(-1), LIT, at(1)].map(|since| is_of_play(state, LIT, since));
            assert_eq!(of_play, [false, is_played, is_played], "{state}");
        }
    }

    #[test]
    fn v5_2_who_plays_is_told_of_the_dark_in_whole_minutes() {
        let said = [1, 59 * SECOND, 89 * SECOND, 90 * SECOND, 5 * MINUTE + 29 * SECOND, 9 * MINUTE + 31 * SECOND].map(minutes);
        assert_eq!(said, [1, 1, 1, 2, 5, 10]);
    }

    proptest! {
        #[test]
        fn v5_2_however_often_the_light_goes_no_more_than_that_is_unlit(outages in prop::collection::vec(1..HOUR, 1..40)) {
            let (mut unlit, mut now) = (0, LIT);
            for outage in outages {
                let back = now.plus_micros(outage);
                let verdict = judge(now, back, LIT, at(1_000 * HOUR), unlit);
                prop_assert_ne!(verdict, Verdict::Nothing);
                let Verdict::GoesOn(micros) = verdict else { break };
                unlit += micros;
                prop_assert!(unlit < MOST);
                now = back.plus_micros(MINUTE);
            }
        }

        #[test]
        fn v5_2_nobody_pays_for_what_had_no_light_nor_loses_what_had(
            begun in 0..HOUR, from in 0..3 * HOUR, long in 0..3 * HOUR, until in 0..4 * HOUR, more in 0..HOUR, already in 0..MOST,
        ) {
            let (to, end) = (from + long, begun + until);
            match judge(at(from), at(to), at(begun), at(end), already) {
                Verdict::Nothing => prop_assert!(to <= from.max(begun) || from.max(begun) >= end),
                Verdict::GoesOn(unlit) => {
                    let pauses = Pauses { unlit, ..Pauses::default() };
                    prop_assert!(unlit > 0 && unlit < LONGEST && unlit + already < MOST && to < end);
                    // Play is where it was when the light went, and as much is left of it.
                    prop_assert_eq!(pauses.clock(at(to)), at(from.max(begun)));
                    prop_assert_eq!(pauses.clock(at(end + unlit)), at(end));
                    prop_assert_eq!(pauses.clock(at(to + more)), at(from.max(begun) + more));
                }
                Verdict::Over(ended) => {
                    prop_assert_eq!(ended, at(from.max(begun)));
                    prop_assert!(ended < at(end) && (to >= end || to - from.max(begun) >= patience(already)));
                    prop_assert!(patience(already) > 0);
                }
            }
        }
    }
}
