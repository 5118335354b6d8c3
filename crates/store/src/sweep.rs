//! Removing what has become of no use: so many rows at a time, each time in a transaction of its own.
//!
//! One statement for all of them would keep everybody else from writing until it is done (SQLite), or would be given up for taking too long, be
//! undone, and find more rows the next time (PostgreSQL). So rows are found along an index, others write between two transactions, and what
//! was removed stays removed whatever happens next.

use kernel::Timestamp;
use uuid::Uuid;

use crate::{Db, Engine, FromValue, Result, Sql as _, ToValue, args, first_id};

/// Rows that one transaction removes: it holds SQLite's writer for some milliseconds.
const AT_ONCE: usize = 1_000;

/// Rows of a table that become of no use with time.
#[derive(Debug, Clone, Copy)]
pub struct Sweep {
    pub table: &'static str,
    key: &'static str,
    by: By,
    only: Option<&'static str>,
    kept: i64,
}

/// What rows are old by: an index begins with it.
#[derive(Debug, Clone, Copy)]
enum By {
    Time(&'static str),
    /// The key itself, which is made from the time.
    Id,
}

impl Sweep {
    /// Rows whose time in `column` has passed, and `kept` microseconds more. `key` names the columns of the table's key, a text before what
    /// is none: by the key in another order, SQLite looks for one of its columns alone.
    pub const fn by_time(table: &'static str, key: &'static str, column: &'static str, kept: i64) -> Self {
        Self { table, key, by: By::Time(column), only: None, kept }
    }

    /// Rows whose `id` was made longer ago than `kept` microseconds.
    pub const fn by_id(table: &'static str, kept: i64) -> Self {
        Self { table, key: "id", by: By::Id, only: None, kept }
    }

    /// Of them only those, in the words of a partial index.
    pub const fn only(mut self, condition: &'static str) -> Self {
        self.only = Some(condition);
        self
    }

    /// Removes all that are of no use at `now`. Answers how many.
    pub async fn run(&self, db: &Db, now: Timestamp) -> Result<u64> {
        let before = now.plus_micros(-self.kept);
        match self.by {
            By::Time(_) => self.between(db, i64::MIN, before.micros()).await,
            By::Id => self.between(db, Uuid::nil(), first_id(before)).await,
        }
    }

    /// Removes those whose time is from `from` on and before `to`, however old they are. Answers how many.
    pub async fn made_between(&self, db: &Db, from: Timestamp, to: Timestamp) -> Result<u64> {
        match self.by {
            By::Time(_) => self.between(db, from.micros(), to.micros().saturating_sub(1)).await,
            // No row has the first id of a time itself: an id has its version in it.
            By::Id => self.between(db, first_id(from), first_id(to)).await,
        }
    }

    async fn between<T: FromValue + ToValue + Ord + Copy + Send>(&self, db: &Db, mut from: T, to: T) -> Result<u64> {
        let (sql, column) = (self.sql(db.engine()), self.column());
        let mut gone = 0;
        loop {
            let mut tx = db.begin().await?;
            let rows: Vec<T> = tx.all(&sql, args![from, to], |row| row.get(column)).await?;
            tx.commit().await?;
            gone += rows.len() as u64;
            match rows.iter().max() {
                // Not from the beginning again: while somebody reads for long, PostgreSQL has to go over all that is gone.
                Some(last) if rows.len() >= AT_ONCE => from = *last,
                _ => return Ok(gone),
            }
            tokio::task::yield_now().await;
        }
    }

    const fn column(&self) -> &'static str {
        match self.by {
            By::Time(column) => column,
            By::Id => "id",
        }
    }

    /// `$1` to `$2`, both among them.
    fn sql(&self, engine: Engine) -> String {
        let (Self { table, key, .. }, by) = (self, self.column());
        let only = self.only.map_or_else(String::new, |only| format!(" AND {only}"));
        let old = |what: &str| format!("SELECT {what} FROM {table} WHERE {by} >= $1 AND {by} <= $2{only} ORDER BY {by} LIMIT {AT_ONCE}");
        match engine {
            Engine::Sqlite => format!("DELETE FROM {table} WHERE ({key}) IN ({}) RETURNING {by}", old(key)),
            // By where they lie: by their keys, PostgreSQL may ask for them again and again, once for each row of a table that it takes for
            // a small one. What somebody else is changing is left for the next time.
            Engine::Postgres => {
                format!("DELETE FROM {table} WHERE ctid = ANY (ARRAY({} FOR UPDATE SKIP LOCKED)) RETURNING {by}", old("ctid"))
            }
        }
    }

    /// What a transaction of it says, with its values: for looking at its plan.
    #[cfg(feature = "testing")]
    pub fn statement(&self, engine: Engine, now: Timestamp) -> (String, Vec<crate::Value>) {
        let before = now.plus_micros(-self.kept);
        let values = match self.by {
            By::Time(_) => args![i64::MIN, before],
            By::Id => args![Uuid::nil(), first_id(before)],
        };
        (self.sql(engine), values)
    }
}

/// Removes what is of no use at `now` of several tables. Answers how many rows.
pub async fn sweep(db: &Db, sweeps: &[Sweep], now: Timestamp) -> Result<u64> {
    let mut gone = 0;
    for sweep in sweeps {
        gone += sweep.run(db, now).await?;
    }
    Ok(gone)
}
