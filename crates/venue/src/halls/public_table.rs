//! A table as customers see it among the others of its hall.

use kernel::{Fen, Timestamp};
use platform::Result;
use serde::Serialize;

use super::lists::Lists;
use super::machine::TableState;
use super::model::{Table, TableId};
use crate::customers::CustomerId;
use crate::holds::Hold;
use crate::tariff::Calendar;

#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct PublicTable {
    pub id: TableId,
    pub name: String,
    pub state: TableState,
    /// What an hour costs now by its own price list, before any discount.
    pub per_hour_fen: Fen,
    /// The name of that list; absent: the hall's own.
    pub price_list: Option<String>,
    /// It is the asker who plays there.
    pub mine: bool,
    /// It is held until then.
    pub held_until: Option<Timestamp>,
    /// For the asker.
    pub held_for_me: bool,
}

/// Who looks, if that is known.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asker {
    pub plays: Option<TableId>,
    pub customer: Option<CustomerId>,
}

impl Asker {
    pub fn holds(self, hold: Option<&Hold>) -> bool {
        hold.zip(self.customer).is_some_and(|(hold, customer)| hold.is_for(customer))
    }
}

/// At whose prices tables are shown, and to whom.
pub(super) struct Showing<'a> {
    pub lists: &'a Lists,
    pub calendar: &'a Calendar,
    pub now: Timestamp,
    pub asker: Asker,
}

impl Showing<'_> {
    pub fn table(&self, table: &Table, hold: Option<&Hold>) -> Result<PublicTable> {
        let listed = self.lists.get(table.tariff_id)?;
        Ok(PublicTable {
            id: table.id,
            name: table.name.clone(),
            state: table.state,
            per_hour_fen: listed.tariff.per_hour_at(self.calendar, self.now),
            price_list: listed.name.clone(),
            mine: self.asker.plays == Some(table.id),
            held_until: hold.map(|hold| hold.until),
            held_for_me: self.asker.holds(hold),
        })
    }
}
