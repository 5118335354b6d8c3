//! What was acknowledged: the driver's own books, against which the database is read afterwards.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::world::PRICE;

/// Quota that moved, by its idempotency key.
#[derive(Debug, Clone)]
pub struct Moved {
    pub from: usize,
    pub to: usize,
    pub amount: i64,
}

#[derive(Debug, Clone)]
pub struct Withdrawn {
    pub agent: usize,
    pub amount: i64,
    /// The states through which it went: `approved`, `refused`, `paid`, `cancelled`, `returned`.
    pub steps: Vec<&'static str>,
}

impl Withdrawn {
    pub fn state(&self) -> &'static str {
        self.steps.last().copied().unwrap_or("pending")
    }

    /// What has left its agent's account, and what is held there.
    pub fn gone_and_held(&self) -> (i64, i64) {
        match self.state() {
            "pending" => (0, self.amount),
            "refused" | "cancelled" | "returned" => (0, 0),
            _ => (self.amount, 0),
        }
    }
}

/// A batch, by its idempotency key.
#[derive(Debug, Clone)]
pub struct Made {
    pub agent: usize,
    pub count: i64,
    /// What it is in the end: `ready`, or `cancelled`.
    pub state: &'static str,
}

impl Made {
    /// What it costs its agent.
    pub fn charge(&self) -> i64 {
        if self.state == "ready" { self.count * PRICE } else { 0 }
    }
}

/// What a key that one client has for itself must look like.
#[derive(Debug, Clone, Default)]
pub struct KeyNow {
    pub devices: BTreeSet<String>,
    pub unbinds: i64,
    pub disabled: bool,
    /// A verification of it was given up while the clock moved: an earlier try of it may have been carried out, and have bound a device.
    pub unsure: bool,
}

#[derive(Default)]
pub struct Pages {
    pub transfers: HashMap<String, Moved>,
    pub batches: HashMap<String, Made>,
    pub withdrawals: HashMap<String, Withdrawn>,
    /// Answered verifications, by the name that this one attempt gave its device: the verdict's code.
    pub calls: HashMap<String, String>,
    pub keys: BTreeMap<String, KeyNow>,
    /// Devices that were told VALID on a key for which all fight.
    pub shared: BTreeMap<String, BTreeSet<String>>,
    /// Requests that were sent again because the one before was not answered, or put off.
    pub repeated: u64,
    /// Refusals that are answers: too little quota, for instance.
    pub refused: u64,
    /// What must not have happened.
    pub wrong: Vec<String>,
}

impl Pages {
    /// Work of each kind was acknowledged: transfers, withdrawals, one that was taken back and one that came back, verifications that bound a
    /// device, unbindings, batches that stay and one that was taken back.
    pub fn has_each_kind(&self) -> bool {
        let batches = |state: &str| self.batches.values().any(|made| made.state == state);
        let withdrawals = |state: &str| self.withdrawals.values().any(|withdrawn| withdrawn.state() == state);
        self.transfers.len() > 1
            && withdrawals("cancelled")
            && withdrawals("returned")
            && !self.calls.is_empty()
            && self.keys.values().any(|key| !key.devices.is_empty())
            && self.keys.values().any(|key| key.unbinds > 0)
            && batches("ready")
            && batches("cancelled")
    }
}

#[derive(Default)]
pub struct Book(Mutex<Pages>);

impl Book {
    pub fn open(&self) -> MutexGuard<'_, Pages> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn wrong(&self, what: impl Into<String>) {
        let mut pages = self.open();
        // One mistake of the program is often made by all clients at once.
        if pages.wrong.len() < 50 {
            pages.wrong.push(what.into());
        }
    }
}
