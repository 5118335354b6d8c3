//! What a day costs from its first minute to its last, as a price list says it.

use std::collections::BTreeSet;

use jiff::civil::Date;
use kernel::Fen;

use super::Tariff;
use super::bands::{self, Calendar, DAY, Hours};

/// So much an hour, in these hours of one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    pub hours: Hours,
    pub per_hour: Fen,
}

impl Tariff {
    /// The prices of a day in their order, from midnight to midnight by the hall's clock. Those that follow each other differ.
    pub fn day(&self, calendar: &Calendar, date: Date) -> Vec<Stretch> {
        let ends = self.bands.iter().flat_map(|band| [band.hours.from, band.hours.to]);
        let starts: BTreeSet<i64> = ends.filter(|minute| (0..DAY).contains(minute)).chain([0]).collect();
        let mut list: Vec<Stretch> = Vec::new();
        for from in starts {
            let band = bands::at_minute(date, from).and_then(|at| bands::band_at(&self.bands, at, calendar));
            let per_hour = band.map_or(self.per_hour, |band| band.per_hour);
            if list.last().is_some_and(|last| last.per_hour == per_hour) {
                continue;
            }
            if let Some(last) = list.last_mut() {
                last.hours.to = from;
            }
            list.push(Stretch { hours: Hours { from, to: DAY }, per_hour });
        }
        list
    }
}
