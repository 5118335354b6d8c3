//! What others were told: a callback and a letter for each thing that happened, and not two.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use anyhow::Result;
use serde_json::Value;
use store::{Row, Sql, args};
use uuid::Uuid;

use super::Audit;

/// What was told, and of what or to whom: how often.
type Counts = BTreeMap<(String, String), i64>;

/// Letters that go with a notification, as long as nobody turned that off.
const NOTIFIED: [&str; 5] = ["account.password_changed", "grant.created", "client.banned", "quota.recharged", "quota.system_recharged"];
/// The one that goes without: once to each whom somebody created.
const CREDENTIALS: &str = "account.credentials";

impl Audit<'_> {
    /// One callback for each thing that happened, and each has arrived.
    pub(super) async fn deliveries(&mut self) -> Result<String> {
        let read = |row: &Row| Ok((row.get("event")?, row.get("state")?, row.get("event_id")?, row.get("payload")?));
        let sql = "SELECT event, state, event_id, payload FROM deliveries";
        let rows: Vec<(String, String, Uuid, String)> = self.db.read().all(sql, args![], read).await?;
        let calls = self.world.hook.calls();
        let arrived: HashSet<&str> = calls.iter().filter_map(|call| call.header("webhook-id")).collect();
        let mut told = Counts::new();
        for (event, state, id, payload) in &rows {
            let id = kernel::type_id("evt", *id).unwrap_or_default();
            self.expect(state == "delivered" && arrived.contains(id.as_str()), || {
                format!("callback {event} {id} is {state}, arrived: {}", arrived.contains(id.as_str()))
            });
            *told.entry((event.clone(), subject(payload))).or_default() += 1;
        }
        let due = self.happened().await?;
        self.agree("callbacks", "of", &told, &due);
        let again = calls.len() - arrived.len();
        Ok(format!(
            "{} callbacks, one for each thing that happened, each delivered ({again} of them once more, with the same webhook-id)",
            rows.len()
        ))
    }

    /// Batches that are ready, keys that were used for the first time, and keys that were unbound, as often as that was.
    async fn happened(&self) -> Result<Counts> {
        let mut due = Counts::new();
        // Of the project whose callbacks somebody receives.
        let here = "project_id = (SELECT id FROM projects WHERE name = 'Chaos')";
        for (event, prefix, sql) in [
            ("batch.created", "bat", format!("SELECT id FROM batches WHERE state = 'ready' AND {here}")),
            ("key.activated", "key", format!("SELECT key_id AS id FROM client_calls WHERE first_use AND {here}")),
        ] {
            let ids: Vec<Uuid> = self.db.read().all(&sql, args![], |row| row.get("id")).await?;
            for id in ids {
                *due.entry((event.to_owned(), kernel::type_id(prefix, id).unwrap_or_default())).or_default() += 1;
            }
        }
        for (id, key) in self.book.keys.iter().filter(|(_, key)| key.unbinds > 0) {
            due.insert(("key.unbound".to_owned(), id.clone()), key.unbinds);
        }
        Ok(due)
    }

    /// One mail job for each thing that somebody is told by letter, and each has sent its letter.
    pub(super) async fn letters(&mut self) -> Result<String> {
        let read = |row: &Row| Ok((row.get("id")?, row.get("payload")?));
        let rows: Vec<(Uuid, String)> = self.db.read().all("SELECT id, payload FROM jobs WHERE kind = 'mail.send'", args![], read).await?;
        let letters = self.world.mailbox.letters();
        let arrived: HashSet<&str> = letters.iter().filter_map(|letter| letter.header("Message-ID")).collect();
        let ids_there: HashSet<String> =
            arrived.iter().filter_map(|header| header.trim_start_matches('<').split('@').next().map(str::to_owned)).collect();
        let missing = rows.iter().filter(|(id, _)| !ids_there.contains(&kernel::type_id("job", *id).unwrap_or_default())).count();
        self.expect(missing == 0, || format!("{missing} of {} letters never arrived", rows.len()));

        let mut sent = Counts::new();
        for (_, payload) in &rows {
            let payload: Value = serde_json::from_str(payload).unwrap_or_default();
            let part = |name: &str| payload[name].as_str().unwrap_or_default().to_owned();
            *sent.entry((part("kind"), part("to"))).or_default() += 1;
        }
        let due = self.to_be_written().await?;
        self.agree("letters", "to", &sent, &due);
        let again = letters.len() - arrived.len();
        Ok(format!(
            "{} letters, one for each thing told by letter, each arrived ({again} of them once more, with the same Message-ID)",
            rows.len()
        ))
    }

    /// Kinds of letters and their receivers.
    async fn to_be_written(&self) -> Result<Counts> {
        let sql = "SELECT n.kind, u.email, CAST(COUNT(*) AS BIGINT) AS n FROM notifications n JOIN users u ON u.id = n.user_id GROUP BY n.kind, u.email";
        let read = |row: &Row| Ok(((row.get::<String>("kind")?, row.get::<String>("email")?), row.get::<i64>("n")?));
        let notified: Vec<((String, String), i64)> = self.db.read().all(sql, args![], read).await?;
        let mut due: Counts = notified.into_iter().filter(|((kind, _), _)| NOTIFIED.contains(&kind.as_str())).collect();

        let address = |name: &str| format!("{name}@example.com");
        let agents: Vec<String> = self.world.agents.iter().map(|agent| address(&agent.name)).collect();
        let manager = address(&self.world.manager.name);
        for to in agents.iter().chain([&manager]) {
            due.insert((CREDENTIALS.to_owned(), to.clone()), 1);
        }
        let mut told = |kind: &str, to: &str| *due.entry((kind.to_owned(), to.to_owned())).or_default() += 1;
        for moved in self.book.transfers.values() {
            told("quota.transfer_received", &agents[moved.to]);
            told("quota.transfer_sent", &agents[moved.from]);
        }
        for withdrawn in self.book.withdrawals.values() {
            told("quota.withdrawal_asked", &manager);
            // Who takes it back knows, and the superior has nothing to do any more.
            for step in withdrawn.steps.iter().filter(|step| **step != "cancelled") {
                told(&format!("quota.withdrawal_{step}"), &agents[withdrawn.agent]);
            }
        }
        Ok(due)
    }

    /// As often as it happened, and nothing else.
    fn agree(&mut self, what: &str, of: &str, told: &Counts, due: &Counts) {
        let all: BTreeSet<&(String, String)> = told.keys().chain(due.keys()).collect();
        for pair in all {
            let [is, must] = [told, due].map(|counts| counts.get(pair).copied().unwrap_or(0));
            let (kind, whom) = pair;
            self.expect(is == must, || format!("{is} {what} {kind} {of} {whom} for {must} times that it happened"));
        }
    }
}

/// The batch or the key that a callback is about.
fn subject(payload: &str) -> String {
    let payload: Value = serde_json::from_str(payload).unwrap_or_default();
    let data = &payload["data"];
    data["batch_id"].as_str().or(data["key_id"].as_str()).unwrap_or_default().to_owned()
}
