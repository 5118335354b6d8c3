//! Halls and tables as customers see them.

use std::collections::HashSet;

use kernel::{Fault, Fen, Kind};
use platform::{Cx, Result};
use serde::Serialize;
use store::{Filter, Sql as _, args};

use super::lists::Lists;
use super::machine::TableState;
use super::model::{Table, TableId, Venue, VenueId, time_of_day};
use super::price_list::{PriceList, price_list};
use super::public_table::{Asker, PublicTable, Showing};
use super::rows;
use super::sold::{PackageQuote, Quote, Sold, sold};
use crate::customers::{Customer, CustomerId};
use crate::holds::{self, HoldOffer};
use crate::play::{self, PlayError, SessionId, Terms};
use crate::tariff::HallClock;
use crate::{cases, devices, members};

#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct PublicVenue {
    pub id: VenueId,
    pub name: String,
    pub address: String,
    pub phone: String,
    pub open_now: bool,
    /// For good, or for a while, whatever the hour.
    pub closed: bool,
    /// By the hall's clock; both absent: round the clock.
    pub opens: Option<String>,
    pub closes: Option<String>,
    /// That can be opened: idle, and with a light that can be told.
    pub idle_tables: i64,
    pub tables: i64,
    /// As its clock stands now.
    pub clock: HallClock,
}

#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct VenueView {
    pub venue: PublicVenue,
    pub tables: Vec<PublicTable>,
}

/// What a member pays.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct MemberPrice {
    pub level: String,
    /// Of the price, in ten-thousandths.
    pub pays: i64,
}

/// Why a table cannot be opened, or held.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct WhyNot {
    pub code: String,
    pub detail: String,
}

#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct TableView {
    pub venue: PublicVenue,
    pub table: PublicTable,
    pub state_text: String,
    pub can_open: bool,
    pub why_not: Option<WhyNot>,
    /// Now.
    pub per_hour_fen: Fen,
    pub unit_minutes: i64,
    /// Free for the asker this time: 0 where they were used here within the last hours.
    pub grace_minutes: i64,
    pub minimum_fen: Option<Fen>,
    pub session_cap_fen: Option<Fen>,
    pub prices: PriceList,
    /// The asker's level.
    pub member: Option<MemberPrice>,
    pub quotes: Vec<Quote>,
    pub packages: Vec<PackageQuote>,
    /// Of the same hall, those that can be opened: idle, and with a light that can be told.
    pub others: Vec<PublicTable>,
    /// Absent: the hall holds none.
    pub hold: Option<HoldOffer>,
    /// The asker's own session on it.
    pub session_id: Option<SessionId>,
}

/// All halls that are not closed for good.
pub async fn venues(cx: &Cx) -> Result<Vec<PublicVenue>> {
    let mut sql = cx.db.read();
    let mut filter = Filter::new();
    filter.and_plain("v.state = 'open'");
    let mut shown = Vec::new();
    for venue in rows::venues(&mut sql, filter).await? {
        let tables = rows::tables(&mut sql, venue.id).await?;
        let there = devices::there(&mut sql, venue.id).await?;
        shown.push(public_venue(cx, &venue, &tables, &there)?);
    }
    Ok(shown)
}

/// One hall with its tables.
pub async fn venue_view(cx: &Cx, customer: Option<&Customer>, id: VenueId) -> Result<VenueView> {
    let mut sql = cx.db.read();
    let venue = rows::venue(&mut sql, id).await?;
    let tables = rows::tables(&mut sql, id).await?;
    let there = devices::there(&mut sql, id).await?;
    let holds = holds::live_of_venue(&mut sql, id).await?;
    let asker = Asker { plays: mine(cx, customer).await?.map(|(table, _)| table), customer: customer.map(|customer| customer.id) };
    let lists = Lists::of(&mut sql, id).await?;
    let showing = Showing { lists: &lists, calendar: &venue.calendar(), now: cx.now(), asker };
    let shown = tables.iter().map(|table| showing.table(table, holds.get(&table.id))).collect::<Result<_>>()?;
    Ok(VenueView { venue: public_venue(cx, &venue, &tables, &there)?, tables: shown })
}

/// The table whose QR code says this. What is no code of ours names nothing.
pub async fn by_code(cx: &Cx, code: &str) -> Result<TableId> {
    let readable = code.len() <= 64 && code.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let found = if readable { rows::table_by_code(&mut cx.db.read(), code).await? } else { None };
    found.ok_or_else(|| {
        Fault::new(
            Kind::NotFound,
            "CODE_UNKNOWN",
            "这不是本店球台的二维码，或已更换",
            "This is not the code of a table here, or it was replaced",
        )
    })
}

/// A table, what it costs, and whether the asker may open it now.
pub async fn table_view(cx: &Cx, customer: Option<&Customer>, id: TableId) -> Result<TableView> {
    table_view_graced(cx, customer, id, None).await
}

/// The same, where it is known already whether there are free minutes: at a desk that is not the customer's own affair alone.
pub(crate) async fn table_view_graced(cx: &Cx, customer: Option<&Customer>, id: TableId, graced: Option<bool>) -> Result<TableView> {
    let mut sql = cx.db.read();
    let table = rows::table_in_use(&mut sql, id).await?;
    let venue = rows::venue(&mut sql, table.venue_id).await?;
    let tables = rows::tables(&mut sql, table.venue_id).await?;
    let there = devices::there(&mut sql, table.venue_id).await?;
    let lists = Lists::of(&mut sql, table.venue_id).await?;
    let tariff = lists.get(table.tariff_id)?.tariff.clone();
    let now = cx.now();
    let mine = mine(cx, customer).await?;
    let here = mine.filter(|(at, _)| *at == id);
    let hold = holds::live(&mut sql, id).await?;
    let asker = Asker { plays: here.map(|(table, _)| table), customer: customer.map(|customer| customer.id) };
    let for_me = asker.holds(hold.as_ref());
    let graced = match (graced, customer) {
        (Some(graced), _) => graced,
        (None, Some(customer)) => play::graced(&mut sql, cx, customer.id, venue.id).await?,
        (None, None) => true,
    };
    let level = match customer {
        Some(customer) => members::level_of(&mut sql, customer.id).await?,
        None => None,
    };
    let full = Terms::of(&venue, tariff, graced);
    let terms = full.clone().with_level(level.as_ref());
    let sold = sold(cx, &venue, now, &terms, &full)?;
    let why_not = if here.is_some() {
        None
    } else if let Some(free) = play::free_at(&mut sql, &table).await? {
        Some(PlayError::Cleaning { free: Some(venue.clock_text(free)) })
    } else if let (TableState::Reserved, false, Some(hold)) = (table.state, for_me, &hold) {
        Some(PlayError::Held { until: venue.moment_text(hold.until, now) })
    } else if !matches!(table.state, TableState::Idle | TableState::Reserved | TableState::Maintenance) {
        Some(PlayError::Busy)
    } else if table.state == TableState::Maintenance || !there.contains(&id) {
        Some(PlayError::InService)
    } else if !venue.is_open(now) {
        Some(PlayError::Closed)
    } else if sold.is_nothing() {
        Some(PlayError::ClosesSoon { closes: venue.closes_text() })
    } else if mine.is_some() {
        Some(PlayError::AlreadyPlaying)
    } else if let Some(customer) = customer {
        play::too_often(&mut sql, cx, customer.id).await?
    } else {
        None
    };
    let calendar = venue.calendar();
    let showing = Showing { lists: &lists, calendar: &calendar, now, asker };
    let others = tables.iter().filter(|other| other.id != id && can_be_offered(other, &there));
    let held = hold.as_ref().map(|hold| (venue.moment_text(hold.until, now), for_me));
    let state_text = state_text(cx, &table, there.contains(&id), here.is_some(), held).await?;
    let offer = holds::offer(cx, customer, &venue, &table).await?;
    let Sold { quotes, packages } = sold;
    Ok(TableView {
        venue: public_venue(cx, &venue, &tables, &there)?,
        table: showing.table(&table, hold.as_ref())?,
        state_text,
        can_open: why_not.is_none() && here.is_none(),
        why_not: why_not.map(Fault::from).map(|fault| WhyNot::new(cx, &fault)),
        per_hour_fen: terms.tariff.per_hour_at(&calendar, now),
        unit_minutes: terms.tariff.unit_minutes,
        grace_minutes: terms.tariff.grace_minutes,
        minimum_fen: terms.tariff.minimum,
        session_cap_fen: terms.tariff.session_cap,
        prices: price_list(cx, &venue, &terms.tariff, now)?,
        member: level.map(|level| MemberPrice { level: level.name().pick(cx.lang).into(), pays: level.pays }),
        quotes,
        packages,
        others: others.map(|other| showing.table(other, None)).collect::<Result<_>>()?,
        hold: offer,
        session_id: here.map(|(_, session)| session),
    })
}

impl WhyNot {
    pub(crate) fn new(cx: &Cx, fault: &Fault) -> Self {
        Self { code: fault.code.into(), detail: fault.message(cx.lang).into() }
    }
}

/// Of a table whose light is away, for a moment or for so long that it is a case.
const AWAY: (&str, &str) = ("灯控暂时离线，恢复后即可使用", "Its light is not reachable at the moment; it is back as soon as that is");

/// `there`: its light can be told. `held`: until when, and whether for the asker.
async fn state_text(cx: &Cx, table: &Table, there: bool, mine: bool, held: Option<(String, bool)>) -> Result<String> {
    if let (TableState::Reserved, Some((until, for_me))) = (table.state, held) {
        let (zh, en) = if for_me {
            (format!("为您保留至 {until}"), format!("Held for you until {until}"))
        } else {
            (format!("已预约，保留至 {until}"), format!("Held for somebody until {until}"))
        };
        return Ok(cx.lang.pick(&zh, &en).to_owned());
    }
    let (zh, en) = match table.state {
        TableState::Idle if !there => AWAY,
        TableState::Idle => ("空闲，可以开台", "Free"),
        TableState::Reserved => ("已预约", "Reserved"),
        TableState::Opening | TableState::Playing | TableState::Paused if mine => ("您正在使用", "You are playing here"),
        TableState::Opening => ("正在开台", "Somebody is opening it"),
        TableState::Playing | TableState::Paused => ("使用中", "Taken"),
        TableState::Closing => ("刚刚结束，请稍候", "Just closed; a moment please"),
        TableState::Cleaning => ("正在清洁，请稍候", "Being cleaned; a moment please"),
        TableState::Maintenance => match cases::of_table(&mut cx.db.read(), table.id).await?.map(|case| case.cause) {
            Some(cases::Cause::Offline) => AWAY,
            Some(cases::Cause::NotLit | cases::Cause::InPlay | cases::Cause::NoPower | cases::Cause::NotDark) => {
                ("灯有故障，已安排维修", "Its light is broken and will be repaired")
            }
            Some(cases::Cause::Staff) | None => ("维护中", "Being looked after"),
        },
    };
    Ok(cx.lang.pick(zh, en).to_owned())
}

async fn mine(cx: &Cx, customer: Option<&Customer>) -> Result<Option<(TableId, SessionId)>> {
    let Some(customer) = customer else { return Ok(None) };
    let id: CustomerId = customer.id;
    let sql = "SELECT table_id, id FROM play_sessions WHERE customer_id = $1 AND state IN ('opening', 'playing')";
    Ok(cx.db.read().opt(sql, args![id], |row| Ok((row.get("table_id")?, row.get("id")?))).await?)
}

/// Whether somebody can be sent there: as [`play::is_free`] has it, for who holds none. `there`: whose lights can be told. A table whose light has
/// just gone is idle until it has been away for a while. Pure.
fn can_be_offered(table: &Table, there: &HashSet<TableId>) -> bool {
    table.state == TableState::Idle && there.contains(&table.id)
}

fn public_venue(cx: &Cx, venue: &Venue, tables: &[Table], there: &HashSet<TableId>) -> Result<PublicVenue> {
    let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    Ok(PublicVenue {
        id: venue.id,
        name: venue.name.clone(),
        address: venue.address.clone(),
        phone: venue.phone.clone(),
        open_now: venue.is_open(cx.now()),
        closed: venue.closed,
        opens: venue.opens.map(time_of_day),
        closes: venue.closes.map(time_of_day),
        idle_tables: count(tables.iter().filter(|table| can_be_offered(table, there)).count()),
        tables: count(tables.len()),
        clock: venue.calendar().clock_from(cx.now()).map_err(Fault::internal)?,
    })
}
