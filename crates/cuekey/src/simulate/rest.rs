//! When the server has nothing more to do until its clock moves.

use std::time::Duration;

use kernel::{Clock, Stopwatch, Word as _};
use store::jobs::Crew;
use store::{Sql as _, args};
use venue::halls::TableId;

use super::world::World;
use crate::trouble::Result;

/// In real time. Far more than anything takes; what has not come to rest by then is counted, and the day goes on.
const PATIENCE: Duration = Duration::from_secs(20);
/// In real time: long enough for who was woken by the clock to look around.
const BREATH: Duration = Duration::from_millis(1);

/// What is waited for.
enum Until {
    Rest,
    Heard { of: TableId, online: bool },
}

impl World {
    /// Until no job is due or being done, and each lamp that can speak has confirmed what it was told. False when patience ends first.
    pub async fn rest(&self) -> Result<bool> {
        self.until(Until::Rest).await
    }

    /// Until the server has heard that this lamp has come, or gone.
    pub async fn heard_of(&self, table: usize, online: bool) -> Result<bool> {
        self.until(Until::Heard { of: self.tables[table].id, online }).await
    }

    async fn until(&self, what: Until) -> Result<bool> {
        let watch = Stopwatch::start();
        while watch.elapsed() < PATIENCE {
            // The network's time, and the machine's, are real.
            Clock::System.sleep(BREATH).await;
            let holds = match what {
                Until::Rest => !self.work_is_left().await? && self.unconfirmed().await?.is_empty(),
                Until::Heard { of, online } => self.is_heard(of, online).await?,
            };
            if holds {
                return Ok(true);
            }
            // Whoever looked before the clock moved sleeps until it moves again.
            self.platform.db.wake_jobs();
        }
        Ok(false)
    }

    async fn is_heard(&self, of: TableId, online: bool) -> Result<bool> {
        let sql = "SELECT 1 AS there FROM devices WHERE table_id = $1 AND online = $2 AND (NOT online OR reported IS NOT NULL)";
        Ok(self.platform.db.read().opt(sql, args![of, online], |_| Ok(())).await?.is_some())
    }

    async fn work_is_left(&self) -> Result<bool> {
        let sql = "SELECT 1 AS due FROM jobs WHERE (state = 'queued' AND crew = $2 AND run_at <= $1) OR (state = 'running' AND crew = $2) LIMIT 1";
        for crew in Crew::ALL {
            if self.platform.db.read().opt(sql, args![self.clock.now(), crew.as_str()], |_| Ok(())).await?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Topics of lamps that have been told something, and can say that it is done. What a board is told a job does, and sees to that it is done.
    async fn unconfirmed(&self) -> Result<Vec<String>> {
        let sql = "SELECT topic FROM devices WHERE online AND topic IS NOT NULL \
                   AND (reported IS NULL OR reported <> wanted OR reported_at IS NULL OR reported_at < wanted_at)";
        let mut topics: Vec<String> = self.platform.db.read().all(sql, args![], |row| row.get("topic")).await?;
        topics.retain(|topic| self.is_well(topic));
        Ok(topics)
    }

    /// When the next job is due.
    pub async fn next_job(&self) -> Result<Option<kernel::Timestamp>> {
        let sql = "SELECT MIN(run_at) AS at FROM jobs WHERE state = 'queued' AND crew = $1";
        let mut next: Option<kernel::Timestamp> = None;
        for crew in Crew::ALL {
            let at: Option<kernel::Timestamp> = self.platform.db.read().one(sql, args![crew.as_str()], |row| row.get("at")).await?;
            next = match (next, at) {
                (Some(one), Some(other)) => Some(one.min(other)),
                (one, other) => one.or(other),
            };
        }
        Ok(next)
    }
}
