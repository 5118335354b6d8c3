//! A transaction: all of it or nothing, and undone unless committed.

use std::sync::Arc;

use sea_orm::{ConnectionTrait, DatabaseTransaction, DbErr, Statement, TransactionTrait};

use crate::postgres::Way;
use crate::writer::{Turn, Writer};
use crate::{Engine, Error, Result, Row, Sql, Value};

pub struct Tx {
    inner: Inner,
    hooks: Vec<Box<dyn FnOnce() + Send>>,
    failed: bool,
    /// Keeps what is read and changed, while somebody wants to know.
    #[cfg(feature = "testing")]
    recorder: Option<crate::Db>,
}

enum Inner {
    Sqlite { turn: Option<Turn>, writer: Arc<Writer> },
    Postgres { tx: Option<DatabaseTransaction>, way: Way },
}

impl Tx {
    pub(crate) fn sqlite(turn: Turn, writer: Arc<Writer>) -> Self {
        Self::with(Inner::Sqlite { turn: Some(turn), writer })
    }

    pub(crate) async fn postgres(way: Way) -> Result<Self> {
        let tx = way.answered(way.pool().begin()).await?;
        Ok(Self::with(Inner::Postgres { tx: Some(tx), way }))
    }

    fn with(inner: Inner) -> Self {
        Self {
            inner,
            hooks: Vec::new(),
            failed: false,
            #[cfg(feature = "testing")]
            recorder: None,
        }
    }

    #[cfg(feature = "testing")]
    pub(crate) fn recorded_by(mut self, db: crate::Db) -> Self {
        self.recorder = Some(db);
        self
    }

    /// Changes rows; answers how many.
    pub async fn exec(&mut self, sql: &str, args: Vec<Value>) -> Result<u64> {
        #[cfg(feature = "testing")]
        if let Some(db) = &self.recorder {
            db.record(2, sql, &args);
        }
        let statement = Statement::from_sql_and_values(self.engine().backend(), sql, args);
        let result = match &self.inner {
            Inner::Sqlite { turn: Some(turn), .. } => turn.conn().execute_raw(statement).await,
            Inner::Postgres { tx: Some(tx), way } => way.answered(tx.execute_raw(statement)).await,
            Inner::Sqlite { turn: None, .. } | Inner::Postgres { tx: None, .. } => return Err(ended()),
        };
        self.noted(result).map(|done| done.rows_affected())
    }

    /// Several statements without arguments: migrations.
    pub(crate) async fn script(&mut self, sql: &str) -> Result<()> {
        let result = match &self.inner {
            Inner::Sqlite { turn: Some(turn), .. } => turn.conn().execute_unprepared(sql).await,
            // As long as it takes: an upgrade may rebuild large tables.
            Inner::Postgres { tx: Some(tx), .. } => tx.execute_unprepared(sql).await,
            Inner::Sqlite { turn: None, .. } | Inner::Postgres { tx: None, .. } => return Err(ended()),
        };
        self.noted(result).map(|_| ())
    }

    /// Appended to a `SELECT` whose rows will be decided upon: PostgreSQL locks them. SQLite has one writer and needs nothing.
    ///
    /// `NO KEY`, since keys never change here: a row that only refers to this one (a notification to its user, a transfer
    /// to its account) takes a share of the key without waiting, and so can be no part of a deadlock.
    pub fn for_update(&self) -> &'static str {
        match self.inner {
            Inner::Sqlite { .. } => "",
            Inner::Postgres { .. } => " FOR NO KEY UPDATE",
        }
    }

    /// The same for rows that nothing is changed of, but that what is decided rests on: whoever would change them waits until this transaction
    /// ends, and others who only rest on them do not. Whoever holds a row like this is not to change it after that: two who do would wait for each other.
    pub fn for_share(&self) -> &'static str {
        match self.inner {
            Inner::Sqlite { .. } => "",
            Inner::Postgres { .. } => " FOR SHARE",
        }
    }

    /// As [`for_update`](Self::for_update), for rows that several takers share out among themselves.
    pub(crate) fn skip_locked(&self) -> &'static str {
        match self.inner {
            Inner::Sqlite { .. } => "",
            Inner::Postgres { .. } => " FOR UPDATE SKIP LOCKED",
        }
    }

    /// Until this transaction ends nobody else looks into this table: PostgreSQL has them wait. On SQLite others see it as it was before.
    pub async fn lock_table(&mut self, table: &'static str) -> Result<()> {
        match self.engine() {
            Engine::Sqlite => Ok(()),
            Engine::Postgres => self.script(&format!("LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")).await,
        }
    }

    /// Runs after the commit, before the caller is answered; not at all when the transaction is undone. Must not block.
    pub fn on_commit(&mut self, hook: impl FnOnce() + Send + 'static) {
        self.hooks.push(Box::new(hook));
    }

    /// Makes it durable. Refused when a statement of it failed: PostgreSQL would silently undo it all.
    pub async fn commit(mut self) -> Result<()> {
        if self.failed {
            return Err(failed());
        }
        let hooks = std::mem::take(&mut self.hooks);
        match &mut self.inner {
            Inner::Sqlite { turn, writer } => {
                let turn = turn.take().ok_or_else(ended)?;
                Arc::clone(writer).commit(turn, hooks).await
            }
            Inner::Postgres { tx, way } => {
                let (tx, way) = (tx.take().ok_or_else(ended)?, way.clone());
                // In a task of its own: a cancelled handler must not cut the commit short.
                let commit = tokio::spawn(async move { way.answered(tx.commit()).await });
                commit.await.map_err(|error| Error::Internal(format!("commit: {error}")))??;
                hooks.into_iter().for_each(|hook| hook());
                Ok(())
            }
        }
    }

    fn noted<T>(&mut self, result: std::result::Result<T, DbErr>) -> Result<T> {
        result.map_err(|error| {
            self.failed = true;
            if let Inner::Sqlite { turn: Some(turn), .. } = &mut self.inner {
                turn.note(&error);
            }
            error.into()
        })
    }
}

impl Sql for Tx {
    fn engine(&self) -> Engine {
        match self.inner {
            Inner::Sqlite { .. } => Engine::Sqlite,
            Inner::Postgres { .. } => Engine::Postgres,
        }
    }

    async fn all<T: Send>(&mut self, sql: &str, args: Vec<Value>, read: impl Fn(&Row) -> Result<T> + Send) -> Result<Vec<T>> {
        #[cfg(feature = "testing")]
        if let Some(db) = &self.recorder {
            db.record(1, sql, &args);
        }
        let statement = Statement::from_sql_and_values(self.engine().backend(), sql, args);
        let result = match &self.inner {
            Inner::Sqlite { turn: Some(turn), .. } => turn.conn().query_all_raw(statement).await,
            Inner::Postgres { tx: Some(tx), way } => way.answered(tx.query_all_raw(statement)).await,
            Inner::Sqlite { turn: None, .. } | Inner::Postgres { tx: None, .. } => return Err(ended()),
        };
        self.noted(result)?.into_iter().map(|row| read(&Row(row))).collect()
    }
}

impl Drop for Tx {
    fn drop(&mut self) {
        if let Inner::Sqlite { turn, writer } = &mut self.inner
            && let Some(turn) = turn.take()
        {
            writer.abandon(turn);
        }
    }
}

fn failed() -> Error {
    Error::Internal("a statement of this transaction failed; it cannot be committed".into())
}

fn ended() -> Error {
    Error::Internal("the transaction has ended".into())
}
