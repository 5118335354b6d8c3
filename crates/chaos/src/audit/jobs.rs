//! Jobs: none is left, none was given up, and none was begun again while its worker might still have had it.

use std::collections::HashMap;

use anyhow::Result;
use kernel::SECOND;
use store::{Row, Sql, args};
use uuid::Uuid;

use super::Audit;

/// How long a job belongs to a worker that says nothing more.
const LEASE: i64 = 20 * SECOND;
/// How long one that failed waits at least.
const PAUSE: i64 = 4 * SECOND;

impl Audit<'_> {
    pub(super) async fn jobs(&mut self) -> Result<String> {
        // The schedules' own, which are about nothing in particular, come anew each minute: some may be waiting when the server is stopped.
        let sql = "SELECT state, CAST(COUNT(*) AS BIGINT) AS n, CAST(SUM(attempts) AS BIGINT) AS tries FROM jobs \
                   WHERE state = 'dead' OR payload <> 'null' GROUP BY state";
        let read = |row: &Row| Ok((row.get::<String>("state")?, row.get::<i64>("n")?, row.get::<i64>("tries")?));
        let rows: Vec<(String, i64, i64)> = self.db.read().all(sql, args![], read).await?;
        let open: i64 = rows.iter().filter(|(state, ..)| state != "done").map(|(_, n, _)| n).sum();
        self.expect(open == 0, || format!("jobs are left: {rows:?}"));
        let (done, tries) = rows.iter().find(|(state, ..)| state == "done").map_or((0, 0), |(_, n, tries)| (*n, *tries));
        let again = self.begun_again().await?;
        Ok(format!("{done} jobs, all done, in {tries} tries; {again}"))
    }

    /// The database keeps how often a job was begun and when it was done; the servers' logs, which tries failed. All others but the last were of
    /// workers that fell silent, so that the job was another's only after a lease for each.
    async fn begun_again(&mut self) -> Result<String> {
        let sql = "SELECT id, kind, attempts, created_at, finished_at FROM jobs WHERE state = 'done' AND attempts > 1";
        let read = |row: &Row| {
            let took = row.get::<i64>("finished_at")? - row.get::<i64>("created_at")?;
            Ok((row.get::<Uuid>("id")?, row.get::<String>("kind")?, row.get::<i64>("attempts")?, took))
        };
        let rows: Vec<(Uuid, String, i64, i64)> = self.db.read().all(sql, args![], read).await?;
        if self.clock_moves {
            return Ok(format!("{} begun again, by clocks that nobody can tell leases by", rows.len()));
        }
        let failures = self.failures();
        for (id, kind, tries, took) in &rows {
            let id = kernel::type_id("job", *id).unwrap_or_default();
            let failed = failures.get(&id).copied().unwrap_or(0).min(tries - 1);
            let due = failed * PAUSE + (tries - 1 - failed) * LEASE;
            self.expect(*took >= due, || {
                format!(
                    "job {id} {kind} was begun again before its lease ran out: {tries} tries, {failed} of them failed, within {} ms",
                    took / 1_000
                )
            });
        }
        Ok(format!("{} of them begun again, each after its lease or a failure", rows.len()))
    }

    /// How often a try of each job failed, as the servers have said.
    fn failures(&self) -> HashMap<String, i64> {
        let mut failures = HashMap::new();
        for node in &self.world.nodes {
            let said = std::fs::read(&node.log).unwrap_or_default();
            for line in String::from_utf8_lossy(&said).lines().filter(|line| line.contains(" why=")) {
                let id = line.split_once("job{id=").and_then(|(_, rest)| rest.split([' ', '}']).next());
                if let Some(id) = id {
                    *failures.entry(id.to_owned()).or_default() += 1;
                }
            }
        }
        failures
    }
}
