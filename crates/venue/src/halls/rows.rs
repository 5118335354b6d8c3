//! Reading and writing halls and tables.

use kernel::{APART, Fault, Timestamp};
use platform::{Cx, Result};
use store::{Filter, Row, Sql, Tx, args};

use super::machine::{self, Event, TableState};
use super::model::{Table, TableId, TariffId, Venue, VenueId};
use super::offers::Offers;
use crate::News;
use crate::play::PauseTerms;
use crate::tariff::Tariff;

const VENUE: &str = "v.id, v.name, v.address, v.phone, v.time_zone, v.opens, v.closes, v.state, v.holidays, v.version, v.created_at";
const TABLE: &str = "t.id, t.venue_id, t.tariff_id, t.name, t.code, t.state, t.since, t.x, t.y, t.version, t.retired_at";

fn read_venue(row: &Row) -> store::Result<Venue> {
    Ok(Venue {
        id: row.get("id")?,
        name: row.get("name")?,
        address: row.get("address")?,
        phone: row.get("phone")?,
        time_zone: row.get("time_zone")?,
        opens: row.get("opens")?,
        closes: row.get("closes")?,
        closed: row.get::<String>("state")? == "closed",
        holidays: serde_json::from_str(&row.get::<String>("holidays")?).unwrap_or_default(),
        version: row.get("version")?,
        created_at: row.get("created_at")?,
    })
}

fn read_table(row: &Row) -> store::Result<Table> {
    Ok(Table {
        id: row.get("id")?,
        venue_id: row.get("venue_id")?,
        tariff_id: row.get("tariff_id")?,
        name: row.get("name")?,
        code: row.get("code")?,
        state: row.word("state")?,
        since: row.get("since")?,
        x: row.get("x")?,
        y: row.get("y")?,
        version: row.get("version")?,
        retired_at: row.get("retired_at")?,
    })
}

pub async fn venues(sql: &mut impl Sql, filter: Filter) -> store::Result<Vec<Venue>> {
    let query = format!("SELECT {VENUE} FROM venues v WHERE {} ORDER BY v.id LIMIT 500", filter.sql());
    sql.all(&query, filter.args(), read_venue).await
}

pub async fn venue(sql: &mut impl Sql, id: VenueId) -> Result<Venue> {
    let query = format!("SELECT {VENUE} FROM venues v WHERE v.id = $1");
    sql.opt(&query, args![id], read_venue).await?.ok_or_else(Fault::not_found)
}

/// The same, for this transaction alone.
pub async fn lock_venue(tx: &mut Tx, id: VenueId) -> Result<Venue> {
    let query = format!("SELECT {VENUE} FROM venues v WHERE v.id = $1{}", tx.for_update());
    tx.opt(&query, args![id], read_venue).await?.ok_or_else(Fault::not_found)
}

pub async fn tables(sql: &mut impl Sql, venue: VenueId) -> store::Result<Vec<Table>> {
    let query = format!("SELECT {TABLE} FROM venue_tables t WHERE t.venue_id = $1 AND t.retired_at IS NULL ORDER BY t.id LIMIT 1000");
    sql.all(&query, args![venue], read_table).await
}

pub async fn table(sql: &mut impl Sql, id: TableId) -> Result<Table> {
    let query = format!("SELECT {TABLE} FROM venue_tables t WHERE t.id = $1");
    sql.opt(&query, args![id], read_table).await?.ok_or_else(Fault::not_found)
}

/// The same, unless it was retired.
pub async fn table_in_use(sql: &mut impl Sql, id: TableId) -> Result<Table> {
    table(sql, id).await.and_then(in_use)
}

fn in_use(table: Table) -> Result<Table> {
    if table.retired_at.is_none() { Ok(table) } else { Err(Fault::not_found()) }
}

/// The same, for this transaction alone, unless it was retired.
pub async fn lock_table_in_use(tx: &mut Tx, id: TableId) -> Result<Table> {
    lock_table(tx, id).await.and_then(in_use)
}

/// The table, for this transaction alone. Whoever changes a table's session, light or state takes this first.
pub async fn lock_table(tx: &mut Tx, id: TableId) -> Result<Table> {
    let query = format!("SELECT {TABLE} FROM venue_tables t WHERE t.id = $1{}", tx.for_update());
    tx.opt(&query, args![id], read_table).await?.ok_or_else(Fault::not_found)
}

/// Has tables be what they are since now where that is to come: a clock that was ahead has said so, and was set back.
pub(crate) async fn set_right(cx: &Cx) -> Result<()> {
    let (now, after) = (cx.now(), cx.now().plus_micros(APART));
    let there = "SELECT 1 AS there FROM venue_tables WHERE since > $1 LIMIT 1";
    if cx.db.read().opt(there, args![after], |_| Ok(())).await?.is_some() {
        let mut tx = cx.db.begin().await?;
        tx.exec("UPDATE venue_tables SET since = $1 WHERE since > $2", args![now, after]).await?;
        tx.commit().await?;
    }
    Ok(())
}

pub async fn table_by_code(sql: &mut impl Sql, code: &str) -> store::Result<Option<TableId>> {
    sql.opt("SELECT id FROM venue_tables WHERE code = $1 AND retired_at IS NULL", args![code], |row| row.get("id")).await
}

/// Of a table that was read without being locked it may be gone: the table has another one by then, and whoever asks again sees that.
pub async fn tariff(sql: &mut impl Sql, id: TariffId) -> Result<Tariff> {
    prices(sql.opt("SELECT terms FROM tariffs WHERE id = $1", args![id], |row| row.get("terms")).await?)
}

fn prices(terms: Option<String>) -> Result<Tariff> {
    let terms = terms.ok_or_else(|| Fault::unavailable("a table has changed its price list in between"))?;
    serde_json::from_str(&terms).map_err(Fault::internal)
}

/// What is to be known of where a table is, to sell it: its hall, its prices, and how play there may be paused.
pub async fn place_of(sql: &mut impl Sql, table: &Table) -> Result<(Venue, Tariff, PauseTerms)> {
    let query = format!(
        "SELECT {VENUE}, r.terms, o.pause_minutes, o.pause_lit FROM venues v LEFT JOIN tariffs r ON r.id = $2 \
         LEFT JOIN venue_offers o ON o.venue_id = v.id WHERE v.id = $1"
    );
    let unsaid = Offers::default();
    let read = |row: &Row| {
        let minutes = row.get::<Option<i64>>("pause_minutes")?.unwrap_or(unsaid.pause_minutes);
        let lit = row.get::<Option<bool>>("pause_lit")?.unwrap_or(unsaid.pause_lit);
        Ok((read_venue(row)?, row.get::<Option<String>>("terms")?, PauseTerms { minutes, lit }))
    };
    let found = sql.opt(&query, args![table.venue_id, table.tariff_id], read).await?;
    let (venue, terms, pause) = found.ok_or_else(Fault::not_found)?;
    Ok((venue, prices(terms)?, pause))
}

/// Takes a locked table to where the event leads. `None`, changing nothing, where it cannot happen.
pub async fn advance(tx: &mut Tx, cx: &Cx, news: &News, table: &mut Table, event: Event) -> Result<Option<TableState>> {
    let Some(to) = machine::next(table.state, event) else { return Ok(None) };
    let now: Timestamp = cx.now();
    tx.exec("UPDATE venue_tables SET state = $1, since = $2 WHERE id = $3", args![kernel::Word::as_str(to), now, table.id]).await?;
    (table.state, table.since) = (to, now);
    news.after(tx);
    Ok(Some(to))
}
