//! Whatever somebody does with a wallet, and what of it a network would take back then, or the desk pay out.

use kernel::Amount;
use proptest::prelude::*;

use super::*;

/// A wallet, and the lines that the ledger writes for it.
#[derive(Default)]
struct Wallet {
    purse: Purse,
    carried: Carried,
    lines: i64,
    posted: i64,
    held: i64,
}

impl Wallet {
    fn line(&mut self, transfer: u128, kind: EntryKind, phase: Phase, (delta, held): (i64, i64), about: Option<u128>) {
        self.lines += 1;
        self.posted += delta;
        self.held += held;
        let line = PastLine {
            seq: self.lines,
            transfer: TransferId::from_uuid(Uuid::from_u128(transfer)),
            kind,
            phase,
            delta: Amount::new(delta),
            held_delta: Amount::new(held),
            balance_after: Amount::new(self.posted),
            about: about.map(Uuid::from_u128),
        };
        self.purse.follow(&line, &mut self.carried);
    }

    fn came(&mut self, kind: EntryKind, amount: i64) {
        self.line(0, kind, Phase::Move, (amount, 0), None);
    }

    fn plays(&mut self, bill: u128, amount: i64) {
        self.line(0, EntryKind::Play, Phase::Hold, (0, amount), Some(bill));
        self.line(0, EntryKind::Play, Phase::Post, (-amount, -amount), Some(bill));
    }

    fn is_given_back(&mut self, bill: u128, amount: i64) {
        self.line(0, EntryKind::GivenBack, Phase::Move, (amount, 0), Some(bill));
    }

    /// The wallet's own, and a network's.
    fn parts(&self) -> (i64, i64) {
        (self.purse.there.gift + self.purse.there.cash, self.purse.there.network)
    }

    /// Gifts, and cash.
    fn own(&self) -> (i64, i64) {
        (self.purse.there.gift, self.purse.there.cash)
    }

    /// The same, with what bills have taken of it.
    fn ever(&self) -> (i64, i64) {
        let of = |part: fn(&Parts) -> i64| part(&self.purse.there) + self.purse.bills.iter().map(|bill| part(&bill.took)).sum::<i64>();
        (of(|parts| parts.gift), of(|parts| parts.cash))
    }
}

proptest! {
    /// Whatever somebody does, and in whatever order.
    #[test]
    fn v4_1_no_more_may_go_back_than_came_by_a_network_and_all_else_is_spent_first(
        acts in proptest::collection::vec((0_u8..9, 0_u8..4, 1_i64..200), 0..60),
    ) {
        let mut wallet = Wallet::default();
        // What came by a network, and what of it goes back or has gone.
        let (mut came, mut sent) = (0, 0);
        // What came as gifts, and in cash that was not paid out again.
        let (mut gifts, mut cash) = (0, 0);
        let mut costs = [0_i64; 4];
        let mut going: Vec<(u128, i64)> = Vec::new();
        for (n, (act, which, amount)) in acts.into_iter().enumerate() {
            let (own, network) = wallet.parts();
            let (available, bill, transfer) = (wallet.posted - wallet.held, usize::from(which), n as u128 + 1);
            match act {
                0 => {
                    wallet.came(EntryKind::Payment, amount);
                    came += amount;
                    prop_assert_eq!(wallet.parts(), (own, network + amount));
                }
                1 | 2 => {
                    wallet.came(if act == 1 { EntryKind::CashRecharge } else { EntryKind::Gift }, amount);
                    if act == 1 {
                        cash += amount;
                    } else {
                        gifts += amount;
                    }
                    prop_assert_eq!(wallet.parts(), (own + amount, network), "no network's money comes of it");
                }
                3 | 4 if available > 0 => {
                    let amount = amount.min(available);
                    wallet.plays(u128::from(which), amount);
                    costs[bill] += amount;
                    prop_assert_eq!(wallet.parts().1, network - (amount - own).max(0), "the rest first");
                }
                5 if costs[bill] > 0 => {
                    let amount = amount.min(costs[bill]);
                    costs[bill] -= amount;
                    if which % 2 == 0 {
                        wallet.is_given_back(u128::from(which), amount);
                    } else {
                        wallet.came(EntryKind::Split, amount);
                    }
                }
                6 if available.min(network) > 0 => {
                    let amount = amount.min(available).min(network);
                    wallet.line(transfer, EntryKind::Refund, Phase::Hold, (0, amount), None);
                    sent += amount;
                    going.push((transfer, amount));
                    prop_assert_eq!(wallet.parts(), (own, network - amount), "nobody sends it twice");
                }
                7 => {
                    let Some((transfer, amount)) = going.pop() else { continue };
                    if which < 2 {
                        wallet.line(transfer, EntryKind::Refund, Phase::Post, (-amount, -amount), None);
                        prop_assert_eq!(wallet.parts(), (own, network));
                    } else {
                        wallet.line(transfer, EntryKind::Refund, Phase::Release, (0, -amount), None);
                        prop_assert_eq!(wallet.parts(), (own, network + amount), "it stays");
                        sent -= amount;
                        if which == 2 {
                            wallet.line(0, EntryKind::Refund, Phase::Move, (-amount, 0), None);
                            prop_assert_eq!(wallet.parts(), (own, network), "paid out in another way");
                            sent += amount;
                        }
                    }
                }
                8 if available.min(wallet.own().1) > 0 => {
                    let amount = amount.min(available).min(wallet.own().1);
                    let before = wallet.own();
                    wallet.line(0, EntryKind::CashPayout, Phase::Move, (-amount, 0), None);
                    cash -= amount;
                    prop_assert_eq!((wallet.own(), wallet.parts().1), ((before.0, before.1 - amount), network), "nothing else leaves so");
                }
                _ => {}
            }
            prop_assert_eq!(wallet.ever(), (gifts, cash), "a gift never becomes cash, nor cash a gift");
            let (own, network) = wallet.parts();
            let on_its_way: i64 = going.iter().map(|(_, amount)| *amount).sum();
            prop_assert!(own >= 0 && network >= 0, "{} and {}", own, network);
            prop_assert_eq!(own + network + on_its_way, wallet.posted, "as the ledger says");
            prop_assert!(network <= came - sent, "{} of {} less {}", network, came, sent);
        }
    }

    #[test]
    fn v9_5_a_bill_that_is_given_back_puts_back_what_it_took_the_networks_part_first(own in 0_i64..500, network in 1_i64..500, cost in 0_i64..1_000, part in 0_i64..1_000) {
        let cost = 1 + cost % (own + network);
        let part = part % (cost + 1);
        let mut wallet = Wallet::default();
        wallet.came(EntryKind::Gift, own);
        wallet.came(EntryKind::Payment, network);
        wallet.plays(1, cost);
        let left = wallet.parts().1;
        // Another bill takes what it takes, and is not given back.
        wallet.came(EntryKind::Gift, 50);
        wallet.plays(2, 50);
        wallet.is_given_back(1, part);
        prop_assert_eq!(wallet.parts().1, network.min(left + part));
        wallet.is_given_back(1, cost - part);
        prop_assert_eq!(wallet.parts(), (own, network));
    }
}

#[test]
fn v4_1_a_gift_after_all_was_played_is_no_networks_money() {
    let mut wallet = Wallet::default();
    wallet.came(EntryKind::Payment, 10_000);
    wallet.plays(1, 10_000);
    wallet.came(EntryKind::Gift, 5_000);
    wallet.came(EntryKind::CashRecharge, 700);
    assert_eq!((wallet.parts(), wallet.purse.of_network()), ((5_700, 0), Fen::ZERO));
    // Played, and given back: it is what it was.
    wallet.plays(2, 5_000);
    wallet.is_given_back(2, 5_000);
    assert_eq!(wallet.parts(), (5_700, 0));
}

#[test]
fn v4_2_shares_put_back_what_the_last_bills_took_and_no_more() {
    let mut wallet = Wallet::default();
    wallet.came(EntryKind::Payment, 3_000);
    wallet.plays(1, 1_000);
    wallet.came(EntryKind::Gift, 400);
    wallet.plays(2, 600);
    assert_eq!(wallet.parts(), (0, 1_800));
    // 200 of the last bill were the network's, then 400 a gift, and then comes the bill before it.
    wallet.came(EntryKind::Split, 700);
    assert_eq!(wallet.parts(), (400, 2_100));
    wallet.came(EntryKind::Split, 1_000);
    assert_eq!(wallet.parts(), (500, 3_000));
}

#[test]
fn v4_2_what_is_held_in_several_parts_is_one_bill() {
    let mut wallet = Wallet::default();
    wallet.came(EntryKind::Gift, 100);
    wallet.came(EntryKind::Payment, 900);
    wallet.plays(1, 300);
    wallet.plays(1, 200);
    assert_eq!(wallet.parts(), (0, 500));
    wallet.is_given_back(1, 500);
    assert_eq!(wallet.parts(), (100, 900));
}

#[test]
fn v2_2_what_somebody_brings_along_is_what_it_was() {
    let mut before = Wallet::default();
    before.came(EntryKind::CashRecharge, 500);
    before.came(EntryKind::Payment, 2_000);
    before.plays(1, 800);
    before.line(7, EntryKind::CarriedOver, Phase::Move, (-1_700, 0), None);
    assert_eq!(before.parts(), (0, 0));
    let mut after = Wallet { carried: before.carried, ..Wallet::default() };
    after.came(EntryKind::Gift, 40);
    after.line(7, EntryKind::CarriedOver, Phase::Move, (1_700, 0), None);
    assert_eq!(after.parts(), (40, 1_700));
    // So is the bill.
    after.is_given_back(1, 800);
    assert_eq!(after.parts(), (540, 2_000));
    // Where nothing is known of whose it was, no network would take it.
    after.line(8, EntryKind::CarriedOver, Phase::Move, (60, 0), None);
    assert_eq!(after.parts(), (600, 2_000));
}

#[test]
fn v4_1_what_was_there_before_the_first_line_is_no_networks_and_a_refund_that_was_begun_before_takes_of_it() {
    let mut wallet = Wallet { purse: Purse::holding(1_000), posted: 1_000, held: 300, ..Wallet::default() };
    wallet.came(EntryKind::Payment, 500);
    wallet.line(1, EntryKind::Refund, Phase::Post, (-200, -200), None);
    assert_eq!(wallet.parts(), (800, 500));
    wallet.line(2, EntryKind::Refund, Phase::Release, (0, -100), None);
    assert_eq!(wallet.parts(), (800, 500));
}

#[test]
fn v4_1_what_the_desk_pays_out_is_cash_and_gifts_are_spent_before_it() {
    let mut wallet = Wallet::default();
    wallet.came(EntryKind::Gift, 2_000);
    wallet.came(EntryKind::CashRecharge, 5_000);
    wallet.came(EntryKind::Payment, 1_000);
    assert_eq!(wallet.purse.of_cash(), Fen::new(5_000));
    wallet.plays(1, 2_500);
    assert_eq!((wallet.own(), wallet.purse.of_network()), ((0, 4_500), Fen::new(1_000)));
    wallet.line(0, EntryKind::CashPayout, Phase::Move, (-4_500, 0), None);
    assert_eq!((wallet.own(), wallet.purse.of_network()), ((0, 0), Fen::new(1_000)));
    // Given back, a gift is one again.
    wallet.is_given_back(1, 2_500);
    assert_eq!(wallet.own(), (2_000, 500));
}

#[test]
fn v4_1_what_no_network_takes_back_any_more_is_the_customers_as_cash_is_and_a_gift_stays_one() {
    let mut wallet = Wallet::default();
    wallet.came(EntryKind::Gift, 300);
    wallet.came(EntryKind::Payment, 1_000);
    wallet.plays(1, 500);
    wallet.came(EntryKind::Gift, 70);
    wallet.purse.age();
    assert_eq!((wallet.own(), wallet.purse.of_network()), ((70, 800), Fen::ZERO));
    wallet.is_given_back(1, 500);
    assert_eq!((wallet.own(), wallet.purse.of_network()), ((370, 1_000), Fen::ZERO));
}

#[test]
fn v2_2_a_gift_that_somebody_brings_along_stays_one() {
    let mut before = Wallet::default();
    before.came(EntryKind::Gift, 500);
    before.came(EntryKind::CashRecharge, 200);
    before.line(7, EntryKind::CarriedOver, Phase::Move, (-700, 0), None);
    let mut after = Wallet { carried: before.carried, ..Wallet::default() };
    after.line(7, EntryKind::CarriedOver, Phase::Move, (700, 0), None);
    assert_eq!(after.own(), (500, 200));
}
