//! Who pays how much of a bill. Pure.
//!
//! Each of the others pays its part, rounded down to a whole fen, and at most what it has agreed to; the starter pays the rest. So the few fen
//! that an even split leaves over are the starter's, and so is a share that nobody has confirmed.

use kernel::{Fen, Timestamp};
use platform::ledger::TransferId;

use super::error::SplitError;
use crate::customers::CustomerId;
use crate::play::SessionId;

kernel::id!(
    /// 分账
    SplitId, SplitEntity, "spl"
);

kernel::words! {
    pub enum Manner {
        /// 均摊
        Even = "even",
        /// 按金额
        Amounts = "amounts",
    }
}

kernel::words! {
    pub enum SplitState {
        Open = "open",
        /// 已扣款
        Settled = "settled",
        /// 已撤销: nobody was charged.
        Undone = "undone",
    }
}

kernel::words! {
    /// Why it is over.
    pub enum SplitEnd {
        /// All have confirmed.
        Everybody = "everybody",
        /// Some had not, and the starter paid for them.
        Deadline = "deadline",
        /// The same, because the starter did not want to wait.
        Starter = "starter",
        Cancelled = "cancelled",
        /// Nobody had confirmed in time.
        Nobody = "nobody",
        /// The bill came to nothing.
        Nothing = "nothing",
    }
}

/// People who can share a bill, the starter among them.
const MOST: usize = 20;

/// How a bill is to be shared, the starter first.
#[derive(Debug, Clone)]
pub enum Shares {
    Even { people: i64 },
    Amounts(Vec<Fen>),
}

impl Shares {
    pub const fn manner(&self) -> Manner {
        match self {
            Self::Even { .. } => Manner::Even,
            Self::Amounts(_) => Manner::Amounts,
        }
    }

    /// Each one's weight, where `amount` can be shared so: everybody has at least one fen, and all of them are all of it.
    pub(super) fn weights(&self, amount: Fen) -> Result<Vec<i64>, SplitError> {
        match self {
            Self::Even { people } => {
                let count = usize::try_from(*people).ok().filter(|count| (2..=MOST).contains(count)).ok_or(SplitError::People)?;
                if amount.fen() < *people { Err(SplitError::TooLittle) } else { Ok(vec![1; count]) }
            }
            Self::Amounts(amounts) => {
                if !(2..=MOST).contains(&amounts.len()) {
                    return Err(SplitError::People);
                }
                if amounts.iter().any(|own| !own.is_positive() || *own > amount) {
                    return Err(SplitError::Share);
                }
                let sum = amounts.iter().try_fold(Fen::ZERO, |sum, own| sum.plus(*own)).map_err(|_| SplitError::Share)?;
                if sum == amount { Ok(amounts.iter().map(|own| own.fen()).collect()) } else { Err(SplitError::Sum { amount }) }
            }
        }
    }
}

/// What each is asked for of `amount`, the starter first.
pub(super) fn asked(amount: Fen, weights: &[i64]) -> Vec<Fen> {
    pays(amount, weights, &vec![amount; weights.len()])
}

/// What each pays of `bill`, the starter first. `agreed` is the most that each has confirmed; the starter's place in it says nothing.
pub(super) fn pays(bill: Fen, weights: &[i64], agreed: &[Fen]) -> Vec<Fen> {
    let sum: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
    let part = |weight: i64| i64::try_from(i128::from(bill.fen()) * i128::from(weight) / sum.max(1)).unwrap_or(0);
    let mut pays: Vec<i64> = weights.iter().zip(agreed).map(|(weight, agreed)| part(*weight).min(agreed.fen())).collect();
    let others: i64 = pays.iter().skip(1).sum();
    if let Some(own) = pays.first_mut() {
        *own = bill.fen() - others;
    }
    pays.into_iter().map(Fen::new).collect()
}

/// A row of `splits`.
#[derive(Debug, Clone)]
pub(super) struct Split {
    pub id: SplitId,
    pub session: SessionId,
    pub starter: CustomerId,
    pub code: String,
    pub manner: Manner,
    pub state: SplitState,
    pub confirm_by: Option<Timestamp>,
    pub reminded: bool,
    pub end: Option<SplitEnd>,
}

impl Split {
    /// Whether shares can still be taken and confirmed.
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.state == SplitState::Open && self.confirm_by.is_none_or(|by| now < by)
    }
}

/// A row of `split_shares`.
#[derive(Debug, Clone)]
pub(super) struct Share {
    pub place: i64,
    pub weight: i64,
    pub customer: Option<CustomerId>,
    pub transfer: Option<TransferId>,
    pub agreed: Fen,
    pub paid: Fen,
}

/// All shares of a split in their order, the starter's first, and what they are asked for of `amount`.
pub(super) fn asked_of(shares: &[Share], amount: Fen) -> Vec<Fen> {
    asked(amount, &weights(shares))
}

/// What they come to.
pub(super) fn pays_of(shares: &[Share], bill: Fen) -> Vec<Fen> {
    let agreed: Vec<Fen> = shares.iter().map(|share| share.agreed).collect();
    pays(bill, &weights(shares), &agreed)
}

/// Whether each of the others has agreed to what it is asked for of `amount`.
pub(super) fn everybody(shares: &[Share], amount: Fen) -> bool {
    shares.iter().zip(asked_of(shares, amount)).skip(1).all(|(share, asked)| share.agreed >= asked)
}

fn weights(shares: &[Share]) -> Vec<i64> {
    shares.iter().map(|share| share.weight).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sum(amounts: &[Fen]) -> i64 {
        amounts.iter().map(|amount| amount.fen()).sum()
    }

    fn fen<const N: usize>(amounts: [i64; N]) -> Vec<Fen> {
        amounts.map(Fen::new).to_vec()
    }

    #[test]
    fn v4_2_what_an_even_split_leaves_over_is_the_starters() {
        let even = Shares::Even { people: 3 };
        assert_eq!(asked(Fen::new(1_000), &even.weights(Fen::new(1_000)).unwrap()), fen([334, 333, 333]));
        assert_eq!(asked(Fen::new(999), &[1, 1, 1]), fen([333, 333, 333]));
        assert_eq!(asked(Fen::new(3_600), &[1, 1, 1, 1, 1, 1, 1]), fen([516, 514, 514, 514, 514, 514, 514]));
    }

    #[test]
    fn v4_2_amounts_are_what_was_said_and_in_proportion_where_the_bill_is_another() {
        let said = Shares::Amounts(fen([1_600, 1_200, 800])).weights(Fen::new(3_600)).unwrap();
        assert_eq!(asked(Fen::new(3_600), &said), fen([1_600, 1_200, 800]));
        assert_eq!(asked(Fen::new(1_800), &said), fen([800, 600, 400]));
    }

    #[test]
    fn v4_2_shares_of_nothing_of_too_much_and_that_do_not_add_up_are_refused() {
        let ten = Fen::new(1_000);
        let refused = |shares: Shares| shares.weights(ten).unwrap_err();
        for amounts in [fen([1_000, 0]), fen([1_001, -1]), fen([-1, 1_001]), fen([1, 1_001]), fen([i64::MAX, i64::MAX])] {
            assert_eq!(refused(Shares::Amounts(amounts)), SplitError::Share);
        }
        for amounts in [fen([400, 599]), fen([400, 601])] {
            assert_eq!(refused(Shares::Amounts(amounts)), SplitError::Sum { amount: ten });
        }
        for people in [i64::MIN, -1, 0, 1, 21, i64::MAX] {
            assert_eq!(refused(Shares::Even { people }), SplitError::People);
        }
        assert_eq!(refused(Shares::Amounts(fen([1_000]))), SplitError::People);
        assert_eq!(Shares::Even { people: 4 }.weights(Fen::new(3)).unwrap_err(), SplitError::TooLittle);
    }

    #[test]
    fn v4_2_two_to_twenty_people_share_a_bill_and_each_has_a_fen_of_it() {
        let even = |people: i64, amount: i64| Shares::Even { people }.weights(Fen::new(amount)).map(|weights| weights.len());
        let amounts = |people: usize, amount: i64| Shares::Amounts(vec![Fen::new(1); people]).weights(Fen::new(amount));
        for (people, amount) in [(2, 2), (3, 3), (19, 19), (20, 20)] {
            assert_eq!(even(amount, amount), Ok(people), "{people}");
            assert_eq!(amounts(people, amount), Ok(vec![1; people]), "{people}");
        }
        for (people, amount) in [(0, 1), (1, 1), (21, 21), (22, 22)] {
            assert_eq!((even(amount, amount).err(), amounts(people, amount).err()), (Some(SplitError::People), Some(SplitError::People)));
        }
        assert_eq!([3, 4, 5].map(|amount| even(4, amount)), [Err(SplitError::TooLittle), Ok(4), Ok(4)]);
        // As much as the bill is not too much for one of them, but for both.
        let sum = Shares::Amounts(fen([1_000, 1])).weights(Fen::new(1_000));
        assert_eq!(sum, Err(SplitError::Sum { amount: Fen::new(1_000) }));
        assert_eq!(Shares::Amounts(fen([i64::MAX, 1])).weights(Fen::new(i64::MAX)), Err(SplitError::Share));
    }

    #[test]
    fn v4_2_a_split_is_called_what_it_is() {
        assert_eq!(Shares::Even { people: 2 }.manner(), Manner::Even);
        assert_eq!(Shares::Amounts(fen([1, 2])).manner(), Manner::Amounts);
    }

    #[test]
    fn v4_2_shares_are_taken_before_the_time_to_confirm_is_up_and_only_of_what_is_open() {
        let by = Timestamp::from_unix(1_795_248_000);
        let open = |state, confirm_by| {
            let split = Split {
                id: SplitId::from_uuid(Default::default()),
                session: SessionId::from_uuid(Default::default()),
                starter: CustomerId::from_uuid(Default::default()),
                code: String::new(),
                manner: Manner::Even,
                state,
                confirm_by,
                reminded: false,
                end: None,
            };
            [-1, 0, 1].map(|micros| split.is_open(by.plus_micros(micros)))
        };
        assert_eq!(open(SplitState::Open, Some(by)), [true, false, false]);
        assert_eq!(open(SplitState::Open, None), [true; 3], "it is still played");
        for over in [SplitState::Settled, SplitState::Undone] {
            assert_eq!((open(over, Some(by)), open(over, None)), ([false; 3], [false; 3]), "{over}");
        }
    }

    /// Of these weights, and what each has agreed to.
    fn shares<const N: usize>(of: [(i64, i64); N]) -> Vec<Share> {
        let share =
            |(place, (weight, agreed))| Share { place, weight, customer: None, transfer: None, agreed: Fen::new(agreed), paid: Fen::ZERO };
        (0..).zip(of).map(share).collect()
    }

    #[test]
    fn v4_2_all_have_agreed_when_each_of_the_others_has_to_what_it_is_asked_for() {
        // The starter is asked for 334, and nobody waits for that.
        let all = |second, third| everybody(&shares([(1, 0), (1, second), (1, third)]), Fen::new(1_000));
        assert_eq!([332, 333, 334].map(|third| all(333, third)), [false, true, true]);
        assert_eq!([332, 333, 334].map(|second| all(second, 333)), [false, true, true]);
    }

    #[test]
    fn v4_2_the_starter_pays_what_the_others_have_not_agreed_to() {
        let (bill, said) = (Fen::new(900), |second, third| shares([(800, 0), (600, second), (400, third)]));
        assert_eq!(asked_of(&said(0, 0), bill), fen([400, 300, 200]));
        for (second, third, paid) in
            [(0, 0, [900, 0, 0]), (299, 200, [401, 299, 200]), (300, 200, [400, 300, 200]), (301, 199, [401, 300, 199])]
        {
            assert_eq!(pays_of(&said(second, third), bill), fen(paid), "{second} {third}");
        }
    }

    proptest! {
        /// However it is shared, and whoever has confirmed what.
        #[test]
        fn v4_2_shares_add_up_to_the_bill_to_the_fen_and_nobody_pays_more_than_agreed(
            bill in 0..100_000_i64, weights in prop::collection::vec(1..50_000_i64, 2..20), agreed in prop::collection::vec(0..60_000_i64, 20),
        ) {
            let agreed: Vec<Fen> = agreed.into_iter().take(weights.len()).map(Fen::new).collect();
            let paid = pays(Fen::new(bill), &weights, &agreed);
            prop_assert_eq!(sum(&paid), bill);
            prop_assert!(paid.iter().all(|own| *own >= Fen::ZERO));
            prop_assert!(paid.iter().zip(&agreed).skip(1).all(|(paid, agreed)| paid <= agreed));
        }

        /// What was agreed to while it was played is enough when the bill is there: it is never more than was held then.
        #[test]
        fn v4_2_a_smaller_bill_never_asks_for_more(
            held in 1..100_000_i64, less in 0..100_000_i64, weights in prop::collection::vec(1..50_000_i64, 2..20),
        ) {
            let (most, least) = (asked(Fen::new(held), &weights), asked(Fen::new(held - less.min(held)), &weights));
            prop_assert!(most.iter().zip(&least).skip(1).all(|(most, least)| most >= least));
        }

        /// Others differ by nothing, and the starter pays less than a fen for each of them more.
        #[test]
        fn v4_2_an_even_split_is_even(bill in 2..1_000_000_i64, people in 2..=20_i64) {
            prop_assume!(bill >= people);
            let weights = Shares::Even { people }.weights(Fen::new(bill)).unwrap();
            let shares = asked(Fen::new(bill), &weights);
            prop_assert!(shares[1..].iter().all(|share| *share == shares[1] && share.is_positive()));
            prop_assert!((0..people).contains(&(shares[0].fen() - shares[1].fen())));
        }

        #[test]
        fn v4_2_a_split_by_amounts_of_a_bill_that_is_there_is_what_was_said(amounts in prop::collection::vec(1..50_000_i64, 2..20)) {
            let amounts: Vec<Fen> = amounts.into_iter().map(Fen::new).collect();
            let bill = Fen::new(sum(&amounts));
            let weights = Shares::Amounts(amounts.clone()).weights(bill).unwrap();
            prop_assert_eq!(asked(bill, &weights), amounts);
        }
    }
}
