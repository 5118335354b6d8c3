//! What the staff writes into forms, checked before it is kept.

use jiff::civil::Date;
use kernel::{Fault, Fields, text};
use serde::Deserialize;

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
    /// Of all its tables.
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
}

/// A floor is not larger than a kilometre.
const FARTHEST: i64 = 100_000;

impl NewVenue {
    pub(super) fn check(mut self) -> Result<Self, Fault> {
        let mut fields = Fields::default();
        self.name = fields.take("name", text::clean(&self.name, 1, 60, false)).unwrap_or_default();
        self.address = fields.take("address", text::clean(&self.address, 0, 200, false)).unwrap_or_default();
        self.phone = fields.take("phone", text::clean(&self.phone, 0, 30, false)).unwrap_or_default();
        if !text::is_time_zone(&self.time_zone) {
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
        if let Err(fault) = self.tariff.check() {
            for error in fault.fields {
                fields.add(&format!("tariff.{}", error.field), error.code, error.zh, error.en);
            }
        }
        fields.check()?;
        Ok(self)
    }
}

impl NewTable {
    pub(super) fn check(mut self) -> Result<Self, Fault> {
        let mut fields = Fields::default();
        self.name = fields.take("name", text::clean(&self.name, 1, 30, false)).unwrap_or_default();
        for (name, place) in [("x", self.x), ("y", self.y)] {
            if !(0..=FARTHEST).contains(&place) {
                fields.add(name, "RANGE", "位置须在 0 至 100000 厘米之间", "A place is 0 to 100,000 cm");
            }
        }
        fields.check()?;
        Ok(self)
    }
}
