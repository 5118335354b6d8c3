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

    /// When the hours are over that began on `date`.
    pub(super) fn end(self, date: Date) -> Option<DateTime> {
        let day = if self.from < self.to { date } else { date.tomorrow().ok()? };
        at_minute(day, self.to)
    }
}

impl Days {
    pub const ALL: Self = Self { weekdays: [true; 7], holidays: true };

    fn has(self, date: Date, calendar: &Calendar) -> bool {
        if calendar.holidays.contains(&date) {
            return self.holidays;
        }
        usize::try_from(date.weekday().to_monday_zero_offset()).ok().and_then(|day| self.weekdays.get(day).copied()).unwrap_or(false)
    }
}

/// `minute` may be the day's last end, 24:00.
fn at_minute(date: Date, minute: i64) -> Option<DateTime> {
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
    fn next_transition(&self, from: Timestamp) -> Result<Option<Timestamp>, TariffError> {
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
