//! Many transfers in one transaction: their accounts are locked and read at once, the rules decide one after the other, and
//! what came of it is written at once. So a transfer costs as few statements as may be, and an account to which
//! everybody sends is locked once for all that wait for it.

use std::collections::HashMap;

use kernel::Timestamp;
use store::{ToValue, Tx, all_in, args, insert_many, update_many};

use super::model::{AccountId, LedgerError, Line, Move, Standing, TransferId, TransferState, freeze_and_post};
use crate::Result;

/// Freezes and then posts each of `orders` between users' accounts, in their order. What cannot be afforded is refused
/// and changes nothing; the others happen.
pub async fn transfer_all(tx: &mut Tx, now: Timestamp, orders: &[(TransferId, Move)]) -> Result<Vec<std::result::Result<(), LedgerError>>> {
    let mut accounts = lock(tx, orders).await?;
    let mut lines = Vec::with_capacity(orders.len() * 3);
    let mut outcomes = Vec::with_capacity(orders.len());
    for (id, order) in orders {
        outcomes.push(freeze_and_post(&mut accounts, order).map(|made| lines.extend(made.map(|line| (*id, order, line)))));
    }
    let mut changed: Vec<AccountId> = lines.iter().map(|(_, _, line)| line.account).collect();
    changed.sort_unstable();
    changed.dedup();
    let rows = changed.iter().filter_map(|id| accounts.get(id).map(|now| args![*id, now.posted, now.held, now.entries]));
    update_many(tx, "ledger_accounts", &["id", "posted", "held", "entries"], rows.collect()).await?;
    write_transfers(tx, now, orders.iter().zip(&outcomes).filter(|(_, outcome)| outcome.is_ok()).map(|(order, _)| order)).await?;
    write_lines(tx, now, &lines).await?;
    Ok(outcomes)
}

/// All accounts of `orders` as they are, for this transaction alone, taken in the order of their ids.
async fn lock(tx: &mut Tx, orders: &[(TransferId, Move)]) -> Result<HashMap<AccountId, Standing>> {
    let mut ids: Vec<AccountId> = orders.iter().flat_map(|(_, order)| [order.debit, order.credit]).collect();
    ids.sort_unstable();
    ids.dedup();
    let text = "SELECT id, posted, held, entries FROM ledger_accounts WHERE keeps_balance AND id IN";
    let tail = format!(" ORDER BY id{}", tx.for_update());
    let found = all_in(tx, text, &tail, ids.into_iter().map(ToValue::to_value).collect(), |row| {
        let standing = Standing { posted: row.get("posted")?, held: row.get("held")?, entries: row.get("entries")? };
        Ok((row.get("id")?, standing))
    });
    Ok(found.await?.into_iter().collect())
}

async fn write_transfers<'a>(tx: &mut Tx, now: Timestamp, orders: impl Iterator<Item = &'a (TransferId, Move)>) -> Result<()> {
    let columns = [
        "id",
        "debit_account",
        "credit_account",
        "amount",
        "posted_amount",
        "state",
        "kind",
        "memo",
        "ref_kind",
        "ref_id",
        "created_at",
        "settled_at",
    ];
    let posted = kernel::Word::as_str(TransferState::Posted);
    let rows = orders.map(|(id, order)| {
        args![
            *id,
            order.debit,
            order.credit,
            order.amount,
            order.amount,
            posted,
            kernel::Word::as_str(order.kind),
            order.memo.as_str(),
            order.reference.map(|object| object.kind),
            order.reference.map(|object| object.id),
            now,
            now,
        ]
    });
    insert_many(tx, "ledger_transfers", &columns, rows.collect(), "").await?;
    Ok(())
}

/// Were an account not locked, another's line would have its place already, and this would fail.
async fn write_lines(tx: &mut Tx, now: Timestamp, lines: &[(TransferId, &Move, Line)]) -> Result<()> {
    let columns = ["account_id", "seq", "transfer_id", "kind", "phase", "delta", "held_delta", "balance_after", "held_after", "at"];
    let rows = lines.iter().map(|(transfer, order, line)| {
        let (kind, phase) = (kernel::Word::as_str(order.kind), kernel::Word::as_str(line.phase));
        let after = line.after;
        args![line.account, after.entries, *transfer, kind, phase, line.delta, line.held_delta, after.posted, after.held, now]
    });
    insert_many(tx, "ledger_entries", &columns, rows.collect(), "").await?;
    Ok(())
}
