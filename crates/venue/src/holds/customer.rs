//! A customer who is on the way: holds a table, gives it back, looks at what is held.

use kernel::{Fault, Timestamp};
use platform::{Cx, Result};
use serde::Serialize;
use store::Tx;
use store::jobs::NewJob;

use super::end::{OVER_JOB, Over, finish};
use super::error::HoldError;
use super::may::{HoldAsk, may_hold};
use super::model::{Hold, HoldEnd};
use super::rows;
use crate::Venue;
use crate::customers::Customer;
use crate::halls::{self, Event, Table, TableId, VenueId, offers};
use crate::tariff::HallClock;

/// A table that is held, as the customer sees it for whom it is.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct HoldView {
    pub table_id: TableId,
    pub table_name: String,
    pub venue_id: VenueId,
    pub venue_name: String,
    pub since: Timestamp,
    pub until: Timestamp,
    /// The hall holds it, and has set the time.
    pub by_staff: bool,
    /// The server's clock.
    pub now: Timestamp,
    /// The hall's, since it is held.
    pub clock: HallClock,
}

/// Holds a free table for as long as the hall says. Asking again while it is held changes nothing: nor does it last longer for that.
pub async fn hold(cx: &Cx, venue: &Venue, customer: &Customer, id: TableId) -> Result<HoldView> {
    let mut tx = cx.db.begin().await?;
    let mut table = halls::rows::lock_table_in_use(&mut tx, id).await?;
    let hall = halls::rows::venue(&mut tx, table.venue_id).await?;
    if let Some(hold) = rows::live(&mut tx, id).await?.filter(|hold| hold.is_for(customer.id)) {
        return view(cx, &hall, &table, &hold);
    }
    let minutes = offers::of(&mut tx, hall.id).await?.hold_minutes;
    let ask = HoldAsk { customer: Some(customer), hall: &hall, table: &table, minutes };
    let until = may_hold(&mut tx, cx, ask).await?;
    let hold =
        Hold { id: cx.id(), venue: hall.id, table: id, customer: Some(customer.id), by: None, note: String::new(), begun: cx.now(), until };
    begin(&mut tx, cx, venue, &mut table, &hold).await?;
    tx.commit().await?;
    view(cx, &hall, &table, &hold)
}

/// Writes it down with what ends it. The table is locked, and idle.
pub(super) async fn begin(tx: &mut Tx, cx: &Cx, venue: &Venue, table: &mut Table, hold: &Hold) -> Result<()> {
    if !rows::insert(tx, hold).await? {
        return Err(HoldError::AlreadyHolding.into());
    }
    halls::rows::advance(tx, cx, &venue.news, table, Event::Reserve).await?.ok_or(HoldError::NotFree)?;
    let over = NewJob::new(OVER_JOB, &Over { hold: hold.id }, hold.until)?;
    cx.enqueue(tx, over).await?;
    Ok(())
}

/// Gives a table back that is held for the asker. What is not changes nothing.
pub async fn give_back(cx: &Cx, venue: &Venue, customer: &Customer, id: TableId) -> Result<()> {
    let mut tx = cx.db.begin().await?;
    let mut table = halls::rows::lock_table_in_use(&mut tx, id).await?;
    let hold = rows::live(&mut tx, id).await?.filter(|hold| hold.is_for(customer.id)).ok_or(HoldError::NotHeld)?;
    finish(&mut tx, cx, venue, &mut table, &hold, HoldEnd::GivenBack).await?;
    Ok(tx.commit().await?)
}

/// All that is held for the asker.
pub async fn list(cx: &Cx, customer: &Customer) -> Result<Vec<HoldView>> {
    let mut sql = cx.db.read();
    let mut shown = Vec::new();
    for hold in rows::live_of(&mut sql, customer.id).await? {
        let (hall, table) = (halls::rows::venue(&mut sql, hold.venue).await?, halls::rows::table(&mut sql, hold.table).await?);
        shown.push(view(cx, &hall, &table, &hold)?);
    }
    Ok(shown)
}

fn view(cx: &Cx, hall: &halls::Venue, table: &Table, hold: &Hold) -> Result<HoldView> {
    Ok(HoldView {
        table_id: table.id,
        table_name: table.name.clone(),
        venue_id: hall.id,
        venue_name: hall.name.clone(),
        since: hold.begun,
        until: hold.until,
        by_staff: hold.by.is_some(),
        now: cx.now(),
        clock: hall.calendar().clock_from(hold.begun).map_err(Fault::internal)?,
    })
}
