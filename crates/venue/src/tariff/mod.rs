//! What a stretch of play costs 计费.
//!
//! Pure: a [`Tariff`], the hall's [`Calendar`] and a stretch make a [`Bill`]. Quoting and billing call the same [`price`], so that
//! they cannot differ.
//!
//! **Invariant**: the lines of a bill add up to its total, and a longer stretch from the same moment never costs less.

mod bands;
mod check;
mod clock;
mod day;
mod package;
mod price;
#[cfg(test)]
mod tests;

pub use bands::{Band, Calendar, Days, Hours};
pub use clock::HallClock;
pub use day::Stretch;
pub use package::{Early, Package, Span};
pub use price::{Ask, Bill, Line, What, price};
#[cfg(test)]
pub(crate) use tests::{any_moment, any_tariff};

use kernel::Fen;
use serde::{Deserialize, Serialize};

/// No session that is bought is shorter, in minutes: free minutes end before it does.
pub const SHORTEST: i64 = 10;

/// A hall's prices. What is left out does not apply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tariff {
    /// For an hour, where no band says otherwise.
    pub per_hour: Fen,
    /// They may not lie over each other: [`Tariff::check`].
    #[serde(default)]
    pub bands: Vec<Band>,
    /// Play is billed in units of so many minutes, of which one that was begun counts as a whole: 1 to 60.
    pub unit_minutes: i64,
    /// Who closes within so many minutes pays nothing.
    #[serde(default)]
    pub grace_minutes: i64,
    /// The least that a session costs, whatever the discount.
    #[serde(default)]
    pub minimum: Option<Fen>,
    /// The most that a session costs, with its package, before the discount; never less than the package or the minimum.
    #[serde(default)]
    pub session_cap: Option<Fen>,
    /// The most that one night costs, before the discount: play, and what a package costs of it, by its time in that night. The package is paid
    /// anyway, where it costs more.
    #[serde(default)]
    pub night: Option<NightCap>,
    /// What can be bought in advance instead.
    #[serde(default)]
    pub packages: Vec<Package>,
}

/// So many minutes, and those that are paid with them: a unit that is begun is paid whole.
pub fn whole_units(minutes: i64, unit_minutes: i64) -> i64 {
    let unit = unit_minutes.clamp(1, 60);
    let begun = minutes.rem_euclid(unit);
    if begun > 0 { minutes - begun + unit } else { minutes }
}

impl Tariff {
    /// As play is billed that a fault of the hall's has cut short: by whole minutes that were played, with no unit to be filled and no minimum.
    /// A stretch that is cut to the minute never costs more by it.
    #[must_use]
    pub fn by_the_minute(&self) -> Self {
        Self { unit_minutes: 1, minimum: None, ..self.clone() }
    }
}

/// The hours of a night, and the most that play in them costs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NightCap {
    pub hours: Hours,
    pub cap: Fen,
}

/// Why there is no price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TariffError {
    #[error("the stretch ends before it begins")]
    Backwards,
    #[error("the stretch is longer than {} days", price::LONGEST_DAYS)]
    TooLong,
    #[error("the package is not sold at this hour")]
    NotNow,
    #[error("the moment is outside of the calendar")]
    NoSuchTime,
    #[error("the price is out of range")]
    TooMuch,
}
