//! The rules, without a database.

use kernel::{Fault, Kind, Word};

use crate::identity::{Permission, Principal, Role, UserId};

kernel::id!(
    /// 提现申请
    WithdrawalId, WithdrawalEntity, "wdr"
);

kernel::words! {
    pub enum WithdrawalState {
        /// The amount is frozen; nobody has decided.
        Pending = "pending",
        /// The amount has left the account; the money is to be paid offline.
        Approved = "approved",
        /// The amount is available again.
        Refused = "refused",
        Paid = "paid",
        /// Taken back by who asked, before anybody decided: the amount is available again.
        Cancelled = "cancelled",
        /// The money did not arrive: the amount came back to the account.
        Returned = "returned",
    }
}

impl WithdrawalState {
    /// Somebody has still to decide it, or to pay it.
    pub const fn waits(self) -> bool {
        match self {
            Self::Pending | Self::Approved => true,
            Self::Refused | Self::Paid | Self::Cancelled | Self::Returned => false,
        }
    }

    /// The one that was chosen, or all; of them those alone that wait, where that was asked.
    pub(super) fn shown(chosen: Option<Self>, waiting: bool) -> Vec<&'static str> {
        let shown = |state: &&Self| chosen.is_none_or(|one| one == **state) && (!waiting || state.waits());
        Self::ALL.iter().filter(shown).map(|state| state.as_str()).collect()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Approve,
    Refuse,
    Pay,
    Cancel,
    Return,
}

impl Step {
    pub const fn permission(self) -> Permission {
        match self {
            Self::Cancel => Permission::QuotaWithdraw,
            Self::Approve | Self::Refuse | Self::Pay | Self::Return => Permission::WithdrawalsReview,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WithdrawalError {
    /// It was decided or cancelled already: by somebody else, or a moment ago.
    NotPending,
    /// Only what was approved, and not paid yet, can be marked as paid.
    NotApproved,
    /// Nothing was deducted that could come back, or it came back already.
    NotDeducted,
}

impl From<WithdrawalError> for Fault {
    fn from(error: WithdrawalError) -> Self {
        match error {
            WithdrawalError::NotPending => Self::new(
                Kind::Conflict,
                "NOT_PENDING",
                "该提现申请已处理或已撤回",
                "This withdrawal has been decided or cancelled already",
            ),
            WithdrawalError::NotApproved => Self::new(
                Kind::Conflict,
                "NOT_APPROVED",
                "只有已批准且未打款的提现可以标记打款",
                "Only an approved withdrawal that is not paid yet can be marked as paid",
            ),
            WithdrawalError::NotDeducted => Self::new(
                Kind::Conflict,
                "NOT_DEDUCTED",
                "只有已批准或已打款、且尚未退回的提现可以退回",
                "Only a withdrawal that was approved or paid, and not returned yet, can be returned",
            ),
        }
    }
}

/// What a step makes of a state.
pub(super) fn next(state: WithdrawalState, step: Step) -> Result<WithdrawalState, WithdrawalError> {
    use WithdrawalState as S;
    match (step, state) {
        (Step::Approve, S::Pending) => Ok(S::Approved),
        (Step::Refuse, S::Pending) => Ok(S::Refused),
        (Step::Cancel, S::Pending) => Ok(S::Cancelled),
        (Step::Pay, S::Approved) => Ok(S::Paid),
        (Step::Return, S::Approved | S::Paid) => Ok(S::Returned),
        (Step::Approve | Step::Refuse | Step::Cancel, S::Approved | S::Refused | S::Paid | S::Cancelled | S::Returned) => {
            Err(WithdrawalError::NotPending)
        }
        (Step::Pay, S::Pending | S::Refused | S::Paid | S::Cancelled | S::Returned) => Err(WithdrawalError::NotApproved),
        (Step::Return, S::Pending | S::Refused | S::Cancelled | S::Returned) => Err(WithdrawalError::NotDeducted),
    }
}

/// Whether somebody sees a withdrawal: whose it is, who was asked to decide, and super admins.
pub(super) fn may_see(user: &Principal, agent: UserId, reviewer: Option<UserId>) -> bool {
    user.id == agent || reviewer == Some(user.id) || user.role == Role::SuperAdmin
}

/// Whether somebody decides it: the agent's superior, or any super admin; never the agent itself.
pub(super) fn may_decide(user: &Principal, agent: UserId, reviewer: Option<UserId>) -> bool {
    user.id != agent && may_see(user, agent, reviewer)
}

/// Whether somebody takes this step: who decides, or, to take it back, whose it is and nobody else.
pub(super) fn may(user: &Principal, step: Step, agent: UserId, reviewer: Option<UserId>) -> bool {
    match step {
        Step::Cancel => user.id == agent,
        Step::Approve | Step::Refuse | Step::Pay | Step::Return => may_decide(user, agent, reviewer),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::{Random, Timestamp};
    use proptest::prelude::*;
    use proptest::sample::select;

    const STEPS: [Step; 5] = [Step::Approve, Step::Refuse, Step::Pay, Step::Cancel, Step::Return];

    proptest! {
        /// However often anybody tries, a withdrawal is decided or cancelled once, paid at most once and only when approved, and what was
        /// deducted comes back at most once.
        #[test]
        fn k4_3_any_order_of_steps_decides_once_and_returns_once(steps in proptest::collection::vec(select(&STEPS[..]), 0..12)) {
            use Step::{Approve, Cancel, Pay, Refuse, Return};
            let mut state = WithdrawalState::Pending;
            let mut done = Vec::new();
            // What the ledger would have: frozen, and gone from the account.
            let (mut frozen, mut gone) = (1, 0);
            for step in steps {
                if let Ok(after) = next(state, step) {
                    state = after;
                    done.push(step);
                    let (unfrozen, left) = match step {
                        Approve => (1, 1),
                        Refuse | Cancel => (1, 0),
                        Pay => (0, 0),
                        Return => (0, -1),
                    };
                    frozen -= unfrozen;
                    gone += left;
                }
                prop_assert_eq!(frozen == 1, state == WithdrawalState::Pending, "{:?}", done);
                prop_assert_eq!(gone == 1, matches!(state, WithdrawalState::Approved | WithdrawalState::Paid), "{:?}", done);
                prop_assert!((0..=1).contains(&frozen) && (0..=1).contains(&gone), "{:?}", done);
            }
            let orders: [&[Step]; 7] =
                [&[], &[Refuse], &[Cancel], &[Approve], &[Approve, Pay], &[Approve, Return], &[Approve, Pay, Return]];
            prop_assert!(orders.contains(&done.as_slice()), "{:?}", done);
        }
    }

    #[test]
    fn k4_3_what_waits_is_what_somebody_can_still_decide_or_pay() {
        for state in WithdrawalState::ALL {
            let done = [Step::Approve, Step::Pay].into_iter().any(|step| next(*state, step).is_ok());
            assert_eq!(state.waits(), done, "{state}");
        }
        let shown = WithdrawalState::shown;
        assert_eq!(shown(None, false).len(), WithdrawalState::ALL.len());
        assert_eq!((shown(None, true), shown(Some(WithdrawalState::Paid), false)), (vec!["pending", "approved"], vec!["paid"]));
        assert_eq!((shown(Some(WithdrawalState::Approved), true), shown(Some(WithdrawalState::Paid), true)), (vec!["approved"], vec![]));
    }

    #[test]
    fn k4_3_nobody_decides_his_own_and_nobody_else_cancels_it() {
        let random = Random::seeded(3);
        let ids: Vec<UserId> = (0..3).map(|i| UserId::new(Timestamp::from_unix(i), &random)).collect();
        for role in Role::ALL {
            let user =
                Principal { id: ids[0], name: "x".into(), role: *role, superior: None, session: kernel::Id::from_uuid(ids[0].uuid()) };
            assert!(!may_decide(&user, ids[0], Some(ids[0])));
            assert!(may_see(&user, ids[0], None));
            assert!(may_decide(&user, ids[1], Some(ids[0])), "who was asked");
            assert_eq!(may_decide(&user, ids[1], Some(ids[2])), *role == Role::SuperAdmin);
            for step in STEPS {
                let own = step == Step::Cancel;
                assert_eq!(may(&user, step, ids[0], Some(ids[1])), own, "{step:?} of one's own");
                assert_eq!(may(&user, step, ids[1], Some(ids[0])), !own, "{step:?} of one's agent's");
            }
        }
    }

    #[test]
    fn each_step_makes_its_own_state_and_a_refusal_says_which_it_wanted() {
        use WithdrawalState as S;
        assert_eq!(
            (next(S::Pending, Step::Approve), next(S::Pending, Step::Refuse), next(S::Approved, Step::Pay)),
            (Ok(S::Approved), Ok(S::Refused), Ok(S::Paid))
        );
        assert_eq!(
            (next(S::Pending, Step::Cancel), next(S::Approved, Step::Return), next(S::Paid, Step::Return)),
            (Ok(S::Cancelled), Ok(S::Returned), Ok(S::Returned))
        );
        let refused = |state, step| Fault::from(next(state, step).unwrap_err()).code;
        assert_eq!(
            (refused(S::Paid, Step::Approve), refused(S::Pending, Step::Pay), refused(S::Paid, Step::Pay)),
            ("NOT_PENDING", "NOT_APPROVED", "NOT_APPROVED")
        );
        assert_eq!(
            (refused(S::Approved, Step::Cancel), refused(S::Cancelled, Step::Cancel), refused(S::Cancelled, Step::Approve)),
            ("NOT_PENDING", "NOT_PENDING", "NOT_PENDING")
        );
        for state in [S::Pending, S::Refused, S::Cancelled, S::Returned] {
            assert_eq!(refused(state, Step::Return), "NOT_DEDUCTED", "{state}");
        }
    }

    #[test]
    fn a_stranger_sees_nothing() {
        let ids: Vec<UserId> = (0..3).map(|i| UserId::new(Timestamp::from_unix(i), &Random::seeded(4))).collect();
        for role in Role::ALL {
            let user =
                Principal { id: ids[0], name: "x".into(), role: *role, superior: None, session: kernel::Id::from_uuid(ids[0].uuid()) };
            assert_eq!(may_see(&user, ids[1], Some(ids[2])), *role == Role::SuperAdmin);
            assert_eq!(may_see(&user, ids[1], None), *role == Role::SuperAdmin);
            assert!(may_see(&user, ids[1], Some(ids[0])));
        }
    }
}
