//! What has been ordered, paid and given back at a stand-in of a payment network.

use std::collections::HashMap;

use kernel::{Fen, Timestamp};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TradeState {
    Open,
    Paid,
    Closed,
}

#[derive(Debug, Clone)]
pub struct Trade {
    /// The merchant's.
    pub number: String,
    /// Its own; as it is once it is paid.
    pub transaction: String,
    pub subject: String,
    pub amount: Fen,
    pub state: TradeState,
    pub refunds: Vec<Refund>,
    pub paid_at: Option<Timestamp>,
    /// In the address of its page.
    pub(crate) token: String,
    /// Where its payer was asked: h5, jsapi, native, wap, precreate.
    pub(crate) kind: String,
    /// Of which of the merchant's apps.
    pub(crate) app_id: String,
    pub(crate) openid: String,
    pub(crate) notify_url: String,
    pub(crate) expires: Timestamp,
}

#[derive(Debug, Clone)]
pub struct Refund {
    /// The merchant's.
    pub number: String,
    pub own: String,
    pub amount: Fen,
    /// SUCCESS, PROCESSING, ABNORMAL
    pub status: &'static str,
    pub at: Timestamp,
}

impl Trade {
    pub fn refunded(&self) -> Fen {
        Fen::new(self.refunds.iter().filter(|refund| refund.status != "ABNORMAL").map(|refund| refund.amount.fen()).sum())
    }

    /// Whether it is money that is only frozen.
    pub fn is_frozen(&self) -> bool {
        self.kind == "freeze"
    }

    /// Whether it was taken of what was frozen.
    pub fn is_taken(&self) -> bool {
        self.kind == "capture"
    }

    /// What makes two orders of one number the same.
    pub(crate) fn is(&self, other: &Self) -> bool {
        (&self.subject, self.amount, &self.kind, &self.app_id, &self.openid)
            == (&other.subject, other.amount, &other.kind, &other.app_id, &other.openid)
    }
}

pub(crate) struct Books {
    /// With which its own numbers begin.
    first: &'static str,
    trades: HashMap<String, Trade>,
    /// In the order in which they came.
    numbers: Vec<String>,
    nonces: Vec<String>,
    counter: u64,
}

impl Books {
    /// Numbers that begin so, and go on after those of an earlier run.
    pub fn numbered(first: &'static str, now: Timestamp) -> Self {
        let counter = u64::try_from(now.micros()).unwrap_or_default();
        Self { first, trades: HashMap::new(), numbers: Vec::new(), nonces: Vec::new(), counter }
    }

    pub fn trade(&self, number: &str) -> Option<&Trade> {
        self.trades.get(number)
    }

    pub fn trade_mut(&mut self, number: &str) -> Option<&mut Trade> {
        self.trades.get_mut(number)
    }

    pub fn by_token(&self, token: &str) -> Option<&Trade> {
        self.trades.values().find(|trade| trade.token == token)
    }

    pub fn by_transaction(&self, transaction: &str) -> Option<&Trade> {
        self.trades.values().find(|trade| trade.transaction == transaction)
    }

    pub fn by_refund(&self, number: &str) -> Option<(&Trade, &Refund)> {
        self.trades.values().find_map(|trade| Some((trade, trade.refunds.iter().find(|refund| refund.number == number)?)))
    }

    pub fn all(&self) -> Vec<Trade> {
        self.numbers.iter().filter_map(|number| self.trades.get(number).cloned()).collect()
    }

    pub fn add(&mut self, trade: Trade) {
        self.numbers.push(trade.number.clone());
        self.trades.insert(trade.number.clone(), trade);
    }

    /// A number of its own, of 28 digits.
    pub fn next(&mut self) -> String {
        self.counter += 1;
        format!("{}{:024}", self.first, self.counter)
    }

    /// False when it was there before.
    pub fn use_nonce(&mut self, nonce: &str) -> bool {
        let fresh = !self.nonces.iter().any(|known| known == nonce);
        self.nonces.push(nonce.to_owned());
        fresh
    }

    /// Takes the money, if it can be taken.
    pub fn pay(&mut self, number: &str, now: Timestamp) -> Option<Trade> {
        let transaction = self.next();
        let trade = self.trades.get_mut(number).filter(|trade| trade.state == TradeState::Open && now < trade.expires)?;
        trade.state = TradeState::Paid;
        trade.transaction = transaction;
        trade.paid_at = Some(now);
        if trade.openid.is_empty() {
            trade.openid = "o0000000000000000000000000001".into();
        }
        Some(trade.clone())
    }
}
