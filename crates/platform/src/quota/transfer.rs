//! Agents transfer quota to each other by name (K4.2). Those who do so at the same time share a transaction ([`set`]).

mod set;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use kernel::{Fields, Quota};

use crate::gather::Gather;
use crate::idempotency::IdempotencyKey;
use crate::identity::Permission;
use crate::ledger::Transfer;
use crate::{Cx, Result};
use set::{Asked, Decided};

#[derive(Debug, Clone)]
pub struct TransferAsk {
    pub to_name: String,
    pub amount: Quota,
    pub memo: Option<String>,
}

/// Transfers that wait for a transaction. One a process.
#[derive(Default)]
pub struct Transfers(Arc<Gather<Asked, Decided>>);

/// Moves quota to another agent. The amount is frozen first and then moved, so that the statement shows both.
pub async fn transfer(cx: &Cx, ask: &TransferAsk, key: &IdempotencyKey) -> Result<Transfer> {
    let sender = cx.require(Permission::QuotaTransfer)?;
    let asked = Asked { cx: cx.clone(), sender: sender.clone(), ask: ask.clone(), key: key.clone() };
    match cx.transfers.0.one(cx.db.engine(), asked, set::decide).await? {
        Decided::Settled(answer) => answer,
        // A repeated request is answered as before, whatever has changed since.
        Decided::Unfit(fields) => {
            let mut tx = cx.db.begin().await?;
            match key.seen(&mut tx, cx, sender.id.uuid()).await? {
                Some(first) => Ok(first),
                None => Err(Fields::fault(fields)),
            }
        }
    }
}
