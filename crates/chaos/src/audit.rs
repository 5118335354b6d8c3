//! Reading back: the database against the driver's books.

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
    wrong: Vec<String>,
    /// What was looked at, for the report.
    pub looked: Vec<String>,
}

impl<'a> Audit<'a> {
    pub async fn of(world: &'a World, book: &'a Pages) -> Result<Self> {
        let config = DbConfig { connections: 2, ..DbConfig::new(world.nodes[0].database_url()) };
        let db = Db::open(&config).await.context("the database cannot be opened for reading it back")?;
        Ok(Self { db, world, book, wrong: book.wrong.clone(), looked: Vec::new() })
    }

    /// Everything; the sentences.
    pub async fn run(mut self) -> Result<(Vec<String>, Vec<String>)> {
        self.transfers().await?;
        self.batches().await?;
        self.withdrawals().await?;
        self.balances().await?;
        self.verifications().await?;
        self.keys().await?;
        self.jobs().await?;
        self.deliveries().await?;
        self.letters().await?;
        self.db.close().await;
        Ok((self.wrong, self.looked))
    }

    fn expect(&mut self, holds: bool, otherwise: impl FnOnce() -> String) {
        if !holds {
            self.wrong.push(otherwise());
        }
    }

    /// Each idempotency key has moved its amount once, and nothing else has moved.
    async fn transfers(&mut self) -> Result<()> {
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
        self.looked.push(format!("{} transfers, each there once and told once", rows.len()));
        Ok(())
    }

    async fn batches(&mut self) -> Result<()> {
        let sql = "SELECT b.note, b.count, b.state, CAST(COUNT(k.id) AS BIGINT) AS keys FROM batches b LEFT JOIN keys k ON k.batch_id = b.id \
                   WHERE b.note <> '' GROUP BY b.id, b.note, b.count, b.state";
        let read = |row: &store::Row| Ok((row.get("note")?, row.get("count")?, row.get("state")?, row.get("keys")?));
        let rows: Vec<(String, i64, String, i64)> = self.db.read().all(sql, args![], read).await?;
        let mut there = HashSet::new();
        for (note, count, state, keys) in &rows {
            let fits = self.book.batches.get(note).is_some_and(|(_, wanted)| wanted == count) && state == "ready" && keys == count;
            self.expect(fits, || format!("batch {note} of {count} is {state} with {keys} keys, and not what was acknowledged"));
            let first = there.insert(note.as_str());
            self.expect(first, || format!("batch {note} is there twice"));
        }
        for key in self.book.batches.keys() {
            self.expect(there.contains(key.as_str()), || format!("batch {key} is lost"));
        }
        let keys: i64 = rows.iter().map(|(.., keys)| keys).sum();
        self.looked.push(format!("{} batches with {keys} keys, each there once, complete, and charged once", rows.len()));
        Ok(())
    }

    async fn withdrawals(&mut self) -> Result<()> {
        let read = |row: &store::Row| Ok((row.get("note")?, row.get("amount")?, row.get("state")?));
        let rows: Vec<(String, i64, String)> = self.db.read().all("SELECT note, amount, state FROM withdrawals", args![], read).await?;
        let mut there = HashSet::new();
        for (note, amount, state) in &rows {
            let known = self.book.withdrawals.get(note);
            let fits = known.is_some_and(|known| known.amount == *amount && known.state == state.as_str());
            self.expect(fits, || format!("withdrawal {note} of {amount} is {state}, and acknowledged was {known:?}"));
            let first = there.insert(note.as_str());
            self.expect(first, || format!("withdrawal {note} is there twice"));
        }
        for key in self.book.withdrawals.keys() {
            self.expect(there.contains(key.as_str()), || format!("withdrawal {key} is lost"));
        }
        self.looked.push(format!("{} withdrawals, each there once and as decided", rows.len()));
        Ok(())
    }

    /// To the unit: what each agent must have after all that was acknowledged.
    async fn balances(&mut self) -> Result<()> {
        let mut due = vec![(INITIAL, 0_i64); AGENTS];
        // The keys that all fight for were bought while nothing was broken.
        due[0].0 -= self.world.shared.len() as i64 * PRICE;
        for moved in self.book.transfers.values() {
            due[moved.from].0 -= moved.amount;
            due[moved.to].0 += moved.amount;
        }
        for (agent, count) in self.book.batches.values() {
            due[*agent].0 -= count * PRICE;
        }
        for withdrawn in self.book.withdrawals.values() {
            match withdrawn.state {
                "pending" => due[withdrawn.agent].1 += withdrawn.amount,
                "refused" => {}
                _ => due[withdrawn.agent].0 -= withdrawn.amount,
            }
        }
        let sql = "SELECT u.name, a.posted, a.held FROM ledger_accounts a JOIN users u ON u.id = a.owner_id WHERE a.owner_kind = 'user'";
        let read = |row: &store::Row| Ok((row.get::<String>("name")?, (row.get::<i64>("posted")?, row.get::<i64>("held")?)));
        let is: HashMap<String, (i64, i64)> = self.db.read().all(sql, args![], read).await?.into_iter().collect();
        for (agent, due) in self.world.agents.iter().zip(due) {
            self.expect(is.get(&agent.name) == Some(&due), || format!("{} has {:?}, and must have {due:?}", agent.name, is.get(&agent.name)));
        }
        self.looked.push(format!("the balances of {AGENTS} accounts, right to the unit"));
        Ok(())
    }

    /// Each answered verification is in the log, once and with the verdict that was answered.
    async fn verifications(&mut self) -> Result<()> {
        let sql = "SELECT device_name, code FROM client_calls WHERE endpoint = 'verify'";
        let rows: Vec<(String, String)> =
            self.db.read().all(sql, args![], |row| Ok((row.get("device_name")?, row.get("code")?))).await?;
        let mut there: HashMap<&str, Vec<&str>> = HashMap::new();
        for (name, code) in &rows {
            there.entry(name).or_default().push(code);
        }
        for (name, code) in &self.book.calls {
            let logged = there.get(name.as_str());
            self.expect(logged.is_some_and(|codes| **codes == [code.as_str()]), || format!("verification {name} was {code}; the log says {logged:?}"));
        }
        let sql = "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM (SELECT key_id FROM client_calls WHERE first_use GROUP BY key_id HAVING COUNT(*) > 1) x";
        let twice: i64 = self.db.read().one(sql, args![], |row| row.get("n")).await?;
        self.expect(twice == 0, || format!("{twice} keys were used for the first time twice"));
        self.looked.push(format!("{} answered verifications, each in the log once ({} rows)", self.book.calls.len(), rows.len()));
        Ok(())
    }

    async fn keys(&mut self) -> Result<()> {
        let read = |row: &store::Row| Ok((row.get::<Uuid>("key_id")?, row.get::<String>("device_id")?));
        let rows: Vec<(Uuid, String)> = self.db.read().all("SELECT key_id, device_id FROM key_devices", args![], read).await?;
        let mut bound: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (id, device) in rows {
            bound.entry(kernel::type_id("key", id).unwrap_or_default()).or_default().insert(device);
        }
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
            let fits = is == due.devices && row.is_some_and(|(state, unbinds)| *unbinds == due.unbinds && (state == "disabled") == due.disabled);
            self.expect(fits, || format!("{id} must be {due:?}, and is {row:?} with {is:?}"));
        }
        let disputed = self.book.shared.len();
        self.looked.push(format!("{} keys with their devices and states, {disputed} of them fought for; none over its {SEATS} seats", keys.len()));
        Ok(())
    }

    /// None is left, and none was given up.
    async fn jobs(&mut self) -> Result<()> {
        let sql = "SELECT state, CAST(COUNT(*) AS BIGINT) AS n, CAST(SUM(attempts) AS BIGINT) AS tries FROM jobs GROUP BY state";
        let read = |row: &store::Row| Ok((row.get::<String>("state")?, row.get::<i64>("n")?, row.get::<i64>("tries")?));
        let rows: Vec<(String, i64, i64)> = self.db.read().all(sql, args![], read).await?;
        let open: i64 = rows.iter().filter(|(state, ..)| state != "done").map(|(_, n, _)| n).sum();
        self.expect(open == 0, || format!("jobs are left: {rows:?}"));
        let (done, tries) = rows.iter().find(|(state, ..)| state == "done").map_or((0, 0), |(_, n, tries)| (*n, *tries));
        self.looked.push(format!("{done} jobs, all done, in {tries} tries"));
        Ok(())
    }

    /// One callback for each thing that happened, and each has arrived.
    async fn deliveries(&mut self) -> Result<()> {
        let read = |row: &store::Row| Ok((row.get("event")?, row.get("state")?, row.get("event_id")?));
        let rows: Vec<(String, String, Uuid)> = self.db.read().all("SELECT event, state, event_id FROM deliveries", args![], read).await?;
        let calls = self.world.hook.calls();
        let arrived: HashSet<&str> = calls.iter().filter_map(|call| call.header("webhook-id")).collect();
        for (event, state, id) in &rows {
            let id = kernel::type_id("evt", *id).unwrap_or_default();
            self.expect(state == "delivered" && arrived.contains(id.as_str()), || format!("callback {event} {id} is {state}, arrived: {}", arrived.contains(id.as_str())));
        }
        let sql = "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM client_calls WHERE first_use";
        let activated: i64 = self.db.read().one(sql, args![], |row| row.get("n")).await?;
        let unbound: i64 = self.book.keys.values().map(|key| key.unbinds).sum();
        for (event, due) in [("key.activated", activated), ("key.unbound", unbound), ("batch.created", self.book.batches.len() as i64 + 1)] {
            let is = rows.iter().filter(|(this, ..)| this == event).count() as i64;
            self.expect(is == due, || format!("{is} callbacks {event} for {due} times that it happened"));
        }
        let again = calls.len() - arrived.len();
        self.looked.push(format!("{} callbacks, each delivered ({again} of them once more, with the same webhook-id)", rows.len()));
        Ok(())
    }

    /// Each mail job has sent its letter.
    async fn letters(&mut self) -> Result<()> {
        let ids: Vec<Uuid> = self.db.read().all("SELECT id FROM jobs WHERE kind = 'mail.send'", args![], |row| row.get("id")).await?;
        let letters = self.world.mailbox.letters();
        let arrived: HashSet<&str> = letters.iter().filter_map(|letter| letter.header("Message-ID")).collect();
        let ids_there: HashSet<String> = arrived.iter().filter_map(|header| header.trim_start_matches('<').split('@').next().map(str::to_owned)).collect();
        let told = |id: &Uuid| {
            let id = kernel::type_id("job", *id).unwrap_or_default();
            ids_there.contains(&id)
        };
        let missing = ids.iter().filter(|id| !told(id)).count();
        self.expect(missing == 0, || format!("{missing} of {} letters never arrived", ids.len()));
        self.looked.push(format!("{} letters, each arrived ({} of them once more, with the same Message-ID)", ids.len(), letters.len() - arrived.len()));
        Ok(())
    }
}
