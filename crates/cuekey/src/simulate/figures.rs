//! What came of a day. What must come of it, `report.rs` says.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Serialize;

use super::lights::{Lights, longest};
use super::network::Away;
use super::openings::{Kinds, Openings};
use super::outages::Outage;
use super::plan::Day;
use crate::trouble::{Result, Trouble};

const REFUNDED_SECONDS: f64 = 60.0;
/// More of the same say no more.
const WRONG_SHOWN: usize = 50;

#[derive(Debug, Default, Serialize)]
pub struct Figures {
    pub tables: usize,
    pub hours: i64,
    pub seed: u64,
    pub dropping_percent: f64,
    pub timeouts_percent: f64,
    pub doubled_percent: f64,
    pub reordered_percent: f64,
    pub visits: usize,
    /// The table was in use, or looked after.
    pub found_taken: u64,
    /// And no other one was free; by the reason that was told.
    pub turned_away: BTreeMap<String, u64>,
    pub healthy: Openings,
    pub unhealthy: Openings,
    /// By what switches the light: `tasmota`, `shelly`, `modbus`.
    pub by_device: Kinds,
    /// By how it was paid: `wallet`, or a way of WeChat Pay's or Alipay's: `jsapi`, `h5`, `native`, `wap`, `precreate`, `freeze`.
    pub by_means: Kinds,
    /// Openings that did not come to be, and whose money was back.
    pub refunds: u64,
    pub refund_seconds_slowest: f64,
    pub refunds_late: u64,
    pub payments_made: u64,
    pub payments_arrived: u64,
    /// That could not be made at all.
    pub payments_failed: u64,
    /// Payments of which an answer or a notice was lost.
    pub timeouts: u64,
    /// Payments of which the notice came three times.
    pub doubled: u64,
    /// Payments of which the notice came after that of a later one.
    pub reordered: u64,
    /// At Alipay, for tables.
    pub frozen_fen: i64,
    /// Of that.
    pub let_go_fen: i64,
    /// And what was taken by payments of its own.
    pub captured_fen: i64,
    pub extended: u64,
    /// Too little in the wallet, or the light had just gone.
    pub not_extended: u64,
    /// Sessions by what ended them.
    pub ended: BTreeMap<String, u64>,
    pub taken_fen: i64,
    pub charged_without_play: u64,
    /// Lights that burnt over nobody for more than a minute in which they could have been told to go off.
    pub burnt_over_nobody: usize,
    /// Put aside: of lamps that were broken, whose tables are looked after; and for how long the longest burnt, in seconds.
    pub burnt_of_broken: usize,
    pub burnt_of_broken_seconds: i64,
    /// The same of lamps whose hall's network was away.
    pub burnt_out_of_reach: usize,
    pub burnt_out_of_reach_seconds: i64,
    /// Of those put aside, how many could be told later: since then they are counted with the others.
    pub burnt_in_reach_again: usize,
    /// And how many were over tables that were offered to others.
    pub burnt_and_offered: usize,
    /// Whole halls without their network.
    pub outages: Away,
    /// What does not add up, as `cuekey doctor` says it.
    pub ledger: Vec<String>,
    /// What else should not be.
    pub wrong: u64,
    pub wrong_first: Vec<String>,
    pub steps: u64,
    /// Steps after which the server did not come to rest in time.
    pub restless: u64,
    pub hours_simulated: f64,
    /// In real time, with making the halls: what is not the same from run to run.
    pub wall_seconds: f64,
    #[serde(skip)]
    pub asked_for_payment: BTreeSet<usize>,
}

impl Figures {
    pub fn of(day: &Day, visits: usize, outages: &[Outage]) -> Self {
        let percent = |ten_thousandths: u64| ten_thousandths as f64 / 100.0;
        Self {
            tables: day.tables,
            hours: day.hours,
            seed: day.seed,
            dropping_percent: percent(day.faults.dropping),
            timeouts_percent: percent(day.faults.timeouts),
            doubled_percent: percent(day.faults.doubled),
            reordered_percent: percent(day.faults.reordered),
            visits,
            outages: Away::of(outages),
            ..Self::default()
        }
    }

    pub fn wrong(&mut self, what: String) {
        self.wrong += 1;
        if self.wrong_first.len() < WRONG_SHOWN {
            self.wrong_first.push(what);
        }
    }

    /// Somebody asked for a light of this kind, by these means.
    pub fn asked(&mut self, (device, means): (&'static str, &'static str), healthy: bool, opened: bool) {
        let all = if healthy { &mut self.healthy } else { &mut self.unhealthy };
        all.count(opened);
        self.by_device.count(device, healthy, opened);
        self.by_means.count(means, healthy, opened);
    }

    pub fn refunded(&mut self, seconds: f64) {
        self.refunds += 1;
        self.refund_seconds_slowest = self.refund_seconds_slowest.max(seconds);
        self.refunds_late += u64::from(seconds > REFUNDED_SECONDS);
    }

    pub fn light(&mut self, lights: &Lights) {
        self.burnt_over_nobody = lights.in_reach.len();
        (self.burnt_of_broken, self.burnt_of_broken_seconds) = (lights.of_broken.len(), longest(&lights.of_broken));
        (self.burnt_out_of_reach, self.burnt_out_of_reach_seconds) = (lights.out_of_reach.len(), longest(&lights.out_of_reach));
        self.burnt_in_reach_again = lights.in_reach_again.len();
        self.burnt_and_offered = lights.offered.len();
    }

    pub fn write(&self, file: &Path) -> Result<()> {
        let failed = |error: &dyn std::fmt::Display| {
            let shown = file.display();
            Trouble::failed(format!("文件 {shown} 无法写入：{error}"), format!("the file {shown} cannot be written: {error}"))
        };
        let text = serde_json::to_string_pretty(self).map_err(|error| failed(&error))? + "\n";
        std::fs::write(file, text).map_err(|error| failed(&error))
    }
}
