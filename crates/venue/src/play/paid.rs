//! A table that was paid for by WeChat or Alipay, for that alone.

use kernel::{Fault, Fen, Kind, MINUTE, Timestamp};
use platform::payments::{self, OrderId, RefundReason};
use platform::{Cx, Result};

use super::open::{Means, may_open, open_in};
use super::{OpenAsk, PlayError, PlayTime, rows};
use crate::Venue;
use crate::customers::{self, Customer};
use crate::halls::TableId;
use crate::halls::rows as halls;
use crate::told::{self, tell, yuan};

/// How long after a payment its table is opened still. Whoever stands at it waits for so long, and not much longer: after that its light would burn,
/// and an hour be billed, for somebody who has left. A network whose notice is lost is asked every two minutes at least, so that a lost notice
/// alone is in time.
const WAITS: i64 = 3 * MINUTE;

/// Whether nobody waits any more for what was paid at this time. Pure.
fn is_late(paid: Timestamp, now: Timestamp) -> bool {
    now > paid.plus_micros(WAITS)
}

/// What somebody is to pay who wants to open this table now. Refused as opening it would be.
pub(crate) async fn quoted(cx: &Cx, customer: &Customer, table: TableId, ask: OpenAsk) -> Result<(Fen, String)> {
    let mut tx = cx.db.begin().await?;
    let table = halls::table_in_use(&mut tx, table).await?;
    let price = may_open(&mut tx, cx, customer, &table, ask.time, Means::Wallet { expected: ask.expected }).await?.offer.price;
    if price != ask.expected { Err(PlayError::PriceChanged.into()) } else { Ok((price, table.name)) }
}

/// It is paid: the table is opened, or what was paid goes back. Doing so again does nothing.
pub(crate) async fn open_paid(cx: &Cx, venue: &Venue, customer: &Customer, order: OrderId, table: TableId, time: PlayTime) -> Result<()> {
    let mut tx = cx.db.begin().await?;
    if rows::of_order(&mut tx, order).await?.is_some() {
        return Ok(());
    }
    // However it is heard of: by a notice that comes again hours later, by asking once a network is back, or by this job's own next try.
    if payments::paid_when(&mut tx, order).await?.is_some_and(|paid| is_late(paid, cx.now())) {
        drop(tx);
        return not_opened(cx, customer, order, table, &PlayError::PaidLate.into()).await;
    }
    let amount = payments::find(&mut tx, order).await?.amount;
    match open_in(&mut tx, cx, venue, customer, table, time, Means::Order { id: order, amount }).await {
        Ok(_) => Ok(tx.commit().await?),
        Err(fault) if matches!(fault.kind, Kind::Conflict | Kind::Invalid | Kind::NotFound) => {
            drop(tx);
            not_opened(cx, customer, order, table, &fault).await
        }
        Err(fault) => Err(fault),
    }
}

/// Somebody else was quicker, the hall has closed, or it is too late: the money goes back, and the customer is told why.
async fn not_opened(cx: &Cx, customer: &Customer, id: OrderId, table: TableId, why: &Fault) -> Result<()> {
    let mut tx = cx.db.begin().await?;
    let order = payments::lock(&mut tx, id).await?;
    // Another run of the same job has done it, or nothing is left to be done.
    let left = order.refundable();
    if !left.is_positive()
        || payments::went_back(&mut tx, id, RefundReason::NotOpened).await?
        || rows::of_order(&mut tx, id).await?.is_some()
    {
        return Ok(());
    }
    let available = customers::available(&mut tx, customer.id).await?;
    // Whoever has spent it elsewhere in between has it there, and who has asked for some of it back already has that.
    let amount = left.min(available);
    if amount.is_positive() {
        payments::refund(&mut tx, cx, &order, amount, RefundReason::NotOpened).await?;
    }
    payments::conclude(&mut tx, cx, &order).await?;
    let name = halls::table(&mut tx, table).await.map(|table| table.name).unwrap_or_default();
    let reason = customers::language(&mut tx, customer.id).await?.pick(&why.zh, &why.en).to_owned();
    let params = [("table", name), ("amount", yuan(amount)), ("reason", reason)];
    tell(&mut tx, cx, customer.id, &told::NOT_OPENED, &params).await?;
    Ok(tx.commit().await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn v3_1c_whoever_has_paid_is_waited_for_three_minutes_and_no_longer() {
        let paid = Timestamp::from_unix(1_000);
        let late = |seconds| is_late(paid, paid.plus_seconds(seconds));
        assert_eq!([late(-60), late(0), late(120), late(180), late(181), late(2_400)], [false, false, false, false, true, true]);
    }
}
