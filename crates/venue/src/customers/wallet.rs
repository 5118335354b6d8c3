//! Customers' money: paid in at the desk, held and taken by play, and every line of it shown.

use kernel::{Fault, Fen, Fields, Page, PageAsk, Timestamp, text};
use platform::idempotency::IdempotencyKey;
use platform::identity::Permission;
use platform::ledger::{self, AccountId, EntryKind, Phase, StatementFilter, SystemAccount};
use platform::{Cx, Result, audit};
use serde::Serialize;
use serde_json::json;

use super::model::{Customer, CustomerId};
use super::session::by_number;
use crate::told;

/// 10,000 yuan at once: more is a slip of the pen.
pub(super) const MOST: Fen = Fen::new(1_000_000);

/// Where a customer's money is.
pub(crate) const fn account(customer: CustomerId) -> AccountId {
    AccountId::from_uuid(customer.uuid())
}

/// Cash that somebody took over the counter.
#[derive(Debug, Clone)]
pub struct DeskRecharge {
    /// The customer's.
    pub number: String,
    pub amount: Fen,
    pub memo: Option<String>,
}

/// Adds it to the customer's wallet.
pub async fn recharge_at_desk(cx: &Cx, ask: &DeskRecharge, key: &IdempotencyKey) -> Result<Customer> {
    let staff = cx.require(Permission::TablesOperate)?;
    let mut fields = Fields::default();
    if !ask.amount.is_positive() || ask.amount > MOST {
        fields.add("amount_fen", "RANGE", "金额须大于 0，且不超过 10000 元", "The amount must be above 0, and at most 10,000 yuan");
    }
    let memo = fields.take("memo", text::clean(ask.memo.as_deref().unwrap_or_default(), 0, 100, false));
    fields.check()?;
    let mut tx = cx.db.begin().await?;
    let owner = staff.id.uuid();
    if let Some(first) = key.seen::<String>(&mut tx, cx, owner).await? {
        return by_number(&mut tx, &first).await?.ok_or_else(Fault::not_found);
    }
    let customer = by_number(&mut tx, ask.number.trim())
        .await?
        .ok_or_else(|| Fault::field("number", "CUSTOMER_NOT_FOUND", "没有这个会员号", "There is no customer of this number"))?;
    let order = ledger::Move {
        debit: SystemAccount::Cash.id(),
        credit: account(customer.id),
        amount: ask.amount.into(),
        kind: EntryKind::CashRecharge,
        memo: memo.unwrap_or_default(),
        reference: None,
    };
    let transfer = ledger::transfer(&mut tx, cx, &order).await?;
    told::tell(&mut tx, cx, customer.id, &told::RECHARGED, &[("amount", told::yuan(ask.amount))]).await?;
    let detail = json!({"customer": customer.number, "amount_fen": ask.amount, "transfer": transfer.id});
    audit::record(&mut tx, cx, &audit::WALLET_RECHARGED, Some(customer.id.into()), &detail).await?;
    key.answer(&mut tx, owner, &customer.number).await?;
    let now = by_number(&mut tx, &customer.number).await?.ok_or_else(Fault::not_found)?;
    tx.commit().await?;
    Ok(now)
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
