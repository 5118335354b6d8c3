//! What the database says about itself, for `cuekey doctor`. Reads only.

use kernel::Timestamp;

use crate::postgres::APPLICATION;
use crate::{Db, Engine, Result, Sql, args};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Facts {
    Sqlite {
        version: String,
        /// `wal`
        journal_mode: String,
        /// 2 is FULL.
        synchronous: i64,
        foreign_keys: bool,
        /// `ok`, or the first thing that `PRAGMA quick_check` found.
        integrity: String,
    },
    Postgres {
        /// As in `server_version_num`: 150004 is 15.4.
        version: i64,
        encoding: String,
        /// Whether a commit is answered only when it is on the disk.
        durable: bool,
        now: Timestamp,
    },
}

pub async fn read(db: &Db) -> Result<Facts> {
    match db.engine() {
        Engine::Sqlite => Ok(Facts::Sqlite {
            version: text(db, "SELECT sqlite_version() AS value").await?,
            journal_mode: text(db, "SELECT journal_mode AS value FROM pragma_journal_mode").await?,
            synchronous: db.read().one("SELECT synchronous AS value FROM pragma_synchronous", args![], |row| row.get("value")).await?,
            foreign_keys: db
                .read()
                .one("SELECT foreign_keys AS value FROM pragma_foreign_keys", args![], |row| row.get::<i64>("value"))
                .await?
                == 1,
            integrity: text(db, "SELECT quick_check AS value FROM pragma_quick_check LIMIT 1").await?,
        }),
        Engine::Postgres => Ok(Facts::Postgres {
            version: db
                .read()
                .one("SELECT CAST(current_setting('server_version_num') AS BIGINT) AS value", args![], |row| row.get("value"))
                .await?,
            encoding: text(db, "SELECT current_setting('server_encoding') AS value").await?,
            durable: text(db, "SELECT current_setting('fsync') AS value").await? == "on"
                && text(db, "SELECT current_setting('synchronous_commit') AS value").await? != "off",
            now: db
                .read()
                .one("SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT) AS value", args![], |row| row.get("value"))
                .await?,
        }),
    }
}

/// How many connections other processes of ours have to this database: PostgreSQL knows. Of this one's no other may be open. SQLite does not tell:
/// there, whoever serves holds a lock on its folder. Within a transaction the first answer stays.
pub async fn others(sql: &mut impl Sql) -> Result<i64> {
    match sql.engine() {
        Engine::Sqlite => Ok(0),
        Engine::Postgres => {
            let query = "SELECT COUNT(*) AS n FROM pg_stat_activity \
                         WHERE datname = current_database() AND application_name = $1 AND pid <> pg_backend_pid()";
            sql.one(query, args![APPLICATION], |row| row.get("n")).await
        }
    }
}

async fn text(db: &Db, sql: &str) -> Result<String> {
    db.read().one(sql, args![], |row| row.get("value")).await
}
