//! What the staff writes into forms, checked before it is kept.

use jiff::civil::Date;
use kernel::{Fault, Fields, text};
use serde::Deserialize;

use super::model::TariffId;
use crate::tariff::Tariff;

#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewVenue {
    pub name: String,
    #[serde(default)]
    pub address: String,
    #[serde(default)]
    pub phone: String,
    /// As in the IANA list, for instance `Asia/Shanghai`.
    pub time_zone: String,
    /// Minutes from midnight; both or neither.
    #[serde(default)]
    pub opens: Option<i64>,
    #[serde(default)]
    pub closes: Option<i64>,
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    pub holidays: Vec<Date>,
    /// Its own prices: of all tables for which no other list is chosen.
    #[schema(value_type = Object)]
    pub tariff: Tariff,
}

#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTable {
    pub name: String,
    /// On the floor plan, in centimetres from its upper left corner.
    #[serde(default)]
    pub x: i64,
    #[serde(default)]
    pub y: i64,
    /// Its price list; absent: the hall's own.
    #[serde(default)]
    pub tariff_id: Option<TariffId>,
}

/// All that can be changed of a hall.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangedVenue {
    pub name: String,
    #[serde(default)]
    pub address: String,
    #[serde(default)]
    pub phone: String,
    /// As in the IANA list, for instance `Asia/Shanghai`.
    pub time_zone: String,
    /// Minutes from midnight; both or neither.
    #[serde(default)]
    pub opens: Option<i64>,
    #[serde(default)]
    pub closes: Option<i64>,
    /// For good, or for a while, whatever the hour.
    pub closed: bool,
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    pub holidays: Vec<Date>,
    /// Which one was looked at.
    pub version: i64,
}

#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangedTable {
    pub name: String,
    /// On the floor plan, in centimetres from its upper left corner.
    pub x: i64,
    pub y: i64,
    /// Its price list, for who opens it from now on; absent: as it is.
    #[serde(default)]
    pub tariff_id: Option<TariffId>,
    /// Which one was looked at.
    pub version: i64,
}

/// A floor is not larger than a kilometre.
const FARTHEST: i64 = 100_000;

/// What is written of a hall, when it is made and whenever it is changed.
struct Particulars<'a> {
    name: &'a mut String,
    address: &'a mut String,
    phone: &'a mut String,
    time_zone: &'a str,
    opens: Option<i64>,
    closes: Option<i64>,
    holidays: &'a mut Vec<Date>,
}

impl Particulars<'_> {
    fn check(self, fields: &mut Fields) {
        *self.name = fields.take("name", text::clean(self.name, 1, 60, false)).unwrap_or_default();
        *self.address = fields.take("address", text::clean(self.address, 0, 200, false)).unwrap_or_default();
        *self.phone = fields.take("phone", text::clean(self.phone, 0, 30, false)).unwrap_or_default();
        if !text::is_time_zone(self.time_zone) {
            fields.add("time_zone", "UNKNOWN", "没有这个时区", "There is no such time zone");
        }
        match (self.opens, self.closes) {
            (None, None) => {}
            (Some(opens), Some(closes)) if (0..1_440).contains(&opens) && (1..=1_440).contains(&closes) && opens != closes => {}
            _ => fields.add("opens", "RANGE", "营业时间须在 00:00 至 24:00 之间", "Opening hours are from 00:00 to 24:00"),
        }
        if self.holidays.len() > 1_000 {
            fields.add("holidays", "TOO_MANY", "节假日最多 1000 天", "There may be 1,000 holidays");
        }
        self.holidays.sort_unstable();
        self.holidays.dedup();
    }
}

impl NewVenue {
    pub(super) fn check(mut self) -> Result<Self, Fault> {
        let mut fields = Fields::default();
        let Self { name, address, phone, time_zone, opens, closes, holidays, tariff } = &mut self;
        Particulars { name, address, phone, time_zone, opens: *opens, closes: *closes, holidays }.check(&mut fields);
        if let Err(fault) = tariff.check() {
            for error in fault.fields {
                fields.add(&format!("tariff.{}", error.field), error.code, error.zh, error.en);
            }
        }
        fields.check()?;
        Ok(self)
    }
}

impl ChangedVenue {
    pub(super) fn check(mut self) -> Result<Self, Fault> {
        let mut fields = Fields::default();
        let Self { name, address, phone, time_zone, opens, closes, holidays, closed: _, version: _ } = &mut self;
        Particulars { name, address, phone, time_zone, opens: *opens, closes: *closes, holidays }.check(&mut fields);
        fields.check()?;
        Ok(self)
    }
}

fn placed(fields: &mut Fields, name: &mut String, x: i64, y: i64) {
    *name = fields.take("name", text::clean(name, 1, 30, false)).unwrap_or_default();
    for (name, place) in [("x", x), ("y", y)] {
        if !(0..=FARTHEST).contains(&place) {
            fields.add(name, "RANGE", "位置须在 0 至 100000 厘米之间", "A place is 0 to 100,000 cm");
        }
    }
}

impl NewTable {
    pub(super) fn check(mut self) -> Result<Self, Fault> {
        let mut fields = Fields::default();
        placed(&mut fields, &mut self.name, self.x, self.y);
        fields.check()?;
        Ok(self)
    }
}

impl ChangedTable {
    pub(super) fn check(mut self) -> Result<Self, Fault> {
        let mut fields = Fields::default();
        placed(&mut fields, &mut self.name, self.x, self.y);
        fields.check()?;
        Ok(self)
    }
}
