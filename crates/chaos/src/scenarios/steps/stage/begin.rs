//! The same kind of start each time: the light is well, somebody plays or nobody, and then the light is made as the operation has it.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use kernel::{Clock, Stopwatch, Timestamp};
use serde_json::{Value, json};

use super::{MINUTES, PRICE, READY, Stage};
use crate::http::text;
use crate::scenarios::furnish::{look_after, pause};
use crate::scenarios::light::State;
use crate::scenarios::steps::operation::{Act, Over};
use crate::scenarios::steps::standing::{Facts, Turn};

/// A lamp whose connection has ended is missed by then: the broker need not wait for a word from it.
const MISSED: Duration = Duration::from_secs(10);

impl Stage {
    /// What the customer does next.
    pub async fn start(&mut self) -> Result<Turn> {
        self.turns += 1;
        self.ready().await?;
        self.since = Clock::System.now();
        let pulled = if self.operation.over == Over::Pulled { Some(self.pull().await?) } else { None };
        self.faults.count(None)?;
        self.quiet().await?;
        self.faults.stop_counting()?;
        let before = self.look().await.context("nothing is to be seen")?;
        let (mut path, mut body) = self.opening();
        let (mut amount, mut until) = (PRICE, Value::Null);
        let of_session = |what: &str| -> Result<String> {
            let session = before.live().context("nobody plays")?;
            Ok(format!("/customer/v1/sessions/{}/{what}", text(session, "/id")?))
        };
        match self.operation.act {
            Act::Open | Act::OpenPaid | Act::OpenFrozen => {}
            Act::Extend => {
                path = of_session("extend")?;
                let asked = of_session(&format!("extension?minutes={MINUTES}"))?;
                let offer = self.load.glance(&self.customer, &asked).await.context("no extension is offered")?;
                amount = offer["price_fen"].as_i64().context("an extension without a price")?;
                until = offer["paid_until"].clone();
                body = json!({"minutes": MINUTES, "expected_fen": amount});
            }
            Act::Close | Act::CloseFrozen => (path, body) = (of_session("close")?, json!({})),
            Act::Pay => {
                amount = 1_000 + self.turns;
                (path, body) = ("/customer/v1/orders".into(), json!({"method": "native", "recharge": {"amount_fen": amount}}));
            }
            Act::Refund => {
                amount = 1_000 + self.turns;
                (path, body) = ("/customer/v1/refunds".into(), json!({"amount_fen": amount}));
            }
        }
        // Closing twice is fine: it has no key.
        let closes = matches!(self.operation.act, Act::Close | Act::CloseFrozen);
        let key = (!closes).then(|| format!("steps-turn-{:04}", self.turns));
        if self.operation.over == Over::Deaf {
            self.table.light.set(State::Deaf);
        }
        Ok(Turn { operation: self.operation, path, body, key, amount, before, until, pulled })
    }

    /// How a table is opened here.
    fn opening(&self) -> (String, Value) {
        let paid = |method: &str| {
            let table = json!({"table_id": self.table.id, "minutes": MINUTES, "expected_fen": PRICE});
            ("/customer/v1/orders".to_owned(), json!({"method": method, "table": table}))
        };
        match self.operation.act {
            Act::OpenPaid => paid("native"),
            Act::OpenFrozen | Act::CloseFrozen => paid("freeze"),
            Act::Open | Act::Extend | Act::Close | Act::Pay | Act::Refund => {
                (format!("/customer/v1/tables/{}/open", self.table.id), json!({"minutes": MINUTES, "expected_fen": PRICE}))
            }
        }
    }

    /// Pulls the plug. When the server has seen that.
    async fn pull(&self) -> Result<Timestamp> {
        self.table.light.set(State::Pulled);
        let watch = Stopwatch::start();
        while self.look().await.is_none_or(|facts| facts.online) {
            if watch.elapsed() > MISSED {
                bail!("a lamp without power is not missed for {} s", MISSED.as_secs());
            }
            pause(50).await;
        }
        Ok(Clock::System.now())
    }

    /// Somebody plays, or nobody, as the operation begins; the light is there, and nothing else is under way.
    async fn ready(&mut self) -> Result<()> {
        let (watch, mut asked) = (Stopwatch::start(), false);
        loop {
            let seen = self.look().await;
            if let Some(facts) = &seen
                && self.is_mended(facts)
                && facts.is_there()
                && self.begins(facts, &mut asked).await?
            {
                return Ok(());
            }
            if watch.elapsed() > READY {
                bail!("after {} s the next turn cannot begin: {seen:?}", READY.as_secs());
            }
            pause(200).await;
        }
    }

    /// Whoever mends a light takes it out, and puts it in again: it comes to the broker anew, and says how it is. One that comes back before it was
    /// missed would be another story.
    fn is_mended(&self, facts: &Facts) -> bool {
        let light = &self.table.light;
        match light.state() {
            State::Well => return true,
            State::Deaf if facts.connected => light.set(State::Pulled),
            State::Pulled if !facts.connected && !facts.online => light.set(State::Well),
            State::Deaf | State::Pulled => {}
        }
        false
    }

    /// Whether it can begin now; otherwise a step is taken towards that.
    async fn begins(&mut self, facts: &Facts, asked: &mut bool) -> Result<bool> {
        if facts.table == "maintenance" || (facts.table == "idle" && facts.lit) {
            // A new one is taken into service, and one whose light was not seen. Otherwise nobody looks after it: its lamp is well, so it comes back
            // by itself.
            if self.turns <= 1 || self.operation.is_tested() {
                look_after(&self.load, &self.hall, &self.random).await;
                pause(300).await;
            }
            return Ok(false);
        }
        if !facts.rest(self.operation) {
            return Ok(false);
        }
        match (facts.live(), self.operation.in_play()) {
            (Some(_), true) => return Ok(true),
            (Some(live), false) => {
                let path = format!("/customer/v1/sessions/{}/close", text(live, "/id")?);
                self.insist(false, &path, &json!({}), None).await?;
            }
            (None, in_play) => {
                self.spent = facts.spent;
                if let Some(newest) = facts.sessions.first() {
                    self.last = Some(text(newest, "/id")?);
                }
                if !in_play {
                    return Ok(true);
                }
                if !*asked {
                    *asked = true;
                    let ((path, body), key) = (self.opening(), format!("steps-begin-{:04}", self.turns));
                    self.insist(self.operation.is_frozen(), &path, &body, Some(&key)).await?;
                }
            }
        }
        Ok(false)
    }
}
