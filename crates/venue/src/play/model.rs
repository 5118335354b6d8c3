//! A session, its terms, and what it costs. Pure.

use std::collections::BTreeSet;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use kernel::{Fen, MINUTE, Timestamp};
use platform::payments::OrderId;
use serde::{Deserialize, Serialize};

use super::pause::{PauseTerms, Pauses};
use crate::customers::CustomerId;
use crate::halls::{TableId, Venue, VenueId};
use crate::members::{ALL, Level, LevelName};
use crate::tariff::{self, Bill, Calendar, Early, Line, Package, SHORTEST, Tariff, TariffError, What};

kernel::id!(
    /// 一次使用
    SessionId, SessionEntity, "pls"
);

kernel::words! {
    pub enum SessionState {
        /// 开台中
        Opening = "opening",
        /// 使用中
        Playing = "playing",
        /// 已结账
        Closed = "closed",
        /// Never began: nothing was charged.
        Failed = "failed",
    }
}

kernel::words! {
    pub enum EndReason {
        Customer = "customer",
        /// What was paid for is over.
        TimeUp = "time_up",
        Staff = "staff",
        /// By the staff too, and the hall is why: a leak, an alarm.
        Hall = "hall",
        /// The light failed in the middle.
        DeviceFault = "device_fault",
        /// The light never came on.
        NotLit = "not_lit",
    }
}

/// What was agreed when the table was opened: later changes of the hall's prices do not touch it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Terms {
    pub tariff: Tariff,
    pub time_zone: String,
    pub holidays: BTreeSet<Date>,
    /// What a member pays of the price, in ten-thousandths.
    pub pays: i64,
    /// Whether it may be paused.
    #[serde(default)]
    pub pause: PauseTerms,
    /// Of which level.
    #[serde(default)]
    pub member: Option<LevelName>,
    /// Bought at the beginning.
    #[serde(default)]
    pub package: Option<Package>,
}

impl Terms {
    /// `graced`: whether this customer has free minutes this time.
    pub fn of(venue: &Venue, tariff: Tariff, graced: bool) -> Self {
        let grace_minutes = if graced { tariff.grace_minutes.min(SHORTEST - 1) } else { 0 };
        let tariff = Tariff { grace_minutes, ..tariff };
        Self {
            tariff,
            time_zone: venue.time_zone.clone(),
            holidays: venue.holidays.iter().copied().collect(),
            pays: ALL,
            pause: PauseTerms::default(),
            member: None,
            package: None,
        }
    }

    /// At the price of a member's level (V3.2).
    #[must_use]
    pub fn with_level(self, level: Option<&Level>) -> Self {
        Self { pays: level.map_or(ALL, |level| level.pays), member: level.map(Level::name), ..self }
    }

    #[must_use]
    pub fn with_package(self, package: Package) -> Self {
        Self { package: Some(package), ..self }
    }

    /// Until when play is paid that begins at `lit`.
    pub fn until(&self, lit: Timestamp, minutes: i64) -> Timestamp {
        let package = self.package.as_ref().and_then(|package| package.lasts(lit, &self.calendar()).ok());
        package.unwrap_or_else(|| lit.plus_micros(minutes * MINUTE))
    }

    pub(super) fn calendar(&self) -> Calendar {
        Calendar { zone: TimeZone::get(&self.time_zone).unwrap_or(TimeZone::UTC), holidays: self.holidays.clone() }
    }

    /// What the stretch costs: for quotes and for bills alike.
    pub fn price(&self, from: Timestamp, to: Timestamp) -> Result<Bill, TariffError> {
        self.price_by(&self.tariff, self.package.as_ref(), from, to)
    }

    fn price_by(&self, tariff: &Tariff, package: Option<&Package>, from: Timestamp, to: Timestamp) -> Result<Bill, TariffError> {
        let by = |package| tariff::price(tariff, &self.calendar(), &tariff::Ask { from, to, pays: self.pays, package });
        match by(package) {
            // A night's package whose light came on only when the night was over: what was played is billed, and no more than was held.
            Err(TariffError::NotNow) => by(None),
            bill => bill,
        }
    }

    /// What more it costs to play until `to` instead of `until`.
    pub fn extra(&self, from: Timestamp, until: Timestamp, to: Timestamp) -> Result<Fen, TariffError> {
        self.price(from, to)?.total.minus(self.price(from, until)?.total).map_err(|_| TariffError::TooMuch)
    }

    /// The bill of play from `lit` to `ended`, and at most what is held: play was quoted from when it was asked for, and where the light came on
    /// later, across the border to a dearer hour, the difference is not the customer's; nor does it become theirs by more time, which is quoted
    /// for itself.
    pub fn bill(&self, lit: Timestamp, ended: Timestamp, held: impl Into<Held>) -> Result<Bill, TariffError> {
        let (bill, held) = (self.price(lit, ended.max(lit))?, held.into());
        let most = match held.first {
            Some((quoted, until)) if ended > until => {
                let dearer = (self.price(lit, until)?.total.fen() - quoted.fen()).max(0);
                held.all.min(Fen::new(bill.total.fen() - dearer))
            }
            _ => held.until(ended),
        };
        at_most(bill, most)
    }

    /// The bill of play that a fault of the hall's has ended: the minutes that were played, and none of those that could not be.
    pub fn bill_after_fault(&self, lit: Timestamp, ended: Timestamp, held: impl Into<Held>) -> Result<Bill, TariffError> {
        let played = (ended.micros() - lit.micros()).max(0) / MINUTE * MINUTE;
        // Whatever a package says of those who leave: it is the hall that has ended it.
        let package = self.package.clone().map(|package| Package { early: Early::Cheaper, ..package });
        at_most(self.price_by(&self.tariff.by_the_minute(), package.as_ref(), lit, lit.plus_micros(played))?, held.into().until(ended))
    }
}

/// What is held for a session, which is the most that it can cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    pub all: Fen,
    /// Once time was added: what was quoted for the time before, and when that is over, by the customer's own clock.
    pub first: Option<(Fen, Timestamp)>,
}

impl From<Fen> for Held {
    fn from(all: Fen) -> Self {
        Self { all, first: None }
    }
}

impl Held {
    /// For play that ends then.
    fn until(self, ended: Timestamp) -> Fen {
        self.first.filter(|(_, until)| ended <= *until).map_or(self.all, |(quoted, _)| quoted)
    }
}

fn at_most(mut bill: Bill, held: Fen) -> Result<Bill, TariffError> {
    if bill.total > held {
        let over = held.minus(bill.total).map_err(|_| TariffError::TooMuch)?;
        bill.lines.push(Line { what: What::Quoted { most: held }, fen: over });
        bill.total = held;
    }
    Ok(bill)
}

/// How a bill's total is taken from the holds, in their order: each wholly, in part, or not at all.
pub fn spend(total: Fen, holds: &[Fen]) -> Vec<Fen> {
    let mut left = total.fen();
    holds
        .iter()
        .map(|hold| {
            let part = left.min(hold.fen()).max(0);
            left -= part;
            Fen::new(part)
        })
        .collect()
}

/// A row of `play_sessions`.
#[derive(Debug, Clone)]
pub struct Session {
    pub id: SessionId,
    pub venue: VenueId,
    pub table: TableId,
    pub customer: CustomerId,
    pub state: SessionState,
    pub terms: Terms,
    pub minutes: i64,
    /// What it was paid by, where that was done for it alone.
    pub order: Option<OrderId>,
    pub held: Fen,
    /// Once time was added: of [`Held::first`].
    pub quoted: Option<(Fen, Timestamp)>,
    pub asked_at: Timestamp,
    pub lit_at: Option<Timestamp>,
    pub until: Timestamp,
    pub warned_of: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    pub end_reason: Option<EndReason>,
    pub bill: Option<Bill>,
    pub pauses: Pauses,
}

impl Session {
    pub const fn money(&self) -> Held {
        Held { all: self.held, first: self.quoted }
    }
}

#[cfg(test)]
mod tests;
