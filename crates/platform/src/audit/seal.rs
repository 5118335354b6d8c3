//! Sealing: each new line of the operation log gets its place in a chain of keyed hashes (docs/decisions/0011).
//!
//! Lines are written by many transactions at once, and none waits for another. A moment later one process takes those that have no
//! place yet, locks the chain's head, and links them. Of several processes each does so; the head's lock puts them in turn.

use std::sync::Arc;
use std::time::Duration;

use kernel::MINUTE;

use store::{Db, Sql, Tx, args, update_many};

use super::OperationId;
use super::line::{base_mac, genesis, link};
use crate::Platform;
use crate::vault::Vault;

pub(super) const NAME: &str = "operations";
/// In one transaction: SQLite's one writer is held for a few milliseconds.
const AT_ONCE: i64 = 256;
const EVERY: Duration = Duration::from_secs(2);
/// How often the head is written to the program's log, where whoever changes the database does not reach it.
const TELL_EVERY: i64 = 10 * MINUTE;

/// Where the chain begins and ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Chain {
    pub base_seq: i64,
    pub base_link: Vec<u8>,
    pub base_mac: Vec<u8>,
    pub head_seq: i64,
    pub head_link: Vec<u8>,
}

pub(super) async fn chain(sql: &mut impl Sql, tail: &str) -> store::Result<Option<Chain>> {
    let text = format!("SELECT base_seq, base_link, base_mac, head_seq, head_link FROM operation_chain WHERE name = $1{tail}");
    sql.opt(&text, args![NAME], |row| {
        Ok(Chain {
            base_seq: row.get("base_seq")?,
            base_link: row.get("base_link")?,
            base_mac: row.get("base_mac")?,
            head_seq: row.get("head_seq")?,
            head_link: row.get("head_link")?,
        })
    })
    .await
}

/// Gives all lines that wait their place. Answers how many.
pub async fn seal(db: &Db, vault: &Vault) -> store::Result<usize> {
    let mut done = 0;
    loop {
        let some = seal_some(db, vault).await?;
        done += some;
        if some < usize::try_from(AT_ONCE).unwrap_or(usize::MAX) {
            return Ok(done);
        }
    }
}

async fn seal_some(db: &Db, vault: &Vault) -> store::Result<usize> {
    // Usually nothing waits: that is found out without a transaction.
    if db.read().opt("SELECT id FROM operations WHERE seq IS NULL LIMIT 1", args![], |_| Ok(())).await?.is_none() {
        return Ok(0);
    }
    let mut tx = db.begin().await?;
    let chain = locked(&mut tx, vault).await?;
    let sql = "SELECT id, mac FROM operations WHERE seq IS NULL ORDER BY id LIMIT $1";
    let read = |row: &store::Row| Ok((row.get::<OperationId>("id")?, row.get::<Vec<u8>>("mac")?));
    let waiting = tx.all(sql, args![AT_ONCE], read).await?;
    let (mut seq, mut last) = (chain.head_seq, chain.head_link);
    let mut rows = Vec::with_capacity(waiting.len());
    for (id, mac) in waiting {
        seq += 1;
        last = link(vault, &last, seq, &mac).to_vec();
        rows.push(args![id, seq, last.as_slice()]);
    }
    let count = rows.len();
    update_many(&mut tx, "operations", &["id", "seq", "link"], rows).await?;
    let sql = "UPDATE operation_chain SET head_seq = $1, head_link = $2 WHERE name = $3";
    tx.exec(sql, args![seq, last, NAME]).await?;
    tx.commit().await?;
    Ok(count)
}

/// The chain, for this transaction alone; the first one begins it.
async fn locked(tx: &mut Tx, vault: &Vault) -> store::Result<Chain> {
    let tail = tx.for_update();
    if let Some(chain) = chain(tx, tail).await? {
        return Ok(chain);
    }
    let start = genesis(vault);
    let sql = "INSERT INTO operation_chain (name, base_seq, base_link, base_mac, head_seq, head_link) VALUES ($1, 0, $2, $3, 0, $2) ON CONFLICT DO NOTHING";
    tx.exec(sql, args![NAME, start, base_mac(vault, 0, &start)]).await?;
    chain(tx, tail).await?.ok_or_else(|| store::Error::Internal("the chain of the operation log could not be begun".into()))
}

/// Seals for as long as the process runs, tells the log where the chain ends, and notices when it has become shorter. Never returns.
pub async fn follow(platform: Arc<Platform>) {
    let Platform { db, vault, clock, .. } = &*platform;
    let (mut told_at, mut known) = (None, 0);
    loop {
        clock.sleep(EVERY).await;
        let sealed = async {
            seal(db, vault).await?;
            chain(&mut db.read(), "").await
        };
        let chain = match sealed.await {
            Ok(Some(chain)) => chain,
            Ok(None) if known == 0 => continue,
            Ok(None) => {
                tracing::error!(known, "the head of the operation log's chain is gone: somebody has changed the database");
                continue;
            }
            Err(error) => {
                tracing::warn!(%error, "the operation log could not be sealed");
                continue;
            }
        };
        if chain.head_seq < known {
            tracing::error!(known, head = chain.head_seq, "the operation log has become shorter: somebody has changed the database");
        }
        metrics::gauge!("cuekey_operation_log_lines").set(i32::try_from(chain.head_seq).map_or(f64::INFINITY, f64::from));
        let now = clock.now();
        if chain.head_seq != known && told_at.is_none_or(|at: kernel::Timestamp| at.plus_micros(TELL_EVERY) <= now) {
            told_at = Some(now);
            tracing::info!(lines = chain.head_seq, head = hex::encode(&chain.head_link), "operation log sealed");
        }
        known = chain.head_seq;
    }
}
