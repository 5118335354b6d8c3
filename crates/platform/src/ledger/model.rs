//! The rules of the ledger, without a database.

use kernel::{Fault, Kind, Quota};
use uuid::Uuid;

use crate::audit::Object;

kernel::id!(AccountId, AccountEntity, "acc");
kernel::id!(
    /// 额度转账
    TransferId, TransferEntity, "trf"
);

kernel::words! {
    pub enum TransferState { Pending = "pending", Posted = "posted", Voided = "voided" }
}

kernel::words! {
    /// What a movement was for.
    pub enum EntryKind {
        /// An agent admin to its agent (K4.1a).
        Recharge = "recharge",
        /// A super admin to anyone; the system's (K4.1b).
        SystemRecharge = "system_recharge",
        Transfer = "transfer",
        Withdrawal = "withdrawal",
        /// Keys generated (K3.1a).
        Generation = "generation",
        /// What a new agent begins with (K1.4a).
        Initial = "initial",
    }
}

kernel::words! {
    /// What one line of a statement did.
    pub enum Phase {
        /// Frozen 冻结: still there, not available.
        Hold = "hold",
        /// A frozen amount left.
        Post = "post",
        /// A frozen amount became available again 解冻.
        Release = "release",
        /// Left or came at once.
        Move = "move",
    }
}

/// The platform's own accounts: where quota comes from and where it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SystemAccount {
    /// Quota that super admins issue comes from here.
    Issued,
    /// Quota spent on keys goes here.
    Spent,
    /// Quota withdrawn and paid out goes here.
    PaidOut,
}

impl SystemAccount {
    pub const ALL: [Self; 3] = [Self::Issued, Self::Spent, Self::PaidOut];

    pub const fn id(self) -> AccountId {
        AccountId::from_uuid(Uuid::from_u128(match self {
            Self::Issued => 1,
            Self::Spent => 2,
            Self::PaidOut => 3,
        }))
    }
}

/// Whether an account is one of the platform's own, and so keeps no running balance.
pub(super) fn is_system(id: AccountId) -> bool {
    SystemAccount::ALL.iter().any(|account| account.id() == id)
}

/// An amount on its way from one account to another.
#[derive(Debug, Clone)]
pub struct Move {
    pub debit: AccountId,
    pub credit: AccountId,
    /// Positive.
    pub amount: Quota,
    pub kind: EntryKind,
    pub memo: String,
    /// What it was for.
    pub reference: Option<Object>,
}

/// An account as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Account {
    pub id: AccountId,
    /// All that is there, frozen amounts included.
    pub posted: Quota,
    /// Frozen.
    pub held: Quota,
}

impl Account {
    pub fn available(&self) -> Quota {
        Quota::new(self.posted.units() - self.held.units())
    }
}

/// What a phase does to the account that is debited: change of what is there, and of what is frozen.
pub(super) fn debit_change(phase: Phase, amount: Quota) -> (i64, i64) {
    let amount = amount.units();
    match phase {
        Phase::Hold => (0, amount),
        Phase::Post => (-amount, -amount),
        Phase::Release => (0, -amount),
        Phase::Move => (-amount, 0),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LedgerError {
    Insufficient,
    NotPositive,
    TooLarge,
    SameAccount,
    NotPending,
}

impl From<LedgerError> for Fault {
    fn from(error: LedgerError) -> Self {
        match error {
            LedgerError::Insufficient => Self::new(Kind::Conflict, "QUOTA_INSUFFICIENT", "额度不足", "Not enough quota"),
            LedgerError::NotPositive => {
                Self::field("amount", "NOT_POSITIVE", "数额必须是正整数", "The amount must be a positive whole number")
            }
            LedgerError::TooLarge => Self::field("amount", "TOO_LARGE", "数额过大", "The amount is too large"),
            LedgerError::SameAccount => Self::new(Kind::Conflict, "SELF_TRANSFER", "不能转给自己", "One cannot transfer to oneself"),
            LedgerError::NotPending => Self::new(Kind::Conflict, "NOT_PENDING", "该笔额度已处理", "This amount has been settled already"),
        }
    }
}

impl Move {
    pub(super) fn check(&self) -> Result<(), LedgerError> {
        if !self.amount.is_positive() {
            Err(LedgerError::NotPositive)
        } else if self.amount > Quota::MAX_ASKED {
            Err(LedgerError::TooLarge)
        } else if self.debit == self.credit {
            Err(LedgerError::SameAccount)
        } else {
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn hold_then_post_is_a_move_and_hold_then_release_is_nothing(amount in 1_i64..1_000_000) {
            let amount = Quota::new(amount);
            let sum = |a: (i64, i64), b: (i64, i64)| (a.0 + b.0, a.1 + b.1);
            let held = debit_change(Phase::Hold, amount);
            prop_assert_eq!(sum(held, debit_change(Phase::Post, amount)), debit_change(Phase::Move, amount));
            prop_assert_eq!(sum(held, debit_change(Phase::Release, amount)), (0, 0));
        }
    }
}
