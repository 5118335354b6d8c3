//! Taking a share, confirming it, and giving it back.

use kernel::{Fault, Fen};
use platform::idempotency::IdempotencyKey;
use platform::ledger::{self, EntryKind, Move};
use platform::{Cx, Result};
use store::{Sql as _, Tx, args};

use super::error::SplitError;
use super::model::{Manner, Share, Split, SplitEnd, SplitId, asked_of, everybody};
use super::settle::{lock_wallets, settle};
use super::view::{self, SplitView};
use super::{make, rows};
use crate::customers::{self, Customer, CustomerId};
use crate::play::{self, SessionState};

/// Takes a share: the one that is named, or of an even split any. Who has one already keeps it.
pub async fn join(cx: &Cx, customer: &Customer, code: &str, place: Option<i64>) -> Result<SplitView> {
    let found = view::find(&mut cx.db.read(), code).await?;
    let mut tx = cx.db.begin().await?;
    customers::stays(&mut tx, customer.id).await?;
    let split = rows::lock(&mut tx, found.id).await?.ok_or(SplitError::Unknown)?;
    if split.starter == customer.id {
        return Err(SplitError::Own.into());
    }
    let shares = rows::shares(&mut tx, split.id).await?;
    if !shares.iter().any(|share| share.customer == Some(customer.id)) {
        if !split.is_open(cx.now()) {
            return Err(SplitError::Over.into());
        }
        let place = wanted(&split, &shares, place)?;
        rows::take(&mut tx, split.id, place, Some(customer.id)).await?;
    }
    let view = view::of(&mut tx, cx, split.id, Some(customer.id)).await?;
    tx.commit().await?;
    Ok(view)
}

fn wanted(split: &Split, shares: &[Share], place: Option<i64>) -> std::result::Result<i64, SplitError> {
    let mut free = shares.iter().filter(|share| share.customer.is_none()).map(|share| share.place);
    match place {
        Some(place) => match shares.iter().skip(1).find(|share| share.place == place) {
            Some(share) if share.customer.is_none() => Ok(place),
            Some(_) => Err(SplitError::Taken),
            None => Err(SplitError::Place),
        },
        None => match (split.manner, free.next()) {
            (_, None) => Err(SplitError::Full),
            (Manner::Even, Some(first)) => Ok(first),
            // Which one is a question of money.
            (Manner::Amounts, Some(only)) => free.next().map_or(Ok(only), |_| Err(SplitError::Place)),
        },
    }
}

/// Agrees to one's share: it is held, and charged once all have agreed and the bill is there. `at_most` is what the customer was shown.
///
/// Where more time was played than had been agreed to, this agrees to that too. Who has agreed already gets the same answer.
pub async fn confirm(cx: &Cx, customer: &Customer, id: SplitId, at_most: Fen, key: &IdempotencyKey) -> Result<SplitView> {
    with(cx, customer, id).await?;
    if customer.guest {
        return Err(SplitError::PhoneNeeded.into());
    }
    let mut tx = cx.db.begin().await?;
    let owner = customer.id.uuid();
    if let Some(first) = key.seen::<SplitId>(&mut tx, cx, owner).await? {
        return view::of(&mut tx, cx, first, Some(customer.id)).await;
    }
    let split = rows::lock(&mut tx, id).await?.ok_or_else(Fault::not_found)?;
    let session = play::session(&mut tx, split.session).await?.ok_or_else(Fault::not_found)?;
    let mut shares = rows::shares(&mut tx, id).await?;
    let amount = make::of(&session);
    let asked = asked_of(&shares, amount);
    let own = shares.iter().position(|share| share.customer == Some(customer.id)).ok_or(SplitError::NotIn)?;
    if own == 0 {
        return Err(SplitError::Own.into());
    }
    // A share that is held, and large enough: there is nothing to do, whether it is charged by now or not.
    if shares[own].transfer.is_none() || shares[own].agreed < asked[own] {
        if !split.is_open(cx.now()) {
            return Err(SplitError::Over.into());
        }
        if asked[own] > at_most {
            return Err(SplitError::Changed.into());
        }
        lock_wallets(&mut tx, &shares).await?;
        agree(&mut tx, cx, &split, &mut shares[own], asked[own]).await?;
        if session.state == SessionState::Closed && everybody(&shares, amount) {
            settle(&mut tx, cx, &split, &session, &shares, SplitEnd::Everybody).await?;
        }
    }
    key.answer(&mut tx, owner, &id).await?;
    let view = view::of(&mut tx, cx, id, Some(customer.id)).await?;
    tx.commit().await?;
    Ok(view)
}

/// Holds so much in the share's wallet, in the place of what is held there.
async fn agree(tx: &mut Tx, cx: &Cx, split: &Split, share: &mut Share, amount: Fen) -> Result<()> {
    let Some(customer) = share.customer.filter(|_| amount.is_positive()) else { return Ok(()) };
    if let Some(before) = share.transfer {
        ledger::void(tx, cx, before).await?;
    }
    let order = Move {
        debit: customers::account(customer),
        credit: customers::account(split.starter),
        amount: amount.into(),
        kind: EntryKind::Split,
        memo: String::new(),
        reference: Some(split.id.into()),
    };
    let transfer = match ledger::hold(tx, cx, &order).await {
        Ok(transfer) => transfer.id,
        Err(Fault { code: "QUOTA_INSUFFICIENT", .. }) => return Err(play::PlayError::Balance.into()),
        Err(fault) => return Err(fault),
    };
    (share.transfer, share.agreed) = (Some(transfer), amount);
    Ok(rows::agree(tx, split.id, share.place, transfer, amount).await?)
}

/// Gives one's share back, while it is not confirmed. Who has none is answered the same.
pub async fn leave(cx: &Cx, customer: &Customer, code: &str) -> Result<SplitView> {
    let found = view::find(&mut cx.db.read(), code).await?;
    release(cx, customer, found.id, |share| share.customer == Some(customer.id)).await
}

/// Takes a share that is not confirmed from whoever has it, so that somebody else can: the starter may.
pub async fn free(cx: &Cx, customer: &Customer, id: SplitId, place: i64) -> Result<SplitView> {
    let split = with(cx, customer, id).await?;
    if split.starter != customer.id {
        return Err(Fault::not_found());
    }
    release(cx, customer, id, |share| share.place == place).await
}

async fn release(cx: &Cx, customer: &Customer, id: SplitId, which: impl Fn(&Share) -> bool) -> Result<SplitView> {
    let mut tx = cx.db.begin().await?;
    let split = rows::lock(&mut tx, id).await?.ok_or_else(Fault::not_found)?;
    if let Some(share) = rows::shares(&mut tx, id).await?.into_iter().find(which) {
        if share.place == 0 {
            return Err(SplitError::Own.into());
        }
        if !split.is_open(cx.now()) {
            return Err(SplitError::Over.into());
        }
        if share.transfer.is_some() {
            return Err(SplitError::Confirmed.into());
        }
        rows::take(&mut tx, id, share.place, None).await?;
    }
    let view = view::of(&mut tx, cx, id, Some(customer.id)).await?;
    tx.commit().await?;
    Ok(view)
}

/// One in which the customer has a share.
pub(super) async fn with(cx: &Cx, customer: &Customer, id: SplitId) -> Result<Split> {
    rows::with(&mut cx.db.read(), id, customer.id).await?.ok_or_else(Fault::not_found)
}

/// What somebody without a phone has taken, or has ended, becomes the known customer's, who needs no second share of a split. What is held is
/// not carried over: whoever has something held, or has started what is not over, waits for that.
pub(crate) async fn carry_over(tx: &mut Tx, from: CustomerId, to: CustomerId) -> Result<()> {
    let of = "SELECT split_id FROM split_shares WHERE customer_id = $1 ORDER BY split_id";
    let splits: Vec<SplitId> = tx.all(of, args![from], |row| row.get("split_id")).await?;
    for id in splits {
        rows::lock(tx, id).await?;
        let shares = rows::shares(tx, id).await?;
        let has_one = shares.iter().any(|share| share.customer == Some(to));
        if let Some(share) = shares.iter().find(|share| share.customer == Some(from)) {
            rows::take(tx, id, share.place, (!has_one).then_some(to)).await?;
        }
    }
    tx.exec("UPDATE splits SET starter_id = $1 WHERE starter_id = $2 AND state <> 'open'", args![to, from]).await?;
    Ok(())
}

/// Whether others' money may still come into this customer's wallet.
pub(crate) async fn starts(tx: &mut Tx, customer: CustomerId) -> Result<bool> {
    let query = "SELECT id FROM splits WHERE starter_id = $1 AND state = 'open' LIMIT 1";
    Ok(tx.opt(query, args![customer], |row| row.get::<SplitId>("id")).await?.is_some())
}
