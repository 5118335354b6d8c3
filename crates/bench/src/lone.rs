//! What one transaction for each request would be: the statements that the product sends for a set of one verification, each
//! request in a transaction and a commit of its own. Beside it stands what the bare route does.
//!
//! Left out is the count of the day, which all requests of a project would queue for: who had a transaction for each would count
//! otherwise. On SQLite requests take turns from begin to commit, so that none shares another's commit.

use anyhow::{Context, Result};
use kernel::{Random, Timestamp};
use ring::digest;
use store::{Db, DbConfig, Direct, Engine, Insert, Row, Sql, Write, all_in_either, args};
use tokio::sync::Mutex;
use uuid::Uuid;

use crate::clock::unix;

const KEY: &str = "SELECT k.lookup, k.project_id, k.id, k.batch_id, k.agent_id, k.unit, k.validity, k.activated_at, k.expires_at, k.disabled_at, \
    k.devices, k.unbinds, k.bound, NULL AS state, NULL AS seats, NULL AS url, NULL AS wants FROM keys k WHERE k.lookup IN";
const PROJECT: &str = "SELECT NULL, p.id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, p.state, p.devices_per_key, \
    p.callback_url, CASE WHEN p.callback_url IS NOT NULL THEN p.callback_events END FROM projects p WHERE p.id IN";
/// As long as one packed call is.
const PACKED: usize = 74;

pub struct Lone {
    db: Db,
    turn: Mutex<()>,
    /// Connections that nobody uses at the moment.
    free: std::sync::Mutex<Vec<Direct>>,
    project: Uuid,
    /// In the order in which the keys were made: a request's device says which of them it is about, so that nothing of the
    /// product has to be known to find it.
    lookups: Vec<Uuid>,
    random: Random,
}

impl Lone {
    pub async fn open(url: &str) -> Result<Self> {
        let db = Db::open(&DbConfig::new(url)).await?;
        let lookups = db.read().all("SELECT lookup FROM keys WHERE state = 'active' ORDER BY id", args![], |row| row.get("lookup")).await?;
        let project = db.read().one("SELECT id FROM projects LIMIT 1", args![], |row| row.get("id")).await?;
        Ok(Self { db, turn: Mutex::default(), free: std::sync::Mutex::default(), project, lookups, random: Random::system() })
    }

    /// Answers whether the device is bound to the key.
    pub async fn verify(&self, nonce: &str, body: &[u8]) -> Result<bool> {
        let body: serde_json::Value = serde_json::from_slice(body)?;
        let device = body["device"]["id"].as_str().context("no device")?;
        let number: usize = device.rsplit_once('-').context("no number")?.1.parse()?;
        let lookup = *self.lookups.get(number).context("no such key")?;
        let mut context = digest::Context::new(&digest::SHA256);
        context.update(self.project.as_bytes());
        context.update(nonce.as_bytes());
        let nonce: [u8; 8] = context.finish().as_ref()[..8].try_into()?;

        let now = Timestamp::from_unix(i64::try_from(unix())?);
        let call = args![self.random.uuid_v7(now), now, self.project, 1_i64, vec![0_u8; PACKED]];
        let log = Write::Insert(Insert {
            table: "passed_calls",
            columns: &["id", "at", "project_id", "calls", "packed"],
            rows: vec![call],
            tail: "",
        });
        let free = self.free.lock().ok().and_then(|mut free| free.pop());
        let mut direct = match free {
            Some(direct) => direct,
            None => self.db.direct().await?,
        };
        // On SQLite the product looks nonces up in memory, and writes them down for after a restart.
        let (table, columns, row) = match self.db.engine() {
            Engine::Sqlite => ("nonce_sets", ["id", "hashes"], args![self.random.uuid_v7(now), nonce]),
            Engine::Postgres => {
                let set = (now.unix() << 32) | i64::from(u32::from_le_bytes(self.random.bytes()));
                ("nonces", ["id", "set_number"], args![i64::from_be_bytes(nonce), set])
            }
        };
        let _turn = match self.db.engine() {
            Engine::Sqlite => Some(self.turn.lock().await),
            Engine::Postgres => None,
        };
        let found = all_in_either(&mut direct, [(KEY, args![lookup]), (PROJECT, args![self.project])], read).await?;
        let taken = Write::Insert(Insert { table, columns: &columns, rows: vec![row], tail: "" });
        let fresh = direct.write(vec![taken, log]).await?;
        if let Ok(mut free) = self.free.lock() {
            free.push(direct);
        }
        let active = found.iter().any(|(_, state)| state.as_deref() == Some("active"));
        // Each key has one device: the first column of its line.
        Ok(fresh && active && found.iter().any(|(bound, _)| bound.as_deref().and_then(|bound| bound.split('\t').next()) == Some(device)))
    }
}

fn read(row: &Row) -> store::Result<(Option<String>, Option<String>)> {
    Ok((row.get(12)?, row.get(13)?))
}
