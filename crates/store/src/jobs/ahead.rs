//! Jobs that were put off, and leases that were taken, by a clock that was ahead and was set back since. By the right clock they would end late by as
//! much as it had been ahead; so what is further away than it can be is counted anew from now.

use kernel::{APART, Timestamp};

use super::runner::LEASE;
use super::{Crew, JobId};
use crate::{Db, Result, Sql, args, update_many};

/// Jobs that one transaction sets right: it holds SQLite's writer for some milliseconds.
const AT_ONCE: i64 = 1_000;

/// When a job is due that was put off until `run_at` when the clock showed `decided`: where that is to come, after as long as was wanted then,
/// counted from `now`. Never later than it was.
fn due(run_at: Timestamp, decided: Timestamp, now: Timestamp) -> Timestamp {
    if decided <= now.plus_micros(APART) {
        return run_at;
    }
    let wanted = run_at.micros().saturating_sub(decided.micros()).max(0);
    run_at.min(now.plus_micros(wanted))
}

/// The latest end of a lease that can have been taken by a clock like ours. One that ends later ends in [`LEASE`]: whoever still works has renewed
/// it by then.
fn latest(now: Timestamp) -> Timestamp {
    now.plus_micros(LEASE + APART)
}

/// Has jobs wait no longer than was wanted, and leases last no longer than they can, where a clock that was ahead has written them. Where there is
/// nothing of the kind it only reads, along indexes.
pub async fn set_right(db: &Db, now: Timestamp) -> Result<()> {
    put_off(db, now).await?;
    leases(db, now).await?;
    leads(db, now).await
}

async fn put_off(db: &Db, now: Timestamp) -> Result<()> {
    let after = now.plus_micros(APART);
    loop {
        let there = "SELECT 1 AS there FROM jobs WHERE state = 'queued' AND decided_at > $1 ORDER BY decided_at LIMIT 1";
        if db.read().opt(there, args![after], |_| Ok(())).await?.is_none() {
            return Ok(());
        }
        let mut tx = db.begin().await?;
        // What a worker is taking needs nothing.
        let skip = tx.skip_locked();
        let sql = format!(
            "SELECT id, run_at, decided_at FROM jobs WHERE state = 'queued' AND decided_at > $1 ORDER BY decided_at LIMIT {AT_ONCE}{skip}"
        );
        let rows = tx
            .all(&sql, args![after], |row| {
                let (run_at, decided) = (row.get::<Timestamp>("run_at")?, row.get::<Timestamp>("decided_at")?);
                Ok(args![row.get::<JobId>("id")?, due(run_at, decided, now), now])
            })
            .await?;
        let found = update_many(&mut tx, "jobs", &["id", "run_at", "decided_at"], rows).await?;
        let waiting = db.clone();
        tx.on_commit(move || waiting.wake_jobs());
        tx.commit().await?;
        if found < AT_ONCE.unsigned_abs() {
            return Ok(());
        }
        tokio::task::yield_now().await;
    }
}

async fn leases(db: &Db, now: Timestamp) -> Result<()> {
    let ahead = format!("state = 'running' AND crew IN ({}) AND lease_until > $1", Crew::list());
    let there = format!("SELECT 1 AS there FROM jobs WHERE {ahead} LIMIT 1");
    if db.read().opt(&there, args![latest(now)], |_| Ok(())).await?.is_none() {
        return Ok(());
    }
    let mut tx = db.begin().await?;
    let sql = format!("UPDATE jobs SET lease_until = $2 WHERE {ahead}");
    tx.exec(&sql, args![latest(now), now.plus_micros(LEASE)]).await?;
    tx.commit().await
}

/// The same of crews that work in one process at a time.
async fn leads(db: &Db, now: Timestamp) -> Result<()> {
    let there = "SELECT 1 AS there FROM crews WHERE until_at > $1 LIMIT 1";
    if db.read().opt(there, args![latest(now)], |_| Ok(())).await?.is_none() {
        return Ok(());
    }
    let mut tx = db.begin().await?;
    tx.exec("UPDATE crews SET until_at = $2 WHERE until_at > $1", args![latest(now), now.plus_micros(LEASE)]).await?;
    tx.commit().await
}

#[cfg(test)]
mod tests {
    use kernel::{DAY, SECOND};
    use proptest::prelude::*;

    use super::*;

    const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

    proptest! {
        #[test]
        fn after_a_step_back_of_any_size_no_job_waits_longer_than_was_wanted_and_what_clocks_may_differ_by(
            wanted in -DAY..30 * DAY, ahead in 0..400 * DAY, passed in 0..DAY,
        ) {
            // Put off by a clock that was ahead; after a while that was set back to NOW.
            let decided = NOW.plus_micros(ahead - passed);
            let run_at = decided.plus_micros(wanted);
            let at = due(run_at, decided, NOW);
            prop_assert!(at <= run_at, "never later than it was");
            prop_assert!(at <= NOW.plus_micros(wanted.max(0) + APART));
            // Nor sooner than as long after the clock was set as was wanted, unless it was due sooner anyway.
            prop_assert!(at >= run_at.min(NOW.plus_micros(wanted)));
            prop_assert_eq!(due(at, NOW, NOW), at, "set right once, it stays");
        }

        #[test]
        fn what_a_clock_like_ours_has_written_stays_as_it_is(wanted in -DAY..30 * DAY, ago in -APART..DAY) {
            let decided = NOW.plus_micros(-ago);
            prop_assert_eq!(due(decided.plus_micros(wanted), decided, NOW), decided.plus_micros(wanted));
            prop_assert!(decided.plus_micros(LEASE) <= latest(NOW));
        }
    }

    #[test]
    fn a_lease_that_another_process_renews_by_a_clock_minutes_ahead_is_left_to_it() {
        assert!(NOW.plus_micros(APART - SECOND + LEASE) <= latest(NOW));
        assert!(NOW.plus_micros(APART + SECOND + LEASE) > latest(NOW));
    }
}
