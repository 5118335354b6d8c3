//! Where the money in a wallet came from: how much of it a payment network would take back, and how much the desk would pay out. No I/O.
//!
//! Nothing of it is stored. The wallet's lines in the ledger are followed from one to the next ([`Purse::follow`]). What is spent is taken from
//! gifts first, then from cash, and from what was paid by a network last: so gifts are really used up, and what was paid can go back for as long as
//! may be. What is given back of a bill, and others' shares of it, put back what the bill took in the opposite order: the network's part, which was
//! taken last, before the rest.

use std::collections::HashMap;

use kernel::Fen;
use uuid::Uuid;

use crate::ledger::{EntryKind, PastLine, Phase, TransferId};

/// Money by where it came from, in fen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Parts {
    /// For nothing: for playing alone.
    gift: i64,
    /// Cash, and all else that no network would take back and nobody was given for nothing.
    cash: i64,
    network: i64,
}

impl Parts {
    const fn total(self) -> i64 {
        self.gift + self.cash + self.network
    }

    fn add(&mut self, parts: Self) {
        self.gift += parts.gift;
        self.cash += parts.cash;
        self.network += parts.network;
    }

    /// Takes so much away, the gifts first and the network's last; answers of what.
    fn spend(&mut self, amount: i64) -> Self {
        let gift = amount.min(self.gift);
        let cash = (amount - gift).min(self.cash);
        let network = amount - gift - cash;
        self.add(Self { gift: -gift, cash: -cash, network: -network });
        Self { gift, cash, network }
    }

    /// Takes up to so much away, the network's first and the gifts last; answers of what.
    fn undo(&mut self, amount: i64) -> Self {
        let network = amount.min(self.network);
        let cash = (amount - network).min(self.cash);
        let gift = (amount - network - cash).min(self.gift);
        self.add(Self { gift: -gift, cash: -cash, network: -network });
        Self { gift, cash, network }
    }

    /// No network takes it back any more.
    fn age(&mut self) {
        self.cash += self.network;
        self.network = 0;
    }
}

/// What a bill has taken and nobody has put back yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Bill {
    about: Uuid,
    took: Parts,
}

/// What went along with money to the wallet of whom somebody turned out to be.
#[derive(Debug, Default)]
pub(super) struct Along {
    parts: Parts,
    bills: Vec<Bill>,
}

/// By the transfer that carried it.
pub(super) type Carried = HashMap<TransferId, Along>;

/// The money in a wallet, by where it came from.
///
/// **Invariant**: its parts, and what is on its way back, are what the ledger says is there.
#[derive(Debug, Default)]
pub(super) struct Purse {
    there: Parts,
    /// What each refund that is on its way back was taken from.
    going: HashMap<TransferId, Parts>,
    /// Oldest first.
    bills: Vec<Bill>,
}

impl Purse {
    /// With so much in it of which nothing is known. It counts as cash: after so many lines what was a gift is spent.
    pub fn holding(unknown: i64) -> Self {
        Self { there: Parts { cash: unknown, ..Parts::default() }, ..Self::default() }
    }

    /// How much a network would take back.
    pub fn of_network(&self) -> Fen {
        Fen::new(self.there.network.max(0))
    }

    /// How much is neither a network's nor a gift.
    pub fn of_cash(&self) -> Fen {
        Fen::new(self.there.cash.max(0))
    }

    /// What was paid until now is so old that no network takes it back: it is the customer's as cash is.
    pub fn age(&mut self) {
        self.there.age();
        self.going.values_mut().for_each(Parts::age);
        self.bills.iter_mut().for_each(|bill| bill.took.age());
    }

    /// The wallet's next line. `carried` is what others have brought along; what leaves with somebody who became another is added to it.
    pub fn follow(&mut self, line: &PastLine, carried: &mut Carried) {
        let came = line.delta.units();
        match line.kind {
            EntryKind::Payment => self.there.network += came,
            EntryKind::Refund => self.refund(line),
            EntryKind::Play => self.play(line.about, -came),
            EntryKind::GivenBack => self.give_back(line.about, came),
            EntryKind::Gift => self.there.gift += came,
            EntryKind::Split if came > 0 => self.share(came),
            EntryKind::CarriedOver if came > 0 => self.bring(came, carried.remove(&line.transfer).unwrap_or_default()),
            EntryKind::CarriedOver => {
                let along = Along { parts: self.there.spend(-came), bills: std::mem::take(&mut self.bills) };
                carried.insert(line.transfer, along);
            }
            EntryKind::CashPayout => self.pay_out(-came),
            EntryKind::CashRecharge
            | EntryKind::Split
            | EntryKind::Recharge
            | EntryKind::SystemRecharge
            | EntryKind::Transfer
            | EntryKind::Withdrawal
            | EntryKind::WithdrawalReturn
            | EntryKind::Generation
            | EntryKind::Initial
            // Of no wallet.
            | EntryKind::WrittenOff => {
                if came > 0 {
                    self.there.cash += came;
                } else {
                    self.there.spend(-came);
                }
            }
        }
    }

    /// What goes back to a network was the network's, as far as there is anything of that; answers of what it was.
    fn send(&mut self, amount: i64) -> Parts {
        let network = amount.min(self.there.network);
        let cash = (amount - network).min(self.there.cash);
        let sent = Parts { gift: amount - network - cash, cash, network };
        self.there.add(Parts { gift: -sent.gift, cash: -sent.cash, network: -sent.network });
        sent
    }

    /// Over the counter goes what came so, as far as there is anything of that.
    fn pay_out(&mut self, amount: i64) {
        let cash = amount.min(self.there.cash);
        self.there.cash -= cash;
        self.there.spend(amount - cash);
    }

    /// It is gone as soon as it is frozen: nobody may send it back a second time. Where it stays after all, it is there again.
    fn refund(&mut self, line: &PastLine) {
        let (came, held) = (line.delta.units(), line.held_delta.units());
        match line.phase {
            Phase::Hold => {
                let sent = self.send(held);
                self.going.insert(line.transfer, sent);
            }
            Phase::Release => {
                // Of one that was begun before the first line here, nothing was taken.
                if let Some(sent) = self.going.remove(&line.transfer) {
                    self.there.add(sent);
                }
            }
            Phase::Post => {
                if self.going.remove(&line.transfer).is_none() {
                    self.there.spend(-came);
                }
            }
            // Paid out in another way than by the network.
            Phase::Move => {
                self.send(-came);
            }
        }
    }

    fn play(&mut self, about: Option<Uuid>, amount: i64) {
        // Frozen, or released: still there.
        if amount <= 0 {
            self.there.cash -= amount;
            return;
        }
        let took = self.there.spend(amount);
        let Some(about) = about else { return };
        match self.bills.last_mut().filter(|bill| bill.about == about) {
            // What was held in several parts is taken at once.
            Some(bill) => bill.took.add(took),
            None => self.bills.push(Bill { about, took }),
        }
    }

    fn give_back(&mut self, about: Option<Uuid>, amount: i64) {
        let bill = self.bills.iter_mut().rev().find(|bill| Some(bill.about) == about);
        let back = bill.map_or_else(Parts::default, |bill| bill.took.undo(amount));
        self.there.add(back);
        // A share was taken for one of another bill: together they put back what both took.
        self.share(amount - back.total());
    }

    /// A share of a bill. The ledger does not say of which: of the last, for a bill is shared within a day.
    fn share(&mut self, amount: i64) {
        let mut left = amount;
        for bill in self.bills.iter_mut().rev() {
            if left == 0 {
                break;
            }
            let back = bill.took.undo(left);
            self.there.add(back);
            left -= back.total();
        }
        self.there.cash += left;
    }

    fn bring(&mut self, amount: i64, along: Along) {
        let network = along.parts.network.clamp(0, amount);
        let gift = along.parts.gift.clamp(0, amount - network);
        self.there.add(Parts { gift, cash: amount - network - gift, network });
        self.bills.extend(along.bills);
    }
}

#[cfg(test)]
mod tests;
