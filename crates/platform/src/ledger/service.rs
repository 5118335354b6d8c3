//! Moving, holding, posting and voiding, within the caller's transaction.

use std::collections::HashMap;

use kernel::{Amount, Fault, Timestamp};
use serde::{Deserialize, Serialize};
use store::{Db, Row, Sql, Tx, args};

use super::model::{
    Account, AccountId, EntryKind, LedgerError, Move, Phase, SystemAccount, TransferId, TransferState, debit_change, is_system,
};
use crate::audit::Object;
use crate::identity::UserId;
use crate::{Cx, Result};

/// A transfer as its maker sees it.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Transfer {
    pub id: TransferId,
    pub amount: Amount,
    pub state: TransferState,
    pub kind: EntryKind,
    pub created_at: Timestamp,
}

/// The platform's own accounts, made once, when the installation is.
pub async fn prepare(db: &Db, now: Timestamp) -> store::Result<()> {
    let mut tx = db.begin().await?;
    for account in SystemAccount::ALL {
        let sql = "INSERT INTO ledger_accounts (id, owner_kind, owner_id, unit, keeps_balance, posted, held, entries, created_at) \
                   VALUES ($1, 'system', $1, $2, FALSE, 0, 0, 0, $3) ON CONFLICT DO NOTHING";
        tx.exec(sql, args![account.id(), kernel::Word::as_str(account.unit()), now]).await?;
    }
    tx.commit().await
}

/// A user's quota account; made with the user. Its id is the user's, so that nobody has to look it up.
pub async fn open_user_account(tx: &mut Tx, cx: &Cx, user: UserId) -> Result<AccountId> {
    let id = quota_account(user);
    let sql = "INSERT INTO ledger_accounts (id, owner_kind, owner_id, unit, keeps_balance, posted, held, entries, created_at) \
               VALUES ($1, 'user', $2, 'quota', TRUE, 0, 0, 0, $3) ON CONFLICT DO NOTHING";
    tx.exec(sql, args![id, user, cx.now()]).await?;
    Ok(id)
}

/// Takes away the account of a user who goes. Refused where it was ever used: what was moved stays written down.
pub async fn close_user_account(tx: &mut Tx, user: UserId) -> Result<()> {
    match tx.exec("DELETE FROM ledger_accounts WHERE id = $1 AND entries = 0", args![quota_account(user)]).await? {
        1 => Ok(()),
        _ => Err(Fault::internal("an account that was used, or is not there, is not closed")),
    }
}

/// An account in fen whose id is its owner's: a customer's wallet.
pub async fn open_wallet(tx: &mut Tx, cx: &Cx, owner: uuid::Uuid) -> Result<AccountId> {
    let id = AccountId::from_uuid(owner);
    let sql = "INSERT INTO ledger_accounts (id, owner_kind, owner_id, unit, keeps_balance, posted, held, entries, created_at) \
               VALUES ($1, 'customer', $2, 'fen', TRUE, 0, 0, 0, $3) ON CONFLICT DO NOTHING";
    tx.exec(sql, args![id, owner, cx.now()]).await?;
    Ok(id)
}

/// How an account stands.
pub async fn account(sql: &mut impl Sql, id: AccountId) -> store::Result<Option<Account>> {
    let query = "SELECT id, posted, held FROM ledger_accounts WHERE id = $1";
    sql.opt(query, args![id], |row| Ok(Account { id: row.get("id")?, posted: row.get("posted")?, held: row.get("held")? })).await
}

/// The id of a user's quota account.
pub const fn quota_account(user: UserId) -> AccountId {
    AccountId::from_uuid(user.uuid())
}

/// How a user's quota stands; `None` for users that hold none.
pub async fn account_of(sql: &mut impl Sql, user: UserId) -> store::Result<Option<Account>> {
    account(sql, quota_account(user)).await
}

/// The same for many at once; those that hold none are left out.
pub async fn accounts_of(sql: &mut impl Sql, users: &[UserId]) -> store::Result<HashMap<UserId, Account>> {
    if users.is_empty() {
        return Ok(HashMap::new());
    }
    let query = format!("SELECT id, owner_id, posted, held FROM ledger_accounts WHERE id IN ({})", store::placeholders(1, users.len()));
    let ids = users.iter().map(|user| store::ToValue::to_value(quota_account(*user))).collect();
    let rows = sql
        .all(&query, ids, |row| {
            Ok((row.get("owner_id")?, Account { id: row.get("id")?, posted: row.get("posted")?, held: row.get("held")? }))
        })
        .await?;
    Ok(rows.into_iter().collect())
}

/// Takes the accounts that this transaction will change, in the order of their ids. Needed before a second movement
/// in one transaction; single movements do it themselves.
pub async fn lock(tx: &mut Tx, accounts: &[AccountId]) -> Result<()> {
    let mut accounts: Vec<AccountId> = accounts.iter().copied().filter(|id| !is_system(*id)).collect();
    accounts.sort_unstable();
    accounts.dedup();
    let suffix = tx.for_update();
    for id in accounts {
        tx.opt(&format!("SELECT id FROM ledger_accounts WHERE id = $1{suffix}"), args![id], |_| Ok(())).await?;
    }
    Ok(())
}

/// Posts at once.
pub async fn transfer(tx: &mut Tx, cx: &Cx, order: &Move) -> Result<Transfer> {
    let transfer = insert(tx, cx, order, TransferState::Posted).await?;
    let amount = order.amount.units();
    let mut changes = [(order.debit, debit_change(Phase::Move, order.amount)), (order.credit, (amount, 0))];
    changes.sort_unstable_by_key(|(account, _)| *account);
    for (account, change) in changes {
        apply(tx, cx, account, change, &transfer, Phase::Move).await?;
    }
    Ok(transfer)
}

/// Freezes the amount on the debit account until [`post`] or [`void`].
pub async fn hold(tx: &mut Tx, cx: &Cx, order: &Move) -> Result<Transfer> {
    let transfer = insert(tx, cx, order, TransferState::Pending).await?;
    apply(tx, cx, order.debit, debit_change(Phase::Hold, order.amount), &transfer, Phase::Hold).await?;
    Ok(transfer)
}

/// Lets a held amount go where it was meant to.
pub async fn post(tx: &mut Tx, cx: &Cx, id: TransferId) -> Result<Transfer> {
    post_up_to(tx, cx, id, None).await
}

/// Lets a part of a held amount go where it was meant to; the rest becomes available again. `part` is positive.
pub async fn post_part(tx: &mut Tx, cx: &Cx, id: TransferId, part: Amount) -> Result<Transfer> {
    if !part.is_positive() {
        return Err(LedgerError::NotPositive.into());
    }
    post_up_to(tx, cx, id, Some(part)).await
}

async fn post_up_to(tx: &mut Tx, cx: &Cx, id: TransferId, part: Option<Amount>) -> Result<Transfer> {
    let (transfer, debit, credit) = settle(tx, cx, id, TransferState::Posted, part).await?;
    let part = part.unwrap_or(transfer.amount);
    if part > transfer.amount {
        return Err(LedgerError::MoreThanHeld.into());
    }
    let rest = transfer.amount.minus(part).map_err(|_| LedgerError::TooLarge)?;
    let mut changes = vec![(debit, debit_change(Phase::Post, part), Phase::Post), (credit, (part.units(), 0), Phase::Move)];
    if rest.is_positive() {
        changes.push((debit, debit_change(Phase::Release, rest), Phase::Release));
    }
    // The sort keeps an account's own changes in their order.
    changes.sort_by_key(|(account, ..)| *account);
    for (account, change, phase) in changes {
        apply(tx, cx, account, change, &transfer, phase).await?;
    }
    Ok(transfer)
}

/// Makes a held amount available again.
pub async fn void(tx: &mut Tx, cx: &Cx, id: TransferId) -> Result<Transfer> {
    let (transfer, debit, _) = settle(tx, cx, id, TransferState::Voided, None).await?;
    apply(tx, cx, debit, debit_change(Phase::Release, transfer.amount), &transfer, Phase::Release).await?;
    Ok(transfer)
}

/// What an account has paid for something and not got back for it, frozen amounts left out.
pub async fn net(sql: &mut impl Sql, account: AccountId, of: Object) -> store::Result<Amount> {
    let query = "SELECT CAST(COALESCE(SUM(CASE WHEN debit_account = $3 THEN posted_amount ELSE -posted_amount END), 0) AS BIGINT) AS n \
                 FROM ledger_transfers WHERE ref_kind = $1 AND ref_id = $2 AND (debit_account = $3 OR credit_account = $3)";
    sql.one(query, args![of.kind, of.id, account], |row| row.get("n")).await
}

pub async fn find_transfer(sql: &mut impl Sql, id: TransferId) -> store::Result<Option<Transfer>> {
    sql.opt("SELECT id, amount, state, kind, created_at FROM ledger_transfers WHERE id = $1", args![id], read).await
}

fn read(row: &Row) -> store::Result<Transfer> {
    Ok(Transfer {
        id: row.get("id")?,
        amount: row.get("amount")?,
        state: row.word("state")?,
        kind: row.word("kind")?,
        created_at: row.get("created_at")?,
    })
}

async fn insert(tx: &mut Tx, cx: &Cx, order: &Move, state: TransferState) -> Result<Transfer> {
    order.check()?;
    let now = cx.now();
    let transfer = Transfer { id: cx.id(), amount: order.amount, state, kind: order.kind, created_at: now };
    let posted = state == TransferState::Posted;
    let sql = "INSERT INTO ledger_transfers (id, debit_account, credit_account, amount, posted_amount, state, kind, memo, ref_kind, ref_id, created_at, settled_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    tx.exec(
        sql,
        args![
            transfer.id,
            order.debit,
            order.credit,
            order.amount,
            if posted { order.amount } else { Amount::ZERO },
            kernel::Word::as_str(state),
            kernel::Word::as_str(order.kind),
            order.memo.as_str(),
            order.reference.map(|object| object.kind),
            order.reference.map(|object| object.id),
            now,
            posted.then_some(now),
        ],
    )
    .await?;
    Ok(transfer)
}

/// Takes a pending transfer to its end, posting a `part` of it or all; refused when it is there already.
async fn settle(tx: &mut Tx, cx: &Cx, id: TransferId, to: TransferState, part: Option<Amount>) -> Result<(Transfer, AccountId, AccountId)> {
    let sql = "UPDATE ledger_transfers SET state = $1, settled_at = $2, posted_amount = CASE WHEN $1 = 'posted' THEN COALESCE($4, amount) ELSE 0 END \
         WHERE id = $3 AND state = 'pending' RETURNING id, amount, state, kind, created_at, debit_account, credit_account";
    let settled = tx
        .opt(sql, args![kernel::Word::as_str(to), cx.now(), id, part], |row| {
            Ok((read(row)?, row.get("debit_account")?, row.get("credit_account")?))
        })
        .await?;
    settled.ok_or_else(|| LedgerError::NotPending.into())
}

/// Changes an account and writes the line of its statement. Refused, changing nothing, where less than nothing would be available.
async fn apply(tx: &mut Tx, cx: &Cx, account: AccountId, (delta, held): (i64, i64), transfer: &Transfer, phase: Phase) -> Result<()> {
    if is_system(account) {
        return Ok(());
    }
    let sql = "UPDATE ledger_accounts SET posted = posted + $1, held = held + $2, entries = entries + 1 \
               WHERE id = $3 AND posted + $1 - held - $2 >= 0 AND held + $2 >= 0 RETURNING posted, held, entries";
    let after: Option<(i64, i64, i64)> =
        tx.opt(sql, args![delta, held, account], |row| Ok((row.get("posted")?, row.get("held")?, row.get("entries")?))).await?;
    let Some((posted_after, held_after, seq)) = after else {
        return Err(Fault::from(LedgerError::Insufficient));
    };
    let sql = "INSERT INTO ledger_entries (account_id, seq, transfer_id, kind, phase, delta, held_delta, balance_after, held_after, at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    let (kind, phase) = (kernel::Word::as_str(transfer.kind), kernel::Word::as_str(phase));
    tx.exec(sql, args![account, seq, transfer.id, kind, phase, delta, held, posted_after, held_after, cx.now()]).await?;
    Ok(())
}
