//! An account's lines with the running balance, newest first.

use kernel::{Cursor, Page, PageAsk, Quota, Timestamp};
use serde::Serialize;
use store::{Filter, Sql};
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
    pub delta: Quota,
    /// What was frozen (positive) or released.
    pub held_delta: Quota,
    pub balance_after: Quota,
    pub held_after: Quota,
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

pub async fn statement(
    sql: &mut impl Sql,
    account: AccountId,
    filter: &StatementFilter,
    ask: &PageAsk,
) -> store::Result<Page<StatementLine>> {
    let mut conditions = Filter::new();
    conditions.and("e.account_id = ?", account).and_some("e.kind = ?", filter.kind.map(kernel::Word::as_str));
    conditions.and_some("e.at >= ?", filter.from).and_some("e.at < ?", filter.to);
    if let Some(Cursor(seq)) = ask.after {
        conditions.and("e.seq < ?", i64::try_from(seq.as_u128()).unwrap_or(i64::MAX));
    }
    let limit = conditions.arg(ask.fetch());
    let query = format!(
        "SELECT e.seq, e.transfer_id, e.kind, e.phase, e.delta, e.held_delta, e.balance_after, e.held_after, e.at, t.memo, t.ref_kind, t.ref_id, u.id AS other_id, u.name AS other_name \
         FROM ledger_entries e JOIN ledger_transfers t ON t.id = e.transfer_id \
         LEFT JOIN users u ON u.id = CASE WHEN t.debit_account = e.account_id THEN t.credit_account ELSE t.debit_account END \
         WHERE {} ORDER BY e.seq DESC LIMIT {limit}",
        conditions.sql()
    );
    let rows = sql
        .all(&query, conditions.args(), |row| {
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
