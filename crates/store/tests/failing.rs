//! What is answered when the database is silent or damaged.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use std::time::Duration;

use kernel::Stopwatch;
use sandbox::{Line, State};
use store::testing::TestDb;
use store::{Db, DbConfig, Engine, Error, Sql, args};

const LIMIT: Duration = Duration::from_millis(300);
/// Far more than the limit, far less than a connection that is gone takes to say so.
const SOON: Duration = Duration::from_secs(10);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silent_postgresql_is_no_reason_to_wait_and_is_found_again_by_itself() {
    let test = TestDb::new(Engine::Postgres, store::migrate::OWN).await;
    let (head, name) = test.url.rsplit_once('/').unwrap();
    let (who, address) = head.rsplit_once('@').unwrap();
    let line = Line::to(tokio::net::lookup_host(address).await.unwrap().next().unwrap()).await.unwrap();
    let config = DbConfig { connections: 2, acquire_timeout: LIMIT, ..DbConfig::new(format!("{who}@{}/{name}", line.address())) };
    let db = Db::open(&config).await.unwrap();
    db.answers_within(LIMIT).await.unwrap();
    let mut open = db.begin().await.unwrap();
    open.exec("INSERT INTO topics (name, number) VALUES ('held', 1)", args![]).await.unwrap();

    line.set(State::Silent);
    let watch = Stopwatch::start();
    let error = open.exec("UPDATE topics SET number = 2", args![]).await.unwrap_err();
    assert!(matches!(error, Error::Down(_)), "{error}");
    assert!(open.commit().await.is_err(), "it is not known how far it went");
    for _ in 0..3 {
        let error = db.ping().await.unwrap_err();
        assert!(matches!(error, Error::Down(_) | Error::Busy(_)), "{error}");
        let error = db.begin().await.err().unwrap();
        assert!(matches!(error, Error::Down(_) | Error::Busy(_)), "{error}");
    }
    assert!(watch.elapsed() < SOON, "{:?}", watch.elapsed());

    line.set(State::Whole);
    let watch = Stopwatch::start();
    while db.ping().await.is_err() {
        assert!(watch.elapsed() < SOON, "it is there again, and not found");
    }
    let held = "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM topics WHERE name = 'held'";
    let n: i64 = db.read().one(held, args![], |row| row.get("n")).await.unwrap();
    assert_eq!(n, 0, "what was not committed is not there");
}

/// How many of this database's statements wait for a lock.
async fn blocked(db: &Db) -> i64 {
    let sql = "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    db.read().one(sql, args![], |row| row.get("n")).await.unwrap()
}

async fn statement_timeout(db: &Db) -> String {
    db.read().one("SELECT current_setting('statement_timeout') AS t", args![], |row| row.get("t")).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_for_a_lock_in_postgresql_does_not_outlive_for_long_whoever_waited_for_it() {
    let test = TestDb::new(Engine::Postgres, store::migrate::OWN).await;
    let db = Db::open(&DbConfig { connections: 2, ..DbConfig::new(&test.url) }).await.unwrap();
    assert_eq!(statement_timeout(&db).await, "0", "a command takes as long as it takes");
    // Long enough to connect anew on a machine with too much to do.
    db.answers_within(Duration::from_secs(1)).await.unwrap();
    assert_eq!(statement_timeout(&db).await, "1500ms");
    let mut holder = test.db.begin().await.unwrap();
    holder.lock_table("topics").await.unwrap();
    // Each time its connections are given up for new ones.
    for _ in 0..3 {
        let error = db.read().all("SELECT name FROM topics", args![], |row| row.get::<String>("name")).await.unwrap_err();
        assert!(matches!(error, Error::Down(_)), "{error}");
        assert_eq!(statement_timeout(&db).await, "1500ms");
    }
    let watch = Stopwatch::start();
    while blocked(&test.db).await > 0 {
        assert!(watch.elapsed() < SOON, "it is blocked for nobody");
    }
    holder.commit().await.unwrap();
    db.read().all("SELECT name FROM topics", args![], |row| row.get::<String>("name")).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_postgresql_that_is_read_only_puts_off_who_writes_and_answers_who_reads() {
    let test = TestDb::new(Engine::Postgres, store::migrate::OWN).await;
    for sql in ["INSERT INTO topics (name, number) VALUES ('new', 1)", "SELECT name FROM topics FOR NO KEY UPDATE"] {
        let mut tx = test.db.begin().await.unwrap();
        tx.exec("SET TRANSACTION READ ONLY", args![]).await.unwrap();
        tx.all("SELECT name FROM topics", args![], |row| row.get::<String>("name")).await.unwrap();
        let error = tx.exec(sql, args![]).await.unwrap_err();
        assert!(matches!(error, Error::Down(_)), "{sql}: {error}");
        assert_eq!(kernel::Fault::from(error).code, "BUSY");
        assert!(!test.db.failed(), "nothing is wrong with what it holds");
    }
}

/// A table on many pages, of which the second half is not what SQLite wrote.
async fn damaged(folder: &std::path::Path) -> Db {
    let path = folder.join("test.db");
    let config = DbConfig::new(format!("sqlite://{}", path.display()));
    let db = Db::open(&config).await.unwrap();
    let mut tx = db.begin().await.unwrap();
    tx.exec("CREATE TABLE t (a BIGINT PRIMARY KEY, b TEXT NOT NULL)", args![]).await.unwrap();
    for a in 0..2_000_i64 {
        tx.exec("INSERT INTO t (a, b) VALUES ($1, $2)", args![a, "x".repeat(100)]).await.unwrap();
    }
    tx.commit().await.unwrap();
    db.close().await;
    drop(db);
    assert!(!path.with_extension("db-wal").exists(), "the file alone is the whole database");
    let mut bytes = std::fs::read(&path).unwrap();
    let half = bytes.len() / 2;
    bytes[half..].fill(0x5a);
    std::fs::write(&path, &bytes).unwrap();
    Db::open(&config).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_file_is_said_to_be_damaged_and_nothing_more_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let db = damaged(folder.path()).await;
    let error = db.read().all("SELECT b FROM t", args![], |row| row.get::<String>("b")).await.unwrap_err();
    assert!(matches!(error, Error::Damaged(_)), "{error}");
    assert!(db.failed(), "the process is told to stop");
    assert!(matches!(db.begin().await.err(), Some(Error::Down(_))));
    assert!(db.ping().await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_statement_that_meets_damage_ends_all_writing() {
    let folder = tempfile::tempdir().unwrap();
    let db = damaged(folder.path()).await;
    let mut tx = db.begin().await.unwrap();
    let error = tx.exec("UPDATE t SET b = 'y'", args![]).await.unwrap_err();
    assert!(matches!(error, Error::Damaged(_)), "{error}");
    drop(tx);
    assert!(db.failed());
    assert!(matches!(db.begin().await.err(), Some(Error::Down(_))));
}
