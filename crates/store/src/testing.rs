//! Fresh databases for tests: SQLite in a temporary folder, PostgreSQL as a copy of a migrated template.

use kernel::{Clock, Random};
use sea_orm::ConnectionTrait;

use crate::migrate::{self, Migration};
use crate::{Db, DbConfig, Engine};

/// A database of a test's own. Gone when dropped (SQLite) or when the test server stops (PostgreSQL).
pub struct TestDb {
    pub db: Db,
    pub url: String,
    folder: Option<tempfile::TempDir>,
}

impl TestDb {
    /// # Panics
    /// When there is none to be had: a test that silently skipped PostgreSQL would prove nothing.
    pub async fn new(engine: Engine, migrations: &[Migration]) -> Self {
        match engine {
            Engine::Sqlite => {
                let folder = tempfile::tempdir().expect("a temporary folder");
                let url = format!("sqlite://{}", folder.path().join("test.db").display());
                let db = Db::open(&DbConfig::new(&url)).await.expect("SQLite opens");
                migrate::run(&db, migrations, Clock::System.now()).await.expect("migrations apply to SQLite");
                Self { db, url, folder: Some(folder) }
            }
            Engine::Postgres => {
                let url = postgres(migrations).await;
                let mut config = DbConfig::new(&url);
                config.connections = 8;
                let db = Db::open(&config).await.expect("PostgreSQL opens");
                Self { db, url, folder: None }
            }
        }
    }

    /// Another process's way to the same database: what it remembers is its own.
    ///
    /// # Panics
    /// When there is no such way.
    pub async fn another(&self) -> Self {
        let config = DbConfig { connections: 8, ..DbConfig::new(&self.url) };
        Self { db: Db::open(&config).await.expect("the database opens again"), url: self.url.clone(), folder: None }
    }

    pub fn folder(&self) -> Option<&std::path::Path> {
        self.folder.as_ref().map(tempfile::TempDir::path)
    }
}

async fn postgres(migrations: &[Migration]) -> String {
    let base = std::env::var("CUEKEY_TEST_POSTGRES").expect(
        "CUEKEY_TEST_POSTGRES names a PostgreSQL for tests; `cargo xtask test` starts one, `cargo xtask services` keeps one running",
    );
    let (server, _) = base.rsplit_once('/').expect("postgres://user@host:port/database");
    let admin = Db::open(&DbConfig { connections: 1, ..DbConfig::new(&base) }).await.expect("the PostgreSQL for tests answers");
    let marks: i64 = migrations.iter().fold(0, |sum, m| {
        sum.wrapping_mul(31)
            .wrapping_add(i64::try_from(m.sql.len()).unwrap_or(0) + m.number)
            .wrapping_add(m.sql.bytes().map(i64::from).sum::<i64>())
    });
    let template = format!("cuekey_template_{:x}", marks.unsigned_abs());
    let pool = admin.pool();
    // Several test processes at once: one makes the template, the others wait for it.
    pool.execute_unprepared("SELECT pg_advisory_lock(7300)").await.expect("lock");
    let there =
        pool.execute_unprepared(&format!("SELECT 1 FROM pg_database WHERE datname = '{template}'")).await.expect("look").rows_affected()
            > 0;
    if !there {
        let draft = format!("{template}_draft");
        pool.execute_unprepared(&format!("DROP DATABASE IF EXISTS {draft} WITH (FORCE)")).await.expect("drop draft");
        pool.execute_unprepared(&format!("CREATE DATABASE {draft} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'"))
            .await
            .expect("create draft");
        let db = Db::open(&DbConfig { connections: 1, ..DbConfig::new(format!("{server}/{draft}")) }).await.expect("open draft");
        migrate::run(&db, migrations, Clock::System.now()).await.expect("migrations apply to PostgreSQL");
        db.close().await;
        pool.execute_unprepared(&format!("ALTER DATABASE {draft} RENAME TO {template}")).await.expect("rename");
    }
    pool.execute_unprepared("SELECT pg_advisory_unlock(7300)").await.expect("unlock");
    let own = format!("test_{}", Random::system().uuid_v7(Clock::System.now()).simple());
    pool.execute_unprepared(&format!("CREATE DATABASE {own} TEMPLATE {template}")).await.expect("create test database");
    admin.close().await;
    format!("{server}/{own}")
}

/// Declares one test that runs on both databases: `on_both! { MIGRATIONS, async fn name(db: TestDb) { … } }`.
#[macro_export]
macro_rules! on_both {
    ($migrations:expr; $($(#[$meta:meta])* async fn $name:ident($db:ident) $body:block)+) => {$(
        mod $name {
            #[expect(unused_imports, reason = "not each test uses all of its file's names")]
            use super::*;
            $(#[$meta])*
            async fn body($db: $crate::testing::TestDb) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                body($crate::testing::TestDb::new($crate::Engine::Sqlite, $migrations).await).await;
            }
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                body($crate::testing::TestDb::new($crate::Engine::Postgres, $migrations).await).await;
            }
        }
    )+};
}
