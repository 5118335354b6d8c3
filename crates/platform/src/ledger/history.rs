//! An account's lines in the order in which they were written, for who follows what became of its money.

use kernel::{Amount, Timestamp};
use store::{Row, Sql, args};
use uuid::Uuid;

use super::model::{AccountId, EntryKind, Phase, TransferId};
use super::statement::first_since;

/// What a line did, and what it was for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PastLine {
    /// Its place in the account.
    pub seq: i64,
    pub transfer: TransferId,
    pub kind: EntryKind,
    pub phase: Phase,
    /// What came (positive) or left.
    pub delta: Amount,
    /// What was frozen (positive) or released.
    pub held_delta: Amount,
    pub balance_after: Amount,
    /// The id of what it was for.
    pub about: Option<Uuid>,
}

/// The place before the first line that is of this time or later, and among the last `most` of the account: after it one begins to read.
pub async fn before(sql: &mut impl Sql, account: AccountId, since: Timestamp, most: i64) -> store::Result<i64> {
    let first = first_since(sql, account, since).await?;
    let query = "SELECT seq FROM ledger_entries WHERE account_id = $1 ORDER BY seq DESC LIMIT 1";
    let last = sql.opt(query, args![account], |row| row.get::<i64>("seq")).await?.unwrap_or(0);
    Ok((first - 1).max(last - most))
}

/// Lines of an account after a place, oldest first.
pub async fn history(sql: &mut impl Sql, account: AccountId, after: i64, most: i64) -> store::Result<Vec<PastLine>> {
    // The page is cut before anything is joined to it, as in the statement.
    let query = "SELECT p.seq, p.transfer_id, p.kind, p.phase, p.delta, p.held_delta, p.balance_after, x.ref_id \
        FROM (SELECT * FROM ledger_entries WHERE account_id = $1 AND seq > $2 ORDER BY seq LIMIT $3) p \
        JOIN ledger_transfers x ON x.id = p.transfer_id ORDER BY p.seq";
    let read = |row: &Row| {
        Ok(PastLine {
            seq: row.get("seq")?,
            transfer: row.get("transfer_id")?,
            kind: row.word("kind")?,
            phase: row.word("phase")?,
            delta: row.get("delta")?,
            held_delta: row.get("held_delta")?,
            balance_after: row.get("balance_after")?,
            about: row.get("ref_id")?,
        })
    };
    sql.all(query, args![account, after, most], read).await
}

/// When an account moved, by how much, and what was held then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecentLine {
    pub at: Timestamp,
    pub kind: EntryKind,
    /// What came (positive) or left.
    pub delta: Amount,
    pub held_after: Amount,
}

/// The last `most` lines of an account, newest first.
pub async fn recent(sql: &mut impl Sql, account: AccountId, most: i64) -> store::Result<Vec<RecentLine>> {
    let query = "SELECT at, kind, delta, held_after FROM ledger_entries WHERE account_id = $1 ORDER BY seq DESC LIMIT $2";
    let read = |row: &Row| {
        Ok(RecentLine { at: row.get("at")?, kind: row.word("kind")?, delta: row.get("delta")?, held_after: row.get("held_after")? })
    };
    sql.all(query, args![account, most], read).await
}

/// Of whom an account has had something of this kind, the first first; the first `most` times.
pub async fn came_from(sql: &mut impl Sql, account: AccountId, kind: EntryKind, most: i64) -> store::Result<Vec<AccountId>> {
    let query = "SELECT x.debit_account FROM (SELECT * FROM ledger_entries WHERE account_id = $1 AND kind = $2 AND delta > 0 ORDER BY seq LIMIT $3) p \
        JOIN ledger_transfers x ON x.id = p.transfer_id ORDER BY p.seq";
    sql.all(query, args![account, kernel::Word::as_str(kind), most], |row| row.get("debit_account")).await
}
