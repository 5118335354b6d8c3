//! The same request twice does its work once (`Idempotency-Key`).
//!
//! The key and a hash of the body are written in the write's own transaction, with its answer. So a key that was answered
//! stands for work that was done, and a crash between the two cannot be. A key belongs to who sent it.

use std::collections::HashMap;

use kernel::{Fault, Kind};
use serde::Serialize;
use serde::de::DeserializeOwned;
use store::{Row, Sql, Tx, args, insert_many};
use uuid::Uuid;

use crate::rekey::{Vaults, does_not_open};
use crate::vault::{Purpose, Vault};
use crate::{Cx, Result};

/// What the header said, and what the body was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey {
    name: String,
    body_hash: Vec<u8>,
}

impl IdempotencyKey {
    /// 8 to 64 characters of `[A-Za-z0-9_-]`; `route` keeps one key from meaning two things.
    pub fn new(key: &str, route: &str, body: &[u8]) -> Result<Self> {
        let fits = (8..=64).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
        if !fits {
            return Err(Fault::field(
                "Idempotency-Key",
                "IDEMPOTENCY_KEY_INVALID",
                "Idempotency-Key 应为 8 到 64 位字母、数字、- 或 _",
                "Idempotency-Key must be 8 to 64 of letters, digits, - and _",
            ));
        }
        let mut context = ring::digest::Context::new(&ring::digest::SHA256);
        context.update(route.as_bytes());
        context.update(b"\n");
        context.update(body);
        Ok(Self { name: key.to_owned(), body_hash: context.finish().as_ref().to_vec() })
    }

    /// What the header said: two requests of one owner with the same name are one.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The answer that this key has already had; `None` when the work is still to be done. Another body under the
    /// same key is refused.
    pub async fn seen<T: DeserializeOwned>(&self, tx: &mut Tx, cx: &Cx, owner: Uuid) -> Result<Option<T>> {
        // Written first, so that two at once wait for each other; `answer` fills it in.
        let sql =
            "INSERT INTO idempotency (owner_id, name, body_hash, answer, created_at) VALUES ($1, $2, $3, '', $4) ON CONFLICT DO NOTHING";
        if tx.exec(sql, args![owner, self.name.as_str(), self.body_hash.clone(), cx.now()]).await? == 1 {
            return Ok(None);
        }
        let (hash, answer) = self.stored(tx, owner).await?;
        self.read(&hash, &answer).map(Some)
    }

    /// The answers that keys have already had. Those without one are taken, each with the answer that it will have: write
    /// it so, or [`forget`](Self::forget) the key. Each name may be there once for its owner.
    pub async fn seen_all<T: Serialize + DeserializeOwned>(
        tx: &mut Tx,
        cx: &Cx,
        mut keys: Vec<(usize, Uuid, &Self, &T)>,
    ) -> Result<HashMap<usize, Result<T>>> {
        // In this order, so that two transactions that share some keys cannot wait for each other.
        keys.sort_unstable_by_key(|(_, owner, key, _)| (*owner, key.name.as_str()));
        let mut rows = Vec::with_capacity(keys.len());
        let mut answers = Vec::with_capacity(keys.len());
        for (_, owner, key, answer) in &keys {
            let answer = serde_json::to_string(answer).map_err(Fault::internal)?;
            rows.push(args![*owner, key.name.as_str(), key.body_hash.as_slice(), answer.as_str(), cx.now()]);
            answers.push(answer);
        }
        let count = rows.len();
        let columns = ["owner_id", "name", "body_hash", "answer", "created_at"];
        let mut seen = HashMap::new();
        if insert_many(tx, "idempotency", &columns, rows, "ON CONFLICT DO NOTHING").await? == count as u64 {
            return Ok(seen);
        }
        for ((place, owner, key, _), ours) in keys.into_iter().zip(answers) {
            let (hash, answer) = key.stored(tx, owner).await?;
            if answer != ours {
                seen.insert(place, key.read(&hash, &answer));
            }
        }
        Ok(seen)
    }

    /// Gives the key back: what it was taken for does not happen.
    pub async fn forget(&self, tx: &mut Tx, owner: Uuid) -> Result<()> {
        tx.exec("DELETE FROM idempotency WHERE owner_id = $1 AND name = $2", args![owner, self.name.as_str()]).await?;
        Ok(())
    }

    async fn stored(&self, tx: &mut Tx, owner: Uuid) -> Result<(Vec<u8>, String)> {
        let sql = "SELECT body_hash, answer FROM idempotency WHERE owner_id = $1 AND name = $2";
        Ok(tx.one(sql, args![owner, self.name.as_str()], |row| Ok((row.get("body_hash")?, row.get("answer")?))).await?)
    }

    /// What was answered, to the same body.
    fn read<T: DeserializeOwned>(&self, hash: &[u8], answer: &str) -> Result<T> {
        if hash != self.body_hash {
            return Err(Fault::new(
                Kind::Conflict,
                "IDEMPOTENCY_CONFLICT",
                "同一个 Idempotency-Key 已用于另一个请求",
                "This Idempotency-Key was used for another request",
            ));
        }
        serde_json::from_str(answer).map_err(Fault::internal)
    }

    /// Remembers the answer, in the same transaction as the work.
    pub async fn answer<T: Serialize>(&self, tx: &mut Tx, owner: Uuid, answer: &T) -> Result<()> {
        let answer = serde_json::to_string(answer).map_err(Fault::internal)?;
        let sql = "UPDATE idempotency SET answer = $1 WHERE owner_id = $2 AND name = $3";
        tx.exec(sql, args![answer, owner, self.name.as_str()]).await?;
        Ok(())
    }
}

/// Brings kept answers that are sealed, for one of these purposes, under another master key: they are a text of base64, and no other answer is such
/// a text with something in it that looks sealed. Were they removed instead, who asks again would have its work done twice.
pub(crate) async fn change_key(tx: &mut Tx, vaults: Vaults<'_>, purposes: &[Purpose]) -> Result<()> {
    const AT_ONCE: usize = 1_000;
    let sql = format!(
        "SELECT owner_id, name, answer FROM idempotency WHERE (owner_id, name) > ($1, $2) AND SUBSTR(answer, 1, 1) = '\"' \
         ORDER BY owner_id, name LIMIT {AT_ONCE}"
    );
    let mut last = (Uuid::nil(), String::new());
    loop {
        let read = |row: &Row| Ok((row.get::<Uuid>("owner_id")?, row.get::<String>("name")?, row.get::<String>("answer")?));
        let found = tx.all(&sql, args![last.0, last.1.as_str()], read).await?;
        let is_full = found.len() == AT_ONCE;
        for (owner, name, answer) in found {
            if let Some(sealed) = sealed(&answer) {
                let moved = purposes.iter().find_map(|purpose| vaults.moved(*purpose, &sealed).ok());
                let moved = moved.ok_or_else(|| does_not_open("idempotency", format!("{owner} {name}")))?;
                let answer = serde_json::to_string(&data_encoding::BASE64.encode(&moved)).map_err(Fault::internal)?;
                let sql = "UPDATE idempotency SET answer = $1 WHERE owner_id = $2 AND name = $3";
                tx.exec(sql, args![answer, owner, name.as_str()]).await?;
            }
            last = (owner, name);
        }
        if !is_full {
            return Ok(());
        }
    }
}

/// What is sealed in an answer, if anything is.
fn sealed(answer: &str) -> Option<Vec<u8>> {
    let text: String = serde_json::from_str(answer).ok()?;
    data_encoding::BASE64.decode(text.as_bytes()).ok().filter(|bytes| Vault::is_sealed(bytes))
}
