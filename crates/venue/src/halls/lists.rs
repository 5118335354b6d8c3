//! A hall's price lists 价目, and which of them each table uses. One is the hall's own: of tables for which no other is chosen.

use std::collections::HashMap;

use kernel::Fault;
use platform::Result;
use store::{Filter, Row, Sql, Tx, args};

use super::model::{TariffId, VenueId};
use crate::tariff::Tariff;

/// As it is stored.
pub(super) struct Kept {
    pub id: TariffId,
    pub venue: VenueId,
    pub name: String,
    pub own: bool,
    pub terms: String,
    pub version: i64,
}

const KEPT: &str = "id, venue_id, name, own, terms, version";

fn read(row: &Row) -> store::Result<Kept> {
    Ok(Kept {
        id: row.get("id")?,
        venue: row.get("venue_id")?,
        name: row.get("name")?,
        own: row.get("own")?,
        terms: row.get("terms")?,
        version: row.get("version")?,
    })
}

impl Kept {
    pub fn tariff(&self) -> Result<Tariff> {
        serde_json::from_str(&self.terms).map_err(Fault::internal)
    }
}

/// All of a hall, its own first, and the others as they were added.
pub(super) async fn of_venue(sql: &mut impl Sql, venue: VenueId) -> store::Result<Vec<Kept>> {
    let query = format!("SELECT {KEPT} FROM tariffs WHERE venue_id = $1 ORDER BY own DESC, id LIMIT 100");
    sql.all(&query, args![venue], read).await
}

/// The hall's own.
pub(super) async fn own(sql: &mut impl Sql, venue: VenueId) -> store::Result<Kept> {
    sql.one(&format!("SELECT {KEPT} FROM tariffs WHERE venue_id = $1 AND own"), args![venue], read).await
}

/// One, for this transaction alone.
pub(super) async fn lock(tx: &mut Tx, which: Filter) -> Result<Kept> {
    let query = format!("SELECT {KEPT} FROM tariffs WHERE {}{}", which.sql(), tx.for_update());
    tx.opt(&query, which.args(), read).await?.ok_or_else(Fault::not_found)
}

/// The names of the tables that use it. Those that were given up ask for no prices any more.
pub(super) async fn tables_of(sql: &mut impl Sql, list: &Kept) -> store::Result<Vec<String>> {
    let query = "SELECT name FROM venue_tables WHERE venue_id = $1 AND tariff_id = $2 AND retired_at IS NULL ORDER BY id LIMIT 1000";
    sql.all(query, args![list.venue, list.id], |row| row.get("name")).await
}

pub(super) async fn name_of(sql: &mut impl Sql, id: TariffId) -> store::Result<String> {
    sql.one("SELECT name FROM tariffs WHERE id = $1", args![id], |row| row.get("name")).await
}

/// The list that a form names for a table of this hall, which nobody removes before this transaction is over; the hall's own where it names none.
pub(super) async fn chosen(tx: &mut Tx, venue: VenueId, id: Option<TariffId>) -> Result<TariffId> {
    let Some(id) = id else { return Ok(own(tx, venue).await?.id) };
    let query = format!("SELECT id FROM tariffs WHERE id = $1 AND venue_id = $2{}", tx.for_update());
    let found: Option<TariffId> = tx.opt(&query, args![id, venue], |row| row.get("id")).await?;
    found.ok_or_else(|| {
        Fault::field("tariff_id", "UNKNOWN", "本店没有这份价目，或已删除", "This hall has no such price list, or not any more")
    })
}

/// What is told of a table's list.
pub(super) struct Listed {
    /// None: the hall's own.
    pub name: Option<String>,
    pub tariff: Tariff,
}

/// A hall's lists, to be told with its tables.
pub(super) struct Lists(HashMap<TariffId, Listed>);

impl Lists {
    pub async fn of(sql: &mut impl Sql, venue: VenueId) -> Result<Self> {
        let listed = |kept: Kept| {
            let tariff = kept.tariff()?;
            Ok((kept.id, Listed { name: (!kept.own).then_some(kept.name), tariff }))
        };
        Ok(Self(of_venue(sql, venue).await?.into_iter().map(listed).collect::<Result<_>>()?))
    }

    /// A table that was read a moment before or after may use another one by now: whoever asks again sees that.
    pub fn get(&self, id: TariffId) -> Result<&Listed> {
        self.0.get(&id).ok_or_else(|| Fault::unavailable("a table has changed its price list in between"))
    }
}
