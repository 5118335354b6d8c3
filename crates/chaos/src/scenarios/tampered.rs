//! Who checks the checker: after a load in which nothing broke, each kind of loss is done by hand, and must be found.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, bail};
use kernel::{Clock, Stopwatch};
use store::{Db, DbConfig, Engine, args};

use crate::audit::Audit;
use crate::book::Pages;
use crate::load::Load;
use crate::scenario::{Plan, Report, settle_only};
use crate::world::World;

/// What is done to the database, and a word that the audit must say.
const LOSSES: &[(&str, &str, &str)] = &[
    (
        "a transfer is lost",
        "UPDATE ledger_transfers SET kind = 'system_recharge' WHERE kind = 'transfer' AND id = (SELECT MIN(id) FROM ledger_transfers WHERE kind = 'transfer')",
        "transfer move-",
    ),
    (
        "a transfer is there twice",
        "UPDATE ledger_transfers SET memo = (SELECT MIN(memo) FROM ledger_transfers WHERE kind = 'transfer') \
         WHERE id = (SELECT MAX(id) FROM ledger_transfers WHERE kind = 'transfer' AND memo <> (SELECT MIN(memo) FROM ledger_transfers WHERE kind = 'transfer'))",
        "Some(2)",
    ),
    (
        "a balance is one too high",
        "UPDATE ledger_accounts SET posted = posted + 1 WHERE id = (SELECT a.id FROM ledger_accounts a JOIN users u ON u.id = a.owner_id WHERE u.name = 'agent-3')",
        "agent-3 has",
    ),
    ("a batch is lost", "UPDATE batches SET note = '' WHERE id = (SELECT MAX(id) FROM batches)", "batch batch-"),
    (
        "a key is left of a cancelled batch",
        "UPDATE keys SET batch_id = (SELECT MIN(id) FROM batches WHERE state = 'cancelled') WHERE id = (SELECT MIN(id) FROM keys)",
        "is cancelled with 1 keys",
    ),
    (
        "a cancelled batch was charged",
        "UPDATE ledger_transfers SET state = 'posted' WHERE id = (SELECT transfer_id FROM batches WHERE state = 'cancelled' ORDER BY id LIMIT 1)",
        "is cancelled, and its charge",
    ),
    (
        "a withdrawal is decided otherwise",
        "UPDATE withdrawals SET state = 'elsewhere' WHERE id = (SELECT MAX(id) FROM withdrawals)",
        "is elsewhere",
    ),
    (
        "a withdrawal that was taken back is frozen again",
        "UPDATE withdrawals SET state = 'pending' WHERE id = (SELECT MAX(id) FROM withdrawals WHERE state = 'cancelled')",
        "is pending, and acknowledged",
    ),
    (
        "a withdrawal that came back is paid out",
        "UPDATE withdrawals SET state = 'paid' WHERE id = (SELECT MAX(id) FROM withdrawals WHERE state = 'returned')",
        "is paid, and acknowledged",
    ),
    (
        "what came back is not in the account",
        "UPDATE ledger_accounts SET posted = posted - (SELECT MAX(amount) FROM ledger_transfers WHERE kind = 'withdrawal_return') \
         WHERE id = (SELECT t.credit_account FROM ledger_transfers t WHERE t.kind = 'withdrawal_return' ORDER BY t.id DESC LIMIT 1)",
        "and must have",
    ),
    ("a verification is not in the log", "DELETE FROM client_calls WHERE id = (SELECT MAX(id) FROM client_calls)", "the log says None"),
    (
        "a key has a device too many",
        "UPDATE keys SET bound = bound || '\nintruder-1\t1\t\nintruder-2\t1\t\nintruder-3\t1\t' WHERE id = (SELECT MIN(key_id) FROM key_devices)",
        "devices",
    ),
    ("a key is enabled again", "UPDATE keys SET state = CASE state WHEN 'disabled' THEN 'unused' ELSE 'disabled' END", "must be"),
    ("a job is left", "UPDATE jobs SET state = 'queued' WHERE id = (SELECT MIN(id) FROM jobs WHERE kind = 'mail.send')", "jobs are left"),
    (
        "a callback is lost",
        "UPDATE deliveries SET event = 'test' WHERE id = (SELECT MAX(id) FROM deliveries WHERE event = 'batch.created')",
        "callbacks batch.created",
    ),
    (
        "a callback is about nothing that happened",
        "UPDATE deliveries SET payload = '{}' WHERE id = (SELECT MAX(id) FROM deliveries WHERE event = 'batch.created')",
        "1 callbacks batch.created of  for 0 times",
    ),
    (
        "a letter is about something else",
        "UPDATE jobs SET payload = REPLACE(payload, 'quota.transfer_received', 'quota.transfer_sent') \
         WHERE id = (SELECT MIN(id) FROM jobs WHERE kind = 'mail.send' AND payload LIKE '%quota.transfer_received%')",
        "letters quota.transfer_sent to",
    ),
    (
        "a job was tried once more than anybody has said",
        "UPDATE jobs SET attempts = attempts + 1 WHERE id = (SELECT MIN(id) FROM jobs WHERE kind = 'mail.send')",
        "no server has said that it began the last",
    ),
    (
        "a letter was never sent",
        "UPDATE jobs SET kind = 'mail.send' WHERE id = (SELECT MIN(id) FROM jobs WHERE kind = 'callback.send')",
        "letters never arrived",
    ),
];

/// Longer than it takes until there is something of each kind.
const ENOUGH: Duration = Duration::from_secs(120);

pub async fn run(plan: &Plan, engine: Engine, report: &mut Report) -> Result<()> {
    let (world, servers) = World::make(plan.cuekey.clone(), plan.database(engine).await?, 1).await?;
    let load = Load::new(Arc::new(world));
    let clients = load.begin(8, plan.seed);
    Clock::System.sleep(Duration::from_secs(3)).await;
    let watch = Stopwatch::start();
    // Everything is there that is lost below: no loss may be left out because there is nothing to lose.
    while !load.book.open().has_each_kind() {
        if watch.elapsed() > ENOUGH {
            bail!("after {} s there is not one thing of each kind to lose", ENOUGH.as_secs());
        }
        load.wait().await;
    }
    load.end(clients).await?;
    report.load(&load);
    settle_only(&load, servers).await?;
    let pages = std::mem::take(&mut *load.book.open());
    let (wrong, _) = audit(&load.world, &pages).await?;
    if !wrong.is_empty() {
        bail!("nothing was broken, and the audit says: {wrong:?}");
    }
    let file = load.world.nodes[0].data.join("cuekey.db");
    let good = std::fs::read(&file)?;
    for (what, sql, word) in LOSSES {
        statement(&load.world, sql).await?;
        let (wrong, _) = audit(&load.world, &pages).await?;
        if !wrong.iter().any(|sentence| sentence.contains(word)) {
            bail!("{what}, and the audit does not say {word:?}, but {wrong:?}");
        }
        std::fs::write(&file, &good)?;
    }
    begun_twice(&load.world.nodes[0].log)?;
    let (wrong, _) = audit(&load.world, &pages).await?;
    if !wrong.iter().any(|sentence| sentence.contains("before its lease ran out")) {
        bail!("a job was begun by two at once, and the audit says {wrong:?}");
    }
    report.looked.push(format!("{} kinds of loss, done by hand, and each found by the comparison", LOSSES.len() + 1));
    Ok(())
}

/// The log says of the job that was begun last that another took it at the same moment.
fn begun_twice(log: &Path) -> Result<()> {
    let said = std::fs::read_to_string(log)?;
    let Some(line) = said.lines().rfind(|line| line.contains(": begun lease=")) else { bail!("no job was begun") };
    let mut other = line.to_owned();
    let last = if other.pop() == Some('0') { '1' } else { '0' };
    std::fs::write(log, format!("{said}{other}{last}\n"))?;
    Ok(())
}

async fn audit(world: &World, pages: &Pages) -> Result<(Vec<String>, Vec<String>)> {
    Audit::of(world, pages, false).await?.run().await
}

async fn statement(world: &World, sql: &str) -> Result<()> {
    let db = Db::open(&DbConfig { connections: 1, ..DbConfig::new(world.nodes[0].database_url()) }).await?;
    let mut tx = db.begin().await?;
    if tx.exec(sql, args![]).await? == 0 {
        bail!("nothing was changed by {sql}");
    }
    tx.commit().await?;
    db.close().await;
    Ok(())
}
