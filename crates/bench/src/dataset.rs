//! What is in an installation before it is measured: a project, an agent with quota, keys.
//!
//! Keys are generated and exported through the API, as an agent would. Only what would take weeks of use is written by SQL,
//! while no server runs: that keys are in use and bound, and the logs of years.

use std::rc::Rc;

use anyhow::{Context, Result};
use ring::hmac;
use serde_json::json;
use store::{Db, DbConfig, Sql, args};

use crate::api::Api;
use crate::program::{Credentials, Keys};
use crate::say;
use crate::site::{CHIEF, Engine, MASTER_KEY, PASSWORD, Place, Site, fresh_folder};

kernel::id!(BatchId, BatchEntity, "bat");

pub const AGENT: &str = "agent-0000";

/// A project whose program is known, and an agent who may sell for it.
#[derive(Clone)]
pub struct Stock {
    pub project: String,
    pub secret: String,
    pub credentials: Rc<Credentials>,
}

impl Stock {
    pub async fn prepare(place: &Place) -> Result<Self> {
        place.found()?;
        let (mut site, _) = place.serve().await?;
        let chief = site.chief().await?;
        let form = json!({"name": "Bench", "devices_per_key": 1, "rate_per_minute": 10_000_000, "prices": [{"unit": "forever", "count": 0, "price": 1}]});
        let created = chief.post("/api/v1/projects", form).await?;
        let project = &created["project"];
        let text = |name: &str| project[name].as_str().map(str::to_owned).with_context(|| format!("a project without {name}"));
        let agent = json!({"name": AGENT, "email": "agent@bench.example", "role": "agent", "initial_quota": 1_000_000_000});
        let agent = chief.post("/api/v1/users", agent).await?;
        chief.post("/api/v1/grants", json!({"project_id": project["id"], "agent_id": agent["id"], "note": ""})).await?;
        let secret = created["secret"].as_str().context("a project without a secret")?.to_owned();
        let credentials = Credentials {
            api_key: text("api_key")?,
            secret: hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()),
            response_public_key: data_encoding::BASE64.decode(text("response_public_key")?.as_bytes())?,
        };
        let id = text("id")?;
        site.stop()?;
        // The agent's first password went out by mail; here everybody has the chief's.
        let db = open(place).await?;
        let mut tx = db.begin().await?;
        let sql = "UPDATE users SET must_change_password = FALSE, password_hash = (SELECT password_hash FROM users WHERE name = $1) WHERE name = $2";
        tx.exec(sql, args![CHIEF, AGENT]).await?;
        tx.commit().await?;
        db.close().await;
        Ok(Self { project: id, secret, credentials: Rc::new(credentials) })
    }

    pub async fn agent(&self, site: &Site) -> Result<Api> {
        Api::new(site.address)?.signed_in(AGENT, PASSWORD).await
    }

    /// Generates a batch and reads its keys' texts.
    pub async fn generate(&self, site: &Site, count: u64) -> Result<(String, Keys)> {
        self.generate_keeping(site, count, 1).await
    }

    /// Of the texts keeps one in `of_every`: those of all keys of a large installation would take more memory than it does.
    pub async fn generate_keeping(&self, site: &Site, count: u64, of_every: usize) -> Result<(String, Keys)> {
        let agent = self.agent(site).await?;
        let (batch, seconds) = agent.batch(&self.project, count, |_| ()).await?;
        say(&format!("  {count} keys made: {:.0} a second", count as f64 / seconds));
        let texts = agent.key_texts(&batch).await?;
        let keys = Keys::parse(texts.lines().skip(1), of_every);
        anyhow::ensure!(
            keys.texts.len() as u64 == count.div_ceil(of_every as u64),
            "the export of {count} keys keeps {}",
            keys.texts.len()
        );
        Ok((batch, keys))
    }
}

pub async fn open(place: &Place) -> Result<Db> {
    Ok(Db::open(&DbConfig::new(&place.url)).await?)
}

/// Writes down that the keys of a batch are in use, each on a device of its own: as `first use` would have.
pub async fn activate(place: &Place, batch: &str, from: u64) -> Result<()> {
    let db = open(place).await?;
    let mut tx = db.begin().await?;
    let batch: BatchId = batch.parse().ok().context("a batch's id")?;
    let sql = "INSERT INTO key_devices (device_id, key_id) \
               SELECT 'bench-device-' || (row_number() OVER (ORDER BY id) - 1 + $2), id FROM keys WHERE batch_id = $1";
    tx.exec(sql, args![batch, i64::try_from(from)?]).await?;
    let sql = "UPDATE keys SET state = 'active', activated_at = created_at, devices = 1, \
               bound = 'bench-device-' || v.place || '\t' || created_at || '\tBench' \
               FROM (SELECT k.id AS key_id, row_number() OVER (ORDER BY k.id) - 1 + $2 AS place FROM keys k WHERE k.batch_id = $1) AS v WHERE keys.id = v.key_id";
    tx.exec(sql, args![batch, i64::try_from(from)?]).await?;
    tx.commit().await?;
    tidy(&db).await?;
    db.close().await;
    Ok(())
}

/// Removes the keys of a batch: their texts are those of keys, and none is found by them.
pub async fn forget(place: &Place, batch: &str) -> Result<()> {
    let db = open(place).await?;
    let mut tx = db.begin().await?;
    let batch: BatchId = batch.parse().ok().context("a batch's id")?;
    tx.exec("DELETE FROM keys WHERE batch_id = $1", args![batch]).await?;
    tx.commit().await?;
    db.close().await;
    Ok(())
}

/// How many keys of a batch there are, whether or not anybody may see them.
pub async fn count(place: &Place, batch: &str) -> Result<i64> {
    let db = open(place).await?;
    let batch: BatchId = batch.parse().ok().context("a batch's id")?;
    let sql = "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM keys WHERE batch_id = $1";
    let count: i64 = db.read().one(sql, args![batch], |row| row.get("n")).await?;
    db.close().await;
    Ok(count)
}

/// What a database that was filled at once needs, and one that grew had long ago: statistics, and a log that is written back.
pub async fn tidy(db: &Db) -> Result<()> {
    let mut read = db.read();
    match db.engine() {
        store::Engine::Sqlite => {
            read.all("PRAGMA wal_checkpoint(TRUNCATE)", args![], |_| Ok(())).await?;
        }
        store::Engine::Postgres => {
            read.all("VACUUM ANALYZE", args![], |_| Ok(())).await?;
            read.all("CHECKPOINT", args![], |_| Ok(())).await?;
        }
    }
    Ok(())
}

/// Bytes on the disk.
pub async fn size(place: &Place) -> Result<f64> {
    let db = open(place).await?;
    let sql = match db.engine() {
        store::Engine::Sqlite => "SELECT page_count * page_size AS bytes FROM pragma_page_count, pragma_page_size",
        store::Engine::Postgres => "SELECT pg_database_size(current_database()) AS bytes",
    };
    let bytes: i64 = db.read().one(sql, args![], |row| row.get("bytes")).await?;
    db.close().await;
    Ok(bytes as f64)
}

/// The same installation once more, while neither is served.
pub async fn copy(place: &Place, postgres: &str, name: &str) -> Result<Place> {
    let mut copy = place.clone();
    copy.folder = place.folder.with_file_name(format!("{name}-{:?}", place.engine).to_lowercase());
    fresh_folder(&copy.folder)?;
    std::fs::copy(place.folder.join(MASTER_KEY), copy.folder.join(MASTER_KEY))?;
    copy.url = match place.engine {
        Engine::Sqlite => {
            // Closed, so its log is in it.
            std::fs::copy(place.folder.join("cuekey.db"), copy.folder.join("cuekey.db"))?;
            format!("sqlite://{}", copy.folder.join("cuekey.db").display())
        }
        Engine::Postgres => {
            let (_, original) = place.url.rsplit_once('/').context("a database's address ends in its name")?;
            copy_database(postgres, &format!("bench_{name}"), Some(original)).await?
        }
    };
    Ok(copy)
}

/// An empty database beside `postgres`; answers its address.
pub async fn make_database(postgres: &str, name: &str) -> Result<String> {
    copy_database(postgres, name, None).await
}

async fn copy_database(postgres: &str, name: &str, original: Option<&str>) -> Result<String> {
    drop_database(postgres, name).await?;
    let template = original.map(|original| format!(" TEMPLATE {original}")).unwrap_or_default();
    on_server(postgres, &format!("CREATE DATABASE {name}{template}")).await?;
    let (base, _) = postgres.rsplit_once('/').context("a database's address ends in its name")?;
    Ok(format!("{base}/{name}"))
}

pub async fn drop_database(postgres: &str, name: &str) -> Result<()> {
    on_server(postgres, &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await
}

async fn on_server(postgres: &str, sql: &str) -> Result<()> {
    let db = Db::open(&DbConfig::new(postgres)).await?;
    db.read().all(sql, args![], |_| Ok(())).await?;
    db.close().await;
    Ok(())
}
