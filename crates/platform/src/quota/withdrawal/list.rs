//! Looking at withdrawals: one's own, and those one decides.

use kernel::{Fault, Page, PageAsk, Quota, Timestamp};
use serde::{Deserialize, Serialize};
use store::{Index, Look, Row, Sql};

use super::model::{WithdrawalId, WithdrawalState, may_see};
use super::payee::{self, Payee};
use crate::identity::{Permission, Role, UserId, UserRef};
use crate::{Cx, Result};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Withdrawal {
    pub id: WithdrawalId,
    pub agent: UserRef,
    pub amount: Quota,
    pub payee_name: String,
    pub payee_account: String,
    pub payee_bank: String,
    pub note: String,
    pub state: WithdrawalState,
    /// Why it was refused, or returned.
    pub reason: Option<String>,
    /// How the bank calls the payment.
    pub payment_reference: Option<String>,
    /// Who decided, or who was asked to; absent where any super admin may.
    pub reviewer: Option<UserRef>,
    pub created_at: Timestamp,
    pub reviewed_at: Option<Timestamp>,
    pub paid_at: Option<Timestamp>,
    /// When it was cancelled or returned.
    pub ended_at: Option<Timestamp>,
}

kernel::words! {
    pub enum WithdrawalScope { Mine = "mine", Review = "review" }
}

#[derive(Debug, Default)]
pub struct WithdrawalFilter {
    pub state: Option<WithdrawalState>,
    /// Those alone that somebody has still to decide or to pay.
    pub waiting: bool,
    /// Where it is not said: for a super admin those to decide, for others their own.
    pub scope: Option<WithdrawalScope>,
}

const BY_AGENT: Index = Index { name: "withdrawals_agent", columns: &["agent_id", "state"] };
const BY_REVIEWER: Index = Index { name: "withdrawals_reviewer", columns: &["reviewer_id", "state"] };
const BY_STATE: Index = Index { name: "withdrawals_state", columns: &["state"] };

/// Newest first.
pub async fn list(cx: &Cx, filter: &WithdrawalFilter, ask: &PageAsk) -> Result<Page<Withdrawal>> {
    let user = cx.require(Permission::QuotaView)?;
    let usual = if user.role.holds_quota() { WithdrawalScope::Mine } else { WithdrawalScope::Review };
    let mut look = Look::new("withdrawals", "id");
    match filter.scope.unwrap_or(usual) {
        WithdrawalScope::Mine => {
            look.by(&BY_AGENT).along("agent_id", user.id);
        }
        WithdrawalScope::Review => {
            cx.require(Permission::WithdrawalsReview)?;
            if user.role != Role::SuperAdmin {
                look.by(&BY_REVIEWER).along("reviewer_id", user.id);
            } else {
                look.by(&BY_STATE);
            }
        }
    }
    let states = WithdrawalState::shown(filter.state, filter.waiting);
    if states.is_empty() {
        return Ok(Page::empty());
    }
    look.words("state", &states);
    let page = look.page(&mut cx.db.read(), COLUMNS, "w.id", ask, Stored::read, |stored| stored.withdrawal.id.uuid()).await?;
    let (next_cursor, searched_to, total) = (page.next_cursor, page.searched_to, page.total);
    let items = page.items.into_iter().map(|row| row.open(cx)).collect::<Result<Vec<_>>>()?;
    Ok(Page { items, next_cursor, searched_to, total })
}

/// One that the asker may see.
pub async fn get(cx: &Cx, id: WithdrawalId) -> Result<Withdrawal> {
    let user = cx.require(Permission::QuotaView)?;
    let stored = find(&mut cx.db.read(), id).await?.filter(|stored| may_see(user, stored.agent, stored.reviewer));
    stored.ok_or_else(Fault::not_found)?.open(cx)
}

const COLUMNS: &str = "SELECT w.id, w.agent_id, a.name AS agent_name, w.reviewer_id, w.amount, w.payee, w.note, w.state, w.reason, w.payment_reference, w.created_at, w.decided_at, w.paid_at, w.ended_at, r.id AS shown_id, r.name AS shown_name \
    FROM withdrawals w JOIN users a ON a.id = w.agent_id LEFT JOIN users r ON r.id = COALESCE(w.decided_by, w.reviewer_id)";

/// By its id alone: the caller decides who may see it.
pub(super) async fn find(sql: &mut impl Sql, id: WithdrawalId) -> Result<Option<Stored>> {
    Ok(sql.opt(&format!("{COLUMNS} WHERE w.id = $1"), store::args![id], Stored::read).await?)
}

/// A row as it is stored: the payee is closed.
pub(super) struct Stored {
    pub agent: UserId,
    pub reviewer: Option<UserId>,
    payee: Vec<u8>,
    withdrawal: Withdrawal,
}

impl Stored {
    fn read(row: &Row) -> store::Result<Self> {
        let agent: UserId = row.get("agent_id")?;
        Ok(Self {
            agent,
            reviewer: row.get("reviewer_id")?,
            payee: row.get("payee")?,
            withdrawal: Withdrawal {
                id: row.get("id")?,
                agent: UserRef { id: agent, name: row.get("agent_name")? },
                amount: row.get("amount")?,
                payee_name: String::new(),
                payee_account: String::new(),
                payee_bank: String::new(),
                note: row.get("note")?,
                state: row.word("state")?,
                reason: row.get("reason")?,
                payment_reference: row.get("payment_reference")?,
                reviewer: UserRef::from_row(row, "shown_id", "shown_name")?,
                created_at: row.get("created_at")?,
                reviewed_at: row.get("decided_at")?,
                paid_at: row.get("paid_at")?,
                ended_at: row.get("ended_at")?,
            },
        })
    }

    pub fn open(self, cx: &Cx) -> Result<Withdrawal> {
        let payee: Payee = payee::open(&cx.vault, &self.payee)?;
        Ok(Withdrawal { payee_name: payee.name, payee_account: payee.account, payee_bank: payee.bank, ..self.withdrawal })
    }
}
