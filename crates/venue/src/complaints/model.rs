//! A complaint's states, whose work it is to answer, what may be given back, and how many complaints are too many. Pure.

use kernel::Fen;
use platform::identity::Permission;

kernel::id!(
    /// 投诉或求助
    ComplaintId, ComplaintEntity, "cpl"
);

kernel::words! {
    pub enum Matter {
        /// 求助: somebody is to come, or to say what to do.
        Help = "help",
        /// 投诉: something was not as it should be.
        Complaint = "complaint",
    }
}

kernel::words! {
    /// What it is about.
    pub enum ComplaintKind {
        Light = "light",
        /// The table, its cues and balls.
        Table = "table",
        Price = "price",
        Cleanliness = "cleanliness",
        Other = "other",
    }
}

kernel::words! {
    pub enum ComplaintState {
        /// 待处理: the staff is to answer.
        Open = "open",
        /// 已答复
        Answered = "answered",
        /// 已结束
        Closed = "closed",
    }
}

/// What happens to one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// By the staff; more than once, if there is more to say.
    Answer,
    /// By the staff: not before an answer.
    Close,
    /// The customer needs nothing more.
    Settle,
    /// The customer is not content: once.
    Reopen,
}

/// Where the step leads; `None` where it may not be taken.
pub const fn next(state: ComplaintState, reopened: bool, step: Step) -> Option<ComplaintState> {
    use ComplaintState as S;
    match (state, step) {
        (S::Open | S::Answered, Step::Answer) => Some(S::Answered),
        (S::Answered, Step::Close) | (S::Open | S::Answered, Step::Settle) => Some(S::Closed),
        (S::Answered | S::Closed, Step::Reopen) if !reopened => Some(S::Open),
        _ => None,
    }
}

/// Who is told of one, may answer and close it, and see by what number its customer is reached: whoever holds one of these.
///
/// A call for help is for who stands in the hall, at its desk; one about a light or a table for who mends those, too. A complaint is the manager's,
/// for it may end with money.
pub const fn answered_by(matter: Matter, kind: ComplaintKind) -> &'static [Permission] {
    use ComplaintKind as K;
    use Permission as P;
    match matter {
        Matter::Complaint => &[P::TablesOperate],
        Matter::Help => match kind {
            K::Light | K::Table => &[P::TablesOperate, P::DeskServe, P::CasesManage],
            K::Price | K::Cleanliness | K::Other => &[P::TablesOperate, P::DeskServe],
        },
    }
}

/// Whether so much may be given back to who has paid so much.
pub fn may_give_back(paid: Fen, amount: Fen) -> bool {
    amount.is_positive() && amount <= paid
}

/// One complaint in a thousand sessions: the bound that halls are held to (V9.5).
pub const BOUND_IN: i64 = 1_000;

/// Whether complaints are so few. A hall where nobody has played, and nobody complained, keeps it.
pub const fn within_bound(complaints: i64, sessions: i64) -> bool {
    complaints.saturating_mul(BOUND_IN) <= sessions
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::Word;
    use platform::identity::Role;
    use proptest::prelude::*;

    const STEPS: [Step; 4] = [Step::Answer, Step::Close, Step::Settle, Step::Reopen];

    proptest! {
        #[test]
        fn v9_5_whatever_is_tried_a_complaint_is_reopened_once_and_closed_by_the_staff_only_after_an_answer(
            tries in prop::collection::vec(0..4_usize, 0..30),
        ) {
            let (mut state, mut reopened, mut answered, mut times) = (ComplaintState::Open, false, false, 0);
            for step in tries.into_iter().map(|n| STEPS[n]) {
                let Some(to) = next(state, reopened, step) else { continue };
                if step == Step::Close {
                    prop_assert!(answered);
                }
                if step == Step::Reopen {
                    (reopened, answered, times) = (true, false, times + 1);
                }
                answered |= step == Step::Answer;
                state = to;
            }
            prop_assert!(times <= 1);
        }

        #[test]
        fn v9_5_nobody_is_given_more_than_was_paid(paid in 0..10_000_i64, amount in -10..20_000_i64) {
            prop_assert_eq!(may_give_back(Fen::new(paid), Fen::new(amount)), amount > 0 && amount <= paid);
        }
    }

    #[test]
    fn v9_5_a_call_is_for_who_stands_there_what_is_broken_for_who_mends_it_and_a_complaint_for_who_answers_for_the_hall() {
        let roles = |matter, kind| {
            let all = Role::ALL.iter().copied();
            all.filter(|role| answered_by(matter, kind).iter().any(|one| role.may(*one))).collect::<Vec<_>>()
        };
        for kind in ComplaintKind::ALL.iter().copied() {
            let fixers = matches!(kind, ComplaintKind::Light | ComplaintKind::Table);
            let desk = [Role::SuperAdmin, Role::VenueManager].into_iter().chain(fixers.then_some(Role::Maintainer)).chain([Role::Cashier]);
            assert_eq!(roles(Matter::Help, kind), desk.collect::<Vec<_>>(), "{kind}");
            assert_eq!(roles(Matter::Complaint, kind), [Role::SuperAdmin, Role::VenueManager], "{kind}");
        }
    }

    #[test]
    fn v9_5_these_steps_lead_from_state_to_state_and_no_others() {
        use ComplaintState as S;
        type Ways = &'static [(Step, S)];
        let ways: [(S, Ways, Ways); 3] = [
            // What may be done, and what more as long as it was not reopened.
            (S::Open, &[(Step::Answer, S::Answered), (Step::Settle, S::Closed)], &[]),
            (S::Answered, &[(Step::Answer, S::Answered), (Step::Close, S::Closed), (Step::Settle, S::Closed)], &[(Step::Reopen, S::Open)]),
            (S::Closed, &[], &[(Step::Reopen, S::Open)]),
        ];
        for (state, always, once) in ways {
            let found = |reopened| STEPS.into_iter().filter_map(|step| Some((step, next(state, reopened, step)?))).collect::<Vec<_>>();
            assert_eq!((found(true), found(false)), (always.to_vec(), [always, once].concat()), "{state}");
        }
    }

    #[test]
    fn v9_5_every_state_can_be_left_while_it_was_not_reopened() {
        for state in ComplaintState::ALL {
            assert!(STEPS.into_iter().any(|step| next(*state, false, step).is_some_and(|to| to != *state)), "{state}");
        }
        assert!(STEPS.into_iter().all(|step| next(ComplaintState::Closed, true, step).is_none()));
    }

    #[test]
    fn v9_5_one_in_a_thousand_is_within_the_bound() {
        assert!(within_bound(0, 0) && within_bound(1, 1_000) && within_bound(3, 3_999));
        assert!(!within_bound(1, 999) && !within_bound(1, 0) && !within_bound(i64::MAX, i64::MAX - 1));
    }
}
