//! When the server has nothing more to do until its clock moves.

use std::time::Duration;

use kernel::{Clock, Stopwatch, Timestamp, Word as _};
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
                Until::Rest => self.is_at_rest().await?,
                Until::Heard { of, online } => self.is_heard(of, online).await?,
            };
            if holds {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn is_at_rest(&self) -> Result<bool> {
        if self.next_job().await?.is_some_and(|at| at <= self.clock.now()) {
            // Whoever looked before the clock moved sleeps until it moves again.
            self.platform.db.wake_jobs();
            return Ok(false);
        }
        let begun = self.first("running", "lease_until").await?;
        Ok(begun.is_none() && self.unconfirmed().await?.is_empty())
    }

    async fn is_heard(&self, of: TableId, online: bool) -> Result<bool> {
        let sql = "SELECT 1 AS there FROM devices WHERE table_id = $1 AND online = $2 AND (NOT online OR reported IS NOT NULL)";
        Ok(self.platform.db.read().opt(sql, args![of, online], |_| Ok(())).await?.is_some())
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
    pub async fn next_job(&self) -> Result<Option<Timestamp>> {
        self.first("queued", "run_at").await
    }

    /// The first time in this column of all jobs in this state. Each crew's is at the head of an index; of all together there is none.
    async fn first(&self, state: &str, column: &str) -> Result<Option<Timestamp>> {
        let first = |crew: Crew| format!("SELECT MIN({column}) AS at FROM jobs WHERE state = '{state}' AND crew = '{}'", crew.as_str());
        let firsts: Vec<String> = Crew::ALL.iter().copied().map(first).collect();
        let sql = format!("SELECT MIN(at) AS at FROM ({}) AS firsts", firsts.join(" UNION ALL "));
        Ok(self.platform.db.read().one(&sql, args![], |row| row.get("at")).await?)
    }
}
