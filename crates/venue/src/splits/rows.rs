//! Splits in the database.

use kernel::{Fen, Timestamp, Word};
use platform::ledger::TransferId;
use store::{Row, Sql, Tx, Value, args};

use super::model::{Share, Split, SplitEnd, SplitId, SplitState};
use crate::customers::CustomerId;
use crate::play::SessionId;

const SPLIT: &str = "s.id, s.session_id, s.starter_id, s.code, s.manner, s.state, s.confirm_by, s.reminded, s.end_reason";

fn read(row: &Row) -> store::Result<Split> {
    Ok(Split {
        id: row.get("id")?,
        session: row.get("session_id")?,
        starter: row.get("starter_id")?,
        code: row.get("code")?,
        manner: row.word("manner")?,
        state: row.word("state")?,
        confirm_by: row.get("confirm_by")?,
        reminded: row.get("reminded")?,
        end: row.opt_word("end_reason")?,
    })
}

/// `None` where the bill has one already.
pub(super) async fn insert(tx: &mut Tx, split: &Split, weights: &[i64], now: Timestamp) -> store::Result<Option<()>> {
    let sql = "INSERT INTO splits (id, session_id, starter_id, code, manner, state, created_at, confirm_by, reminded) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, FALSE) ON CONFLICT DO NOTHING";
    let (manner, state) = (split.manner.as_str(), split.state.as_str());
    let values = args![split.id, split.session, split.starter, split.code.as_str(), manner, state, now, split.confirm_by];
    if tx.exec(sql, values).await? == 0 {
        return Ok(None);
    }
    for (place, weight) in (0_i64..).zip(weights) {
        let sql = "INSERT INTO split_shares (split_id, place, weight, customer_id, agreed, paid) VALUES ($1, $2, $3, $4, 0, 0)";
        tx.exec(sql, args![split.id, place, *weight, (place == 0).then_some(split.starter)]).await?;
    }
    Ok(Some(()))
}

async fn find(sql: &mut impl Sql, condition: &str, args: Vec<Value>) -> store::Result<Option<Split>> {
    sql.opt(&format!("SELECT {SPLIT} FROM splits s WHERE {condition}"), args, read).await
}

pub(super) async fn by_id(sql: &mut impl Sql, id: SplitId) -> store::Result<Option<Split>> {
    find(sql, "s.id = $1", args![id]).await
}

pub(super) async fn by_code(sql: &mut impl Sql, code: &str) -> store::Result<Option<Split>> {
    find(sql, "s.code = $1", args![code]).await
}

/// The one that a bill has.
pub(super) async fn of_session(sql: &mut impl Sql, session: SessionId) -> store::Result<Option<Split>> {
    find(sql, "s.session_id = $1 AND s.state <> 'undone'", args![session]).await
}

/// One in which this customer has a share.
pub(super) async fn with(sql: &mut impl Sql, id: SplitId, customer: CustomerId) -> store::Result<Option<Split>> {
    let within = "s.id = $1 AND EXISTS (SELECT 1 FROM split_shares h WHERE h.split_id = s.id AND h.customer_id = $2)";
    find(sql, within, args![id, customer]).await
}

/// For this transaction alone. Whoever changes a split or its shares takes this first.
pub(super) async fn lock(tx: &mut Tx, id: SplitId) -> store::Result<Option<Split>> {
    let suffix = tx.for_update();
    find(tx, &format!("s.id = $1{suffix}"), args![id]).await
}

/// In their order, the starter's first.
pub(super) async fn shares(sql: &mut impl Sql, id: SplitId) -> store::Result<Vec<Share>> {
    let query = "SELECT place, weight, customer_id, transfer_id, agreed, paid FROM split_shares WHERE split_id = $1 ORDER BY place";
    sql.all(query, args![id], |row| {
        Ok(Share {
            place: row.get("place")?,
            weight: row.get("weight")?,
            customer: row.get("customer_id")?,
            transfer: row.get("transfer_id")?,
            agreed: row.get("agreed")?,
            paid: row.get("paid")?,
        })
    })
    .await
}

pub(super) async fn take(tx: &mut Tx, id: SplitId, place: i64, customer: Option<CustomerId>) -> store::Result<()> {
    let sql = "UPDATE split_shares SET customer_id = $1 WHERE split_id = $2 AND place = $3";
    tx.exec(sql, args![customer, id, place]).await?;
    Ok(())
}

pub(super) async fn agree(tx: &mut Tx, id: SplitId, place: i64, transfer: TransferId, agreed: Fen) -> store::Result<()> {
    let sql = "UPDATE split_shares SET transfer_id = $1, agreed = $2 WHERE split_id = $3 AND place = $4";
    tx.exec(sql, args![transfer, agreed, id, place]).await?;
    Ok(())
}

pub(super) async fn pay(tx: &mut Tx, id: SplitId, place: i64, paid: Fen) -> store::Result<()> {
    tx.exec("UPDATE split_shares SET paid = $1 WHERE split_id = $2 AND place = $3", args![paid, id, place]).await?;
    Ok(())
}

pub(super) async fn end(tx: &mut Tx, id: SplitId, state: SplitState, why: SplitEnd, now: Timestamp) -> store::Result<()> {
    let sql = "UPDATE splits SET state = $1, end_reason = $2, ended_at = $3 WHERE id = $4 AND state = 'open'";
    tx.exec(sql, args![state.as_str(), why.as_str(), now, id]).await?;
    Ok(())
}

/// What others have paid of a session's bill; `None` while that is not settled.
pub(crate) async fn others_paid(sql: &mut impl Sql, session: SessionId) -> store::Result<Option<Fen>> {
    let query = "SELECT s.state, CAST(COALESCE(SUM(CASE WHEN h.place > 0 THEN h.paid ELSE 0 END), 0) AS BIGINT) AS paid FROM splits s \
                 JOIN split_shares h ON h.split_id = s.id WHERE s.session_id = $1 AND s.state <> 'undone' GROUP BY s.id, s.state";
    let found = sql.opt(query, args![session], |row| Ok((row.word::<SplitState>("state")?, row.get::<Fen>("paid")?))).await?;
    Ok(match found {
        None => Some(Fen::ZERO),
        Some((SplitState::Open, _)) => None,
        Some((SplitState::Settled | SplitState::Undone, paid)) => Some(paid),
    })
}
