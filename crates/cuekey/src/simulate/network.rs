//! A whole hall's network goes and comes back, under play: whoever plays there goes on for some minutes, and pays for nothing that nobody saw.

use std::collections::{HashMap, HashSet};

use kernel::{SECOND, Timestamp};
use sandbox::Trouble;
use serde::Serialize;
use serde_json::Value;
use store::{Sql as _, args};
use venue::halls::TableId;

use super::day::Today;
use super::device::ASKED_WITHIN;
use super::figures::Figures;
use super::outages::Outage;
use super::visit::{Going, Stage, What, time};
use super::world::World;
use crate::trouble::Result;

/// By then all of its tables are in service again. Boards have yet to be asked.
const BACK_WITHIN: i64 = 90;
/// What the product takes for a blink, and bills.
const BLINK: i64 = 60;
/// A lamp may have been gone for so long when it is missed, and play that ends by it is over as of then: a Shelly, by its keep-alive.
const GONE_BEFORE: i64 = 90;

/// The way from a hall to the server.
#[derive(Debug, Clone, Copy)]
pub struct Line {
    pub is_there: bool,
    /// Since when it is so.
    pub since: Timestamp,
}

/// Whether a lamp can be told anything, and says what it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    Since(Timestamp),
    /// It is broken, and nobody has mended it.
    Broken,
    /// Its hall's network is away.
    Away,
}

/// What came of it.
#[derive(Debug, Default, Clone, Serialize)]
pub struct Away {
    /// How often a hall's network was away.
    pub times: usize,
    /// For how long in all.
    pub minutes: f64,
    /// Sessions that were played when it went.
    pub sessions: u64,
    /// Of these, over as of when it went, or somewhat before: it stayed away for too long, or somebody ended them meanwhile, or their time was up.
    pub ended: u64,
    /// Of the others: what went on, and was nobody's to pay.
    pub unbilled_minutes: f64,
    /// Sessions of which more than a blink of that was billed.
    pub charged: u64,
    /// The most that was billed of it, of one session.
    pub billed_seconds: i64,
    /// Tables of that hall that were not in service again by themselves when it was back.
    pub not_back: u64,
}

impl Away {
    pub fn of(outages: &[Outage]) -> Self {
        let seconds: i64 = outages.iter().map(|outage| outage.lasts).sum();
        Self { times: outages.len(), minutes: seconds as f64 / 60.0, ..Self::default() }
    }

    pub const fn holds(&self) -> bool {
        self.charged == 0 && self.not_back == 0
    }

    pub fn text(&self) -> String {
        format!(
            "{} for {:.0} min; of {} sessions {} ended as of then, and {:.0} min of the others were not billed; charged for it {} (at most {} s), \
             tables not back by themselves {}",
            self.times, self.minutes, self.sessions, self.ended, self.unbilled_minutes, self.charged, self.billed_seconds, self.not_back
        )
    }
}

impl World {
    fn tables_of(&self, hall: usize) -> Vec<usize> {
        (0..self.tables.len()).filter(|table| self.tables[*table].hall == hall).collect()
    }

    pub fn reach(&self, table: usize) -> Reach {
        let one = &self.tables[table];
        let line = self.lines[one.hall];
        if one.trouble != Trouble::None {
            Reach::Broken
        } else if line.is_there {
            Reach::Since(one.well_since.max(line.since))
        } else {
            Reach::Away
        }
    }

    /// Whether nothing is wrong with a table's light, nor was a moment ago: boards have been asked since.
    pub fn is_in_service(&self, table: usize) -> bool {
        matches!(self.reach(table), Reach::Since(_)) && self.is_connected(table)
    }

    /// Whether its hall's network is there, and has been for long enough.
    pub fn is_connected(&self, table: usize) -> bool {
        let line = self.lines[self.tables[table].hall];
        line.is_there && self.clock.now() >= line.since.plus_seconds(ASKED_WITHIN)
    }

    async fn network_goes(&mut self, hall: usize) -> Result<()> {
        self.lines[hall] = Line { is_there: false, since: self.clock.now() };
        let here = self.tables_of(hall);
        for table in &here {
            let one = &self.tables[*table];
            // Who has no power has nothing to lose.
            if one.trouble != Trouble::Missed {
                one.device.set(Trouble::Offline);
            }
        }
        for table in here {
            self.tables[table].device.is_away().await;
            self.hears_of(table, false).await?;
        }
        Ok(())
    }

    async fn network_returns(&mut self, hall: usize) -> Result<()> {
        self.lines[hall] = Line { is_there: true, since: self.clock.now() };
        let here = self.tables_of(hall);
        for table in &here {
            let one = &self.tables[*table];
            one.device.set(one.trouble);
        }
        for table in here {
            // Of one that is broken nothing may be heard.
            if self.tables[table].trouble == Trouble::None {
                self.hears_of(table, true).await?;
            }
        }
        Ok(())
    }
}

impl Today {
    pub(super) async fn network_goes(&mut self, k: usize) -> Result<()> {
        let hall = self.outages[k].hall;
        for n in 0..self.going.len() {
            if self.world.tables[self.going[n].table].hall != hall {
                continue;
            }
            match self.going[n].stage {
                // Who waits for a light that comes no more has asked over one that was not well.
                Stage::Coming => self.going[n].healthy = self.going[n].healthy.map(|_| false),
                Stage::Playing => self.going[n].cost_when_away = self.cost(n).await?,
                Stage::TurnedAway | Stage::NotOpened | Stage::Over => {}
            }
        }
        self.world.network_goes(hall).await
    }

    /// What it would cost to end play now, as the customers' app shows it.
    async fn cost(&self, n: usize) -> Result<Option<i64>> {
        let session = self.who(n).see(&self.session_path(n, "")).await?;
        let is_played = session["state"] == "playing";
        Ok(session["cost_so_far_fen"].as_i64().filter(|_| is_played))
    }

    pub(super) async fn network_returns(&mut self, k: usize) -> Result<()> {
        self.world.network_returns(self.outages[k].hall).await?;
        self.in_seconds(BACK_WITHIN, k, What::NetworkWasBack);
        Ok(())
    }

    /// Nobody has done anything, and all tables whose lamps are well are in service.
    pub(super) async fn network_was_back(&mut self, k: usize) -> Result<()> {
        let sql = "SELECT id FROM venue_tables WHERE state = 'maintenance'";
        let away: HashSet<TableId> = self.world.platform.db.read().all(sql, args![], |row| row.get("id")).await?.into_iter().collect();
        for table in self.world.tables_of(self.outages[k].hall) {
            let one = &self.world.tables[table];
            if one.trouble == Trouble::None && away.contains(&one.id) {
                self.figures.outages.not_back += 1;
                self.figures.wrong(format!("table {} is not in service, though its hall's network is back", table + 1));
            }
        }
        Ok(())
    }

    /// Whether its hall's network was away since somebody's light came on.
    pub(super) fn was_away(&self, n: usize) -> bool {
        let (hall, now) = (self.world.tables[self.going[n].table].hall, self.now());
        let Some(lit) = self.going[n].lit_at else { return false };
        self.outages.iter().any(|outage| outage.hall == hall && outage.begins() <= now && outage.ends() >= lit)
    }
}

/// By the customers' own bills, which are what `sessions` are, by their ids.
pub(super) fn add_up(world: &World, going: &[Going], outages: &[Outage], sessions: &HashMap<String, Value>, figures: &mut Figures) {
    for one in going {
        let Some(session) = one.session.as_ref().and_then(|id| sessions.get(id)) else { continue };
        let (Some(lit), Some(ended)) = (time(&session["lit_at"]), time(&session["ended_at"])) else { continue };
        let table = &world.tables[one.table];
        let unlit = session["unlit_seconds"].as_i64().unwrap_or_default();
        let there = outages.iter().filter(|outage| outage.hall == table.hall);
        let failed = session["end_reason"] == "device_fault";
        let Some(hit) = hit(there, (lit, ended), unlit, failed) else { continue };
        // A board is asked when the day's clock gets there, which leaps: each time it may be missed a little later.
        let blinks = if table.device.tells() { 1 } else { hit.times };
        let is_over = hit.within && failed;
        figures.outages.sessions += 1;
        figures.outages.ended += u64::from(is_over);
        figures.outages.unbilled_minutes += unlit as f64 / 60.0;
        figures.outages.billed_seconds = figures.outages.billed_seconds.max(hit.billed);
        // Of a lamp it was known at once that it went. What was shown then was for the whole of a unit that had begun.
        let total = session["bill"]["total_fen"].as_i64().unwrap_or_default();
        let costs_more = is_over && table.device.tells() && one.cost_when_away.is_some_and(|cost| total > cost);
        if hit.billed > BLINK * blinks || costs_more {
            figures.outages.charged += 1;
            figures.wrong(format!("charged while the hall's network was away: {session}, {:?} fen when it went", one.cost_when_away));
        }
    }
}

/// What a hall's network was to one session.
#[derive(Debug, PartialEq, Eq)]
struct Hit {
    /// So often it was away.
    times: i64,
    /// It ended while the network was away.
    within: bool,
    /// So many seconds of play without the network are in the bill.
    billed: i64,
}

/// None where it was there all the time. `unlit`: seconds that are nobody's to pay. `failed`: its light was gone, which has ended it.
fn hit<'a>(outages: impl Iterator<Item = &'a Outage>, (lit, ended): (Timestamp, Timestamp), unlit: i64, failed: bool) -> Option<Hit> {
    let seen = if failed { ended.plus_seconds(GONE_BEFORE) } else { ended };
    let under: Vec<&Outage> = outages.filter(|outage| lit < outage.begins() && seen >= outage.begins()).collect();
    if under.is_empty() {
        return None;
    }
    let away: i64 = under.iter().map(|outage| ended.min(outage.ends()).micros() - outage.begins().micros()).sum();
    let times = i64::try_from(under.len()).unwrap_or(i64::MAX);
    Some(Hit { times, within: under.iter().any(|outage| ended <= outage.ends()), billed: away / SECOND - unlit })
}

#[cfg(test)]
mod tests {
    use super::super::MIDNIGHT;
    use super::*;

    /// From ten o'clock, for five minutes.
    const OUTAGE: Outage = Outage { hall: 0, from: 36_000, lasts: 300 };

    /// Of play between these seconds of the day.
    fn of(outages: &[Outage], lit: i64, ended: i64, unlit: i64) -> Option<Hit> {
        hit(outages.iter(), (MIDNIGHT.plus_seconds(lit), MIDNIGHT.plus_seconds(ended)), unlit, false)
    }

    #[test]
    fn v5_2_what_was_played_without_the_network_is_billed_unless_it_is_said_to_be_unlit() {
        let one = |lit, ended, unlit| of(&[OUTAGE], lit, ended, unlit);
        let hit = |within, billed| Some(Hit { times: 1, within, billed });
        assert_eq!((one(30_000, 35_999, 0), one(36_000, 40_000, 0), one(36_400, 40_000, 0)), (None, None, None));
        assert_eq!((one(30_000, 40_000, 300), one(30_000, 40_000, 0)), (hit(false, 0), hit(false, 300)));
        // Over as of when it went, and later.
        assert_eq!((one(30_000, 36_000, 0), one(30_000, 36_060, 0), one(30_000, 36_200, 0)), (hit(true, 0), hit(true, 60), hit(true, 200)));
        let again = Outage { from: 39_000, lasts: 600, ..OUTAGE };
        assert_eq!(of(&[OUTAGE, again], 30_000, 39_000, 300), Some(Hit { times: 2, within: true, billed: 0 }));
        assert_eq!(of(&[OUTAGE, again], 30_000, 50_000, 300), Some(Hit { times: 2, within: false, billed: 600 }));
        // Somebody has left before; or it was over as of when its light was last there.
        let before = |failed| super::hit([OUTAGE].iter(), (MIDNIGHT.plus_seconds(30_000), MIDNIGHT.plus_seconds(35_955)), 0, failed);
        assert_eq!((one(30_000, 35_955, 0), before(false), before(true)), (None, None, hit(true, -45)));
    }

    #[test]
    fn v5_2_a_day_with_a_session_that_is_charged_or_a_table_that_stays_away_does_not_hold() {
        let away = Away { sessions: 9, ended: 3, unbilled_minutes: 40.0, ..Away::of(&[OUTAGE]) };
        assert!(away.holds() && away.minutes > 4.9);
        assert!(!Away { charged: 1, ..away.clone() }.holds() && !Away { not_back: 1, ..away }.holds());
    }
}
