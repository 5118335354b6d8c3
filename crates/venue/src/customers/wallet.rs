//! Customers' money: where it is, and every line of it shown.

use kernel::{Fen, Page, PageAsk, Timestamp};
use platform::ledger::{self, AccountId, EntryKind, Phase, StatementFilter};
use platform::{Cx, Result};
use serde::Serialize;

use super::model::{Customer, CustomerId};

/// 10,000 yuan at once: more is a slip of the pen.
pub(super) const MOST: Fen = Fen::new(1_000_000);

/// Where a customer's money is.
pub(crate) const fn account(customer: CustomerId) -> AccountId {
    AccountId::from_uuid(customer.uuid())
}

#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct WalletLine {
    pub id: String,
    pub at: Timestamp,
    pub kind: EntryKind,
    pub phase: Phase,
    /// What came (positive) or left.
    pub delta_fen: Fen,
    /// What was frozen (positive) or released.
    pub held_delta_fen: Fen,
    pub balance_after_fen: Fen,
    pub memo: String,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Wallet {
    pub balance_fen: Fen,
    pub held_fen: Fen,
    pub items: Vec<WalletLine>,
    pub next_cursor: Option<String>,
}

/// The customer's own, newest line first.
pub async fn wallet(cx: &Cx, customer: &Customer, ask: &PageAsk) -> Result<Wallet> {
    let page: Page<WalletLine> =
        ledger::statement(&mut cx.db.read(), account(customer.id), &StatementFilter::default(), ask).await?.map(|line| WalletLine {
            id: line.id,
            at: line.at,
            kind: line.kind,
            phase: line.phase,
            delta_fen: line.delta.fen(),
            held_delta_fen: line.held_delta.fen(),
            balance_after_fen: line.balance_after.fen(),
            memo: line.memo,
        });
    Ok(Wallet { balance_fen: customer.balance_fen, held_fen: customer.held_fen, items: page.items, next_cursor: page.next_cursor })
}
