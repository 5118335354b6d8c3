//! What came of a day, and what must come of it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use kernel::Lang;
use serde::Serialize;

use super::lights::Lights;
use super::plan::Day;
use crate::doctor::{Report, same};
use crate::trouble::{Result, Trouble};

/// Of openings over lamps that are well.
const OPENED: f64 = 0.995;
/// Of payments that were made.
const ARRIVED: f64 = 0.999;
const REFUNDED_SECONDS: f64 = 60.0;
/// More of the same say no more.
const WRONG_SHOWN: usize = 50;

/// Whoever has done all that is a customer's to do.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Openings {
    pub asked: u64,
    /// With a light that was seen.
    pub opened: u64,
}

impl Openings {
    pub fn share(self) -> f64 {
        if self.asked == 0 { 1.0 } else { self.opened as f64 / self.asked as f64 }
    }
}

#[derive(Debug, Default, Serialize)]
pub struct Figures {
    pub tables: usize,
    pub hours: i64,
    pub seed: u64,
    pub dropping_percent: f64,
    pub timeouts_percent: f64,
    pub doubled_percent: f64,
    pub visits: usize,
    /// The table was in use, or looked after.
    pub found_taken: u64,
    /// And no other one was free; by the reason that was told.
    pub turned_away: BTreeMap<String, u64>,
    pub healthy: Openings,
    pub unhealthy: Openings,
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
        let faults = (self.dropping_percent, self.timeouts_percent, self.doubled_percent);
        report.good(
            ("条件", "conditions"),
            (
                format!(
                    "{tables} 张球台，{hours} 小时，种子 {seed}；掉线 {} %，支付超时 {} %，重复通知 {} %",
                    faults.0, faults.1, faults.2
                ),
                format!(
                    "{tables} tables, {hours} hours, seed {seed}; lamps drop out {} %, payments time out {} %, notices doubled {} %",
                    faults.0, faults.1, faults.2
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
            healthy.share() >= OPENED,
            ("正常设备开台", "openings over lamps that are well"),
            format!("{} / {} = {share:.2} % (>= 99.5 %)", healthy.opened, healthy.asked),
        );
        report.good(("故障设备开台", "openings over lamps that fail"), same(format!("{opened} / {asked}")));
        report.bound(
            self.refunds_late == 0,
            ("未开成的退款", "refunds of what was not opened"),
            format!("{}, {:.1} s at most (<= 60 s), {} late", self.refunds, self.refund_seconds_slowest, self.refunds_late),
        );
        report.bound(
            self.arrived() >= ARRIVED,
            ("支付到账", "payments that arrived"),
            format!(
                "{} / {} (>= 99.9 %); {} timed out, {} told three times",
                self.payments_arrived,
                self.payments_made + self.payments_failed,
                self.timeouts,
                self.doubled
            ),
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
        let broken: [fn(&mut Figures); 12] = [
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
    fn nothing_asked_is_nothing_failed() {
        assert_eq!((Openings::default().share(), Figures::default().arrived()), (1.0, 1.0));
    }
}
