//! The rules of the ledger, without a database.

use std::collections::HashMap;

use kernel::{Amount, Fault, Kind, Quota};
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
        /// Such a one came back: its money did not arrive (K4.3).
        WithdrawalReturn = "withdrawal_return",
        /// Keys generated (K3.1a).
        Generation = "generation",
        /// What a new agent begins with (K1.4a).
        Initial = "initial",
        /// Money that a customer paid at the desk, into the wallet.
        CashRecharge = "cash_recharge",
        /// Such money, paid out to the customer at the desk again.
        CashPayout = "cash_payout",
        /// A table was played on (V1.1).
        Play = "play",
        /// A customer paid by WeChat or Alipay, into the wallet.
        Payment = "payment",
        /// It went back to where it came from.
        Refund = "refund",
        /// A share of somebody else's bill, into that wallet (V4.2).
        Split = "split",
        /// From the platform, for nothing: of a level that was reached (V6.1).
        Gift = "gift",
        /// A guest turned out to be a customer who is known already (V2.2).
        CarriedOver = "carried_over",
        /// Of a bill, after a complaint (V9.5).
        GivenBack = "given_back",
        /// What customers owe by a network, and will not come.
        WrittenOff = "written_off",
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

kernel::words! {
    /// What an account counts.
    pub enum Unit { Quota = "quota", Fen = "fen" }
}

/// The platform's own accounts: where quota and money come from and where they go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SystemAccount {
    /// Quota that super admins issue comes from here.
    Issued,
    /// Quota spent on keys goes here.
    Spent,
    /// Quota withdrawn and paid out goes here, and comes back from here where the money did not arrive.
    PaidOut,
    /// Money that customers have paid in at the desk comes from here, and is paid out by it.
    Cash,
    /// What play has earned goes here.
    Takings,
    /// What customers have paid by WeChat comes from here, and goes back there.
    Wechat,
    /// The same by Alipay.
    Alipay,
    /// What customers have let Alipay freeze comes from here, until it is taken from there or let go.
    AlipayFrozen,
    /// What customers are given comes from here.
    Marketing,
    /// What was claimed and will not come is made good from here; what comes of it after all goes back.
    WrittenOff,
}

impl SystemAccount {
    pub const ALL: [Self; 10] = [
        Self::Issued,
        Self::Spent,
        Self::PaidOut,
        Self::Cash,
        Self::Takings,
        Self::Wechat,
        Self::Alipay,
        Self::AlipayFrozen,
        Self::Marketing,
        Self::WrittenOff,
    ];

    pub const fn id(self) -> AccountId {
        AccountId::from_uuid(Uuid::from_u128(match self {
            Self::Issued => 1,
            Self::Spent => 2,
            Self::PaidOut => 3,
            Self::Cash => 4,
            Self::Takings => 5,
            Self::Wechat => 6,
            Self::Alipay => 7,
            Self::AlipayFrozen => 8,
            Self::Marketing => 9,
            Self::WrittenOff => 10,
        }))
    }

    pub const fn unit(self) -> Unit {
        match self {
            Self::Issued | Self::Spent | Self::PaidOut => Unit::Quota,
            Self::Cash | Self::Takings | Self::Wechat | Self::Alipay | Self::AlipayFrozen | Self::Marketing | Self::WrittenOff => Unit::Fen,
        }
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
    pub amount: Amount,
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
    pub posted: Amount,
    /// Frozen.
    pub held: Amount,
}

impl Account {
    pub fn available(&self) -> Amount {
        Amount::new(self.posted.units() - self.held.units())
    }
}

/// What a phase does to the account that is debited: change of what is there, and of what is frozen.
pub(super) fn debit_change(phase: Phase, amount: Amount) -> (i64, i64) {
    let amount = amount.units();
    match phase {
        Phase::Hold => (0, amount),
        Phase::Post => (-amount, -amount),
        Phase::Release => (0, -amount),
        Phase::Move => (-amount, 0),
    }
}

/// A user's account between two lines of its statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Standing {
    pub posted: i64,
    pub held: i64,
    /// How many lines its statement has.
    pub entries: i64,
}

/// A line of a statement, and how the account stands after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub account: AccountId,
    pub phase: Phase,
    pub delta: i64,
    pub held_delta: i64,
    pub after: Standing,
}

impl Standing {
    fn after(self, (delta, held): (i64, i64)) -> Result<Self, LedgerError> {
        let posted = self.posted.checked_add(delta).ok_or(LedgerError::TooLarge)?;
        let held = self.held.checked_add(held).ok_or(LedgerError::TooLarge)?;
        if held < 0 || posted < held {
            return Err(LedgerError::Insufficient);
        }
        Ok(Self { posted, held, entries: self.entries + 1 })
    }
}

/// Freezes an amount on one user's account and posts it to another's: two lines on the one, one on the other. Refused,
/// changing nothing, where less than nothing would be available.
pub(super) fn freeze_and_post(accounts: &mut HashMap<AccountId, Standing>, order: &Move) -> Result<[Line; 3], LedgerError> {
    order.check()?;
    let of = |id: &AccountId| accounts.get(id).copied().ok_or(LedgerError::Insufficient);
    let line = |account, phase, before: Standing, (delta, held_delta)| {
        before.after((delta, held_delta)).map(|after| Line { account, phase, delta, held_delta, after })
    };
    let held = line(order.debit, Phase::Hold, of(&order.debit)?, debit_change(Phase::Hold, order.amount))?;
    let posted = line(order.debit, Phase::Post, held.after, debit_change(Phase::Post, order.amount))?;
    let came = line(order.credit, Phase::Move, of(&order.credit)?, (order.amount.units(), 0))?;
    accounts.extend([(order.debit, posted.after), (order.credit, came.after)]);
    Ok([held, posted, came])
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LedgerError {
    Insufficient,
    NotPositive,
    TooLarge,
    SameAccount,
    NotPending,
    MoreThanHeld,
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
            LedgerError::MoreThanHeld => Self::internal("more was to be posted than is held"),
            LedgerError::NotPending => Self::new(Kind::Conflict, "NOT_PENDING", "该笔额度已处理", "This amount has been settled already"),
        }
    }
}

impl Move {
    pub(super) fn check(&self) -> Result<(), LedgerError> {
        if !self.amount.is_positive() {
            Err(LedgerError::NotPositive)
        } else if self.amount > Quota::MAX_ASKED.into() {
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
            let amount = Amount::new(amount);
            let sum = |a: (i64, i64), b: (i64, i64)| (a.0 + b.0, a.1 + b.1);
            let held = debit_change(Phase::Hold, amount);
            prop_assert_eq!(sum(held, debit_change(Phase::Post, amount)), debit_change(Phase::Move, amount));
            prop_assert_eq!(sum(held, debit_change(Phase::Release, amount)), (0, 0));
        }

        /// Whatever is asked, in whatever order.
        #[test]
        fn transfers_keep_the_sum_and_nobody_goes_below_zero(
            start in proptest::collection::vec((0_i64..500, 0_i64..100), 4),
            asked in proptest::collection::vec((0_u128..5, 0_u128..5, -3_i64..400), 0..40),
        ) {
            let id = |n: u128| AccountId::from_uuid(Uuid::from_u128(n + 10));
            let standing = |(available, held): &(i64, i64)| Standing { posted: available + held, held: *held, entries: 7 };
            // One of those who are asked for is not there.
            let mut accounts: HashMap<AccountId, Standing> = (0..4).map(|n| (id(n), standing(&start[n as usize]))).collect();
            let sum = |accounts: &HashMap<AccountId, Standing>| accounts.values().map(|account| account.posted).sum::<i64>();
            let before = sum(&accounts);
            for (from, to, amount) in asked {
                let order = Move { debit: id(from), credit: id(to), amount: Amount::new(amount), kind: EntryKind::Transfer, memo: String::new(), reference: None };
                let was = accounts.clone();
                let there = from != to && from < 4 && to < 4;
                match freeze_and_post(&mut accounts, &order) {
                    Ok(lines) => {
                        let (debit, credit) = (was[&order.debit], was[&order.credit]);
                        prop_assert!(there && amount > 0 && debit.posted - debit.held >= amount);
                        prop_assert_eq!(accounts[&order.debit], Standing { posted: debit.posted - amount, entries: debit.entries + 2, ..debit });
                        prop_assert_eq!(accounts[&order.credit], Standing { posted: credit.posted + amount, entries: credit.entries + 1, ..credit });
                        prop_assert_eq!(lines.iter().map(|line| line.delta).sum::<i64>(), 0);
                        prop_assert_eq!(lines.map(|line| line.after.entries), [debit.entries + 1, debit.entries + 2, credit.entries + 1]);
                    }
                    Err(_) => {
                        prop_assert!(!there || amount <= 0 || was[&order.debit].posted - was[&order.debit].held < amount);
                        prop_assert_eq!(&accounts, &was);
                    }
                }
                prop_assert!(accounts.values().all(|account| account.held >= 0 && account.posted >= account.held));
            }
            prop_assert_eq!(sum(&accounts), before);
        }
    }

    #[test]
    fn an_account_that_is_full_takes_no_more() {
        let id = |n: u128| AccountId::from_uuid(Uuid::from_u128(n));
        let full = Standing { posted: i64::MAX - 4, held: 0, entries: 1 };
        let mut accounts = HashMap::from([(id(8), Standing { posted: 10, held: 0, entries: 1 }), (id(9), full)]);
        let order =
            Move { debit: id(8), credit: id(9), amount: Amount::new(5), kind: EntryKind::Transfer, memo: String::new(), reference: None };
        assert_eq!(freeze_and_post(&mut accounts, &order), Err(LedgerError::TooLarge));
        assert_eq!(accounts[&id(9)], full);
    }
}
