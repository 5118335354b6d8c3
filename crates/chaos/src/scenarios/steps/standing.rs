//! How everything looks from outside at one moment, and how an operation may stand by that: not done, done once, or undone; and nothing in between.
//! Pure.

use anyhow::{Result, bail};
use kernel::{MINUTE, Timestamp};
use serde_json::Value;

use super::operation::{Act, Operation, Over, PER_MINUTE};
use crate::http::text;

/// Money in fen.
#[derive(Debug, Clone)]
pub(super) struct Facts {
    /// In cash, to the wallet.
    pub cash: i64,
    /// What the wallet says.
    pub balance: i64,
    pub held: i64,
    /// Newest first, without those that were over before.
    pub sessions: Vec<Value>,
    /// All bills.
    pub spent: i64,
    /// What the networks' books say: paid, or frozen; of that gone back, or let go; and what is frozen still.
    pub paid: i64,
    pub back: i64,
    pub frozen: i64,
    pub table: String,
    /// Why it is out of service, where it is.
    pub case: Option<String>,
    /// The light can be told something; and the server takes it for there.
    pub connected: bool,
    pub online: bool,
    pub powered: bool,
    pub lit: bool,
    /// How often it was told to be on.
    pub told_on: u64,
    /// How often the customer was told, since the operation began, that a table was not opened, or that its light has failed.
    pub told: usize,
}

impl Facts {
    /// The session that is not over.
    pub fn live(&self) -> Option<&Value> {
        self.sessions.first().filter(|session| matches!(session["state"].as_str(), Some("opening" | "playing")))
    }

    /// The light is where it can be told something, and the server knows.
    pub fn is_there(&self) -> bool {
        self.connected && self.online
    }

    /// Nothing is under way, and all books agree: the wallet's, the bills, the networks', and the light over the table.
    pub fn rest(&self, operation: Operation) -> bool {
        let (held, light) = match self.live() {
            Some(live) => (live["held_fen"].as_i64(), live["state"] == "playing" && self.table == "playing" && self.lit == self.powered),
            None => (Some(0), self.is_left() && !self.lit),
        };
        let frozen = if operation.is_frozen() { held } else { Some(0) };
        light && Some(self.held) == held && Some(self.frozen) == frozen && self.balance == self.cash + self.paid - self.back - self.spent
    }

    /// Nobody uses the table, and nobody is about to.
    fn is_left(&self) -> bool {
        match self.table.as_str() {
            "idle" | "maintenance" => true,
            // It waits for a light to say that it is off, which has no power to say so.
            "closing" => !self.powered,
            _ => false,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    UnderWay,
    /// As if nobody had asked.
    Nothing,
    /// As without.
    Done,
    /// All money back, no light.
    Undone,
}

impl Standing {
    pub const fn is_an_end(self) -> bool {
        matches!(self, Self::Done | Self::Undone)
    }
}

/// One time that an operation is done.
#[derive(Debug)]
pub(super) struct Turn {
    pub operation: Operation,
    /// What the customer asks for.
    pub path: String,
    pub body: Value,
    pub key: Option<String>,
    /// What it is about, in fen.
    pub amount: i64,
    pub before: Facts,
    /// Of an extension: until when is paid then.
    pub until: Value,
    /// When the server had seen that the light has no power.
    pub pulled: Option<Timestamp>,
}

impl Turn {
    /// # Errors
    /// When something has happened twice, or by halves.
    pub fn standing(&self, now: &Facts) -> Result<Standing> {
        if !now.rest(self.operation) {
            return Ok(Standing::UnderWay);
        }
        let opened = now.sessions.len().saturating_sub(self.before.sessions.len());
        let (paid, back) = (now.paid - self.before.paid, now.back - self.before.back);
        let plays = now.live().is_some();
        let amount = self.amount;
        let standing = match self.operation.act {
            Act::Open => match (opened, plays) {
                (0, _) => Standing::Nothing,
                (1, true) => Standing::Done,
                (1, false) if now.spent == self.before.spent => Standing::Undone,
                _ => bail!("{opened} sessions, {} paid for before: {now:?}", self.before.spent),
            },
            Act::OpenPaid | Act::OpenFrozen => match (paid, back, opened, plays) {
                (0, 0, 0, false) => Standing::Nothing,
                (paid, 0, 1, true) if paid == amount => Standing::Done,
                (paid, back, 0 | 1, false) if paid == amount && back == amount => Standing::Undone,
                // It is on its way to a table, or back.
                (paid, 0, 0 | 1, false) if paid == amount => Standing::UnderWay,
                _ => bail!("{paid} of {amount} paid, {back} back, {opened} sessions: {now:?}"),
            },
            Act::Extend => self.extended(now)?,
            Act::Close | Act::CloseFrozen => match now.sessions.first() {
                Some(session) if session["state"] == "closed" => {
                    self.is_billed_by_rule(session)?;
                    Standing::Done
                }
                Some(_) if plays => Standing::Nothing,
                _ => bail!("it was not closed: {now:?}"),
            },
            Act::Pay => match paid {
                0 => Standing::Nothing,
                paid if paid == amount => Standing::Done,
                _ => bail!("{paid} of {amount} paid: {now:?}"),
            },
            Act::Refund => match back {
                0 => Standing::Nothing,
                back if back == amount => Standing::Done,
                _ => bail!("{back} of {amount} gone back: {now:?}"),
            },
        };
        self.in_order(standing, now)
    }

    /// Whether somebody was told of what went wrong, once, and of nothing else; and whether a lamp that said nothing is looked after.
    fn in_order(&self, standing: Standing, now: &Facts) -> Result<Standing> {
        let is_in_vain = self.operation.is_in_vain();
        if standing == Standing::Done && is_in_vain {
            bail!("somebody plays under a lamp that has said nothing: {now:?}");
        }
        let went_wrong = match standing {
            Standing::Undone => true,
            Standing::Done => self.operation.over == Over::Pulled,
            Standing::Nothing | Standing::UnderWay => false,
        };
        if now.told > 1 {
            bail!("the customer was told {} times: {now:?}", now.told);
        }
        let is_looked_after = now.table == "maintenance" && now.case.is_some();
        let is_complete = now.told == usize::from(went_wrong) && (is_looked_after || !is_in_vain || standing != Standing::Undone);
        Ok(if is_complete { standing } else { Standing::UnderWay })
    }

    /// Whoever closes in the dark pays the whole minutes until the light went, for all that the server has seen, and no more.
    fn is_billed_by_rule(&self, session: &Value) -> Result<()> {
        let Some(pulled) = self.pulled else { return Ok(()) };
        let (lit, ended): (Timestamp, Timestamp) = (text(session, "/lit_at")?.parse()?, text(session, "/ended_at")?.parse()?);
        let fen = (ended.micros() - lit.micros()).max(0) / MINUTE * PER_MINUTE;
        if session["end_reason"] != "device_fault" || ended > pulled || session["bill"]["total_fen"] != fen {
            bail!("{fen} fen were to be paid for what had light until {pulled}: {session}");
        }
        Ok(())
    }

    fn extended(&self, now: &Facts) -> Result<Standing> {
        let (Some(was), Some(is)) = (self.before.live(), now.live()) else { bail!("play is over: {now:?}") };
        let more = now.held - self.before.held;
        Ok(match more {
            0 if is["paid_until"] == was["paid_until"] => Standing::Nothing,
            // The lamp's own timer has to know.
            more if more == self.amount && is["paid_until"] == self.until && now.told_on > self.before.told_on => Standing::Done,
            more if more == self.amount && is["paid_until"] == self.until => Standing::UnderWay,
            _ => bail!("{more} more is held for {}: {now:?}", self.amount),
        })
    }
}

#[cfg(test)]
mod tests;
