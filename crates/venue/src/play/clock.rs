//! What follows from the clock: each a job that was written with what it is about, and that looks again how things stand.

use std::sync::Arc;

use kernel::{MINUTE, SECOND, Timestamp};
use platform::messages::templates::ZONE;
use platform::{Cx, Result};
use serde::{Deserialize, Serialize};
use store::jobs::{Job, JobKind, NewJob, Outcome};
use store::{Sql as _, args};

use super::dark::{self, Gone};
use super::end::{End, close_session, fail};
use super::model::{EndReason, Session, SessionId, SessionState};
use super::{clean, pause, reports, rows, unlit};
use crate::Venue;
use crate::cases::{self, Cause};
use crate::devices::{self, Device, DeviceId, by_id, of_table};
use crate::halls::rows as halls;
use crate::halls::{Event, TableId, TableState};
use crate::holds;
use crate::overdue::AT_ONCE;
use crate::texts::{self, Notice};
use crate::told::{self, tell};

pub(crate) const OPENING_JOB: JobKind = JobKind::prompt("play.opening").counts();
pub(crate) const TIME_JOB: JobKind = JobKind::prompt("play.time").counts();
pub(crate) const FAULT_JOB: JobKind = JobKind::prompt("play.fault").counts();
pub(crate) const OFFLINE_JOB: JobKind = JobKind::prompt("play.offline").counts();
pub(crate) const CLOSING_JOB: JobKind = JobKind::prompt("play.closing").counts();

/// How long before its end a customer is warned.
pub(super) const WARNED_BEFORE: i64 = 5 * MINUTE;
/// Whoever was told so long ago, and says nothing, could have said something.
const ANSWERS: i64 = 10 * SECOND;
/// A way that is shut for so long may stay so: its table is of no use until it is open.
const SHUT: i64 = 5 * MINUTE;
/// How long a light may take to go off.
pub(super) const DARK: i64 = 45 * SECOND;

#[derive(Serialize, Deserialize)]
pub(super) struct OfSession {
    pub session: SessionId,
}

/// No light under a session, as was seen then.
#[derive(Serialize, Deserialize)]
pub(super) struct Fault {
    pub session: SessionId,
    pub since: Timestamp,
    /// Since when its light may be gone that was missed then; it may have come back and gone again since.
    #[serde(default)]
    pub gone: Option<Timestamp>,
    /// Play went on then after a pause in the dark: whatever it said since, it has to be on by now.
    #[serde(default)]
    pub resumed: bool,
}

impl Fault {
    /// What came after it is nobody's to pay.
    fn lit_until(&self) -> Timestamp {
        self.gone.unwrap_or(self.since)
    }
}

/// A light has gone. Since when, it says itself: it may have come back and gone again by then.
#[derive(Serialize, Deserialize)]
pub(super) struct Offline {
    pub device: DeviceId,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Closing {
    pub table: TableId,
    pub since: Timestamp,
}

macro_rules! job {
    ($name:ident, $payload:ty, $work:ident) => {
        pub(crate) async fn $name(venue: Arc<Venue>, cx: Cx, job: Job) -> Outcome {
            let ask: $payload = match job.read() {
                Ok(ask) => ask,
                Err(outcome) => return outcome,
            };
            match $work(&venue, &cx, &ask).await {
                Ok(None) => Outcome::Done,
                Ok(Some(at)) => Outcome::Again(at),
                Err(fault) => Outcome::Retry(fault.to_string()),
            }
        }
    };
}

job!(opening_job, OfSession, opening);
job!(time_job, OfSession, time);
job!(fault_job, Fault, fault);
job!(offline_job, Offline, offline);
job!(closing_job, Closing, closing);

/// What ends sessions that were to be over before then, or lit, and are not; and what frees tables that were to be free.
pub(crate) async fn overdue(cx: &Cx, before: Timestamp) -> Result<Vec<NewJob>> {
    let mut wanted = overdue_sessions(cx, before).await?;
    let sql = "SELECT id, state, since FROM venue_tables WHERE state IN ('closing', 'cleaning') AND since < $1 ORDER BY id LIMIT $2";
    let read = |row: &store::Row| Ok((row.get::<TableId>("id")?, row.word::<TableState>("state")?, row.get::<Timestamp>("since")?));
    for (table, state, since) in cx.db.read().all(sql, args![before, AT_ONCE], read).await? {
        wanted.push(match state {
            TableState::Cleaning => clean::job(table, since, cx.now())?,
            _ => NewJob::new(CLOSING_JOB, &Closing { table, since }, cx.now())?,
        });
    }
    Ok(wanted)
}

async fn overdue_sessions(cx: &Cx, before: Timestamp) -> Result<Vec<NewJob>> {
    let sql = "SELECT id, state FROM play_sessions WHERE state IN ('opening', 'playing') \
               AND CASE WHEN state = 'opening' THEN asked_at ELSE until_at END < $1 ORDER BY table_id LIMIT $2";
    let read = |row: &store::Row| Ok((row.get::<SessionId>("id")?, row.word::<SessionState>("state")?));
    let found = cx.db.read().all(sql, args![before, AT_ONCE], read).await?;
    let job = |(session, state): (SessionId, SessionState)| {
        let kind = match state {
            SessionState::Opening => OPENING_JOB,
            SessionState::Playing | SessionState::Closed | SessionState::Failed => TIME_JOB,
        };
        NewJob::new(kind, &OfSession { session }, cx.now()).map_err(kernel::Fault::from)
    };
    found.into_iter().map(job).collect()
}

/// A session that is in this state, as is seen without a transaction: no session comes back to a state that it has left, and most looks find that
/// theirs is over.
async fn seen(cx: &Cx, ask: &OfSession, state: SessionState) -> Result<Option<Session>> {
    Ok(rows::by_id(&mut cx.db.read(), ask.session).await?.filter(|session| session.state == state))
}

/// The light has not been seen in time: undone, and nobody else shall try this table.
async fn opening(venue: &Venue, cx: &Cx, ask: &OfSession) -> Result<Option<Timestamp>> {
    let Some(session) = seen(cx, ask, SessionState::Opening).await? else { return Ok(None) };
    let mut tx = cx.db.begin().await?;
    let mut table = halls::lock_table(&mut tx, session.table).await?;
    let Some(session) = rows::by_id(&mut tx, ask.session).await?.filter(|session| session.state == SessionState::Opening) else {
        return Ok(None);
    };
    let light = of_table(&mut tx, table.id).await?;
    // Whoever could not have answered is not broken: the way to it was shut, or we were.
    let cause = match light.filter(|light| !devices::had_time(venue, light, ANSWERS, cx.now())) {
        Some(light) => {
            devices::lost(&mut tx, cx, venue, &light).await?;
            Cause::Offline
        }
        None => Cause::NotLit,
    };
    fail(&mut tx, cx, venue, &mut table, &session, cause).await?;
    tx.commit().await?;
    Ok(None)
}

/// Warns, and then closes, when what was paid is over.
async fn time(venue: &Venue, cx: &Cx, ask: &OfSession) -> Result<Option<Timestamp>> {
    let Some(session) = seen(cx, ask, SessionState::Playing).await? else { return Ok(None) };
    let mut tx = cx.db.begin().await?;
    let mut table = halls::lock_table(&mut tx, session.table).await?;
    let Some(session) = rows::by_id(&mut tx, ask.session).await?.filter(|session| session.state == SessionState::Playing) else {
        return Ok(None);
    };
    if session.pauses.since.is_some() {
        let again = pause::time_is_up(&mut tx, cx, venue, &mut table, &session).await?;
        tx.commit().await?;
        // It goes on: when to warn is found out anew.
        return Ok(Some(again.unwrap_or_else(|| cx.now())));
    }
    let (now, warning) = (cx.now(), session.until.plus_micros(-WARNED_BEFORE));
    if now < warning {
        return Ok(Some(warning));
    }
    if now < session.until {
        if session.warned_of != Some(session.until) {
            let params = [("table", table.name.clone()), ("until_at", session.until.to_string()), (ZONE, session.terms.time_zone.clone())];
            tell(&mut tx, cx, session.customer, &told::ENDING, &params).await?;
            texts::notice(&mut tx, cx, venue, session.customer, &table, Notice::Ending { at: session.until }).await?;
            let sql = "UPDATE play_sessions SET warned_of = $1 WHERE id = $2";
            tx.exec(sql, args![session.until, session.id]).await?;
            tx.commit().await?;
        }
        return Ok(Some(session.until));
    }
    match dark::gone(&mut tx, &session, &table, now).await? {
        Some(Gone::Dark { since }) if since < session.until => reports::let_go(&mut tx, cx, venue, &mut table, &session, since).await?,
        gone => close_session(&mut tx, cx, venue, &mut table, &session, end_at(session.until, gone)).await?,
    }
    tx.commit().await?;
    Ok(None)
}

/// How play is over whose time is up.
fn end_at(until: Timestamp, gone: Option<Gone>) -> End {
    match gone {
        // For so long nobody knows whether they had light.
        Some(Gone::Away { since, missed }) if missed.plus_micros(reports::PATIENCE) <= until => {
            End { reason: EndReason::DeviceFault, at: since }
        }
        Some(Gone::RanOut { since }) if since < until => End { reason: EndReason::DeviceFault, at: since },
        // Who was there until a moment ago had their light to the end, for all that is known.
        Some(Gone::Dark { .. } | Gone::Away { .. } | Gone::RanOut { .. }) | None => End { reason: EndReason::TimeUp, at: until },
    }
}

/// Whoever plays has had no light for a while: closed as of when it went, and the table is looked after. Where the whole hall is away it is no light
/// that failed, and play goes on for some minutes before.
async fn fault(venue: &Venue, cx: &Cx, ask: &Fault) -> Result<Option<Timestamp>> {
    let Some(session) = rows::by_id(&mut cx.db.read(), ask.session).await? else { return Ok(None) };
    let mut tx = cx.db.begin().await?;
    let mut table = halls::lock_table(&mut tx, session.table).await?;
    let Some(session) = rows::by_id(&mut tx, ask.session).await?.filter(|session| session.state == SessionState::Playing) else {
        return Ok(None);
    };
    // Paused since: whether it comes on again is looked at when play goes on.
    if session.pauses.since.is_some() {
        return Ok(None);
    }
    let (light, now, patience) = (of_table(&mut tx, table.id).await?, cx.now(), unlit::patience(session.pauses.unlit));
    // Whoever looks again, having waited for a hall, finds another story.
    let resumed = ask.resumed && now < ask.since.plus_micros(patience);
    let second_look = ask.since.plus_micros(2 * reports::PATIENCE);
    match &light {
        // One that comes and goes and never says how it is must not escape all looks: it has as long again, and then is dark, if it was told to be lit.
        Some(light) if dark::has_said_nothing_since(light, ask.since) && now < second_look => return Ok(Some(second_look)),
        Some(light) if dark::has_said_nothing_since(light, ask.since) && light.told_at.is_some_and(|at| at > ask.since) => {}
        // It came back in between for good, even if it has gone again: then another job looks at that.
        Some(light) if !dark::is_dark_since(light, ask.since, resumed, now) => return Ok(None),
        Some(_) | None => {}
    }
    let went_with_its_hall = match &light {
        Some(light) if !light.online => devices::is_the_halls(&mut tx, light).await?,
        Some(_) | None => false,
    };
    let mut again = None;
    if let Some(light) = light.filter(|_| went_with_its_hall) {
        let begun = session.begun(&table);
        let since = light.dark_since(ask.lit_until(), begun, now).max(begun);
        let over = since.plus_micros(patience);
        if now < over {
            devices::hall_is_away(&mut tx, cx, table.venue_id).await?;
            again = Some(over);
        } else {
            unlit::settle(&mut tx, cx, venue, &mut table, since, false).await?;
        }
    } else {
        reports::let_go(&mut tx, cx, venue, &mut table, &session, ask.lit_until()).await?;
    }
    tx.commit().await?;
    Ok(again)
}

/// A light has been away for a while under nobody; or it was told something just when its hall went.
async fn offline(venue: &Venue, cx: &Cx, ask: &Offline) -> Result<Option<Timestamp>> {
    let over = |light: &Device| light.online_since.plus_micros(reports::PATIENCE);
    let Some(light) = by_id(&mut cx.db.read(), ask.device).await?.filter(|light| !light.online) else { return Ok(None) };
    if cx.now() < over(&light) {
        return Ok(Some(over(&light)));
    }
    let mut tx = cx.db.begin().await?;
    let mut table = halls::lock_table(&mut tx, light.table_id).await?;
    let light = of_table(&mut tx, table.id).await?;
    let Some(light) = light.filter(|light| !light.online && cx.now() >= over(light)) else { return Ok(None) };
    match table.state {
        TableState::Idle | TableState::Reserved | TableState::Cleaning => {
            halls::advance(&mut tx, cx, &venue.news, &mut table, Event::Break).await?;
            holds::lost(&mut tx, cx, &table).await?;
            cases::open(&mut tx, cx, &table, Cause::Offline, "", None).await?;
        }
        TableState::Maintenance => {
            if devices::is_the_halls(&mut tx, &light).await? || devices::is_the_devices(&mut tx, &light).await? {
                cases::was_away(&mut tx, table.id, light.online_since.plus_micros(-devices::AT_ONCE)).await?;
            }
        }
        TableState::Opening | TableState::Playing | TableState::Paused | TableState::Closing => return Ok(None),
    }
    tx.commit().await?;
    Ok(None)
}

/// The light has not gone off in time.
async fn closing(venue: &Venue, cx: &Cx, ask: &Closing) -> Result<Option<Timestamp>> {
    let mut tx = cx.db.begin().await?;
    let mut table = halls::lock_table(&mut tx, ask.table).await?;
    if table.state != TableState::Closing || table.since > ask.since {
        return Ok(None);
    }
    let mut light = of_table(&mut tx, table.id).await?;
    if let Some(seen) = light.as_mut().filter(|light| light.online && !light.agrees() && !devices::had_time(venue, light, DARK, cx.now())) {
        // It was not told, or has yet to find us again.
        if cx.now().micros() - table.since.micros() < SHUT {
            return Ok(Some(cx.now().plus_micros(ANSWERS)));
        }
        devices::lost(&mut tx, cx, venue, seen).await?;
        seen.online = false;
    }
    if light.as_ref().is_some_and(|light| light.wanted || (light.online && light.reported == Some(false))) {
        // It is off and nobody had heard so; or somebody wants it on, by hand.
        clean::dark(&mut tx, cx, venue, &mut table).await?;
    } else {
        // Who is away goes off by its own timer, and may be used again when it is back.
        let cause = if light.is_some_and(|light| !light.online) { Cause::Offline } else { Cause::NotDark };
        halls::advance(&mut tx, cx, &venue.news, &mut table, Event::Break).await?;
        cases::open(&mut tx, cx, &table, cause, "", None).await?;
    }
    tx.commit().await?;
    Ok(None)
}
