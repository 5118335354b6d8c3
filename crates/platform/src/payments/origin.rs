//! Where the money in a wallet came from: how much of it a payment network would take back. No I/O.
//!
//! Nothing of it is stored. The wallet's lines in the ledger are followed from one to the next ([`Purse::follow`]). What is spent is taken from
//! gifts and cash first: so gifts are really used up, and what was paid by a network can go back for as long as may be. What is given back of a
//! bill, and others' shares of it, put back what the bill took, the network's part before the rest: it was taken last.

use std::collections::HashMap;

use kernel::Fen;
use uuid::Uuid;

use crate::ledger::{EntryKind, PastLine, Phase, TransferId};

/// What a bill has taken and nobody has put back yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Bill {
    about: Uuid,
    own: i64,
    network: i64,
}

impl Bill {
    /// Puts back up to so much of it; answers how much of the wallet's own, and of the network's.
    fn put_back(&mut self, amount: i64) -> (i64, i64) {
        let network = amount.min(self.network);
        let own = (amount - network).min(self.own);
        self.network -= network;
        self.own -= own;
        (own, network)
    }
}

/// What went along with money to the wallet of whom somebody turned out to be.
#[derive(Debug, Default)]
pub(super) struct Along {
    network: i64,
    bills: Vec<Bill>,
}

/// By the transfer that carried it.
pub(super) type Carried = HashMap<TransferId, Along>;

/// The money in a wallet, by where it came from, in fen.
///
/// **Invariant**: both parts, and what is on its way back, are what the ledger says is there.
#[derive(Debug, Default)]
pub(super) struct Purse {
    /// Cash, gifts, and all else that no network would take back.
    own: i64,
    network: i64,
    /// Of each refund that is on its way back, the network's part.
    going: HashMap<TransferId, i64>,
    /// Oldest first.
    bills: Vec<Bill>,
}

impl Purse {
    /// With so much in it that no network would take back.
    pub fn holding(own: i64) -> Self {
        Self { own, ..Self::default() }
    }

    /// How much a network would take back.
    pub fn of_network(&self) -> Fen {
        Fen::new(self.network.max(0))
    }

    /// The wallet's next line. `carried` is what others have brought along; what leaves with somebody who became another is added to it.
    pub fn follow(&mut self, line: &PastLine, carried: &mut Carried) {
        let came = line.delta.units();
        match line.kind {
            EntryKind::Payment => self.network += came,
            EntryKind::Refund => self.refund(line),
            EntryKind::Play => self.play(line.about, -came),
            EntryKind::GivenBack => self.give_back(line.about, came),
            EntryKind::Split if came > 0 => self.share(came),
            EntryKind::CarriedOver if came > 0 => self.bring(came, carried.remove(&line.transfer).unwrap_or_default()),
            EntryKind::CarriedOver => {
                let along = Along { network: self.take(-came), bills: std::mem::take(&mut self.bills) };
                carried.insert(line.transfer, along);
            }
            EntryKind::CashRecharge
            | EntryKind::Gift
            | EntryKind::Split
            | EntryKind::Recharge
            | EntryKind::SystemRecharge
            | EntryKind::Transfer
            | EntryKind::Withdrawal
            | EntryKind::Generation
            | EntryKind::Initial => {
                if came > 0 {
                    self.own += came;
                } else {
                    self.take(-came);
                }
            }
        }
    }

    /// Spends so much; answers how much of it was the network's.
    fn take(&mut self, amount: i64) -> i64 {
        let own = amount.min(self.own);
        self.own -= own;
        self.network -= amount - own;
        amount - own
    }

    /// What goes back to a network was the network's, as far as there is anything of that; answers how much.
    fn send(&mut self, amount: i64) -> i64 {
        let network = amount.min(self.network);
        self.network -= network;
        self.own -= amount - network;
        network
    }

    /// It is gone as soon as it is frozen: nobody may send it back a second time. Where it stays after all, it is there again.
    fn refund(&mut self, line: &PastLine) {
        let (came, held) = (line.delta.units(), line.held_delta.units());
        match line.phase {
            Phase::Hold => {
                let network = self.send(held);
                self.going.insert(line.transfer, network);
            }
            Phase::Release => {
                // Of one that was begun before the first line here, all was counted as the wallet's own.
                if let Some(network) = self.going.remove(&line.transfer) {
                    self.network += network;
                    self.own += -held - network;
                }
            }
            Phase::Post => {
                if self.going.remove(&line.transfer).is_none() {
                    self.take(-came);
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
            self.own -= amount;
            return;
        }
        let network = self.take(amount);
        let Some(about) = about else { return };
        let own = amount - network;
        match self.bills.last_mut().filter(|bill| bill.about == about) {
            // What was held in several parts is taken at once.
            Some(bill) => {
                bill.own += own;
                bill.network += network;
            }
            None => self.bills.push(Bill { about, own, network }),
        }
    }

    fn give_back(&mut self, about: Option<Uuid>, amount: i64) {
        let bill = self.bills.iter_mut().rev().find(|bill| Some(bill.about) == about);
        let (_, network) = bill.map_or((0, 0), |bill| bill.put_back(amount));
        self.network += network;
        self.own += amount - network;
    }

    /// A share of a bill. The ledger does not say of which: of the last, for a bill is shared within a day.
    fn share(&mut self, amount: i64) {
        let mut left = amount;
        for bill in self.bills.iter_mut().rev() {
            if left == 0 {
                break;
            }
            let (own, network) = bill.put_back(left);
            self.own += own;
            self.network += network;
            left -= own + network;
        }
        self.own += left;
    }

    fn bring(&mut self, amount: i64, along: Along) {
        let network = along.network.clamp(0, amount);
        self.network += network;
        self.own += amount - network;
        self.bills.extend(along.bills);
    }
}

#[cfg(test)]
mod tests;
