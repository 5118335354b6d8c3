//! PostgreSQL's connections, and what becomes of them when it falls silent.
//!
//! A connection whose other end is gone without a word (a cable, a firewall that forgot it, a machine that was switched off)
//! looks like one that is slow, for a quarter of an hour. So a statement has a time limit, and after it *all* connections
//! are given up for new ones: they stand on the same ground. Where PostgreSQL only waits, as for a table that somebody has locked,
//! it does not hear that nobody waits for it any more; so it has a limit too, a little above ours.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use sea_orm::{ConnectOptions, Database, DatabaseConnection, DbErr, RuntimeErr};

use crate::{DbConfig, Result};

/// How long the server keeps a transaction of ours that says nothing more: its locks would hold up everybody else. No
/// transaction here ever waits for anything but the database.
const IDLE_IN_TRANSACTION: &str = "60s";

/// How long the server goes on with a statement where we wait so long for its answer: half as long again, so that we are the first to give it
/// up. Otherwise each pool that is given up while a table is locked would leave its share of PostgreSQL's processes behind, until there is no
/// place for a new one.
fn statement_timeout(limit: Duration) -> String {
    format!("{}ms", limit.as_millis().saturating_mul(3) / 2)
}

/// What our connections are called there.
pub(crate) const APPLICATION: &str = "cuekey";

pub(crate) struct Postgres {
    config: DbConfig,
    now: RwLock<Connections>,
    limit: RwLock<Option<Duration>>,
}

/// A pool, and which one it is.
#[derive(Clone)]
struct Connections {
    number: u64,
    pool: DatabaseConnection,
}

/// A pool as one statement or transaction has found it.
#[derive(Clone)]
pub(crate) struct Way {
    at: Connections,
    of: Arc<Postgres>,
}

impl Postgres {
    pub(crate) async fn open(config: &DbConfig) -> Result<Arc<Self>> {
        let now = Connections { number: 0, pool: connect(config, None, false, &[]).await? };
        Ok(Arc::new(Self { config: config.clone(), now: RwLock::new(now), limit: RwLock::default() }))
    }

    pub(crate) async fn answers_within(&self, limit: Duration) -> Result<()> {
        *self.limit.write().unwrap_or_else(PoisonError::into_inner) = Some(limit);
        // The server has not heard of it on those connections that are there.
        let number = self.now.read().unwrap_or_else(PoisonError::into_inner).number;
        self.replace(number).await?;
        Ok(())
    }

    fn limit(&self) -> Option<Duration> {
        *self.limit.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn way(self: &Arc<Self>) -> Way {
        Way { at: self.now.read().unwrap_or_else(PoisonError::into_inner).clone(), of: Arc::clone(self) }
    }

    async fn give_up(&self, number: u64) {
        if let Ok(true) = self.replace(number).await {
            tracing::error!("PostgreSQL does not answer; its connections are given up for new ones");
        }
    }

    /// New connections instead of those of `number`; false where somebody has seen to it already.
    async fn replace(&self, number: u64) -> Result<bool> {
        let pool = connect(&self.config, self.limit(), true, &[]).await?;
        let old = {
            let mut now = self.now.write().unwrap_or_else(PoisonError::into_inner);
            if now.number != number {
                return Ok(false);
            }
            std::mem::replace(&mut *now, Connections { number: number + 1, pool })
        };
        // Ends as soon as the last of them is given back, or knows that it is dead.
        tokio::spawn(async move { old.pool.close().await });
        Ok(true)
    }
}

impl Way {
    pub(crate) fn pool(&self) -> &DatabaseConnection {
        &self.at.pool
    }

    /// A connection beside the pool, for what is found by an index: a statement that is planned while a table is small must not read
    /// all of it when it has grown.
    pub(crate) async fn alone(&self) -> std::result::Result<DatabaseConnection, DbErr> {
        let config = DbConfig { connections: 1, ..self.of.config.clone() };
        self.answered(async {
            connect(&config, self.of.limit(), true, &[("enable_seqscan", "off")])
                .await
                .map_err(|error| DbErr::Conn(RuntimeErr::Internal(error.to_string())))
        })
        .await
    }

    /// Waits for an answer as long as is allowed.
    pub(crate) async fn answered<T>(&self, work: impl Future<Output = std::result::Result<T, DbErr>>) -> std::result::Result<T, DbErr> {
        let Some(limit) = self.of.limit() else { return work.await };
        match tokio::time::timeout(limit, work).await {
            Ok(done) => done,
            Err(_) => {
                self.of.give_up(self.at.number).await;
                Err(DbErr::Conn(RuntimeErr::Internal(format!("no answer within {} s", limit.as_secs()))))
            }
        }
    }
}

/// `lazily`: without waiting for the first connection.
async fn connect(
    config: &DbConfig,
    limit: Option<Duration>,
    lazily: bool,
    more: &'static [(&'static str, &'static str)],
) -> Result<DatabaseConnection> {
    let timeout = limit.map(statement_timeout);
    let mut options = ConnectOptions::new(&config.url);
    options.max_connections(config.connections).min_connections(u32::from(!lazily)).acquire_timeout(config.acquire_timeout);
    options.sqlx_logging(false).connect_lazy(lazily);
    options.set_application_name(APPLICATION);
    options.test_before_acquire(false);
    options.map_sqlx_postgres_opts(move |options| {
        options
            .statement_cache_capacity(256)
            // Its compiler takes longer than any statement here: where a plan looks expensive, a second for a page of a list.
            .options([("idle_in_transaction_session_timeout", IDLE_IN_TRANSACTION), ("jit", "off")])
            .options(timeout.iter().map(|timeout| ("statement_timeout", timeout)))
            .options(more.iter().copied())
    });
    Ok(Database::connect(options).await?)
}
