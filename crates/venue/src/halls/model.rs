//! A hall and its tables, as stored and shown.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use kernel::Timestamp;
use serde::Serialize;

use super::machine::TableState;
use crate::tariff::{Calendar, Hours};

kernel::id!(
    /// 门店
    VenueId, VenueEntity, "ven"
);
kernel::id!(
    /// 球台
    TableId, TableEntity, "tbl"
);
kernel::id!(
    /// 价目
    TariffId, TariffEntity, "tar"
);

#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Venue {
    pub id: VenueId,
    pub name: String,
    pub address: String,
    pub phone: String,
    pub time_zone: String,
    /// Minutes from midnight by the hall's clock; absent: round the clock.
    pub opens: Option<i64>,
    pub closes: Option<i64>,
    /// Closed for good, or for a while, whatever the hour.
    pub closed: bool,
    /// Dates that are priced as holidays.
    #[schema(value_type = Vec<String>)]
    pub holidays: Vec<Date>,
    /// Counts its changes: whoever changes it says which one was looked at.
    pub version: i64,
    pub created_at: Timestamp,
}

#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Table {
    pub id: TableId,
    pub venue_id: VenueId,
    /// Its price list.
    pub tariff_id: TariffId,
    pub name: String,
    /// What the QR code on the table says.
    pub code: String,
    pub state: TableState,
    /// In this state since then.
    pub since: Timestamp,
    /// Its upper left corner on the floor plan, in centimetres.
    pub x: i64,
    pub y: i64,
    /// Counts the changes of its name, place and price list.
    pub version: i64,
    /// No longer there: kept for what was played on it.
    #[serde(skip)]
    pub retired_at: Option<Timestamp>,
}

/// As people write it: 02:00, and 24:00.
pub(super) fn time_of_day(minutes: i64) -> String {
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}

impl Venue {
    /// The zone was checked when it was stored; one that this program's tables no longer know is read as UTC.
    pub fn calendar(&self) -> Calendar {
        Calendar { zone: TimeZone::get(&self.time_zone).unwrap_or(TimeZone::UTC), holidays: self.holidays.iter().copied().collect() }
    }

    /// A moment by the hall's clock: 20:30.
    pub fn clock_text(&self, at: Timestamp) -> String {
        let shown = at.in_zone(&self.time_zone).unwrap_or_default();
        shown.split(' ').nth(1).unwrap_or_default().to_owned()
    }

    /// The same, with the date where that is another day.
    pub fn moment_text(&self, at: Timestamp, now: Timestamp) -> String {
        let day = |at: Timestamp| at.in_zone(&self.time_zone).unwrap_or_default().split(' ').next().unwrap_or_default().to_owned();
        let (then, clock) = (day(at), self.clock_text(at));
        // "2026-11-21": the year is clear.
        if then == day(now) { clock } else { format!("{} {clock}", then.get(5..).unwrap_or_default()) }
    }

    /// When it closes next after `at`; `None`: never.
    pub fn closes_after(&self, at: Timestamp) -> Option<Timestamp> {
        let (Some(from), Some(to)) = (self.opens, self.closes) else { return None };
        // From 00:00 to 24:00 is round the clock too: where one day's hours end, the next one's have begun.
        if (from, to) == (0, 1_440) {
            return None;
        }
        self.calendar().next_end(Hours { from, to }, at)
    }

    /// Its closing time, as it says itself. Empty of one that has none.
    pub fn closes_text(&self) -> String {
        self.closes.map(time_of_day).unwrap_or_default()
    }

    /// Whether one day's hours go on into the next.
    pub fn is_open_past_midnight(&self) -> bool {
        match (self.opens, self.closes) {
            (Some(from), Some(to)) => to <= from || (from, to) == (0, 1_440),
            _ => true,
        }
    }

    /// Whether tables may be opened at this moment.
    pub fn is_open(&self, at: Timestamp) -> bool {
        match (self.opens, self.closes) {
            _ if self.closed => false,
            (Some(from), Some(to)) => self.calendar().is_within(Hours { from, to }, at),
            _ => true,
        }
    }
}
