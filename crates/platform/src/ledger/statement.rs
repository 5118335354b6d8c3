//! An account's lines with the running balance, newest first.

use kernel::{Amount, Cursor, Page, PageAsk, Timestamp};
use serde::Serialize;
use store::{Filter, Index, Lane, Sql, args};
use uuid::Uuid;

use super::model::{AccountId, EntryKind, Phase, TransferId};
use crate::audit::ObjectRef;
use crate::identity::UserRef;

#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct StatementLine {
    /// Of the transfer, and the line's place in the account.
    pub id: String,
    pub transfer_id: TransferId,
    pub at: Timestamp,
    pub kind: EntryKind,
    pub phase: Phase,
    /// What came (positive) or left.
    pub delta: Amount,
    /// What was frozen (positive) or released.
    pub held_delta: Amount,
    pub balance_after: Amount,
    pub held_after: Amount,
    /// The other user; absent where it is the system.
    pub counterparty: Option<UserRef>,
    pub system: bool,
    pub memo: String,
    pub reference: Option<ObjectRef>,
}

#[derive(Debug, Default)]
pub struct StatementFilter {
    pub kind: Option<EntryKind>,
    pub from: Option<Timestamp>,
    pub to: Option<Timestamp>,
}

const BY_KIND: Index = Index { name: "ledger_entries_kind", columns: &["account_id", "kind"] };

pub async fn statement(
    sql: &mut impl Sql,
    account: AccountId,
    filter: &StatementFilter,
    ask: &PageAsk,
) -> store::Result<Page<StatementLine>> {
    // Lines lie in the order of time: the span's ends are looked for, so that nothing outside of it is read. (Where the clock was set
    // back, a line at an end may bear a time just outside.)
    let from = match filter.from {
        Some(from) => first_since(sql, account, from).await?,
        None => 0,
    };
    let to = match filter.to {
        Some(to) => first_since(sql, account, to).await?,
        None => i64::MAX,
    };
    let before = ask.after.map_or(i64::MAX, |Cursor(seq)| i64::try_from(seq.as_u128()).unwrap_or(i64::MAX));
    let mut values = Filter::new();
    let (account, from, to) = (values.arg(account), values.arg(from), values.arg(to.min(before)));
    let kind = filter.kind.map(|kind| values.arg(kernel::Word::as_str(kind)));
    let said: Vec<(&str, &str)> =
        [("account_id", account.as_str())].into_iter().chain(kind.as_deref().map(|kind| ("kind", kind))).collect();
    let limit = values.arg(ask.fetch());
    let lane = Lane {
        table: "ledger_entries",
        index: kind.as_ref().map(|_| &BY_KIND),
        said: &said,
        id: "seq",
        to: &to,
        from: Some(&from),
        partial: "TRUE",
        limit: &limit,
    };
    // The page is cut before anything is joined to it: otherwise PostgreSQL may join all lines first, where it takes them for few.
    let query = format!(
        "SELECT p.seq, p.transfer_id, p.kind, p.phase, p.delta, p.held_delta, p.balance_after, p.held_after, p.at, x.memo, x.ref_kind, x.ref_id, u.id AS other_id, u.name AS other_name \
         FROM (SELECT * {}) p JOIN ledger_transfers x ON x.id = p.transfer_id \
         LEFT JOIN users u ON u.id = CASE WHEN x.debit_account = p.account_id THEN x.credit_account ELSE x.debit_account END \
         ORDER BY p.seq DESC",
        lane.rows(sql.engine())
    );
    let rows = sql
        .all(&query, values.args(), |row| {
            let seq: i64 = row.get("seq")?;
            let transfer_id: TransferId = row.get("transfer_id")?;
            let counterparty = UserRef::from_row(row, "other_id", "other_name")?;
            let reference = match (row.get::<Option<String>>("ref_kind")?, row.get::<Option<Uuid>>("ref_id")?) {
                (Some(kind), Some(id)) => Some(ObjectRef::from_row(kind, id)),
                _ => None,
            };
            let line = StatementLine {
                id: format!("{transfer_id}-{seq}"),
                transfer_id,
                at: row.get("at")?,
                kind: row.word("kind")?,
                phase: row.word("phase")?,
                delta: row.get("delta")?,
                held_delta: row.get("held_delta")?,
                balance_after: row.get("balance_after")?,
                held_after: row.get("held_after")?,
                system: counterparty.is_none(),
                counterparty,
                memo: row.get("memo")?,
                reference,
            };
            Ok((seq, line))
        })
        .await?;
    Ok(Page::cut(rows, ask, |(seq, _)| Uuid::from_u128(u128::from(seq.unsigned_abs()))).map(|(_, line)| line))
}

/// The first line of an account that is of this time or later, by halving: a line is read for each time that the account's
/// lines can be halved. Where the clock was set back, one of the places where it passed that time.
pub(super) async fn first_since(sql: &mut impl Sql, account: AccountId, time: Timestamp) -> store::Result<i64> {
    let last = "SELECT seq FROM ledger_entries WHERE account_id = $1 ORDER BY seq DESC LIMIT 1";
    let (mut low, mut high) = (1, sql.opt(last, args![account], |row| row.get::<i64>("seq")).await?.unwrap_or(0) + 1);
    while low < high {
        let middle = low + (high - low) / 2;
        let query = "SELECT at FROM ledger_entries WHERE account_id = $1 AND seq = $2";
        let at: Option<Timestamp> = sql.opt(query, args![account, middle], |row| row.get("at")).await?;
        if at.is_some_and(|at| at < time) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    Ok(low)
}
