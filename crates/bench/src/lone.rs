//! What one transaction for each request would be: the statements that the product sends for a set of one verification, each
//! request in a transaction and a commit of its own. Beside it stands what the bare route does.
//!
//! Left out is the count of the day, which all requests of a project would queue for: who had a transaction for each would count
//! otherwise. On SQLite requests take turns from begin to commit, so that none shares another's commit.

use anyhow::{Context, Result};
use kernel::{Random, Timestamp};
use ring::digest;
use store::{Db, DbConfig, Engine, Sql, args};
use tokio::sync::Mutex;
use uuid::Uuid;

use crate::clock::unix;

const KEY: &str = "SELECT k.id, k.lookup, k.project_id, k.batch_id, k.agent_id, k.unit, k.validity, k.activated_at, k.expires_at, k.disabled_at, \
    k.devices, k.unbinds, k.bound FROM keys k WHERE k.lookup IN ($1)";
const PROJECT: &str = "SELECT id, state, devices_per_key, callback_url, callback_events FROM projects WHERE id IN ($1)";
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
    pub async fn verify(&self, nonce: &str, signed_at: &str, body: &[u8]) -> Result<bool> {
        let body: serde_json::Value = serde_json::from_slice(body)?;
        let device = body["device"]["id"].as_str().context("no device")?;
        let number: usize = device.rsplit_once('-').context("no number")?.1.parse()?;
        let lookup = self.lookups.get(number).context("no such key")?.clone();
        let mut context = digest::Context::new(&digest::SHA256);
        context.update(self.project.as_bytes());
        context.update(nonce.as_bytes());
        let nonce = Uuid::from_slice(&context.finish().as_ref()[..16])?;
        let set = i64::from_le_bytes(self.random.bytes());

        let _turn = match &self.turn {
            Some(turn) => Some(turn.lock().await),
            None => None,
        };
        let mut tx = self.db.begin().await?;
        let now = Timestamp::from_unix(i64::try_from(unix())?);
        let fresh = match self.db.engine() {
            Engine::Sqlite => {
                // The product looks it up in memory, and writes it down for after a restart.
                let hashes = nonce.as_bytes()[..8].to_vec();
                tx.exec("INSERT INTO nonce_sets (id, hashes) VALUES ($1, $2)", args![self.random.uuid_v7(now), hashes]).await?
            }
            Engine::Postgres => {
                let sql = "INSERT INTO nonces (id, signed_at, set_number) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
                tx.exec(sql, args![nonce, signed_at.parse::<i64>()?, set]).await?
            }
        };
        let active = tx.one(PROJECT, args![self.project], |row| Ok(row.get::<String>("state")? == "active")).await?;
        let bound = tx.one(KEY, args![lookup], |row| row.get::<String>("bound")).await?;
        let valid = fresh == 1 && active && bound == device;
        tx.exec(LOG, args![self.random.uuid_v7(now), now, self.project, 1_i64, vec![0_u8; PACKED]]).await?;
        tx.commit().await?;
        Ok(valid)
    }
}
