//! How long the broker has been away, and when that is to be told.

use kernel::{HOUR, MINUTE, SECOND, Timestamp};

/// A broker that is away for so long is told to whoever sees to it, and again after a while: one that is started anew is back before.
const PATIENCE: i64 = MINUTE;
const AGAIN: i64 = HOUR;
/// A connection that ends sooner was none: where each does, the broker lets nobody be heard, and is as good as away.
const STEADY: i64 = 10 * SECOND;

/// Whether the broker is away, and since when.
#[derive(Default)]
pub(super) struct Outage {
    away: Option<Away>,
    /// Since when there is a connection.
    open_since: Option<Timestamp>,
}

struct Away {
    since: Timestamp,
    /// When that is to be told next.
    tell_at: Timestamp,
}

impl Outage {
    pub fn opens(&mut self, now: Timestamp) {
        self.open_since = Some(now);
    }

    /// There is no connection, or none any more. Whether it has just gone.
    pub fn is_new(&mut self, now: Timestamp) -> bool {
        if self.open_since.take().is_some_and(|since| since.plus_micros(STEADY) <= now) {
            self.away = None;
        }
        let is_new = self.away.is_none();
        if is_new {
            self.away = Some(Away { since: now, tell_at: now.plus_micros(PATIENCE) });
        }
        is_new
    }

    /// Since when it has been away, where that is to be told now.
    pub fn take_news(&mut self, now: Timestamp) -> Option<Timestamp> {
        let away = self.away.as_mut().filter(|away| away.tell_at <= now)?;
        away.tell_at = now.plus_micros(AGAIN);
        Some(away.since)
    }
}
