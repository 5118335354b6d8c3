//! What a stretch of play costs 计费.
//!
//! Pure: a [`Tariff`], the hall's [`Calendar`] and a stretch make a [`Bill`]. Quoting and billing call the same [`price`], so that
//! they cannot differ.
//!
//! **Invariant**: the lines of a bill add up to its total, and a longer stretch from the same moment never costs less.

mod bands;
mod check;
mod price;
#[cfg(test)]
mod tests;

pub use bands::{Band, Calendar, Days, Hours};
pub use price::{Ask, Bill, Line, What, price};

use kernel::{Fen, Timestamp};
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
    /// The most that the play of one night costs, before the discount.
    #[serde(default)]
    pub night: Option<NightCap>,
    /// What can be bought in advance instead.
    #[serde(default)]
    pub packages: Vec<Package>,
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

impl Package {
    /// Until when it lasts that is bought at `from`; [`TariffError::NotNow`] where it is not sold then.
    pub fn lasts(&self, from: Timestamp, calendar: &Calendar) -> Result<Timestamp, TariffError> {
        price::covered_until(self, from, calendar)
    }
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
