//! A connection that one caller keeps, and whose statements are each a transaction of their own.
//!
//! Each message to the database and back costs as much as a statement's work, or more: PostgreSQL's are sent to another process,
//! SQLite's to another thread. A transaction has one for its beginning and one for its commit, and a connection that goes back to
//! the pool is asked whether it is still there. Who reads first, decides, and writes all at once needs none of these.

use std::sync::Arc;

use sea_orm::{ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, Statement, TransactionTrait};

use crate::postgres::Way;
use crate::wide::{all_or_nothing, script};
use crate::writer::Writer;
use crate::{Engine, Error, Result, Row, Sql, Value, Write};

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
