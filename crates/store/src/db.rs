//! Opening the database, reading from it, and beginning transactions.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement};

use crate::writer::Writer;
use crate::{Error, Result, Row, Sql, Tx, Value};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

impl Engine {
    pub(crate) const fn backend(self) -> DbBackend {
        match self {
            Self::Sqlite => DbBackend::Sqlite,
            Self::Postgres => DbBackend::Postgres,
        }
    }
}

/// Where the database is and how much of it to use.
#[derive(Debug, Clone)]
pub struct DbConfig {
    /// `sqlite:///path/to/file` or `postgres://user@host/name`.
    pub url: String,
    /// Connections to PostgreSQL, or readers of SQLite.
    pub connections: u32,
    /// How long a caller waits for a connection before it is told that the system is busy.
    pub acquire_timeout: Duration,
}

impl DbConfig {
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), connections: 16, acquire_timeout: Duration::from_secs(5) }
    }

    pub fn engine(&self) -> Result<Engine> {
        if self.url.starts_with("sqlite:") {
            Ok(Engine::Sqlite)
        } else if self.url.starts_with("postgres:") || self.url.starts_with("postgresql:") {
            Ok(Engine::Postgres)
        } else {
            Err(Error::Version("the database must begin with sqlite: or postgres:".into()))
        }
    }
}

/// The database. Cheap to clone.
#[derive(Clone)]
pub struct Db {
    inner: Arc<Shared>,
}

struct Shared {
    pool: DatabaseConnection,
    writer: Option<Arc<Writer>>,
    failed: Arc<AtomicBool>,
    jobs: Arc<tokio::sync::Notify>,
    topics: crate::topics::Local,
}

impl Db {
    pub async fn open(config: &DbConfig) -> Result<Self> {
        let failed = Arc::new(AtomicBool::new(false));
        let (pool, writer) = match config.engine()? {
            Engine::Sqlite => {
                // The writer first: it creates the file and turns WAL on.
                let writer = Writer::open(config, Arc::clone(&failed)).await?;
                (sqlite_pool(config, config.connections.clamp(2, 8)).await?, Some(Arc::new(writer)))
            }
            Engine::Postgres => (postgres_pool(config).await?, None),
        };
        let topics = crate::topics::Local::default();
        Ok(Self { inner: Arc::new(Shared { pool, writer, failed, jobs: Arc::default(), topics }) })
    }

    pub fn engine(&self) -> Engine {
        if self.inner.writer.is_some() { Engine::Sqlite } else { Engine::Postgres }
    }

    /// Begins a transaction. On SQLite it waits for its turn to write, so decide before it what can be decided without it.
    pub async fn begin(&self) -> Result<Tx> {
        match &self.inner.writer {
            Some(writer) => Ok(Tx::sqlite(writer.begin().await?, Arc::clone(writer))),
            None => Tx::postgres(&self.inner.pool).await,
        }
    }

    /// For reading outside a transaction: each statement sees what is committed when it begins.
    pub fn read(&self) -> Self {
        self.clone()
    }

    /// True after an error that leaves unknown what is on the disk: stop, mend, start again.
    pub fn failed(&self) -> bool {
        self.inner.failed.load(Ordering::SeqCst)
    }

    pub async fn ping(&self) -> Result<()> {
        if self.failed() {
            return Err(Error::Down("the database could not write".into()));
        }
        self.inner.pool.execute_unprepared("SELECT 1").await?;
        Ok(())
    }

    /// Ends all connections. SQLite's last one brings its log into the file, so that the file alone is the whole database.
    pub async fn close(&self) {
        let _ = self.inner.pool.clone().close().await;
        if let Some(writer) = &self.inner.writer {
            writer.close().await;
        }
    }

    pub(crate) fn jobs_waiting(&self) -> Arc<tokio::sync::Notify> {
        Arc::clone(&self.inner.jobs)
    }

    pub(crate) fn local_topics(&self) -> &crate::topics::Local {
        &self.inner.topics
    }

    #[cfg(feature = "testing")]
    pub(crate) fn pool(&self) -> &DatabaseConnection {
        &self.inner.pool
    }
}

impl Sql for Db {
    fn engine(&self) -> Engine {
        Db::engine(self)
    }

    async fn all<T: Send>(&mut self, sql: &str, args: Vec<Value>, read: impl Fn(&Row) -> Result<T> + Send) -> Result<Vec<T>> {
        let rows = self.inner.pool.query_all_raw(Statement::from_sql_and_values(self.engine().backend(), sql, args)).await?;
        rows.into_iter().map(|row| read(&Row(row))).collect()
    }
}

/// A pool of SQLite connections, all with the same pragmas.
pub(crate) async fn sqlite_pool(config: &DbConfig, connections: u32) -> Result<DatabaseConnection> {
    let mut options = ConnectOptions::new(&config.url);
    options.max_connections(connections).min_connections(1).acquire_timeout(config.acquire_timeout).sqlx_logging(false);
    options.test_before_acquire(false).idle_timeout(None).max_lifetime(None);
    options.map_sqlx_sqlite_opts(|options| {
        use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
        options
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // FULL: an answer means that it is on the disk.
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(5))
            .statement_cache_capacity(256)
            // Rows come through a channel; with a short one, the database's thread and ours take turns every few rows.
            .row_buffer_size(1_024)
            .pragma("cache_size", "-16384")
            .pragma("temp_store", "memory")
            .pragma("wal_autocheckpoint", "4000")
            .pragma("trusted_schema", "off")
    });
    Ok(Database::connect(options).await?)
}

async fn postgres_pool(config: &DbConfig) -> Result<DatabaseConnection> {
    let mut options = ConnectOptions::new(&config.url);
    options.max_connections(config.connections).min_connections(1).acquire_timeout(config.acquire_timeout).sqlx_logging(false);
    options.set_application_name("cuekey");
    options.test_before_acquire(false);
    options.map_sqlx_postgres_opts(|options| options.statement_cache_capacity(256));
    Ok(Database::connect(options).await?)
}
