//! Databases that the program must not touch, and one that it must finish.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use kernel::Clock;
use store::{Db, DbConfig, Engine, Row, Sql, args};

use super::{damaged, half_done};
use crate::scenario::{Plan, Report};
use crate::server::Setup;
use crate::world::World;

pub async fn run(plan: &Plan, engine: Engine, report: &mut Report) -> Result<()> {
    let (world, servers) = World::make(plan.cuekey.clone(), plan.database(engine).await?, 1).await?;
    for server in servers {
        server.stop().await?;
    }
    let setup = &world.nodes[0];
    let newer = "INSERT INTO migrations (number, name, checksum, applied_at) VALUES (99, 'later', 1, 1)";
    altered(setup, "newer", newer, "DELETE FROM migrations WHERE number = 99", &["newer", "backup"], report).await?;
    let edited = "UPDATE migrations SET checksum = checksum + 1 WHERE number = 2";
    altered(setup, "edited", edited, "UPDATE migrations SET checksum = checksum - 1 WHERE number = 2", &["another text", "backup"], report)
        .await?;
    let half = "UPDATE migrations SET number = 1003 WHERE number = 3";
    let whole = "UPDATE migrations SET number = 3 WHERE number = 1003";
    altered(setup, "gap", half, whole, &["backup"], report).await?;
    all_there(setup, report).await?;
    if engine == Engine::Sqlite {
        damaged::at_the_start(setup, report).await?;
        damaged::met_while_serving(&world, report).await?;
    }
    without_key(setup, report).await?;
    // After all that it is as it was.
    let server = setup.serve().await?;
    server.stop().await?;
    setup.doctor().await?;
    report.looked.push("once mended, the same database is served again, and cuekey doctor finds nothing".into());
    half_done::some_there(plan, engine, setup.mail, report).await?;
    killed_at_first_start(plan, engine, setup.mail, report).await
}

/// Changed by a statement: `serve`, `migrate` and `doctor` must say no, with these words, and change nothing.
async fn altered(setup: &Setup, what: &str, spoil: &str, mend: &str, words: &[&str], report: &mut Report) -> Result<()> {
    statement(setup, spoil).await?;
    refused(setup, what, words, report).await?;
    statement(setup, mend).await
}

/// What the last migration makes is there, and nothing says that it was applied: its statements meet what exists.
async fn all_there(setup: &Setup, report: &mut Report) -> Result<()> {
    const LAST: &str = "number = (SELECT MAX(number) FROM migrations)";
    let row = format!("SELECT number, name, checksum, applied_at FROM migrations WHERE {LAST}");
    let read = |row: &Row| Ok((row.get("number")?, row.get("name")?, row.get("checksum")?, row.get("applied_at")?));
    let db = open(setup).await?;
    let (number, name, checksum, at): (i64, String, i64, i64) = db.read().one(&row, args![], read).await?;
    db.close().await;
    statement(setup, &format!("DELETE FROM migrations WHERE {LAST}")).await?;
    let named = format!("migration {name} cannot be applied");
    refused(setup, "half-done", &[&named, "half-done", "restore a backup"], report).await?;
    let put_back = format!("INSERT INTO migrations (number, name, checksum, applied_at) VALUES ({number}, '{name}', {checksum}, {at})");
    statement(setup, &put_back).await
}

pub(super) async fn refused(setup: &Setup, what: &str, words: &[&str], report: &mut Report) -> Result<()> {
    let before = fingerprint(setup).await?;
    for command in ["serve", "migrate", "doctor"] {
        let (code, said) = setup.run(&[command]).await?;
        let expected = if command == "doctor" { 1 } else { 2 };
        if code != Some(expected) || !words.iter().all(|word| said.contains(word)) {
            bail!(
                "a database that is {what}: cuekey {command} ended with {code:?} instead of {expected}, and said (wanted: {words:?}):\n{said}"
            );
        }
    }
    untouched(setup, what, &before).await?;
    report
        .looked
        .push(format!("{what}: serve, migrate and doctor refuse it, say what to do, and leave the whole folder as it was, byte for byte"));
    Ok(())
}

/// The database is there, and the key that it is sealed under is not.
async fn without_key(setup: &Setup, report: &mut Report) -> Result<()> {
    let hidden = setup.master_key.with_extension("hidden");
    std::fs::rename(&setup.master_key, &hidden)?;
    let (code, said) = setup.run(&["serve"]).await?;
    if code != Some(2) || !said.contains("master key") || setup.master_key.exists() {
        bail!("without its master key: {code:?}, {said}");
    }
    std::fs::rename(&hidden, &setup.master_key)?;
    report.looked.push("without its master key: refused, and no new key is made".into());
    Ok(())
}

/// A migration that was cut short leaves nothing behind: the next start makes it whole.
async fn killed_at_first_start(plan: &Plan, engine: Engine, mail: SocketAddr, report: &mut Report) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (random, times) = (plan.random(), if plan.short { 3 } else { 20 });
    for time in 0..times {
        let mut setup = fresh(plan, engine, mail, folder.path(), time).await?;
        let server = setup.start()?;
        Clock::System.sleep(Duration::from_millis(random.below(250))).await;
        server.kill().await?;
        setup.address = crate::server::free_address()?;
        let server = setup.serve().await.with_context(|| format!("after a kill during the first start, number {time}"))?;
        server.stop().await?;
        setup.doctor().await?;
    }
    report.looked.push(format!("{times} first starts killed midway: each second start went on and was sound"));
    Ok(())
}

/// An installation of its own, which no start has seen yet.
pub(super) async fn fresh(plan: &Plan, engine: Engine, mail: SocketAddr, folder: &Path, number: u32) -> Result<Setup> {
    Ok(Setup {
        cuekey: plan.cuekey.clone(),
        data: folder.join(format!("data-{number}")),
        address: crate::server::free_address()?,
        database: plan.database(engine).await?,
        mail,
        master_key: folder.join(format!("key-{number}")),
        faults: None,
        extra: Vec::new(),
        log: folder.join("log"),
    })
}

pub(super) async fn open(setup: &Setup) -> Result<Db> {
    Ok(Db::open(&DbConfig { connections: 1, ..DbConfig::new(setup.database_url()) }).await?)
}

async fn statement(setup: &Setup, sql: &str) -> Result<()> {
    let db = open(setup).await?;
    let mut tx = db.begin().await?;
    tx.exec(sql, args![]).await?;
    tx.commit().await?;
    db.close().await;
    Ok(())
}

/// What a data folder holds, by the names of its files; for PostgreSQL everything that a dump of it says too.
type Held = BTreeMap<String, Vec<u8>>;

/// SQLite's locks, and its index of the log: made anew at each opening.
const LOCKS: &str = "cuekey.db-shm";
/// SQLite's log. There is one as soon as the file is opened; as long as nothing was written it is empty.
const LOG: &str = "cuekey.db-wal";

/// The folder as it is now.
pub(super) async fn fingerprint(setup: &Setup) -> Result<Held> {
    let mut held = Held::new();
    files(&setup.data, &setup.data, &mut held)?;
    held.remove(LOCKS);
    if held.get(LOG).is_some_and(Vec::is_empty) {
        held.remove(LOG);
    }
    if let Some(url) = &setup.database {
        held.insert("(dump)".into(), dump(url).await?);
    }
    Ok(held)
}

/// Nothing is there that was not, or is gone, or is otherwise.
pub(super) async fn untouched(setup: &Setup, what: &str, before: &Held) -> Result<()> {
    let after = fingerprint(setup).await?;
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let changed: Vec<&String> = names.into_iter().filter(|name| before.get(*name) != after.get(*name)).collect();
    if !changed.is_empty() {
        bail!("a database that is {what} was to be left alone, and these have changed: {changed:?}");
    }
    Ok(())
}

fn files(top: &Path, folder: &Path, held: &mut Held) -> Result<()> {
    for entry in std::fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            files(top, &path, held)?;
        } else {
            let bytes = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
            held.insert(path.strip_prefix(top).unwrap_or(&path).display().to_string(), bytes);
        }
    }
    Ok(())
}

async fn dump(url: &str) -> Result<Vec<u8>> {
    let dump = tokio::process::Command::new("pg_dump").args(["--dbname", url]).output().await.context("cannot run pg_dump")?;
    if !dump.status.success() {
        bail!("pg_dump: {}", String::from_utf8_lossy(&dump.stderr));
    }
    // Newer versions write a random word into each dump.
    let text = String::from_utf8_lossy(&dump.stdout);
    let lines = text.lines().filter(|line| !line.starts_with("\\restrict") && !line.starts_with("\\unrestrict"));
    Ok(lines.collect::<Vec<_>>().join("\n").into_bytes())
}
