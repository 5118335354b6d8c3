//! What a customer does, one thing after the other, and what happens to the lamp meanwhile.

use axum::http::StatusCode;
use kernel::{SECOND, Timestamp};
use serde_json::{Value, json};

use super::MIDNIGHT;
use super::customer::{Answer, Customer, text};
use super::day::Today;
use super::plan::{Means, Visit};
use crate::trouble::Result;

/// How often the app looks, and how often it does so before something is wrong.
const LOOKS_EVERY: i64 = 2;
const LOOKS: u32 = 60;

/// What may happen in a visit. Of the same moment, in the order in which it was thought of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    LosesPower,
    Mended,
    /// What was mended is there again, as is known by now.
    Tested,
    Arrives,
    /// Asks for the payment, again where the answer was lost.
    Asks,
    Pays,
    /// A notice arrives again that had arrived.
    ToldAgain,
    /// A notice that was kept back arrives, whether a later one did or not.
    ToldLate,
    Looks,
    Extends,
    Leaves,
    /// Whatever was planned, play is over now.
    Ended,
    /// Not of a visit: a hall's network.
    NetworkGoes,
    NetworkReturns,
    NetworkWasBack,
}

/// How far somebody has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Not yet there, or on the way to the light.
    Coming,
    TurnedAway,
    Playing,
    /// The light has not come, or the table was taken meanwhile: the money goes back.
    NotOpened,
    Over,
}

/// A payment at a network.
#[derive(Debug, Clone)]
pub struct Order {
    pub id: String,
    /// The network's.
    pub number: String,
}

/// How a visit goes.
#[derive(Debug)]
pub struct Going {
    pub customer: usize,
    /// Where it has come to, which may be another table than was planned.
    pub table: usize,
    pub stage: Stage,
    /// The customer has done all that is the customer's to do: was the lamp well then?
    pub healthy: Option<bool>,
    pub session: Option<String>,
    pub means: Means,
    /// Paid for the wallet, or for the table.
    pub orders: Vec<Order>,
    /// What the payment was asked for with.
    ask: Value,
    looks: u32,
    /// When the light came on, and how often the lamp had switched by then.
    pub lit_at: Option<Timestamp>,
    pub switched: u64,
    /// What it would have cost to end play when the hall's network went, the last time.
    pub cost_when_away: Option<i64>,
}

impl Going {
    pub fn new(visit: &Visit) -> Self {
        let (customer, table) = (visit.customer, visit.table);
        Self {
            customer,
            table,
            stage: Stage::Coming,
            healthy: None,
            session: None,
            means: visit.means,
            orders: Vec::new(),
            ask: Value::Null,
            looks: 0,
            lit_at: None,
            switched: 0,
            cost_when_away: None,
        }
    }

    pub const fn order_is_for_table(&self) -> bool {
        matches!(self.means, Means::Order(_))
    }
}

impl Today {
    pub async fn happens(&mut self, n: usize, what: What) -> Result<()> {
        match what {
            What::LosesPower => self.loses_power(n).await,
            What::Mended => self.is_mended(n).await,
            What::Tested => self.is_tested(n).await,
            What::Arrives => self.arrives(n).await,
            What::Asks => self.asks(n).await,
            What::Pays => self.pays(n).await,
            What::ToldAgain => self.told_again(n).await,
            What::ToldLate => self.told_late(n).await,
            What::Looks => self.looks(n).await,
            What::Extends => self.extends(n).await,
            What::Leaves => self.leaves(n).await,
            What::Ended => self.ended(n).await,
            What::NetworkGoes => self.network_goes(n).await,
            What::NetworkReturns => self.network_returns(n).await,
            What::NetworkWasBack => self.network_was_back(n).await,
        }
    }

    pub fn who(&self, n: usize) -> Customer {
        self.world.customers[self.going[n].customer].clone()
    }

    pub fn ask(&self, n: usize) -> Value {
        self.going[n].ask.clone()
    }

    /// What is being paid.
    pub fn order(&self, n: usize) -> Option<Order> {
        self.going[n].orders.last().cloned()
    }

    /// Something that should not be.
    pub fn wrong(&mut self, n: usize, what: &str) {
        let at = (self.now().micros() - MIDNIGHT.micros()) / SECOND;
        let (table, visit) = (self.going[n].table + 1, &self.visits[n]);
        self.figures.wrong(format!("{:02}:{:02}:{:02}, table {table}: {what} ({visit:?})", at / 3600, at / 60 % 60, at % 60));
    }

    async fn arrives(&mut self, n: usize) -> Result<()> {
        let who = self.who(n);
        let code = &self.world.tables[self.going[n].table].code;
        let scanned = text(&who.get(&format!("/customer/v1/codes/{code}")).await?, "table_id")?;
        let mut view = who.see(&format!("/customer/v1/tables/{scanned}")).await?;
        if view["can_open"] != true {
            self.figures.found_taken += 1;
            let Some(other) = self.another(n) else { return self.turned_away(n, &view) };
            self.going[n].table = other;
            self.lent_until[other] = MIDNIGHT.plus_seconds(self.visits[n].free_at());
            view = who.see(&self.table_path(n, "")).await?;
            if view["can_open"] != true {
                return self.turned_away(n, &view);
            }
        }
        let price = self.price(n, &view);
        match self.visits[n].means {
            Means::Wallet(_) if available(&who).await? >= price => self.opens(n).await,
            Means::Wallet(method) => {
                // For some evenings.
                let amount = (price * 3).div_euclid(1_000) * 1_000 + 5_000;
                self.going[n].ask = json!({"method": method, "recharge": {"amount_fen": amount}});
                self.asks(n).await
            }
            Means::Order(method) => {
                let table = json!({"table_id": self.table_id(n), "minutes": self.visits[n].minutes, "expected_fen": price});
                self.going[n].ask = json!({"method": method, "table": table});
                self.asks(n).await
            }
        }
    }

    fn turned_away(&mut self, n: usize, view: &Value) -> Result<()> {
        let why = view["why_not"]["code"].as_str().unwrap_or("?").to_owned();
        *self.figures.turned_away.entry(why).or_default() += 1;
        self.going[n].stage = Stage::TurnedAway;
        Ok(())
    }

    /// A table of the same hall that nobody needs until this visit would be over.
    fn another(&self, n: usize) -> Option<usize> {
        let (visit, now) = (&self.visits[n], self.now());
        let free = |table: &usize| {
            let taken = |other: &&Visit| other.table == *table && other.at <= visit.free_at() && other.free_at() >= visit.at;
            self.world.is_in_service(*table) && self.lent_until[*table] < now && !self.visits.iter().any(|other| taken(&other))
        };
        let hall = self.world.tables[visit.table].hall;
        (0..self.world.tables.len()).filter(|table| self.world.tables[*table].hall == hall && *table != visit.table).find(free)
    }

    pub fn table_id(&self, n: usize) -> String {
        self.world.tables[self.going[n].table].id.to_string()
    }

    fn table_path(&self, n: usize, what: &str) -> String {
        format!("/customer/v1/tables/{}{what}", self.table_id(n))
    }

    pub fn session_path(&self, n: usize, what: &str) -> String {
        format!("/customer/v1/sessions/{}{what}", self.going[n].session.as_deref().unwrap_or_default())
    }

    fn price(&self, n: usize, view: &Value) -> i64 {
        let minutes = self.visits[n].minutes;
        let quote = view["quotes"].as_array().into_iter().flatten().find(|quote| quote["minutes"] == minutes);
        quote.and_then(|quote| quote["price_fen"].as_i64()).unwrap_or_default()
    }

    /// With what is in the wallet.
    async fn opens(&mut self, n: usize) -> Result<()> {
        let who = self.who(n);
        let view = who.see(&self.table_path(n, "")).await?;
        let ask = json!({"minutes": self.visits[n].minutes, "expected_fen": self.price(n, &view)});
        self.fails_now(n).await?;
        self.has_asked(n);
        let answer = who.post(&self.table_path(n, "/open"), &ask, Some(&format!("visit-open-{n:08}"))).await?;
        if answer.status == StatusCode::ACCEPTED {
            self.going[n].session = Some(text(&answer, "id")?);
            self.looks_later(n);
        } else {
            // Nobody opens a table whose hall's network has gone in the meantime.
            if self.world.is_connected(self.going[n].table) {
                self.refused(n, "could not be opened", &answer);
            }
            self.going[n].stage = Stage::NotOpened;
        }
        Ok(())
    }

    pub fn has_asked(&mut self, n: usize) {
        self.going[n].healthy = Some(self.world.is_in_service(self.going[n].table));
    }

    pub fn refused(&mut self, n: usize, what: &str, answer: &Answer) {
        self.wrong(n, &format!("{what}: {} {}", answer.status, answer.code()));
    }

    pub fn looks_later(&mut self, n: usize) {
        self.in_seconds(LOOKS_EVERY, n, What::Looks);
    }

    async fn looks(&mut self, n: usize) -> Result<()> {
        self.going[n].looks += 1;
        if self.going[n].looks > LOOKS {
            self.wrong(n, "waits for two minutes, and nothing happens");
            self.going[n].stage = Stage::NotOpened;
            return Ok(());
        }
        if self.going[n].session.is_none() && !self.has_paid(n).await? {
            return Ok(());
        }
        let session = self.who(n).see(&self.session_path(n, "")).await?;
        match session["state"].as_str() {
            Some("playing") => self.is_lit(n, &session),
            Some("failed") => self.going[n].stage = Stage::NotOpened,
            Some("opening") => self.looks_later(n),
            _ => self.wrong(n, &format!("is not opened, but {}", session["state"])),
        }
        Ok(())
    }

    /// Whether there is a session now; otherwise what is to happen next is arranged.
    async fn has_paid(&mut self, n: usize) -> Result<bool> {
        let Some(order) = self.going[n].orders.last().cloned() else { return Ok(false) };
        let who = self.who(n);
        let seen = who.see(&format!("/customer/v1/orders/{}", order.id)).await?;
        if seen["state"] == "pending" {
            self.looks_later(n);
            return Ok(false);
        }
        if matches!(self.visits[n].means, Means::Wallet(_)) {
            self.opens(n).await?;
            return Ok(false);
        }
        let session = who.see("/customer/v1/session").await?["session"].clone();
        let mine = session["table_id"] == self.table_id(n) && time(&session["asked_at"]) >= time(&seen["paid_at"]);
        if let (true, Some(id)) = (mine, session["id"].as_str()) {
            self.going[n].session = Some(id.to_owned());
            return Ok(true);
        }
        if seen["refunded_fen"] == seen["amount_fen"] {
            self.going[n].stage = Stage::NotOpened;
        } else {
            self.looks_later(n);
        }
        Ok(false)
    }
}

/// What somebody can spend.
async fn available(who: &Customer) -> Result<i64> {
    Ok(who.see("/customer/v1/me").await?["available_fen"].as_i64().unwrap_or_default())
}

pub fn time(value: &Value) -> Option<Timestamp> {
    value.as_str()?.parse().ok()
}
