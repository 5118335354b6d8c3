//! Faults of ours, and whom they are told to (V8.1). Each is in the log at once, with its cause; super admins are told at most once an hour how many
//! there were, and by what the last of them is found in the log.
//!
//! Whatever fails only counts, in this process's memory: the database may be what is wrong. What is counted is told by the clock
//! ([`upkeep::tick`](crate::upkeep::tick)).

use std::sync::{Mutex, MutexGuard, PoisonError};

use kernel::Timestamp;

use crate::allowance::Allowance;
use crate::messages::templates;
use crate::{Cx, Result, messages};

/// Of all processes together. Whichever is first in an hour tells what it has counted; the others keep theirs for the next one.
const TOLD: Allowance = Allowance { name: "faults told", window_seconds: 3_600, most: 1 };

/// What this process has counted and not told yet.
#[derive(Default)]
pub struct Faults(Mutex<Option<Seen>>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Seen {
    count: u64,
    /// Where the last one was: a route's template, or a kind of job. Nothing that is anybody's.
    place: String,
    /// The request's or the job's, which its lines in the log bear.
    id: String,
    at: Timestamp,
}

impl Faults {
    /// Counts one. Waits for nothing.
    pub fn count(&self, place: &str, id: &str, at: Timestamp) {
        let mut seen = self.lock();
        let count = seen.as_ref().map_or(0, |seen| seen.count).saturating_add(1);
        *seen = Some(Seen { count, place: place.to_owned(), id: id.to_owned(), at });
    }

    fn seen(&self) -> Option<Seen> {
        self.lock().clone()
    }

    /// So many were told. Those that came meanwhile are left.
    fn told(&self, count: u64) {
        let mut seen = self.lock();
        *seen = seen.take().filter(|seen| seen.count > count).map(|seen| Seen { count: seen.count - count, ..seen });
    }

    fn lock(&self) -> MutexGuard<'_, Option<Seen>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells super admins what was counted, where there is anything and nobody has told them in this hour.
pub(crate) async fn tell(cx: &Cx) -> Result<()> {
    let Some(seen) = cx.faults.seen() else { return Ok(()) };
    if TOLD.is_spent(&mut cx.db.read(), cx, "").await? {
        return Ok(());
    }
    let said = [("count", seen.count.to_string()), ("place", seen.place), ("id", seen.id), ("last_at", seen.at.to_string())];
    let mut tx = cx.db.begin().await?;
    if TOLD.count(&mut tx, cx, "").await? > TOLD.most {
        // Another process was faster.
        return Ok(());
    }
    messages::tell_super_admins(&mut tx, cx, &templates::FAULTS, &said, None).await?;
    tx.commit().await?;
    cx.faults.told(seen.count);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn v8_1_what_fails_while_it_is_told_is_told_the_next_time() {
        let (faults, at) = (Faults::default(), Timestamp::from_unix(1));
        assert_eq!(faults.seen(), None);
        faults.count("/a", "1", at);
        faults.count("/b", "2", at);
        let first = faults.seen().unwrap();
        assert_eq!((first.count, first.place.as_str(), first.id.as_str()), (2, "/b", "2"));
        faults.count("/c", "3", at);
        faults.told(first.count);
        let left = faults.seen().unwrap();
        assert_eq!((left.count, left.id.as_str()), (1, "3"));
        faults.told(left.count);
        assert_eq!(faults.seen(), None);
    }
}
