//! What follows when a light says something. The table's row is locked, the device's is written.

use kernel::{SECOND, Timestamp};
use platform::messages::templates::ZONE;
use platform::{Cx, Result};
use store::Tx;
use store::jobs::NewJob;

use super::clock::{FAULT_JOB, Fault, OFFLINE_JOB, OfSession, Offline, TIME_JOB, WARNED_BEFORE};
use super::end::{End, close_session};
use super::model::{EndReason, Session, SessionState};
use super::{clean, rows, unlit};
use crate::Venue;
use crate::cases::{self, Cause};
use crate::devices::{self, Device};
use crate::halls::rows as halls;
use crate::halls::{Event, Table, TableState};
use crate::holds;
use crate::told::{self, tell};

/// How long a light may be away, or dark, under somebody who plays before it counts as broken: a network that blinks harms nobody.
pub(super) const PATIENCE: i64 = 60 * SECOND;

/// The relay of the table's light is on, or off; where that is wrong, it is so since then, if only from time to time.
pub(crate) async fn light_is(
    tx: &mut Tx,
    cx: &Cx,
    venue: &Venue,
    table: &mut Table,
    on: bool,
    wrong_since: Option<Timestamp>,
) -> Result<()> {
    match (table.state, on) {
        (TableState::Opening, true) => match rows::live(tx, table.id).await? {
            Some(session) => begin(tx, cx, venue, table, session).await,
            None => Ok(()),
        },
        (TableState::Closing, false) => clean::dark(tx, cx, venue, table).await,
        (TableState::Playing, false) => is_dark(tx, cx, venue, table, wrong_since.unwrap_or_else(|| cx.now())).await,
        // What is off whenever somebody looks is seen here.
        (TableState::Idle | TableState::Reserved | TableState::Cleaning | TableState::Maintenance, true)
            if wrong_since.is_some_and(|since| is_over(cx, since)) =>
        {
            burns_for_nobody(tx, cx, venue, table).await
        }
        (TableState::Maintenance, _) if wrong_since.is_none() => is_heard_again(tx, cx, venue, table).await,
        _ => Ok(()),
    }
}

pub(super) fn is_over(cx: &Cx, since: Timestamp) -> bool {
    cx.now().micros() - since.micros() >= PATIENCE
}

/// Whoever plays has no light; nor had they much of it since then.
async fn is_dark(tx: &mut Tx, cx: &Cx, venue: &Venue, table: &mut Table, since: Timestamp) -> Result<()> {
    let Some(session) = rows::live(tx, table.id).await? else { return Ok(()) };
    // What it did before play began is nobody's.
    let since = since.max(session.lit_at.unwrap_or(session.asked_at));
    // It may be on whenever a job looks at it: what is wrong for so long is decided where it is heard of.
    if is_over(cx, since) {
        return let_go(tx, cx, venue, table, &session, since).await;
    }
    let fault = Fault { session: session.id, since, gone: None, resumed: false };
    let job = NewJob::new(FAULT_JOB, &fault, since.plus_micros(PATIENCE))?.once(format!("{}-{}", session.id, since.micros()));
    cx.enqueue(tx, job).await?;
    Ok(())
}

/// Whoever plays has had no light since then: closed as of that, and the table is looked after. Where nothing else is known of its light than that it
/// is away, that ends by itself: it may have been the network alone, and whoever opens it next pays for no light that does not come. But not for ever:
/// a plug that is pulled again and again is seen to by somebody.
pub(super) async fn let_go(tx: &mut Tx, cx: &Cx, venue: &Venue, table: &mut Table, session: &Session, since: Timestamp) -> Result<()> {
    let (light, begun) = (devices::of_table(tx, table.id).await?, session.begun(table));
    let since = light.as_ref().map_or(since, |light| light.dark_since(since, begun, cx.now()));
    // That it was off before play went on, as in a dark pause, is as it should have been; unless it was told to come on, and did not.
    let was_well = |light: &Device| light.was_on_last() || (!light.was_told() && light.reported_at.is_none_or(|at| at < begun));
    let is_only_away = light.is_some_and(|light| !light.online && was_well(&light)) && !cases::is_away_often(tx, cx, table).await?;
    let cause = if is_only_away { Cause::Offline } else { Cause::InPlay };
    // What it did before play began, or went on, is nobody's. By a clock that was set back since, it may be to come: what was not played yet is not
    // billed.
    let end = End { reason: EndReason::DeviceFault, at: since.max(begun).min(cx.now()) };
    close_session(tx, cx, venue, table, session, end).await?;
    halls::advance(tx, cx, &venue.news, table, Event::Break).await?;
    cases::open(tx, cx, table, cause, "", Some(session.id)).await
}

/// The light is on: time counts from now.
async fn begin(tx: &mut Tx, cx: &Cx, venue: &Venue, table: &mut Table, session: Session) -> Result<()> {
    if session.state != SessionState::Opening || halls::advance(tx, cx, &venue.news, table, Event::Lit).await?.is_none() {
        return Ok(());
    }
    let lit = cx.now();
    let until = session.terms.until(lit, session.minutes);
    rows::begin(tx, session.id, lit, until).await?;
    if until > session.until {
        // It took longer than was thought of: its own timer would end before what is paid.
        devices::want(tx, cx, venue, table.id).await?;
    }
    // The first that the clock has to say is that time is nearly over. What moves the end moves it on; and a pause looks at the clock by itself.
    let time = NewJob::new(TIME_JOB, &OfSession { session: session.id }, until.plus_micros(-WARNED_BEFORE).max(lit))?;
    cx.enqueue(tx, time).await?;
    let params = [
        ("table", table.name.clone()),
        ("lit_at", lit.to_string()),
        ("until_at", until.to_string()),
        (ZONE, session.terms.time_zone.clone()),
    ];
    tell(tx, cx, session.customer, &told::LIT, &params).await?;
    holds::plays_elsewhere(tx, cx, venue, session.customer).await
}

/// The table's light has come to the broker, or gone from it.
pub(crate) async fn device_is(tx: &mut Tx, cx: &Cx, venue: &Venue, table: &mut Table, device: &Device, online: bool) -> Result<()> {
    if !online {
        // Whoever comes and goes is looked at twice a minute at most: a job is carried out after all the goings that share its name.
        let slot = cx.now().micros() / (PATIENCE / 2);
        let gone = NewJob::new(OFFLINE_JOB, &Offline { device: device.id }, cx.now().plus_micros(PATIENCE))?;
        cx.enqueue(tx, gone.once(format!("{}-{slot}", device.id))).await?;
        if table.state != TableState::Playing {
            return Ok(());
        }
        let gone = devices::by_id(tx, device.id).await?.and_then(|light| light.away_since());
        return watch(tx, cx, table, gone, false).await;
    }
    // For how long nobody has seen it is known now: play goes on, or was over when it left.
    if table.state == TableState::Playing
        && let Some(gone) = device.away_since()
        && is_over(cx, device.missed_at())
    {
        // Its own timer may have run out before, or meanwhile: that is no second stretch. Otherwise it still runs.
        let since = device.dark_since(gone, table.since, cx.now());
        unlit::settle(tx, cx, venue, table, since, true).await?;
        if device.ran_out(cx.now()).is_some() {
            devices::forget_timer(tx, device.id).await?;
        }
    }
    Ok(())
}

/// The light of a table that is out of service is as it should be. Where nothing was wrong but that it was away, nothing is.
async fn is_heard_again(tx: &mut Tx, cx: &Cx, venue: &Venue, table: &mut Table) -> Result<()> {
    let case = cases::of_table(tx, table.id).await?;
    if case.is_some_and(|case| case.cause == Cause::Offline) {
        cases::close(tx, cx, table, None, "").await?;
        halls::advance(tx, cx, &venue.news, table, Event::Repair).await?;
    }
    Ok(())
}

/// The light over a table that nobody uses is on, and does not go off: somebody has to look.
pub(crate) async fn burns_for_nobody(tx: &mut Tx, cx: &Cx, venue: &Venue, table: &mut Table) -> Result<()> {
    match table.state {
        TableState::Idle | TableState::Reserved | TableState::Cleaning => {
            halls::advance(tx, cx, &venue.news, table, Event::Break).await?;
            holds::lost(tx, cx, table).await?;
            cases::open(tx, cx, table, Cause::NotDark, "", None).await
        }
        TableState::Maintenance => cases::turns_out(tx, cx, table, Cause::NotDark).await,
        TableState::Opening | TableState::Playing | TableState::Paused | TableState::Closing => Ok(()),
    }
}

/// The relay of the table's light is on, and its lamp is dark since then: whoever plays there is let go, as where a light went away in play,
/// and nobody else shall try.
pub(crate) async fn is_dark_though_on(tx: &mut Tx, cx: &Cx, venue: &Venue, table: &mut Table, since: Timestamp) -> Result<()> {
    let session = match table.state {
        TableState::Playing | TableState::Paused => rows::live(tx, table.id).await?,
        TableState::Idle | TableState::Reserved | TableState::Cleaning => None,
        // Of who waits for a light, or is gone, more is heard soon.
        TableState::Opening | TableState::Closing | TableState::Maintenance => return Ok(()),
    };
    if let Some(session) = &session {
        // It may have been dark before they came.
        let end = End { reason: EndReason::DeviceFault, at: since.max(session.lit_at.unwrap_or(session.asked_at)).min(cx.now()) };
        close_session(tx, cx, venue, table, session, end).await?;
    }
    halls::advance(tx, cx, &venue.news, table, Event::Break).await?;
    holds::lost(tx, cx, table).await?;
    cases::open(tx, cx, table, Cause::NoPower, "", session.map(|session| session.id)).await
}

/// Looks again in a while whether who plays still has no light. `gone`: since when that may be gone, where it was missed.
pub(super) async fn watch(tx: &mut Tx, cx: &Cx, table: &Table, gone: Option<Timestamp>, resumed: bool) -> Result<()> {
    if let Some(session) = rows::live(tx, table.id).await? {
        let fault = Fault { session: session.id, since: cx.now(), gone, resumed };
        cx.enqueue(tx, NewJob::new(FAULT_JOB, &fault, cx.now().plus_micros(PATIENCE))?).await?;
    }
    Ok(())
}
