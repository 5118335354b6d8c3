//! Packages 套餐: what they cover, and when they are sold.

use kernel::{Fen, Timestamp};
use serde::{Deserialize, Serialize};

use super::bands::{self, Calendar, Days, Hours};
use super::{TariffError, price};

/// A price for some time that is bought in advance. What is played beyond it is billed by time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Package {
    /// Among those of its tariff.
    pub id: i64,
    pub name_zh: String,
    pub name_en: String,
    pub span: Span,
    pub price: Fen,
    pub early: Early,
    /// On which it is sold. What lies after midnight belongs to the day on which its night, or the hours in which it is sold, began.
    #[serde(default = "every_day")]
    pub days: Days,
    /// In which it is sold; absent: at any hour, of a night within the night.
    #[serde(default)]
    pub sold: Option<Hours>,
}

fn every_day() -> Days {
    Days::ALL
}

/// What somebody pays who leaves before a package is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Early {
    /// Its price, whatever was played.
    Package,
    /// Never more than the same play would cost without it.
    Cheaper,
}

/// What a package covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Span {
    /// 包时: so many minutes from the beginning.
    Minutes(i64),
    /// 包夜: until these hours are over; it can be bought only within them.
    Night(Hours),
}

impl Package {
    /// Until when it lasts that is bought at `from`; [`TariffError::NotNow`] where its night is not. Whether it is sold then is another question:
    /// what was bought lasts, however late the light comes on.
    pub fn lasts(&self, from: Timestamp, calendar: &Calendar) -> Result<Timestamp, TariffError> {
        price::covered_until(self, from, calendar)
    }

    /// Whether it is sold at this moment.
    pub fn is_sold(&self, at: Timestamp, calendar: &Calendar) -> bool {
        let Ok(local) = calendar.local(at) else { return false };
        let (today, minute) = (local.date(), bands::minute_of(local));
        let sold = self.sold.map_or(Some(today), |hours| hours.begun(today, minute));
        let of = match self.span {
            Span::Minutes(_) => sold,
            Span::Night(hours) => hours.begun(today, minute),
        };
        sold.is_some() && of.is_some_and(|day| self.days.has(day, calendar))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use jiff::civil::date;
    use jiff::tz::TimeZone;

    use super::*;

    const AFTERNOON: Hours = Hours { from: 12 * 60, to: 18 * 60 };
    const NIGHT: Hours = Hours { from: 22 * 60, to: 6 * 60 };
    const WEEKDAYS: Days = Days { weekdays: [true, true, true, true, true, false, false], holidays: false };
    const WEEKEND: Days = Days { weekdays: [false, false, false, false, false, true, true], holidays: true };

    fn package(span: Span, days: Days, sold: Option<Hours>) -> Package {
        Package { id: 1, name_zh: "套餐".into(), name_en: "Package".into(), span, price: Fen::new(1), early: Early::Package, days, sold }
    }

    /// By a clock in Shanghai, where the first of October, a Thursday, is a holiday.
    fn sold(package: &Package, at: &str) -> bool {
        let calendar = Calendar { zone: TimeZone::get("Asia/Shanghai").unwrap(), holidays: BTreeSet::from([date(2026, 10, 1)]) };
        package.is_sold(format!("{at}:00+08:00").parse().unwrap(), &calendar)
    }

    #[test]
    fn v1_1_what_names_neither_days_nor_hours_is_sold_at_any_time() {
        let any = package(Span::Minutes(180), Days::ALL, None);
        assert!(["2026-10-01T00:00", "2026-11-27T03:00", "2026-11-28T23:59"].into_iter().all(|at| sold(&any, at)));
        // As tariffs were kept before packages had days.
        let kept = r#"{"id": 1, "name_zh": "套餐", "name_en": "Package", "span": {"minutes": 180}, "price": 1, "early": "package"}"#;
        assert_eq!(serde_json::from_str::<Package>(kept).unwrap(), any);
    }

    #[test]
    fn v1_1_a_package_of_weekday_afternoons_is_sold_then_and_at_no_other_time() {
        let afternoons = package(Span::Minutes(180), WEEKDAYS, Some(AFTERNOON));
        // A Friday, a Saturday, and a holiday that is a Thursday.
        for (at, answer) in [
            ("2026-11-27T11:59", false),
            ("2026-11-27T12:00", true),
            ("2026-11-27T17:59", true),
            ("2026-11-27T18:00", false),
            ("2026-11-28T12:00", false),
            ("2026-10-01T12:00", false),
        ] {
            assert_eq!(sold(&afternoons, at), answer, "{at}");
        }
    }

    #[test]
    fn v1_1_after_midnight_a_night_is_of_the_day_on_which_it_began() {
        let (weekend, early) = (package(Span::Night(NIGHT), WEEKEND, None), Hours { from: 22 * 60, to: 60 });
        // Friday's night ends on Saturday, and Sunday's on Monday.
        for (at, answer) in [
            ("2026-11-28T01:00", false),
            ("2026-11-28T21:59", false),
            ("2026-11-28T22:00", true),
            ("2026-11-29T05:59", true),
            ("2026-11-30T05:59", true),
            ("2026-11-30T06:00", false),
            ("2026-11-30T22:00", false),
            // The holiday's.
            ("2026-10-02T05:59", true),
        ] {
            assert_eq!(sold(&weekend, at), answer, "{at}");
        }
        // Sold in its first hours alone, it is the same night's.
        let first = package(Span::Night(NIGHT), WEEKEND, Some(early));
        assert_eq!(["2026-11-30T00:59", "2026-11-30T01:00", "2026-11-28T00:59"].map(|at| sold(&first, at)), [true, false, false]);
        // So are minutes that are sold past midnight.
        let late = package(Span::Minutes(120), WEEKEND, Some(early));
        assert_eq!(["2026-11-30T00:59", "2026-11-30T01:00", "2026-11-28T00:59"].map(|at| sold(&late, at)), [true, false, false]);
    }
}
