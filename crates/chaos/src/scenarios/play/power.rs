//! Plugs that are pulled, by the seed: one now and then, for seconds or a little more than a minute, and once all of the hall's.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use anyhow::{Result, bail};
use kernel::{Clock, Random, SECOND, Stopwatch, Timestamp};
use serde_json::Value;

use super::dark::Stretch;
use super::{Hall, Place};
use crate::scenario::Plan;
use crate::scenarios::furnish::pause;
use crate::scenarios::light::State;

/// The power above a table, as who plays there sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Power {
    There,
    /// It is about to be cut: who plays there stays.
    Going,
    /// It is dark, and the server knows.
    Gone,
}

/// One time in so many a light goes before a kill.
const OFTEN: u64 = 4;
/// How long one is away, in seconds, at least and at most.
const ONE: (u64, u64) = (3, 75);
const ONE_IN_SHORT: (u64, u64) = (2, 4);
/// And the hall: for longer than a light alone may be away under somebody who plays, and for less than a hall.
const ALL: u64 = 75;
const ALL_IN_SHORT: u64 = 4;
/// While the whole hall is dark nothing is opened: the server is killed less often.
const SPARE: Duration = Duration::from_secs(18);
/// Somebody may come to play there; nobody has to.
const COMES: Duration = Duration::from_secs(4);
/// A lamp is missed at once. A board is called every ten seconds, and by a process that was started anew up to twenty seconds later.
const MISSED: Duration = Duration::from_secs(60);

/// Those whose plug is pulled.
pub(super) struct Outages {
    hall: Arc<Hall>,
    random: Random,
    short: bool,
    out: Vec<Out>,
    is_whole_hall: bool,
    /// How often one was, and all were.
    once: u32,
    together: u32,
}

struct Out {
    place: usize,
    from: Timestamp,
    known: Timestamp,
    until: Timestamp,
    /// On the time-line.
    at: f64,
}

impl Outages {
    pub fn of(hall: &Arc<Hall>, plan: &Plan) -> Self {
        let (hall, random) = (Arc::clone(hall), Random::seeded(plan.seed.wrapping_add(1)));
        Self { hall, random, short: plan.short, out: Vec::new(), is_whole_hall: false, once: 0, together: 0 }
    }

    /// Before each kill: plugs in whose time is over, and pulls another one by chance; in the middle of all kills those of the whole hall.
    pub async fn go_on(&mut self, turn: u32, turns: u32) -> Result<()> {
        let now = Clock::System.now();
        self.plug_in(|out| out.until <= now);
        if turn == turns / 2 {
            self.plug_in(|_| true);
            let all: Vec<usize> = (0..self.hall.tables.len()).collect();
            self.are_there(&all).await?;
            let seconds = if self.short { ALL_IN_SHORT } else { ALL };
            self.pull(&all, seconds).await?;
            (self.is_whole_hall, self.together) = (true, self.together + 1);
        } else if !self.is_whole_hall && (turn == 0 || self.random.below(OFTEN) == 0) {
            self.one().await?;
        }
        Ok(())
    }

    /// All have power again.
    pub fn end(&mut self) {
        self.plug_in(|_| true);
    }

    /// How much longer than usual the server is to live.
    pub fn spare(&self) -> Duration {
        if self.is_whole_hall && !self.short { SPARE } else { Duration::ZERO }
    }

    pub fn sum(&self) -> String {
        let tables = self.hall.tables.len();
        format!("{} times a light lost its power, and {} times all {tables} of the hall did", self.once, self.together)
    }

    /// One lamp that is there, if possible over somebody who plays. Not the board's: it is not missed before it is called, and everything would wait.
    async fn one(&mut self) -> Result<()> {
        let floor = self.hall.floor().await?;
        let is_there = |n: &usize| {
            let place = &self.hall.tables[*n];
            place.table.light.tells() && place.is_there(&floor) && self.out.iter().all(|out| out.place != *n)
        };
        let there: Vec<usize> = (0..self.hall.tables.len()).filter(is_there).collect();
        let played: Vec<usize> = there.iter().copied().filter(|n| self.hall.tables[*n].is_played(&floor)).collect();
        let some = if played.is_empty() { there } else { played };
        if some.is_empty() {
            return Ok(());
        }
        let place = some[usize::try_from(self.random.below(some.len() as u64)).unwrap_or(0)];
        let (least, most) = if self.short { ONE_IN_SHORT } else { ONE };
        let seconds = least + self.random.below(most - least + 1);
        self.pull(&[place], seconds).await?;
        self.once += 1;
        Ok(())
    }

    /// Waits until these can go.
    async fn are_there(&self, places: &[usize]) -> Result<()> {
        let watch = Stopwatch::start();
        loop {
            let floor = self.hall.floor().await?;
            if places.iter().all(|n| self.hall.tables[*n].is_there(&floor)) {
                return Ok(());
            }
            if watch.elapsed() > MISSED {
                bail!("not all lights have come back for {} s", MISSED.as_secs());
            }
            pause(100).await;
        }
    }

    /// Takes their power, and waits until the server knows.
    async fn pull(&mut self, places: &[usize], seconds: u64) -> Result<()> {
        let hall = Arc::clone(&self.hall);
        let tables: Vec<(usize, &Place)> = places.iter().map(|n| (*n, &hall.tables[*n])).collect();
        for (_, place) in &tables {
            place.power.send_replace(Power::Going);
        }
        let watch = Stopwatch::start();
        loop {
            let floor = hall.floor().await?;
            if watch.elapsed() > COMES || tables.iter().any(|(_, place)| place.is_played(&floor)) {
                break;
            }
            pause(50).await;
        }
        let (from, at) = (Clock::System.now(), hall.load.timeline.now());
        for (_, place) in &tables {
            place.table.light.set(State::Pulled);
        }
        let (watch, mut waiting) = (Stopwatch::start(), tables);
        while !waiting.is_empty() {
            let floor = hall.floor().await?;
            let known = Clock::System.now();
            for (n, place) in waiting.extract_if(.., |(_, place)| place.is_missed(&floor)) {
                let until = known.plus_micros(i64::try_from(seconds)? * SECOND);
                self.out.push(Out { place: n, from, known, until, at });
                place.power.send_replace(Power::Gone);
            }
            if watch.elapsed() > MISSED {
                bail!("a light without power is not missed for {} s", MISSED.as_secs());
            }
            pause(100).await;
        }
        Ok(())
    }

    fn plug_in(&mut self, which: impl Fn(&Out) -> bool) {
        let what = if self.is_whole_hall { "dark hall" } else { "dark table" };
        for out in self.out.extract_if(.., |out| which(out)) {
            let place = &self.hall.tables[out.place];
            place.table.light.set(State::Well);
            place.power.send_replace(Power::There);
            let stretch = Stretch { table: place.table.id.clone(), from: out.from, known: out.known, to: Clock::System.now() };
            self.hall.stretches.lock().unwrap_or_else(PoisonError::into_inner).push(stretch);
            self.hall.load.timeline.mark(out.at, what);
        }
        self.is_whole_hall &= !self.out.is_empty();
    }
}

impl Place {
    fn of<'a>(&self, floor: &'a [Value]) -> Option<&'a Value> {
        floor.iter().find(|table| table["id"] == self.table.id.as_str())
    }

    /// Its light can be told something, and the server knows.
    fn is_there(&self, floor: &[Value]) -> bool {
        self.table.light.is_connected() && self.of(floor).is_some_and(|table| table["device"]["online"] == true)
    }

    fn is_missed(&self, floor: &[Value]) -> bool {
        self.of(floor).is_some_and(|table| table["device"]["online"] == false)
    }

    fn is_played(&self, floor: &[Value]) -> bool {
        self.of(floor).is_some_and(|table| table["state"] == "playing")
    }
}
