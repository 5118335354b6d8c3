//! Agents transfer quota to each other by name (K4.2).

use kernel::{Fault, Fields, Quota, text};
use store::Sql;

use super::model;
use crate::idempotency::IdempotencyKey;
use crate::identity::{Permission, UserRef, find_by_name};
use crate::ledger::{self, EntryKind, Transfer};
use crate::messages::{self, templates};
use crate::settings::defs;
use crate::{Cx, Result, audit};

/// Longer than any name, so that what is no name is simply nobody's.
const NAME_MAX: usize = 200;

#[derive(Debug, Clone)]
pub struct TransferAsk {
    pub to_name: String,
    pub amount: Quota,
    pub memo: Option<String>,
}

/// Moves quota to another agent. The amount is frozen first and then moved, so that the statement shows both.
pub async fn transfer(cx: &Cx, ask: &TransferAsk, key: &IdempotencyKey) -> Result<Transfer> {
    let sender = cx.require(Permission::QuotaTransfer)?;
    let mut fields = Fields::default();
    let memo = fields.take("memo", model::memo(ask.memo.as_deref()));
    let amount = fields.take("amount", model::amount(ask.amount));

    let mut tx = cx.db.begin().await?;
    if let Some(first) = key.seen(&mut tx, cx, sender.id.uuid()).await? {
        return Ok(first);
    }
    // Judged after the key: a repeated request is answered as before, whatever has changed since.
    if let Some(amount) = amount {
        fields.take("amount", model::above(amount, cx.settings.get(defs::TRANSFER_MINIMUM)));
    }
    let receiver = receiver(&mut tx, &ask.to_name, &mut fields).await?;
    if receiver.as_ref().is_some_and(|receiver| receiver.id == sender.id) {
        fields.add("to_name", "SELF_TRANSFER", "不能转给自己", "One cannot transfer to oneself");
    }
    fields.check()?;
    let (Some(memo), Some(amount), Some(receiver)) = (memo, amount, receiver) else {
        return Err(Fault::internal("a refused field was not named"));
    };

    let (from, to) = (ledger::quota_account(sender.id), ledger::quota_account(receiver.id));
    ledger::lock(&mut tx, &[from, to]).await?;
    let order = ledger::Move { debit: from, credit: to, amount, kind: EntryKind::Transfer, memo, reference: None };
    let frozen = ledger::hold(&mut tx, cx, &order).await?;
    let transfer = ledger::post(&mut tx, cx, frozen.id).await?;

    let (link, said) = (Some(String::from("/quota")), ("amount", amount.to_string()));
    let from = ("from", sender.name.clone());
    messages::tell(&mut tx, cx, receiver.id, &templates::TRANSFER_RECEIVED, &[from, said.clone()], link.clone()).await?;
    let to = ("to", receiver.name.clone());
    messages::tell(&mut tx, cx, sender.id, &templates::TRANSFER_SENT, &[to, said], link).await?;
    let detail = serde_json::json!({"to": receiver.name, "amount": amount, "transfer": transfer.id});
    audit::record(&mut tx, cx, &audit::QUOTA_TRANSFERRED, Some(receiver.id.into()), &detail).await?;
    key.answer(&mut tx, sender.id.uuid(), &transfer).await?;
    tx.commit().await?;
    Ok(transfer)
}

/// Who is meant. One refusal for all who cannot receive: a sender learns nothing of who is disabled.
async fn receiver(sql: &mut impl Sql, name: &str, fields: &mut Fields) -> Result<Option<UserRef>> {
    let found = match text::clean(name, 1, NAME_MAX, false) {
        Err(("REQUIRED", zh, en)) => {
            fields.add("to_name", "REQUIRED", zh, en);
            return Ok(None);
        }
        Err(_) => None,
        Ok(name) => find_by_name(sql, &name).await?.filter(|(_, role)| role.holds_quota()).map(|(user, _)| user),
    };
    if found.is_none() {
        fields.add("to_name", "USER_NOT_FOUND", "没有可以接收额度的用户叫这个名字", "Nobody of this name can receive quota");
    }
    Ok(found)
}
