//! What a customer does, one operation at a time, and how each may stand: not done, done once, or undone; and nothing in between. Pure.

use anyhow::{Result, bail};
use serde_json::Value;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    Open,
    OpenPaid,
    OpenFrozen,
    Extend,
    Close,
    CloseFrozen,
    Pay,
    Refund,
}

impl Operation {
    pub const ALL: [Self; 8] =
        [Self::Open, Self::OpenPaid, Self::OpenFrozen, Self::Extend, Self::Close, Self::CloseFrozen, Self::Pay, Self::Refund];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open from the wallet",
            Self::OpenPaid => "open by a payment",
            Self::OpenFrozen => "open by a pre-authorisation",
            Self::Extend => "extend",
            Self::Close => "close",
            Self::CloseFrozen => "close what was pre-authorised",
            Self::Pay => "pay into the wallet",
            Self::Refund => "refund to the source",
        }
    }

    /// It begins with somebody who plays.
    pub const fn in_play(self) -> bool {
        matches!(self, Self::Extend | Self::Close | Self::CloseFrozen)
    }

    /// Paid from the wallet.
    pub const fn by_wallet(self) -> bool {
        matches!(self, Self::Open | Self::Extend | Self::Close)
    }

    pub const fn is_frozen(self) -> bool {
        matches!(self, Self::OpenFrozen | Self::CloseFrozen)
    }

    /// The customer pays at a network once the order is made.
    pub const fn is_paid(self) -> bool {
        matches!(self, Self::OpenPaid | Self::OpenFrozen | Self::Pay)
    }

    /// A network is asked for something.
    pub const fn asks(self) -> bool {
        self.is_paid() || matches!(self, Self::CloseFrozen | Self::Refund)
    }

    /// A lamp is told something.
    pub const fn tells(self) -> bool {
        !matches!(self, Self::Pay | Self::Refund)
    }
}

/// How everything looks from outside at one moment. Money in fen.
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
    /// The lamp has found the broker, and the server knows.
    pub online: bool,
    pub lit: bool,
    /// How often the lamp was told to be on.
    pub told_on: u64,
}

impl Facts {
    /// The session that is not over.
    pub fn live(&self) -> Option<&Value> {
        self.sessions.first().filter(|session| matches!(session["state"].as_str(), Some("opening" | "playing")))
    }

    /// Nothing is under way, and all books agree: the wallet's, the bills, the networks', and the light over the table.
    pub fn rest(&self, operation: Operation) -> bool {
        let (held, light) = match self.live() {
            Some(live) => (live["held_fen"].as_i64(), live["state"] == "playing" && self.table == "playing" && self.lit),
            None => (Some(0), matches!(self.table.as_str(), "idle" | "maintenance") && !self.lit),
        };
        let frozen = if operation.is_frozen() { held } else { Some(0) };
        light && Some(self.held) == held && Some(self.frozen) == frozen && self.balance == self.cash + self.paid - self.back - self.spent
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
        Ok(match self.operation {
            Operation::Open => match (opened, plays) {
                (0, _) => Standing::Nothing,
                (1, true) => Standing::Done,
                (1, false) if now.spent == self.before.spent => Standing::Undone,
                _ => bail!("{opened} sessions, {} paid for before: {now:?}", self.before.spent),
            },
            Operation::OpenPaid | Operation::OpenFrozen => match (paid, back, opened, plays) {
                (0, 0, 0, false) => Standing::Nothing,
                (paid, 0, 1, true) if paid == amount => Standing::Done,
                (paid, back, 0 | 1, false) if paid == amount && back == amount => Standing::Undone,
                // It is on its way to a table, or back.
                (paid, 0, 0 | 1, false) if paid == amount => Standing::UnderWay,
                _ => bail!("{paid} of {amount} paid, {back} back, {opened} sessions: {now:?}"),
            },
            Operation::Extend => self.extended(now)?,
            Operation::Close | Operation::CloseFrozen => match now.sessions.first() {
                Some(session) if session["state"] == "closed" => Standing::Done,
                Some(_) if plays => Standing::Nothing,
                _ => bail!("it was not closed: {now:?}"),
            },
            Operation::Pay => match paid {
                0 => Standing::Nothing,
                paid if paid == amount => Standing::Done,
                _ => bail!("{paid} of {amount} paid: {now:?}"),
            },
            Operation::Refund => match back {
                0 => Standing::Nothing,
                back if back == amount => Standing::Done,
                _ => bail!("{back} of {amount} gone back: {now:?}"),
            },
        })
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
mod tests {
    use serde_json::json;

    use super::Standing::{Nothing, UnderWay, Undone};
    use super::*;

    fn idle() -> Facts {
        Facts {
            cash: 0,
            balance: 0,
            held: 0,
            sessions: Vec::new(),
            spent: 0,
            paid: 0,
            back: 0,
            frozen: 0,
            table: "idle".into(),
            online: true,
            lit: false,
            told_on: 0,
        }
    }

    fn turn(operation: Operation) -> Turn {
        Turn { operation, path: String::new(), body: Value::Null, key: None, amount: 600, before: idle(), until: Value::Null }
    }

    #[test]
    fn what_is_paid_and_not_played_is_no_end_until_it_has_gone_back() {
        let turn = turn(Operation::OpenPaid);
        let paid = Facts { paid: 600, balance: 600, ..idle() };
        let under_way = Facts { held: 600, ..paid.clone() };
        let back = Facts { back: 600, balance: 0, ..paid.clone() };
        let kept = Facts { back: 600, ..paid.clone() };
        let seen = [idle(), paid, under_way, back, kept].map(|facts| turn.standing(&facts).unwrap());
        assert_eq!(seen, [Nothing, UnderWay, UnderWay, Undone, UnderWay]);
    }

    #[test]
    fn what_is_paid_for_without_play_is_not_undone() {
        let before = Facts { cash: 10_000, balance: 10_000, ..idle() };
        let turn = Turn { before: before.clone(), ..turn(Operation::Open) };
        let failed = Facts { sessions: vec![json!({"state": "failed"})], ..before };
        assert_eq!(turn.standing(&failed).unwrap(), Undone);
        assert!(turn.standing(&Facts { spent: 600, balance: 9_400, ..failed }).is_err());
    }

    #[test]
    fn who_plays_has_a_light_and_its_price_held_once() {
        let turn = turn(Operation::OpenFrozen);
        let session = json!({"state": "playing", "held_fen": 600});
        let plays = Facts {
            sessions: vec![session.clone()],
            paid: 600,
            balance: 600,
            held: 600,
            frozen: 600,
            table: "playing".into(),
            lit: true,
            ..idle()
        };
        let standing = |facts: Facts| turn.standing(&facts);
        assert_eq!(standing(plays.clone()).unwrap(), Standing::Done);
        for half in [
            Facts { lit: false, ..plays.clone() },
            Facts { held: 1_200, ..plays.clone() },
            Facts { frozen: 0, ..plays.clone() },
            Facts { balance: 0, ..plays.clone() },
        ] {
            assert_eq!(standing(half).unwrap(), Standing::UnderWay);
        }
        assert!(standing(Facts { paid: 1_200, balance: 1_200, ..plays.clone() }).is_err(), "paid twice");
        assert!(standing(Facts { sessions: vec![session.clone(), session], ..plays }).is_err(), "opened twice");
    }
}
