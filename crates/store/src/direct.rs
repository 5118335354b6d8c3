//! A connection that one caller keeps, and whose statements are each a transaction of their own.
//!
//! Each message to the database and back costs as much as a statement's work, or more: PostgreSQL's are sent to another process,
//! SQLite's to another thread. A transaction has one for its beginning and one for its commit, and a connection that goes back to
//! the pool is asked whether it is still there. Who reads first, decides, and writes all at once needs none of these.

use std::sync::Arc;

use sea_orm::{ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, Statement, TransactionTrait};

use crate::postgres::Way;
use crate::wide::{all_or_nothing, any_of_array, script};
use crate::writer::Writer;
use crate::{Engine, Error, Result, Row, Sql, Value, Write, all_in};

pub struct Direct {
    /// To the driver it is in a transaction, so that it does not go back to its pool, which has no other.
    conn: DatabaseTransaction,
    with: With,
}

enum With {
    Postgres(Way),
    /// The connection reads, and writing takes a turn.
    Sqlite(Arc<Writer>),
}

impl Direct {
    pub(crate) async fn postgres(way: Way) -> Result<Self> {
        let pool = way.alone().await?;
        let conn = way.answered(outside(&pool)).await?;
        Ok(Self { conn, with: With::Postgres(way) })
    }

    pub(crate) async fn sqlite(pool: &DatabaseConnection, writer: Arc<Writer>) -> Result<Self> {
        Ok(Self { conn: outside(pool).await?, with: With::Sqlite(writer) })
    }

    /// The rows of many keys, as [`all_in`](crate::all_in) reads them, and whether a row of any of `others` is there: `text_of_others`
    /// ends where their list begins (`SELECT 1 FROM nonces WHERE id IN`).
    pub async fn all_in_and_any<T: Send>(
        &mut self,
        text: &str,
        values: Vec<Value>,
        text_of_others: &str,
        others: Vec<Value>,
        read: impl Fn(&Row) -> Result<T> + Send + Copy,
    ) -> Result<(bool, Vec<T>)> {
        if self.engine() == Engine::Sqlite {
            let is_there = !all_in(self, text_of_others, "", others, |_| Ok(())).await?.is_empty();
            return Ok((is_there, all_in(self, text, "", values, read).await?));
        }
        let mut parts = Vec::new();
        let mut args = Vec::new();
        for (text, values) in [(text, values), (text_of_others, others)] {
            let (text, array) = if values.is_empty() {
                (format!("{text} (NULL)"), None)
            } else {
                any_of_array(text, values, args.len() + 1).map(|(text, array)| (text, Some(array)))?
            };
            parts.push(text);
            args.extend(array);
        }
        let [rows, others] = parts.as_slice() else { return Err(Error::Internal("two texts".into())) };
        let sql = format!(
            "SELECT o.is_there, found.* FROM (SELECT EXISTS ({others}) AS is_there) o LEFT JOIN (SELECT TRUE AS is_found, f.* FROM ({rows}) f) found ON TRUE"
        );
        // One row where nothing is found, for what it says of the others.
        let rows = self.all(&sql, args, move |row| {
            let found = row.get::<Option<bool>>("is_found")?.is_some();
            Ok((row.get::<bool>("is_there")?, if found { Some(read(row)?) } else { None }))
        });
        let rows = rows.await?;
        let is_there = rows.iter().any(|(is_there, _)| *is_there);
        Ok((is_there, rows.into_iter().filter_map(|(_, found)| found).collect()))
    }

    /// Writes all of it, durably, or nothing: false where a row is not as a [`Write::Change`] expects it, where a unique rule
    /// refuses one, or where another transaction is in the way. Then a transaction is to decide.
    ///
    /// After an error it is unknown whether it was written, and this connection is not to be used again.
    pub async fn write(&mut self, writes: Vec<Write<'_>>) -> Result<bool> {
        let way = match &self.with {
            With::Postgres(way) => way,
            With::Sqlite(writer) => {
                let (text, values) = script(writes);
                return if text.is_empty() { Ok(true) } else { writer.at_once(&text, values).await };
            }
        };
        let Some((sql, args)) = all_or_nothing(writes)? else { return Ok(true) };
        let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, args);
        match way.answered(self.conn.execute_raw(statement)).await {
            Ok(_) => Ok(true),
            Err(error) if is_changed(&error) => Ok(false),
            Err(error) => match error.into() {
                Error::Unique(_) | Error::Busy(_) => Ok(false),
                error => Err(error),
            },
        }
    }
}

async fn outside(pool: &DatabaseConnection) -> std::result::Result<DatabaseTransaction, DbErr> {
    let conn = pool.begin().await?;
    conn.execute_unprepared("COMMIT").await?;
    Ok(conn)
}

/// What [`all_or_nothing`] makes PostgreSQL say: `division_by_zero`.
fn is_changed(error: &DbErr) -> bool {
    let (DbErr::Exec(inner) | DbErr::Query(inner)) = error else { return false };
    let sea_orm::RuntimeErr::SqlxError(inner) = inner else { return false };
    inner.as_database_error().and_then(|error| error.code()).as_deref() == Some("22012")
}

impl Sql for Direct {
    fn engine(&self) -> Engine {
        match self.with {
            With::Postgres(_) => Engine::Postgres,
            With::Sqlite(_) => Engine::Sqlite,
        }
    }

    async fn all<T: Send>(&mut self, sql: &str, args: Vec<Value>, read: impl Fn(&Row) -> Result<T> + Send) -> Result<Vec<T>> {
        let statement = Statement::from_sql_and_values(self.engine().backend(), sql, args);
        let rows = match &self.with {
            With::Postgres(way) => way.answered(self.conn.query_all_raw(statement)).await?,
            With::Sqlite(_) => self.conn.query_all_raw(statement).await?,
        };
        rows.into_iter().map(|row| read(&Row(row))).collect()
    }
}
