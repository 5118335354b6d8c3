//! Whether a customer may hold a table now, and until when.

use kernel::{Kind, Timestamp};
use platform::{Cx, Result};
use serde::Serialize;
use store::Sql;

use super::error::HoldError;
use super::{model, rows};
use crate::customers::Customer;
use crate::halls::{Table, TableState, Venue, WhyNot, offers, rows as halls};
use crate::play::{self, PlayError};

/// Who asks to hold which table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HoldAsk<'a> {
    /// None: somebody who has not signed in, and looks.
    pub customer: Option<&'a Customer>,
    pub hall: &'a Venue,
    pub table: &'a Table,
    /// What the hall offers.
    pub minutes: i64,
}

/// Until when this table would be held for this customer. Refused as opening it would be, and where the hall or the rules do not have it.
pub(crate) async fn may_hold(sql: &mut impl Sql, cx: &Cx, ask: HoldAsk<'_>) -> Result<Timestamp> {
    let HoldAsk { customer, hall, table, minutes } = ask;
    let now = cx.now();
    if minutes == 0 {
        return Err(HoldError::NotOffered.into());
    }
    play::is_free(sql, cx, hall, table, None).await?;
    if !hall.is_open(now) {
        return Err(PlayError::Closed.into());
    }
    if let Some(customer) = customer {
        may(sql, cx, hall, customer).await?;
    }
    // Whoever comes later opens nothing any more.
    let unit = halls::tariff(sql, table.tariff_id).await?.unit_minutes;
    model::until(now, minutes, play::last_opening(hall, now, unit)).ok_or_else(|| HoldError::ClosesSoon.into())
}

async fn may(sql: &mut impl Sql, cx: &Cx, hall: &Venue, customer: &Customer) -> Result<()> {
    if customer.phone.is_none() {
        return Err(HoldError::PhoneNeeded.into());
    }
    if play::plays(sql, customer.id).await? {
        return Err(PlayError::AlreadyPlaying.into());
    }
    if !rows::live_of(sql, customer.id).await?.is_empty() {
        return Err(HoldError::AlreadyHolding.into());
    }
    if let Some(refusal) = play::too_often(sql, cx, customer.id).await? {
        return Err(refusal.into());
    }
    match model::again(&rows::unused(sql, customer.id, cx.now()).await?, cx.now()) {
        Some(at) => Err(HoldError::Unused { again: hall.moment_text(at, cx.now()), seconds: at.seconds_since(cx.now()) }.into()),
        None => Ok(()),
    }
}

/// Whether the asker may hold a free table now.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct HoldOffer {
    /// For how long the hall holds one.
    pub minutes: i64,
    /// Until when it would be: less where tables are opened no more before that. Absent: not now.
    pub until: Option<Timestamp>,
    pub why_not: Option<WhyNot>,
}

/// Of a table that is not free, or in a hall that holds none, there is none.
pub(crate) async fn offer(cx: &Cx, customer: Option<&Customer>, hall: &Venue, table: &Table) -> Result<Option<HoldOffer>> {
    let mut sql = cx.db.read();
    let minutes = offers::of(&mut sql, hall.id).await?.hold_minutes;
    if minutes == 0 || table.state != TableState::Idle {
        return Ok(None);
    }
    match may_hold(&mut sql, cx, HoldAsk { customer, hall, table, minutes }).await {
        Ok(until) => Ok(Some(HoldOffer { minutes, until: Some(until), why_not: None })),
        Err(fault) if fault.kind == Kind::Conflict => Ok(Some(HoldOffer { minutes, until: None, why_not: Some(WhyNot::new(cx, &fault)) })),
        Err(fault) => Err(fault),
    }
}
