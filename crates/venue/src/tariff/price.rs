//! From a stretch to a bill.
//!
//! Everything is added up exactly, in fractions of a fen, and cut to whole fen once, in the customer's favour. A line says by how much
//! the cut sum has grown with it, so that lines always add up.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use kernel::{Fen, MINUTE, Timestamp};
use serde::{Deserialize, Serialize};

use super::bands::{self, Calendar};
use super::{Early, Package, Span, Tariff, TariffError};

/// No session is longer; a forgotten one is closed long before.
pub(super) const LONGEST_DAYS: i64 = 31;
/// Exact sums count these parts of a fen: a fen an hour, for a microsecond, at a ten-thousandth of the price.
const PART: i128 = 3_600_000_000 * WHOLE;
/// Of a price, in ten-thousandths.
const WHOLE: i128 = 10_000;

/// What a price is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    pub from: Timestamp,
    pub to: Timestamp,
    /// What a member pays of the price, in ten-thousandths: 8800 is 88 折. 10,000 without a discount.
    pub pays: i64,
    /// Bought at the beginning.
    pub package: Option<&'a Package>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bill {
    pub lines: Vec<Line>,
    pub total: Fen,
    /// Until when play is paid with this: a unit that was begun is paid whole.
    pub paid_until: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    pub what: What,
    /// Negative where it takes off.
    pub fen: Fen,
}

/// What a line is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum What {
    /// Closed within the free minutes.
    Grace {
        minutes: i64,
    },
    Package {
        from: Timestamp,
        to: Timestamp,
    },
    Play {
        from: Timestamp,
        to: Timestamp,
        per_hour: Fen,
    },
    NightCap {
        cap: Fen,
    },
    SessionCap {
        /// What the whole session costs at most: the price of its package, where that is more than the hall's cap.
        cap: Fen,
    },
    Discount {
        pays: i64,
    },
    Minimum {
        minimum: Fen,
    },
    /// No more than was quoted and held: the price in between had risen.
    Quoted {
        most: Fen,
    },
}

impl Bill {
    /// Nothing was charged, since it was over within the free minutes.
    pub fn is_graced(&self) -> bool {
        self.lines.iter().any(|line| matches!(line.what, What::Grace { .. }))
    }
}

/// What the stretch costs, line by line.
pub fn price(tariff: &Tariff, calendar: &Calendar, ask: &Ask<'_>) -> Result<Bill, TariffError> {
    let length = ask.to.micros() - ask.from.micros();
    if length < 0 {
        return Err(TariffError::Backwards);
    }
    if length > LONGEST_DAYS * kernel::DAY {
        return Err(TariffError::TooLong);
    }
    let bought = as_asked(tariff, calendar, ask)?;
    if ask.package.is_some_and(|package| package.early == Early::Cheaper) {
        let plain = as_asked(tariff, calendar, &Ask { package: None, ..*ask })?;
        if plain.total < bought.total {
            return Ok(plain);
        }
    }
    Ok(bought)
}

fn as_asked(tariff: &Tariff, calendar: &Calendar, ask: &Ask<'_>) -> Result<Bill, TariffError> {
    let length = ask.to.micros() - ask.from.micros();
    if ask.package.is_none() && tariff.grace_minutes > 0 && length <= tariff.grace_minutes * MINUTE {
        let grace = Line { what: What::Grace { minutes: tariff.grace_minutes }, fen: Fen::ZERO };
        return Ok(Bill { lines: vec![grace], total: Fen::ZERO, paid_until: ask.from });
    }
    let mut sum = Sum::default();
    let mut begin = ask.from;
    if let Some(package) = ask.package {
        begin = covered_until(package, ask.from, calendar)?;
        sum.grow(What::Package { from: ask.from, to: begin }, whole(package.price))?;
    }
    let unit = tariff.unit_minutes.clamp(1, 60) * MINUTE;
    let beyond = (ask.to.micros() - begin.micros()).max(0);
    let units = beyond / unit + i64::from(beyond % unit > 0);
    let end = begin.plus_micros(units * unit);
    by_time(tariff, calendar, ask, (begin, end), &mut sum)?;
    if let Some(minimum) = tariff.minimum {
        sum.at_least(What::Minimum { minimum }, whole(minimum))?;
    }
    let total = sum.fen()?;
    Ok(Bill { lines: sum.lines, total, paid_until: end.max(begin) })
}

/// Adds what the time costs that no package covers: caps first, then the discount on what is left of it.
fn by_time(
    tariff: &Tariff,
    calendar: &Calendar,
    ask: &Ask<'_>,
    (begin, end): (Timestamp, Timestamp),
    sum: &mut Sum,
) -> Result<(), TariffError> {
    let before = sum.parts;
    let segments = segments(tariff, calendar, begin, end)?;
    let mut nights: BTreeMap<Date, i128> = BTreeMap::new();
    let mut lines: Vec<(Segment, i128)> = Vec::new();
    for segment in segments {
        let parts = i128::from(segment.to.micros() - segment.from.micros()) * i128::from(segment.per_hour.fen()) * WHOLE;
        if let Some(night) = segment.night {
            *nights.entry(night).or_default() += parts;
        }
        match lines.last_mut() {
            // One line for one price.
            Some((last, so_far)) if last.per_hour == segment.per_hour => {
                last.to = segment.to;
                *so_far += parts;
            }
            _ => lines.push((segment, parts)),
        }
    }
    for (segment, parts) in lines {
        sum.grow(What::Play { from: segment.from, to: segment.to, per_hour: segment.per_hour }, parts)?;
    }
    if let Some(night) = &tariff.night {
        let bought = bought_of_nights(tariff, calendar, ask, begin)?;
        let over = nights.iter().map(|(date, played)| {
            let bought = bought.get(date).copied().unwrap_or_default();
            (bought + played - whole(night.cap).max(bought)).max(0)
        });
        sum.shrink(What::NightCap { cap: night.cap }, over.sum())?;
    }
    if let Some(cap) = most(tariff, ask.package) {
        // The package is in it: what is capped is the session, and never by more than was played beside it.
        sum.shrink(What::SessionCap { cap }, sum.parts - whole(cap))?;
    }
    let pays = ask.pays.clamp(0, 10_000);
    // Exact: what has been added is a whole number of ten-thousandths.
    let off = (sum.parts - before) / WHOLE * (WHOLE - i128::from(pays));
    sum.shrink(What::Discount { pays }, off)
}

/// What the package of a stretch costs of each night that it lies in: as much of its price as it has time there.
fn bought_of_nights(tariff: &Tariff, calendar: &Calendar, ask: &Ask<'_>, end: Timestamp) -> Result<BTreeMap<Date, i128>, TariffError> {
    let mut nights: BTreeMap<Date, i128> = BTreeMap::new();
    let Some(package) = ask.package else { return Ok(nights) };
    for segment in segments(tariff, calendar, ask.from, end)? {
        if let Some(night) = segment.night {
            *nights.entry(night).or_default() += i128::from(segment.to.micros() - segment.from.micros());
        }
    }
    // Cut to a whole number of ten-thousandths, as all that is added up.
    let price = i128::from(package.price.fen()) * (PART / WHOLE);
    let length = i128::from(end.micros() - ask.from.micros()).max(1);
    Ok(nights.into_iter().map(|(night, time)| (night, price * time / length * WHOLE)).collect())
}

/// What a session costs at most, where it has a cap: that, or more where a package or the minimum is to be paid anyway.
fn most(tariff: &Tariff, package: Option<&Package>) -> Option<Fen> {
    let anyway = [package.map(|package| package.price), tariff.minimum];
    tariff.session_cap.map(|cap| anyway.into_iter().flatten().fold(cap, Fen::max))
}

/// A part of the stretch with one price.
struct Segment {
    from: Timestamp,
    to: Timestamp,
    per_hour: Fen,
    night: Option<Date>,
}

fn segments(tariff: &Tariff, calendar: &Calendar, begin: Timestamp, end: Timestamp) -> Result<Vec<Segment>, TariffError> {
    let mut minutes = BTreeSet::new();
    let night = tariff.night.as_ref().map(|night| night.hours);
    for hours in tariff.bands.iter().map(|band| band.hours).chain(night) {
        minutes.extend([hours.from, hours.to]);
    }
    let mut segments = Vec::new();
    let mut from = begin;
    while from < end {
        let to = bands::next_change(from, &minutes, calendar)?.min(end);
        let local = calendar.local(from)?;
        let per_hour = bands::band_at(&tariff.bands, local, calendar).map_or(tariff.per_hour, |band| band.per_hour);
        let night = night.and_then(|hours| hours.begun(local.date(), bands::minute_of(local)));
        segments.push(Segment { from, to, per_hour, night });
        from = to;
    }
    Ok(segments)
}

/// Until when a package bought at `from` lasts.
pub(super) fn covered_until(package: &Package, from: Timestamp, calendar: &Calendar) -> Result<Timestamp, TariffError> {
    match package.span {
        Span::Minutes(minutes) => Ok(from.plus_micros(minutes.max(0).saturating_mul(MINUTE))),
        Span::Night(hours) => {
            let local = calendar.local(from)?;
            let night = hours.begun(local.date(), bands::minute_of(local)).ok_or(TariffError::NotNow)?;
            calendar.moment(hours.end(night).ok_or(TariffError::NoSuchTime)?, from)
        }
    }
}

/// As parts of a fen.
fn whole(fen: Fen) -> i128 {
    i128::from(fen.fen()) * PART
}

/// A sum that is exact, and its lines in whole fen.
#[derive(Default)]
struct Sum {
    parts: i128,
    lines: Vec<Line>,
}

impl Sum {
    fn grow(&mut self, what: What, parts: i128) -> Result<(), TariffError> {
        let before = self.fen()?;
        self.parts += parts;
        let fen = self.fen()?.minus(before).map_err(|_| TariffError::TooMuch)?;
        self.lines.push(Line { what, fen });
        Ok(())
    }

    /// A line that takes nothing off is left out.
    fn shrink(&mut self, what: What, parts: i128) -> Result<(), TariffError> {
        if parts > 0 { self.grow(what, -parts) } else { Ok(()) }
    }

    fn at_least(&mut self, what: What, least: i128) -> Result<(), TariffError> {
        if least > self.parts { self.grow(what, least - self.parts) } else { Ok(()) }
    }

    fn fen(&self) -> Result<Fen, TariffError> {
        i64::try_from(self.parts.div_euclid(PART)).map(Fen::new).map_err(|_| TariffError::TooMuch)
    }
}

impl Tariff {
    /// What an hour costs at this moment.
    pub fn per_hour_at(&self, calendar: &Calendar, at: Timestamp) -> Fen {
        let band = calendar.local(at).ok().and_then(|local| bands::band_at(&self.bands, local, calendar));
        band.map_or(self.per_hour, |band| band.per_hour)
    }
}
