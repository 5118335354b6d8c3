//! What must come of a day, and the table that says whether it did.

use kernel::Lang;

use super::figures::Figures;
use super::openings::Openings;
use crate::doctor::{Report, same};

/// Of payments that were made.
const ARRIVED: f64 = 0.999;

impl Figures {
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

    fn report(&self) -> Report {
        let mut report = Report::default();
        let Openings { asked, opened } = self.unhealthy;
        let (tables, hours, seed) = (self.tables, self.hours, self.seed);
        let (dropping, timeouts) = (self.dropping_percent, self.timeouts_percent);
        let (doubled, reordered, outages) = (self.doubled_percent, self.reordered_percent, self.outages.times);
        report.good(
            ("条件", "conditions"),
            (
                format!(
                    "{tables} 张球台，{hours} 小时，种子 {seed}；掉线 {dropping} %，支付超时 {timeouts} %，通知重复 {doubled} %，乱序 {reordered} %，\
                     整店断网 {outages} 次"
                ),
                format!(
                    "{tables} tables, {hours} hours, seed {seed}; lamps drop out {dropping} %, payments time out {timeouts} %, notices doubled {doubled} %, \
                     reordered {reordered} %; a hall's network is away {outages} times"
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
            ("无人球台亮灯超过 60 秒（灯可控时）", "lights over idle tables for more than 60 s that could be told"),
            self.lights(),
        );
        report.bound(self.outages.holds(), ("整店断网", "halls without their network"), self.outages.text());
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

    /// With those that could not be told, whose number says nothing of us; but their tables must not be offered.
    fn lights(&self) -> String {
        format!(
            "{}; put aside: {} of broken lamps (at most {} s) and {} without their network (at most {} s), {} of them offered; {} could be told \
             later, and are counted since",
            self.burnt_over_nobody,
            self.burnt_of_broken,
            self.burnt_of_broken_seconds,
            self.burnt_out_of_reach,
            self.burnt_out_of_reach_seconds,
            self.burnt_and_offered,
            self.burnt_in_reach_again
        )
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
        let broken: [fn(&mut Figures); 17] = [
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
            |day| day.by_means.count("freeze", true, false),
            |day| day.outages.charged = 1,
            |day| day.outages.not_back = 1,
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
        (fair.burnt_of_broken, fair.burnt_out_of_reach, fair.burnt_in_reach_again) = (1, 2, 3);
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
        day.asked(("shelly", "freeze"), false, false);
        assert_eq!((day.healthy, day.unhealthy), (Openings { asked: 1_001, opened: 996 }, Openings { asked: 51, opened: 0 }));
        assert_eq!(day.by_device.text(), "shelly 1 / 1 (0 / 1)");
        assert_eq!(day.by_means.text(), "freeze 0 / 0 (0 / 1), wallet 1 / 1 (0 / 0)");
    }
}
