//! Which price holds when: bands of the day, weekdays and holidays, by the hall's own clock.

use std::collections::BTreeSet;

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use kernel::{Fen, MINUTE, SECOND, Timestamp};
use serde::{Deserialize, Serialize};

use super::TariffError;

/// Minutes in a day.
pub(super) const DAY: i64 = 24 * 60;

/// Hours of the day, in minutes from midnight. Those that end at or before their beginning go on after midnight: 1320 to 360 is 22:00 to 06:00.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hours {
    pub from: i64,
    pub to: i64,
}

/// Days on which a band holds. A holiday is a holiday whatever its weekday.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Days {
    /// Monday first.
    pub weekdays: [bool; 7],
    pub holidays: bool,
}

/// A price for some hours of some days. What lies after midnight belongs to the day on which the hours began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Band {
    pub days: Days,
    pub hours: Hours,
    pub per_hour: Fen,
}

/// The hall's clock and its holidays.
#[derive(Debug, Clone)]
pub struct Calendar {
    pub zone: TimeZone,
    pub holidays: BTreeSet<Date>,
}

impl Hours {
    /// On which day the hours began that `minute` of `date` lies in.
    pub(super) fn begun(self, date: Date, minute: i64) -> Option<Date> {
        if self.from < self.to {
            return (self.from..self.to).contains(&minute).then_some(date);
        }
        if minute >= self.from {
            return Some(date);
        }
        // At the beginning of the calendar there is no day before.
        if minute < self.to { date.yesterday().ok() } else { None }
    }

    /// Whether the clock is within them at this minute of a day.
    pub(super) fn has(self, minute: i64) -> bool {
        if self.from < self.to { (self.from..self.to).contains(&minute) } else { minute >= self.from || minute < self.to }
    }

    /// When the hours are over that began on `date`.
    pub(super) fn end(self, date: Date) -> Option<DateTime> {
        let day = if self.from < self.to { date } else { date.tomorrow().ok()? };
        at_minute(day, self.to)
    }
}

impl Days {
    pub const ALL: Self = Self { weekdays: [true; 7], holidays: true };

    pub(super) fn has(self, date: Date, calendar: &Calendar) -> bool {
        if calendar.holidays.contains(&date) {
            return self.holidays;
        }
        usize::try_from(date.weekday().to_monday_zero_offset()).ok().and_then(|day| self.weekdays.get(day).copied()).unwrap_or(false)
    }
}

/// `minute` may be the day's last end, 24:00.
pub(super) fn at_minute(date: Date, minute: i64) -> Option<DateTime> {
    if minute >= DAY {
        return at_minute(date.tomorrow().ok()?, minute - DAY);
    }
    let (hour, minute) = (i8::try_from(minute / 60).ok()?, i8::try_from(minute % 60).ok()?);
    Some(date.to_datetime(Time::new(hour, minute, 0, 0).ok()?))
}

impl Calendar {
    pub(super) fn local(&self, at: Timestamp) -> Result<DateTime, TariffError> {
        Ok(at.jiff().map_err(|_| TariffError::NoSuchTime)?.to_zoned(self.zone.clone()).datetime())
    }

    /// When the hall's clock first shows this, not before `from`. Where the clocks go back they show some times twice, and whoever asks after
    /// the first of them means the second; a time that the clocks skip is taken to be as much later.
    pub(super) fn moment(&self, at: DateTime, from: Timestamp) -> Result<Timestamp, TariffError> {
        let read = |moment: Result<jiff::Timestamp, jiff::Error>| {
            moment.map(|moment| Timestamp::from_micros(moment.as_microsecond())).map_err(|_| TariffError::NoSuchTime)
        };
        let ambiguous = self.zone.to_ambiguous_timestamp(at);
        let mut moment = read(ambiguous.compatible())?;
        if moment < from {
            moment = read(ambiguous.later())?;
        }
        Ok(moment.max(from))
    }

    /// The next moment after `from` at which the hall's clock is put forward or back.
    pub(super) fn next_transition(&self, from: Timestamp) -> Result<Option<Timestamp>, TariffError> {
        let at = from.jiff().map_err(|_| TariffError::NoSuchTime)?;
        let moments = self.zone.following(at).map(|change| Timestamp::from_micros(change.timestamp().as_microsecond()));
        Ok(moments.into_iter().find(|moment| *moment > from))
    }
}

/// The minute of the day.
pub(super) fn minute_of(at: DateTime) -> i64 {
    i64::from(at.hour()) * 60 + i64::from(at.minute())
}

/// The band that holds at `at`.
pub(super) fn band_at<'a>(bands: &'a [Band], at: DateTime, calendar: &Calendar) -> Option<&'a Band> {
    bands.iter().find(|band| band.hours.begun(at.date(), minute_of(at)).is_some_and(|date| band.days.has(date, calendar)))
}

/// The next moment after `from` at which another price may hold: the clock shows one of `minutes`, or midnight, or is itself put forward or
/// back. Until then it runs evenly, so that no time on it is asked for that it shows twice or never.
pub(super) fn next_change(from: Timestamp, minutes: &BTreeSet<i64>, calendar: &Calendar) -> Result<Timestamp, TariffError> {
    let local = calendar.local(from)?;
    let minute = minute_of(local);
    let next = minutes.range(minute + 1..DAY).next().copied().unwrap_or(DAY);
    let within = i64::from(local.second()) * SECOND + i64::from(local.subsec_nanosecond()) / 1_000;
    let by_clock = from.plus_micros((next - minute) * MINUTE - within);
    Ok(calendar.next_transition(from)?.map_or(by_clock, |transition| transition.min(by_clock)))
}

impl Calendar {
    /// Whether the hall's clock is within these hours.
    pub fn is_within(&self, hours: Hours, at: Timestamp) -> bool {
        self.local(at).is_ok_and(|at| hours.begun(at.date(), minute_of(at)).is_some())
    }

    /// Which day it is by the hall's clock.
    pub fn day_of(&self, at: Timestamp) -> Result<Date, TariffError> {
        Ok(self.local(at)?.date())
    }

    /// When these hours end next after `at`.
    pub fn next_end(&self, hours: Hours, at: Timestamp) -> Option<Timestamp> {
        let today = self.local(at).ok()?.date();
        // Those that began yesterday may end today, and those of today may be over.
        let days = [today.yesterday().ok(), Some(today), today.tomorrow().ok()];
        let ends = days.into_iter().flatten().filter_map(|day| self.moment(hours.end(day)?, Timestamp::from_micros(i64::MIN)).ok());
        ends.into_iter().find(|end| *end > at)
    }

    /// When each full hour of a day begins. One that the clock skips is left out.
    pub fn hours_of(&self, date: Date) -> Result<Vec<(i64, Timestamp)>, TariffError> {
        let mut hours = Vec::new();
        let mut from = Timestamp::from_micros(i64::MIN);
        for hour in 0..24 {
            let at = at_minute(date, hour * 60).ok_or(TariffError::NoSuchTime)?;
            let moment = self.moment(at, from)?;
            if minute_of(self.local(moment)?) == hour * 60 {
                hours.push((hour, moment));
                from = moment;
            }
        }
        Ok(hours)
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use kernel::HOUR;

    use super::*;
    use crate::tariff::{Early, Package, Span};

    const AFTERNOON: (i64, i64) = (12 * 60, 18 * 60);
    const EVENING: (i64, i64) = (18 * 60, DAY);
    const NIGHT: (i64, i64) = (22 * 60, 6 * 60);
    const FROM_TEN_TO_TEN: (i64, i64) = (10 * 60, 10 * 60);

    fn calendar(zone: &str) -> Calendar {
        Calendar { zone: TimeZone::get(zone).unwrap(), holidays: BTreeSet::new() }
    }

    /// By a clock in Shanghai.
    fn at(text: &str) -> Timestamp {
        format!("{text}:00+08:00").parse().unwrap()
    }

    /// Until when a package lasts that is for these hours, bought in Shanghai.
    fn lasts((from, to): (i64, i64), bought: &str) -> Result<Timestamp, TariffError> {
        let span = Span::Night(Hours { from, to });
        let (name_zh, name_en, price) = ("包时段".into(), "Hours".into(), Fen::new(1));
        let package = Package { id: 1, name_zh, name_en, span, price, early: Early::Package, days: Days::ALL, sold: None };
        package.lasts(at(bought), &calendar("Asia/Shanghai"))
    }

    #[test]
    fn v1_1_hours_that_were_bought_last_until_the_clock_next_shows_their_end() {
        let ends = [
            (AFTERNOON, "2026-11-27T12:00", "2026-11-27T18:00"),
            (AFTERNOON, "2026-11-27T17:59", "2026-11-27T18:00"),
            (EVENING, "2026-11-27T18:00", "2026-11-28T00:00"),
            (EVENING, "2026-12-31T23:59", "2027-01-01T00:00"),
            (NIGHT, "2026-11-27T22:00", "2026-11-28T06:00"),
            (NIGHT, "2026-11-28T05:59", "2026-11-28T06:00"),
            (FROM_TEN_TO_TEN, "2026-11-27T10:00", "2026-11-28T10:00"),
            (FROM_TEN_TO_TEN, "2026-11-28T09:59", "2026-11-28T10:00"),
        ];
        for (hours, bought, end) in ends {
            assert_eq!(lasts(hours, bought), Ok(at(end)), "{hours:?} at {bought}");
        }
    }

    #[test]
    fn v1_1_at_their_end_and_before_their_beginning_hours_are_not_sold() {
        let over = [
            (AFTERNOON, ["2026-11-27T11:59", "2026-11-27T18:00"]),
            (EVENING, ["2026-11-27T17:59", "2026-11-28T00:00"]),
            (NIGHT, ["2026-11-27T21:59", "2026-11-28T06:00"]),
        ];
        for (hours, moments) in over {
            assert_eq!(moments.map(|moment| lasts(hours, moment)), [Err(TariffError::NotNow); 2], "{hours:?}");
        }
    }

    #[test]
    fn v3_1_hours_end_next_when_the_clock_shows_their_end_after_now() {
        let shanghai = calendar("Asia/Shanghai");
        let ends = [
            (AFTERNOON, "2026-11-27T11:59", "2026-11-27T18:00"),
            (AFTERNOON, "2026-11-27T17:59", "2026-11-27T18:00"),
            (AFTERNOON, "2026-11-27T18:00", "2026-11-28T18:00"),
            (EVENING, "2026-11-27T23:59", "2026-11-28T00:00"),
            (EVENING, "2026-11-28T00:00", "2026-11-29T00:00"),
            (NIGHT, "2026-11-28T05:59", "2026-11-28T06:00"),
            (NIGHT, "2026-11-28T06:00", "2026-11-29T06:00"),
            (NIGHT, "2026-11-28T22:00", "2026-11-29T06:00"),
        ];
        for ((from, to), now, end) in ends {
            assert_eq!(shanghai.next_end(Hours { from, to }, at(now)), Some(at(end)), "{from} to {to} at {now}");
        }
    }

    #[test]
    fn v3_2_the_hours_of_a_day_are_those_that_the_clock_shows_each_from_when_it_first_does() {
        let begin = |zone: &str, day| calendar(zone).hours_of(day).unwrap();
        let midnight = at("2026-11-27T00:00");
        let usual: Vec<_> = (0..24).map(|hour| (hour, midnight.plus_micros(hour * HOUR))).collect();
        assert_eq!(begin("Asia/Shanghai", date(2026, 11, 27)), usual);
        // In Berlin's spring three o'clock follows one, and in its autumn two hours lie between two and three.
        let midnight: Timestamp = "2026-03-28T23:00:00Z".parse().unwrap();
        let spring: Vec<_> = [0, 1].into_iter().chain(3..24).zip(0..).map(|(hour, n)| (hour, midnight.plus_micros(n * HOUR))).collect();
        assert_eq!(begin("Europe/Berlin", date(2026, 3, 29)), spring);
        let midnight: Timestamp = "2026-10-24T22:00:00Z".parse().unwrap();
        let autumn: Vec<_> = (0..24).map(|hour| (hour, midnight.plus_micros((hour + i64::from(hour > 2)) * HOUR))).collect();
        assert_eq!(begin("Europe/Berlin", date(2026, 10, 25)), autumn);
    }

    #[test]
    fn hours_that_end_where_they_begin_are_the_whole_day_round() {
        let ((from, to), shanghai) = (FROM_TEN_TO_TEN, calendar("Asia/Shanghai"));
        let (hours, yesterday, today) = (Hours { from, to }, date(2026, 11, 26), date(2026, 11, 27));
        for (minute, begun) in [(0, yesterday), (599, yesterday), (600, today), (DAY - 1, today)] {
            assert_eq!(hours.begun(today, minute), Some(begun), "{minute}");
            assert!(shanghai.is_within(hours, at("2026-11-27T00:00").plus_micros(minute * MINUTE)), "{minute}");
        }
    }

    #[test]
    fn v3_2_a_time_that_the_clock_shows_twice_is_its_first_for_who_asks_by_then_and_its_second_afterwards() {
        let (berlin, half_past_two) = (calendar("Europe/Berlin"), date(2026, 10, 25).at(2, 30, 0, 0));
        let first: Timestamp = "2026-10-25T00:30:00Z".parse().unwrap();
        let second = first.plus_micros(HOUR);
        let (just_after, later) = (first.plus_micros(1), second.plus_micros(1));
        for (from, shown) in [(first.plus_micros(-HOUR), first), (first, first), (just_after, second), (second, second), (later, later)] {
            assert_eq!(berlin.moment(half_past_two, from), Ok(shown), "from {from}");
        }
    }

    #[test]
    fn v3_2_a_time_that_the_clock_skips_is_as_much_later() {
        let half_past_two = date(2026, 3, 29).at(2, 30, 0, 0);
        // As the clock shows half past three.
        let moment: Timestamp = "2026-03-29T01:30:00Z".parse().unwrap();
        assert_eq!(calendar("Europe/Berlin").moment(half_past_two, moment.plus_micros(-HOUR)), Ok(moment));
    }

    #[test]
    fn v3_2_the_next_change_is_when_the_clock_is_put_back_and_from_then_on_midnight() {
        let (berlin, never) = (calendar("Europe/Berlin"), BTreeSet::new());
        let back: Timestamp = "2026-10-25T01:00:00Z".parse().unwrap();
        let midnight: Timestamp = "2026-10-25T23:00:00Z".parse().unwrap();
        for (from, next) in
            [(back.plus_micros(-HOUR), back), (back.plus_micros(-1), back), (back, midnight), (back.plus_micros(1), midnight)]
        {
            assert_eq!(next_change(from, &never, &berlin), Ok(next), "from {from}");
        }
    }
}
