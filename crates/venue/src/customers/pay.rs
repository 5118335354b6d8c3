//! Paying by WeChat and Alipay: into the wallet, or for a table at once; and back.

use std::sync::Arc;

use kernel::{Fault, Fen};
use platform::allowance::Allowance;
use platform::idempotency::IdempotencyKey;
use platform::payments::{
    self, ChannelKind, Method, NewOrder, OfOrder, OfRefund, OrderId, OrderView, Payer, Purpose, Refund, RefundReason, RefundState,
    Refundable,
};
use platform::{Cx, Result};
use serde::{Deserialize, Serialize};
use store::jobs::{Job, Outcome};
use store::{Sql, args};

use super::join::follow;
use super::model::{Customer, CustomerId};
use super::session::find;
use super::wallet::{MOST, account};
use crate::Venue;
use crate::halls::TableId;
use crate::play::{self, OpenAsk, PlayError, PlayTime};
use crate::told::{self, tell, yuan};

/// Far more than anybody means: each is a call to a network, which limits us all together.
const BEGUN: Allowance = Allowance { name: "pay orders", window_seconds: 600, most: 200 };
/// Ending one asks a network too. Somebody may end all that was begun, and again where a network does not answer.
const ENDED: Allowance = Allowance { name: "pay orders ended", window_seconds: 600, most: 400 };
/// Nor does anybody mean to have money sent back so often in a day: each time a network is asked for every order that it is taken from.
const SENT_BACK: Allowance = Allowance { name: "refunds asked for", window_seconds: 86_400, most: 100 };
/// One yuan: networks take a fee of less.
const LEAST: Fen = Fen::new(100);

/// What is to be paid for.
#[derive(Debug, Clone, Copy)]
pub enum PayFor {
    /// The wallet.
    Recharge { amount: Fen },
    /// A table, at once.
    Table { table: TableId, ask: OpenAsk },
}

/// By what, and how one comes back.
#[derive(Debug, Clone)]
pub struct PayBy {
    pub method: Method,
    /// Needed inside WeChat.
    pub payer: Option<Payer>,
    /// Where the app runs: the order's id is put in the place of `{order}`.
    pub return_url: String,
}

/// What an order for a table keeps of it.
#[derive(Serialize, Deserialize)]
pub(super) struct Play {
    pub table: TableId,
    time: PlayTime,
}

/// By which networks one can pay now.
pub async fn means(cx: &Cx) -> Result<Vec<ChannelKind>> {
    payments::enabled(&mut cx.db.read()).await
}

/// Makes an order, and has a network asked to take it.
pub async fn pay(cx: &Cx, customer: &Customer, what: PayFor, by: PayBy, key: &IdempotencyKey) -> Result<OrderView> {
    if customer.guest {
        return Err(PlayError::PhoneNeeded.into());
    }
    // Asked again: what it was about may have happened in between.
    if let Some(first) = payments::known(cx, key, customer.id.uuid()).await? {
        return Ok(first);
    }
    BEGUN.take(cx, &customer.id.to_string()).await?;
    let (purpose, amount, detail, subject) = match what {
        PayFor::Recharge { amount } => {
            if amount < LEAST || amount > MOST {
                return Err(Fault::field("amount_fen", "RANGE", "金额须为 1 至 10000 元", "The amount must be 1 to 10,000 yuan"));
            }
            (Purpose::Recharge, amount, String::from("{}"), cx.lang.pick("钱包充值", "Wallet").to_owned())
        }
        PayFor::Table { table, ask } => {
            let (price, name) = play::quoted(cx, customer, table, ask).await?;
            if price < LEAST {
                // What costs next to nothing is paid from the wallet.
                return Err(PlayError::Balance.into());
            }
            let detail = serde_json::to_string(&Play { table, time: ask.time }).map_err(Fault::internal)?;
            (Purpose::Play, price, detail, cx.lang.pick(&format!("{name} 台费"), &format!("Table {name}")).to_owned())
        }
    };
    let order = NewOrder {
        wallet: account(customer.id),
        purpose,
        detail,
        subject,
        amount,
        method: by.method,
        payer: by.payer,
        address: cx.origin.address.clone(),
        return_url: by.return_url,
    };
    payments::create(cx, order, key, customer.id.uuid()).await
}

/// One of one's own, with the network asked where it has not told.
pub async fn order(cx: &Cx, customer: &Customer, id: OrderId) -> Result<OrderView> {
    payments::get(cx, account(customer.id), id).await
}

/// Pays by another means.
pub async fn pay_otherwise(cx: &Cx, customer: &Customer, id: OrderId, by: PayBy) -> Result<OrderView> {
    BEGUN.take(cx, &customer.id.to_string()).await?;
    payments::replace(cx, account(customer.id), id, by.method, by.payer).await
}

pub async fn cancel_order(cx: &Cx, customer: &Customer, id: OrderId) -> Result<OrderView> {
    ENDED.take(cx, &customer.id.to_string()).await?;
    payments::cancel(cx, account(customer.id), id).await
}

/// How much of the wallet can go back to where it came from.
pub async fn refundable(cx: &Cx, customer: &Customer) -> Result<Refundable> {
    payments::refundable(&mut cx.db.read(), account(customer.id), cx.now()).await
}

/// Sends money of the wallet back to where it came from.
pub async fn refund(cx: &Cx, customer: &Customer, amount: Fen, key: &IdempotencyKey) -> Result<Customer> {
    let mut tx = cx.db.begin().await?;
    let owner = customer.id.uuid();
    if key.seen::<()>(&mut tx, cx, owner).await?.is_none() {
        // What is refused afterwards was asked of no network, and is not counted.
        SENT_BACK.take_in(&mut tx, cx, &customer.id.to_string()).await?;
        payments::refund_wallet(&mut tx, cx, account(customer.id), amount).await.map_err(|fault| match fault.code {
            "QUOTA_INSUFFICIENT" => PlayError::Balance.into(),
            _ => fault,
        })?;
        key.answer(&mut tx, owner, &()).await?;
    }
    let now = find(&mut tx, customer.id).await?.ok_or_else(Fault::not_found)?;
    tx.commit().await?;
    Ok(now)
}

pub(crate) async fn paid_job(venue: Arc<Venue>, cx: Cx, job: Job) -> Outcome {
    let ask: OfOrder = match job.read() {
        Ok(ask) => ask,
        Err(outcome) => return outcome,
    };
    match paid(&cx, &venue, ask.order).await {
        Ok(()) => Outcome::Done,
        Err(fault) => Outcome::Retry(fault.to_string()),
    }
}

/// It is paid: what was paid for follows.
async fn paid(cx: &Cx, venue: &Venue, id: OrderId) -> Result<()> {
    let order = payments::find(&mut cx.db.read(), id).await?;
    let customer = follow(cx, CustomerId::from_uuid(order.wallet.uuid())).await?;
    let customer = find(&mut cx.db.read(), customer).await?.ok_or_else(Fault::not_found)?;
    match order.purpose {
        Purpose::Recharge => {
            let mut tx = cx.db.begin().await?;
            tell(&mut tx, cx, customer.id, &told::RECHARGED, &[("amount", yuan(order.amount))]).await?;
            Ok(tx.commit().await?)
        }
        // What was frozen is taken: its play was told of.
        Purpose::Captured => Ok(()),
        Purpose::Play => {
            let ask: Play = serde_json::from_str(&order.detail).map_err(Fault::internal)?;
            play::open_paid(cx, venue, &customer, id, ask.table, ask.time).await
        }
    }
}

pub(crate) async fn refunded_job(cx: Cx, job: Job) -> Outcome {
    let ask: OfRefund = match job.read() {
        Ok(ask) => ask,
        Err(outcome) => return outcome,
    };
    match refunded(&cx, ask).await {
        Ok(()) => Outcome::Done,
        Err(fault) => Outcome::Retry(fault.to_string()),
    }
}

/// The payer is told what becomes of the money.
async fn refunded(cx: &Cx, ask: OfRefund) -> Result<()> {
    let Some(refund) = payments::find_refund(&mut cx.db.read(), ask.refund).await? else { return Ok(()) };
    let order = payments::find(&mut cx.db.read(), refund.order).await?;
    let Some(template) = about(&refund) else { return Ok(()) };
    let mut tx = cx.db.begin().await?;
    tell(&mut tx, cx, CustomerId::from_uuid(order.wallet.uuid()), template, &[("amount", yuan(refund.amount))]).await?;
    Ok(tx.commit().await?)
}

fn about(refund: &Refund) -> Option<&'static platform::messages::templates::Template> {
    match (refund.state, refund.reason) {
        (RefundState::Asked, _) => None,
        (RefundState::Stuck, _) => Some(&told::REFUND_DELAYED),
        (RefundState::Done, RefundReason::Surplus) => Some(&told::PAID_TWICE),
        (RefundState::Done, _) => Some(&told::REFUNDED),
        (RefundState::ByHand, _) => Some(&told::REFUNDED_BY_HAND),
        (RefundState::Kept, _) => Some(&told::REFUND_KEPT),
    }
}

/// What a customer can spend now.
pub(crate) async fn available(sql: &mut impl Sql, customer: CustomerId) -> Result<Fen> {
    Ok(find(sql, customer).await?.map_or(Fen::ZERO, |customer| customer.available_fen))
}

/// Which language a customer reads.
pub(crate) async fn language(sql: &mut impl Sql, customer: CustomerId) -> Result<kernel::Lang> {
    let language = sql.opt("SELECT language FROM customers WHERE id = $1", args![customer], |row| row.get::<String>("language")).await?;
    Ok(kernel::Lang::from_header(&language.unwrap_or_default()))
}
