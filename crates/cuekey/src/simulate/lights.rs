//! Lights that burn over nobody.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use kernel::{SECOND, Timestamp};
use store::{Sql as _, args};
use venue::halls::TableId;

use super::network::Reach;
use super::world::World;
use crate::trouble::Result;

/// How often they are looked at.
const EVERY: i64 = 5 * SECOND;
/// A light that goes off within this time after the end of play is well; or after it can be told again, where it could not.
const GOES_OFF: i64 = 60 * SECOND;

/// A table, and the end of its last session.
type Burning = (usize, Timestamp);

#[derive(Default)]
pub struct Lights {
    looked_at: Option<Timestamp>,
    /// For how many seconds a light burnt on that could be told to go off.
    pub in_reach: BTreeMap<Burning, i64>,
    /// Of a lamp that did not do as it was told, or could not say so: for as long as that was so, since the end of play.
    pub of_broken: BTreeMap<Burning, i64>,
    /// The same of one whose hall's network was away.
    pub out_of_reach: BTreeMap<Burning, i64>,
    /// Of both, those whose table was offered to others all the same.
    pub offered: BTreeSet<Burning>,
    /// And those that could be told later.
    pub in_reach_again: BTreeSet<Burning>,
}

impl Lights {
    pub async fn look(&mut self, world: &World) -> Result<()> {
        let now = world.clock.now();
        if self.looked_at.is_some_and(|at| now.micros() - at.micros() < EVERY) {
            return Ok(());
        }
        self.looked_at = Some(now);
        let put_aside = self.of_broken.keys().chain(self.out_of_reach.keys());
        self.in_reach_again.extend(put_aside.filter(|(table, _)| matches!(world.reach(*table), Reach::Since(_))));
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
            self.burns((table, ended), world.reach(table), state == "idle", now);
        }
        Ok(())
    }

    fn burns(&mut self, which: Burning, reach: Reach, offered: bool, now: Timestamp) {
        let (_, ended) = which;
        let (burning, since) = match reach {
            Reach::Since(since) => (&mut self.in_reach, ended.max(since)),
            Reach::Broken => (&mut self.of_broken, ended),
            Reach::Away => (&mut self.out_of_reach, ended),
        };
        let burnt = now.micros() - since.micros();
        if burnt <= GOES_OFF {
            return;
        }
        burning.insert(which, burnt / SECOND);
        if offered && !matches!(reach, Reach::Since(_)) {
            self.offered.insert(which);
        }
    }
}

/// The one that burnt for the longest time, in seconds.
pub fn longest(burning: &BTreeMap<Burning, i64>) -> i64 {
    burning.values().copied().max().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::MIDNIGHT;

    /// So many lights of each kind: in reach, of broken lamps, out of reach, offered.
    fn counted(lights: &Lights) -> [usize; 4] {
        [lights.in_reach.len(), lights.of_broken.len(), lights.out_of_reach.len(), lights.offered.len()]
    }

    #[test]
    fn v5_1_a_light_that_could_be_told_is_counted_after_a_minute_and_another_is_put_aside() {
        let mut lights = Lights::default();
        let at = |seconds: i64| MIDNIGHT.plus_seconds(seconds);
        let of = |table: usize| (table, at(1_000));
        for (table, reach) in [(0, Reach::Since(MIDNIGHT)), (1, Reach::Broken), (2, Reach::Away)] {
            lights.burns(of(table), reach, false, at(1_060));
            assert_eq!(counted(&lights), [0; 4], "a minute is enough");
        }
        lights.burns(of(1), Reach::Broken, false, at(1_061));
        lights.burns(of(2), Reach::Away, false, at(1_200));
        lights.burns(of(2), Reach::Away, false, at(1_600));
        assert_eq!((counted(&lights), longest(&lights.out_of_reach)), ([0, 1, 1, 0], 600));
        // Its network is back: from now on it could be told.
        lights.burns(of(2), Reach::Since(at(1_601)), true, at(1_661));
        assert_eq!(counted(&lights), [0, 1, 1, 0]);
        lights.burns(of(2), Reach::Since(at(1_601)), true, at(1_662));
        assert_eq!((counted(&lights), longest(&lights.in_reach)), ([1, 1, 1, 0], 61));
        lights.burns(of(1), Reach::Broken, true, at(1_700));
        assert_eq!((counted(&lights), longest(&lights.of_broken)), ([1, 1, 1, 1], 700));
    }
}
