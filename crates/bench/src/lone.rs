//! What one transaction for each request would be: the statements that the product sends for a set of one verification, each
//! request in a transaction and a commit of its own. Beside it stands what the bare route does.
//!
//! Left out is the count of the day, which all requests of a project would queue for: who had a transaction for each would count
//! otherwise. On SQLite requests take turns from begin to commit, so that none shares another's commit.

use anyhow::{Context, Result};
use kernel::{Random, Timestamp};
use ring::digest;
use store::{Db, DbConfig, Engine, Insert, Row, Sql, ToValue, args, insert_and_read};
use tokio::sync::Mutex;
use uuid::Uuid;

use crate::clock::unix;

const KEY: &str = "SELECT k.id, k.lookup, k.project_id, k.batch_id, k.agent_id, k.unit, k.validity, k.activated_at, k.expires_at, k.disabled_at, \
    k.devices, k.unbinds, k.bound, p.state, p.devices_per_key, CASE WHEN p.callback_url IS NOT NULL THEN p.callback_events END AS wants \
    FROM keys k JOIN projects p ON p.id = k.project_id WHERE k.lookup IN";
const LOG: &str = "INSERT INTO passed_calls (id, at, project_id, calls, packed) VALUES ($1, $2, $3, $4, $5)";
/// As long as one packed call is.
const PACKED: usize = 74;

pub struct Lone {
    db: Db,
    turn: Option<Mutex<()>>,
    project: Uuid,
    /// In the order in which the keys were made: a request's device says which of them it is about, so that nothing of the
    /// product has to be known to find it.
    lookups: Vec<Vec<u8>>,
    random: Random,
}

impl Lone {
    pub async fn open(url: &str) -> Result<Self> {
        let db = Db::open(&DbConfig::new(url)).await?;
        let lookups = db.read().all("SELECT lookup FROM keys WHERE state = 'active' ORDER BY id", args![], |row| row.get("lookup")).await?;
        let project = db.read().one("SELECT id FROM projects LIMIT 1", args![], |row| row.get("id")).await?;
        let turn = (db.engine() == Engine::Sqlite).then(|| Mutex::new(()));
        Ok(Self { db, turn, project, lookups, random: Random::system() })
    }

    /// Answers whether the device is bound to the key.
    pub async fn verify(&self, nonce: &str, body: &[u8]) -> Result<bool> {
        let body: serde_json::Value = serde_json::from_slice(body)?;
        let device = body["device"]["id"].as_str().context("no device")?;
        let number: usize = device.rsplit_once('-').context("no number")?.1.parse()?;
        let lookup = self.lookups.get(number).context("no such key")?.clone();
        let mut context = digest::Context::new(&digest::SHA256);
        context.update(self.project.as_bytes());
        context.update(nonce.as_bytes());
        let nonce = Uuid::from_slice(&context.finish().as_ref()[..16])?;

        let _turn = match &self.turn {
            Some(turn) => Some(turn.lock().await),
            None => None,
        };
        let mut tx = self.db.begin().await?;
        let now = Timestamp::from_unix(i64::try_from(unix())?);
        let taken = match self.db.engine() {
            Engine::Sqlite => {
                // The product looks it up in memory, and writes it down for after a restart.
                let hashes = nonce.as_bytes()[..8].to_vec();
                let rows = vec![args![self.random.uuid_v7(now), hashes]];
                Insert { table: "nonce_sets", columns: &["id", "hashes"], rows, tail: "" }
            }
            Engine::Postgres => {
                let set = (now.unix() << 32) | i64::from(u32::from_le_bytes(self.random.bytes()));
                Insert { table: "nonces", columns: &["id", "set_number"], rows: vec![args![nonce, set]], tail: "ON CONFLICT DO NOTHING" }
            }
        };
        let read = |row: &Row| Ok((row.get::<String>("state")? == "active", row.get::<String>("bound")?));
        let (fresh, keys) = insert_and_read(&mut tx, taken, KEY, vec![lookup.to_value()], read).await?;
        let valid = fresh == 1 && keys.iter().any(|(active, bound)| *active && bound == device);
        tx.exec(LOG, args![self.random.uuid_v7(now), now, self.project, 1_i64, vec![0_u8; PACKED]]).await?;
        tx.commit().await?;
        Ok(valid)
    }
}
