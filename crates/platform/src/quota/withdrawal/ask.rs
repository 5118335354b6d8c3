//! An agent asks for a withdrawal.

use kernel::{Fault, Fields, Quota, text};
use store::{Sql, Tx, args};

use super::list::{Withdrawal, find};
use super::model::WithdrawalId;
use super::payee::{self, Payee};
use crate::asked::WITHDRAWALS;
use crate::idempotency::IdempotencyKey;
use crate::identity::{Permission, Principal, Role, UserId, holders_of};
use crate::ledger::{self, EntryKind, SystemAccount};
use crate::messages::{self, templates};
use crate::quota::model;
use crate::settings::defs;
use crate::{Cx, Result, audit};

const NOTE_MAX: usize = 500;

#[derive(Debug, Clone)]
pub struct WithdrawalAsk {
    pub amount: Quota,
    pub payee_name: String,
    pub payee_account: String,
    pub payee_bank: String,
    pub note: Option<String>,
}

/// Freezes the amount until it is decided, and tells who decides: so many times an hour, since what is taken back costs nothing.
pub async fn ask(cx: &Cx, ask: &WithdrawalAsk, key: &IdempotencyKey) -> Result<Withdrawal> {
    let agent = cx.require(Permission::QuotaWithdraw)?;
    let mut fields = Fields::default();
    let amount = fields.take("amount", model::amount(ask.amount));
    let payee = Payee::read(&ask.payee_name, &ask.payee_account, &ask.payee_bank, &mut fields);
    let note = fields.take("note", text::clean(ask.note.as_deref().unwrap_or_default(), 0, NOTE_MAX, true));

    let mut tx = cx.db.begin().await?;
    if let Some(first) = key.seen::<SealedAnswer>(&mut tx, cx, agent.id.uuid()).await? {
        return first.open(cx);
    }
    if let Some(amount) = amount {
        fields.take("amount", model::above(amount, cx.settings.get(defs::WITHDRAWAL_MINIMUM)));
    }
    fields.check()?;
    let (Some(amount), Some(payee), Some(note)) = (amount, payee, note) else {
        return Err(Fault::internal("a refused field was not named"));
    };

    WITHDRAWALS.take_in(&mut tx, cx).await?;

    let id: WithdrawalId = cx.id();
    let order = ledger::Move {
        debit: ledger::quota_account(agent.id),
        credit: SystemAccount::PaidOut.id(),
        amount: amount.into(),
        kind: EntryKind::Withdrawal,
        memo: String::new(),
        reference: Some(id.into()),
    };
    let frozen = ledger::hold(&mut tx, cx, &order).await?;
    let reviewer = acting_superior(&mut tx, agent).await?;
    let sql = "INSERT INTO withdrawals (id, agent_id, reviewer_id, amount, payee, note, state, transfer_id, created_at) \
               VALUES ($1, $2, $3, $4, $5, $6, 'pending', $7, $8)";
    let sealed = payee::seal(&cx.vault, &payee)?;
    tx.exec(sql, args![id, agent.id, reviewer, amount, sealed, note, frozen.id, cx.now()]).await?;

    tell_reviewers(&mut tx, cx, agent, reviewer, amount, id).await?;
    audit::record(&mut tx, cx, &audit::WITHDRAWAL_ASKED, Some(id.into()), &serde_json::json!({"amount": amount})).await?;
    let withdrawal = find(&mut tx, id).await?.ok_or_else(Fault::not_found)?.open(cx)?;
    key.answer(&mut tx, agent.id.uuid(), &SealedAnswer::close(cx, &withdrawal)?).await?;
    tx.commit().await?;
    Ok(withdrawal)
}

/// Who decides: the superior. None where there is none, or where it is disabled and so could not: then any super admin.
async fn acting_superior(tx: &mut Tx, agent: &Principal) -> Result<Option<UserId>> {
    let sql = "SELECT s.id FROM users u JOIN users s ON s.id = u.superior_id WHERE u.id = $1 AND s.state = 'active'";
    Ok(tx.opt(sql, args![agent.id], |row| row.get("id")).await?)
}

async fn tell_reviewers(tx: &mut Tx, cx: &Cx, agent: &Principal, reviewer: Option<UserId>, amount: Quota, id: WithdrawalId) -> Result<()> {
    let reviewers = match reviewer {
        Some(superior) => vec![superior],
        None => holders_of(tx, Role::SuperAdmin).await?,
    };
    let said = [("agent", agent.name.clone()), ("amount", amount.to_string())];
    messages::tell_each(tx, cx, &reviewers, &templates::WITHDRAWAL_ASKED, &said, Some(&link(id))).await
}

/// Where the console shows it.
pub(super) fn link(id: WithdrawalId) -> String {
    format!("/withdrawals/{id}")
}

/// An answer as it is kept under its `Idempotency-Key`: it names the payee, and so is closed.
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub(super) struct SealedAnswer(String);

impl SealedAnswer {
    pub fn close(cx: &Cx, withdrawal: &Withdrawal) -> Result<Self> {
        Ok(Self(data_encoding::BASE64.encode(&payee::seal(&cx.vault, withdrawal)?)))
    }

    pub fn open(&self, cx: &Cx) -> Result<Withdrawal> {
        let sealed = data_encoding::BASE64.decode(self.0.as_bytes()).map_err(Fault::internal)?;
        payee::open(&cx.vault, &sealed)
    }
}
