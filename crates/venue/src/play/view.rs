//! A session as its customer, and the hall, see it.

use kernel::{Fault, Fen, Lang, Page, PageAsk, SECOND, Timestamp};
use platform::{Cx, Result};
use serde::Serialize;
use store::{Index, Look, Row, Sql, args};

use super::bill::{self, BillView};
use super::dark::{self, Seen, SessionLight};
use super::error::no_price;
use super::extend;
use super::model::{EndReason, Session, SessionId, SessionState};
use super::open::Opened;
use super::rows::{COLUMNS, read};
use crate::customers::Customer;
use crate::halls::{TableId, VenueId};
use crate::splits::{self, SplitMark};
use crate::tariff::HallClock;

/// What ended so long ago is not shown as the current one any more.
const RECENT: i64 = 180 * SECOND;
/// Among so many that were opened last is the one that ended last: more than another can have brought who has become this customer meanwhile.
const YOUNGEST: i64 = 20;

#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct SessionView {
    pub id: SessionId,
    pub state: SessionState,
    pub venue_name: String,
    /// The hall's, for whoever cannot wait, or has no network; empty where it has told none.
    pub venue_phone: String,
    pub table_id: TableId,
    pub table_name: String,
    pub asked_at: Timestamp,
    /// When the light was seen to be on: time counts from then.
    pub lit_at: Option<Timestamp>,
    /// While it is paused: if it went on now.
    pub paid_until: Option<Timestamp>,
    pub held_fen: Fen,
    pub cost_so_far_fen: Fen,
    /// The server's clock.
    pub now: Timestamp,
    /// The hall's.
    pub clock: HallClock,
    pub ended_at: Option<Timestamp>,
    pub end_reason: Option<EndReason>,
    /// How it stands, in words.
    pub text: String,
    /// Once it is over; of what never began it has no lines, and says what becomes of what was held.
    pub bill: Option<BillView>,
    pub pause: PauseView,
    /// How the light is while it is played; absent where that is not known, and in a pause.
    pub light: Option<SessionLight>,
    /// What was played without light, or without a word from it, and costs nothing.
    pub unlit_seconds: i64,
    /// By how many minutes it may be extended now: the usual lengths, less near closing, none where the hall closes before.
    pub extensions: Vec<i64>,
    /// Whether a split can be made of it now.
    pub can_split: bool,
    /// Others share the bill, or have.
    pub split: Option<SplitMark>,
}

/// How a session may be paused, and is.
#[derive(Debug, Clone, Copy, Serialize, utoipa::ToSchema)]
pub struct PauseView {
    /// Since when it is paused.
    pub since: Option<Timestamp>,
    /// When it goes on by itself.
    pub ends: Option<Timestamp>,
    /// What is left of the pauses that were agreed, counted as if none was under way.
    pub left_seconds: i64,
    /// Those that are over; of a session that is over, all there were.
    pub over_seconds: i64,
    /// Whether one may begin now.
    pub offered: bool,
    /// The light stays on meanwhile.
    pub lit: bool,
}

fn pause_view(session: &Session) -> PauseView {
    let (pauses, terms) = (session.pauses, session.terms.pause);
    let playing = session.state == SessionState::Playing;
    PauseView {
        since: pauses.since.filter(|_| playing),
        ends: pauses.ends(terms).filter(|_| playing),
        left_seconds: pauses.left(terms) / SECOND,
        over_seconds: session.ended_at.map_or(pauses.over, |ended| pauses.total(ended)) / SECOND,
        offered: playing && pauses.may(terms),
        lit: terms.lit,
    }
}

/// A session with the names of where it is.
struct Named {
    session: Session,
    hall: String,
    phone: String,
    table: String,
    split: Option<SplitMark>,
}

const FROM: &str = "FROM play_sessions p JOIN venues v ON v.id = p.venue_id JOIN venue_tables t ON t.id = p.table_id";

fn named(row: &Row) -> store::Result<Named> {
    let (hall, phone, table) = (row.get("hall_name")?, row.get("hall_phone")?, row.get("table_name")?);
    Ok(Named { session: read(row)?, hall, phone, table, split: splits::mark(row)? })
}

fn select() -> String {
    let names = "v.name AS hall_name, v.phone AS hall_phone, t.name AS table_name";
    format!("SELECT {COLUMNS}, {names}, {} {FROM} {}", splits::MARK, splits::MARK_JOIN)
}

/// One that was opened in this transaction: all of it is known.
pub(super) async fn of_opened(sql: &mut impl Sql, cx: &Cx, Opened { session, hall, phone, table }: Opened) -> Result<SessionView> {
    view(sql, cx, Named { session, hall, phone, table, split: None }).await
}

/// Whoever's it is: the caller has seen to that.
pub(crate) async fn of(sql: &mut impl Sql, cx: &Cx, id: SessionId) -> Result<SessionView> {
    let found = sql.opt(&format!("{} WHERE p.id = $1", select()), args![id], named).await?.ok_or_else(Fault::not_found)?;
    view(sql, cx, found).await
}

/// One of the customer's own.
pub async fn get(cx: &Cx, customer: &Customer, id: SessionId) -> Result<SessionView> {
    let query = format!("{} WHERE p.id = $1 AND p.customer_id = $2", select());
    let mut sql = cx.db.read();
    let found = sql.opt(&query, args![id, customer.id], named).await?.ok_or_else(Fault::not_found)?;
    view(&mut sql, cx, found).await
}

const OF_CUSTOMER: Index = Index { name: "play_sessions_of", columns: &["customer_id"] };

/// The customer's own, newest first.
pub async fn list(cx: &Cx, customer: &Customer, ask: &PageAsk) -> Result<Page<SessionView>> {
    let mut look = Look::new("play_sessions", "id");
    look.by(&OF_CUSTOMER).along("customer_id", customer.id);
    let mut sql = cx.db.read();
    let page = look.page(&mut sql, &select(), "p.id", ask, named, |found| found.session.id.uuid()).await?;
    let Page { items: found, next_cursor, searched_to, total } = page;
    let mut items = Vec::with_capacity(found.len());
    for one in found {
        items.push(view(&mut sql, cx, one).await?);
    }
    Ok(Page { items, next_cursor, searched_to, total })
}

/// The one that is live, or has just ended.
pub async fn current(cx: &Cx, customer: &Customer) -> Result<Option<SessionView>> {
    let mut sql = cx.db.read();
    // Not by what is youngest: that may have come from somebody who has become this customer.
    let live = format!("{} WHERE p.customer_id = $1 AND p.state IN ('opening', 'playing') ORDER BY p.id DESC LIMIT 1", select());
    if let Some(live) = sql.opt(&live, args![customer.id], named).await? {
        return Ok(Some(view(&mut sql, cx, live).await?));
    }
    let last = format!(
        "{} WHERE p.id = (SELECT id FROM (SELECT id, ended_at FROM play_sessions WHERE customer_id = $1 ORDER BY id DESC LIMIT {YOUNGEST}) y \
         WHERE ended_at > $2 ORDER BY ended_at DESC LIMIT 1)",
        select()
    );
    match sql.opt(&last, args![customer.id, cx.now().plus_micros(-RECENT)], named).await? {
        Some(last) => Ok(Some(view(&mut sql, cx, last).await?)),
        None => Ok(None),
    }
}

/// All that are live in a hall, by table.
pub(crate) async fn of_venue(sql: &mut impl Sql, venue: VenueId) -> store::Result<Vec<Session>> {
    let query = format!(
        "SELECT {COLUMNS} FROM venue_tables t JOIN play_sessions p ON p.table_id = t.id AND p.state IN ('opening', 'playing') WHERE t.venue_id = $1 ORDER BY t.id LIMIT 1000"
    );
    sql.all(&query, args![venue], read).await
}

/// What it would cost to close now.
pub(crate) fn cost_so_far(session: &Session, now: Timestamp) -> Result<Fen> {
    match (session.state, session.lit_at) {
        (SessionState::Playing, Some(lit)) => {
            let at = if session.pauses.since.is_some() { now } else { now.min(session.until) };
            Ok(session.terms.bill(lit, session.pauses.clock(at), session.money()).map_err(no_price)?.total)
        }
        _ => Ok(session.bill.as_ref().map_or(Fen::ZERO, |bill| bill.total)),
    }
}

async fn view(sql: &mut impl Sql, cx: &Cx, found: Named) -> Result<SessionView> {
    let Named { session, hall, phone, table, split } = found;
    let now = cx.now();
    let Seen { light, gone_since } = dark::seen(sql, &session, now).await?;
    let cost_so_far_fen = cost_so_far(&session, gone_since.unwrap_or(now))?;
    let bill = bill::view(sql, cx.lang, &session).await?;
    let can_split = split.is_none() && splits::can_make(sql, &session, now).await?;
    Ok(SessionView {
        id: session.id,
        state: session.state,
        venue_name: hall,
        venue_phone: phone,
        table_id: session.table,
        text: text(cx.lang, &session, &table),
        table_name: table,
        asked_at: session.asked_at,
        lit_at: session.lit_at,
        paid_until: session.lit_at.map(|_| session.until_at(now)),
        pause: pause_view(&session),
        light,
        unlit_seconds: session.pauses.unlit / SECOND,
        extensions: extend::offered(sql, &session, now).await?,
        can_split,
        held_fen: session.held,
        cost_so_far_fen,
        now,
        clock: session.terms.calendar().clock_from(session.asked_at).map_err(Fault::internal)?,
        ended_at: session.ended_at,
        end_reason: session.end_reason,
        bill,
        split,
    })
}

fn text(lang: Lang, session: &Session, table: &str) -> String {
    let (zh, en) = match (session.state, session.end_reason) {
        (SessionState::Opening, _) => {
            (format!("正在为您打开 {table} 的灯，请稍候"), format!("The light of {table} is being turned on; a moment please"))
        }
        (SessionState::Playing, _) if session.pauses.since.is_some() => {
            (format!("{table} 已暂停，暂停期间不计费"), format!("{table} is paused, and costs nothing meanwhile"))
        }
        (SessionState::Playing, _) => (format!("{table} 使用中"), format!("You are playing at {table}")),
        (SessionState::Failed, Some(EndReason::NotLit)) => (
            format!("{table} 的灯没有亮，没有收费，冻结的金额已全部退回。非常抱歉"),
            format!("The light of {table} did not come on. Nothing was charged, and all that was held is yours again. We are sorry"),
        ),
        (SessionState::Failed, Some(EndReason::Staff | EndReason::Hall)) => (
            format!("店员取消了 {table} 的开台，没有收费"),
            format!("The staff has called off {table} before it was open, and nothing was charged"),
        ),
        (SessionState::Failed, _) => (format!("{table} 未开台，没有收费"), format!("{table} was not opened, and nothing was charged")),
        (SessionState::Closed, Some(EndReason::DeviceFault)) => (
            format!("{table} 的灯出了故障或失去联系，只收取此前的费用。非常抱歉"),
            format!("The light of {table} failed, or could not be reached; only the time before was charged. We are sorry"),
        ),
        (SessionState::Closed, Some(EndReason::Hall)) => (
            format!("{table} 因门店原因提前结束，只收取已使用的分钟。非常抱歉"),
            format!("The hall had to end your time at {table}; only the minutes that you played were charged. We are sorry"),
        ),
        (SessionState::Closed, Some(EndReason::TimeUp)) => {
            (format!("{table} 已到时，已自动关台"), format!("Your time at {table} was over, and it was closed"))
        }
        (SessionState::Closed, _) => (format!("{table} 已关台"), format!("{table} is closed")),
    };
    lang.pick(&zh, &en).to_owned()
}
