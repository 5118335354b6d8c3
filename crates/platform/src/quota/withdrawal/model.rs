//! The rules, without a database.

use kernel::{Fault, Kind};

use crate::identity::{Principal, Role, UserId};

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
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Approve,
    Refuse,
    Pay,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WithdrawalError {
    /// It was decided already: by somebody else, or a moment ago.
    NotPending,
    /// Only what was approved, and not paid yet, can be marked as paid.
    NotApproved,
}

impl From<WithdrawalError> for Fault {
    fn from(error: WithdrawalError) -> Self {
        match error {
            WithdrawalError::NotPending => {
                Self::new(Kind::Conflict, "NOT_PENDING", "该提现申请已处理", "This withdrawal has been decided already")
            }
            WithdrawalError::NotApproved => Self::new(
                Kind::Conflict,
                "NOT_APPROVED",
                "只有已批准且未打款的提现可以标记打款",
                "Only an approved withdrawal that is not paid yet can be marked as paid",
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
        (Step::Pay, S::Approved) => Ok(S::Paid),
        (Step::Approve | Step::Refuse, S::Approved | S::Refused | S::Paid) => Err(WithdrawalError::NotPending),
        (Step::Pay, S::Pending | S::Refused | S::Paid) => Err(WithdrawalError::NotApproved),
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

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::{Random, Timestamp, Word};
    use proptest::prelude::*;
    use proptest::sample::select;

    const STEPS: [Step; 3] = [Step::Approve, Step::Refuse, Step::Pay];

    proptest! {
        /// However often anybody tries, a withdrawal is decided once and paid at most once, and only when approved.
        #[test]
        fn any_order_of_steps_decides_once(steps in proptest::collection::vec(select(&STEPS[..]), 0..12)) {
            let mut state = WithdrawalState::Pending;
            let mut done = Vec::new();
            for step in steps {
                if let Ok(after) = next(state, step) {
                    state = after;
                    done.push(step);
                }
            }
            let orders: [&[Step]; 4] = [&[], &[Step::Refuse], &[Step::Approve], &[Step::Approve, Step::Pay]];
            prop_assert!(orders.contains(&done.as_slice()), "{:?}", done);
        }
    }

    #[test]
    fn nobody_decides_his_own_whatever_his_role() {
        let random = Random::seeded(3);
        let ids: Vec<UserId> = (0..3).map(|i| UserId::new(Timestamp::from_unix(i), &random)).collect();
        for role in Role::ALL {
            let user =
                Principal { id: ids[0], name: "x".into(), role: *role, superior: None, session: kernel::Id::from_uuid(ids[0].uuid()) };
            assert!(!may_decide(&user, ids[0], Some(ids[0])));
            assert!(may_see(&user, ids[0], None));
            assert!(may_decide(&user, ids[1], Some(ids[0])), "who was asked");
            assert_eq!(may_decide(&user, ids[1], Some(ids[2])), *role == Role::SuperAdmin);
        }
    }

    #[test]
    fn each_step_makes_its_own_state_and_a_refusal_says_which_it_wanted() {
        use WithdrawalState as S;
        assert_eq!(
            (next(S::Pending, Step::Approve), next(S::Pending, Step::Refuse), next(S::Approved, Step::Pay)),
            (Ok(S::Approved), Ok(S::Refused), Ok(S::Paid))
        );
        let refused = |state, step| Fault::from(next(state, step).unwrap_err()).code;
        assert_eq!(
            (refused(S::Paid, Step::Approve), refused(S::Pending, Step::Pay), refused(S::Paid, Step::Pay)),
            ("NOT_PENDING", "NOT_APPROVED", "NOT_APPROVED")
        );
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
