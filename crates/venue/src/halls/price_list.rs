//! The price list 价目表 that would hang on a hall's wall: by its clock, and before any discount.

use jiff::civil::Date;
use kernel::{Fault, Fen, Timestamp};
use platform::{Cx, Result};
use serde::Serialize;

use super::model::{Venue, time_of_day};
use crate::tariff::{Calendar, Days, Early, Hours, Package, Span, Tariff};

#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct PriceList {
    /// Today, and tomorrow where the hall is open past midnight.
    pub days: Vec<DayPrices>,
    pub night: Option<NightPrice>,
    /// All of them, sold now or not.
    pub packages: Vec<PackagePrice>,
}

#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct DayPrices {
    /// By the hall's calendar: 2026-11-28.
    pub date: String,
    /// It is priced as a holiday.
    pub holiday: bool,
    /// From midnight to midnight.
    pub spans: Vec<SpanPrice>,
}

/// By the hall's clock: 18:00 to 24:00.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct SpanPrice {
    pub from: String,
    pub to: String,
    pub per_hour_fen: Fen,
    /// It holds at this moment.
    pub now: bool,
}

/// The most that one night costs, with what a package costs of it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct NightPrice {
    pub from: String,
    pub to: String,
    pub cap_fen: Fen,
}

#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct PackagePrice {
    pub id: i64,
    pub name: String,
    pub price_fen: Fen,
    /// So many from the beginning; absent of a night.
    pub minutes: Option<i64>,
    /// A night's hours, within which it is bought, and with which it ends.
    pub from: Option<String>,
    pub to: Option<String>,
    /// On which days and in which hours it is sold, in words; absent: at any time, of a night within its hours.
    pub sold: Option<String>,
    /// Whoever leaves early pays no more than the same play costs without it; otherwise all of it.
    pub early_is_cheaper: bool,
}

pub(super) fn price_list(cx: &Cx, hall: &Venue, tariff: &Tariff, now: Timestamp) -> Result<PriceList> {
    let calendar = hall.calendar();
    let today = calendar.day_of(now).map_err(Fault::internal)?;
    let tomorrow = today.tomorrow().ok().filter(|_| hall.is_open_past_midnight());
    let days = [Some(today), tomorrow].into_iter().flatten().map(|date| day(tariff, &calendar, date, now));
    let night = tariff.night.as_ref().map(|night| NightPrice {
        from: time_of_day(night.hours.from),
        to: time_of_day(night.hours.to),
        cap_fen: night.cap,
    });
    let packages = tariff.packages.iter().map(|package| shown(cx, package));
    Ok(PriceList { days: days.collect(), night, packages: packages.collect() })
}

fn day(tariff: &Tariff, calendar: &Calendar, date: Date, now: Timestamp) -> DayPrices {
    let is_today = calendar.day_of(now) == Ok(date);
    let spans = tariff.day(calendar, date).into_iter().map(|stretch| SpanPrice {
        from: time_of_day(stretch.hours.from),
        to: time_of_day(stretch.hours.to),
        per_hour_fen: stretch.per_hour,
        now: is_today && calendar.is_within(stretch.hours, now),
    });
    DayPrices { date: date.to_string(), holiday: calendar.holidays.contains(&date), spans: spans.collect() }
}

fn shown(cx: &Cx, package: &Package) -> PackagePrice {
    let (minutes, night) = match package.span {
        Span::Minutes(minutes) => (Some(minutes), None),
        Span::Night(hours) => (None, Some(hours)),
    };
    let (zh, en) = sold(package.days, package.sold);
    let sold = cx.lang.pick(&zh, &en);
    PackagePrice {
        id: package.id,
        name: cx.lang.pick(&package.name_zh, &package.name_en).to_owned(),
        price_fen: package.price,
        minutes,
        from: night.map(|hours| time_of_day(hours.from)),
        to: night.map(|hours| time_of_day(hours.to)),
        sold: (!sold.is_empty()).then(|| sold.to_owned()),
        early_is_cheaper: package.early == Early::Cheaper,
    }
}

/// When something is sold, in words of both languages. Empty: at any time.
fn sold(days: Days, hours: Option<Hours>) -> (String, String) {
    let hours = hours.map(|hours| format!("{}–{}", time_of_day(hours.from), time_of_day(hours.to))).unwrap_or_default();
    let (zh, en) = on(days);
    let both = |days: String, between: &str| if days.is_empty() || hours.is_empty() { days + &hours } else { days + between + &hours };
    (both(zh, " "), both(en, ", "))
}

fn on(days: Days) -> (String, String) {
    let (zh, en) = (runs(days.weekdays, ZH, "至", "、"), runs(days.weekdays, EN, "–", ", "));
    match (days.weekdays, days.holidays) {
        ([true, true, true, true, true, true, true], true) => (String::new(), String::new()),
        ([true, true, true, true, true, true, true], false) => ("节假日除外".into(), "not on holidays".into()),
        ([false, false, false, false, false, false, false], _) => ("仅节假日".into(), "holidays only".into()),
        (_, true) => (format!("{zh}、节假日"), format!("{en} and holidays")),
        (_, false) => (format!("{zh}（节假日除外）"), format!("{en} (not on holidays)")),
    }
}

const ZH: [&str; 7] = ["周一", "周二", "周三", "周四", "周五", "周六", "周日"];
const EN: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// Monday to Friday are a run; two days are named both.
fn runs(weekdays: [bool; 7], names: [&str; 7], to: &str, and: &str) -> String {
    let mut said: Vec<String> = Vec::new();
    let mut day = 0;
    while day < 7 {
        let length = weekdays[day..].iter().take_while(|has| **has).count();
        if length > 2 {
            said.push(format!("{}{to}{}", names[day], names[day + length - 1]));
        } else {
            said.extend(names[day..day + length].iter().map(|name| (*name).to_owned()));
        }
        day += length + 1;
    }
    said.join(and)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(weekdays: &str, holidays: bool) -> Days {
        let has: Vec<bool> = weekdays.chars().map(|day| day == '1').collect();
        Days { weekdays: has.try_into().unwrap(), holidays }
    }

    #[test]
    fn v1_1_when_a_package_is_sold_is_said_as_people_say_it() {
        let afternoon = Some(Hours { from: 720, to: 1_080 });
        for (days, hours, zh, en) in [
            (Days::ALL, None, "", ""),
            (Days::ALL, afternoon, "12:00–18:00", "12:00–18:00"),
            (days("1111111", false), None, "节假日除外", "not on holidays"),
            (days("0000000", true), None, "仅节假日", "holidays only"),
            (days("1111100", false), afternoon, "周一至周五（节假日除外） 12:00–18:00", "Mon–Fri (not on holidays), 12:00–18:00"),
            (days("0000011", true), None, "周六、周日、节假日", "Sat, Sun and holidays"),
            (days("1011101", true), None, "周一、周三至周五、周日、节假日", "Mon, Wed–Fri, Sun and holidays"),
        ] {
            assert_eq!(sold(days, hours), (zh.to_owned(), en.to_owned()));
        }
    }
}
