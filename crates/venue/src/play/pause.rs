//! Pauses 暂停: the customer's own clock stands still.
//!
//! Play is billed by that clock ([`Pauses::clock`]): a session that was paused costs what one without a pause costs that was as much shorter, at
//! the prices of the hours as they were agreed when it was opened. So nothing else of the bill knows of pauses, and what is held pays exactly as
//! long as before. The state of the session stays `playing`; its table is paused.

use kernel::{Fault, MINUTE, SECOND, Timestamp};
use platform::messages::templates::ZONE;
use platform::{Cx, Result};
use serde::{Deserialize, Serialize};
use store::jobs::NewJob;
use store::{Tx, args};

use super::clock::{OfSession, TIME_JOB};
use super::dark::{self, Gone};
use super::error::PlayError;
use super::model::{Session, SessionId, SessionState};
use super::view::{self, SessionView};
use super::{reports, rows, unlit};
use crate::customers::Customer;
use crate::halls::rows as halls;
use crate::halls::{Event, Table};
use crate::told::{self, tell};
use crate::{Venue, devices};

/// In one session: a relay is not for playing with.
const MOST: i64 = 5;

/// What was agreed of pauses when the table was opened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PauseTerms {
    /// In all; 0: not offered.
    pub minutes: i64,
    /// The light stays on meanwhile.
    pub lit: bool,
}

/// The pauses of a session.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pauses {
    /// Since when it is paused.
    pub since: Option<Timestamp>,
    /// Those that are over, in microseconds.
    pub over: i64,
    /// How many there were, with the one that is not over.
    pub count: i64,
    /// What was played without light, or without a word from it, and is nobody's to pay, in microseconds ([`super::unlit`]).
    pub unlit: i64,
}

impl Pauses {
    /// The moment of play that it is at `at`: what stands still while it is paused, and did while there was no light.
    pub fn clock(&self, at: Timestamp) -> Timestamp {
        at.plus_micros(-self.total(at) - self.unlit)
    }

    /// The moment of play at which it ends that is paid until `until`, as that is stored: a pause that is under way has yet to move it.
    pub fn paid(&self, until: Timestamp) -> Timestamp {
        until.plus_micros(-self.over - self.unlit)
    }

    /// How long it has been paused by then, in microseconds, with the one that is under way.
    pub fn total(&self, at: Timestamp) -> i64 {
        self.over + self.since.map_or(0, |since| (at.micros() - since.micros()).max(0))
    }

    /// How much more of pauses there may be, in microseconds, counted as if none was under way.
    pub fn left(&self, terms: PauseTerms) -> i64 {
        (terms.minutes * MINUTE - self.over).max(0)
    }

    /// When the one that is under way ends by itself.
    pub fn ends(&self, terms: PauseTerms) -> Option<Timestamp> {
        self.since.map(|since| since.plus_micros(self.left(terms)))
    }

    /// Whether another may begin.
    pub fn may(&self, terms: PauseTerms) -> bool {
        self.since.is_none() && self.left(terms) > 0 && self.count < MOST
    }
}

impl Session {
    /// Until when it is paid, if it went on now.
    pub fn until_at(&self, now: Timestamp) -> Timestamp {
        let paused = self.pauses.since.map_or(0, |since| (now.micros() - since.micros()).max(0));
        self.until.plus_micros(paused)
    }

    /// Whether this is the end that somebody has seen, to the second. In a pause it moves with every moment: from where it was when the pause began,
    /// which is the end that does not move, to where it is now. More time is ten minutes at least.
    pub fn ends_as_seen(&self, seen: Timestamp, now: Timestamp) -> bool {
        (self.until.micros() - SECOND..=self.until_at(now).micros() + SECOND).contains(&seen.micros())
    }

    /// Until when there is light under it; `None`: it is paused in the dark.
    pub fn lit_until(&self) -> Option<Timestamp> {
        match self.pauses.since {
            None => Some(self.until),
            Some(_) if self.terms.pause.lit => Some(self.until.plus_micros(self.pauses.left(self.terms.pause))),
            Some(_) => None,
        }
    }
}

/// Stops the customer's own clock. Pausing what is paused changes nothing.
pub async fn pause(cx: &Cx, venue: &Venue, customer: &Customer, id: SessionId) -> Result<SessionView> {
    let (mut tx, mut table, session) = mine(cx, customer, id).await?;
    if session.pauses.since.is_none() {
        if !session.pauses.may(session.terms.pause) {
            return Err(PlayError::NoPause.into());
        }
        let session = settled(&mut tx, cx, venue, &mut table, session).await?;
        if session.state != SessionState::Playing {
            tx.commit().await?;
            return Err(PlayError::NotPlaying.into());
        }
        // Over, and the job that closes it is on its way.
        let now = cx.now();
        if now >= session.until || halls::advance(&mut tx, cx, &venue.news, &mut table, Event::Pause).await?.is_none() {
            return Err(PlayError::NotPlaying.into());
        }
        tx.exec("UPDATE play_sessions SET paused_at = $1, pauses = pauses + 1 WHERE id = $2", args![now, id]).await?;
        devices::want(&mut tx, cx, venue, table.id).await?;
        let ends = now.plus_micros(session.pauses.left(session.terms.pause));
        cx.enqueue(&mut tx, NewJob::new(TIME_JOB, &OfSession { session: id }, ends)?).await?;
    }
    let view = view::of(&mut tx, cx, id).await?;
    tx.commit().await?;
    Ok(view)
}

/// What had no light until now, or no word from it, is not played: afterwards nobody would know of it.
async fn settled(tx: &mut Tx, cx: &Cx, venue: &Venue, table: &mut Table, session: Session) -> Result<Session> {
    match dark::gone(tx, &session, table, cx.now()).await? {
        Some(Gone::Away { since, missed }) if reports::is_over(cx, missed) => unlit::settle(tx, cx, venue, table, since, false).await?,
        Some(Gone::RanOut { since }) => unlit::settle(tx, cx, venue, table, since, false).await?,
        Some(Gone::Away { .. } | Gone::Dark { .. }) | None => return Ok(session),
    }
    rows::by_id(tx, session.id).await?.ok_or_else(Fault::not_found)
}

/// Lets it go on. Resuming what is played changes nothing.
pub async fn resume(cx: &Cx, venue: &Venue, customer: &Customer, id: SessionId) -> Result<SessionView> {
    let (mut tx, mut table, session) = mine(cx, customer, id).await?;
    if session.pauses.since.is_some() {
        go_on(&mut tx, cx, venue, &mut table, &session).await?;
        // Whoever looked at the clock meanwhile has put it off until the pause would have ended.
        cx.enqueue(&mut tx, NewJob::new(TIME_JOB, &OfSession { session: id }, cx.now())?).await?;
    }
    let view = view::of(&mut tx, cx, id).await?;
    tx.commit().await?;
    Ok(view)
}

/// Ends a pause, however long it has been: nobody pays for the dark in which a server that was away has left them. What is paid for ends as much
/// later.
async fn go_on(tx: &mut Tx, cx: &Cx, venue: &Venue, table: &mut Table, session: &Session) -> Result<()> {
    let Some(since) = session.pauses.since else { return Ok(()) };
    let now = cx.now();
    halls::advance(tx, cx, &venue.news, table, Event::Resume).await?;
    let sql = "UPDATE play_sessions SET paused_at = NULL, paused = paused + $1, until_at = $2 WHERE id = $3";
    tx.exec(sql, args![(now.micros() - since.micros()).max(0), session.until_at(now), session.id]).await?;
    devices::want(tx, cx, venue, table.id).await?;
    // How it was in the pause is nobody's; it may have broken while nobody saw it.
    devices::judge_anew(tx, cx, table.id).await?;
    reports::watch(tx, cx, table, None, true).await
}

/// It has been paused as long as it may be. Answers when to look again.
pub(super) async fn time_is_up(tx: &mut Tx, cx: &Cx, venue: &Venue, table: &mut Table, session: &Session) -> Result<Option<Timestamp>> {
    match session.pauses.ends(session.terms.pause) {
        Some(ends) if cx.now() < ends => Ok(Some(ends)),
        Some(_) => {
            go_on(tx, cx, venue, table, session).await?;
            let params = [
                ("table", table.name.clone()),
                ("until_at", session.until_at(cx.now()).to_string()),
                (ZONE, session.terms.time_zone.clone()),
            ];
            tell(tx, cx, session.customer, &told::PAUSE_OVER, &params).await?;
            Ok(None)
        }
        None => Ok(None),
    }
}

/// One of the customer's own that is played or paused, its table locked.
async fn mine(cx: &Cx, customer: &Customer, id: SessionId) -> Result<(Tx, Table, Session)> {
    let own = |session: &Session| session.customer == customer.id;
    let session = rows::by_id(&mut cx.db.read(), id).await?.filter(own).ok_or_else(Fault::not_found)?;
    let mut tx = cx.db.begin().await?;
    let table = halls::lock_table(&mut tx, session.table).await?;
    let session = rows::by_id(&mut tx, id).await?.ok_or_else(Fault::not_found)?;
    if session.state == SessionState::Playing { Ok((tx, table, session)) } else { Err(PlayError::NotPlaying.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::play::Terms;
    use crate::tariff::{Band, Days, Hours, Tariff};
    use kernel::{Fen, HOUR};
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    const START: Timestamp = Timestamp::from_unix(1_795_248_000);

    /// With a dearer band, in which a session may begin or end.
    fn terms(per_hour: i64, dearer: i64, unit_minutes: i64) -> Terms {
        let days = Days { weekdays: [true; 7], holidays: true };
        let bands = vec![Band { days, hours: Hours { from: 18 * 60, to: 2 * 60 }, per_hour: Fen::new(per_hour + dearer) }];
        let tariff = Tariff {
            per_hour: Fen::new(per_hour),
            bands,
            unit_minutes,
            grace_minutes: 3,
            minimum: None,
            session_cap: None,
            night: None,
            packages: Vec::new(),
        };
        let pause = PauseTerms { minutes: 30, lit: false };
        Terms { tariff, time_zone: "Asia/Shanghai".into(), holidays: BTreeSet::new(), pays: 10_000, pause, member: None, package: None }
    }

    proptest! {
        #[test]
        fn v3_1_a_pause_costs_nothing_and_never_more_than_going_on(
            per_hour in 0..20_000_i64, dearer in 0..20_000_i64, unit in 1..=60_i64, hour in 0..24_i64,
            played in 0..6 * HOUR, pauses in prop::collection::vec(0..40 * MINUTE, 0..5),
        ) {
            let terms = terms(per_hour, dearer, unit);
            let lit = START.plus_micros(hour * HOUR);
            let over: i64 = pauses.iter().sum();
            let ended = lit.plus_micros(played + over);
            let held = Fen::new(i64::MAX / 4);
            let bill = |at| terms.bill(lit, at, held).unwrap().total;
            let paused = Pauses { over, ..Pauses::default() };
            prop_assert_eq!(bill(paused.clock(ended)), bill(lit.plus_micros(played)), "as if there had been none");
            prop_assert!(bill(paused.clock(ended)) <= bill(ended));
        }

        #[test]
        fn v3_1_the_clock_stands_still_while_it_is_paused_and_what_is_paid_moves_with_it(
            over in 0..HOUR, before in 0..HOUR, long in 0..2 * HOUR, left in 0..HOUR,
        ) {
            let since = START.plus_micros(over + before);
            let until = since.plus_micros(left);
            let (paused, now) = (Pauses { since: Some(since), over, ..Pauses::default() }, since.plus_micros(long));
            prop_assert_eq!(paused.clock(now), paused.clock(since));
            prop_assert_eq!((paused.total(now), paused.total(since)), (over + long, over));
            prop_assert_eq!(paused.clock(now).plus_micros(paused.total(now)), now, "what is left out of a bill's times is what was paused");
            let resumed = Pauses { over: over + long, ..Pauses::default() };
            prop_assert_eq!(resumed.clock(now), paused.clock(now), "nor does it jump when it goes on");
            // As much is left to play as when it began, and no more.
            prop_assert_eq!(resumed.clock(until.plus_micros(long)), paused.clock(since).plus_micros(left));
        }

        #[test]
        fn v3_1_no_pause_begins_beyond_what_was_agreed(minutes in 0..120_i64, over in 0..3 * HOUR, count in 0..10_i64) {
            let (terms, pauses) = (PauseTerms { minutes, lit: false }, Pauses { over, count, unlit: HOUR, ..Pauses::default() });
            prop_assert_eq!(pauses.may(terms), over < minutes * MINUTE && count < MOST);
            let under_way = Pauses { since: Some(START), ..pauses };
            prop_assert!(!under_way.may(terms));
        }
    }
}
