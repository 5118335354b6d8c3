//! Asking somebody to pay: an order, and an attempt at a network at a time.

use kernel::{Fault, Fen, Timestamp};
use serde::Serialize;
use store::jobs::NewJob;
use store::{Sql, Tx};
use uuid::Uuid;

use super::channel::{ChannelError, ChannelKind, Handed, Method, Payer, Place};
use super::error::PayError;
use super::log::{self, Line};
use super::model::{ATTEMPTS, Asking, Attempt, AttemptState, EXPIRES, Order, OrderId, OrderState, Purpose, RefundState, number};
use super::watch::{self, OfAttempt, WATCH_JOB};
use super::{merchants, people, rows};
use crate::idempotency::IdempotencyKey;
use crate::ledger::AccountId;
use crate::{Cx, Result};

/// What somebody means to pay for.
#[derive(Debug, Clone)]
pub struct NewOrder {
    pub wallet: AccountId,
    pub purpose: Purpose,
    /// JSON, for who sells it.
    pub detail: String,
    /// What the payer reads at the network.
    pub subject: String,
    /// Positive.
    pub amount: Fen,
    pub method: Method,
    pub payer: Option<Payer>,
    pub address: String,
    /// Where the payer's browser comes back to; the order's id is put in the place of `{order}`.
    pub return_url: String,
}

/// Writes the order down, and has a network asked for it ([`hand`]). The same key again answers the same order.
pub async fn create(cx: &Cx, ask: NewOrder, key: &IdempotencyKey, owner: Uuid) -> Result<OrderView> {
    let mut tx = cx.db.begin().await?;
    if let Some(first) = key.seen::<OrderId>(&mut tx, cx, owner).await? {
        drop(tx);
        return hand(cx, first).await;
    }
    may_ask(&mut tx, ask.method, ask.payer.as_ref(), ask.purpose).await?;
    let now = cx.now();
    let order = Order {
        id: cx.id(),
        wallet: ask.wallet,
        purpose: ask.purpose,
        detail: ask.detail,
        subject: ask.subject,
        amount: ask.amount,
        state: OrderState::Pending,
        refunded: Fen::ZERO,
        captured: Fen::ZERO,
        created_at: now,
        expires_at: now.plus_micros(EXPIRES),
        paid_at: None,
        written_off: None,
    };
    rows::insert_order(&mut tx, &order).await?;
    let asking = Asking {
        payer: ask.payer,
        frozen: None,
        address: ask.address,
        return_url: ask.return_url.replace("{order}", &order.id.to_string()),
    };
    add_attempt(&mut tx, cx, &order, ask.method, asking).await?;
    key.answer(&mut tx, owner, &order.id).await?;
    tx.commit().await?;
    hand(cx, order.id).await
}

/// What this key has made before.
pub async fn known(cx: &Cx, key: &IdempotencyKey, owner: Uuid) -> Result<Option<OrderView>> {
    let mut tx = cx.db.begin().await?;
    let first = key.seen::<OrderId>(&mut tx, cx, owner).await?;
    // Undone: the key is taken by what is made with it.
    drop(tx);
    match first {
        Some(first) => hand(cx, first).await.map(Some),
        None => Ok(None),
    }
}

async fn may_ask(sql: &mut impl Sql, method: Method, payer: Option<&Payer>, purpose: Purpose) -> Result<()> {
    // What is frozen is for play, whose end takes it; and only that takes it.
    if method == Method::Capture || (method == Method::Freeze && purpose != Purpose::Play) {
        return Err(PayError::NoChannel.into());
    }
    if !merchants::enabled(sql).await?.contains(&method.channel()) {
        return Err(PayError::NoChannel.into());
    }
    if method == Method::Jsapi && payer.is_none() { Err(PayError::WechatSignInNeeded.into()) } else { Ok(()) }
}

async fn add_attempt(tx: &mut Tx, cx: &Cx, order: &Order, method: Method, ask: Asking) -> Result<()> {
    let now = cx.now();
    let attempt = Attempt {
        id: cx.id(),
        order: order.id,
        merchant: merchants::current(tx, method.channel()).await?,
        method,
        state: AttemptState::Asked,
        ask,
        handed: None,
        channel_no: None,
        created_at: now,
        checked_at: now,
        paid_at: None,
        problem: None,
    };
    rows::insert_attempt(tx, &attempt).await?;
    // Whether the notice comes or not.
    let kind = merchants::job(WATCH_JOB, method.channel());
    let watch = NewJob::new(kind, &OfAttempt { attempt: attempt.id }, super::model::next_look(now, now, order.expires_at))?;
    cx.enqueue(tx, watch).await?;
    Ok(())
}

/// Pays by another means: what was begun is closed at its network first, so that it cannot be paid twice. Whatever can be known to stand in its way
/// before that is refused before: then what was begun stays as it is, and can be paid. So too where it was done more often than people do it.
pub async fn replace(cx: &Cx, wallet: AccountId, id: OrderId, method: Method, payer: Option<Payer>) -> Result<OrderView> {
    let order = rows::own_order(&mut cx.db.read(), wallet, id).await?;
    if order.state != OrderState::Pending || order.expires_at <= cx.now() {
        return Err(PayError::NotPending.into());
    }
    if rows::attempts(&mut cx.db.read(), id).await?.len() >= ATTEMPTS {
        return Err(PayError::TooManyAttempts.into());
    }
    may_ask(&mut cx.db.read(), method, payer.as_ref(), order.purpose).await?;
    let order = close_attempts(cx, wallet, id).await?;
    let mut tx = cx.db.begin().await?;
    may_ask(&mut tx, method, payer.as_ref(), order.purpose).await?;
    let locked = rows::lock(&mut tx, id).await?;
    let attempts = rows::attempts(&mut tx, id).await?;
    if locked.state != OrderState::Pending || locked.expires_at <= cx.now() {
        return Err(PayError::NotPending.into());
    }
    // Somebody else replaced it at the same time: theirs is good.
    if !attempts.iter().any(Attempt::live) {
        if attempts.len() >= ATTEMPTS {
            return Err(PayError::TooManyAttempts.into());
        }
        let asking = attempts.last().map(|last| Asking { payer, ..last.ask.clone() }).unwrap_or_default();
        add_attempt(&mut tx, cx, &order, method, asking).await?;
        tx.commit().await?;
    }
    hand(cx, id).await
}

/// All that somebody has begun and paid is another's from now on: what arrives for it later, and what goes back.
pub async fn carry_over(tx: &mut Tx, from: AccountId, to: AccountId) -> Result<()> {
    tx.exec("UPDATE pay_orders SET wallet = $1 WHERE wallet = $2", store::args![to, from]).await?;
    Ok(())
}

/// The payer does not want to any more.
pub async fn cancel(cx: &Cx, wallet: AccountId, id: OrderId) -> Result<OrderView> {
    let order = close_attempts(cx, wallet, id).await?;
    let mut tx = cx.db.begin().await?;
    if rows::lock(&mut tx, order.id).await?.state == OrderState::Paid {
        return Err(PayError::NotPending.into());
    }
    rows::close_order(&mut tx, order.id).await?;
    tx.commit().await?;
    view(&mut cx.db.read(), id).await
}

async fn close_attempts(cx: &Cx, wallet: AccountId, id: OrderId) -> Result<Order> {
    let order = rows::own_order(&mut cx.db.read(), wallet, id).await?;
    for attempt in rows::attempts(&mut cx.db.read(), id).await?.iter().filter(|attempt| attempt.live()) {
        if !watch::close(cx, &order, attempt).await? {
            return Err(PayError::NotPending.into());
        }
    }
    Ok(order)
}

/// Asks the network, unless it has answered before, and hands out what the payer's side does next.
async fn hand(cx: &Cx, id: OrderId) -> Result<OrderView> {
    let order = rows::order(&mut cx.db.read(), id).await?;
    let attempts = rows::attempts(&mut cx.db.read(), id).await?;
    let asked = attempts.iter().find(|attempt| attempt.state == AttemptState::Asked && order.state == OrderState::Pending);
    if let Some(attempt) = asked {
        let channel = merchants::channel(cx, attempt).await?;
        let answer = channel.place(&place(&order, attempt)).await;
        log::add(cx, attempt, Line::placed(&answer)).await?;
        let mut tx = cx.db.begin().await?;
        match answer {
            Ok(handed) => {
                let handed = serde_json::to_string(&handed).map_err(Fault::internal)?;
                let sql = "UPDATE pay_attempts SET state = 'waiting', handed = $1 WHERE id = $2 AND state = 'asked'";
                tx.exec(sql, store::args![handed, attempt.id]).await?;
                tx.commit().await?;
            }
            Err(ChannelError::Unclear(why)) => {
                tracing::warn!(channel = %attempt.channel(), %why, "a payment could not be placed");
                people::unclear(&mut tx, cx, attempt.channel(), &why).await?;
                tx.commit().await?;
                return Err(PayError::Unclear.into());
            }
            Err(refused @ (ChannelError::Refused { .. } | ChannelError::NotAsked(_))) => {
                tracing::warn!(channel = %attempt.channel(), why = %refused, "a payment was refused");
                rows::lock(&mut tx, id).await?;
                let why = refused.problem();
                rows::refuse_attempt(&mut tx, attempt.id, &why).await?;
                people::refused(&mut tx, cx, &order, attempt.channel(), &why).await?;
                tx.commit().await?;
                return Err(PayError::Refused.into());
            }
        }
    }
    view(&mut cx.db.read(), id).await
}

pub(super) fn place(order: &Order, attempt: &Attempt) -> Place {
    Place {
        number: number(attempt.id),
        amount: order.amount,
        subject: order.subject.clone(),
        method: attempt.method,
        payer: attempt.ask.payer.clone(),
        frozen: attempt.ask.frozen.clone(),
        address: attempt.ask.address.clone(),
        expires_at: order.expires_at,
        return_url: attempt.ask.return_url.clone(),
    }
}

/// How often whoever waits may have the network asked.
const LOOK_EVERY: i64 = 3 * kernel::SECOND;

/// One of one's own. The network is asked, where it has not been for a moment: its notice may be lost.
pub async fn get(cx: &Cx, wallet: AccountId, id: OrderId) -> Result<OrderView> {
    let order = rows::own_order(&mut cx.db.read(), wallet, id).await?;
    if order.state == OrderState::Pending {
        for attempt in rows::attempts(&mut cx.db.read(), id).await? {
            let due = attempt.checked_at.plus_micros(LOOK_EVERY) <= cx.now();
            if attempt.state == AttemptState::Waiting && due && watch::take_turn(cx, &attempt).await? {
                // Not answering is no reason to show nothing.
                let _ = watch::look(cx, &attempt).await;
            }
        }
    }
    view(&mut cx.db.read(), id).await
}

/// An order as its payer sees it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = PayOrder)]
pub struct OrderView {
    pub id: OrderId,
    pub purpose: Purpose,
    pub amount_fen: Fen,
    pub subject: String,
    pub state: OrderState,
    /// By which it is being paid, or was.
    pub channel: Option<ChannelKind>,
    /// What the payer's side does next, while it waits.
    pub next: Option<Handed>,
    /// Gone back, or on its way.
    pub refunded_fen: Fen,
    /// Of money that was frozen, what is taken at last.
    pub captured_fen: Fen,
    /// On its way back, and somebody is looking after it.
    pub refund_delayed: bool,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    pub paid_at: Option<Timestamp>,
}

pub(super) async fn view(sql: &mut impl Sql, id: OrderId) -> Result<OrderView> {
    let order = rows::order(sql, id).await?;
    let attempts = rows::attempts(sql, id).await?;
    let refunds = rows::refunds(sql, id).await?;
    let shown = attempts.iter().find(|attempt| attempt.state == AttemptState::Taken).or(attempts.last());
    Ok(OrderView {
        id: order.id,
        purpose: order.purpose,
        amount_fen: order.amount,
        subject: order.subject,
        state: order.state,
        channel: shown.map(Attempt::channel),
        next: shown.filter(|attempt| attempt.state == AttemptState::Waiting).and_then(|attempt| attempt.handed.clone()),
        refunded_fen: order.refunded,
        captured_fen: order.captured,
        refund_delayed: refunds.iter().any(|refund| refund.state == RefundState::Stuck),
        created_at: order.created_at,
        expires_at: order.expires_at,
        paid_at: order.paid_at,
    })
}
