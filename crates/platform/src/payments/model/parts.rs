//! In how many parts an order's money goes back to its payer: networks take no more than fifty of them, so that the last has to be all that is left.

use kernel::Fen;

use super::{Order, Purpose};

/// WeChat gives a payment back in no more parts.
const PARTS: i64 = 50;
/// Of an order for play one is kept for what is not played: its payer may have asked for parts of it before that is known.
const KEPT: i64 = 1;

/// What an order can still give back to its payer who asks for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::payments) struct Left {
    pub amount: Fen,
    /// In so many parts at most.
    pub parts: i64,
}

impl Left {
    /// Of an order of which so many parts have gone back, or are on their way.
    pub fn of(order: &Order, made: i64) -> Self {
        let parts = match order.purpose {
            Purpose::Play => PARTS - KEPT,
            Purpose::Recharge | Purpose::Captured => PARTS,
        };
        Self { amount: order.refundable(), parts: parts - made }
    }

    /// Whether so much of it can go.
    pub fn allows(self, part: Fen) -> bool {
        part.is_positive() && (part.fen() <= self.freely() || part.fen() == self.whole())
    }

    /// Up to which any amount can go.
    fn freely(self) -> i64 {
        if self.parts > 1 { self.amount.fen() } else { 0 }
    }

    /// What can only go all at once.
    fn whole(self) -> i64 {
        if self.parts == 1 { self.amount.fen() } else { 0 }
    }
}

/// Up to which any amount can go.
pub(in crate::payments) fn freely(there: &[Left]) -> Fen {
    Fen::new(there.iter().map(|one| one.freely()).sum())
}

/// The most that can go of it, and no more than `cap`.
pub(in crate::payments) fn most(cap: Fen, there: &[Left]) -> Fen {
    let cap = cap.fen().max(0);
    let wholes: i64 = wholes(cap, there).iter().sum();
    Fen::new(wholes + freely(there).fen().min(cap - wholes))
}

/// Takes an amount out of what is there; none where it is not to be had so, or is nothing. What can only go all at once is taken first, as far as it
/// fits, and then any amount of all else, from the first on.
pub(in crate::payments) fn share_out(amount: Fen, there: &[Left]) -> Option<Vec<Fen>> {
    let wholes = wholes(amount.fen(), there);
    let mut left = amount.fen() - wholes.iter().sum::<i64>();
    let parts = there.iter().zip(wholes).map(|(one, whole)| {
        let part = one.freely().clamp(0, left.max(0));
        left -= part;
        Fen::new(whole + part)
    });
    let parts = parts.collect();
    (amount.is_positive() && left == 0).then_some(parts)
}

/// Of what can only go all at once what fits into so much, from the first on; nothing of all else.
fn wholes(most: i64, there: &[Left]) -> Vec<i64> {
    let mut left = most.max(0);
    let fits = there.iter().map(|one| {
        let whole = if one.whole() <= left { one.whole() } else { 0 };
        left -= whole;
        whole
    });
    fits.collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn left((amount, parts): (i64, i64)) -> Left {
        Left { amount: Fen::new(amount), parts }
    }

    fn shared(amount: i64, there: &[(i64, i64)]) -> Option<Vec<i64>> {
        let there: Vec<Left> = there.iter().copied().map(left).collect();
        share_out(Fen::new(amount), &there).map(|parts| parts.into_iter().map(Fen::fen).collect())
    }

    proptest! {
        #[test]
        fn v4_1_what_is_shared_out_is_the_amount_and_no_more_than_each_order_allows(
            amount in -5_i64..3_000, there in proptest::collection::vec((0_i64..1_000, -1_i64..4), 0..6),
        ) {
            let all: Vec<Left> = there.into_iter().map(left).collect();
            match share_out(Fen::new(amount), &all) {
                Some(parts) => {
                    prop_assert_eq!(parts.iter().map(|part| part.fen()).sum::<i64>(), amount);
                    prop_assert!(parts.iter().zip(&all).all(|(part, left)| *part == Fen::ZERO || left.allows(*part)));
                }
                None => prop_assert!(amount <= 0 || amount > freely(&all).fen()),
            }
        }

        #[test]
        fn v4_1_the_most_that_can_go_does_and_so_does_any_amount_that_can_go_freely(
            cap in -5_i64..3_000, some in 0_i64..3_000, there in proptest::collection::vec((0_i64..1_000, -1_i64..4), 0..6),
        ) {
            let all: Vec<Left> = there.into_iter().map(left).collect();
            let (most, free) = (most(Fen::new(cap), &all), freely(&all).fen());
            prop_assert!(most.fen() <= cap.max(0) && most.fen() >= free.min(cap));
            prop_assert!(!most.is_positive() || share_out(most, &all).is_some());
            prop_assert!(free == 0 || share_out(Fen::new(1 + some % free), &all).is_some());
        }
    }

    #[test]
    fn v4_1_a_part_is_something_and_no_more_than_is_left_and_the_last_is_all_of_it() {
        let allowed = |parts| [-1, 0, 1, 49, 50, 51].map(|part| left((50, parts)).allows(Fen::new(part)));
        assert_eq!([allowed(9), allowed(2)], [[false, false, true, true, true, false]; 2]);
        assert_eq!(allowed(1), [false, false, false, false, true, false]);
        assert_eq!([allowed(0), allowed(-1)], [[false; 6]; 2]);
        assert!(!left((0, 1)).allows(Fen::ZERO), "nothing is no part");
    }

    #[test]
    fn v4_1_the_first_is_taken_first_and_what_goes_as_a_whole_alone_not_in_part() {
        assert_eq!(shared(120, &[(100, 9), (50, 9)]), Some(vec![100, 20]));
        assert_eq!(shared(151, &[(100, 9), (50, 9)]), None);
        // The last part of the second.
        assert_eq!(shared(120, &[(100, 9), (50, 1)]), Some(vec![70, 50]));
        assert_eq!(shared(49, &[(100, 9), (50, 1)]), Some(vec![49, 0]));
        assert_eq!((shared(49, &[(50, 1)]), shared(50, &[(50, 1)])), (None, Some(vec![50])));
        // Nothing more.
        assert_eq!((shared(50, &[(50, 0)]), shared(0, &[(50, 9)])), (None, None));
    }
}
