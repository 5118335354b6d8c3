//! Reading back: the database against the driver's books.

mod begun;
mod jobs;
mod told;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use kernel::{Clock, Stopwatch};
use store::{Db, DbConfig, Sql, args};
use uuid::Uuid;

use crate::book::Pages;
use crate::world::{AGENTS, INITIAL, PRICE, SEATS, World};

/// Jobs that the server has for us, once nothing is broken any more.
const JOBS: Duration = Duration::from_secs(240);

/// Waits until every job that is due has been carried out.
pub async fn jobs_are_done(world: &World) -> Result<f64> {
    let watch = Stopwatch::start();
    loop {
        let mut open = Vec::new();
        for state in ["queued", "running"] {
            let page = world.get(&world.boss, &format!("/api/v1/jobs?state={state}&limit=5")).await?;
            open.extend(page["items"].as_array().cloned().unwrap_or_default());
        }
        if open.is_empty() {
            return Ok(watch.elapsed().as_secs_f64());
        }
        if watch.elapsed() > JOBS {
            bail!("jobs are still open after {} s: {open:?}", JOBS.as_secs());
        }
        Clock::System.sleep(Duration::from_millis(200)).await;
    }
}

/// What the database holds, next to what the book says. Each sentence is one thing that is wrong.
pub struct Audit<'a> {
    db: Db,
    world: &'a World,
    book: &'a Pages,
    /// By the servers' clock nobody can tell how long anything took.
    clock_moves: bool,
    wrong: Vec<String>,
}

impl<'a> Audit<'a> {
    pub async fn of(world: &'a World, book: &'a Pages, clock_moves: bool) -> Result<Self> {
        let config = DbConfig { connections: 2, ..DbConfig::new(world.nodes[0].database_url()) };
        let db = Db::open(&config).await.context("the database cannot be opened for reading it back")?;
        Ok(Self { db, world, book, clock_moves, wrong: book.wrong.clone() })
    }

    /// Everything: what is wrong, and what was looked at and found right.
    pub async fn run(mut self) -> Result<(Vec<String>, Vec<String>)> {
        let mut right = Vec::new();
        for section in 0..9 {
            let before = self.wrong.len();
            let line = match section {
                0 => self.transfers().await?,
                1 => self.batches().await?,
                2 => self.withdrawals().await?,
                3 => self.balances().await?,
                4 => self.verifications().await?,
                5 => self.keys().await?,
                6 => self.jobs().await?,
                7 => self.deliveries().await?,
                _ => self.letters().await?,
            };
            right.extend((self.wrong.len() == before).then_some(line));
        }
        self.db.close().await;
        Ok((self.wrong, right))
    }

    fn expect(&mut self, holds: bool, otherwise: impl FnOnce() -> String) {
        if !holds {
            self.wrong.push(otherwise());
        }
    }

    /// Each idempotency key has moved its amount once, and nothing else has moved.
    async fn transfers(&mut self) -> Result<String> {
        let sql = "SELECT memo, amount, state FROM ledger_transfers WHERE kind = 'transfer'";
        let rows: Vec<(String, i64, String)> =
            self.db.read().all(sql, args![], |row| Ok((row.get("memo")?, row.get("amount")?, row.get("state")?))).await?;
        let mut there: HashMap<&str, u32> = HashMap::new();
        for (memo, amount, state) in &rows {
            *there.entry(memo).or_default() += 1;
            let fits = self.book.transfers.get(memo).is_some_and(|moved| moved.amount == *amount) && state == "posted";
            self.expect(fits, || format!("transfer {memo} of {amount} ({state}) was never acknowledged like that"));
        }
        for key in self.book.transfers.keys() {
            self.expect(there.get(key.as_str()) == Some(&1), || format!("transfer {key} is there {:?} times", there.get(key.as_str())));
        }
        let sql = "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM notifications WHERE kind = 'quota.transfer_received'";
        let told: i64 = self.db.read().one(sql, args![], |row| row.get("n")).await?;
        self.expect(told == rows.len() as i64, || format!("{} transfers, but {told} were told", rows.len()));
        Ok(format!("{} transfers, each there once and told once", rows.len()))
    }

    /// What was finished is whole and paid for. Of what was stopped there is no key, its hold was voided, and its agent was told once.
    async fn batches(&mut self) -> Result<String> {
        let sql = "SELECT b.note, b.count, b.state, COALESCE(t.state, 'none') AS charge, COALESCE(t.amount, 0) AS amount, \
                   (SELECT CAST(COUNT(*) AS BIGINT) FROM keys k WHERE k.batch_id = b.id) AS keys \
                   FROM batches b LEFT JOIN ledger_transfers t ON t.id = b.transfer_id WHERE b.note <> ''";
        let read = |row: &store::Row| {
            Ok((row.get("note")?, row.get("count")?, row.get("state")?, row.get("charge")?, row.get("amount")?, row.get("keys")?))
        };
        let rows: Vec<(String, i64, String, String, i64, i64)> = self.db.read().all(sql, args![], read).await?;
        let mut there = HashSet::new();
        for (note, count, state, charge, amount, keys) in &rows {
            let made = self.book.batches.get(note);
            let (due, settled) = if state == "ready" { (*count, "posted") } else { (0, "voided") };
            let fits = made.is_some_and(|made| made.count == *count && made.state == state) && *keys == due;
            self.expect(fits, || format!("batch {note} of {count} is {state} with {keys} keys, and acknowledged was {made:?}"));
            let charged = charge == settled && *amount == count * PRICE;
            self.expect(charged, || format!("batch {note} of {count} is {state}, and its charge of {amount} is {charge}"));
            let first = there.insert(note.as_str());
            self.expect(first, || format!("batch {note} is there twice"));
        }
        for key in self.book.batches.keys() {
            self.expect(there.contains(key.as_str()), || format!("batch {key} is lost"));
        }
        let sql = "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM notifications WHERE kind = 'keys.batch_cancelled'";
        let told: i64 = self.db.read().one(sql, args![], |row| row.get("n")).await?;
        let stopped = rows.iter().filter(|(_, _, state, ..)| state == "cancelled").count();
        self.expect(told == stopped as i64, || format!("{stopped} batches were cancelled, and {told} were told"));
        let keys: i64 = rows.iter().map(|(.., keys)| keys).sum();
        Ok(format!(
            "{} batches with {keys} keys, each there once, complete, and charged once; of them {stopped} cancelled, without a key or a charge",
            rows.len()
        ))
    }

    async fn withdrawals(&mut self) -> Result<String> {
        let read = |row: &store::Row| Ok((row.get("note")?, row.get("amount")?, row.get("state")?));
        let rows: Vec<(String, i64, String)> = self.db.read().all("SELECT note, amount, state FROM withdrawals", args![], read).await?;
        let mut there = HashSet::new();
        for (note, amount, state) in &rows {
            let known = self.book.withdrawals.get(note);
            let fits = known.is_some_and(|known| known.amount == *amount && known.state() == state.as_str());
            self.expect(fits, || format!("withdrawal {note} of {amount} is {state}, and acknowledged was {known:?}"));
            let first = there.insert(note.as_str());
            self.expect(first, || format!("withdrawal {note} is there twice"));
        }
        for key in self.book.withdrawals.keys() {
            self.expect(there.contains(key.as_str()), || format!("withdrawal {key} is lost"));
        }
        let of = |wanted: &str| rows.iter().filter(|(.., state)| state == wanted).count();
        Ok(format!(
            "{} withdrawals, each there once and as decided; of them {} taken back before that, {} returned after it",
            rows.len(),
            of("cancelled"),
            of("returned")
        ))
    }

    /// To the unit: what each agent must have after all that was acknowledged.
    async fn balances(&mut self) -> Result<String> {
        let mut due = vec![(INITIAL, 0_i64); AGENTS];
        // The keys that all fight for were bought while nothing was broken.
        due[0].0 -= self.world.shared.len() as i64 * PRICE;
        for moved in self.book.transfers.values() {
            due[moved.from].0 -= moved.amount;
            due[moved.to].0 += moved.amount;
        }
        for made in self.book.batches.values() {
            due[made.agent].0 -= made.charge();
        }
        for withdrawn in self.book.withdrawals.values() {
            let (gone, held) = withdrawn.gone_and_held();
            due[withdrawn.agent].0 -= gone;
            due[withdrawn.agent].1 += held;
        }
        let sql = "SELECT u.name, a.posted, a.held FROM ledger_accounts a JOIN users u ON u.id = a.owner_id WHERE a.owner_kind = 'user'";
        let read = |row: &store::Row| Ok((row.get::<String>("name")?, (row.get::<i64>("posted")?, row.get::<i64>("held")?)));
        let is: HashMap<String, (i64, i64)> = self.db.read().all(sql, args![], read).await?.into_iter().collect();
        for (agent, due) in self.world.agents.iter().zip(due) {
            self.expect(is.get(&agent.name) == Some(&due), || {
                format!("{} has {:?}, and must have {due:?}", agent.name, is.get(&agent.name))
            });
        }
        Ok(format!("the balances of {AGENTS} accounts, right to the unit"))
    }

    /// Each answered verification is in the log, once and with the verdict that was answered.
    async fn verifications(&mut self) -> Result<String> {
        let sql = "SELECT device_name, code FROM client_calls WHERE endpoint = 'verify'";
        let mut rows: Vec<(String, String)> =
            self.db.read().all(sql, args![], |row| Ok((row.get("device_name")?, row.get("code")?))).await?;
        let sql = "SELECT packed, calls FROM passed_calls";
        let packed: Vec<(Vec<u8>, i64)> = self.db.read().all(sql, args![], |row| Ok((row.get("packed")?, row.get("calls")?))).await?;
        for (packed, calls) in packed {
            // Key, agent, the key's end, device, its name, address.
            type Passed = ([u8; 16], [u8; 16], String, String, String, String);
            let passed: Vec<Passed> = postcard::from_bytes(&packed).context("a row of passed calls")?;
            self.expect(passed.len() as i64 == calls, || format!("{} calls are packed where {calls} are said to be", passed.len()));
            rows.extend(passed.into_iter().map(|(.., name, _)| (name, "VALID".to_owned())));
        }
        let mut there: HashMap<&str, Vec<&str>> = HashMap::new();
        // Whoever is refused for the time that a request bears asks anew; the refusal may have a line of its own.
        for (name, code) in rows.iter().filter(|(_, code)| code != "TIMESTAMP_SKEWED") {
            there.entry(name).or_default().push(code);
        }
        for (name, code) in &self.book.calls {
            let logged = there.get(name.as_str());
            self.expect(logged.is_some_and(|codes| **codes == [code.as_str()]), || {
                format!("verification {name} was {code}; the log says {logged:?}")
            });
        }
        let sql = "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM (SELECT key_id FROM client_calls WHERE first_use GROUP BY key_id HAVING COUNT(*) > 1) x";
        let twice: i64 = self.db.read().one(sql, args![], |row| row.get("n")).await?;
        self.expect(twice == 0, || format!("{twice} keys were used for the first time twice"));
        Ok(format!("{} answered verifications, each in the log once ({} rows)", self.book.calls.len(), rows.len()))
    }

    async fn keys(&mut self) -> Result<String> {
        // What verifications go by; that key_devices says the same, doctor sees.
        let read = |row: &store::Row| Ok((row.get::<Uuid>("id")?, row.get::<String>("bound")?));
        let rows: Vec<(Uuid, String)> = self.db.read().all("SELECT id, bound FROM keys WHERE bound <> ''", args![], read).await?;
        let devices = |text: String| text.lines().filter_map(|line| line.split('\t').next().map(str::to_owned)).collect();
        let bound: BTreeMap<String, BTreeSet<String>> =
            rows.into_iter().map(|(id, text)| (kernel::type_id("key", id).unwrap_or_default(), devices(text))).collect();
        for (id, devices) in &bound {
            self.expect(devices.len() <= SEATS, || format!("{id} has {} devices: {devices:?}", devices.len()));
        }
        for (id, told) in &self.book.shared {
            let is = bound.get(id).cloned().unwrap_or_default();
            self.expect(told.is_subset(&is), || format!("{told:?} were told that {id} is theirs; bound are {is:?}"));
        }
        let sql = "SELECT id, state, unbinds FROM keys";
        let read = |row: &store::Row| Ok((row.get::<Uuid>("id")?, row.get::<String>("state")?, row.get::<i64>("unbinds")?));
        let rows = self.db.read().all(sql, args![], read).await?;
        let keys: HashMap<String, (String, i64)> =
            rows.into_iter().map(|(id, state, unbinds)| (kernel::type_id("key", id).unwrap_or_default(), (state, unbinds))).collect();
        for (id, due) in &self.book.keys {
            let is = bound.get(id).cloned().unwrap_or_default();
            let row = keys.get(id);
            let seats = is == due.devices || (due.unsure && due.devices.is_subset(&is));
            let fits = seats && row.is_some_and(|(state, unbinds)| *unbinds == due.unbinds && (state == "disabled") == due.disabled);
            self.expect(fits, || format!("{id} must be {due:?}, and is {row:?} with {is:?}"));
        }
        let disputed = self.book.shared.len();
        Ok(format!("{} keys with their devices and states, {disputed} of them fought for; none over its {SEATS} seats", keys.len()))
    }
}
