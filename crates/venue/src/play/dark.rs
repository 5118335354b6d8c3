//! Whether who plays has light at this moment. A light that is dark for a minute ends play by itself ([`super::reports`]); who ends it before that
//! has had no more than what was lit.

use kernel::Timestamp;
use platform::Result;
use store::Sql;

use super::model::Session;
use crate::devices::{self, Device};

/// No light over who plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gone {
    /// Its relay says that it is off, though it was told to be on: somebody has to look.
    Dark { since: Timestamp },
    /// It is away, and may be dark or not. Whatever became of it is seen when it is back.
    Away { since: Timestamp },
}

impl Gone {
    pub const fn since(self) -> Timestamp {
        match self {
            Self::Dark { since } | Self::Away { since } => since,
        }
    }
}

/// None where there is light, or none is owed: a pause may be dark.
pub(super) async fn gone(sql: &mut impl Sql, session: &Session, now: Timestamp) -> Result<Option<Gone>> {
    let Some(light) = devices::of_table(sql, session.table).await?.filter(|_| session.pauses.since.is_none()) else { return Ok(None) };
    Ok(of(&light, session.lit_at.unwrap_or(session.asked_at), now))
}

fn of(light: &Device, lit: Timestamp, now: Timestamp) -> Option<Gone> {
    // What it did before play began is nobody's; nor is what is to come, by a clock that was set back.
    let within = |since: Timestamp| since.max(lit).min(now);
    if !light.online {
        return Some(Gone::Away { since: within(light.online_since) });
    }
    // What it said before it was last told to be on says nothing of now.
    let is_dark = light.wanted && light.reported == Some(false) && light.has_answered();
    is_dark.then(|| Gone::Dark { since: within(light.course.wrong(now).unwrap_or(now)) })
}
