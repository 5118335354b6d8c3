//! Opening the database, reading from it, and beginning transactions.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, DbErr, Statement};

use crate::error::sqlite_code;
use crate::postgres::{Postgres, Way};
use crate::writer::Writer;
use crate::{Direct, Error, Result, Row, Sql, Tx, Value};

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

enum Inner {
    Sqlite { readers: DatabaseConnection, writer: Arc<Writer> },
    Postgres(Arc<Postgres>),
}

/// Statements with their values.
#[cfg(feature = "testing")]
pub type Recorded = Vec<(String, Vec<Value>)>;

struct Shared {
    database: Inner,
    failed: Arc<AtomicBool>,
    /// Wakes each crew.
    jobs: [Arc<tokio::sync::Notify>; 8],
    topics: crate::topics::Local,
    /// What is read outside transactions, and in them, while somebody wants to know.
    #[cfg(feature = "testing")]
    recorded: [std::sync::Mutex<Option<Recorded>>; 3],
}

impl Db {
    pub async fn open(config: &DbConfig) -> Result<Self> {
        let failed = Arc::new(AtomicBool::new(false));
        let database = match config.engine()? {
            Engine::Sqlite => {
                // The writer first: it creates the file and turns WAL on.
                let writer = Arc::new(Writer::open(config, Arc::clone(&failed)).await?);
                Inner::Sqlite { readers: sqlite_pool(config, config.connections.clamp(2, 8), READER_CACHE).await?, writer }
            }
            Engine::Postgres => Inner::Postgres(Postgres::open(config).await?),
        };
        let topics = crate::topics::Local::default();
        let shared = Shared {
            database,
            failed,
            jobs: Default::default(),
            topics,
            #[cfg(feature = "testing")]
            recorded: Default::default(),
        };
        Ok(Self { inner: Arc::new(shared) })
    }

    pub fn engine(&self) -> Engine {
        match &self.inner.database {
            Inner::Sqlite { .. } => Engine::Sqlite,
            Inner::Postgres(_) => Engine::Postgres,
        }
    }

    /// From now on a statement that is not answered in this time has failed, PostgreSQL is looked for anew, and ends it soon after. For
    /// serving: a command that reads everything, or changes all tables, may take as long as it takes. SQLite answers by itself.
    pub async fn answers_within(&self, limit: Duration) -> Result<()> {
        match &self.inner.database {
            Inner::Sqlite { .. } => Ok(()),
            Inner::Postgres(postgres) => postgres.answers_within(limit).await,
        }
    }

    /// Begins a transaction. On SQLite it waits for its turn to write, so decide before it what can be decided without it.
    pub async fn begin(&self) -> Result<Tx> {
        let tx = match &self.inner.database {
            Inner::Sqlite { writer, .. } => Tx::sqlite(writer.begin().await?, Arc::clone(writer)),
            Inner::Postgres(postgres) => Tx::postgres(postgres.way()).await?,
        };
        #[cfg(feature = "testing")]
        let tx = tx.recorded_by(self.clone());
        Ok(tx)
    }

    /// A connection for one caller, beside the pool.
    pub async fn direct(&self) -> Result<Direct> {
        match &self.inner.database {
            Inner::Sqlite { writer, .. } => Direct::sqlite(&sqlite_pool(writer.config(), 1, READER_CACHE).await?, Arc::clone(writer)).await,
            Inner::Postgres(postgres) => Direct::postgres(postgres.way()).await,
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
        let (pool, way) = self.reading();
        answered(way.as_ref(), pool.execute_unprepared("SELECT 1")).await?;
        Ok(())
    }

    /// Ends all connections. SQLite's last one brings its log into the file, so that the file alone is the whole database.
    pub async fn close(&self) {
        match &self.inner.database {
            Inner::Sqlite { readers, writer } => {
                let _ = readers.clone().close().await;
                writer.close().await;
            }
            Inner::Postgres(postgres) => drop(postgres.way().pool().clone().close().await),
        }
    }

    /// Where a statement outside a transaction goes.
    fn reading(&self) -> (DatabaseConnection, Option<Way>) {
        match &self.inner.database {
            Inner::Sqlite { readers, .. } => (readers.clone(), None),
            Inner::Postgres(postgres) => {
                let way = postgres.way();
                (way.pool().clone(), Some(way))
            }
        }
    }

    /// After some errors SQLite's file must not be trusted: it is damaged, or the disk does not read what was written.
    fn note(&self, error: &DbErr) {
        if matches!(sqlite_code(error), Some(10 | 11 | 26)) && !self.inner.failed.swap(true, Ordering::SeqCst) {
            tracing::error!(%error, "the database could not read its file; nothing more is accepted until a restart");
        }
    }

    /// Has this process look at its jobs.
    pub fn wake_jobs(&self) {
        for waiting in &self.inner.jobs {
            waiting.notify_one();
        }
    }

    pub(crate) fn jobs_waiting(&self, crew: crate::jobs::Crew) -> Arc<tokio::sync::Notify> {
        Arc::clone(&self.inner.jobs[crew.place()])
    }

    pub(crate) fn local_topics(&self) -> &crate::topics::Local {
        &self.inner.topics
    }

    /// Statements that were read outside of transactions since this was called last, with their values.
    #[cfg(feature = "testing")]
    pub fn recorded(&self) -> Recorded {
        self.taken(0)
    }

    /// The same of what was read in transactions.
    #[cfg(feature = "testing")]
    pub fn recorded_in_transactions(&self) -> Recorded {
        self.taken(1)
    }

    /// The same of what was changed in transactions.
    #[cfg(feature = "testing")]
    pub fn recorded_changes(&self) -> Recorded {
        self.taken(2)
    }

    #[cfg(feature = "testing")]
    fn taken(&self, place: usize) -> Recorded {
        self.inner.recorded[place].lock().ok().and_then(|mut recorded| recorded.replace(Vec::new())).unwrap_or_default()
    }

    #[cfg(feature = "testing")]
    pub(crate) fn record(&self, place: usize, sql: &str, args: &[Value]) {
        if let Ok(mut recorded) = self.inner.recorded[place].lock()
            && let Some(recorded) = recorded.as_mut()
        {
            recorded.push((sql.to_owned(), args.to_vec()));
        }
    }

    #[cfg(feature = "testing")]
    pub(crate) fn pool(&self) -> DatabaseConnection {
        self.reading().0
    }
}

impl Sql for Db {
    fn engine(&self) -> Engine {
        Db::engine(self)
    }

    async fn all<T: Send>(&mut self, sql: &str, args: Vec<Value>, read: impl Fn(&Row) -> Result<T> + Send) -> Result<Vec<T>> {
        #[cfg(feature = "testing")]
        self.record(0, sql, &args);
        let (pool, way) = self.reading();
        let statement = Statement::from_sql_and_values(self.engine().backend(), sql, args);
        let rows = answered(way.as_ref(), pool.query_all_raw(statement)).await.inspect_err(|error| self.note(error))?;
        rows.into_iter().map(|row| read(&Row(row))).collect()
    }
}

async fn answered<T>(way: Option<&Way>, work: impl Future<Output = std::result::Result<T, DbErr>>) -> std::result::Result<T, DbErr> {
    match way {
        Some(way) => way.answered(work).await,
        None => work.await,
    }
}

/// Pages that a connection keeps, in KiB: the writer has most use for them. Each reader has its own, and with as much
/// each, all of them together took 140 MiB; what they do not keep, the system's file cache does.
pub(crate) const WRITER_CACHE: u32 = 16_384;
const READER_CACHE: u32 = 2_048;

/// A pool of SQLite connections, all with the same pragmas.
pub(crate) async fn sqlite_pool(config: &DbConfig, connections: u32, cache_kib: u32) -> Result<DatabaseConnection> {
    let mut options = ConnectOptions::new(&config.url);
    options.max_connections(connections).min_connections(1).acquire_timeout(config.acquire_timeout).sqlx_logging(false);
    options.test_before_acquire(false).idle_timeout(None).max_lifetime(None);
    options.map_sqlx_sqlite_opts(move |options| {
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
            .pragma("cache_size", format!("-{cache_kib}"))
            .pragma("temp_store", "memory")
            .pragma("wal_autocheckpoint", "4000")
            .pragma("trusted_schema", "off")
    });
    Ok(Database::connect(options).await?)
}
