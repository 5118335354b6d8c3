//! What is sold of a table now, and for how much.

use kernel::{Fen, Kind, Timestamp};
use platform::{Cx, Result};
use serde::Serialize;

use super::model::Venue;
use crate::play::{self, PlayError, PlayTime, Terms};
use crate::tariff::Early;

#[derive(Debug, Clone, Copy, Serialize, utoipa::ToSchema)]
#[schema(as = TableQuote)]
pub struct Quote {
    pub minutes: i64,
    /// Of the asker's level.
    pub price_fen: Fen,
    /// Without it.
    pub full_price_fen: Fen,
}

/// A package 套餐 that is sold now.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct PackageQuote {
    pub id: i64,
    pub name: String,
    pub minutes: i64,
    /// Bought now it lasts until then.
    pub until: Timestamp,
    pub price_fen: Fen,
    /// Whoever leaves early pays no more than the same play costs without it; otherwise all of it.
    pub early_is_cheaper: bool,
}

/// Near closing it may be nothing.
pub(super) struct Sold {
    pub quotes: Vec<Quote>,
    pub packages: Vec<PackageQuote>,
}

impl Sold {
    pub fn is_nothing(&self) -> bool {
        self.quotes.is_empty() && self.packages.is_empty()
    }
}

/// At the asker's terms, and at those of somebody without a level.
pub(super) fn sold(cx: &Cx, hall: &Venue, now: Timestamp, terms: &Terms, full: &Terms) -> Result<Sold> {
    let quote = |minutes: i64| {
        Ok(Quote { minutes, price_fen: play::quote(terms, now, minutes)?, full_price_fen: play::quote(full, now, minutes)? })
    };
    let quotes = play::to_open(hall, now, terms.tariff.unit_minutes).into_iter().map(quote).collect::<Result<_>>()?;
    Ok(Sold { quotes, packages: packages(cx, hall, now, terms)? })
}

/// Those that are not sold at this hour, or would last past closing, are left out.
fn packages(cx: &Cx, hall: &Venue, now: Timestamp, terms: &Terms) -> Result<Vec<PackageQuote>> {
    let mut sold = Vec::new();
    for package in &terms.tariff.packages {
        let offer = match play::offer(terms.clone(), now, PlayTime::Package(package.id), 0) {
            Ok(offer) => offer,
            Err(fault) if fault.kind == Kind::Conflict => continue,
            Err(fault) => return Err(fault),
        };
        if matches!(play::ends_in_time(hall, now, offer.until), Err(PlayError::PastClosing { .. })) {
            continue;
        }
        sold.push(PackageQuote {
            id: package.id,
            name: cx.lang.pick(&package.name_zh, &package.name_en).to_owned(),
            minutes: offer.minutes,
            until: offer.until,
            price_fen: offer.price,
            early_is_cheaper: package.early == Early::Cheaper,
        });
    }
    Ok(sold)
}
