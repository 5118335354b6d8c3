//! What the console shows of payments.

mod days;

use std::collections::HashMap;

use kernel::{Fault, Fen, Page, PageAsk, Timestamp, Word};
use serde::Serialize;
use store::{Index, Look, Row, Sql as _, args};

pub use days::{DayRow, DifferenceEntity, DifferenceId, DifferenceRow, MissingDay, Reconciliation, reconciliation, settle_difference};

use super::channel::{ChannelKind, Method};
use super::log::{self, LogRow};
use super::model::{
    AttemptId, AttemptState, Order, OrderId, OrderState, Problem, Purpose, RefundId, RefundReason, RefundState, WrittenOff, from_number,
    number,
};
use super::{merchants, rows};
use crate::figures::MOST_WAITING;
use crate::identity::Permission;
use crate::{Cx, Result};

kernel::id!(NoticeId, NoticeEntity, "not");

#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = PayOrderRow)]
pub struct OrderRow {
    pub id: OrderId,
    pub purpose: Purpose,
    pub subject: String,
    pub amount_fen: Fen,
    pub refunded_fen: Fen,
    pub state: OrderState,
    pub created_at: Timestamp,
    pub paid_at: Option<Timestamp>,
    /// Of what was frozen: it will not come, somebody has said.
    pub written_off: Option<WrittenOff>,
}

impl From<Order> for OrderRow {
    fn from(order: Order) -> Self {
        Self {
            id: order.id,
            purpose: order.purpose,
            subject: order.subject,
            amount_fen: order.amount,
            refunded_fen: order.refunded,
            state: order.state,
            created_at: order.created_at,
            paid_at: order.paid_at,
            written_off: order.written_off,
        }
    }
}

const BY_STATE: Index = Index { name: "pay_orders_state", columns: &["state"] };

/// About whose payments a network says what does not fit, and nobody has looked after it: the condition of an index.
const UNSEEN: &str = "problem IS NOT NULL AND seen_at IS NULL AND state <> 'closed'";
/// Of those the newest so many at a time: more nobody goes through before some are seen.
const UNSEEN_AT_ONCE: usize = 200;

/// Newest first; `waiting`: those alone that wait for somebody.
pub async fn orders(cx: &Cx, state: Option<OrderState>, waiting: bool, ask: &PageAsk) -> Result<Page<OrderRow>> {
    cx.require(Permission::PaymentsManage)?;
    let mut look = Look::new("pay_orders", "id");
    if waiting {
        let query = format!("SELECT order_id FROM pay_attempts WHERE id > $1 AND {UNSEEN} ORDER BY id DESC LIMIT {UNSEEN_AT_ONCE}");
        let ids = cx.db.read().all(&query, args![uuid::Uuid::nil()], |row| row.get::<OrderId>("order_id")).await?;
        if ids.is_empty() {
            return Ok(Page::empty());
        }
        look.only(ids);
    }
    if state.is_some() {
        look.by(&BY_STATE).words("state", &OrderState::texts(state));
    }
    let select = format!("SELECT {} FROM pay_orders o", rows::ORDER);
    let read = |row: &Row| rows::read_order(row).map(OrderRow::from);
    Ok(look.page(&mut cx.db.read(), &select, "o.id", ask, read, |order| order.id.uuid()).await?)
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = PayAttempt)]
pub struct AttemptRow {
    pub id: AttemptId,
    /// As the network knows it.
    pub number: String,
    pub channel: ChannelKind,
    /// With whom it was placed there: the merchant's number, or the seller's id.
    pub merchant_id: String,
    pub method: Method,
    pub state: AttemptState,
    pub channel_no: Option<String>,
    pub created_at: Timestamp,
    pub paid_at: Option<Timestamp>,
    pub problem: Option<Problem>,
    /// When somebody looked after that.
    pub seen_at: Option<Timestamp>,
    /// And what they found it to be.
    pub seen_note: Option<String>,
    /// Its network says nothing clear, and we are its merchant no more: a person may end it.
    pub may_be_ended: bool,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = PayNotice)]
pub struct NoticeRow {
    pub id: NoticeId,
    pub channel: ChannelKind,
    /// The network's name for it.
    pub notice_id: String,
    pub received_at: Timestamp,
    pub handled_at: Option<Timestamp>,
    pub outcome: Option<String>,
}

#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = PayRefund)]
pub struct RefundRow {
    pub id: RefundId,
    pub order: OrderId,
    /// As the network knows it.
    pub number: String,
    pub amount_fen: Fen,
    pub reason: RefundReason,
    pub state: RefundState,
    pub tries: i64,
    pub problem: Option<Problem>,
    pub created_at: Timestamp,
    pub settled_at: Option<Timestamp>,
    pub note: Option<String>,
    /// It is of what was only frozen: it is let go, and not sent.
    pub frozen: bool,
}

impl From<super::model::Refund> for RefundRow {
    fn from(refund: super::model::Refund) -> Self {
        Self {
            id: refund.id,
            order: refund.order,
            number: number(refund.id),
            amount_fen: refund.amount,
            reason: refund.reason,
            state: refund.state,
            tries: refund.tries,
            problem: refund.problem,
            created_at: refund.created_at,
            settled_at: refund.settled_at,
            note: refund.note,
            frozen: refund.frozen,
        }
    }
}

/// All that happened to an order.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = PayOrderDetail)]
pub struct OrderDetail {
    pub order: OrderRow,
    pub attempts: Vec<AttemptRow>,
    pub refunds: Vec<RefundRow>,
    pub notices: Vec<NoticeRow>,
    /// What networks were asked about it, and what they said; oldest first, the last 200.
    pub log: Vec<LogRow>,
}

pub async fn order(cx: &Cx, id: OrderId) -> Result<OrderDetail> {
    cx.require(Permission::PaymentsManage)?;
    let mut sql = cx.db.read();
    let order = rows::order(&mut sql, id).await?;
    let attempts = rows::attempts(&mut sql, id).await?;
    let refunds = rows::refunds(&mut sql, id).await?;
    let numbers: Vec<String> = attempts.iter().map(|one| number(one.id)).chain(refunds.iter().map(|one| number(one.id))).collect();
    let mut notices = Vec::new();
    for number in numbers {
        let query =
            "SELECT id, channel, notice_id, received_at, handled_at, outcome FROM pay_notices WHERE number = $1 ORDER BY id LIMIT 50";
        let read = |row: &Row| {
            Ok(NoticeRow {
                id: row.get("id")?,
                channel: row.word("channel")?,
                notice_id: row.get("notice_id")?,
                received_at: row.get("received_at")?,
                handled_at: row.get("handled_at")?,
                outcome: row.get("outcome")?,
            })
        };
        notices.extend(sql.all(query, args![number], read).await?);
    }
    let log = log::of_order(&mut sql, id).await?;
    let query = "SELECT id, seen_at, seen_note FROM pay_attempts WHERE order_id = $1 AND seen_at IS NOT NULL ORDER BY id DESC LIMIT 100";
    let read = |row: &Row| Ok((row.get::<AttemptId>("id")?, (row.get("seen_at")?, row.get("seen_note")?)));
    let mut seen: HashMap<AttemptId, (Option<Timestamp>, Option<String>)> = sql.all(query, args![id], read).await?.into_iter().collect();
    let mut seen = |id| seen.remove(&id).unwrap_or_default();
    let whose = merchants::names(&mut sql).await?;
    let attempts = attempts.into_iter().map(|one| {
        let (seen_at, seen_note) = seen(one.id);
        let merchant = whose.get(&one.merchant);
        AttemptRow {
            merchant_id: merchant.map(|merchant| merchant.number.clone()).unwrap_or_default(),
            may_be_ended: one.may_be_ended(merchant.is_some_and(|merchant| merchant.earlier)),
            seen_at,
            seen_note,
            number: number(one.id),
            channel: one.channel(),
            id: one.id,
            method: one.method,
            state: one.state,
            channel_no: one.channel_no,
            created_at: one.created_at,
            paid_at: one.paid_at,
            problem: one.problem,
        }
    });
    Ok(OrderDetail {
        order: order.into(),
        attempts: attempts.collect(),
        refunds: refunds.into_iter().map(RefundRow::from).collect(),
        notices,
        log,
    })
}

/// The order that somebody names by its id, or by a number that a network or a payer's receipt shows.
pub async fn find(cx: &Cx, named: &str) -> Result<OrderDetail> {
    cx.require(Permission::PaymentsManage)?;
    let named = named.trim();
    if let Ok(id) = named.parse::<OrderId>() {
        return order(cx, id).await;
    }
    let mut sql = cx.db.read();
    let of_attempt = match from_number::<super::model::AttemptEntity>(named) {
        Some(id) => rows::attempt(&mut sql, id).await?.map(|attempt| attempt.order),
        None => None,
    };
    let query = "SELECT t.order_id FROM pay_attempts t WHERE t.channel_no = $1 ORDER BY t.id LIMIT 1";
    let found = match of_attempt {
        Some(order) => Some(order),
        None => sql.opt(query, args![named], |row| row.get::<OrderId>("order_id")).await?,
    };
    order(cx, found.ok_or_else(Fault::not_found)?).await
}

const REFUNDS: Index = Index { name: "pay_refunds_state", columns: &["state"] };

/// Newest first.
pub async fn refunds(cx: &Cx, state: Option<RefundState>, ask: &PageAsk) -> Result<Page<RefundRow>> {
    cx.require(Permission::PaymentsManage)?;
    let mut look = Look::new("pay_refunds", "id");
    if state.is_some() {
        look.by(&REFUNDS).words("state", &RefundState::texts(state));
    }
    let select = format!("SELECT {} FROM pay_refunds r", rows::REFUND);
    let read = |row: &Row| rows::read_refund(row).map(RefundRow::from);
    Ok(look.page(&mut cx.db.read(), &select, "r.id", ask, read, |refund| refund.id.uuid()).await?)
}

pub(super) async fn refund(cx: &Cx, id: RefundId) -> Result<RefundRow> {
    Ok(rows::refund(&mut cx.db.read(), id).await?.ok_or_else(Fault::not_found)?.into())
}

/// What waits for a person. Each is counted no further than a thousand.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Waiting {
    pub refunds: i64,
    pub differences: i64,
    /// Payments about which a network says what does not fit, and nobody has looked after them.
    pub payments: i64,
}

pub async fn waiting(cx: &Cx) -> Result<Waiting> {
    cx.require(Permission::PaymentsManage)?;
    let mut sql = cx.db.read();
    let mut count = async |from: &str| -> Result<i64> {
        let query = format!("SELECT CAST(COUNT(*) AS BIGINT) AS n FROM (SELECT 1 AS one FROM {from} LIMIT {MOST_WAITING}) few");
        Ok(sql.one(&query, args![], |row| row.get("n")).await?)
    };
    Ok(Waiting {
        refunds: count("pay_refunds WHERE state = 'stuck'").await?,
        differences: count("pay_differences WHERE settled_at IS NULL").await?,
        payments: count(&format!("pay_attempts WHERE {UNSEEN}")).await?,
    })
}
