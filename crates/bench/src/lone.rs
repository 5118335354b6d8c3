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

kernel::id!(CallId, CallEntity, "cal");

const KEY: &str = "SELECT k.id, k.lookup, k.project_id, k.batch_id, k.agent_id, k.unit, k.validity, k.activated_at, k.expires_at, k.disabled_at, \
    k.devices, k.unbinds, d.device_id, d.device_name, d.bound_at \
    FROM keys k LEFT JOIN key_devices d ON d.key_id = k.id WHERE k.lookup IN ($1)";
const PROJECT: &str = "SELECT id, state, devices_per_key, callback_url, callback_events FROM projects WHERE id IN ($1)";
const LOG: &str = "INSERT INTO client_calls (id, at, project_id, endpoint, status, code, refused, first_use, key_id, agent_id, key_hint, device_id, \
    device_name, address) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";

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
        let sql = "INSERT INTO nonces (id, signed_at, set_number) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
        let fresh = tx.exec(sql, args![nonce, signed_at.parse::<i64>()?, set]).await? == 1;
        let active = tx.one(PROJECT, args![self.project], |row| Ok(row.get::<String>("state")? == "active")).await?;
        let read = |row: &store::Row| Ok((row.get::<Uuid>("id")?, row.get::<Uuid>("agent_id")?, row.get::<Option<String>>("device_id")?));
        let (key, agent, bound) = tx.one(KEY, args![lookup], read).await?;
        let valid = fresh && active && bound.as_deref() == Some(device);
        let code = if valid { "VALID" } else { "REFUSED" };
        let row = args![
            CallId::new(now, &self.random),
            now,
            self.project,
            "verify",
            200_i64,
            code,
            !valid,
            false,
            Some(key),
            Some(agent),
            "ABCDE",
            device,
            "Bench",
            "127.0.0.1"
        ];
        tx.exec(LOG, row).await?;
        tx.commit().await?;
        Ok(valid)
    }
}
