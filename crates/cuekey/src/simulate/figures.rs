//! What came of a day, and what must come of it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use kernel::Lang;
use serde::Serialize;

use super::lights::Lights;
use super::openings::{Kinds, Openings};
use super::plan::Day;
use crate::doctor::{Report, same};
use crate::trouble::{Result, Trouble};

/// Of payments that were made.
const ARRIVED: f64 = 0.999;
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
    /// By how it was paid: `wallet`, `wechat`, `alipay`, `alipay_freeze`.
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
    /// Lights that burnt over nobody for more than a minute, of lamps that are well.
    pub burnt_over_nobody: usize,
    /// The same of lamps that were broken: their tables are looked after.
    pub burnt_of_broken: usize,
    /// Of these, those whose tables were offered to others.
    pub burnt_and_offered: usize,
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
    pub fn of(day: &Day, visits: usize) -> Self {
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
        self.burnt_over_nobody = lights.over_nobody.len();
        self.burnt_of_broken = lights.of_broken.len();
        self.burnt_and_offered = lights.offered.len();
    }

    /// Of payments that should have succeeded.
    fn arrived(&self) -> f64 {
        let due = self.payments_made + self.payments_failed;
        if due == 0 { 1.0 } else { self.payments_arrived as f64 / due as f64 }
    }

    pub fn holds(&self) -> bool {
        self.report().is_good()
    }

    pub fn table(&self, lang: Lang) -> String {
        self.report().table(lang)
    }

    pub fn write(&self, file: &Path) -> Result<()> {
        let failed = |error: &dyn std::fmt::Display| {
            let shown = file.display();
            Trouble::failed(format!("文件 {shown} 无法写入：{error}"), format!("the file {shown} cannot be written: {error}"))
        };
        let text = serde_json::to_string_pretty(self).map_err(|error| failed(&error))? + "\n";
        std::fs::write(file, text).map_err(|error| failed(&error))
    }

    fn report(&self) -> Report {
        let mut report = Report::default();
        let Openings { asked, opened } = self.unhealthy;
        let (tables, hours, seed) = (self.tables, self.hours, self.seed);
        let (dropping, timeouts) = (self.dropping_percent, self.timeouts_percent);
        let (doubled, reordered) = (self.doubled_percent, self.reordered_percent);
        report.good(
            ("条件", "conditions"),
            (
                format!(
                    "{tables} 张球台，{hours} 小时，种子 {seed}；掉线 {dropping} %，支付超时 {timeouts} %，通知重复 {doubled} %，乱序 {reordered} %"
                ),
                format!(
                    "{tables} tables, {hours} hours, seed {seed}; lamps drop out {dropping} %, payments time out {timeouts} %, notices doubled {doubled} %, \
                     reordered {reordered} %"
                ),
            ),
        );
        report.good(
            ("客流", "visits"),
            (
                format!("{} 次到店，{} 次所选球台不可用，{} 次离开", self.visits, self.found_taken, self.away()),
                format!("{}; the table was not free {} times, and {} went away", self.visits, self.found_taken, self.away()),
            ),
        );
        let healthy = self.healthy;
        let share = healthy.share() * 100.0;
        report.bound(
            healthy.are_enough(),
            ("正常设备开台", "openings over lamps that are well"),
            format!("{} / {} = {share:.2} % (>= 99.5 %)", healthy.opened, healthy.asked),
        );
        report.good(("故障设备开台", "openings over lamps that fail"), same(format!("{opened} / {asked}")));
        report.bound(self.by_device.are_enough(), ("按设备：正常（故障）", "by device: well (failing)"), self.by_device.text());
        report.bound(self.by_means.are_enough(), ("按支付方式：正常（故障）", "by means: well (failing)"), self.by_means.text());
        report.bound(
            self.refunds_late == 0,
            ("未开成的退款", "refunds of what was not opened"),
            format!("{}, {:.1} s at most (<= 60 s), {} late", self.refunds, self.refund_seconds_slowest, self.refunds_late),
        );
        report.bound(
            self.arrived() >= ARRIVED,
            ("支付到账", "payments that arrived"),
            format!(
                "{} / {} (>= 99.9 %); {} timed out, {} told three times, {} told after a later one",
                self.payments_arrived,
                self.payments_made + self.payments_failed,
                self.timeouts,
                self.doubled,
                self.reordered
            ),
        );
        report.bound(
            self.frozen_fen == self.captured_fen + self.let_go_fen,
            ("预授权金额（分）", "pre-authorised, in fen"),
            format!("{} = {} taken + {} let go", self.frozen_fen, self.captured_fen, self.let_go_fen),
        );
        report.bound(self.charged_without_play == 0, ("未打球而收费", "charged without play"), self.charged_without_play.to_string());
        report.bound(
            self.burnt_over_nobody == 0 && self.burnt_and_offered == 0,
            ("无人球台亮灯超过 60 秒", "lights over idle tables for more than 60 s"),
            format!("{}; {} of broken lamps, {} of them offered", self.burnt_over_nobody, self.burnt_of_broken, self.burnt_and_offered),
        );
        let sums = if self.ledger.is_empty() { "0".to_owned() } else { self.ledger.join("\n") };
        report.bound(self.ledger.is_empty(), ("账目不符", "what does not add up"), sums);
        let ended: Vec<String> = self.ended.iter().map(|(why, times)| format!("{why} {times}")).collect();
        report.good(("结束方式", "how play ended"), same(format!("{}; extended {}", ended.join(", "), self.extended)));
        report.bound(self.wrong == 0, ("意外", "what else should not be"), self.unexpected());
        report.bound(self.restless == 0, ("时钟步数", "steps of the clock"), format!("{}, without rest {}", self.steps, self.restless));
        let real = format!("{:.1} h in {:.0} s", self.hours_simulated, self.wall_seconds);
        report.good(("用时", "time"), same(real));
        report
    }

    fn away(&self) -> u64 {
        self.turned_away.values().sum()
    }

    fn unexpected(&self) -> String {
        if self.wrong == 0 { "0".to_owned() } else { format!("{}\n{}", self.wrong, self.wrong_first.join("\n")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> Figures {
        Figures {
            healthy: Openings { asked: 1_000, opened: 995 },
            unhealthy: Openings { asked: 50, opened: 0 },
            payments_made: 1_000,
            payments_arrived: 999,
            ..Figures::default()
        }
    }

    #[test]
    fn v9_1_each_bound_that_is_broken_fails_the_day() {
        let broken: [fn(&mut Figures); 15] = [
            |day| day.healthy.opened = 994,
            |day| day.payments_arrived = 998,
            |day| day.payments_failed = 1,
            |day| day.refunded(60.5),
            |day| day.charged_without_play = 1,
            |day| day.burnt_over_nobody = 1,
            |day| day.burnt_and_offered = 1,
            |day| day.ledger.push("ledger: it does not add up".into()),
            |day| day.wrong("a lamp has switched twice".into()),
            |day| day.restless = 1,
            |day| day.healthy = Openings { asked: 1, opened: 0 },
            |day| day.payments_arrived = 0,
            |day| day.by_device.count("modbus", true, false),
            |day| day.by_means.count("alipay_freeze", true, false),
            |day| day.frozen_fen = 3_600,
        ];
        assert!(good().holds());
        for (n, broken) in broken.into_iter().enumerate() {
            let mut day = good();
            broken(&mut day);
            assert!(!day.holds(), "{n}");
        }
        let mut fair = good();
        fair.refunded(60.0);
        fair.burnt_of_broken = 1;
        assert!(fair.holds(), "a broken lamp whose table is looked after is no fault of ours");
    }

    #[test]
    fn nothing_paid_is_nothing_lost() {
        assert_eq!(Figures::default().arrived(), 1.0);
    }

    #[test]
    fn v9_1_who_asked_is_counted_among_all_and_by_device_and_means() {
        let mut day = good();
        day.asked(("shelly", "wallet"), true, true);
        day.asked(("shelly", "alipay_freeze"), false, false);
        assert_eq!((day.healthy, day.unhealthy), (Openings { asked: 1_001, opened: 996 }, Openings { asked: 51, opened: 0 }));
        assert_eq!(day.by_device.text(), "shelly 1 / 1 (0 / 1)");
        assert_eq!(day.by_means.text(), "alipay_freeze 0 / 0 (0 / 1), wallet 1 / 1 (0 / 0)");
    }
}
