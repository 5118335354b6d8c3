//! What the database may answer, by what its caller can do about it.

use kernel::Fault;
use sea_orm::{DbErr, RuntimeErr, SqlErr};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another row holds this place. Services prevent it with `ON CONFLICT DO NOTHING`; where it still happens, it is a conflict.
    #[error("a unique rule refused the row: {0}")]
    Unique(String),
    /// Nothing happened; the same call may be repeated (deadlock, overload, a shared commit that failed).
    #[error("busy: {0}")]
    Busy(String),
    /// The database cannot be reached, takes nothing at present, or has failed and must not be trusted until restart.
    #[error("database unavailable: {0}")]
    Down(String),
    /// SQLite's file is not what SQLite wrote.
    #[error("the database file is damaged: {0}")]
    Damaged(String),
    /// A row does not hold what the code expects, or a statement is wrong.
    #[error("database: {0}")]
    Internal(String),
    /// No text of this database can be so.
    #[error("not a text: {0}")]
    Text(String),
    /// The tables are of a version that this program may not touch.
    #[error("{0}")]
    Version(String),
}

impl Error {
    pub(crate) fn row(column: impl std::fmt::Display, why: impl std::fmt::Display) -> Self {
        Self::Internal(format!("column {column}: {why}"))
    }
}

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        if let Some(SqlErr::UniqueConstraintViolation(text)) = error.sql_err() {
            return Self::Unique(text);
        }
        match sqlite_code(&error) {
            // SQLITE_BUSY and SQLITE_LOCKED: another program holds the file.
            Some(5 | 6) => return Self::Busy(error.to_string()),
            // SQLITE_CORRUPT and SQLITE_NOTADB.
            Some(11 | 26) => return Self::Damaged(error.to_string()),
            // SQLITE_READONLY, SQLITE_IOERR, SQLITE_FULL, SQLITE_CANTOPEN.
            Some(8 | 10 | 13 | 14) => return Self::Down(error.to_string()),
            _ => {}
        }
        match &error {
            DbErr::ConnectionAcquire(_) => Self::Busy(error.to_string()),
            DbErr::Conn(_) => Self::Down(error.to_string()),
            DbErr::Exec(RuntimeErr::SqlxError(inner)) | DbErr::Query(RuntimeErr::SqlxError(inner)) => {
                let code = inner.as_database_error().and_then(|database| database.code());
                match code.as_deref() {
                    // PostgreSQL: serialization failure, deadlock, lock not available.
                    Some("40001" | "40P01" | "55P03") => Self::Busy(error.to_string()),
                    // PostgreSQL: a text with the NUL character. SQLite takes it, and finds nothing.
                    Some("22021") => Self::Text(error.to_string()),
                    // PostgreSQL: read-only, by a setting or because it only follows another; or it took longer than anybody waits.
                    Some("25006" | "57014") => Self::Down(error.to_string()),
                    Some(code) if AWAY.iter().any(|class| code.starts_with(class)) => Self::Down(error.to_string()),
                    Some(_) => Self::Internal(error.to_string()),
                    None if matches!(**inner, sea_orm::sqlx::Error::PoolTimedOut) => Self::Busy(error.to_string()),
                    None if is_io(inner) => Self::Down(error.to_string()),
                    None => Self::Internal(error.to_string()),
                }
            }
            _ => Self::Internal(error.to_string()),
        }
    }
}

/// PostgreSQL's connections, shutting down, resources (a full disk too), and its system's errors (a disk that cannot be read).
const AWAY: [&str; 4] = ["08", "57P", "53", "58"];

fn is_io(error: &sea_orm::sqlx::Error) -> bool {
    use sea_orm::sqlx::Error as E;
    matches!(error, E::Io(_) | E::Tls(_) | E::Protocol(_) | E::PoolClosed | E::WorkerCrashed)
}

/// SQLite's primary result code, where the error is SQLite's. PostgreSQL's have five characters, and SQLite's fewer.
pub(crate) fn sqlite_code(error: &DbErr) -> Option<i64> {
    let (DbErr::Conn(RuntimeErr::SqlxError(inner))
    | DbErr::Exec(RuntimeErr::SqlxError(inner))
    | DbErr::Query(RuntimeErr::SqlxError(inner))) = error
    else {
        return None;
    };
    let code = inner.as_database_error()?.code().filter(|code| code.len() < 5)?;
    code.parse::<i64>().ok().map(|code| code & 0xff)
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        match error {
            Error::Unique(_) => {
                let mut fault = Self::new(
                    kernel::Kind::Conflict,
                    "CONFLICT",
                    "与已有数据冲突，请刷新后重试",
                    "This conflicts with what is there; reload and try again",
                );
                fault.source = Some(error.into());
                fault
            }
            Error::Text(_) => {
                let mut fault =
                    Self::new(kernel::Kind::Invalid, "CHARACTERS", "含有不可见或控制字符", "Holds invisible or control characters");
                fault.source = Some(error.into());
                fault
            }
            Error::Busy(_) | Error::Down(_) | Error::Damaged(_) => Self::unavailable(error),
            Error::Internal(_) | Error::Version(_) => Self::internal(error),
        }
    }
}
