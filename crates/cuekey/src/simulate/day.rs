//! The day itself: what happens next, and the clock between.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use kernel::{HOUR, SECOND, Stopwatch, Timestamp};

use super::figures::Figures;
use super::lights::Lights;
use super::outages::{Outage, outages};
use super::plan::{AWAY_BEFORE, Day, Drop, MENDED_AFTER, Visit, plan};
use super::visit::{Going, What};
use super::world::World;
use super::{MIDNIGHT, money};
use crate::trouble::Result;

/// The clock goes in such steps where something is due: as often as a server's workers look.
const TICK: i64 = SECOND / 2;
/// And in such steps where nothing is.
const STRIDE: i64 = 10 * SECOND;
/// After the last customer has left: far more than a refund may take.
const EVENING: i64 = 3 * 60 * SECOND;

/// Something that is to happen, in the order in which it was thought of.
type Event = Reverse<(Timestamp, u64, usize, What)>;

pub struct Today {
    pub world: World,
    pub visits: Vec<Visit>,
    pub going: Vec<Going>,
    pub outages: Vec<Outage>,
    /// Until when a table has somebody who was not planned there.
    pub lent_until: Vec<Timestamp>,
    /// Of whose payments the notice is kept back.
    pub kept_back: Vec<usize>,
    pub figures: Figures,
    lights: Lights,
    events: BinaryHeap<Event>,
    /// Events so far.
    thought_of: u64,
    watch: Stopwatch,
}

/// Plays it all, and adds up.
pub async fn play(world: World, day: &Day, watch: Stopwatch) -> Result<Figures> {
    let (visits, outages) = (plan(day), outages(day));
    let lent_until = vec![MIDNIGHT; world.tables.len()];
    let (figures, lights) = (Figures::of(day, visits.len(), &outages), Lights::default());
    let (going, kept_back, events) = (Vec::new(), Vec::new(), BinaryHeap::new());
    let mut today = Today { world, going, visits, outages, lent_until, kept_back, figures, lights, events, thought_of: 0, watch };
    for n in 0..today.visits.len() {
        today.foresee(n);
    }
    for k in 0..today.outages.len() {
        today.then(today.outages[k].begins(), k, What::NetworkGoes);
        today.then(today.outages[k].ends(), k, What::NetworkReturns);
    }
    today.step_to(MIDNIGHT).await?;
    while let Some(Reverse((at, ..))) = today.events.peek() {
        let next = today.next(*at).await?;
        today.step_to(next).await?;
        let mut happened = false;
        while today.events.peek().is_some_and(|Reverse((at, ..))| *at <= next) {
            if let Some(Reverse((_, _, n, what))) = today.events.pop() {
                today.happens(n, what).await?;
                happened = true;
            }
        }
        if happened {
            today.rest().await?;
        }
    }
    let end = today.now().plus_micros(EVENING);
    while today.now() < end {
        let next = today.next(end).await?;
        today.step_to(next).await?;
    }
    let Today { world, going, outages, mut figures, lights, .. } = today;
    figures.light(&lights);
    figures.restless += world.unheard;
    money::add_up(&world, &going, &outages, &mut figures).await?;
    figures.hours_simulated = (world.clock.now().micros() - MIDNIGHT.micros()) as f64 / 3_600e6;
    figures.wall_seconds = watch.elapsed().as_secs_f64();
    Ok(figures)
}

impl Today {
    fn foresee(&mut self, n: usize) {
        let visit = &self.visits[n];
        self.going.push(Going::new(visit));
        let at = MIDNIGHT.plus_seconds(visit.at);
        let gone = (visit.drop == Some(Drop::Before)).then(|| at.plus_seconds(-AWAY_BEFORE));
        if let Some(gone) = gone {
            self.then(gone, n, What::LosesPower);
            self.then(gone.plus_seconds(MENDED_AFTER), n, What::Mended);
        }
        self.then(at, n, What::Arrives);
    }

    pub fn now(&self) -> Timestamp {
        self.world.clock.now()
    }

    pub fn then(&mut self, at: Timestamp, n: usize, what: What) {
        self.thought_of += 1;
        self.events.push(Reverse((at, self.thought_of, n, what)));
    }

    pub fn in_seconds(&mut self, seconds: i64, n: usize, what: What) {
        let at = self.now().plus_seconds(seconds);
        self.then(at, n, what);
    }

    /// When to look again: as soon as anything is due, and no later than a stride from now.
    async fn next(&self, event: Timestamp) -> Result<Timestamp> {
        let now = self.now();
        let job = self.world.next_job().await?.unwrap_or(Timestamp::MAX);
        let due = event.min(job).micros();
        // On whole ticks, and always onwards.
        let ticks = due.div_euclid(TICK) + i64::from(due.rem_euclid(TICK) != 0);
        let stride = (now.micros().div_euclid(STRIDE) + 1) * STRIDE;
        let next = Timestamp::from_micros((ticks.max(now.micros().div_euclid(TICK) + 1) * TICK).min(stride));
        Ok(next)
    }

    async fn step_to(&mut self, at: Timestamp) -> Result<()> {
        let step = at.micros() - self.now().micros();
        if step > 0 {
            let hours = |at: Timestamp| (at.micros() - MIDNIGHT.micros()).div_euclid(HOUR);
            // For whoever waits for the day to be over.
            if hours(at) > hours(self.now()) {
                eprintln!("{} h, {:.0} s", hours(at), self.watch.elapsed().as_secs_f64());
            }
            self.world.clock.step(step);
            self.figures.steps += 1;
        }
        self.rest().await?;
        self.lights.look(&self.world).await
    }

    pub async fn rest(&mut self) -> Result<()> {
        let rested = self.world.rest().await?;
        self.figures.restless += u64::from(!rested);
        Ok(())
    }
}
