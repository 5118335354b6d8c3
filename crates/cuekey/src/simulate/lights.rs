//! Lights that burn over nobody.

use std::collections::{BTreeMap, HashSet};

use kernel::{SECOND, Timestamp};
use sandbox::Trouble;
use store::{Sql as _, args};
use venue::halls::TableId;

use super::world::World;
use crate::trouble::Result;

/// How often they are looked at.
const EVERY: i64 = 5 * SECOND;
/// A light that goes off within this time after the end of play is well.
pub const GOES_OFF: i64 = 60 * SECOND;

#[derive(Default)]
pub struct Lights {
    looked_at: Option<Timestamp>,
    /// By table and the end of its last session: how long its light burnt on, where the lamp was well.
    pub over_nobody: BTreeMap<(usize, Timestamp), i64>,
    /// The same of lamps that do not do as they are told, or cannot say so.
    pub of_broken: BTreeMap<(usize, Timestamp), i64>,
    /// Of these, those whose table was offered to others all the same.
    pub offered: BTreeMap<(usize, Timestamp), i64>,
}

impl Lights {
    pub async fn look(&mut self, world: &World) -> Result<()> {
        let now = world.clock.now();
        if self.looked_at.is_some_and(|at| now.micros() - at.micros() < EVERY) {
            return Ok(());
        }
        self.looked_at = Some(now);
        let lit: Vec<usize> = (0..world.tables.len()).filter(|table| world.tables[*table].device.is_on()).collect();
        if lit.is_empty() {
            return Ok(());
        }
        let live = "SELECT table_id FROM play_sessions WHERE state IN ('opening', 'playing')";
        let live: HashSet<TableId> = world.platform.db.read().all(live, args![], |row| row.get("table_id")).await?.into_iter().collect();
        for table in lit {
            let one = &world.tables[table];
            if live.contains(&one.id) {
                continue;
            }
            let last = "SELECT t.state, (SELECT MAX(p.ended_at) FROM play_sessions p WHERE p.table_id = t.id) AS ended_at FROM venue_tables t WHERE t.id = $1";
            let read = |row: &store::Row| Ok((row.get::<String>("state")?, row.get::<Option<Timestamp>>("ended_at")?));
            let (state, ended) = world.platform.db.read().one(last, args![one.id], read).await?;
            let ended = ended.unwrap_or(super::MIDNIGHT);
            let (burnt, which) = (now.micros() - ended.micros(), (table, ended));
            if burnt <= GOES_OFF {
                continue;
            }
            if one.trouble == Trouble::None {
                self.over_nobody.insert(which, burnt / SECOND);
            } else {
                self.of_broken.insert(which, burnt / SECOND);
                if state == "idle" {
                    self.offered.insert(which, burnt / SECOND);
                }
            }
        }
        Ok(())
    }
}
