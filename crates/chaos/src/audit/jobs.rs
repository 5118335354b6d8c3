//! Jobs: none is left, none was given up, and none was begun again while its worker might still have had it.

use std::collections::HashMap;

use anyhow::Result;
use store::{Row, Sql, args};
use uuid::Uuid;

use super::{Audit, begun};

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

    /// The servers' logs know when each try of a job was begun, and which were over. One that follows another comes after the end of that, or
    /// after its lease: its worker was killed. The last try of each job that is done must be there, or the log would prove nothing.
    async fn begun_again(&mut self) -> Result<String> {
        let sql = "SELECT id, kind, attempts FROM jobs WHERE state = 'done'";
        let read = |row: &Row| Ok((row.get::<Uuid>("id")?, row.get::<String>("kind")?, row.get::<i64>("attempts")?));
        let rows: Vec<(Uuid, String, i64)> = self.db.read().all(sql, args![], read).await?;
        let mut tries = HashMap::new();
        for node in &self.world.nodes {
            let said = std::fs::read(&node.log).unwrap_or_default();
            begun::read(&String::from_utf8_lossy(&said), &mut tries);
        }
        let again: usize = tries.values().map(begun::Tries::again).sum();
        if self.clock_moves {
            return Ok(format!("{again} beginnings again, by clocks that nobody can tell leases by"));
        }
        for (id, kind, attempts) in &rows {
            let id = kernel::type_id("job", *id).unwrap_or_default();
            let known = tries.get(&id);
            self.expect(known.is_some_and(|tries| tries.knows(*attempts)), || {
                format!("job {id} {kind} is done after {attempts} tries, and no server has said that it began the last")
            });
            if let Some((attempt, after)) = known.and_then(begun::Tries::too_soon) {
                let after = after / 1_000;
                self.wrong.push(format!(
                    "job {id} {kind} was begun again before its lease ran out: try {attempt}, {after} ms after the one before, which was not over"
                ));
            }
        }
        Ok(format!("{again} beginnings again, each after its lease or the end of the one before"))
    }
}
