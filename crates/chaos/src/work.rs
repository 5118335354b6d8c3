//! What one client does, and what it writes into the book.

mod withdraw;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use kernel::{Random, Stopwatch};
use serde_json::{Value, json};

use crate::book::{KeyNow, Made, Moved};
use crate::http::Person;
use crate::load::{Done, Load};
use crate::world::{AGENTS, SEATS};

/// A batch of so many is made by a job, in three chunks.
const LARGE: i64 = 5_200;
/// One that is stopped while it is made: long before its end, as a rule.
const STOPPED: i64 = 20_000;
/// For how long somebody looks whether there are keys to be taken away yet: none may come, where a clock was set back to before the job was due.
const LOOKS_FOR: Duration = Duration::from_secs(5);

pub struct Worker {
    load: Arc<Load>,
    number: usize,
    /// Whose account it works on; several clients share one.
    agent: usize,
    random: Random,
    turn: u64,
    /// Id and text of the keys that it has for itself.
    keys: Vec<(String, String)>,
}

impl Worker {
    pub fn new(load: Arc<Load>, number: usize, random: Random) -> Self {
        Self { load, number, agent: number % AGENTS, random, turn: 0, keys: Vec::new() }
    }

    pub async fn run(mut self) {
        while !self.load.stopping() {
            self.turn += 1;
            match self.random.below(100) {
                // However short the load: one batch of it is stopped.
                _ if self.number == 0 && self.turn == 1 => self.stop().await,
                0..10 => self.generate().await,
                10..30 => self.transfer().await,
                30..42 => self.withdraw().await,
                42..75 => self.verify_own().await,
                75..85 => self.verify_shared().await,
                85..95 => self.unbind().await,
                _ => self.switch().await,
            }
        }
    }

    fn me(&self) -> Person {
        self.load.world.agents[self.agent].clone()
    }

    /// Under this name it can be found again.
    fn name(&self, what: &str) -> String {
        format!("{what}-{:02}-{:06}", self.number, self.turn)
    }

    fn pick(&self) -> Option<(String, String)> {
        let place = self.random.below(self.keys.len() as u64);
        self.keys.get(usize::try_from(place).unwrap_or(0)).cloned()
    }

    async fn generate(&mut self) {
        let count = match self.random.below(80) {
            0 => LARGE,
            1 => return self.stop().await,
            _ => i64::try_from(1 + self.random.below(5)).unwrap_or(1),
        };
        let Some((_, batch)) = self.ask(count).await else { return };
        if count < LARGE {
            let keys = self.read_keys(&batch).await;
            let mut book = self.load.book.open();
            book.keys.extend(keys.iter().map(|(id, _)| (id.clone(), KeyNow::default())));
            self.keys.extend(keys);
        }
    }

    /// Asks for a batch: its idempotency key and its id.
    async fn ask(&self, count: i64) -> Option<(String, String)> {
        let key = self.name("batch");
        let body = json!({"project_id": self.load.world.project, "count": count, "unit": "day", "validity": 1, "note": key});
        let me = self.me();
        let done = self.insist(&me, "/api/v1/batches", &body, Some(&key)).await?;
        let (201, Some(id)) = (done.status, done.body["id"].as_str()) else {
            self.load.book.wrong(format!("a batch was refused: {done:?}"));
            return None;
        };
        self.load.book.open().batches.insert(key.clone(), Made { agent: self.agent, count, state: "ready" });
        Some((key, id.to_owned()))
    }

    /// Asks for a large batch and has it taken back: at once, or when there are keys to take away.
    async fn stop(&self) {
        let Some((key, batch)) = self.ask(STOPPED).await else { return };
        let path = format!("/api/v1/batches/{batch}");
        if self.random.below(4) > 0 {
            let watch = Stopwatch::start();
            while watch.elapsed() < LOOKS_FOR {
                match self.read(&path).await {
                    Some(now) if now["state"] == "generating" && now["made"] == 0 => self.load.wait().await,
                    _ => break,
                }
            }
        }
        let me = self.me();
        let Some(done) = self.insist(&me, &format!("{path}/cancel"), &json!({}), None).await else { return };
        let stopped = match done.status {
            200 => true,
            // There is no key for this one: all keys may have been made before, or an earlier try was heard and its answer was lost. The batch
            // says which, and goes back on neither.
            409 => {
                let Some(now) = self.read(&path).await else { return };
                let stopped = now["state"] != "ready";
                if now["state"] == "generating" || (stopped && !done.unsure) {
                    return self.load.book.wrong(format!("{batch} was not to be stopped ({done:?}), and is {now}"));
                }
                stopped
            }
            _ => return self.load.book.wrong(format!("{batch} was not stopped: {done:?}")),
        };
        if stopped && let Some(made) = self.load.book.open().batches.get_mut(&key) {
            made.state = "cancelled";
        }
    }

    /// A read: repeated as often as it takes.
    async fn read(&self, path: &str) -> Option<Value> {
        self.load.read(&self.random, &self.me(), path).await
    }

    /// A write, answered for good.
    async fn insist(&self, who: &Person, path: &str, body: &Value, key: Option<&str>) -> Option<Done> {
        let done = self.load.insist(&self.random, who, path, body, key).await?;
        if done.status < 300 {
            self.load.came_through(self.number);
        }
        Some(done)
    }

    /// A verification: its code.
    async fn verify(&self, key: &str, device: &str, attempt: impl Fn(u32) -> String) -> Option<String> {
        let code = self.load.verify(&self.random, key, device, attempt).await?;
        self.load.came_through(self.number);
        Some(code)
    }

    async fn read_keys(&self, batch: &str) -> Vec<(String, String)> {
        let Some(page) = self.read(&format!("/api/v1/keys?batch={batch}&limit=50")).await else { return Vec::new() };
        let items = page["items"].as_array().cloned().unwrap_or_default();
        items.iter().filter_map(|key| Some((key["id"].as_str()?.to_owned(), key["key"].as_str()?.to_owned()))).collect()
    }

    async fn transfer(&mut self) {
        let key = self.name("move");
        let to = (self.agent + 1 + usize::try_from(self.random.below(AGENTS as u64 - 1)).unwrap_or(0)) % AGENTS;
        let amount = i64::try_from(1 + self.random.below(50)).unwrap_or(1);
        let body = json!({"to_name": self.load.world.agents[to].name, "amount": amount, "memo": key});
        let me = self.me();
        let Some(done) = self.insist(&me, "/api/v1/quota/transfers", &body, Some(&key)).await else { return };
        if done.status != 201 {
            return self.load.book.wrong(format!("a transfer was refused: {done:?}"));
        }
        self.load.book.open().transfers.insert(key, Moved { from: self.agent, to, amount });
    }

    /// Nobody else has this key: the verdict is known beforehand.
    async fn verify_own(&mut self) {
        let Some((id, text)) = self.pick() else { return self.generate().await };
        let device = format!("dev-{:02}-{}", self.number, self.random.below(SEATS as u64 + 1));
        let now = self.load.book.open().keys.get(&id).cloned().unwrap_or_default();
        let expected = match () {
            () if now.disabled => "DISABLED",
            () if now.devices.contains(&device) || now.devices.len() < SEATS => "VALID",
            () => "DEVICE_MISMATCH",
        };
        let name = self.name("call");
        let Some(code) = self.verify(&text, &device, |attempt| format!("{name}-{attempt}")).await else {
            // Nobody knows what it is now, so nobody asks about it any more.
            self.keys.retain(|(own, _)| *own != id);
            if let Some(key) = self.load.book.open().keys.get_mut(&id) {
                key.unsure = true;
            }
            return;
        };
        if code != expected {
            self.load.book.wrong(format!("{id} on {device} is {code}, not {expected}, as the answers before it said ({now:?})"));
        }
        if code == "VALID"
            && let Some(key) = self.load.book.open().keys.get_mut(&id)
        {
            key.devices.insert(device);
        }
    }

    /// All want a seat of these; whoever has had one keeps it.
    async fn verify_shared(&mut self) {
        let place = usize::try_from(self.random.below(self.load.world.shared.len() as u64)).unwrap_or(0);
        let (id, text) = self.load.world.shared[place].clone();
        let device = format!("own-{:02}", self.number);
        let name = self.name("seat");
        let Some(code) = self.verify(&text, &device, |attempt| format!("{name}-{attempt}")).await else { return };
        let mut book = self.load.book.open();
        let had: &mut BTreeSet<String> = book.shared.entry(id.clone()).or_default();
        match code.as_str() {
            "VALID" => drop(had.insert(device)),
            "DEVICE_MISMATCH" if !had.contains(&device) => {}
            _ => {
                drop(book);
                self.load.book.wrong(format!("{id} on {device} is {code} after it was VALID"));
            }
        }
    }

    async fn unbind(&mut self) {
        let Some((id, _)) = self.pick() else { return };
        let now = self.load.book.open().keys.get(&id).cloned().unwrap_or_default();
        if now.devices.is_empty() || now.disabled {
            return;
        }
        let me = self.me();
        let Some(done) = self.insist(&me, &format!("/api/v1/keys/{id}/unbind"), &json!({}), None).await else { return };
        // There is no key for this one: where the answer was lost, the second try finds nothing bound.
        if done.status != 200 && !(done.unsure && done.status == 409) {
            return self.load.book.wrong(format!("an unbinding of {id} ({now:?}) was refused: {done:?}"));
        }
        if let Some(key) = self.load.book.open().keys.get_mut(&id) {
            key.devices.clear();
            key.unbinds += 1;
        }
    }

    /// Disables a key, or enables it again; the next verification, on any node, must know.
    async fn switch(&mut self) {
        let Some((id, text)) = self.pick() else { return };
        let disabled = self.load.book.open().keys.get(&id).is_some_and(|key| key.disabled);
        let path = if disabled { "/api/v1/keys/enable" } else { "/api/v1/keys/disable" };
        let me = self.me();
        let Some(done) = self.insist(&me, path, &json!({"ids": [id]}), None).await else { return };
        if done.status != 200 {
            return self.load.book.wrong(format!("{path} was refused: {done:?}"));
        }
        if let Some(key) = self.load.book.open().keys.get_mut(&id) {
            key.disabled = !disabled;
        }
        if !disabled {
            let name = self.name("stop");
            let device = format!("dev-{:02}-0", self.number);
            let code = self.verify(&text, &device, |attempt| format!("{name}-{attempt}")).await;
            if code.as_deref().is_some_and(|code| code != "DISABLED") {
                self.load.book.wrong(format!("{id} is {code:?} after it was disabled"));
            }
        }
    }
}
