//! What a tariff must be before it is kept: every hour has one price, and every number is one that a hall could mean.

use std::collections::BTreeSet;

use kernel::{Fault, Fen, Fields, text};

use super::bands::{DAY, Days, Hours};
use super::{Package, SHORTEST, Span, Tariff};

/// 10,000 yuan an hour: a slip of the pen beyond it.
const DEAREST: Fen = Fen::new(1_000_000);
/// What one session or package may cost: 100,000 yuan.
const MOST: Fen = Fen::new(10_000_000);
const MOST_BANDS: usize = 50;
const MOST_PACKAGES: usize = 20;
/// No session is sold that is longer.
const LONGEST_PACKAGE: i64 = DAY;

impl Tariff {
    /// Refuses, field by field.
    pub fn check(&self) -> Result<(), Fault> {
        let mut fields = Fields::default();
        within(&mut fields, "per_hour", self.per_hour, DEAREST);
        if !(1..=60).contains(&self.unit_minutes) {
            fields.add("unit_minutes", "RANGE", "计费单位须为 1 至 60 分钟", "A unit is 1 to 60 minutes");
        }
        // As long as what can be bought they would make all of it free.
        if !(0..SHORTEST).contains(&self.grace_minutes) {
            let most = SHORTEST - 1;
            fields.add("grace_minutes", "RANGE", format!("免费时长须为 0 至 {most} 分钟"), format!("Free minutes are 0 to {most}"));
        }
        for (name, fen) in
            [("minimum", self.minimum), ("session_cap", self.session_cap), ("night.cap", self.night.as_ref().map(|night| night.cap))]
        {
            if let Some(fen) = fen {
                within(&mut fields, name, fen, MOST);
            }
        }
        if let Some(night) = &self.night {
            hours(&mut fields, "night.hours", night.hours);
        }
        self.check_packages(&mut fields);
        if self.bands.len() > MOST_BANDS {
            fields.add("bands", "TOO_MANY", format!("时段不得超过 {MOST_BANDS} 个"), format!("There may be {MOST_BANDS} bands"));
            return fields.check();
        }
        for (n, band) in self.bands.iter().enumerate() {
            hours(&mut fields, &format!("bands.{n}.hours"), band.hours);
            within(&mut fields, &format!("bands.{n}.per_hour"), band.per_hour, DEAREST);
            if band.days.weekdays == [false; 7] && !band.days.holidays {
                fields.add(&format!("bands.{n}.days"), "REQUIRED", "请至少选择一天", "Choose at least one day");
            }
        }
        if fields.is_empty()
            && let Some((first, second)) = self.overlap()
        {
            let (zh, en) = (format!("与第 {} 个时段重叠", first + 1), format!("Lies over band {}", first + 1));
            fields.add(&format!("bands.{second}.hours"), "OVERLAP", zh, en);
        }
        fields.check()
    }

    fn check_packages(&self, fields: &mut Fields) {
        if self.packages.len() > MOST_PACKAGES {
            let (zh, en) = (format!("套餐不得超过 {MOST_PACKAGES} 个"), format!("There may be {MOST_PACKAGES} packages"));
            fields.add("packages", "TOO_MANY", zh, en);
            return;
        }
        for (n, package) in self.packages.iter().enumerate() {
            package.check(fields, &format!("packages.{n}"));
            if self.packages[..n].iter().any(|other| other.id == package.id) {
                fields.add(&format!("packages.{n}.id"), "TWICE", "套餐编号重复", "This package's id is there twice");
            }
        }
    }

    /// Two bands that hold at the same moment of some week. Of each day is asked whether it is one of the weekdays or a holiday, and of
    /// the day before it likewise.
    fn overlap(&self) -> Option<(usize, usize)> {
        // Those that hold together do so from where one of them begins, or from midnight.
        let minutes: BTreeSet<i64> = self.bands.iter().map(|band| band.hours.from).chain([0]).collect();
        let holds = |days: Days, day: usize| if day == HOLIDAY { days.holidays } else { days.weekdays[day] };
        for day in 0..=HOLIDAY {
            // Before a holiday, and after one, may be any day.
            let before = if day == HOLIDAY { (0..=HOLIDAY).collect() } else { vec![(day + 6) % 7, HOLIDAY] };
            for (before, minute) in before.into_iter().flat_map(|before| minutes.iter().map(move |minute| (before, *minute))) {
                let mut here = self.bands.iter().enumerate().filter(|(_, band)| {
                    let Hours { from, to } = band.hours;
                    let (same, later) = if from < to { ((from..to).contains(&minute), false) } else { (minute >= from, minute < to) };
                    (same && holds(band.days, day)) || (later && holds(band.days, before))
                });
                if let (Some((first, _)), Some((second, _))) = (here.next(), here.next()) {
                    return Some((first, second));
                }
            }
        }
        None
    }
}

/// Beside the seven weekdays.
const HOLIDAY: usize = 7;

impl Package {
    fn check(&self, fields: &mut Fields, at: &str) {
        within(fields, &format!("{at}.price"), self.price, MOST);
        for (name, value, longest) in [("name_zh", &self.name_zh, 20), ("name_en", &self.name_en, 40)] {
            let cleaned = fields.take(&format!("{at}.{name}"), text::clean(value, 1, longest, false));
            if cleaned.is_some_and(|cleaned| cleaned != *value) {
                fields.add(&format!("{at}.{name}"), "CHARACTERS", "首尾不能有空格", "There may be no spaces at its ends");
            }
        }
        match self.span {
            Span::Minutes(minutes) if !(SHORTEST..=LONGEST_PACKAGE).contains(&minutes) => {
                let (zh, en) =
                    (format!("套餐时长须为 {SHORTEST} 分钟至 24 小时"), format!("A package lasts {SHORTEST} minutes to 24 hours"));
                fields.add(&format!("{at}.span"), "RANGE", zh, en);
            }
            Span::Minutes(_) => {}
            Span::Night(night) => hours(fields, &format!("{at}.span"), night),
        }
        if self.days.weekdays == [false; 7] && !self.days.holidays {
            fields.add(&format!("{at}.days"), "REQUIRED", "请至少选择一天", "Choose at least one day");
        }
        let Some(sold) = self.sold else { return };
        hours(fields, &format!("{at}.sold"), sold);
        if let Span::Night(night) = self.span
            && !(0..DAY).any(|minute| sold.has(minute) && night.has(minute))
        {
            fields.add(
                &format!("{at}.sold"),
                "NEVER",
                "出售时段须在包夜时段之内",
                "The hours in which it is sold must be some of its night",
            );
        }
    }
}

fn within(fields: &mut Fields, name: &str, fen: Fen, most: Fen) {
    if fen < Fen::ZERO || fen > most {
        let yuan = most.fen() / 100;
        fields.add(name, "RANGE", format!("金额须为 0 至 {yuan} 元"), format!("An amount is 0 to {yuan} yuan"));
    }
}

fn hours(fields: &mut Fields, name: &str, Hours { from, to }: Hours) {
    if !(0..DAY).contains(&from) || !(1..=DAY).contains(&to) {
        fields.add(name, "RANGE", "时段须在 00:00 至 24:00 之间", "Hours are from 00:00 to 24:00");
    }
}

#[cfg(test)]
mod tests;
