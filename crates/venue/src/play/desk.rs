//! Opening a table at the desk 前台开台: the staff does it for who stands there, with cash or with what is in their wallet, where neither a text
//! nor WeChat need be reached. What is opened is a session as any other ([`super::open`]); beside it stands at which hall's desk, and by whom.
//!
//! **Invariant**: the cash and what it pays for are one transaction: where the table is refused, nothing was taken.
//! **Invariant**: the staff adds time to what was opened at a desk of theirs, and to nobody else's play.

use kernel::{Fault, Fen};
use platform::idempotency::IdempotencyKey;
use platform::identity::{Permission, UserRef};
use platform::{Cx, Result, audit};
use serde::Serialize;
use serde_json::json;
use store::{Filter, Row, Sql, Tx, args};

use super::extend::{ExtendAsk, Extension, extend_in, extension_of};
use super::model::{Session, SessionId, SessionState, Terms};
use super::open::{Means, OpenAsk, Opened, open_in, quote};
use super::view::{self, SessionView};
use super::{closing, grace, rows, within};
use crate::customers::{self, Customer, CustomerId, DeskCustomer};
use crate::halls::{Quote, Table, TableId, TableView, rows as halls, table_of_mine, table_view_graced};
use crate::{Venue, members, staff};

/// Who stands at the desk, and what they hand over.
#[derive(Debug, Clone)]
pub struct DeskAsk {
    /// A phone's number, or the customer's own. Absent: a walk-in 散客, of whom nothing is known.
    pub customer: Option<String>,
    /// Goes into the wallet; may be nothing.
    pub cash: Fen,
}

/// What a table costs whoever stands at the desk.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct DeskOffer {
    /// Absent: nobody is named, or it is a phone of which nothing is known yet.
    pub customer: Option<Customer>,
    pub table: TableView,
    /// The longest play that the cash and what is available in the wallet pay for; absent: they pay for none.
    pub within: Option<Quote>,
}

/// A session that was opened at the desk, and whose it is.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct DeskPlay {
    pub session: SessionView,
    /// As they stand now. A guest is a walk-in. What is in the wallet of anybody else is told while they play.
    pub customer: DeskCustomer,
    pub opened_by: UserRef,
}

/// What is sold of a table to whoever stands there, for how much.
pub async fn desk_offer(cx: &Cx, id: TableId, ask: &DeskAsk) -> Result<DeskOffer> {
    let by = cx.require(Permission::DeskServe)?;
    customers::check_cash(ask.cash)?;
    let mut sql = cx.db.read();
    let table = halls::table_in_use(&mut sql, id).await?;
    staff::works_at(&mut sql, by, table.venue_id).await?;
    let customer = match named(cx, ask).await? {
        Some(named) => customers::known_at_desk(cx, named).await?,
        None => None,
    };
    // A phone that is said here and nothing else is anybody's: it is counted as a walk-in.
    let walk_in = customer.as_ref().is_none_or(|customer| customer.unproven);
    let who = customer.as_ref().map(|customer| customer.id);
    let graced = grace::graced_at_desk(&mut sql, cx, who, walk_in.then_some(by.id), table.venue_id).await?;
    let within = longest(&mut sql, cx, &table, customer.as_ref(), graced, ask.cash).await?;
    Ok(DeskOffer { table: table_view_graced(cx, customer.as_ref(), id, Some(graced)).await?, customer, within })
}

/// Opens a table for whoever stands there.
pub async fn open_at_desk(cx: &Cx, venue: &Venue, id: TableId, who: &DeskAsk, ask: OpenAsk, key: &IdempotencyKey) -> Result<DeskPlay> {
    let by = cx.require(Permission::DeskServe)?;
    customers::check_cash(who.cash)?;
    let named = named(cx, who).await?;
    let (mut tx, table) = table_of_mine(cx, id, Permission::DeskServe).await?;
    let owner = by.id.uuid();
    if let Some(first) = key.seen::<SessionId>(&mut tx, cx, owner).await? {
        return by_id(&mut tx, cx, first).await;
    }
    let customer = customers::at_desk(&mut tx, cx, named).await?;
    let hall = halls::venue(&mut tx, table.venue_id).await?;
    customers::take_cash(&mut tx, cx, &hall, &customer, who.cash).await?;
    let means = Means::Desk { expected: ask.expected, by: by.id };
    let Opened { session, .. } = open_in(&mut tx, cx, venue, &customer, id, ask.time, means).await?;
    let sql = "INSERT INTO desk_plays (id, venue_id, user_id) VALUES ($1, $2, $3)";
    tx.exec(sql, args![session.id, hall.id, by.id]).await?;
    let detail = json!({
        "table": table.name, "customer": customer.number, "walk_in": customer.guest, "minutes": session.minutes,
        "price_fen": session.held, "cash_fen": who.cash,
    });
    audit::record(&mut tx, cx, &audit::PLAY_OPENED, Some(session.id.into()), &detail).await?;
    key.answer(&mut tx, owner, &session.id).await?;
    let opened = by_id(&mut tx, cx, session.id).await?;
    tx.commit().await?;
    Ok(opened)
}

/// One that was opened at the desk of a hall where one works.
pub async fn desk_play(cx: &Cx, id: SessionId) -> Result<DeskPlay> {
    let mut sql = cx.db.read();
    let found = mine(&mut sql, cx, id).await?;
    shown(&mut sql, cx, found).await
}

/// What so many minutes more would cost.
pub async fn desk_extension(cx: &Cx, id: SessionId, minutes: i64) -> Result<Extension> {
    let mut sql = cx.db.read();
    mine(&mut sql, cx, id).await?;
    let session = session(&mut sql, id).await?;
    extension_of(&mut sql, cx, &session, minutes).await
}

/// More time, paid by cash that is handed over now, or by what is available in the wallet.
pub async fn extend_at_desk(cx: &Cx, venue: &Venue, id: SessionId, ask: ExtendAsk, cash: Fen, key: &IdempotencyKey) -> Result<DeskPlay> {
    let owner = cx.require(Permission::DeskServe)?.id.uuid();
    customers::check_cash(cash)?;
    mine(&mut cx.db.read(), cx, id).await?;
    let seen = session(&mut cx.db.read(), id).await?;
    let mut tx = cx.db.begin().await?;
    let table = halls::lock_table(&mut tx, seen.table).await?;
    if let Some(first) = key.seen::<SessionId>(&mut tx, cx, owner).await? {
        return by_id(&mut tx, cx, first).await;
    }
    // Whoever plays becomes nobody else meanwhile.
    let session = session(&mut tx, id).await?;
    let customer = customers::by_id(&mut tx, session.customer).await?.ok_or_else(Fault::not_found)?;
    let hall = halls::venue(&mut tx, session.venue).await?;
    customers::take_cash(&mut tx, cx, &hall, &customer, cash).await?;
    extend_in(&mut tx, cx, venue, &table, session, ask).await?;
    let detail = json!({
        "table": table.name, "customer": customer.number, "minutes": ask.minutes, "price_fen": ask.expected, "cash_fen": cash,
    });
    audit::record(&mut tx, cx, &audit::PLAY_EXTENDED, Some(id.into()), &detail).await?;
    key.answer(&mut tx, owner, &id).await?;
    let extended = by_id(&mut tx, cx, id).await?;
    tx.commit().await?;
    Ok(extended)
}

/// Whom the staff names, which is counted: nobody goes through all numbers by it.
async fn named<'a>(cx: &Cx, ask: &'a DeskAsk) -> Result<Option<&'a str>> {
    let named = ask.customer.as_deref().map(str::trim);
    if named.is_some() {
        customers::count_look_up(cx, cx.user()?.id).await?;
    }
    Ok(named)
}

async fn longest(
    sql: &mut impl Sql,
    cx: &Cx,
    table: &Table,
    customer: Option<&Customer>,
    graced: bool,
    cash: Fen,
) -> Result<Option<Quote>> {
    let (hall, tariff, _) = halls::place_of(sql, table).await?;
    let (level, available) = match customer {
        Some(customer) => (members::level_of(sql, customer.id).await?, customer.available_fen),
        None => (None, Fen::ZERO),
    };
    let now = cx.now();
    let full = Terms::of(&hall, tariff, graced);
    let terms = full.clone().with_level(level.as_ref());
    let most = closing::room(&hall, now).unwrap_or(i64::MAX);
    let price = |minutes: i64| quote(&terms, now, minutes);
    match within::longest(cash.plus(available)?, terms.tariff.unit_minutes, most, price)? {
        Some((minutes, price_fen)) => Ok(Some(Quote { minutes, price_fen, full_price_fen: quote(&full, now, minutes)? })),
        None => Ok(None),
    }
}

/// A row of `desk_plays`.
struct Found {
    id: SessionId,
    customer: CustomerId,
    by: UserRef,
}

const SELECT: &str = "SELECT d.id, p.customer_id, u.id AS user_id, u.name AS user_name FROM desk_plays d \
                      JOIN play_sessions p ON p.id = d.id JOIN users u ON u.id = d.user_id";

fn read(row: &Row) -> store::Result<Found> {
    let by = UserRef { id: row.get("user_id")?, name: row.get("user_name")? };
    Ok(Found { id: row.get("id")?, customer: row.get("customer_id")?, by })
}

/// One of a hall where whoever asks works; any other is not there.
async fn mine(sql: &mut impl Sql, cx: &Cx, id: SessionId) -> Result<Found> {
    let user = cx.require(Permission::DeskServe)?;
    let mut filter = Filter::new();
    filter.and("d.id = ?", id);
    staff::restrict(user, &mut filter, "d.venue_id");
    let query = format!("{SELECT} WHERE {}", filter.sql());
    sql.opt(&query, filter.args(), read).await?.ok_or_else(Fault::not_found)
}

/// One that the caller has seen to be theirs.
async fn by_id(tx: &mut Tx, cx: &Cx, id: SessionId) -> Result<DeskPlay> {
    let found = tx.one(&format!("{SELECT} WHERE d.id = $1"), args![id], read).await?;
    shown(tx, cx, found).await
}

async fn session(sql: &mut impl Sql, id: SessionId) -> Result<Session> {
    rows::by_id(sql, id).await?.ok_or_else(Fault::not_found)
}

async fn shown(sql: &mut impl Sql, cx: &Cx, Found { id, customer, by }: Found) -> Result<DeskPlay> {
    let customer = customers::by_id(sql, customer).await?.ok_or_else(Fault::not_found)?;
    let session = view::of(sql, cx, id).await?;
    let plays = matches!(session.state, SessionState::Opening | SessionState::Playing);
    Ok(DeskPlay { session, customer: DeskCustomer::of(customer, plays), opened_by: by })
}
