//! Sessions in the database.

use kernel::{Fen, Timestamp, Word};
use platform::ledger::TransferId;
use platform::payments::OrderId;
use store::{Row, Sql, Tx, args};

use super::model::{Session, SessionId};
use super::pause::Pauses;
use crate::customers::CustomerId;
use crate::halls::TableId;

pub(super) const COLUMNS: &str = "p.id, p.venue_id, p.table_id, p.customer_id, p.state, p.terms, p.minutes, p.order_id, p.held, p.quoted, p.quoted_until, p.asked_at, p.lit_at, p.until_at, p.warned_of, p.ended_at, p.end_reason, p.bill, p.paused_at, p.paused, p.pauses, p.unlit";

pub(super) fn read(row: &Row) -> store::Result<Session> {
    let json = |column: &str, error: serde_json::Error| store::Error::Internal(format!("column {column}: {error}"));
    let bill: Option<String> = row.get("bill")?;
    Ok(Session {
        id: row.get("id")?,
        venue: row.get("venue_id")?,
        table: row.get("table_id")?,
        customer: row.get("customer_id")?,
        state: row.word("state")?,
        terms: serde_json::from_str(&row.get::<String>("terms")?).map_err(|error| json("terms", error))?,
        minutes: row.get("minutes")?,
        order: row.get("order_id")?,
        held: row.get("held")?,
        quoted: row.get::<Option<Fen>>("quoted")?.zip(row.get("quoted_until")?),
        asked_at: row.get("asked_at")?,
        lit_at: row.get("lit_at")?,
        until: row.get("until_at")?,
        warned_of: row.get("warned_of")?,
        ended_at: row.get("ended_at")?,
        end_reason: row.opt_word("end_reason")?,
        pauses: Pauses { since: row.get("paused_at")?, over: row.get("paused")?, count: row.get("pauses")?, unlit: row.get("unlit")? },
        bill: bill.map(|bill| serde_json::from_str(&bill)).transpose().map_err(|error| json("bill", error))?,
    })
}

/// Whether there was a place for it: a customer has one live session, and whoever opens two tables at once has seen none when asking for either.
pub(super) async fn insert(tx: &mut Tx, session: &Session) -> store::Result<bool> {
    let terms = serde_json::to_string(&session.terms).map_err(|error| store::Error::Internal(error.to_string()))?;
    let sql = "INSERT INTO play_sessions (id, venue_id, table_id, customer_id, state, terms, minutes, order_id, held, asked_at, until_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING";
    let state = session.state.as_str();
    let inserted = tx
        .exec(
            sql,
            args![
                session.id,
                session.venue,
                session.table,
                session.customer,
                state,
                terms,
                session.minutes,
                session.order,
                session.held,
                session.asked_at,
                session.until
            ],
        )
        .await?;
    Ok(inserted == 1)
}

/// What was opened with what this order has brought.
pub(crate) async fn of_order(sql: &mut impl Sql, order: OrderId) -> store::Result<Option<SessionId>> {
    sql.opt("SELECT id FROM play_sessions WHERE order_id = $1", args![order], |row| row.get("id")).await
}

pub(crate) async fn by_id(sql: &mut impl Sql, id: SessionId) -> store::Result<Option<Session>> {
    sql.opt(&format!("SELECT {COLUMNS} FROM play_sessions p WHERE p.id = $1"), args![id], read).await
}

/// The session that is on a table.
pub(crate) async fn live(sql: &mut impl Sql, table: TableId) -> store::Result<Option<Session>> {
    let query = format!("SELECT {COLUMNS} FROM play_sessions p WHERE p.table_id = $1 AND p.state IN ('opening', 'playing')");
    sql.opt(&query, args![table], read).await
}

/// The session of a customer who plays now, or is about to.
async fn live_of(sql: &mut impl Sql, customer: CustomerId) -> store::Result<Option<Session>> {
    let query = format!("SELECT {COLUMNS} FROM play_sessions p WHERE p.customer_id = $1 AND p.state IN ('opening', 'playing')");
    sql.opt(&query, args![customer], read).await
}

/// Whether a customer has a table now.
pub(crate) async fn plays(sql: &mut impl Sql, customer: CustomerId) -> store::Result<bool> {
    Ok(live_of(sql, customer).await?.is_some())
}

/// What somebody has played is another's from now on: of one who does not play now.
pub(crate) async fn carry_over(tx: &mut Tx, from: CustomerId, to: CustomerId) -> store::Result<()> {
    tx.exec("UPDATE play_sessions SET customer_id = $1 WHERE customer_id = $2", args![to, from]).await?;
    Ok(())
}

/// What is held for a session, in order.
pub(super) async fn holds(tx: &mut Tx, session: SessionId) -> store::Result<Vec<(TransferId, Fen)>> {
    let query = "SELECT transfer_id, amount FROM play_holds WHERE session_id = $1 ORDER BY place";
    tx.all(query, args![session], |row| Ok((row.get("transfer_id")?, row.get("amount")?))).await
}

pub(super) async fn add_hold(tx: &mut Tx, session: SessionId, transfer: TransferId, amount: Fen) -> store::Result<()> {
    let sql = "INSERT INTO play_holds (session_id, place, transfer_id, amount) \
               SELECT $1, COALESCE((SELECT MAX(place) FROM play_holds WHERE session_id = $1), 0) + 1, $2, $3";
    tx.exec(sql, args![session, transfer, amount]).await?;
    Ok(())
}

pub(super) async fn begin(tx: &mut Tx, session: SessionId, lit: Timestamp, until: Timestamp) -> store::Result<()> {
    let sql = "UPDATE play_sessions SET state = 'playing', lit_at = $1, until_at = $2 WHERE id = $3 AND state = 'opening'";
    tx.exec(sql, args![lit, until, session]).await?;
    Ok(())
}
