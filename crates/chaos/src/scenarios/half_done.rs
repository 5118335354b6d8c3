//! Migrations that are half done: nothing says that the last ones were applied, and some of what they make is there and some is not. The program meets
//! what it would make again: it must refuse that, say what to do, and leave all as it is. Where nothing of it is there, it was never done, and is done.

use std::net::SocketAddr;
use std::path::Path;

use anyhow::{Context, Result, bail};
use kernel::Random;
use store::migrate::describe;
use store::{Db, Engine, Row, Sql, args};

use super::refused::{fresh, open, refused};
use crate::scenario::{Plan, Report};
use crate::server::Setup;

/// So many of the last migrations at most lose their records.
const BACK: u64 = 6;

/// A table, a column or an index.
struct Thing {
    /// The number of the migration that makes it.
    step: i64,
    /// How its lines begin in what [`describe`] says.
    line: String,
    /// Takes it away.
    drop: String,
}

/// What was done to a database.
struct Spoilt {
    /// So many migrations have no record any more.
    steps: usize,
    /// They make so many things.
    things: usize,
    /// So many of these are not there.
    gone: usize,
    /// The first migration of which something is left, by its name.
    met: Option<String>,
}

/// Each time another part of what the last migrations make, by the seed.
pub async fn some_there(plan: &Plan, engine: Engine, mail: SocketAddr, report: &mut Report) -> Result<()> {
    let (random, folder, things) = (plan.random(), tempfile::tempdir()?, made()?);
    let (times, mut anew) = (if plan.short { 2 } else { 12 }, 0);
    for time in 0..times {
        let setup = fresh(plan, engine, mail, folder.path(), time).await?;
        let server = setup.serve().await?;
        server.stop().await?;
        let Spoilt { steps, things, gone, met } = spoil(&setup, &random, &things).await.context("a half-done database cannot be made")?;
        let what = format!("half-done ({gone} of the {things} things gone that the last {steps} steps make)");
        if let Some(name) = met {
            let named = format!("migration {name} cannot be applied");
            refused(&setup, &what, &[&named, "half-done", "restore a backup"], report).await?;
            continue;
        }
        let (code, said) = setup.run(&["migrate"]).await?;
        if code != Some(0) {
            bail!("nothing is left of the last {steps} steps, and cuekey migrate ended with {code:?} and said:\n{said}");
        }
        let server = setup.serve().await?;
        server.stop().await?;
        setup.doctor().await?;
        anew += 1;
    }
    report.looked.push(format!(
        "some things gone of the last 1 to {BACK} migrations, and all records of these, {times} times: {anew} had nothing left of them and were brought \
         up to date, the others refused"
    ));
    Ok(())
}

/// Takes away the records of the last migrations, and some of what they make.
async fn spoil(setup: &Setup, random: &Random, all: &[Thing]) -> Result<Spoilt> {
    let db = open(setup).await?;
    let read = |row: &Row| Ok((row.get::<i64>("number")?, row.get::<String>("name")?));
    let applied: Vec<(i64, String)> = db.read().all("SELECT number, name FROM migrations ORDER BY number", args![], read).await?;
    let back = 1 + chosen(random, BACK);
    let missing = &applied[applied.len().saturating_sub(back)..];
    let Some((first, _)) = missing.first() else { bail!("no migration was applied") };
    let things: Vec<&Thing> = all.iter().filter(|thing| thing.step >= *first).collect();
    let there = describe(&db).await?;
    if let Some(thing) = things.iter().find(|thing| !thing.is_among(&there)) {
        bail!("after its migration there is no {:?}", thing.line);
    }
    // Of a table or an index nothing keeps us, as of a column whose index stays: one at least goes.
    let loose: Vec<usize> = (0..things.len()).filter(|place| !things[*place].drop.starts_with("ALTER")).collect();
    let sure = loose.get(chosen(random, loose.len() as u64)).copied();
    // What refers to others was made after them.
    for (place, thing) in things.iter().enumerate().rev() {
        if sure == Some(place) || random.below(2) == 0 {
            take_away(&db, &thing.drop).await?;
        }
    }
    let mut tx = db.begin().await?;
    tx.exec("DELETE FROM migrations WHERE number >= $1", args![*first]).await?;
    tx.commit().await?;
    let there = describe(&db).await?;
    db.close().await;
    let left: Vec<&Thing> = things.iter().copied().filter(|thing| thing.is_among(&there)).collect();
    let met = missing.iter().find(|(number, _)| left.iter().any(|thing| thing.step == *number)).map(|(_, name)| name.clone());
    Ok(Spoilt { steps: missing.len(), things: things.len(), gone: things.len() - left.len(), met })
}

fn chosen(random: &Random, of: u64) -> usize {
    usize::try_from(random.below(of)).unwrap_or(0)
}

/// Where it can be taken away: SQLite keeps a column that an index has.
async fn take_away(db: &Db, drop: &str) -> Result<()> {
    let along = if db.engine() == Engine::Postgres { " CASCADE" } else { "" };
    let mut tx = db.begin().await?;
    if tx.exec(&format!("{drop}{along}"), args![]).await.is_ok() {
        tx.commit().await?;
    }
    Ok(())
}

impl Thing {
    fn is_among(&self, lines: &[String]) -> bool {
        lines.iter().any(|line| line.starts_with(&self.line))
    }

    /// What this line of a migration makes.
    fn of(step: i64, line: &str) -> Option<Self> {
        let words: Vec<&str> = line.split_whitespace().collect();
        let (line, drop) = match words.as_slice() {
            ["CREATE", "TABLE", table, ..] => (format!("column {table}."), format!("DROP TABLE {table}")),
            ["ALTER", "TABLE", table, "ADD", "COLUMN", column, ..] => {
                (format!("column {table}.{column} "), format!("ALTER TABLE {table} DROP COLUMN {column}"))
            }
            ["CREATE", "INDEX", index, "ON", table, ..] | ["CREATE", "UNIQUE", "INDEX", index, "ON", table, ..] => {
                (format!("index {table}.{index} "), format!("DROP INDEX {index}"))
            }
            _ => return None,
        };
        Some(Self { step, line, drop })
    }
}

/// All that migrations make, in their order. Read from their texts, as everybody can.
fn made() -> Result<Vec<Thing>> {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut texts = Vec::new();
    for of in std::fs::read_dir(&crates).with_context(|| format!("cannot list {}", crates.display()))? {
        // Few have any.
        let Ok(files) = std::fs::read_dir(of?.path().join("migrations")) else { continue };
        for file in files {
            let path = file?.path();
            let number = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.split('_').next()).unwrap_or_default();
            let step: i64 = number.parse().with_context(|| format!("{} has no number", path.display()))?;
            texts.push((step, std::fs::read_to_string(&path)?));
        }
    }
    texts.sort();
    let things: Vec<Thing> = texts.iter().flat_map(|(step, text)| text.lines().filter_map(move |line| Thing::of(*step, line))).collect();
    if things.is_empty() {
        bail!("no migration below {} makes anything", crates.display());
    }
    Ok(things)
}
