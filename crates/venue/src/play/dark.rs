//! Whether who plays has light at this moment. A light that is dark for a minute ends play by itself ([`super::reports`]); who ends it before that
//! has had no more than what was lit.

use kernel::Timestamp;
use platform::Result;
use store::Sql;

use super::model::{Session, SessionState};
use super::reports::PATIENCE;
use crate::devices::{self, Device};
use crate::halls::{Table, rows as halls};

/// No light over who plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gone {
    /// Its relay says that it is off, though it was told to be on: somebody has to look.
    Dark { since: Timestamp },
    /// It is away, and may be dark or not. Whatever became of it is seen when it is back.
    Away {
        /// Since when it may be gone.
        since: Timestamp,
        /// When it was missed: for a minute from then on it harms nobody.
        missed: Timestamp,
    },
    /// Its own timer has run out, for nobody could tell it to go on. Nothing is wrong with it: it comes on as soon as it is told.
    RanOut { since: Timestamp },
}

impl Gone {
    pub const fn since(self) -> Timestamp {
        match self {
            Self::Dark { since } | Self::Away { since, .. } | Self::RanOut { since } => since,
        }
    }
}

kernel::words! {
    /// How the light over somebody who plays is, for all that is known.
    pub enum SessionLight {
        On = "on",
        /// Off, though it was told to be on.
        Off = "off",
        /// Not heard from: it may be off or not.
        Away = "away",
    }
}

/// What is to be seen of a session's light.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Seen {
    /// None where nothing is known, or no light is owed: before and after play, and in a pause.
    pub light: Option<SessionLight>,
    /// Since when there is none: what comes after is not billed to who ends play now.
    pub gone_since: Option<Timestamp>,
}

pub(super) async fn seen(sql: &mut impl Sql, session: &Session, now: Timestamp) -> Result<Seen> {
    if session.state != SessionState::Playing {
        return Ok(Seen::default());
    }
    let Some(light) = owed(sql, session).await? else { return Ok(Seen::default()) };
    let begun = session.begun(&halls::table(sql, session.table).await?);
    let gone = of(&light, begun, now);
    let light = match gone {
        Some(Gone::Dark { .. } | Gone::RanOut { .. }) => Some(SessionLight::Off),
        Some(Gone::Away { .. }) => Some(SessionLight::Away),
        // Off by what it said before it was told to be on: it is about to come on.
        None => (light.reported == Some(true)).then_some(SessionLight::On),
    };
    Ok(Seen { light, gone_since: gone.map(Gone::since) })
}

/// None where there is light, or none is owed. Of a session that is played, on its table.
pub(super) async fn gone(sql: &mut impl Sql, session: &Session, table: &Table, now: Timestamp) -> Result<Option<Gone>> {
    let light = owed(sql, session).await?;
    Ok(light.and_then(|light| of(&light, session.begun(table), now)))
}

/// The light that is to be on over a session: a pause may be dark.
async fn owed(sql: &mut impl Sql, session: &Session) -> Result<Option<Device>> {
    Ok(devices::of_table(sql, session.table).await?.filter(|_| session.pauses.since.is_none()))
}

fn of(light: &Device, begun: Timestamp, now: Timestamp) -> Option<Gone> {
    // What it did before play began, or went on, is nobody's; nor is what is to come, by a clock that was set back.
    let within = |since: Timestamp| since.max(begun).min(now);
    // A timer that ended before play began was set by a clock that was behind.
    let ran_out = light.ran_out(now).filter(|end| *end >= begun);
    // Of who was away before, and is still, nobody knows more.
    if let Some(since) = light.away_since().filter(|since| ran_out.is_none_or(|end| *since <= end)) {
        return Some(Gone::Away { since: within(since), missed: within(light.missed_at()) });
    }
    if let Some(end) = ran_out {
        return Some(Gone::RanOut { since: within(end) });
    }
    // What it said before it was last told to be on says nothing of now.
    let is_dark = light.wanted && light.reported == Some(false) && light.has_answered();
    is_dark.then(|| Gone::Dark { since: within(light.course.wrong(now).unwrap_or(now)) })
}

/// Whether there was no light all the time, or none for longer than a moment.
pub(super) fn is_dark_since(light: &Device, since: Timestamp, resumed: bool, now: Timestamp) -> bool {
    let before = |at: Option<Timestamp>| resumed || at.is_none_or(|at| at <= since);
    match (light.online, light.reported) {
        (true, Some(true)) => false,
        (true, Some(false)) => before(light.course.wrong(now)),
        // Who has come back since has yet to say how it is, or is found to be silent. For how long it was away was judged when it came.
        (true, None) => light.online_since <= since && before(light.reported_at),
        (false, _) => before(Some(light.online_since)),
    }
}

/// It has come, and perhaps gone, without a word of its relay. Where it was away for longer than that before it came, that was judged then.
pub(super) fn has_said_nothing_since(light: &Device, since: Timestamp) -> bool {
    let is_mute = light.reported.is_none() && light.reported_at.is_none_or(|at| at <= since);
    is_mute && light.online_since > since && light.online_since <= since.plus_micros(2 * PATIENCE)
}
