//! When a whole hall's network is away: decided by the seed before the day begins, as who comes when is. Pure.

use kernel::{Random, Timestamp};

use super::MIDNIGHT;
use super::plan::{AWAY_BEFORE, Day, HALL, MENDED_AFTER, Visit, below};

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
/// A router that is started anew.
const SHORTEST: i64 = 2 * MINUTE;
/// Longer than anybody's play goes on without it.
const LONGEST: i64 = 15 * MINUTE;
/// So long before and after it no lamp of the hall fails, nor does its network go once more: what was added to play is over by then.
const CALM: i64 = 30 * MINUTE;
/// Of fewer lamps that go together somebody would have to see that it is the network.
const LEAST: usize = 4;
/// How often another time is looked for where there was an outage already.
const TRIES: usize = 100;
/// Its numbers are its own: who comes when is the same with outages and without.
const OWN: u64 = 0x6e65_7477_6f72_6b73;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outage {
    pub hall: usize,
    /// Seconds since the day's beginning.
    pub from: i64,
    pub lasts: i64,
}

impl Outage {
    pub fn begins(&self) -> Timestamp {
        MIDNIGHT.plus_seconds(self.from)
    }

    pub fn ends(&self) -> Timestamp {
        MIDNIGHT.plus_seconds(self.from + self.lasts)
    }

    /// Whether something could be wrong with that visit's lamp about this time.
    pub fn is_about(&self, visit: &Visit) -> bool {
        visit.table / HALL == self.hall && self.is_near(visit.at - AWAY_BEFORE, visit.free_at() + MENDED_AFTER)
    }

    const fn is_near(&self, from: i64, until: i64) -> bool {
        from < self.from + self.lasts + CALM && until > self.from - CALM
    }
}

/// In the order in which they come. Fewer than were asked for where there is no hall for them, or no time.
pub fn outages(day: &Day) -> Vec<Outage> {
    let mut outages: Vec<Outage> = Vec::new();
    let halls = (day.tables + HALL - LEAST) / HALL;
    if halls == 0 {
        return outages;
    }
    let random = Random::seeded(day.seed ^ OWN);
    for _ in 0..day.outages {
        let is_free = |one: &Outage| !outages.iter().any(|other| other.hall == one.hall && other.is_near(one.from, one.from + one.lasts));
        let found = (0..TRIES).map(|_| outage(day, halls, &random)).find(is_free);
        outages.extend(found);
    }
    outages.sort_by_key(|outage| (outage.from, outage.hall));
    outages
}

/// In the middle half of the day, when people play.
fn outage(day: &Day, halls: usize, random: &Random) -> Outage {
    let hall = usize::try_from(random.below(halls as u64)).unwrap_or(0);
    let all = day.hours * HOUR;
    let from = all / 4 + below(random, (all / 2).unsigned_abs());
    let lasts = SHORTEST + below(random, (LONGEST - SHORTEST + 1).unsigned_abs());
    Outage { hall, from, lasts }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::plan::{Faults, plan};
    use super::*;

    fn day(tables: usize, hours: i64, seed: u64, outages: usize) -> Day {
        Day { tables, hours, seed, faults: Faults { dropping: 5_000, timeouts: 0, doubled: 0, reordered: 0 }, outages }
    }

    proptest! {
        #[test]
        fn v5_2_a_halls_network_is_away_for_minutes_and_not_again_before_all_is_calm(
            tables in 1..70_usize, hours in 1..30_i64, seed: u64, asked in 0..6_usize,
        ) {
            let day = day(tables, hours, seed, asked);
            let found = outages(&day);
            prop_assert_eq!(&found, &outages(&day));
            prop_assert!(found.len() <= asked && (found.is_empty() || tables >= LEAST));
            prop_assert!(found.is_sorted_by_key(|outage| outage.from));
            for (n, one) in found.iter().enumerate() {
                prop_assert!((SHORTEST..=LONGEST).contains(&one.lasts) && one.from > 0 && one.from < hours * HOUR);
                prop_assert!(tables >= one.hall * HALL + LEAST, "there is such a hall");
                for other in found[n + 1..].iter().filter(|other| other.hall == one.hall) {
                    prop_assert!(other.from >= one.from + one.lasts + CALM);
                }
            }
        }

        #[test]
        fn v5_2_no_lamp_fails_beside_its_network_and_all_else_of_the_day_is_the_same(tables in 4..40_usize, seed: u64) {
            let (with, without) = (day(tables, 6, seed, 2), day(tables, 6, seed, 0));
            let found = outages(&with);
            for (visit, other) in plan(&with).into_iter().zip(plan(&without)) {
                let is_near = found.iter().any(|outage| outage.is_about(&visit));
                prop_assert_eq!(visit.drop, other.drop.filter(|_| !is_near));
                prop_assert_eq!(Visit { drop: None, ..visit }, Visit { drop: None, ..other });
            }
        }
    }

    #[test]
    fn there_are_as_many_as_were_asked_for_where_there_is_room() {
        assert_eq!((outages(&day(1_000, 24, 1, 2)).len(), outages(&day(8, 2, 1, 1)).len()), (2, 1));
        assert_eq!(
            (outages(&day(3, 24, 1, 2)).len(), outages(&day(23, 24, 1, 20)).iter().filter(|outage| outage.hall > 0).count()),
            (0, 0)
        );
        assert!(outages(&day(20, 1, 1, 50)).len() < 3, "an hour has no room for more");
    }
}
