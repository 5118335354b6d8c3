//! The staff holds a table for a guest, and releases what is held.

use kernel::{Fields, Timestamp, text};
use platform::identity::Permission;
use platform::messages::templates::ZONE;
use platform::{Cx, Result, audit};
use serde::Deserialize;
use serde_json::json;
use store::Tx;

use super::customer::begin;
use super::end::finish;
use super::error::HoldError;
use super::model::{self, Hold, HoldEnd};
use super::rows;
use crate::Venue;
use crate::customers::{self, Customer};
use crate::halls::rows as halls;
use crate::halls::{Table, TableId, TableState, table_of_mine};
use crate::play::PlayError;
use crate::told::{self, tell};

#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeskHold {
    /// For whom: 1 to 60 characters, which the staff alone sees.
    pub note: String,
    /// At most 24 hours ahead, and not past closing.
    pub until: Timestamp,
    /// The customer's phone number, or the number that a customer tells at the desk: who may open it then. Absent: nobody before it is released.
    #[serde(default)]
    pub customer: Option<String>,
}

/// Holds a free table for a guest.
pub async fn hold_at_desk(cx: &Cx, venue: &Venue, id: TableId, ask: &DeskHold) -> Result<Table> {
    let by = cx.require(Permission::DeskServe)?.id;
    let mut fields = Fields::default();
    let note = fields.take("note", text::clean(&ask.note, 1, 60, false)).unwrap_or_default();
    fields.check()?;
    let customer = ask.customer.as_deref().map(str::trim).filter(|text| !text.is_empty());
    if customer.is_some() {
        customers::count_look_up(cx, by).await?;
    }
    let (mut tx, mut table) = table_of_mine(cx, id, Permission::DeskServe).await?;
    let hall = halls::venue(&mut tx, table.venue_id).await?;
    model::until_at_desk(cx.now(), ask.until, hall.closes_after(cx.now()))?;
    if hall.closed {
        return Err(PlayError::Closed.into());
    }
    // Before anybody is looked for: a table that is taken is no means of asking who has which number.
    if table.state != TableState::Idle {
        return Err(HoldError::NotFree.into());
    }
    let guest = named(&mut tx, cx, customer).await?;
    let customer = guest.as_ref().map(|guest| guest.id);
    let hold = Hold { id: cx.id(), venue: hall.id, table: id, customer, by: Some(by), note, begun: cx.now(), until: ask.until };
    begin(&mut tx, cx, venue, &mut table, &hold).await?;
    if let Some(guest) = &guest {
        let params = [("hall", hall.name), ("table", table.name.clone()), ("until_at", hold.until.to_string()), (ZONE, hall.time_zone)];
        tell(&mut tx, cx, guest.id, &told::HELD, &params).await?;
    }
    let number = guest.map(|guest| guest.number);
    let detail = json!({"name": table.name, "note": hold.note, "until": hold.until, "customer": number});
    audit::record(&mut tx, cx, &audit::TABLE_HELD, Some(id.into()), &detail).await?;
    tx.commit().await?;
    Ok(table)
}

/// Who is meant; refused where nobody is.
async fn named(tx: &mut Tx, cx: &Cx, customer: Option<&str>) -> Result<Option<Customer>> {
    let Some(text) = customer else { return Ok(None) };
    let guest = customers::by_phone_or_number(tx, cx, text).await?.ok_or(HoldError::NoSuchCustomer)?;
    if guest.phone.is_none() { Err(HoldError::CustomerWithoutPhone.into()) } else { Ok(Some(guest)) }
}

/// Ends whatever holds a table, and tells whom it was for.
pub async fn release(cx: &Cx, venue: &Venue, id: TableId) -> Result<Table> {
    let (mut tx, mut table) = table_of_mine(cx, id, Permission::DeskServe).await?;
    let hold = rows::live(&mut tx, id).await?.ok_or(HoldError::NotHeld)?;
    finish(&mut tx, cx, venue, &mut table, &hold, HoldEnd::Released).await?;
    let detail = json!({"name": table.name, "note": hold.note, "until": hold.until});
    audit::record(&mut tx, cx, &audit::TABLE_RELEASED, Some(id.into()), &detail).await?;
    tx.commit().await?;
    Ok(table)
}
