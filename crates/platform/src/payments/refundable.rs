//! Money of a wallet that its owner wants back: how much of it can go to where it came from, and sending it there.
//!
//! **Invariant**: what came otherwise, by gift, in cash or from somebody else, is never sent to a network.
//! **Invariant**: what a network would take back, or was a gift, is never paid out in cash ([`in_cash`]).

use kernel::{DAY, Fen, Timestamp};
use store::{Row, Sql, Tx, args};

use super::error::PayError;
use super::model::{Left, Order, OrderId, RefundId, RefundReason, freely, most, share_out};
use super::origin::{Carried, Purse};
use super::refunds::refund;
use super::rows;
use crate::ledger::{self, AccountId, EntryKind};
use crate::{Cx, Result};

/// Networks give nothing back after a year.
pub(super) const OLDEST: i64 = 360 * DAY;
/// So many lines of a wallet are followed at most, the last: 27 a day. What was there before counts as what no network would take back.
const LINES: i64 = 10_000;
/// So many are read at once.
const PAGE: i64 = 500;
/// So many wallets are followed at most whose owners turned out to be the same.
const WALLETS: i64 = 20;

/// Orders of a wallet of which something can still go back, newest first.
async fn returnable(sql: &mut impl Sql, wallet: AccountId, now: Timestamp) -> Result<Vec<(OrderId, Left)>> {
    let query = format!(
        "SELECT {}, {} FROM pay_orders o WHERE o.wallet = $1 AND o.state = 'paid' AND o.refunded + o.captured < o.amount AND o.paid_at > $2 \
         ORDER BY o.id DESC LIMIT 200",
        rows::ORDER,
        rows::PARTS
    );
    let read = |row: &Row| {
        let order = rows::read_order(row)?;
        Ok((order.id, Left::of(&order, row.get("parts")?)))
    };
    Ok(sql.all(&query, args![wallet, now.plus_micros(-OLDEST)], read).await?)
}

fn all_left(orders: &[(OrderId, Left)]) -> Vec<Left> {
    orders.iter().map(|(_, left)| *left).collect()
}

/// How much of a wallet can go back to where it came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refundable {
    /// The most.
    pub amount: Fen,
    /// Up to which any amount can: the rest has gone back in so many parts that it only goes all at once.
    pub freely: Fen,
}

/// What came by a network and is not spent, as far as the orders allow it and it is available.
pub async fn refundable(sql: &mut impl Sql, wallet: AccountId, now: Timestamp) -> Result<Refundable> {
    let left = all_left(&returnable(sql, wallet, now).await?);
    let mut cap = Fen::new(ledger::account(sql, wallet).await?.map_or(0, |account| account.available().units()));
    // Nobody's lines are read for nothing.
    if most(cap, &left).is_positive() {
        cap = cap.min(of_network(sql, wallet, now).await?);
    }
    let amount = most(cap, &left);
    Ok(Refundable { amount, freely: freely(&left).min(amount) })
}

/// How much of a wallet can be paid out over the counter: what is available, and neither a network's nor a gift. What a network would have taken
/// back, and takes no longer because it is too old, is the customer's as cash is. To pay it out, lock the wallet first ([`ledger::lock`]).
pub async fn in_cash(sql: &mut impl Sql, wallet: AccountId, now: Timestamp) -> Result<Fen> {
    let available = ledger::account(sql, wallet).await?.map_or(0, |account| account.available().units());
    let most = Fen::new(available.max(0));
    if most.is_positive() { Ok(most.min(purse(sql, wallet, now, Since::Ever).await?.of_cash())) } else { Ok(most) }
}

/// The payer wants money back that is in the wallet: what was paid last goes first.
pub async fn refund_wallet(tx: &mut Tx, cx: &Cx, wallet: AccountId, amount: Fen) -> Result<Vec<RefundId>> {
    let orders = returnable(tx, wallet, cx.now()).await?;
    let left = all_left(&orders);
    let all = most(Fen::new(i64::MAX), &left);
    let refusal = if amount.is_positive() && amount <= all { PayError::AllAtOnce } else { PayError::MoreThanPaid };
    let parts = share_out(amount, &left).ok_or(refusal)?;
    let mut parts: Vec<(OrderId, Fen)> = orders.iter().map(|(id, _)| *id).zip(parts).filter(|(_, part)| part.is_positive()).collect();
    // In one order, so that two at once wait and do not block each other.
    parts.sort_unstable_by_key(|(id, _)| *id);
    let mut locked: Vec<(Order, Fen)> = Vec::with_capacity(parts.len());
    for (id, part) in parts {
        let order = rows::lock(tx, id).await?;
        // Somebody may have had the last part of it between our look and our lock.
        if !Left::of(&order, rows::parts(tx, id).await?).allows(part) {
            return Err(PayError::MoreThanPaid.into());
        }
        locked.push((order, part));
    }
    // Under its lock: another of other orders may be taking the same.
    ledger::lock(tx, &[wallet]).await?;
    if amount > of_network(tx, wallet, cx.now()).await? {
        return Err(PayError::MoreThanPaid.into());
    }
    let mut begun = Vec::with_capacity(locked.len());
    for (order, part) in &locked {
        begun.push(refund(tx, cx, order, *part, RefundReason::Asked).await?);
    }
    Ok(begun)
}

/// What came by a network and is not spent, by the wallet's own lines of the time in which anything can go back.
async fn of_network(sql: &mut impl Sql, wallet: AccountId, now: Timestamp) -> Result<Fen> {
    Ok(purse(sql, wallet, now, Since::Returnable).await?.of_network())
}

/// From when on the lines of a wallet are followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Since {
    /// The time in which a network takes anything back: what was there before is not a network's, and that is all that is asked.
    Returnable,
    /// The beginning: what was a gift is one for as long as it is not spent.
    Ever,
}

async fn purse(sql: &mut impl Sql, wallet: AccountId, now: Timestamp, since: Since) -> Result<Purse> {
    let mut wallets = vec![wallet];
    let mut at = 0;
    while let Some(one) = wallets.get(at).copied() {
        for from in ledger::came_from(sql, one, EntryKind::CarriedOver, WALLETS).await? {
            if !wallets.contains(&from) && i64::try_from(wallets.len()).is_ok_and(|known| known < WALLETS) {
                wallets.push(from);
            }
        }
        at += 1;
    }
    let (mut left, mut carried) = (Purse::default(), Carried::new());
    // Whoever has brought something along stands behind whoever has it now, also where it came later than others who had brought theirs.
    for one in wallets.into_iter().rev() {
        left = follow(sql, one, now, since, &mut carried).await?;
    }
    Ok(left)
}

async fn follow(sql: &mut impl Sql, wallet: AccountId, now: Timestamp, since: Since, carried: &mut Carried) -> Result<Purse> {
    // Up to here a network takes nothing back.
    let old = ledger::before(sql, wallet, now.plus_micros(-OLDEST), LINES).await?;
    let mut after = match since {
        Since::Returnable => old,
        Since::Ever => ledger::before(sql, wallet, Timestamp::from_unix(0), LINES).await?,
    };
    let (mut purse, mut aged): (Option<Purse>, bool) = (None, false);
    loop {
        let lines = ledger::history(sql, wallet, after, PAGE).await?;
        let Some(last) = lines.last() else { break };
        after = last.seq;
        for line in &lines {
            let purse = purse.get_or_insert_with(|| Purse::holding(line.balance_after.units() - line.delta.units()));
            if line.seq > old && !aged {
                purse.age();
                aged = true;
            }
            purse.follow(line, carried);
        }
    }
    let mut purse = purse.unwrap_or_default();
    if !aged {
        purse.age();
    }
    Ok(purse)
}
