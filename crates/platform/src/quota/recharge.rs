//! An admin gives quota (K4.1): an agent admin of its own, a super admin without limit.

use kernel::{Fields, Quota};
use store::Tx;

use super::model::{self, QuotaError, QuotaSource};
use crate::idempotency::IdempotencyKey;
use crate::identity::users::{self, Managed};
use crate::identity::{Permission, Principal, UserId};
use crate::ledger::{self, Transfer};
use crate::messages::{self, templates};
use crate::{Cx, Result, audit};

#[derive(Debug, Clone)]
pub struct Recharge {
    pub amount: Quota,
    pub memo: Option<String>,
}

/// Adds quota to a user whom the asker manages. Disabled users may be recharged: "any user" (K4.1b) means that.
pub async fn recharge(cx: &Cx, to: UserId, ask: &Recharge, key: &IdempotencyKey) -> Result<Transfer> {
    let admin = cx.require(Permission::UsersManage)?;
    let source = QuotaSource::of(admin)?;
    let mut fields = Fields::default();
    let amount = fields.take("amount", model::amount(ask.amount));
    let memo = fields.take("memo", model::memo(ask.memo.as_deref()));
    let (Some(amount), Some(memo)) = (amount, memo) else { return Err(fields.fault()) };

    let mut tx = cx.db.begin().await?;
    if let Some(first) = key.seen(&mut tx, cx, admin.id.uuid()).await? {
        return Ok(first);
    }
    let target = users::managed(&mut tx, admin, to).await?;
    if !target.role.holds_quota() {
        return Err(QuotaError::HoldsNoQuota.into());
    }
    let order = ledger::Move {
        debit: source.account(),
        credit: ledger::quota_account(target.id),
        amount: amount.into(),
        kind: source.kind(),
        memo,
        reference: None,
    };
    let transfer = ledger::transfer(&mut tx, cx, &order).await?;
    tell(&mut tx, cx, admin, source, &target, amount).await?;
    let detail = serde_json::json!({"to": target.name, "amount": amount, "transfer": transfer.id});
    audit::record(&mut tx, cx, &audit::QUOTA_RECHARGED, Some(target.id.into()), &detail).await?;
    key.answer(&mut tx, admin.id.uuid(), &transfer).await?;
    tx.commit().await?;
    Ok(transfer)
}

async fn tell(tx: &mut Tx, cx: &Cx, admin: &Principal, source: QuotaSource, target: &Managed, amount: Quota) -> Result<()> {
    let link = Some(String::from("/quota"));
    let amount = ("amount", amount.to_string());
    match source {
        QuotaSource::System => messages::tell(tx, cx, target.id, &templates::SYSTEM_RECHARGED, &[amount], link).await,
        QuotaSource::Own(_) => {
            let from = ("from", admin.name.clone());
            messages::tell(tx, cx, target.id, &templates::RECHARGED, &[from, amount.clone()], link.clone()).await?;
            let to = ("to", target.name.clone());
            messages::tell(tx, cx, admin.id, &templates::RECHARGE_SENT, &[to, amount], link).await
        }
    }
}
