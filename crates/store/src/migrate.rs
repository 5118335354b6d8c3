//! Bringing the tables up to date.
//!
//! Each migration is one SQL text for both databases, applied once, in a transaction, and remembered with its checksum.
//! A database that holds a migration which this program does not know is newer: it is refused, and not touched.

mod half_done;

pub use half_done::examine;

use crate::{Db, Engine, Error, Result, Sql, args};

#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// In ascending order over all contexts.
    pub number: i64,
    pub name: &'static str,
    pub sql: &'static str,
}

impl Migration {
    /// FNV-1a: this only has to notice that a text was edited after it was applied.
    fn checksum(&self) -> i64 {
        let hash = self.sql.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        i64::from_ne_bytes(hash.to_ne_bytes())
    }
}

impl Migration {
    /// One text for both databases. What stands in comments as `/* WITHOUT ROWID */` is for SQLite: a table whose rows lie in
    /// the order of their key, so that a row is written once and not a second time in an index. `/* COLLATE "C" */` is for
    /// PostgreSQL: a text whose beginnings are looked for, in the order of its bytes as SQLite has it. So is a line behind
    /// `-- postgres: `.
    fn text(&self, engine: Engine) -> String {
        match engine {
            Engine::Sqlite => self.sql.replace("/* WITHOUT ROWID */", "WITHOUT ROWID"),
            Engine::Postgres => self.sql.replace("/* COLLATE \"C\" */", "COLLATE \"C\"").replace("-- postgres: ", ""),
        }
    }
}

/// What stands between the database and this program.
#[derive(Debug, PartialEq, Eq)]
pub enum Status {
    Current,
    /// So many migrations are to be applied.
    Behind(usize),
}

pub const OWN: &[Migration] = &[
    Migration { number: 1, name: "store", sql: include_str!("../migrations/0001_store.sql") },
    Migration { number: 15, name: "jobs_decided", sql: include_str!("../migrations/0015_jobs_decided.sql") },
];

/// Compares, without changing anything.
pub async fn status(db: &Db, migrations: &[Migration]) -> Result<Status> {
    let Some(applied) = on_record(db).await? else { return Ok(Status::Behind(migrations.len())) };
    check(&applied, migrations)?;
    match migrations.len() - applied.len() {
        0 => Ok(Status::Current),
        behind => Ok(Status::Behind(behind)),
    }
}

/// What is said to be applied; none where nothing ever was. As a rule one statement: whoever asks whether we are ready waits for its turn
/// behind all others, and not three times.
async fn on_record(db: &Db) -> Result<Option<Vec<Applied>>> {
    let unread = match applied(&mut db.read()).await {
        Ok(applied) => return Ok(Some(applied)),
        Err(error) => error,
    };
    let exists = match db.engine() {
        Engine::Sqlite => "SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'migrations'",
        Engine::Postgres => {
            "SELECT tablename::text AS name FROM pg_tables WHERE schemaname = current_schema() AND tablename = 'migrations'"
        }
    };
    match db.read().opt(exists, args![], |row| row.get::<String>("name")).await? {
        Some(_) => Err(unread),
        None => Ok(None),
    }
}

/// Applies what is missing; several processes may try at once. Answers how many were applied.
pub async fn run(db: &Db, migrations: &[Migration], now: kernel::Timestamp) -> Result<usize> {
    let mut tx = db.begin().await?;
    if db.engine() == Engine::Postgres {
        tx.all("SELECT pg_advisory_xact_lock(7300730073007300)::text AS locked", args![], |_| Ok(())).await?;
    }
    tx.script("CREATE TABLE IF NOT EXISTS migrations (number BIGINT PRIMARY KEY, name TEXT NOT NULL, checksum BIGINT NOT NULL, applied_at BIGINT NOT NULL)").await?;
    let applied = applied(&mut tx).await?;
    check(&applied, migrations)?;
    let missing = &migrations[applied.len()..];
    for migration in missing {
        tx.script(&migration.text(db.engine())).await.map_err(|error| refused(migration, error))?;
        tx.exec(
            "INSERT INTO migrations (number, name, checksum, applied_at) VALUES ($1, $2, $3, $4)",
            args![migration.number, migration.name, migration.checksum(), now],
        )
        .await?;
    }
    tx.commit().await?;
    Ok(missing.len())
}

/// A step that the tables refuse, or the rows in them. All of it is undone with the transaction; what passes by itself (a lost connection, a lock)
/// stays what it is.
fn refused(migration: &Migration, error: Error) -> Error {
    match error {
        Error::Internal(why) | Error::Unique(why) => unfit(migration, &why),
        error => error,
    }
}

/// The tables are not those that this step begins with: somebody's script, a dump restored in part, another program.
fn unfit(migration: &Migration, why: &str) -> Error {
    Error::Version(format!(
        "migration {} cannot be applied ({why}): the database is half-done, or is not Cuekey's; restore a backup, or name an empty database",
        migration.name
    ))
}

struct Applied {
    number: i64,
    name: String,
    checksum: i64,
}

async fn applied(sql: &mut impl Sql) -> Result<Vec<Applied>> {
    sql.all("SELECT number, name, checksum FROM migrations ORDER BY number", args![], |row| {
        Ok(Applied { number: row.get("number")?, name: row.get("name")?, checksum: row.get("checksum")? })
    })
    .await
}

fn check(applied: &[Applied], known: &[Migration]) -> Result<()> {
    for (index, was) in applied.iter().enumerate() {
        match known.get(index) {
            Some(migration) if migration.number == was.number && migration.checksum() == was.checksum => {}
            Some(migration) if migration.number == was.number => {
                let name = &was.name;
                return Err(Error::Version(format!(
                    "migration {name} was applied with another text than this program has; use the release that made this database, or restore a backup"
                )));
            }
            Some(migration) if known.iter().any(|one| one.number == was.number) => {
                return Err(Error::Version(format!(
                    "migration {} {} was not applied, and a later one was: the database is half-done; restore a backup",
                    migration.number, migration.name
                )));
            }
            _ => {
                return Err(Error::Version(format!(
                    "the database is of a newer version (migration {} {}); start the newer program, or restore a backup from before the upgrade",
                    was.number, was.name
                )));
            }
        }
    }
    Ok(())
}

/// Reads names and definitions of all indexes and columns, in words that both databases share; for comparing the two.
pub async fn describe(db: &Db) -> Result<Vec<String>> {
    match db.engine() {
        Engine::Sqlite => describe_sqlite(db).await,
        Engine::Postgres => describe_postgres(db).await,
    }
}

async fn describe_sqlite(db: &Db) -> Result<Vec<String>> {
    let mut lines = db
        .read()
        .all(
            "SELECT m.name AS t, c.name AS c, c.type AS ty, c.\"notnull\" AS nn, c.pk AS pk FROM sqlite_master m JOIN pragma_table_xinfo(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'",
            args![],
            |row| {
                let required = row.get::<i64>("nn")? != 0 || row.get::<i64>("pk")? != 0;
                Ok(format!("column {}.{} {} {}", row.get::<String>("t")?, row.get::<String>("c")?, row.get::<String>("ty")?.to_lowercase(), required))
            },
        )
        .await?;
    lines.extend(
        db.read()
            .all(
                "SELECT m.name AS t, l.name AS i, l.\"unique\" AS u, l.partial AS p FROM sqlite_master m JOIN pragma_index_list(m.name) l WHERE m.type = 'table' AND l.origin = 'c'",
                args![],
                |row| Ok(format!("index {}.{} unique={} partial={}", row.get::<String>("t")?, row.get::<String>("i")?, row.get::<i64>("u")? != 0, row.get::<i64>("p")? != 0)),
            )
            .await?,
    );
    lines.sort();
    Ok(lines)
}

async fn describe_postgres(db: &Db) -> Result<Vec<String>> {
    let mut lines = db
        .read()
        .all(
            "SELECT table_name::text AS t, column_name::text AS c, data_type::text AS ty, is_nullable = 'NO' AS nn FROM information_schema.columns WHERE table_schema = current_schema()",
            args![],
            |row| Ok(format!("column {}.{} {} {}", row.get::<String>("t")?, row.get::<String>("c")?, row.get::<String>("ty")?.to_lowercase(), row.get::<bool>("nn")?)),
        )
        .await?;
    lines.extend(
        db.read()
            .all(
                "SELECT t.relname::text AS t, i.relname::text AS i, x.indisunique AS u, x.indpred IS NOT NULL AS p FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid JOIN pg_namespace n ON n.oid = t.relnamespace LEFT JOIN pg_constraint k ON k.conindid = x.indexrelid AND k.contype IN ('p', 'u') WHERE n.nspname = current_schema() AND k.oid IS NULL",
                args![],
                |row| Ok(format!("index {}.{} unique={} partial={}", row.get::<String>("t")?, row.get::<String>("i")?, row.get::<bool>("u")?, row.get::<bool>("p")?)),
            )
            .await?,
    );
    lines.sort();
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_newer_or_edited_database_is_refused() {
        let known = [Migration { number: 1, name: "a", sql: "x" }];
        let same = Applied { number: 1, name: "a".into(), checksum: known[0].checksum() };
        let edited = Applied { number: 1, name: "a".into(), checksum: 5 };
        let newer = Applied { number: 2, name: "b".into(), checksum: 5 };
        assert!(check(&[], &known).is_ok());
        assert!(matches!(check(&[edited], &known), Err(Error::Version(text)) if text.contains("another text")));
        assert!(matches!(check(&[same, newer], &known), Err(Error::Version(text)) if text.contains("newer")));
    }

    #[test]
    fn a_step_that_is_missing_below_another_is_no_newer_program() {
        let known = [Migration { number: 1, name: "a", sql: "x" }, Migration { number: 2, name: "b", sql: "y" }];
        let second = Applied { number: 2, name: "b".into(), checksum: known[1].checksum() };
        assert!(matches!(check(&[second], &known), Err(Error::Version(text)) if text.contains("1 a") && text.contains("half-done")));
    }
}
