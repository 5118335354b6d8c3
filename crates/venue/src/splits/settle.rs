//! The end of a split: all shares are charged in one transaction, or none is.

use kernel::{Fault, Fen};
use platform::ledger::{self, AccountId};
use platform::{Cx, Result};
use store::Tx;

use super::error::SplitError;
use super::join::with;
use super::model::{Share, Split, SplitEnd, SplitId, SplitState, pays_of};
use super::rows;
use super::view::{self, SplitView};
use crate::customers::{self, Customer};
use crate::halls::rows as tables;
use crate::play::{self, Session, SessionState};
use crate::told::{self, tell, yuan};

/// Charges who has confirmed, now; the starter, who asks for it, takes over the rest. What is charged already stays as it is.
pub async fn finish(cx: &Cx, customer: &Customer, id: SplitId) -> Result<SplitView> {
    by_starter(cx, customer, id, SplitEnd::Starter).await
}

/// Charges nobody. What is undone already stays as it is.
pub async fn cancel(cx: &Cx, customer: &Customer, id: SplitId) -> Result<SplitView> {
    by_starter(cx, customer, id, SplitEnd::Cancelled).await
}

async fn by_starter(cx: &Cx, customer: &Customer, id: SplitId, why: SplitEnd) -> Result<SplitView> {
    if with(cx, customer, id).await?.starter != customer.id {
        return Err(Fault::not_found());
    }
    let mut tx = cx.db.begin().await?;
    let split = rows::lock(&mut tx, id).await?.ok_or_else(Fault::not_found)?;
    let wanted = if why == SplitEnd::Cancelled { SplitState::Undone } else { SplitState::Settled };
    if split.state == SplitState::Open {
        let session = play::session(&mut tx, split.session).await?.ok_or_else(Fault::not_found)?;
        let shares = rows::shares(&mut tx, id).await?;
        match wanted {
            SplitState::Undone => undo(&mut tx, cx, &split, &session, &shares, why).await?,
            _ if session.state == SessionState::Closed => settle(&mut tx, cx, &split, &session, &shares, why).await?,
            _ => return Err(SplitError::Playing.into()),
        }
    } else if split.state != wanted {
        return Err(SplitError::Over.into());
    }
    let view = view::of(&mut tx, cx, id, Some(customer.id)).await?;
    tx.commit().await?;
    Ok(view)
}

/// All wallets of a split, in the order in which everybody takes them.
pub(super) async fn lock_wallets(tx: &mut Tx, shares: &[Share]) -> Result<()> {
    let wallets: Vec<AccountId> = shares.iter().filter_map(|share| share.customer).map(customers::account).collect();
    ledger::lock(tx, &wallets).await
}

/// Takes from each what it owes of the bill, and gives back what was held beyond. Where nobody owes anything it is undone.
pub(super) async fn settle(tx: &mut Tx, cx: &Cx, split: &Split, session: &Session, shares: &[Share], why: SplitEnd) -> Result<()> {
    let bill = session.bill.as_ref().map(|bill| bill.total).ok_or_else(|| Fault::internal("a split was to be settled without a bill"))?;
    let pays = pays_of(shares, bill);
    let own = pays.first().copied().unwrap_or(bill);
    if own == bill {
        let why = if bill == Fen::ZERO { SplitEnd::Nothing } else { SplitEnd::Nobody };
        return undo(tx, cx, split, session, shares, why).await;
    }
    lock_wallets(tx, shares).await?;
    for (share, pays) in shares.iter().zip(&pays) {
        if let Some(transfer) = share.transfer {
            if pays.is_positive() {
                ledger::post_part(tx, cx, transfer, (*pays).into()).await?;
            } else {
                ledger::void(tx, cx, transfer).await?;
            }
        }
        rows::pay(tx, split.id, share.place, *pays).await?;
    }
    rows::end(tx, split.id, SplitState::Settled, why, cx.now()).await?;
    let table = tables::table(tx, session.table).await?.name;
    for (share, pays) in shares.iter().zip(&pays).skip(1) {
        if let Some(customer) = share.customer {
            let template = if share.transfer.is_some() { &told::SPLIT_PAID } else { &told::SPLIT_MISSED };
            tell(tx, cx, customer, template, &[("table", table.clone()), ("amount", yuan(*pays))]).await?;
        }
    }
    let others = bill.minus(own).map_err(Fault::internal)?;
    let template = if why == SplitEnd::Everybody { &told::SPLIT_DONE } else { &told::SPLIT_TAKEN_OVER };
    let params = [("table", table), ("amount", yuan(others)), ("own", yuan(own)), ("total", yuan(bill))];
    tell(tx, cx, split.starter, template, &params).await
}

/// Gives back all that is held, and tells everybody so.
pub(super) async fn undo(tx: &mut Tx, cx: &Cx, split: &Split, session: &Session, shares: &[Share], why: SplitEnd) -> Result<()> {
    lock_wallets(tx, shares).await?;
    for transfer in shares.iter().filter_map(|share| share.transfer) {
        ledger::void(tx, cx, transfer).await?;
    }
    rows::end(tx, split.id, SplitState::Undone, why, cx.now()).await?;
    let table = tables::table(tx, session.table).await?.name;
    for share in shares {
        if let Some(customer) = share.customer {
            let template = if share.place == 0 { &told::SPLIT_UNDONE } else { &told::SPLIT_NOT_CHARGED };
            tell(tx, cx, customer, template, &[("table", table.clone())]).await?;
        }
    }
    Ok(())
}
